//! Measures through the schema: the numbers of the real data on both back ends, and who is shown what.

use crate::support::SCHEMAS;
use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::real_data::{RealDeal, folder, id, rows, skygeni};
use api::clock::Clock;
use api::graphql::{global_id, prepare};
use api::usecase::{Caller, Office, check, program};
use async_graphql::Request;
use chrono_tz::Tz;
use domain::calendar::Calendar;
use domain::import::Object;
use domain::program::Program;
use domain::role::Role;
use domain::slice::{Bindings, Place, Viewer};
use entity::Store;
use rust_decimal::Decimal;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const CALENDAR: Calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };

/// A program that holds SkyGeni with regions as segments.
struct World {
    office: Office,
    program: Program,
    _kept: Box<dyn std::any::Any>,
}

async fn run(conn: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) {
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await.unwrap();
}

fn word<E: Into<&'static str>>(value: E) -> Value {
    let word: &'static str = value.into();
    word.into()
}

impl World {
    async fn new(backend: Backend, deals: &[RealDeal]) -> Self {
        let database = Database::fresh(backend);
        let store = Store::connect(&database.url, 4).await.unwrap();
        let office = Office::new(store, Clock::fixed("2024-08-01T00:00:00Z".parse().unwrap()));
        let new = program::New {
            slug: "sky".into(),
            name: "Sky".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let program = program::create(&office, new).await.unwrap();
        let at: Value = office.clock.now().into();
        let tx = office.store.begin().await.unwrap();
        let segments: BTreeSet<&String> = deals.iter().map(|deal| &deal.columns["region"]).collect();
        for name in segments {
            let values =
                [program.id.into(), id(name).into(), name.clone().into(), name.to_lowercase().into(), at.clone()];
            run(
                &tx,
                "INSERT INTO segment (program_id, id, name, name_key, recorded_at) VALUES ($1, $2, $3, $4, $5)",
                values,
            )
            .await;
        }
        for name in ["Partner", "Referral", "Idle"] {
            let values = [program.id.into(), id(name).into(), name.into(), name.to_lowercase().into(), at.clone()];
            let sql = "INSERT INTO partner (program_id, id, name, name_key, kind, recorded_at) VALUES ($1, $2, $3, $4, 'ISV', $5)";
            run(&tx, sql, values).await;
        }
        for (number, deal) in deals.iter().enumerate() {
            let fact = deal.fact("region", &CALENDAR);
            let deal_id = Uuid::from_u64_pair(1, number as u64);
            let values: Vec<Value> = vec![
                program.id.into(),
                deal_id.into(),
                fact.segment_id.into(),
                word(fact.outcome),
                deal.opened.into(),
                deal.closed.into(),
                fact.closed_quarter.map(|quarter| quarter.index()).into(),
                fact.cycle_days.into(),
                fact.arr_minor.into(),
                word(fact.declaration),
                at.clone(),
            ];
            let sql = "INSERT INTO deal (program_id, id, name, segment_id, kind, outcome, has_reached_stage_one, opened_on, closed_on,
                         closed_quarter, cycle_days, arr_minor, declaration, provenance, recorded_at, updated_at)
                       VALUES ($1, $2, 'a deal', $3, 'NEW', $4, true, $5, $6, $7, $8, $9, $10, 'IMPORTED', $11, $11)";
            run(&tx, sql, values).await;
            for credit in fact.credits {
                let values: Vec<Value> = vec![
                    program.id.into(),
                    Uuid::from_u64_pair(2, number as u64).into(),
                    deal_id.into(),
                    credit.partner_id.into(),
                    word(credit.state),
                    at.clone(),
                ];
                let sql = "INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, is_late, provenance, recorded_at)
                           VALUES ($1, $2, $3, $4, $5, false, 'IMPORTED', $6)";
                run(&tx, sql, values).await;
            }
        }
        let spend: Vec<Value> = vec![
            program.id.into(),
            id("line").into(),
            id("Partner").into(),
            CALENDAR.quarter("2024-02-01".parse().unwrap()).index().into(),
            at,
        ];
        let sql = "INSERT INTO spend_line (program_id, id, partner_id, quarter, category, amount_minor, original_minor, original_currency, provenance, recorded_at)
                   VALUES ($1, $2, $3, $4, 'MDF', 100000000, 100000000, 'USD', 'DECLARED', $5)";
        run(&tx, sql, spend).await;
        tx.commit().await.unwrap();
        check::rebuild(&office, &program).await.unwrap();
        Self { office, program, _kept: Box::new(database) }
    }

    /// What an import made.
    async fn of(bench: Bench) -> Self {
        let office = bench.caller.office.clone();
        let program = program::all(&office).await.unwrap().remove(0);
        Self { office, program, _kept: Box::new(bench) }
    }

    async fn ask_as(&self, role: Role, partners: &[Uuid], query: &str) -> Json {
        let bindings = Bindings { partners: partners.to_vec(), pod_partners: partners.to_vec(), ..Bindings::default() };
        let viewer =
            Viewer { role, bindings, place: Place::Program(self.program.id), ..Viewer::system(self.program.id) };
        let caller = Caller::new(self.office.clone(), Arc::new(viewer));
        let response = SCHEMAS.of(role).schema.execute(prepare(Request::new(query), caller)).await;
        serde_json::to_value(response).unwrap()
    }

    async fn data_as(&self, role: Role, partners: &[Uuid], query: &str) -> Json {
        let answer = self.ask_as(role, partners, query).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }
}

/// What six decimals of a longer number are, as the expected files have them.
fn six(value: &Json) -> String {
    six_of(decimal(value.as_str().unwrap()))
}

fn six_of(value: Decimal) -> String {
    format!("{:.6}", domain::evidence::round(value, 6))
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn example(map: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/import").join(map)
}

const GAP: &str = "points coSell { won lost rate } direct { won lost rate } evidence reading interval { low high level } leftOutUnknown reason { code }";

/// Compares a file of expected Trust-Gaps with the matrix and the totals.
async fn compare(world: &World, folder: &Path, file: &str) {
    let arguments = match file.split("__asof").nth(1) {
        None => "window: ALL".to_owned(),
        Some(rest) => format!("asOf: \"{}\"", &rest[..10]),
    };
    let cells = format!("cells {{ partner {{ name }} segment {{ name }} trustGap {{ {GAP} }} }}");
    let matrix =
        world.data_as(Role::Revops, &[], &format!("{{ auditMatrix({arguments}) {{ window {cells} }} }}")).await;
    let totals = format!("trustGap {{ {GAP} }} trustGaps {{ segment {{ name }} trustGap {{ {GAP} }} }}");
    let totals =
        world.data_as(Role::Leadership, &[], &format!("{{ programTotals({arguments}) {{ {totals} }} }}")).await;
    let cells = matrix["auditMatrix"]["cells"].as_array().unwrap();
    let gaps = totals["programTotals"]["trustGaps"].as_array().unwrap();
    let expected = rows(&folder.join(file));
    assert!(expected.len() > 3);
    for row in &expected {
        let gap = match (row["partner"].as_str(), row["segment"].as_str()) {
            ("(any partner)" | "(none)", "(all)") => &totals["programTotals"]["trustGap"],
            ("(any partner)" | "(none)", segment) => {
                &gaps.iter().find(|gap| gap["segment"]["name"] == segment).unwrap()["trustGap"]
            }
            // There is no single Trust-Gap of a partner.
            (_, "(all)") => continue,
            (partner, segment) => {
                let is_it = |cell: &&Json| cell["partner"]["name"] == partner && cell["segment"]["name"] == segment;
                &cells.iter().find(is_it).unwrap()["trustGap"]
            }
        };
        let what = format!("{file} {row:?} {gap}");
        for (side, won, closed, rate) in [
            ("coSell", "cosell_won", "cosell_closed", "cosell_win_rate_pct"),
            ("direct", "direct_won", "direct_closed", "direct_win_rate_pct"),
        ] {
            let count = |name: &str| gap[side][name].as_i64().unwrap();
            assert_eq!(
                (count("won").to_string(), (count("won") + count("lost")).to_string()),
                (row[won].clone(), row[closed].clone()),
                "{what}"
            );
            let found = gap[side]["rate"].as_str().map(|rate| six_of(decimal(rate) * rust_decimal::dec!(100)));
            assert_eq!(found.unwrap_or_default(), row[rate], "{what}");
        }
        let points = gap["points"].as_str().map(|points| six_of(decimal(points)));
        assert_eq!(points.unwrap_or_default(), row["trust_gap_pp"], "{what}");
        let is_null = gap["points"].is_null();
        assert_eq!(
            (gap["evidence"] == "NONE", gap["reason"].is_null(), gap["interval"].is_null()),
            (is_null, !is_null, is_null),
            "{what}"
        );
    }
}

#[tokio::test]
async fn the_matrix_holds_the_numbers_of_the_imported_real_data() {
    let Some(data) = folder() else { return };
    for backend in Backend::all() {
        for (map, mapping) in [("skygeni-m1.toml", "M1_partner_only"), ("skygeni-m2.toml", "M2_partner_and_referral")] {
            // All three readings of a segment on SQLite; PostgreSQL is asked the same questions of one.
            let segments =
                if backend == Backend::Sqlite { &["region", "industry", "product_type"][..] } else { &["region"] };
            for segment in segments {
                let bench = Bench::new(Database::fresh(backend)).await;
                let text = std::fs::read_to_string(example(map)).unwrap();
                let map =
                    bench.file("map.toml", &text.replace("segment = \"region\"", &format!("segment = \"{segment}\"")));
                bench.import(Object::Deals, &data.join("skygeni/upload/skygeni_sales_data.csv"), &map).await;
                let world = World::of(bench).await;
                let found = check::check(&world.office, &world.program).await.unwrap();
                assert_eq!((found.deals, found.differences), (5000, vec![]), "{backend} {mapping} {segment}");
                for ending in ["", "__asof2024-05-15_W1_4completedQ", "__asof2024-06-30_W1_4completedQ"] {
                    compare(
                        &world,
                        &data.join("skygeni/expected"),
                        &format!("trust_gap__{mapping}__{segment}{ending}.csv"),
                    )
                    .await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_vendor_without_partners_has_no_trust_gap_and_no_error() {
    let Some(data) = folder() else { return };
    let bench = Bench::new(Database::fresh(Backend::Sqlite)).await;
    for name in ["sales_teams.csv", "accounts.csv", "products.csv"] {
        std::fs::copy(data.join("maven/upload").join(name), bench.folder.path().join(name)).unwrap();
    }
    let map = bench.file("maven.toml", &std::fs::read_to_string(example("maven-deals.toml")).unwrap());
    bench.import(Object::Accounts, &data.join("maven/upload/accounts.csv"), &example("maven-accounts.toml")).await;
    bench.import(Object::Deals, &data.join("maven/upload/sales_pipeline.csv"), &map).await;
    let world = World::of(bench).await;
    assert_eq!(check::check(&world.office, &world.program).await.unwrap().differences, Vec::<String>::new());
    for ending in ["", "__asof2017-12-31_W1_4completedQ"] {
        compare(
            &world,
            &data.join("maven/expected"),
            &format!("trust_gap__M0_no_partner__regional_office{ending}.csv"),
        )
        .await;
    }
    let query = "{ programTotals(window: ALL) { attachRateAll { dealsRate direct { deals } } trustGap { points reading reason { code } } } auditMatrix { cells { points: trustGap { points } } } }";
    let answer = world.data_as(Role::Operator, &[], query).await;
    let totals = &answer["programTotals"];
    assert_eq!(totals["attachRateAll"]["dealsRate"], "0.000000000000");
    assert_eq!(totals["attachRateAll"]["direct"]["deals"], 8800);
    assert_eq!(
        (&totals["trustGap"]["points"], &totals["trustGap"]["reason"]["code"]),
        (&Json::Null, &Json::from("NO_CO_SELL_DEALS"))
    );
    assert_eq!(answer["auditMatrix"]["cells"], serde_json::json!([]));
}

#[tokio::test]
async fn the_matrix_is_sorted_either_way_with_nulls_last() {
    let Some(data) = folder() else { return };
    let world = World::new(Backend::Sqlite, &skygeni(&data, "M2_partner_and_referral")).await;
    for (direction, later_is) in [("ASC", std::cmp::Ordering::Greater), ("DESC", std::cmp::Ordering::Less)] {
        let query = format!(
            "{{ auditMatrix(window: ALL, orderBy: {{ field: TRUST_GAP, direction: {direction} }}) {{ cells {{ trustGap {{ points }} }} }} }}"
        );
        let answer = world.data_as(Role::Operator, &[], &query).await;
        let points: Vec<Option<Decimal>> = answer["auditMatrix"]["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell["trustGap"]["points"].as_str().map(|points| points.parse().unwrap()))
            .collect();
        let measured = points.iter().take_while(|points| points.is_some()).count();
        assert!(
            measured > 0 && measured < points.len() && points[measured..].iter().all(Option::is_none),
            "nulls last, {direction}"
        );
        assert!(
            points[..measured].windows(2).all(|pair| pair[1].cmp(&pair[0]) != later_is.reverse()),
            "{direction}: {points:?}"
        );
    }
    let by_yield = world
        .data_as(Role::Finance, &[], "{ auditMatrix(orderBy: { field: YIELD, direction: DESC }) { cells { partner { name } partnerYield { multiple evidence reason { code } spend { amount currency } } } } }")
        .await;
    let cells = by_yield["auditMatrix"]["cells"].as_array().unwrap();
    assert_eq!(cells[0]["partner"]["name"], "Partner");
    assert_eq!(cells[0]["partnerYield"]["spend"]["amount"], "1000000.00");
    let last = &cells[cells.len() - 1];
    assert_eq!(last["partnerYield"]["multiple"], Json::Null);
    assert_eq!(last["partnerYield"]["reason"]["code"], "NO_SPEND");
    assert_eq!(last["partnerYield"]["evidence"], "NONE");
}

#[tokio::test]
async fn lists_follow_the_slice_and_numbers_do_not() {
    let Some(data) = folder() else { return };
    let world = World::new(Backend::Sqlite, &skygeni(&data, "M2_partner_and_referral")).await;
    let query = "{ auditMatrix(window: ALL) { cells { partner { name } segment { name } trustGap { points direct { won } } } } }";
    let all = world.data_as(Role::Revops, &[], query).await;
    let own = world.data_as(Role::PartnerAe, &[id("Referral")], query).await;
    let own = own["auditMatrix"]["cells"].as_array().unwrap();
    assert!(!own.is_empty() && own.iter().all(|cell| cell["partner"]["name"] == "Referral"));
    let all = all["auditMatrix"]["cells"].as_array().unwrap();
    assert!(own.iter().all(|cell| all.contains(cell)), "two roles that see a number see the same number");
}

#[tokio::test]
async fn a_partners_own_scorecard_tells_its_reading_and_not_its_points() {
    let Some(data) = folder() else { return };
    let world = World::new(Backend::Sqlite, &skygeni(&data, "M2_partner_and_referral")).await;
    let partner = [id("Partner")];
    let own = "{ scorecard { partner { name } asOf winRate { won lost rate } attributed { sourced { deals arr { amount } } influenced { deals } } trustGaps { segment { name } trustGap { reading evidence } } trend { quarter winRate { rate } } } }";
    let card = world.data_as(Role::Partner, &partner, own).await;
    let card = &card["scorecard"];
    assert_eq!(card["partner"]["name"], "Partner");
    assert_eq!(card["asOf"], "2024-06-30", "the last completed quarter, whatever the day");
    assert_eq!(card["trend"].as_array().unwrap().len(), 4);
    assert!(!card["trustGaps"].as_array().unwrap().is_empty());
    for hidden in [
        "{ scorecard(asOf: \"2024-01-01\") { asOf } }",
        "{ scorecard { partnerYield { multiple } } }",
        "{ scorecard { spend { total { amount } } } }",
        "{ scorecard { velocity { premiumRate } } }",
        "{ scorecard { dealSize { meanDelta } } }",
        "{ scorecard { trustGaps { trustGap { points } } } }",
        "{ scorecard { trustGaps { trustGap { direct { won } } } } }",
        "{ scorecard { trend { spend { amount } } } }",
        "{ auditMatrix { asOf } }",
        "{ programTotals { asOf } }",
    ] {
        let answer = world.ask_as(Role::Partner, &partner, hidden).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().starts_with("Unknown"), "{hidden}: {answer}");
    }
    // The vendor's side sees the same win rate, and everything else beside it.
    let id_of = |name: &str| global_id::encode("Partner", id(name)).to_string();
    let query = format!(
        "{{ scorecard(partnerId: \"{}\", asOf: \"2024-06-30\") {{ winRate {{ won lost rate }} partnerYield {{ multiple explanation {{ steps result }} }} velocity {{ premiumRate medianDaysSaved partner {{ mean median deals }} }} }} }}",
        id_of("Partner")
    );
    let inside = world.data_as(Role::Leadership, &[], &query).await;
    assert_eq!(inside["scorecard"]["winRate"], card["winRate"]);
    assert_ne!(inside["scorecard"]["velocity"]["medianDaysSaved"], Json::Null);
    let steps = inside["scorecard"]["partnerYield"]["explanation"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "leadership reads the sum of spend, not its lines: {steps:?}");
    // A partner outside the slice reads as one that is not there.
    let stranger = format!("{{ scorecard(partnerId: \"{}\") {{ asOf }} }}", id_of("Referral"));
    let nobody = format!("{{ scorecard(partnerId: \"{}\") {{ asOf }} }}", id_of("Nobody"));
    assert_eq!(world.data_as(Role::PartnerManager, &partner, &stranger).await["scorecard"], Json::Null);
    assert_eq!(world.data_as(Role::PartnerManager, &partner, &nobody).await["scorecard"], Json::Null);
    let unnamed = world.ask_as(Role::Finance, &[], "{ scorecard { asOf } }").await;
    assert_eq!(unnamed["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn totals_hold_the_attach_rate_the_three_numbers_and_the_trend() {
    let Some(data) = folder() else { return };
    let deals = skygeni(&data, "M2_partner_and_referral");
    for backend in Backend::all() {
        let world = World::new(backend, &deals).await;
        let query = "{ programTotals(window: ALL) {
            attachRateClosed { dealsRate arrRate withPartner { deals arr { amount } } direct { deals } unknown { deals } }
            attachRateWon { dealsRate } attachRateAll { dealsRate }
            sourcedPipeline { deals arr { amount } } coSellPipeline { deals } influenced { deals arr { amount } }
            dealSize { meanDelta medianDelta partner { mean median deals } direct { mean median } }
            velocity { premiumRate meanDaysSaved medianDaysSaved }
            concentration { indexRate partnerCount partners(top: 1) { rank partner { name } shareRate } }
            trend { quarter trustGap { points coSell { won } } sourced { deals } attachRateWon { dealsRate } spend { amount } }
            winRatesByTouch { sourced { deltaPoints isUnderBar } coSold { deltaPoints } direct { won } } } }";
        let totals = world.data_as(Role::Revops, &[], query).await["programTotals"].clone();
        let percent = |value: &Json| {
            let rate: Decimal = value.as_str().unwrap().parse().unwrap();
            format!("{:.6}", domain::evidence::round(rate * rust_decimal::dec!(100), 6))
        };
        let attach = rows(&data.join("skygeni/expected/attach__M2_partner_and_referral.csv"));
        assert_eq!(percent(&totals["attachRateAll"]["dealsRate"]), attach[0]["attach_rate_pct"], "{backend}");
        assert_eq!(percent(&totals["attachRateClosed"]["dealsRate"]), attach[1]["attach_rate_pct"], "{backend}");
        assert_eq!(percent(&totals["attachRateClosed"]["arrRate"]), attach[1]["amount_share_pct"], "{backend}");
        assert_eq!(
            totals["attachRateClosed"]["withPartner"]["arr"]["amount"],
            attach[1]["amount_with_partner"].as_str(),
            "{backend}"
        );
        assert_eq!(percent(&totals["attachRateWon"]["dealsRate"]), attach[2]["attach_rate_pct"], "{backend}");
        let sizes = rows(&data.join("skygeni/expected/size_velocity__M2_partner_and_referral__region.csv"));
        assert_eq!(six(&totals["dealSize"]["meanDelta"]), sizes[0]["mean_amount_won_delta"], "{backend}");
        assert_eq!(six(&totals["dealSize"]["medianDelta"]), sizes[0]["median_amount_won_delta"], "{backend}");
        assert_eq!(six(&totals["dealSize"]["partner"]["median"]), sizes[0]["median_amount_won_partner"], "{backend}");
        let negative =
            |text: &str| if let Some(rest) = text.strip_prefix('-') { rest.to_owned() } else { format!("-{text}") };
        assert_eq!(six(&totals["velocity"]["meanDaysSaved"]), negative(&sizes[0]["mean_days_won_delta"]), "{backend}");
        assert_eq!(
            six(&totals["velocity"]["medianDaysSaved"]),
            negative(&sizes[0]["median_days_won_delta"]),
            "{backend}"
        );
        assert_eq!(totals["influenced"]["deals"], 570, "{backend}: won deals with a referral");
        assert_eq!(totals["sourcedPipeline"]["deals"], 0, "{backend}: no deal is open");
        let won: i64 = totals["trend"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["trustGap"]["coSell"]["won"].as_i64().unwrap())
            .sum();
        assert_eq!(won, 1115, "{backend}: quarters add up to the window");
        assert_eq!(totals["concentration"]["partners"][0]["partner"]["name"], "Partner", "{backend}");
        assert_eq!(totals["concentration"]["indexRate"], "1.000000000000", "{backend}: one partner sources everything");
        assert_eq!(totals["winRatesByTouch"]["coSold"]["deltaPoints"], "-1.030346550749", "{backend}");
        // Finance reads no open pipeline: these fields are not in its schema.
        let hidden = world.ask_as(Role::Finance, &[], "{ programTotals { sourcedPipeline { deals } } }").await;
        assert!(hidden["errors"][0]["message"].as_str().unwrap().starts_with("Unknown field"), "{hidden}");
    }
}

#[tokio::test]
async fn a_changed_fact_is_in_the_next_answer() {
    let Some(data) = folder() else { return };
    let world = World::new(Backend::Sqlite, &skygeni(&data, "M1_partner_only")).await;
    let query = "{ programTotals(window: ALL) { trustGap { direct { won } leftOutUnknown } unknown { deals } } }";
    let before = world.data_as(Role::Revops, &[], query).await;
    assert_eq!(before["programTotals"]["trustGap"]["direct"]["won"], 1718);
    run(world.office.store.write(), "UPDATE deal SET declaration = 'UNKNOWN' WHERE declaration = 'DIRECT'", []).await;
    assert_eq!(
        world.data_as(Role::Revops, &[], query).await,
        before,
        "cells are rebuilt by the change itself, not by a read"
    );
    check::rebuild(&world.office, &world.program).await.unwrap();
    let after = world.data_as(Role::Revops, &[], query).await;
    assert_eq!(after["programTotals"]["trustGap"]["direct"]["won"], 0);
    assert_eq!(after["programTotals"]["trustGap"]["leftOutUnknown"], 3760);
    assert_eq!(after["programTotals"]["unknown"]["deals"], 3760);
}
