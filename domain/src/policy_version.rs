//! The policy's history: versions that hold from a day on, and drafts of the next one.
//!
//! A measure as of a day is computed under the version that holds on that day, so that a later policy rewrites no past.

use crate::policy::Policy;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A version with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The row's id.
    pub id: Uuid,
    /// Its numbers, under their version.
    pub policy: Policy,
    /// The first day it holds, in the program's zone, unless a later version holds on that day too.
    pub active_from: NaiveDate,
    /// Who activated it; nil for what a program begins with.
    pub seat_id: Uuid,
    /// Why.
    pub reason: String,
    /// When it was activated.
    pub recorded_at: DateTime<Utc>,
}

/// Of these versions, the latest first, the policy that holds on a day; the defaults before the first.
#[must_use]
pub fn in_force(versions: &[PolicyVersion], day: NaiveDate) -> Policy {
    versions.iter().find(|version| version.active_from <= day).map_or_else(Policy::default, |it| it.policy.clone())
}

/// Numbers that somebody thinks of, on top of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDraft {
    /// The row's id.
    pub id: Uuid,
    /// What it is about.
    pub title: String,
    /// The version it changes.
    pub base_version: i64,
    /// All numbers, the changed ones among them.
    pub policy: Policy,
    /// Who began it.
    pub seat_id: Uuid,
    /// The row's version.
    pub version: i64,
    /// The version it became.
    pub activated_version: Option<i64>,
    /// When it was begun.
    pub recorded_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// Why a draft cannot become a version, or cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotActivated {
    /// It would change what was.
    #[error("a policy begins today or later, in the program's zone: what was measured and published before stays")]
    Retroactive,
    /// Another version was activated since the draft was begun.
    #[error("the policy has changed since this draft was begun: begin a draft on the present version")]
    Overtaken,
    /// It has become a version already.
    #[error("this draft was activated already")]
    Activated,
    /// It changes nothing.
    #[error("the draft changes no number")]
    Unchanged,
    /// A number of it does not go with another: a draft from before that was looked at.
    #[error("numbers of the draft do not go with each other: change it, and it says which")]
    Incoherent,
}

impl NotActivated {
    /// The stable code of the rule.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Retroactive => "POLICY_RETROACTIVE",
            Self::Overtaken => "POLICY_DRAFT_OVERTAKEN",
            Self::Activated => "POLICY_DRAFT_ACTIVATED",
            Self::Unchanged => "POLICY_DRAFT_UNCHANGED",
            Self::Incoherent => "POLICY_DRAFT_INCOHERENT",
        }
    }
}

/// The first day of the policy that a program begins with: before everything it may ever import.
#[must_use]
pub fn beginning() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN)
}

impl PolicyVersion {
    /// What a program begins with: the defaults of the day it is made, which a later release does not change.
    #[must_use]
    pub fn first(id: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            id,
            policy: Policy::default(),
            active_from: beginning(),
            seat_id: Uuid::nil(),
            reason: "The defaults, from the start of the program.".into(),
            recorded_at: now,
        }
    }
}

impl PolicyDraft {
    /// Whether it may still become the next version after the latest.
    ///
    /// # Errors
    /// [`NotActivated::Activated`] or [`NotActivated::Overtaken`].
    pub const fn is_open(&self, latest: i64) -> Result<(), NotActivated> {
        if self.activated_version.is_some() {
            Err(NotActivated::Activated)
        } else if self.base_version != latest {
            Err(NotActivated::Overtaken)
        } else {
            Ok(())
        }
    }

    /// The policy it becomes, from a day on.
    ///
    /// # Errors
    /// [`NotActivated`].
    pub fn activate(&self, latest: &Policy, from: NaiveDate, today: NaiveDate) -> Result<Policy, NotActivated> {
        self.is_open(latest.version)?;
        if from < today {
            return Err(NotActivated::Retroactive);
        }
        if self.policy.changes_of(latest).is_empty() {
            return Err(NotActivated::Unchanged);
        }
        if !self.policy.conflicts().is_empty() {
            return Err(NotActivated::Incoherent);
        }
        Ok(Policy { version: latest.version + 1, ..self.policy.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_never_retroactive_and_never_overwrites_another() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let latest = Policy { version: 2, ..Policy::default() };
        let draft = PolicyDraft {
            id: Uuid::nil(),
            title: "Ask for more deals".into(),
            base_version: 2,
            policy: Policy { version: 2, solid_deals: 12, ..Policy::default() },
            seat_id: Uuid::nil(),
            version: 1,
            activated_version: None,
            recorded_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let (today, tomorrow) = (day("2026-10-05"), day("2026-10-06"));
        for from in [today, tomorrow] {
            let next = draft.activate(&latest, from, today).map(|policy| (policy.version, policy.solid_deals));
            assert_eq!(next, Ok((3, 12)));
        }
        assert_eq!(draft.activate(&latest, today, tomorrow), Err(NotActivated::Retroactive));
        let moved = Policy { version: 3, ..Policy::default() };
        assert_eq!(draft.activate(&moved, today, today), Err(NotActivated::Overtaken));
        let same = PolicyDraft { policy: Policy::default(), ..draft.clone() };
        assert_eq!(same.activate(&latest, today, today), Err(NotActivated::Unchanged));
        let torn = Policy { credit_half_life_days: 0, ..draft.policy.clone() };
        let torn = PolicyDraft { policy: torn, ..draft.clone() };
        assert_eq!(torn.activate(&latest, today, today), Err(NotActivated::Incoherent));
        let done = PolicyDraft { activated_version: Some(3), ..draft };
        assert_eq!(done.activate(&latest, today, today), Err(NotActivated::Activated));
    }
}
