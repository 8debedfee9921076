//! The record of what was changed, by whom, and when it was recorded.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A recorded change of a fact. Changes are only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The change.
    pub id: Uuid,
    /// The seat that did it; nil for the server itself (the command line and the jobs).
    pub seat_id: Uuid,
    /// What was done, such as `deal.update`.
    pub verb: String,
    /// The kind of row, such as `Deal`.
    pub subject_type: String,
    /// The row.
    pub subject_id: Uuid,
    /// The facts as they are after it (and before it, where they matter), as JSON.
    pub body: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}
