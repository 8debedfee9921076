//! One vendor's partner program: the tenant.

use crate::{calendar::Calendar, money::Currency};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A program (LOOP.md section 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The row's id.
    pub id: Uuid,
    /// The short name that the command line and tokens use.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// The one currency it reports in.
    pub currency: Currency,
    /// Its fiscal calendar.
    pub calendar: Calendar,
    /// Bumped in the transaction of any change of a fact; every cache key holds it.
    pub data_version: i64,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}
