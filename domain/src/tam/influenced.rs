//! Influenced TAM: accounts engaged x Trust-Gap x average ACV (paper: Influenced TAM).

use super::Bands;
use super::amounts::{decimal, whole};
use super::policy::TamPolicy;
use crate::evidence::{Evidence, Reason};
use crate::trust_gap::TrustGap;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// How far a partner reaches into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum PenetrationLevel {
    /// Half of the accounts by default.
    Deep,
    /// A quarter by default.
    Moderate,
    /// A tenth by default.
    Shallow,
}

impl PenetrationLevel {
    /// The share of a segment's accounts that is engaged.
    #[must_use]
    pub const fn rate(self, policy: &TamPolicy) -> Decimal {
        match self {
            Self::Deep => policy.deep_rate,
            Self::Moderate => policy.moderate_rate,
            Self::Shallow => policy.shallow_rate,
        }
    }

    /// Read off the overlap: the share of the segment's accounts that the partner and the vendor have in common.
    #[must_use]
    pub fn of_overlap(share: Decimal, policy: &TamPolicy) -> Self {
        match share {
            deep if deep >= policy.deep_overlap_rate => Self::Deep,
            moderate if moderate >= policy.moderate_overlap_rate => Self::Moderate,
            _ => Self::Shallow,
        }
    }
}

/// Where a penetration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PenetrationBasis {
    /// Somebody set it, with a reason: it comes before what is read.
    ByHand,
    /// It is read off the overlap.
    Overlap,
}

/// A partner's penetration of a segment that was set by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Penetration {
    /// How far it reaches.
    pub level: PenetrationLevel,
    /// Why it was set by hand.
    pub reason: String,
}

/// What Influenced TAM of a partner in a segment is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Influenced {
    /// Accounts of the segment that could buy.
    pub addressable_accounts: Option<i64>,
    /// The partner's penetration of it, where it was set by hand.
    pub penetration: Option<Penetration>,
    /// Accounts of the segment on which the vendor and the partner both have an active relationship; none where no relationship of
    /// the partner with any account is recorded, and in what was published before overlap was read.
    pub overlap_accounts: Option<u64>,
    /// Addressable accounts x penetration; whole accounts are not asked of it.
    pub engaged: Option<Decimal>,
    /// Won NEW deals of the segment in the trailing four quarters whose ARR is known: the average ACV stands on them.
    pub won_deals: u64,
    /// Their ARR.
    pub won_arr_minor: i128,
    /// The measured Trust-Gap, in points.
    pub points: Option<Decimal>,
    /// The limits of its interval, in points.
    pub limits: Option<(Decimal, Decimal)>,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// The points that each band counts.
    pub counted: Option<Bands<Decimal>>,
    /// Accounts of the segment on which the partner sourced a NEW deal that closed in the trailing four quarters: they are counted
    /// in Sourced TAM and among the engaged.
    pub sourced_accounts: u64,
    /// Why there is no Influenced TAM: the first input that is missing.
    pub reason: Option<Reason>,
}

/// The points that each band counts. CONSERVATIVE gives no credit on THIN evidence, and of SOLID evidence the lower limit; a
/// measured drag stays in every band but STRETCH, which takes the upper limit.
fn counted(points: Decimal, low: Decimal, high: Decimal, evidence: Evidence) -> Option<Bands<Decimal>> {
    let conservative = match evidence {
        Evidence::None => return None,
        Evidence::Thin => points.min(Decimal::ZERO),
        Evidence::Solid => points.min(low.max(Decimal::ZERO)),
    };
    Some(Bands { conservative, base: points, stretch: points.max(high) })
}

/// What is known of a segment, for [`Influenced::of`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Market {
    /// Accounts that could buy; none where nobody said.
    pub addressable_accounts: Option<i64>,
    /// Won NEW deals of the trailing four quarters whose ARR is known.
    pub won_deals: u64,
    /// Their ARR.
    pub won_arr_minor: i128,
}

/// How far a partner reaches into a segment, for [`Influenced::of`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What was set by hand.
    pub by_hand: Option<Penetration>,
    /// Accounts of the segment that the vendor and the partner have in common; none where no relationship of the partner with any
    /// account is recorded: that is unknown, and not 0.
    pub overlap_accounts: Option<u64>,
    /// Accounts on which the partner sourced a NEW deal that closed in the window.
    pub sourced_accounts: u64,
}

/// The accounts in common for each addressable account of a segment; none where either is unknown, and of no accounts. It is above 1
/// where more accounts of the segment are in common than it is said to have: then the segment's size is wrong, and that must show.
fn share(overlap_accounts: Option<u64>, addressable_accounts: Option<i64>) -> Option<Decimal> {
    Decimal::from(overlap_accounts?).checked_div(Decimal::from(addressable_accounts?))
}

impl Influenced {
    /// Gathers the inputs of a partner in a segment.
    #[must_use]
    pub fn of(market: &Market, reach: Reach, gap: &TrustGap, policy: &TamPolicy) -> Self {
        let Reach { by_hand: penetration, overlap_accounts, sourced_accounts } = reach;
        let read = share(overlap_accounts, market.addressable_accounts);
        let level = penetration
            .as_ref()
            .map(|penetration| penetration.level)
            .or_else(|| read.map(|share| PenetrationLevel::of_overlap(share, policy)));
        let engaged = market
            .addressable_accounts
            .zip(level)
            .map(|(accounts, level)| Decimal::from(accounts) * level.rate(policy));
        let limits = gap.interval.map(|interval| (interval.low, interval.high));
        let (points, (low, high)) = (gap.points.ok(), limits.unwrap_or_default());
        let reason = match (market.addressable_accounts, level, gap.points, market.won_deals) {
            (None, ..) => Some(Reason::NoAddressableAccounts),
            (_, None, ..) => Some(Reason::NoPenetration),
            (_, _, Err(why), _) => Some(why),
            (_, _, _, 0) => Some(Reason::NoWonNewDeals),
            _ => None,
        };
        Self {
            addressable_accounts: market.addressable_accounts,
            penetration,
            overlap_accounts,
            engaged,
            won_deals: market.won_deals,
            won_arr_minor: market.won_arr_minor,
            points,
            limits,
            evidence: gap.evidence,
            counted: points.and_then(|points| counted(points, low, high, gap.evidence)),
            sourced_accounts,
            reason,
        }
    }

    /// The share of the segment's addressable accounts on which the vendor and the partner both have an active relationship,
    /// unrounded. Above 1 the segment has more accounts than it is said to have; penetration is DEEP then, as at 1.
    ///
    /// # Errors
    /// Why there is none: the accounts that could buy are unknown, or no relationship of the partner with any account is recorded.
    pub fn overlap(&self) -> Result<Decimal, Reason> {
        match self.addressable_accounts {
            None | Some(0) => Err(Reason::NoAddressableAccounts),
            Some(_) => share(self.overlap_accounts, self.addressable_accounts).ok_or(Reason::NoOverlap),
        }
    }

    /// Whether more accounts of the segment are in common than it is said to have.
    #[must_use]
    pub fn is_beyond_segment(&self) -> bool {
        self.overlap().is_ok_and(|share| share > Decimal::ONE)
    }

    /// Whether so few accounts are in common that the two sell into different markets; none where the overlap is not known.
    #[must_use]
    pub fn is_under_bar(&self, policy: &TamPolicy) -> Option<bool> {
        self.overlap().ok().map(|share| share < policy.overlap_bar_rate)
    }

    /// The penetration that counts, and where it comes from: what was set by hand comes first.
    #[must_use]
    pub fn level(&self, policy: &TamPolicy) -> Option<(PenetrationLevel, PenetrationBasis)> {
        match &self.penetration {
            Some(by_hand) => Some((by_hand.level, PenetrationBasis::ByHand)),
            None => Some((PenetrationLevel::of_overlap(self.overlap().ok()?, policy), PenetrationBasis::Overlap)),
        }
    }

    /// Average ACV in minor units, unrounded.
    #[must_use]
    pub fn average_acv(&self) -> Option<Decimal> {
        decimal(self.won_arr_minor).checked_div(Decimal::from(self.won_deals))
    }

    /// Influenced TAM of each band in whole minor units; below 0 it is a drag.
    #[must_use]
    pub fn minor(&self) -> Option<Bands<i128>> {
        let (engaged, acv) = (self.engaged?, self.average_acv()?);
        let value = |points: &Decimal| {
            whole(engaged.checked_mul(points / dec!(100)).and_then(|accounts| accounts.checked_mul(acv)))
        };
        Some(self.counted.as_ref()?.map(value))
    }

    /// The share of the engaged accounts that are counted as sourced as well, at most 1; none without engaged accounts.
    #[must_use]
    pub fn double_counted(&self) -> Option<Decimal> {
        let share = Decimal::from(self.sourced_accounts).checked_div(self.engaged?)?;
        Some(share.min(Decimal::ONE))
    }
}

#[cfg(test)]
#[path = "influenced_tests.rs"]
mod tests;
