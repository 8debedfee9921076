//! Who may be SOURCED, by the sentences of docs/REGISTRATION.md, Conflicts.

use super::*;
use crate::claim::{ClaimShare, Settlement};
use crate::registration::{Mark, Meeting, State, Terms, Verdict};

const DEAL: u128 = 100;
const OTHER_DEAL: u128 = 101;
const CONFLICT: u128 = 200;
const A: u128 = 1;
const B: u128 = 2;
const C: u128 = 3;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Everything is decided on Monday, 5 October 2026, 09:00, and asked that day at noon.
fn verdict() -> Verdict {
    Verdict { mark: Mark { at: at("2026-10-05T09:00:00Z"), by: Uuid::nil() }, reason: "a real need".into() }
}

fn approved() -> State {
    let terms =
        Terms { validity_days: 90, meeting_days: 21, summary_hours: 24, policy_version: 1, contract_version: None };
    State::Submitted.approve(verdict(), at("2026-10-05T09:00:00Z").date_naive(), terms, |_| String::new()).unwrap()
}

fn claim(partner: u128, state: State, deal: Option<u128>) -> Registration {
    Registration {
        id: id(partner),
        partner_id: id(partner),
        domain: "contested.com".into(),
        claim_number: i64::try_from(partner).unwrap(),
        account_url: "contested.com".into(),
        account_name: "Contested".into(),
        buyer_role: "COO".into(),
        problem: "Returns".into(),
        next_meeting_on: at("2026-10-12T09:00:00Z").date_naive(),
        discovery: None,
        account_id: None,
        deal_id: deal.map(id),
        has_opened_deal: false,
        owner_seat_id: None,
        first_touch: None,
        is_channel_conflict: false,
        conflict_id: None,
        influence_bps: None,
        state,
        submitted_by: Uuid::nil(),
        submitted_at: at("2026-10-05T08:00:00Z"),
        version: 1,
    }
}

fn in_conflict(bps: Option<i64>, it: Registration) -> Registration {
    Registration { conflict_id: Some(id(CONFLICT)), influence_bps: bps, ..it }
}

fn conflict(shares: &[(u128, i64)]) -> Conflict {
    let share = |(claim, bps): &(u128, i64)| ClaimShare { registration_id: id(*claim), bps: *bps };
    let shares: Vec<ClaimShare> = shares.iter().map(share).collect();
    let decision = (!shares.is_empty()).then(|| Settlement { verdict: verdict(), winner: None, shares });
    Conflict {
        id: id(CONFLICT),
        domain: "contested.com".into(),
        is_channel: false,
        opened_at: at("2026-10-05T08:00:00Z"),
        decision,
        version: 1,
    }
}

fn claims(registrations: Vec<Registration>, conflicts: Vec<Conflict>) -> Claims {
    let noon = at("2026-10-05T12:00:00Z");
    Claims { deal_id: id(DEAL), registrations, conflicts, at: (noon.date_naive(), noon) }
}

const YES: Result<(), AttributionRefusal> = Ok(());
const MET: Result<(), AttributionRefusal> = Err(AttributionRefusal::ChannelConflict);
const OPEN: Result<(), AttributionRefusal> = Err(AttributionRefusal::ConflictOpen);
const ANOTHERS: Result<(), AttributionRefusal> = Err(AttributionRefusal::RegisteredByAnother);

#[test]
fn without_a_claim_or_with_the_whole_credit_it_may() {
    assert_eq!(claims(vec![], vec![]).may_be_sourced(id(A)), YES);
    let alone = claims(vec![claim(A, approved(), Some(DEAL))], vec![]);
    assert_eq!((alone.may_be_sourced(id(A)), alone.may_be_sourced(id(C))), (YES, ANOTHERS));
    let won = in_conflict(Some(10_000), claim(A, approved(), Some(DEAL)));
    let lost = in_conflict(Some(0), claim(B, State::Submitted.refuse(verdict()).unwrap(), None));
    let won = claims(vec![won, lost], vec![conflict(&[(A, 10_000), (B, 0)])]);
    assert_eq!((won.may_be_sourced(id(A)), won.may_be_sourced(id(B))), (YES, MET));
}

/// "An open direct deal on the account: channel conflict, it cannot be SOURCED": before a deal is linked, and on that deal for good.
#[test]
fn a_claim_that_met_a_deal_may_not() {
    let met = |state: State, deal| {
        let it = Registration { is_channel_conflict: true, ..claim(A, state, deal) };
        claims(vec![it], vec![]).may_be_sourced(id(A))
    };
    let withdrawn = || approved().withdraw(verdict().mark).unwrap();
    assert_eq!((met(State::Submitted, None), met(approved(), Some(DEAL))), (MET, MET));
    assert_eq!(met(withdrawn(), Some(DEAL)), MET);
    // On another deal of the account it took nothing from anybody, and what is over before it had a deal bars nobody.
    assert_eq!((met(approved(), Some(OTHER_DEAL)), met(withdrawn(), None)), (YES, YES));
    // Nor does it bar who was on that deal before.
    let late = Registration { is_channel_conflict: true, ..claim(A, approved(), Some(DEAL)) };
    assert_eq!(claims(vec![late], vec![]).may_be_sourced(id(B)), YES);
}

#[test]
fn a_conflict_is_decided_first_and_a_part_of_the_credit_is_not_enough() {
    let pending = |partner, deal| in_conflict(None, claim(partner, approved(), deal));
    let open = claims(vec![pending(A, Some(DEAL)), pending(B, None)], vec![conflict(&[])]);
    assert_eq!((open.may_be_sourced(id(A)), open.may_be_sourced(id(B))), (OPEN, OPEN));
    let half = |partner, deal| in_conflict(Some(5_000), claim(partner, approved(), deal));
    let shares = conflict(&[(A, 5_000), (B, 5_000)]);
    let split = claims(vec![half(A, Some(DEAL)), half(B, None)], vec![shares.clone()]);
    for partner in [A, B] {
        assert_eq!(split.may_be_sourced(id(partner)), MET);
    }
    assert_eq!(split.may_be_sourced(id(C)), ANOTHERS);
    // Taken back, its part is not the whole all the same; registered again with nobody beside it, it is.
    let back = Registration { state: approved().withdraw(verdict().mark).unwrap(), ..half(A, Some(DEAL)) };
    assert_eq!(claims(vec![back.clone()], vec![shares.clone()]).may_be_sourced(id(A)), MET);
    let again = Registration { id: id(9), claim_number: 9, ..claim(A, approved(), Some(DEAL)) };
    assert_eq!(claims(vec![back, again], vec![shares]).may_be_sourced(id(A)), YES);
}

/// It lost to A, whose deal is another one. While A's claim stands, it holds the account; expired, it bars nobody elsewhere.
#[test]
fn who_lost_is_barred_while_the_winner_stands_and_on_its_deal() {
    let lost = in_conflict(Some(0), claim(B, State::Submitted.refuse(verdict()).unwrap(), None));
    let of = |state: State, deal| {
        let won = in_conflict(Some(10_000), claim(A, state, Some(deal)));
        claims(vec![won, lost.clone()], vec![conflict(&[(A, 10_000), (B, 0)])]).may_be_sourced(id(B))
    };
    let expired = || approved().on(at("2027-02-01T09:00:00Z").date_naive());
    assert_eq!((of(State::Submitted, OTHER_DEAL), of(approved(), OTHER_DEAL)), (MET, MET));
    assert_eq!((of(expired(), DEAL), of(approved().convert(verdict().mark.at).unwrap(), DEAL)), (MET, MET));
    let gone = of(approved().withdraw(verdict().mark).unwrap(), OTHER_DEAL);
    assert_eq!(gone, YES);
}

#[test]
fn anothers_claim_bars_only_while_it_protects() {
    let of = |state: State| claims(vec![claim(A, state, Some(OTHER_DEAL))], vec![]).may_be_sourced(id(C));
    let refused = State::Submitted.refuse(verdict()).unwrap();
    assert_eq!((of(State::Submitted), of(refused), of(approved())), (YES, YES, ANOTHERS));
    // The lock took over from it: whether the lock is right is what a dispute is about.
    assert_eq!(of(approved().convert(verdict().mark.at).unwrap()), YES);
    let mut suspended = approved();
    if let State::Approved(grant) = &mut suspended {
        let (held_at, due) = (at("2026-10-05T09:30:00Z"), at("2026-10-05T11:00:00Z"));
        grant.meetings.push(Meeting {
            activity_id: None,
            held_at,
            recorded: verdict().mark,
            summary_due_at: due,
            summary: None,
        });
    }
    assert_eq!(of(suspended), YES);
    // What was claimed after the lock took nothing from it.
    let mut later = claim(A, approved(), Some(OTHER_DEAL));
    later.submitted_at = at("2026-10-05T12:00:01Z");
    assert_eq!(claims(vec![later], vec![]).may_be_sourced(id(C)), YES);
}
