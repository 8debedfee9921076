//! Attribution: declared with evidence, locked at Stage 1, never edited, on both back ends.

use crate::support::{App, Seat, on_every_backend};
use chrono::{DateTime, TimeDelta, Utc};
use domain::attribution::{Declaration, Provenance};
use domain::deal::Outcome;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

/// The rules that refused a payload, or the codes where no rule did.
pub(crate) fn rules(payload: &Value) -> Vec<&str> {
    let errors = payload["userErrors"].as_array().unwrap();
    errors.iter().map(|error| error["rule"].as_str().or(error["code"].as_str()).unwrap()).collect()
}

/// What most tests need: partners, a stage before Stage 1, one at it, and the segment.
pub(crate) struct Stand<'a> {
    pub(crate) app: &'a App,
    pub(crate) revops: Seat<'a>,
    pub(crate) partners: Vec<Value>,
    pub(crate) lead: Value,
    pub(crate) first: Value,
    pub(crate) lost: Value,
}

impl<'a> Stand<'a> {
    pub(crate) async fn new(app: &'a App) -> Self {
        let revops = app.as_role(Role::Revops);
        let found = revops.query("{ partners { edges { node { id } } } }").await.data()["partners"]["edges"].clone();
        let partners = found.as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect();
        let stage = async |name: &str, outcome: &str, later: bool| {
            let input = json!({ "crmName": name, "outcome": outcome, "position": 5, "isStageOneOrLater": later });
            revops.change("stageMap", input, "stage { id }").await["stage"]["id"].clone()
        };
        let lead = stage("Prospecting", "OPEN", false).await;
        let first = stage("Discovery", "OPEN", true).await;
        let lost = stage("Closed Lost", "LOST", true).await;
        Self { app, revops, partners, lead, first, lost }
    }

    /// A deal before Stage 1, in the world's segment or in none.
    pub(crate) async fn deal(&self, name: &str, with_segment: bool) -> Value {
        let mut facts = json!({ "name": name, "openedOn": "2026-07-01", "stageId": self.lead });
        if with_segment {
            facts["segmentId"] = json!(crate::support::world::global_id("Segment", self.app.world.home.segment));
        }
        let made = self.revops.change("dealCreate", json!({ "facts": facts }), "deal { id }").await;
        assert_eq!(rules(&made), Vec::<&str>::new());
        made["deal"]["id"].clone()
    }

    /// Logs what a partner did on a deal, now, as having happened so long ago.
    pub(crate) async fn log(&self, deal: &Value, partner: usize, kind: &str, ago: TimeDelta) -> Value {
        self.log_at(deal, partner, kind, self.app.clock.now() - ago).await
    }

    pub(crate) async fn log_at(&self, deal: &Value, partner: usize, kind: &str, at: DateTime<Utc>) -> Value {
        let input = json!({ "dealId": deal, "partnerId": self.partners[partner], "kind": kind, "happenedAt": at });
        let logged = self.revops.change("activityLog", input, "activity { id }").await;
        assert_eq!(rules(&logged), Vec::<&str>::new());
        logged["activity"]["id"].clone()
    }

    pub(crate) fn claim(&self, partner: usize, state: &str) -> Value {
        json!({ "partnerId": self.partners[partner], "state": state })
    }

    pub(crate) async fn declare(&self, deal: &Value, partners: Value) -> Value {
        let input = json!({ "dealId": deal, "partners": partners });
        let select = "deal { lockedAt attributions { state provenance basis { id kind happenedAt recordedAt } } }";
        self.revops.change("attributionDeclare", input, select).await
    }

    pub(crate) async fn advance(&self, deal: &Value, stage: &Value) -> Value {
        let select = "deal { lockedAt hasReachedStageOne attributions { state lockedAt basis { id } } }";
        self.revops.change("dealAdvance", json!({ "id": deal, "stageId": stage }), select).await
    }
}

#[test]
fn no_deal_passes_stage_one_undeclared_by_any_way() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let (revops, missing) = (&stand.revops, vec!["DECLARATION_MISSING"]);
        let made = json!({ "facts": { "name": "Straight in", "openedOn": "2026-07-01", "stageId": stand.first } });
        let refused = revops.change("dealCreate", made.clone(), "deal { id }").await;
        assert_eq!((rules(&refused), &refused["deal"]), (missing.clone(), &Value::Null));
        let won = json!({ "facts": { "name": "Won at once", "openedOn": "2026-07-01", "closedOn": "2026-08-01", "outcome": "WON" } });
        assert_eq!(rules(&revops.change("dealCreate", won, "deal { id }").await), missing);
        let deal = stand.deal("Slow", true).await;
        assert_eq!(rules(&stand.advance(&deal, &stand.first).await), missing);
        let update = async |facts: Value| {
            let input = json!({ "id": deal, "facts": facts });
            revops.change("dealUpdate", input, "deal { id }").await
        };
        assert_eq!(rules(&update(json!({ "stageId": stand.first })).await), missing);
        assert_eq!(rules(&update(json!({ "stageId": stand.lost, "closedOn": "2026-08-01" })).await), missing);
        assert_eq!(rules(&update(json!({ "outcome": "WON", "closedOn": "2026-08-01" })).await), missing);
        // The sentence says what to do, and other facts may change.
        assert!(
            update(json!({ "stageId": stand.first })).await["userErrors"][0]["message"]
                .as_str()
                .unwrap()
                .contains("declare")
        );
        assert_eq!(rules(&update(json!({ "name": "Slower" })).await), Vec::<&str>::new());
        // Declared as direct it passes, and is locked.
        let declared =
            revops.change("attributionDeclare", json!({ "dealId": deal, "direct": true }), "deal { lockedAt }").await;
        assert_eq!(declared["deal"]["lockedAt"], Value::Null);
        let passed = stand.advance(&deal, &stand.first).await;
        assert_ne!(passed["deal"]["lockedAt"], Value::Null, "{passed}");
        // A new deal may bring its declaration along.
        let mut direct = made;
        direct["direct"] = json!(true);
        let begun = revops.change("dealCreate", direct, "deal { declaration lockedAt }").await;
        assert_eq!(begun["deal"]["declaration"], "DIRECT");
        assert_ne!(begun["deal"]["lockedAt"], Value::Null);
    });
}

#[test]
fn imported_history_stays_undeclared_until_it_moves_on() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let store = &app.office.store;
        let whole = domain::slice::Viewer::system(app.world.home.program).slice().unwrap();
        let like = entity::deal::find(store.read(), &whole, app.world.home.open[0]).await.unwrap().unwrap();
        let id = Uuid::from_u128(77);
        let old = domain::deal::Deal {
            id,
            external_id: Some("OLD".into()),
            declaration: Declaration::Unknown,
            provenance: Provenance::Imported,
            locked_at: None,
            outcome: Outcome::Open,
            ..like
        };
        entity::deal::insert(store.write(), &whole, &old).await.unwrap();
        let deal = json!(crate::support::world::global_id("Deal", id));
        let count = async || {
            stand.revops.query("{ dataQuality { openUndeclared } }").await.data()["dataQuality"]["openUndeclared"]
                .clone()
        };
        assert_eq!(count().await, 1);
        let named = json!({ "id": deal, "facts": { "name": "Old, renamed" } });
        assert_eq!(rules(&stand.revops.change("dealUpdate", named, "deal { id }").await), Vec::<&str>::new());
        assert_eq!(rules(&stand.advance(&deal, &stand.first).await), ["DECLARATION_MISSING"]);
        assert_eq!(rules(&stand.advance(&deal, &stand.lead).await), Vec::<&str>::new());
        // It has passed Stage 1 already, so a declaration locks it at once; the evidence is asked for as for any other.
        let sourced = json!([stand.claim(0, "SOURCED")]);
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
        let declared = stand.declare(&deal, sourced).await;
        assert_ne!(declared["deal"]["lockedAt"], Value::Null, "{declared}");
        assert_eq!(rules(&stand.advance(&deal, &stand.first).await), Vec::<&str>::new());
        assert_eq!(count().await, 0);
    });
}

#[test]
fn sourced_needs_an_introduction_recorded_within_exactly_48_hours() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Introduced", true).await;
        let sourced = |partner| json!([stand.claim(partner, "SOURCED")]);
        assert_eq!(rules(&stand.declare(&deal, sourced(0)).await), ["INTRODUCTION_MISSING"]);
        stand.log(&deal, 0, "MEETING", TimeDelta::hours(1)).await;
        assert_eq!(rules(&stand.declare(&deal, sourced(0)).await), ["INTRODUCTION_MISSING"]);
        let late = stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(48) + TimeDelta::microseconds(1)).await;
        let refused = stand.declare(&deal, sourced(0)).await;
        assert_eq!(rules(&refused), ["INTRODUCTION_RECORDED_LATE"]);
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "partners", "0", "state"]));
        // The other partner's was in time: it is its own alone.
        let in_time = stand.log(&deal, 1, "INTRODUCTION", TimeDelta::hours(48)).await;
        assert_eq!(rules(&stand.declare(&deal, sourced(0)).await), ["INTRODUCTION_RECORDED_LATE"]);
        let with = |partner: usize, activity: &Value| {
            let mut claim = stand.claim(partner, "SOURCED");
            claim["activityId"] = activity.clone();
            json!([claim])
        };
        assert_eq!(rules(&stand.declare(&deal, with(0, &in_time)).await), ["NOT_ITS_ACTIVITY"]);
        assert_eq!(rules(&stand.declare(&deal, with(0, &late)).await), ["INTRODUCTION_RECORDED_LATE"]);
        let declared = stand.declare(&deal, sourced(1)).await;
        assert_eq!(rules(&declared), Vec::<&str>::new());
        assert_eq!(declared["deal"]["attributions"][0]["basis"]["id"], in_time);
        assert_eq!(declared["deal"]["attributions"][0]["basis"]["kind"], "INTRODUCTION");
        // INFLUENCED it may be: it was there.
        let both = json!([stand.claim(1, "SOURCED"), stand.claim(0, "INFLUENCED")]);
        assert_eq!(rules(&stand.declare(&deal, both).await), Vec::<&str>::new());
    });
}

#[test]
fn influence_needs_a_touch_on_or_after_the_first_day_of_the_window() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        // The world's won deals took 98 days each; where there is no segment the window is 60 days. Today is 5 October.
        for (with_segment, first_day) in [(true, "2026-06-29"), (false, "2026-08-06")] {
            let midnight: DateTime<Utc> = format!("{first_day}T00:00:00Z").parse().unwrap();
            for state in ["INFLUENCED", "ACCELERATED"] {
                let deal = stand.deal("Touched", with_segment).await;
                let claims = json!([stand.claim(0, state)]);
                assert_eq!(rules(&stand.declare(&deal, claims.clone()).await), ["TOUCH_MISSING"]);
                stand.log_at(&deal, 0, "NOTE", midnight).await;
                assert_eq!(rules(&stand.declare(&deal, claims.clone()).await), ["TOUCH_MISSING"]);
                stand.log_at(&deal, 0, "TOUCH", midnight - TimeDelta::microseconds(1)).await;
                assert_eq!(rules(&stand.declare(&deal, claims.clone()).await), ["TOUCH_OUTSIDE_WINDOW"]);
                stand.log_at(&deal, 0, "TOUCH", midnight).await;
                assert_eq!(rules(&stand.declare(&deal, claims).await), Vec::<&str>::new(), "{first_day} {state}");
            }
        }
    });
}

#[test]
fn a_claim_that_has_run_out_by_the_lock_is_refused_there() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Slipping", false).await;
        stand.log_at(&deal, 0, "TOUCH", "2026-08-06T00:00:00Z".parse().unwrap()).await;
        assert_eq!(rules(&stand.declare(&deal, json!([stand.claim(0, "INFLUENCED")])).await), Vec::<&str>::new());
        app.clock.advance(TimeDelta::days(1));
        let stand = Stand { revops: app.as_role(Role::Revops), ..stand };
        let refused = stand.advance(&deal, &stand.first).await;
        assert_eq!(rules(&refused), ["TOUCH_OUTSIDE_WINDOW"]);
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().starts_with("Northwind: "), "{refused}");
        let fresh = stand.log(&deal, 0, "CALL", TimeDelta::hours(3)).await;
        let locked = stand.advance(&deal, &stand.first).await;
        assert_eq!(locked["deal"]["attributions"][0]["basis"]["id"], fresh, "{locked}");
        assert_eq!(locked["deal"]["attributions"][0]["lockedAt"], locked["deal"]["lockedAt"]);
        assert_eq!(rules(&stand.declare(&deal, json!([stand.claim(0, "INFLUENCED")])).await), ["LOCKED"]);
    });
}

#[test]
fn an_introduction_to_an_account_proves_the_deal_that_follows() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let account = crate::support::world::global_id("Account", app.world.home.accounts[1]);
        let facts =
            json!({ "name": "Follows", "openedOn": "2026-10-05", "stageId": stand.first, "accountId": account });
        let input = json!({ "facts": facts, "partners": [stand.claim(0, "SOURCED")] });
        assert_eq!(
            rules(&stand.revops.change("dealCreate", input.clone(), "deal { id }").await),
            ["INTRODUCTION_MISSING"]
        );
        let log = json!({ "accountId": account, "partnerId": stand.partners[0], "kind": "INTRODUCTION", "happenedAt": "2026-10-04T09:00:00Z" });
        let logged = stand.revops.change("activityLog", log, "activity { id } deal { id }").await;
        assert_eq!((rules(&logged), &logged["deal"]), (Vec::new(), &Value::Null));
        let made =
            stand.revops.change("dealCreate", input, "deal { lockedAt attributions { state basis { id } } }").await;
        assert_eq!(made["deal"]["attributions"][0]["basis"]["id"], logged["activity"]["id"], "{made}");
        assert_ne!(made["deal"]["lockedAt"], Value::Null);
        let neither = json!({ "kind": "TOUCH", "happenedAt": "2026-10-04T09:00:00Z" });
        assert_eq!(rules(&stand.revops.change("activityLog", neither, "activity { id }").await), ["REQUIRED"]);
    });
}

#[test]
fn declarations_that_race_with_the_lock_never_edit_what_is_locked() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Race", false).await;
        for partner in [0, 1] {
            stand.log(&deal, partner, "INTRODUCTION", TimeDelta::hours(1)).await;
        }
        stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await;
        let (stand, deal) = (&stand, &deal);
        let declares = (0..6).map(|at| stand.declare(deal, json!([stand.claim(at % 2, "SOURCED")])));
        let (declared, locked) =
            futures_util::future::join(futures_util::future::join_all(declares), stand.advance(deal, &stand.first))
                .await;
        assert_eq!(rules(&locked), Vec::<&str>::new());
        assert!(declared.iter().all(|one| rules(one).is_empty() || rules(one) == ["LOCKED"]), "{declared:?}");
        let read = "query($id: ID!) { deal(id: $id) { lockedAt attributions { lockedAt state basis { id } } } }";
        let now = stand.revops.query_with(read, json!({ "id": deal })).await.data()["deal"].clone();
        assert_eq!(now["attributions"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&now["lockedAt"], &now["attributions"]),
            (
                &locked["deal"]["lockedAt"],
                &json!([{
            "lockedAt": now["lockedAt"], "state": "SOURCED", "basis": locked["deal"]["attributions"][0]["basis"] }])
            )
        );
    });
}
