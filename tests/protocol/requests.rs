//! What is refused before anything runs, and what an answer never says.

use super::fixture::Server;
use api::http::Documents;
use api::limits::Limits;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_house() {
    let server = Server::start().await;
    for response in [
        server.post(r#"{"query":"{ hello }"}"#).header("x-request-id", "abc-1").send().await.unwrap(),
        server.post("nonsense").header("x-request-id", "abc-1").send().await.unwrap(),
        server.client.get(server.url("/nowhere")).header("x-request-id", "abc-1").send().await.unwrap(),
    ] {
        assert_eq!(response.headers()["x-request-id"], "abc-1");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    let odd = server.post(r#"{"query":"{ hello }"}"#).header("x-request-id", "a b<script>").send().await.unwrap();
    assert_eq!(odd.headers()["x-request-id"].len(), 36);
}

#[tokio::test]
async fn without_a_good_token_there_is_one_answer_and_no_introspection() {
    let server = Server::start().await;
    let body = r#"{"query":"{ __schema { types { name } } }"}"#;
    let mut bodies = Vec::new();
    for token in [None, Some("Bearer bad"), Some("Bearer "), Some("Basic good"), Some("good")] {
        let mut request =
            server.client.post(server.url("/graphql")).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
        bodies.push(response.text().await.unwrap());
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{bodies:?}");
    assert_eq!(server.client.get(server.url("/schema.graphql")).send().await.unwrap().status(), 401);
    assert_eq!(server.client.post(server.url("/graphql")).bearer_auth("away").send().await.unwrap().status(), 503);
}

#[tokio::test]
async fn two_authorizations_are_one_too_many() {
    let server = Server::start().await;
    let twice = server.post(r#"{"query":"{ hello }"}"#).header("authorization", "Bearer other").send().await.unwrap();
    assert_eq!(twice.status(), 400);
}

#[tokio::test]
async fn a_mutation_by_get_and_other_methods_run_nothing() {
    let server = Server::start().await;
    for query in ["mutation{bump}", "query A{hello} mutation B{bump}"] {
        let request = server
            .client
            .get(server.url("/graphql"))
            .query(&[("query", query), ("operationName", if query.contains('B') { "B" } else { "" })]);
        let response = request.bearer_auth("good").send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
    }
    for method in [reqwest::Method::PUT, reqwest::Method::PATCH, reqwest::Method::DELETE, reqwest::Method::HEAD] {
        let request = server
            .client
            .request(method, server.url("/graphql"))
            .bearer_auth("good")
            .header("content-type", "application/json");
        let response = request.body(r#"{"query":"mutation{bump}"}"#).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"GET, POST".parse().unwrap()));
    }
    assert_eq!(server.bumps(), 0);
}

#[tokio::test]
async fn what_a_form_can_send_is_refused() {
    let server = Server::start().await;
    let body = r#"{"query":"mutation{bump}"}"#;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
    ] {
        let request = server
            .client
            .post(server.url("/graphql"))
            .bearer_auth("good")
            .header("content-type", content_type)
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 415, "{content_type}");
    }
    let packed = server.post(body).header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.status(), 415);
    assert_eq!(server.post(body).header("accept", "text/html").send().await.unwrap().status(), 406);
    assert_eq!(server.ask(json!([{ "query": "mutation{bump}" }])).await.0, 400);
    assert_eq!(server.bumps(), 0);
}

#[tokio::test]
async fn a_request_error_runs_nothing_and_has_no_data() {
    let server = Server::start().await;
    let both = "mutation($by: Int!) { bump  bumpBy(by: $by) }";
    for (query, variables, wanted) in [
        (both, json!({}), "BAD_USER_INPUT"),
        (both, json!({ "by": null }), "BAD_USER_INPUT"),
        (both, json!({ "by": "1" }), "BAD_USER_INPUT"),
        (both, json!({ "by": 1.5 }), "BAD_USER_INPUT"),
        (both, json!({ "by": 2_147_483_648_i64 }), "BAD_USER_INPUT"),
        ("mutation { bump bumpBy(by: 99999999999) }", json!({}), "BAD_USER_INPUT"),
        ("mutation { bump bumpBy(by: null) }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { bump nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { bump bumpBy }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation($x: [Nope] = [1]) { bump bumpBy(by: $x) }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { bump", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("mutation A { bump } mutation B { bump }", json!({}), "OPERATION_RESOLUTION_FAILURE"),
    ] {
        let (status, answer) = server.ask(json!({ "query": query, "variables": variables })).await;
        assert_eq!((status, code(&answer)), (400, wanted), "{query} {variables} {answer}");
        assert!(answer.get("data").is_none());
        assert!(answer["errors"][0]["extensions"]["requestId"].is_string());
    }
    let named = json!({ "query": "mutation A { bump }", "operationName": "B" });
    assert_eq!(code(&server.ask(named).await.1), "OPERATION_RESOLUTION_FAILURE");
    assert_eq!(server.bumps(), 0);
}

#[tokio::test]
async fn every_variable_is_coerced_against_the_pruned_schema() {
    let server = Server::start().await;
    let refused = [
        ("query($f: Flavour) { find(flavour: $f) }", json!({ "f": "SECRET" }), vec!["variables", "f"]),
        ("query($f: Flavour) { find(flavour: $f) }", json!({ "f": "BITTER" }), vec!["variables", "f"]),
        ("query($f: Flavour) { find(flavour: $f) }", json!({ "f": 1 }), vec!["variables", "f"]),
        ("query($f: Filter) { find(filter: $f) }", json!({ "f": { "secret": "x" } }), vec!["variables", "f", "secret"]),
        (
            "query($f: Filter) { find(filter: $f) }",
            json!({ "f": { "flavours": ["SWEET", "SECRET"] } }),
            vec!["variables", "f", "flavours", "1"],
        ),
        ("query($f: Filter) { find(filter: $f) }", json!({ "f": [] }), vec!["variables", "f"]),
        ("query($b: By) { find(by: $b) }", json!({ "b": {} }), vec!["variables", "b"]),
        ("query($b: By) { find(by: $b) }", json!({ "b": { "id": "1", "name": "x" } }), vec!["variables", "b"]),
        ("query($b: By) { find(by: $b) }", json!({ "b": { "id": "1", "name": null } }), vec!["variables", "b"]),
        ("query($l: Int) { find(filter: { limit: $l }) }", json!({ "l": 3_000_000_000_i64 }), vec!["variables", "l"]),
        ("query($t: String!) { echo(text: $t) }", json!({ "t": 1 }), vec!["variables", "t"]),
    ];
    for (query, variables, path) in refused {
        let (status, answer) = server.ask(json!({ "query": query, "variables": variables })).await;
        assert_eq!((status, code(&answer)), (400, "BAD_USER_INPUT"), "{query} {variables} {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["inputPath"], json!(path), "{answer}");
    }
    for query in [
        "{ find(flavour: SECRET) }",
        "{ find(flavour: \"SWEET\") }",
        "{ find(filter: { secret: \"x\" }) }",
        "{ find(by: {}) }",
    ] {
        let (status, answer) = server.ask(json!({ "query": query })).await;
        assert_eq!(status, 400, "{query} {answer}");
        assert!(!answer.to_string().contains("SOUR"), "suggestions: {answer}");
    }
    // The same words for what is pruned and what never was.
    let text = |answer: Value| answer["errors"][0]["message"].as_str().unwrap().replace("BITTER", "SECRET");
    let ask = async |flavour: &str| server.ask(json!({ "query": format!("{{ find(flavour: {flavour}) }}") })).await.1;
    assert_eq!(text(ask("SECRET").await), text(ask("BITTER").await));
}

#[tokio::test]
async fn what_coerces_is_passed_on_and_what_is_absent_is_not_null() {
    let server = Server::start().await;
    for (query, variables, wanted) in [
        ("query($n: String) { find(filter: { name: $n }) }", json!({}), "undefined"),
        ("query($n: String) { find(filter: { name: $n }) }", json!({ "n": null }), "null"),
        ("query($n: String) { find(filter: { name: $n }) }", json!({ "n": "x" }), "value"),
        ("query($n: String = \"d\") { find(filter: { name: $n }) }", json!({}), "value"),
        (
            "query($f: Filter) { find(filter: $f) }",
            json!({ "f": { "flavours": "SWEET", "limit": 1.0 }, "unknown": 1 }),
            "undefined",
        ),
        ("query($f: Filter) { find(filter: $f) }", json!({}), "no filter"),
        ("query($i: ID!) { find(by: { id: $i }) }", json!({ "i": 7 }), "no filter by id"),
        (
            "query($b: By!, $n: String) { ...F } fragment F on Query { find(by: $b, filter: { name: $n }) }",
            json!({ "b": { "name": "x" } }),
            "undefined by name",
        ),
    ] {
        // Twice: the second time the document is known.
        for _ in 0..2 {
            let (status, answer) = server.ask(json!({ "query": query, "variables": variables })).await;
            assert_eq!((status, &answer["data"]["find"]), (200, &json!(wanted)), "{query} {variables} {answer}");
        }
    }
}

#[tokio::test]
async fn errors_are_masked_coded_and_null_where_they_belong() {
    let server = Server::start().await;
    for _ in 0..2 {
        let (status, answer) = server.ask(json!({ "query": "{ hello leak coded }" })).await;
        assert_eq!((status, &answer["data"]), (200, &json!({ "hello": "hello", "leak": null, "coded": null })));
        let text = answer.to_string();
        assert!(!text.contains("SELECT") && !text.contains("invalid digit"), "{text}");
        let mut codes: Vec<&str> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        assert_eq!(codes, ["INTERNAL_SERVER_ERROR", "NOT_FOUND"]);
    }
    let (status, answer) = server.ask(json!({ "query": "{ hello must }" })).await;
    assert_eq!((status, &answer["data"], code(&answer)), (200, &Value::Null, "INTERNAL_SERVER_ERROR"));
    assert!(answer.as_object().unwrap().contains_key("data"));
}

#[tokio::test]
async fn a_panic_is_masked_and_the_server_goes_on() {
    let server = Server::start().await;
    for _ in 0..2 {
        let (status, answer) = server.ask(json!({ "query": "{ explode }" })).await;
        assert_eq!((status, code(&answer)), (500, "INTERNAL_SERVER_ERROR"));
        assert!(!answer.to_string().contains("secret"));
    }
    assert_eq!(server.ask(json!({ "query": "{ hello }" })).await.0, 200);
}

#[tokio::test]
async fn documents_come_from_the_folder_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello.graphql"), "{ hello }").unwrap();
    let id = Sha256::digest("{ hello }").iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let known = json!({ "documentId": format!("sha256:{id}") });
    let apollo = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": id } } });
    for is_exclusive in [false, true] {
        let documents = Documents::read(folder.path(), is_exclusive).unwrap();
        let server = Server::with(Limits::default(), documents).await;
        assert_eq!(server.ask(known.clone()).await.1["data"]["hello"], "hello");
        assert_eq!(server.ask(apollo.clone()).await.1["data"]["hello"], "hello");
        let free = server.ask(json!({ "query": "{ __typename }" })).await.1;
        assert_eq!(code(&free), if is_exclusive { "PERSISTED_QUERY_NOT_FOUND" } else { "" });
        let register = json!({ "query": "{ __typename hello }", "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "0".repeat(64) } } });
        assert_eq!(code(&server.ask(register).await.1), "BAD_REQUEST");
    }
}

#[tokio::test]
async fn only_configured_origins_may_call_and_health_needs_no_token() {
    let server = Server::start().await;
    for (origin, allowed) in [("https://front.example", true), ("https://evil.example", false)] {
        let response = server.post(r#"{"query":"{ hello }"}"#).header("origin", origin).send().await.unwrap();
        assert_eq!(response.headers().contains_key("access-control-allow-origin"), allowed);
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
    }
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.client.get(server.url(path)).send().await.unwrap().status(), 200);
    }
    let sdl = server.client.get(server.url("/schema.graphql")).bearer_auth("good").send().await.unwrap();
    assert!(sdl.text().await.unwrap().contains("type Query"));
}
