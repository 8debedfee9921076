//! Calls in which vendor and partner were together, with their notes in one place (seed 004, Co-Sell Rhythm: notes logged in the same
//! place, summaries after each call).
//!
//! \[ours\] A joint meeting that is logged with its partner and a session of the joint pod each owe a summary, which the vendor writes: 48
//! hours from when the call was held (`slaHandoffSummaryHours`), the guide's "discovery summary in 48 hours". It is another promise than
//! the partner's own summary of a registration's meeting (24 hours). Meetings that a partner tells of with its own summary, and imported
//! ones, owe none.

use crate::registration::{Mark, Summary};
use chrono::{DateTime, Utc};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What kind of call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum JointCallKind {
    /// Vendor and partner met the customer of a deal.
    JointMeeting,
    /// A session of the weekly joint pod.
    PodSession,
}

/// How the summary of a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum JointCallState {
    /// It is owed, in time.
    Due,
    /// It is owed, and its time is over.
    Overdue,
    /// It is there, in time or late.
    Summarised,
}

/// A call that was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointCall {
    /// The row's id.
    pub id: Uuid,
    /// What kind of call it was.
    pub kind: JointCallKind,
    /// The partner.
    pub partner_id: Uuid,
    /// The deal, of a joint meeting.
    pub deal_id: Option<Uuid>,
    /// The pod, of a session.
    pub pod_id: Option<Uuid>,
    /// The activity or the session that it is.
    pub subject_id: Uuid,
    /// When it was held.
    pub held_at: DateTime<Utc>,
    /// By when its summary is due, inclusive.
    pub due_at: DateTime<Utc>,
    /// Its summary; none while it is owed.
    pub summary: Option<Summary>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// Why a summary was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum JointCallRefusal {
    /// It has one.
    #[error("this call has its summary")]
    AlreadySummarised,
}

impl JointCall {
    /// How its summary stands at an instant.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> JointCallState {
        match self.summary {
            Some(_) => JointCallState::Summarised,
            None if now > self.due_at => JointCallState::Overdue,
            None => JointCallState::Due,
        }
    }

    /// Whether its summary came after the time it was due.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.mark.at > self.due_at)
    }

    /// With its summary, once.
    ///
    /// # Errors
    /// [`JointCallRefusal::AlreadySummarised`].
    pub fn summarise(self, text: String, mark: Mark) -> Result<Self, JointCallRefusal> {
        match self.summary {
            Some(_) => Err(JointCallRefusal::AlreadySummarised),
            None => Ok(Self { summary: Some(Summary { text, mark }), version: self.version + 1, ..self }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Held on Monday at 9:00: due on Wednesday at 9:00, inclusive.
    #[test]
    fn the_due_time_itself_is_in_time_and_a_call_is_summarised_once() {
        let call = JointCall {
            id: Uuid::nil(),
            kind: JointCallKind::JointMeeting,
            partner_id: Uuid::nil(),
            deal_id: None,
            pod_id: None,
            subject_id: Uuid::nil(),
            held_at: at("2026-10-05T09:00:00Z"),
            due_at: at("2026-10-07T09:00:00Z"),
            summary: None,
            version: 1,
        };
        let late = at("2026-10-07T09:00:00.000001Z");
        assert_eq!((call.state(call.due_at), call.state(late)), (JointCallState::Due, JointCallState::Overdue));
        let with = |at| call.clone().summarise("what was said".into(), Mark { at, by: Uuid::nil() }).unwrap();
        assert!(!with(call.due_at).is_late() && with(late).is_late());
        assert_eq!((with(late).state(late), with(late).version), (JointCallState::Summarised, 2));
        let again = with(late).summarise("again".into(), Mark { at: late, by: Uuid::nil() });
        assert_eq!(again, Err(JointCallRefusal::AlreadySummarised));
    }
}
