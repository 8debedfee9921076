//! The pipeline over the product's own schemas, one a role.

use super::fixture::Server;
use super::limits::INTROSPECTION;
use crate::support::SCHEMAS;
use domain::role::Role;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

async fn ask(server: &Server, role: Role, query: &str) -> (u16, Value) {
    let request =
        server.client.post(server.url("/graphql")).bearer_auth(role.word()).header("content-type", "application/json");
    let request =
        request.header("accept", "application/graphql-response+json").body(json!({ "query": query }).to_string());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn each_role_introspects_its_own_schema_and_reads_its_own_sdl() {
    let server = Server::real(&SCHEMAS).await;
    for role in Role::iter() {
        let (status, answer) = ask(&server, role, INTROSPECTION).await;
        assert_eq!((status, answer.get("errors")), (200, None), "{role:?}");
        assert_eq!(ask(&server, role, "{ __typename }").await.1["data"]["__typename"], "Query");
        let sdl = server.client.get(server.url("/schema.graphql")).bearer_auth(role.word()).send().await.unwrap();
        assert_eq!(sdl.text().await.unwrap(), SCHEMAS.of(role).sdl);
    }
}

#[tokio::test]
async fn a_scalar_that_is_none_is_refused_before_anything_runs() {
    let server = Server::real(&SCHEMAS).await;
    // There is no caller behind this server: a resolver that ran would fail in another way.
    for (query, wanted) in [
        ("query($d: Date = \"2026-02-30\") { auditMatrix(asOf: $d) { asOf } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ auditMatrix(asOf: \"2026-13-01\") { asOf } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ auditMatrix(asOf: 20260101) { asOf } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ deals(first: 99999999999) { totalCount } }", "BAD_USER_INPUT"),
    ] {
        let (status, answer) = ask(&server, Role::Revops, query).await;
        assert_eq!(
            (status, answer["errors"][0]["extensions"]["code"].as_str()),
            (400, Some(wanted)),
            "{query} {answer}"
        );
    }
}

/// What is cut, doubled and swapped.
const SEED: &str = r#"query Q($a: Int = 1, $f: DealFilter, $ids: [ID!]! = ["x"]) @skip(if: false) {
  one: deals(first: $a, filter: $f, orderBy: { field: OPENED_ON, direction: ASC }) { edges { node { ...D } } pageInfo { hasNextPage } }
  ... on Query @include(if: true) { nodes(ids: $ids) { __typename id } }
  __type(name: "Deal") { fields { name args { defaultValue } } }
}
fragment D on Deal { id name """
mutation M { dealCreate(input: { name: "\u00e9\n", arr: "1.50", flags: [true, null, -1.5e3] }) { userErrors { code path } } }
subscription S { __typename }"#;

#[tokio::test]
async fn no_document_however_mangled_makes_the_server_fail() {
    let server = Server::real(&SCHEMAS).await;
    let mut random = StdRng::seed_from_u64(7);
    let pieces: Vec<&str> = SEED.split_inclusive(|letter: char| !letter.is_alphanumeric()).collect();
    for round in 0..600 {
        let mut parts = pieces.clone();
        for _ in 0..random.random_range(1..12) {
            let (one, other) = (random.random_range(0..parts.len()), random.random_range(0..parts.len()));
            match random.random_range(0..4) {
                0 => drop(parts.remove(one)),
                1 => parts.swap(one, other),
                2 => parts.insert(one, parts[other]),
                _ => parts.truncate(parts.len().max(8) - random.random_range(0..4)),
            }
        }
        let text = parts.concat();
        let (status, answer) = ask(&server, Role::Revops, &text).await;
        assert!(status < 500, "round {round}: {status} {answer}\n{text}");
        assert!(answer["errors"].as_array().is_none_or(|errors| errors.len() <= 20));
    }
}
