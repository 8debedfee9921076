use super::*;
use crate::policy::Policy;
use crate::trust_gap::WinRate;
use proptest::prelude::*;

fn gap(co_sell: (u64, u64), direct: (u64, u64)) -> TrustGap {
    let rate = |(won, lost)| WinRate { won, lost };
    TrustGap::measure(rate(co_sell), rate(direct), 0, &Policy::default())
}

fn influenced(level: Option<PenetrationLevel>, gap: &TrustGap) -> Influenced {
    let market = Market { addressable_accounts: Some(250), won_deals: 12, won_arr_minor: 48_000_000 };
    let penetration = level.map(|level| Penetration { level, reason: "seen in their pipeline".into() });
    let reach = Reach { by_hand: penetration, overlap_accounts: None, sourced_accounts: 6 };
    Influenced::of(&market, reach, gap, &TamPolicy::default())
}

/// 250 accounts x 0.25 = 62.5 engaged; co-sell 11 of 20 against direct 9 of 30 is 25 points; 480,000.00 / 12 = 40,000.00.
/// BASE: 62.5 x 0.25 x 40,000.00 = 625,000.00. The 80 % limits are 6.7942541518 and 41.3424501507 (`evidence.rs`):
/// CONSERVATIVE 62.5 x 0.067942541518 x 40,000.00 = 169,856.35, STRETCH 62.5 x 0.413424501507 x 40,000.00 = 1,033,561.25.
#[test]
fn solid_evidence_takes_the_limits() {
    let of = influenced(Some(PenetrationLevel::Moderate), &gap((11, 9), (9, 21)));
    assert_eq!((of.engaged, of.evidence), (Some(dec!(62.50)), Evidence::Solid));
    let bands = of.minor().unwrap();
    assert_eq!((bands.conservative, bands.base, bands.stretch), (16_985_635, 62_500_000, 103_356_125));
}

/// 6 of 8 against 9 of 30: 45 points on 8 co-sell deals. THIN: CONSERVATIVE gives no credit, BASE all of it.
#[test]
fn thin_evidence_earns_no_credit() {
    let bands = influenced(Some(PenetrationLevel::Deep), &gap((6, 2), (9, 21))).minor().unwrap();
    assert_eq!((bands.conservative, bands.base), (0, 225_000_000));
}

/// 1 of 8 against 15 of 30 is -37.5 points, THIN, and 3 of 20 against 15 of 30 is -35 points, SOLID: the drag stays, whole.
/// SHALLOW: 25 accounts x -0.375 x 40,000.00 = -375,000.00; 25 x -0.35 x 40,000.00 = -350,000.00.
#[test]
fn a_measured_drag_stays() {
    let thin = influenced(Some(PenetrationLevel::Shallow), &gap((1, 7), (15, 15))).minor().unwrap();
    assert_eq!((thin.conservative, thin.base), (-37_500_000, -37_500_000));
    let solid = influenced(Some(PenetrationLevel::Shallow), &gap((3, 17), (15, 15))).minor().unwrap();
    assert_eq!((solid.conservative, solid.base), (-35_000_000, -35_000_000));
    assert!(solid.stretch > solid.base);
}

/// 10 of 20 against 14 of 30: 3.33 points with a lower limit below 0. CONSERVATIVE takes max(lower, 0) = 0.
#[test]
fn an_inconclusive_gap_is_no_drag() {
    assert_eq!(influenced(Some(PenetrationLevel::Deep), &gap((10, 10), (14, 16))).minor().unwrap().conservative, 0);
}

#[test]
fn what_is_missing_is_named() {
    let good = gap((11, 9), (9, 21));
    assert_eq!(influenced(None, &good).reason, Some(Reason::NoPenetration));
    assert_eq!(influenced(Some(PenetrationLevel::Deep), &gap((0, 0), (9, 21))).reason, Some(Reason::NoCoSellDeals));
    assert_eq!(influenced(Some(PenetrationLevel::Deep), &gap((0, 0), (9, 21))).minor(), None);
    let by_hand = || Some(Penetration { level: PenetrationLevel::Deep, reason: "known".into() });
    let reach = || Reach { by_hand: by_hand(), ..Reach::default() };
    let of = |market: &Market| Influenced::of(market, reach(), &good, &TamPolicy::default());
    let unknown = of(&Market { addressable_accounts: None, won_deals: 1, won_arr_minor: 1 });
    assert_eq!((unknown.reason, unknown.minor()), (Some(Reason::NoAddressableAccounts), None));
    let no_acv = of(&Market { addressable_accounts: Some(1), won_deals: 0, won_arr_minor: 0 });
    assert_eq!((no_acv.reason, no_acv.minor()), (Some(Reason::NoWonNewDeals), None));
}

/// 40 % is DEEP, 39.99 % and 15 % are MODERATE, 14.99 % is SHALLOW.
#[test]
fn penetration_is_read_off_the_overlap() {
    let policy = TamPolicy::default();
    for (share, level) in [
        (dec!(1), PenetrationLevel::Deep),
        (dec!(0.40), PenetrationLevel::Deep),
        (dec!(0.3999), PenetrationLevel::Moderate),
        (dec!(0.15), PenetrationLevel::Moderate),
        (dec!(0.1499), PenetrationLevel::Shallow),
        (dec!(0), PenetrationLevel::Shallow),
    ] {
        assert_eq!(PenetrationLevel::of_overlap(share, &policy), level, "{share}");
    }
}

fn overlapping(accounts: Option<u64>, addressable: Option<i64>, by_hand: Option<PenetrationLevel>) -> Influenced {
    let market = Market { addressable_accounts: addressable, won_deals: 12, won_arr_minor: 48_000_000 };
    let by_hand = by_hand.map(|level| Penetration { level, reason: "seen in their pipeline".into() });
    let reach = Reach { by_hand, overlap_accounts: accounts, sourced_accounts: 0 };
    Influenced::of(&market, reach, &gap((11, 9), (9, 21)), &TamPolicy::default())
}

#[test]
fn an_overlap_below_the_bar_is_flagged() {
    let policy = TamPolicy::default();
    let flagged = |accounts, addressable| overlapping(accounts, addressable, None).is_under_bar(&policy);
    assert_eq!([flagged(Some(99), Some(1_000)), flagged(Some(100), Some(1_000))], [Some(true), Some(false)]);
    assert_eq!([flagged(Some(99), None), flagged(None, Some(1_000))], [None, None]);
}

/// Of 10,000 accounts 1,499 are 14.99 %, 1,500 are 15 %, 3,999 are 39.99 % and 4,000 are 40 %; 10,001 are more than
/// the segment is said to have: the share is 1.0001, and half of the 10,000 are engaged, as the rule has it.
#[test]
fn the_edges_of_the_overlap_are_exact() {
    let policy = TamPolicy::default();
    for (accounts, share, level) in [
        (0, dec!(0), PenetrationLevel::Shallow),
        (1_499, dec!(0.1499), PenetrationLevel::Shallow),
        (1_500, dec!(0.15), PenetrationLevel::Moderate),
        (3_999, dec!(0.3999), PenetrationLevel::Moderate),
        (4_000, dec!(0.4), PenetrationLevel::Deep),
        (10_001, dec!(1.0001), PenetrationLevel::Deep),
    ] {
        let of = overlapping(Some(accounts), Some(10_000), None);
        assert_eq!((of.overlap(), of.level(&policy)), (Ok(share), Some((level, PenetrationBasis::Overlap))));
        assert_eq!(of.is_beyond_segment(), accounts == 10_001);
        assert_eq!(of.engaged, Some(dec!(10_000) * level.rate(&policy)));
    }
}

#[test]
fn an_unknown_overlap_is_not_nothing_and_says_why() {
    let policy = TamPolicy::default();
    let unsaid = overlapping(Some(7), None, None);
    assert_eq!((unsaid.overlap(), unsaid.level(&policy)), (Err(Reason::NoAddressableAccounts), None));
    assert_eq!((unsaid.reason, unsaid.minor()), (Some(Reason::NoAddressableAccounts), None));
    let unrecorded = overlapping(None, Some(250), None);
    assert_eq!((unrecorded.overlap(), unrecorded.level(&policy)), (Err(Reason::NoOverlap), None));
    assert_eq!((unrecorded.reason, unrecorded.minor()), (Some(Reason::NoPenetration), None));
}

/// 200 of 250 accounts in common would be DEEP: SHALLOW was set by hand, and that holds.
#[test]
fn what_was_set_by_hand_comes_before_the_overlap() {
    let of = overlapping(Some(200), Some(250), Some(PenetrationLevel::Shallow));
    assert_eq!(of.level(&TamPolicy::default()), Some((PenetrationLevel::Shallow, PenetrationBasis::ByHand)));
    assert_eq!((of.overlap(), of.engaged), (Ok(dec!(0.8)), Some(dec!(25.0))));
}

/// 6 sourced accounts of 62.5 engaged are 9.6 %; of 25 they are 24 %.
#[test]
fn accounts_counted_twice_are_measured() {
    let good = gap((11, 9), (9, 21));
    assert_eq!(influenced(Some(PenetrationLevel::Moderate), &good).double_counted(), Some(dec!(0.096)));
    assert_eq!(influenced(Some(PenetrationLevel::Shallow), &good).double_counted(), Some(dec!(0.24)));
}

proptest! {
    /// Always CONSERVATIVE <= BASE <= STRETCH, and (ruling 13) with the rates fixed no width grows as the counts grow.
    #[test]
    fn the_bands_are_in_order_and_narrow(a in 0_u64..30, b in 0_u64..30, c in 0_u64..30, d in 0_u64..30, times in 2_u64..9) {
        prop_assume!(a + b > 0 && c + d > 0);
        let points = |times: u64| influenced(Some(PenetrationLevel::Deep), &gap((a * times, b * times), (c * times, d * times))).counted.unwrap();
        let (few, many) = (points(1), points(times));
        prop_assert!(few.conservative <= few.base && few.base <= few.stretch);
        prop_assert!(many.base - many.conservative <= few.base - few.conservative);
        prop_assert!(many.stretch - many.base <= few.stretch - few.base);
    }
}
