//! The shape of a GraphQL request, in JSON or in a URL.

use super::refusal::{Code, Refusal};
use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// What was asked, in shape only.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub query: Option<String>,
    pub document_id: Option<String>,
    pub operation_name: Option<String>,
    pub variables: IndexMap<Name, Value>,
    /// A document of the server's own, which runs even where only those of the folder do.
    pub own: Option<Arc<str>>,
}

fn bad(message: &'static str) -> Refusal {
    Refusal::new(Code::BadRequest, message)
}

impl Asked {
    /// Reads the body of a POST.
    pub(super) fn from_body(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice::<Json>(body) {
            Ok(json) => Self::from_json(json),
            Err(_) => Err(bad("The body is not JSON in UTF-8.")),
        }
    }

    /// Reads the JSON object of a POST or of a `subscribe` message.
    pub(super) fn from_json(json: Json) -> Result<Self, Refusal> {
        match json {
            Json::Object(fields) => Self::from_fields(fields),
            Json::Array(_) => Err(bad("Batches are not taken; send one JSON object, and use aliases.")),
            _ => Err(bad("The body must be one JSON object.")),
        }
    }

    fn from_fields(mut fields: Map<String, Json>) -> Result<Self, Refusal> {
        let mut text = |name: &str, wrong: &'static str| match fields.remove(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(wrong)),
        };
        let query = text("query", "query must be a string.")?;
        let operation_name = text("operationName", "operationName must be a string.")?;
        let document_id = text("documentId", "documentId must be a string.")?;
        let variables = match fields.remove("variables") {
            None | Some(Json::Null) => IndexMap::new(),
            Some(Json::Object(variables)) => variables
                .into_iter()
                .map(|(name, value)| {
                    Ok((Name::new(name), Value::from_json(value).map_err(|_| bad("variables must be JSON values."))?))
                })
                .collect::<Result<_, Refusal>>()?,
            Some(_) => return Err(bad("variables must be an object.")),
        };
        let persisted = match fields.remove("extensions") {
            None | Some(Json::Null) => None,
            Some(Json::Object(mut extensions)) => apollo(extensions.remove("persistedQuery"))?,
            Some(_) => return Err(bad("extensions must be an object.")),
        };
        if query.is_none() && document_id.is_none() && persisted.is_none() {
            return Err(bad("Send a query or a documentId."));
        }
        Ok(Self { query, document_id: document_id.or(persisted), operation_name, variables, own: None })
    }

    /// Reads the query of a GET.
    pub(super) fn from_url(query: &str) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for (name, value) in form(query) {
            let is_json = matches!(name.as_str(), "variables" | "extensions");
            let value = match is_json {
                true if value.is_empty() => Json::Null,
                true => serde_json::from_str(&value)
                    .map_err(|_| bad("variables and extensions must be JSON in the URL."))?,
                false => Json::String(value),
            };
            if fields.insert(name, value).is_some() {
                return Err(bad("A parameter is given twice."));
            }
        }
        if fields.get("operationName").is_some_and(|name| name == "") {
            fields.remove("operationName");
        }
        Self::from_fields(fields)
    }
}

/// Apollo's way to name a document: `{ "version": 1, "sha256Hash": "…" }`.
fn apollo(persisted: Option<Json>) -> Result<Option<String>, Refusal> {
    match persisted {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(mut fields)) => match (fields.remove("version"), fields.remove("sha256Hash")) {
            (Some(Json::Number(version)), Some(Json::String(hash))) if version.as_i64() == Some(1) => Ok(Some(hash)),
            _ => Err(bad("persistedQuery needs version 1 and sha256Hash.")),
        },
        Some(_) => Err(bad("persistedQuery must be an object.")),
    }
}

/// `application/x-www-form-urlencoded`, as URLs have it.
pub(super) fn form(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = || {
            let digit = |offset: usize| char::from(*bytes.get(at + offset)?).to_digit(16);
            u8::try_from(digit(1)? * 16 + digit(2)?).ok()
        };
        match (byte, (byte == b'%').then(escaped).flatten()) {
            (_, Some(escaped)) => {
                decoded.push(escaped);
                at += 3;
                continue;
            }
            (b'+', None) => decoded.push(b' '),
            (other, None) => decoded.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> bool {
        Asked::from_body(body.as_bytes()).is_err_and(|refusal| refusal.code == Code::BadRequest)
    }

    #[test]
    fn shapes_that_are_not_a_request_are_refused() {
        for body in [
            "",
            "[]",
            "[{\"query\":\"{a}\"}]",
            "1",
            "null",
            "{",
            "{}",
            r#"{"query":1}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"x"}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","extensions":1}"#,
            r#"{"query":"{a}","extensions":{"persistedQuery":{"version":2,"sha256Hash":"x"}}}"#,
            r#"{"documentId":1}"#,
        ] {
            assert!(refused(body), "{body}");
        }
        assert!(!refused(r#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#));
        assert!(!refused(r#"{"query":"{a}","variables":{},"extensions":{"client":1}}"#));
    }

    #[test]
    fn a_url_is_read_like_a_form() {
        let asked = Asked::from_url("query=%7B+a%20%C3%A9%7D&variables=%7B%22x%22%3A1%7D&operationName=").unwrap();
        assert_eq!((asked.query.as_deref(), asked.operation_name), (Some("{ a é}"), None));
        assert_eq!(asked.variables.len(), 1);
        assert!(Asked::from_url("query=a&query=b").is_err());
        assert!(Asked::from_url("query=%&variables=%7B").is_err());
        assert!(Asked::from_url("").is_err());
    }
}
