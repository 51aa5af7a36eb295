//! Readers of single values: `None` where a value is not what its setting takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use frontdesk_actors::ports::Rung;
use frontdesk_domain::people::Role;
use ipnet::IpNet;
use secrecy::SecretString;

use super::{LogStyle, Origin};
use crate::auth::{password, vault};

pub(super) fn listen(text: &str) -> Option<SocketAddr> {
    if let Ok(port) = text.parse::<u16>() {
        // Only platforms give a bare port, and they reach us from outside.
        return Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    if let Some(port) = text.strip_prefix("localhost:") {
        return port.parse().ok().map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    text.parse().ok()
}

pub(super) fn text(text: &str) -> Option<String> {
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

pub(super) fn secret(value: &str) -> Option<SecretString> {
    text(value).map(SecretString::from)
}

/// One secret, or two with a comma between them.
pub(super) fn secrets(value: &str) -> Option<Vec<SecretString>> {
    let secrets: Vec<_> = value.split(',').map(|one| secret(one.trim())).collect::<Option<_>>()?;
    (secrets.len() <= 2).then_some(secrets)
}

pub(super) fn secret_key(value: &str) -> Option<SecretString> {
    if value.chars().count() < vault::KEY_MIN_CHARS { None } else { secret(value) }
}

pub(super) fn role(text: &str) -> Option<Role> {
    match text {
        "viewer" => Some(Role::Viewer),
        "agent" => Some(Role::Agent),
        "supervisor" => Some(Role::Supervisor),
        "admin" => Some(Role::Admin),
        _ => None,
    }
}

pub(super) fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| (1..=1_000_000_000).contains(count))
}

pub(super) fn phone_number(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '/');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (text.chars().all(fits) && (2..=20).contains(&digits)).then(|| text.to_owned())
}

pub(super) fn tokens(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count <= 1_000_000_000_000)
}

/// An amount in millionths; at most six places, so that nothing is rounded.
pub(super) fn money(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 9 || part.len() > 6 {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000_000 + part)
}

/// `60:desk,300:manager`, later ones later; `off` for none.
pub(super) fn rungs(text: &str) -> Option<Vec<Rung>> {
    if text == "off" {
        return Some(Vec::new());
    }
    let rung = |text: &str| {
        let (seconds, to) = text.trim().split_once(':')?;
        let after = Duration::from_secs(u64::from(seconds.trim().parse::<u16>().ok()?));
        let named = (1..=40).contains(&to.chars().count()) && !to.chars().any(char::is_control);
        named.then(|| Rung { after, to: to.to_owned() })
    };
    let rungs: Vec<Rung> = text.split(',').map(rung).collect::<Option<_>>()?;
    (rungs.len() <= 10 && rungs.is_sorted_by_key(|rung| rung.after)).then_some(rungs)
}

pub(super) fn on_off(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "1" => Some(true),
        "off" | "false" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn log_style(text: &str) -> Option<LogStyle> {
    match text {
        "pretty" => Some(LogStyle::Pretty),
        "json" => Some(LogStyle::Json),
        _ => None,
    }
}

pub(super) fn filter(text: &str) -> Option<String> {
    tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned())
}

pub(super) fn http_url(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    (known && uri.host().is_some_and(|host| !host.is_empty())).then(|| text.trim_end_matches('/').to_owned())
}

pub(super) fn https_url(text: &str) -> Option<String> {
    http_url(text).filter(|url| url.starts_with("https://"))
}

/// Host names of the public internet: no addresses, no wildcards, which cannot be proved by a connection.
pub(super) fn domains(text: &str) -> Option<Vec<String>> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    list(text, |name| {
        let name = name.to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let is_name = name.len() <= 253
            && labels.len() > 1
            && labels.iter().all(|label| is_label(label))
            && labels.last().is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()));
        is_name.then_some(name)
    })
    .filter(|names| !names.is_empty())
}

pub(super) fn dsn(text: &str) -> Option<SecretString> {
    crate::telemetry::is_dsn(text).then(|| SecretString::from(text))
}

pub(super) fn percent(text: &str) -> Option<u32> {
    text.parse().ok().filter(|percent| (1..=100).contains(percent))
}

pub(super) fn nats_url(value: &str) -> Option<String> {
    let known =
        ["nats://", "tls://"].iter().any(|scheme| value.len() > scheme.len() && value.starts_with(scheme));
    if known { text(value) } else { None }
}

pub(super) fn new_password(text: &str) -> Option<SecretString> {
    password::fits(text).then(|| SecretString::from(text.to_owned()))
}

/// Addresses stand for themselves alone.
pub(super) fn networks(text: &str) -> Option<Vec<IpNet>> {
    list(text, |item| item.parse().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from)))
}

pub(super) fn origins(text: &str) -> Option<Vec<Origin>> {
    list(text, Origin::parse)
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect()
}
