//! Advice with its numbers, the start of an iteration without RevOps, and the warning of who recruits while the check says PROGRAM.

use crate::registration::at;
use crate::support::world::{global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::{program, seat};
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use serde_json::{Value, json};

async fn advised(app: &App, role: Role) -> Value {
    let document = "{ advisories { raised policyVersion all { code message isRaised reason asOf from to figures { name value bar } }
        territoryOverlaps { one { name } other { name } } } }";
    app.as_role(role).query(document).await.data()["advisories"].clone()
}

fn of<'a>(advised: &'a Value, code: &str) -> &'a Value {
    advised["all"].as_array().unwrap().iter().find(|it| it["code"] == code).unwrap()
}

fn figure<'a>(advisory: &'a Value, name: &str) -> (Option<&'a str>, Option<&'a str>) {
    let found = advisory["figures"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
    (found["value"].as_str(), found["bar"].as_str())
}

fn raised(advised: &Value) -> Vec<&str> {
    let all = advised["all"].as_array().unwrap().iter().filter(|it| it["isRaised"] == true);
    all.map(|it| it["code"].as_str().unwrap()).collect()
}

/// Won: 9 deals of 12,000.00 with a partner and 4 direct ones: 108 / 156 = 69.23 % of ARR, far above a quarter. 21 deals with partners
/// and 10 direct ones were closed, all of known attribution. Nobody answered the confidence check.
#[test]
fn advice_shows_the_numbers_that_raised_it() {
    on_every_backend(async |app| {
        let first = advised(&app, Role::Operator).await;
        assert_eq!(raised(&first), ["DEDICATED_LEADER", "PROGRAM_NOT_SYSTEM", "INCOMPLETE_LOG"], "{first}");
        assert_eq!(first["raised"], 3);
        assert_eq!(figure(of(&first, "DEDICATED_LEADER"), "partnerArrRate"), (Some("0.692307692308"), Some("0.25")));
        for (name, value) in [
            ("partnerArr", "108000.00"),
            ("partnerAndDirectArr", "156000.00"),
            ("partnerDeals", "9"),
            ("directDeals", "4"),
            ("withoutArrDeals", "0"),
        ] {
            assert_eq!(figure(of(&first, "DEDICATED_LEADER"), name), (Some(value), None), "{name}");
        }
        assert_eq!(figure(of(&first, "LOW_PARTNER_VOLUME"), "closedPartnerDeals"), (Some("21"), Some("10")));
        assert_eq!(first, advised(&app, Role::Revops).await, "the same for both");

        // Two territories that share an ending, and one that shares none.
        let revops = app.as_role(Role::Revops);
        let set = async |at: usize, suffix: &str| {
            let partner = global_id("Partner", app.world.home.partners[at]);
            let input = json!({ "partnerId": partner, "domainSuffixes": [suffix] });
            let done = revops.change("territorySet", input, "territory { version }").await;
            assert_eq!(done["userErrors"], json!([]), "{done}");
        };
        set(0, "uk").await;
        set(1, "de").await;
        assert_eq!(of(&advised(&app, Role::Revops).await, "TERRITORY_OVERLAP")["isRaised"], false);
        set(1, "co.uk").await;
        let entry = json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "kind": "GEOGRAPHIC", "value": "emea",
            "evidence": "Office.", "validatedOn": "2026-04-07" });
        revops.change("capabilityRecord", entry, "capability { isStale }").await;
        let then = advised(&app, Role::Revops).await;
        assert_eq!(
            raised(&then),
            ["DEDICATED_LEADER", "PROGRAM_NOT_SYSTEM", "STALE_CAPABILITIES", "TERRITORY_OVERLAP", "INCOMPLETE_LOG"],
            "{then}"
        );
        let pair = &then["territoryOverlaps"][0];
        let mut names = [pair["one"]["name"].as_str().unwrap(), pair["other"]["name"].as_str().unwrap()];
        names.sort_unstable();
        assert_eq!(names, ["Northwind", "Southbay"]);

        // The world's forecast was read up to 2026-Q3; once Q4 has closed it is a quarter behind.
        assert_eq!(of(&then, "STALE_FORECAST_INPUTS")["isRaised"], false);
        app.clock.set(at("2027-01-04T09:00:00Z"));
        let later = advised(&app, Role::Operator).await;
        assert_eq!(of(&later, "STALE_FORECAST_INPUTS")["isRaised"], true, "{later}");
        // In 2027-Q3 no deal is in the window, and then the shares say nothing.
        app.clock.set(at("2027-10-04T09:00:00Z"));
        let blind = advised(&app, Role::Operator).await;
        let leader = of(&blind, "DEDICATED_LEADER");
        assert_eq!((leader["isRaised"].is_null(), leader["reason"].is_string()), (true, true), "{leader}");
        assert_eq!(figure(leader, "partnerArrRate").0, None);
        // All of its numbers are of one window: in it nothing was closed, and the 31 deals closed before it are not counted.
        let weak = of(&blind, "WEAK_DIRECT_BASELINE");
        assert_eq!(
            (&weak["asOf"], &weak["from"], &weak["to"]),
            (&json!("2027-10-04"), &json!("2026-Q4"), &json!("2027-Q3")),
            "{weak}"
        );
        assert_eq!((&weak["isRaised"], figure(weak, "closedDeals").0), (&json!(true), Some("0")), "{weak}");
        for none in ["unknownAttributionRate", "wonWithoutArrRate"] {
            assert_eq!(figure(weak, none).0, None, "{weak}");
        }
        let of_now = of(&blind, "REVOPS_MISSING");
        assert_eq!((&of_now["asOf"], &of_now["from"]), (&json!("2027-10-04"), &Value::Null), "{of_now}");
    });
}

#[test]
fn a_legacy_report_is_retired_and_names_what_answers_its_question() {
    on_every_backend(async |app| {
        let document = "{ retiredMeasures { title reason replacedBy } measures { name } }";
        let answer = app.as_role(Role::Finance).query(document).await;
        let known: Vec<&Value> = answer.data()["measures"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        let retired = answer.data()["retiredMeasures"].as_array().unwrap();
        assert!(
            retired.iter().any(|it| it["title"] == "MDF utilisation" && it["replacedBy"] == json!(["partnerYield"]))
        );
        for name in retired.iter().flat_map(|it| it["replacedBy"].as_array().unwrap()) {
            assert!(known.contains(&name), "{name}");
        }
        // A partner is told of no measure that it does not read.
        let partner = app.as_role(Role::Partner).query("{ retiredMeasures { replacedBy } }").await;
        assert!(!partner.body.to_string().contains("partnerYield"), "{}", partner.body);
    });
}

#[test]
fn who_recruits_while_the_check_says_program_is_warned_and_not_refused() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let input = json!({ "name": "Early bird", "kind": "ISV", "status": "CANDIDATE" });
        let made = operator.change("partnerCreate", input, "partner { id status }").await;
        assert_eq!(made["partner"]["status"], "CANDIDATE", "{made}");
        let recruit = json!({ "partnerId": made["partner"]["id"] });
        let done =
            operator.change("candidateRecruit", recruit.clone(), "partner { status } warnings { code isRaised }").await;
        assert_eq!(done["partner"]["status"], "ACTIVE", "{done}");
        assert_eq!(done["warnings"], json!([{ "code": "PROGRAM_NOT_SYSTEM", "isRaised": true }]));
        // What is refused warns of nothing.
        let again = operator.change("candidateRecruit", recruit, "partner { status } warnings { code }").await;
        assert_eq!((&again["warnings"], again["userErrors"].as_array().unwrap().len()), (&json!([]), 1));
    });
}

/// A program with an Operator and nobody of RevOps.
#[test]
fn an_iteration_starts_without_revops_only_with_a_reason_that_the_ledger_keeps() {
    on_every_backend(async |app| {
        let new = program::New {
            slug: "bare".into(),
            name: "Bare".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let bare = program::create(&app.office, new).await.unwrap();
        let ops = somebody(&app.office, bare.id, Role::Revops);
        let who = seat::Who { issuer: DEV_ISSUER.into(), subject: "alone".into() };
        let facts = seat::Facts {
            name: Some("Alone".into()),
            role: Some(Role::Operator),
            pods: None,
            partners: None,
            owner_external_id: None,
        };
        seat::grant(&ops, who, facts, None).await.unwrap();
        let alone = app.as_subject("alone");
        let open = async |input: Value| alone.change("iterationOpen", input, "iteration { quarter }").await;
        let refused = open(json!({})).await;
        assert_eq!(
            (&refused["iteration"], &refused["userErrors"][0]["rule"]),
            (&Value::Null, &json!("REVOPS_MISSING")),
            "{refused}"
        );
        assert_eq!(
            open(json!({ "withoutRevopsReason": " " })).await["userErrors"][0]["path"],
            json!(["input", "withoutRevopsReason"])
        );
        let opened = open(json!({ "withoutRevopsReason": "Their first day is Monday." })).await;
        assert_eq!(opened["iteration"]["quarter"], "2026-Q4", "{opened}");
        let kept = alone.query("{ ledgerEntries(first: 50) { edges { node { kind facts } } } }").await;
        let entries = kept.data()["ledgerEntries"]["edges"].as_array().unwrap().clone();
        let own =
            entries.iter().find(|edge| edge["node"]["kind"] == "OVERRIDE").unwrap_or_else(|| panic!("{entries:?}"));
        let body = own["node"]["facts"].to_string();
        assert!(body.contains("REVOPS_MISSING") && body.contains("Their first day is Monday."), "{body}");
        // Where RevOps is seated, a reason is neither needed nor kept.
        let home = app.as_role(Role::Operator);
        home.change("iterationOpen", json!({ "withoutRevopsReason": "Just so." }), "iteration { quarter }").await;
        let kept = home.query("{ ledgerEntries(first: 100) { edges { node { kind } } } }").await;
        assert!(!kept.body.to_string().contains("OVERRIDE"), "{}", kept.body);
    });
}
