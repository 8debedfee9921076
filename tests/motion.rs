//! What a sceptic asks of the facts: which motions win, what came in twice, which system feeds what.

use crate::support::on_every_backend;
use crate::support::world::global_id;
use domain::role::Role;
use serde_json::{Value, json};

#[test]
fn outcomes_are_told_apart_by_motion_and_by_state_beside_the_direct_deals() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let partner = global_id("Partner", app.world.home.partners[0]);
        // The first partner won 6 of 10: its first two won deals had calls, a lost one a demo.
        for (at, kind) in [(0, "CALL"), (0, "CALL"), (1, "CALL"), (9, "DEMO")] {
            let input = json!({
                "dealId": global_id("Deal", app.world.home.deals[0][at]), "partnerId": partner, "kind": kind,
                "happenedAt": "2026-04-01T10:00:00Z", "meetingCount": 2,
            });
            let logged = revops.change("activityLog", input, "deal { lastActivity { meetingCount } }").await;
            assert_eq!(logged["userErrors"], json!([]), "{logged}");
        }
        let query = "query($g: MotionGroup!) { motionOutcomes(groupBy: $g) { groups { group won { deals arr { amount } } gap { points pointsAsDecimal coSell { won lost } direct { won lost } evidence } } } }";
        let ask = async |role: Role, group: &str| {
            let answer = app.as_role(role).query_with(query, json!({ "g": group })).await;
            answer.data()["motionOutcomes"]["groups"].as_array().unwrap().clone()
        };
        let by = |groups: &[Value], name: &str| {
            groups.iter().find(|group| group["group"] == name).unwrap_or(&Value::Null).clone()
        };
        let motions = ask(Role::Revops, "MOTION").await;
        let calls = by(&motions, "CALL");
        // Two calls on one deal are one deal: 2 of 2 won, beside 4 of 10 direct.
        assert_eq!(calls["gap"]["coSell"], json!({ "won": 2, "lost": 0 }), "{motions:?}");
        assert_eq!(calls["gap"]["direct"], json!({ "won": 4, "lost": 6 }));
        assert_eq!((&calls["gap"]["points"], &calls["gap"]["evidence"]), (&json!("60.000000000000"), &json!("THIN")));
        assert_eq!(calls["gap"]["pointsAsDecimal"], "0.600000000000");
        assert_eq!(by(&motions, "DEMO")["gap"]["coSell"], json!({ "won": 0, "lost": 1 }));
        let states = ask(Role::Leadership, "ATTRIBUTION_STATE").await;
        let names: Vec<&Value> = states.iter().map(|group| &group["group"]).collect();
        assert_eq!(names, ["SOURCED", "INFLUENCED", "ACCELERATED"]);
        // 6 + 2 sourced wins of the two partners, and the shared one; 4 + 8 losses.
        assert_eq!(by(&states, "SOURCED")["gap"]["coSell"], json!({ "won": 9, "lost": 12 }), "{states:?}");
        assert_eq!(by(&states, "ACCELERATED")["gap"]["points"], Value::Null);
        assert_eq!(
            app.as_role(Role::Partner).query("{ motionOutcomes { groups { group } } }").await.codes(),
            ["GRAPHQL_VALIDATION_FAILED"]
        );
    });
}

#[test]
fn what_came_in_twice_is_listed_and_so_is_what_feeds_what() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        for (name, domain) in [("Acme", "https://acme.com"), ("ACME Inc", "www.acme.com"), ("Other", "other.com")] {
            let facts = json!({ "name": name, "domain": domain });
            assert_eq!(
                revops.change("accountCreate", json!({ "facts": facts }), "account { id }").await["userErrors"],
                json!([])
            );
        }
        revops.change("partnerCreate", json!({ "name": " northwind ", "kind": "MSP" }), "partner { id }").await;
        for name in ["One", "Two"] {
            let facts = json!({ "name": name, "openedOn": "2026-07-01", "dealRegId": "R-1" });
            revops.change("dealCreate", json!({ "facts": facts }), "deal { id }").await;
        }
        let found = revops.query("{ duplicates { kind value rows ids } }").await.data()["duplicates"].clone();
        let of = |kind: &str| -> Vec<(Value, Value)> {
            found
                .as_array()
                .unwrap()
                .iter()
                .filter(|it| it["kind"] == kind)
                .map(|it| (it["value"].clone(), it["rows"].clone()))
                .collect()
        };
        assert!(of("ACCOUNT_DOMAIN").contains(&(json!("acme.com"), json!(2))), "{found}");
        assert!(!of("ACCOUNT_DOMAIN").iter().any(|(value, _)| value == "other.com"));
        assert_eq!(of("PARTNER_NAME"), [(json!("northwind"), json!(2))]);
        assert_eq!(of("DEAL_REGISTRATION"), [(json!("R-1"), json!(2))]);
        let deal = global_id("Deal", app.world.home.deals[0][0]);
        revops
            .change("externalRefSet", json!({ "subjectId": deal, "system": "HubSpot", "externalId": "7" }), "replayed")
            .await;
        let flow =
            revops.query("{ dataFlow { system object direction rows latestAt } }").await.data()["dataFlow"].clone();
        let line = flow.as_array().unwrap().iter().find(|line| line["system"] == "hubspot").unwrap().clone();
        assert_eq!(
            (&line["object"], &line["direction"], &line["rows"]),
            (&json!("deals"), &json!("IN"), &json!(1)),
            "{flow}"
        );
        assert_eq!(line["latestAt"], "2026-10-05T09:00:00Z");
    });
}

#[test]
fn sizes_stand_beside_their_typical_multiple_and_attach_rates_in_each_segment() {
    on_every_backend(async |app| {
        let query = "{ programTotals { dealSize { meanMultiple typicalMultipleLow typicalMultipleHigh isTypical } attachRates { segment { name } attachRate { dealsRate } } } }";
        let totals = app.as_role(Role::Leadership).query(query).await.data()["programTotals"].clone();
        // Every deal of the world is worth 12,000.
        let expected = json!({ "meanMultiple": "1.000000000000", "typicalMultipleLow": "1.5", "typicalMultipleHigh": "3", "isTypical": false });
        assert_eq!(totals["dealSize"], expected);
        // 21 of the 31 closed deals have a partner.
        assert_eq!(
            totals["attachRates"],
            json!([{ "segment": { "name": "Enterprise" }, "attachRate": { "dealsRate": "0.677419354839" } }])
        );
    });
}
