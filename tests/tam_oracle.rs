//! A forecast of a thousand deals against an independent one: a page of Python that was written from the rules alone.

use crate::support::database::{Backend, Database};
use crate::support::real_data::id;
use crate::support::world::somebody;
use api::clock::Clock;
use api::usecase::spend_plan::{Line, set, set_penetration};
use api::usecase::{Office, check, program, tam};
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use domain::calendar::{Calendar, Quarter};
use domain::money::Money;
use domain::role::Role;
use domain::tam::{Band, Component, Forecast, PenetrationLevel, Spot};
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use uuid::Uuid;

const CALENDAR: Calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };
const SEGMENTS: [&str; 3] = ["Enterprise", "Middle", "Small"];
const PARTNERS: [&str; 5] = ["Alder", "Birch", "Cedar", "Dogwood", "Elm"];

/// Chance that repeats (Knuth's MMIX generator): the high bits are good enough for facts.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

async fn run(conn: &impl ConnectionTrait, sql: &str, values: Vec<Value>) {
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await.unwrap();
}

/// The facts, in the database and as the oracle reads them.
async fn facts(office: &Office, program_id: Uuid, today: NaiveDate) -> Json {
    let mut chance = Chance(42);
    let window = CALENDAR.trailing_four(today);
    let (first_day, last_day) = (CALENDAR.first_day(window.from), CALENDAR.last_day(window.to));
    let at: Value = office.clock.now().into();
    let tx = office.store.begin().await.unwrap();
    let (mut accounts, mut deals, mut spend, mut touches) = (json!({}), Vec::new(), Vec::new(), Vec::new());
    let addressable = json!({ "Enterprise": 83, "Middle": 52, "Small": null });
    for name in SEGMENTS {
        let values = vec![
            program_id.into(),
            id(name).into(),
            name.into(),
            name.to_lowercase().into(),
            addressable[name].as_i64().into(),
            at.clone(),
        ];
        run(&tx, "INSERT INTO segment (program_id, id, name, name_key, addressable_accounts, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)", values).await;
    }
    for name in PARTNERS {
        let values = vec![program_id.into(), id(name).into(), name.into(), name.to_lowercase().into(), at.clone()];
        run(&tx, "INSERT INTO partner (program_id, id, name, name_key, kind, recorded_at) VALUES ($1, $2, $3, $4, 'ISV', $5)", values).await;
    }
    for number in 0..160_u64 {
        let name = format!("account {number}");
        let segment = *chance.pick(&["Enterprise", "Middle", "Small", ""]);
        let segment_id = (!segment.is_empty()).then(|| id(segment));
        let values = vec![program_id.into(), id(&name).into(), name.clone().into(), segment_id.into(), at.clone()];
        run(
            &tx,
            "INSERT INTO account (program_id, id, name, segment_id, recorded_at) VALUES ($1, $2, $3, $4, $5)",
            values,
        )
        .await;
        accounts[&name] = segment.into();
    }
    for number in 0..1_000_u64 {
        let account = format!("account {}", chance.below(160));
        let segment = *chance.pick(&SEGMENTS);
        let quarter = window.to.plus(-i32::try_from(chance.below(11)).unwrap());
        let kind = *chance.pick(&["NEW", "NEW", "NEW", "EXPANSION", "RENEWAL"]);
        let outcome = *chance.pick(&["WON", "WON", "LOST", "LOST", "OPEN", "DISQUALIFIED"]);
        let closed =
            (outcome != "OPEN").then(|| CALENDAR.first_day(quarter) + TimeDelta::days(chance.below(88) as i64));
        let opened = CALENDAR.first_day(quarter) - TimeDelta::days(chance.below(200) as i64);
        let arr = (chance.below(20) > 0).then(|| chance.below(9_000_000) as i64);
        let states: &[&str] =
            if kind == "NEW" { &["SOURCED", "INFLUENCED", "ACCELERATED"] } else { &["EXPANSION_OR_RETENTION"] };
        let mut credits: Vec<(&str, &str)> = Vec::new();
        // Alder is on many deals, Elm on few.
        for (place, partner) in PARTNERS[..4].iter().enumerate() {
            if chance.below(4 + 5 * place as u64) == 0 {
                let state = *chance.pick(states);
                if state != "SOURCED" || credits.iter().all(|(_, other)| *other != "SOURCED") {
                    credits.push((partner, state));
                }
            }
        }
        let declared = if credits.is_empty() { *chance.pick(&["DIRECT", "DIRECT", "UNKNOWN"]) } else { "PARTNERS" };
        let deal_id = Uuid::from_u64_pair(1, number);
        let index = closed.map(|_| quarter.index());
        let values = vec![
            program_id.into(),
            deal_id.into(),
            id(&account).into(),
            id(segment).into(),
            kind.into(),
            outcome.into(),
            opened.into(),
            closed.into(),
            index.into(),
            arr.into(),
            declared.into(),
            at.clone(),
        ];
        let sql = "INSERT INTO deal (program_id, id, name, account_id, segment_id, kind, outcome, has_reached_stage_one, opened_on, closed_on,
                     closed_quarter, arr_minor, declaration, provenance, recorded_at, updated_at)
                   VALUES ($1, $2, 'a deal', $3, $4, $5, $6, true, $7, $8, $9, $10, $11, 'IMPORTED', $12, $12)";
        run(&tx, sql, values).await;
        for (place, (partner, state)) in (0..).zip(&credits) {
            let sql =
                "INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, is_late, provenance, recorded_at)
                       VALUES ($1, $2, $3, $4, $5, false, 'IMPORTED', $6)";
            let values = vec![
                program_id.into(),
                Uuid::from_u64_pair(2 + place, number).into(),
                deal_id.into(),
                id(partner).into(),
                (*state).into(),
                at.clone(),
            ];
            run(&tx, sql, values).await;
        }
        let moving = opened <= last_day && closed.is_none_or(|day| day >= first_day);
        deals.push(json!({
            "account": account, "segment": segment, "kind": kind, "outcome": outcome, "quarter": index, "arr": arr, "credits": credits,
            "declared": declared, "moving": moving, "opened": (opened - first_day).num_days(), "span": (last_day - first_day).num_days(),
        }));
    }
    for number in 0..60_u64 {
        let (partner, account) = (*chance.pick(&PARTNERS), format!("account {}", chance.below(160)));
        // The first instant of the window, the last day of it, the first one after it; and a note, which is no touch.
        let (days, kind) = *chance.pick(&[(0, "TOUCH"), (364, "CALL"), (365, "TOUCH"), (-1, "MEETING"), (100, "NOTE")]);
        let happened = CALENDAR.beginning(first_day) + TimeDelta::days(days);
        let values = vec![
            program_id.into(),
            Uuid::from_u64_pair(9, number).into(),
            id(&account).into(),
            id(partner).into(),
            kind.into(),
            happened.into(),
            Uuid::nil().into(),
            at.clone(),
        ];
        run(&tx, "INSERT INTO activity (program_id, id, account_id, partner_id, kind, happened_at, source_system, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, 'x', $7, $8)", values).await;
        if kind != "NOTE" && (0..365).contains(&days) {
            touches.push(json!([partner, account]));
        }
    }
    let tags = tags(&tx, program_id, &mut chance).await;
    // Elm was never spent on. Cedar's spend is high: below 3x.
    for (place, partner) in PARTNERS[..4].iter().enumerate() {
        for step in 0..9 {
            let quarter = window.to.plus(-step);
            let minor = [900_001, 500_000, 900_000_000, 300_003][place] + chance.below(1_000) as i64;
            let values = vec![
                program_id.into(),
                Uuid::from_u64_pair(7, (place as u64) * 100 + u64::from(step.unsigned_abs())).into(),
                id(partner).into(),
                quarter.index().into(),
                minor.into(),
                at.clone(),
            ];
            let sql = "INSERT INTO spend_line (program_id, id, partner_id, quarter, category, amount_minor, original_minor, original_currency, provenance, recorded_at)
                       VALUES ($1, $2, $3, $4, 'MDF', $5, $5, 'USD', 'DECLARED', $6)";
            run(&tx, sql, values).await;
            spend.push(json!([partner, quarter.index(), minor]));
        }
    }
    tx.commit().await.unwrap();
    json!({
        "from": window.from.index(), "to": window.to.index(), "quarter": window.to.plus(1).index(), "segments": SEGMENTS, "partners": PARTNERS,
        "addressable": addressable, "accounts": accounts, "deals": deals, "spend": spend, "touches": touches,
        "tags": tags,
    })
}

/// Accounts that belong to partners.
async fn tags(tx: &impl ConnectionTrait, program_id: Uuid, chance: &mut Chance) -> Json {
    let mut tags = json!({});
    for number in 0..60_u64 {
        let (account, partner) = (format!("account {}", number * 2 + chance.below(2)), *chance.pick(&PARTNERS));
        let values = vec![program_id.into(), id(&account).into(), id(partner).into()];
        run(tx, "INSERT INTO account_partner (program_id, account_id, partner_id) VALUES ($1, $2, $3)", values).await;
        tags[account] = partner.into();
    }
    tags
}

/// Plans and penetrations, through the use cases, added to the facts of the oracle.
async fn decide(office: &Office, program_id: Uuid, facts: &mut Json) {
    let operator = somebody(office, program_id, Role::Operator);
    let currency = "USD".parse().unwrap();
    let first = Quarter::from_index(i32::try_from(facts["quarter"].as_i64().unwrap()).unwrap());
    let (mut plan, mut penetrations) = (Vec::new(), json!({}));
    let planned: [(&str, &str, i32, i64); 9] = [
        ("Alder", "Enterprise", 0, 7_000_001),
        ("Alder", "Enterprise", 3, 5_000_000),
        ("Alder", "", 1, 24_000_007),
        ("Alder", "Small", 2, 1),
        ("Birch", "Middle", 0, 1_100_000),
        ("Birch", "", 2, 1_200_000),
        ("Cedar", "", 0, 1_000_000_000),
        ("Dogwood", "Small", 1, 4_000_001),
        ("Elm", "Middle", 1, 5_000_000),
    ];
    for (partner, segment, step, minor) in planned {
        let line = Line {
            quarter: first.plus(step),
            segment_id: (!segment.is_empty()).then(|| id(segment)),
            amount: (Money { minor, currency }.major(), currency),
            expected: None,
        };
        // What the rule refuses is planned by nobody.
        if set(&operator, id(partner), vec![line], None).await.is_ok() {
            plan.push(json!([partner, segment, first.plus(step).index(), minor]));
        }
    }
    // The others are read off the overlap.
    for (at, (partner, segment)) in
        PARTNERS[..4].iter().flat_map(|partner| SEGMENTS.map(|segment| (*partner, segment))).enumerate().step_by(2)
    {
        let (word, level) = [
            ("DEEP", PenetrationLevel::Deep),
            ("MODERATE", PenetrationLevel::Moderate),
            ("SHALLOW", PenetrationLevel::Shallow),
        ][at % 3];
        set_penetration(&operator, id(partner), id(segment), level, "a test", None, None).await.unwrap();
        penetrations[format!("{partner}/{segment}")] = word.into();
    }
    facts["plan"] = plan.into();
    facts["penetration"] = penetrations;
}

/// What the oracle makes of facts; none where there is no Python.
pub(crate) fn oracle(facts: &Json) -> Option<Json> {
    let mut python = Command::new("python3")
        .args(["-c", include_str!("data/tam_oracle.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    python.stdin.take()?.write_all(facts.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Every measured amount of a forecast: partner and segment, component, band, quarter.
fn lines(forecast: &Forecast) -> BTreeMap<String, i128> {
    let name =
        |all: &[&str], wanted: Uuid| all.iter().find(|name| id(name) == wanted).map_or("", |name| *name).to_owned();
    let mut found = BTreeMap::new();
    for (at, partner) in forecast.partners.iter().enumerate() {
        for (own, cell) in partner.cells.iter().enumerate() {
            let place = format!(
                "{}/{}",
                name(&PARTNERS, partner.partner_id),
                cell.segment_id.map_or_else(String::new, |it| name(&SEGMENTS, it))
            );
            for (number, band) in [Band::Conservative, Band::Base, Band::Stretch].into_iter().enumerate() {
                let amounts = forecast.amounts(Spot::Cell(at, own), band);
                for (word, part) in [
                    ("sourced", Component::Sourced),
                    ("influenced", Component::Influenced),
                    ("drag", Component::Drag),
                    ("expansion", Component::Expansion),
                ] {
                    for (quarter, minor) in amounts.of(Some(part)).into_iter().flatten().enumerate() {
                        found.insert(format!("{place} {word} {number} {quarter}"), minor);
                    }
                }
            }
        }
    }
    found
}

/// The penetration of every line that has one: how far, and where it comes from.
fn levels(forecast: &Forecast) -> Json {
    let name = |all: &[&'static str], wanted: Uuid| *all.iter().find(|name| id(name) == wanted).unwrap();
    let mut found = json!({});
    for partner in &forecast.partners {
        for cell in &partner.cells {
            let Some(segment) = cell.segment_id else { continue };
            let place = format!("{}/{}", name(&PARTNERS, partner.partner_id), name(&SEGMENTS, segment));
            if let Some((level, basis)) = cell.influenced.as_ref().and_then(|of| of.level(&forecast.policy)) {
                found[place] = json!([<&str>::from(level), <&str>::from(basis)]);
            }
        }
    }
    found
}

/// The oracle's amounts: place, component, band and quarter.
pub(crate) fn oracles_lines(told: &Json) -> BTreeMap<String, i128> {
    let mut found = BTreeMap::new();
    for (place, line) in told.as_object().unwrap() {
        for (word, bands) in line.as_object().unwrap() {
            for (number, quarters) in bands.as_array().unwrap().iter().enumerate() {
                for (quarter, minor) in quarters.as_array().unwrap().iter().enumerate() {
                    found.insert(format!("{place} {word} {number} {quarter}"), minor.as_i64().unwrap().into());
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn a_page_of_python_forecasts_the_same_to_the_cent() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let store = Store::connect(&database.url, 4).await.unwrap();
        let office = Office::new(store, Clock::fixed("2026-11-05T09:00:00Z".parse().unwrap()));
        let new = program::New {
            slug: "sim".into(),
            name: "Sim".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let program = program::create(&office, new).await.unwrap();
        let mut facts = facts(&office, program.id, "2026-11-05".parse().unwrap()).await;
        check::rebuild(&office, &program).await.unwrap();
        decide(&office, program.id, &mut facts).await;
        let draft = tam::draft(&somebody(&office, program.id, Role::Operator), None).await.unwrap();
        let Some(told) = oracle(&facts) else {
            println!("python3 is not here: the oracle was left out");
            return;
        };
        let (ours, theirs) = (lines(&draft), oracles_lines(&told["lines"]));
        assert!(theirs.len() > 250, "only {} amounts", theirs.len());
        let levels = levels(&draft);
        for (place, level) in levels.as_object().unwrap() {
            assert_eq!(*level, told["levels"][place], "{place}");
        }
        for level in ["DEEP", "MODERATE", "SHALLOW"] {
            let is_read = |basis: &str| levels.as_object().unwrap().values().any(|it| *it == json!([level, basis]));
            assert!(is_read("OVERLAP") && is_read("BY_HAND"), "no {level} of each kind: {levels}");
        }
        for kind in ["sourced", "influenced", "drag", "expansion"] {
            assert!(theirs.iter().any(|(key, minor)| key.contains(kind) && *minor != 0), "no {kind}");
        }
        let different: Vec<String> = ours
            .keys()
            .chain(theirs.keys())
            .filter(|key| ours.get(*key) != theirs.get(*key))
            .map(|key| format!("{key}: {:?} and {:?}", ours.get(key), theirs.get(key)))
            .collect();
        assert!(different.is_empty(), "{backend}: {} of {}:\n{}", different.len(), theirs.len(), different.join("\n"));
    }
}
