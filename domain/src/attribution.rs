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
    /// When it was locked; nothing is edited afterwards.
    pub locked_at: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}
