//! Event streams: `Accept: text/event-stream` on `/graphql`, one operation per connection (the "distinct connections mode" of
//! GraphQL over SSE). Events are `next` and `complete`; what is wrong with a request is answered as JSON before the stream.

use super::Http;
use super::answer::Frame;
use super::audit::Trail;
use super::graphql::exhausted;
use super::guard::{UNAUTHENTICATED, unavailable};
use super::media::Media;
use super::pipeline::Prepared;
use super::refusal::{Code, Refusal};
use crate::auth::{Authenticated, Refused};
use crate::graphql::CurrentEvent;
use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, Value};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::slice::Viewer;
use futures_util::stream::{BoxStream, StreamExt};
use http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Whether an event stream is among what the client accepts.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}

/// The stream of an operation.
pub(super) async fn answer(
    http: &Arc<Http>,
    prepared: Prepared<'_>,
    who: Authenticated,
    bearer: String,
    trail: &Trail,
) -> Result<Response, Refusal> {
    let held = http.connections.hold(who.token_key).ok_or_else(|| exhausted(10))?;
    let answers: BoxStream<'static, Answer> = if prepared.kind == OperationType::Subscription {
        prepared.follow()?
    } else {
        let answer = prepared.run().await?;
        futures_util::stream::once(async { answer }).boxed()
    };
    trail.ran(0, None);
    let (events, received) = mpsc::channel(16);
    let lease = Lease::new(http.clone(), who, bearer);
    let keep_alive = http.limits.keep_alive;
    let (http, request_id, current) = (http.clone(), trail.request_id.clone(), prepared.event.clone());
    tokio::spawn(async move {
        forward(&http, &request_id, (answers, current), lease, &events).await;
        drop(held);
    });
    let stream = tokio_stream::wrappers::ReceiverStream::new(received);
    let keep_alive = KeepAlive::new().interval(keep_alive);
    let mut response = Sse::new(stream).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Media::EventStream.content_type()));
    // A proxy that buffers would hold the events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn forward(
    http: &Http,
    request_id: &str,
    (mut answers, current): (BoxStream<'static, Answer>, CurrentEvent),
    mut lease: Lease,
    events: &mpsc::Sender<Result<Event, Infallible>>,
) {
    let frame = Frame { limits: &http.limits, request_id };
    let mut count: u64 = 0;
    loop {
        let answer = tokio::select! {
            answer = answers.next() => answer,
            () = lease.wait() => {
                if lease.holds().await {
                    continue;
                }
                break;
            }
            () = http.stop.cancelled() => return,
            () = events.closed() => return,
        };
        let Some(answer) = answer else { break };
        if !lease.holds().await {
            break;
        }
        count += 1;
        // What a client resumes behind, whether or not it selects `eventId`.
        let id = current.take().or_else(|| event_id(&answer.data)).unwrap_or_else(|| count.to_string());
        let Ok(body) = serde_json::to_string(&frame.ran(answer, None)) else { break };
        if events.send(Ok(Event::default().event("next").id(id).data(body))).await.is_err() {
            return;
        }
    }
    let _ = events.send(Ok(Event::default().event("complete").data(""))).await;
}

/// The `eventId` that the payload of a subscription carries, where it was selected.
fn event_id(data: &Value) -> Option<String> {
    let Value::Object(roots) = data else { return None };
    let Some(Value::Object(payload)) = roots.values().next() else { return None };
    match payload.get("eventId")? {
        Value::String(id) if !id.contains(['\n', '\r', '\0']) => Some(id.clone()),
        _ => None,
    }
}

/// A long connection's right to go on: until the token ends, and as long as it and its seat are as they were.
pub(super) struct Lease {
    http: Arc<Http>,
    who: Authenticated,
    bearer: String,
    looked: Instant,
}

/// An event is never sent on the strength of an older look than this.
const FRESH: Duration = Duration::from_secs(1);

impl Lease {
    pub(super) fn new(http: Arc<Http>, who: Authenticated, bearer: String) -> Self {
        Self { http, who, bearer, looked: Instant::now() }
    }

    /// Until it is time to look again: at the token's end, or when the last look is too old.
    pub(super) async fn wait(&self) {
        let left = (self.who.expires_at - self.http.clock.now()).to_std().unwrap_or_default();
        let due = self.looked + self.http.limits.recheck;
        tokio::time::sleep_until(due.min(Instant::now() + left)).await;
    }

    /// Whether the connection may go on; looks again where the last look is not fresh.
    pub(super) async fn holds(&mut self) -> bool {
        if self.http.clock.now() >= self.who.expires_at {
            return false;
        }
        if self.looked.elapsed() < FRESH.min(self.http.limits.recheck) {
            return true;
        }
        // Where the store is away for a moment, nothing new can be read from it either.
        self.look().await.unwrap_or(true)
    }

    /// Whether the token and its seat are as they were, by a new look.
    async fn look(&mut self) -> Result<bool, Refusal> {
        let found = self.http.authenticate.authenticate(&self.bearer).await;
        self.looked = Instant::now();
        match found {
            Ok(now) => {
                // What runs was prepared for the seat as it was; that facts have changed is what it runs for.
                let was = Viewer { data_version: now.viewer.data_version, ..self.who.viewer.clone() };
                let is_same = now.viewer == was;
                self.who = now;
                Ok(is_same)
            }
            Err(Refused::BadToken) => Ok(false),
            Err(Refused::Unavailable) => Err(unavailable()),
        }
    }

    /// The caller for a further operation, looked up as for any request: what is revoked is revoked at once (ruling 35).
    pub(super) async fn again(&mut self) -> Result<Authenticated, Refusal> {
        if self.http.clock.now() < self.who.expires_at && self.look().await? {
            Ok(self.who.clone())
        } else {
            Err(Refusal::new(Code::Unauthenticated, UNAUTHENTICATED))
        }
    }
}
