//! Every number that `shared/data` expects of the two real data sets, by the domain alone.

use crate::support::real_data::{RealDeal, folder, id, maven, rows, skygeni};
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::book::{Book, Kinds, Place};
use domain::calendar::{Calendar, Quarter, Window};
use domain::cell::{Cell, CellKey, Cohort, Late, count};
use domain::economics::{Attach, Worth, share};
use domain::evidence::{Reason, round};
use domain::policy::Policy;
use domain::spread::{Comparison, Spread};
use rust_decimal::{Decimal, dec};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

const CALENDAR: Calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };
const ALWAYS: Window = Window { from: Quarter::from_index(i32::MIN), to: Quarter::from_index(i32::MAX) };

struct Counted {
    cells: HashMap<CellKey, Cell>,
}

impl Counted {
    fn new(deals: &[RealDeal], segment: &str) -> Self {
        let mut cells = HashMap::new();
        for deal in deals {
            count(&mut cells, &deal.fact(segment, &CALENDAR));
        }
        Self { cells }
    }

    fn book(&self, window: Window) -> Book {
        let within = |key: &CellKey| window.from <= key.quarter && key.quarter <= window.to;
        Book::new(
            self.cells.iter().filter(|(key, _)| within(key)).map(|(key, cell)| (key.spot, cell.value)),
            Late::LeftOut,
        )
    }

    /// ARR (in major units) and days of the won deals of a cohort.
    fn spreads(&self, partner: Option<Uuid>, place: Place, cohort: Cohort) -> (Spread, Spread) {
        let mut all = Cell::default();
        let here = |key: &CellKey| {
            key.spot.partner_id == partner
                && key.spot.cohort == cohort
                && (place == Place::All || Place::from(key.spot.segment_id) == place)
        };
        for (_, cell) in self.cells.iter().filter(|(key, _)| here(key)) {
            all.value.add(&cell.value);
            all.arr.merge(&cell.arr);
            all.days.merge(&cell.days);
        }
        let arr = Spread { deals: all.value.won_arr_count, sum: all.value.won_arr_minor, median: all.arr.median() };
        let days = Spread { deals: all.value.won_days_count, sum: all.value.won_days, median: all.days.median() };
        (arr, days)
    }
}

/// `what__mapping[__segment[__asof…]]`, of the files that begin with `what`.
fn expected(folder: &Path, what: &str) -> Vec<(PathBuf, Vec<String>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let parts: Vec<String> = name.split("__").map(str::to_owned).collect();
        if parts[0] == what {
            files.push((path, parts));
        }
    }
    files.sort();
    files
}

fn deals(data: &Path, set: &str, mapping: &str) -> Vec<RealDeal> {
    if set == "maven" { maven(data) } else { skygeni(data, mapping) }
}

fn partner(name: &str) -> Option<Uuid> {
    (!matches!(name, "(any partner)" | "(none)")).then(|| id(name))
}

fn place(name: &str) -> Place {
    if name == "(all)" { Place::All } else { Place::Segment(id(name)) }
}

fn text(value: Option<Decimal>, digits: u32) -> String {
    value.map_or(String::new(), |value| format!("{:.*}", digits as usize, round(value, digits)))
}

fn percent(rate: Option<Decimal>) -> String {
    text(rate.map(|rate| rate * dec!(100)), 6)
}

#[test]
fn trust_gap_of_the_real_data() {
    let Some(data) = folder() else { return };
    let (policy, mut compared) = (Policy::default(), 0);
    for set in ["skygeni", "maven"] {
        for (path, parts) in expected(&data.join(set).join("expected"), "trust_gap") {
            let window = match parts.get(3) {
                None => ALWAYS,
                // The two other readings of "last four quarters" are there to be told apart from ours.
                Some(part) if !part.ends_with("_W1_4completedQ") => continue,
                Some(part) => CALENDAR.trailing_four(part["asof".len()..][..10].parse::<NaiveDate>().unwrap()),
            };
            let book = Counted::new(&deals(&data, set, &parts[1]), &parts[2]).book(window);
            for row in rows(&path) {
                let gap = book.trust_gap(partner(&row["partner"]), place(&row["segment"]), &policy);
                let what = format!("{}: {} {}", path.display(), row["partner"], row["segment"]);
                let counts =
                    [gap.co_sell.won, gap.co_sell.closed(), gap.direct.won, gap.direct.closed()].map(|n| n.to_string());
                assert_eq!(
                    counts,
                    ["cosell_won", "cosell_closed", "direct_won", "direct_closed"].map(|c| row[c].clone()),
                    "{what}"
                );
                assert_eq!(percent(gap.co_sell.rate()), row["cosell_win_rate_pct"], "{what}");
                assert_eq!(percent(gap.direct.rate()), row["direct_win_rate_pct"], "{what}");
                assert_eq!(text(gap.points.ok(), 6), row["trust_gap_pp"], "{what}");
                assert_eq!(text(gap.points.ok(), 2), row["trust_gap_pp_2dp"], "{what}");
                if set == "maven" {
                    assert_eq!(gap.points, Err(Reason::NoCoSellDeals), "{what}");
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, TRUST_GAPS, "rows compared");
}

#[test]
fn sizes_and_cycles_of_the_real_data() {
    let Some(data) = folder() else { return };
    let (policy, mut compared) = (Policy::default(), 0);
    for set in ["skygeni", "maven"] {
        for (path, parts) in expected(&data.join(set).join("expected"), "size_velocity") {
            let counted = Counted::new(&deals(&data, set, &parts[1]), &parts[2]);
            for row in rows(&path) {
                let (partner, place) = (partner(&row["partner"]), place(&row["segment"]));
                let what = format!("{}: {} {}", path.display(), row["partner"], row["segment"]);
                let ours = counted.spreads(partner, place, domain::book::with_partner(partner));
                let direct = counted.spreads(None, place, Cohort::Direct);
                let both = [
                    ("amount", Comparison::of(ours.0, direct.0, &policy), dec!(100)),
                    ("days", Comparison::of(ours.1, direct.1, &policy), dec!(1)),
                ];
                for (measure, comparison, unit) in both {
                    let mean = |spread: Spread| spread.mean();
                    let median = |spread: Spread| spread.median;
                    let found = [
                        mean(comparison.partner),
                        mean(comparison.direct),
                        comparison.mean_delta().ok(),
                        median(comparison.partner),
                        median(comparison.direct),
                        comparison.median_delta().ok(),
                    ];
                    let columns = [
                        "mean_{}_won_partner",
                        "mean_{}_won_direct",
                        "mean_{}_won_delta",
                        "median_{}_won_partner",
                        "median_{}_won_direct",
                        "median_{}_won_delta",
                    ];
                    for (value, column) in found.into_iter().zip(columns) {
                        let column = column.replace("{}", measure);
                        assert_eq!(text(value.map(|value| value / unit), 6), row[&column], "{what} {column}");
                    }
                }
                let sum = |spread: Spread| {
                    if spread.deals == 0 {
                        String::new()
                    } else {
                        format!("{:.2}", Decimal::from(spread.sum) / dec!(100))
                    }
                };
                assert_eq!(sum(ours.0), row["sum_amount_won_partner"], "{what}");
                assert_eq!(sum(direct.0), row["sum_amount_won_direct"], "{what}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, SIZES, "rows compared");
}

#[test]
fn attach_rates_of_the_real_data() {
    let Some(data) = folder() else { return };
    for set in ["skygeni", "maven"] {
        for (path, parts) in expected(&data.join(set).join("expected"), "attach") {
            let deals = deals(&data, set, &parts[1]);
            let segment = if set == "maven" { "sector" } else { "region" };
            let book = Counted::new(&deals, segment).book(ALWAYS);
            let closed = Attach::of(&book, Place::All, Worth::closed);
            let won = Attach::of(&book, Place::All, Worth::won);
            // No deal of the real files is open with an amount; the open ones are all direct.
            let open = deals
                .iter()
                .filter(|deal| deal.fact(segment, &CALENDAR).outcome == domain::deal::Outcome::Open)
                .count();
            let all =
                closed.and(Attach { direct: Worth { deals: open as u64, ..Worth::default() }, ..Attach::default() });
            for (row, attach) in rows(&path).iter().zip([all, closed, won]) {
                let deals = attach.with_partner.deals + attach.direct.deals;
                let arr = attach.with_partner.arr_minor + attach.direct.arr_minor;
                let dollars = |minor: i128| format!("{:.2}", Decimal::from(minor) / dec!(100));
                assert_eq!(
                    [
                        deals.to_string(),
                        attach.with_partner.deals.to_string(),
                        percent(attach.deals_rate().ok()),
                        dollars(arr),
                        dollars(attach.with_partner.arr_minor),
                        percent(attach.arr_rate().ok())
                    ],
                    ["deals", "with_partner", "attach_rate_pct", "amount", "amount_with_partner", "amount_share_pct"]
                        .map(|column| row[column].clone()),
                    "{} {}",
                    path.display(),
                    row["scope"]
                );
            }
        }
    }
}

#[test]
fn quarters_of_the_real_data() {
    let Some(data) = folder() else { return };
    let mut compared = 0;
    for set in ["skygeni", "maven"] {
        for (path, parts) in expected(&data.join(set).join("expected"), "quarterly") {
            let segment = if set == "maven" { "sector" } else { "region" };
            let counted = Counted::new(&deals(&data, set, &parts[1]), segment);
            for row in rows(&path) {
                let quarter = row["quarter"].parse().unwrap();
                let book = counted.book(Window { from: quarter, to: quarter });
                let (partner, cohort) = match row["cohort"].as_str() {
                    "DIRECT" => (None, Cohort::Direct),
                    name => (Some(id(name)), Cohort::CoSell),
                };
                let value = book.value(partner, Place::All, cohort, Kinds::New);
                let per = |sum: i128, of: u64| share(sum, of.into());
                assert_eq!(
                    [
                        value.won.to_string(),
                        (value.won + value.lost).to_string(),
                        percent(book.win_rate(partner, Place::All, cohort).rate()),
                        format!("{:.2}", Decimal::from(value.won_arr_minor) / dec!(100)),
                        text(per(value.won_arr_minor, value.won_arr_count).map(|mean| mean / dec!(100)), 6),
                        text(per(value.won_days, value.won_days_count), 6),
                    ],
                    ["won", "closed", "win_rate_pct", "won_amount", "ads", "mean_days_won"]
                        .map(|column| row[column].clone()),
                    "{} {} {}",
                    path.display(),
                    row["quarter"],
                    row["cohort"]
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, QUARTERS, "rows compared");
}

const TRUST_GAPS: usize = 407;
const SIZES: usize = 145;
const QUARTERS: usize = 39;
