//! The numbers of a program's policy for the profile: fit, the capability map, matching, the account-level trust-gap score.

use documented::DocumentedFields;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

/// How fit, matches and the account-level trust-gap score are computed. No seed gives these numbers: each is \[ours, ruling 41\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, DocumentedFields)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[documented_fields(rename_all = "camelCase")]
pub struct ProfilePolicy {
    /// A fit of so much or more, of 0 to 100, fits; a candidate below it is recruited only with a written reason; 60 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub fit_bar_score: Decimal,
    /// The share of the weights whose facts must be known for a fit to have a value; 0.5 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub fit_known_rate: Decimal,
    /// An entry of the capability map is stale so many days after it was last validated; 180 by default \[ours\].
    pub capability_valid_days: u32,
    /// How much the capability map weighs in a match of a partner with a deal; 40 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub match_capability_weight: Decimal,
    /// How much overlap on the account weighs in a match; 30 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub match_overlap_weight: Decimal,
    /// How much a SOLID Trust-Gap in the deal's segment weighs in a match; 30 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub match_trust_gap_weight: Decimal,
    /// A SOLID Trust-Gap of so many points or more meets the bar of a match; 10 by default, the glossary's bar.
    #[serde(with = "rust_decimal::serde::str")]
    pub match_bar_points: Decimal,
    /// What an account counts on which a partner was recorded at work, beside 1 for one that belongs to it; 0.5 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub touched_overlap_rate: Decimal,
    /// How much partner overlap weighs in the account-level trust-gap score; 40 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub score_overlap_weight: Decimal,
    /// How much the incumbent vendor weighs in it; 20 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub score_incumbency_weight: Decimal,
    /// How much the buyer's seniority weighs in it; 20 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub score_seniority_weight: Decimal,
    /// How much the deal's size weighs in it; 20 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub score_deal_size_weight: Decimal,
    /// What an account without an incumbent vendor scores, between 0 for our own and 100 for a competitor; 50 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub no_incumbent_score: Decimal,
    /// A deal of so many times the mean ARR of won NEW deals scores 100 for its size, a smaller one in proportion; 2 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub full_deal_size_multiple: Decimal,
    /// A deal with an account-level trust-gap score of so much or more goes to a partner motion, else direct; 50 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub partner_motion_bar_score: Decimal,
    /// From this share of won ARR with a partner on, partner operations take a leader of their own; 0.25 by default (seed 003).
    #[serde(with = "rust_decimal::serde::str")]
    pub dedicated_leader_rate: Decimal,
}

impl Default for ProfilePolicy {
    fn default() -> Self {
        Self {
            fit_bar_score: dec!(60),
            fit_known_rate: dec!(0.5),
            capability_valid_days: 180,
            match_capability_weight: dec!(40),
            match_overlap_weight: dec!(30),
            match_trust_gap_weight: dec!(30),
            match_bar_points: dec!(10),
            touched_overlap_rate: dec!(0.5),
            score_overlap_weight: dec!(40),
            score_incumbency_weight: dec!(20),
            score_seniority_weight: dec!(20),
            score_deal_size_weight: dec!(20),
            no_incumbent_score: dec!(50),
            full_deal_size_multiple: dec!(2),
            partner_motion_bar_score: dec!(50),
            dedicated_leader_rate: dec!(0.25),
        }
    }
}
