//! What a registration owes by when, and the receipts of what became of it.

use crate::registration::{approved, at, codes, commit_rep, facts, meet, submit};
use crate::support::on_every_backend;
use api::jobs::tick;
use api::usecase::program;
use chrono::TimeDelta;
use domain::role::Role;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const CLOCKS: &str = "{ slaClocks { edges { node { kind owner state startedAt dueAt metAt stoppedAt } } } }";

fn nodes(answer: &Value, list: &str) -> Vec<Value> {
    answer[list]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

fn of_kind(clocks: &[Value], kind: &str, started: &str) -> Value {
    let found = clocks.iter().find(|clock| clock["kind"] == kind && clock["startedAt"] == started);
    found.unwrap_or_else(|| panic!("no {kind} of {started}: {clocks:?}")).clone()
}

/// Friday 9 October 2026, 16:00 in UTC: one business hour is left before the weekend, the other is Monday's first. The last
/// instant is in time.
#[test]
fn a_first_touch_is_due_in_two_business_hours_across_a_weekend() {
    on_every_backend(async |app| {
        app.clock.set(at("2026-10-09T16:00:00Z"));
        let partner = app.as_role(Role::Partner);
        let made = submit(&partner, "https://weekend.example.org").await;
        assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
        let read = async || nodes(app.as_role(Role::Revops).query(CLOCKS).await.data(), "slaClocks");
        let clock = of_kind(&read().await, "FIRST_TOUCH", "2026-10-09T16:00:00Z");
        assert_eq!((&clock["dueAt"], &clock["owner"]), (&json!("2026-10-12T10:00:00Z"), &json!("VENDOR")));
        app.clock.set(at("2026-10-12T10:00:00Z"));
        let touch = json!({ "id": made["registration"]["id"] });
        let touched = app.as_role(Role::PartnerManager).change("registrationTouch", touch, "registration { id }").await;
        assert_eq!(codes(&touched), Vec::<&str>::new(), "{touched}");
        let clock = of_kind(&read().await, "FIRST_TOUCH", "2026-10-09T16:00:00Z");
        assert_eq!((&clock["state"], &clock["metAt"]), (&json!("MET"), &json!("2026-10-12T10:00:00Z")));
        // What nobody wants any more is owed to nobody.
        let partner = app.as_role(Role::Partner);
        let other = submit(&partner, "https://second.example.net").await;
        let back = json!({ "id": other["registration"]["id"] });
        partner.change("registrationWithdraw", back, "registration { id }").await;
        let clock = of_kind(&read().await, "FIRST_TOUCH", "2026-10-12T10:00:00Z");
        assert!(clock["stoppedAt"].is_string() && clock["metAt"].is_null(), "{clock}");
    });
}

/// "Caught up in order after downtime", and each broken promise "told once". Approved on Monday, 5 October: the first call is due by the end
/// of the 12th, and without a meeting the registration expires on the 27th. Nothing ran until December, and then what expires the
/// registration comes before the watch: the promise was broken by then, whatever ended it.
#[test]
fn a_promise_that_was_broken_during_downtime_is_recorded_and_told_once() {
    on_every_backend(async |app| {
        approved(&app, "https://kept.example.org").await;
        let late = submit(&app.as_role(Role::Partner), "https://late.example.net").await;
        app.clock.set(at("2026-12-20T12:00:00Z"));
        let home = program::find_by_slug(&app, "home").await.unwrap().unwrap();
        let number = async |sql: &str| {
            let conn = app.store.read();
            let asked = Statement::from_string(conn.get_database_backend(), sql);
            conn.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        let kind = "c.kind = 'JOIN_FIRST_CALL' AND c.stopped_at > c.due_at AND c.missed_at IS NOT NULL";
        let recorded = format!("SELECT CAST(COUNT(*) AS bigint) FROM sla_clock c WHERE {kind}");
        let told = format!(
            "SELECT CAST(COUNT(*) AS bigint) FROM event e JOIN sla_clock c ON c.id = e.subject_id WHERE e.kind = 'sla.missed' AND {kind}"
        );
        for _ in 0..2 {
            for ran in tick(&app, std::slice::from_ref(&home), &CancellationToken::new()).await.unwrap() {
                ran.outcome.unwrap();
            }
            assert_eq!((number(&recorded).await, number(&told).await), (1, 1));
            app.clock.advance(TimeDelta::minutes(5));
        }
        // What is done late, before a watch came round, is told of as well; what was told of already is not told again.
        let touch = json!({ "id": late["registration"]["id"] });
        app.as_role(Role::PartnerManager).change("registrationTouch", touch, "registration { id }").await;
        let mut said = facts("https://another.example.info");
        said["nextMeetingOn"] = json!("2026-12-28");
        let another = app.as_role(Role::Partner).change("registrationSubmit", said, "registration { id }").await;
        app.clock.advance(TimeDelta::days(3));
        let touch = json!({ "id": another["registration"]["id"] });
        app.as_role(Role::PartnerManager).change("registrationTouch", touch, "registration { id }").await;
        let told = "SELECT CAST(COUNT(*) AS bigint) FROM event e JOIN sla_clock c ON c.id = e.subject_id
                    WHERE e.kind = 'sla.missed' AND c.kind = 'FIRST_TOUCH' AND c.met_at IS NOT NULL AND c.met_at > c.due_at";
        assert_eq!(number(told).await, 2);
    });
}

/// The partner's receipts hold its own words and nothing of where it stands among others.
#[test]
fn every_step_of_a_registration_is_in_the_ledger() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let kept = approved(&app, "https://kept.example.org").await;
        let other = submit(&partner, "https://given-up.example.net").await;
        partner
            .change("registrationWithdraw", json!({ "id": other["registration"]["id"] }), "registration { id }")
            .await;
        let ask = "{ ledgerEntries(last: 50) { edges { node { kind subjectType facts partnerIds } } } }";
        let entries = nodes(app.as_role(Role::Revops).query(ask).await.data(), "ledgerEntries");
        let kinds: Vec<&str> = entries
            .iter()
            .filter(|entry| entry["facts"].as_str().is_some_and(|facts| facts.contains("example.")))
            .filter(|entry| entry["subjectType"] == "Registration")
            .map(|entry| entry["kind"].as_str().unwrap())
            .collect();
        for kind in ["REGISTRATION_SUBMITTED", "REGISTRATION_APPROVED", "REGISTRATION_WITHDRAWN"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        assert_eq!(kept["state"], "APPROVED");
    });
}

/// The job finds what ran out, once, and says so in the ledger.
#[test]
fn the_scheduler_expires_what_had_no_meeting() {
    on_every_backend(async |app| {
        let kept = approved(&app, "https://silent.example.org").await;
        assert!(kept["meetBy"].is_string(), "{kept}");
        app.clock.set(at("2026-10-28T00:00:00Z"));
        let programs = api::usecase::program::all(&app.office).await.unwrap();
        let stop = tokio_util::sync::CancellationToken::new();
        let ran = api::jobs::tick(&app.office, &programs, &stop).await.unwrap();
        let of_home: Vec<&api::jobs::Ran> = ran
            .iter()
            .filter(|ran| ran.program == "home" && matches!(ran.job, domain::job::Job::Registrations))
            .collect();
        assert!(of_home.iter().any(|ran| ran.outcome.as_ref().is_ok_and(|it| it["expired"] == 1)), "{of_home:?}");
        let ask = format!("{{ registration(id: {}) {{ state expiryReason }} }}", kept["id"]);
        let read = app.as_role(Role::Partner).query(&ask).await;
        assert_eq!(read.data()["registration"], json!({ "state": "EXPIRED", "expiryReason": "NO_MEETING_21D" }));
    });
}

/// A registration that no rule routes waits for RevOps: the promise of minutes runs until somebody owns it.
#[test]
fn what_no_rule_routes_is_assigned_by_hand_and_the_promise_shows() {
    on_every_backend(async |app| {
        let other = crate::registration::rival(&app).await;
        let made = submit(&other, "https://nobodys.example.org").await;
        let id = made["registration"]["id"].clone();
        let routing = async || {
            let ask = format!(
                "{{ slaClocks(filter: {{ subjectId: {{ eq: {id} }}, kind: {{ eq: ROUTING }} }}) {{ edges {{ node {{ state dueAt }} }} }} }}"
            );
            nodes(app.as_role(Role::Revops).query(&ask).await.data(), "slaClocks")[0].clone()
        };
        assert_eq!(
            (&routing().await["state"], &routing().await["dueAt"]),
            (&json!("RUNNING"), &json!("2026-10-05T09:15:00Z"))
        );
        let read = "{ seats(first: 50) { edges { node { id name } } } }";
        let seats = nodes(app.as_role(Role::Revops).query(read).await.data(), "seats");
        let seat = |name: &str| seats.iter().find(|seat| seat["name"] == name).unwrap()["id"].clone();
        let assign = async |seat: Value| {
            let input = json!({ "id": id, "ownerSeatId": seat });
            app.as_role(Role::Revops).change("registrationAssign", input, "registration { ownerName }").await
        };
        assert_eq!(codes(&assign(seat("FINANCE of home")).await), ["NOT_FOUND"]);
        let done = assign(seat("CUSTOMER_AE of home")).await;
        assert_eq!(done["registration"]["ownerName"], "CUSTOMER_AE of home", "{done}");
        assert_eq!(routing().await["state"], "MET");
        // The deal that it opened goes with it.
        let deal = format!("{{ registration(id: {id}) {{ deal {{ id }} }} }}");
        let theirs = app.as_role(Role::CustomerAe).query(&deal).await;
        assert_eq!(theirs.data()["registration"]["deal"]["id"], made["registration"]["deal"]["id"]);
    });
}

/// The world's open deal is locked with the partner on it since February, and registered since. The approval has nothing left to
/// protect: it is converted at once, with its letter, and its first call is owed all the same.
#[test]
fn what_is_approved_after_its_deal_was_locked_is_converted_at_once() {
    on_every_backend(async |app| {
        let id = json!(crate::support::world::global_id("Registration", app.world.home.registrations[0]));
        let decide = json!({ "id": id, "decision": "APPROVE", "reason": "theirs already" });
        let select = "registration { state validity acceptance { validThrough } deal { lockedAt } }";
        let made = app.as_role(Role::PartnerManager).change("registrationDecide", decide, select).await;
        assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
        let row = &made["registration"];
        assert_eq!((&row["state"], &row["validity"]), (&json!("CONVERTED"), &json!("OVER")), "{row}");
        assert!(row["acceptance"]["validThrough"].is_string() && row["deal"]["lockedAt"].is_string(), "{row}");
        let owed = "{ slaClocks(filter: { kind: { eq: JOIN_FIRST_CALL } }) { edges { node { state subjectId } } } }";
        let owed = app.as_role(Role::Partner).query(owed).await.data()["slaClocks"]["edges"].clone();
        assert_eq!(owed, json!([{ "node": { "state": "RUNNING", "subjectId": id } }]));
        // No clock of validity runs on: what is converted does not expire.
        app.clock.set(at("2027-02-01T09:00:00Z"));
        let later = format!("{{ registration(id: {id}) {{ state }} }}");
        let later = app.as_role(Role::Partner).query(&later).await;
        assert_eq!(later.data()["registration"]["state"], "CONVERTED");
        for program in api::usecase::program::all(&app.office).await.unwrap() {
            let found = api::usecase::check::check(&app.office, &program).await.unwrap();
            assert!(found.differences.is_empty(), "{:?}", found.differences);
        }
    });
}

/// A decision that puts the partner on a locked deal is a lock of its credit; what is added late is none.
#[test]
fn a_decided_dispute_converts_and_a_late_amendment_does_not() {
    on_every_backend(async |app| {
        let stand = crate::attribution::Stand::new(&app).await;
        let row = approved(&app, "https://decided.example.org").await;
        let deal = &row["deal"]["id"];
        stand.log(deal, 0, "TOUCH", chrono::TimeDelta::hours(1)).await;
        let direct = json!({ "dealId": deal, "direct": true });
        assert_eq!(codes(&stand.revops.change("attributionDeclare", direct, "deal { id }").await), Vec::<&str>::new());
        assert_eq!(codes(&stand.advance(deal, &stand.first).await), Vec::<&str>::new());
        let state = async || {
            let read = format!("{{ registration(id: {}) {{ state }} }}", row["id"]);
            app.as_role(Role::Partner).query(&read).await.data()["registration"]["state"].clone()
        };
        let late = json!({ "dealId": deal, "partnerId": stand.partners[0], "state": "ACCELERATED", "evidence": "Unblocked legal." });
        assert_eq!(codes(&stand.revops.change("attributionAmend", late, "deal { id }").await), Vec::<&str>::new());
        assert_eq!(state().await, "APPROVED");
        let claim =
            json!({ "dealId": deal, "partners": [stand.claim(0, "INFLUENCED")], "evidence": "The mail of 3 October." });
        let opened = app.as_role(Role::Partner).change("disputeOpen", claim, "dispute { id }").await;
        let changed = json!({ "id": opened["dispute"]["id"], "outcome": "CHANGED", "reason": "It was there." });
        let decided = stand.revops.change("disputeDecide", changed, "dispute { state }").await;
        assert_eq!(codes(&decided), Vec::<&str>::new(), "{decided}");
        assert_eq!(state().await, "CONVERTED");
    });
}

/// Two meetings, on the 6th and the 7th at 09:00, each with 24 hours for its own summary. The first has it; the second is missed by the
/// 8th, 09:00, and counts: one of two was kept. The first summary stays, and is what a refresh stands on.
#[test]
fn each_meeting_has_its_own_summary_and_its_own_clock() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://twice.example.org").await;
        commit_rep(&app, &row["deal"]["id"]).await;
        let attach = async |summary: &str| {
            let input = json!({ "id": row["id"], "summary": summary });
            let done = app.as_role(Role::Partner).change("registrationSummaryAttach", input, "replayed").await;
            assert_eq!(codes(&done), Vec::<&str>::new(), "{done}");
        };
        let read = async || {
            let ask = format!(
                "{{ registration(id: {}) {{ state validity meetings {{ activityId heldAt summary isSummaryLate }} }} }}",
                row["id"]
            );
            app.as_role(Role::Partner).query(&ask).await.data()["registration"].clone()
        };
        let clocks = async || {
            let ask =
                "{ slaClocks(filter: { kind: { eq: MEETING_SUMMARY } }) { edges { node { state dueAt subjectId } } } }";
            nodes(app.as_role(Role::Partner).query(ask).await.data(), "slaClocks")
        };
        app.clock.set(at("2026-10-06T10:00:00Z"));
        assert_eq!(codes(&meet(&app, &row, "2026-10-06T09:00:00Z").await), Vec::<&str>::new());
        attach("Two sites.").await;
        app.clock.set(at("2026-10-07T10:00:00Z"));
        assert_eq!(codes(&meet(&app, &row, "2026-10-07T09:00:00Z").await), Vec::<&str>::new());
        let more = json!({ "id": row["id"], "reason": "it goes on" });
        let fresh =
            app.as_role(Role::PartnerManager).change("registrationRefresh", more, "registration { state }").await;
        assert_eq!(fresh["registration"]["state"], "REFRESHED", "{fresh}");
        app.clock.set(at("2026-10-08T09:00:00.000001Z"));
        let late = read().await;
        assert_eq!(late["validity"], "SUSPENDED", "{late}");
        assert_eq!(late["meetings"][0]["summary"], "Two sites.", "{late}");
        let mut both = clocks().await;
        both.sort_by_key(|clock| clock["dueAt"].to_string());
        let expected = json!([
            { "state": "MET", "dueAt": "2026-10-07T09:00:00Z", "subjectId": late["meetings"][0]["activityId"] },
            { "state": "MISSED", "dueAt": "2026-10-08T09:00:00Z", "subjectId": late["meetings"][1]["activityId"] },
        ]);
        assert_eq!(json!(both), expected);
        let rates = "{ slaRates { promises { kind owner met missed keptRate } } }";
        let rates = app.as_role(Role::Revops).query(rates).await.data()["slaRates"]["promises"].clone();
        let half = json!({ "kind": "MEETING_SUMMARY", "owner": "PARTNER", "met": 1, "missed": 1, "keptRate": "0.500000000000" });
        assert!(rates.as_array().unwrap().contains(&half), "{rates}");
        attach("A pilot.").await;
        let told = read().await;
        assert_eq!(
            (&told["validity"], &told["meetings"][1]["isSummaryLate"]),
            (&json!("VALID"), &json!(true)),
            "{told}"
        );
        assert_eq!(clocks().await.iter().filter(|clock| clock["state"] == "MISSED").count(), 1);
    });
}
