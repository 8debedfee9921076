//! Strategic alliances: agreed with a partner of that kind, reviewed, and held against what they have come to.

use crate::registration::at;
use crate::support::on_every_backend;
use crate::support::world::global_id;
use domain::role::Role;
use serde_json::{Value, json};

const ALL: &str = "alliance { partner { name } vendorSponsor pipelineTarget { amount } pipeline { amount } openDeals customerTarget customers
    reviewCadence reviewedOn reviewDueOn isReviewOverdue version } replayed";

/// Northwind is on one open deal of 12,000.00 and on 7 won ones, all on its one account but the shared one, which is on the same: one
/// customer together.
#[test]
fn an_alliance_is_held_against_what_it_has_come_to_and_reviewed_each_quarter() {
    on_every_backend(async |app| {
        let (home, revops) = (&app.world.home, app.as_role(Role::Revops));
        let partner = global_id("Partner", home.partners[0]);
        let input = json!({ "partnerId": partner, "vendorSponsor": "Ada", "partnerSponsor": "Grace", "customerTarget": 5,
            "pipelineTarget": { "amount": "500000", "currency": "USD" }, "reviewCadence": "QUARTERLY" });
        // It is a reseller yet.
        let refused = revops.change("allianceSet", input.clone(), ALL).await;
        assert_eq!(refused["userErrors"][0]["rule"], "NOT_AN_ALLIANCE", "{refused}");
        revops
            .change("partnerUpdate", json!({ "id": partner, "kind": "STRATEGIC_ALLIANCE" }), "partner { kind }")
            .await;
        let with = |more: Value| {
            let mut input = input.clone();
            for (name, value) in more.as_object().unwrap() {
                input[name] = value.clone();
            }
            input
        };
        for (wrong, field) in [
            (json!({ "vendorSponsor": " " }), "vendorSponsor"),
            (json!({ "customerTarget": -1 }), "customerTarget"),
            (json!({ "pipelineTarget": { "amount": "1", "currency": "EUR" } }), "pipelineTarget"),
            (json!({ "reviewedOn": "2026-10-06" }), "reviewedOn"),
        ] {
            let refused = revops.change("allianceSet", with(wrong), ALL).await;
            assert_eq!(refused["userErrors"][0]["path"], json!(["input", field]), "{refused}");
        }
        let manager = app.as_role(Role::PartnerManager);
        let set = manager.change("allianceSet", with(json!({ "idempotencyKey": "a-1" })), ALL).await;
        let expected = json!({ "partner": { "name": "Northwind" }, "vendorSponsor": "Ada", "pipelineTarget": { "amount": "500000.00" },
            "pipeline": { "amount": "12000.00" }, "openDeals": 1, "customerTarget": 5, "customers": 1, "reviewCadence": "QUARTERLY",
            "reviewedOn": null, "reviewDueOn": "2027-01-05", "isReviewOverdue": false, "version": 1 });
        assert_eq!(set["alliance"], expected, "{set}");
        assert_eq!(
            manager.change("allianceSet", with(json!({ "idempotencyKey": "a-1" })), ALL).await["replayed"],
            true
        );
        let stale = with(json!({ "expectedVersion": 0 }));
        assert_eq!(manager.change("allianceSet", stale, ALL).await["userErrors"][0]["code"], "STALE_VERSION");
        app.clock.set(at("2027-01-06T09:00:00Z"));
        let ask = "{ alliances { isReviewOverdue version partner { name } } }";
        let late = app.as_role(Role::Leadership).query(ask).await;
        assert_eq!(late.data()["alliances"][0]["isReviewOverdue"], true);
        let reviewed = with(json!({ "reviewedOn": "2027-01-06", "expectedVersion": 1 }));
        let done = app.as_role(Role::Operator).change("allianceSet", reviewed, ALL).await;
        assert_eq!(
            (&done["alliance"]["reviewDueOn"], &done["alliance"]["isReviewOverdue"]),
            (&json!("2027-04-06"), &json!(false)),
            "{done}"
        );
        // No open pipeline for Finance, nothing for a partner, and nothing of another program.
        for role in [Role::Finance, Role::CustomerAe, Role::Partner] {
            assert_eq!(
                app.as_role(role).query("{ alliances { version } }").await.codes(),
                ["GRAPHQL_VALIDATION_FAILED"],
                "{role:?}"
            );
        }
        assert_eq!(app.as_subject("REVOPS@rival").query(ask).await.data()["alliances"], json!([]));
        let theirs = format!("{{ alliance(partnerId: \"{partner}\") {{ version }} }}");
        assert_eq!(app.as_subject("REVOPS@rival").query(&theirs).await.data()["alliance"], Value::Null);
    });
}
