use super::*;
use crate::attribution::AttributionState::{Accelerated, ExpansionOrRetention, Influenced, Sourced};
use rust_decimal::dec;

const ID: fn(u128) -> Uuid = Uuid::from_u128;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn activity(id: u128, partner: u128, kind: ActivityKind, happened: &str, recorded: &str) -> Activity {
    Activity {
        id: ID(id),
        external_id: None,
        deal_id: Some(ID(9)),
        account_id: None,
        partner_id: Some(ID(partner)),
        kind,
        happened_at: at(happened),
        is_joint_meeting: false,
        meeting_count: None,
        next_step_on: None,
        owner_functions: Vec::new(),
        note: None,
        source_system: "test".into(),
        recorded_by: ID(8),
        recorded_at: at(recorded),
    }
}

fn proofs(activities: &[Activity]) -> Proofs<'_> {
    Proofs {
        activities,
        introduction_hours: 48,
        window: InfluenceWindow { days: 60, basis: WindowBasis::NoWonDeal },
        calendar: Calendar { zone: chrono_tz::America::New_York, fiscal_start_month: 1 },
    }
}

#[test]
fn an_introduction_counts_when_it_is_recorded_within_exactly_48_hours() {
    let lock = at("2026-10-05T09:00:00Z");
    let on_time = activity(1, 1, ActivityKind::Introduction, "2026-09-01T10:00:00Z", "2026-09-03T10:00:00Z");
    assert_eq!(proofs(std::slice::from_ref(&on_time)).find(ID(1), Sourced, None, lock), Ok(Some(ID(1))));
    let late = activity(2, 1, ActivityKind::Introduction, "2026-09-01T10:00:00Z", "2026-09-03T10:00:00.000001Z");
    let refused = Err(Lack::IntroductionRecordedLate { hours: 48 });
    assert_eq!(proofs(std::slice::from_ref(&late)).find(ID(1), Sourced, None, lock), refused);
    // One in time is enough; the claim that names the late one is refused all the same.
    let both = [late, on_time];
    assert_eq!(proofs(&both).find(ID(1), Sourced, None, lock), Ok(Some(ID(1))));
    assert_eq!(proofs(&both).find(ID(1), Sourced, Some(ID(2)), lock), refused);
    // Another partner's introduction, a touch, and one recorded after the lock prove nothing.
    let missing = Err(Lack::IntroductionMissing { hours: 48 });
    assert_eq!(proofs(&both).find(ID(2), Sourced, None, lock), missing);
    let touch = [activity(3, 1, ActivityKind::Touch, "2026-09-01T10:00:00Z", "2026-09-01T10:00:00Z")];
    assert_eq!(proofs(&touch).find(ID(1), Sourced, None, lock), missing);
    assert_eq!(proofs(&both).find(ID(1), Sourced, None, at("2026-09-03T09:59:59Z")), missing);
    assert_eq!(proofs(&both).find(ID(2), Sourced, Some(ID(1)), lock), Err(Lack::NotItsActivity));
}

#[test]
fn a_touch_counts_to_the_first_local_day_of_the_window() {
    // The lock is on 5 October in New York; sixty days before is 6 August there, which begins at 04:00 UTC.
    let lock = at("2026-10-05T22:00:00Z");
    let touch = |happened| [activity(1, 1, ActivityKind::Touch, happened, "2026-10-01T00:00:00Z")];
    let outside = Err(Lack::TouchOutsideWindow { days: 60 });
    for state in [Influenced, Accelerated] {
        assert_eq!(proofs(&touch("2026-08-06T04:00:00Z")).find(ID(1), state, None, lock), Ok(Some(ID(1))));
        assert_eq!(proofs(&touch("2026-08-06T03:59:59.999999Z")).find(ID(1), state, None, lock), outside);
        assert_eq!(proofs(&[]).find(ID(1), state, None, lock), Err(Lack::TouchMissing));
    }
    // A note is no touch; an introduction and a meeting are.
    let of = |kind| [activity(1, 1, kind, "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z")];
    assert_eq!(proofs(&of(ActivityKind::Note)).find(ID(1), Influenced, None, lock), Err(Lack::TouchMissing));
    assert_eq!(proofs(&of(ActivityKind::Introduction)).find(ID(1), Influenced, None, lock), Ok(Some(ID(1))));
    assert_eq!(proofs(&[]).find(ID(1), ExpansionOrRetention, None, lock), Ok(None));
}

#[test]
fn the_window_is_the_median_cycle_and_never_under_sixty_days() {
    let of = |median| InfluenceWindow::of(&Policy::default(), median);
    assert_eq!(of(None), InfluenceWindow { days: 60, basis: WindowBasis::NoWonDeal });
    assert_eq!(of(Some(dec!(59.4))), InfluenceWindow { days: 60, basis: WindowBasis::Floor });
    assert_eq!(of(Some(dec!(59.5))), InfluenceWindow { days: 60, basis: WindowBasis::MedianCycle });
    assert_eq!(of(Some(dec!(180))), InfluenceWindow { days: 180, basis: WindowBasis::MedianCycle });
    let chosen = Policy { influence_window_days: Some(30), ..Policy::default() };
    assert_eq!(InfluenceWindow::of(&chosen, Some(dec!(180))), InfluenceWindow { days: 30, basis: WindowBasis::Policy });
}
