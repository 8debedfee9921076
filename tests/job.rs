//! The scheduler: each period's job once, whoever runs it; a dead worker's taken over; downtime caught up in order.

use crate::support::database::{Backend, Database};
use crate::support::world::somebody;
use crate::support::{App, on_every_backend};
use api::clock::Clock;
use api::jobs::{Ran, tick};
use api::usecase::job::{self, Claimed};
use api::usecase::{Office, program};
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Role;
use entity::Store;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use tokio_util::sync::CancellationToken;

/// Runs what is due in the home program, and says what ran.
async fn ticked(office: &Office) -> Vec<(String, String)> {
    let home = program::find_by_slug(office, "home").await.unwrap().unwrap();
    let ran = tick(office, &[home], &CancellationToken::new()).await.unwrap();
    let told = |ran: Ran| {
        ran.outcome.unwrap();
        (<&str>::from(ran.job).to_owned(), ran.period)
    };
    ran.into_iter().map(told).collect()
}

fn days(ran: &[(String, String)]) -> Vec<&str> {
    ran.iter().filter(|(job, _)| job == "HOUSEKEEPING").map(|(_, period)| period.as_str()).collect()
}

#[test]
fn two_servers_that_tick_at_once_run_each_period_once() {
    on_every_backend(async |app| {
        let beside = app.beside().await;
        let mut all = Vec::new();
        for _ in 0..8 {
            let (one, other, third) = tokio::join!(ticked(&app.office), ticked(&beside.office), ticked(&app.office));
            all.extend([one, other, third].concat());
            app.clock.advance(TimeDelta::minutes(1));
        }
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
        // Eight minutes, a day of each of the five daily jobs, and the quarter's levels.
        assert_eq!(all.len(), 14, "{all:?}");
    });
}

#[test]
fn a_dead_workers_claim_lapses_and_is_taken_over() {
    on_every_backend(async |app| {
        let system = somebody(&app.office, app.world.home.program, Role::Revops);
        let due = job::upcoming(&system).await.unwrap();
        let housekeeping = due.iter().find(|due| <&str>::from(due.job) == "HOUSEKEEPING").unwrap();
        let dead = app.clock.id();
        assert_eq!(job::claim(&system, housekeeping, dead).await.unwrap(), Claimed::Ours(1));
        assert_eq!(job::claim(&system, housekeeping, app.clock.id()).await.unwrap(), Claimed::Held);
        assert!(days(&ticked(&app.office).await).is_empty());
        app.clock.advance(TimeDelta::minutes(10));
        assert_eq!(days(&ticked(&app.office).await), ["2026-10-05"]);
        // The dead one comes back, and what it says counts for nothing.
        job::finish(&system, housekeeping, dead, 1, &Ok(json!("late"))).await.unwrap();
        assert!(days(&ticked(&app.office).await).is_empty());
        let query = "{ jobRuns(first: 100) { job period periodStartsAt state attempts outcome } }";
        let runs = app.as_role(Role::Revops).query(query).await.data()["jobRuns"].clone();
        let run = runs.as_array().unwrap().iter().find(|run| run["job"] == "HOUSEKEEPING").unwrap();
        assert_eq!((&run["state"], &run["attempts"]), (&json!("DONE"), &json!(2)), "{runs}");
        assert!(run["outcome"].as_str().unwrap().contains("keysForgotten"));
    });
}

#[test]
fn a_job_that_failed_is_tried_again_and_holds_its_later_periods_back() {
    on_every_backend(async |app| {
        let system = somebody(&app.office, app.world.home.program, Role::Revops);
        let due = job::upcoming(&system).await.unwrap();
        let housekeeping = due.iter().find(|due| <&str>::from(due.job) == "HOUSEKEEPING").unwrap();
        let worker = app.clock.id();
        app.clock.set(at("2026-10-05T23:59:30Z"));
        assert_eq!(job::claim(&system, housekeeping, worker).await.unwrap(), Claimed::Ours(1));
        let broken = Err(api::usecase::Failure::Broken);
        job::finish(&system, housekeeping, worker, 1, &broken).await.unwrap();
        // Thirty seconds later it is another day, whose turn comes after the one that failed a moment ago.
        app.clock.set(at("2026-10-06T00:00:00Z"));
        assert!(days(&ticked(&app.office).await).is_empty());
        app.clock.set(at("2026-10-06T00:00:30Z"));
        assert_eq!(days(&ticked(&app.office).await), ["2026-10-05", "2026-10-06"]);
    });
}

#[test]
fn a_week_of_downtime_is_caught_up_in_order() {
    on_every_backend(async |app| {
        assert_eq!(days(&ticked(&app.office).await), ["2026-10-05"]);
        app.clock.advance(TimeDelta::days(6));
        let ran = ticked(&app.office).await;
        let expected = ["2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-10", "2026-10-11"];
        assert_eq!(days(&ran), expected);
        // By the minute, only the present one: it finds all that is due by itself.
        assert_eq!(ran.iter().filter(|(job, _)| job == "SLA_CLOCKS").count(), 1);
        assert_eq!(ran.last().unwrap().0, "SLA_CLOCKS", "the latest period comes last");
        assert!(ticked(&app.office).await.is_empty());
    });
}

#[test]
fn housekeeping_forgets_keys_and_events_after_their_time() {
    on_every_backend(async |app| {
        let input = json!({ "idempotencyKey": "k", "name": "Segment" });
        app.as_role(Role::Revops).change("segmentCreate", input, "segment { id }").await;
        let outcome = async |app: &App| {
            ticked(&app.office).await;
            let query = "{ jobRuns(first: 100) { job outcome } }";
            let runs = app.as_role(Role::Revops).query(query).await.data()["jobRuns"].clone();
            let run = runs.as_array().unwrap().iter().find(|run| run["job"] == "HOUSEKEEPING").unwrap();
            serde_json::from_str::<Value>(run["outcome"].as_str().unwrap()).unwrap()
        };
        assert_eq!(outcome(&app).await["keysForgotten"], 0);
        app.clock.advance(TimeDelta::hours(24) + TimeDelta::microseconds(1));
        assert_eq!(outcome(&app).await["keysForgotten"], 1);
    });
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tick_runs_what_is_due_at_an_instant_from_the_command_line() {
    let database = Database::fresh(Backend::Sqlite);
    let office = Office::new(Store::connect(&database.url, 2).await.unwrap(), Clock::fixed(at("2026-10-01T00:00:00Z")));
    for (slug, zone) in [("acme", "America/New_York"), ("beta", "UTC")] {
        let new = program::New {
            slug: slug.into(),
            name: slug.into(),
            currency: "USD".into(),
            zone: zone.into(),
            fiscal_start_month: 1,
        };
        program::create(&office, new).await.unwrap();
    }
    let tick = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_partnerloop"))
            .env_clear()
            .env("DATABASE_URL", &database.url)
            .arg("tick")
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let ran: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told = |ran: &Value| format!("{} {} {}", ran["program"], ran["job"], ran["period"]).replace('"', "");
        let jobs = || ran.iter().filter(|ran| ran["job"] != "LEDGER_SEAL");
        assert!(
            !output.status.success()
                || ran.iter().any(|ran| ran["job"] == "LEDGER_SEAL" && ran["outcome"]["size"].is_u64()),
            "{ran:?}"
        );
        (output.status.code(), jobs().map(told).collect::<Vec<_>>(), ran)
    };
    // 02:30 UTC is still the day before in New York.
    let (code, told, ran) = tick(&["--at", "2026-10-05T02:30:30Z", "--program", "acme"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        told,
        [
            "acme LEVELS 2026-Q4",
            "acme REGISTRATIONS 2026-10-04",
            "acme PRIMARY_SALES 2026-10-04",
            "acme TIER_DECISIONS 2026-10-04",
            "acme RATES 2026-10-04",
            "acme HOUSEKEEPING 2026-10-04",
            "acme SLA_CLOCKS 2026-10-05T02:30Z"
        ]
    );
    assert_eq!(
        (&ran[6]["at"], &ran[6]["outcome"]),
        (&json!("2026-10-05T02:30:30Z"), &json!({ "warned": 0, "missed": 0 }))
    );
    let (_, told, _) = tick(&["--at", "2026-10-05T02:30:59Z"]);
    assert_eq!(
        told,
        [
            "beta LEVELS 2026-Q4",
            "beta REGISTRATIONS 2026-10-05",
            "beta PRIMARY_SALES 2026-10-05",
            "beta TIER_DECISIONS 2026-10-05",
            "beta RATES 2026-10-05",
            "beta HOUSEKEEPING 2026-10-05",
            "beta SLA_CLOCKS 2026-10-05T02:30Z"
        ]
    );
    assert!(tick(&["--at", "2026-10-05T02:30:59Z"]).1.is_empty());
    assert_eq!(tick(&["--program", "nobody"]).0, Some(1));
    assert_eq!(tick(&["--at", "yesterday"]).0, Some(2));
}
