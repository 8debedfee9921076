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
    held(&approved(), "2026-10-12T14:00:00Z")
}

/// With a meeting that was recorded an hour later.
fn held(state: &State, text: &str) -> State {
    let held_at = at(text);
    let mark = Mark { at: held_at + TimeDelta::hours(1), by: Uuid::from_u128(1) };
    state.meet(Uuid::from_u128(7), held_at, held_at.date_naive(), mark, TERMS).unwrap()
}

/// With the summary of the meeting of the 12th.
fn told(state: &State, text: &str) -> Result<State, RegistrationRefusal> {
    state.summarise(Some(at("2026-10-12T14:00:00Z")), summary(text))
}

/// The first meeting on record.
fn first(state: &State) -> Meeting {
    state.grant().unwrap().all_meetings()[0].clone()
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
    let lifted = told(&state, "2026-10-14T08:00:00Z").unwrap();
    assert_eq!(lifted.validity(day, late), Validity::Valid);
    assert!(first(&lifted).is_summary_late());
    let in_time = told(&state, "2026-10-13T14:00:00Z").unwrap();
    assert!(!first(&in_time).is_summary_late());
    assert_eq!(told(&in_time, "2026-10-13T14:00:00Z"), Err(RegistrationRefusal::SummaryThere));
    assert_eq!(told(&approved(), "2026-10-13T14:00:00Z"), Err(RegistrationRefusal::NoMeetingHeld));
    assert_eq!(approved().summarise(None, summary("2026-10-13T14:00:00Z")), Err(RegistrationRefusal::NoMeetingHeld));
}

#[test]
fn a_refresh_stands_on_a_summary_and_counts_90_days_anew() {
    let today = day("2026-11-02");
    let refresh = |state: &State| state.refresh(verdict("2026-11-02T09:00:00Z"), today, TERMS);
    assert_eq!(refresh(&approved()), Err(RegistrationRefusal::RefreshNeedsSummary));
    assert_eq!(refresh(&met()), Err(RegistrationRefusal::RefreshNeedsSummary));
    let fresh = refresh(&told(&met(), "2026-10-13T08:00:00Z").unwrap()).unwrap();
    // No 21 days run after a refresh, and 90 days from 2 November end with 31 January.
    assert_eq!((fresh.word(), fresh.ends_on()), (StateWord::Refreshed, Some(day("2027-01-31"))));
    // The next one needs a meeting of its own.
    assert_eq!(refresh(&fresh), Err(RegistrationRefusal::RefreshNeedsSummary));
    assert_eq!(refresh(&fresh.on(day("2027-02-01"))), Err(RegistrationRefusal::NotApproved));
}

#[test]
fn a_meeting_lies_between_the_approval_and_now() {
    let meet = |state: &State, held: &str| {
        let (held, mark) = (at(held), mark("2026-10-12T15:00:00Z"));
        state.meet(Uuid::nil(), held, held.date_naive(), mark, TERMS).map(|state| state.word())
    };
    assert_eq!(meet(&approved(), "2026-10-05T08:00:00Z"), Ok(StateWord::Approved));
    assert_eq!(meet(&approved(), "2026-10-04T23:00:00Z"), Err(RegistrationRefusal::MeetingBeforeApproval));
    assert_eq!(meet(&approved(), "2026-10-12T15:00:01Z"), Err(RegistrationRefusal::MeetingInFuture));
    assert_eq!(meet(&State::Submitted, "2026-10-12T14:30:00Z"), Err(RegistrationRefusal::NotApproved));
}

/// A meeting on the 12th with its summary, and one on the 20th that owes it until the 21st, 14:00.
#[test]
fn each_meeting_owes_its_own_summary_and_a_later_one_takes_none_away() {
    let paid = told(&met(), "2026-10-13T08:00:00Z").unwrap();
    let both = held(&paid, "2026-10-20T14:00:00Z");
    assert_eq!(first(&both), first(&paid));
    assert_eq!(held(&both, "2026-10-20T14:00:00Z"), both);
    let (due, today) = (at("2026-10-21T14:00:00Z"), day("2026-10-21"));
    assert_eq!(both.validity(today, due), Validity::Valid);
    let late = due + TimeDelta::microseconds(1);
    assert_eq!(both.validity(today, late), Validity::Suspended);
    // The meeting of the 12th is what a refresh stands on; what the other owes stays owed, and counts for the next one.
    let fresh = both.refresh(verdict("2026-10-20T16:00:00Z"), day("2026-10-20"), TERMS).unwrap();
    assert_eq!(fresh.grant().unwrap().all_meetings().len(), 2);
    assert_eq!(fresh.validity(today, late), Validity::Suspended);
    let next = |state: &State| state.refresh(verdict("2026-10-22T09:00:00Z"), day("2026-10-22"), TERMS);
    assert_eq!(next(&fresh), Err(RegistrationRefusal::RefreshNeedsSummary));
    let second = fresh.summarise(Some(at("2026-10-20T14:00:00Z")), summary("2026-10-22T08:00:00Z")).unwrap();
    assert_eq!(second.validity(day("2026-10-22"), at("2026-10-22T08:00:00Z")), Validity::Valid);
    assert!(next(&second).is_ok());
}

#[test]
fn a_summary_is_for_the_first_that_owes_one_or_for_the_day_that_is_told() {
    let three = ["2026-10-20T09:00:00Z", "2026-10-20T14:00:00Z"].iter().fold(met(), |state, at| held(&state, at));
    let of = |told: Option<&str>| {
        three.grant().unwrap().owed(told.map(at), |at| at.date_naive()).map(|meeting| meeting.held_at)
    };
    assert_eq!(of(None), Some(at("2026-10-12T14:00:00Z")));
    assert_eq!(of(Some("2026-10-20T13:30:00Z")), Some(at("2026-10-20T14:00:00Z")));
    assert_eq!(of(Some("2026-10-21T14:00:00Z")), None);
}

/// A row of before has one meeting, or null.
#[test]
fn a_row_of_before_is_read() {
    let mut row = serde_json::to_value(met()).unwrap();
    let grant = row.as_object_mut().unwrap();
    let mut meeting = grant.remove("meetings").unwrap()[0].take();
    meeting.as_object_mut().unwrap().remove("activityId");
    grant.remove("earlier");
    grant.insert("meeting".into(), meeting);
    let read: State = serde_json::from_value(row.clone()).unwrap();
    assert_eq!(first(&read), Meeting { activity_id: None, ..first(&met()) });
    row["meeting"] = serde_json::Value::Null;
    assert_eq!(serde_json::from_value::<State>(row).unwrap(), approved());
}

/// One of each state.
fn every_state() -> Vec<State> {
    let (now, met) = (mark("2026-10-12T15:00:00Z"), met());
    let refreshed = told(&met, "2026-10-13T08:00:00Z").unwrap();
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
