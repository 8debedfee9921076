//! The real files of `shared/data`, read straight into facts, and where they are.

use chrono::NaiveDate;
use domain::attribution::{AttributionState, Declaration, Provenance};
use domain::calendar::Calendar;
use domain::cell::{Credit, Fact};
use domain::deal::{DealKind, Outcome};
use rust_decimal::{Decimal, dec};
use std::collections::HashMap;
use std::path::PathBuf;
use uuid::Uuid;

/// The folder: `PARTNERLOOP_DATA`, or `../shared/data` beside the repository. `None` skips the test, and says so.
pub(crate) fn folder() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os("PARTNERLOOP_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    // A worktree lies one folder deeper than the repository.
    let found = [folder, root.join("../../shared/data")].into_iter().find(|folder| folder.is_dir());
    if found.is_none() {
        println!("left out: no real data at PARTNERLOOP_DATA or ../shared/data");
    }
    found
}

/// A CSV file as one map a row.
pub(crate) fn rows(path: &std::path::Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The id that stands for a name.
pub(crate) fn id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// One deal of a real file.
pub(crate) struct RealDeal {
    pub(crate) opened: NaiveDate,
    pub(crate) closed: Option<NaiveDate>,
    outcome: Outcome,
    arr_minor: Option<i64>,
    /// Its value in each column that may be read as the segment.
    pub(crate) columns: HashMap<String, String>,
    credits: Vec<Credit>,
}

impl RealDeal {
    /// The deal with one of its columns read as the segment.
    pub(crate) fn fact(&self, segment: &str, calendar: &Calendar) -> Fact<'_> {
        Fact {
            kind: DealKind::New,
            outcome: self.outcome,
            has_reached_stage_one: true,
            closed_quarter: self.closed.map(|day| calendar.quarter(day)),
            segment_id: Some(id(&self.columns[segment])),
            declaration: if self.credits.is_empty() { Declaration::Direct } else { Declaration::Partners },
            provenance: Provenance::Imported,
            arr_minor: self.arr_minor,
            tcv_minor: None,
            cycle_days: self.closed.map(|day| (day - self.opened).num_days()),
            credits: &self.credits,
        }
    }
}

fn minor(amount: &str) -> Option<i64> {
    amount.parse::<Decimal>().ok().map(|amount| i64::try_from(amount * dec!(100)).unwrap())
}

/// SkyGeni, with the partners that a mapping reads from its lead source.
pub(crate) fn skygeni(folder: &std::path::Path, mapping: &str) -> Vec<RealDeal> {
    let credit = |source: &str| match (mapping, source) {
        (_, "Partner") => Some(("Partner", AttributionState::Sourced)),
        ("M2_partner_and_referral", "Referral") => Some(("Referral", AttributionState::Influenced)),
        _ => None,
    };
    let read = |row: HashMap<String, String>| RealDeal {
        opened: row["created_date"].parse().unwrap(),
        closed: row["closed_date"].parse().ok(),
        outcome: if row["outcome"] == "Won" { Outcome::Won } else { Outcome::Lost },
        arr_minor: minor(&row["deal_amount"]),
        credits: credit(&row["lead_source"])
            .map(|(partner, state)| Credit { partner_id: id(partner), state, is_late: false })
            .into_iter()
            .collect(),
        columns: HashMap::from([
            ("region_x_industry".into(), format!("{} | {}", row["region"], row["industry"])),
            ("region".into(), row["region"].clone()),
            ("industry".into(), row["industry"].clone()),
            ("product_type".into(), row["product_type"].clone()),
        ]),
    };
    rows(&folder.join("skygeni/upload/skygeni_sales_data.csv")).into_iter().map(read).collect()
}

/// Maven, which has no partners.
pub(crate) fn maven(folder: &std::path::Path) -> Vec<RealDeal> {
    let table = |file: &str, key: &str, value: &str| -> HashMap<String, String> {
        let read = |row: HashMap<String, String>| (row[key].clone(), row[value].clone());
        rows(&folder.join("maven/upload").join(file)).into_iter().map(read).collect()
    };
    let office = table("sales_teams.csv", "sales_agent", "regional_office");
    let sector = table("accounts.csv", "account", "sector");
    let series = table("products.csv", "product", "series");
    let of = |table: &HashMap<String, String>, key: &str| table.get(key).cloned().unwrap_or_else(|| "(blank)".into());
    let read = |row: HashMap<String, String>| RealDeal {
        opened: row["engage_date"].parse().unwrap_or(NaiveDate::MIN),
        closed: row["close_date"].parse().ok(),
        outcome: match row["deal_stage"].as_str() {
            "Won" => Outcome::Won,
            "Lost" => Outcome::Lost,
            _ => Outcome::Open,
        },
        arr_minor: minor(&row["close_value"]),
        credits: Vec::new(),
        columns: HashMap::from([
            ("regional_office".into(), of(&office, &row["sales_agent"])),
            ("sector".into(), of(&sector, &row["account"])),
            ("series".into(), of(&series, &row["product"])),
            ("product".into(), row["product"].clone()),
        ]),
    };
    rows(&folder.join("maven/upload/sales_pipeline.csv")).into_iter().map(read).collect()
}
