//! The policy through the API: read, drafted, tried on past quarters, activated; and that measures follow the version of their day.

use crate::support::database::{Backend, Database};
use crate::support::{App, on_every_backend};
use api::clock::Clock;
use api::usecase::{Caller, Office, policy, program};
use chrono::TimeDelta;
use domain::policy::Policy;
use domain::role::{Action, Role, may};
use entity::Store;
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const DRAFT: &str = "replayed draft { id version baseVersion title activatedVersion changes { name before after } }";
const ACTIVATED: &str = "replayed policy { version activeFrom reason seatId values { solidDeals } }";

async fn draft(app: &App, input: Value) -> Value {
    app.as_role(Role::Revops).change("policyDraft", input, DRAFT).await
}

async fn activate(app: &App, draft: &Value, changes: Value) -> Value {
    let mut input =
        json!({ "draftId": draft["draft"]["id"], "activeFrom": "2026-10-05", "reason": "Ten deals were too few" });
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    app.as_role(Role::Revops).change("policyActivate", input, ACTIVATED).await
}

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("none")).collect()
}

#[test]
fn a_program_begins_with_version_one_and_every_number_says_what_it_does() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let document = "{ policy { version activeFrom seatId reason values { solidDeals intervalLevel winRateBarPoints tamDeepRate } numbers { name description value default least most } } policies { version } policyDrafts { id } }";
            let answer = app.as_role(role).query(document).await;
            if !may(role, Action::ReadPolicy) {
                assert_eq!(answer.codes()[0], "GRAPHQL_VALIDATION_FAILED", "{role:?}");
                continue;
            }
            let policy = &answer.data()["policy"];
            assert_eq!(
                (&policy["version"], &policy["activeFrom"], &policy["seatId"]),
                (&json!(1), &json!("1900-01-01"), &Value::Null)
            );
            let values =
                json!({ "solidDeals": 10, "intervalLevel": "0.80", "winRateBarPoints": "10", "tamDeepRate": "0.5" });
            assert_eq!(policy["values"], values);
            for number in policy["numbers"].as_array().unwrap() {
                assert_eq!(number["value"], number["default"], "{number}");
                assert!(number["description"].as_str().unwrap().len() > 20, "{number}");
            }
            assert_eq!(
                (&answer.data()["policies"], &answer.data()["policyDrafts"]),
                (&json!([{ "version": 1 }]), &json!([]))
            );
        }
    });
}

#[test]
fn wrong_numbers_are_refused_each_by_its_name_and_nothing_is_written() {
    on_every_backend(async |app| {
        let values = json!({ "solidDeals": 0, "tamDeepRate": "1.5", "intervalLevel": "0.50" });
        let refused = draft(&app, json!({ "title": "No", "values": values })).await;
        let errors = refused["userErrors"].as_array().unwrap();
        let paths: Vec<&str> = errors.iter().map(|error| error["path"][2].as_str().unwrap()).collect();
        assert_eq!(paths, ["solidDeals", "tamDeepRate", "intervalLevel"], "{refused}");
        assert_eq!(errors[0]["message"], "solidDeals is 1 to 1000000");
        assert_eq!(
            draft(&app, json!({ "values": { "solidDeals": 12 } })).await["userErrors"][0]["path"],
            json!(["input", "title"])
        );
        let seat = app.as_role(Role::Revops);
        // A number that does not exist, and one of another type, are no part of the schema.
        for values in [json!({ "colour": 1 }), json!({ "solidDeals": "many" }), json!({ "tamDeepRate": 0.5 })] {
            let document = "mutation($input: PolicyDraftInput!) { policyDraft(input: $input) { draft { id } } }";
            let answer = seat.query_with(document, json!({ "input": { "title": "No", "values": values } })).await;
            assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{values}");
        }
        assert_eq!(seat.query("{ policyDrafts { id } }").await.data()["policyDrafts"], json!([]));
    });
}

#[test]
fn a_draft_is_changed_and_activated_once() {
    on_every_backend(async |app| {
        // Later than the world was made, so that its changes come first in the record.
        app.clock.advance(TimeDelta::minutes(1));
        let first =
            draft(&app, json!({ "title": "More deals", "idempotencyKey": "k", "values": { "solidDeals": 12 } })).await;
        assert_eq!(
            first["draft"]["changes"],
            json!([{ "name": "solidDeals", "before": "10", "after": "12" }]),
            "{first}"
        );
        let again =
            draft(&app, json!({ "title": "More deals", "idempotencyKey": "k", "values": { "solidDeals": 12 } })).await;
        assert_eq!((&again["replayed"], &again["draft"]["id"]), (&json!(true), &first["draft"]["id"]));
        let other = draft(&app, json!({ "title": "Another", "values": { "winRateBarPoints": "5" } })).await;
        let stale =
            draft(&app, json!({ "id": first["draft"]["id"], "expectedVersion": 7, "values": { "solidDeals": 11 } }))
                .await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE_VERSION");
        let changed =
            draft(&app, json!({ "id": first["draft"]["id"], "expectedVersion": 1, "values": { "solidDeals": 11 } }))
                .await;
        assert_eq!((&changed["draft"]["version"], &changed["draft"]["title"]), (&json!(2), &json!("More deals")));

        assert_eq!(rules(&activate(&app, &first, json!({ "activeFrom": "2026-10-04" })).await), ["POLICY_RETROACTIVE"]);
        assert_eq!(
            activate(&app, &first, json!({ "reason": " " })).await["userErrors"][0]["path"],
            json!(["input", "reason"])
        );
        assert_eq!(
            activate(&app, &first, json!({ "expectedVersion": 1 })).await["userErrors"][0]["code"],
            "STALE_VERSION"
        );
        let done = activate(&app, &first, json!({ "expectedVersion": 2 })).await;
        assert_eq!(done["policy"]["version"], 2, "{done}");
        assert_eq!(
            (&done["policy"]["activeFrom"], &done["policy"]["values"]["solidDeals"]),
            (&json!("2026-10-05"), &json!(11))
        );
        assert_eq!(rules(&activate(&app, &first, json!({})).await), ["POLICY_DRAFT_ACTIVATED"]);
        assert_eq!(rules(&activate(&app, &other, json!({})).await), ["POLICY_DRAFT_OVERTAKEN"]);
        let same = draft(&app, json!({ "title": "Nothing", "values": { "solidDeals": 11 } })).await;
        assert_eq!(rules(&activate(&app, &same, json!({})).await), ["POLICY_DRAFT_UNCHANGED"]);

        let seat = app.as_role(Role::Revops);
        let list = seat.query("{ policies { version reason } policyDrafts { title } now: policy { version } first: policy(version: 1) { values { solidDeals } } before: policy(asOf: \"2026-10-04\") { version } none: policy(version: 9) { version } }").await;
        let data = list.data();
        assert_eq!(data["policies"][0], json!({ "version": 2, "reason": "Ten deals were too few" }));
        assert_eq!(
            (&data["now"]["version"], &data["before"]["version"], &data["none"]),
            (&json!(2), &json!(1), &Value::Null)
        );
        assert_eq!(data["first"]["values"]["solidDeals"], 10);
        assert_eq!(data["policyDrafts"].as_array().unwrap().len(), 2, "{data}");
        let changes = seat.query("{ changes(first: 20) { edges { node { verb facts } } } }").await;
        let noted = changes.data()["changes"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .find(|edge| edge["node"]["verb"] == "policy.activate");
        assert!(noted.unwrap()["node"]["facts"].as_str().unwrap().contains("\"solidDeals\":[10,11]"), "{noted:?}");
        // Each draft that was begun or changed is in the ledger, and so is the version that came into force.
        let entries = "{ drafts: ledgerEntries(filter: { kind: { eq: POLICY_CHANGED } }) { totalCount edges { node { subjectType facts } } }
            active: ledgerEntries(filter: { kind: { eq: POLICY_ACTIVATED } }) { totalCount } }";
        let entries = seat.query(entries).await.data().clone();
        assert_eq!(
            (&entries["drafts"]["totalCount"], &entries["active"]["totalCount"]),
            (&json!(4), &json!(1)),
            "{entries}"
        );
        let facts = r#"{"baseVersion":1,"version":1}"#;
        let first = json!({ "node": { "subjectType": "PolicyDraft", "facts": facts } });
        assert!(entries["drafts"]["edges"].as_array().unwrap().contains(&first), "{entries}");
        // The rival's policy is its own.
        let rival = app.as_subject("REVOPS@rival").query("{ policies { version } policyDrafts { id } }").await;
        assert_eq!(rival.data(), &json!({ "policies": [{ "version": 1 }], "policyDrafts": [] }));
    });
}

/// The first partner has 11 co-sell deals (6 of 10 won, and the shared one) beside 10 direct ones: SOLID by default.
const MATRIX: &str = "query($asOf: Date) { auditMatrix(asOf: $asOf, filter: { isMeasured: true }) { frame { policyVersion } cells { partner { name } trustGap { evidence policyVersion } partnerYield { evidence policyVersion } velocity { policyVersion } dealSize { policyVersion } } } }";

async fn evidence(app: &App, as_of: Value) -> (Value, Value) {
    let answer = app.as_role(Role::Operator).query_with(MATRIX, json!({ "asOf": as_of })).await;
    let matrix = &answer.data()["auditMatrix"];
    let version = matrix["frame"]["policyVersion"].clone();
    let cell = matrix["cells"].as_array().unwrap().iter().find(|cell| cell["partner"]["name"] == "Northwind").unwrap();
    for measure in ["trustGap", "partnerYield", "velocity", "dealSize"] {
        assert_eq!(cell[measure]["policyVersion"], version, "{measure}");
    }
    (version, cell["trustGap"]["evidence"].clone())
}

#[test]
fn a_measure_follows_the_version_of_its_day_and_no_kept_answer_survives_a_new_one() {
    on_every_backend(async |app| {
        // Asked twice, so that the answers are kept.
        for _ in 0..2 {
            assert_eq!(evidence(&app, Value::Null).await, (json!(1), json!("SOLID")));
        }
        let made = draft(&app, json!({ "title": "Eleven", "values": { "solidDeals": 11 } })).await;
        assert_eq!(activate(&app, &made, json!({})).await["policy"]["version"], 2);
        for _ in 0..2 {
            assert_eq!(evidence(&app, Value::Null).await, (json!(2), json!("THIN")));
            assert_eq!(evidence(&app, json!("2026-10-04")).await, (json!(1), json!("SOLID")));
        }
        // A version of a later day holds from that day on, without anybody doing anything.
        let later = draft(&app, json!({ "title": "Five", "values": { "solidDeals": 5 } })).await;
        assert_eq!(activate(&app, &later, json!({ "activeFrom": "2026-10-07" })).await["policy"]["version"], 3);
        assert_eq!(evidence(&app, Value::Null).await, (json!(2), json!("THIN")));
        app.clock.advance(TimeDelta::days(2));
        assert_eq!(evidence(&app, Value::Null).await, (json!(3), json!("SOLID")));
        assert_eq!(evidence(&app, json!("2026-10-06")).await, (json!(2), json!("THIN")));
    });
}

#[test]
fn a_preview_tells_what_past_quarters_would_have_read_and_writes_nothing() {
    on_every_backend(async |app| {
        let made = draft(&app, json!({ "title": "Eleven", "values": { "solidDeals": 11 } })).await;
        let document = "query($id: ID!, $quarters: [Quarter!]!) { policyPreview(draftId: $id, quarters: $quarters) { draft { title } quarters { quarter asOf policyVersion compared differences { aspect partner { name } segment { name } before after } } } }";
        let seat = app.as_role(Role::Operator);
        let ask = async |quarters: Value| {
            seat.query_with(document, json!({ "id": made["draft"]["id"], "quarters": quarters })).await
        };
        let answer = ask(json!(["2026-Q3", "2026-Q1"])).await;
        let quarters = &answer.data()["policyPreview"]["quarters"];
        // Deals closed in 2026-Q2: as of the end of Q1 there is nothing to read otherwise.
        assert_eq!((&quarters[1]["asOf"], &quarters[1]["differences"]), (&json!("2026-03-31"), &json!([])));
        assert_eq!((&quarters[0]["asOf"], &quarters[0]["policyVersion"]), (&json!("2026-09-30"), &json!(1)));
        let differences = quarters[0]["differences"].as_array().unwrap();
        let thin = json!({ "aspect": "TRUST_GAP_EVIDENCE", "partner": { "name": "Northwind" }, "segment": { "name": "Enterprise" }, "before": "SOLID", "after": "THIN" });
        assert!(differences.contains(&thin), "{differences:?}");
        let of_evidence = |it: &&Value| it["aspect"] != "RECOMMENDED_TIER";
        assert!(
            differences.iter().filter(of_evidence).all(|it| it["before"] == "SOLID" && it["after"] == "THIN"),
            "{differences:?}"
        );
        // What the preview says is what the matrix says once the draft holds.
        assert_eq!(evidence(&app, Value::Null).await, (json!(1), json!("SOLID")));
        for (quarters, code) in [
            (json!(["2026-Q4"]), "BAD_USER_INPUT"),
            (json!([]), "BAD_USER_INPUT"),
            (json!(vec!["2026-Q3"; 13]), "BAD_USER_INPUT"),
        ] {
            assert_eq!(ask(quarters.clone()).await.codes(), [code], "{quarters}");
        }
        let none = seat.query_with(document, json!({ "id": "nothing", "quarters": ["2026-Q3"] })).await;
        assert_eq!(none.data()["policyPreview"], Value::Null);
    });
}

#[test]
fn numbers_that_do_not_go_with_each_other_are_refused_each_at_its_place() {
    on_every_backend(async |app| {
        for (values, paths) in [
            (json!({ "tamYieldBands2To": "7" }), vec!["tamYieldBands2To"]),
            (json!({ "tamModerateRate": "0.6" }), vec!["tamModerateRate"]),
            (json!({ "tierInvestMultiple": "0.5" }), vec!["tierExitMultiple"]),
            (
                json!({ "levelSourcedWeight": "30", "creditHalfLifeDays": 0 }),
                vec!["levelSourcedWeight", "creditHalfLifeDays"],
            ),
        ] {
            let refused = draft(&app, json!({ "title": "No", "values": values })).await;
            let errors = refused["userErrors"].as_array().unwrap();
            let told: Vec<&str> = errors.iter().map(|error| error["path"][2].as_str().unwrap()).collect();
            assert_eq!(told, paths, "{refused}");
            assert!(errors.iter().all(|error| error["code"] == "INVALID"), "{refused}");
        }
        // Beside a change that keeps the order it is none.
        let fine = draft(
            &app,
            json!({ "title": "Yes", "values": { "levelSourcedWeight": "50", "levelInfluencedWeight": "30" } }),
        )
        .await;
        assert_eq!(fine["userErrors"], json!([]), "{fine}");
    });
}

#[tokio::test]
async fn a_program_from_before_there_were_versions_gets_its_first_one() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let connect = async || {
            let store = Store::connect(&database.url, 2).await.unwrap();
            Office::new(store, Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap()))
        };
        let office = connect().await;
        let new = program::New {
            slug: "acme".into(),
            name: "Acme".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let program = program::create(&office, new).await.unwrap();
        let steps = Migrator::migrations().into_iter().rev();
        let steps = steps.take_while(|step| step.name() != "m20261125_000007_policy").count() + 1;
        Migrator::down(office.store.write(), Some(u32::try_from(steps).unwrap())).await.unwrap();
        Migrator::up(office.store.write(), None).await.unwrap();
        // Connected anew: the tables under the old statements are others now.
        let versions = policy::all(&Caller::system(connect().await, program.id)).await.unwrap();
        assert_eq!(versions.len(), 1, "{backend}");
        assert_eq!((&versions[0].policy, versions[0].seat_id.is_nil()), (&Policy::default(), true), "{backend}");
        assert_eq!(versions[0].recorded_at, program.recorded_at, "{backend}");
    }
}
