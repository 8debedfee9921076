//! Claims that meet on one account: one rule decides, both sides read the reason, and nobody learns whose the other claim is.

use crate::registration::{ALL, approved, at, codes, facts, rival, rules, submit};
use crate::support::sdl::Document;
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

const CONFLICT: &str = "id version isChannelConflict outcome reason firstTouch { id } claims { id }";

/// The one open conflict.
async fn open(app: &App) -> Value {
    let asked = format!("{{ registrationConflicts(isOpen: true) {{ totalCount edges {{ node {{ {CONFLICT} }} }} }} }}");
    let answer = app.as_role(Role::Revops).query(&asked).await;
    let list = &answer.data()["registrationConflicts"];
    assert_eq!(list["totalCount"], 1, "{list}");
    list["edges"][0]["node"].clone()
}

async fn decide(app: &App, conflict: &Value, winner: Option<&Value>, reason: &str) -> Value {
    let input = json!({ "id": conflict["id"], "winnerId": winner, "reason": reason });
    app.as_role(Role::Revops).change("registrationConflictDecide", input, &format!("conflict {{ {CONFLICT} }}")).await
}

async fn read(seat: &Seat<'_>, id: &Value) -> Value {
    let inner = ALL.trim_start_matches("registration {").trim_end_matches('}');
    let asked = format!("{{ registration(id: {id}) {{ {inner} conflict {{ outcome reason }} }} }}");
    seat.query(&asked).await.data()["registration"].clone()
}

async fn approve(app: &App, id: &Value) -> Value {
    let input = json!({ "id": id, "decision": "APPROVE", "reason": "yes" });
    app.as_role(Role::Revops).change("registrationDecide", input, ALL).await
}

#[test]
fn the_first_touch_wins_with_its_evidence_and_the_other_is_refused() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let first = approved(&app, "https://contested.com").await;
        app.clock.set(at("2026-10-06T08:00:00Z"));
        let mut later = facts("https://www.contested.com");
        later["discoveredAt"] = json!("2026-09-20T09:00:00Z");
        later["discoveryEvidence"] = json!("Minutes of our workshop on the returns.");
        let second = other.change("registrationSubmit", later, ALL).await["registration"].clone();
        let conflict = open(&app).await;
        assert_eq!(conflict["firstTouch"]["id"], second["id"], "{conflict}");
        assert_eq!(conflict["claims"].as_array().unwrap().len(), 2);
        // There is no choice of winners.
        let wrong = decide(&app, &conflict, Some(&first["id"]), "we like them").await;
        assert_eq!(rules(&wrong), ["FIRST_TOUCH_WINS_WITH_EVIDENCE"]);
        let done = decide(&app, &conflict, Some(&second["id"]), "the workshop came first").await;
        assert_eq!(done["conflict"]["outcome"], "FIRST_TOUCH", "{done}");
        assert_eq!(rules(&decide(&app, &conflict, None, "again").await), ["ALREADY_DECIDED"]);
        let lost = read(&partner, &first["id"]).await;
        assert_eq!((&lost["state"], &lost["decisionReason"]), (&json!("REFUSED"), &json!("the workshop came first")));
        assert_eq!(lost["conflict"], json!({ "outcome": "FIRST_TOUCH", "reason": "the workshop came first" }));
        assert_eq!((&lost["influenceShare"], &lost["canBeSourced"]), (&json!("0"), &json!(false)));
        let won = approve(&app, &second["id"]).await;
        let won = &won["registration"];
        assert_eq!(
            (&won["state"], &won["influenceShare"], &won["canBeSourced"]),
            (&json!("APPROVED"), &json!("1"), &json!(true))
        );
        // The deal that the other had opened is gone; the winner has its own.
        assert_ne!(won["deal"], Value::Null);
        assert_ne!(won["deal"]["id"], first["deal"]["id"]);
    });
}

#[test]
fn without_evidence_the_influence_credit_is_split_to_the_last_point_and_nobody_is_sourced() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let ours = submit(&partner, "https://contested.com").await["registration"].clone();
        let theirs = submit(&other, "https://contested.com").await["registration"].clone();
        let conflict = open(&app).await;
        assert_eq!(conflict["firstTouch"], Value::Null);
        let done = decide(&app, &conflict, None, "neither shows a discovery").await;
        assert_eq!(done["conflict"]["outcome"], "SPLIT", "{done}");
        let (one, two) = (approve(&app, &ours["id"]).await, approve(&app, &theirs["id"]).await);
        let share = |payload: &Value| payload["registration"]["influenceShare"].clone();
        assert_eq!((share(&one), share(&two)), (json!("0.5"), json!("0.5")), "{one} {two}");
        // Both are on one deal.
        let deal = &one["registration"]["deal"]["id"];
        assert_eq!((deal, deal), (&ours["deal"]["id"], &two["registration"]["deal"]["id"]));
        let partner_id = global_id("Partner", app.world.home.partners[0]);
        let intro = json!({ "dealId": deal, "partnerId": partner_id, "kind": "INTRODUCTION", "happenedAt": "2026-10-05T08:30:00Z" });
        let revops = app.as_role(Role::Revops);
        assert_eq!(codes(&revops.change("activityLog", intro, "activity { id }").await), Vec::<&str>::new());
        let claim = |state: &str| json!({ "dealId": deal, "partners": [{ "partnerId": partner_id, "state": state }] });
        let sourced = revops.change("attributionDeclare", claim("SOURCED"), "deal { id }").await;
        assert_eq!(rules(&sourced), ["CHANNEL_CONFLICT"]);
        let influenced = revops.change("attributionDeclare", claim("INFLUENCED"), "deal { id }").await;
        assert_eq!(codes(&influenced), Vec::<&str>::new(), "{influenced}");
    });
}

#[test]
fn a_direct_deal_on_the_account_is_a_channel_conflict_that_cannot_be_sourced() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let account = json!({ "facts": { "name": "Contoso", "domain": "https://contoso.com" } });
        let account = revops.change("accountCreate", account, "account { id }").await["account"]["id"].clone();
        let deal = json!({ "facts": { "name": "Ours alone", "openedOn": "2026-09-01", "accountId": account } });
        let deal = revops.change("dealCreate", deal, "deal { id }").await["deal"]["id"].clone();
        let direct =
            revops.change("attributionDeclare", json!({ "dealId": deal, "direct": true }), "deal { id }").await;
        assert_eq!(codes(&direct), Vec::<&str>::new(), "{direct}");
        let partner = app.as_role(Role::Partner);
        let asked = json!({ "accountUrl": "https://contoso.com" });
        assert_eq!(partner.change("registrationPrecheck", asked, "answer").await["answer"], "CONTESTED");
        let made = submit(&partner, "https://contoso.com").await["registration"].clone();
        assert_eq!((&made["canBeSourced"], &made["deal"]), (&json!(false), &Value::Null), "{made}");
        assert_eq!(rules(&approve(&app, &made["id"]).await), ["CONFLICT_OPEN"]);
        let conflict = open(&app).await;
        assert_eq!((&conflict["isChannelConflict"], &conflict["firstTouch"]["id"]), (&json!(true), &made["id"]));
        decide(&app, &conflict, None, "it is in motion, and you help").await;
        let won = approve(&app, &made["id"]).await;
        let won = &won["registration"];
        assert_eq!(
            (&won["influenceShare"], &won["canBeSourced"], &won["deal"]["id"]),
            (&json!("1"), &json!(false), &deal),
            "{won}"
        );
    });
}

#[test]
fn each_side_sees_its_part_of_the_timeline_and_a_bare_line_for_the_other() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let ours = submit(&partner, "https://contested.com").await["registration"].clone();
        app.clock.set(at("2026-10-05T11:00:00Z"));
        let theirs = submit(&other, "https://contested.com").await["registration"].clone();
        let asked = format!(
            "{{ claimTimeline(registrationId: {}) {{ kind at registration {{ id partner {{ name }} }} }} registration(id: {}) \
             {{ conflict {{ domain outcome decidedAt }} }} }}",
            ours["id"], ours["id"]
        );
        let seen = partner.query(&asked).await.data().clone();
        let expected = json!([
            { "kind": "SUBMITTED", "at": "2026-10-05T09:00:00Z", "registration": { "id": ours["id"], "partner": { "name": "Northwind" } } },
            { "kind": "ANOTHER_CLAIM", "at": null, "registration": null },
        ]);
        assert_eq!(seen["claimTimeline"], expected);
        for word in ["Southbay", theirs["id"].as_str().unwrap(), "11:00"] {
            assert!(!seen.to_string().contains(word), "{word}: {seen}");
        }
        // RevOps reads the whole of it.
        let whole = app.as_role(Role::Revops).query(&asked).await;
        let kinds: Vec<&Value> = whole.data()["claimTimeline"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| &event["registration"]["id"])
            .collect();
        assert_eq!(kinds, [&ours["id"], &theirs["id"]]);
        // Another's registration has no timeline for the partner.
        let none = partner.query(&format!("{{ claimTimeline(registrationId: {}) {{ kind }} }}", theirs["id"])).await;
        assert_eq!(none.data()["claimTimeline"], Value::Null);
        // An id that sorts by time, and the instant the claims met, are not in its schema at all.
        let slice = Document::parse(&api::graphql::sdl_of(Role::Partner).unwrap());
        let fields: Vec<&str> = slice.fields("RegistrationConflict").iter().map(|field| field.name.as_str()).collect();
        assert_eq!(fields, ["domain", "outcome", "decidedAt", "reason"]);
    });
}

/// Three claims without evidence: a third each, to the last basis point, and the one point that is left goes to the first.
#[test]
fn three_claims_split_to_the_last_point() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let other = rival(&app).await;
        let third = json!({ "name": "Third", "kind": "RESELLER" });
        let third = revops.change("partnerCreate", third, "partner { id }").await;
        let third = third["partner"]["id"].clone();
        assert!(third.is_string(), "{third}");
        let ours =
            submit(&app.as_role(Role::Partner), "https://wanted.example.org").await["registration"]["id"].clone();
        let theirs = submit(&other, "https://wanted.example.org").await["registration"]["id"].clone();
        let mut facts = facts("https://wanted.example.org");
        facts["partnerId"] = third;
        let revops = app.as_role(Role::Revops);
        let last = revops.change("registrationSubmit", facts, ALL).await["registration"]["id"].clone();
        let conflict = open(&app).await;
        assert_eq!(conflict["claims"].as_array().unwrap().len(), 3, "{conflict}");
        decide(&app, &conflict, None, "nobody shows a discovery").await;
        let mut shares = Vec::new();
        for id in [&ours, &theirs, &last] {
            let read = format!("{{ registration(id: {id}) {{ influenceShare }} }}");
            shares.push(app.as_role(Role::Revops).query(&read).await.data()["registration"]["influenceShare"].clone());
        }
        assert_eq!(json!(shares), json!(["0.3334", "0.3333", "0.3333"]));
    });
}

/// The first answer of a day stands, so nobody can watch a rival arrive. That a submission learns of the conflict it meets stays; to take
/// it back and look again costs the allowance of the day: of 20, the world's own registration took one.
#[test]
fn taking_a_registration_back_to_look_again_is_counted() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let left = async || {
            let asked = json!({ "accountUrl": "https://watched.com" });
            partner.change("registrationPrecheck", asked, "answer remainingToday").await
        };
        assert_eq!(left().await["remainingToday"], 18);
        let withdraw = async |made: &Value| {
            let id = json!({ "id": made["registration"]["id"] });
            assert_eq!(codes(&partner.change("registrationWithdraw", id, "replayed").await), Vec::<&str>::new());
        };
        // Asking and registering count once together.
        let first = submit(&partner, "https://watched.com").await;
        assert_eq!(codes(&first), Vec::<&str>::new(), "{first}");
        assert_eq!(left().await["remainingToday"], 18);
        withdraw(&first).await;
        for used in 1..=18 {
            let again = submit(&partner, "https://watched.com").await;
            assert_eq!(codes(&again), Vec::<&str>::new(), "{used}: {again}");
            let told = left().await;
            assert_eq!((&told["answer"], &told["remainingToday"]), (&json!("CLEAR"), &json!(18 - used)));
            withdraw(&again).await;
        }
        assert_eq!(rules(&submit(&partner, "https://watched.com").await), ["CHECK_LIMIT"]);
        let other = json!({ "accountUrl": "https://one-more.com" });
        assert_eq!(rules(&partner.change("registrationPrecheck", other, "answer").await), ["CHECK_LIMIT"]);
        app.clock.set(at("2026-10-06T09:00:00Z"));
        let partner = app.as_role(Role::Partner);
        assert_eq!(codes(&submit(&partner, "https://watched.com").await), Vec::<&str>::new());
    });
}
