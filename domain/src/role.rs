//! Who may do what: the nine seats of LOOP.md section 5 and one policy for all of them.
//!
//! Everything that depends on a role derives from [`Action::audience`]: the guard of a use case, the visibility of a
//! GraphQL field, the `@allow` printed in `schema.graphql`, and the golden `role_matrix.txt`.

use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumIter, EnumString, IntoStaticStr};

pub use crate::action::Action;

/// A seat in the loop. The role comes from the seat row, never from the token (ruling 28).
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
    EnumCount,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Leads the program.
    Operator,
    /// The vendor's Pod member who reads the partner side ("Architect").
    PartnerAe,
    /// Owns the customer motion of its deals ("Closer").
    CustomerAe,
    /// Holds the relationship with the partners it manages.
    PartnerManager,
    /// Instruments the Stack: imports, segments, seats, tokens, policy ("Auditor").
    Revops,
    /// Owns spend, rates, payouts; reads money and the Conservative band.
    Finance,
    /// CRO, CFO, board: totals and partners.
    Leadership,
    /// A private-equity operating partner: roll-ups of its programs, no program of its own.
    Portfolio,
    /// The outside company, through a token scoped to one partner.
    Partner,
}

impl Role {
    /// The role's word on the wire, such as `PARTNER_AE`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The role as a bit of a [`RoleSet`].
    #[must_use]
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoleSet(u16);

impl RoleSet {
    /// The set of exactly these roles.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < roles.len() {
            bits |= roles[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether the role is in the set.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// The roles that are in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The one question: may a seat of this role do this?
#[must_use]
pub const fn may(role: Role, action: Action) -> bool {
    action.audience().contains(role)
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
