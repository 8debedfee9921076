//! The ideal profiles through the API: definitions with their versions, fit with its parts, and the bar that a candidate must meet.

use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const FIT: &str = "{ score lowestScore highestScore knownRate barScore verdict reason unknown disqualifiedBy profileVersion policyVersion
    lines { name fact weight state contribution } disqualifiers { name state } }";

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or_default()).collect()
}

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

fn attribute(name: &str, fact: &str, test: Value, weight: &str) -> Value {
    json!({ "criterion": criterion(name, fact, test), "weight": weight })
}

fn criterion(name: &str, fact: &str, test: Value) -> Value {
    let mut criterion = json!({ "name": name, "fact": fact });
    criterion.as_object_mut().unwrap().extend(test.as_object().unwrap().clone());
    criterion
}

/// Resellers and MSPs weigh 30, EMEA 20, 500 customers or more 10; affiliates are out.
fn ipp() -> Value {
    json!({
        "kind": "IPP", "reason": "What won with us so far.",
        "attributes": [
            attribute("Kind", "KIND", json!({ "anyOf": ["RESELLER", "MSP"] }), "30"),
            attribute("Geo", "REGION", json!({ "anyOf": ["EMEA"] }), "20"),
            attribute("Install base", "INSTALL_BASE", json!({ "atLeast": "500" }), "10"),
        ],
        "disqualifiers": [criterion("No affiliates", "KIND", json!({ "anyOf": ["AFFILIATE"] }))],
    })
}

async fn set(app: &App, input: Value) -> Value {
    app.as_role(Role::Operator).change("idealProfileSet", input, "idealProfile { version }").await
}

async fn practice(app: &App, partner: &str, region: &str, install_base: i64) {
    let input = json!({ "partnerId": partner, "regions": [region], "installBase": install_base, "seatsManaged": 9000,
        "verticals": ["Retail"], "averageCustomerSize": 80 });
    let set = app.as_role(Role::Operator).change("partnerPracticeSet", input, "partner { practice { version } }").await;
    assert_eq!(set["userErrors"], json!([]), "{set}");
}

async fn candidate(app: &App, name: &str, kind: &str) -> String {
    let input = json!({ "name": name, "kind": kind, "status": "CANDIDATE" });
    let made = app.as_role(Role::Operator).change("partnerCreate", input, "partner { id }").await;
    made["partner"]["id"].as_str().unwrap().to_owned()
}

async fn fit_of(app: &App, role: Role, partner: &str) -> Value {
    let answer = app.as_role(role).query(&format!("{{ partner(id: \"{partner}\") {{ fit {FIT} }} }}")).await;
    answer.data()["partner"]["fit"].clone()
}

/// Northwind is a reseller of whom nobody recorded more: 30 of 60 is known, exactly the half that it takes: 100, between 50 and 100. In
/// AMER with 500 customers it is (30 + 10) / 60.
#[test]
fn a_fit_shows_its_parts_and_names_what_is_unknown() {
    on_every_backend(async |app| {
        let north = partner(&app, 0);
        assert_eq!(fit_of(&app, Role::Operator, &north).await, Value::Null, "the program has no profile yet");
        assert_eq!(set(&app, ipp()).await["idealProfile"], json!({ "version": 1 }));
        let fit = fit_of(&app, Role::Operator, &north).await;
        assert_eq!((&fit["score"], &fit["verdict"]), (&json!("100.000000000000"), &json!("FITS")), "{fit}");
        assert_eq!(
            (&fit["lowestScore"], &fit["highestScore"], &fit["knownRate"]),
            (&json!("50.000000000000"), &json!("100.000000000000"), &json!("0.500000000000"))
        );
        assert_eq!((&fit["unknown"], &fit["barScore"]), (&json!(["Geo", "Install base"]), &json!("60")));
        practice(&app, &north, "AMER", 500).await;
        let fit = fit_of(&app, Role::Operator, &north).await;
        assert_eq!((&fit["score"], &fit["unknown"]), (&json!("66.666666666667"), &json!([])), "{fit}");
        let parts = json!([
            { "name": "Kind", "fact": "KIND", "weight": "30", "state": "MET", "contribution": "50.000000000000" },
            { "name": "Geo", "fact": "REGION", "weight": "20", "state": "NOT_MET", "contribution": "0.000000000000" },
            { "name": "Install base", "fact": "INSTALL_BASE", "weight": "10", "state": "MET", "contribution": "16.666666666667" },
        ]);
        assert_eq!(fit["lines"], parts);
        assert_eq!(fit["disqualifiers"], json!([{ "name": "No affiliates", "state": "NOT_MET" }]));
        // The same for everybody who reads it, and there for nobody else.
        for role in [Role::PartnerAe, Role::PartnerManager, Role::Revops, Role::Leadership] {
            assert_eq!(fit_of(&app, role, &north).await, fit, "{}", role.word());
        }
        for role in [Role::Finance, Role::CustomerAe, Role::Partner] {
            let answer =
                app.as_role(role).query(&format!("{{ partner(id: \"{north}\") {{ fit {{ score }} }} }}")).await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{}", role.word());
        }
        // An entry of the capability map is a fact of the profile, while it is valid.
        let entry = |day: &str| json!({ "partnerId": north, "kind": "GEOGRAPHIC", "value": "emea", "evidence": "Office.", "validatedOn": day });
        let stale = app
            .as_role(Role::Operator)
            .change("capabilityRecord", entry("2026-04-07"), "capability { id isStale }")
            .await;
        assert_eq!(fit_of(&app, Role::Operator, &north).await["score"], "66.666666666667", "{stale}");
        let again = json!({ "id": stale["capability"]["id"], "validatedOn": "2026-10-05" });
        app.as_role(Role::Operator).change("capabilityUpdate", again, "capability { isStale }").await;
        assert_eq!(fit_of(&app, Role::Operator, &north).await["score"], "100.000000000000");
    });
}

/// LOOP.md, Profile: below the bar nobody is recruited without a written reason. An ISV meets 0 of the 30 of 60 that are known of it, a
/// reseller 30 of 30.
#[test]
fn a_partner_that_is_active_from_the_start_passes_the_same_bar() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let create = async |input: Value| operator.change("partnerCreate", input, "partner { id status }").await;
        set(&app, ipp()).await;
        for status in [json!("ACTIVE"), Value::Null] {
            let refused = create(json!({ "name": "Default", "kind": "ISV", "status": status })).await;
            assert_eq!(
                (rules(&refused), &refused["partner"]),
                (vec!["CANDIDATE_BELOW_BAR"], &Value::Null),
                "{refused}"
            );
            assert_eq!(refused["userErrors"][0]["path"], json!(["input", "reason"]));
        }
        let blank = create(json!({ "name": "Default", "kind": "ISV", "reason": " " })).await;
        assert_eq!(rules(&blank), ["REASON_UNFIT"]);
        for status in ["CANDIDATE", "ENDED"] {
            let made = create(json!({ "name": status, "kind": "ISV", "status": status })).await;
            assert_eq!(made["partner"]["status"], status, "{made}");
        }
        assert_eq!(create(json!({ "name": "Resale", "kind": "RESELLER" })).await["partner"]["status"], "ACTIVE");
        let made = create(json!({ "name": "Direct", "kind": "ISV", "reason": "The board wants it." })).await;
        assert_eq!(made["partner"]["status"], "ACTIVE", "{made}");
        // The record of changes keeps fit, bar and reason.
        let id = made["partner"]["id"].as_str().unwrap();
        let changes = app.as_role(Role::Revops).query(&format!("{{ changes(first: 50, filter: {{ subjectId: {{ eq: \"{id}\" }} }}) {{ edges {{ node {{ verb facts }} }} }} }}")).await;
        let text = changes.body.to_string();
        assert!(text.contains("The board wants it.") && text.contains("BELOW_BAR"), "{text}");
    });
}

/// An MSP in AMER with 100 customers: 30 / 60 = 50, below 60.
#[test]
fn a_candidate_below_the_bar_takes_a_written_reason() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let recruit =
            async |input: Value| operator.change("candidateRecruit", input, "partner { status version }").await;
        // Without a profile there is no bar.
        let free = candidate(&app, "Early bird", "ISV").await;
        assert_eq!(recruit(json!({ "partnerId": free })).await["partner"]["status"], "ACTIVE");
        set(&app, ipp()).await;
        let (below, out, dark) = (
            candidate(&app, "Lowlands", "MSP").await,
            candidate(&app, "Clicks", "AFFILIATE").await,
            candidate(&app, "Nobody knows", "ISV").await,
        );
        practice(&app, &below, "AMER", 100).await;
        practice(&app, &out, "EMEA", 900).await;
        let refused = recruit(json!({ "partnerId": below })).await;
        assert_eq!((rules(&refused), &refused["partner"]), (vec!["CANDIDATE_BELOW_BAR"], &Value::Null));
        let error = &refused["userErrors"][0];
        assert_eq!(error["path"], json!(["input", "reason"]));
        assert!(error["message"].as_str().unwrap().starts_with("its fit is 50, below the bar of 60"), "{error}");
        let refused = recruit(json!({ "partnerId": out })).await;
        assert!(
            refused["userErrors"][0]["message"].as_str().unwrap().contains("disqualified by: No affiliates"),
            "{refused}"
        );
        let fit = fit_of(&app, Role::Operator, &out).await;
        assert_eq!((&fit["score"], &fit["verdict"]), (&json!("0.000000000000"), &json!("DISQUALIFIED")));
        // An ISV is no reseller: known, 30 of 60, and not met. What is known for a half has a value: 0.
        assert_eq!(rules(&recruit(json!({ "partnerId": dark, "reason": " " })).await), ["REASON_UNFIT"]);
        // Not by another way.
        let update = json!({ "id": below, "status": "ACTIVE" });
        let sneaky = operator.change("partnerUpdate", update, "partner { status }").await;
        assert_eq!(rules(&sneaky), ["CANDIDATE_IS_RECRUITED"]);
        let stale = json!({ "partnerId": below, "reason": "It brings the bank.", "expectedVersion": 7 });
        assert_eq!(recruit(stale).await["userErrors"][0]["code"], "STALE_VERSION");
        let reasoned = json!({ "partnerId": below, "reason": "It brings the bank.", "expectedVersion": 1, "idempotencyKey": "r-1" });
        let done = recruit(reasoned.clone()).await;
        assert_eq!(done["partner"], json!({ "status": "ACTIVE", "version": 2 }), "{done}");
        assert_eq!(operator.change("candidateRecruit", reasoned, "replayed").await["replayed"], true);
        assert_eq!(rules(&recruit(json!({ "partnerId": below, "reason": "Again." })).await), ["NOT_A_CANDIDATE"]);
        // The record of changes keeps fit, bar and reason.
        let changes = app.as_role(Role::Revops).query(&format!("{{ changes(first: 50, filter: {{ subjectId: {{ eq: \"{below}\" }} }}) {{ edges {{ node {{ verb facts }} }} }} }}")).await;
        let text = changes.body.to_string();
        assert!(text.contains("It brings the bank.") && text.contains("BELOW_BAR"), "{text}");
        // Best fit first, what has no score last: Northwind and Southbay are resellers of whom nothing else is known.
        let ranked = operator.query("{ partnerFits { partner { name } fit { score } } }").await;
        let names: Vec<&str> = ranked.data()["partnerFits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["partner"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Northwind", "Southbay", "Lowlands", "Clicks", "Early bird", "Nobody knows"]);
        let candidates = operator.query("{ partnerFits(statuses: [CANDIDATE]) { partner { name } } }").await;
        assert_eq!(candidates.data()["partnerFits"].as_array().unwrap().len(), 2);
        // A list follows the slice.
        let manager = app.as_role(Role::PartnerManager).query("{ partnerFits { partner { name } } }").await;
        assert_eq!(manager.data()["partnerFits"], json!([{ "partner": { "name": "Northwind" } }]));
        for role in [Role::Revops, Role::PartnerManager, Role::Finance] {
            let may = role == Role::Revops;
            let sdl = api::graphql::sdl_of(role).unwrap();
            assert_eq!(sdl.contains("candidateRecruit"), may, "{}", role.word());
        }
    });
}

#[test]
fn a_definition_is_versioned_and_every_breach_of_it_is_told() {
    on_every_backend(async |app| {
        let wrong = json!({
            "kind": "IPP", "reason": " ",
            "attributes": [
                attribute("Kind", "KIND", json!({ "anyOf": ["RESELLERS"] }), "0"),
                attribute("People", "EMPLOYEES", json!({ "atLeast": "5" }), "1"),
                attribute("Seats", "SEATS_MANAGED", json!({ "atLeast": "5", "atMost": "4" }), "1"),
                attribute("Where", "SEGMENT", json!({ "segmentIds": ["x"] }), "1"),
            ],
        });
        let refused = set(&app, wrong).await;
        let told: Vec<(Value, Value)> = refused["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["path"].clone(), error["code"].clone()))
            .collect();
        let at = |path: Value, code: &str| (path, json!(code));
        assert_eq!(
            told,
            [
                at(json!(["input", "reason"]), "INVALID"),
                at(json!(["input", "attributes", "0", "weight"]), "INVALID"),
                at(json!(["input", "attributes", "0", "criterion", "anyOf"]), "INVALID"),
                at(json!(["input", "attributes", "1", "criterion", "fact"]), "INVALID"),
                at(json!(["input", "attributes", "2", "criterion", "atMost"]), "INVALID"),
                at(json!(["input", "attributes"]), "NOT_FOUND"),
            ]
        );
        let twice = json!({ "kind": "ICP", "reason": "x", "attributes": [attribute("A", "REGION", json!({ "anyOf": ["EMEA"], "is": true }), "1")] });
        assert_eq!(
            set(&app, twice).await["userErrors"][0]["path"],
            json!(["input", "attributes", "0", "criterion", "fact"])
        );
        assert_eq!(set(&app, ipp()).await["idealProfile"]["version"], 1);
        let mut next = ipp();
        next["expectedVersion"] = json!(0);
        assert_eq!(set(&app, next.clone()).await["userErrors"][0]["code"], "STALE_VERSION");
        next["expectedVersion"] = json!(1);
        next["attributes"] = json!([attribute(
            "Serves us",
            "SEGMENT",
            json!({ "segmentIds": [global_id("Segment", app.world.home.segment)] }),
            "1.5"
        )]);
        assert_eq!(set(&app, next).await["idealProfile"]["version"], 2);
        let ask = "{ idealProfile(kind: IPP) { version attributes { weight criterion { name fact anyOf segments { name } atLeast is } } }
            first: idealProfile(kind: IPP, version: 1) { attributes { weight criterion { anyOf atLeast atMost } } disqualifiers { name } reason }
            idealProfileVersions(kind: IPP) { version } none: idealProfile(kind: ICP) { version } }";
        for role in Role::iter().filter(|role| !matches!(role, Role::Partner | Role::Portfolio)) {
            let answer = app.as_role(role).query(ask).await;
            let data = answer.data();
            let criterion = json!({ "name": "Serves us", "fact": "SEGMENT", "anyOf": null, "segments": [{ "name": "Enterprise" }], "atLeast": null, "is": null });
            assert_eq!(data["idealProfile"]["attributes"], json!([{ "weight": "1.5", "criterion": criterion }]));
            assert_eq!(data["first"]["attributes"][2]["criterion"]["atLeast"], "500");
            assert_eq!(data["first"]["reason"], "What won with us so far.");
            assert_eq!(data["idealProfileVersions"], json!([{ "version": 2 }, { "version": 1 }]));
            assert_eq!(data["none"], Value::Null);
        }
        for role in [Role::Partner, Role::Portfolio] {
            assert_eq!(app.as_role(role).query(ask).await.codes()[0], "GRAPHQL_VALIDATION_FAILED");
        }
        let facts = app.as_role(Role::Revops).query("{ profileFacts(kind: ICP) { fact shape } }").await;
        assert!(
            facts.data()["profileFacts"]
                .as_array()
                .unwrap()
                .contains(&json!({ "fact": "EMPLOYEES", "shape": "NUMBER" }))
        );
    });
}

/// Enterprise weighs 1, Germany 1, 100 to 1,000 people 2; where we are in already is out. At first only the segment is known: 1 of 4.
#[test]
fn an_account_fits_the_ideal_customer_profile() {
    on_every_backend(async |app| {
        let account = global_id("Account", app.world.home.accounts[0]);
        let profile = json!({
            "kind": "ICP", "reason": "Where we win.",
            "attributes": [
                attribute("Segment", "SEGMENT", json!({ "segmentIds": [global_id("Segment", app.world.home.segment)] }), "1"),
                attribute("Country", "COUNTRY", json!({ "anyOf": ["de", "AT"] }), "1"),
                attribute("Size", "EMPLOYEES", json!({ "atLeast": "100", "atMost": "1000" }), "2"),
            ],
            "disqualifiers": [criterion("Ours already", "INCUMBENCY", json!({ "anyOf": ["OURS"] }))],
        });
        assert_eq!(set(&app, profile).await["userErrors"], json!([]));
        let fit = async |role: Role| {
            let answer = app
                .as_role(role)
                .query(&format!(
                    "{{ account(id: \"{account}\") {{ fit {FIT} firmographics {{ country employees version }} }} }}"
                ))
                .await;
            answer.data()["account"].clone()
        };
        let first = fit(Role::CustomerAe).await;
        assert_eq!((&first["fit"]["score"], &first["fit"]["verdict"]), (&Value::Null, &json!("NOT_KNOWN")), "{first}");
        assert_eq!(first["fit"]["reason"], "Too little is known: nobody recorded Country, Size, Ours already.");
        assert_eq!(first["firmographics"], Value::Null);
        let record = async |input: Value| {
            app.as_role(Role::CustomerAe)
                .change("accountFirmographicsSet", input, "account { firmographics { version } }")
                .await
        };
        let wrong = record(json!({ "accountId": account, "country": "Germany", "employees": -1 })).await;
        assert_eq!(wrong["userErrors"].as_array().unwrap().len(), 2, "{wrong}");
        record(json!({ "accountId": account, "country": "de", "employees": 1001 })).await;
        // 2 of 4: the size is known and too large.
        let second = fit(Role::PartnerManager).await;
        assert_eq!(
            (&second["fit"]["score"], &second["fit"]["verdict"]),
            (&json!("50.000000000000"), &json!("BELOW_BAR"))
        );
        assert_eq!(second["firmographics"], json!({ "country": "DE", "employees": 1001, "version": 1 }));
        record(json!({ "accountId": account, "employees": 1000, "expectedVersion": 1 })).await;
        assert_eq!(fit(Role::Operator).await["fit"]["score"], "100.000000000000");
        record(json!({ "accountId": account, "incumbency": "OURS" })).await;
        let last = fit(Role::Revops).await;
        assert_eq!(
            (&last["fit"]["score"], &last["fit"]["disqualifiedBy"]),
            (&json!("0.000000000000"), &json!(["Ours already"]))
        );
        // An account outside the slice is not there to be written.
        let others = json!({ "accountId": global_id("Account", app.world.home.accounts[1]), "country": "DE" });
        assert_eq!(record(others).await["userErrors"][0]["code"], "NOT_FOUND");
    });
}
