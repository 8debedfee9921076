//! What the Pod asks of a partner's rep, and how soon it is answered: the glossary's mean time to respond rests on it.

use crate::registration::Mark;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// A request of the Pod to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRequest {
    /// The row's id.
    pub id: Uuid,
    /// The partner that is asked.
    pub partner_id: Uuid,
    /// The deal it is about.
    pub deal_id: Option<Uuid>,
    /// The registration it is about.
    pub registration_id: Option<Uuid>,
    /// The partner's person who is asked.
    pub person_id: Option<Uuid>,
    /// The question.
    pub question: String,
    /// Who asked, and when.
    pub asked: Mark,
    /// The answer.
    pub answer: Option<PodAnswer>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// The partner's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodAnswer {
    /// What it says.
    pub text: String,
    /// Who answered, and when.
    pub mark: Mark,
}

impl PodRequest {
    /// The time to the answer; of a request that waits, its age so far \[ours\]: silence must not look fast.
    #[must_use]
    pub fn response(&self, now: DateTime<Utc>) -> TimeDelta {
        self.answer.as_ref().map_or(now, |answer| answer.mark.at) - self.asked.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_grows_old_and_an_answer_stops_the_clock() {
        let at = |text: &str| text.parse().unwrap();
        let by = Uuid::nil();
        let mut request = PodRequest {
            id: by,
            partner_id: by,
            deal_id: None,
            registration_id: None,
            person_id: None,
            question: "Who signs?".into(),
            asked: Mark { at: at("2026-10-05T09:00:00Z"), by },
            answer: None,
            version: 1,
        };
        assert_eq!(request.response(at("2026-10-06T10:30:00Z")), TimeDelta::minutes(25 * 60 + 30));
        request.answer = Some(PodAnswer { text: "The COO.".into(), mark: Mark { at: at("2026-10-05T11:00:00Z"), by } });
        assert_eq!(request.response(at("2026-12-01T00:00:00Z")), TimeDelta::hours(2));
    }
}
