//! The scalars of the wire say how they are written: in every role's schema, and where one is written otherwise.

use crate::support::{on_every_backend, on_sqlite};
use domain::role::Role;
use serde_json::json;
use strum::IntoEnumIterator;

const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

#[test]
fn every_custom_scalar_of_every_role_says_how_it_is_written() {
    on_sqlite(async |app| {
        let query = "{ __schema { types { kind name description specifiedByURL } } }";
        for role in Role::iter() {
            let answer = app.as_role(role).query(query).await;
            let types = answer.data()["__schema"]["types"].as_array().unwrap();
            let scalars = types
                .iter()
                .filter(|it| it["kind"] == "SCALAR")
                .filter(|it| !BUILT_IN.contains(&it["name"].as_str().unwrap()));
            let mut count = 0;
            for scalar in scalars {
                count += 1;
                let description = scalar["description"].as_str().unwrap_or_default();
                assert!(description.contains(" in a string") && description.contains('"'), "{role:?}: {scalar}");
                assert!(!scalar["specifiedByURL"].as_str().unwrap_or_default().contains(".example"), "{scalar}");
            }
            assert!(count >= 3, "{role:?}: {count}");
        }
    });
}

#[test]
fn a_scalar_that_is_written_otherwise_is_answered_with_its_form() {
    on_sqlite(async |app| {
        let query = "query($quarter: Quarter) { forecastDraft(quarter: $quarter) { quarter } }";
        let answer = app.as_role(Role::Operator).query_with(query, json!({ "quarter": "Q4 2027" })).await;
        let message = answer.errors()[0]["message"].as_str().unwrap();
        assert!(message.starts_with("Not a value of Quarter: ") && message.contains("\"2027-Q4\""), "{message}");
    });
}

#[test]
fn a_variable_of_a_hidden_type_is_named_as_one_of_a_type_that_never_was() {
    on_sqlite(async |app| {
        // Finance alone sets rates.
        for ty in ["FxRateSetInput", "FxRateSatInput"] {
            let query = format!("mutation($input: {ty}!) {{ fxRateSet(input: $input) {{ replayed }} }}");
            let answer = app.as_role(Role::Operator).query_with(&query, json!({ "input": {} })).await;
            let message = answer.errors()[0]["message"].as_str().unwrap();
            assert_eq!(
                message,
                format!("Variable \"$input\" has type \"{ty}\", which is no input type of this schema.")
            );
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        }
    });
}

/// PostgreSQL keeps no text with U+0000 in it, so nobody sends one: said alike on both, wherever the text stands.
#[test]
fn a_text_with_nul_is_no_value_on_any_back_end() {
    on_every_backend(async |app| {
        let literal = "{ partners(filter: { nameContains: \"a\\u0000b\" }) { totalCount } }";
        let filtered = "query($it: String) { partners(filter: { nameContains: $it }) { totalCount } }";
        let whole = "query($it: PartnerFilter) { partners(filter: $it) { totalCount } }";
        let by_id = "query($it: ID!) { deal(id: $it) { id } }";
        for role in [Role::Partner, Role::Revops] {
            let seat = app.as_role(role);
            for (query, given) in [
                (literal, json!({})),
                (filtered, json!({ "it": "\0" })),
                (whole, json!({ "it": { "nameContains": "Nor\0th" } })),
                (by_id, json!({ "it": "RGVhbDo\0" })),
            ] {
                let answer = seat.query_with(query, given).await;
                assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{}: {query}", role.word());
            }
        }
        let input = json!({ "input": { "name": "Seg\0ment" } });
        let made = "mutation($input: SegmentCreateInput!) { segmentCreate(input: $input) { replayed } }";
        assert_eq!(app.as_role(Role::Revops).query_with(made, input).await.codes(), ["BAD_USER_INPUT"]);
    });
}
