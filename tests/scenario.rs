//! The first five weeks of a quarter through the API alone: the demo's own exports, imported by upload, to a published Recruit Plan, a
//! published forecast and a published Stage Deployment Plan; and what Finance pulls then, held against a page of Python.

use crate::scenario_facts::Files;
use crate::support::sdl::{Document, Element};
use crate::support::{App, Seat, on_every_backend};
use crate::tam_oracle::{oracle, oracles_lines};
use api::usecase::{Caller, program, seat};
use base64::Engine as _;
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The Monday of the first full week of a fiscal quarter that began on 1 November.
pub(crate) const DAY: &str = "2026-11-02";

fn errors(payload: &Value) -> &Value {
    &payload["userErrors"]
}

fn rules(payload: &Value) -> Vec<&str> {
    errors(payload).as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("none")).collect()
}

/// A change that is done.
async fn done(seat: &Seat<'_>, mutation: &str, input: Value, select: &str) -> Value {
    let payload = seat.change(mutation, input, select).await;
    assert_eq!(errors(&payload), &json!([]), "{mutation}: {payload}");
    payload
}

/// Cents of an amount on the wire.
fn cents(amount: &Value) -> i128 {
    let text = amount.as_str().unwrap_or_else(|| panic!("no amount: {amount}"));
    let (whole, part) = text.split_once('.').unwrap();
    assert_eq!(part.len(), 2, "{text}");
    format!("{whole}{part}").parse().unwrap()
}

fn list<'a>(of: &'a Value, field: &str) -> &'a Vec<Value> {
    of[field].as_array().unwrap_or_else(|| panic!("no list {field}: {of}"))
}

/// A program with the seats of the three, as the command line makes them.
pub(crate) async fn program(app: &App, files: &Files) {
    let text = |field: &str| files.program[field].as_str().unwrap().to_owned();
    let new = program::New {
        slug: text("slug"),
        name: text("name"),
        currency: text("currency"),
        zone: text("zone"),
        fiscal_start_month: 2,
    };
    let made = program::create(&app.office, new).await.unwrap();
    let system = Caller::system(app.office.clone(), made.id);
    for role in [Role::Operator, Role::Revops, Role::Finance] {
        let who = seat::Who { issuer: DEV_ISSUER.into(), subject: subject(role) };
        let facts = seat::Facts { name: Some(role.word().into()), role: Some(role), ..seat::Facts::default() };
        seat::grant(&system, who, facts, None).await.unwrap();
    }
}

/// Who holds a role.
pub(crate) fn subject(role: Role) -> String {
    format!("{}@scenario", role.word())
}

/// What an import needs, and the five files.
pub(crate) async fn import(app: &App, files: &Files, revops: &Seat<'_>, finance: &Seat<'_>) {
    for segment in list(&files.program, "segments") {
        done(revops, "segmentCreate", segment.clone(), "segment { id }").await;
    }
    for stage in list(&files.program, "stages") {
        done(revops, "stageMap", stage.clone(), "stage { id }").await;
    }
    for pod in list(&files.program, "pods") {
        done(revops, "podCreate", json!({ "name": pod }), "pod { id }").await;
    }
    for rate in list(&files.program, "fxRates") {
        done(finance, "fxRateSet", rate.clone(), "fxRate { rate }").await;
    }
    for import in list(&files.program, "imports") {
        let [what, file, mapping] = ["object", "file", "mapping"].map(|field| import[field].as_str().unwrap());
        let mapping = base64::engine::general_purpose::STANDARD.encode(files.text(mapping));
        let upload = app
            .client()
            .post(app.url(&format!("/imports/{what}")))
            .header("x-partnerloop-mapping", mapping)
            .header("x-partnerloop-file-name", file)
            .body(files.text(file));
        let response = revops.authorize(upload).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 202, "{what}");
        let run: Value = response.json().await.unwrap();
        let ask = json!({ "id": run["id"] });
        let run = loop {
            let query = "query($id: ID!) { importRun(id: $id) { state failure counts { rowsRead held refused } } }";
            let run = revops.query_with(query, ask.clone()).await.data()["importRun"].clone();
            match run["state"].as_str().unwrap() {
                "STAGING" | "APPLYING" => tokio::task::yield_now().await,
                _ => break run,
            }
        };
        let counts = &run["counts"];
        assert_eq!(
            (&run["state"], &counts["held"], &counts["refused"]),
            (&json!("DONE"), &json!(0), &json!(0)),
            "{what}: {run}"
        );
    }
}

fn section(tier: &str) -> Value {
    match tier {
        "INVEST" => json!({ "invest": { "activationStep": "Name two joint target accounts." } }),
        "MAINTAIN" => json!({ "maintain": { "commitments": "The present spend." } }),
        "TEST" => {
            json!({ "test": { "auditSignals": "Closed deals beside direct ones.", "exitCriteria": "Ten closed deals in a segment." } })
        }
        _ => {
            json!({ "exit": { "offboarding": "Notice this quarter.", "freedCapacity": "Six hours a week to the others." } })
        }
    }
}

/// Week 1 to 3: every partner at work is decided on, one of them otherwise than the system recommends. Returns the Invest partners.
async fn recruit(operator: &Seat<'_>) -> Vec<Value> {
    done(operator, "iterationOpen", json!({}), "iteration { quarter }").await;
    let early = operator.change("recruitPlanPublish", json!({}), "deliverable { id }").await;
    assert!(rules(&early).contains(&"TIER_DECISION_MISSING"), "{early}");
    let query = "{ recruitRecommendations { partner { id name } tier rule facts { kind value bar } dueOn isOverdue } }";
    let recommended = operator.query(query).await.data()["recruitRecommendations"].clone();
    let recommended = recommended.as_array().unwrap();
    let held = recommended.iter().find(|it| it["tier"] == "MAINTAIN").map(|it| it["partner"]["id"].clone());
    let mut invest = Vec::new();
    for it in recommended {
        let (id, mut tier) = (&it["partner"]["id"], it["tier"].as_str().unwrap());
        assert!(!list(it, "facts").is_empty(), "{it}");
        let mut input = json!({ "partnerId": id, "tier": tier });
        if Some(id) == held.as_ref() {
            tier = "INVEST";
            input["tier"] = json!(tier);
            let refused = operator.change("tierDecide", input.clone(), "tierDecision { tier }").await;
            assert_eq!(rules(&refused), ["TIER_REASON_MISSING"]);
            input["reason"] = json!("It opens a region that no other partner reaches.");
        }
        done(operator, "tierDecide", input, "tierDecision { tier }").await;
        let written = json!({ "partnerId": id, "section": section(tier) });
        done(operator, "recruitSectionWrite", written, "entry { missing }").await;
        if tier == "INVEST" {
            invest.push(id.clone());
        }
    }
    assert!(held.is_some() && invest.len() > 1, "the demo has partners to hold and to invest in: {recommended:?}");
    let plan =
        operator.query("{ recruitPlan { missing { missing } length { words pages budgetPages isOverBudget } } }").await;
    let plan = &plan.data()["recruitPlan"];
    assert_eq!((&plan["missing"], &plan["length"]["isOverBudget"]), (&json!([]), &json!(false)), "{plan}");
    done(operator, "recruitPlanPublish", json!({}), "deliverable { id }").await;
    done(operator, "operatorHoursLog", json!({ "phase": "RECRUIT", "hours": "9.5" }), "iteration { operatorHours }")
        .await;
    invest
}

/// Week 4: spend is planned on every partner that has any, where the rule lets it; one penetration is set by hand, the others are
/// read off the overlap. What was planned and set goes to the oracle.
async fn forecast(operator: &Seat<'_>, files: &Files, facts: &mut Value) -> Value {
    let query = "{ partners(first: 100) { edges { node { id externalId status } } } }";
    let answer = operator.query(query).await;
    let quarter = files.program["quarter"].as_str().unwrap();
    let (mut plan, mut refused) = (Vec::new(), 0);
    for edge in list(&answer.data()["partners"], "edges") {
        let partner = &edge["node"];
        if partner["status"] != "ACTIVE" {
            continue;
        }
        let ask = json!({ "id": partner["id"] });
        let query = "query($id: ID!) { spendPlan(partnerId: $id) { rule { multiple trailingSpend { amount } } } }";
        let rule = operator.query_with(query, ask).await.data()["spendPlan"]["rule"].clone();
        let trailing = cents(&rule["trailingSpend"]["amount"]);
        if trailing == 0 {
            continue;
        }
        // Two quarters, uneven: 40 % more than before for the first partner of the list, a tenth more for the rest.
        let tenths = if plan.is_empty() { 14 } else { 11 };
        let set = async |tenths: i128| {
            let whole = trailing * tenths / 1_000 * 100;
            let lines = [whole / 3, whole - whole / 3];
            let input = json!({ "partnerId": partner["id"], "lines": (0..).zip(lines).map(|(step, minor)| json!({
                "quarter": files.quarter(step * 2), "amount": { "amount": format!("{}.{:02}", minor / 100, minor % 100), "currency": "USD" } }))
                .collect::<Vec<_>>() });
            (operator.change("plannedSpendSet", input, "spendPlan { quarter }").await, lines)
        };
        let (mut payload, mut lines) = set(tenths).await;
        if rules(&payload) == ["YIELD_BELOW_LOWEST_BAND"] {
            refused += 1;
            (payload, lines) = set(9).await;
        }
        assert_eq!(errors(&payload), &json!([]), "{payload}");
        for (step, minor) in (0..).zip(lines) {
            let index = files.index(quarter) + step * 2;
            plan.push(json!([partner["externalId"], "", index, i64::try_from(minor).unwrap()]));
        }
    }
    assert!(refused > 0, "the demo has a partner below 3x");
    let draft = operator.query("{ forecastDraft { partners { partner { id externalId } cells { segment { id name } penetration penetrationBasis } } } }").await;
    let lines = list(&draft.data()["forecastDraft"], "partners").clone();
    let (partner, cell) = (&lines[0]["partner"], &lines[0]["cells"][0]);
    assert_eq!(cell["penetrationBasis"], "OVERLAP", "nothing was set by hand yet: {cell}");
    let by_hand = if cell["penetration"] == "DEEP" { "SHALLOW" } else { "DEEP" };
    let input = json!({ "partnerId": partner["id"], "segmentId": cell["segment"]["id"], "level": by_hand, "reason": "Their account list." });
    done(operator, "penetrationSet", input, "spendPlan { quarter }").await;
    let place = format!("{}/{}", partner["externalId"].as_str().unwrap(), cell["segment"]["name"].as_str().unwrap());
    let mut penetration = Map::new();
    penetration.insert(place, by_hand.into());
    facts["plan"] = plan.into();
    facts["penetration"] = penetration.into();
    let published =
        done(operator, "forecastPublish", json!({ "quarter": quarter }), "forecast { id revision sha256 }").await;
    published["forecast"].clone()
}

/// Week 5: every Invest partner commits to its part of BASE.
async fn funnel(operator: &Seat<'_>, invest: &[Value]) {
    let quarters = "base { quarters { quarter sourced { amount } influenced { amount } expansion { amount } } }";
    let query = format!(
        "{{ forecast {{ partners {{ partner {{ id name }} {quarters} }} }} stageMapping {{ rows {{ partner {{ id }} }} }} stageFindings {{ code stage }} }}"
    );
    let answer = operator.query(&query).await;
    assert_eq!(list(&answer.data()["stageMapping"], "rows").len(), invest.len());
    let mut off = None;
    for line in list(&answer.data()["forecast"], "partners").iter().filter(|it| invest.contains(&it["partner"]["id"])) {
        for quarter in list(&line["base"], "quarters") {
            for (stage, part) in [("TOFU", "sourced"), ("CO_SELL", "influenced"), ("EXPAND", "expansion")] {
                if quarter[part].is_null() || cents(&quarter[part]["amount"]) == 0 {
                    continue;
                }
                let input = json!({ "partnerId": line["partner"]["id"], "stage": stage, "forQuarter": quarter["quarter"],
                    "arr": { "amount": quarter[part]["amount"], "currency": "USD" }, "deals": 1 });
                if stage == "CO_SELL" && off.is_none() {
                    off = Some(input);
                } else {
                    done(operator, "stageCommitmentSet", input, "stageCommitment { version }").await;
                }
            }
        }
    }
    let off = off.expect("an Invest partner has Influenced TAM");
    let refused = operator.change("stageDeploymentPlanPublish", json!({}), "deliverable { id }").await;
    assert_eq!(rules(&refused), ["COMMITMENTS_DO_NOT_RECONCILE"], "{refused}");
    let why = errors(&refused)[0]["message"].as_str().unwrap();
    let short = format!("they differ by -{}", off["arr"]["amount"].as_str().unwrap());
    assert!(why.starts_with("CO_SELL: ") && why.contains(&short), "{refused}");
    done(operator, "stageCommitmentSet", off, "stageCommitment { version }").await;
    let plan = operator
        .query("{ stageDeploymentPlan { reconciliation { stage committed { amount } base { amount } isWithin } } }")
        .await;
    for line in list(&plan.data()["stageDeploymentPlan"], "reconciliation") {
        assert_eq!(line["isWithin"], true, "{line}");
        assert!(line["stage"] == "RETAIN" || line["committed"] == line["base"], "{line}");
    }
    done(operator, "stageDeploymentPlanPublish", json!({}), "deliverable { id }").await;
}

/// Every measured amount of a forecast as the oracle names it: partner and segment, component, band, quarter.
fn amounts(forecast: &Value, bands: &[&str]) -> BTreeMap<String, i128> {
    let mut found = BTreeMap::new();
    for partner in list(forecast, "partners") {
        for cell in list(partner, "cells") {
            let place = format!(
                "{}/{}",
                partner["partner"]["externalId"].as_str().unwrap(),
                cell["segment"]["name"].as_str().unwrap_or_default()
            );
            for (number, band) in bands.iter().enumerate() {
                for (at, quarter) in list(&cell[band], "quarters").iter().enumerate() {
                    for part in ["sourced", "influenced", "drag", "expansion"] {
                        if !quarter[part].is_null() {
                            found.insert(format!("{place} {part} {number} {at}"), cents(&quarter[part]["amount"]));
                        }
                    }
                }
            }
        }
    }
    found
}

const QUARTERS: &str = "quarters { quarter sourced { amount } influenced { amount } drag { amount } expansion { amount } total { amount } }";

/// Finance's one query: the Conservative band by partner, segment and quarter. Every total is the sum of its lines to the cent.
async fn finance_pulls(finance: &Seat<'_>) -> Value {
    let query = format!(
        "{{ forecast {{ quarter quarters conservative {{ total {{ amount {{ amount }} }} {QUARTERS} }}
            segments {{ segment {{ name }} conservative {{ total {{ amount {{ amount }} }} {QUARTERS} }} }}
            partners {{ partner {{ externalId }} conservative {{ total {{ amount {{ amount }} }} {QUARTERS} }}
              cells {{ segment {{ name }} conservative {{ total {{ amount {{ amount }} }} {QUARTERS} }} }} }} }} }}"
    );
    let forecast = finance.query(&query).await.data()["forecast"].clone();
    let of = |band: &Value, at: usize, part: &str| {
        let amount = &band["quarters"][at][part];
        if amount.is_null() { 0 } else { cents(&amount["amount"]) }
    };
    let whole = &forecast["conservative"];
    let mut year = 0;
    for at in 0..4 {
        for part in ["sourced", "influenced", "drag", "expansion", "total"] {
            let (mut cells, mut partners) = (0, 0);
            for partner in list(&forecast, "partners") {
                let own: i128 = list(partner, "cells").iter().map(|cell| of(&cell["conservative"], at, part)).sum();
                assert_eq!(own, of(&partner["conservative"], at, part), "{part} {at}: {}", partner["partner"]);
                (cells, partners) = (cells + own, partners + of(&partner["conservative"], at, part));
            }
            let segments: i128 = list(&forecast, "segments").iter().map(|it| of(&it["conservative"], at, part)).sum();
            assert_eq!([cells, partners, segments], [of(whole, at, part); 3], "{part} {at}");
        }
        let parts: i128 =
            ["sourced", "influenced", "drag", "expansion"].into_iter().map(|part| of(whole, at, part)).sum();
        assert_eq!(parts, of(whole, at, "total"));
        year += parts;
    }
    assert_eq!(year, cents(&whole["total"]["amount"]["amount"]));
    assert!(year > 0, "the demo's partners bring something");
    forecast
}

/// Finance's schema has no field, argument or value for another band, and asking for one is refused like a typo.
async fn finance_has_no_other_band(finance: &Seat<'_>) {
    let document = Document::parse(&api::graphql::sdl_of(Role::Finance).unwrap());
    for element in document.elements() {
        let (Element::Field(_, name)
        | Element::Arg(_, _, name)
        | Element::InputField(_, name)
        | Element::EnumValue(_, name)) = &element
        else {
            continue;
        };
        assert!(!["base", "stretch", "band", "bands"].contains(&name.to_lowercase().as_str()), "{element}");
    }
    for asked in [
        "{ forecast { base { total { amount { amount } } } } }",
        "{ forecast { stretch { total { amount { amount } } } } }",
        "{ forecast(band: BASE) { quarter } }",
        "{ forecastDraft { conservative { total { amount { amount } } } } }",
        "{ stageDeploymentPlan { reconciliation { base { amount } } } }",
        "{ deliverables { edges { node { content } } } }",
    ] {
        let answer = finance.query(asked).await;
        assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{asked}");
        assert!(answer.body["data"].is_null());
    }
}

/// What was published, read back as documents: its bytes have the hash that was told.
async fn hashes(operator: &Seat<'_>, quarter: &str) {
    let query = "query($quarter: Quarter!) { iteration(quarter: $quarter) { phases { phase state operatorHours } published { kind sha256 content documents { json } } } }";
    let answer = operator.query_with(query, json!({ "quarter": quarter })).await;
    let iteration = &answer.data()["iteration"];
    for phase in ["RECRUIT", "TAM", "FUNNEL"] {
        let run = list(iteration, "phases").iter().find(|run| run["phase"] == phase).unwrap();
        assert_eq!(run["state"], "PUBLISHED", "{run}");
        assert_eq!(run["operatorHours"], if phase == "RECRUIT" { json!("9.50") } else { Value::Null }, "{run}");
    }
    let published = list(iteration, "published");
    assert_eq!(published.len(), 3, "{published:?}");
    for it in published {
        let document = operator.get(it["documents"]["json"].as_str().unwrap()).await;
        let document: Value = serde_json::from_str(&document).unwrap();
        let text = document["deliverable"]["content"].as_str().unwrap();
        let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&json!(hash), &json!(text)), (&it["sha256"], &it["content"]), "{}", it["kind"]);
        assert_eq!(document["deliverable"]["sha256"], it["sha256"]);
        // Canonical: members sorted, no white space.
        let mut sorted: Value = serde_json::from_str(text).unwrap();
        sorted.sort_all_objects();
        assert_eq!(sorted.to_string(), text);
    }
}

#[test]
fn the_demos_history_becomes_a_published_plan_through_the_api_alone() {
    let files = Files::write(DAY);
    on_every_backend(async |app| {
        app.clock.set(format!("{DAY}T15:00:00Z").parse().unwrap());
        program(&app, &files).await;
        let [operator, revops, finance] =
            [Role::Operator, Role::Revops, Role::Finance].map(|role| app.as_subject(&subject(role)));
        import(&app, &files, &revops, &finance).await;
        let invest = recruit(&operator).await;
        let mut facts = files.facts();
        let published = forecast(&operator, &files, &mut facts).await;
        assert_eq!(published["revision"], 1, "{published}");
        funnel(&operator, &invest).await;
        let pulled = finance_pulls(&finance).await;
        finance_has_no_other_band(&finance).await;
        hashes(&operator, files.program["quarter"].as_str().unwrap()).await;

        // Every line of every band, from the files themselves.
        let Some(told) = oracle(&facts) else {
            println!("python3 is not here: the oracle was left out");
            return;
        };
        let theirs = oracles_lines(&told["lines"]);
        assert!(theirs.len() > 300, "only {} amounts", theirs.len());
        let query = format!(
            "{{ forecast {{ partners {{ partner {{ externalId }} cells {{ segment {{ name }} conservative {{ {QUARTERS} }} base {{ {QUARTERS} }} stretch {{ {QUARTERS} }} }} }} }} }}"
        );
        let ours = amounts(&operator.query(&query).await.data()["forecast"], &["conservative", "base", "stretch"]);
        let different: Vec<String> = ours
            .keys()
            .chain(theirs.keys())
            .filter(|key| ours.get(*key) != theirs.get(*key))
            .map(|key| format!("{key}: {:?} and {:?}", ours.get(key), theirs.get(key)))
            .collect();
        assert!(different.is_empty(), "{} of {}:\n{}", different.len(), theirs.len(), different.join("\n"));
        // What Finance read is what the operator read.
        let conservative: BTreeMap<String, i128> =
            ours.into_iter().filter(|(key, _)| key.rsplit(' ').nth(1) == Some("0")).collect();
        assert_eq!(amounts(&pulled, &["conservative"]), conservative);
    });
}
