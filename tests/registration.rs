//! Deal registration: submitted by a partner's token, decided by the vendor, run by clocks that the tests move.

use crate::support::sdl::Document;
use crate::support::world::{World, global_id, somebody};
use crate::support::{App, Seat, on_every_backend, on_sqlite};
use api::usecase::{Caller, registration_step, seat};
use chrono::{DateTime, Utc};
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use serde_json::{Value, json};

/// What a test reads of a registration.
pub(crate) const ALL: &str = "registration { id version state validity domain submittedAt firstTouchAt decidedAt decisionReason \
    validThrough meetBy expiryReason expiredOn canBeSourced influenceShare acceptance { text validThrough } \
    meeting { heldAt summaryDueAt summary isSummaryLate } deal { id outcome kind } }";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("-")).collect()
}

pub(crate) fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

pub(crate) fn facts(url: &str) -> Value {
    json!({ "accountUrl": url, "buyerRole": "COO", "problemStatement": "Returns take weeks.", "nextMeetingOn": "2026-10-12" })
}

pub(crate) async fn submit(partner: &Seat<'_>, url: &str) -> Value {
    partner.change("registrationSubmit", facts(url), ALL).await
}

/// Submitted by the partner and approved by its manager.
pub(crate) async fn approved(app: &App, url: &str) -> Value {
    let made = submit(&app.as_role(Role::Partner), url).await;
    let input = json!({ "id": made["registration"]["id"], "decision": "APPROVE", "reason": "a real need" });
    let payload = app.as_role(Role::PartnerManager).change("registrationDecide", input, ALL).await;
    assert_eq!(codes(&payload), Vec::<&str>::new(), "{payload}");
    payload["registration"].clone()
}

async fn read(app: &App, id: &Value) -> Value {
    let answer = app.as_role(Role::Partner).query(&format!("{{ registration(id: {id}) {{ {} }} }}", inner())).await;
    answer.data()["registration"].clone()
}

fn inner() -> &'static str {
    ALL.trim_start_matches("registration {").trim_end_matches('}')
}

fn system(app: &App) -> Caller {
    Caller::system(app.office.clone(), app.world.home.program)
}

/// A token of the second partner.
pub(crate) async fn rival(app: &App) -> Seat<'_> {
    let ops = somebody(&app.office, app.world.home.program, Role::Revops);
    let who = seat::Who { issuer: DEV_ISSUER.into(), subject: "rival".into() };
    let facts = seat::Facts {
        name: Some("Rival".into()),
        role: Some(Role::Partner),
        partners: Some(vec![app.world.home.partners[1]]),
        ..seat::Facts::default()
    };
    seat::grant(&ops, who, facts, None).await.unwrap();
    app.as_subject("rival")
}

/// The first partner's rep is committed to the deal: the gate opens.
pub(crate) async fn commit_rep(app: &App, deal: &Value) -> Value {
    let revops = app.as_role(Role::Revops);
    let partner = global_id("Partner", app.world.home.partners[0]);
    let person = json!({ "partnerId": partner, "name": "Marguerite", "isRep": true });
    let made = revops.change("partnerPersonAdd", person, "partner { people { id isRep } }").await;
    let rep = made["partner"]["people"].as_array().unwrap().iter().find(|person| person["isRep"] == true).unwrap();
    let input = json!({ "dealId": deal, "repId": rep["id"] });
    revops.change("primarySaleLog", input, "deal { gate { state isMissed openedAt } }").await
}

/// Logs a joint meeting on the deal of a registration.
pub(crate) async fn meet(app: &App, registration: &Value, when: &str) -> Value {
    let input = json!({ "dealId": registration["deal"]["id"], "partnerId": global_id("Partner", app.world.home.partners[0]),
        "kind": "MEETING", "isJointMeeting": true, "happenedAt": when });
    app.as_role(Role::PartnerManager).change("activityLog", input, "activity { id }").await
}

#[test]
fn a_partner_registers_an_account_and_gets_a_deal_an_owner_and_a_letter() {
    on_every_backend(async |app| {
        let made = submit(&app.as_role(Role::Partner), "https://shop.Fabrikam.co.uk/about").await;
        let row = &made["registration"];
        assert_eq!(
            (&row["state"], &row["validity"], &row["domain"]),
            (&json!("SUBMITTED"), &json!("PENDING"), &json!("fabrikam.co.uk"))
        );
        assert_eq!((&row["deal"]["outcome"], &row["deal"]["kind"]), (&json!("OPEN"), &json!("NEW")));
        let manager = app.as_role(Role::PartnerManager);
        let inside =
            manager.query(&format!("{{ registration(id: {}) {{ ownerName account {{ name }} }} }}", row["id"])).await;
        let expected = json!({ "ownerName": "PARTNER_MANAGER of home", "account": { "name": "fabrikam.co.uk" } });
        assert_eq!(inside.data()["registration"], expected);
        app.clock.advance(chrono::TimeDelta::minutes(90));
        let touched = manager.change("registrationTouch", json!({ "id": row["id"] }), ALL).await;
        assert_eq!(touched["registration"]["firstTouchAt"], "2026-10-05T10:30:00Z");
        assert_eq!(
            rules(&manager.change("registrationTouch", json!({ "id": row["id"] }), ALL).await),
            ["ALREADY_TOUCHED"]
        );
        let no_reason = json!({ "id": row["id"], "decision": "APPROVE", "reason": " " });
        assert_eq!(codes(&manager.change("registrationDecide", no_reason, ALL).await), ["REQUIRED"]);
        let yes = json!({ "id": row["id"], "decision": "APPROVE", "reason": "a real need", "expectedVersion": 2 });
        let yes = manager.change("registrationDecide", yes, ALL).await;
        let row = &yes["registration"];
        let letter = "Approved through 2027-01-03 for fabrikam.co.uk on Returns take weeks. Next step: meeting on 2026-10-12. \
                      Please attach a summary within 24h of the call to keep validity.";
        assert_eq!((&row["state"], &row["validity"]), (&json!("APPROVED"), &json!("VALID")), "{yes}");
        assert_eq!(row["acceptance"], json!({ "text": letter, "validThrough": "2027-01-03" }));
        assert_eq!((&row["validThrough"], &row["meetBy"]), (&json!("2027-01-03"), &json!("2026-10-26")));
        // Decided is decided.
        let no = json!({ "id": row["id"], "decision": "REFUSE", "reason": "no" });
        assert_eq!(rules(&manager.change("registrationDecide", no, ALL).await), ["NOT_SUBMITTED"]);
    });
}

#[test]
fn what_is_required_is_required_and_a_second_claim_of_the_same_partner_is_not_one() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let with = |field: &str, value: Value| {
            let mut input = facts("https://tailspin.com");
            input[field] = value;
            input
        };
        for (input, path) in [
            (with("accountUrl", json!("not a site")), "accountUrl"),
            (with("buyerRole", json!(" ")), "buyerRole"),
            (with("problemStatement", json!("")), "problemStatement"),
            (with("nextMeetingOn", json!("2026-10-04")), "nextMeetingOn"),
            (with("discoveredAt", json!("2026-10-01T09:00:00Z")), "discoveryEvidence"),
        ] {
            let payload = partner.change("registrationSubmit", input, ALL).await;
            assert_eq!(payload["userErrors"][0]["path"], json!(["input", path]), "{payload}");
        }
        let missing = partner
            .query("mutation { registrationSubmit(input: { accountUrl: \"https://a.com\" }) { replayed } }")
            .await;
        assert_eq!(missing.codes(), ["GRAPHQL_VALIDATION_FAILED"; 3][..missing.codes().len()]);
        let mut once = facts("https://tailspin.com");
        once["idempotencyKey"] = json!("r-1");
        let first = partner.change("registrationSubmit", once.clone(), "replayed registration { id }").await;
        let again = partner.change("registrationSubmit", once, "replayed registration { id }").await;
        assert_eq!((&again["replayed"], &again["registration"]), (&json!(true), &first["registration"]));
        assert_eq!(rules(&submit(&partner, "www.tailspin.com").await), ["ALREADY_REGISTERED"]);
    });
}

#[test]
fn without_a_meeting_it_ends_behind_the_21st_day_and_the_scheduler_writes_it_down_once() {
    on_every_backend(async |app| {
        let id = approved(&app, "https://wingtip.com").await["id"].clone();
        app.clock.set(at("2026-10-26T23:59:59Z"));
        assert_eq!(registration_step::expire(&system(&app)).await.unwrap(), 0);
        assert_eq!(read(&app, &id).await["state"], "APPROVED");
        app.clock.set(at("2026-10-27T00:00:00Z"));
        // It reads as expired before anybody wrote it down, in the row and in the filter.
        let over = read(&app, &id).await;
        assert_eq!(
            (&over["state"], &over["expiryReason"], &over["expiredOn"]),
            (&json!("EXPIRED"), &json!("NO_MEETING_21D"), &json!("2026-10-27"))
        );
        let of = async |state: &str| {
            let asked = format!(
                "{{ registrations(filter: {{ state: {{ eq: {state} }} }}) {{ totalCount edges {{ node {{ id }} }} }} }}"
            );
            app.as_role(Role::Partner).query(&asked).await.data()["registrations"]["totalCount"].clone()
        };
        assert_eq!((of("EXPIRED").await, of("APPROVED").await), (json!(1), json!(0)));
        let late = app
            .as_role(Role::PartnerManager)
            .change("registrationRefresh", json!({ "id": id, "reason": "more" }), ALL)
            .await;
        assert_eq!(rules(&late), ["NOT_APPROVED"]);
        assert_eq!(registration_step::expire(&system(&app)).await.unwrap(), 1);
        assert_eq!(registration_step::expire(&system(&app)).await.unwrap(), 0);
        let written = read(&app, &id).await;
        assert_eq!((&written["state"], &written["expiredOn"]), (&over["state"], &over["expiredOn"]));
        assert_eq!((of("EXPIRED").await, of("APPROVED").await), (json!(1), json!(0)));
        // The account is free again.
        let mut again = facts("https://wingtip.com");
        again["nextMeetingOn"] = json!("2026-11-02");
        let again = app.as_role(Role::Partner).change("registrationSubmit", again, ALL).await;
        assert_eq!((codes(&again), &again["registration"]["canBeSourced"]), (Vec::new(), &json!(true)), "{again}");
    });
}

#[test]
fn an_overdue_summary_suspends_and_a_refresh_stands_on_one() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://proseware.com").await;
        let id = &row["id"];
        commit_rep(&app, &row["deal"]["id"]).await;
        let refresh = async || {
            let input = json!({ "id": id, "reason": "it goes on" });
            app.as_role(Role::PartnerManager).change("registrationRefresh", input, ALL).await
        };
        app.clock.set(at("2026-10-12T15:00:00Z"));
        assert_eq!(rules(&refresh().await), ["REFRESH_NEEDS_SUMMARY"]);
        assert_eq!(codes(&meet(&app, &row, "2026-10-12T14:00:00Z").await), Vec::<&str>::new());
        app.clock.set(at("2026-10-13T14:00:00Z"));
        assert_eq!(read(&app, id).await["validity"], "VALID");
        app.clock.set(at("2026-10-13T14:00:01Z"));
        assert_eq!(read(&app, id).await["validity"], "SUSPENDED");
        let partner = app.as_subject(&World::subject(Role::Partner));
        let attached =
            partner.change("registrationSummaryAttach", json!({ "id": id, "summary": "Two sites." }), ALL).await;
        let meeting = &attached["registration"]["meeting"];
        assert_eq!(
            (&meeting["summary"], &meeting["isSummaryLate"]),
            (&json!("Two sites."), &json!(true)),
            "{attached}"
        );
        assert_eq!(attached["registration"]["validity"], "VALID");
        // The meeting carries it past the 21 days to the last of the 90.
        app.clock.set(at("2027-01-03T23:00:00Z"));
        let partner = app.as_role(Role::Partner);
        assert_eq!(read(&app, id).await["validity"], "VALID");
        let fresh = refresh().await;
        let fresh = &fresh["registration"];
        assert_eq!(
            (&fresh["state"], &fresh["validThrough"], &fresh["meetBy"]),
            (&json!("REFRESHED"), &json!("2027-04-03"), &Value::Null)
        );
        let again = refresh().await;
        assert_eq!(rules(&again), ["REFRESH_NEEDS_SUMMARY"]);
        // The partner's own word of a meeting that the vendor did not log.
        let untold = partner.change("registrationSummaryAttach", json!({ "id": id, "summary": "A pilot." }), ALL).await;
        assert_eq!(rules(&untold), ["NO_MEETING_HELD"]);
        assert_eq!(untold["userErrors"][0]["path"], json!(["input", "heldAt"]));
        let told = json!({ "id": id, "summary": "A pilot.", "heldAt": "2027-01-03T10:00:00Z" });
        let told = partner.change("registrationSummaryAttach", told, ALL).await;
        assert_eq!(told["registration"]["meeting"]["isSummaryLate"], false, "{told}");
        app.clock.set(at("2027-04-04T00:00:00Z"));
        let over = read(&app, id).await;
        assert_eq!((&over["state"], &over["expiryReason"]), (&json!("EXPIRED"), &json!("VALIDITY_90D")));
    });
}

#[test]
fn who_submits_does_not_decide_and_what_is_taken_back_leaves_no_deal() {
    on_every_backend(async |app| {
        let (manager, partner) = (app.as_role(Role::PartnerManager), app.as_role(Role::Partner));
        let mut input = facts("https://litware.com");
        input["partnerId"] = json!(global_id("Partner", app.world.home.partners[0]));
        let made = manager.change("registrationSubmit", input, ALL).await;
        let id = &made["registration"]["id"];
        let yes = json!({ "id": id, "decision": "APPROVE", "reason": "mine" });
        assert_eq!(rules(&manager.change("registrationDecide", yes.clone(), ALL).await), ["OWN_REGISTRATION"]);
        let back = partner.change("registrationWithdraw", json!({ "id": id }), ALL).await;
        assert_eq!(back["registration"]["state"], "WITHDRAWN");
        // The partner does not see a deal that it has no part in any more; RevOps sees what became of it.
        assert_eq!(back["registration"]["deal"], Value::Null);
        let revops = app.as_role(Role::Revops);
        let deal = revops.query(&format!("{{ registration(id: {id}) {{ deal {{ outcome closedOn }} }} }}")).await;
        let expected = json!({ "outcome": "DISQUALIFIED", "closedOn": "2026-10-05" });
        assert_eq!(deal.data()["registration"]["deal"], expected);
        assert_eq!(rules(&revops.change("registrationDecide", yes, ALL).await), ["NOT_SUBMITTED"]);
        assert_eq!(rules(&partner.change("registrationWithdraw", json!({ "id": id }), ALL).await), ["ALREADY_OVER"]);
        // A row of another partner is not there.
        let others = global_id("Registration", app.world.home.registrations[1]);
        let not_there = partner.change("registrationWithdraw", json!({ "id": others }), ALL).await;
        assert_eq!(codes(&not_there), ["NOT_FOUND"]);
    });
}

#[test]
fn the_lock_of_the_deal_takes_over_from_its_registration() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://lucerne.com").await;
        let revops = app.as_role(Role::Revops);
        let deal = &row["deal"]["id"];
        let claim = json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "state": "INFLUENCED" });
        // An influence needs its touch, where the rules ask for one.
        let touch = json!({ "dealId": deal, "partnerId": claim["partnerId"], "kind": "TOUCH", "happenedAt": "2026-10-05T08:30:00Z" });
        revops.change("activityLog", touch, "activity { id }").await;
        let declared =
            revops.change("attributionDeclare", json!({ "dealId": deal, "partners": [claim] }), "deal { id }").await;
        assert_eq!(codes(&declared), Vec::<&str>::new(), "{declared}");
        assert_eq!(read(&app, &row["id"]).await["state"], "APPROVED");
        let stage = json!({ "crmName": "One", "outcome": "OPEN", "isStageOneOrLater": true });
        let stage = revops.change("stageMap", stage, "stage { id }").await["stage"]["id"].clone();
        revops.change("dealAdvance", json!({ "id": deal, "stageId": stage }), "deal { id }").await;
        let converted = read(&app, &row["id"]).await;
        assert_eq!((&converted["state"], &converted["validity"]), (&json!("CONVERTED"), &json!("OVER")));
    });
}

#[test]
fn a_partner_asks_about_so_many_accounts_a_day_and_learns_one_of_four_words() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let ask = async |url: &str| {
            partner.change("registrationPrecheck", json!({ "accountUrl": url }), "answer remainingToday").await
        };
        // One of the 20 went to the registration that the world begins with.
        let clear = ask("https://fresh.com").await;
        assert_eq!((&clear["answer"], &clear["remainingToday"]), (&json!("CLEAR"), &json!(18)));
        let revops = app.as_role(Role::Revops);
        let territory =
            json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "domainSuffixes": ["com"] });
        let set = revops.change("territorySet", territory, "territory { version domainSuffixes }").await;
        assert_eq!(set["territory"], json!({ "version": 1, "domainSuffixes": ["com"] }), "{set}");
        assert_eq!(ask("https://fresh.de").await["answer"], "OUTSIDE_TERRITORY");
        assert_eq!(ask("https://northwind-customer.com").await["answer"], "EXISTING_CUSTOMER");
        assert_eq!(ask("https://southbay-customer.com").await["answer"], "CONTESTED");
        // An attempt that is refused counts, once.
        for _ in 0..2 {
            let outside = submit(&partner, "https://other.de").await;
            assert_eq!(rules(&outside), ["OUTSIDE_TERRITORY"], "{outside}");
        }
        // The same question costs nothing more, and the first answer of a day stands.
        let again = ask("http://www.fresh.com/x").await;
        assert_eq!((&again["answer"], &again["remainingToday"]), (&json!("CLEAR"), &json!(15)));
        for number in 0..15 {
            assert_eq!(ask(&format!("https://n{number}.com")).await["answer"], "CLEAR", "{number}");
        }
        assert_eq!(rules(&ask("https://one-more.com").await), ["CHECK_LIMIT"]);
        assert_eq!(rules(&submit(&partner, "https://one-more.com").await), ["CHECK_LIMIT"]);
        assert_eq!(ask("https://n3.com").await["answer"], "CLEAR");
        app.clock.set(at("2026-10-06T00:00:00Z"));
        assert_eq!(ask("https://one-more.com").await["remainingToday"], 19);
    });
}

#[test]
fn rules_route_to_an_owner_who_then_sees_the_deal() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let seats = revops.query("{ seats(first: 100) { edges { node { id role } } } }").await;
        let seat = |role: &str| {
            let edges = seats.data()["seats"]["edges"].as_array().unwrap();
            edges.iter().find(|edge| edge["node"]["role"] == role).unwrap()["node"]["id"].clone()
        };
        let routes = json!({ "routes": [
            { "domain": "https://www.adatum.com", "seatId": seat("CUSTOMER_AE") },
            { "seatId": seat("OPERATOR") },
        ] });
        let set = revops.change("registrationRoutesSet", routes, "registrationRoutes { domain seat { role } }").await;
        assert_eq!(
            set["registrationRoutes"][0],
            json!({ "domain": "adatum.com", "seat": { "role": "CUSTOMER_AE" } }),
            "{set}"
        );
        let nowhere = json!({ "routes": [{ "seatId": global_id("Seat", app.clock.id()) }] });
        let nowhere = revops.change("registrationRoutesSet", nowhere, "replayed").await;
        assert_eq!(nowhere["userErrors"][0]["path"], json!(["input", "routes", "0", "seatId"]));
        let first = submit(&app.as_role(Role::Partner), "https://adatum.com").await;
        let second = submit(&rival(&app).await, "https://alpine.com").await;
        let owner = app.as_role(Role::CustomerAe);
        let seen = owner
            .query(&format!("{{ registration(id: {}) {{ ownerName deal {{ id }} }} }}", first["registration"]["id"]))
            .await;
        assert_eq!(seen.data()["registration"]["ownerName"], "CUSTOMER_AE of home");
        assert_eq!(seen.data()["registration"]["deal"], json!({ "id": first["registration"]["deal"]["id"] }));
        let unseen = owner.query(&format!("{{ registration(id: {}) {{ id }} }}", second["registration"]["id"])).await;
        assert_eq!(unseen.data()["registration"], Value::Null);
    });
}

#[test]
fn two_partners_in_the_same_millisecond_both_stand_in_one_line() {
    on_every_backend(async |app| {
        let (one, other) = (app.as_role(Role::Partner), rival(&app).await);
        let both =
            futures_util::future::join_all([&one, &other].map(|seat| submit(seat, "https://contested.com"))).await;
        for payload in &both {
            assert_eq!(codes(payload), Vec::<&str>::new(), "{payload}");
        }
        // The first in the line opened the deal; the second waits for the conflict to be decided.
        let deals: Vec<bool> = both.iter().map(|payload| payload["registration"]["deal"].is_null()).collect();
        assert_eq!(deals.iter().filter(|is_null| **is_null).count(), 1, "{both:?}");
        let approve = json!({ "id": both[0]["registration"]["id"], "decision": "APPROVE", "reason": "first" });
        let revops = app.as_role(Role::Revops);
        assert_eq!(rules(&revops.change("registrationDecide", approve, ALL).await), ["CONFLICT_OPEN"]);
    });
}

/// Everything that a partner's token may change.
const OWN: &[&str] = &[
    "disputeOpen",
    "disputeWithdraw",
    "escalationAcknowledge",
    "escalationAnswer",
    "escalationOpen",
    "escalationResolve",
    "handoffAcknowledge",
    "introductionRecord",
    "leadRecord",
    "podRequestAnswer",
    "primarySaleConfirm",
    "registrationPrecheck",
    "registrationSubmit",
    "registrationSummaryAttach",
    "registrationWithdraw",
];

#[test]
fn a_partners_token_changes_its_own_things_and_nothing_else_is_there() {
    on_sqlite(async |app| {
        let full = Document::parse(&api::graphql::sdl_full().unwrap());
        let slice = Document::parse(&api::graphql::sdl_of(Role::Partner).unwrap());
        let own = slice.fields(slice.mutation.as_deref().unwrap());
        let mut own: Vec<&str> = own.iter().map(|field| field.name.as_str()).collect();
        own.sort_unstable();
        assert_eq!(own, OWN);
        let partner = app.as_role(Role::Partner);
        let mut tried = 0;
        for field in full.fields(full.mutation.as_deref().unwrap()) {
            if OWN.contains(&field.name.as_str()) {
                continue;
            }
            let answer = partner.query(&format!("mutation {{ {}(input: {{}}) {{ __typename }} }}", field.name)).await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{}", field.name);
            tried += 1;
        }
        assert!(tried > 20, "only {tried}");
    });
}
