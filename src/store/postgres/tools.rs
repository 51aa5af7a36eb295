//! PostgreSQL's own tools: how they are called, and how they get in.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::store::copy::CopyError;

/// Writes a copy of a database into a file.
pub(super) const DUMP: &str = "pg_dump";
/// Reads such a file.
pub(super) const RESTORE: &str = "pg_restore";
/// Runs statements.
pub(super) const PSQL: &str = "psql";

/// How much of what a tool says is kept, in bytes.
const SAID_MAX_BYTES: u64 = 64 * 1024;

/// A tool that runs.
pub(super) struct Running {
    tool: &'static str,
    pub(super) child: Child,
    said: JoinHandle<String>,
}

/// Starts a tool. `url`: the database that it works on. What gets it in is in its environment, where other users of
/// the machine do not see it: never among its arguments.
///
/// # Errors
/// [`CopyError::Tool`] if it is not there.
pub(super) fn start(
    tool: &'static str,
    url: Option<&SecretString>,
    with: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<Running, CopyError> {
    let mut command = Command::new(tool);
    command.stdin(Stdio::null()).stdout(Stdio::null()).env("PGAPPNAME", "frontdesk").env("LC_MESSAGES", "C");
    if let Some(url) = url {
        command.envs(environment(url)?);
    }
    let mut child = with(&mut command).stderr(Stdio::piped()).spawn().map_err(|error| CopyError::Tool {
        tool,
        reason: format!("{error}; PostgreSQL's client programs are needed, of the server's version"),
    })?;
    let said = child.stderr.take();
    // Read while it runs: a tool that says much would wait for ever else.
    let said = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut said) = said {
            let _ = said.by_ref().take(SAID_MAX_BYTES).read_to_end(&mut text);
            let _ = std::io::copy(&mut said, &mut std::io::sink());
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    Ok(Running { tool, child, said })
}

impl Running {
    /// Waits for its end.
    ///
    /// # Errors
    /// [`CopyError::Tool`] with the first thing that it said, if it failed.
    pub(super) fn end(mut self) -> Result<(), CopyError> {
        let status = self.child.wait()?;
        let said = self.said.join().unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        Err(CopyError::Tool { tool: self.tool, reason: reason(&said, status) })
    }

    /// Ends it.
    pub(super) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.said.join();
    }
}

fn reason(said: &str, status: ExitStatus) -> String {
    let error = said.lines().find(|line| line.to_ascii_lowercase().contains("error"));
    let line = error.or_else(|| said.lines().find(|line| !line.trim().is_empty()));
    line.map_or_else(|| status.to_string(), |line| line.trim().to_owned())
}

/// The URL as the tools' environment. What it does not say they find where the server itself does: `PGPASSWORD`,
/// `PGPASSFILE`.
fn environment(url: &SecretString) -> Result<Vec<(&'static str, String)>, CopyError> {
    let bad = || CopyError::Tool { tool: "DATABASE_URL", reason: "it is no URL".to_owned() };
    let url = Url::parse(url.expose_secret()).map_err(|_| bad())?;
    let mut found = Vec::new();
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        found.push(("PGHOST", decoded(host.trim_start_matches('[').trim_end_matches(']'))));
    }
    found.extend(url.port().map(|port| ("PGPORT", port.to_string())));
    found.extend(Some(url.username()).filter(|name| !name.is_empty()).map(|name| ("PGUSER", decoded(name))));
    found.extend(url.password().map(|password| ("PGPASSWORD", decoded(password))));
    let database = url.path().trim_start_matches('/');
    found.extend(Some(database).filter(|name| !name.is_empty()).map(|name| ("PGDATABASE", decoded(name))));
    for (key, value) in url.query_pairs() {
        let name = match &*key {
            "host" => "PGHOST",
            "hostaddr" => "PGHOSTADDR",
            "port" => "PGPORT",
            "dbname" => "PGDATABASE",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        found.push((name, value.into_owned()));
    }
    Ok(found)
}

/// A part of a URL without its escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_goes_into_the_environment() {
        let of = |url: &str| environment(&SecretString::from(url)).expect("an environment");
        let text = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        assert_eq!(
            of("postgres://ho%40tel:p%2Fss+%25@db.example:5433/front%20desk?sslmode=verify-full"),
            text(&[
                ("PGHOST", "db.example"),
                ("PGPORT", "5433"),
                ("PGUSER", "ho@tel"),
                ("PGPASSWORD", "p/ss+%"),
                ("PGDATABASE", "front desk"),
                ("PGSSLMODE", "verify-full"),
            ])
        );
        assert_eq!(
            of("postgresql:///desk?host=/run/postgresql"),
            text(&[("PGDATABASE", "desk"), ("PGHOST", "/run/postgresql")])
        );
        assert_eq!(of("postgres://[::1]/desk"), text(&[("PGHOST", "::1"), ("PGDATABASE", "desk")]));
    }
}
