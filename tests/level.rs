//! Program levels on the scheduler, and what each level gives.

use crate::registration::{at, codes, rules, submit};
use crate::support::{App, on_every_backend};
use api::jobs::tick;
use api::usecase::program;
use domain::role::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The outcomes of the levels' job in the home program.
async fn ticked(app: &App) -> Vec<(String, Value)> {
    let home = program::find_by_slug(&app.office, "home").await.unwrap().unwrap();
    let ran = tick(&app.office, &[home], &CancellationToken::new()).await.unwrap();
    let levels = ran.into_iter().filter(|ran| matches!(ran.job, domain::job::Job::Levels));
    levels.map(|ran| (ran.period, ran.outcome.unwrap())).collect()
}

async fn own(app: &App) -> Value {
    let ask = "{ partners { edges { node { level { level quarter benefits registrationChecksPerDay } } } } }";
    app.as_role(Role::Partner).query(ask).await.data()["partners"]["edges"][0]["node"]["level"].clone()
}

#[test]
fn the_scheduler_computes_every_partners_level_once_a_quarter() {
    on_every_backend(async |app| {
        assert_eq!(own(&app).await, Value::Null);
        assert_eq!(ticked(&app).await, [("2026-Q4".to_owned(), json!({ "computed": 2 }))]);
        assert_eq!(own(&app).await["quarter"], "2026-Q4");
        assert!(ticked(&app).await.is_empty());
        app.clock.set(at("2026-12-31T23:59:00Z"));
        assert!(ticked(&app).await.is_empty());
        app.clock.set(at("2027-01-01T00:00:00Z"));
        assert_eq!(ticked(&app).await, [("2027-Q1".to_owned(), json!({ "computed": 2 }))]);
        assert_eq!(own(&app).await["quarter"], "2027-Q1");
    });
}

#[test]
fn a_partner_reads_what_its_own_level_gives_and_the_server_keeps_to_it() {
    on_every_backend(async |app| {
        ticked(&app).await;
        let select = "levelBenefits { level benefits registrationChecksPerDay version }";
        let set = async |level: &str, benefits: &[&str], checks: Option<i32>, expected: i64| {
            let input = json!({ "level": level, "benefits": benefits, "registrationChecksPerDay": checks, "expectedVersion": expected });
            app.as_role(Role::Operator).change("levelBenefitsSet", input, select).await
        };
        assert_eq!(
            own(&app).await,
            json!({ "level": "REGISTERED", "quarter": "2026-Q4", "benefits": [], "registrationChecksPerDay": null })
        );
        let wrong = set("GOLD", &["Joint campaigns", " "], Some(-1), 0).await;
        let paths: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&json!(["input", "benefits", "1"]), &json!(["input", "registrationChecksPerDay"])]);
        assert_eq!(codes(&set("GOLD", &["Joint campaigns"], None, 0).await), Vec::<&str>::new());
        let made = set("REGISTERED", &["Portal", "Three accounts a day"], Some(3), 0).await;
        let all = json!([
            { "level": "REGISTERED", "benefits": ["Portal", "Three accounts a day"], "registrationChecksPerDay": 3, "version": 1 },
            { "level": "GOLD", "benefits": ["Joint campaigns"], "registrationChecksPerDay": null, "version": 1 },
        ]);
        assert_eq!(made["levelBenefits"], all, "{made}");
        assert_eq!(codes(&set("GOLD", &[], None, 0).await), ["STALE_VERSION"]);
        assert_eq!(own(&app).await["benefits"], json!(["Portal", "Three accounts a day"]));
        // Its own level's, not the others'.
        assert_eq!(app.as_role(Role::Partner).query(&format!("{{ {select} }}")).await.status, 400);
        assert_eq!(app.as_role(Role::CustomerAe).query(&format!("{{ {select} }}")).await.data()["levelBenefits"], all);
        // The world's own registration of today is the first of three.
        let partner = app.as_role(Role::Partner);
        for url in ["https://one.example.org", "https://two.example.net"] {
            assert_eq!(codes(&submit(&partner, url).await), Vec::<&str>::new());
        }
        assert_eq!(rules(&submit(&partner, "https://three.example.com").await), ["CHECK_LIMIT"]);
        // Without a number of its own, the level has the policy's: 20.
        set("REGISTERED", &["Portal"], None, 1).await;
        assert_eq!(codes(&submit(&partner, "https://three.example.com").await), Vec::<&str>::new());
    });
}
