//! Expansion TAM \[ours\]: customers that the partner touches x Expansion Probability x average expansion ACV.

use super::Bands;
use super::amounts::{decimal, whole};
use crate::evidence::{Evidence, Reason, Sample, wilson};
use crate::policy::Policy;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What happened on the customers that a partner touches, in a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpansionFacts {
    /// Customers on which the partner has an attribution, or a recorded touch in the trailing four quarters.
    pub touched_accounts: u64,
    /// Of these, those with an EXPANSION deal that was in motion in the trailing four quarters.
    pub with_opportunity: u64,
    /// Won EXPANSION deals on them in the trailing four quarters whose ARR is known.
    pub won_deals: u64,
    /// Their ARR.
    pub won_arr_minor: i128,
}

/// What Expansion TAM of a partner in a segment is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expansion {
    /// The facts.
    pub facts: ExpansionFacts,
    /// THIN under the policy's number of accounts (ruling 5).
    pub evidence: Evidence,
    /// The Expansion Probability that each band counts: the lower limit, the rate, the upper limit; 0 to 1.
    pub counted: Option<Bands<Decimal>>,
    /// Why there is no Expansion TAM.
    pub reason: Option<Reason>,
}

impl Expansion {
    /// Gathers the inputs of a partner in a segment.
    #[must_use]
    pub fn of(facts: ExpansionFacts, policy: &Policy) -> Self {
        let touched = facts.touched_accounts;
        let evidence = Evidence::of(touched, touched, policy.solid_accounts);
        let size = Decimal::from(touched);
        let counted = Decimal::from(facts.with_opportunity).checked_div(size).map(|rate| {
            let limits = wilson(Sample { rate, size }, policy.interval_level);
            Bands { conservative: rate.min(limits.low), base: rate, stretch: rate.max(limits.high) }
        });
        let reason = match (touched, facts.won_deals) {
            (0, _) => Some(Reason::NoTouchedAccounts),
            (_, 0) => Some(Reason::NoWonExpansions),
            _ => None,
        };
        Self { facts, evidence, counted, reason }
    }

    /// Average ACV of an expansion in minor units, unrounded.
    #[must_use]
    pub fn average_acv(&self) -> Option<Decimal> {
        decimal(self.facts.won_arr_minor).checked_div(Decimal::from(self.facts.won_deals))
    }

    /// Expansion TAM of each band in whole minor units.
    #[must_use]
    pub fn minor(&self) -> Option<Bands<i128>> {
        let (touched, acv) = (Decimal::from(self.facts.touched_accounts), self.average_acv()?);
        let value = |rate: &Decimal| whole(touched.checked_mul(*rate).and_then(|accounts| accounts.checked_mul(acv)));
        Some(self.counted.as_ref()?.map(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::dec;

    fn expansion(touched_accounts: u64, with_opportunity: u64) -> Expansion {
        let facts = ExpansionFacts { touched_accounts, with_opportunity, won_deals: 4, won_arr_minor: 6_000_000 };
        Expansion::of(facts, &Policy::default())
    }

    /// 10 customers, 8 with an expansion in motion, 60,000.00 / 4 = 15,000.00 an expansion. BASE: 10 x 0.8 x 15,000.00 =
    /// 120,000.00. Wilson's 80 % limits of 8 in 10 are 0.60159601153 and 0.91376277921 (`evidence.rs`): CONSERVATIVE 90,239.40,
    /// STRETCH 137,064.42.
    #[test]
    fn the_bands_take_wilsons_limits() {
        let of = expansion(10, 8);
        let bands = of.minor().unwrap();
        assert_eq!((bands.conservative, bands.base, bands.stretch), (9_023_940, 12_000_000, 13_706_442));
        assert_eq!((of.evidence, expansion(9, 8).evidence), (Evidence::Solid, Evidence::Thin));
        assert_eq!(of.average_acv(), Some(dec!(1500000)));
    }

    #[test]
    fn nothing_touched_or_nothing_won_is_none() {
        assert_eq!((expansion(0, 0).reason, expansion(0, 0).minor()), (Some(Reason::NoTouchedAccounts), None));
        let facts = ExpansionFacts { touched_accounts: 12, with_opportunity: 2, ..ExpansionFacts::default() };
        let of = Expansion::of(facts, &Policy::default());
        assert_eq!((of.reason, of.minor()), (Some(Reason::NoWonExpansions), None));
    }

    proptest! {
        #[test]
        fn the_bands_are_in_order_and_narrow(with in 0_u64..40, without in 0_u64..40, times in 2_u64..9) {
            prop_assume!(with + without > 0);
            let (few, many) = (expansion(with + without, with), expansion((with + without) * times, with * times));
            let (few, many) = (few.counted.unwrap(), many.counted.unwrap());
            prop_assert!(Decimal::ZERO <= few.conservative && few.conservative <= few.base);
            prop_assert!(few.base <= few.stretch && few.stretch <= Decimal::ONE);
            prop_assert!(many.base - many.conservative <= few.base - few.conservative);
            prop_assert!(many.stretch - many.base <= few.stretch - few.base);
        }
    }
}
