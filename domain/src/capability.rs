//! The capability map: what each partner can do, whom it knows and where it is, each entry with its evidence and the day on which
//! somebody validated it (LOOP.md section 2, Profile; seed 001, step 3).

use crate::foundation::{FoundationRefusal, FoundationStep};
use crate::policy::Policy;
use crate::text;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What an entry is about.
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
pub enum CapabilityKind {
    /// An industry that it is expert in.
    Industry,
    /// A buyer that it knows, at an account where one is named.
    BuyerRelationship,
    /// A technology that it is competent in.
    Technical,
    /// A country or region in which it is present.
    Geographic,
}

/// An entry of the capability map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What it is about.
    pub kind: CapabilityKind,
    /// Which industry, buyer, technology or place, in the program's words.
    pub value: String,
    /// The account whose buyer it knows; of a BUYER_RELATIONSHIP only.
    pub account_id: Option<Uuid>,
    /// What shows it.
    pub evidence: String,
    /// The local day on which it was validated last.
    pub validated_on: NaiveDate,
    /// Who validated it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Capability {
    /// The last day on which it counts without being validated again.
    #[must_use]
    pub fn valid_until(&self, policy: &Policy) -> NaiveDate {
        let days = Days::new(policy.profile.capability_valid_days.into());
        self.validated_on.checked_add_days(days).unwrap_or(NaiveDate::MAX)
    }

    /// Whether it must be validated again: after the last day of its term, inclusive (ruling 26). A stale entry is shown and counts
    /// for nothing.
    #[must_use]
    pub fn is_stale(&self, today: NaiveDate, policy: &Policy) -> bool {
        today > self.valid_until(policy)
    }

    /// Whether it says this, but for case and white space.
    #[must_use]
    pub fn says(&self, kind: CapabilityKind, value: &str) -> bool {
        self.kind == kind && text::key(&self.value) == text::key(value)
    }
}

/// How far a program's map has come: what step 3 of the Foundation rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapState {
    /// Entries of partners at work.
    pub entries: u64,
    /// Those of them that must be validated again.
    pub stale_entries: u64,
    /// Partners at work.
    pub partners: u64,
    /// Those of them with an entry that is not stale.
    pub mapped_partners: u64,
}

impl MapState {
    /// Whether the map bears a step of the Foundation: a capability map of the program's own has an entry. The template's is in force
    /// without one (ruling 37).
    ///
    /// # Errors
    /// [`FoundationRefusal::MapEmpty`].
    pub const fn bears(&self, step: FoundationStep) -> Result<(), FoundationRefusal> {
        match step {
            FoundationStep::CapabilityMap if self.entries == 0 => Err(FoundationRefusal::MapEmpty),
            FoundationStep::CoSellMotion
            | FoundationStep::AttributionFramework
            | FoundationStep::CapabilityMap
            | FoundationStep::AdministrativeLayer => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_of_ones_own_has_an_entry() {
        let empty = MapState { partners: 4, ..MapState::default() };
        assert_eq!(empty.bears(FoundationStep::CapabilityMap), Err(FoundationRefusal::MapEmpty));
        assert!(empty.bears(FoundationStep::CoSellMotion).is_ok());
        assert!(MapState { entries: 1, ..empty }.bears(FoundationStep::CapabilityMap).is_ok());
    }

    /// Validated on 2026-01-01, 180 days end with 2026-06-30: 30 + 28 + 31 + 30 + 31 + 30 = 180.
    #[test]
    fn an_entry_is_stale_after_the_last_day_of_its_term() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let entry = Capability {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            kind: CapabilityKind::Industry,
            value: "Life  Sciences".into(),
            account_id: None,
            evidence: "Three references.".into(),
            validated_on: day("2026-01-01"),
            seat_id: Uuid::nil(),
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let policy = Policy::default();
        assert_eq!(entry.valid_until(&policy), day("2026-06-30"));
        assert!(!entry.is_stale(day("2026-06-30"), &policy) && entry.is_stale(day("2026-07-01"), &policy));
        assert!(entry.says(CapabilityKind::Industry, "life sciences"));
        assert!(!entry.says(CapabilityKind::Technical, "life sciences"));
    }
}
