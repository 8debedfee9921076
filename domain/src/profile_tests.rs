use super::*;
use crate::policy::Policy;
use proptest::prelude::*;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn any_of(name: &str, fact: ProfileFact, list: &[&str]) -> Criterion {
    Criterion { name: name.into(), fact, test: Test::AnyOf(words(list)) }
}

fn weighing(criterion: Criterion, weight: Decimal) -> Attribute {
    Attribute { criterion, weight }
}

fn profile(attributes: Vec<Attribute>, disqualifiers: Vec<Criterion>) -> IdealProfile {
    IdealProfile {
        id: Uuid::nil(),
        kind: ProfileKind::Ipp,
        version: 7,
        attributes,
        disqualifiers,
        reason: "x".into(),
        seat_id: Uuid::nil(),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

/// Resellers or MSPs weigh 30, EMEA 20, 500 customers or more 10; affiliates are out.
fn example() -> IdealProfile {
    let base = Criterion {
        name: "Install base".into(),
        fact: ProfileFact::InstallBase,
        test: Test::Between { least: Some(dec!(500)), most: None },
    };
    profile(
        vec![
            weighing(any_of("Kind", ProfileFact::Kind, &["RESELLER", "MSP"]), dec!(30)),
            weighing(any_of("Geo", ProfileFact::Region, &["EMEA"]), dec!(20)),
            weighing(base, dec!(10)),
        ],
        vec![any_of("No affiliates", ProfileFact::Kind, &["AFFILIATE"])],
    )
}

fn known(facts: &[(ProfileFact, Value)]) -> Known {
    facts.iter().cloned().collect()
}

fn one(word: &str) -> Value {
    Value::Words(words(&[word]))
}

/// A reseller in AMER with 500 customers: (30 + 10) / 60 = 66.66..., 50 of it for the kind, 16.66... for the base; the bar is 60.
#[test]
fn a_fit_is_a_weighted_sum_that_shows_its_parts() {
    let facts = known(&[
        (ProfileFact::Kind, one("reseller")),
        (ProfileFact::Region, one("AMER")),
        (ProfileFact::InstallBase, Value::Number(dec!(500))),
    ]);
    let fit = example().fit(&facts, &Policy::default());
    let parts: Vec<_> =
        fit.lines.iter().map(|line| line.contribution.map(|it| crate::evidence::round(it, 4))).collect();
    assert_eq!(parts, [Some(dec!(50)), Some(dec!(0)), Some(dec!(16.6667))]);
    assert_eq!(fit.value.map(|value| crate::evidence::round(value, 6)), Some(dec!(66.666667)));
    assert_eq!((fit.verdict, fit.known_rate, fit.profile_version), (Verdict::Fits, Decimal::ONE, 7));
    assert!(fit.unknown().is_empty() && fit.disqualified_by().is_empty());
}

/// Of a reseller whose region and base nobody recorded, 30 of 60 is known, exactly the half that it takes: 100, between 50 and 100.
/// Of one with only the region known, 20 of 60 is known: no value, and the disqualifier is unknown as well, so between 0 and 100.
#[test]
fn an_unknown_fact_counts_for_nothing_and_is_named() {
    let fit = example().fit(&known(&[(ProfileFact::Kind, one("MSP"))]), &Policy::default());
    assert_eq!((fit.value, fit.lowest, fit.highest, fit.known_rate), (Some(dec!(100)), dec!(50), dec!(100), dec!(0.5)));
    assert_eq!(fit.unknown(), ["Geo", "Install base"]);
    let fit = example().fit(&known(&[(ProfileFact::Region, one(" emea "))]), &Policy::default());
    assert_eq!((fit.value, fit.verdict), (None, Verdict::NotKnown));
    assert_eq!((fit.lowest, fit.highest), (dec!(0), dec!(100)), "the disqualifier may be met");
    assert_eq!(fit.unknown(), ["Kind", "Install base", "No affiliates"]);
    assert_eq!(example().fit(&Known::new(), &Policy::default()).verdict, Verdict::NotKnown);
}

#[test]
fn a_disqualifier_ends_it_and_says_which() {
    let facts = known(&[(ProfileFact::Kind, one("AFFILIATE")), (ProfileFact::Region, one("EMEA"))]);
    let fit = example().fit(&facts, &Policy::default());
    assert_eq!((fit.value, fit.verdict), (Some(dec!(0)), Verdict::Disqualified));
    assert_eq!(fit.disqualified_by(), ["No affiliates"]);
}

/// Known to have none is known: a partner without any region listed as its own does not meet "EMEA".
#[test]
fn an_empty_list_is_known_and_limits_belong_to_their_range() {
    let geo = any_of("Geo", ProfileFact::Region, &["EMEA"]);
    assert_eq!(geo.met(&known(&[(ProfileFact::Region, Value::Words(Vec::new()))])), Met::NotMet);
    let seats = Criterion {
        name: "Seats".into(),
        fact: ProfileFact::SeatsManaged,
        test: Test::Between { least: Some(dec!(10)), most: Some(dec!(20)) },
    };
    let of = |seats: Decimal| known(&[(ProfileFact::SeatsManaged, Value::Number(seats))]);
    assert_eq!(
        [dec!(9), dec!(10), dec!(20), dec!(21)].map(|it| seats.met(&of(it))),
        [Met::NotMet, Met::Met, Met::Met, Met::NotMet]
    );
}

#[test]
fn every_breach_of_a_definition_is_told() {
    let attributes = vec![
        weighing(any_of("Kind", ProfileFact::Kind, &["RESELLERS"]), dec!(0)),
        weighing(any_of("kind ", ProfileFact::Employees, &["many"]), dec!(1)),
        weighing(any_of("Where", ProfileFact::Region, &[]), dec!(1001)),
    ];
    let upside_down = Criterion {
        name: "Base".into(),
        fact: ProfileFact::InstallBase,
        test: Test::Between { least: Some(dec!(2)), most: Some(dec!(1)) },
    };
    let told: Vec<(&str, Option<usize>, &str)> = breaches(ProfileKind::Ipp, &attributes, &[upside_down])
        .into_iter()
        .map(|it| (it.list, it.at, it.field))
        .collect();
    assert_eq!(
        told,
        [
            ("attributes", Some(0), "weight"),
            ("attributes", Some(2), "weight"),
            ("attributes", Some(0), "anyOf"),
            ("attributes", Some(1), "name"),
            ("attributes", Some(1), "fact"),
            ("attributes", Some(1), "fact"),
            ("attributes", Some(2), "anyOf"),
            ("disqualifiers", Some(0), "atMost"),
        ]
    );
    assert_eq!(breaches(ProfileKind::Icp, &[], &[]).len(), 1);
    assert!(breaches(ProfileKind::Ipp, &example().attributes, &example().disqualifiers).is_empty());
}

proptest! {
    /// Whatever is known, a fit lies between its limits and is the sum of its parts. Half of the attributes test the motions, which
    /// are always known; the other half the region, which may be unknown.
    #[test]
    fn a_fit_lies_between_its_limits_and_is_the_sum_of_its_parts(
        weights in proptest::collection::vec((1_u32..1000, any::<bool>()), 2..12), is_region_known: bool,
    ) {
        let fact = |at: usize| if at.is_multiple_of(2) { ProfileFact::Motion } else { ProfileFact::Region };
        let attributes = weights.iter().enumerate().map(|(at, (weight, _))| {
            weighing(any_of(&format!("a{at}"), fact(at), &[&format!("w{at}")]), Decimal::from(*weight))
        });
        let profile = profile(attributes.collect(), Vec::new());
        let has: Vec<String> =
            weights.iter().enumerate().filter(|(_, (_, is_met))| *is_met).map(|(at, _)| format!("w{at}")).collect();
        let mut facts = known(&[(ProfileFact::Motion, Value::Words(has.clone()))]);
        if is_region_known {
            facts.insert(ProfileFact::Region, Value::Words(has));
        }
        let fit = profile.fit(&facts, &Policy::default());
        if let Some(value) = fit.value {
            let sum: Decimal = fit.lines.iter().filter_map(|line| line.contribution).sum();
            prop_assert!((sum - value).abs() < dec!(0.000000000000000001));
            let mend = dec!(0.000000000000000001);
            prop_assert!(fit.lowest <= value + mend && value <= fit.highest + mend && fit.highest <= dec!(100));
        }
        prop_assert_eq!(fit.value.is_some(), fit.known_rate >= dec!(0.5));
    }
}
