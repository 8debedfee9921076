//! Event streams: one operation per connection.

use super::fixture::Server;
use api::limits::Limits;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn stream(server: &Server, token: &str, query: &str) -> reqwest::RequestBuilder {
    let body = serde_json::json!({ "query": query }).to_string();
    let request = server.client.post(server.url("/graphql")).bearer_auth(token);
    request.header("content-type", "application/json").header("accept", "text/event-stream").body(body)
}

#[tokio::test]
async fn events_come_with_ids_and_end_with_complete() {
    let server = Server::start().await;
    let response = stream(&server, "good", "subscription { progress(to: 2) { eventId count } }").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let text = response.text().await.unwrap();
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert_eq!(events.len(), 3, "{text}");
    assert!(
        events[0].contains("event: next") && events[0].contains("id: e1") && events[0].contains(r#""count":1"#),
        "{text}"
    );
    assert!(events[1].contains("id: e2") && events[2].starts_with("event: complete"), "{text}");
}

#[tokio::test]
async fn queries_stream_once_and_get_reads_only() {
    let server = Server::start().await;
    let text = stream(&server, "good", "{ hello }").send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r#"{"data":{"hello":"hello"}}"#) && text.contains("event: complete"), "{text}");
    let get = |query: &str| {
        server
            .client
            .get(server.url("/graphql"))
            .query(&[("query", query)])
            .bearer_auth("good")
            .header("accept", "text/event-stream")
    };
    assert_eq!(get("subscription { progress(to: 1) { count } }").send().await.unwrap().status(), 200);
    assert_eq!(get("mutation { bump }").send().await.unwrap().status(), 405);
    assert_eq!(server.bumps(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_the_stream() {
    let server = Server::start().await;
    assert_eq!(stream(&server, "bad", "{ hello }").send().await.unwrap().status(), 401);
    let response = stream(&server, "good", "subscription { nothing }").send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    assert!(response.text().await.unwrap().contains("GRAPHQL_VALIDATION_FAILED"));
    let plain = server.post(r#"{"query":"subscription { progress(to: 1) { count } }"}"#).send().await.unwrap();
    assert_eq!(plain.status(), 400);
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked_and_its_source_is_dropped() {
    let server = Server::limited(Limits { recheck: Duration::from_millis(20), ..Limits::default() }).await;
    let mut response = stream(&server, "revocable", "subscription { onceThenWait }").send().await.unwrap();
    assert!(String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()).contains("event: next"));
    server.world.is_revoked.store(true, Ordering::SeqCst);
    let mut rest = String::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        rest.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(rest.contains("event: complete"), "{rest}");
    server.world.streams_ended.notified().await;
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_dropped_with_its_client() {
    let server =
        Server::limited(Limits { keep_alive: Duration::from_millis(20), connections: 1, ..Limits::default() }).await;
    let mut response = stream(&server, "good", "subscription { onceThenWait }").send().await.unwrap();
    let mut text = String::new();
    while !text.contains("\n:") && !text.starts_with(':') {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()));
    }
    assert_eq!(stream(&server, "good", "subscription { onceThenWait }").send().await.unwrap().status(), 429);
    drop(response);
    server.world.streams_ended.notified().await;
}
