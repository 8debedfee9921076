//! How a partner overlaps with an account: what matching and the account-level trust-gap score read (seed 002, account mapping).

use crate::policy::Policy;
use rust_decimal::{Decimal, dec};
use strum::{EnumIter, IntoStaticStr};

/// How near a partner is to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Overlap {
    /// It is not recorded on it.
    Nothing,
    /// It was at work on it: an attribution on one of its deals, or a recorded touch; a note is none.
    Touched,
    /// The account belongs to it or buys through it.
    Customer,
}

impl Overlap {
    /// From 0 to 100: 100 for its customer, the policy's share of it for one that it touched.
    #[must_use]
    pub fn score(self, policy: &Policy) -> Decimal {
        match self {
            Self::Nothing => Decimal::ZERO,
            Self::Touched => policy.profile.touched_overlap_rate * dec!(100),
            Self::Customer => dec!(100),
        }
    }
}
