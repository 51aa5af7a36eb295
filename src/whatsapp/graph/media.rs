//! Files, in both directions.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_actors::ports::whatsapp::SendFault;
use frontdesk_actors::ports::{Arriving, FileError, MediaSource, Parts};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use uuid::Uuid;

use super::super::digest;
use super::body::FileKind;
use super::{FILE_WITHIN, GraphClient, GraphError, hosts};

/// How long a file's next part may take.
const PART_WITHIN: Duration = Duration::from_secs(30);

#[async_trait]
impl MediaSource for GraphClient {
    /// Asks where the file is, then gets it there. The place comes from the API and not from a webhook,
    /// and the token goes along only if it is one of Meta's.
    async fn open(&self, media: &str) -> Result<Arriving, FileError> {
        let request = self.request(Method::GET, &[media]).query(&[("phone_number_id", &self.inner.number)]);
        let found = self.ask(request).await.map_err(lost)?;
        let size = found.get("file_size").and_then(Value::as_u64);
        let sha256 = found.get("sha256").and_then(Value::as_str).and_then(digest::read);
        let url = found.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        let url = url.ok_or_else(|| unavailable("no address for the file"))?;
        if !hosts::may_serve_media(&url, &self.inner.base) {
            tracing::error!(host = url.host_str(), "a file is not at one of Meta's hosts and is left there");
            return Err(FileError::Gone);
        }
        let answer = self.authorized(Method::GET, url).timeout(FILE_WITHIN).send().await;
        let answer = answer.map_err(|_| unavailable("the file's host cannot be reached"))?;
        match answer.status().as_u16() {
            200 => {}
            // The address lives for minutes: the next try asks for a new one.
            status => return Err(unavailable(&format!("the file's host says {status}"))),
        }
        Ok(Arriving { size: answer.content_length().max(size), sha256, parts: Box::new(Download(answer)) })
    }
}

/// A file's bytes as they come.
struct Download(Response);

#[async_trait]
impl Parts for Download {
    async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        match tokio::time::timeout(PART_WITHIN, self.0.chunk()).await {
            Ok(Ok(part)) => Ok(part),
            Ok(Err(_)) => Err(unavailable("the file broke off")),
            Err(_) => Err(unavailable("the file came to a halt")),
        }
    }
}

fn lost(error: GraphError) -> FileError {
    match error {
        // Not there, or not there for us.
        GraphError::Refused { code: 100 | 131_052 | 131_009, .. } => FileError::Gone,
        other => unavailable(&other.to_string()),
    }
}

fn unavailable(why: &str) -> FileError {
    FileError::Unavailable(why.to_owned())
}

impl GraphClient {
    /// Gives a file of ours to WhatsApp; its kind there, and its id.
    pub(super) async fn upload(
        &self,
        attachment: Uuid,
        name: &str,
        media_type: &str,
    ) -> Result<(FileKind, String), SendFault> {
        let files = self.inner.files.as_ref().ok_or(SendFault::File)?;
        let bytes = match files.read(attachment).await {
            Ok(bytes) => bytes,
            Err(FileError::Unavailable(_)) => return Err(SendFault::Unreachable),
            Err(_) => return Err(SendFault::File),
        };
        let kind = FileKind::of(media_type, bytes.len());
        let part = Part::stream(bytes).file_name(name.to_owned()).mime_str(media_type);
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", media_type.to_owned())
            .part("file", part.map_err(|_| SendFault::File)?);
        let request = self.request(Method::POST, &[&self.inner.number, "media"]);
        // Whatever happens here, no message was sent yet: nothing is unclear.
        let answer = match self.ask(request.timeout(FILE_WITHIN).multipart(form)).await {
            Ok(answer) => answer,
            Err(GraphError::Refused { code, .. }) => return Err(SendFault::Refused(code)),
            Err(_) => return Err(SendFault::Unreachable),
        };
        let id = answer.get("id").and_then(Value::as_str).ok_or(SendFault::Unreachable)?;
        Ok((kind, id.to_owned()))
    }
}
