//! Ears: a subscription over an event stream, and one over a WebSocket.

use super::patience::within;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// An event stream.
pub(crate) struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// Subscribes, behind an event where the client has seen one.
    pub(crate) async fn open(address: SocketAddr, token: &str, query: &str, last_event_id: Option<&str>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client
            .post(format!("http://{address}/graphql"))
            .bearer_auth(token)
            .header("accept", "text/event-stream")
            .json(&json!({ "query": query }));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The id and the answer of the next event; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        // Around the whole wait: what keeps a silent stream alive is no event.
        within("an event", self.read()).await
    }

    async fn read(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let part =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(|it| it.trim().to_owned()));
                match part("event:").as_deref() {
                    Some("next") => {
                        return Some((part("id:").unwrap(), serde_json::from_str(&part("data:").unwrap()).unwrap()));
                    }
                    Some("complete") => return None,
                    _ => continue,
                }
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

/// A WebSocket with one subscription.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Subscribes.
    pub(crate) async fn open(address: SocketAddr, token: &str, query: &str) -> Self {
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        let hello = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
        let ask = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
        for message in [hello, ask] {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        let mut socket = Self(socket);
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    async fn hear(&mut self) -> Value {
        within("a message", self.read()).await
    }

    async fn read(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next answer.
    pub(crate) async fn next(&mut self) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"].clone()
    }

    /// The errors of an operation that was refused.
    pub(crate) async fn refused(&mut self) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "error", "{message}");
        message["payload"].clone()
    }
}
