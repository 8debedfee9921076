//! Promises with due times: in the working calendar, met and missed to the microsecond, told of once, and how they were kept.

use crate::support::world::{global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::commit::commit;
use api::usecase::sla::{self, Watched};
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::{Action, Role};
use domain::sla::SlaKind;
use serde_json::{Value, json};
use uuid::Uuid;

/// A promise about something, as the use cases of what it is about start it.
async fn promise(app: &App, kind: SlaKind, about: u128, partner: usize) {
    let (ops, at) = (somebody(&app.office, app.world.home.program, Role::Revops), app.clock.now());
    let partner = Some(app.world.home.partners[partner]);
    commit(&ops, Action::RunJobs, None, async |work| {
        Ok(sla::start(work, kind, "Registration", Uuid::from_u128(about), partner, at).await?.id)
    })
    .await
    .unwrap();
}

async fn kept(app: &App, kind: SlaKind, about: u128) {
    let (ops, at) = (somebody(&app.office, app.world.home.program, Role::Revops), app.clock.now());
    commit(&ops, Action::RunJobs, None, async |work| {
        Ok(sla::meet(work, kind, Uuid::from_u128(about), at).await?.unwrap().id)
    })
    .await
    .unwrap();
}

async fn watch(app: &App) -> Watched {
    sla::watch(&somebody(&app.office, app.world.home.program, Role::Revops)).await.unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a role reads of the promise about something.
async fn read(app: &App, role: Role, about: u128) -> Value {
    let query = "query($of: [ID!]) { slaClocks(filter: { subjectId: { in: $of } }) { totalCount edges { node {
        kind owner state dueAt metAt partner { name } subjectId } } } }";
    let subject = global_id("Registration", Uuid::from_u128(about));
    let answer = app.as_role(role).query_with(query, json!({ "of": [subject] })).await;
    answer.data()["slaClocks"]["edges"].as_array().unwrap().first().map_or(Value::Null, |edge| edge["node"].clone())
}

#[test]
fn the_working_calendar_is_read_by_all_and_set_by_revops() {
    on_every_backend(async |app| {
        let usual = json!({ "timeZone": "UTC", "opens": "09:00", "closes": "17:00", "holidays": [],
            "days": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"] });
        let query = "{ program { workingCalendar { timeZone days opens closes holidays } } }";
        let read = async |role| app.as_role(role).query(query).await.data()["program"]["workingCalendar"].clone();
        assert_eq!(read(Role::Partner).await, usual);
        let select = "workingCalendar { timeZone days opens closes holidays version }";
        let revops = app.as_role(Role::Revops);
        let set = async |input: Value| revops.change("workingCalendarSet", input, select).await;
        for (input, field) in [
            (json!({ "days": [] }), "days"),
            (json!({ "opens": "17:00" }), "closes"),
            (json!({ "opens": "9" }), "opens"),
            (json!({ "timeZone": "Moon" }), "timeZone"),
        ] {
            let refused = set(input).await;
            assert_eq!(refused["userErrors"][0]["path"], json!(["input", field]), "{refused}");
        }
        let first = set(json!({ "timeZone": "Europe/Berlin", "closes": "18:00", "expectedVersion": 0 })).await;
        assert_eq!(first["workingCalendar"]["version"], 1, "{first}");
        let second = set(json!({ "holidays": ["2026-12-26", "2026-12-25"], "days": ["SUNDAY", "MONDAY"] })).await;
        let expected = json!({ "timeZone": "Europe/Berlin", "opens": "09:00", "closes": "18:00", "version": 2,
            "holidays": ["2026-12-25", "2026-12-26"], "days": ["MONDAY", "SUNDAY"] });
        assert_eq!(second["workingCalendar"], expected);
        let stale = set(json!({ "closes": "19:00", "expectedVersion": 1 })).await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE_VERSION");
        assert_eq!(read(Role::Leadership).await["timeZone"], "Europe/Berlin");
    });
}

#[test]
fn two_business_hours_pass_over_a_weekend_a_holiday_and_both_changes_of_the_clocks() {
    on_every_backend(async |app| {
        let calendar = json!({ "timeZone": "Europe/Berlin", "holidays": ["2026-12-25"] });
        let set = app.as_role(Role::Revops).change("workingCalendarSet", calendar, "workingCalendar { version }").await;
        assert_eq!(set["workingCalendar"]["version"], 1, "{set}");
        // Each from 16:30 in Berlin: half an hour on the day, and the rest on the next working day from 9:00.
        for (about, from, due) in [
            (1, "2026-10-09T14:30:00Z", "2026-10-12T08:30:00Z"),
            (2, "2026-12-24T15:30:00Z", "2026-12-28T09:30:00Z"),
            (3, "2026-10-23T14:30:00Z", "2026-10-26T09:30:00Z"),
            (4, "2027-03-26T15:30:00Z", "2027-03-29T08:30:00Z"),
        ] {
            app.clock.set(at(from));
            promise(&app, SlaKind::FirstTouch, about, 0).await;
            let clock = read(&app, Role::Revops, about).await;
            assert_eq!((&clock["dueAt"], &clock["state"]), (&json!(due), &json!("RUNNING")), "from {from}");
            // The due time itself is in time, a microsecond later is not.
            app.clock.set(at(due) + TimeDelta::microseconds(1));
            assert_eq!(read(&app, Role::Revops, about).await["state"], "MISSED");
            app.clock.set(at(due));
            kept(&app, SlaKind::FirstTouch, about).await;
            app.clock.advance(TimeDelta::days(1));
            assert_eq!(read(&app, Role::Revops, about).await["state"], "MET");
        }
    });
}

#[test]
fn forty_eight_and_twenty_four_hours_are_exact() {
    on_every_backend(async |app| {
        let from = app.clock.now();
        for (kind, about, hours) in
            [(SlaKind::HandoffSummary, 1, 48), (SlaKind::Escalation, 2, 48), (SlaKind::MeetingSummary, 3, 24)]
        {
            for (more, late, state) in [(0, 0, "MET"), (10, 1, "MISSED")] {
                app.clock.set(from);
                promise(&app, kind, about + more, 0).await;
                app.clock.set(from + TimeDelta::hours(hours) + TimeDelta::microseconds(late));
                kept(&app, kind, about + more).await;
                assert_eq!(read(&app, Role::Operator, about + more).await["state"], state, "{kind:?}");
            }
        }
    });
}

#[test]
fn a_watch_tells_once_and_records_each_miss_once() {
    on_every_backend(async |app| {
        promise(&app, SlaKind::HandoffSummary, 1, 0).await;
        promise(&app, SlaKind::HandoffSummary, 2, 1).await;
        let from = app.clock.now();
        app.clock.set(from + TimeDelta::hours(36) - TimeDelta::microseconds(1));
        assert_eq!(watch(&app).await, Watched::default());
        app.clock.set(from + TimeDelta::hours(36));
        kept(&app, SlaKind::HandoffSummary, 2).await;
        assert_eq!(watch(&app).await, Watched { warned: 1, missed: 0 });
        assert_eq!(watch(&app).await, Watched::default());
        app.clock.set(from + TimeDelta::hours(48));
        assert_eq!(watch(&app).await, Watched::default());
        app.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(watch(&app).await, Watched { warned: 0, missed: 1 });
        assert_eq!(watch(&app).await, Watched::default());
        // After a day's downtime nobody is warned of what is missed already.
        promise(&app, SlaKind::Routing, 3, 0).await;
        app.clock.advance(TimeDelta::days(1));
        assert_eq!(watch(&app).await, Watched { warned: 0, missed: 1 });
    });
}

#[test]
fn a_promise_is_read_by_its_own_partner_and_never_by_another() {
    on_every_backend(async |app| {
        promise(&app, SlaKind::FirstTouch, 1, 0).await;
        promise(&app, SlaKind::FirstTouch, 2, 1).await;
        for role in [Role::Partner, Role::PartnerManager, Role::PartnerAe] {
            assert_eq!(read(&app, role, 1).await["partner"]["name"], "Northwind", "{}", role.word());
            assert_eq!(read(&app, role, 2).await, Value::Null, "{}", role.word());
        }
        let all = app.as_role(Role::Revops).query("{ slaClocks { edges { node { id partner { name } } } } }").await;
        let partner = app.as_role(Role::Partner);
        for edge in all.data()["slaClocks"]["edges"].as_array().unwrap() {
            let query = format!("{{ node(id: {}) {{ id ... on SlaClock {{ kind }} }} }}", edge["node"]["id"]);
            let is_own = edge["node"]["partner"]["name"] == "Northwind";
            assert_eq!(partner.query(&query).await.data()["node"].is_object(), is_own);
        }
    });
}

#[test]
fn kept_and_broken_promises_are_counted_by_kind_and_owner_on_the_partners_scorecard() {
    on_every_backend(async |app| {
        // 9:00 on a Monday. Kept after one hour, kept after two, missed after three, never done; and one of another partner.
        for about in 1..=4 {
            promise(&app, SlaKind::FirstTouch, about, 0).await;
        }
        promise(&app, SlaKind::FirstTouch, 5, 1).await;
        promise(&app, SlaKind::PodRequest, 1, 0).await;
        for about in 1..=3 {
            app.clock.advance(TimeDelta::hours(1));
            kept(&app, SlaKind::FirstTouch, about).await;
        }
        kept(&app, SlaKind::PodRequest, 1).await;
        app.clock.set(at("2026-10-05T17:00:00Z"));
        let query = "{ slaRates { quarter promises { kind owner met missed running keptRate evidence meanResponseHours interval { low high level } } } }";
        let rates = app.as_role(Role::Leadership).query(query).await.data()["slaRates"].clone();
        assert_eq!(rates["quarter"], "2026-Q4");
        let first = &rates["promises"][0];
        // Program-wide: 2 of 5. Hours: 1 + 2 + 3, and 8 so far for each of two that were never done: 22 / 5.
        assert_eq!((&first["kind"], &first["owner"]), (&json!("FIRST_TOUCH"), &json!("VENDOR")));
        assert_eq!((&first["met"], &first["missed"], &first["running"]), (&json!(2), &json!(3), &json!(0)));
        assert_eq!((&first["keptRate"], &first["evidence"]), (&json!("0.400000000000"), &json!("THIN")));
        assert_eq!(first["meanResponseHours"], "4.400000000000");
        let second = &rates["promises"][1];
        assert_eq!(
            (&second["kind"], &second["owner"], &second["met"]),
            (&json!("POD_REQUEST"), &json!("PARTNER"), &json!(1))
        );
        // The partner reads its own, once the quarter is over: 2 of 4.
        let card = "{ scorecard { promises { kind owner met missed keptRate } } }";
        let own = app.as_role(Role::Partner).query(card).await.data()["scorecard"]["promises"].clone();
        assert_eq!(own, json!([]));
        app.clock.set(at("2027-01-02T12:00:00Z"));
        let own = app.as_role(Role::Partner).query(card).await.data()["scorecard"]["promises"].clone();
        let expected = json!([
            { "kind": "FIRST_TOUCH", "owner": "VENDOR", "met": 2, "missed": 2, "keptRate": "0.500000000000" },
            { "kind": "POD_REQUEST", "owner": "PARTNER", "met": 1, "missed": 0, "keptRate": "1.000000000000" },
        ]);
        assert_eq!(own, expected);
        let partner = global_id("Partner", app.world.home.partners[0]);
        let finance = app
            .as_role(Role::Finance)
            .query(&format!(
                "{{ scorecard(partnerId: \"{partner}\") {{ promises {{ kind owner met missed keptRate }} }} }}"
            ))
            .await;
        assert_eq!(finance.data()["scorecard"]["promises"], expected);
    });
}

/// The owner of deals reads the promises about its deals, and none about those of another pod.
#[test]
fn a_customer_ae_reads_the_promises_about_its_own_deals() {
    on_every_backend(async |app| {
        let home = &app.world.home;
        let manager = app.as_role(Role::Revops);
        for at in [0, 1] {
            let ask = json!({ "partnerId": global_id("Partner", home.partners[at]), "dealId": global_id("Deal", home.open[at]),
                "question": "Who signs?" });
            let asked = manager.change("podRequestCreate", ask, "podRequest { id }").await;
            assert_eq!(asked["userErrors"], json!([]), "{asked}");
        }
        let query = "{ slaClocks { totalCount edges { node { id kind subjectType partner { name } } } } }";
        let answer = app.as_role(Role::CustomerAe).query(query).await;
        let seen = answer.data()["slaClocks"].clone();
        let own: Vec<Value> = seen["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect();
        assert_eq!(seen["totalCount"], own.len(), "{seen}");
        let kinds: Vec<&str> = own.iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"POD_REQUEST") && kinds.contains(&"FIRST_TOUCH"), "{seen}");
        assert!(own.iter().all(|it| it["partner"]["name"] == "Northwind"), "{seen}");
        // One by one as well: what is about another pod's deal is not there.
        let all = app.as_role(Role::Operator).query(query).await.data()["slaClocks"]["edges"].clone();
        for edge in all.as_array().unwrap() {
            let query = format!("{{ node(id: {}) {{ id }} }}", edge["node"]["id"]);
            let is_there = app.as_role(Role::CustomerAe).query(&query).await.data()["node"].is_object();
            assert_eq!(is_there, own.iter().any(|it| it["id"] == edge["node"]["id"]), "{edge}");
        }
    });
}
