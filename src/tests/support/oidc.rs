//! A provider of single sign-on: it signs real tokens, checks what it is shown, and behaves as told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};

pub const CLIENT: &str = "front desk";
pub const SECRET: &str = "s+cr/t %";
/// A key of these tests alone: ring makes none of this kind.
const RSA: &str = include_str!("oidc_rsa.txt");

/// What signs.
pub enum Signer {
    Rsa(String, RsaKeyPair),
    Ec(String, EcdsaKeyPair),
}

impl Signer {
    pub fn rsa(kid: &str) -> Self {
        let der = STANDARD.decode(RSA.replace('\n', "")).unwrap();
        Self::Rsa(kid.to_owned(), RsaKeyPair::from_der(&der).unwrap())
    }

    pub fn ec(kid: &str) -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let der = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::Ec(kid.to_owned(), EcdsaKeyPair::from_pkcs8(kind, der.as_ref(), &random).unwrap())
    }

    /// As the key set shows it.
    fn public(&self) -> Value {
        match self {
            Self::Rsa(kid, key) => {
                let parts: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
                let (n, e) = (URL_SAFE_NO_PAD.encode(parts.n), URL_SAFE_NO_PAD.encode(parts.e));
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Self::Ec(kid, key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
                json!({"kty": "EC", "kid": kid, "use": "sig", "crv": "P-256", "x": x, "y": y})
            }
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let random = SystemRandom::new();
        let (alg, kid) = match self {
            Self::Rsa(kid, _) => ("RS256", kid),
            Self::Ec(kid, _) => ("ES256", kid),
        };
        let head = json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = match self {
            Self::Rsa(_, key) => {
                let mut out = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut out).unwrap();
                out
            }
            Self::Ec(_, key) => key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

struct Inner {
    published: Vec<Value>,
    signer: Signer,
    /// Put over what a good token says; `null` takes a claim out.
    claims: Value,
    /// A token in the place of a signed one.
    token: Option<String>,
    codes: HashMap<String, HashMap<String, String>>,
    asked: HashMap<String, usize>,
    down: bool,
    slow: Duration,
    /// So many bytes more in the configuration.
    padding: usize,
}

#[derive(Clone)]
pub struct Provider {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let signer = Signer::rsa("first");
        let inner = Inner {
            published: vec![json!({"kty": "OKP", "kid": "odd"}), signer.public()],
            signer,
            claims: json!({}),
            token: None,
            codes: HashMap::new(),
            asked: HashMap::new(),
            down: false,
            slow: Duration::ZERO,
            padding: 0,
        };
        let provider = Self { url, inner: Arc::new(Mutex::new(inner)) };
        let router = axum::Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        provider
    }

    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FRONTDESK_DEMO", "off".to_owned()),
            ("FRONTDESK_PUBLIC_URL", "https://desk.test".to_owned()),
            ("FRONTDESK_WEBHOOK_NETWORKS", "127.0.0.0/8".to_owned()),
            ("OIDC_ISSUER", self.url.clone()),
            ("OIDC_CLIENT_ID", CLIENT.to_owned()),
            ("OIDC_CLIENT_SECRET", SECRET.to_owned()),
            ("OIDC_ROLES", "groups chiefs=supervisor, desk=agent, sea=sea/agent".to_owned()),
        ]
    }

    /// From now on tokens say this as well.
    pub fn says(&self, claims: Value) {
        self.inner.lock().unwrap().claims = claims;
    }

    /// From now on tokens are signed by this; `shown`: the key set has it, and it alone.
    pub fn signs_with(&self, signer: Signer, shown: bool) {
        let mut inner = self.inner.lock().unwrap();
        if shown {
            inner.published = vec![signer.public()];
        }
        inner.signer = signer;
    }

    /// From now on this is the token.
    pub fn gives(&self, token: Option<String>) {
        self.inner.lock().unwrap().token = token;
    }

    pub fn down(&self, down: bool) {
        self.inner.lock().unwrap().down = down;
    }

    pub fn slow(&self, slow: Duration) {
        self.inner.lock().unwrap().slow = slow;
    }

    pub fn padding(&self, bytes: usize) {
        self.inner.lock().unwrap().padding = bytes;
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.inner.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }

    /// Somebody logs in at the page that a browser was sent to: state and code of the way back.
    pub fn authorize(&self, url: &str) -> (String, String) {
        let query: HashMap<String, String> = Url::parse(url).unwrap().query_pairs().into_owned().collect();
        assert!(url.starts_with(&format!("{}/authorize?", self.url)), "{url}");
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", "https://desk.test/api/login/oidc/callback"),
            ("code_challenge_method", "S256"),
            ("scope", "openid email profile"),
        ] {
            assert_eq!(query[name], value);
        }
        let (state, code) = (query["state"].clone(), uuid::Uuid::new_v4().to_string());
        self.inner.lock().unwrap().codes.insert(code.clone(), query);
        (state, code)
    }

    fn tokens(&self, headers: &HeaderMap, body: &str) -> Response {
        let form: HashMap<String, String> =
            Url::parse(&format!("http://x/?{body}")).unwrap().query_pairs().into_owned().collect();
        // Each part is encoded as a form does it, as the standard asks.
        let expected = format!("Basic {}", STANDARD.encode("front+desk:s%2Bcr%2Ft+%25"));
        let mut inner = self.inner.lock().unwrap();
        let begun = inner.codes.remove(&form["code"]);
        let challenge = URL_SAFE_NO_PAD
            .encode(ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes()));
        let good = headers["authorization"] == expected
            && form["grant_type"] == "authorization_code"
            && begun.as_ref().is_some_and(|begun| {
                begun["code_challenge"] == challenge && begun["redirect_uri"] == form["redirect_uri"]
            });
        if !good {
            return (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#).into_response();
        }
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut claims = json!({
            "iss": self.url, "sub": "248289761001", "aud": CLIENT, "exp": now + 300, "iat": now,
            "nonce": begun.unwrap()["nonce"], "email": "Mia@hotel.test", "email_verified": true,
            "name": "Mia", "groups": ["desk"],
        });
        for (name, value) in inner.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let token = inner.token.clone().unwrap_or_else(|| inner.signer.sign(&claims));
        axum::Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": token})).into_response()
    }
}

async fn answer(State(provider): State<Provider>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let (down, slow) = {
        let mut inner = provider.inner.lock().unwrap();
        *inner.asked.entry(uri.path().to_owned()).or_default() += 1;
        (inner.down, inner.slow)
    };
    tokio::time::sleep(slow).await;
    if down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let url = &provider.url;
    match uri.path() {
        "/.well-known/openid-configuration" => axum::Json(json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
            "more": "x".repeat(provider.inner.lock().unwrap().padding),
        }))
        .into_response(),
        "/keys" => axum::Json(json!({"keys": provider.inner.lock().unwrap().published})).into_response(),
        "/token" => provider.tokens(&headers, &body),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
