//! The 90-day plan through the API: what leaves a trace ticks itself, the rest is ticked by hand.

use crate::registration::{approved, codes, rules};
use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

const PLAN: &str = "rollout { startsOn version items { item stretch opensOn dueOn state isByHand doneAt doneBy } }";

async fn item(app: &App, role: Role, name: &str) -> Value {
    let plan = app.as_role(role).query(&format!("{{ {PLAN} }}")).await.data()["rollout"]["items"].clone();
    plan.as_array().unwrap().iter().find(|item| item["item"] == name).unwrap().clone()
}

async fn state(app: &App, name: &str) -> String {
    item(app, Role::Operator, name).await["state"].as_str().unwrap().to_owned()
}

async fn start(app: &App) -> Value {
    let input = json!({ "startsOn": "2026-10-05", "expectedVersion": 0 });
    app.as_role(Role::Operator).change("rolloutStart", input, PLAN).await
}

#[test]
fn the_system_ticks_what_it_can_see() {
    on_every_backend(async |app| {
        let none = app.as_role(Role::Leadership).query(&format!("{{ {PLAN} }}")).await;
        assert_eq!(none.data()["rollout"], Value::Null);
        let made = start(&app).await;
        assert_eq!(made["rollout"]["items"].as_array().unwrap().len(), 19, "{made}");
        // The world's deals closed on 11 May with locked attributions: done before the plan began is done.
        let closed = item(&app, Role::Leadership, "FIRST_PARTNER_DEAL_CLOSED").await;
        let expected = json!({ "item": "FIRST_PARTNER_DEAL_CLOSED", "stretch": "PROVE", "opensOn": "2026-11-16",
            "dueOn": "2026-12-06", "state": "DONE", "isByHand": false, "doneAt": "2026-05-11T00:00:00Z",
            "doneBy": "the first deal with a locked partner attribution closed" });
        assert_eq!(closed, expected);
        for waits in ["PILOT_PARTNERS", "CONTRACT_TERMS_SET", "CREDIT_TABLE_AGREED", "DATA_IMPORTED"] {
            assert_eq!(state(&app, waits).await, "DUE", "{waits}");
        }
        // Two partners are there; the fifth ticks it, with the instant of its record.
        app.clock.advance(chrono::TimeDelta::hours(1));
        for number in 0..3 {
            assert_eq!(state(&app, "PILOT_PARTNERS").await, "DUE");
            let input = json!({ "name": format!("Pilot {number}"), "kind": "RESELLER" });
            app.as_role(Role::Revops).change("partnerCreate", input, "partner { id }").await;
        }
        let pilots = item(&app, Role::Revops, "PILOT_PARTNERS").await;
        assert_eq!((&pilots["state"], &pilots["doneAt"]), (&json!("DONE"), &json!("2026-10-05T10:00:00Z")), "{pilots}");
        let partner = global_id("Partner", app.world.home.partners[0]);
        let mut terms = json!({ "partnerId": partner, "startsOn": "2026-10-05", "scope": "Resale", "territory": "EMEA",
            "commercialModel": "CO_SELL", "numbers": [] });
        let agree = async |terms: &Value| {
            let made = app.as_role(Role::Revops).change("contractTermsAgree", terms.clone(), "replayed").await;
            assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
        };
        agree(&terms).await;
        assert_eq!(state(&app, "CONTRACT_TERMS_SET").await, "DUE", "terms without a number set nothing");
        terms["numbers"] = json!([{ "number": "FIRST_TOUCH_BUSINESS_HOURS", "value": 4 }]);
        agree(&terms).await;
        assert_eq!(state(&app, "CONTRACT_TERMS_SET").await, "DONE");
        assert_eq!(state(&app, "FIRST_REGISTRATION_APPROVED").await, "UPCOMING");
        let kept = approved(&app, "https://first.example.org").await;
        assert_eq!(state(&app, "FIRST_REGISTRATION_APPROVED").await, "DONE");
        let touched = json!({ "id": kept["id"] });
        app.as_role(Role::PartnerManager).change("registrationTouch", touched, "registration { id }").await;
        assert_eq!(state(&app, "FIRST_PROMISE_DECIDED").await, "DONE");
        // Weeks 1 and 2 end with 18 October.
        app.clock.set("2026-10-19T00:00:00Z".parse().unwrap());
        assert_eq!(state(&app, "DATA_IMPORTED").await, "OVERDUE");
        assert_eq!(state(&app, "BATTLECARDS").await, "DUE");
        // Had a file brought those closed deals along, they would prove nothing of the plan.
        let conn = app.office.store.write();
        let imported = Statement::from_string(conn.get_database_backend(), "UPDATE deal SET provenance = 'IMPORTED'");
        conn.execute_raw(imported).await.unwrap();
        assert_eq!(state(&app, "FIRST_PARTNER_DEAL_CLOSED").await, "UPCOMING");
        // They closed on 11 May: of a plan that began on the 4th they are, and what is done stays done when the plan is moved.
        for (starts_on, version) in [("2026-05-04", 1), ("2026-11-26", 2)] {
            let input = json!({ "startsOn": starts_on, "expectedVersion": version });
            let moved = app.as_role(Role::Operator).change("rolloutStart", input, PLAN).await;
            assert_eq!(
                (&moved["rollout"]["startsOn"], codes(&moved)),
                (&json!(starts_on), Vec::<&str>::new()),
                "{moved}"
            );
            assert_eq!(state(&app, "FIRST_PARTNER_DEAL_CLOSED").await, "DONE", "{starts_on}");
        }
    });
}

#[test]
fn what_the_system_cannot_see_is_ticked_by_hand_with_a_note() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let tick = async |item: &str, note: Option<&str>| {
            operator.change("rolloutItemTick", json!({ "item": item, "note": note }), PLAN).await
        };
        assert_eq!(rules(&tick("FIRST_BUSINESS_REVIEW", Some("held")).await), ["ROLLOUT_NOT_STARTED"]);
        start(&app).await;
        assert_eq!(codes(&tick("FIRST_BUSINESS_REVIEW", Some(" ")).await), ["REQUIRED"]);
        tick("FIRST_BUSINESS_REVIEW", Some("held with Northwind: invest")).await;
        let review = item(&app, Role::PartnerManager, "FIRST_BUSINESS_REVIEW").await;
        assert_eq!((&review["state"], &review["doneBy"]), (&json!("DONE"), &json!("held with Northwind: invest")));
        assert_eq!((&review["isByHand"], &review["doneAt"]), (&json!(true), &json!("2026-10-05T09:00:00Z")));
        assert_eq!(rules(&tick("FIRST_BUSINESS_REVIEW", Some("again")).await), ["ITEM_TICKED"]);
        assert_eq!(rules(&tick("PILOT_PARTNERS", Some("believe me")).await), ["ITEM_TICKS_ITSELF"]);
        tick("FIRST_BUSINESS_REVIEW", None).await;
        assert_eq!(state(&app, "FIRST_BUSINESS_REVIEW").await, "UPCOMING");
        assert_eq!(rules(&tick("FIRST_BUSINESS_REVIEW", None).await), ["ITEM_NOT_TICKED"]);
        // Moved by a week, everything moves.
        let stale = json!({ "startsOn": "2026-10-12", "expectedVersion": 0 });
        assert_eq!(codes(&operator.change("rolloutStart", stale, PLAN).await), ["STALE_VERSION"]);
        let moved = json!({ "startsOn": "2026-10-12", "expectedVersion": 1 });
        let moved = operator.change("rolloutStart", moved, PLAN).await;
        assert_eq!(
            (&moved["rollout"]["version"], &moved["rollout"]["items"][0]["dueOn"]),
            (&json!(2), &json!("2026-10-25"))
        );
        for role in [Role::CustomerAe, Role::Finance, Role::Partner] {
            assert_eq!(app.as_role(role).query(&format!("{{ {PLAN} }}")).await.status, 400, "{role:?}");
        }
    });
}
