//! Market development funds: whether a partner may ask for more of them (seed 002, MDF: tied to pipeline commitments; access is paused
//! where these are not delivered; LOOP.md section 4).
//!
//! The committed pipeline of a quarter is what the Stage Deployment Plan has for the partner at the top of the funnel; what was delivered
//! is the ARR of NEW deals that it SOURCED and that were opened in the quarter, whatever became of them \[ours\].

use crate::calendar::Quarter;
use crate::funnel::{Commitment, FunnelStage};
use documented::DocumentedFields;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// When access to funds is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, DocumentedFields)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[documented_fields(rename_all = "camelCase")]
pub struct MdfPolicy {
    /// Access is paused where less than this share of the committed pipeline of the last quarter was delivered; 1 by default \[ours\].
    #[serde(with = "rust_decimal::serde::str")]
    pub delivery_rate: Decimal,
}

impl Default for MdfPolicy {
    fn default() -> Self {
        Self { delivery_rate: dec!(1) }
    }
}

/// Whether a partner may ask for funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MdfState {
    /// What was committed was delivered.
    Open,
    /// It was not.
    Paused,
}

/// A partner's access to funds, read off a quarter that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MdfAccess {
    /// The quarter.
    pub quarter: Quarter,
    /// The pipeline that was committed for it, in minor units; none where nothing was.
    pub committed_minor: Option<i128>,
    /// The pipeline that was delivered in it, in minor units.
    pub delivered_minor: i128,
    /// Delivered / committed, unrounded; none where nothing was committed.
    pub delivered_rate: Option<Decimal>,
    /// Whether access is open; none where nothing was committed: then there is nothing to hold it against.
    pub state: Option<MdfState>,
    /// The policy it follows.
    pub policy_version: i64,
}

/// What a partner's plans have for a quarter at the top of the funnel: that of the latest iteration that has anything, because each plan
/// takes the place of the one before. None where nothing was committed. `plans` are of one partner or several, of whatever iterations.
#[must_use]
pub fn committed(plans: &[Commitment], partner: Uuid, quarter: Quarter) -> Option<i128> {
    let own = plans
        .iter()
        .filter(|it| it.partner_id == partner && it.stage == FunnelStage::Tofu && it.for_quarter == quarter);
    let latest = own.clone().map(|it| it.quarter).max()?;
    // A plan that takes a commitment back to 0 commits nothing, whatever an earlier one said.
    Some(own.filter(|it| it.quarter == latest).map(|it| i128::from(it.arr_minor)).sum::<i128>()).filter(|sum| *sum > 0)
}

/// Reads the access off what was committed and delivered.
#[must_use]
pub fn access(
    quarter: Quarter,
    committed_minor: Option<i128>,
    delivered_minor: i128,
    (policy, policy_version): (&MdfPolicy, i64),
) -> MdfAccess {
    let delivered_rate = committed_minor.and_then(|committed| crate::economics::share(delivered_minor, committed));
    let state = delivered_rate.map(|rate| if rate < policy.delivery_rate { MdfState::Paused } else { MdfState::Open });
    MdfAccess { quarter, committed_minor, delivered_minor, delivered_rate, state, policy_version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn quarter(text: &str) -> Quarter {
        text.parse().unwrap()
    }

    fn commitment(iteration: &str, stage: FunnelStage, for_quarter: &str, arr_minor: i64) -> Commitment {
        Commitment {
            id: Uuid::nil(),
            quarter: quarter(iteration),
            partner_id: Uuid::nil(),
            stage,
            for_quarter: quarter(for_quarter),
            arr_minor,
            deals: 1,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The plan of Q3 had 100.00 for Q4; that of Q4 has 80.00. What is for another stage or another quarter is no pipeline of Q4.
    #[test]
    fn the_latest_plan_holds_and_only_the_top_of_the_funnel_counts() {
        let plans = [
            commitment("2026-Q3", FunnelStage::Tofu, "2026-Q4", 10_000),
            commitment("2026-Q4", FunnelStage::Tofu, "2026-Q4", 8_000),
            commitment("2026-Q4", FunnelStage::Expand, "2026-Q4", 99_000),
            commitment("2026-Q4", FunnelStage::Tofu, "2027-Q1", 99_000),
        ];
        assert_eq!(committed(&plans, Uuid::nil(), quarter("2026-Q4")), Some(8_000));
        assert_eq!(committed(&plans[..1], Uuid::nil(), quarter("2026-Q4")), Some(10_000));
        assert_eq!(committed(&plans, Uuid::from_u128(1), quarter("2026-Q4")), None);
        let nothing = [commitment("2026-Q4", FunnelStage::Tofu, "2026-Q4", 0)];
        assert_eq!(committed(&nothing, Uuid::nil(), quarter("2026-Q4")), None);
        let [taken_back] = nothing;
        assert_eq!(committed(&[plans[0].clone(), taken_back], Uuid::nil(), quarter("2026-Q4")), None);
    }

    /// 80.00 committed: 79.99 delivered is 0.999875 and pauses it, 80.00 does not; with a bar of 0.9, 72.00 is enough.
    #[test]
    fn access_is_paused_below_the_bar_and_unknown_without_a_commitment() {
        let read = |committed, delivered, rate| {
            access(quarter("2026-Q4"), committed, delivered, (&MdfPolicy { delivery_rate: rate }, 1)).state
        };
        assert_eq!(read(Some(8_000), 7_999, dec!(1)), Some(MdfState::Paused));
        assert_eq!(read(Some(8_000), 8_000, dec!(1)), Some(MdfState::Open));
        assert_eq!(read(Some(8_000), 7_200, dec!(0.9)), Some(MdfState::Open));
        assert_eq!(read(Some(8_000), 7_199, dec!(0.9)), Some(MdfState::Paused));
        assert_eq!(read(None, 8_000, dec!(1)), None);
    }
}
