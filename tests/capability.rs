//! The capability map through the API: evidence and validation, search page by page, who sees what, and what the Foundation makes of it.

use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

async fn record(app: &App, role: Role, input: Value) -> Value {
    let select = "capability { id kind value evidence validatedOn validUntil isStale version partner { name } account { name } }";
    app.as_role(role).change("capabilityRecord", input, select).await
}

fn entry(partner: &str, kind: &str, value: &str, validated_on: &str) -> Value {
    json!({ "partnerId": partner, "kind": kind, "value": value, "evidence": "Three references.", "validatedOn": validated_on })
}

fn code(payload: &Value) -> (&Value, &Value) {
    (&payload["userErrors"][0]["code"], &payload["userErrors"][0]["path"])
}

/// 180 days from 8 April 2026 end with 5 October, today; from the 7th they ended yesterday.
#[test]
fn an_entry_has_evidence_and_must_be_validated_again() {
    on_every_backend(async |app| {
        let north = partner(&app, 0);
        let made = record(&app, Role::PartnerManager, entry(&north, "INDUSTRY", "Retail", "2026-04-08")).await;
        let row = &made["capability"];
        assert_eq!((&row["validUntil"], &row["isStale"]), (&json!("2026-10-05"), &json!(false)), "{made}");
        let twice = record(&app, Role::Operator, entry(&north, "INDUSTRY", " retail", "2026-10-01")).await;
        assert_eq!(code(&twice), (&json!("TAKEN"), &json!(["input", "value"])));
        let future = record(&app, Role::Operator, entry(&north, "INDUSTRY", "Banking", "2026-10-06")).await;
        assert_eq!(code(&future), (&json!("INVALID"), &json!(["input", "validatedOn"])));
        let empty = json!({ "partnerId": north, "kind": "INDUSTRY", "value": "", "evidence": " " });
        assert_eq!(record(&app, Role::Operator, empty).await["userErrors"].as_array().unwrap().len(), 2);
        let mut odd = entry(&north, "INDUSTRY", "Banking", "2026-10-01");
        odd["accountId"] = json!(global_id("Account", app.world.home.accounts[0]));
        assert_eq!(code(&record(&app, Role::Operator, odd).await), (&json!("INVALID"), &json!(["input", "accountId"])));
        let update = async |input: Value| {
            app.as_role(Role::Operator)
                .change("capabilityUpdate", input, "capability { value evidence validatedOn version }")
                .await
        };
        // Changed words are validated by whoever changes them.
        let changed = update(json!({ "id": row["id"], "evidence": "Five references.", "expectedVersion": 1 })).await;
        let expected =
            json!({ "value": "Retail", "evidence": "Five references.", "validatedOn": "2026-10-05", "version": 2 });
        assert_eq!(changed["capability"], expected, "{changed}");
        assert_eq!(
            code(&update(json!({ "id": row["id"], "value": "x", "expectedVersion": 1 })).await).0,
            "STALE_VERSION"
        );
        let remove = json!({ "id": row["id"], "expectedVersion": 2, "idempotencyKey": "gone" });
        let operator = app.as_role(Role::Operator);
        assert_eq!(operator.change("capabilityRemove", remove.clone(), "isRemoved").await["isRemoved"], true);
        assert_eq!(operator.change("capabilityRemove", remove, "replayed").await["replayed"], true);
        assert_eq!(code(&update(json!({ "id": row["id"], "value": "x" })).await).0, "NOT_FOUND");
        // A partner manager records of its partners, and others are not there.
        let others =
            record(&app, Role::PartnerManager, entry(&partner(&app, 1), "INDUSTRY", "Retail", "2026-10-01")).await;
        assert_eq!(code(&others), (&json!("NOT_FOUND"), &json!(["input", "partnerId"])));
    });
}

#[test]
fn the_map_is_searched_page_by_page_within_the_slice() {
    on_every_backend(async |app| {
        let (north, south) = (partner(&app, 0), partner(&app, 1));
        let rows = [
            (&north, "INDUSTRY", "Retail", "2026-10-01"),
            (&north, "TECHNICAL", "Kafka", "2026-04-07"),
            (&north, "GEOGRAPHIC", "DE", "2026-09-01"),
            (&south, "INDUSTRY", "Retail", "2026-09-02"),
            (&south, "TECHNICAL", "kafka streams", "2026-09-03"),
        ];
        for (partner, kind, value, day) in rows {
            assert_eq!(record(&app, Role::Operator, entry(partner, kind, value, day)).await["userErrors"], json!([]));
        }
        let mut buyer = entry(&south, "BUYER_RELATIONSHIP", "CIO", "2026-09-04");
        buyer["accountId"] = json!(global_id("Account", app.world.home.accounts[1]));
        let made = record(&app, Role::Operator, buyer).await;
        assert_eq!(made["capability"]["account"]["name"], "Southbay customer", "{made}");
        let find = async |role: Role, arguments: &str| {
            let query = format!(
                "{{ capabilities({arguments}) {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ node {{ value partner {{ name }} }} }} }} }}"
            );
            let answer = app.as_role(role).query(&query).await;
            answer.data()["capabilities"].clone()
        };
        let values = |found: &Value| -> Vec<String> {
            let edges = found["edges"].as_array().unwrap();
            edges.iter().map(|edge| edge["node"]["value"].as_str().unwrap().to_owned()).collect()
        };
        // By code points, capitals first; two of one value in either order, each once.
        let (mut all, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let found = find(Role::Operator, &format!("first: 2{after}")).await;
            assert_eq!(found["totalCount"], 6);
            all.extend(values(&found));
            pages += 1;
            if found["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: {}", found["pageInfo"]["endCursor"]);
        }
        assert_eq!(
            (all, pages),
            (["CIO", "DE", "Kafka", "Retail", "Retail", "kafka streams"].map(str::to_owned).to_vec(), 3)
        );
        let by_day = find(Role::Revops, "last: 2, orderBy: { field: VALIDATED_ON, direction: DESC }").await;
        assert_eq!(values(&by_day), ["DE", "Kafka"]);
        assert_eq!(values(&find(Role::Operator, "filter: { isStale: true }").await), ["Kafka"]);
        assert_eq!(
            values(&find(Role::Operator, "filter: { isStale: false, valueContains: \"KAFKA\" }").await),
            ["kafka streams"]
        );
        assert_eq!(
            find(Role::Operator, "filter: { kind: { eq: INDUSTRY }, value: { eq: \"retail\" } }").await["totalCount"],
            2
        );
        let of_north = format!("filter: {{ partnerId: {{ eq: \"{north}\" }} }}");
        assert_eq!(find(Role::CustomerAe, &of_north).await["totalCount"], 3);
        // The slice: one partner for its pod and its manager; an account that is not seen finds nothing.
        for role in [Role::PartnerAe, Role::PartnerManager] {
            let found = find(role, "first: 100").await;
            let partners: BTreeSet<&str> = found["edges"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|edge| edge["node"]["partner"]["name"].as_str())
                .collect();
            assert_eq!(
                (found["totalCount"].as_i64(), partners),
                (Some(3), BTreeSet::from(["Northwind"])),
                "{}",
                role.word()
            );
        }
        let at_account =
            format!("filter: {{ accountId: {{ eq: \"{}\" }} }}", global_id("Account", app.world.home.accounts[1]));
        assert_eq!(find(Role::Operator, &at_account).await["totalCount"], 1);
        // A customer AE sees Southbay by the shared deal, but not this account.
        assert_eq!(find(Role::CustomerAe, &at_account).await["totalCount"], 0);
        // Its words name that account, so the entry is not there either, by whatever is asked for.
        for filter in ["kind: { eq: BUYER_RELATIONSHIP }", "value: { eq: \"CIO\" }", "valueContains: \"cio\""] {
            assert_eq!(find(Role::Operator, &format!("filter: {{ {filter} }}")).await["totalCount"], 1, "{filter}");
            assert_eq!(find(Role::CustomerAe, &format!("filter: {{ {filter} }}")).await["totalCount"], 0, "{filter}");
        }
        for role in Role::iter() {
            let reads = !matches!(role, Role::Finance | Role::Leadership | Role::Portfolio | Role::Partner);
            let writes = matches!(role, Role::Operator | Role::Revops | Role::PartnerManager);
            let sdl = api::graphql::sdl_of(role).unwrap();
            assert_eq!(
                (sdl.contains("capabilities("), sdl.contains("capabilityRecord(")),
                (reads, writes),
                "{}",
                role.word()
            );
        }
    });
}

#[test]
fn a_map_of_the_programs_own_is_in_force_with_an_entry_and_the_templates_without() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let state = "foundation { next capabilityMap { entries staleEntries partners mappedPartners } steps { isActive isByTemplate } }";
        let before = operator.query(&format!("{{ {state} }}")).await.data()["foundation"].clone();
        assert_eq!(
            before["capabilityMap"],
            json!({ "entries": 0, "staleEntries": 0, "partners": 2, "mappedPartners": 0 })
        );
        assert_eq!(before["steps"][2], json!({ "isActive": true, "isByTemplate": true }));
        let part = json!([{ "part": "CAPABILITY_STANDARD", "text": "Two references each." }]);
        let written = json!({ "step": "CAPABILITY_MAP", "parts": part });
        operator.change("foundationStepWrite", written, state).await;
        let activate =
            async || operator.change("foundationStepActivate", json!({ "step": "CAPABILITY_MAP" }), state).await;
        assert_eq!(activate().await["userErrors"][0]["rule"], "CAPABILITY_MAP_EMPTY");
        record(&app, Role::Operator, entry(&partner(&app, 0), "INDUSTRY", "Retail", "2026-10-01")).await;
        record(&app, Role::Operator, entry(&partner(&app, 0), "TECHNICAL", "Kafka", "2026-10-01")).await;
        record(&app, Role::Operator, entry(&partner(&app, 1), "INDUSTRY", "Retail", "2026-04-07")).await;
        let done = activate().await;
        assert_eq!(done["foundation"]["steps"][2], json!({ "isActive": true, "isByTemplate": false }), "{done}");
        let expected = json!({ "entries": 3, "staleEntries": 1, "partners": 2, "mappedPartners": 1 });
        assert_eq!(done["foundation"]["capabilityMap"], expected);
    });
}
