use super::*;
use proptest::prelude::*;

const A: Uuid = Uuid::from_u128(1);
const B: Uuid = Uuid::from_u128(2);

fn fact(declaration: Declaration, credits: &[Credit]) -> Fact<'_> {
    Fact {
        kind: DealKind::New,
        outcome: Outcome::Won,
        has_reached_stage_one: true,
        closed_quarter: "2024-Q1".parse().ok(),
        segment_id: None,
        declaration,
        provenance: Provenance::Imported,
        arr_minor: Some(1_000),
        tcv_minor: None,
        cycle_days: Some(7),
        credits,
    }
}

fn credit(partner_id: Uuid, state: AttributionState, is_late: bool) -> Credit {
    Credit { partner_id, state, is_late }
}

fn cohorts(fact: &Fact<'_>) -> Vec<(Option<Uuid>, Cohort, bool)> {
    let mut found: Vec<_> =
        tally(fact).into_iter().map(|key| (key.spot.partner_id, key.spot.cohort, key.spot.is_late)).collect();
    found.sort_unstable();
    found
}

#[test]
fn a_direct_deal_is_direct_and_an_unknown_one_is_not() {
    assert_eq!(cohorts(&fact(Declaration::Direct, &[])), [(None, Cohort::Direct, false)]);
    assert_eq!(cohorts(&fact(Declaration::Unknown, &[])), [(None, Cohort::Unknown, false)]);
    assert_eq!(cohorts(&fact(Declaration::Partners, &[])), [(None, Cohort::Unknown, false)]);
}

#[test]
fn two_partners_count_once_each_and_once_in_total() {
    let credits = [
        credit(A, AttributionState::Sourced, false),
        credit(A, AttributionState::Accelerated, false),
        credit(B, AttributionState::Influenced, true),
    ];
    assert_eq!(
        cohorts(&fact(Declaration::Partners, &credits)),
        [
            (None, Cohort::Sourced, false),
            (None, Cohort::Influenced, true),
            (None, Cohort::Accelerated, false),
            (None, Cohort::InfluencedOrAccelerated, false),
            (None, Cohort::AnyPartner, false),
            (Some(A), Cohort::Sourced, false),
            (Some(A), Cohort::Accelerated, false),
            (Some(A), Cohort::CoSell, false),
            (Some(B), Cohort::Influenced, true),
            (Some(B), Cohort::CoSell, true),
        ]
    );
}

#[test]
fn a_deal_with_only_late_partners_is_direct_by_default() {
    let credits = [credit(B, AttributionState::Influenced, true)];
    for (declaration, cohort) in [
        (Declaration::Direct, Cohort::Direct),
        (Declaration::Partners, Cohort::Direct),
        (Declaration::Unknown, Cohort::Unknown),
    ] {
        let found = cohorts(&fact(declaration, &credits));
        assert!(found.contains(&(None, cohort, true)), "{declaration:?}");
        assert!(found.contains(&(Some(B), Cohort::CoSell, true)));
    }
    assert!(is_counted(Cohort::Direct, true, Late::LeftOut) && !is_counted(Cohort::Direct, true, Late::Counted));
    assert!(!is_counted(Cohort::CoSell, true, Late::LeftOut) && is_counted(Cohort::CoSell, true, Late::Counted));
    assert!(is_counted(Cohort::Direct, false, Late::Counted) && is_counted(Cohort::CoSell, false, Late::LeftOut));
}

#[test]
fn what_is_not_closed_or_never_reached_stage_one_is_nowhere() {
    let direct = fact(Declaration::Direct, &[]);
    for outcome in [Outcome::Open, Outcome::Disqualified] {
        assert!(tally(&Fact { outcome, ..direct }).is_empty());
    }
    assert!(tally(&Fact { has_reached_stage_one: false, ..direct }).is_empty());
    assert!(tally(&Fact { closed_quarter: None, ..direct }).is_empty());
}

#[test]
fn medians_are_exact() {
    let median = |text: &str| text.parse::<Histogram>().unwrap().median();
    assert_eq!(median(""), None);
    assert_eq!(median("3"), Some(dec!(3)));
    assert_eq!(median("4 1:1"), Some(dec!(2.5)));
    assert_eq!(median("1:3 9:4 1:2"), Some(dec!(1)));
    assert_eq!(median("1:4 9:4"), Some(dec!(5)));
    assert!(
        "1:".parse::<Histogram>().is_err()
            && "x:1".parse::<Histogram>().is_err()
            && "1 - 2".parse::<Histogram>().is_err()
    );
}

fn credits() -> impl Strategy<Value = Vec<Credit>> {
    let state = prop::sample::select(vec![
        AttributionState::Sourced,
        AttributionState::Influenced,
        AttributionState::Accelerated,
    ]);
    let one = (1_u128..4, state, any::<bool>())
        .prop_map(|(partner, state, is_late)| credit(Uuid::from_u128(partner), state, is_late));
    prop::collection::vec(one, 0..5)
}

fn declarations() -> impl Strategy<Value = Declaration> {
    prop::sample::select(vec![Declaration::Direct, Declaration::Partners, Declaration::Unknown])
}

proptest! {
    /// In either reading a deal is exactly one of: with a partner, direct, unknown.
    #[test]
    fn every_closed_deal_is_counted_exactly_once(credits in credits(), declaration in declarations()) {
        for late in [Late::LeftOut, Late::Counted] {
            let sides = tally(&fact(declaration, &credits)).into_iter().filter(|key| {
                is_counted(key.spot.cohort, key.spot.is_late, late) && matches!(key.spot.cohort, Cohort::AnyPartner | Cohort::Direct | Cohort::Unknown)
            });
            prop_assert_eq!(sides.count(), 1);
        }
    }

    /// No cell counts a deal twice.
    #[test]
    fn no_cell_counts_a_deal_twice(credits in credits(), declaration in declarations()) {
        let keys = tally(&fact(declaration, &credits));
        let distinct: std::collections::HashSet<_> = keys.iter().map(|key| (key.spot.partner_id, key.spot.cohort)).collect();
        prop_assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn a_histogram_survives_its_row(values in prop::collection::vec((any::<i64>(), 1_u64..99), 0..20)) {
        let mut histogram = Histogram::default();
        for (value, times) in values {
            histogram.add(value, times);
        }
        prop_assert_eq!(histogram.to_string().parse::<Histogram>().unwrap(), histogram);
    }
}
