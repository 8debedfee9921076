//! The system map of a program: inputs, levers and loops (seed 001; LOOP.md section 2, Foundation).
//!
//! An input is what flows in, with its source and its owner. A lever is what somebody can change to move a metric, with its dated
//! changes; what the metric did is read off the quarter before a change and the quarter after it. A loop is an edge from one cycle's
//! output to the next one's input. Whoever cannot draw all three has no system.

use crate::book::{Book, Kinds, Place};
use crate::calendar::{Calendar, Quarter};
use crate::cell::{CellValue, Cohort};
use crate::economics::{Attach, PartnerYield, Worth, major};
use crate::evidence::{Evidence, Interval, Measured, Reason};
use crate::money::Currency;
use crate::policy::Policy;
use crate::spread::{Comparison, Spread};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The most characters of a text of the map.
pub const TEXT_MAX: usize = 2000;

/// A metric that a lever moves: of the program, one number a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum LeverMetric {
    /// Trust-Gap of deals with any partner, in points.
    TrustGap,
    /// The win rate of NEW deals with any partner, 0 to 1.
    WinRate,
    /// Partner Yield, a multiple.
    PartnerYield,
    /// Deal Velocity Premium, a share of the direct cycle.
    Velocity,
    /// Mean ARR of won NEW deals with a partner minus that of direct ones, in major units.
    DealSize,
    /// The share of won deals that have a partner, 0 to 1.
    AttachRateWon,
    /// ARR of won deals that a partner SOURCED, in major units.
    SourcedArr,
    /// ARR of won deals on which a partner is INFLUENCED or ACCELERATED, in major units.
    InfluencedArr,
}

impl LeverMetric {
    /// Its name in the catalogue of measures.
    #[must_use]
    pub const fn measure(self) -> &'static str {
        match self {
            Self::TrustGap => "trustGap",
            Self::WinRate => "winRate",
            Self::PartnerYield => "partnerYield",
            Self::Velocity => "velocity",
            Self::DealSize => "dealSize",
            Self::AttachRateWon => "attachRateWon",
            Self::SourcedArr => "attributed",
            Self::InfluencedArr => "influenced",
        }
    }
}

/// What flows into a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInput {
    /// The row's id.
    pub id: Uuid,
    /// What it is.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// Whether it is no part of the system any more.
    pub is_retired: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded, or changed.
    pub recorded_at: DateTime<Utc>,
}

/// What somebody can change to move a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLever {
    /// The row's id.
    pub id: Uuid,
    /// What it is.
    pub name: String,
    /// The metric that it moves.
    pub metric: LeverMetric,
    /// Whether it is no part of the system any more.
    pub is_retired: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded, or changed.
    pub recorded_at: DateTime<Utc>,
}

/// A dated change of a lever: only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeverChange {
    /// The row's id.
    pub id: Uuid,
    /// The lever.
    pub lever_id: Uuid,
    /// The day, in the program's zone.
    pub changed_on: NaiveDate,
    /// What was changed.
    pub what: String,
    /// Who recorded it.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// An edge from one cycle's output to the next one's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLoop {
    /// The row's id.
    pub id: Uuid,
    /// What it is.
    pub name: String,
    /// The output of one cycle.
    pub output: String,
    /// The input of the next one.
    pub input_id: Uuid,
    /// Whether it is no part of the system any more.
    pub is_retired: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded, or changed.
    pub recorded_at: DateTime<Utc>,
}

/// A part that a system must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum Part {
    /// An input.
    Inputs,
    /// A lever.
    Levers,
    /// A loop into an input that is not retired.
    Loops,
}

/// The whole map, retired parts among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemMap {
    /// Inputs.
    pub inputs: Vec<SystemInput>,
    /// Levers, each with its changes, the earliest first.
    pub levers: Vec<(SystemLever, Vec<LeverChange>)>,
    /// Loops.
    pub loops: Vec<SystemLoop>,
}

impl SystemMap {
    /// What is missing of a system; nothing where inputs, levers and loops can all be drawn.
    #[must_use]
    pub fn missing(&self) -> Vec<Part> {
        let is_fed = |id: Uuid| self.inputs.iter().any(|input| input.id == id && !input.is_retired);
        let mut missing = Vec::new();
        if self.inputs.iter().all(|input| input.is_retired) {
            missing.push(Part::Inputs);
        }
        if self.levers.iter().all(|(lever, _)| lever.is_retired) {
            missing.push(Part::Levers);
        }
        if !self.loops.iter().any(|edge| !edge.is_retired && is_fed(edge.input_id)) {
            missing.push(Part::Loops);
        }
        missing
    }
}

/// The quarter before the one that a day is in, and the quarter after it.
#[must_use]
pub fn around(changed_on: NaiveDate, calendar: &Calendar) -> (Quarter, Quarter) {
    let quarter = calendar.quarter(changed_on);
    (quarter.plus(-1), quarter.plus(1))
}

/// Whether a quarter is over on a day, so that its metric no longer moves by the day.
///
/// # Errors
/// [`Reason::QuarterNotClosed`].
pub fn closed(quarter: Quarter, today: NaiveDate, calendar: &Calendar) -> Measured<()> {
    if calendar.last_day(quarter) < today { Ok(()) } else { Err(Reason::QuarterNotClosed) }
}

/// The most levers of a program.
pub const LEVERS_MOST: usize = 200;
/// The most changes of all levers of a program together.
pub const CHANGES_MOST: usize = 500;

/// A metric in one quarter, with the deals that stand behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarterValue {
    /// The value, unrounded, or why there is none.
    pub value: Measured<Decimal>,
    /// Deals with a partner that count in it.
    pub with_partner: u64,
    /// Direct deals that it is compared with; none of a metric that has no other side.
    pub direct: Option<u64>,
    /// What the metric adds up over the deals with a partner: wins of TRUST_GAP and WIN_RATE, days of VELOCITY, deals of
    /// ATTACH_RATE_WON, ARR in major units of the others.
    pub with_partner_sum: Decimal,
    /// The same over the direct deals; none of a metric that has no other side.
    pub direct_sum: Option<Decimal>,
    /// Program spend in major units, which PARTNER_YIELD is divided by; none of any other.
    pub spend: Option<Decimal>,
    /// Where the true value lies, of a metric whose measure has an interval.
    pub interval: Option<Interval>,
    /// How much stands behind it.
    pub evidence: Evidence,
}

impl QuarterValue {
    /// A quarter of which nothing is known, and why.
    #[must_use]
    pub const fn nothing(why: Reason) -> Self {
        Self {
            value: Err(why),
            with_partner: 0,
            direct: None,
            with_partner_sum: Decimal::ZERO,
            direct_sum: None,
            spend: None,
            interval: None,
            evidence: Evidence::None,
        }
    }
}

/// Two sides whose sums are kept with so many decimal places.
fn compared(comparison: &Comparison, value: Measured<Decimal>, digits: u32) -> QuarterValue {
    QuarterValue {
        value,
        with_partner: comparison.partner.deals,
        direct: Some(comparison.direct.deals),
        with_partner_sum: major(comparison.partner.sum, digits),
        direct_sum: Some(major(comparison.direct.sum, digits)),
        spend: None,
        interval: None,
        evidence: comparison.evidence,
    }
}

fn amount(value: &CellValue, currency: Currency, policy: &Policy) -> QuarterValue {
    let worth = Worth::won(value);
    let evidence = Evidence::of(worth.deals, worth.deals, policy.solid_deals);
    let sum = major(worth.arr_minor, currency.minor_digits());
    let value = match worth.deals {
        0 => Err(Reason::NoDeals),
        _ if worth.is_unknown() => Err(Reason::NoKnownArr),
        _ => Ok(sum),
    };
    let evidence = if value.is_ok() { evidence } else { Evidence::None };
    QuarterValue {
        value,
        with_partner: worth.deals,
        direct: None,
        with_partner_sum: sum,
        direct_sum: None,
        spend: None,
        interval: None,
        evidence,
    }
}

/// A metric of the program in one quarter, from the quarter's cells and spend.
#[must_use]
pub fn value_in(
    metric: LeverMetric,
    book: &Book,
    spend_minor: i128,
    currency: Currency,
    policy: &Policy,
) -> QuarterValue {
    let spread = |cohort, of: fn(&CellValue) -> Spread| of(&book.value(None, Place::All, cohort, Kinds::New));
    let compare = |of: fn(&CellValue) -> Spread| {
        Comparison::of(spread(Cohort::AnyPartner, of), spread(Cohort::Direct, of), policy)
    };
    match metric {
        LeverMetric::TrustGap => {
            let gap = book.trust_gap(None, Place::All, policy);
            QuarterValue {
                value: gap.points,
                with_partner: gap.co_sell.closed(),
                direct: Some(gap.direct.closed()),
                with_partner_sum: gap.co_sell.won.into(),
                direct_sum: Some(gap.direct.won.into()),
                spend: None,
                interval: gap.interval,
                evidence: gap.evidence,
            }
        }
        LeverMetric::WinRate => {
            let rate = book.win_rate(None, Place::All, Cohort::AnyPartner);
            let closed = rate.closed();
            QuarterValue {
                value: rate.rate().ok_or(Reason::NoCoSellDeals),
                with_partner: closed,
                direct: None,
                with_partner_sum: rate.won.into(),
                direct_sum: None,
                spend: None,
                interval: rate.interval(policy),
                evidence: Evidence::of(closed, closed, policy.solid_deals),
            }
        }
        LeverMetric::PartnerYield => {
            let sourced = book.value(None, Place::All, Cohort::Sourced, Kinds::All);
            let measured = PartnerYield::measure(&sourced, spend_minor, policy);
            QuarterValue {
                value: measured.multiple,
                with_partner: measured.sourced_won,
                direct: None,
                with_partner_sum: major(measured.sourced_arr_minor, currency.minor_digits()),
                direct_sum: None,
                spend: Some(major(spend_minor, currency.minor_digits())),
                interval: None,
                evidence: measured.evidence,
            }
        }
        LeverMetric::Velocity => {
            let cycles = compare(|value| Spread { deals: value.won_days_count, sum: value.won_days, median: None });
            compared(&cycles, cycles.velocity_premium(), 0)
        }
        LeverMetric::DealSize => {
            let sizes = compare(|value| Spread { deals: value.won_arr_count, sum: value.won_arr_minor, median: None });
            let unit = Decimal::new(1, currency.minor_digits());
            compared(&sizes, sizes.mean_delta().map(|minor| minor * unit), currency.minor_digits())
        }
        LeverMetric::AttachRateWon => {
            let attach = Attach::of(book, Place::All, Worth::won);
            let (with, direct) = (attach.with_partner.deals, attach.direct.deals);
            QuarterValue {
                value: attach.deals_rate(),
                with_partner: with,
                direct: Some(direct),
                with_partner_sum: with.into(),
                direct_sum: Some(direct.into()),
                spend: None,
                interval: None,
                evidence: Evidence::of(with + direct, with + direct, policy.solid_deals),
            }
        }
        LeverMetric::SourcedArr => amount(&book.value(None, Place::All, Cohort::Sourced, Kinds::All), currency, policy),
        LeverMetric::InfluencedArr => {
            amount(&book.value(None, Place::All, Cohort::InfluencedOrAccelerated, Kinds::All), currency, policy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::MEASURES;
    use crate::cell::{Late, Spot};
    use crate::deal::DealKind;
    use chrono_tz::Tz;
    use rust_decimal::dec;
    use strum::IntoEnumIterator;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_metric_is_in_the_catalogue() {
        for metric in LeverMetric::iter() {
            assert!(MEASURES.iter().any(|measure| measure.name == metric.measure()), "{metric:?}");
        }
    }

    /// A change on 15 May 2026 is in Q2: before it is Q1, after it Q3, which is over from 1 October on.
    #[test]
    fn a_change_stands_between_two_quarters_and_the_later_one_must_be_over() {
        let calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };
        let (before, after) = around(day("2026-05-15"), &calendar);
        assert_eq!((before.to_string(), after.to_string()), ("2026-Q1".to_owned(), "2026-Q3".to_owned()));
        assert_eq!(closed(after, day("2026-09-30"), &calendar), Err(Reason::QuarterNotClosed));
        assert_eq!(closed(after, day("2026-10-01"), &calendar), Ok(()));
    }

    fn book() -> Book {
        let spot = |cohort| Spot { partner_id: None, segment_id: None, cohort, kind: DealKind::New, is_late: false };
        // 6 of 10 won with a partner, 30 days and 12,000.00 each; 2 of 10 won without, 40 days and 9,000.00 each; 5 of those with a
        // partner were sourced.
        let of = |won: u64, lost: u64, days: i128, arr: i128| CellValue {
            won,
            lost,
            won_days: days * i128::from(won),
            won_days_count: won,
            won_arr_minor: arr * i128::from(won),
            won_arr_count: won,
            ..CellValue::default()
        };
        let cells = [
            (spot(Cohort::AnyPartner), of(6, 4, 30, 1_200_000)),
            (spot(Cohort::Direct), of(2, 8, 40, 900_000)),
            (spot(Cohort::Sourced), of(5, 4, 30, 1_200_000)),
        ];
        Book::new(cells, Late::LeftOut)
    }

    /// By hand: 60 % - 20 % = 40 points; (40 - 30) / 40 = 0.25; 12,000 - 9,000 = 3,000; 6 / 8 = 0.75; 5 x 12,000 = 60,000 for
    /// 20,000 of spend = 3x.
    #[test]
    fn each_metric_is_computed_as_its_measure_is() {
        let (book, policy, usd) = (book(), Policy::default(), "USD".parse::<Currency>().unwrap());
        let of = |metric| value_in(metric, &book, 2_000_000, usd, &policy);
        assert_eq!(of(LeverMetric::TrustGap).value, Ok(dec!(40)));
        assert_eq!(of(LeverMetric::WinRate).value, Ok(dec!(0.6)));
        assert_eq!(of(LeverMetric::Velocity).value, Ok(dec!(0.25)));
        assert_eq!(of(LeverMetric::DealSize).value, Ok(dec!(3000)));
        assert_eq!(of(LeverMetric::AttachRateWon).value, Ok(dec!(0.75)));
        assert_eq!(of(LeverMetric::SourcedArr).value, Ok(dec!(60000)));
        assert_eq!(of(LeverMetric::PartnerYield).value, Ok(dec!(3)));
        let gap = of(LeverMetric::TrustGap);
        assert_eq!((gap.with_partner, gap.direct, gap.evidence), (10, Some(10), Evidence::Solid));
        assert_eq!((gap.with_partner_sum, gap.direct_sum), (dec!(6), Some(dec!(2))));
        assert!(gap.interval.is_some() && of(LeverMetric::WinRate).interval.is_some());
        let cycles = of(LeverMetric::Velocity);
        assert_eq!((cycles.with_partner_sum, cycles.direct_sum), (dec!(180), Some(dec!(80))));
        let multiple = of(LeverMetric::PartnerYield);
        assert_eq!((multiple.with_partner_sum, multiple.spend), (dec!(60000), Some(dec!(20000))));
        // Nothing to add up is no 0.
        let none = of(LeverMetric::InfluencedArr);
        assert_eq!((none.value, none.evidence), (Err(Reason::NoDeals), Evidence::None));
        let empty = value_in(LeverMetric::PartnerYield, &Book::default(), 0, usd, &policy);
        assert_eq!(empty.value, Err(Reason::NoSpend));
        // Deals were won, and nobody recorded for how much: that is unknown, and no 0.
        let spot =
            Spot { partner_id: None, segment_id: None, cohort: Cohort::Sourced, kind: DealKind::New, is_late: false };
        let book = Book::new([(spot, CellValue { won: 3, ..CellValue::default() })], Late::LeftOut);
        for metric in [LeverMetric::SourcedArr, LeverMetric::PartnerYield] {
            let unknown = value_in(metric, &book, 2_000_000, usd, &policy);
            assert_eq!((unknown.value, unknown.evidence), (Err(Reason::NoKnownArr), Evidence::None), "{metric:?}");
        }
    }

    #[test]
    fn a_system_has_an_input_a_lever_and_a_loop_back_into_it() {
        let at = DateTime::UNIX_EPOCH;
        let input = |number: u128, is_retired| SystemInput {
            id: Uuid::from_u128(number),
            name: "Closed deals".into(),
            source: "CRM".into(),
            owner: "RevOps".into(),
            is_retired,
            version: 1,
            recorded_at: at,
        };
        let lever = SystemLever {
            id: Uuid::nil(),
            name: "ICP".into(),
            metric: LeverMetric::WinRate,
            is_retired: false,
            version: 1,
            recorded_at: at,
        };
        let edge = |input: u128| SystemLoop {
            id: Uuid::nil(),
            name: "Recognition".into(),
            output: "Closed-won".into(),
            input_id: Uuid::from_u128(input),
            is_retired: false,
            version: 1,
            recorded_at: at,
        };
        assert_eq!(SystemMap::default().missing(), [Part::Inputs, Part::Levers, Part::Loops]);
        let mut map = SystemMap {
            inputs: vec![input(1, false), input(2, true)],
            levers: vec![(lever, Vec::new())],
            loops: vec![edge(2)],
        };
        // A loop into what is retired closes nothing.
        assert_eq!(map.missing(), [Part::Loops]);
        map.loops.push(edge(1));
        assert!(map.missing().is_empty());
    }
}
