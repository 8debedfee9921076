//! What terms would have done: when registrations would have ended, which gates would have lapsed, which promises would have been kept.
//!
//! What people did is taken as they did it: under other terms they might have been quicker. Where a contract gave the number, no policy
//! changes anything.

use crate::cosell::{GateFacts, GateState, gate};
use crate::policy::Policy;
use crate::registration::{Expiry, State, StateWord, Terms};
use crate::sla::{SlaClock, SlaKind, SlaOwner, SlaState, Term};
use crate::working_calendar::WorkingCalendar;
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How a registration that was approved ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The last local day it holds.
    pub last_on: NaiveDate,
    /// The clock that ends it.
    pub clock: Expiry,
    /// Where it stands today.
    pub state: StateWord,
}

/// A registration that would have ended otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryShift {
    /// The registration.
    pub registration_id: Uuid,
    /// Under the policy of that day.
    pub before: Ending,
    /// Under the other one.
    pub after: Ending,
}

/// How an approved registration ends as it was granted; none of one that was never approved, was refused or taken back.
#[must_use]
pub fn granted(state: &State, today: NaiveDate) -> Option<Ending> {
    let (last_on, clock) = state.grant()?.end();
    Some(Ending { last_on, clock, state: state.clone().on(today).word() })
}

/// How it would have ended under other terms: the days run from the day of the grant, and the first meeting on record counts where it
/// was held by then. A deal that was locked while it held keeps its credit.
#[must_use]
pub fn under(
    state: &State,
    terms: &Terms,
    today: NaiveDate,
    day: impl Fn(DateTime<Utc>) -> NaiveDate,
) -> Option<Ending> {
    let grant = state.grant()?;
    let after = |days: u32| grant.from.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX);
    let through = after(terms.validity_days);
    let met_on = grant.meetings.iter().map(|meeting| day(meeting.held_at)).min();
    let unmet = grant.meet_by.and_then(|was| {
        let by = after(terms.meeting_days);
        // Rows of before kept the latest meeting only: what was in time as granted is so under a longer term.
        let is_met = met_on.is_some_and(|on| on <= by || by >= was);
        (!is_met && by <= through).then_some(by)
    });
    let (last_on, clock) = unmet.map_or((through, Expiry::Validity), |by| (by, Expiry::NoMeeting));
    let word = match state {
        State::Converted { at, .. } if day(*at) <= last_on => StateWord::Converted,
        State::Converted { .. } => StateWord::Expired,
        State::Submitted
        | State::Approved(_)
        | State::Refreshed(_)
        | State::Refused(_)
        | State::Withdrawn { .. }
        | State::Expired { .. } => match grant.meet_by {
            _ if today > last_on => StateWord::Expired,
            Some(_) => StateWord::Approved,
            None => StateWord::Refreshed,
        },
    };
    Some(Ending { last_on, clock, state: word })
}

impl Ending {
    /// Whether it is another end: another day, another clock or another state. Of two that were converted, the lock protects the credit,
    /// and the days are moot.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        self != other && (self.state, other.state) != (StateWord::Converted, StateWord::Converted)
    }
}

/// A gate that would have stood otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateShift {
    /// The deal.
    pub deal_id: Uuid,
    /// Where it stands under the policy of the day its clock began, and whether the time was missed.
    pub before: (GateState, bool),
    /// The same under the other one.
    pub after: (GateState, bool),
}

/// The gate of a deal on a day under both numbers of days; none where it stands alike.
#[must_use]
pub fn gates(deal_id: Uuid, facts: &GateFacts, on: NaiveDate, days: (u32, u32)) -> Option<GateShift> {
    let read = |days| {
        let gate = gate(facts, on, |_| days);
        (gate.state(), gate.is_missed())
    };
    let (before, after) = (read(days.0), read(days.1));
    (before != after).then_some(GateShift { deal_id, before, after })
}

/// How promises of one kind, owed by one side, would have been kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromiseShift {
    /// What was promised.
    pub kind: SlaKind,
    /// Who owed it.
    pub owner: SlaOwner,
    /// How many began.
    pub compared: u64,
    /// Those of them whose term a contract gave, so that no policy changes it.
    pub by_contract: u64,
    /// Those that would have been due at another time.
    pub due_otherwise: u64,
    /// How many were met, as they were and as they would have been.
    pub met: (u64, u64),
    /// How many were missed.
    pub missed: (u64, u64),
    /// How many run.
    pub running: (u64, u64),
}

/// Counts clocks under the terms they began with and under those of another policy, at an instant. `usual` is the term by the policy
/// that was in force when a clock began; the working calendar is the one of today.
#[must_use]
pub fn promises(
    clocks: &[SlaClock],
    usual: impl Fn(&SlaClock) -> Term,
    other: &Policy,
    now: DateTime<Utc>,
    calendar: &WorkingCalendar,
) -> Vec<PromiseShift> {
    let mut found: BTreeMap<(SlaOwner, SlaKind), PromiseShift> = BTreeMap::new();
    for clock in clocks {
        let (kind, owner) = (clock.kind, clock.owner);
        let none = PromiseShift {
            kind,
            owner,
            compared: 0,
            by_contract: 0,
            due_otherwise: 0,
            met: (0, 0),
            missed: (0, 0),
            running: (0, 0),
        };
        let counted = found.entry((owner, kind)).or_insert(none);
        let is_agreed = clock.contract_version.is_some();
        // A term that is the same has the same end, also where the calendar has changed since.
        let is_same = is_agreed || usual(clock) == kind.term(other);
        let due_at = if is_same { clock.due_at } else { kind.term(other).end(clock.started_at, calendar) };
        counted.compared += 1;
        counted.by_contract += u64::from(is_agreed);
        counted.due_otherwise += u64::from(due_at != clock.due_at);
        let (was, is) = (clock.state(now), SlaClock { due_at, ..clock.clone() }.state(now));
        for (state, sums) in [
            (SlaState::Met, &mut counted.met),
            (SlaState::Missed, &mut counted.missed),
            (SlaState::Running, &mut counted.running),
        ] {
            sums.0 += u64::from(was == state);
            sums.1 += u64::from(is == state);
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosell::Stand;
    use crate::registration::{Grant, Mark, Meeting, RegistrationPolicy, Verdict};
    use chrono_tz::Tz;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn noon(text: &str) -> DateTime<Utc> {
        day(text).and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    fn mark(on: &str) -> Mark {
        Mark { at: noon(on), by: Uuid::nil() }
    }

    /// Approved on 1 April: 21 days end on 22 April, 90 on 30 June.
    fn grant(met_on: Option<&str>) -> Grant {
        Grant {
            verdict: Verdict { mark: mark("2026-04-01"), reason: "fits".into() },
            from: day("2026-04-01"),
            valid_through: day("2026-06-30"),
            meet_by: Some(day("2026-04-22")),
            meetings: Vec::from_iter(met_on.map(|on| Meeting {
                activity_id: None,
                held_at: noon(on),
                recorded: mark(on),
                summary_due_at: noon("2026-12-31"),
                summary: None,
            })),
            earlier: Vec::new(),
            letter: String::new(),
            policy_version: 1,
            contract_version: None,
        }
    }

    fn terms(validity_days: u32, meeting_days: u32) -> Terms {
        let registration = RegistrationPolicy { validity_days, meeting_days, ..RegistrationPolicy::default() };
        Terms::agreed(None, &Policy { registration, ..Policy::default() })
    }

    fn ends(state: &State, terms: &Terms, today: &str) -> (String, Expiry, StateWord) {
        let ending = under(state, terms, day(today), |at| at.date_naive()).unwrap();
        (ending.last_on.to_string(), ending.clock, ending.state)
    }

    #[test]
    fn the_terms_of_the_grant_end_it_as_it_ends() {
        for state in [
            State::Approved(grant(None)),
            State::Approved(grant(Some("2026-04-20"))),
            State::Converted { grant: grant(Some("2026-04-20")), at: noon("2026-05-01") },
        ] {
            for today in ["2026-04-22", "2026-04-23", "2026-07-01"] {
                let same = under(&state, &terms(90, 21), day(today), |at| at.date_naive());
                assert_eq!(same, granted(&state, day(today)), "{state:?} on {today}");
            }
        }
        assert_eq!(granted(&State::Submitted, day("2026-04-01")), None);
    }

    /// A second meeting on 1 June stands in the place of one in April: under a longer term it is no sign of a first one that was late.
    #[test]
    fn what_was_met_stays_met_under_a_longer_term() {
        let state = State::Approved(grant(Some("2026-06-01")));
        assert_eq!(
            ends(&state, &terms(90, 30), "2026-06-30"),
            ("2026-06-30".into(), Expiry::Validity, StateWord::Approved)
        );
    }

    /// 30 days from 1 April end on 1 May; 10 on the 11th, before the meeting of the 20th.
    #[test]
    fn a_longer_term_keeps_it_and_a_shorter_one_ends_it_before_its_meeting() {
        let expired = State::Expired { grant: grant(None), reason: Expiry::NoMeeting, on: day("2026-04-23") };
        assert_eq!(
            ends(&expired, &terms(90, 30), "2026-04-25"),
            ("2026-05-01".into(), Expiry::NoMeeting, StateWord::Approved)
        );
        assert_eq!(
            ends(&expired, &terms(90, 30), "2026-05-02"),
            ("2026-05-01".into(), Expiry::NoMeeting, StateWord::Expired)
        );
        let met = State::Approved(grant(Some("2026-04-20")));
        assert_eq!(
            ends(&met, &terms(90, 10), "2026-05-02"),
            ("2026-04-11".into(), Expiry::NoMeeting, StateWord::Expired)
        );
        let locked = State::Converted { grant: grant(Some("2026-04-20")), at: noon("2026-05-01") };
        assert_eq!(
            ends(&locked, &terms(29, 21), "2026-07-01"),
            ("2026-04-30".into(), Expiry::Validity, StateWord::Expired)
        );
        // Locked within both: the days are moot.
        let (before, after) = (
            granted(&locked, day("2026-07-01")).unwrap(),
            under(&locked, &terms(60, 21), day("2026-07-01"), |at| at.date_naive()).unwrap(),
        );
        assert!(before != after && !before.differs(&after));
    }

    /// Registered on Monday, 5 October; logged on the 13th: late by a day under 7, in time under 8.
    #[test]
    fn a_gate_would_have_been_in_time() {
        let facts = GateFacts {
            registered: vec![Stand { from: (noon("2026-10-05"), day("2026-10-05")), until: None }],
            logged: Some((noon("2026-10-13"), day("2026-10-13"))),
            ..GateFacts::default()
        };
        let shift = gates(Uuid::nil(), &facts, day("2026-11-01"), (7, 8)).unwrap();
        assert_eq!((shift.before, shift.after), ((GateState::Open, true), (GateState::Open, false)));
        let silent = GateFacts { logged: None, ..facts };
        let shift = gates(Uuid::nil(), &silent, day("2026-10-13"), (7, 8)).unwrap();
        assert_eq!((shift.before, shift.after), ((GateState::Lapsed, true), (GateState::Awaiting, false)));
        assert_eq!(gates(Uuid::nil(), &silent, day("2026-11-01"), (7, 8)), None);
    }

    /// A request of Monday, 5 October, 09:00, answered after 60 hours: in time under 72, late under 48; one that a contract gave stays.
    #[test]
    fn a_promise_would_have_been_missed() {
        let clock = |contract_version| SlaClock {
            id: Uuid::nil(),
            kind: SlaKind::PodRequest,
            owner: SlaOwner::Partner,
            subject_type: "PodRequest".into(),
            subject_id: Uuid::nil(),
            partner_id: None,
            started_at: "2026-10-05T09:00:00Z".parse().unwrap(),
            warn_at: "2026-10-07T15:00:00Z".parse().unwrap(),
            due_at: "2026-10-08T09:00:00Z".parse().unwrap(),
            met_at: Some("2026-10-07T21:00:00Z".parse().unwrap()),
            stopped_at: None,
            warned_at: None,
            missed_at: None,
            policy_version: 1,
            contract_version,
        };
        let clocks = [clock(None), clock(Some(1))];
        let read = |hours| {
            let other = Policy { sla_pod_request_hours: hours, ..Policy::default() };
            let usual = WorkingCalendar::usual(Tz::UTC);
            promises(&clocks, |clock| clock.kind.term(&Policy::default()), &other, noon("2026-11-01"), &usual)[0]
        };
        let shorter = read(48);
        assert_eq!((shorter.compared, shorter.by_contract, shorter.due_otherwise), (2, 1, 1));
        assert_eq!((shorter.met, shorter.missed, shorter.running), ((2, 1), (0, 1), (0, 0)));
        let same = read(72);
        assert_eq!((same.due_otherwise, same.met), (0, (2, 2)));
    }
}
