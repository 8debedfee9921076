use super::*;
use crate::cell::CellValue;
use crate::policy::Policy;
use proptest::prelude::*;
use rust_decimal::dec;

/// A Yield of so many tenths on a trailing spend of 100,000.00, from so many won deals.
fn measured(tenths: i128, won: u64) -> PartnerYield {
    let sourced = CellValue { won, won_arr_minor: tenths * 1_000_000, won_arr_count: won, ..CellValue::default() };
    PartnerYield::measure(&sourced, 10_000_000, &Policy::default())
}

fn rule(tenths: i128, won: u64, planned_minor: i128) -> YieldRule {
    YieldRule::apply(&measured(tenths, won), planned_minor, &TamPolicy::default())
}

fn applied(rule: &YieldRule) -> (Decimal, Decimal, Decimal) {
    let bands = rule.applied.unwrap();
    (bands.conservative.normalize(), bands.base.normalize(), bands.stretch.normalize())
}

/// The paper's bands at their very edges, with spend 30 % up: 10x -> 8x, 9.9x and 6x -> 5x, 5.9x and 3x -> 2.5x.
#[test]
fn an_increase_of_thirty_percent_steps_down_one_band() {
    for (tenths, base) in
        [(250, dec!(8)), (100, dec!(8)), (99, dec!(5)), (60, dec!(5)), (59, dec!(2.5)), (30, dec!(2.5))]
    {
        let rule = rule(tenths, 10, 13_000_000);
        assert_eq!(rule.verdict, Verdict::SteppedDown, "{tenths}");
        assert_eq!(applied(&rule), (base, base, Decimal::new(tenths as i64, 1).normalize()), "{tenths}");
    }
}

/// 129,999.99 is 29.99999 % above 100,000.00; 129,990.00 is 29.99 %; 130,000.00 is 30 %.
#[test]
fn below_thirty_percent_nothing_steps() {
    for planned in [0, 5_000_000, 10_000_000, 12_999_000, 12_999_999] {
        let rule = rule(82, 10, planned);
        assert_eq!((rule.verdict, applied(&rule)), (Verdict::Kept, (dec!(8.2), dec!(8.2), dec!(8.2))), "{planned}");
    }
    assert_eq!(rule(82, 10, 13_000_000).verdict, Verdict::SteppedDown);
}

/// 2.9x: a cent more is refused. What was planned before the Yield fell counts up to the trailing spend: 150,000.00 planned in two
/// lines of 100,000.00 and 50,000.00 counts as 100,000.00, so 66,666.67 and 33,333.33 at 2.9x.
#[test]
fn below_three_times_any_increase_is_refused() {
    let policy = TamPolicy::default();
    let refused = |planned, before| is_refused(&measured(29, 10), planned, before, &policy);
    assert!(refused(10_000_001, 0) && !refused(10_000_000, 0) && !refused(9_000_000, 0));
    assert!(!refused(14_000_000, 15_000_000), "lowering a plan is never refused");
    assert!(!is_refused(&measured(30, 10), 90_000_000, 0, &policy));
    assert!(is_refused(&measured(0, 0), 10_000_001, 0, &policy), "a Yield of 0 is below 3x");
    let rule = rule(29, 10, 15_000_000);
    assert_eq!((rule.verdict, applied(&rule)), (Verdict::NotQualified, (dec!(2.9), dec!(2.9), dec!(2.9))));
    assert_eq!(rule.sourced_minor(10_000_000, Band::Base), Some(19_333_333));
    assert_eq!(rule.sourced_minor(5_000_000, Band::Base), Some(9_666_667));
}

#[test]
fn without_prior_spend_there_is_no_yield_and_no_sourced_tam() {
    let none = PartnerYield::measure(&CellValue::default(), 0, &Policy::default());
    let rule = YieldRule::apply(&none, 5_000_000, &TamPolicy::default());
    assert_eq!((rule.verdict, rule.reason, rule.applied), (Verdict::NoYield, Some(Reason::NoSpend), None));
    assert_eq!(rule.sourced_minor(5_000_000, Band::Stretch), None);
    assert!(!is_refused(&none, 5_000_000, 0, &TamPolicy::default()), "a new partner has to begin somewhere");
    // Spend, and nine won sourced deals of which nobody recorded the ARR: no Yield either.
    let nine = CellValue { won: 9, ..CellValue::default() };
    let unknown = PartnerYield::measure(&nine, 10_000_000, &Policy::default());
    let rule = YieldRule::apply(&unknown, 5_000_000, &TamPolicy::default());
    assert_eq!((rule.verdict, rule.reason, rule.applied), (Verdict::NoYield, Some(Reason::NoKnownArr), None));
    assert_eq!((rule.sourced_won, rule.without_arr, rule.evidence), (9, Some(9), Evidence::None));
}

/// Ruling 12: 9 won sourced deals are THIN. CONSERVATIVE takes 12x -> 8x, 7x -> 5x, 4x -> 2.5x, 2x -> 1x, 0.6x -> 0.6x. Where
/// spend is up 30 % as well, the band has stepped already: 12x -> 8x -> 5x, 4x -> 2.5x -> 1x.
#[test]
fn conservative_steps_a_thin_yield_down() {
    for (tenths, planned, conservative) in [
        (120, 10_000_000, dec!(8)),
        (70, 10_000_000, dec!(5)),
        (40, 10_000_000, dec!(2.5)),
        (20, 10_000_000, dec!(1)),
        (6, 10_000_000, dec!(0.6)),
        (120, 13_000_000, dec!(5)),
        (40, 13_000_000, dec!(1)),
    ] {
        assert_eq!(applied(&rule(tenths, 9, planned)).0, conservative, "{tenths} {planned}");
    }
    assert_eq!(applied(&rule(120, 10, 10_000_000)).0, dec!(12), "SOLID from 10 on");
}

/// Trailing 100,000.00 at 8x: at 130,000.00 the step to 5x bites, where 8x would have brought 1,040,000.00; 5x brings that
/// from 208,000.00 on. THIN: CONSERVATIVE falls from 5x to 2.5x, and that pays again from 260,000.00.
#[test]
fn the_cliff_says_where_it_bites_and_from_where_it_pays_again() {
    let solid = rule(80, 10, 0).cliff;
    let cliff = Cliff { bites_at_minor: 13_000_000, pays_from_minor: 20_800_000 };
    assert_eq!((solid.base, solid.conservative, solid.stretch), (Some(cliff), Some(cliff), None));
    let thin = rule(80, 9, 0).cliff;
    assert_eq!((thin.base, thin.conservative.unwrap().pays_from_minor), (Some(cliff), 26_000_000));
    assert_eq!(rule(29, 10, 0).cliff, Bands::default());
}

proptest! {
    #[test]
    fn the_bands_are_in_order(tenths in 0_i128..400, won in 0_u64..20, planned in 0_i128..40_000_000) {
        let rule = rule(tenths, won, planned);
        let (conservative, base, stretch) = applied(&rule);
        prop_assert!(Decimal::ZERO <= conservative && conservative <= base && base <= stretch);
    }

    /// Up to the cliff and from its far side on, more spend never forecasts less.
    #[test]
    fn it_pays_again_from_where_the_cliff_says(tenths in 30_i128..400, won in 0_u64..20, below in 1_i128..13_000_000, above in 0_i128..9_000_000) {
        for band in [Band::Conservative, Band::Base] {
            let Some(cliff) = *rule(tenths, won, 0).cliff.of(band) else { continue };
            let at = |planned| rule(tenths, won, planned).sourced_minor(planned, band).unwrap();
            prop_assert!(at(cliff.pays_from_minor + above) >= at(cliff.bites_at_minor - below));
            prop_assert!(at(cliff.bites_at_minor) < at(cliff.bites_at_minor - 1));
        }
    }
}
