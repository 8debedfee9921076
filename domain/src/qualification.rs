//! The account-level trust-gap score, and the motion that a deal is routed to by it (seed 002, Trust-Gap; ruling 41).
//!
//! It is another thing than [`crate::trust_gap`], which is measured on closed deals: this score is a judgement of one account before
//! anything closed. "Where buyers do not trust you alone, partners close the gap; where they already do, partners add latency": so a
//! partner's overlap, a competitor who is in already, a senior buyer and a large deal each speak for the partner motion.

use crate::evidence::round;
use crate::overlap::Overlap;
use crate::policy::Policy;
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// Who is the vendor of such a product at an account today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Incumbency {
    /// We are: the buyer knows us.
    Ours,
    /// Nobody is.
    Nobody,
    /// A competitor is: the widest gap.
    Competitor,
}

/// How senior the buyer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Seniority {
    /// Uses it.
    Practitioner,
    /// Leads a team.
    Manager,
    /// Leads a function.
    Director,
    /// Leads a division.
    VicePresident,
    /// On the board or the executive team.
    CLevel,
}

impl Seniority {
    /// From 0 to 100 in equal steps.
    #[must_use]
    pub const fn score(self) -> Decimal {
        match self {
            Self::Practitioner => dec!(0),
            Self::Manager => dec!(25),
            Self::Director => dec!(50),
            Self::VicePresident => dec!(75),
            Self::CLevel => dec!(100),
        }
    }
}

/// Which motion a deal is worked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Motion {
    /// With a partner.
    PartnerMotion,
    /// Without one.
    DirectMotion,
}

/// What the score is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ScoreComponent {
    /// The nearest partner on the account.
    Overlap,
    /// The incumbent vendor.
    Incumbency,
    /// The buyer's seniority.
    BuyerSeniority,
    /// The deal's ARR beside the mean of won NEW deals.
    DealSize,
}

/// Why a component has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Missing {
    /// The deal names no account.
    NoAccount,
    /// Nobody has recorded a partner on any account of the program.
    NoOverlapFacts,
    /// Nobody recorded the incumbent vendor.
    NoIncumbency,
    /// Nobody recorded the buyer's seniority.
    NoBuyerSeniority,
    /// The deal has no ARR; of an account: no open deal has.
    NoDealSize,
    /// No NEW deal with a known ARR was won in the trailing four quarters, so there is no mean to compare with.
    NoWonNewDeals,
}

impl Missing {
    /// The reason in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoAccount => "The deal names no account.",
            Self::NoOverlapFacts => "Nobody has recorded a partner on any account of the program yet.",
            Self::NoIncumbency => "Nobody recorded who the vendor is at this account today.",
            Self::NoBuyerSeniority => "Nobody recorded how senior the buyer is.",
            Self::NoDealSize => "There is no deal with a known ARR to size it by.",
            Self::NoWonNewDeals => {
                "No NEW deal with a known ARR was won in the trailing four quarters, so there is no mean to compare with."
            }
        }
    }
}

/// What the score is computed from.
#[derive(Clone, Copy, Debug)]
pub struct ScoreFacts {
    /// The nearest partner on the account.
    pub overlap: Result<Overlap, Missing>,
    /// The incumbent vendor.
    pub incumbency: Option<Incumbency>,
    /// The buyer's seniority.
    pub seniority: Option<Seniority>,
    /// The deal's ARR, in minor units.
    pub arr_minor: Option<i64>,
    /// Won NEW deals of the trailing four quarters with a known ARR: how many, and their ARR in minor units.
    pub won_new: (u64, i128),
}

/// A component with what it adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreLine {
    /// Which.
    pub component: ScoreComponent,
    /// Its own score, 0 to 100, or why it has none.
    pub score: Result<Decimal, Missing>,
    /// Its weight.
    pub weight: Decimal,
    /// The points that it adds to the score, unrounded: score x weight / all weights; none where it has no score.
    pub contribution: Option<Decimal>,
}

/// The account-level trust-gap score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustGapScore {
    /// From 0 to 100, unrounded; none while a component that weighs anything is missing: half a score would route deals by what was
    /// not asked.
    pub score: Option<Decimal>,
    /// The components.
    pub lines: Vec<ScoreLine>,
    /// From this score on it is a partner motion.
    pub bar: Decimal,
    /// Where it routes; none without a score.
    pub motion: Option<Motion>,
    /// The policy's version.
    pub policy_version: i64,
}

impl TrustGapScore {
    /// Computes the score.
    #[must_use]
    pub fn of(facts: &ScoreFacts, policy: &Policy) -> Self {
        let numbers = &policy.profile;
        let weight = |component| match component {
            ScoreComponent::Overlap => numbers.score_overlap_weight,
            ScoreComponent::Incumbency => numbers.score_incumbency_weight,
            ScoreComponent::BuyerSeniority => numbers.score_seniority_weight,
            ScoreComponent::DealSize => numbers.score_deal_size_weight,
        };
        let own = |component| match component {
            ScoreComponent::Overlap => facts.overlap.map(|overlap| overlap.score(policy)),
            ScoreComponent::Incumbency => match facts.incumbency {
                Some(Incumbency::Ours) => Ok(Decimal::ZERO),
                Some(Incumbency::Nobody) => Ok(numbers.no_incumbent_score.min(dec!(100))),
                Some(Incumbency::Competitor) => Ok(dec!(100)),
                None => Err(Missing::NoIncumbency),
            },
            ScoreComponent::BuyerSeniority => facts.seniority.map(Seniority::score).ok_or(Missing::NoBuyerSeniority),
            ScoreComponent::DealSize => size(facts, policy),
        };
        let all: Decimal = ScoreComponent::iter().map(weight).sum();
        let line = |component| {
            let (weight, score) = (weight(component), own(component));
            let contribution = score.ok().and_then(|score| (score * weight).checked_div(all));
            ScoreLine { component, score, weight, contribution }
        };
        let lines: Vec<ScoreLine> = ScoreComponent::iter().map(line).collect();
        let counted = lines.iter().filter(|line| !line.weight.is_zero());
        let sum: Result<Decimal, Missing> = counted.map(|line| line.score.map(|score| score * line.weight)).sum();
        let score = sum.ok().and_then(|sum| sum.checked_div(all));
        let bar = numbers.partner_motion_bar_score;
        let motion = score.map(|score| if score >= bar { Motion::PartnerMotion } else { Motion::DirectMotion });
        Self { score, lines, bar, motion, policy_version: policy.version }
    }

    /// The components that bar a score.
    #[must_use]
    pub fn missing(&self) -> Vec<ScoreComponent> {
        let barring = self.lines.iter().filter(|line| line.score.is_err() && !line.weight.is_zero());
        barring.map(|line| line.component).collect()
    }
}

/// The deal's ARR as a share of the policy's multiple of the mean, 0 to 100.
fn size(facts: &ScoreFacts, policy: &Policy) -> Result<Decimal, Missing> {
    let arr = facts.arr_minor.filter(|minor| *minor >= 0).ok_or(Missing::NoDealSize)?;
    let (deals, sum) = facts.won_new;
    let decimal = |minor: i128| Decimal::try_from_i128_with_scale(minor, 0).unwrap_or(Decimal::MAX);
    // Multiplied first: 100 x ARR x deals / (multiple x sum of their ARR) loses no digit before the division.
    let full = policy.profile.full_deal_size_multiple.checked_mul(decimal(sum)).ok_or(Missing::NoWonNewDeals)?;
    if deals == 0 || full <= Decimal::ZERO {
        return Err(Missing::NoWonNewDeals);
    }
    let part = (Decimal::from(arr) * dec!(100)).checked_mul(Decimal::from(deals)).unwrap_or(Decimal::MAX);
    Ok(part.checked_div(full).unwrap_or(dec!(100)).min(dec!(100)))
}

/// How a deal was routed when it was qualified: kept as it was decided, whatever the score says later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualification {
    /// The deal.
    pub deal_id: Uuid,
    /// How senior its buyer is.
    pub seniority: Seniority,
    /// The score, rounded to twelve digits; none where a component was missing.
    pub score: Option<Decimal>,
    /// The motion it was routed to; none without a score.
    pub motion: Option<Motion>,
    /// The policy's version.
    pub policy_version: i64,
    /// Who qualified it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

impl Qualification {
    /// The digits of a score that is kept.
    pub const DIGITS: u32 = 12;

    /// The score as it is kept.
    #[must_use]
    pub fn kept(score: &TrustGapScore) -> Option<Decimal> {
        score.score.map(|score| round(score, Self::DIGITS).normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Four won NEW deals of 12,000.00 each.
    const WON: (u64, i128) = (4, 4_800_000);

    fn facts() -> ScoreFacts {
        ScoreFacts {
            overlap: Ok(Overlap::Touched),
            incumbency: Some(Incumbency::Competitor),
            seniority: Some(Seniority::Director),
            arr_minor: Some(1_800_000),
            won_new: WON,
        }
    }

    /// Touched 50 x 40, a competitor 100 x 20, a director 50 x 20, 18,000 of 24,000 is 75 x 20: 2000 + 2000 + 1000 + 1500 = 6500 of
    /// 100 is 65: a partner motion. With our own product in, 4500 of 100 is 45: direct.
    #[test]
    fn the_score_is_a_weighted_sum_and_routes_by_the_bar() {
        let score = TrustGapScore::of(&facts(), &Policy::default());
        let parts: Vec<_> = score.lines.iter().filter_map(|line| line.contribution).collect();
        assert_eq!(parts, [dec!(20), dec!(20), dec!(10), dec!(15)]);
        assert_eq!((score.score, score.motion), (Some(dec!(65)), Some(Motion::PartnerMotion)));
        let ours = ScoreFacts { incumbency: Some(Incumbency::Ours), ..facts() };
        let score = TrustGapScore::of(&ours, &Policy::default());
        assert_eq!((score.score, score.motion), (Some(dec!(45)), Some(Motion::DirectMotion)));
        // Exactly the bar is a partner motion: 20 + 10 for nobody's account + 10 + 10 for a deal of the mean's size.
        let nobody = ScoreFacts { incumbency: Some(Incumbency::Nobody), arr_minor: Some(1_200_000), ..facts() };
        let score = TrustGapScore::of(&nobody, &Policy::default());
        assert_eq!((score.score, score.motion), (Some(dec!(50)), Some(Motion::PartnerMotion)));
    }

    #[test]
    fn a_missing_component_gives_no_score_and_is_named() {
        let none = ScoreFacts { incumbency: None, seniority: None, overlap: Err(Missing::NoOverlapFacts), ..facts() };
        let score = TrustGapScore::of(&none, &Policy::default());
        assert_eq!((score.score, score.motion), (None, None));
        assert_eq!(
            score.missing(),
            [ScoreComponent::Overlap, ScoreComponent::Incumbency, ScoreComponent::BuyerSeniority]
        );
        for (facts, why) in [
            (ScoreFacts { arr_minor: None, ..facts() }, Missing::NoDealSize),
            (ScoreFacts { won_new: (0, 0), ..facts() }, Missing::NoWonNewDeals),
        ] {
            let score = TrustGapScore::of(&facts, &Policy::default());
            assert_eq!((score.lines[3].score, score.score), (Err(why), None));
        }
        // What weighs nothing is not asked for: (50 x 40 + 100 x 20 + 75 x 20) / 80 = 68.75.
        let mut policy = Policy::default();
        policy.profile.score_seniority_weight = Decimal::ZERO;
        let score = TrustGapScore::of(&ScoreFacts { seniority: None, ..facts() }, &policy);
        assert_eq!((score.score, score.missing()), (Some(dec!(68.75)), Vec::new()));
    }

    proptest! {
        /// Whatever the facts, a score is between 0 and 100 and the sum of its contributions; and a larger deal never lowers it.
        #[test]
        fn a_score_is_between_0_and_100(arr in 0_i64..10_000_000_000, more in 0_i64..10_000_000_000, weights in prop::array::uniform4(0_u32..1000)) {
            let mut policy = Policy::default();
            let [overlap, incumbency, seniority, size] = weights.map(Decimal::from);
            policy.profile.score_overlap_weight = overlap;
            policy.profile.score_incumbency_weight = incumbency;
            policy.profile.score_seniority_weight = seniority;
            policy.profile.score_deal_size_weight = size;
            let of = |arr| TrustGapScore::of(&ScoreFacts { arr_minor: Some(arr), ..facts() }, &policy);
            let (small, large) = (of(arr), of(arr + more));
            if let (Some(small_score), Some(large_score)) = (small.score, large.score) {
                let sum: Decimal = small.lines.iter().filter_map(|line| line.contribution).sum();
                prop_assert!((sum - small_score).abs() < dec!(0.000000000000001));
                prop_assert!(small_score >= Decimal::ZERO && large_score <= dec!(100.000000000000001));
                prop_assert!(small_score <= large_score);
            } else {
                prop_assert_eq!(weights, [0; 4]);
            }
        }
    }
}
