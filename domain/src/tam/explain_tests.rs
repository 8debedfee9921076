use super::super::forecast::tests_support::some_facts;
use super::*;
use crate::role::Role;
use proptest::prelude::*;
use std::str::FromStr;
use strum::IntoEnumIterator;

/// Follows a line of arithmetic: `a x b x c = d`, `a / b = d` and `a + b = d`. None for a line that is a sentence.
fn follow(line: &str) -> Option<(Decimal, Decimal)> {
    let (left, right) = line.rsplit_once(" = ")?;
    let left = [": ", " = "].into_iter().fold(left, |left, mark| left.rsplit_once(mark).map_or(left, |(_, left)| left));
    let result = Decimal::from_str(right).ok()?;
    let all = |sign: &str| left.split(sign).map(|part| Decimal::from_str(part).ok()).collect::<Option<Vec<_>>>();
    let followed = match (all(" x "), all(" / ")) {
        (Some(factors), _) if factors.len() > 1 => factors.into_iter().reduce(|product, factor| product * factor)?,
        (_, Some(parts)) if parts.len() > 1 => parts.into_iter().reduce(|quotient, by| quotient / by)?,
        _ => all(" + ")?.iter().sum(),
    };
    Some((followed, result))
}

#[test]
fn following_a_line_is_arithmetic() {
    use rust_decimal::dec;
    assert_eq!(follow("62.5 x 0.25 x 40000 = 625000.00"), Some((dec!(625000), dec!(625000.00))));
    assert_eq!(follow("average ACV = 480.00 / 12 = 40"), Some((dec!(40.00), dec!(40))));
    assert_eq!(follow("by quarter (a quarter each): 1.00 + 2.00 = 3.00"), Some((dec!(3), dec!(3))));
    assert_eq!(follow("as it was measured: 25"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The last product of a line's explanation is the line to the cent, and every sum is what it adds up to.
    #[test]
    fn the_arithmetic_gives_the_value_again(facts in some_facts()) {
        let forecast = Forecast::of(facts);
        let lines = (0..2).flat_map(|partner| (0..3).map(move |cell| Spot::Cell(partner, cell)));
        let sums = [Spot::All, Spot::Segment(None), Spot::Partner(1)];
        for spot in lines.chain(sums) {
            for (band, component) in Band::iter().flat_map(|band| Component::iter().map(move |part| (band, Some(part))).chain([(band, None)])) {
                let told = forecast.explain(spot, band, component);
                let Some(minor) = forecast.amounts(spot, band).year(component) else {
                    prop_assert!(told.result.is_empty() || told.result.starts_with("null"), "{told:?}");
                    continue;
                };
                prop_assert_eq!(&told.result, &format!("{} USD", forecast.major(minor)));
                for step in told.steps() {
                    if let Some((followed, result)) = follow(step) {
                        // Half of the last digit shown: two roundings, one after the other, would not do.
                        let away = (followed - result).abs();
                        prop_assert!(away <= Decimal::new(5, result.scale().min(9) + 1) + dec!(0.0000000001), "{step}");
                    }
                }
                let last = told.steps().filter_map(follow).last().map(|(_, result)| result);
                prop_assert!(last == Some(forecast.major(minor)), "{told:?}");
            }
        }
    }
}

/// NORTH of `forecast_tests`, in words.
#[test]
fn finance_begins_at_the_value_that_its_band_counts() {
    let forecast = super::super::forecast::tests_support::by_hand();
    let told = |role, component| {
        let told = forecast.explain(Spot::Cell(0, 0), Band::Conservative, Some(component)).told_to(role);
        let inputs: Vec<String> = told
            .inputs
            .iter()
            .map(|input| format!("{}: {}", input.name, input.value.as_deref().unwrap_or("-")))
            .collect();
        (inputs, told.steps().map(str::to_owned).collect::<Vec<_>>())
    };
    let (inputs, steps) = told(Role::Finance, Component::Influenced);
    assert!(
        inputs.contains(&"Trust-Gap as this band counts it, in points: 6.794254151799587328".into())
            || inputs
                .iter()
                .any(|input| input.starts_with("Trust-Gap as this band counts it, in points: 6.79425415179")),
        "{inputs:?}"
    );
    assert!(!inputs.iter().any(|input| input.starts_with("measured")), "{inputs:?}");
    assert_eq!(steps[0], "accounts engaged = 250 x 0.25 = 62.5");
    assert!(steps.iter().all(|step| !step.contains("min(") && !step.contains("25 points")), "{steps:?}");
    let (_, steps) = told(Role::Leadership, Component::Influenced);
    assert!(steps.iter().any(|step| step.starts_with("SOLID: min(25, max(6.794")), "{steps:?}");
    // Without Yield and spend, a Pod is told that there are such inputs and no more.
    let (inputs, steps) = told(Role::PartnerAe, Component::Sourced);
    assert_eq!(inputs, ["planned spend of this line: -", "Yield as this band counts it: -"]);
    assert_eq!(
        steps,
        [
            "by quarter (planned spend, the odd minor units to the largest remainders): 82000.00 + 410000.00 + 0.00 + 0.00 = 492000.00"
        ]
    );
    let (inputs, steps) = told(Role::Finance, Component::Sourced);
    assert_eq!(inputs, ["planned spend of this line: 60000.00", "Yield as this band counts it: 8.2"]);
    assert_eq!(steps[0], "60000 x 8.2 = 492000.00");
    let (_, steps) = told(Role::Operator, Component::Sourced);
    assert_eq!(steps[1], "120000.00 / 100000.00 - 1 = 0.2, which is below 0.30 or asks for no step: Yield is kept");
}

/// MID has 250 accounts, 100 of them in common: 40 %, DEEP. Who may not read the overlap is told the level and where it comes from.
#[test]
fn an_overlap_explains_the_penetration_and_a_hand_says_why() {
    use super::super::forecast::{Forecast, tests_support};
    use super::super::influenced::Reach;
    let told = |forecast: &Forecast, role| {
        let told = forecast.explain(Spot::Cell(0, 0), Band::Conservative, Some(Component::Influenced)).told_to(role);
        format!("{:?} {:?}", told.inputs, told.steps().collect::<Vec<_>>())
    };
    let mut facts = tests_support::world();
    facts.partners[0].cells[0].reach = Reach { overlap_accounts: Some(100), ..Reach::default() };
    let read = Forecast::of(facts);
    let pod = told(&read, Role::PartnerAe);
    assert!(
        pod.contains("DEEP, read off the overlap")
            && pod.contains("overlap = 100 / 250 = 0.4, which is 0.4 or more: DEEP"),
        "{pod}"
    );
    let finance = told(&read, Role::Finance);
    assert!(finance.contains("DEEP, read off the overlap") && !finance.contains("100 / 250"), "{finance}");
    let by_hand = told(&Forecast::of(tests_support::world()), Role::Operator);
    assert!(by_hand.contains("MODERATE, set by hand") && by_hand.contains("their pipeline review"), "{by_hand}");
}

/// No explanation of a lower band names another band, whoever reads it.
#[test]
fn no_band_gives_another_away() {
    let forecast = super::super::forecast::tests_support::by_hand();
    for band in [Band::Conservative, Band::Base] {
        for component in Component::iter().map(Some).chain([None]) {
            for spot in [Spot::All, Spot::Partner(0), Spot::Cell(0, 0), Spot::Cell(1, 0)] {
                let text =
                    format!("{:?}", forecast.explain(spot, band, component).told_to(Role::Finance)).to_uppercase();
                assert!(!text.contains("STRETCH") && !text.contains("\"BASE") && !text.contains("UPPER"), "{text}");
            }
        }
    }
}
