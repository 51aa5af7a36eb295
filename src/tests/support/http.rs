//! Somebody who calls the API, with a session or without.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Caller {
    pub address: String,
    pub http: reqwest::Client,
    /// The session's token, as the cookie or the body brought it.
    pub token: String,
    /// `Cookie` header of an agent, or empty.
    pub cookie: String,
    /// An agent's id.
    pub id: String,
    /// A guest's conversation.
    pub conversation: String,
    /// The newest answer's headers.
    pub headers: HeaderMap,
}

impl Caller {
    pub fn new(address: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // The server closes what was idle for 20 s: a request must not be on its way in that moment.
        let http = http.pool_idle_timeout(Duration::from_secs(10));
        Self {
            address: address.to_owned(),
            http: http.build().unwrap(),
            token: String::new(),
            cookie: String::new(),
            id: String::new(),
            conversation: String::new(),
            headers: HeaderMap::new(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends a request; answers status and JSON body (`null` where there is none).
    pub async fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.http.request(method.parse().unwrap(), self.url(path));
        if !self.cookie.is_empty() {
            request = request.header(COOKIE, &self.cookie);
        } else if !self.token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        self.headers = answer.headers().clone();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn get(&mut self, path: &str) -> (u16, Value) {
        self.call("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, Some(&body)).await
    }

    pub async fn put(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call("PUT", path, Some(&body)).await
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call("PATCH", path, Some(&body)).await
    }

    pub async fn delete(&mut self, path: &str) -> (u16, Value) {
        self.call("DELETE", path, None).await
    }

    /// A header of the newest answer, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Something that is refused, in the form of RFC 9457. Answers what it says.
    pub async fn refused(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        (status, code): (u16, &str),
    ) -> Value {
        let (seen, problem) = self.call(method, path, body.as_ref()).await;
        let what = format!("{method} {path} {body:?}: {problem}");
        assert_eq!((seen, problem["code"].as_str()), (status, Some(code)), "{what}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}");
        assert_eq!(problem["status"], status, "{what}");
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {what}");
        }
        problem
    }

    pub async fn login(&mut self, email: &str, password: &str) {
        let (status, body) = self.post("/api/login", json!({"email": email, "password": password})).await;
        assert_eq!(status, 200, "{body}");
        let cookie = self.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        self.token = cookie.split_once('=').unwrap().1.to_owned();
        self.cookie = cookie;
        self.id = body["agent"]["id"].as_str().unwrap().to_owned();
    }

    pub async fn new_session(&mut self, body: Value) -> Value {
        let (status, body) = self.post("/api/guest/session", body).await;
        assert_eq!(status, 201, "{body}");
        self.token = body["token"].as_str().unwrap().to_owned();
        self.conversation = body["conversation"].as_str().unwrap().to_owned();
        body
    }

    /// All events of a conversation, as this caller may see them.
    pub async fn history(&mut self, conversation: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(0, |event| event["seq"].as_u64().unwrap());
            let path = format!("/api/conversations/{conversation}/events?after={after}&limit=200");
            let (status, page) = self.get(&path).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return all;
            }
            all.extend(items.iter().cloned());
        }
    }
}
