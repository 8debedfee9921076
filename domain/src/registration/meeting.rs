//! Meetings on a registration, each with the summary that it owes.

use super::Mark;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// A meeting that was held on a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meeting {
    /// The activity that it is on record as, which the clock of its summary is about. None on rows of before: that clock is about the
    /// registration.
    #[serde(default)]
    pub activity_id: Option<Uuid>,
    /// When it was held.
    pub held_at: DateTime<Utc>,
    /// Who recorded it, and when.
    pub recorded: Mark,
    /// The last instant at which its summary is in time.
    pub summary_due_at: DateTime<Utc>,
    /// Its summary.
    pub summary: Option<Summary>,
}

/// The summary of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// What was said.
    pub text: String,
    /// Who attached it, and when.
    pub mark: Mark,
}

/// Meetings, or the one that a row of before has.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrAll {
    All(Vec<Meeting>),
    One(Meeting),
}

/// Reads meetings, of rows of before the one that they kept.
pub(super) fn one_or_all<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Meeting>, D::Error> {
    Ok(match Option::<OneOrAll>::deserialize(from)? {
        None => Vec::new(),
        Some(OneOrAll::One(meeting)) => vec![meeting],
        Some(OneOrAll::All(meetings)) => meetings,
    })
}

impl Meeting {
    /// Whether its summary came after the time it was due.
    #[must_use]
    pub fn is_summary_late(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.mark.at > self.summary_due_at)
    }
}
