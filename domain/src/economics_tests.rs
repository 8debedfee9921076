use super::*;
use crate::cell::{Late, Spot};
use crate::deal::DealKind;
use proptest::prelude::*;
use rust_decimal::dec;

fn sourced(won: u64, arr: i128) -> CellValue {
    CellValue { won, won_arr_minor: arr, won_arr_count: won, ..CellValue::default() }
}

/// The paper's: a Yield of 8.2x means that the partner returned 8.20 of Sourced ARR for every 1.00 of program spend.
#[test]
fn the_papers_yield() {
    let measured = PartnerYield::measure(&sourced(12, 82_000_000), 10_000_000, &Policy::default());
    assert_eq!((measured.multiple, measured.evidence), (Ok(dec!(8.2)), Evidence::Solid));
}

#[test]
fn yield_without_spend_is_null_and_thin_under_ten_deals() {
    let policy = Policy::default();
    let none = PartnerYield::measure(&sourced(12, 5), 0, &policy);
    assert_eq!((none.multiple, none.evidence), (Err(Reason::NoSpend), Evidence::None));
    let thin = PartnerYield::measure(&sourced(9, 900), 300, &policy);
    assert_eq!((thin.multiple, thin.evidence), (Ok(dec!(3)), Evidence::Thin));
    let nothing = PartnerYield::measure(&sourced(0, 0), 300, &policy);
    assert_eq!((nothing.multiple, nothing.evidence), (Ok(dec!(0)), Evidence::Thin));
}

/// Nine sourced deals were won on a spend of 300. Of none the ARR is known: the multiple is unknown, and no 0. Of two it is (900): 900 / 300 = 3x,
/// and the nine won deals are what ruling 5 counts.
#[test]
fn a_yield_whose_arr_is_unknown_is_null_and_no_zero() {
    let measure = |solid_sourced_deals, known, arr, spend| {
        let policy = Policy { solid_sourced_deals, ..Policy::default() };
        let value = CellValue { won: 9, won_arr_minor: arr, won_arr_count: known, ..CellValue::default() };
        PartnerYield::measure(&value, spend, &policy)
    };
    let unknown = measure(10, 0, 0, 300);
    assert_eq!((unknown.multiple, unknown.evidence), (Err(Reason::NoKnownArr), Evidence::None));
    assert_eq!((unknown.sourced_won, unknown.without_arr), (9, 9));
    assert_eq!(measure(10, 0, 0, 0).multiple, Err(Reason::NoSpend));
    let thin = measure(10, 2, 900, 300);
    assert_eq!((thin.multiple, thin.evidence, thin.without_arr), (Ok(dec!(3)), Evidence::Thin, 7));
    assert_eq!(measure(9, 2, 900, 300).evidence, Evidence::Solid);
}

fn spot(partner: Option<u128>, cohort: Cohort) -> Spot {
    Spot { segment_id: None, partner_id: partner.map(Uuid::from_u128), cohort, kind: DealKind::New, is_late: false }
}

#[test]
fn unknown_deals_are_on_neither_side_of_the_attach_rate() {
    let book = Book::new(
        [
            (spot(None, Cohort::AnyPartner), CellValue { won: 1, lost: 1, ..sourced(1, 300) }),
            (spot(None, Cohort::Direct), CellValue { lost: 5, ..sourced(1, 100) }),
            (spot(None, Cohort::Unknown), sourced(7, 700)),
        ],
        Late::LeftOut,
    );
    let won = Attach::of(&book, Place::All, Worth::won);
    assert_eq!((won.deals_rate(), won.arr_rate(), won.unknown.deals), (Ok(dec!(0.5)), Ok(dec!(0.75)), 7));
    assert_eq!(Attach::of(&book, Place::All, Worth::closed).deals_rate(), Ok(dec!(0.25)));
    assert_eq!(Attach::default().deals_rate(), Err(Reason::NoDeals));
}

#[test]
fn equal_partners_share_a_rank() {
    let cells = [(1, 500), (2, 250), (3, 250), (4, 0)];
    let book =
        Book::new(cells.map(|(partner, arr)| (spot(Some(partner), Cohort::Sourced), sourced(1, arr))), Late::LeftOut);
    let concentration = Concentration::of(&book);
    let ranks: Vec<_> = concentration.partners.iter().map(|ranked| (ranked.rank, ranked.share.unwrap())).collect();
    assert_eq!(ranks, [(1, dec!(0.5)), (2, dec!(0.25)), (2, dec!(0.25)), (4, dec!(0))]);
    assert_eq!(concentration.partners[2].cumulative_share, Ok(dec!(1)));
    assert_eq!(concentration.index, Ok(dec!(0.375)));
}

#[test]
fn nothing_sourced_has_no_shares() {
    let book = Book::new([(spot(Some(1), Cohort::CoSell), sourced(1, 9))], Late::LeftOut);
    let concentration = Concentration::of(&book);
    assert_eq!((concentration.partners[0].share, concentration.index), (Err(Reason::NoAmount), Err(Reason::NoAmount)));
}

proptest! {
    /// Shares never add up to more than the whole, whatever the amounts.
    #[test]
    fn shares_add_up(amounts in prop::collection::vec(0_i128..1_000_000_000_000, 1..30)) {
        let cells = (1_u128..).zip(amounts.iter()).map(|(partner, arr)| (spot(Some(partner), Cohort::Sourced), sourced(1, *arr)));
        let concentration = Concentration::of(&Book::new(cells, Late::LeftOut));
        let total: Decimal = concentration.partners.iter().filter_map(|ranked| ranked.share.ok()).sum();
        let expected = if amounts.iter().sum::<i128>() == 0 { dec!(0) } else { dec!(1) };
        prop_assert!((total - expected).abs() < dec!(0.00000000000000000001));
    }
}
