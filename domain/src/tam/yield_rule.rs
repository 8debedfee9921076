//! The conservative Yield rule: no linear scaling of a partner's output with the spend on it (paper: Partner Yield).

use super::amounts::{decimal, whole};
use super::policy::TamPolicy;
use super::{Band, Bands};
use crate::economics::PartnerYield;
use crate::evidence::{Evidence, Reason};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// What the rule says of a partner's planned spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Without prior spend (ruling 11), or where no won sourced deal has a known ARR, there is no Yield, and so no Sourced TAM.
    NoYield,
    /// The increase is below the bar: Yield is applied as it was measured.
    Kept,
    /// The increase reaches the bar: Yield steps down one band.
    SteppedDown,
    /// Yield is below the lowest band and spend is planned to rise: the increase is refused, and only the trailing spend counts.
    NotQualified,
}

/// Where the step makes a forecast fall although spend rises. Amounts in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cliff {
    /// The least planned spend of four quarters to which the step applies.
    pub bites_at_minor: i128,
    /// The least planned spend that brings, stepped down, what the unstepped Yield would have brought where the step bites.
    pub pays_from_minor: i128,
}

/// A partner's Yield with what the rule makes of it: the four planned quarters are compared with the trailing four (ruling 11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct YieldRule {
    /// What the rule says.
    pub verdict: Verdict,
    /// Spend planned for the four quarters.
    pub planned_minor: i128,
    /// Spend of the trailing four quarters.
    pub trailing_minor: i128,
    /// ARR of won sourced deals of the trailing four quarters.
    pub sourced_arr_minor: i128,
    /// How many they are.
    pub sourced_won: u64,
    /// Of these, how many have no ARR recorded and so add nothing; none in what was published before it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_arr: Option<u64>,
    /// The measured Yield, unrounded.
    pub multiple: Option<Decimal>,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// Why there is none.
    pub reason: Option<Reason>,
    /// The Yield that each band applies.
    pub applied: Option<Bands<Decimal>>,
    /// Where the step bites, of each band; none where it never does.
    pub cliff: Bands<Option<Cliff>>,
}

/// One band down; a Yield below the lowest band stays. It never goes up, whatever a policy says.
fn stepped(multiple: Decimal, policy: &TamPolicy) -> Decimal {
    let band = policy.yield_bands.iter().filter(|band| multiple >= band.from).max_by_key(|band| band.from);
    band.map_or(multiple, |band| multiple.min(band.to))
}

/// What CONSERVATIVE makes of a THIN Yield: one band down, and below the lowest the smaller of the point and 1x (ruling 12).
fn thinned(multiple: Decimal, policy: &TamPolicy) -> Decimal {
    if qualifies(multiple, policy) { stepped(multiple, policy) } else { multiple.min(policy.thin_yield_multiple) }
}

/// Whether a Yield qualifies for additional spend: it is in the lowest band or above.
#[must_use]
pub fn qualifies(multiple: Decimal, policy: &TamPolicy) -> bool {
    policy.yield_bands.iter().any(|band| multiple >= band.from)
}

/// Whether a plan is refused: it raises the spend on a partner whose Yield qualifies for none, by whatever amount. A plan that
/// is no higher than the one before it is never refused.
#[must_use]
pub fn is_refused(
    measured: &PartnerYield,
    planned_minor: i128,
    planned_before_minor: i128,
    policy: &TamPolicy,
) -> bool {
    let is_increase = planned_minor > measured.spend_minor && planned_minor > planned_before_minor;
    is_increase && measured.multiple.is_ok_and(|multiple| !qualifies(multiple, policy))
}

impl YieldRule {
    /// Applies the rule to the spend planned for four quarters.
    #[must_use]
    pub fn apply(measured: &PartnerYield, planned_minor: i128, policy: &TamPolicy) -> Self {
        let mut rule = Self {
            verdict: Verdict::NoYield,
            planned_minor,
            trailing_minor: measured.spend_minor,
            sourced_arr_minor: measured.sourced_arr_minor,
            sourced_won: measured.sourced_won,
            without_arr: Some(measured.without_arr),
            multiple: measured.multiple.ok(),
            evidence: measured.evidence,
            reason: measured.multiple.err(),
            applied: None,
            cliff: Bands::default(),
        };
        let Ok(multiple) = measured.multiple else { return rule };
        let bar = decimal(measured.spend_minor) * (Decimal::ONE + policy.spend_increase_rate);
        rule.verdict = match qualifies(multiple, policy) {
            false if planned_minor > measured.spend_minor => Verdict::NotQualified,
            true if decimal(planned_minor) >= bar => Verdict::SteppedDown,
            true | false => Verdict::Kept,
        };
        let base = if rule.verdict == Verdict::SteppedDown { stepped(multiple, policy) } else { multiple };
        rule.applied = Some(Bands { conservative: rule.cautious(base, policy), base, stretch: multiple });
        if qualifies(multiple, policy) {
            let down = stepped(multiple, policy);
            rule.cliff.base = cliff(bar, multiple, down);
            rule.cliff.conservative = cliff(bar, rule.cautious(multiple, policy), rule.cautious(down, policy));
        }
        rule
    }

    fn cautious(&self, multiple: Decimal, policy: &TamPolicy) -> Decimal {
        if self.evidence == Evidence::Thin { thinned(multiple, policy) } else { multiple }
    }

    /// What of a planned amount counts: all of it, but where the increase is refused.
    #[must_use]
    pub fn counted(&self, planned_minor: i128) -> Decimal {
        let planned = decimal(planned_minor);
        match self.verdict {
            Verdict::NotQualified => {
                let part = decimal(self.trailing_minor).checked_div(decimal(self.planned_minor)).unwrap_or_default();
                planned * part
            }
            Verdict::NoYield | Verdict::Kept | Verdict::SteppedDown => planned,
        }
    }

    /// Sourced TAM of a planned amount in a band, in whole minor units; none without a Yield.
    #[must_use]
    pub fn sourced_minor(&self, planned_minor: i128, band: Band) -> Option<i128> {
        let applied = self.applied.as_ref()?.of(band);
        Some(whole(self.counted(planned_minor).checked_mul(*applied)))
    }
}

/// Spend is at least `bar` when the step bites; there the unstepped Yield brings `bar x up`, which takes `bar x up / down` stepped.
fn cliff(bar: Decimal, up: Decimal, down: Decimal) -> Option<Cliff> {
    if down >= up || down <= Decimal::ZERO {
        return None;
    }
    let bites_at = bar.ceil();
    let pays_from = bites_at.checked_mul(up)?.checked_div(down)?.ceil();
    let minor = |value: Decimal| i128::try_from(value).ok();
    Some(Cliff { bites_at_minor: minor(bites_at)?, pays_from_minor: minor(pays_from)? })
}

#[cfg(test)]
#[path = "yield_rule_tests.rs"]
mod tests;
