use super::*;
use crate::attribution::AttributionState::{Accelerated, Influenced, Sourced};
use crate::attribution::{Provenance, check};
use crate::deal::DealKind;
use proptest::prelude::*;
use std::collections::HashMap;

const ID: fn(u128) -> Uuid = Uuid::from_u128;

fn standing(partner: u128, state: AttributionState) -> Standing {
    Standing { partner_id: ID(partner), state }
}

fn claimed(partner: u128, state: AttributionState) -> Claim {
    Claim { partner_id: ID(partner), state, evidence: None, basis_id: None }
}

fn row(id: u128, it: Standing, is_late: bool, locked_at: Option<DateTime<Utc>>) -> Attribution {
    Attribution {
        id: ID(id),
        deal_id: ID(99),
        partner_id: it.partner_id,
        state: it.state,
        is_late,
        provenance: Provenance::Declared,
        evidence: None,
        basis_id: None,
        locked_at,
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_partner_that_sees_itself_only_claims_without_naming_the_rival() {
    let original = [standing(1, Sourced), standing(3, Influenced)];
    let own = |id| id == ID(2);
    let brought = claim(&original, &[claimed(2, Sourced)], own);
    assert_eq!(brought, sorted(vec![standing(2, Sourced), standing(3, Influenced)]));
    assert_eq!(
        parties(&original, &brought),
        [Party { partner_id: ID(2), is_claimant: true }, Party { partner_id: ID(1), is_claimant: false }]
    );
    // To claim less takes nothing from the others.
    assert_eq!(claim(&original, &[claimed(2, Accelerated)], own).len(), 3);
    assert_eq!(claim(&original, &[], |_| true), []);
}

#[test]
fn a_decision_keeps_what_is_in_both_readings_and_replaces_a_late_row_by_the_same_on_time() {
    let rows = [
        row(1, standing(1, Sourced), false, None),
        row(2, standing(2, Influenced), false, None),
        row(3, standing(3, Accelerated), true, None),
        row(4, standing(4, Influenced), true, None),
    ];
    let decided = [standing(2, Influenced), standing(2, Sourced), standing(3, Accelerated)];
    let change = supersede(&rows, &decided);
    assert_eq!(change.set_aside, [ID(1), ID(3)]);
    assert_eq!(change.added, [standing(2, Sourced), standing(3, Accelerated)]);
    assert_eq!(supersede(&rows[..2], &reading(&rows[..2])), Supersession::default());
}

/// What people may try on one deal, in any order.
#[derive(Clone, Debug)]
enum Attempt {
    Declare(Vec<(u128, AttributionState)>),
    Lock,
    Decide(Vec<(u128, AttributionState)>),
    Amend(u128, AttributionState),
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let state = prop_oneof![Just(Sourced), Just(Influenced), Just(Accelerated)];
    let claims = prop::collection::vec((0_u128..4, state.clone()), 0..4);
    let attempt = prop_oneof![
        claims.clone().prop_map(Attempt::Declare),
        Just(Attempt::Lock),
        claims.prop_map(Attempt::Decide),
        (0_u128..4, state).prop_map(|(partner, state)| Attempt::Amend(partner, state)),
    ];
    prop::collection::vec(attempt, 0..24)
}

proptest! {
    /// The same steps as the use cases take, over a table that never forgets.
    #[test]
    fn nothing_locked_is_ever_edited_and_at_most_one_is_sourced(attempts in attempts()) {
        let now = DateTime::UNIX_EPOCH;
        let mut table: Vec<(Attribution, bool)> = Vec::new();
        let mut locked: HashMap<Uuid, Attribution> = HashMap::new();
        let (mut is_declared, mut is_locked, mut next) = (false, false, 0_u128);
        for attempt in attempts {
            let holding: Vec<Attribution> = table.iter().filter(|it| !it.1).map(|it| it.0.clone()).collect();
            let mut new = |it: Standing, is_late, locked_at| {
                next += 1;
                (row(next, it, is_late, locked_at), false)
            };
            match attempt {
                Attempt::Declare(claims) if !is_locked => {
                    let claims: Vec<Claim> = claims.iter().map(|(partner, state)| claimed(*partner, *state)).collect();
                    if check(DealKind::New, &claims).is_ok() {
                        table.retain(|it| it.0.locked_at.is_some());
                        table.extend(claims.iter().map(|it| new(standing(it.partner_id.as_u128(), it.state), false, None)));
                        is_declared = true;
                    }
                }
                Attempt::Lock if is_declared => {
                    is_locked = true;
                    for it in &mut table {
                        it.0.locked_at = it.0.locked_at.or(Some(now));
                    }
                }
                Attempt::Decide(claims) if is_locked => {
                    let claims: Vec<Claim> = claims.iter().map(|(partner, state)| claimed(*partner, *state)).collect();
                    if check(DealKind::New, &claims).is_ok() {
                        let change = supersede(&holding, &claim(&reading(&holding), &claims, |_| true));
                        for it in table.iter_mut().filter(|it| change.set_aside.contains(&it.0.id)) {
                            prop_assert!(!it.1, "set aside twice");
                            it.1 = true;
                        }
                        table.extend(change.added.into_iter().map(|it| new(it, false, Some(now))));
                    }
                }
                Attempt::Amend(partner, state) => {
                    if amend(is_locked, &holding, ID(partner), state).is_ok() {
                        table.push(new(standing(partner, state), true, Some(now)));
                    }
                }
                Attempt::Declare(_) | Attempt::Lock | Attempt::Decide(_) => {}
            }
            for (it, _) in table.iter().filter(|it| it.0.locked_at.is_some()) {
                prop_assert_eq!(locked.entry(it.id).or_insert_with(|| it.clone()), it);
            }
            prop_assert!(locked.keys().all(|id| table.iter().any(|it| it.0.id == *id)), "a locked row is gone");
            let holding: Vec<&Attribution> = table.iter().filter(|it| !it.1).map(|it| &it.0).collect();
            prop_assert!(holding.iter().filter(|it| it.state == Sourced).count() <= 1);
            prop_assert!(holding.iter().all(|it| !(it.is_late && it.state == Sourced)));
            let mut once: Vec<_> = holding.iter().map(|it| (it.partner_id, it.state)).collect();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), holding.len());
        }
    }
}

/// What is taken back leaves the reading that stood, with its reason, and is not decided any more.
#[test]
fn only_who_opened_it_takes_it_back_and_only_while_it_is_open() {
    let open = Dispute {
        id: ID(1),
        deal_id: ID(99),
        kind: DisputeKind::Contest,
        state: DisputeState::Open,
        evidence: "a mail".into(),
        original: vec![standing(1, Sourced)],
        claimed: vec![standing(2, Sourced)],
        decided: None,
        reason: None,
        opened_by: ID(7),
        opened_role: Role::PartnerAe,
        decided_by: None,
        decided_at: None,
        version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
    };
    let mark = Mark { at: DateTime::UNIX_EPOCH, by: ID(7) };
    let take = |it: Dispute, is_opener| it.withdraw(is_opener, vec![standing(1, Sourced)], "settled".into(), mark);
    assert_eq!(take(open.clone(), false), Err(DisputeRefusal::NotTheOpener));
    let gone = take(open, true).unwrap();
    assert_eq!(
        (gone.state, gone.decided.clone(), gone.version),
        (DisputeState::Withdrawn, Some(vec![standing(1, Sourced)]), 2)
    );
    assert_eq!(take(gone, true), Err(DisputeRefusal::AlreadyDecided));
}
