//! The 61 audits of npm `graphql-http` 1.23.1, by their ids: what the GraphQL over HTTP specification asks of a server.

use super::fixture::Server;
use serde_json::{Value, json};

const GR: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const TYPENAME: &str = "{ __typename }";
const TYPE: &str = "query Type($name: String!) { __type(name: $name) { name } }";
const COERCE: &str = "query CoerceFailure($id: ID!){ __typename }";
const UNKNOWN: &str = "{ 8f31403dfe404bccbb0e835f2629c6a7 }";

/// What is sent.
enum Sent {
    Get(Vec<(&'static str, String)>),
    Post(Value),
    /// The body as it is, with or without its content type.
    Raw(&'static str, Option<&'static str>),
}
use Sent::{Get, Post, Raw};

/// What is wanted.
#[derive(Clone, Copy)]
enum Wanted {
    /// Exactly this status.
    Is(u16),
    /// A status from the first to the second.
    Between(u16, u16),
    /// 200 in this media type.
    In(&'static str),
    /// 200 and no `errors`.
    Clean,
    /// No `data` entry.
    NoData,
}
use Wanted::{Between, Clean, In, Is, NoData};

type Audit = (&'static str, &'static str, Option<&'static str>, Sent, Wanted);

fn media_types() -> Vec<Audit> {
    vec![
        ("22EB", "SHOULD", Some(GR), Post(json!({ "query": TYPENAME })), In(GR)),
        ("4655", "MUST", Some(JSON), Post(json!({ "query": TYPENAME })), In(JSON)),
        ("47DE", "SHOULD", Some("*/*"), Post(json!({ "query": TYPENAME })), In(JSON)),
        ("80D8", "SHOULD", None, Post(json!({ "query": TYPENAME })), In(JSON)),
        ("82A3", "MUST", None, Post(json!({ "query": TYPENAME })), Is(200)),
        (
            "BF61",
            "MUST",
            None,
            Raw(r#"{"query":"{ __type(name: \"Run🏃Swim🏊\") { name } }"}"#, Some("application/json; charset=utf-8")),
            Is(200),
        ),
        ("78D5", "MUST", None, Post(json!({ "query": TYPENAME })), Is(200)),
        ("2C94", "MUST", None, Post(json!({ "query": TYPENAME })), Is(200)),
        ("5A70", "MAY", None, Get(vec![("query", TYPENAME.into())]), Is(200)),
        ("9C48", "MAY", Some(GR), Get(vec![("query", "mutation { __typename }".into())]), Between(400, 499)),
        ("9ABE", "SHOULD", None, Raw(r#"{"query":"{ __typename }"}"#, None), Between(400, 499)),
        ("03D4", "MUST", None, Post(json!({ "query": TYPENAME })), Is(200)),
        ("A5BF", "MAY", None, Raw("", Some(JSON)), Is(400)),
    ]
}

fn parameters() -> Vec<Audit> {
    let wrong = [json!({ "obj": "ect" }), json!(0), json!(false), json!(["array"])];
    let wrong_map = [json!("string"), json!(0), json!(false), json!(["array"])];
    let mut all = vec![
        ("423L", "MAY", Some(GR), Post(json!({ "notquery": TYPENAME })), Is(400)),
        ("34A2", "SHOULD", Some(GR), Post(json!({ "query": TYPENAME })), Is(200)),
        ("13EE", "MUST", Some(JSON), Post(json!({ "query": TYPENAME })), Clean),
        (
            "8161",
            "SHOULD",
            Some(GR),
            Post(json!({ "operationName": "Query", "query": "query Query { __typename }" })),
            Is(200),
        ),
        (
            "B8B3",
            "MUST",
            Some(JSON),
            Post(json!({ "operationName": "Query", "query": "query Query { __typename }" })),
            Clean,
        ),
        ("2EA1", "SHOULD", Some(GR), Post(json!({ "query": TYPE, "variables": { "name": "sometype" } })), Clean),
        ("28B9", "MUST", Some(JSON), Post(json!({ "query": TYPE, "variables": { "name": "sometype" } })), Clean),
        (
            "D6D5",
            "MAY",
            Some(GR),
            Get(vec![("query", TYPE.into()), ("variables", r#"{"name":"sometype"}"#.into())]),
            Clean,
        ),
        (
            "6A70",
            "MAY",
            Some(JSON),
            Get(vec![("query", TYPE.into()), ("variables", r#"{"name":"sometype"}"#.into())]),
            Clean,
        ),
        ("428F", "SHOULD", Some(GR), Post(json!({ "query": TYPENAME, "extensions": { "some": "value" } })), Is(200)),
        ("1B7A", "MUST", Some(JSON), Post(json!({ "query": TYPENAME, "extensions": { "some": "value" } })), Clean),
    ];
    for (id, value) in ["LKJ0", "LKJ1", "LKJ2", "LKJ3"].into_iter().zip(&wrong) {
        all.push((id, "MAY", None, Post(json!({ "query": value })), Is(400)));
    }
    for (id, value) in ["6C00", "6C01", "6C02", "6C03"].into_iter().zip(&wrong) {
        all.push((id, "MAY", None, Post(json!({ "query": TYPENAME, "operationName": value })), Is(400)));
    }
    for (id, value) in ["4760", "4761", "4762", "4763"].into_iter().zip(&wrong_map) {
        all.push((id, "MAY", None, Post(json!({ "query": TYPENAME, "variables": value })), Is(400)));
    }
    for (id, value) in ["58B0", "58B1", "58B2", "58B3"].into_iter().zip(&wrong_map) {
        all.push((id, "MAY", None, Post(json!({ "query": TYPENAME, "extensions": value })), Is(400)));
    }
    for ((should, must), name) in [("94B0", "0220"), ("94B1", "0221"), ("94B2", "0222")].into_iter().zip([
        "variables",
        "operationName",
        "extensions",
    ]) {
        all.push((should, "SHOULD", Some(GR), Post(json!({ "query": TYPENAME, name: null })), Clean));
        all.push((must, "MUST", Some(JSON), Post(json!({ "query": TYPENAME, name: null })), Clean));
    }
    all
}

fn failures() -> Vec<Audit> {
    let broken = || Raw("{ \"not a JSON", Some(JSON));
    let unparsed = || Post(json!({ "query": "{" }));
    let unknown = || Post(json!({ "query": UNKNOWN }));
    let uncoerced = || Post(json!({ "query": COERCE, "variables": { "id": null } }));
    vec![
        ("B6DC", "MAY", Some(JSON), broken(), Between(200, 599)),
        ("BCF8", "SHOULD", Some(JSON), broken(), Is(400)),
        ("B7N8", "SHOULD", Some(GR), broken(), Is(400)),
        ("8764", "MAY", None, Post(json!({ "qeury": TYPENAME })), Between(400, 599)),
        ("3E3A", "MAY", None, Post(json!({ "qeury": TYPENAME })), Is(400)),
        ("572B", "SHOULD", Some(JSON), unparsed(), Is(200)),
        ("FDE2", "SHOULD", Some(JSON), unknown(), Is(200)),
        ("7B9B", "SHOULD", Some(JSON), uncoerced(), Is(200)),
        ("865D", "SHOULD", Some(GR), unparsed(), Between(400, 599)),
        ("556A", "SHOULD", Some(GR), unparsed(), Is(400)),
        ("D586", "SHOULD", Some(GR), unparsed(), NoData),
        ("51FE", "SHOULD", Some(GR), unknown(), Between(400, 599)),
        ("74FF", "SHOULD", Some(GR), unknown(), Is(400)),
        ("5E5B", "SHOULD", Some(GR), unknown(), NoData),
        ("86EE", "SHOULD", Some(GR), uncoerced(), Is(400)),
    ]
}

#[tokio::test]
async fn all_61_audits_pass() {
    let server = Server::start().await;
    let mut audits = media_types();
    audits.extend(parameters());
    audits.extend(failures());
    assert_eq!(audits.len(), 61);
    let mut failed = Vec::new();
    for (id, level, accept, sent, wanted) in audits {
        let url = server.url("/graphql");
        let mut request = match sent {
            Get(query) => server.client.get(url).query(&query),
            Post(body) => server.client.post(url).header("content-type", JSON).body(body.to_string()),
            Raw(body, Some(content_type)) => server.client.post(url).header("content-type", content_type).body(body),
            Raw(body, None) => server.client.post(url).body(body),
        };
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let response = request.bearer_auth("good").send().await.unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let holds = match wanted {
            Is(wanted) => status == wanted,
            Between(low, high) => (low..=high).contains(&status),
            In(media) => status == 200 && content_type.contains(media),
            Clean => status == 200 && body.get("errors").is_none(),
            NoData => body.get("data").is_none(),
        };
        if !holds {
            failed.push(format!("{level} {id}: {status} {content_type} {body}"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
