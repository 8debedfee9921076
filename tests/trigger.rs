//! When a partner is pulled into a deal: triggers that are set, and the open deals that meet one while no partner is on them; and the
//! briefing before the joint call.

use crate::support::world::{day, global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::{account, deal};
use domain::deal::DealKind;
use domain::role::Role;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

const SET: &str = "cosellTriggers { version triggers { name segmentIds kinds arrFrom { amount } } } replayed";

/// An open deal before Stage 1 on an account of its own, of so much ARR.
async fn alone(app: &App, name: &str, arr: Option<i64>, segment: Option<Uuid>) -> String {
    let home = &app.world.home;
    let ops = somebody(&app.office, home.program, Role::Revops);
    let facts = account::Facts {
        name: Some(name.into()),
        domain: Some(Some(format!("https://{}-deal.com", name.to_lowercase().replace(' ', "-")))),
        segment_id: Some(segment),
        ..account::Facts::default()
    };
    let account = account::create(&ops, facts, None).await.unwrap().id;
    let facts = deal::Facts {
        name: Some(name.into()),
        account_id: Some(Some(account)),
        segment_id: Some(segment),
        kind: Some(DealKind::New),
        opened_on: Some(day("2026-10-01")),
        arr: Some(arr.map(|arr| (Decimal::from(arr), "USD".parse().unwrap()))),
        pod_id: Some(Some(home.pods[0])),
        ..deal::Facts::default()
    };
    global_id("Deal", deal::create(&ops, facts, None).await.unwrap().id)
}

async fn triggered(app: &App, role: Role) -> Value {
    let document = "{ cosellTriggered { lookedAt isWhole meet deals { deal { id } triggers } } }";
    app.as_role(role).query(document).await.data()["cosellTriggered"].clone()
}

#[test]
fn an_open_deal_that_meets_a_trigger_without_a_partner_is_listed() {
    on_every_backend(async |app| {
        let (home, revops) = (&app.world.home, app.as_role(Role::Revops));
        let large = alone(&app, "Large", Some(50_000), Some(home.segment)).await;
        alone(&app, "Small", Some(49_999), Some(home.segment)).await;
        alone(&app, "Unknown size", None, Some(home.segment)).await;
        let none = triggered(&app, Role::Operator).await;
        // The world's two open deals have partners on them.
        assert_eq!(
            (&none["lookedAt"], &none["isWhole"], &none["meet"]),
            (&json!(3), &json!(true), &json!(0)),
            "{none}"
        );
        let segment = global_id("Segment", home.segment);
        let triggers = json!([
            { "name": "Large new business", "kinds": ["NEW"], "arrFrom": { "amount": "50000", "currency": "USD" } },
            { "name": "Expansion", "kinds": ["EXPANSION"], "segmentIds": [segment] },
        ]);
        let input = json!({ "triggers": triggers, "expectedVersion": 0, "idempotencyKey": "t-1" });
        let set = revops.change("cosellTriggersSet", input.clone(), SET).await;
        assert_eq!((&set["cosellTriggers"]["version"], &set["userErrors"]), (&json!(1), &json!([])), "{set}");
        assert_eq!(set["cosellTriggers"]["triggers"][0]["arrFrom"]["amount"], "50000.00");
        assert_eq!(revops.change("cosellTriggersSet", input, SET).await["replayed"], true);
        let found = triggered(&app, Role::Operator).await;
        let one = json!([{ "deal": { "id": large }, "triggers": ["Large new business"] }]);
        assert_eq!((&found["meet"], &found["deals"]), (&json!(1), &one), "{found}");
        // A Partner Manager sees deals with its partners only: it is not told that there is none without one.
        let manager = app.as_role(Role::PartnerManager);
        assert_eq!(manager.query("{ cosellTriggered { meet } }").await.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        assert_eq!(manager.query("{ cosellTriggers { version } }").await.data()["cosellTriggers"]["version"], 1);
        // The pod sees its own; the rival program has neither triggers nor these deals.
        assert_eq!(triggered(&app, Role::PartnerAe).await["deals"], one);
        let theirs = app
            .as_subject("REVOPS@rival")
            .query("{ cosellTriggers { version } cosellTriggered { meet lookedAt } }")
            .await;
        assert_eq!(
            theirs.data(),
            &json!({ "cosellTriggers": { "version": 0 }, "cosellTriggered": { "meet": 0, "lookedAt": 0 } })
        );
        // Once a partner registers it, it has one.
        let input = json!({ "partnerId": global_id("Partner", home.partners[0]), "dealId": large, "accountUrl": "https://large-deal.com",
            "buyerRole": "CIO", "problemStatement": "Late orders.", "nextMeetingOn": "2026-10-12" });
        let made = revops.change("registrationSubmit", input, "registration { id }").await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        assert_eq!(triggered(&app, Role::Operator).await["meet"], 0);
    });
}

#[test]
fn a_trigger_asks_for_something_of_the_program_itself() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let set =
            async |triggers: Value| revops.change("cosellTriggersSet", json!({ "triggers": triggers }), SET).await;
        let rival = global_id("Segment", app.world.rival.segment);
        for (trigger, field, code) in [
            (json!({ "name": "Every deal" }), "segmentIds", "REQUIRED"),
            (json!({ "name": " ", "kinds": ["NEW"] }), "name", "INVALID"),
            (json!({ "name": "Theirs", "segmentIds": [rival] }), "segmentIds", "NOT_FOUND"),
            (json!({ "name": "Euro", "arrFrom": { "amount": "1", "currency": "EUR" } }), "arrFrom", "INVALID"),
        ] {
            let refused = set(json!([trigger])).await;
            let error = &refused["userErrors"][0];
            assert_eq!(
                (&error["path"], &error["code"]),
                (&json!(["input", "triggers", "0", field]), &json!(code)),
                "{refused}"
            );
        }
        let twice = json!([{ "name": "New", "kinds": ["NEW"] }, { "name": " new ", "kinds": ["RENEWAL"] }]);
        assert_eq!(set(twice).await["userErrors"][0]["path"], json!(["input", "triggers", "1", "name"]));
        assert_eq!(set(json!([{ "name": "New", "kinds": ["NEW"] }])).await["cosellTriggers"]["version"], 1);
        let stale = json!({ "triggers": [], "expectedVersion": 0 });
        assert_eq!(revops.change("cosellTriggersSet", stale, SET).await["userErrors"][0]["code"], "STALE_VERSION");
        for role in [Role::PartnerAe, Role::CustomerAe, Role::PartnerManager] {
            let answer =
                app.as_role(role).query("mutation { cosellTriggersSet(input: { triggers: [] }) { replayed } }").await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
        }
    });
}

const BRIEFING: &str = "standard missing partners { name } reps { name } buyers { role problem nextMeetingOn partner { name } } deal { name nextStep } why { matches { partner { name } } } touches { kind }";

async fn briefing(app: &App, role: Role, deal: &str) -> Value {
    let document = format!("query($id: ID!) {{ briefing(dealId: $id) {{ {BRIEFING} }} }}");
    app.as_role(role).query_with(&document, json!({ "id": deal })).await.data()["briefing"].clone()
}

#[test]
fn a_briefing_says_what_is_recorded_and_what_is_not() {
    on_every_backend(async |app| {
        let home = &app.world.home;
        let open = global_id("Deal", home.open[0]);
        let first = briefing(&app, Role::PartnerAe, &open).await;
        assert!(first["standard"].as_str().unwrap().starts_with("Account, buyer, problem"), "{first}");
        assert_eq!(first["missing"], json!(["PARTNER_REP", "OWNER"]), "{first}");
        let buyer = json!({ "role": "Head of Operations", "problem": "Deliveries are late.", "nextMeetingOn": "2026-10-12",
            "partner": { "name": "Northwind" } });
        assert_eq!((&first["buyers"], &first["partners"]), (&json!([buyer]), &json!([{ "name": "Northwind" }])));
        let person =
            json!({ "partnerId": global_id("Partner", home.partners[0]), "name": "Marguerite", "isRep": true });
        let made = app.as_role(Role::Revops).change("partnerPersonAdd", person, "partner { id }").await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let then = briefing(&app, Role::PartnerAe, &open).await;
        assert_eq!((&then["missing"], &then["reps"]), (&json!(["OWNER"]), &json!([{ "name": "Marguerite" }])));
        // A deal that nobody has worked on yet misses all but its account.
        let bare = alone(&app, "Bare", None, Some(home.segment)).await;
        let missing = briefing(&app, Role::Operator, &bare).await["missing"].clone();
        assert_eq!(missing, json!(["BUYER", "PROBLEM", "PARTNER", "PARTNER_REP", "OWNER", "NEXT_STEP"]));
        // Another pod's deal does not exist, and who sees no deals at work has no briefing.
        assert_eq!(briefing(&app, Role::PartnerAe, &global_id("Deal", home.open[1])).await, Value::Null);
        for role in [Role::Finance, Role::Leadership, Role::Partner] {
            let answer = app.as_role(role).query("{ briefing(dealId: \"x\") { missing } }").await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
        }
    });
}
