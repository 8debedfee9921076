//! Promises with a due time: first touch, handoff summary, joining the first call, escalation and their kin (LOOP.md
//! section 4, SLAs). A clock starts with what the promise is about, and was kept when it was met by its due time, inclusive.

use crate::contract::{ContractNumber, ContractTerms, Decided};
use crate::evidence::{Evidence, Interval, Sample, wilson};
use crate::policy::Policy;
use crate::working_calendar::WorkingCalendar;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What was promised.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlaKind {
    /// The vendor touches a registration or a lead of the partner's for the first time.
    FirstTouch,
    /// The vendor writes the summary of a joint call: a joint meeting on a deal, or a session of the joint pod ([`crate::joint_call`]).
    HandoffSummary,
    /// The vendor joins the first call of a registration that it approved: from the approval until the first joint meeting was held, by
    /// when it was held, not by when it was logged \[ours: the guide says "within 5 business days" of the handoff, and a registration is
    /// what a partner hands over\]. Not owed any more once the registration or its deal is over.
    JoinFirstCall,
    /// The side before which an escalation is put answers it: the vendor, or the partner ([`crate::escalation`]).
    Escalation,
    /// The vendor routes a registration or a lead to its owner.
    Routing,
    /// The partner attaches the summary of a meeting on its registration. Each meeting has a clock of its own, about its activity.
    MeetingSummary,
    /// The partner answers a request of the Pod.
    PodRequest,
    /// The receiver of a handoff between stages of the funnel acknowledges it: the vendor, or the partner, as the rule has it.
    Handoff,
}

/// Who owes what was promised.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlaOwner {
    /// The vendor's people.
    Vendor,
    /// The partner.
    Partner,
}

/// How long there is. Hours and minutes are exact; business terms run in the working calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Minutes on any clock.
    Minutes(u16),
    /// Hours on any clock.
    Hours(u16),
    /// Hours of working time.
    BusinessHours(u16),
    /// Working days, the last one to its end.
    BusinessDays(u16),
}

impl SlaKind {
    /// Who owes it, where nothing else says so: a handoff is owed by its receiver's side, an escalation by the side that is asked.
    #[must_use]
    pub const fn owner(self) -> SlaOwner {
        match self {
            Self::FirstTouch
            | Self::HandoffSummary
            | Self::JoinFirstCall
            | Self::Escalation
            | Self::Routing
            | Self::Handoff => SlaOwner::Vendor,
            Self::MeetingSummary | Self::PodRequest => SlaOwner::Partner,
        }
    }

    /// How long the program's policy gives.
    #[must_use]
    pub const fn term(self, policy: &Policy) -> Term {
        match self {
            Self::FirstTouch => Term::BusinessHours(policy.sla_first_touch_business_hours),
            Self::HandoffSummary => Term::Hours(policy.sla_handoff_summary_hours),
            Self::JoinFirstCall => Term::BusinessDays(policy.sla_join_first_call_business_days),
            Self::Escalation => Term::Hours(policy.sla_escalation_hours),
            Self::Routing => Term::Minutes(policy.sla_routing_minutes),
            Self::MeetingSummary => Term::Hours(policy.sla_meeting_summary_hours),
            Self::PodRequest => Term::Hours(policy.sla_pod_request_hours),
            Self::Handoff => Term::Hours(policy.sla_handoff_hours),
        }
    }

    /// The number of a contract that gives its term in place of the policy's, in the same unit.
    #[must_use]
    pub const fn number(self) -> ContractNumber {
        match self {
            Self::FirstTouch => ContractNumber::FirstTouchBusinessHours,
            Self::HandoffSummary => ContractNumber::HandoffSummaryHours,
            Self::JoinFirstCall => ContractNumber::JoinFirstCallBusinessDays,
            Self::Escalation => ContractNumber::EscalationHours,
            Self::Routing => ContractNumber::RoutingMinutes,
            Self::MeetingSummary => ContractNumber::MeetingSummaryHours,
            Self::PodRequest => ContractNumber::PodRequestHours,
            Self::Handoff => ContractNumber::HandoffHours,
        }
    }

    /// How long there is under a contract, with the version that gave it; by the policy, and none, where it says nothing.
    #[must_use]
    pub fn agreed(self, contract: Option<&ContractTerms>, policy: &Policy) -> (Term, Option<i64>) {
        let usual = self.term(policy);
        let decided = Decided::of(contract, self.number(), usual.count().into());
        (usual.of(u16::try_from(decided.value).unwrap_or(u16::MAX)), decided.contract_version)
    }
}

impl Term {
    /// How many of its unit.
    const fn count(self) -> u16 {
        match self {
            Self::Minutes(count) | Self::Hours(count) | Self::BusinessHours(count) | Self::BusinessDays(count) => count,
        }
    }

    /// So many of the same unit.
    const fn of(self, count: u16) -> Self {
        match self {
            Self::Minutes(_) => Self::Minutes(count),
            Self::Hours(_) => Self::Hours(count),
            Self::BusinessHours(_) => Self::BusinessHours(count),
            Self::BusinessDays(_) => Self::BusinessDays(count),
        }
    }

    /// When it ends, inclusive.
    #[must_use]
    pub fn end(self, from: DateTime<Utc>, calendar: &WorkingCalendar) -> DateTime<Utc> {
        self.after(100, from, calendar)
    }

    /// When so many hundredths of it have passed; of working days, when the last one opens.
    #[must_use]
    pub fn warning(self, percent: u8, from: DateTime<Utc>, calendar: &WorkingCalendar) -> DateTime<Utc> {
        match self {
            Self::Minutes(_) | Self::Hours(_) | Self::BusinessHours(_) => {
                self.after(i32::from(percent.min(100)), from, calendar)
            }
            Self::BusinessDays(days) => {
                let last = calendar.span(calendar.working_day(from, days));
                last.map_or(from, |(opens, _)| opens.max(from))
            }
        }
    }

    fn after(self, percent: i32, from: DateTime<Utc>, calendar: &WorkingCalendar) -> DateTime<Utc> {
        let part = |whole: TimeDelta| whole * percent / 100;
        match self {
            Self::Minutes(minutes) => from + part(TimeDelta::minutes(minutes.into())),
            Self::Hours(hours) => from + part(TimeDelta::hours(hours.into())),
            Self::BusinessHours(hours) => calendar.add(from, part(TimeDelta::hours(hours.into()))),
            Self::BusinessDays(days) => calendar.add_days(from, days),
        }
    }
}

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlaState {
    /// It is owed and there is still time.
    Running,
    /// It was done by its due time.
    Met,
    /// Its due time passed first, whether or not it was done later.
    Missed,
    /// It stopped being owed while there was still time, such as the first touch of a registration that was withdrawn.
    Stopped,
}

/// A promise with its due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaClock {
    /// The row's id.
    pub id: Uuid,
    /// What was promised.
    pub kind: SlaKind,
    /// Who owes it.
    pub owner: SlaOwner,
    /// The kind of row it is about, such as `Registration`.
    pub subject_type: String,
    /// The row it is about.
    pub subject_id: Uuid,
    /// The partner to whom, or by whom, it is owed.
    pub partner_id: Option<Uuid>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it counts as about to be missed.
    pub warn_at: DateTime<Utc>,
    /// By when it is due, inclusive.
    pub due_at: DateTime<Utc>,
    /// When it was done.
    pub met_at: Option<DateTime<Utc>>,
    /// When it stopped being owed.
    pub stopped_at: Option<DateTime<Utc>>,
    /// When it was told that it is about to be missed.
    pub warned_at: Option<DateTime<Utc>>,
    /// When it was recorded that it was missed.
    pub missed_at: Option<DateTime<Utc>>,
    /// The policy in force when it began: it gave the term where no contract did.
    pub policy_version: i64,
    /// The version of the partner's contract terms that gave its term; none where the policy did.
    pub contract_version: Option<i64>,
}

impl SlaClock {
    /// How it stands at an instant.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> SlaState {
        match (self.met_at, self.stopped_at) {
            (Some(at), _) if at <= self.due_at => SlaState::Met,
            (Some(_), _) => SlaState::Missed,
            (None, Some(at)) if at <= self.due_at => SlaState::Stopped,
            (None, _) if now > self.due_at => SlaState::Missed,
            (None, _) => SlaState::Running,
        }
    }
}

/// How promises of one kind were kept by one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was promised.
    pub kind: SlaKind,
    /// Who owes it.
    pub owner: SlaOwner,
    /// Done by their due time.
    pub met: u64,
    /// Not done by their due time.
    pub missed: u64,
    /// Still owed in time.
    pub running: u64,
    /// Seconds from their start until they were done; of what is not done, its age so far: silence must not look fast.
    pub seconds: i64,
    /// How many promises these seconds belong to.
    pub timed: u64,
}

impl Kept {
    /// The share that was kept of what is decided, 0 to 1; none where nothing is.
    #[must_use]
    pub fn rate(&self) -> Option<Decimal> {
        let decided = Decimal::from(self.met + self.missed);
        Decimal::from(self.met).checked_div(decided)
    }

    /// The interval of the rate.
    #[must_use]
    pub fn interval(&self, policy: &Policy) -> Option<Interval> {
        let size = Decimal::from(self.met + self.missed);
        self.rate().map(|rate| wilson(Sample { rate, size }, policy.interval_level))
    }

    /// How much stands behind the rate.
    #[must_use]
    pub const fn evidence(&self, policy: &Policy) -> Evidence {
        let decided = self.met + self.missed;
        Evidence::of(decided, decided, policy.solid_deals)
    }

    /// The mean time until it was done, in hours; none where there was no promise.
    #[must_use]
    pub fn mean_hours(&self) -> Option<Decimal> {
        Decimal::from(self.seconds).checked_div(Decimal::from(self.timed) * Decimal::from(3600))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;
    use rust_decimal::dec;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn clock(kind: SlaKind, from: &str) -> SlaClock {
        let (policy, calendar) = (Policy::default(), WorkingCalendar::usual(Tz::UTC));
        let started_at = at(from);
        SlaClock {
            id: Uuid::nil(),
            kind,
            owner: kind.owner(),
            subject_type: "Registration".into(),
            subject_id: Uuid::nil(),
            partner_id: None,
            started_at,
            warn_at: kind.term(&policy).warning(policy.sla_warning_percent, started_at, &calendar),
            due_at: kind.term(&policy).end(started_at, &calendar),
            met_at: None,
            stopped_at: None,
            warned_at: None,
            missed_at: None,
            policy_version: 1,
            contract_version: None,
        }
    }

    #[test]
    fn every_kind_is_due_by_its_own_term() {
        // From Friday, 9 October 2026, 16:30.
        let due = |kind| clock(kind, "2026-10-09T16:30:00Z").due_at;
        assert_eq!(due(SlaKind::FirstTouch), at("2026-10-12T10:30:00Z"));
        assert_eq!(due(SlaKind::HandoffSummary), at("2026-10-11T16:30:00Z"));
        assert_eq!(due(SlaKind::JoinFirstCall), at("2026-10-16T23:59:59.999999Z"));
        assert_eq!(due(SlaKind::Escalation), at("2026-10-11T16:30:00Z"));
        assert_eq!(due(SlaKind::Routing), at("2026-10-09T16:45:00Z"));
        assert_eq!(due(SlaKind::MeetingSummary), at("2026-10-10T16:30:00Z"));
        assert_eq!(due(SlaKind::PodRequest), at("2026-10-12T16:30:00Z"));
        assert_eq!(due(SlaKind::Handoff), at("2026-10-11T16:30:00Z"));
    }

    /// A contract that gives 4 business hours for the first touch and nothing else.
    #[test]
    fn a_contract_gives_a_term_in_the_unit_of_the_policy_and_leaves_the_others() {
        let policy = Policy::default();
        let contract = ContractTerms {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            version: 3,
            starts_on: chrono::NaiveDate::MIN,
            ends_on: None,
            agreed: crate::contract::Agreed {
                scope: "Resale".into(),
                territory: "EMEA".into(),
                commercial_model: crate::contract::CommercialModel::CoSell,
                commercial_terms: None,
                mdf_terms: None,
                mdf_match_rate: None,
                shared_fields: std::collections::BTreeSet::new(),
                numbers: [(ContractNumber::FirstTouchBusinessHours, 4)].into(),
            },
            note: None,
            seat_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(SlaKind::FirstTouch.agreed(Some(&contract), &policy), (Term::BusinessHours(4), Some(3)));
        assert_eq!(SlaKind::FirstTouch.agreed(None, &policy), (Term::BusinessHours(2), None));
        assert_eq!(SlaKind::PodRequest.agreed(Some(&contract), &policy), (Term::Hours(72), None));
    }

    #[test]
    fn a_clock_warns_when_three_quarters_have_passed_or_the_last_working_day_opens() {
        let warned = |kind| clock(kind, "2026-10-09T16:30:00Z").warn_at;
        // 90 of 120 minutes: half an hour on Friday, an hour on Monday.
        assert_eq!(warned(SlaKind::FirstTouch), at("2026-10-12T10:00:00Z"));
        assert_eq!(warned(SlaKind::HandoffSummary), at("2026-10-11T04:30:00Z"));
        assert_eq!(warned(SlaKind::JoinFirstCall), at("2026-10-16T09:00:00Z"));
    }

    #[test]
    fn the_due_time_itself_is_in_time() {
        let clock = clock(SlaKind::Escalation, "2026-10-05T09:00:00Z");
        let (due, late) = (at("2026-10-07T09:00:00Z"), at("2026-10-07T09:00:00.000001Z"));
        assert_eq!(clock.state(due), SlaState::Running);
        assert_eq!(clock.state(late), SlaState::Missed);
        assert_eq!(SlaClock { met_at: Some(due), ..clock.clone() }.state(late), SlaState::Met);
        // What is done late stays missed, and so does what stops being owed late.
        assert_eq!(SlaClock { met_at: Some(late), ..clock.clone() }.state(late), SlaState::Missed);
        assert_eq!(SlaClock { stopped_at: Some(due), ..clock.clone() }.state(late), SlaState::Stopped);
        assert_eq!(SlaClock { stopped_at: Some(late), ..clock }.state(late), SlaState::Missed);
    }

    #[test]
    fn rates_are_of_what_is_decided() {
        let kind = SlaKind::FirstTouch;
        let kept = Kept { kind, owner: kind.owner(), met: 3, missed: 1, running: 5, seconds: 5 * 3600, timed: 4 };
        assert_eq!((kept.rate(), kept.mean_hours()), (Some(dec!(0.75)), Some(dec!(1.25))));
        assert_eq!(kept.evidence(&Policy::default()), Evidence::Thin);
        let none = Kept { met: 0, missed: 0, timed: 0, seconds: 0, ..kept };
        assert_eq!((none.rate(), none.mean_hours()), (None, None));
        assert_eq!(none.evidence(&Policy::default()), Evidence::None);
        assert!(none.interval(&Policy::default()).is_none());
    }
}
