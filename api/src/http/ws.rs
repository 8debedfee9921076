//! WebSockets: the `graphql-transport-ws` protocol at `/graphql/ws`, with its own close codes.
//!
//! Each operation is a task of its own, so that a busy subscription does not starve another; all write through one channel.

use super::answer::{Frame, INTERNAL};
use super::audit::{Trail, rows};
use super::graphql::{exhausted, refuse};
use super::guard::{Held, Origin, bearer, strip};
use super::media::Media;
use super::params::Asked;
use super::pipeline::{Carries, prepare};
use super::refusal::{Code, Refusal};
use super::sse::Lease;
use super::{Http, frame};
use crate::auth::Authenticated;
use async_graphql::parser::types::OperationType;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use futures_util::{FutureExt, StreamExt};
use http::StatusCode;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

const PROTOCOL: &str = "graphql-transport-ws";
/// A client that does not read what it asked for is let go.
const SEND: Duration = Duration::from_secs(10);
/// How long a closing handshake may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// GET of `/graphql/ws`.
pub(super) async fn upgrade(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    let id = frame::id_of(&head.extensions);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut head, &http).await {
        Ok(upgrade) => upgrade,
        Err(_) => {
            return refuse(
                &http,
                &id,
                Media::Json,
                &Refusal::http(StatusCode::UPGRADE_REQUIRED, "This is a WebSocket."),
                None,
            );
        }
    };
    let speaks = head
        .headers
        .get_all("sec-websocket-protocol")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|protocol| protocol.trim() == PROTOCOL));
    if !speaks {
        let refusal = Refusal::http(StatusCode::BAD_REQUEST, "The subprotocol is graphql-transport-ws.");
        return refuse(&http, &id, Media::Json, &refusal, None);
    }
    let origin = http.origin(&head.headers, &head.extensions);
    // A page cannot set the header, so the token may come with connection_init instead; a header that is there must be good.
    let from_header = match bearer(&head.headers) {
        Ok(None) => None,
        Ok(Some(token)) => match http.caller(Some(token), origin).await {
            Ok(who) => Some((who, token.to_owned())),
            Err(refusal) => return refuse(&http, &id, Media::Json, &refusal, None),
        },
        Err(refusal) => return refuse(&http, &id, Media::Json, &refusal, None),
    };
    let bytes = http.limits.body_bytes;
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(bytes)
        .max_frame_size(bytes)
        .max_write_buffer_size(8 * 1024 * 1024)
        .on_upgrade(move |socket| async move {
            let (outgoing, replies) = mpsc::channel(64);
            let session = Session {
                http,
                id,
                origin,
                from_header,
                lease: None,
                held: None,
                operations: HashMap::new(),
                serial: 0,
                outgoing,
            };
            session.run(socket, replies).await;
        })
}

/// Why a connection ends: the protocol's code and a short reason.
type End = (u16, &'static str);

/// What an operation sends.
struct Reply {
    id: Arc<str>,
    /// Tells an operation from an earlier one of the same id that was stopped.
    serial: u64,
    message: String,
    is_last: bool,
}

struct Session {
    http: Arc<Http>,
    id: Arc<str>,
    origin: Option<Origin>,
    from_header: Option<(Authenticated, String)>,
    lease: Option<Lease>,
    held: Option<Held>,
    operations: HashMap<Arc<str>, (u64, AbortHandle)>,
    serial: u64,
    outgoing: mpsc::Sender<Reply>,
}

impl Session {
    async fn run(mut self, mut socket: WebSocket, mut replies: mpsc::Receiver<Reply>) {
        let (code, reason) = self.talk(&mut socket, &mut replies).await;
        for (_, operation) in self.operations.values() {
            operation.abort();
        }
        if (code, reason) != GONE {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _ = tokio::time::timeout(SEND, socket.send(close)).await;
        }
        // Reading on is what sends the reply to the client's close, or waits for the client's reply to ours.
        let _ = tokio::time::timeout(GOODBYE, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        drop(self.held.take());
    }

    async fn talk(&mut self, socket: &mut WebSocket, replies: &mut mpsc::Receiver<Reply>) -> End {
        let http = self.http.clone();
        let opened = Instant::now();
        let mut alive = tokio::time::interval(http.limits.keep_alive);
        alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        alive.reset();
        let mut heard = Instant::now();
        loop {
            let turn = tokio::select! {
                incoming = socket.recv() => Turn::Heard(incoming),
                Some(reply) = replies.recv() => Turn::Say(reply),
                end = self.look_again(opened) => Turn::Looked(end),
                _ = alive.tick() => Turn::Tick,
                () = http.stop.cancelled() => Turn::Looked(Some((1001, "The server is stopping."))),
            };
            let outcome = match turn {
                Turn::Heard(Some(Ok(message))) => {
                    heard = Instant::now();
                    self.hear(message, socket).await
                }
                // The client is gone, or sent a frame that is larger than it may be.
                Turn::Heard(Some(Err(_))) => Err((1009, "The message is too large or broken.")),
                Turn::Heard(None) => Err(GONE),
                Turn::Say(reply) => self.say(reply, socket).await,
                Turn::Looked(Some(end)) => Err(end),
                Turn::Looked(None) => Ok(()),
                Turn::Tick if heard.elapsed() > http.limits.keep_alive * 3 => Err((1001, "No pong.")),
                Turn::Tick => send(socket, Message::Ping(bytes::Bytes::new())).await,
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    /// Until the connection must be looked at again: why it must end, if it must.
    async fn look_again(&mut self, opened: Instant) -> Option<End> {
        match &mut self.lease {
            None => {
                tokio::time::sleep_until(opened + self.http.limits.init_timeout).await;
                Some((4408, "Connection initialisation timeout"))
            }
            Some(lease) => {
                lease.wait().await;
                if lease.holds().await { None } else { Some(FORBIDDEN) }
            }
        }
    }

    async fn hear(&mut self, message: Message, socket: &mut WebSocket) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(GONE),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(INVALID),
        };
        let Ok(Json::Object(mut message)) = serde_json::from_str(&text) else { return Err(INVALID) };
        let id = message.remove("id");
        let payload = message.remove("payload");
        match (message.get("type").and_then(Json::as_str), id) {
            (Some("connection_init"), _) => self.init(payload, socket).await,
            (Some("ping"), _) => send(socket, Message::text(json!({ "type": "pong" }).to_string())).await,
            (Some("pong"), _) => Ok(()),
            (Some("subscribe"), Some(Json::String(id))) if !id.is_empty() && id.len() <= 128 => match payload {
                Some(payload @ Json::Object(_)) => self.subscribe(id.into(), payload).await,
                _ => Err(INVALID),
            },
            (Some("complete"), Some(Json::String(id))) => {
                if let Some((_, operation)) = self.operations.remove(id.as_str()) {
                    operation.abort();
                }
                Ok(())
            }
            _ => Err(INVALID),
        }
    }

    async fn init(&mut self, payload: Option<Json>, socket: &mut WebSocket) -> Result<(), End> {
        if self.lease.is_some() {
            return Err((4429, "Too many initialisation requests"));
        }
        let sent = match payload {
            None | Some(Json::Null) => None,
            Some(Json::Object(payload)) => {
                let mut found = payload.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
                match (found.next(), found.next()) {
                    (None, _) => None,
                    (Some((_, Json::String(value))), None) => Some(strip(&value).unwrap_or_default().to_owned()),
                    _ => return Err(FORBIDDEN),
                }
            }
            Some(_) => return Err(INVALID),
        };
        let (who, token) = match (self.from_header.take(), sent) {
            (Some((who, token)), None) => (who, token),
            (Some((who, token)), Some(sent)) if sent == token => (who, token),
            (Some(_), Some(_)) => return Err(FORBIDDEN),
            (None, sent) => {
                let found = self.http.caller(sent.as_deref(), self.origin).await;
                let who = found.map_err(|refusal| turned_away(&refusal))?;
                (who, sent.unwrap_or_default())
            }
        };
        self.held =
            Some(self.http.connections.hold(who.token_key).ok_or((4429, "Too many connections of this token"))?);
        self.lease = Some(Lease::new(self.http.clone(), who, token));
        send(socket, Message::text(json!({ "type": "connection_ack" }).to_string())).await
    }

    async fn subscribe(&mut self, id: Arc<str>, payload: Json) -> Result<(), End> {
        let lease = self.lease.as_mut().ok_or((4401, "Unauthorized"))?;
        if self.operations.contains_key(&id) {
            // The reason may have 123 bytes, so that it cannot name every id.
            return Err((4409, "Subscriber for this id already exists"));
        }
        let who = lease.again().await.map_err(|refusal| turned_away(&refusal))?;
        self.serial += 1;
        let operation = Operation {
            http: self.http.clone(),
            request_id: self.id.clone(),
            id: id.clone(),
            serial: self.serial,
            replies: self.outgoing.clone(),
        };
        let is_full = self.operations.len() >= self.http.limits.operations;
        let task = tokio::spawn(async move {
            let asked = if is_full { Err(exhausted(1)) } else { Asked::from_json(payload) };
            operation.run(who, asked).await;
        });
        self.operations.insert(id, (self.serial, task.abort_handle()));
        Ok(())
    }

    async fn say(&mut self, reply: Reply, socket: &mut WebSocket) -> Result<(), End> {
        let is_current = self.operations.get(&reply.id).is_some_and(|(serial, _)| *serial == reply.serial);
        if !is_current {
            return Ok(());
        }
        if let Some(lease) = &mut self.lease
            && !lease.holds().await
        {
            return Err(FORBIDDEN);
        }
        if reply.is_last {
            self.operations.remove(&reply.id);
        }
        send(socket, Message::text(reply.message)).await
    }
}

enum Turn {
    Heard(Option<Result<Message, axum::Error>>),
    Say(Reply),
    Looked(Option<End>),
    Tick,
}

/// Why somebody is not let in: the token, or the server.
fn turned_away(refusal: &Refusal) -> End {
    if refusal.code == Code::Unauthenticated { FORBIDDEN } else { (1013, "Try again later.") }
}

const FORBIDDEN: End = (4403, "Forbidden");
/// The client has closed.
const GONE: End = (1000, "");
const INVALID: End = (4400, "Invalid message received");

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match tokio::time::timeout(SEND, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err((1001, "The client does not read.")),
    }
}

/// One operation of a connection, in its own task.
struct Operation {
    http: Arc<Http>,
    request_id: Arc<str>,
    id: Arc<str>,
    serial: u64,
    replies: mpsc::Sender<Reply>,
}

impl Operation {
    async fn run(self, who: Authenticated, asked: Result<Asked, Refusal>) {
        let mut trail = Trail::begin(self.request_id.clone(), "ws");
        let frame = Frame { limits: &self.http.limits, request_id: &self.request_id };
        // A panic in a resolver must not leave the client waiting for an operation that is gone.
        let went = AssertUnwindSafe(self.go(who, asked, &mut trail, frame)).catch_unwind().await;
        let went = went.unwrap_or_else(|_| Err(Refusal::new(Code::InternalServerError, INTERNAL)));
        if let Err(refusal) = went {
            trail.refused(refusal.code, refusal.faults.len());
            let payload = frame.refused(&refusal, None).errors;
            self.reply(&json!({ "id": &*self.id, "type": "error", "payload": payload }), true).await;
        }
    }

    async fn go(
        &self,
        who: Authenticated,
        asked: Result<Asked, Refusal>,
        trail: &mut Trail,
        frame: Frame<'_>,
    ) -> Result<(), Refusal> {
        self.http.charge(&who, trail)?;
        let prepared = prepare(&self.http, who, asked?, Carries::Many, trail).await?;
        if prepared.kind == OperationType::Subscription {
            let mut answers = prepared.follow()?;
            trail.ran(0, None);
            while let Some(answer) = answers.next().await {
                self.next(&frame.ran(answer, None)).await;
            }
        } else {
            let answer = prepared.run().await?;
            trail.ran(answer.errors.len(), rows(&answer.data));
            self.next(&frame.ran(answer, Some(prepared.told()))).await;
        }
        self.reply(&json!({ "id": &*self.id, "type": "complete" }), true).await;
        Ok(())
    }

    async fn next(&self, body: &super::answer::Body) {
        #[derive(serde::Serialize)]
        struct Next<'a> {
            id: &'a str,
            r#type: &'static str,
            payload: &'a super::answer::Body,
        }
        self.reply(&Next { id: &self.id, r#type: "next", payload: body }, false).await;
    }

    async fn reply(&self, message: &impl serde::Serialize, is_last: bool) {
        if let Ok(message) = serde_json::to_string(message) {
            let reply = Reply { id: self.id.clone(), serial: self.serial, message, is_last };
            // The connection is gone: this task is about to be stopped.
            let _ = self.replies.send(reply).await;
        }
    }
}
