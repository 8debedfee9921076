//! Claims that meet on one account: one rule decides, both sides read the reason, and nobody learns whose the other claim is.

use crate::attribution::Stand;
use crate::registration::{ALL, approved, at, codes, facts, rival, rules, submit};
use crate::support::sdl::Document;
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use chrono::TimeDelta;
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

/// An open deal of the vendor's own on an account with a domain, before Stage 1.
async fn vendors_own(stand: &Stand<'_>, domain: &str) -> Value {
    let account = json!({ "facts": { "name": "Contoso", "domain": format!("https://{domain}") } });
    let account = stand.revops.change("accountCreate", account, "account { id }").await["account"]["id"].clone();
    let pod = global_id("Pod", stand.app.world.home.pods[0]);
    let deal = json!({ "facts": { "name": "Ours alone", "openedOn": "2026-09-01", "accountId": account, "stageId": stand.lead, "podId": pod } });
    let made = stand.revops.change("dealCreate", deal, "deal { id }").await;
    assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
    made["deal"]["id"].clone()
}

async fn disputed(seat: &Seat<'_>, deal: &Value, claim: Value) -> Value {
    let input = json!({ "dealId": deal, "partners": [claim], "evidence": "The mail of 3 October." });
    let opened = seat.change("disputeOpen", input, "dispute { id }").await;
    assert_eq!(codes(&opened), Vec::<&str>::new(), "{opened}");
    opened["dispute"]["id"].clone()
}

async fn change(app: &App, dispute: &Value, outcome: &str, partners: Option<Value>) -> Value {
    let mut input = json!({ "id": dispute, "outcome": outcome, "reason": "By the calendar." });
    if let Some(partners) = partners {
        input["partners"] = partners;
    }
    app.as_role(Role::Revops).change("disputeDecide", input, "dispute { state }").await
}

/// "An open direct deal on the account: channel conflict, it cannot be SOURCED": not while the conflict is open, not by a contest, and
/// not by a dispute after the lock.
#[test]
fn a_claim_that_met_a_direct_deal_is_sourced_by_no_way() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = vendors_own(&stand, "contoso.com").await;
        let direct = json!({ "dealId": deal, "direct": true });
        stand.revops.change("attributionDeclare", direct.clone(), "deal { id }").await;
        let claim = submit(&app.as_role(Role::Partner), "https://contoso.com").await["registration"].clone();
        assert_eq!((&claim["canBeSourced"], &claim["deal"]), (&json!(false), &Value::Null), "{claim}");
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
        let sourced = json!([stand.claim(0, "SOURCED")]);
        assert_eq!(rules(&stand.declare(&deal, sourced.clone()).await), ["CHANNEL_CONFLICT"]);
        // A contest before the lock.
        let contest = disputed(&app.as_role(Role::PartnerAe), &deal, stand.claim(0, "SOURCED")).await;
        assert_eq!(rules(&change(&app, &contest, "CHANGED", None).await), ["CHANNEL_CONFLICT"]);
        assert_eq!(codes(&change(&app, &contest, "UPHELD", None).await), Vec::<&str>::new());
        // Decided, it is the whole influence credit, and none of bringing the deal.
        decide(&app, &open(&app).await, None, "it is in motion, and you help").await;
        assert_eq!(approve(&app, &claim["id"]).await["registration"]["deal"]["id"], deal);
        assert_eq!(rules(&stand.declare(&deal, sourced).await), ["CHANNEL_CONFLICT"]);
        // A dispute after it.
        assert_eq!(codes(&stand.advance(&deal, &stand.first).await), Vec::<&str>::new());
        let dispute = disputed(&app.as_role(Role::Partner), &deal, stand.claim(0, "SOURCED")).await;
        assert_eq!(rules(&change(&app, &dispute, "CHANGED", None).await), ["CHANNEL_CONFLICT"]);
        let shaped = Some(json!([stand.claim(0, "INFLUENCED")]));
        assert_eq!(codes(&change(&app, &dispute, "CHANGED", shaped).await), Vec::<&str>::new());
    });
}

/// The winner holds the whole credit and stays SOURCED-able; nobody else is SOURCED on its deal, with a claim that lost or without any.
#[test]
fn who_lost_a_conflict_is_not_sourced_on_the_winners_deal_and_the_winner_is() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let third = stand
            .revops
            .change("partnerCreate", json!({ "name": "Third", "kind": "RESELLER" }), "partner { id }")
            .await;
        let third = third["partner"]["id"].clone();
        let mut first = facts("https://contested.com");
        first["discoveredAt"] = json!("2026-09-20T09:00:00Z");
        first["discoveryEvidence"] = json!("Minutes of our workshop on the returns.");
        let won = app.as_role(Role::Partner).change("registrationSubmit", first, ALL).await["registration"].clone();
        let lost = submit(&rival(&app).await, "https://contested.com").await["registration"].clone();
        decide(&app, &open(&app).await, Some(&won["id"]), "the workshop came first").await;
        let won = approve(&app, &won["id"]).await["registration"].clone();
        let deal = &won["deal"]["id"];
        for partner in [&stand.partners[0], &stand.partners[1], &third] {
            let intro = json!({ "dealId": deal, "partnerId": partner, "kind": "INTRODUCTION", "happenedAt": "2026-10-05T08:30:00Z" });
            stand.revops.change("activityLog", intro, "activity { id }").await;
        }
        let sourced =
            async |partner: &Value| stand.declare(deal, json!([{ "partnerId": partner, "state": "SOURCED" }])).await;
        assert_eq!(rules(&sourced(&stand.partners[1]).await), ["CHANNEL_CONFLICT"], "{lost}");
        assert_eq!(rules(&sourced(&third).await), ["REGISTERED_BY_ANOTHER"]);
        let both = json!([stand.claim(0, "SOURCED"), stand.claim(1, "INFLUENCED")]);
        assert_eq!(codes(&stand.declare(deal, both).await), Vec::<&str>::new());
        assert_eq!(codes(&stand.advance(deal, &stand.first).await), Vec::<&str>::new());
        assert_eq!(read(&app.as_role(Role::Partner), &won["id"]).await["state"], "CONVERTED");
        // Disputed, the claim that lost is not SOURCED either.
        let dispute = disputed(&app.as_subject("rival"), deal, stand.claim(1, "SOURCED")).await;
        assert_eq!(rules(&change(&app, &dispute, "CHANGED", None).await), ["CHANNEL_CONFLICT"]);
    });
}

/// Declared SOURCED before a rival came: the lock asks again, waits for the conflict, and says what to change after the split.
#[test]
fn nothing_that_was_declared_before_locks_what_a_conflict_took_away() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let ours = approved(&app, "https://contested.com").await;
        let deal = &ours["deal"]["id"];
        stand.log(deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
        let sourced = json!([stand.claim(0, "SOURCED")]);
        assert_eq!(codes(&stand.declare(deal, sourced.clone()).await), Vec::<&str>::new());
        submit(&rival(&app).await, "https://contested.com").await;
        assert_eq!(rules(&stand.advance(deal, &stand.first).await), ["CONFLICT_OPEN"]);
        decide(&app, &open(&app).await, None, "neither shows a discovery").await;
        let refused = stand.advance(deal, &stand.first).await;
        assert_eq!(rules(&refused), ["CHANNEL_CONFLICT"]);
        let message = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("Northwind: ") && message.contains("declare what else it did"), "{message}");
        assert_eq!(codes(&stand.declare(deal, json!([stand.claim(0, "INFLUENCED")])).await), Vec::<&str>::new());
        assert_eq!(codes(&stand.advance(deal, &stand.first).await), Vec::<&str>::new());
    });
}

/// The vendor's own open deal that nobody declared yet stands there like a direct one, and nothing of it is told. A registration that is
/// linked to it by the vendor's people takes it up instead.
#[test]
fn an_open_deal_that_nobody_declared_stands_against_a_claim_like_a_direct_one() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = vendors_own(&stand, "contoso.com").await;
        let partner = app.as_role(Role::Partner);
        let asked = json!({ "accountUrl": "https://contoso.com" });
        let answer = partner.change("registrationPrecheck", asked, "answer remainingToday").await;
        assert_eq!(answer["answer"], "CONTESTED", "{answer}");
        let made = submit(&partner, "https://contoso.com").await;
        assert!(!made.to_string().contains("Ours alone"), "{made}");
        let made = &made["registration"];
        assert_eq!((&made["canBeSourced"], &made["deal"]), (&json!(false), &Value::Null), "{made}");
        let conflict = open(&app).await;
        assert_eq!(conflict["isChannelConflict"], true);
        decide(&app, &conflict, None, "it is in motion, and you help").await;
        // One need, one deal.
        assert_eq!(approve(&app, &made["id"]).await["registration"]["deal"]["id"], deal);
        let other = vendors_own(&stand, "tailspin.com").await;
        let mut linked = facts("https://tailspin.com");
        linked["partnerId"] = stand.partners[0].clone();
        linked["dealId"] = other.clone();
        let linked = stand.revops.change("registrationSubmit", linked, ALL).await["registration"].clone();
        assert_eq!((&linked["canBeSourced"], &linked["deal"]["id"]), (&json!(true), &other), "{linked}");
    });
}
