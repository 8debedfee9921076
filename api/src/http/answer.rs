//! An answer as it goes out: errors masked, coded and counted, the cost beside the data.

use super::bucket::Throttle;
use super::refusal::{Code, Fault, Refusal};
use crate::limits::Limits;
use async_graphql::{PathSegment, Pos, Response, ServerError, Value};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::str::FromStr;

/// The body of an answer.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<GraphqlError>,
    /// Absent where nothing ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Extensions {
    pub cost: Cost,
}

/// What the operation cost, in Shopify's shape.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    pub requested_query_cost: u64,
    /// Null where nothing ran.
    pub actual_query_cost: Option<u64>,
    pub throttle_status: Throttle,
}

#[derive(Debug, Serialize)]
pub(super) struct GraphqlError {
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Pos>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<PathSegment>,
    extensions: ErrorExtensions,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorExtensions {
    #[serde(serialize_with = "word")]
    code: Code,
    request_id: String,
    /// Where in the variables or arguments, for BAD_USER_INPUT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_path: Vec<String>,
}

fn word<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.word())
}

/// What an answer needs besides its content.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub limits: &'a Limits,
    pub request_id: &'a str,
}

impl Frame<'_> {
    /// The body that says why nothing ran.
    pub(super) fn refused(self, refusal: &Refusal, cost: Option<Cost>) -> Body {
        let errors =
            refusal.faults.iter().take(self.limits.errors).map(|fault| self.fault(refusal.code, fault)).collect();
        Body { errors, data: None, extensions: cost.map(|cost| Extensions { cost }) }
    }

    fn fault(self, code: Code, fault: &Fault) -> GraphqlError {
        GraphqlError {
            message: cut(&fault.message, self.limits.message_bytes),
            locations: fault.location.map(|(line, column)| Pos { line, column }).into_iter().collect(),
            path: Vec::new(),
            extensions: ErrorExtensions {
                code,
                request_id: self.request_id.to_owned(),
                input_path: fault.path.clone(),
            },
        }
    }

    /// The constant body of every bad token.
    pub(super) fn unauthenticated(self) -> String {
        serde_json::json!({ "errors": [{ "message": super::guard::UNAUTHENTICATED, "extensions": { "code": Code::Unauthenticated.word() } }] })
            .to_string()
    }

    /// What went wrong in one field, as a refusal of the whole: for answers that are no GraphQL.
    pub(super) fn refusal(self, error: ServerError) -> Refusal {
        let error = self.error(error);
        Refusal::new(error.extensions.code, Fault::from(error.message))
    }

    /// The body of what ran.
    pub(super) fn ran(self, response: Response, cost: Option<Cost>) -> Body {
        let errors = response.errors.into_iter().take(self.limits.errors).map(|error| self.error(error)).collect();
        Body { errors, data: Some(response.data), extensions: cost.map(|cost| Extensions { cost }) }
    }

    /// Only what carries one of our codes says what it says. Everything else is ours to log and not the client's to read: it may
    /// hold SQL, a path or a library's words.
    fn error(self, error: ServerError) -> GraphqlError {
        let code = error.extensions.as_ref().and_then(|extensions| match extensions.get("code") {
            Some(Value::String(code)) => Code::from_str(code).ok(),
            _ => None,
        });
        let (code, message) = match code {
            Some(Code::InternalServerError) | None if error.message.starts_with("Failed to parse \"") => {
                (Code::BadUserInput, Cow::from("An argument is not a value of its type."))
            }
            Some(Code::InternalServerError) | None => {
                tracing::error!(request_id = self.request_id, error = %error.message, path = ?error.path, "a field failed");
                (Code::InternalServerError, Cow::from(INTERNAL))
            }
            Some(code) => (code, Cow::from(cut(&error.message, self.limits.message_bytes))),
        };
        let input_path = match error.extensions.as_ref().and_then(|extensions| extensions.get("inputPath")) {
            Some(Value::List(steps)) => steps
                .iter()
                .filter_map(|step| if let Value::String(step) = step { Some(step.clone()) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        GraphqlError {
            message: message.into_owned(),
            locations: error.locations,
            path: error.path,
            extensions: ErrorExtensions { code, request_id: self.request_id.to_owned(), input_path },
        }
    }
}

/// The body of data that was written before, with what it costs now.
pub(super) fn with_data(data: &[u8], cost: Cost) -> Vec<u8> {
    let extensions = serde_json::to_vec(&Extensions { cost }).unwrap_or_else(|_| b"{}".to_vec());
    [b"{\"data\":", data, b",\"extensions\":", &extensions, b"}"].concat()
}

/// What a client is told of our faults.
pub(super) const INTERNAL: &str = "The server failed. Try again, and quote the request id if it stays.";

/// The library's findings about a document, without its list of what it would have liked better.
pub(super) fn invalid(errors: Vec<ServerError>, limits: &Limits) -> Refusal {
    let fault = |error: ServerError| Fault {
        location: error.locations.first().map(|pos| (pos.line, pos.column)),
        ..Fault::from(cut(&error.message, limits.message_bytes))
    };
    Refusal::all(Code::GraphqlValidationFailed, errors.into_iter().take(limits.errors).map(fault).collect())
}

/// At most so many bytes, at a character's boundary, without control characters.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
