//! How well a number is measured: evidence, intervals, and the reason where there is no number.

use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// How much stands behind a measured number (LOOP.md section 1).
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
pub enum Evidence {
    /// No denominator: the value is null, never 0 and never infinite.
    None,
    /// Fewer facts on one side than the policy asks for.
    Thin,
    /// Enough facts on every side.
    Solid,
}

impl Evidence {
    /// The evidence of a comparison of two sides with so many facts each.
    #[must_use]
    pub const fn of(one: u64, other: u64, solid: u64) -> Self {
        let least = if one < other { one } else { other };
        match least {
            0 => Self::None,
            _ if least < solid => Self::Thin,
            _ => Self::Solid,
        }
    }
}

/// Why a measured number is null. The word is stable, the sentence is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// Neither side has a closed deal.
    NoClosedDeals,
    /// No closed co-sell deal.
    NoCoSellDeals,
    /// No closed direct deal.
    NoDirectDeals,
    /// No won deal with the partner.
    NoWonPartnerDeals,
    /// No won direct deal.
    NoWonDirectDeals,
    /// No program spend.
    NoSpend,
    /// No deal to take a share of.
    NoDeals,
    /// No amount to take a share of.
    NoAmount,
    /// Deals were won, and none of them has its ARR recorded.
    NoKnownArr,
    /// The direct deals close on the day they open, so that no share of their cycle can be saved.
    NoDirectCycle,
    /// A gap of exactly 0 never becomes conclusive.
    GapIsZero,
    /// More further deals than the policy looks ahead.
    TooManyDeals,
    /// No lead that sales has decided about.
    NoDecidedLeads,
    /// No spend is planned.
    NoPlannedSpend,
    /// It is planned for no segment.
    NoSegment,
    /// Nobody said how many accounts of the segment could buy.
    NoAddressableAccounts,
    /// There is no overlap to read a penetration off, and none was set by hand.
    NoPenetration,
    /// No relationship of the partner with any account is recorded.
    NoOverlap,
    /// No won NEW deal of the segment with a known ARR.
    NoWonNewDeals,
    /// The partner touches no customer.
    NoTouchedAccounts,
    /// No won expansion on the customers that the partner touches.
    NoWonExpansions,
    /// The quarter is not over: what it comes to is not known yet.
    QuarterNotClosed,
    /// Of what a sum adds up nothing is measured. Each part has a reason of its own, and none of them is that of the sum.
    NothingMeasured,
}

impl Reason {
    /// The stable code, such as `NO_SPEND`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The reason in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoClosedDeals => "No deal was won or lost on either side in this window.",
            Self::NoCoSellDeals => "No co-sell deal was won or lost in this window.",
            Self::NoDirectDeals => "No direct deal was won or lost in this window.",
            Self::NoWonPartnerDeals => "No deal with a partner was won in this window with this fact recorded.",
            Self::NoWonDirectDeals => "No direct deal was won in this window with this fact recorded.",
            Self::NoSpend => "No program spend is recorded in this window, so there is no multiple of it.",
            Self::NoDeals => "There is no deal to take a share of.",
            Self::NoAmount => "No deal with a known amount to take a share of.",
            Self::NoKnownArr => "Deals were won, and none of them has its ARR recorded: what they brought is unknown.",
            Self::NoDirectCycle => "Direct deals close on the day they open, so there is no cycle to shorten.",
            Self::GapIsZero => "The two rates are equal: a gap of 0 does not become conclusive at the present rates.",
            Self::TooManyDeals => "It would take more further closed deals than the program's policy looks ahead.",
            Self::NoDecidedLeads => "Sales has decided about no such lead in this window.",
            Self::NoPlannedSpend => "No spend is planned here.",
            Self::NoSegment => "The spend is planned for no segment, and accounts are engaged in one.",
            Self::NoAddressableAccounts => {
                "Nobody said how many accounts of the segment could buy: say it with addressableAccounts of segmentUpdate."
            }
            Self::NoPenetration => "There is no account overlap to read a penetration off, and none was set by hand.",
            Self::NoOverlap => {
                "No relationship of the partner with any account is recorded, so the overlap is unknown."
            }
            Self::NoWonNewDeals => "No NEW deal of the segment with a known ARR was won in this window.",
            Self::NoTouchedAccounts => "The partner touches no customer of the segment.",
            Self::NoWonExpansions => "No expansion was won in this window on the customers that the partner touches.",
            Self::NothingMeasured => {
                "Nothing of what this adds up is measured: each part and the findings say why it is not."
            }
            Self::QuarterNotClosed => "The quarter is not over: what it comes to is not known yet.",
        }
    }
}

/// A number, or why there is none.
pub type Measured<T> = Result<T, Reason>;

/// The level of an interval: how often intervals made this way hold the true value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
pub enum Level {
    /// 80 %.
    #[serde(rename = "0.80")]
    Eighty,
    /// 90 %.
    #[serde(rename = "0.90")]
    Ninety,
    /// 95 %.
    #[serde(rename = "0.95")]
    NinetyFive,
    /// 99 %.
    #[serde(rename = "0.99")]
    NinetyNine,
}

impl Level {
    /// From 0 to 1.
    #[must_use]
    pub const fn value(self) -> Decimal {
        match self {
            Self::Eighty => dec!(0.80),
            Self::Ninety => dec!(0.90),
            Self::NinetyFive => dec!(0.95),
            Self::NinetyNine => dec!(0.99),
        }
    }

    /// The standard normal quantile of (1 + level) / 2. Computed with Python's `decimal` at 60 digits by Newton's method on
    /// the series of the distribution function, cut to what a decimal holds.
    const fn z(self) -> Decimal {
        match self {
            Self::Eighty => dec!(1.2815515655446004669651033294),
            Self::Ninety => dec!(1.6448536269514727148638489080),
            Self::NinetyFive => dec!(1.9599639845400542355245944305),
            Self::NinetyNine => dec!(2.5758293035489007609785767486),
        }
    }

    const fn z_squared(self) -> Decimal {
        match self {
            Self::Eighty => dec!(1.642374415149816386774307613),
            Self::Ninety => dec!(2.705543454095414567073032272),
            Self::NinetyFive => dec!(3.841458820694125958361375437),
            Self::NinetyNine => dec!(6.634896601021215138436525934),
        }
    }
}

/// Where the true value lies, at a level; in the unit of its value (ruling 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The lower limit.
    pub low: Decimal,
    /// The upper limit.
    pub high: Decimal,
    /// The level.
    pub level: Level,
}

impl Interval {
    /// The same interval in another unit.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Self { low: self.low * factor, high: self.high * factor, ..self }
    }
}

/// A rate with how many facts it stands on. The number of facts is a decimal, so that a projected one need not be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From 0 to 1, unrounded.
    pub rate: Decimal,
    /// The number of facts; above 0.
    pub size: Decimal,
}

/// Wilson's score interval of a rate.
#[must_use]
pub fn wilson(sample: Sample, level: Level) -> Interval {
    let (Sample { rate, size }, z, zz) = (sample, level.z(), level.z_squared());
    // In counts instead of rates, so that no digits are lost to small denominators.
    let middle = rate * size + zz / dec!(2);
    let half = z * square_root(rate * size * (Decimal::ONE - rate) + zz / dec!(4));
    let whole = size + zz;
    // At a rate of 0 or 1 the limit is exact, whatever the square root's last digit says.
    let low = if rate.is_zero() { Decimal::ZERO } else { ((middle - half) / whole).max(Decimal::ZERO) };
    let high = if rate == Decimal::ONE { Decimal::ONE } else { ((middle + half) / whole).min(Decimal::ONE) };
    Interval { low, high, level }
}

/// Newcombe's hybrid score interval of the difference `one - other` (his method 10), as a difference of rates.
#[must_use]
pub fn newcombe(one: Sample, other: Sample, level: Level) -> Interval {
    let (a, b) = (wilson(one, level), wilson(other, level));
    let away = |x: Decimal, y: Decimal| square_root(x * x + y * y);
    let difference = one.rate - other.rate;
    Interval {
        low: difference - away(one.rate - a.low, b.high - other.rate),
        high: difference + away(a.high - one.rate, other.rate - b.low),
        level,
    }
}

/// The square root of a number from 0 up, with 18 significant digits: integers all the way, where `rust_decimal`'s own
/// takes dozens of divisions.
fn square_root(value: Decimal) -> Decimal {
    // Below 10^38 so that the product fits, and an even power of ten so that its root is a whole one.
    const MOST: u128 = 10_u128.pow(38);
    let (Ok(mut mantissa), mut scale) = (u128::try_from(value.mantissa()), value.scale()) else { return Decimal::ZERO };
    if scale % 2 == 1 {
        (mantissa, scale) = (mantissa * 10, scale + 1);
    }
    while mantissa != 0 && mantissa < MOST / 100 && scale < 2 * Decimal::MAX_SCALE {
        (mantissa, scale) = (mantissa * 100, scale + 2);
    }
    let root = i128::try_from(mantissa.isqrt()).unwrap_or(i128::MAX);
    Decimal::try_from_i128_with_scale(root, scale / 2).unwrap_or(Decimal::ZERO)
}

/// Rounds half away from zero: the one way in which a measure is rounded, and only when it leaves.
#[must_use]
pub fn round(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(hits: i64, of: i64) -> Sample {
        Sample { rate: Decimal::from(hits) / Decimal::from(of), size: Decimal::from(of) }
    }

    fn close(value: Decimal, expected: Decimal) {
        assert!((value - expected).abs() < dec!(0.000000000000001), "{value} is not {expected}");
    }

    /// Against Python's `decimal` at 40 digits, by the textbook formula in rates:
    /// `c = (p + z*z/(2*n)) / (1 + z*z/n); h = z/(1 + z*z/n) * sqrt(p*(1-p)/n + z*z/(4*n*n))`.
    #[test]
    fn wilson_is_the_textbook_interval() {
        for (hits, of, low, high) in [
            (8, 10, dec!(0.60159601153427812365), dec!(0.91376277921139734156)),
            (0, 5, dec!(0), dec!(0.24725712712067484642)),
            (5, 5, dec!(0.75274287287932515358), dec!(1)),
            (545, 1240, dec!(0.42154472675690221315), dec!(0.45764754060538523728)),
        ] {
            let interval = wilson(sample(hits, of), Level::Eighty);
            close(interval.low, low);
            close(interval.high, high);
        }
        // Newcombe 1998, table I: 81 of 263 at 95 % is 0.2553 to 0.3662.
        let interval = wilson(sample(81, 263), Level::NinetyFive);
        assert_eq!((round(interval.low, 4), round(interval.high, 4)), (dec!(0.2553), dec!(0.3662)));
    }

    /// As above, with `d - sqrt((p1-l1)**2 + (u2-p2)**2)` and `d + sqrt((u1-p1)**2 + (p2-l2)**2)`.
    #[test]
    fn newcombe_is_the_textbook_interval() {
        for (one, other, low, high) in [
            ((11, 20), (9, 30), dec!(6.794254151799587328), dec!(41.342450150676910248)),
            ((545, 1240), (1718, 3760), dec!(-3.817629743481986689), dec!(0.349859030443002251)),
            ((3, 10), (17, 50), dec!(-21.153515155154722369), dec!(17.768161192542985936)),
        ] {
            let interval = newcombe(sample(one.0, one.1), sample(other.0, other.1), Level::Eighty).times(dec!(100));
            close(interval.low, low);
            close(interval.high, high);
        }
        // Newcombe 1998 (the paper on differences), table II, case (a), method 10: 56/70 - 48/80 is 0.0524 to 0.3339.
        let interval = newcombe(sample(56, 70), sample(48, 80), Level::NinetyFive);
        assert_eq!((round(interval.low, 4), round(interval.high, 4)), (dec!(0.0524), dec!(0.3339)));
    }

    #[test]
    fn square_roots_have_eighteen_digits() {
        assert_eq!(square_root(dec!(0)), dec!(0));
        assert_eq!(square_root(dec!(144)), dec!(12));
        assert_eq!(square_root(dec!(0.0000000000000000000000000001)), dec!(0.00000000000001));
        close(square_root(dec!(2)), dec!(1.4142135623730950488));
        close(square_root(dec!(0.1)), dec!(0.31622776601683793320));
        close(square_root(Decimal::MAX) / dec!(281474976710655.99999), dec!(1));
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!((round(dec!(0.5), 0), round(dec!(-0.5), 0), round(dec!(2.345), 2)), (dec!(1), dec!(-1), dec!(2.35)));
    }

    #[test]
    fn evidence_follows_the_smaller_side() {
        assert_eq!(Evidence::of(0, 900, 10), Evidence::None);
        assert_eq!(Evidence::of(9, 900, 10), Evidence::Thin);
        assert_eq!(Evidence::of(10, 10, 10), Evidence::Solid);
    }
}
