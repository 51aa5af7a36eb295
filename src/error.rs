//! [`ApiError`]: the only type that becomes an HTTP error, as `application/problem+json` (RFC 9457).

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use frontdesk_actors::metering;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::refusal::{Code, Refusal};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{ListError, WriteError};

/// The media type of errors.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as a client reads it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says it all.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// What happened, in one sentence.
    pub detail: String,
    /// The contract's code.
    pub code: Code,
}

/// An error of the HTTP interface.
#[derive(Debug)]
pub struct ApiError {
    /// The status, where it is not the code's usual one.
    status: StatusCode,
    refusal: Refusal,
}

/// What handlers answer.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error with another status than its code's usual one.
    pub fn with_status(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, refusal: Refusal::new(code, message) }
    }

    /// What a client sent is not what the path takes.
    pub fn bad(message: impl Into<String>) -> Self {
        Refusal::new(Code::BadFrame, message).into()
    }

    /// There is none, or it is somebody else's.
    pub fn not_found(what: &str) -> Self {
        Refusal::new(Code::NotFound, format!("no such {what}")).into()
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

/// The usual status of a code.
pub fn status_of(code: Code) -> StatusCode {
    match code {
        Code::BadFrame | Code::BadText => StatusCode::BAD_REQUEST,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Overloaded | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { status: status_of(refusal.code), refusal }
    }
}

/// A failure of the store as its caller may see it; what is behind it goes to the log.
pub fn from_store(error: &StoreError) -> Refusal {
    match error {
        StoreError::Overloaded => Refusal::overloaded(),
        StoreError::Conflict => Refusal::unavailable(),
        StoreError::Unavailable(why) => {
            tracing::error!(error = %why, "the store failed");
            Refusal::unavailable()
        }
    }
}

/// The same for writes beside the log.
pub fn from_write(error: &WriteError) -> Refusal {
    match error {
        WriteError::NotFound => Refusal::new(Code::NotFound, "there is none"),
        WriteError::Taken => Refusal::new(Code::Conflict, "taken, or the last one"),
        WriteError::Store(error) => from_store(error),
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        from_store(&error).into()
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        from_write(&error).into()
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::BadCursor => Self::bad("cursor is not one of ours"),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match &rejection {
            // Our own types say what is wrong in words that repeat nothing of what was sent.
            JsonRejection::JsonDataError(_) => Self::bad("a field of the body is missing or mistyped"),
            JsonRejection::MissingJsonContentType(_) => Self::with_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::BadFrame,
                "the body must be application/json",
            ),
            JsonRejection::BytesRejection(bytes) => body(bytes),
            _ => Self::bad("the body is not JSON"),
        }
    }
}

fn body(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Refusal::new(Code::TooLarge, "the body is too large").into()
    } else {
        ApiError::bad("the body could not be read")
    }
}

impl From<QueryRejection> for ApiError {
    fn from(_: QueryRejection) -> Self {
        Self::bad("a parameter of the query is mistyped")
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        // Nothing can have an id that is none.
        Self::not_found("thing")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, refusal } = self;
        metering::refused("http", refusal.code);
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: refusal.message,
            code: refusal.code,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let retry_ms = match refusal.code {
            Code::RateLimited | Code::Overloaded => Some(refusal.retry_ms.unwrap_or(1_000)),
            _ => refusal.retry_ms,
        };
        if let Some(millis) = retry_ms {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(millis.div_ceil(1_000).max(1)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn every_code_has_its_status() {
        for (code, status) in [
            (Code::BadFrame, 400),
            (Code::BadText, 400),
            (Code::Unauthorized, 401),
            (Code::Forbidden, 403),
            (Code::NotFound, 404),
            (Code::Conflict, 409),
            (Code::TooLarge, 413),
            (Code::RateLimited, 429),
            (Code::Overloaded, 503),
            (Code::Unavailable, 503),
            (Code::Internal, 500),
        ] {
            let response = ApiError::from(Refusal::new(code, "why")).into_response();
            assert_eq!(response.status().as_u16(), status, "{code:?}");
            assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
            let body = response.into_body().collect().await.expect("body").to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(body["code"], code.as_str());
            assert_eq!((&body["type"], &body["detail"]), (&"about:blank".into(), &"why".into()));
            assert_eq!(body["status"], status);
        }
    }

    #[test]
    fn waiting_is_said_in_whole_seconds() {
        for (refusal, wait) in [
            (Refusal::new(Code::RateLimited, "x").retry_in(1_200), Some("2")),
            (Refusal::new(Code::RateLimited, "x"), Some("1")),
            (Refusal::overloaded(), Some("1")),
            (Refusal::new(Code::NotFound, "x"), None),
        ] {
            let response = ApiError::from(refusal).into_response();
            let seen = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            assert_eq!(seen, wait);
        }
    }
}
