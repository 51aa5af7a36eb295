//! The texts that WhatsApp has approved, for guests who have been silent for a day.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{GraphClient, GraphError};

/// How long a list is believed.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// How many templates are offered.
const TEMPLATES_MAX: usize = 200;
/// How many are asked for at a time.
const PAGE: &str = "100";

/// A template that can be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, as WhatsApp writes it.
    pub language: String,
    /// `utility`, `marketing` or `authentication`.
    pub category: String,
    /// The text above, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The text, with its blanks as `{{1}}` or `{{name}}`.
    pub body: String,
    /// The text below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The blanks, in the order in which they are filled.
    pub blanks: Vec<String>,
    /// The blanks have names, which are sent along.
    pub named: bool,
}

/// The list, as it was last read.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct TemplateList {
    /// By name, then language.
    pub items: Vec<Template>,
}

/// The last list of this process.
#[derive(Default)]
pub(super) struct Cache(Mutex<Option<(Instant, TemplateList)>>);

impl Cache {
    fn fresh(&self) -> Option<TemplateList> {
        let kept = self.0.lock().ok()?;
        kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH_FOR).map(|(_, list)| list.clone())
    }

    fn keep(&self, list: &TemplateList) {
        if let Ok(mut kept) = self.0.lock() {
            *kept = Some((Instant::now(), list.clone()));
        }
    }
}

impl GraphClient {
    /// The approved templates that need nothing but words in their body.
    ///
    /// # Errors
    /// What the API says.
    pub async fn templates(&self) -> Result<TemplateList, GraphError> {
        if let Some(list) = self.inner.templates.fresh() {
            return Ok(list);
        }
        let account = self.account_id().await?;
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        while items.len() < TEMPLATES_MAX {
            let mut query = vec![
                ("fields", "name,language,status,category,components,parameter_format"),
                ("status", "APPROVED"),
                ("limit", PAGE),
            ];
            if let Some(after) = &after {
                query.push(("after", after));
            }
            let request = self.request(Method::GET, &[&account, "message_templates"]).query(&query);
            let page = self.ask(request).await?;
            let found = page.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
            items.extend(found.iter().filter_map(template));
            let next = page.pointer("/paging/next").is_some();
            let cursor = page.pointer("/paging/cursors/after").and_then(Value::as_str);
            match cursor.filter(|cursor| next && after.as_deref() != Some(cursor)) {
                Some(cursor) => after = Some(cursor.to_owned()),
                None => break,
            }
        }
        items.truncate(TEMPLATES_MAX);
        items.sort_by(|a, b| (&a.name, &a.language).cmp(&(&b.name, &b.language)));
        let list = TemplateList { items };
        self.inner.templates.keep(&list);
        Ok(list)
    }
}

/// A template of the list; `None` for one that is not approved, or has blanks or files elsewhere than in
/// its body, which this desk cannot fill in.
fn template(value: &Value) -> Option<Template> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    if text(value, "status").is_some_and(|status| !status.eq_ignore_ascii_case("approved")) {
        return None;
    }
    let mut made = Template {
        name: text(value, "name")?,
        language: text(value, "language")?,
        category: text(value, "category").unwrap_or_default().to_lowercase(),
        header: None,
        body: String::new(),
        footer: None,
        blanks: Vec::new(),
        named: false,
    };
    for part in value.get("components").and_then(Value::as_array)? {
        let words = text(part, "text");
        match text(part, "type")?.to_uppercase().as_str() {
            "HEADER" => {
                let plain = text(part, "format").is_none_or(|format| format.eq_ignore_ascii_case("text"));
                made.header = words.filter(|words| plain && blanks(words).is_empty());
                made.header.as_ref()?;
            }
            "BODY" => made.body = words?,
            "FOOTER" => made.footer = words,
            "BUTTONS" if part.to_string().contains("{{") => return None,
            _ => {}
        }
    }
    made.blanks = blanks(&made.body);
    made.named = made.blanks.iter().any(|blank| !blank.bytes().all(|byte| byte.is_ascii_digit()));
    (!made.body.is_empty()).then_some(made)
}

/// The blanks of a text, each once, in order: numbered ones by number, named ones as they stand.
fn blanks(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split("{{").skip(1) {
        let Some((name, _)) = part.split_once("}}") else { continue };
        let name = name.trim();
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    if found.iter().all(|name| name.parse::<u32>().is_ok()) {
        found.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blanks_in_order() {
        assert_eq!(blanks("Room {{2}} for {{1}}, {{2}}"), ["1", "2"]);
        assert_eq!(blanks("Hello {{name}}, room {{ room }}"), ["name", "room"]);
        assert!(blanks("{{}} {{a b}} {{").is_empty());
    }

    #[test]
    fn only_what_can_be_filled_in() {
        let whole = json!({"name":"ready","language":"en","status":"APPROVED","category":"UTILITY","components":[
            {"type":"HEADER","format":"TEXT","text":"Hotel"},
            {"type":"BODY","text":"Dear {{1}}, room {{2}} is ready."},
            {"type":"FOOTER","text":"Reply to chat"}]});
        let made = template(&whole).unwrap();
        assert_eq!((made.blanks.len(), made.named, made.category.as_str()), (2, false, "utility"));
        let picture = json!({"name":"x","language":"en","components":[
            {"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"x"}]});
        let rejected =
            json!({"name":"x","language":"en","status":"REJECTED","components":[{"type":"BODY","text":"x"}]});
        let link = json!({"name":"x","language":"en","components":[{"type":"BODY","text":"x"},
            {"type":"BUTTONS","buttons":[{"type":"URL","url":"https://h.example/{{1}}"}]}]});
        for other in [picture, rejected, link] {
            assert_eq!(template(&other), None, "{other}");
        }
    }
}
