//! Roles on the wire.

use async_graphql::Enum;
use domain::role::Role;

/// A seat in the partner program. It decides what one sees: everything outside a role's slice is unknown to it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "Role", remote = "Role")]
pub enum RoleWord {
    /// Leads the program: reads all of it.
    Operator,
    /// The vendor's partner-facing account executive, bound to pods.
    PartnerAe,
    /// The customer-facing account executive, bound to the deals it owns and to its pods.
    CustomerAe,
    /// Manages the relationship with the partners it is bound to.
    PartnerManager,
    /// Runs the data and the rules: imports, segments, seats, tokens.
    Revops,
    /// Owns spend and rates; reads money, closed deals and Trust-Gap.
    Finance,
    /// CRO, CFO and board: totals and partners.
    Leadership,
    /// A private-equity operating partner: roll-ups of its programs.
    Portfolio,
    /// An outside partner company: its own rows only.
    Partner,
}
