//! What the Graph API answers: an object, or an error whose code alone says what it means.

use frontdesk_actors::ports::whatsapp::SendFault;
use serde_json::Value;

/// Why a request was not done, or not surely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The API says no.
    #[error("refused with code {code}{}", .subcode.map(|n| format!("/{n}")).unwrap_or_default())]
    Refused {
        /// Meta's code.
        code: i64,
        /// More precisely.
        subcode: Option<i64>,
        /// In Meta's words.
        message: String,
        /// For Meta's support.
        trace: Option<String>,
    },
    /// Nobody took the request.
    #[error("not reachable")]
    Unreachable,
    /// It was sent, and no answer came that can be read.
    #[error("no clear answer")]
    Unclear,
}

impl GraphError {
    /// What an error of the connection says about the request.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() { Self::Unreachable } else { Self::Unclear }
    }
}

impl From<GraphError> for SendFault {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Refused { code, .. } => Self::Refused(code),
            GraphError::Unreachable => Self::Unreachable,
            GraphError::Unclear => Self::Unclear,
        }
    }
}

/// Reads an answer. A status without a readable body, as gateways send it, tells nothing about what was
/// done behind the gateway.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Value, GraphError> {
    let Ok(value @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
        return Err(GraphError::Unclear);
    };
    if let Some(error) = value.get("error") {
        let text = |field: &str| error.get(field).and_then(Value::as_str).map(str::to_owned);
        let details = error.pointer("/error_data/details").and_then(Value::as_str).map(str::to_owned);
        let Some(code) = error.get("code").and_then(Value::as_i64) else { return Err(GraphError::Unclear) };
        return Err(GraphError::Refused {
            code,
            subcode: error.get("error_subcode").and_then(Value::as_i64),
            message: details.or_else(|| text("message")).unwrap_or_default(),
            trace: text("fbtrace_id"),
        });
    }
    if (200..300).contains(&status) { Ok(value) } else { Err(GraphError::Unclear) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_what_tells_nothing() {
        assert!(read(200, br#"{"success":true}"#).is_ok());
        let refused = br#"{"error":{"message":"(#131047) Re-engagement","code":131047,"error_data":{"details":"too late"},"fbtrace_id":"A1"}}"#;
        for status in [200, 400, 403, 500] {
            let error = read(status, refused).unwrap_err();
            assert!(
                matches!(&error, GraphError::Refused { code: 131_047, message, .. } if message == "too late"),
                "{error:?}"
            );
        }
        for (status, body) in
            [(502, &b"<html>"[..]), (200, b""), (200, b"[]"), (500, b"{}"), (200, br#"{"error":"no"}"#)]
        {
            assert_eq!(read(status, body), Err(GraphError::Unclear), "{status} {body:?}");
        }
    }
}
