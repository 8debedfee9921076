//! WebSockets: every close code of `graphql-transport-ws`, and what happens to operations.

use super::fixture::Server;
use crate::support::patience::within;
use api::limits::Limits;
use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes next: a message, or the code that the server closed with.
#[derive(Debug, PartialEq)]
enum Heard {
    Json(Value),
    Closed(u16),
}

async fn connect(server: &Server, protocol: Option<&str>, token: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    }
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "graphql-transport-ws");
            Ok(Socket(socket))
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

impl Socket {
    async fn open(server: &Server) -> Self {
        connect(server, Some("graphql-transport-ws"), None).await.unwrap_or_else(|status| panic!("{status}"))
    }

    async fn ready(server: &Server, token: &str) -> Self {
        let mut socket = Self::open(server).await;
        socket
            .say(json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } }))
            .await;
        assert_eq!(socket.hear().await, Heard::Json(json!({ "type": "connection_ack" })));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.raw(message.to_string()).await;
    }

    async fn raw(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            match within("a message", self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Heard::Json(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn json(&mut self) -> Value {
        match self.hear().await {
            Heard::Json(json) => json,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }
}

#[tokio::test]
async fn only_the_subprotocol_is_spoken_and_bad_headers_do_not_get_in() {
    let server = Server::start().await;
    assert_eq!(connect(&server, None, None).await.err(), Some(400));
    assert_eq!(connect(&server, Some("graphql-ws"), None).await.err(), Some(400));
    assert_eq!(connect(&server, Some("graphql-transport-ws"), Some("bad")).await.err(), Some(401));
    let mut socket = connect(&server, Some("graphql-ws, graphql-transport-ws"), Some("good"))
        .await
        .unwrap_or_else(|status| panic!("{status}"));
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.json().await["type"], "connection_ack");
}

#[tokio::test]
async fn what_is_no_message_closes_with_4400() {
    let server = Server::start().await;
    for text in [
        "nonsense",
        "[]",
        "1",
        r#"{"type":"nope"}"#,
        r#"{}"#,
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":1,"payload":{"query":"{hello}"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{hello}"}}"#,
        r#"{"type":"complete"}"#,
        r#"{"type":"connection_init","payload":1}"#,
    ] {
        let mut socket = Socket::open(&server).await;
        socket.raw(text.into()).await;
        assert_eq!(socket.hear().await, Heard::Closed(4400), "{text}");
    }
    let mut socket = Socket::open(&server).await;
    socket.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(socket.hear().await, Heard::Closed(4400));
}

#[tokio::test]
async fn the_other_close_codes() {
    let server = Server::limited(Limits { init_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    let mut early = Socket::open(&server).await;
    early.subscribe("1", "{ hello }").await;
    assert_eq!(early.hear().await, Heard::Closed(4401));

    for payload in [
        json!(null),
        json!({}),
        json!({ "Authorization": "Bearer bad" }),
        json!({ "Authorization": 1 }),
        json!({ "authorization": "good" }),
    ] {
        let mut bad = Socket::open(&server).await;
        bad.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(bad.hear().await, Heard::Closed(4403), "{payload}");
    }

    let mut silent = Socket::open(&server).await;
    assert_eq!(silent.hear().await, Heard::Closed(4408));

    let mut twice = Socket::ready(&server, "good").await;
    twice.say(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(twice.hear().await, Heard::Closed(4429));

    let mut same = Socket::ready(&server, "good").await;
    same.subscribe("1", "subscription { onceThenWait }").await;
    assert_eq!(same.json().await["type"], "next");
    same.subscribe("1", "{ hello }").await;
    assert_eq!(same.hear().await, Heard::Closed(4409));
    server.world.streams_ended.notified().await;
}

#[tokio::test]
async fn operations_of_every_kind_run_and_free_their_ids() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    for round in 0..2 {
        socket.subscribe("a", "{ hello }").await;
        assert_eq!(socket.json().await["payload"]["data"], json!({ "hello": "hello" }));
        assert_eq!(socket.json().await, json!({ "id": "a", "type": "complete" }));
        socket.subscribe("a", "mutation { bump }").await;
        assert_eq!(socket.json().await["payload"]["data"]["bump"], round + 1);
        assert_eq!(socket.json().await["type"], "complete");
        socket.subscribe("a", "{ nothing }").await;
        let error = socket.json().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("a")));
        assert_eq!(error["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        socket.subscribe("a", "subscription { progress(to: 2) { count } }").await;
        for count in 1..=2 {
            assert_eq!(socket.json().await["payload"]["data"]["progress"]["count"], count);
        }
        assert_eq!(socket.json().await, json!({ "id": "a", "type": "complete" }));
    }
    socket.say(json!({ "id": "b", "type": "subscribe", "payload": { "query": 1 } })).await;
    assert_eq!(socket.json().await["payload"][0]["extensions"]["code"], "BAD_REQUEST");
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.json().await, json!({ "type": "pong" }));
    socket.say(json!({ "type": "pong" })).await;
    socket.say(json!({ "id": "unknown", "type": "complete" })).await;
    socket.subscribe("c", "{ hello }").await;
    assert_eq!(socket.json().await["id"], "c");
}

#[tokio::test]
async fn a_panic_in_a_subscription_ends_it_and_nothing_else() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    socket.subscribe("1", "subscription { exploding }").await;
    let error = socket.json().await;
    assert_eq!(
        (&error["type"], &error["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("INTERNAL_SERVER_ERROR"))
    );
    assert!(!error.to_string().contains("secret"));
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.json().await["payload"]["data"]["hello"], "hello");
}

#[tokio::test]
async fn complete_stops_a_subscription_at_once() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    socket.subscribe("1", "subscription { onceThenWait }").await;
    assert_eq!(socket.json().await["type"], "next");
    socket.say(json!({ "id": "1", "type": "complete" })).await;
    server.world.streams_ended.notified().await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.json().await["payload"]["data"]["hello"], "hello");
}

#[tokio::test]
async fn one_connection_and_one_token_have_their_limits() {
    let limits = Limits { operations: 2, connections: 2, body_bytes: 2_000, ..Limits::default() };
    let server = Server::limited(limits).await;
    let mut socket = Socket::ready(&server, "good").await;
    for id in ["1", "2"] {
        socket.subscribe(id, "subscription { onceThenWait }").await;
        assert_eq!(socket.json().await["type"], "next");
    }
    socket.subscribe("3", "{ hello }").await;
    let error = socket.json().await;
    assert_eq!((&error["type"], &error["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("RATE_LIMITED")));

    let _second = Socket::ready(&server, "good").await;
    let mut third = Socket::open(&server).await;
    third.say(json!({ "type": "connection_init", "payload": { "Authorization": "Bearer good" } })).await;
    assert_eq!(third.hear().await, Heard::Closed(4429));
    let mut other = Socket::ready(&server, "other").await;

    let large = json!({ "id": "1", "type": "subscribe", "payload": { "query": "x".repeat(3_000) } });
    let _ = other.0.send(Message::text(large.to_string())).await;
    let heard = other.0.next().await;
    assert!(matches!(heard, Some(Ok(Message::Close(_)) | Err(_)) | None), "{heard:?}");
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let server = Server::limited(Limits { recheck: Duration::from_millis(20), ..Limits::default() }).await;
    let mut revoked = Socket::ready(&server, "revocable").await;
    revoked.subscribe("1", "subscription { onceThenWait }").await;
    assert_eq!(revoked.json().await["type"], "next");
    // Looked at many times over, while facts change: it holds.
    let looks = server.world.facts.load(Ordering::SeqCst);
    while server.world.facts.load(Ordering::SeqCst) < looks + 3 {
        revoked.say(json!({ "type": "ping" })).await;
        assert_eq!(revoked.json().await["type"], "pong");
    }
    server.world.is_revoked.store(true, Ordering::SeqCst);
    assert_eq!(revoked.hear().await, Heard::Closed(4403));

    let mut expired = Socket::ready(&server, "good").await;
    server.clock.advance(TimeDelta::hours(2));
    assert_eq!(expired.hear().await, Heard::Closed(4403));
}

/// Ruling 35: a token is looked up at each request, and each operation of a connection is one.
#[tokio::test]
async fn no_operation_begins_after_its_token_was_revoked() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "revocable").await;
    server.world.is_revoked.store(true, Ordering::SeqCst);
    socket.subscribe("1", "mutation { bump }").await;
    assert_eq!(socket.hear().await, Heard::Closed(4403));
    assert_eq!(server.bumps(), 0);
}

/// GraphQL specification, 5.2.4.1: a subscription has one root field, which may stand in a fragment and be mentioned twice.
#[tokio::test]
async fn a_subscription_is_one_field_wherever_it_stands() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    let text = "subscription { ...F progress(to: 1) { count } } fragment F on Follow { progress(to: 1) { eventId } }";
    socket.subscribe("1", text).await;
    assert_eq!(socket.json().await["payload"]["data"]["progress"], json!({ "eventId": "e1", "count": 1 }));
    assert_eq!(socket.json().await, json!({ "id": "1", "type": "complete" }));
    for text in [
        "subscription { progress(to: 1) { count } exploding }",
        "subscription { ...F a: progress(to: 1) { count } } fragment F on Follow { progress(to: 1) { count } }",
        "subscription { progress(to: 1) @include(if: true) { count } }",
        "subscription { __typename }",
    ] {
        socket.subscribe("2", text).await;
        let error = socket.json().await;
        assert_eq!(error["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{text}: {error}");
    }
}

#[tokio::test]
async fn the_clients_close_is_answered() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    socket.0.close(None).await.unwrap();
    // The answer, and then an end without an error.
    assert!(matches!(socket.0.next().await, None | Some(Ok(Message::Close(_)))));
    assert!(socket.0.next().await.is_none());
}

#[tokio::test]
async fn a_stopping_server_says_goodbye() {
    let mut server = Server::start().await;
    let mut socket = Socket::ready(&server, "good").await;
    let stopped = server.stop();
    assert_eq!(socket.hear().await, Heard::Closed(1001));
    stopped.await.unwrap();
}
