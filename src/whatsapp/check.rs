//! Is the number connected? Part by part, with what to do where it is not.

use std::time::Duration;

use ring::hmac;
use secrecy::ExposeSecret;

use crate::config::WhatsApp;

use super::graph::{GraphClient, GraphError};

/// How long our own webhook may take to answer.
const WEBHOOK_WITHIN: Duration = Duration::from_secs(10);
/// Where it is.
const WEBHOOK_PATH: &str = "/webhooks/whatsapp";

/// What was found of one part.
#[derive(Debug)]
pub struct Finding {
    /// Which part.
    pub part: &'static str,
    /// How it stands, or what to do.
    pub found: Result<String, String>,
}

/// Tries everything that can be tried without a guest. `public` is where browsers and Meta reach this server.
pub async fn check(client: &GraphClient, settings: &WhatsApp, public: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |part, found| findings.push(Finding { part, found });
    let number = client.number().await;
    add(
        "access token and number",
        number.as_ref().map(|n| format!("{} ({})", n.display, n.name)).map_err(advice),
    );
    if let Ok(number) = number {
        let works = number.status.is_empty() || number.status.eq_ignore_ascii_case("connected");
        add(
            "state of the number",
            if works {
                Ok(format!("connected, quality {}", or_unknown(&number.quality)))
            } else {
                Err(format!(
                    "Meta says {}: register the number in the WhatsApp Manager (Phone numbers), then check again",
                    number.status
                ))
            },
        );
        add("confirmation of the number", confirmation(&number.verification, works));
        add("webhook subscription", subscription(client, settings).await);
        if let (Some(there), Some(public)) = (&number.webhook, public) {
            let ours = format!("{}{WEBHOOK_PATH}", public.trim_end_matches('/'));
            add(
                "webhook address",
                if *there == ours {
                    Ok(ours)
                } else {
                    Err(format!(
                        "Meta sends to {there}, this server is at {ours}: change it in the App Dashboard"
                    ))
                },
            );
        }
        let templates = client.templates().await;
        add(
            "templates",
            templates.map(|list| format!("{} can be sent", list.items.len())).map_err(|e| advice(&e)),
        );
        let sent = client.try_send().await;
        add(
            "a send, as far as it goes without a guest",
            sent.map(|()| "taken and refused for its address, as it should be".to_owned())
                .map_err(|e| advice(&e)),
        );
    }
    match public {
        Some(public) => add("this server's webhook, from outside", webhook(settings, public).await),
        None => add(
            "this server's webhook, from outside",
            Err("not tried: set FRONTDESK_PUBLIC_URL to the https address under which Meta reaches this server".to_owned()),
        ),
    }
    findings
}

/// Whether the number was confirmed by its code. A confirmation that has expired does no harm while the number is
/// connected; to register it again takes a new one.
fn confirmation(state: &str, works: bool) -> Result<String, String> {
    match state {
        "VERIFIED" | "" => Ok(or_unknown(&state.to_lowercase()).to_owned()),
        "EXPIRED" if works => Ok("has expired, which does no harm while the number is connected".to_owned()),
        other => Err(format!(
            "Meta says {other}: confirm the number by a new code in the WhatsApp Manager (Phone numbers), and \
             register it"
        )),
    }
}

/// Whether the app with our secret is told of the account's messages.
async fn subscription(client: &GraphClient, settings: &WhatsApp) -> Result<String, String> {
    const SUBSCRIBE: &str =
        "in the App Dashboard under WhatsApp, Configuration, subscribe to the field messages";
    let apps = client.subscribed_apps().await.map_err(|error| advice(&error))?;
    if apps.is_empty() {
        return Err(format!("no app is subscribed to the account: {SUBSCRIBE}"));
    }
    let mut refused = None;
    for app in &apps {
        for secret in &settings.app_secrets {
            match client.subscription(&app.id, secret).await {
                Ok(Some(found)) if found.fields.iter().any(|field| field == "messages") => {
                    return Ok(format!("{}, of the field messages", app.name));
                }
                Ok(_) => return Err(format!("{} is not told of messages: {SUBSCRIBE}", app.name)),
                Err(error @ GraphError::Refused { .. }) => refused = Some(error),
                Err(error) => return Err(advice(&error)),
            }
        }
    }
    let names = apps.iter().map(|app| app.name.as_str()).collect::<Vec<_>>().join(", ");
    let why = refused.map(|error| format!(" ({error})")).unwrap_or_default();
    Err(format!(
        "WHATSAPP_APP_SECRET is of none of the apps that are subscribed to the account, {names}{why}"
    ))
}

/// The webhook as Meta calls it: the handshake, an empty body rightly signed, and one wrongly signed.
async fn webhook(settings: &WhatsApp, public: &str) -> Result<String, String> {
    let url = format!("{}{WEBHOOK_PATH}", public.trim_end_matches('/'));
    let http = reqwest::Client::builder()
        .timeout(WEBHOOK_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())?;
    let unreachable =
        |_| format!("{url} cannot be reached: is the server running, and its certificate valid?");
    let token = settings.verify_token.expose_secret();
    let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", "4711")];
    let answer = http.get(&url).query(&query).send().await.map_err(unreachable)?;
    if answer.status() != 200 || answer.text().await.unwrap_or_default() != "4711" {
        return Err(
            "the handshake fails: does the running server have the same WHATSAPP_VERIFY_TOKEN?".to_owned()
        );
    }
    let body = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    let secret = settings.app_secrets.first().map(ExposeSecret::expose_secret).unwrap_or_default();
    for (secret, wanted) in [(secret, 200), ("not the secret", 401)] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let digest: String =
            hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let request = http.post(&url).header("x-hub-signature-256", format!("sha256={digest}")).body(body);
        let status = request.send().await.map_err(unreachable)?.status().as_u16();
        if status != wanted {
            return Err(format!(
                "a signed webhook gets {status} in place of {wanted}: does the running server have \
                the same WHATSAPP_APP_SECRET?"
            ));
        }
    }
    Ok(url)
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

/// What to do about an error of the API.
fn advice(error: &GraphError) -> String {
    let what = match error {
        GraphError::Refused { code: 0 | 190, .. } => {
            "make a new token for a system user (Business Settings, System users) and set WHATSAPP_ACCESS_TOKEN"
        }
        GraphError::Refused { code: 3 | 10 | 200..=299 | 131_005, .. } => {
            "give the system user's token whatsapp_business_messaging and whatsapp_business_management"
        }
        GraphError::Refused { code: 33 | 100, .. } => {
            "is WHATSAPP_PHONE_NUMBER_ID the number's id (not the number itself), and may the token see it?"
        }
        GraphError::Refused { code: 131_045 | 133_010, .. } => "register the number in the WhatsApp Manager",
        GraphError::Refused { code: 131_042, .. } => "add a means of payment in the WhatsApp Manager",
        GraphError::Refused { code: 368 | 130_497 | 131_031, .. } => {
            "see Account quality in the Business Manager"
        }
        GraphError::Refused { .. } => "look the code up in Meta's list of error codes",
        GraphError::Unreachable => "is WHATSAPP_API_BASE right, and may this machine reach it?",
        GraphError::Unclear => "try again; if it stays so, look at Meta's status page",
    };
    match error {
        GraphError::Refused { message, .. } if !message.is_empty() => format!("{error} ({message}): {what}"),
        _ => format!("{error}: {what}"),
    }
}
