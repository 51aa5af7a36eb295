//! An S3-compatible store in memory: objects, parts, lists; and it looks at every signature.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ring::{digest, hmac};

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "a secret access key of the tests";
pub const REGION: &str = "eu-central-1";

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Bytes>,
    parts: BTreeMap<(String, u32), Bytes>,
    refused: usize,
}

#[derive(Clone)]
pub struct Store {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Store {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner::default()));
        let limit = axum::extract::DefaultBodyLimit::disable();
        let router = axum::Router::new().fallback(answer).layer(limit).with_state(Arc::clone(&inner));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, inner }
    }

    /// The keys of all objects, with the bucket in front.
    pub fn keys(&self) -> Vec<String> {
        self.inner.lock().unwrap().objects.keys().cloned().collect()
    }

    /// How many requests were not signed rightly.
    pub fn refused(&self) -> usize {
        self.inner.lock().unwrap().refused
    }

    /// Puts something there, as somebody else would.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.inner.lock().unwrap().objects.insert(key.to_owned(), Bytes::copy_from_slice(bytes));
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inner = inner.lock().unwrap();
    if !is_signed(&method, &uri, &headers, &body) {
        inner.refused += 1;
        return (StatusCode::FORBIDDEN, "<Error><Code>SignatureDoesNotMatch</Code></Error>").into_response();
    }
    let key = uri.path().trim_start_matches('/').to_owned();
    let query: BTreeMap<String, String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
        .collect();
    match method {
        Method::GET if query.contains_key("list-type") => list(&inner, &key, &query).into_response(),
        Method::GET | Method::HEAD => match inner.objects.get(&key) {
            Some(bytes) => {
                let fields = [("etag", "\"e\""), ("last-modified", "Wed, 25 Nov 2026 20:00:00 GMT")];
                (fields, bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::PUT => {
            match query.get("partNumber") {
                Some(part) => drop(inner.parts.insert((key, part.parse().unwrap()), body)),
                None => drop(inner.objects.insert(key, body)),
            }
            [("etag", "\"e\"")].into_response()
        }
        Method::POST if query.contains_key("uploads") => {
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                .into_response()
        }
        Method::POST => {
            let parts: Vec<_> = inner.parts.keys().filter(|(of, _)| *of == key).cloned().collect();
            let whole: Vec<u8> = parts.iter().flat_map(|part| inner.parts.remove(part).unwrap()).collect();
            inner.objects.insert(key, whole.into());
            "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        Method::DELETE => {
            inner.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn list(inner: &Inner, bucket: &str, query: &BTreeMap<String, String>) -> String {
    let within = format!("{}/", bucket.trim_end_matches('/'));
    let prefix = query.get("prefix").cloned().unwrap_or_default();
    let delimiter = query.get("delimiter").filter(|text| !text.is_empty());
    let (mut contents, mut folders) = (String::new(), std::collections::BTreeSet::new());
    for (key, bytes) in &inner.objects {
        let Some(key) = key.strip_prefix(&within).filter(|key| key.starts_with(&prefix)) else { continue };
        let rest = &key[prefix.len()..];
        match delimiter.and_then(|delimiter| rest.find(delimiter.as_str())) {
            Some(end) => drop(folders.insert(format!("{prefix}{}", &rest[..=end]))),
            None => contents.push_str(&format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-11-25T20:00:00.000Z</LastModified>\
                 <ETag>\"e\"</ETag></Contents>",
                bytes.len()
            )),
        }
    }
    let folders: String =
        folders.iter().map(|at| format!("<CommonPrefixes><Prefix>{at}</Prefix></CommonPrefixes>")).collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{folders}</ListBucketResult>")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// AWS Signature Version 4, reckoned anew from the request as it came.
fn is_signed(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let field = |name: &str| {
        let found = header("authorization").split([' ', ',']).find_map(|part| part.strip_prefix(name));
        found.unwrap_or_default().to_owned()
    };
    let day = header("x-amz-date").get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    if field("Credential=") != format!("{KEY}/{scope}") {
        return false;
    }
    let sent = header("x-amz-content-sha256");
    let digest_of_body = hex(digest::digest(&digest::SHA256, body).as_ref());
    if sent != digest_of_body && sent != "UNSIGNED-PAYLOAD" {
        return false;
    }
    let mut query: Vec<String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    query.sort();
    let names = field("SignedHeaders=");
    let signed: String = names.split(';').map(|name| format!("{name}:{}\n", header(name).trim())).collect();
    let request = format!("{method}\n{}\n{}\n{signed}\n{names}\n{sent}", uri.path(), query.join("&"));
    let request = hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{request}", header("x-amz-date"));
    let key = [day, REGION, "s3", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hash(&key, part));
    field("Signature=") == hex(&hash(&key, &text))
}
