//! Which partner motions go with closed-won: the question that one binary "partner-influenced" field cannot answer (paper, "The
//! feedback loop breaks").

use crate::economics::Worth;
use crate::policy::Policy;
use crate::trust_gap::{TrustGap, WinRate};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// Closed NEW deals on which one thing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MotionTally {
    /// What was done: a kind of activity with a partner, `JOINT_MEETING`, or `NOTHING_RECORDED`.
    pub motion: String,
    /// Won.
    pub won: Worth,
    /// How many were lost.
    pub lost: u64,
}

/// How deals with one motion, or in one state, ended beside direct ones. One deal may be in several: they are compared, not added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MotionOutcome {
    /// The motion or the state.
    pub group: String,
    /// Won.
    pub won: Worth,
    /// The difference to the direct win rate, measured as Trust-Gap is.
    pub gap: TrustGap,
}

impl MotionOutcome {
    /// Measures one group beside the direct deals.
    #[must_use]
    pub fn of(tally: MotionTally, direct: WinRate, policy: &Policy) -> Self {
        let rate = WinRate { won: tally.won.deals, lost: tally.lost };
        Self { group: tally.motion, won: tally.won, gap: TrustGap::measure(rate, direct, 0, policy) }
    }
}

/// By what rows look like one and the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum DuplicateKind {
    /// Accounts of one registrable domain.
    AccountDomain,
    /// Partners of one registrable domain.
    PartnerDomain,
    /// Partners of one name, but for case and spaces.
    PartnerName,
    /// Deals with one registration id.
    DealRegistration,
    /// Open deals of one name on one account.
    OpenDeal,
}

impl DuplicateKind {
    /// What kind of rows they are.
    #[must_use]
    pub const fn row(self) -> &'static str {
        match self {
            Self::AccountDomain => "Account",
            Self::PartnerDomain | Self::PartnerName => "Partner",
            Self::DealRegistration | Self::OpenDeal => "Deal",
        }
    }
}

/// Rows that look like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// By what.
    pub kind: DuplicateKind,
    /// What they share.
    pub what: String,
    /// How many there are.
    pub rows: u64,
    /// Their ids, the first twenty.
    pub ids: Vec<Uuid>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn a_motion_is_compared_with_the_direct_deals() {
        let tally = MotionTally {
            motion: "JOINT_MEETING".into(),
            won: Worth { deals: 13, arr_minor: 130, without_arr: 0 },
            lost: 7,
        };
        // 65 % beside 40 %: the paper's +25 points.
        let outcome = MotionOutcome::of(tally, WinRate { won: 8, lost: 12 }, &Policy::default());
        assert_eq!(outcome.gap.points, Ok(dec!(25)));
    }
}
