//! The tiers by worked numbers, at every edge.

use super::*;
use crate::cell::CellValue;
use crate::trust_gap::WinRate;
use chrono_tz::Tz;
use proptest::prelude::*;

fn gap(co_sell: (u64, u64), direct: (u64, u64)) -> TrustGap {
    let rate = |(won, closed): (u64, u64)| WinRate { won, lost: closed - won };
    TrustGap::measure(rate(co_sell), rate(direct), 0, &Policy::default())
}

/// 6 of 10 against 10 of 20: exactly +10 points, SOLID on both sides.
fn ten_points() -> TrustGap {
    gap((6, 10), (10, 20))
}

/// 10 of 100 against 50 of 100: -40 points, and no interval reaches 0.
fn drag() -> TrustGap {
    gap((10, 100), (50, 100))
}

fn yields(arr: i128, spend: i128) -> PartnerYield {
    PartnerYield::measure(
        &CellValue { won: 12, won_arr_count: 12, won_arr_minor: arr, ..CellValue::default() },
        spend,
        &Policy::default(),
    )
}

fn audit(quarters: u32, gaps: &[TrustGap], partner_yield: PartnerYield) -> Audit {
    let trust_gaps = (1..).map(Uuid::from_u128).zip(gaps.iter().cloned()).collect();
    Audit { completed_quarters: quarters, trust_gaps, partner_yield, trajectories: Vec::new(), is_in_test: false }
}

fn judged(audit: &Audit) -> (Tier, TierRule) {
    let recommendation = recommend(audit, &Policy::default());
    (recommendation.tier, recommendation.rule)
}

/// 300.00 of sourced ARR for 100.00 of spend is 3x, and 10 points are 10 points: both bars are reached, neither is passed.
#[test]
fn exactly_three_times_and_exactly_ten_points_is_invest() {
    let at_the_bars = audit(4, &[ten_points()], yields(30_000, 10_000));
    let recommendation = recommend(&at_the_bars, &Policy::default());
    assert_eq!((recommendation.tier, recommendation.rule), (Tier::Invest, TierRule::AllBarsMet));
    let best = &recommendation.facts[1];
    assert_eq!(
        (best.kind, best.value, best.bar, best.segment_id),
        (TierFactKind::BestTrustGap, Some(dec!(10.0)), dec!(10), Some(Uuid::from_u128(1)))
    );
    // One cent less, or 6 of 10 against 51 of 100 (+9 points), and it is held.
    let a_cent_less = audit(4, &[ten_points()], yields(29_999, 10_000));
    assert_eq!(judged(&a_cent_less), (Tier::Maintain, TierRule::NothingElse));
    let nine_points = audit(4, &[gap((6, 10), (51, 100))], yields(30_000, 10_000));
    assert_eq!(judged(&nine_points), (Tier::Maintain, TierRule::NothingElse));
}

#[test]
fn exactly_one_time_its_cost_is_not_an_exit() {
    assert_eq!(judged(&audit(4, &[ten_points()], yields(10_000, 10_000))).0, Tier::Maintain);
    assert_eq!(
        judged(&audit(4, &[ten_points()], yields(9_999, 10_000))),
        (Tier::Exit, TierRule::YieldBelowCost),
        "it returns less than it costs, whatever its Trust-Gap"
    );
    // Spend that brought nothing is a Yield of 0.
    assert_eq!(judged(&audit(4, &[ten_points()], yields(0, 1))).0, Tier::Exit);
}

#[test]
fn a_null_yield_meets_no_bar() {
    let free = audit(4, &[ten_points()], yields(1_000_000, 0));
    let recommendation = recommend(&free, &Policy::default());
    assert_eq!(recommendation.tier, Tier::Maintain, "neither below 1x nor at 3x");
    assert!(recommendation.facts.iter().all(|fact| !fact.is_met || fact.kind == TierFactKind::BestTrustGap));
    // Nine sourced deals were won on a spend of 100.00, of none the ARR is known: nobody is dismissed for what was not recorded.
    let nine = CellValue { won: 9, ..CellValue::default() };
    let unknown = audit(4, &[ten_points()], PartnerYield::measure(&nine, 10_000, &Policy::default()));
    assert_eq!(judged(&unknown), (Tier::Maintain, TierRule::NothingElse));
}

#[test]
fn short_history_and_thin_evidence_are_a_test() {
    assert_eq!(judged(&audit(3, &[ten_points()], yields(30_000, 10_000))), (Tier::Test, TierRule::ShortHistory));
    // 9 closed deals on one side are THIN.
    let thin = gap((9, 9), (10, 20));
    assert_eq!(
        judged(&audit(4, std::slice::from_ref(&thin), yields(30_000, 10_000))),
        (Tier::Test, TierRule::NoSolidSegment)
    );
    assert_eq!(judged(&audit(8, &[], yields(30_000, 10_000))), (Tier::Test, TierRule::NoSolidSegment));
    // In TEST it is judged by the other three on what there is: thin evidence is no bar met, and no drag.
    let tested = Audit { is_in_test: true, ..audit(2, &[thin], yields(30_000, 10_000)) };
    assert_eq!(judged(&tested), (Tier::Maintain, TierRule::NothingElse));
    let costs = Audit { is_in_test: true, ..audit(2, &[], yields(1, 10_000)) };
    assert_eq!(judged(&costs), (Tier::Exit, TierRule::YieldBelowCost));
}

#[test]
fn every_solid_segment_must_drag() {
    let good = yields(50_000, 10_000);
    assert_eq!(judged(&audit(4, &[drag(), drag()], good)), (Tier::Exit, TierRule::EverySegmentDrags));
    assert_eq!(judged(&audit(4, &[drag(), ten_points()], good)), (Tier::Invest, TierRule::AllBarsMet));
    // A thin segment neither saves nor condemns.
    assert_eq!(judged(&audit(4, &[drag(), gap((5, 5), (10, 20))], good)).0, Tier::Exit);
    // -4 points on few deals are inconclusive, and that is no drag.
    assert_eq!(judged(&audit(4, &[gap((3, 10), (17, 50))], good)).0, Tier::Maintain);
}

#[test]
fn decaying_once_bars_invest_and_twice_running_is_an_exit() {
    use Trajectory::{Compounding, Decaying};
    let with = |trajectories: &[Trajectory]| {
        judged(&Audit { trajectories: trajectories.to_vec(), ..audit(4, &[ten_points()], yields(30_000, 10_000)) })
    };
    assert_eq!(with(&[Decaying]), (Tier::Maintain, TierRule::NothingElse));
    assert_eq!(with(&[Decaying, Decaying]), (Tier::Exit, TierRule::DecayingTwice));
    assert_eq!(with(&[Decaying, Compounding, Decaying]).0, Tier::Maintain);
    assert_eq!(with(&[Compounding, Decaying, Decaying]).0, Tier::Invest);
}

#[test]
fn a_test_ends_with_a_verdict_and_never_follows_itself() {
    use Tier::{Exit, Invest, Maintain, Test};
    let (none, tested) = (TestState::default(), TestState { is_open: true, is_spent: true });
    assert_eq!(check(Test, Test, none, None), Ok(()));
    assert_eq!(check(Test, Test, tested, Some("once more")), Err(TierRefusal::TestFollowsTest));
    assert_eq!(check(Maintain, Maintain, tested, None), Err(TierRefusal::TestVerdictMissing));
    assert_eq!(check(Exit, Maintain, tested, Some("no second call was held")), Ok(()));
    assert_eq!(check(Invest, Maintain, none, None), Err(TierRefusal::TierReasonMissing));
    assert_eq!(check(Invest, Maintain, none, Some("a new region")), Ok(()));
    assert_eq!(check(Test, Maintain, none, Some("a new owner")), Ok(()));
}

/// LOOP.md, Phase 1: TEST lasts one quarter, ends with a documented decision, and cannot follow TEST. Decided for 2026-Q4.
#[test]
fn every_test_of_the_quarter_and_of_the_one_before_counts() {
    use Tier::{Exit, Maintain, Test};
    let (old, last, this): (Quarter, Quarter, Quarter) =
        ("2026-Q1".parse().unwrap(), "2026-Q3".parse().unwrap(), "2026-Q4".parse().unwrap());
    let of = |decisions: &[(Quarter, Tier)]| {
        let state = TestState::of(decisions.iter().copied(), this);
        (state.is_open, state.is_spent)
    };
    assert_eq!(of(&[]), (false, false));
    // It came into the quarter, from however long ago.
    assert_eq!(of(&[(last, Test)]), (true, true));
    assert_eq!(of(&[(old, Test)]), (true, true));
    // Its verdict may be thought over in its quarter: it still ends that TEST.
    assert_eq!(of(&[(last, Test), (this, Exit)]), (true, true));
    // Decided in this quarter: another tier ends it, TEST again is the same one, and after its end there is no second.
    assert_eq!(of(&[(this, Test)]), (true, false));
    assert_eq!(of(&[(this, Test), (this, Test)]), (true, false));
    assert_eq!(of(&[(this, Test), (this, Maintain)]), (true, true));
    // Ended in its own quarter: the next one owes no verdict, and has no TEST; the one after that may.
    assert_eq!(of(&[(last, Test), (last, Maintain)]), (false, true));
    assert_eq!(of(&[(old, Test), (old, Maintain)]), (false, false));
    // What is decided for a later quarter is not yet.
    assert_eq!(of(&[(this.plus(1), Test)]), (false, false));
}

/// Ruling 39: until Phase 6 has labelled a quarter, how often it decayed is not 0 but not measured. It bars nothing (ruling 18).
#[test]
fn a_trajectory_that_nobody_labelled_is_no_zero() {
    let decayed = |audit: &Audit| {
        let facts = recommend(audit, &Policy::default()).facts;
        facts.into_iter().find(|fact| fact.kind == TierFactKind::DecayingRunning).map(|fact| (fact.value, fact.is_met))
    };
    let unlabelled = audit(4, &[ten_points()], yields(30_000, 10_000));
    assert_eq!((judged(&unlabelled).0, decayed(&unlabelled)), (Tier::Invest, Some((None, false))));
    let holding = Audit { trajectories: vec![Trajectory::Holding], ..unlabelled };
    assert_eq!((judged(&holding).0, decayed(&holding)), (Tier::Invest, Some((Some(dec!(0)), false))));
}

/// Decided on 5 October 2026, ninety days end on 3 January 2027: that day is in time, the next is not.
#[test]
fn ninety_days_end_with_their_last_day() {
    let calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };
    let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
    let due = |latest, known: &str| due_on(&calendar, latest, day(known), &Policy::default());
    let q4 = "2026-Q4".parse().unwrap();
    assert_eq!(due(Some((day("2026-10-05"), q4)), "2026-01-01"), day("2027-01-03"));
    // A decision that was made late is due again when the next Recruit phase ends.
    assert_eq!(due(Some((day("2026-12-01"), q4)), "2026-01-01"), day("2027-01-21"));
    // Without one: the first Recruit phase that it sees.
    assert_eq!(due(None, "2026-10-21"), day("2026-10-21"));
    assert_eq!(due(None, "2026-10-22"), day("2027-01-21"));
}

#[test]
fn a_plan_is_whole_when_every_partner_has_a_tier_and_its_section() {
    assert_eq!(plan_gap(None, Some(Tier::Test)), Some(PlanGap::TierDecisionMissing));
    assert_eq!(plan_gap(Some(Tier::Test), None), Some(PlanGap::SectionMissing));
    assert_eq!(plan_gap(Some(Tier::Exit), Some(Tier::Test)), Some(PlanGap::SectionOfAnotherTier));
    assert_eq!(plan_gap(Some(Tier::Exit), Some(Tier::Exit)), None);
    let blank = Section::Test { audit_signals: "win rate".into(), exit_criteria: " ".into() };
    assert_eq!(blank.tidied(), Err(BadText::Empty));
}

proptest! {
    /// Every recommendation names at least one fact, and TEST is never recommended to a partner that is in TEST.
    #[test]
    fn a_recommendation_has_its_facts(
        quarters in 0_u32..8, won in 0_u64..30, direct in 0_u64..30, arr in 0_i128..100_000, spend in 0_i128..100_000,
        is_in_test: bool,
    ) {
        let audit = Audit { is_in_test, ..audit(quarters, &[gap((won, 30), (direct, 30))], yields(arr, spend)) };
        let recommendation = recommend(&audit, &Policy::default());
        prop_assert!(!recommendation.facts.is_empty());
        prop_assert!(!(is_in_test && recommendation.tier == Tier::Test));
        if recommendation.tier == Tier::Invest {
            prop_assert!(recommendation.facts[..2].iter().all(|fact| fact.is_met));
        }
    }
}

/// Three pages of 400 words are 1,200: that many are within, one more is not. 600 words are a page and a half.
#[test]
fn the_plan_is_three_pages() {
    let length = |words: usize| PlanLength::of(std::iter::repeat_n("word \n", words), &Policy::default());
    assert_eq!((length(600).pages(), length(600).is_over()), (Some(dec!(1.5)), false));
    assert!(!length(1_200).is_over() && length(1_201).is_over());
}
