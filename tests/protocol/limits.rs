//! What one client may not do to the others.

use super::fixture::Server;
use api::limits::Limits;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}

/// The query that graphql-js 16 introspects with (`getIntrospectionQuery()`): exactly 15 levels.
pub(super) const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
 directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
 inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn the_standard_introspection_query_passes() {
    let server = Server::start().await;
    let (status, answer) = server.ask(json!({ "query": INTROSPECTION })).await;
    assert_eq!(status, 200, "{answer}");
    assert!(!answer.to_string().contains("SECRET"));
}

#[tokio::test]
async fn documents_that_are_too_large_are_refused_unread() {
    let server = Server::start().await;
    let mut bomb = "{ ...F0 } fragment F30 on Query { hello }".to_owned();
    for n in 0..30 {
        write!(bomb, " fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
    }
    let aliases =
        |count: usize| format!("{{ {} }}", (0..count).fold(String::new(), |text, n| format!("{text} a{n}: hello")));
    let deep = |levels: usize| {
        format!(
            "{{ things {} }}",
            (0..levels).fold("{ edges { node { id } } }".to_owned(), |inner, _| format!(
                "{{ edges {{ node {{ parts {inner} }} }} }}"
            ))
        )
    };
    for query in [
        bomb,
        aliases(31),
        aliases(2_000),
        deep(6),
        format!("mutation {{ {} }}", "bump ".repeat(11)),
        format!("{{ hello {} }}", "@skip(if: false) ".repeat(5)),
        "{ __typename @nope }".into(),
        "subscription { __typename }".into(),
        format!("{{ {} }}", (0..1_900).fold(String::new(), |text, n| format!("{text} x{n}"))),
        "[".repeat(50_000),
        "{a".repeat(20_000),
    ] {
        let start: String = query.chars().take(60).collect();
        let (status, answer) = server.ask(json!({ "query": query })).await;
        assert_eq!(status, 400, "{start}");
        assert!(answer.get("data").is_none());
        let errors = answer["errors"].as_array().unwrap();
        assert!(errors.len() <= 20 && answer.to_string().len() < 10_000, "{start}");
        assert!(errors.iter().all(|error| error["message"].as_str().unwrap().len() <= 300));
    }
    assert_eq!(server.ask(json!({ "query": aliases(30) })).await.0, 200);
    assert_eq!(server.bumps(), 0);
}

#[tokio::test]
async fn bodies_and_urls_have_an_end() {
    let server = Server::start().await;
    let large = format!(r#"{{"query":"{{ hello }} # {}"}}"#, "x".repeat(10_000_000));
    // The server answers and closes without reading on, which a client may see as either.
    match server.post(large).send().await {
        Ok(response) => assert_eq!(response.status(), 413),
        Err(error) => assert!(error.is_request(), "{error}"),
    }
    let mut chunked = TcpStream::connect(&server.address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    chunked.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..30 {
        let _ = chunked.write_all(format!("2710\r\n{}\r\n", " ".repeat(10_000)).as_bytes()).await;
    }
    let mut answer = [0; 12];
    chunked.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let long = server.client.get(server.url(&format!("/graphql?query={}", "a".repeat(9_000)))).bearer_auth("good");
    assert_eq!(long.send().await.unwrap().status(), 414);
    let heavy = server.post(r#"{"query":"{ hello }"}"#).header("x-heavy", "x".repeat(20_000));
    assert_eq!(heavy.send().await.unwrap().status(), 431);
    let nested = format!(r#"{{"query":"{{ hello }}","variables":{{"a":{}1{}}}}}"#, "[".repeat(500), "]".repeat(500));
    assert_eq!(server.post(nested).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let limits = Limits {
        header_timeout: Duration::from_millis(50),
        body_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::limited(limits).await;
    for sent in [
        "POST /graphql HTTP/1.1\r\nhost: x\r\n".to_owned(),
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{".to_owned(),
    ] {
        let mut socket = TcpStream::connect(&server.address).await.unwrap();
        socket.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The end of the stream is what is waited for.
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_stopped() {
    let server = Server::limited(Limits { execution_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    let (status, answer) = server.ask(json!({ "query": "{ slow }" })).await;
    assert_eq!((status, code(&answer)), (504, "TIMEOUT"));
}

#[tokio::test]
async fn the_cost_is_told_and_held_against_the_bucket() {
    let server = Server::limited(Limits { restore_rate: 0, ..Limits::default() }).await;
    let cost = |answer: &Value| answer["extensions"]["cost"].clone();
    for (query, points) in [
        ("{ hello }", 1),
        ("{ things { edges { node { id } } } }", 21),
        ("{ things(first: 100) { edges { node { id } } } }", 101),
        ("{ things(first: 5000) { edges { node { id } } } }", 101),
        ("{ things(first: -1) { edges { node { id } } } }", 1),
        ("{ things(first: 3) { edges { node { id parts { edges { node { id } } } } } } }", 1 + 3 * (1 + 1 + 20)),
        ("{ auditMatrix { id } }", 50),
        ("{ __schema { types { name } } }", 10),
        ("mutation { bump }", 10),
        (
            "{ ...F } fragment F on Query { things(last: 2) { ...G } } fragment G on ThingConnection { edges { node { id } } }",
            3,
        ),
    ] {
        let (status, answer) = server.ask(json!({ "query": query })).await;
        assert_eq!((status, &cost(&answer)["requestedQueryCost"]), (200, &json!(points)), "{query} {answer}");
    }
    let (status, answer) = server.ask(json!({ "query": "query($n: Int) { things(first: $n) { edges { node { id } } } }", "variables": { "n": 7 } })).await;
    assert_eq!((status, &cost(&answer)["requestedQueryCost"]), (200, &json!(8)));
    let left = cost(&answer)["throttleStatus"].clone();
    assert_eq!((&left["maximumAvailable"], &left["restoreRate"]), (&json!(1_000), &json!(0)));
    let squared = "{ things(first: 100) { edges { node { parts(first: 1) { edges { node { id } } } } } } }";
    let squared = squared.replace("(first: 1)", "");
    let (status, answer) = server.ask(json!({ "query": squared })).await;
    assert_eq!((status, code(&answer)), (400, "COST_LIMIT_EXCEEDED"), "{answer}");
    assert_eq!(cost(&answer)["actualQueryCost"], Value::Null);
    let mut last = 200;
    for _ in 0..10 {
        let response =
            server.post(r#"{"query":"{ things(first: 100) { edges { node { id } } } }"}"#).send().await.unwrap();
        last = response.status().as_u16();
        if last == 429 {
            assert!(response.headers().contains_key("retry-after"));
            assert_eq!(code(&response.json().await.unwrap()), "RATE_LIMITED");
            break;
        }
    }
    assert_eq!(last, 429);
    let other =
        server.client.post(server.url("/graphql")).bearer_auth("other").header("content-type", "application/json");
    assert_eq!(other.body(r#"{"query":"{ hello }"}"#).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_refused_costs_a_point_too() {
    let server = Server::limited(Limits { bucket: 3, restore_rate: 0, ..Limits::default() }).await;
    for refused in ["{ nothing }", "not GraphQL", "{ hello(a: 1) }"] {
        assert_eq!(server.ask(json!({ "query": refused })).await.0, 400, "{refused}");
    }
    let (status, answer) = server.ask(json!({ "query": "{ hello }" })).await;
    assert_eq!((status, code(&answer)), (429, "RATE_LIMITED"));
}

#[tokio::test]
async fn an_address_whose_sign_ins_fail_waits_but_who_was_let_in_before_does_not() {
    let server = Server::limited(Limits { failed_sign_ins: 3, forgiven_sign_ins: 0, ..Limits::default() }).await;
    let as_token = async |token: &str, forwarded: &str| {
        let request = server.client.post(server.url("/graphql")).bearer_auth(token).body(r#"{"query":"{ hello }"}"#);
        let request = request.header("content-type", "application/json").header("x-forwarded-for", forwarded);
        let response = request.header("x-request-id", "same").send().await.unwrap();
        let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
        (response.status().as_u16(), wait, response.text().await.unwrap())
    };
    assert_eq!(as_token("good", "").await.0, 200);
    for _ in 0..3 {
        assert_eq!(as_token("bad", "").await.0, 401);
    }
    let waits = as_token("bad", "").await;
    assert_eq!((waits.0, waits.1.as_deref()), (429, Some("1")));
    assert!(waits.2.contains("RATE_LIMITED"), "{}", waits.2);
    // Every other token is answered with the same bytes, good or not, until it is this address's turn again; what a client
    // writes into a header that no proxy of ours has written changes nothing.
    assert_eq!(as_token("other", "203.0.113.9").await, waits);
    assert_eq!(server.client.get(server.url("/schema.graphql")).send().await.unwrap().status(), 429);
    // The token that this server has let in before goes on.
    assert_eq!(as_token("good", "").await.0, 200);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let limits = Limits { write_timeout: Duration::from_millis(50), bucket: u64::from(u32::MAX), ..Limits::default() };
    let server = Server::limited(limits).await;
    let mut socket = TcpStream::connect(&server.address).await.unwrap();
    let body = json!({ "query": "query($text: String!) { echo(text: $text, times: 100) }", "variables": { "text": "x".repeat(100_000) } }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = format!("{head}{body}");
    // Ten megabytes of answer for each request and nobody who reads them: the server hangs up, and then there is no more writing.
    while socket.write_all(request.as_bytes()).await.is_ok() {}
}

#[tokio::test]
async fn a_request_in_flight_finishes_when_the_server_stops() {
    let mut server =
        Server::limited(Limits { execution_timeout: Duration::from_millis(300), ..Limits::default() }).await;
    let mut socket = TcpStream::connect(&server.address).await.unwrap();
    let body = r#"{"query":"{ slow }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    // Answered on another connection, so the first has been accepted.
    assert_eq!(server.ask(json!({ "query": "{ hello }" })).await.0, 200);
    let stopped = server.stop();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    stopped.await.unwrap();
    assert!(TcpStream::connect(&server.address).await.is_err());
}
