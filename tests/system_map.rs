//! The system map through the API: inputs, levers with what their metric did, loops.

use crate::registration::{codes, rules};
use crate::support::{App, on_every_backend};
use domain::role::Role;
use domain::slice::Viewer;
use domain::system_map::{LEVERS_MOST, LeverMetric, SystemLever};
use serde_json::{Value, json};
use uuid::Uuid;

const MAP: &str = "systemMap { missing inputs { id name version } levers { id name measure version } \
     loops { id name output input { name } isRetired version } }";

async fn write(app: &App, mutation: &str, input: Value) -> Value {
    app.as_role(Role::Operator).change(mutation, input, MAP).await
}

async fn made(app: &App, mutation: &str, input: Value) -> Value {
    let payload = write(app, mutation, input).await;
    assert_eq!(codes(&payload), Vec::<&str>::new(), "{payload}");
    payload["systemMap"].clone()
}

#[test]
fn a_system_is_drawn_with_inputs_levers_and_loops() {
    on_every_backend(async |app| {
        let empty = app.as_role(Role::CustomerAe).query(&format!("{{ {MAP} }}")).await;
        assert_eq!(empty.data()["systemMap"]["missing"], json!(["INPUTS", "LEVERS", "LOOPS"]));
        let input = json!({ "name": "Closed deals", "source": "CRM export, weekly", "owner": "RevOps" });
        let map = made(&app, "systemInputWrite", input).await;
        let input = map["inputs"][0]["id"].clone();
        made(&app, "systemLeverWrite", json!({ "name": "ICP definition", "metric": "WIN_RATE" })).await;
        let edge = json!({ "name": "Recognition", "output": "Closed-won with its locked credit", "inputId": input });
        let map = made(&app, "systemLoopWrite", edge.clone()).await;
        assert_eq!(map["missing"], json!([]));
        assert_eq!(
            (&map["levers"][0]["measure"], &map["loops"][0]["input"]["name"]),
            (&json!("winRate"), &json!("Closed deals"))
        );
        // One name, one thing; and a change names what it read.
        assert_eq!(codes(&write(&app, "systemLoopWrite", edge.clone()).await), ["TAKEN"]);
        let mut retired = edge;
        (retired["id"], retired["expectedVersion"], retired["isRetired"]) =
            (map["loops"][0]["id"].clone(), json!(2), json!(true));
        assert_eq!(codes(&write(&app, "systemLoopWrite", retired.clone()).await), ["STALE_VERSION"]);
        retired["expectedVersion"] = json!(1);
        let map = made(&app, "systemLoopWrite", retired).await;
        assert_eq!((&map["missing"], &map["loops"][0]["version"]), (&json!(["LOOPS"]), &json!(2)));
        assert_eq!(app.as_role(Role::Partner).query(&format!("{{ {MAP} }}")).await.status, 400);
    });
}

/// The world's deals closed in 2026-Q2: with any partner 9 of 21 NEW deals were won, without 4 of 10. So the win rate is 9 / 21 and
/// the Trust-Gap 9 / 21 - 4 / 10 = 2.857142857143 points. A change in Q1 has Q2 after it; one in Q3 has Q2 before it, and after it
/// Q4, which is not over in October.
#[test]
fn a_levers_change_stands_between_the_metric_before_and_after_it() {
    on_every_backend(async |app| {
        let levers = ["WIN_RATE", "TRUST_GAP"];
        for metric in levers {
            let map = made(&app, "systemLeverWrite", json!({ "name": metric, "metric": metric })).await;
            let levers = map["levers"].as_array().unwrap();
            let id = levers.iter().find(|lever| lever["name"] == metric).unwrap()["id"].clone();
            for day in ["2026-03-02", "2026-08-10"] {
                let change = json!({ "leverId": id, "changedOn": day, "what": "Asked for a problem statement" });
                made(&app, "leverChangeRecord", change).await;
            }
            let ahead = json!({ "leverId": id, "changedOn": "2026-10-06", "what": "Soon" });
            assert_eq!(codes(&write(&app, "leverChangeRecord", ahead).await), ["INVALID"]);
            let other = json!({ "id": id, "name": metric, "metric": "VELOCITY" });
            assert_eq!(rules(&write(&app, "systemLeverWrite", other).await), ["LEVER_HAS_CHANGES"]);
        }
        let ask = "{ systemMap { levers { name changes { changedOn effect { difference
            before { quarter value reason { code } withPartner direct withPartnerSum directSum interval { level } evidence policyVersion }
            after { quarter value reason { code } withPartner policyVersion } } } } } }";
        let read = async |role: Role| app.as_role(role).query(ask).await.data()["systemMap"]["levers"].clone();
        let map = read(Role::Finance).await;
        let of =
            |name: &str| map.as_array().unwrap().iter().find(|lever| lever["name"] == name).unwrap()["changes"].clone();
        let (rate, gap) = (of("WIN_RATE"), of("TRUST_GAP"));
        // The latest first.
        let (late, early) = (&rate[0]["effect"], &rate[1]["effect"]);
        assert_eq!(
            (&late["before"]["quarter"], &late["before"]["value"]),
            (&json!("2026-Q2"), &json!("0.428571428571"))
        );
        assert_eq!((&late["before"]["withPartner"], &late["before"]["evidence"]), (&json!(21), &json!("SOLID")));
        assert_eq!(late["before"]["policyVersion"], 1);
        assert_eq!((&late["after"]["quarter"], &late["after"]["value"]), (&json!("2026-Q4"), &Value::Null));
        assert_eq!(
            (&late["after"]["reason"]["code"], &late["after"]["policyVersion"]),
            (&json!("QUARTER_NOT_CLOSED"), &Value::Null)
        );
        assert_eq!(late["difference"], Value::Null);
        assert_eq!(
            (&early["before"]["quarter"], &early["before"]["reason"]["code"]),
            (&json!("2025-Q4"), &json!("NO_CO_SELL_DEALS"))
        );
        assert_eq!(early["after"]["value"], "0.428571428571");
        let points = &gap[0]["effect"]["before"];
        assert_eq!(
            (&points["value"], &points["withPartner"], &points["direct"]),
            (&json!("2.857142857143"), &json!(21), &json!(10))
        );
        assert_eq!(
            (&points["withPartnerSum"], &points["directSum"]),
            (&json!("9.000000000000"), &json!("4.000000000000"))
        );
        assert_eq!(points["interval"]["level"], late["before"]["interval"]["level"]);
        assert!(points["interval"].is_object() && late["before"]["directSum"].is_null());
        // Two roles that may both see it see the same.
        assert_eq!(read(Role::Leadership).await, map);
        assert_eq!(app.as_role(Role::PartnerAe).query(ask).await.status, 400);
        // Once the quarter is over, what is null says what is missing.
        app.clock.set("2027-01-01T09:00:00Z".parse().unwrap());
        let after = read(Role::Finance).await;
        let rate = after.as_array().unwrap().iter().find(|lever| lever["name"] == "WIN_RATE").unwrap().clone();
        assert_eq!(rate["changes"][0]["effect"]["after"]["reason"]["code"], "NO_CO_SELL_DEALS");
    });
}

#[test]
fn levers_are_bounded() {
    on_every_backend(async |app| {
        let whole = Viewer::system(app.world.home.program).slice().unwrap();
        for number in 0..u128::try_from(LEVERS_MOST).unwrap() {
            let lever = SystemLever {
                id: Uuid::from_u128(1000 + number),
                name: format!("Lever {number}"),
                metric: LeverMetric::WinRate,
                is_retired: true,
                version: 1,
                recorded_at: "2026-10-05T09:00:00Z".parse().unwrap(),
            };
            entity::system_lever::write(app.office.store.write(), &whole, &lever).await.unwrap();
        }
        let more = json!({ "name": "One more", "metric": "WIN_RATE" });
        assert_eq!(rules(&write(&app, "systemLeverWrite", more).await), ["TOO_MANY_LEVERS"]);
        // One that is there is written anew; of two who read the same version, the second is told so by the row itself.
        let lever = SystemLever {
            id: Uuid::from_u128(1000),
            name: "Lever 0, renamed".into(),
            metric: LeverMetric::WinRate,
            is_retired: false,
            version: 2,
            recorded_at: "2026-10-05T10:00:00Z".parse().unwrap(),
        };
        entity::system_lever::write(app.office.store.write(), &whole, &lever).await.unwrap();
        let late = entity::system_lever::write(app.office.store.write(), &whole, &lever).await;
        assert!(matches!(late, Err(entity::DbErr::RecordNotUpdated)), "{late:?}");
    });
}
