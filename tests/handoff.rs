//! Handoffs through the API: fired by events of deals, acknowledged by the receiver, overdue when their time is over.

use crate::registration::{at, codes, rules};
use crate::support::patience::until;
use crate::support::stream::{Events, Socket};
use crate::support::world::{World, global_id};
use crate::support::{App, on_every_backend};
use domain::funnel::FunnelStage;
use domain::handoff::{Handoff, HandoffEvent, HandoffRule};
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

const ONE: &str = "handoff { id state isLate acknowledgedAt note version }";
const LIST: &str =
    "{ handoffs { totalCount edges { node { id fromStage toStage event giver receiver what dueAt state isLate
    partner { name } deal { name } } } } }";

fn rule(event: &str, from: &str, to: &str, giver: &str, receiver: &str) -> Value {
    json!({ "fromStage": from, "toStage": to, "event": event, "dealKind": "NEW", "giver": giver, "receiver": receiver,
        "what": "What was promised, to whom, and what is next" })
}

async fn set(app: &App, list: &[Value]) -> Value {
    let input = json!({ "rules": list, "expectedVersion": 0 });
    app.as_role(Role::Operator).change("handoffRulesSet", input, "handoffRules { version rules { what } }").await
}

async fn stage(app: &App, name: &str) -> Value {
    let answer = app.as_role(Role::Revops).query("{ program { stages { id crmName } } }").await;
    let stages = answer.data()["program"]["stages"].as_array().unwrap().clone();
    stages.iter().find(|stage| stage["crmName"] == name).unwrap()["id"].clone()
}

async fn advance(app: &App, deal: Uuid, name: &str, closed_on: Option<&str>) {
    let input = json!({ "id": global_id("Deal", deal), "stageId": stage(app, name).await, "closedOn": closed_on });
    let made = app.as_role(Role::Revops).change("dealAdvance", input, "deal { outcome }").await;
    assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
}

async fn list(app: &App, role: Role) -> Vec<Value> {
    let answer = app.as_role(role).query(LIST).await;
    let edges = answer.data()["handoffs"]["edges"].as_array().unwrap().clone();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

async fn acknowledge(app: &App, role: Role, id: &Value, note: &str) -> Value {
    app.as_role(role).change("handoffAcknowledge", json!({ "id": id, "note": note }), ONE).await
}

fn to<'a>(list: &'a [Value], receiver: &str) -> &'a Value {
    list.iter().find(|row| row["receiver"] == receiver).unwrap_or_else(|| panic!("none to {receiver}: {list:?}"))
}

/// Won on Monday, 5 October, 09:00: due on Wednesday, 09:00, inclusive. The partner acknowledges in time, its manager late.
#[test]
fn a_won_deal_is_handed_over_and_each_receiver_acknowledges_its_own() {
    on_every_backend(async |app| {
        let both = [
            rule("WON", "CO_SELL", "EXPAND", "CUSTOMER_AE", "PARTNER_MANAGER"),
            rule("WON", "CO_SELL", "RETAIN", "PARTNER_MANAGER", "PARTNER"),
        ];
        let made = set(&app, &both).await;
        assert_eq!(made["handoffRules"]["version"], 1, "{made}");
        advance(&app, app.world.home.open[0], "Won", Some("2026-10-05")).await;
        advance(&app, app.world.home.open[1], "Won", Some("2026-10-05")).await;
        // A direct deal is in nobody's funnel.
        advance(&app, app.world.home.direct[9], "Won", Some("2026-10-05")).await;
        assert_eq!(list(&app, Role::Operator).await.len(), 4);
        let seen = list(&app, Role::PartnerManager).await;
        assert_eq!(seen.len(), 2, "{seen:?}");
        let (vendors, partners) = (to(&seen, "PARTNER_MANAGER"), to(&seen, "PARTNER"));
        assert_eq!(
            (&vendors["fromStage"], &vendors["toStage"], &vendors["giver"]),
            (&json!("CO_SELL"), &json!("EXPAND"), &json!("CUSTOMER_AE"))
        );
        assert_eq!((&vendors["dueAt"], &vendors["state"]), (&json!("2026-10-07T09:00:00Z"), &json!("WAITING")));
        assert_eq!(
            (&vendors["partner"]["name"], &vendors["deal"]["name"]),
            (&json!("Northwind"), &json!("Northwind open"))
        );
        // The partner sees what it gives or receives, and nothing between the vendor's own people.
        let own = list(&app, Role::Partner).await;
        assert_eq!(own.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&partners["id"]]);
        let not_there = acknowledge(&app, Role::Partner, &vendors["id"], "mine").await;
        assert_eq!(codes(&not_there), ["NOT_FOUND"]);
        assert_eq!(rules(&acknowledge(&app, Role::CustomerAe, &vendors["id"], "me").await), ["NOT_THE_RECEIVER"]);
        app.clock.set(at("2026-10-07T09:00:00Z"));
        let done = acknowledge(&app, Role::Partner, &partners["id"], "we take it from here").await;
        assert_eq!(
            (&done["handoff"]["state"], &done["handoff"]["isLate"]),
            (&json!("ACKNOWLEDGED"), &json!(false)),
            "{done}"
        );
        assert_eq!(rules(&acknowledge(&app, Role::Partner, &partners["id"], "again").await), ["ALREADY_ACKNOWLEDGED"]);
        app.clock.set(at("2026-10-07T09:00:00.000001Z"));
        let overdue = "{ handoffs(filter: { state: { eq: OVERDUE } }) { edges { node { id receiver } } } }";
        let overdue = app.as_role(Role::PartnerManager).query(overdue).await.data()["handoffs"]["edges"].clone();
        assert_eq!(overdue, json!([{ "node": { "id": vendors["id"], "receiver": "PARTNER_MANAGER" } }]));
        let late = acknowledge(&app, Role::PartnerManager, &vendors["id"], "sorry").await;
        assert_eq!((&late["handoff"]["isLate"], &late["handoff"]["note"]), (&json!(true), &json!("sorry")), "{late}");
        // What the vendor's people owe one another is no promise to the partner, and none of its clocks.
        app.clock.set(at("2027-01-02T09:00:00Z"));
        let card = "{ scorecard { promises { kind owner met missed } } }";
        let promises = app.as_role(Role::Partner).query(card).await.data()["scorecard"]["promises"].clone();
        let promises: Vec<&Value> =
            promises.as_array().unwrap().iter().filter(|promise| promise["kind"] == "HANDOFF").collect();
        let expected = json!([
            { "kind": "HANDOFF", "owner": "PARTNER", "met": 1, "missed": 0 },
        ]);
        assert_eq!(json!(promises), expected);
    });
}

#[test]
fn a_rule_fires_once_for_a_deal_and_by_the_contract_of_its_partner() {
    on_every_backend(async |app| {
        let terms = json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "startsOn": "2026-10-05",
            "scope": "Resale", "territory": "EMEA", "commercialModel": "CO_SELL",
            "numbers": [{ "number": "HANDOFF_HOURS", "value": 4 }] });
        app.as_role(Role::Revops).change("contractTermsAgree", terms, "replayed").await;
        set(&app, &[rule("WON", "CO_SELL", "EXPAND", "CUSTOMER_AE", "PARTNER_MANAGER")]).await;
        let deal = app.world.home.open[0];
        advance(&app, deal, "Lost", Some("2026-10-05")).await;
        assert!(list(&app, Role::Revops).await.is_empty(), "only what the rules name is handed over");
        for _ in 0..2 {
            advance(&app, deal, "Won", Some("2026-10-05")).await;
            let fired = list(&app, Role::Revops).await;
            assert_eq!(fired.len(), 1, "{fired:?}");
            assert_eq!(fired[0]["dueAt"], "2026-10-05T13:00:00Z");
            advance(&app, deal, "Qualified", None).await;
        }
        let clocks = "{ slaClocks { edges { node { kind owner contractVersion subjectType } } } }";
        let read = async |role: Role| app.as_role(role).query(clocks).await.data()["slaClocks"]["edges"].clone();
        let clocks = read(Role::Operator).await;
        let own = json!({ "kind": "HANDOFF", "owner": "VENDOR", "contractVersion": 1, "subjectType": "Handoff" });
        assert!(clocks.as_array().unwrap().iter().any(|edge| edge["node"] == own), "{clocks}");
        // The partner's contract gives the term; the clock between the vendor's people is not the partner's to read.
        let partners = read(Role::Partner).await;
        assert!(!partners.as_array().unwrap().iter().any(|edge| edge["node"]["kind"] == "HANDOFF"), "{partners}");
    });
}

/// Each hears of the handoffs that it may see, fired and acknowledged, once, and resumes behind the last.
#[test]
fn a_handoff_is_told_to_who_gives_and_receives_it() {
    on_every_backend(async |app| {
        let told = "subscription { handoffTold { eventId isAcknowledged isYours handoff { id receiver state deal { name } } } }";
        let rules = [
            rule("WON", "CO_SELL", "EXPAND", "CUSTOMER_AE", "PARTNER_MANAGER"),
            rule("WON", "CO_SELL", "RETAIN", "PARTNER_MANAGER", "PARTNER"),
        ];
        set(&app, &rules).await;
        let token = |role| app.token(&World::subject(role));
        let bare = told.replace("eventId ", "");
        let mut partner = Events::open(app.address, &token(Role::Partner), &bare, None).await;
        let mut manager = Socket::open(app.address, &token(Role::PartnerManager), told).await;
        let mut all = Socket::open(app.address, &token(Role::Revops), told).await;
        until("followers", async || app.office.feed.followers() >= 3).await;
        // Another partner's deal first: its manager and its partner are others.
        advance(&app, app.world.home.open[1], "Won", Some("2026-10-05")).await;
        advance(&app, app.world.home.open[0], "Won", Some("2026-10-05")).await;
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(all.next().await["data"]["handoffTold"]["handoff"]["deal"]["name"].clone());
        }
        heard.sort_by_key(ToString::to_string);
        assert_eq!(heard, ["Northwind open", "Northwind open", "Southbay open", "Southbay open"]);
        let mut managers = Vec::new();
        for _ in 0..2 {
            let event = manager.next().await["data"]["handoffTold"].clone();
            assert_eq!(
                (&event["isAcknowledged"], &event["handoff"]["deal"]["name"]),
                (&json!(false), &json!("Northwind open"))
            );
            assert_eq!(event["isYours"], event["handoff"]["receiver"] == "PARTNER_MANAGER");
            managers.push(event["handoff"].clone());
        }
        let (id, answer) = partner.next().await.unwrap();
        let own = answer["data"]["handoffTold"].clone();
        assert_eq!((&own["isYours"], &own["handoff"]["receiver"]), (&json!(true), &json!("PARTNER")), "{answer}");
        drop(partner);
        acknowledge(&app, Role::PartnerManager, &to(&managers, "PARTNER_MANAGER")["id"], "ours").await;
        acknowledge(&app, Role::Partner, &own["handoff"]["id"], "we take it").await;
        // Back again it hears what became of its own, and nothing of what the vendor's people hand one another.
        let mut again = Events::open(app.address, &token(Role::Partner), &bare, Some(&id)).await;
        let done = again.next().await.unwrap().1["data"]["handoffTold"].clone();
        assert_eq!((&done["isAcknowledged"], &done["handoff"]["id"]), (&json!(true), &own["handoff"]["id"]));
        assert_eq!(done["handoff"]["state"], "ACKNOWLEDGED");
        for role in [Role::Finance, Role::Leadership] {
            assert!(!api::graphql::sdl_of(role).unwrap().contains("handoffTold"), "{role:?}");
        }
    });
}

/// Northwind's deal, as if it were shared: what Southbay is handed there is none of Northwind's people's business.
#[test]
fn on_a_shared_deal_another_partners_handoff_is_anothers() {
    on_every_backend(async |app| {
        let whole = domain::slice::Viewer::system(app.world.home.program).slice().unwrap();
        let id = Uuid::from_u128(77);
        let other = Handoff {
            id,
            deal_id: app.world.home.open[0],
            partner_id: app.world.home.partners[1],
            rule: HandoffRule {
                from: FunnelStage::CoSell,
                to: FunnelStage::Expand,
                event: HandoffEvent::Won,
                deal_kind: None,
                giver: Role::CustomerAe,
                receiver: Role::PartnerManager,
                what: "Southbay's part".into(),
            },
            fired_at: at("2026-10-05T09:00:00Z"),
            due_at: at("2026-10-07T09:00:00Z"),
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            version: 1,
        };
        entity::handoff::insert(app.office.store.write(), &whole, &other).await.unwrap();
        assert_eq!(list(&app, Role::Operator).await.len(), 1);
        for role in [Role::PartnerAe, Role::PartnerManager, Role::Partner] {
            assert!(list(&app, role).await.is_empty(), "{}", role.word());
        }
        let id = json!(global_id("Handoff", id));
        assert_eq!(codes(&acknowledge(&app, Role::PartnerManager, &id, "mine").await), ["NOT_FOUND"]);
    });
}

#[test]
fn rules_are_set_whole_and_say_what_is_wrong_with_each() {
    on_every_backend(async |app| {
        let wrong = [
            rule("WON", "EXPAND", "EXPAND", "CUSTOMER_AE", "PARTNER_MANAGER"),
            rule("WON", "CO_SELL", "EXPAND", "CUSTOMER_AE", "CUSTOMER_AE"),
            rule("LOST", "CO_SELL", "TOFU", "CUSTOMER_AE", "FINANCE"),
            rule("LOST", "CO_SELL", "TOFU", "CUSTOMER_AE", "PARTNER"),
            rule("LOST", "EXPAND", "TOFU", "PARTNER_AE", "PARTNER"),
        ];
        let refused = set(&app, &wrong).await;
        let paths: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        let at = |at: &str| json!(["input", "rules", at]);
        assert_eq!(paths, [&at("0"), &at("1"), &at("2"), &at("4")], "the last repeats the one before it");
        let right = [rule("STAGE_ONE_PASSED", "TOFU", "CO_SELL", "PARTNER_MANAGER", "PARTNER_AE")];
        assert_eq!(set(&app, &right).await["handoffRules"]["version"], 1);
        assert_eq!(codes(&set(&app, &right).await), ["STALE_VERSION"]);
        // A deal that is made past Stage 1 with its partner declared has passed it.
        let revops = app.as_role(Role::Revops);
        let facts = json!({ "facts": { "name": "Fresh", "openedOn": "2026-10-05", "kind": "NEW",
            "accountId": global_id("Account", app.world.home.accounts[0]), "segmentId": global_id("Segment", app.world.home.segment),
            "stageId": stage(&app, "Qualified").await },
            "partners": [{ "partnerId": global_id("Partner", app.world.home.partners[0]), "state": "INFLUENCED", "evidence": "a workshop" }] });
        let touch = json!({ "accountId": global_id("Account", app.world.home.accounts[0]),
            "partnerId": global_id("Partner", app.world.home.partners[0]), "kind": "TOUCH", "happenedAt": "2026-10-05T08:00:00Z" });
        let touched = revops.change("activityLog", touch, "activity { id }").await;
        assert_eq!(codes(&touched), Vec::<&str>::new(), "{touched}");
        let made = revops.change("dealCreate", facts, "deal { id }").await;
        assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
        let fired = list(&app, Role::PartnerAe).await;
        assert_eq!((fired.len(), &to(&fired, "PARTNER_AE")["event"]), (1, &json!("STAGE_ONE_PASSED")));
        for role in [Role::Finance, Role::Leadership] {
            assert_eq!(app.as_role(role).query(LIST).await.status, 400, "{role:?}");
        }
        assert_eq!(app.as_role(Role::Partner).query("{ handoffRules { version } }").await.status, 400);
    });
}
