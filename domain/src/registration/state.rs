//! Where a registration stands, and the steps that lead on.

use super::meeting::{Meeting, Summary, one_or_all};
use super::{Expiry, Mark, RegistrationRefusal, StateWord, Verdict};
use crate::contract::{ContractNumber, ContractTerms, Decided};
use crate::policy::Policy;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

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
    /// The meetings since it began, and those of before it whose summary is still owed. Rows of before had the latest only.
    #[serde(default, alias = "meeting", deserialize_with = "one_or_all")]
    pub meetings: Vec<Meeting>,
    /// The meetings that refreshes stood on: each needs one of its own.
    #[serde(default)]
    pub earlier: Vec<Meeting>,
    /// The letter that the partner got, as it was sent.
    pub letter: String,
    /// The version of the policy in force: its numbers count where the contract gives none.
    pub policy_version: i64,
    /// The version of the partner's contract terms that gave its days, or one of them; none where the policy gave all.
    #[serde(default)]
    pub contract_version: Option<i64>,
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
            meetings: Vec::new(),
            earlier: Vec::new(),
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
            Some(day) if self.meetings.is_empty() && day <= self.valid_through => (day, Expiry::NoMeeting),
            Some(_) | None => (self.valid_through, Expiry::Validity),
        }
    }

    fn is_suspended(&self, now: DateTime<Utc>) -> bool {
        self.meetings.iter().any(|meeting| meeting.summary.is_none() && now > meeting.summary_due_at)
    }

    /// All meetings on record, by when they were held.
    #[must_use]
    pub fn all_meetings(&self) -> Vec<&Meeting> {
        let mut all: Vec<&Meeting> = self.earlier.iter().chain(&self.meetings).collect();
        all.sort_by_key(|meeting| meeting.held_at);
        all
    }

    /// The meeting that was held at an instant.
    #[must_use]
    pub fn held_at(&self, at: DateTime<Utc>) -> Option<&Meeting> {
        self.earlier.iter().chain(&self.meetings).find(|meeting| meeting.held_at == at)
    }

    /// The meeting that a summary is for: of those that owe one, the first due. Where the partner says when the meeting was held, the
    /// nearest of that local day, since two people seldom note the same minute \[ours\].
    #[must_use]
    pub fn owed(&self, told: Option<DateTime<Utc>>, day: impl Fn(DateTime<Utc>) -> NaiveDate) -> Option<&Meeting> {
        let owing = self.meetings.iter().filter(|meeting| meeting.summary.is_none());
        match told {
            None => owing.min_by_key(|meeting| meeting.summary_due_at),
            Some(at) => {
                let of_day = owing.filter(|meeting| day(meeting.held_at) == day(at));
                of_day.min_by_key(|meeting| (meeting.held_at - at).abs())
            }
        }
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

    /// Whether the lock of a deal took over from it.
    #[must_use]
    pub const fn is_converted(&self) -> bool {
        matches!(self, Self::Converted { .. })
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

    /// When it was refused or taken back; none where it was neither.
    #[must_use]
    pub const fn turned_away_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Refused(verdict) => Some(verdict.mark.at),
            Self::Withdrawn { mark } => Some(mark.at),
            Self::Submitted
            | Self::Approved(_)
            | Self::Refreshed(_)
            | Self::Expired { .. }
            | Self::Converted { .. } => None,
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

    /// Records that a meeting was held, as an activity. `held_on` is the local day of `held_at`. Each meeting owes its own summary; the
    /// same one told twice is one.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, or the meeting lies before the approval or ahead.
    pub fn meet(
        &self,
        activity_id: Uuid,
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
            if grant.held_at(held_at).is_some() {
                return Ok(());
            }
            let due = held_at + TimeDelta::hours(i64::from(terms.summary_hours));
            let activity_id = Some(activity_id);
            grant.meetings.push(Meeting { activity_id, held_at, recorded: mark, summary_due_at: due, summary: None });
            Ok(())
        })
    }

    /// Attaches the summary of the meeting that was held at an instant; none where none is meant and no meeting owes one. A late one lifts the suspension,
    /// and stays marked as late.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, no meeting was held, or the meeting has its summary.
    pub fn summarise(&self, held_at: Option<DateTime<Utc>>, summary: Summary) -> Result<Self, RegistrationRefusal> {
        self.with(|grant| {
            let is_meant = |meeting: &&mut Meeting| meeting.summary.is_none() && Some(meeting.held_at) == held_at;
            if let Some(meeting) = grant.meetings.iter_mut().find(is_meant) {
                meeting.summary = Some(summary);
                return Ok(());
            }
            let is_told = held_at.is_some_and(|at| grant.held_at(at).is_some());
            if is_told || !grant.meetings.is_empty() {
                return Err(RegistrationRefusal::SummaryThere);
            }
            Err(RegistrationRefusal::NoMeetingHeld)
        })
    }

    /// Begins its validity anew, on the strength of a meeting with its summary. What stays owed stays owed.
    ///
    /// # Errors
    /// [`RegistrationRefusal`] when it holds no more, or the meeting or its summary is missing.
    pub fn refresh(&self, verdict: Verdict, today: NaiveDate, terms: Terms) -> Result<Self, RegistrationRefusal> {
        let grant = self.running().ok_or(RegistrationRefusal::NotApproved)?;
        let (told, owed): (Vec<Meeting>, Vec<Meeting>) =
            grant.meetings.iter().cloned().partition(|meeting| meeting.summary.is_some());
        if told.is_empty() {
            return Err(RegistrationRefusal::RefreshNeedsSummary);
        }
        let fresh = Grant::begin(verdict, today, terms, false, grant.letter.clone());
        Ok(Self::Refreshed(Grant { meetings: owed, earlier: [grant.earlier.clone(), told].concat(), ..fresh }))
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
