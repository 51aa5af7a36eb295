//! `/api/attachments`: files that go with messages.

use std::ops::Range;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use frontdesk_actors::ports::{FileError, FileFate, Files};
use frontdesk_domain::event::Attachment;
use frontdesk_domain::people::Principal;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};
use futures_util::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::Refusals;
use super::conversations::visible;
use super::extract::Segment;
use super::state::{AppState, now};
use crate::attachments::{FILE_MAX_BYTES, kind, name};
use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::store::{FileRow, FileState, Upload};

/// What a form adds to its file at most, in bytes.
const FORM_MAX_BYTES: usize = 64 * 1024;
/// How much of a file is read at once, in bytes.
const PART_BYTES: usize = 256 * 1024;

/// A form with one file.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(super) struct Form {
    /// At most 10 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Takes a file, to be named in a message later. A file that no message names within a day is forgotten.
#[utoipa::path(post, path = "/api/attachments", tag = "attachments",
    request_body(content = Form, content_type = "multipart/form-data"),
    security(("agent" = []), ("guest" = []), ("guest_bearer" = [])),
    responses((status = 201, description = "It is here", body = Attachment), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    Caller { who, .. }: Caller,
    request: Request,
) -> ApiResult<(StatusCode, axum::Json<Attachment>)> {
    match &who {
        Principal::Guest { id, .. } => state.quotas.check(Quota::UploadPerPerson, id)?,
        Principal::Agent { agent, role, .. } if *role >= frontdesk_domain::people::Role::Agent => {
            state.quotas.check(Quota::UploadPerPerson, &agent.id)?;
        }
        Principal::Agent { .. } => return Err(Refusal::forbidden().into()),
    }
    let Ok(_place) = state.uploads.clone().try_acquire_owned() else {
        return Err(Refusal::overloaded().into());
    };
    let (called, bytes) = read(request).await?;
    let id = Uuid::now_v7();
    let mut file =
        Attachment { id, name: called, media_type: kind::UNKNOWN.to_owned(), size: bytes.len() as u64 };
    // The row first: a file without one would never be found again to be removed.
    let upload = Upload { file: file.clone(), property: who.property(), by: who.author().key(), at: now() };
    state.db.add_attachment(upload).await?;
    match state.files.keep(id, bytes, false).await {
        Ok(kept) => {
            file.media_type.clone_from(&kept.media_type);
            file.size = kept.size;
            state.db.put_file(id, FileFate::Kept(kept)).await?;
            Ok((StatusCode::CREATED, axum::Json(file)))
        }
        Err(error) => {
            state.db.put_file(id, FileFate::Lost).await?;
            Err(refused(&error))
        }
    }
}

fn refused(error: &FileError) -> ApiError {
    match error {
        FileError::TooLarge => Refusal::new(Code::TooLarge, "a picture of too many pixels").into(),
        FileError::Unfit(why) => {
            let message = format!("not a file that is taken: {why}");
            ApiError::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadFrame, message)
        }
        FileError::Gone | FileError::Damaged | FileError::Another => ApiError::not_found("attachment"),
        FileError::Unavailable(why) => {
            tracing::error!(error = %why, "a file was not kept");
            Refusal::unavailable().into()
        }
    }
}

/// The one file of a form.
async fn read(mut request: Request) -> ApiResult<(String, Bytes)> {
    DefaultBodyLimit::max(FILE_MAX_BYTES + FORM_MAX_BYTES).apply(&mut request);
    let bad = || ApiError::bad("not a form with one file");
    let too_large = || ApiError::from(Refusal::new(Code::TooLarge, "more than 10 MiB"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| bad())?;
    loop {
        let next = form.next_field().await;
        let next =
            next.map_err(
                |error| if error.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { bad() },
            )?;
        let Some(mut field) = next else { return Err(bad()) };
        let Some(called) = field.file_name().map(name::safe) else { continue };
        let mut bytes = BytesMut::new();
        loop {
            match field.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > FILE_MAX_BYTES => return Err(too_large()),
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(too_large()),
                Err(_) => return Err(bad()),
            }
        }
        if bytes.is_empty() {
            return Err(ApiError::bad("the file is empty"));
        }
        let called = if called.is_empty() { "file".to_owned() } else { called };
        return Ok((called, bytes.freeze()));
    }
}

/// A file that a message names which the caller may see; or the caller's own that no message names yet.
#[utoipa::path(get, path = "/api/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path)),
    security(("agent" = []), ("guest" = []), ("guest_bearer" = [])),
    responses((status = 200, description = "The bytes"), (status = 206, description = "Some of them"), Refusals))]
pub(super) async fn one(
    State(state): State<AppState>,
    Caller { who, .. }: Caller,
    Segment(id): Segment<Uuid>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none = || ApiError::not_found("attachment");
    let row = state.db.attachment(id).await?.ok_or_else(none)?;
    may_see(&state, &who, &row).await.map_err(|_| none())?;
    match row.state {
        FileState::Ready => {}
        FileState::Pending => return Err(Refusal::unavailable().into()),
        FileState::Lost => return Err(none()),
    }
    let wanted = headers.get(RANGE).and_then(|value| range(value.to_str().ok()?, row.file.size));
    let whole = 0..row.file.size;
    let (status, range) = match wanted {
        None => (StatusCode::OK, whole),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let size = format!("bytes */{}", row.file.size);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, size)]).into_response());
        }
    };
    Ok(answer(&state, &row.file, status, range))
}

async fn may_see(state: &AppState, who: &Principal, row: &FileRow) -> ApiResult<()> {
    match row.conversation {
        Some(conversation) => visible(state, who, conversation).await,
        None if row.by == who.author().key() && row.property == who.property() => Ok(()),
        None => Err(Refusal::not_found().into()),
    }
}

/// The bytes of a range: `None` if nothing of the kind is asked for, `Some(None)` if there are no such bytes.
fn range(header: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(last)) if first.trim().is_empty() => size.saturating_sub(last)..size,
        // Several ranges, or nonsense: all of it is a right answer.
        _ => return None,
    };
    Some((range.start < range.end).then_some(range))
}

fn answer(state: &AppState, file: &Attachment, status: StatusCode, range: Range<u64>) -> Response {
    let (id, files, end) = (file.id, state.files.clone(), range.end);
    let parts = stream::try_unfold(range.start, move |at| {
        let files = files.clone();
        async move {
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(PART_BYTES);
            if wanted == 0 {
                return Ok::<_, FileError>(None);
            }
            let part = files.part(id, at, wanted).await?;
            if part.is_empty() {
                // Shorter than its row says: the client sees that it was cut off.
                return Err(FileError::Gone);
            }
            let next = at + part.len() as u64;
            Ok(Some((part, next)))
        }
    });
    let mut response = (status, Body::from_stream(parts)).into_response();
    let headers = response.headers_mut();
    let shown = file.media_type.starts_with("image/");
    let fields = [
        (CONTENT_TYPE, content_type(&file.media_type)),
        (CONTENT_LENGTH, (range.end - range.start).to_string()),
        (CONTENT_DISPOSITION, disposition(if shown { "inline" } else { "attachment" }, &file.name)),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned()),
        (CACHE_CONTROL, "private, max-age=86400, immutable".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
    ];
    for (field, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(field, value);
        }
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, file.size);
        if let Ok(value) = HeaderValue::try_from(part) {
            headers.insert(CONTENT_RANGE, value);
        }
    }
    response
}

fn content_type(media_type: &str) -> String {
    if media_type == "text/plain" { "text/plain; charset=utf-8".to_owned() } else { media_type.to_owned() }
}

/// RFC 6266: a name for old clients, and the name.
fn disposition(how: &str, called: &str) -> String {
    let plain: String = called
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .collect();
    let mut encoded = String::with_capacity(called.len() * 3);
    for byte in called.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (header, expected) in [
            ("bytes=0-3", Some(Some(0..4))),
            ("bytes=4-", Some(Some(4..10))),
            ("bytes=-3", Some(Some(7..10))),
            ("bytes=-99", Some(Some(0..10))),
            ("bytes=8-99", Some(Some(8..10))),
            ("bytes=10-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=5-2", None),
            ("bytes=0-1,4-5", None),
            ("lines=0-1", None),
            ("bytes=", None),
            ("bytes=18446744073709551615-18446744073709551615", Some(None)),
        ] {
            assert_eq!(range(header, 10), expected, "{header}");
        }
    }

    #[test]
    fn names_in_headers() {
        let header = disposition("attachment", "Grüße \"1\".pdf");
        assert_eq!(
            header,
            "attachment; filename=\"Gr__e _1_.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.pdf"
        );
    }
}
