//! Phase 2 through the API: a small world worked out by hand, who is told what, and what a publication keeps.

use crate::support::sdl::{Document, Element};
use crate::support::world::{day, global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::{Caller, deal, spend, stage};
use chrono::TimeDelta;
use domain::deal::{DealKind, Outcome};
use domain::role::Role;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use strum::IntoEnumIterator;
use uuid::Uuid;

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

fn segment(app: &App) -> String {
    global_id("Segment", app.world.home.segment)
}

fn usd(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("none")).collect()
}

/// What the world of `support` holds, with a plan. (It published a forecast without one: revision 1.)
///
/// Trailing four quarters, as of 5 October 2026: 2025-Q4 to 2026-Q3. 13 NEW deals were won at 12,000.00 each, 4 of 10 direct.
/// - Northwind is on 11 closed deals and won 7, all sourced: 84,000.00 on a spend of 10,000.00 is 8.4x, THIN. Its Trust-Gap is
///   7/11 - 4/10 = 23.636363... points, SOLID, its lower limit below 0. It touches one customer (its deals' account), on which an
///   expansion of 6,000.00 was won.
/// - Southbay is on 11 and won 3, of which it sourced 2: 24,000.00 / 10,000.00 = 2.4x, THIN. 3/11 - 4/10 = -12.727272... points.
///   It touches both customers: Northwind's through the deal that they share.
///
/// The plan: Northwind 4,000.00 for Enterprise in 2026-Q4 and 9,000.00 for no segment in 2027-Q1, 30 % up: 8.4x -> 5x, and
/// CONSERVATIVE, THIN, -> 2.5x. MODERATE in Enterprise: 400 x 0.25 = 100 accounts. Southbay 2,500.00 a quarter, as before: 2.4x, and
/// CONSERVATIVE, THIN and below 3x, 1x. DEEP: 200 accounts.
pub(crate) async fn planned(app: &App) {
    let (home, operator) = (&app.world.home, app.as_role(Role::Operator));
    let ops = somebody(&app.office, home.program, Role::Revops);
    let facts = deal::Facts {
        name: Some("More seats".into()),
        account_id: Some(Some(home.accounts[0])),
        segment_id: Some(Some(home.segment)),
        kind: Some(DealKind::Expansion),
        stage_id: Some(won(&ops).await),
        opened_on: Some(day("2026-03-02")),
        closed_on: Some(Some(day("2026-06-15"))),
        arr: Some(Some((Decimal::from(6_000), "USD".parse().unwrap()))),
        claims: Some(Vec::new()),
        ..deal::Facts::default()
    };
    deal::create(&ops, facts, None).await.unwrap();
    let line = |quarter: &str, amount: &str, segment: Value| json!({ "quarter": quarter, "amount": usd(amount), "segmentId": segment });
    let north = json!({ "partnerId": partner(app, 0), "lines": [
        line("2026-Q4", "4000", json!(segment(app))), line("2027-Q1", "9000", Value::Null) ] });
    let south: Vec<Value> =
        ["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"].map(|quarter| line(quarter, "2500", Value::Null)).to_vec();
    for input in [north, json!({ "partnerId": partner(app, 1), "lines": south })] {
        let payload = operator.change("plannedSpendSet", input, "spendPlan { rule { verdict } }").await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
    }
    for (at, level) in [(0, "MODERATE"), (1, "DEEP")] {
        let input = json!({ "partnerId": partner(app, at), "segmentId": segment(app), "level": level, "reason": "Their account list." });
        let payload = operator.change("penetrationSet", input, "spendPlan { penetrations { level } }").await;
        assert_eq!(payload["spendPlan"]["penetrations"], json!([{ "level": level }]), "{payload}");
    }
}

/// The stage in which a deal is won.
async fn won(ops: &Caller) -> Uuid {
    let stages = stage::all(ops).await.unwrap();
    stages.into_iter().find(|stage| stage.outcome == Outcome::Won).unwrap().id
}

/// Publishes, once the iteration is open.
pub(crate) async fn publish(app: &App, replaces: Value) -> Value {
    app.as_role(Role::Operator).change("iterationOpen", json!({}), "iteration { quarter }").await;
    let input = json!({ "quarter": "2026-Q4", "replacesRevision": replaces });
    app.as_role(Role::Operator).change("forecastPublish", input, "forecast { id revision sha256 replacesId }").await
}

const BAND: &str = "{ sourced { amount { amount } } influenced { amount { amount } } drag { amount { amount } } expansion { amount { amount } }
    total { amount { amount } } quarters { total { amount } } }";

/// The amounts of a band: sourced, influenced, drag, expansion, total.
fn amounts(band: &Value) -> [&str; 5] {
    ["sourced", "influenced", "drag", "expansion", "total"]
        .map(|part| band[part]["amount"]["amount"].as_str().unwrap_or("null"))
}

/// BASE: Northwind in Enterprise 4,000.00 x 5 = 20,000.00; 100 x 0.23636363 x 12,000.00 = 283,636.36; 1 x 1 x 6,000.00. For no
/// segment 9,000.00 x 5 = 45,000.00. Southbay in Enterprise 200 x -0.12727272 x 12,000.00 = -305,454.55 and 2 x 0.5 x 6,000.00 =
/// 6,000.00; for no segment 10,000.00 x 2.4 = 24,000.00.
/// CONSERVATIVE: 4,000.00 x 2.5 and 9,000.00 x 2.5; a lower limit below 0 counts as 0; Wilson's lower limit of 1 in 1 is
/// 1 / (1 + z * z) = 0.378447500, x 6,000.00 = 2,270.69 (z * z = 1.6423744). Southbay 10,000.00 x 1; the drag stays; the lower limit
/// of 1 in 2, 0.5 - z / (2 * sqrt(2 + z * z)) = 0.1642517, x 2 x 6,000.00 = 1,971.02.
#[test]
fn a_small_world_comes_out_as_worked_by_hand() {
    on_every_backend(async |app| {
        planned(&app).await;
        let operator = app.as_role(Role::Operator);
        let query = format!(
            "{{ forecastDraft {{ quarters id state partners {{ partner {{ name }} rule {{ verdict increaseRate multiple evidence }}
               base {{ yieldMultiple cliff {{ bitesAt {{ amount }} paysAgainFrom {{ amount }} }} }}
               cells {{ segment {{ name }} conservative {BAND} base {BAND} stretch {BAND} }} }}
               base {BAND} segments {{ segment {{ name }} accountsEngaged accountsEngagedExcess base {BAND} }}
               findings {{ code partner {{ name }} reason {{ code }} shareRate }} }} }}"
        );
        let answer = operator.query(&query).await;
        let draft = &answer.data()["forecastDraft"];
        assert_eq!((&draft["id"], &draft["state"]), (&Value::Null, &json!("DRAFT")));
        assert_eq!(draft["quarters"], json!(["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"]));
        let (north, south) = (&draft["partners"][0], &draft["partners"][1]);
        assert_eq!((&north["partner"]["name"], &south["partner"]["name"]), (&json!("Northwind"), &json!("Southbay")));
        assert_eq!(
            north["rule"],
            json!({ "verdict": "STEPPED_DOWN", "increaseRate": "0.300000000000", "multiple": "8.400000000000", "evidence": "THIN" })
        );
        assert_eq!(south["rule"]["verdict"], "KEPT");
        // 10,000.00 trailing: the step bites at 13,000.00, and 5x brings what 8.4x brought there from 21,840.00 on.
        assert_eq!(
            north["base"]["cliff"],
            json!({ "bitesAt": { "amount": "13000.00" }, "paysAgainFrom": { "amount": "21840.00" } })
        );
        let cell = |partner: &'_ Value, at: usize, band: &str| partner["cells"][at][band].clone();
        let lines = [
            (north, 0, "base", ["20000.00", "283636.36", "0.00", "6000.00", "309636.36"]),
            (north, 0, "conservative", ["10000.00", "0.00", "0.00", "2270.69", "12270.69"]),
            (north, 1, "base", ["45000.00", "null", "null", "null", "45000.00"]),
            (north, 1, "conservative", ["22500.00", "null", "null", "null", "22500.00"]),
            (north, 1, "stretch", ["75600.00", "null", "null", "null", "75600.00"]),
            (south, 0, "base", ["null", "0.00", "-305454.55", "6000.00", "-299454.55"]),
            (south, 0, "conservative", ["null", "0.00", "-305454.55", "1971.02", "-303483.53"]),
            (south, 1, "base", ["24000.00", "null", "null", "null", "24000.00"]),
            (south, 1, "conservative", ["10000.00", "null", "null", "null", "10000.00"]),
        ];
        for (partner, at, band, expected) in lines {
            assert_eq!(amounts(&cell(partner, at, band)), expected, "{} {at} {band}", partner["partner"]["name"]);
        }
        assert_eq!(amounts(&draft["base"]), ["89000.00", "283636.36", "-305454.55", "12000.00", "79181.81"]);
        // Sourced TAM follows the plan; with two quarters of history the rest is a quarter each.
        let quarters = cell(north, 0, "base")["quarters"].clone();
        assert_eq!(
            quarters,
            json!([{ "total": { "amount": "92409.09" } }, { "total": { "amount": "72409.09" } }, { "total": { "amount": "72409.09" } }, { "total": { "amount": "72409.09" } }])
        );
        // 100 + 200 accounts of 400 are no excess. Northwind sourced on 1 account of 100: no warning.
        assert_eq!(draft["segments"][0]["accountsEngaged"], "300.000000000000");
        let found: Vec<(&Value, &Value)> = draft["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| (&found["code"], &found["partner"]["name"]))
            .collect();
        assert_eq!(found, [(&json!("YIELD_STEPPED_DOWN"), &json!("Northwind")), (&json!("DRAG"), &json!("Southbay"))]);
    });
}

/// Southbay's Yield is 2.4x on a trailing spend of 10,000.00.
#[test]
fn below_three_times_any_increase_is_refused_and_says_so() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let set = async |at: usize, amount: &str, version: Value| {
            let line = json!({ "quarter": "2027-Q1", "amount": usd(amount), "expectedVersion": version });
            let input = json!({ "partnerId": partner(&app, at), "lines": [line] });
            operator.change("plannedSpendSet", input, "spendPlan { lines { amount { amount } version } }").await
        };
        let refused = set(1, "10000.01", Value::Null).await;
        assert_eq!((rules(&refused), &refused["spendPlan"]), (vec!["YIELD_BELOW_LOWEST_BAND"], &Value::Null));
        let why = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(why.contains("2.4x") && why.contains("10000.00 USD") && why.contains("10000.01 USD"), "{why}");
        let kept = set(1, "10000.00", json!(0)).await;
        assert_eq!(kept["spendPlan"]["lines"], json!([{ "amount": { "amount": "10000.00" }, "version": 1 }]));
        // Lowering it is always possible; an old version is not; the first quarter of the same four counts as well.
        assert_eq!(set(1, "9000", json!(1)).await["userErrors"], json!([]));
        assert_eq!(set(1, "8000", json!(1)).await["userErrors"][0]["code"], "STALE_VERSION");
        let more =
            json!({ "partnerId": partner(&app, 1), "lines": [{ "quarter": "2026-Q4", "amount": usd("1000.01") }] });
        assert_eq!(
            rules(&operator.change("plannedSpendSet", more, "spendPlan { quarter }").await),
            ["YIELD_BELOW_LOWEST_BAND"]
        );
        // 8.4x qualifies for any spend, and no partner for negative spend, the past, or the same line twice.
        assert_eq!(set(0, "90000", Value::Null).await["userErrors"], json!([]));
        assert_eq!(set(0, "-1", Value::Null).await["userErrors"][0]["path"], json!(["input", "lines", "0", "amount"]));
        for lines in [
            json!([{ "quarter": "2026-Q3", "amount": usd("1") }]),
            json!([{ "quarter": "2028-Q4", "amount": usd("1") }]),
            json!([{ "quarter": "2027-Q1", "amount": usd("1") }, { "quarter": "2027-Q1", "amount": usd("2") }]),
            json!([]),
        ] {
            let input = json!({ "partnerId": partner(&app, 0), "lines": lines });
            let payload = operator.change("plannedSpendSet", input, "spendPlan { quarter }").await;
            assert_eq!(payload["userErrors"][0]["code"], "INVALID", "{lines}");
        }
        // The same key gives the same answer, and is refused for another plan.
        let keyed = |amount: &str| json!({ "partnerId": partner(&app, 0), "idempotencyKey": "plan-1", "lines": [{ "quarter": "2027-Q2", "amount": usd(amount) }] });
        assert_eq!(operator.change("plannedSpendSet", keyed("5"), "replayed").await["replayed"], false);
        assert_eq!(operator.change("plannedSpendSet", keyed("5"), "replayed").await["replayed"], true);
        assert_eq!(
            operator.change("plannedSpendSet", keyed("6"), "replayed").await["userErrors"][0]["code"],
            "IDEMPOTENCY_KEY_REUSED"
        );
    });
}

#[test]
fn finance_pulls_the_conservative_band_in_one_query_and_has_no_other() {
    on_every_backend(async |app| {
        planned(&app).await;
        assert_eq!(publish(&app, json!(1)).await["userErrors"], json!([]));
        let finance = app.as_role(Role::Finance);
        let query = format!(
            "{{ forecast(quarter: \"2026-Q4\") {{ revision conservative {BAND} partners {{ partner {{ name }} conservative {{ yieldMultiple quarters {{ quarter total {{ amount }} }} }}
               cells {{ segment {{ name }} conservative {{ sourced {{ amount {{ amount }} evidence explanation {{ rule inputs {{ name value }} steps result }} }}
               influenced {{ reason {{ code }} explanation {{ inputs {{ name value }} steps }} }} quarters {{ quarter total {{ amount }} }} }} }} }} }} }}"
        );
        let answer = finance.query(&query).await;
        let forecast = &answer.data()["forecast"];
        // 10,000.00 + 22,500.00 + 10,000.00; no credit, the whole drag; 2,270.69 + 1,971.02.
        assert_eq!(amounts(&forecast["conservative"]), ["42500.00", "0.00", "-305454.55", "4241.71", "-258712.84"]);
        let line = &forecast["partners"][0]["cells"][0]["conservative"];
        assert_eq!(line["quarters"][0], json!({ "quarter": "2026-Q4", "total": { "amount": "10567.68" } }));
        let told = &line["sourced"]["explanation"];
        assert_eq!(told["steps"][0], "4000 x 2.5 = 10000.00");
        assert_eq!(
            told["inputs"],
            json!([{ "name": "planned spend of this line", "value": "4000.00" }, { "name": "Yield as this band counts it", "value": "2.5" }])
        );
        // Neither a band nor the value that another one counts: 5x and 8.4x, 23.6 points, 283,636.36.
        let text = answer.body.to_string();
        for other in ["20000.00", "\"5\"", "8.4", "23.63", "283636.36", "BASE", "STRETCH", "base", "stretch"] {
            assert!(!text.contains(other), "{other}: {text}");
        }
        let document = Document::parse(&api::graphql::sdl_of(Role::Finance).unwrap());
        for element in document.elements() {
            let name = element.to_string().to_lowercase();
            let word = name
                .rsplit(['.', '(', ':'])
                .find(|part| !part.is_empty() && *part != ")")
                .unwrap_or_default()
                .to_owned();
            assert!(!["base", "stretch", "band"].contains(&word.trim_end_matches(':')), "{element}");
        }
        // A fact of the ideal partner profile is no band.
        let sdl = api::graphql::sdl_of(Role::Finance).unwrap().replace("INSTALL_BASE", "");
        for other in ["STRETCH", "stretch", "BASE", "ForecastRestsOn", "forecastDraft", "DRAFT"] {
            assert!(!sdl.contains(other), "{other} is in Finance's schema");
        }
        for hidden in ["base { total { amount { amount } } }", "stretch { total { amount { amount } } }"] {
            let answer = finance.query(&format!("{{ forecast {{ {hidden} }} }}")).await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        }
    });
}

#[test]
fn a_band_is_for_its_roles_and_lists_follow_the_slice() {
    on_every_backend(async |app| {
        planned(&app).await;
        publish(&app, json!(1)).await;
        for role in Role::iter() {
            let document = Document::parse(&api::graphql::sdl_of(role).unwrap());
            let has = |field: &str| {
                document
                    .elements()
                    .any(|element| matches!(&element, Element::Field(of, name) if of == "Forecast" && name == field))
            };
            let expected = match role {
                Role::Operator | Role::Revops => [true, true, true],
                Role::PartnerAe | Role::PartnerManager | Role::Leadership => [true, true, false],
                Role::Finance => [true, false, false],
                Role::CustomerAe | Role::Portfolio | Role::Partner => [false; 3],
            };
            assert_eq!(["conservative", "base", "stretch"].map(has), expected, "{}", role.word());
        }
        let query = "{ forecast { conservative { total { amount { amount } } } partners { partner { name } } findings { code partner { name } } } }";
        let names = |value: &Value| {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["partner"]["name"].as_str().unwrap_or("-").to_owned())
                .collect::<Vec<_>>()
        };
        for role in [Role::PartnerAe, Role::PartnerManager] {
            let answer = app.as_role(role).query(query).await;
            let forecast = &answer.data()["forecast"];
            assert_eq!(
                (names(&forecast["partners"]), names(&forecast["findings"])),
                (vec!["Northwind".to_owned()], vec!["Northwind".to_owned()]),
                "{}",
                role.word()
            );
            assert_eq!(forecast["conservative"]["total"]["amount"]["amount"], "-258712.84", "a total is shown whole");
        }
        let leadership = app.as_role(Role::Leadership).query(query).await;
        assert_eq!(names(&leadership.data()["forecast"]["partners"]), ["Northwind", "Southbay"]);
        let portfolio = app.as_role(Role::Portfolio).query("{ portfolio { programs { forecast { quarter conservative { amount } } } rollUps { forecasts forecastQuarters forecastConservative { amount } } } }").await;
        let home = json!({ "forecast": { "quarter": "2026-Q4", "conservative": { "amount": "-258712.84" } } });
        // The other program planned nothing. Its second partner is on two of 400 accounts, SHALLOW: 40 x -12.727272... points x
        // 12,000.00 = -61,090.91, and the first one's lower limit is below 0.
        let rival = json!({ "forecast": { "quarter": "2026-Q4", "conservative": { "amount": "-61090.91" } } });
        assert_eq!(portfolio.data()["portfolio"]["programs"], json!([home, rival]));
        assert_eq!(
            portfolio.data()["portfolio"]["rollUps"],
            json!([{ "forecasts": 2, "forecastQuarters": ["2026-Q4"], "forecastConservative": { "amount": "-319803.75" } }])
        );
    });
}

#[test]
fn a_sum_over_programs_says_in_which_quarters_its_forecasts_begin() {
    on_every_backend(async |app| {
        app.clock.set("2027-01-05T09:00:00Z".parse().unwrap());
        let operator = app.as_role(Role::Operator);
        operator.change("iterationOpen", json!({}), "iteration { quarter }").await;
        let next = operator.change("forecastPublish", json!({ "quarter": "2027-Q1" }), "forecast { revision }").await;
        assert_eq!(next["userErrors"], json!([]), "{next}");
        let query = "{ portfolio { rollUps { forecasts forecastQuarters } } }";
        let portfolio = app.as_role(Role::Portfolio).query(query).await;
        let both = json!([{ "forecasts": 2, "forecastQuarters": ["2026-Q4", "2027-Q1"] }]);
        assert_eq!(portfolio.data()["portfolio"]["rollUps"], both);
    });
}

#[test]
fn what_is_published_is_frozen_and_a_correction_names_what_it_replaces() {
    on_every_backend(async |app| {
        planned(&app).await;
        let first = publish(&app, json!(1)).await;
        assert_eq!(first["forecast"]["revision"], 2, "{first}");
        let revops = app.as_role(Role::Revops);
        let read = "{ forecast(quarter: \"2026-Q4\", revision: 2) { id sha256 publishedAt publishedBy conservative { total { amount { amount } explanation { steps } } quarters { total { amount } } }
            partners { restsOn { yieldMultiple trustGaps { points } expansionArr { amount } dealVelocityPremiumRate nrrContributionPoints } } } }";
        let before = revops.query(read).await.data()["forecast"].clone();
        assert_eq!(before["publishedAt"], "2026-10-05T09:00:00Z");
        let rests = &before["partners"][0]["restsOn"];
        assert_eq!(rests["yieldMultiple"], "5.000000000000");
        assert_eq!(
            (&rests["expansionArr"]["amount"], &rests["dealVelocityPremiumRate"]),
            (&json!("6000.00"), &Value::Null)
        );
        assert_eq!(rests["trustGaps"], json!([{ "points": "23.636363636364" }]));
        // Facts change: another deal is won, spend is corrected, the segment grows.
        let home = &app.world.home;
        let ops = somebody(&app.office, home.program, Role::Revops);
        let facts = deal::Facts {
            name: Some("Late news".into()),
            segment_id: Some(Some(home.segment)),
            stage_id: Some(won(&ops).await),
            opened_on: Some(day("2026-03-02")),
            closed_on: Some(Some(day("2026-06-15"))),
            arr: Some(Some((Decimal::from(50_000), "USD".parse().unwrap()))),
            claims: Some(Vec::new()),
            ..deal::Facts::default()
        };
        deal::create(&ops, facts, None).await.unwrap();
        let finance = somebody(&app.office, home.program, Role::Finance);
        let more =
            spend::Facts { amount: Some((Decimal::from(11_000), "USD".parse().unwrap())), ..spend::Facts::default() };
        spend::update(&finance, home.spend[0], None, more, None).await.unwrap();
        revops
            .change("segmentUpdate", json!({ "id": segment(&app), "addressableAccounts": 900 }), "segment { id }")
            .await;
        app.clock.advance(TimeDelta::hours(3));
        assert_eq!(revops.query(read).await.data()["forecast"], before);
        let draft = revops.query("{ forecastDraft { conservative { total { amount { amount } } } } }").await;
        assert_ne!(
            draft.data()["forecastDraft"]["conservative"]["total"]["amount"],
            before["conservative"]["total"]["amount"]
        );
        // A correction names what it replaces, and the first revision stays.
        assert_eq!(rules(&publish(&app, Value::Null).await), ["REVISION_NAMES_WHAT_IT_REPLACES"]);
        assert_eq!(rules(&publish(&app, json!(1)).await), ["REVISION_NAMES_WHAT_IT_REPLACES"]);
        let second = publish(&app, json!(2)).await;
        assert_eq!(
            (&second["forecast"]["revision"], &second["forecast"]["replacesId"]),
            (&json!(3), &before["id"]),
            "{second}"
        );
        assert_ne!(second["forecast"]["sha256"], before["sha256"]);
        assert_eq!(revops.query(read).await.data()["forecast"], before);
        let all = revops.query("{ forecastRevisions(quarter: \"2026-Q4\") { revision } forecast { revision } }").await;
        assert_eq!(
            all.data(),
            &json!({ "forecastRevisions": [{ "revision": 3 }, { "revision": 2 }, { "revision": 1 }], "forecast": { "revision": 3 } })
        );
        let past = json!({ "quarter": "2026-Q3" });
        let refused = app.as_role(Role::Operator).change("forecastPublish", past, "forecast { id }").await;
        assert_eq!(rules(&refused), ["FORECAST_LOOKS_AHEAD"]);
    });
}

/// What was published before the iteration was opened is no work of its phases; what is published in it ends Phase 2. One of later
/// quarters is published from it as well, and ends nothing.
#[test]
fn a_forecast_is_phase_two_of_an_open_iteration() {
    on_every_backend(async |app| {
        // A token lives for a day: each question comes with its own.
        let operator = || app.as_role(Role::Operator);
        let tam = async || {
            let answer = operator().query("{ iteration { phases { phase state missing } } }").await;
            answer.data()["iteration"]["phases"][1].clone()
        };
        let ask = |quarter: &str, replaces: Value| json!({ "quarter": quarter, "replacesRevision": replaces });
        let closed = operator().change("forecastPublish", ask("2026-Q4", json!(1)), "forecast { id }").await;
        assert_eq!((rules(&closed), &closed["forecast"]), (vec!["ITERATION_NOT_OPEN"], &Value::Null));
        app.clock.set("2026-10-22T09:00:00Z".parse().unwrap());
        operator().change("iterationOpen", json!({}), "iteration { quarter }").await;
        let running = json!({ "phase": "TAM", "state": "RUNNING", "missing": ["FORECAST"] });
        assert_eq!(tam().await, running, "the world's forecast is older than the iteration");
        let ahead = operator().change("forecastPublish", ask("2027-Q1", Value::Null), "forecast { revision }").await;
        assert_eq!(ahead["forecast"]["revision"], 1, "{ahead}");
        assert_eq!(tam().await, running);
        planned(&app).await;
        publish(&app, json!(1)).await;
        assert_eq!(tam().await, json!({ "phase": "TAM", "state": "PUBLISHED", "missing": [] }));
        let next =
            operator().query("{ iteration(quarter: \"2027-Q1\") { openedAt phases { phase state missing } } }").await;
        let next = next.data()["iteration"]["phases"][1].clone();
        assert_eq!(next, json!({ "phase": "TAM", "state": "NOT_STARTED", "missing": ["FORECAST"] }));
    });
}

/// Nobody set a penetration: Northwind is on one of the two accounts, 1 of 400, SHALLOW: 40 accounts x 23.636363... points x 12,000.00
/// = 113,454.55. Of a segment of unknown size nothing is known.
#[test]
fn without_a_plan_or_a_segments_size_a_forecast_says_why_and_adds_nothing() {
    on_every_backend(async |app| {
        let query = "{ forecastDraft { base { total { amount { amount } reason { code } evidence } sourced { amount { amount } reason { code } } }
            partners { cells { base { sourced { reason { code } } influenced { reason { code } evidence amount { amount } } expansion { reason { code } } } } }
            findings { code component reason { code } } } }";
        let operator = app.as_role(Role::Operator);
        let draft = operator.query(query).await.data()["forecastDraft"].clone();
        let band = &draft["partners"][0]["cells"][0]["base"];
        assert_eq!(
            band["influenced"],
            json!({ "reason": null, "evidence": "SOLID", "amount": { "amount": "113454.55" } })
        );
        assert_eq!(
            (&band["sourced"]["reason"]["code"], &band["expansion"]["reason"]["code"]),
            (&json!("NO_PLANNED_SPEND"), &json!("NO_WON_EXPANSIONS"))
        );
        let unsaid = json!({ "id": segment(&app), "addressableAccounts": null });
        app.as_role(Role::Revops).change("segmentUpdate", unsaid, "segment { id }").await;
        let draft = operator.query(query).await.data()["forecastDraft"].clone();
        assert_eq!(draft["base"]["total"]["amount"], Value::Null);
        assert_eq!(draft["base"]["total"]["evidence"], "NONE");
        // What no line of it plans or measures is not the reason of a sum.
        for sum in ["total", "sourced"] {
            assert_eq!(draft["base"][sum]["reason"]["code"], "NOTHING_MEASURED", "{sum}");
        }
        let influenced = &draft["partners"][0]["cells"][0]["base"]["influenced"];
        assert_eq!(
            influenced,
            &json!({ "reason": { "code": "NO_ADDRESSABLE_ACCOUNTS" }, "evidence": "NONE", "amount": null })
        );
        assert!(
            draft["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|found| found["code"] == "NOT_MEASURED" && found["reason"]["code"] == "NO_ADDRESSABLE_ACCOUNTS")
        );
        let none = app
            .as_role(Role::Finance)
            .query(
                "{ forecast(quarter: \"2027-Q1\") { revision } forecastRevisions(quarter: \"2027-Q1\") { revision } }",
            )
            .await;
        assert_eq!(none.data(), &json!({ "forecast": null, "forecastRevisions": [] }));
    });
}
