//! `/graphql` over HTTP, and `/schema.graphql`.

use super::answer::{self, Body, Cost, Frame, INTERNAL};
use super::audit::{Trail, Who, rows};
use super::media::{Media, is_json};
use super::params::Asked;
use super::pipeline::{Carries, Prepared, prepare};
use super::refusal::{Code, Refusal};
use super::{Http, frame, sse};
use crate::auth::Authenticated;
use async_graphql::parser::types::OperationType;
use axum::body::{self, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;

/// GET and POST of `/graphql`.
pub(super) async fn endpoint(State(http): State<Arc<Http>>, request: Request) -> Response {
    let id = frame::id_of(request.extensions());
    let mut trail = Trail::begin(id.clone(), "http");
    let media = Media::negotiate(request.headers());
    match handle(&http, request, media, &mut trail).await {
        Ok(response) => response,
        Err(refusal) => {
            trail.refused(refusal.code, refusal.faults.len());
            let cost = trail.cost.filter(|_| refusal.code == Code::CostLimitExceeded).map(|cost| (cost, trail.token));
            let told = cost.and_then(|(cost, token)| Some(untaken(&http, cost, token?)));
            refuse(&http, &id, media.unwrap_or(Media::Json), &refusal, told)
        }
    }
}

/// The cost of an operation that was not run.
fn untaken(http: &Http, cost: u64, token: uuid::Uuid) -> Cost {
    let throttle_status = http.buckets.take(token, 0).unwrap_or_else(|empty| empty.throttle);
    Cost { requested_query_cost: cost, actual_query_cost: None, throttle_status }
}

async fn handle(
    http: &Arc<Http>,
    request: Request,
    media: Option<Media>,
    trail: &mut Trail,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let is_get = match head.method {
        Method::GET => true,
        Method::POST => false,
        _ => {
            return Err(Refusal {
                allow: Some("GET, POST"),
                ..Refusal::http(StatusCode::METHOD_NOT_ALLOWED, "Send GET or POST.")
            });
        }
    };
    if declared_length(&head.headers).is_some_and(|length| length > http.limits.body_bytes) {
        return Err(too_large(http));
    }
    let (who, bearer) = http.sign_in(&head).await?;
    http.charge(&who, trail)?;
    let media = media.ok_or_else(|| {
        Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "Accept application/graphql-response+json, application/json or text/event-stream.",
        )
    })?;
    let asked = if is_get {
        Asked::from_url(head.uri.query().unwrap_or_default())?
    } else {
        if !is_json(&head.headers) {
            return Err(Refusal::http(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send application/json, in UTF-8 and without a content coding.",
            ));
        }
        Asked::from_body(&read(http, body).await?)?
    };
    let streams = media == Media::EventStream || sse::is_accepted(&head.headers);
    let carries = match (is_get, streams) {
        // A subscription reads; the browser's EventSource can only send GET.
        (true, true) => Carries::Reads,
        (true, false) => Carries::Queries,
        (false, true) => Carries::Many,
        (false, false) => Carries::One,
    };
    let mut prepared = prepare(http, who.clone(), asked, carries, trail).await?;
    if media == Media::EventStream || prepared.kind == OperationType::Subscription {
        let last_event_id = head.headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        prepared.resume(last_event_id);
        return sse::answer(http, prepared, who, bearer.to_owned(), trail).await;
    }
    run(http, media, &prepared, trail).await
}

async fn run(http: &Http, media: Media, prepared: &Prepared<'_>, trail: &Trail) -> Result<Response, Refusal> {
    if let Some(data) = prepared.kept() {
        trail.ran(0, None);
        return Ok(plain(StatusCode::OK, media, answer::with_data(&data, prepared.told()).into()));
    }
    let response = prepared.run().await?;
    trail.ran(response.errors.len(), rows(&response.data));
    if let Some(data) = prepared.keep(&response) {
        return Ok(plain(StatusCode::OK, media, answer::with_data(&data, prepared.told()).into()));
    }
    let frame = Frame { limits: &http.limits, request_id: &trail.request_id };
    Ok(write(StatusCode::OK, media, &frame.ran(response, Some(prepared.told()))))
}

impl Http {
    /// The first point of whatever is asked: it is taken before anything is read, so that what is refused costs one as well.
    pub(super) fn charge(&self, who: &Authenticated, trail: &mut Trail) -> Result<(), Refusal> {
        trail.who = Some(Who::from(&who.viewer));
        trail.token = Some(who.token_key);
        self.buckets.take(who.token_key, 1).map(drop).map_err(|empty| exhausted(empty.retry_after))
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(http: &Http) -> Refusal {
    let message = format!("The body may have {} bytes.", http.limits.body_bytes);
    Refusal::http(StatusCode::PAYLOAD_TOO_LARGE, message)
}

pub(super) fn exhausted(retry_after: u64) -> Refusal {
    Refusal { retry_after: Some(retry_after), ..Refusal::new(Code::RateLimited, "The bucket is empty.") }
}

async fn read(http: &Http, body: body::Body) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(http.limits.body_timeout, body::to_bytes(body, http.limits.body_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(too_large(http)),
        Err(_) => Err(Refusal::http(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive.")),
    }
}

/// The answer that says why nothing ran.
pub(super) fn refuse(http: &Http, request_id: &str, media: Media, refusal: &Refusal, cost: Option<Cost>) -> Response {
    let media = if media == Media::EventStream { Media::Json } else { media };
    let mut response = if refusal.code == Code::Unauthenticated {
        // Every bad token is answered with the same bytes: not even the request's id is in them.
        let body = Frame { limits: &http.limits, request_id: "" }.unauthenticated();
        plain(StatusCode::UNAUTHORIZED, media, body.into())
    } else {
        let frame = Frame { limits: &http.limits, request_id };
        write(refusal.status(media), media, &frame.refused(refusal, cost))
    };
    let headers = response.headers_mut();
    if refusal.code == Code::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = refusal.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn write(status: StatusCode, media: Media, body: &Body) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => plain(status, media, bytes.into()),
        Err(why) => {
            tracing::error!(error = %why, "an answer could not be written");
            plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                media,
                format!("{{\"errors\":[{{\"message\":\"{INTERNAL}\"}}]}}").into(),
            )
        }
    }
}

fn plain(status: StatusCode, media: Media, body: body::Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response
}

/// `/schema.graphql`: the caller's own (ruling 33).
pub(super) async fn sdl(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let id = frame::id_of(&head.extensions);
    match http.sign_in(&head).await {
        Ok((who, _)) => {
            let mut response = Response::new(body::Body::from(http.contracts.of(who.viewer.role).sdl.to_string()));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/graphql; charset=utf-8"));
            response
        }
        Err(refusal) => refuse(&http, &id, Media::Json, &refusal, None),
    }
}
