//! Cells: a closed quarter's deals, counted once, by segment, partner and cohort (ruling 4).
//!
//! Every measure reads cells. The rows are kept by `entity` with one SQL statement; [`tally`] says in Rust which cells a deal
//! is in, and is what `partnerloop check` compares the rows with. A deal is in several cohorts at once, so cohorts are never added.
//!
//! # Late amendments (ruling 8)
//! A partner that was added after the lock is left out of the default reading, and each cell says whether it is late:
//! - a row of a partner's cohort is late when the deal has only late attributions that put it there;
//! - a DIRECT or UNKNOWN row is late when the deal has late attributions and no other. By default such a deal still counts
//!   as what it was at its lock; the reading with late amendments leaves the row out, because the deal is the partner's there.
//!
//! [`is_counted`] is this rule, and the only place where it stands.

use crate::attribution::{AttributionState, Declaration, Provenance};
use crate::calendar::Quarter;
use crate::deal::{DealKind, Outcome};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What the deals of a cell have in common, beside segment and partner.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cohort {
    /// The partner is SOURCED. Without a partner: some partner is.
    Sourced,
    /// The partner is INFLUENCED. Without a partner: some partner is.
    Influenced,
    /// The partner is ACCELERATED. Without a partner: some partner is.
    Accelerated,
    /// The partner is EXPANSION_OR_RETENTION. Without a partner: some partner is.
    ExpansionOrRetention,
    /// The partner is SOURCED, INFLUENCED or ACCELERATED: each deal once. Always with a partner.
    CoSell,
    /// Some partner is INFLUENCED or ACCELERATED: each deal once. Never with a partner.
    InfluencedOrAccelerated,
    /// Some partner is on the deal, in any state: each deal once. Never with a partner.
    AnyPartner,
    /// No partner at all.
    Direct,
    /// Nobody could tell: neither side of a comparison.
    Unknown,
}

impl From<AttributionState> for Cohort {
    fn from(state: AttributionState) -> Self {
        match state {
            AttributionState::Sourced => Self::Sourced,
            AttributionState::Influenced => Self::Influenced,
            AttributionState::Accelerated => Self::Accelerated,
            AttributionState::ExpansionOrRetention => Self::ExpansionOrRetention,
        }
    }
}

/// Whether late amendments count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Late {
    /// The default reading.
    #[default]
    LeftOut,
    /// The reading with them.
    Counted,
}

/// Whether a row of a cohort counts in a reading.
#[must_use]
pub const fn is_counted(cohort: Cohort, is_late: bool, late: Late) -> bool {
    match (cohort, late) {
        (Cohort::Direct | Cohort::Unknown, Late::Counted) | (_, Late::LeftOut) if is_late => {
            matches!((cohort, late), (Cohort::Direct | Cohort::Unknown, Late::LeftOut))
        }
        _ => true,
    }
}

/// Whether medians are kept of a cohort: where a measure compares medians, NEW with NEW (ruling 2).
#[must_use]
pub const fn has_histograms(cohort: Cohort, kind: DealKind) -> bool {
    matches!(cohort, Cohort::CoSell | Cohort::AnyPartner | Cohort::Direct) && matches!(kind, DealKind::New)
}

/// Where a deal is counted within a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The segment the deal had at Stage 1; none where it had none.
    pub segment_id: Option<Uuid>,
    /// The partner; none in the rows that hold each deal once.
    pub partner_id: Option<Uuid>,
    /// The cohort.
    pub cohort: Cohort,
    /// What was sold.
    pub kind: DealKind,
    /// Whether only late amendments put it there: see the module.
    pub is_late: bool,
}

/// Where a deal is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// The fiscal quarter of the close.
    pub quarter: Quarter,
    /// Where the deal's attribution came from.
    pub provenance: Provenance,
    /// Where within the quarter.
    pub spot: Spot,
}

/// What is counted and added up in a cell. Amounts are minor units of the program's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellValue {
    /// Deals won.
    pub won: u64,
    /// Deals lost.
    pub lost: u64,
    /// ARR of won deals.
    pub won_arr_minor: i128,
    /// Won deals whose ARR is known.
    pub won_arr_count: u64,
    /// ARR of lost deals, as they stood.
    pub lost_arr_minor: i128,
    /// Lost deals whose ARR is known.
    pub lost_arr_count: u64,
    /// Days from opening to close of won deals.
    pub won_days: i128,
    /// Won deals whose days are known.
    pub won_days_count: u64,
    /// Contract value of won deals whose ARR is known as well.
    pub won_tcv_minor: i128,
    /// ARR of the same deals.
    pub won_tcv_arr_minor: i128,
    /// How many they are.
    pub won_tcv_count: u64,
}

impl CellValue {
    /// Adds another cell's value.
    pub fn add(&mut self, other: &Self) {
        self.won += other.won;
        self.lost += other.lost;
        self.won_arr_minor += other.won_arr_minor;
        self.won_arr_count += other.won_arr_count;
        self.lost_arr_minor += other.lost_arr_minor;
        self.lost_arr_count += other.lost_arr_count;
        self.won_days += other.won_days;
        self.won_days_count += other.won_days_count;
        self.won_tcv_minor += other.won_tcv_minor;
        self.won_tcv_arr_minor += other.won_tcv_arr_minor;
        self.won_tcv_count += other.won_tcv_count;
    }

    /// What one closed deal adds to each of its cells.
    fn of(fact: &Fact<'_>) -> Self {
        let some = |value: Option<i64>| (value.map_or(0, i128::from), u64::from(value.is_some()));
        let (arr, has_arr) = some(fact.arr_minor);
        if fact.outcome == Outcome::Lost {
            return Self { lost: 1, lost_arr_minor: arr, lost_arr_count: has_arr, ..Self::default() };
        }
        let (won_days, won_days_count) = some(fact.cycle_days);
        let both = fact.arr_minor.and(fact.tcv_minor);
        let (won_tcv_minor, won_tcv_count) = some(both);
        Self {
            won: 1,
            won_arr_minor: arr,
            won_arr_count: has_arr,
            won_days,
            won_days_count,
            won_tcv_minor,
            won_tcv_arr_minor: if both.is_some() { arr } else { 0 },
            won_tcv_count,
            ..Self::default()
        }
    }
}

/// How often each value occurs: a median is asked, and medians cannot be added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<i64, u64>);

impl Histogram {
    /// Counts a value so many times more.
    pub fn add(&mut self, value: i64, times: u64) {
        *self.0.entry(value).or_default() += times;
    }

    /// Counts another histogram's values too.
    pub fn merge(&mut self, other: &Self) {
        for (value, times) in &other.0 {
            self.add(*value, *times);
        }
    }

    /// The middle value, or the mean of the two middle ones; none of nothing.
    #[must_use]
    pub fn median(&self) -> Option<Decimal> {
        let count: u64 = self.0.values().sum();
        let at = |place: u64| {
            let mut passed = 0;
            self.0.iter().find_map(|(value, times)| {
                passed += times;
                (passed > place).then(|| Decimal::from(*value))
            })
        };
        let upper = at(count / 2)?;
        if count % 2 == 1 { Some(upper) } else { Some((at(count / 2 - 1)? + upper) / dec!(2)) }
    }
}

/// Values separated by spaces, `value:times` where one occurs more than once: `21:3 35`. The rows hold the same, but in any
/// order and with repeated values.
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (value, times)) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_char(' ')?;
            }
            match times {
                1 => write!(f, "{value}")?,
                _ => write!(f, "{value}:{times}")?,
            }
        }
        Ok(())
    }
}

/// The text is not a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a histogram is written as values or value:times, separated by spaces")]
pub struct NotAHistogram;

impl FromStr for Histogram {
    type Err = NotAHistogram;
    fn from_str(text: &str) -> Result<Self, NotAHistogram> {
        let mut histogram = Self::default();
        for pair in text.split_ascii_whitespace() {
            let (value, times) = pair.split_once(':').unwrap_or((pair, "1"));
            histogram.add(value.parse().map_err(|_| NotAHistogram)?, times.parse().map_err(|_| NotAHistogram)?);
        }
        Ok(histogram)
    }
}

/// A cell, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Counts and sums.
    pub value: CellValue,
    /// ARR of won deals, where [`has_histograms`].
    pub arr: Histogram,
    /// Days to close of won deals, where [`has_histograms`].
    pub days: Histogram,
}

/// One partner's state on a deal, as far as cells need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The partner.
    pub partner_id: Uuid,
    /// Its state.
    pub state: AttributionState,
    /// Whether it was added after the lock.
    pub is_late: bool,
}

/// A deal, as far as cells need it.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// What was sold.
    pub kind: DealKind,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it ever reached Stage 1.
    pub has_reached_stage_one: bool,
    /// The fiscal quarter of the close.
    pub closed_quarter: Option<Quarter>,
    /// The segment it had at Stage 1.
    pub segment_id: Option<Uuid>,
    /// How its attribution was declared.
    pub declaration: Declaration,
    /// Where its attribution came from.
    pub provenance: Provenance,
    /// ARR, where known.
    pub arr_minor: Option<i64>,
    /// Contract value, where known.
    pub tcv_minor: Option<i64>,
    /// Days from opening to close.
    pub cycle_days: Option<i64>,
    /// Its attributions.
    pub credits: &'a [Credit],
}

/// The cells a deal is counted in. Open and disqualified deals, and those that never reached Stage 1, are in none.
#[must_use]
pub fn tally(fact: &Fact<'_>) -> Vec<CellKey> {
    let Some(quarter) = fact.closed_quarter.filter(|_| fact.outcome.is_closed() && fact.has_reached_stage_one) else {
        return Vec::new();
    };
    // Of each cohort the deal is in: whether every attribution that put it there is late.
    let mut late: Vec<(Option<Uuid>, Cohort, bool)> = Vec::new();
    let mut enter =
        |partner_id, cohort, is_late| match late.iter_mut().find(|seen| (seen.0, seen.1) == (partner_id, cohort)) {
            Some(seen) => seen.2 &= is_late,
            None => late.push((partner_id, cohort, is_late)),
        };
    for credit in fact.credits {
        let (partner, cohort) = (Some(credit.partner_id), credit.state.into());
        enter(partner, cohort, credit.is_late);
        enter(None, cohort, credit.is_late);
        enter(None, Cohort::AnyPartner, credit.is_late);
        if credit.state.is_co_sell() {
            enter(partner, Cohort::CoSell, credit.is_late);
        }
        if matches!(credit.state, AttributionState::Influenced | AttributionState::Accelerated) {
            enter(None, Cohort::InfluencedOrAccelerated, credit.is_late);
        }
    }
    let has_credits = !fact.credits.is_empty();
    if fact.credits.iter().all(|credit| credit.is_late) {
        // A deal declared with partners that has none is a contradiction: unknown, not direct.
        let was_direct = match fact.declaration {
            Declaration::Direct => true,
            Declaration::Partners => has_credits,
            Declaration::Unknown => false,
        };
        enter(None, if was_direct { Cohort::Direct } else { Cohort::Unknown }, has_credits);
    }
    let (segment_id, kind, provenance) = (fact.segment_id, fact.kind, fact.provenance);
    late.into_iter()
        .map(|(partner_id, cohort, is_late)| Spot { segment_id, partner_id, cohort, kind, is_late })
        .map(|spot| CellKey { quarter, provenance, spot })
        .collect()
}

/// Counts a deal into its cells.
pub fn count<S: std::hash::BuildHasher>(cells: &mut HashMap<CellKey, Cell, S>, fact: &Fact<'_>) {
    let value = CellValue::of(fact);
    for key in tally(fact) {
        let cell = cells.entry(key).or_default();
        cell.value.add(&value);
        if fact.outcome == Outcome::Won && has_histograms(key.spot.cohort, key.spot.kind) {
            if let Some(arr) = fact.arr_minor {
                cell.arr.add(arr, 1);
            }
            if let Some(days) = fact.cycle_days {
                cell.days.add(days, 1);
            }
        }
    }
}

#[cfg(test)]
#[path = "cell_tests.rs"]
mod tests;
