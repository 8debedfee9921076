//! The demo's exports as files, written by the command line, and the facts of them as the oracle reads them: computed here, from the
//! files alone.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use tempfile::TempDir;

/// The folder of the demo's first program.
pub(crate) struct Files {
    folder: TempDir,
    /// Its settings: what there must be before the files are imported.
    pub(crate) program: Value,
}

type Row = BTreeMap<String, String>;

impl Files {
    /// Written as `partnerloop demo --write-files` does it.
    pub(crate) fn write(as_of: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_partnerloop"))
            .env_clear()
            .args(["demo", "--as-of", as_of, "--write-files"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
        let text = std::fs::read_to_string(folder.path().join("demo/program.json")).unwrap();
        Self { folder, program: serde_json::from_str(&text).unwrap() }
    }

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("demo").join(name)).unwrap()
    }

    fn rows(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.folder.path().join("demo").join(name)).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    }

    /// The number of a quarter, such as `2027-Q4`: four to a year, without a gap.
    pub(crate) fn index(&self, quarter: &str) -> i32 {
        let (year, number) = quarter.split_once("-Q").unwrap();
        year.parse::<i32>().unwrap() * 4 + number.parse::<i32>().unwrap() - 1
    }

    /// The name of the quarter so many after the running one.
    pub(crate) fn quarter(&self, step: i32) -> String {
        let index = self.index(self.program["quarter"].as_str().unwrap()) + step;
        format!("{}-Q{}", index / 4, index % 4 + 1)
    }

    /// The facts of the files.
    pub(crate) fn facts(&self) -> Value {
        let quarter = self.index(self.program["quarter"].as_str().unwrap());
        let (from, to) = (quarter - 4, quarter - 1);
        let (first_day, last_day) = (first_day(from), first_day(quarter).pred_opt().unwrap());
        let rates: BTreeMap<(String, i32), Decimal> = rates(self);
        let minor = |amount: &str, currency: &str, quarter: i32| {
            let amount: Decimal = amount.parse().unwrap();
            let rate = if currency == "USD" { Decimal::ONE } else { rates[&(currency.to_owned(), quarter)] };
            let cents = (amount * rate * Decimal::ONE_HUNDRED)
                .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            i64::try_from(cents).unwrap()
        };
        let mut outcomes = BTreeMap::new();
        for stage in self.program["stages"].as_array().unwrap() {
            outcomes.insert(stage["crmName"].as_str().unwrap(), stage["outcome"].as_str().unwrap());
        }
        let mut accounts = json!({});
        for row in self.rows("accounts.csv") {
            accounts[&row["Account ID"]] = json!(row["Segment"]);
        }
        let mut deals = Vec::new();
        let mut account_of = BTreeMap::new();
        for row in self.rows("opportunities.csv") {
            account_of.insert(row["Opportunity ID"].clone(), row["Account ID"].clone());
            let outcome = outcomes[row["Stage"].as_str()];
            let opened: NaiveDate = row["Created Date"].parse().unwrap();
            let closed: Option<NaiveDate> = (outcome != "OPEN").then(|| row["Close Date"].parse().unwrap());
            let index = closed.map(quarter_of);
            let kind = match row["Type"].as_str() {
                "New Business" => "NEW",
                "Upsell" => "EXPANSION",
                _ => "RENEWAL",
            };
            let split = |text: &str| text.split(';').filter(|it| !it.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            let states = split(&row["Partner Roles"]).into_iter().map(|role| match role.as_str() {
                "brought in" => "SOURCED",
                "shaped" => "INFLUENCED",
                "unblocked" => "ACCELERATED",
                _ => "EXPANSION_OR_RETENTION",
            });
            let credits: Vec<(String, &str)> = split(&row["Partner IDs"]).into_iter().zip(states).collect();
            let declared = match (credits.is_empty(), row["Partner Checked"].as_str()) {
                (false, _) => "PARTNERS",
                (true, "no") => "UNKNOWN",
                (true, _) => "DIRECT",
            };
            let moving = opened <= last_day && closed.is_none_or(|day| day >= first_day);
            deals.push(json!({
                "account": row["Account ID"], "segment": row["Segment"], "kind": kind, "outcome": outcome, "quarter": index,
                "arr": index.map(|index| minor(&row["ARR"], &row["Currency"], index)), "credits": credits, "declared": declared,
                "moving": moving, "opened": (opened - first_day).num_days(), "span": (last_day - first_day).num_days(),
            }));
        }
        let spend: Vec<Value> = self
            .rows("spend.csv")
            .iter()
            .map(|row| {
                let index = self.index(&row["Fiscal Quarter"]);
                json!([row["Partner ID"], index, minor(&row["Amount"], &row["Currency"], index)])
            })
            .collect();
        let mut touches = Vec::new();
        for row in self.rows("activities.csv") {
            // The local time, as the CRM writes it; the window is of local days.
            let day = NaiveDateTime::parse_from_str(&row["Date"], "%Y-%m-%d %H:%M").unwrap().date();
            if row["Kind"] != "NOTE" && first_day <= day && day <= last_day {
                touches.push(json!([row["Partner ID"], account_of[&row["Opportunity ID"]]]));
            }
        }
        let mut addressable = json!({});
        for segment in self.program["segments"].as_array().unwrap() {
            addressable[segment["name"].as_str().unwrap()] = segment["addressableAccounts"].clone();
        }
        let at_work = |row: &Row| row["Status"] == "ACTIVE";
        let partners: Vec<String> =
            self.rows("partners.csv").into_iter().filter(at_work).map(|row| row["Partner ID"].clone()).collect();
        let segments: Vec<&String> = addressable.as_object().unwrap().keys().collect();
        json!({
            "from": from, "to": to, "quarter": quarter, "segments": segments, "partners": partners, "accounts": accounts, "deals": deals,
            "spend": spend, "touches": touches, "tags": {}, "addressable": addressable,
        })
    }
}

fn rates(files: &Files) -> BTreeMap<(String, i32), Decimal> {
    let rate = |it: &Value| {
        let quarter = files.index(it["quarter"].as_str().unwrap());
        ((it["currency"].as_str().unwrap().to_owned(), quarter), it["rate"].as_str().unwrap().parse().unwrap())
    };
    files.program["fxRates"].as_array().unwrap().iter().map(rate).collect()
}

/// The fiscal year begins in February and is named by the year in which it ends.
fn quarter_of(day: NaiveDate) -> i32 {
    let months = day.year() * 12 + i32::try_from(day.month0()).unwrap() - 1;
    (months.div_euclid(12) + 1) * 4 + months.rem_euclid(12) / 3
}

fn first_day(quarter: i32) -> NaiveDate {
    let months = (quarter.div_euclid(4) - 1) * 12 + quarter.rem_euclid(4) * 3 + 1;
    let month = u32::try_from(months.rem_euclid(12)).unwrap() + 1;
    NaiveDate::from_ymd_opt(months.div_euclid(12), month, 1).unwrap()
}

#[test]
fn fiscal_quarters_begin_in_february() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    // 2027-Q4 is November 2026 to January 2027.
    assert_eq!(first_day(2027 * 4 + 3), day("2026-11-01"));
    assert_eq!((quarter_of(day("2026-11-01")), quarter_of(day("2027-01-31"))), (2027 * 4 + 3, 2027 * 4 + 3));
    assert_eq!((first_day(2027 * 4), quarter_of(day("2026-02-01"))), (day("2026-02-01"), 2027 * 4));
    assert_eq!(quarter_of(day("2026-01-31")), 2026 * 4 + 3);
}
