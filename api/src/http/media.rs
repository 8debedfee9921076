//! Which media types are read and written.

use http::{HeaderMap, header};

/// What an answer is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: only where the client names it.
    GraphqlResponse,
    /// `application/json`: everybody else.
    Json,
    /// `text/event-stream`: subscriptions, one per connection.
    EventStream,
}

impl Media {
    /// The `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
        }
    }

    /// The media type that the client likes best, by its `q`, then by the order it names them in; `None` when it accepts nothing
    /// that we write.
    #[must_use]
    pub fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut asked = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let name = parts.next().unwrap_or_default();
                if name.is_empty() {
                    continue;
                }
                asked = true;
                let quality = parts.find_map(quality).unwrap_or(1.0);
                if let Some(media) = Self::named(name)
                    && quality > 0.0
                    && best.is_none_or(|(so_far, _)| quality > so_far)
                {
                    best = Some((quality, media));
                }
            }
        }
        if asked { best.map(|(_, media)| media) } else { Some(Self::Json) }
    }

    fn named(range: &str) -> Option<Self> {
        let is = |name: &str| range.eq_ignore_ascii_case(name);
        if is("application/graphql-response+json") {
            Some(Self::GraphqlResponse)
        } else if is("application/json") || is("application/*") || is("*/*") {
            Some(Self::Json)
        } else if is("text/event-stream") {
            Some(Self::EventStream)
        } else {
            None
        }
    }
}

fn quality(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    if name.trim().eq_ignore_ascii_case("q") { value.trim().parse().ok() } else { None }
}

/// Whether a body may be read: JSON, in UTF-8, without a content coding. Nothing that a form can send (CSRF).
#[must_use]
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    is_json && is_utf8 && !headers.contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        Media::negotiate(&headers)
    }

    #[test]
    fn graphql_response_is_only_for_those_who_name_it() {
        assert_eq!(Media::negotiate(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accept("*/*"), Some(Media::Json));
        assert_eq!(accept("application/*"), Some(Media::Json));
        assert_eq!(accept("application/graphql-response+json; charset=utf-8"), Some(Media::GraphqlResponse));
        assert_eq!(accept("application/json;q=0.9, Application/GraphQL-Response+JSON"), Some(Media::GraphqlResponse));
        assert_eq!(accept("application/graphql-response+json;q=0.1, application/json"), Some(Media::Json));
        assert_eq!(accept("text/event-stream"), Some(Media::EventStream));
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("application/json;q=0"), None);
    }

    #[test]
    fn only_plain_utf8_json_is_read() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(read("application/json") && read("Application/JSON; charset=UTF-8"));
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "",
        ] {
            assert!(!read(other), "{other}");
        }
    }
}
