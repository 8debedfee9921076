//! Contract terms through the API: versions that are never edited, clocks that read them before the policy, and a partner that reads
//! its own.

use crate::registration::{at, codes, commit_rep, facts, meet, rival, rules, submit};
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

const VERSIONS: &str = "contractVersions { version startsOn endsOn isInForce numbers { number value } note }";

/// Terms that give these numbers, from a day on.
fn terms(app: &App, partner: usize, from: &str, numbers: &[(&str, i32)]) -> Value {
    let numbers: Vec<Value> =
        numbers.iter().map(|(number, value)| json!({ "number": number, "value": value })).collect();
    json!({ "partnerId": global_id("Partner", app.world.home.partners[partner]), "startsOn": from, "scope": "Resale",
        "territory": "EMEA", "commercialModel": "RESELLER_DISCOUNT", "numbers": numbers, "note": "they asked for more" })
}

async fn agree(app: &App, partner: usize, from: &str, numbers: &[(&str, i32)]) -> Value {
    let input = terms(app, partner, from, numbers);
    let made = app.as_role(Role::Revops).change("contractTermsAgree", input, VERSIONS).await;
    assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
    made["contractVersions"].clone()
}

/// When a registration's first touch is due, and which contract said so.
async fn promised(app: &App, made: &Value, kind: &str) -> (Value, Value) {
    let ask = "query($of: [ID!]) { slaClocks(filter: { subjectId: { in: $of } }) { edges { node { kind dueAt
        policyVersion contractVersion } } } }";
    let answer = app.as_role(Role::Revops).query_with(ask, json!({ "of": [made["id"]] })).await;
    let clocks = answer.data()["slaClocks"]["edges"].as_array().unwrap().clone();
    let clock = clocks.iter().map(|edge| &edge["node"]).find(|clock| clock["kind"] == kind).unwrap();
    assert_eq!(clock["policyVersion"], 1);
    (clock["dueAt"].clone(), clock["contractVersion"].clone())
}

async fn registered(partner: &Seat<'_>, url: &str) -> Value {
    let mut input = facts(url);
    input["nextMeetingOn"] = json!("2026-11-30");
    let made = partner.change("registrationSubmit", input, "registration { id }").await;
    assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
    made["registration"].clone()
}

/// Working hours are 09:00 to 17:00. From Monday, 5 October 2026, 09:00: 4 business hours end at 13:00 where the contract gives
/// them, 2 at 11:00 by the policy. Version 2 gives 6 from the 12th on: until the 11th the 4 hold. Version 3 ends on the 13th, and
/// from the 14th on it is the policy again.
#[test]
fn the_terms_in_force_when_a_promise_begins_decide_its_term() {
    on_every_backend(async |app| {
        // A token lives a day: whoever asks gets a fresh one.
        let other = rival(&app).await;
        agree(&app, 0, "2026-10-05", &[("FIRST_TOUCH_BUSINESS_HOURS", 4)]).await;
        let (mine, theirs) = (
            registered(&app.as_role(Role::Partner), "https://a.example.org").await,
            registered(&other, "https://b.example.net").await,
        );
        assert_eq!(promised(&app, &mine, "FIRST_TOUCH").await, (json!("2026-10-05T13:00:00Z"), json!(1)));
        assert_eq!(promised(&app, &theirs, "FIRST_TOUCH").await, (json!("2026-10-05T11:00:00Z"), Value::Null));
        agree(&app, 0, "2026-10-12", &[("FIRST_TOUCH_BUSINESS_HOURS", 6)]).await;
        app.clock.set(at("2026-10-09T09:00:00Z"));
        let before = registered(&app.as_role(Role::Partner), "https://c.example.com").await;
        assert_eq!(promised(&app, &before, "FIRST_TOUCH").await, (json!("2026-10-09T13:00:00Z"), json!(1)));
        app.clock.set(at("2026-10-12T09:00:00Z"));
        let after = registered(&app.as_role(Role::Partner), "https://d.example.edu").await;
        assert_eq!(promised(&app, &after, "FIRST_TOUCH").await, (json!("2026-10-12T15:00:00Z"), json!(2)));
        // What ran keeps what it began with.
        assert_eq!(promised(&app, &before, "FIRST_TOUCH").await, (json!("2026-10-09T13:00:00Z"), json!(1)));
        let mut last = terms(&app, 0, "2026-10-13", &[("FIRST_TOUCH_BUSINESS_HOURS", 8)]);
        last["endsOn"] = json!("2026-10-13");
        app.as_role(Role::Revops).change("contractTermsAgree", last, VERSIONS).await;
        for (now, due, version) in [
            ("2026-10-13T09:00:00Z", "2026-10-13T17:00:00Z", json!(3)),
            ("2026-10-14T09:00:00Z", "2026-10-14T11:00:00Z", Value::Null),
        ] {
            app.clock.set(at(now));
            let made = registered(
                &app.as_role(Role::Partner),
                &format!("https://{}.io", now.replace([':', 'T'], "-").to_lowercase()),
            )
            .await;
            assert_eq!(promised(&app, &made, "FIRST_TOUCH").await, (json!(due), version));
        }
    });
}

/// 30 days from 5 October 2026 end with 4 November, 10 with the 15th; by the policy it would be 3 January and the 26th. The summary
/// of a meeting on the 6th, 09:00, is due 48 hours later instead of 24. The request of the Pod waits 24 hours instead of 72.
#[test]
fn validity_meeting_summary_and_answers_run_by_the_contract_of_the_partner() {
    on_every_backend(async |app| {
        let select = "registration { id validThrough meetBy policyVersion contractVersion deal { id } meeting { activityId summaryDueAt } acceptance { text } }";
        let (first, other) = (app.as_role(Role::Partner), rival(&app).await);
        let numbers = [
            ("REGISTRATION_VALIDITY_DAYS", 30),
            ("REGISTRATION_MEETING_DAYS", 10),
            ("MEETING_SUMMARY_HOURS", 48),
            ("POD_REQUEST_HOURS", 24),
        ];
        agree(&app, 0, "2026-01-01", &numbers).await;
        let approve = async |made: Value| {
            let input = json!({ "id": made["registration"]["id"], "decision": "APPROVE", "reason": "a real need" });
            let done = app.as_role(Role::Revops).change("registrationDecide", input, select).await;
            assert_eq!(codes(&done), Vec::<&str>::new(), "{done}");
            done["registration"].clone()
        };
        let mine = approve(submit(&first, "https://mine.example.org").await).await;
        let theirs = approve(submit(&other, "https://theirs.example.net").await).await;
        let days = |row: &Value| (row["validThrough"].clone(), row["meetBy"].clone(), row["contractVersion"].clone());
        assert_eq!(days(&mine), (json!("2026-11-04"), json!("2026-10-15"), json!(1)));
        assert_eq!(days(&theirs), (json!("2027-01-03"), json!("2026-10-26"), Value::Null));
        assert_eq!((&mine["policyVersion"], &theirs["policyVersion"]), (&json!(1), &json!(1)));
        assert!(mine["acceptance"]["text"].as_str().unwrap().contains("within 48h"), "{mine}");
        // An amendment does not reach back to what is granted.
        agree(&app, 0, "2026-10-05", &[("REGISTRATION_VALIDITY_DAYS", 365)]).await;
        commit_rep(&app, &mine["deal"]["id"]).await;
        app.clock.set(at("2026-10-06T12:00:00Z"));
        agree(&app, 0, "2026-10-06", &numbers).await;
        meet(&app, &mine, "2026-10-06T09:00:00Z").await;
        let ask = format!("{{ registration(id: {}) {{ {} }} }}", mine["id"], &select[15..select.len() - 2]);
        let read = app.as_role(Role::Partner).query(&ask).await.data()["registration"].clone();
        assert_eq!(days(&read), days(&mine));
        assert_eq!(read["meeting"]["summaryDueAt"], "2026-10-08T09:00:00Z");
        let meeting = json!({ "id": read["meeting"]["activityId"] });
        assert_eq!(promised(&app, &meeting, "MEETING_SUMMARY").await, (json!("2026-10-08T09:00:00Z"), json!(3)));
        for (partner, due, version) in [(0, "2026-10-07T12:00:00Z", json!(3)), (1, "2026-10-09T12:00:00Z", Value::Null)]
        {
            let input =
                json!({ "partnerId": global_id("Partner", app.world.home.partners[partner]), "question": "When?" });
            let asked = app.as_role(Role::Revops).change("podRequestCreate", input, "podRequest { id }").await;
            assert_eq!(promised(&app, &asked["podRequest"], "POD_REQUEST").await, (json!(due), version));
        }
    });
}

#[test]
fn terms_are_versions_from_a_day_on_and_never_edited() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let hours = "FIRST_TOUCH_BUSINESS_HOURS";
        // Only the first terms may be older than their record.
        agree(&app, 0, "2024-01-01", &[(hours, 4)]).await;
        let late = revops.change("contractTermsAgree", terms(&app, 0, "2026-10-04", &[]), VERSIONS).await;
        assert_eq!(rules(&late), ["CONTRACT_RETROACTIVE"]);
        let mut stale = terms(&app, 0, "2026-10-05", &[]);
        stale["expectedVersion"] = json!(0);
        assert_eq!(codes(&revops.change("contractTermsAgree", stale, VERSIONS).await), ["STALE_VERSION"]);
        let wrong = terms(&app, 0, "2026-10-05", &[(hours, 0), ("ROUTING_MINUTES", 5), ("ROUTING_MINUTES", 6)]);
        let wrong = revops.change("contractTermsAgree", wrong, VERSIONS).await;
        let paths: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&json!(["input", "numbers", "0", "value"]), &json!(["input", "numbers", "2", "value"])]);
        let mut ends = terms(&app, 0, "2026-10-06", &[]);
        ends["endsOn"] = json!("2026-10-05");
        let ends = revops.change("contractTermsAgree", ends, VERSIONS).await;
        assert_eq!(ends["userErrors"][0]["path"], json!(["input", "endsOn"]));
        let planned = agree(&app, 0, "2026-11-01", &[]).await;
        let versions: Vec<(&Value, &Value)> =
            planned.as_array().unwrap().iter().map(|row| (&row["version"], &row["isInForce"])).collect();
        assert_eq!(versions, [(&json!(2), &json!(false)), (&json!(1), &json!(true))]);
        // The same key answers the same and writes nothing.
        let mut once = terms(&app, 0, "2026-12-01", &[]);
        once["idempotencyKey"] = json!("k");
        for replayed in [false, true] {
            let done = revops.change("contractTermsAgree", once.clone(), &format!("replayed {VERSIONS}")).await;
            assert_eq!((&done["replayed"], &done["contractVersions"][0]["version"]), (&json!(replayed), &json!(3)));
        }
        let ask = "{ ledgerEntries(last: 50) { edges { node { kind facts } } } }";
        let entries = revops.query(ask).await.data()["ledgerEntries"]["edges"].as_array().unwrap().clone();
        let agreed = entries.iter().filter(|edge| edge["node"]["kind"] == "CONTRACT_AGREED").count();
        assert_eq!(agreed, 3, "{entries:?}");
    });
}

#[test]
fn a_partner_reads_its_own_terms_without_the_vendors_note() {
    on_every_backend(async |app| {
        agree(&app, 0, "2026-10-05", &[("ESCALATION_HOURS", 24)]).await;
        agree(&app, 1, "2026-10-05", &[("ESCALATION_HOURS", 12)]).await;
        let fields = "version isInForce scope territory commercialModel numbers { number value }";
        let ask = |partner: usize, fields: &str| {
            let id = global_id("Partner", app.world.home.partners[partner]);
            format!(
                "{{ contractTerms(partnerId: \"{id}\") {{ {fields} }} contractVersions(partnerId: \"{id}\") {{ version }} }}"
            )
        };
        let own = app.as_role(Role::Partner).query(&ask(0, fields)).await;
        let expected = json!({ "contractTerms": { "version": 1, "isInForce": true, "scope": "Resale", "territory": "EMEA",
            "commercialModel": "RESELLER_DISCOUNT", "numbers": [{ "number": "ESCALATION_HOURS", "value": 24 }] },
            "contractVersions": [{ "version": 1 }] });
        assert_eq!(own.data(), &expected);
        let others = app.as_role(Role::Partner).query(&ask(1, fields)).await;
        assert_eq!(others.data(), &json!({ "contractTerms": null, "contractVersions": [] }));
        assert_eq!(app.as_role(Role::Partner).query(&ask(0, "note")).await.status, 400);
        assert_eq!(app.as_role(Role::Finance).query(&ask(0, "note")).await.status, 400);
        let noted = app.as_role(Role::Operator).query(&ask(1, "note")).await;
        assert_eq!(noted.data()["contractTerms"]["note"], "they asked for more");
        // Nobody but RevOps writes what comes before the policy.
        for role in [Role::Operator, Role::Finance, Role::PartnerManager, Role::Partner] {
            let answer = app.as_role(role).query("mutation { contractTermsAgree(input: {}) { replayed } }").await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
        }
        // Neither the receipt of its own terms nor the ledger holds the note, and nobody gets the receipt of another's.
        let ask = "{ ledgerReceipts(last: 50) { edges { node { kind says } } } }";
        let receipts = app.as_role(Role::Partner).query(ask).await.data()["ledgerReceipts"]["edges"].clone();
        let agreed: Vec<&Value> = receipts
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| &edge["node"])
            .filter(|node| node["kind"] == "CONTRACT_AGREED")
            .collect();
        assert_eq!(agreed.len(), 1, "{receipts}");
        let says = agreed[0]["says"].to_string();
        assert!(says.contains("ESCALATION_HOURS") && says.contains("24"), "{says}");
        let ledger = app.as_role(Role::Finance).query("{ ledgerEntries(last: 50) { edges { node { facts } } } }").await;
        assert!(
            !ledger.data().to_string().contains("asked for more") && !receipts.to_string().contains("asked for more")
        );
    });
}
