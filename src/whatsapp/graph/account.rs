//! The account around the number: what it is, and who is told of its messages.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{GraphClient, GraphError};

/// The number, as Meta sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// As people write it.
    pub display: String,
    /// The hotel's name, as guests see it.
    pub name: String,
    /// `CONNECTED` when it can send.
    pub status: String,
    /// `APPROVED` when the name may be shown.
    pub name_status: String,
    /// `GREEN`, `YELLOW` or `RED`.
    pub quality: String,
    /// `VERIFIED` or not.
    pub verification: String,
    /// Which address its webhooks go to, as far as Meta says so.
    pub webhook: Option<String>,
}

/// An app that is told of the account's messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its webhooks go instead of its usual address.
    pub callback: Option<String>,
}

/// What an app is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The fields of webhooks; messages come under `messages`.
    pub fields: Vec<String>,
    /// Where they go, unless the account or the number names another place.
    pub callback: Option<String>,
}

impl GraphClient {
    /// The state of the number.
    ///
    /// # Errors
    /// What the API says.
    pub async fn number(&self) -> Result<Number, GraphError> {
        const FIELDS: &str = "display_phone_number,verified_name,status,name_status,quality_rating,\
             code_verification_status,webhook_configuration";
        let request = self.request(Method::GET, &[&self.inner.number]).query(&[("fields", FIELDS)]);
        let found = self.ask(request).await?;
        let text = |field: &str| found.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let webhooks = found.get("webhook_configuration");
        let place = |field: &str| webhooks?.get(field)?.as_str().map(str::to_owned);
        Ok(Number {
            display: text("display_phone_number"),
            name: text("verified_name"),
            status: text("status"),
            name_status: text("name_status"),
            quality: text("quality_rating"),
            verification: text("code_verification_status"),
            webhook: ["phone_number", "whatsapp_business_account", "application"].into_iter().find_map(place),
        })
    }

    /// The apps that are told of the account's messages. Ours must be among them.
    ///
    /// # Errors
    /// What the API says.
    pub async fn subscribed_apps(&self) -> Result<Vec<App>, GraphError> {
        let account = self.account_id().await?;
        let found = self.ask(self.request(Method::GET, &[&account, "subscribed_apps"])).await?;
        let apps = found.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        let about = |value: &Value, field: &str| {
            let text = value.get("whatsapp_business_api_data").and_then(|about| about.get(field)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        let app = |value: &Value| App {
            id: about(value, "id"),
            name: about(value, "name"),
            callback: value.get("override_callback_uri").and_then(Value::as_str).map(str::to_owned),
        };
        Ok(apps.iter().map(app).collect())
    }

    /// What an app is told of, asked with the app's own token: its id and its secret. The subscription is
    /// `None` if there is none to WhatsApp.
    ///
    /// # Errors
    /// What the API says; refused if the secret is another app's.
    pub async fn subscription(
        &self,
        app: &str,
        secret: &SecretString,
    ) -> Result<Option<Subscription>, GraphError> {
        let token = SecretString::from(format!("{app}|{}", secret.expose_secret()));
        let found = self.ask(self.request_with(&token, Method::GET, &[app, "subscriptions"])).await?;
        let all = found.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let whatsapp = |one: &&Value| one["object"] == "whatsapp_business_account" && one["active"] != false;
        Ok(all.iter().find(whatsapp).map(|one| Subscription {
            fields: one["fields"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|field| field["name"].as_str().or(field.as_str()).map(str::to_owned))
                .collect(),
            callback: one["callback_url"].as_str().map(str::to_owned),
        }))
    }

    /// The account that owns the number.
    ///
    /// # Errors
    /// What the API says; unclear if it does not say.
    pub async fn account_id(&self) -> Result<String, GraphError> {
        let fields = [("fields", "whatsapp_business_account")];
        let found = self.ask(self.request(Method::GET, &[&self.inner.number]).query(&fields)).await?;
        let id = found.pointer("/whatsapp_business_account/id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or(GraphError::Unclear)
    }

    /// Has the API check a message without anybody getting it: one to nobody, which it must refuse as badly
    /// addressed. Any other refusal (a token, a permission) is told.
    ///
    /// # Errors
    /// What the API says, other than that the recipient is none.
    pub async fn try_send(&self) -> Result<(), GraphError> {
        let body = serde_json::json!({"messaging_product": "whatsapp", "recipient_type": "individual",
            "to": "+0", "type": "text", "text": {"body": "."}});
        let request = self.request(Method::POST, &[&self.inner.number, "messages"]).json(&body);
        match self.ask(request).await {
            Err(GraphError::Refused {
                code: 100 | 131_009 | 131_026 | 131_030 | 131_008 | 131_047 | 33,
                ..
            })
            | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
