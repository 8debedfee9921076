//! What a partner did for a deal, declared at Stage 1.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::deal::DealKind;

/// The four explicit states (paper: Attribution). There is no "partner influenced: yes/no".
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
pub enum AttributionState {
    /// The partner brought the deal.
    Sourced,
    /// The partner shaped a deal in motion.
    Influenced,
    /// The partner shortened or unblocked it.
    Accelerated,
    /// An upsell or a renewal after the close.
    ExpansionOrRetention,
}

impl AttributionState {
    /// Co-sell for Trust-Gap: SOURCED, INFLUENCED or ACCELERATED.
    #[must_use]
    pub const fn is_co_sell(self) -> bool {
        match self {
            Self::Sourced | Self::Influenced | Self::Accelerated => true,
            Self::ExpansionOrRetention => false,
        }
    }

    /// A NEW deal takes the first three states, an EXPANSION or RENEWAL deal only the fourth (LOOP.md section 3).
    #[must_use]
    pub const fn fits(self, kind: DealKind) -> bool {
        match kind {
            DealKind::New => self.is_co_sell(),
            DealKind::Expansion | DealKind::Renewal => !self.is_co_sell(),
        }
    }
}

/// How a deal's attribution was declared at Stage 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Declaration {
    /// An import could not tell, or nobody declared yet. Not direct: left out of Trust-Gap on both sides, and counted.
    Unknown,
    /// Declared as: no partner.
    Direct,
    /// Declared with partners and states.
    Partners,
}

/// Where a fact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provenance {
    /// From a file: locked as imported.
    Imported,
    /// Declared in the product.
    Declared,
}

/// One partner's state on one deal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The row's id.
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: AttributionState,
    /// Added after the lock, with evidence: left out of the default reading (ruling 8).
    pub is_late: bool,
    /// Where it came from.
    pub provenance: Provenance,
    /// The evidence, in words.
    pub evidence: Option<String>,
    /// The recorded activity that it rests on.
    pub basis_id: Option<Uuid>,
    /// When it was locked; nothing is edited afterwards.
    pub locked_at: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A partner and what it is said to have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: AttributionState,
    /// The evidence, in words.
    pub evidence: Option<String>,
    /// The recorded activity that it rests on, where the claim names one.
    pub basis_id: Option<Uuid>,
}

/// Why a declaration was refused (LOOP.md section 3, Attribution).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributionRefusal {
    /// Two partners cannot both have brought a deal.
    #[error("at most one partner is SOURCED on a deal")]
    TwoSourced,
    /// The state does not go with the kind of deal.
    #[error(
        "a NEW deal takes SOURCED, INFLUENCED or ACCELERATED; an EXPANSION or RENEWAL deal only EXPANSION_OR_RETENTION"
    )]
    StateDoesNotFitKind,
    /// The same partner in the same state twice.
    #[error("the same partner is named in the same state twice")]
    Repeated,
    /// Its registration met a deal or another claim that was there.
    #[error(
        "this partner's registration met a deal or a claim that stood on the account: it can be INFLUENCED or ACCELERATED, not SOURCED; declare what else it did"
    )]
    ChannelConflict,
    /// Its registration stands in a conflict of claims.
    #[error(
        "this partner's registration stands in a conflict of claims: RevOps or the Operator decides it before the partner can be SOURCED; else declare what else it did"
    )]
    ConflictOpen,
    /// Another partner holds the account.
    #[error(
        "another partner's valid registration holds the credit of this account: register this partner's claim, so that the conflict is decided, or declare what else it did"
    )]
    RegisteredByAnother,
    /// Somebody else's claim stands against it.
    #[error("another claim stands on this deal: RevOps decides, or declare it together")]
    Contested,
    /// Nobody declared who did what.
    #[error(
        "a deal passes Stage 1 with its attribution declared: declare what each partner did, or that no partner was involved, then move it"
    )]
    DeclarationMissing,
    /// Nothing is edited after the lock.
    #[error("the attribution is locked: a change is a dispute, not an edit")]
    Locked,
}

/// Whether claims stand against those of partners that their author does not see: direct against any, SOURCED against SOURCED.
#[must_use]
pub fn contests(claims: &[Claim], hidden: &[Attribution]) -> bool {
    let brought = |state: AttributionState| state == AttributionState::Sourced;
    let both_brought = claims.iter().any(|claim| brought(claim.state)) && hidden.iter().any(|row| brought(row.state));
    (claims.is_empty() && !hidden.is_empty()) || both_brought
}

/// Checks a declaration as a whole; each fault comes with the place of the claim.
///
/// # Errors
/// Every fault at once.
pub fn check(kind: DealKind, claims: &[Claim]) -> Result<(), Vec<(usize, AttributionRefusal)>> {
    let mut faults = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let before = &claims[..at];
        if !claim.state.fits(kind) {
            faults.push((at, AttributionRefusal::StateDoesNotFitKind));
        }
        if before.iter().any(|other| other.partner_id == claim.partner_id && other.state == claim.state) {
            faults.push((at, AttributionRefusal::Repeated));
        } else if claim.state == AttributionState::Sourced
            && before.iter().any(|other| other.state == AttributionState::Sourced)
        {
            faults.push((at, AttributionRefusal::TwoSourced));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sourced_and_states_by_kind() {
        let claim = |partner: u128, state| Claim {
            partner_id: Uuid::from_u128(partner),
            state,
            evidence: None,
            basis_id: None,
        };
        use AttributionState::{ExpansionOrRetention, Influenced, Sourced};
        assert_eq!(check(DealKind::New, &[claim(1, Sourced), claim(2, Influenced), claim(1, Influenced)]), Ok(()));
        assert_eq!(
            check(DealKind::New, &[claim(1, Sourced), claim(2, Sourced)]),
            Err(vec![(1, AttributionRefusal::TwoSourced)])
        );
        assert_eq!(
            check(DealKind::New, &[claim(1, Sourced), claim(1, Sourced)]),
            Err(vec![(1, AttributionRefusal::Repeated)])
        );
        assert_eq!(
            check(DealKind::Renewal, &[claim(1, Sourced)]),
            Err(vec![(0, AttributionRefusal::StateDoesNotFitKind)])
        );
        assert_eq!(check(DealKind::Expansion, &[claim(1, ExpansionOrRetention)]), Ok(()));
    }
}
