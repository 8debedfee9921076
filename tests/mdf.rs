//! Access to market development funds: paused where the committed pipeline was not delivered.

use crate::registration::at;
use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

async fn access(app: &App, role: Role, at: usize) -> Value {
    let document = "query($id: ID!) { mdfAccess(partnerId: $id) { partner { name } quarter committed { amount } delivered { amount } deliveredRate state reason policyVersion } }";
    let id = global_id("Partner", app.world.home.partners[at]);
    app.as_role(role).query_with(document, json!({ "id": id })).await.data()["mdfAccess"].clone()
}

/// Northwind commits 30,000.00 of pipeline for 2026-Q4 and sources no deal that is opened in it. Its 12 deals of February stand in 2026-Q1.
#[test]
fn access_is_paused_where_the_committed_pipeline_was_not_delivered() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let none = access(&app, Role::Operator, 0).await;
        assert_eq!(
            (&none["quarter"], &none["state"], &none["committed"]),
            (&json!("2026-Q3"), &Value::Null, &Value::Null)
        );
        assert!(none["reason"].as_str().unwrap().contains("Nothing was committed"), "{none}");
        let partner = global_id("Partner", app.world.home.partners[0]);
        operator.change("iterationOpen", json!({}), "iteration { quarter }").await;
        let tier = json!({ "partnerId": partner, "tier": "INVEST", "reason": "worth it" });
        operator.change("tierDecide", tier, "tierDecision { tier }").await;
        for (stage, arr) in [("TOFU", "30000"), ("CO_SELL", "99000")] {
            let input = json!({ "partnerId": partner, "stage": stage, "forQuarter": "2026-Q4", "deals": 3,
                "arr": { "amount": arr, "currency": "USD" } });
            let done = operator.change("stageCommitmentSet", input, "stageCommitment { version }").await;
            assert_eq!(done["userErrors"], json!([]), "{done}");
        }
        // The quarter runs yet.
        assert_eq!(access(&app, Role::Operator, 0).await["quarter"], "2026-Q3");
        app.clock.set(at("2027-01-05T09:00:00Z"));
        let paused = access(&app, Role::PartnerManager, 0).await;
        let expected = json!({ "partner": { "name": "Northwind" }, "quarter": "2026-Q4", "committed": { "amount": "30000.00" },
            "delivered": { "amount": "0.00" }, "deliveredRate": "0.000000000000", "state": "PAUSED", "reason": null, "policyVersion": 1 });
        assert_eq!(paused, expected);
        assert_eq!(access(&app, Role::Operator, 1).await["state"], Value::Null, "the other committed nothing");
        assert_eq!(access(&app, Role::PartnerManager, 1).await, Value::Null, "and is none of this manager's");
        // What is asked for is the program's policy.
        let revops = app.as_role(Role::Revops);
        let draft = json!({ "title": "No bar", "values": { "mdfDeliveryRate": "0" } });
        let made = revops.change("policyDraft", draft, "draft { id }").await;
        let activate = json!({ "draftId": made["draft"]["id"], "activeFrom": "2027-01-05", "reason": "A pilot." });
        revops.change("policyActivate", activate, "policy { version }").await;
        let open = access(&app, Role::Operator, 0).await;
        assert_eq!((&open["state"], &open["policyVersion"]), (&json!("OPEN"), &json!(2)), "{open}");
        // Its pipeline is open: neither Finance nor the partner reads it here.
        for role in [Role::Finance, Role::CustomerAe, Role::Partner] {
            let answer = app.as_role(role).query("{ mdfAccess(partnerId: \"x\") { state } }").await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
        }
    });
}
