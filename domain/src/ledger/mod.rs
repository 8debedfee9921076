//! The ledger: what was recorded and when, so that either side can prove it (LOOP.md section 4, docs/LEDGER.md).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

pub mod audit;
pub mod checkpoint;
pub mod export;
mod fact;
pub mod receipt;
pub mod record;
pub mod tree;

pub use fact::{BasisFact, DealFact};

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// A deal's attribution was declared, and can still be declared anew.
    AttributionDeclared,
    /// A deal's attribution was locked at Stage 1.
    AttributionLocked,
    /// A contribution was added after the lock, flagged late.
    AttributionAmended,
    /// A locked attribution is disputed.
    DisputeOpened,
    /// RevOps decided a dispute.
    DisputeDecided,
    /// Who opened a dispute took it back before it was decided.
    DisputeWithdrawn,
    /// A partner registered a deal.
    RegistrationSubmitted,
    /// A registration was approved.
    RegistrationApproved,
    /// A registration was refused.
    RegistrationRefused,
    /// A registration ran out by its clock.
    RegistrationExpired,
    /// A registration was refreshed with the summary of a meeting.
    RegistrationRefreshed,
    /// A partner took its registration back.
    RegistrationWithdrawn,
    /// A conflict between claims on one account was decided.
    ConflictDecided,
    /// The partner's own rep was logged as committed: the gate opened.
    PrimarySaleLogged,
    /// The countdown ran out before the partner's rep was committed.
    PrimarySaleLapsed,
    /// A partner's investment tier was decided.
    TierDecided,
    /// A deliverable was published.
    Publication,
    /// Something was approved.
    Approval,
    /// Somebody signed for a figure or a definition: Finance for spend, rates, attribution.
    SignOff,
    /// A step was taken against a rule, by who may, with a reason.
    Override,
    /// A partner was paid.
    Payout,
    /// A draft of the policy was begun or changed; nothing goes by it before it is activated.
    PolicyChanged,
    /// A version of the policy came into force.
    PolicyActivated,
    /// A version of the contract terms with a partner was agreed.
    ContractAgreed,
    /// A file was imported: its hash, and a digest of what it locked.
    Import,
    /// What stood on record before there was a ledger.
    Opening,
}

/// An entry as it was written. It is never changed; only its place in the log is added when it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry.
    pub id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// What it records.
    pub kind: EntryKind,
    /// The kind of row that it is about, such as `Deal`.
    pub subject_type: String,
    /// The row that it is about.
    pub subject_id: Uuid,
    /// The partners that may hold a receipt.
    pub partners: Vec<Uuid>,
    /// What is recorded, as canonical JSON: see docs/LEDGER.md.
    pub body: String,
    /// The secret that keeps anybody from guessing what an entry says from its hash (ruling 34).
    pub salt: Salt,
    /// The seat that did it; nil for the server itself.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Its place in the log; none until it is sealed.
    pub sequence: Option<u64>,
}

impl Entry {
    /// The whole fact that the entry states, where it is about a deal.
    #[must_use]
    pub fn fact(&self) -> Option<DealFact> {
        let mut body: Value = serde_json::from_str(&self.body).ok()?;
        serde_json::from_value(body.get_mut(INSIDE)?.get_mut(FACT)?.take()).ok()
    }
}

/// The 16 secret bytes of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// Without the bytes, which must never reach a log.
impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

/// The member of a body whose items are each one partner's own: an array of objects with `partnerId`.
pub const PARTNERS: &str = "partners";
/// The member of a body that no partner ever sees: an object.
pub const INSIDE: &str = "inside";
/// The member of [`INSIDE`] that states the whole fact as it stood when the entry was written: `check` compares it.
pub const FACT: &str = "fact";

/// JSON in one spelling: the members of every object sorted, no white space.
#[must_use]
pub fn canonical(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

/// An instant as entries spell it: RFC 3339, UTC, six digits.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_json_has_one_spelling() {
        let (a, b) =
            (json!({ "b": [{ "y": 1, "x": "é" }], "a": null }), json!({ "a": null, "b": [{ "x": "é", "y": 1 }] }));
        assert_eq!(canonical(a), canonical(b.clone()));
        assert_eq!(canonical(b), r#"{"a":null,"b":[{"x":"é","y":1}]}"#);
    }
}
