//! What is around every route: a request id, the headers of every answer, masked panics, CORS and compression.

use super::Http;
use super::answer::INTERNAL;
use super::media::Media;
use super::refusal::{Code, Refusal};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The id that an answer, its errors and the logs share.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) fn around(http: &Arc<Http>, routes: Router) -> Router {
    let lost = http.clone();
    let not_found = move |request: Request| async move {
        let refusal = Refusal::new(Code::NotFound, "There is nothing here.");
        super::graphql::refuse(&lost, &id_of(request.extensions()), Media::Json, &refusal, None)
    };
    // Small answers are not worth a compressor, and an event stream must not wait for one.
    let worth_it = SizeAbove::new(1024).and(NotForContentType::new("text/event-stream"));
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth_it);
    let mut router = routes.fallback(not_found).layer(compression);
    if !http.origins.is_empty() {
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::list(http.origins.iter().cloned()))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT, REQUEST_ID])
            .expose_headers([REQUEST_ID, header::RETRY_AFTER])
            .max_age(Duration::from_secs(600));
        router = router.layer(cors);
    }
    router.layer(from_fn_with_state(http.clone(), frame))
}

/// The request's id.
pub(super) fn id_of(extensions: &http::Extensions) -> Arc<str> {
    extensions.get::<RequestId>().map_or_else(|| Arc::from(""), |id| id.0.clone())
}

async fn frame(State(http): State<Arc<Http>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = incoming(&request).unwrap_or_else(|| http.clock.id().to_string().into());
    request.extensions_mut().insert(RequestId(id.clone()));
    let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    let mut response = if url_bytes > http.limits.url_bytes {
        let refusal = Refusal::http(StatusCode::URI_TOO_LONG, "The URL is too long; send the operation by POST.");
        super::graphql::refuse(&http, &id, Media::Json, &refusal, None)
    } else {
        match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => {
                tracing::error!(request_id = &*id, "a handler panicked");
                super::graphql::refuse(
                    &http,
                    &id,
                    Media::Json,
                    &Refusal::new(Code::InternalServerError, INTERNAL),
                    None,
                )
            }
        }
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What carries an ETag says itself how long it keeps; everything else is for nobody to keep.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    metrics::counter!("partnerloop_http_requests_total", "status" => response.status().as_str().to_owned())
        .increment(1);
    metrics::histogram!("partnerloop_http_request_seconds").record(began.elapsed().as_secs_f64());
    response
}

/// The id that a proxy has given, where it is a plain word of a sane length: it goes into logs.
fn incoming(request: &Request) -> Option<Arc<str>> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_plain.then(|| id.into())
}
