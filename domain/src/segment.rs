//! A named part of the market.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A segment. An account is in one at a time; a deal keeps the one it had at Stage 1 for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The row's id.
    pub id: Uuid,
    /// Its name, unique in the program without regard to case.
    pub name: String,
    /// How many accounts of the segment could buy (Phase 2).
    pub addressable_accounts: Option<i64>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}
