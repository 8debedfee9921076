//! Trust-Gap: the measurable advantage that a partner brings to winning, in percentage points (paper: Part 5).

use crate::evidence::{Evidence, Interval, Measured, Reason, Sample, newcombe, wilson};
use crate::policy::Policy;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Won deals of closed ones. Disqualified deals, and deals that never reached Stage 1, are on neither side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WinRate {
    /// Deals won.
    pub won: u64,
    /// Deals lost; a loss by no decision is a loss.
    pub lost: u64,
}

impl WinRate {
    /// Won and lost together.
    #[must_use]
    pub const fn closed(self) -> u64 {
        self.won + self.lost
    }

    /// From 0 to 1, unrounded; none without a closed deal.
    #[must_use]
    pub fn rate(self) -> Option<Decimal> {
        self.sample().map(|sample| sample.rate)
    }

    /// Where the true rate lies.
    #[must_use]
    pub fn interval(self, policy: &Policy) -> Option<Interval> {
        self.sample().map(|sample| wilson(sample, policy.interval_level))
    }

    fn sample(self) -> Option<Sample> {
        let size = Decimal::from(self.closed());
        (self.closed() > 0).then(|| Sample { rate: Decimal::from(self.won) / size, size })
    }
}

/// What a Trust-Gap says, given its interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrustGapReading {
    /// The interval lies above 0: the partner lifts the win rate.
    Lift,
    /// The interval lies below 0: the partner drags it down.
    Drag,
    /// The interval holds 0.
    Inconclusive,
    /// One side has no closed deal. High trust that was not measured is a feeling, not a number.
    Unmeasured,
}

/// Co-sell win rate minus direct win rate, NEW deals on both sides, in one segment and window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustGap {
    /// Percentage points, unrounded: the rates are subtracted first.
    pub points: Measured<Decimal>,
    /// Deals on which the partner is SOURCED, INFLUENCED or ACCELERATED.
    pub co_sell: WinRate,
    /// Deals without any partner.
    pub direct: WinRate,
    /// Newcombe's interval, in points.
    pub interval: Option<Interval>,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// What it says.
    pub reading: TrustGapReading,
    /// Closed NEW deals whose attribution is unknown: on neither side, so nobody reads them as direct.
    pub left_out_unknown: u64,
    /// The policy it was computed under.
    pub policy_version: i64,
}

impl TrustGap {
    /// Measures the gap of two sides.
    #[must_use]
    pub fn measure(co_sell: WinRate, direct: WinRate, left_out_unknown: u64, policy: &Policy) -> Self {
        let evidence = Evidence::of(co_sell.closed(), direct.closed(), policy.solid_deals);
        let policy_version = policy.version;
        let (Some(with), Some(without)) = (co_sell.sample(), direct.sample()) else {
            let reason = match (co_sell.closed(), direct.closed()) {
                (0, 0) => Reason::NoClosedDeals,
                (0, _) => Reason::NoCoSellDeals,
                _ => Reason::NoDirectDeals,
            };
            let reading = TrustGapReading::Unmeasured;
            return Self {
                points: Err(reason),
                co_sell,
                direct,
                interval: None,
                evidence,
                reading,
                left_out_unknown,
                policy_version,
            };
        };
        let interval = newcombe(with, without, policy.interval_level).times(dec!(100));
        let reading = match (interval.low > Decimal::ZERO, interval.high < Decimal::ZERO) {
            (true, _) => TrustGapReading::Lift,
            (_, true) => TrustGapReading::Drag,
            _ => TrustGapReading::Inconclusive,
        };
        let points = Ok((with.rate - without.rate) * dec!(100));
        Self { points, co_sell, direct, interval: Some(interval), evidence, reading, left_out_unknown, policy_version }
    }

    /// How many more closed deals it takes until the interval leaves 0 (ruling 7): the least whole number, shared by both
    /// sides in their present proportion, at the present unrounded rates, nothing rolling off; 0 where it has left it.
    ///
    /// # Errors
    /// The [`Reason`]: nothing measured, a gap of 0, or more than the policy looks ahead.
    pub fn deals_until_conclusive(&self, policy: &Policy) -> Measured<u32> {
        let points = self.points?;
        let (Some(with), Some(without)) = (self.co_sell.sample(), self.direct.sample()) else {
            return Err(Reason::NoClosedDeals);
        };
        if points.is_zero() {
            return Err(Reason::GapIsZero);
        }
        let present = with.size + without.size;
        let is_conclusive = |further: u32| {
            let grown = (present + Decimal::from(further)) / present;
            let grow = |sample: Sample| Sample { size: sample.size * grown, ..sample };
            let interval = newcombe(grow(with), grow(without), policy.interval_level);
            interval.low > Decimal::ZERO || interval.high < Decimal::ZERO
        };
        // More deals at the same rates only narrow the interval, so the answer can be halved into.
        let (mut too_few, mut enough) = (0, policy.most_deals_until_conclusive);
        if self.reading != TrustGapReading::Inconclusive {
            return Ok(0);
        }
        if !is_conclusive(enough) {
            return Err(Reason::TooManyDeals);
        }
        while enough - too_few > 1 {
            let between = too_few + (enough - too_few) / 2;
            if is_conclusive(between) { enough = between } else { too_few = between }
        }
        Ok(enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::round;
    use proptest::prelude::*;

    fn gap(co_sell: (u64, u64), direct: (u64, u64)) -> TrustGap {
        let rate = |(won, closed): (u64, u64)| WinRate { won, lost: closed - won };
        TrustGap::measure(rate(co_sell), rate(direct), 0, &Policy::default())
    }

    /// The paper's own: +25 means that deals with this partner close at a rate 25 points higher, -4 that it makes things worse.
    #[test]
    fn the_papers_lift_and_drag() {
        let lift = gap((11, 20), (9, 30));
        assert_eq!(
            (lift.points, lift.reading, lift.evidence),
            (Ok(dec!(25.00)), TrustGapReading::Lift, Evidence::Solid)
        );
        let drag = gap((300, 1000), (1700, 5000));
        assert_eq!((drag.points, drag.reading), (Ok(dec!(-4.00)), TrustGapReading::Drag));
        // The same -4 points on few deals prove nothing.
        let few = gap((3, 10), (17, 50));
        assert_eq!((few.points, few.reading), (Ok(dec!(-4.00)), TrustGapReading::Inconclusive));
    }

    #[test]
    fn rates_are_subtracted_first_and_rounded_last() {
        assert_eq!(round(gap((545, 1240), (1718, 3760)).points.unwrap(), 6), dec!(-1.739876));
        assert_eq!(round(gap((5, 9), (1, 9)).points.unwrap(), 2), dec!(44.44), "55.56 - 11.11 would be 44.45");
    }

    #[test]
    fn without_a_side_there_is_a_reason_and_no_number() {
        for (co_sell, direct, reason) in [
            ((0, 0), (4238, 6711), Reason::NoCoSellDeals),
            ((3, 4), (0, 0), Reason::NoDirectDeals),
            ((0, 0), (0, 0), Reason::NoClosedDeals),
        ] {
            let gap = gap(co_sell, direct);
            assert_eq!(
                (gap.points, gap.evidence, gap.reading),
                (Err(reason), Evidence::None, TrustGapReading::Unmeasured)
            );
            assert_eq!(gap.deals_until_conclusive(&Policy::default()), Err(reason));
        }
    }

    /// Counted one by one in Python's `decimal` from 0 up: 2209, 1585.
    #[test]
    fn deals_until_conclusive_is_the_least_number() {
        let policy = Policy::default();
        assert_eq!(gap((545, 1240), (1718, 3760)).deals_until_conclusive(&policy), Ok(2209));
        assert_eq!(gap((3, 10), (17, 50)).deals_until_conclusive(&policy), Ok(1585));
        assert_eq!(gap((11, 20), (9, 30)).deals_until_conclusive(&policy), Ok(0));
        assert_eq!(gap((1, 2), (5, 10)).deals_until_conclusive(&policy), Err(Reason::GapIsZero));
        assert_eq!(gap((500, 1000), (5001, 10_000)).deals_until_conclusive(&policy), Err(Reason::TooManyDeals));
    }

    fn sides() -> impl Strategy<Value = ((u64, u64), (u64, u64))> {
        let side = || (1_u64..5_000).prop_flat_map(|closed| (0..=closed, Just(closed)));
        (side(), side())
    }

    proptest! {
        #[test]
        fn the_interval_holds_its_value(((a, b), (c, d)) in sides()) {
            let gap = gap((a, b), (c, d));
            let (points, interval) = (gap.points.unwrap(), gap.interval.unwrap());
            prop_assert!(interval.low <= points && points <= interval.high);
            prop_assert!(interval.low >= dec!(-100.0000000001) && interval.high <= dec!(100.0000000001));
        }

        #[test]
        fn the_gap_of_the_sides_exchanged_is_its_negative(((a, b), (c, d)) in sides()) {
            let (one, other) = (gap((a, b), (c, d)), gap((c, d), (a, b)));
            prop_assert_eq!(one.points.unwrap(), -other.points.unwrap());
            prop_assert_eq!(one.interval.unwrap().low, -other.interval.unwrap().high);
        }

        /// Ruling 13: with the rates fixed, the width never grows as the counts grow.
        #[test]
        fn more_evidence_never_widens(((a, b), (c, d)) in sides(), times in 2_u64..9) {
            let width = |gap: &TrustGap| gap.interval.map(|interval| interval.high - interval.low).unwrap();
            prop_assert!(width(&gap((a * times, b * times), (c * times, d * times))) <= width(&gap((a, b), (c, d))));
        }

        /// One deal fewer is not enough, so the halving found the least number.
        #[test]
        fn no_smaller_number_is_conclusive(((a, b), (c, d)) in sides()) {
            let policy = Policy::default();
            let gap = gap((a, b), (c, d));
            if let Ok(further @ 1..) = gap.deals_until_conclusive(&policy) {
                let reads = |further: u32| {
                    let (with, without) = (gap.co_sell.sample().unwrap(), gap.direct.sample().unwrap());
                    let grown = (with.size + without.size + Decimal::from(further)) / (with.size + without.size);
                    let grow = |sample: Sample| Sample { size: sample.size * grown, ..sample };
                    let interval = newcombe(grow(with), grow(without), policy.interval_level);
                    interval.low > Decimal::ZERO || interval.high < Decimal::ZERO
                };
                prop_assert!(reads(further) && !reads(further - 1));
            }
        }
    }
}
