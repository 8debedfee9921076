//! Where a registration stands, and the steps that lead on.

use super::{Expiry, Mark, RegistrationRefusal, StateWord, Verdict};
use crate::contract::{ContractNumber, ContractTerms, Decided};
use crate::policy::Policy;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// Where a registration stands, with what makes it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum State {
    /// Waits for the vendor.
    Submitted,
    /// Approved; the clocks run.
    Approved(Grant),
    /// Approved before, and its validity begun anew.
    Refreshed(Grant),
    /// The vendor said no.
    Refused(Verdict),
    /// The partner took it back.
    Withdrawn {
        /// Who took it back, and when.
        mark: Mark,
    },
    /// A clock ran out.
    Expired {
        /// What had been granted.
        grant: Grant,
        /// Which clock.
        reason: Expiry,
        /// The first day on which it held no more.
        on: NaiveDate,
    },
    /// The deal's attribution is locked with this partner on it, since before the approval or after it: the lock protects the credit
    /// from then on \[ours: an approval of what is locked already is an answer to the partner, and has nothing left to protect\].
    Converted {
        /// What had been granted.
        grant: Grant,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What an approval grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The decision.
    pub verdict: Verdict,
    /// The local day it begins.
    pub from: NaiveDate,
    /// The last local day it is valid.
    pub valid_through: NaiveDate,
    /// The last local day by which a meeting must have been held; none after a refresh, which is built on one.
    pub meet_by: Option<NaiveDate>,
    /// The latest meeting.
    pub meeting: Option<Meeting>,
    /// The letter that the partner got, as it was sent.
    pub letter: String,
    /// The version of the policy in force: its numbers count where the contract gives none.
    pub policy_version: i64,
    /// The version of the partner's contract terms that gave its days, or one of them; none where the policy gave all.
    #[serde(default)]
    pub contract_version: Option<i64>,
}

/// A meeting that was held on a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meeting {
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

impl Meeting {
    /// Whether its summary came after the time it was due.
    #[must_use]
    pub fn is_summary_late(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.mark.at > self.summary_due_at)
    }
}

/// How far a registration protects its partner at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Validity {
    /// Not decided yet.
    Pending,
    /// It protects.
    Valid,
    /// A meeting's summary is overdue: it protects nothing until the summary is attached. The clocks run on \[ours\].
    Suspended,
    /// It protects no more.
    Over,
}

/// The numbers that a registration runs by: the contract's, else the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Days of validity from approval.
    pub validity_days: u32,
    /// Days from approval in which a meeting must be held.
    pub meeting_days: u32,
    /// Hours from a meeting in which its summary is due.
    pub summary_hours: u32,
    /// The policy's version.
    pub policy_version: i64,
    /// The version of the contract that gave days of validity or of meeting; none where the policy gave both.
    pub contract_version: Option<i64>,
}

impl Terms {
    /// The numbers of the contract in force where it gives them, else of the policy.
    #[must_use]
    pub fn agreed(contract: Option<&ContractTerms>, policy: &Policy) -> Self {
        let number = |number, usual| Decided::of(contract, number, usual);
        let validity = number(ContractNumber::RegistrationValidityDays, policy.registration.validity_days);
        let meeting = number(ContractNumber::RegistrationMeetingDays, policy.registration.meeting_days);
        let summary = number(ContractNumber::MeetingSummaryHours, policy.registration.summary_hours);
        Self {
            validity_days: validity.value,
            meeting_days: meeting.value,
            summary_hours: summary.value,
            policy_version: policy.version,
            contract_version: validity.contract_version.or(meeting.contract_version),
        }
    }
}

impl Grant {
    fn begin(verdict: Verdict, today: NaiveDate, terms: Terms, meets: bool, letter: String) -> Self {
        let after = |days: u32| today.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX);
        Self {
            verdict,
            from: today,
            valid_through: after(terms.validity_days),
            meet_by: meets.then(|| after(terms.meeting_days)),
            meeting: None,
            letter,
            policy_version: terms.policy_version,
            contract_version: terms.contract_version,
        }
    }

    /// The last local day it holds as things are, and which clock ends it. Where both end on one day, the missing meeting is
    /// what is said.
    #[must_use]
    pub fn end(&self) -> (NaiveDate, Expiry) {
        match self.meet_by {
            Some(day) if self.meeting.is_none() && day <= self.valid_through => (day, Expiry::NoMeeting),
            Some(_) | None => (self.valid_through, Expiry::Validity),
        }
    }

    fn is_suspended(&self, now: DateTime<Utc>) -> bool {
        self.meeting.as_ref().is_some_and(|meeting| meeting.summary.is_none() && now > meeting.summary_due_at)
    }
}

impl State {
    /// Its word.
    #[must_use]
    pub const fn word(&self) -> StateWord {
        match self {
            Self::Submitted => StateWord::Submitted,
            Self::Approved(_) => StateWord::Approved,
            Self::Refreshed(_) => StateWord::Refreshed,
            Self::Refused(_) => StateWord::Refused,
            Self::Withdrawn { .. } => StateWord::Withdrawn,
            Self::Expired { .. } => StateWord::Expired,
            Self::Converted { .. } => StateWord::Converted,
        }
    }

    /// What was granted, also when it is over.
    #[must_use]
    pub const fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Approved(grant)
            | Self::Refreshed(grant)
            | Self::Expired { grant, .. }
            | Self::Converted { grant, .. } => Some(grant),
            Self::Submitted | Self::Refused(_) | Self::Withdrawn { .. } => None,
        }
    }

    /// The decision, where there was one.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Refused(verdict) => Some(verdict),
            Self::Submitted
            | Self::Approved(_)
            | Self::Refreshed(_)
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Converted { .. } => self.grant().map(|grant| &grant.verdict),
        }
    }

    /// The last local day it holds as things are; none where no clock runs.
    #[must_use]
    pub fn ends_on(&self) -> Option<NaiveDate> {
        self.running().map(|grant| grant.end().0)
    }

    /// The grant whose clocks run.
    const fn running(&self) -> Option<&Grant> {
        match self {
            Self::Approved(grant) | Self::Refreshed(grant) => Some(grant),
            Self::Submitted
            | Self::Refused(_)
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Converted { .. } => None,
        }
    }

    /// How far it protects its partner at an instant, and the local day of it.
    #[must_use]
    pub fn validity(&self, today: NaiveDate, now: DateTime<Utc>) -> Validity {
        match self {
            Self::Submitted => Validity::Pending,
            Self::Approved(grant) | Self::Refreshed(grant) if today <= grant.end().0 => {
                if grant.is_suspended(now) {
                    Validity::Suspended
                } else {
                    Validity::Valid
                }
            }
            Self::Approved(_)
            | Self::Refreshed(_)
            | Self::Refused(_)
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Converted { .. } => Validity::Over,
        }
    }

    /// Whether it protected its partner on a local day, and at an instant of it, whatever became of it later.
    #[must_use]
    pub fn protected(&self, day: NaiveDate, at: DateTime<Utc>) -> bool {
        match self {
            Self::Approved(grant) | Self::Refreshed(grant) => {
                grant.from <= day && day <= grant.end().0 && !grant.is_suspended(at)
            }
            Self::Expired { on, grant, .. } => grant.from <= day && day < *on && !grant.is_suspended(at),
            // The lock protects the credit from then on; before it was granted it protected nothing, whatever was locked by then.
            Self::Converted { grant, .. } => grant.verdict.mark.at <= at,
            Self::Submitted | Self::Refused(_) | Self::Withdrawn { .. } => false,
        }
    }

    /// What it is on a day: expired where a clock ran out, whether or not the scheduler has been there.
    #[must_use]
    pub fn on(self, today: NaiveDate) -> Self {
        match self {
            Self::Approved(grant) | Self::Refreshed(grant) if grant.end().0 < today => {
                let (last, reason) = grant.end();
                Self::Expired { on: last.succ_opt().unwrap_or(NaiveDate::MAX), grant, reason }
            }
            same @ (Self::Submitted
            | Self::Approved(_)
            | Self::Refreshed(_)
            | Self::Refused(_)
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Converted { .. }) => same,
        }
    }

    /// Approves.
    ///
    /// # Errors
    /// [`RegistrationRefusal::NotSubmitted`].
    pub fn approve(
        &self,
        verdict: Verdict,
        today: NaiveDate,
        terms: Terms,
        letter: impl FnOnce(NaiveDate) -> String,
    ) -> Result<Self, RegistrationRefusal> {
        self.must_wait()?;
        let mut grant = Grant::begin(verdict, today, terms, true, String::new());
        grant.letter = letter(grant.valid_through);
        Ok(Self::Approved(grant))
    }

    /// Refuses.
    ///
    /// # Errors
    /// [`RegistrationRefusal::NotSubmitted`].
    pub fn refuse(&self, verdict: Verdict) -> Result<Self, RegistrationRefusal> {
        self.must_wait()?;
        Ok(Self::Refused(verdict))
    }

    /// Loses its account to a claim that was first: the one way to a refusal after an approval.
    ///
    /// # Errors
    /// [`RegistrationRefusal::AlreadyOver`].
    pub fn lose(&self, verdict: Verdict) -> Result<Self, RegistrationRefusal> {
        if self.word().is_live() { Ok(Self::Refused(verdict)) } else { Err(RegistrationRefusal::AlreadyOver) }
    }

    const fn must_wait(&self) -> Result<(), RegistrationRefusal> {
        if matches!(self, Self::Submitted) { Ok(()) } else { Err(RegistrationRefusal::NotSubmitted) }
    }

    /// Takes it back: while it waits, or while it holds.
    ///
    /// # Errors
    /// [`RegistrationRefusal::AlreadyOver`].
    pub const fn withdraw(&self, mark: Mark) -> Result<Self, RegistrationRefusal> {
        if self.word().is_live() { Ok(Self::Withdrawn { mark }) } else { Err(RegistrationRefusal::AlreadyOver) }
    }

    fn with(
        &self,
        change: impl FnOnce(&mut Grant) -> Result<(), RegistrationRefusal>,
    ) -> Result<Self, RegistrationRefusal> {
        let mut next = self.clone();
        match &mut next {
            Self::Approved(grant) | Self::Refreshed(grant) => change(grant)?,
            Self::Submitted
            | Self::Refused(_)
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Converted { .. } => return Err(RegistrationRefusal::NotApproved),
        }
        Ok(next)
    }

    /// Records that a meeting was held. `held_on` is the local day of `held_at`. While the summary of the one before is owed, that
    /// one stays: it is its summary that lifts the suspension.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, or the meeting lies before the approval or ahead.
    pub fn meet(
        &self,
        held_at: DateTime<Utc>,
        held_on: NaiveDate,
        mark: Mark,
        terms: Terms,
    ) -> Result<Self, RegistrationRefusal> {
        self.with(|grant| {
            if held_at > mark.at {
                return Err(RegistrationRefusal::MeetingInFuture);
            }
            if held_on < grant.from {
                return Err(RegistrationRefusal::MeetingBeforeApproval);
            }
            if grant.meeting.as_ref().is_some_and(|meeting| meeting.summary.is_none()) {
                return Ok(());
            }
            let due = held_at + TimeDelta::hours(i64::from(terms.summary_hours));
            grant.meeting = Some(Meeting { held_at, recorded: mark, summary_due_at: due, summary: None });
            Ok(())
        })
    }

    /// Attaches the summary of the latest meeting. A late one lifts the suspension, and stays marked as late.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, no meeting was held, or the meeting has its summary.
    pub fn summarise(&self, summary: Summary) -> Result<Self, RegistrationRefusal> {
        self.with(|grant| match &mut grant.meeting {
            None => Err(RegistrationRefusal::NoMeetingHeld),
            Some(meeting) if meeting.summary.is_some() => Err(RegistrationRefusal::SummaryThere),
            Some(meeting) => {
                meeting.summary = Some(summary);
                Ok(())
            }
        })
    }

    /// Begins its validity anew, on the strength of a meeting with its summary.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, or the meeting or its summary is missing.
    pub fn refresh(&self, verdict: Verdict, today: NaiveDate, terms: Terms) -> Result<Self, RegistrationRefusal> {
        let grant = self.running().ok_or(RegistrationRefusal::NotApproved)?;
        if grant.meeting.as_ref().is_none_or(|meeting| meeting.summary.is_none()) {
            return Err(RegistrationRefusal::RefreshNeedsSummary);
        }
        Ok(Self::Refreshed(Grant::begin(verdict, today, terms, false, grant.letter.clone())))
    }

    /// Hands the credit over to the lock of the deal's attribution.
    ///
    /// # Errors
    /// [`RegistrationRefusal::NotApproved`] when it holds no more.
    pub fn convert(&self, at: DateTime<Utc>) -> Result<Self, RegistrationRefusal> {
        let grant = self.running().ok_or(RegistrationRefusal::NotApproved)?.clone();
        Ok(Self::Converted { grant, at })
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
