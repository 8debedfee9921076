//! Sizes and cycles of won deals, with a partner and without: Deal Velocity Premium and the size delta.

use crate::evidence::{Evidence, Measured, Reason};
use crate::policy::Policy;
use rust_decimal::Decimal;

/// How a measure of won NEW deals spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Deals whose value is known.
    pub deals: u64,
    /// Their sum.
    pub sum: i128,
    /// Their median; none without deals.
    pub median: Option<Decimal>,
}

impl Spread {
    /// The mean, unrounded; none without deals.
    #[must_use]
    pub fn mean(&self) -> Option<Decimal> {
        let sum = Decimal::try_from_i128_with_scale(self.sum, 0).ok()?;
        sum.checked_div(Decimal::from(self.deals))
    }
}

/// Won NEW deals with a partner beside the direct ones (ruling 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// With the partner, or with any.
    pub partner: Spread,
    /// Without any.
    pub direct: Spread,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// The policy it was computed under.
    pub policy_version: i64,
}

impl Comparison {
    /// Compares two sides.
    #[must_use]
    pub const fn of(partner: Spread, direct: Spread, policy: &Policy) -> Self {
        let evidence = Evidence::of(partner.deals, direct.deals, policy.solid_deals);
        Self { partner, direct, evidence, policy_version: policy.version }
    }

    /// Mean with a partner minus mean without.
    ///
    /// # Errors
    /// The [`Reason`] when a side has no deal.
    pub fn mean_delta(&self) -> Measured<Decimal> {
        let (partner, direct) = self.both(Spread::mean)?;
        Ok(partner - direct)
    }

    /// Mean with a partner as a multiple of the mean without.
    ///
    /// # Errors
    /// The [`Reason`] when a side has no deal, or direct deals are worth nothing.
    pub fn mean_multiple(&self) -> Measured<Decimal> {
        let (partner, direct) = self.both(Spread::mean)?;
        partner.checked_div(direct).ok_or(Reason::NoAmount)
    }

    /// Median with a partner minus median without.
    ///
    /// # Errors
    /// The [`Reason`] when a side has no deal.
    pub fn median_delta(&self) -> Measured<Decimal> {
        let (partner, direct) = self.both(|spread| spread.median)?;
        Ok(partner - direct)
    }

    /// Deal Velocity Premium: the share of the direct cycle that a partner saves. Positive is faster.
    ///
    /// # Errors
    /// The [`Reason`] when a side has no deal, or direct deals take no time.
    pub fn velocity_premium(&self) -> Measured<Decimal> {
        let (partner, direct) = self.both(Spread::mean)?;
        (direct - partner).checked_div(direct).ok_or(Reason::NoDirectCycle)
    }

    fn both(&self, of: impl Fn(&Spread) -> Option<Decimal>) -> Measured<(Decimal, Decimal)> {
        let partner = of(&self.partner).ok_or(Reason::NoWonPartnerDeals)?;
        let direct = of(&self.direct).ok_or(Reason::NoWonDirectDeals)?;
        Ok((partner, direct))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn spread(deals: u64, sum: i128, median: Decimal) -> Spread {
        Spread { deals, sum, median: Some(median) }
    }

    #[test]
    fn positive_is_faster() {
        let comparison = Comparison::of(spread(10, 450, dec!(40)), spread(20, 1200, dec!(61)), &Policy::default());
        assert_eq!((comparison.velocity_premium(), comparison.evidence), (Ok(dec!(0.25)), Evidence::Solid));
        assert_eq!((comparison.mean_delta(), comparison.median_delta()), (Ok(dec!(-15)), Ok(dec!(-21))));
    }

    #[test]
    fn without_a_side_there_is_a_reason() {
        let policy = Policy::default();
        let none = Spread::default();
        let some = spread(3, 0, dec!(0));
        assert_eq!(Comparison::of(none, some, &policy).velocity_premium(), Err(Reason::NoWonPartnerDeals));
        assert_eq!(Comparison::of(some, none, &policy).mean_delta(), Err(Reason::NoWonDirectDeals));
        assert_eq!(Comparison::of(some, some, &policy).velocity_premium(), Err(Reason::NoDirectCycle));
    }
}
