//! The program level: what the partner sees of its standing. Computed each quarter and changed automatically; it has nothing to
//! do with the investment tier (LOOP.md section 2, seed 002).

use crate::calendar::Quarter;
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// A program level, the lowest first.
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
pub enum ProgramLevel {
    /// Signed.
    Registered,
    /// The first step.
    Silver,
    /// The second.
    Gold,
    /// The highest.
    Platinum,
}

/// The weighted sum behind the level (ruling 41). Each part counts up to full marks, and the weights add up to 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LevelPolicy {
    /// Sourced pipeline of a year, in major units, that earns full marks; 1,000,000 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub sourced_full: Decimal,
    /// How much sourced pipeline weighs; 40 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub sourced_weight: Decimal,
    /// Influenced revenue of a year, in major units, that earns full marks; 1,000,000 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub influenced_full: Decimal,
    /// How much influenced revenue weighs; 40 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub influenced_weight: Decimal,
    /// Recorded activities a month that earn full marks; 8 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub engagement_full: Decimal,
    /// How much engagement weighs; 20 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub engagement_weight: Decimal,
    /// The score from which on it is SILVER; 20 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub silver: Decimal,
    /// The score from which on it is GOLD; 50 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub gold: Decimal,
    /// The score from which on it is PLATINUM; 80 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub platinum: Decimal,
}

impl Default for LevelPolicy {
    fn default() -> Self {
        Self {
            sourced_full: dec!(1000000),
            sourced_weight: dec!(40),
            influenced_full: dec!(1000000),
            influenced_weight: dec!(40),
            engagement_full: dec!(8),
            engagement_weight: dec!(20),
            silver: dec!(20),
            gold: dec!(50),
            platinum: dec!(80),
        }
    }
}

/// What a level is computed from: one partner in the trailing four quarters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// ARR of NEW deals that it SOURCED and that were opened in the window, in minor units, whatever became of them.
    pub sourced_minor: i128,
    /// ARR of won deals on which it is INFLUENCED or ACCELERATED, in minor units.
    pub influenced_minor: i128,
    /// Recorded activities with it.
    pub activities: u64,
}

/// A computed level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The level.
    pub level: ProgramLevel,
    /// From 0 to 100.
    pub score: Decimal,
}

/// The level of a standing: each part as a share of full marks, at most 1, by its weight. `digits` are the currency's.
#[must_use]
pub fn score(standing: &Standing, digits: u32, policy: &LevelPolicy) -> Scored {
    let major = |minor: i128| Decimal::try_from_i128_with_scale(minor, digits).unwrap_or(Decimal::MAX);
    let part = |value: Decimal, full: Decimal, weight: Decimal| {
        value.checked_div(full).map_or(Decimal::ZERO, |share| share.clamp(Decimal::ZERO, Decimal::ONE) * weight)
    };
    let months = dec!(12);
    let score = part(major(standing.sourced_minor), policy.sourced_full, policy.sourced_weight)
        + part(major(standing.influenced_minor), policy.influenced_full, policy.influenced_weight)
        + part(Decimal::from(standing.activities), policy.engagement_full * months, policy.engagement_weight);
    let level = match score {
        score if score >= policy.platinum => ProgramLevel::Platinum,
        score if score >= policy.gold => ProgramLevel::Gold,
        score if score >= policy.silver => ProgramLevel::Silver,
        _ => ProgramLevel::Registered,
    };
    Scored { level, score }
}

/// The level of a partner in a quarter, as it was computed when the quarter began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelRecord {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The quarter in which it holds.
    pub quarter: Quarter,
    /// The level.
    pub level: ProgramLevel,
    /// The score.
    pub score: Decimal,
    /// What it was computed from.
    pub standing: Standing,
    /// The policy that it follows.
    pub policy_version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// The most benefits of a level.
pub const BENEFITS_MOST: usize = 50;

/// What a program level gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelBenefits {
    /// The level.
    pub level: ProgramLevel,
    /// Benefits in words.
    pub benefits: Vec<String>,
    /// Accounts that a partner of this level may ask about or register on one local day; none leaves it to the policy.
    pub checks_per_day: Option<u32>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A partner's level with what it gives now; nothing where nothing was set for the level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The level.
    pub record: LevelRecord,
    /// What it gives.
    pub benefits: Option<LevelBenefits>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scored(sourced: i128, influenced: i128, activities: u64) -> (ProgramLevel, Decimal) {
        let standing = Standing { sourced_minor: sourced * 100, influenced_minor: influenced * 100, activities };
        let Scored { level, score } = score(&standing, 2, &LevelPolicy::default());
        (level, score)
    }

    /// 500,000 of 1,000,000 at weight 40 are 20; 250,000 at 40 are 10; 48 activities a year of 96 at weight 20 are 10.
    #[test]
    fn a_level_is_the_weighted_sum_of_three_shares() {
        assert_eq!(scored(0, 0, 0), (ProgramLevel::Registered, dec!(0)));
        assert_eq!(scored(500_000, 0, 0), (ProgramLevel::Silver, dec!(20)));
        assert_eq!(scored(499_999, 0, 0).0, ProgramLevel::Registered);
        assert_eq!(scored(500_000, 250_000, 48), (ProgramLevel::Silver, dec!(40)));
        assert_eq!(scored(750_000, 250_000, 48), (ProgramLevel::Gold, dec!(50)));
        assert_eq!(scored(1_000_000, 1_000_000, 0), (ProgramLevel::Platinum, dec!(80)));
    }

    #[test]
    fn no_part_earns_more_than_full_marks() {
        assert_eq!(scored(90_000_000, 0, 0), (ProgramLevel::Silver, dec!(40)));
        assert_eq!(scored(9_000_000, 9_000_000, 9_000), (ProgramLevel::Platinum, dec!(100)));
    }

    proptest! {
        #[test]
        fn more_of_anything_never_lowers_a_level(
            sourced in 0_i128..2_000_000, influenced in 0_i128..2_000_000, activities in 0_u64..200, more in 1_i128..500_000,
        ) {
            let before = scored(sourced, influenced, activities);
            prop_assert!(scored(sourced + more, influenced, activities) >= before);
            prop_assert!(scored(sourced, influenced + more, activities + 1) >= before);
        }
    }
}
