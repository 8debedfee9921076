//! Every step and every boundary of a registration, with days counted by hand.

use super::*;
use strum::IntoEnumIterator;
use uuid::Uuid;

const TERMS: Terms =
    Terms { validity_days: 90, meeting_days: 21, summary_hours: 24, policy_version: 1, contract_version: None };

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn mark(text: &str) -> Mark {
    Mark { at: at(text), by: Uuid::from_u128(1) }
}

fn verdict(text: &str) -> Verdict {
    Verdict { mark: mark(text), reason: "a real need".into() }
}

/// Approved on 5 October 2026: the 21 days end with 26 October, the 90 with 3 January 2027.
fn approved() -> State {
    State::Submitted
        .approve(verdict("2026-10-05T09:00:00Z"), day("2026-10-05"), TERMS, |day| format!("through {day}"))
        .unwrap()
}

fn met() -> State {
    approved().meet(at("2026-10-12T14:00:00Z"), day("2026-10-12"), mark("2026-10-12T15:00:00Z"), TERMS).unwrap()
}

fn summary(text: &str) -> Summary {
    Summary { text: "They pick two sites.".into(), mark: mark(text) }
}

#[test]
fn it_expires_behind_the_last_day_of_the_21_without_a_meeting() {
    let state = approved();
    assert_eq!(state.grant().unwrap().letter, "through 2027-01-03");
    assert_eq!(state.ends_on(), Some(day("2026-10-26")));
    assert_eq!(state.clone().on(day("2026-10-26")), state);
    let now = at("2026-10-26T23:59:59Z");
    assert_eq!(state.validity(day("2026-10-26"), now), Validity::Valid);
    let State::Expired { reason, on, .. } = state.clone().on(day("2026-10-27")) else { panic!("still there") };
    assert_eq!((reason, on), (Expiry::NoMeeting, day("2026-10-27")));
    assert_eq!(state.validity(day("2026-10-27"), now), Validity::Over);
}

#[test]
fn a_meeting_carries_it_to_the_last_day_of_the_90() {
    let state = met();
    assert_eq!(state.ends_on(), Some(day("2027-01-03")));
    assert_eq!(state.clone().on(day("2027-01-03")), state);
    let State::Expired { reason, on, .. } = state.on(day("2027-01-04")) else { panic!("still there") };
    assert_eq!((reason, on), (Expiry::Validity, day("2027-01-04")));
}

#[test]
fn a_summary_that_is_overdue_suspends_and_a_late_one_lifts_it() {
    let state = met();
    let (due, day) = (at("2026-10-13T14:00:00Z"), day("2026-10-13"));
    assert_eq!(state.validity(day, due), Validity::Valid);
    let late = due + TimeDelta::microseconds(1);
    assert_eq!(state.validity(day, late), Validity::Suspended);
    let lifted = state.summarise(summary("2026-10-14T08:00:00Z")).unwrap();
    assert_eq!(lifted.validity(day, late), Validity::Valid);
    assert!(lifted.grant().unwrap().meeting.as_ref().unwrap().is_summary_late());
    let in_time = state.summarise(summary("2026-10-13T14:00:00Z")).unwrap();
    assert!(!in_time.grant().unwrap().meeting.as_ref().unwrap().is_summary_late());
    assert_eq!(in_time.summarise(summary("2026-10-13T14:00:00Z")), Err(RegistrationRefusal::SummaryThere));
    assert_eq!(approved().summarise(summary("2026-10-13T14:00:00Z")), Err(RegistrationRefusal::NoMeetingHeld));
}

#[test]
fn a_refresh_stands_on_a_summary_and_counts_90_days_anew() {
    let today = day("2026-11-02");
    let refresh = |state: &State| state.refresh(verdict("2026-11-02T09:00:00Z"), today, TERMS);
    assert_eq!(refresh(&approved()), Err(RegistrationRefusal::RefreshNeedsSummary));
    assert_eq!(refresh(&met()), Err(RegistrationRefusal::RefreshNeedsSummary));
    let fresh = refresh(&met().summarise(summary("2026-10-13T08:00:00Z")).unwrap()).unwrap();
    // No 21 days run after a refresh, and 90 days from 2 November end with 31 January.
    assert_eq!((fresh.word(), fresh.ends_on()), (StateWord::Refreshed, Some(day("2027-01-31"))));
    // The next one needs a meeting of its own.
    assert_eq!(refresh(&fresh), Err(RegistrationRefusal::RefreshNeedsSummary));
    assert_eq!(refresh(&fresh.on(day("2027-02-01"))), Err(RegistrationRefusal::NotApproved));
}

#[test]
fn a_meeting_lies_between_the_approval_and_now() {
    let meet = |state: &State, held: &str| {
        state.meet(at(held), at(held).date_naive(), mark("2026-10-12T15:00:00Z"), TERMS).map(|state| state.word())
    };
    assert_eq!(meet(&approved(), "2026-10-05T08:00:00Z"), Ok(StateWord::Approved));
    assert_eq!(meet(&approved(), "2026-10-04T23:00:00Z"), Err(RegistrationRefusal::MeetingBeforeApproval));
    assert_eq!(meet(&approved(), "2026-10-12T15:00:01Z"), Err(RegistrationRefusal::MeetingInFuture));
    assert_eq!(meet(&State::Submitted, "2026-10-12T14:30:00Z"), Err(RegistrationRefusal::NotApproved));
}

#[test]
fn the_meeting_whose_summary_is_owed_stays_until_it_is_there() {
    let later = mark("2026-10-20T15:00:00Z");
    let again = |state: &State| state.meet(at("2026-10-20T14:00:00Z"), day("2026-10-20"), later, TERMS).unwrap();
    let held = |state: &State| state.grant().unwrap().meeting.as_ref().unwrap().held_at;
    assert_eq!(held(&again(&met())), at("2026-10-12T14:00:00Z"));
    let paid = met().summarise(summary("2026-10-13T08:00:00Z")).unwrap();
    assert_eq!(held(&again(&paid)), at("2026-10-20T14:00:00Z"));
}

/// One of each state.
fn every_state() -> Vec<State> {
    let (now, met) = (mark("2026-10-12T15:00:00Z"), met());
    let refreshed = met.summarise(summary("2026-10-13T08:00:00Z")).unwrap();
    vec![
        State::Submitted,
        approved(),
        refreshed.refresh(verdict("2026-11-02T09:00:00Z"), day("2026-11-02"), TERMS).unwrap(),
        State::Submitted.refuse(verdict("2026-10-05T09:00:00Z")).unwrap(),
        State::Submitted.withdraw(now).unwrap(),
        approved().on(day("2026-12-01")),
        approved().convert(now.at).unwrap(),
    ]
}

#[test]
fn only_the_steps_of_the_method_lead_on() {
    let all = every_state();
    assert_eq!(all.iter().map(State::word).collect::<Vec<_>>(), StateWord::iter().collect::<Vec<_>>());
    for state in all {
        let word = state.word();
        let running = matches!(word, StateWord::Approved | StateWord::Refreshed);
        let approve = state.approve(verdict("2026-10-06T09:00:00Z"), day("2026-10-06"), TERMS, |_| String::new());
        assert_eq!(approve.is_ok(), word == StateWord::Submitted, "approve {word:?}");
        assert_eq!(state.refuse(verdict("2026-10-06T09:00:00Z")).is_ok(), word == StateWord::Submitted, "{word:?}");
        assert_eq!(state.withdraw(mark("2026-10-06T09:00:00Z")).is_ok(), word.is_live(), "withdraw {word:?}");
        assert_eq!(state.convert(at("2026-10-06T09:00:00Z")).is_ok(), running, "convert {word:?}");
        assert_eq!(state.ends_on().is_some(), running, "{word:?}");
        let kept: State = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        assert_eq!(kept, state);
    }
}
