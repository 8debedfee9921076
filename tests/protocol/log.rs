//! The audit log: one line for each request, and nothing in it that should not be.

use super::fixture::Server;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Where the log goes.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_request_leaves_one_line_without_tokens_or_values() {
    let page = Page::default();
    let writer = page.clone();
    // For the whole process: a subscriber of one thread misses what another test's thread has met first.
    tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).try_init().unwrap();
    let server = Server::start().await;
    for (number, (token, body)) in [
        ("good", json!({ "query": "query Say($t: String!) { echo(text: $t) }", "variables": { "t": "confidential" } })),
        ("good", json!({ "query": "query Wrong { nothing(secret: \"literally\") }" })),
        ("stolen-token", json!({ "query": "{ hello }" })),
        ("good", json!({ "query": "{ things { edges { node { id } } } }" })),
    ]
    .into_iter()
    .enumerate()
    {
        let request =
            server.client.post(server.url("/graphql")).bearer_auth(token).header("content-type", "application/json");
        request.header("x-request-id", format!("logged-{number}")).body(body.to_string()).send().await.unwrap();
    }

    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let text: String = text.lines().filter(|line| line.contains("logged-")).map(|line| format!("{line}\n")).collect();
    for secret in ["confidential", "stolen-token", "literally", "Bearer"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["target"] == "audit")
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    let told = |line: &Value| {
        [&line["role"], &line["operation"], &line["decision"], &line["outcome"]]
            .map(|value| value.as_str().unwrap_or("").to_owned())
    };
    assert_eq!(told(&lines[0]), ["REVOPS", "Say", "RAN", "OK"]);
    assert_eq!(told(&lines[1]), ["REVOPS", "", "REFUSED", "GRAPHQL_VALIDATION_FAILED"]);
    assert_eq!(told(&lines[2]), ["", "", "REFUSED", "UNAUTHENTICATED"]);
    assert_eq!((&lines[3]["rows"], &lines[3]["cost"]), (&json!(0), &json!(21)));
    assert!(
        lines[0]["document"].as_str().unwrap().len() == 64
            && lines[0]["request_id"].is_string()
            && lines[0]["program"].is_string()
    );
}
