//! Tier decisions that are due: listed by name, told of by the scheduler before the day and after it, by role and slice.

use crate::support::patience::until;
use crate::support::stream::{Events, Socket};
use crate::support::world::{World, global_id};
use crate::support::{App, on_every_backend};
use api::jobs::tick;
use api::usecase::program;
use domain::role::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const TOLD: &str = "subscription { tierDecisionDue { eventId dueOn isOverdue partner { name } } }";

/// What the daily job of the home program told of.
async fn ticked(app: &App) -> Vec<Value> {
    let home = program::find_by_slug(&app.office, "home").await.unwrap().unwrap();
    let ran = tick(&app.office, &[home], &CancellationToken::new()).await.unwrap();
    let own = ran.into_iter().filter(|ran| matches!(ran.job, domain::job::Job::TierDecisions));
    own.map(|ran| ran.outcome.unwrap()).collect()
}

fn to(app: &App, day: &str) {
    app.clock.set(format!("{day}T09:00:00Z").parse().unwrap());
}

async fn decide(app: &App, at: usize) {
    let input = json!({ "partnerId": global_id("Partner", app.world.home.partners[at]), "tier": "TEST" });
    let done = app.as_role(Role::Operator).change("tierDecide", input, "tierDecision { tier }").await;
    assert_eq!(done["userErrors"], json!([]), "{done}");
}

async fn due(app: &App, role: Role) -> Value {
    let ask = "{ tierDecisionsDue { partner { name } dueOn isOverdue decision { tier } } }";
    app.as_role(role).query(ask).await.data()["tierDecisionsDue"].clone()
}

/// Both partners are new: due at the end of the Recruit phase, 21 October. Fourteen days before is the 7th. Northwind is decided on
/// the 10th and is due again 90 days later, on 8 January; its Recruit phase ends later, on the 21st.
#[test]
fn a_decision_is_told_of_once_before_its_day_and_once_after_it() {
    on_every_backend(async |app| {
        to(&app, "2026-10-06");
        assert_eq!(ticked(&app).await, [json!({ "near": 0, "overdue": 0 })]);
        assert_eq!(due(&app, Role::Operator).await, json!([]));
        to(&app, "2026-10-07");
        let line = |name: &str, day: &str, is_overdue: bool, tier: Value| json!({ "partner": { "name": name }, "dueOn": day, "isOverdue": is_overdue, "decision": tier });
        let southbay = line("Southbay", "2026-10-21", false, Value::Null);
        assert_eq!(
            due(&app, Role::Operator).await,
            json!([line("Northwind", "2026-10-21", false, Value::Null), southbay])
        );
        assert_eq!(ticked(&app).await, [json!({ "near": 2, "overdue": 0 })]);
        to(&app, "2026-10-10");
        decide(&app, 0).await;
        assert_eq!(due(&app, Role::Operator).await, json!([southbay]));
        to(&app, "2026-10-21");
        assert_eq!(ticked(&app).await, [json!({ "near": 0, "overdue": 0 })], "each is told of once");
        to(&app, "2026-10-22");
        assert_eq!(due(&app, Role::Operator).await, json!([line("Southbay", "2026-10-21", true, Value::Null)]));
        assert_eq!(ticked(&app).await, [json!({ "near": 0, "overdue": 1 })]);
        to(&app, "2026-12-25");
        let northwind = line("Northwind", "2027-01-08", false, json!({ "tier": "TEST" }));
        assert_eq!(due(&app, Role::Operator).await[0], northwind);
        assert_eq!(ticked(&app).await, [json!({ "near": 1, "overdue": 0 })], "the decision has a day of its own");
        // A manager is told of its own partner; a partner has no such field.
        assert_eq!(due(&app, Role::PartnerManager).await, json!([northwind]));
        assert_eq!(app.as_role(Role::Partner).query("{ tierDecisionsDue { dueOn } }").await.status, 400);
    });
}

#[test]
fn a_follower_hears_of_the_partners_of_its_slice_and_resumes_behind_the_last() {
    on_every_backend(async |app| {
        to(&app, "2026-10-20");
        let token = |role| app.token(&World::subject(role));
        let mut manager = Events::open(app.address, &token(Role::PartnerManager), TOLD, None).await;
        let mut operator = Socket::open(app.address, &token(Role::Operator), TOLD).await;
        until("followers", async || app.office.feed.followers() >= 2).await;
        ticked(&app).await;
        let mut names = Vec::new();
        for _ in 0..2 {
            names.push(operator.next().await["data"]["tierDecisionDue"]["partner"]["name"].clone());
        }
        names.sort_by_key(ToString::to_string);
        assert_eq!(names, ["Northwind", "Southbay"]);
        let (id, answer) = manager.next().await.unwrap();
        let expected =
            json!({ "eventId": id, "dueOn": "2026-10-21", "isOverdue": false, "partner": { "name": "Northwind" } });
        assert_eq!(answer["data"]["tierDecisionDue"], expected);
        drop(manager);
        to(&app, "2026-10-22");
        ticked(&app).await;
        let mut again = Events::open(app.address, &token(Role::PartnerManager), TOLD, Some(&id)).await;
        let next = again.next().await.unwrap().1["data"]["tierDecisionDue"].clone();
        assert_eq!((&next["isOverdue"], &next["partner"]["name"]), (&json!(true), &json!("Northwind")));
    });
}
