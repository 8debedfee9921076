//! Program spend held against Sourced ARR, partner by partner and quarter by quarter: a program that cannot reconcile the two loses
//! its budget (paper: the CFO test). Finance signs a closed quarter; what it signed is kept word for word.

use crate::book::{Book, Kinds, Place};
use crate::calendar::Quarter;
use crate::cell::Cohort;
use crate::economics::Worth;
use crate::money::Currency;
use crate::spend::SpendCategory;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// How spend and Sourced ARR of a partner meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Match {
    /// There is both.
    Reconciled,
    /// Money was spent, and no ARR was sourced.
    SpendWithoutArr,
    /// ARR was sourced, and nothing was spent.
    ArrWithoutSpend,
    /// Sourced deals were won, and of none of them the ARR is known: nothing can be said, whatever was spent.
    ArrUnknown,
    /// There is neither: what was booked adds up to 0, and so does what was sourced.
    Neither,
}

/// Spend of the quarter on one partner, for one segment (or none) and category, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The partner.
    pub partner_id: Uuid,
    /// The segment, where it names one.
    pub segment_id: Option<Uuid>,
    /// What it was spent on.
    pub category: SpendCategory,
    /// The amount.
    pub minor: i128,
}

/// A partner's line. Amounts are minor units of the program's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The partner.
    pub partner_id: Uuid,
    /// Spend by category, in the order of the paper; categories without spend are left out.
    pub by_category: Vec<(SpendCategory, i128)>,
    /// Their sum.
    pub spend_minor: i128,
    /// What of it names no segment (ruling 3).
    pub unallocated_minor: i128,
    /// The won deals of the quarter that the partner SOURCED, late amendments left out.
    pub sourced: Worth,
}

impl Line {
    /// How the two meet.
    #[must_use]
    pub const fn how(&self) -> Match {
        if self.sourced.is_unknown() {
            return Match::ArrUnknown;
        }
        match (self.spend_minor != 0, self.sourced.arr_minor != 0) {
            (true, true) => Match::Reconciled,
            (true, false) => Match::SpendWithoutArr,
            (false, true) => Match::ArrWithoutSpend,
            (false, false) => Match::Neither,
        }
    }
}

/// The reconciliation of a quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// The quarter.
    pub quarter: Quarter,
    /// The currency of every amount.
    pub currency: Currency,
    /// Every partner that something was spent on, or that sourced a won deal.
    pub lines: Vec<Line>,
}

/// The amounts of a reconciliation in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All spend.
    pub spend_minor: i128,
    /// All Sourced ARR.
    pub sourced_arr_minor: i128,
    /// Spend on partners without Sourced ARR, also where it is not known: nothing stands against it.
    pub spend_without_arr_minor: i128,
    /// Sourced ARR of partners without spend.
    pub arr_without_spend_minor: i128,
    /// Spend that names no segment.
    pub unallocated_minor: i128,
    /// Won sourced deals whose ARR is not known: they reconcile with nothing.
    pub deals_without_arr: u64,
}

impl Reconciliation {
    /// Holds the spend of a quarter against its book.
    #[must_use]
    pub fn of(quarter: Quarter, currency: Currency, spend: &[Spend], book: &Book) -> Self {
        let mut lines: BTreeMap<Uuid, Line> = BTreeMap::new();
        for category in SpendCategory::iter() {
            for of in spend.iter().filter(|of| of.category == category) {
                let line = lines.entry(of.partner_id).or_default();
                match line.by_category.last_mut().filter(|(last, _)| *last == category) {
                    Some((_, sum)) => *sum += of.minor,
                    None => line.by_category.push((category, of.minor)),
                }
                line.spend_minor += of.minor;
                if of.segment_id.is_none() {
                    line.unallocated_minor += of.minor;
                }
            }
        }
        for partner_id in book.partners() {
            let sourced = Worth::won(&book.value(Some(partner_id), Place::All, Cohort::Sourced, Kinds::All));
            if sourced.deals > 0 {
                lines.entry(partner_id).or_default().sourced = sourced;
            }
        }
        let line = |(partner_id, line)| Line { partner_id, ..line };
        Self { quarter, currency, lines: lines.into_iter().map(line).collect() }
    }

    /// Everything added up.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for line in &self.lines {
            totals.spend_minor += line.spend_minor;
            totals.sourced_arr_minor += line.sourced.arr_minor;
            totals.unallocated_minor += line.unallocated_minor;
            totals.deals_without_arr += line.sourced.without_arr;
            match line.how() {
                Match::Reconciled | Match::Neither => {}
                Match::SpendWithoutArr | Match::ArrUnknown => totals.spend_without_arr_minor += line.spend_minor,
                Match::ArrWithoutSpend => totals.arr_without_spend_minor += line.sourced.arr_minor,
            }
        }
        totals
    }

    /// What is signed: every line, as JSON with sorted members. How a line meets is written where the amounts do not tell it. What was
    /// signed of other lines reads as it did before there were these words, so that no signature looks as though a fact had changed.
    #[must_use]
    pub fn content(&self) -> Value {
        let line = |line: &Line| {
            let spend =
                |(category, minor): &(SpendCategory, i128)| json!({ "category": category, "minor": minor.to_string() });
            let how = line.how();
            let mut of = json!({
                "partnerId": line.partner_id, "spend": line.by_category.iter().map(spend).collect::<Vec<_>>(),
                "unallocatedMinor": line.unallocated_minor.to_string(), "sourcedDeals": line.sourced.deals,
                "sourcedArrMinor": line.sourced.arr_minor.to_string(), "withoutArr": line.sourced.without_arr,
            });
            if matches!(how, Match::ArrUnknown | Match::Neither) {
                of["match"] = json!(<&'static str>::from(how));
            }
            of
        };
        let mut content = json!({
            "quarter": self.quarter.to_string(), "currency": self.currency.code(),
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        });
        content.sort_all_objects();
        content
    }
}

/// Finance's signature under the reconciliation of a quarter. It is never changed; a later one is another row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOff {
    /// The row's id.
    pub id: Uuid,
    /// The quarter.
    pub quarter: Quarter,
    /// 1, and one more for each later one.
    pub number: i32,
    /// What was signed: [`Reconciliation::content`].
    pub body: String,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// The sums that were signed.
    pub spend_minor: i64,
    /// Of Sourced ARR.
    pub sourced_arr_minor: i64,
    /// Spend on partners without Sourced ARR, as it was signed.
    pub spend_without_arr_minor: i64,
    /// Sourced ARR of partners without spend, as it was signed.
    pub arr_without_spend_minor: i64,
    /// What Finance wrote beside it.
    pub note: Option<String>,
    /// Who signed.
    pub seat_id: Uuid,
    /// When.
    pub signed_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{CellValue, Late, Spot};
    use crate::deal::DealKind;

    fn won(partner: u128, deals: u64, arr_minor: i128, known: u64) -> (Spot, CellValue) {
        let spot = Spot {
            partner_id: Some(Uuid::from_u128(partner)),
            segment_id: None,
            cohort: Cohort::Sourced,
            kind: DealKind::Expansion,
            is_late: false,
        };
        (spot, CellValue { won: deals, won_arr_minor: arr_minor, won_arr_count: known, ..CellValue::default() })
    }

    /// Partner 1: 300 + 200 spent (200 for no segment and on tools), 1,000 sourced. Partner 2: 70 spent, nothing sourced. Partner 3: 400 sourced with a
    /// deal of no known ARR beside it, nothing spent. Partner 4: a deal of no known ARR and nothing else. Partner 5: two of them, 30 spent.
    /// Partner 6: 40 booked and taken back, nothing sourced. Without known ARR stand 70 + 30.
    #[test]
    fn what_does_not_meet_is_named_and_added_up() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let on = |partner_id, segment_id, category, minor| Spend { partner_id, segment_id, category, minor };
        let spend = [
            on(one, None, SpendCategory::Tools, 200),
            on(one, Some(Uuid::from_u128(9)), SpendCategory::Mdf, 250),
            on(one, Some(Uuid::from_u128(8)), SpendCategory::Mdf, 50),
            on(two, None, SpendCategory::Mdf, 70),
            on(Uuid::from_u128(5), None, SpendCategory::Mdf, 30),
            on(Uuid::from_u128(6), None, SpendCategory::Mdf, 40),
            on(Uuid::from_u128(6), None, SpendCategory::Mdf, -40),
        ];
        let book = Book::new([won(1, 2, 1000, 2), won(3, 2, 400, 1), won(4, 1, 0, 0), won(5, 2, 0, 0)], Late::LeftOut);
        let of = Reconciliation::of("2026-Q2".parse().unwrap(), "USD".parse().unwrap(), &spend, &book);
        let how: Vec<Match> = of.lines.iter().map(Line::how).collect();
        let [met, unknown, neither] = [Match::Reconciled, Match::ArrUnknown, Match::Neither];
        assert_eq!(how, [met, Match::SpendWithoutArr, Match::ArrWithoutSpend, unknown, unknown, neither]);
        assert_eq!(of.lines[0].by_category, [(SpendCategory::Mdf, 300), (SpendCategory::Tools, 200)]);
        let expected = Totals {
            spend_minor: 600,
            sourced_arr_minor: 1400,
            spend_without_arr_minor: 100,
            arr_without_spend_minor: 400,
            unallocated_minor: 300,
            deals_without_arr: 4,
        };
        assert_eq!(of.totals(), expected);
        let content = of.content();
        assert_eq!(content["lines"][2]["sourcedArrMinor"], "400");
        // What the amounts do not tell is signed in words.
        let words: Vec<Option<&str>> = (0..6).map(|at| content["lines"][at]["match"].as_str()).collect();
        assert_eq!(words, [None, None, None, Some("ARR_UNKNOWN"), Some("ARR_UNKNOWN"), Some("NEITHER")]);
    }
}
