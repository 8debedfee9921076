use super::super::influenced::{Penetration, PenetrationBasis, PenetrationLevel};
use super::super::{FindingKind, Verdict};
use super::*;
use crate::cell::CellValue;
use crate::trust_gap::WinRate;
use proptest::prelude::*;
use rust_decimal::dec;
use strum::IntoEnumIterator;

const NORTH: Uuid = Uuid::from_u128(1);
const SOUTH: Uuid = Uuid::from_u128(2);
const MID: Uuid = Uuid::from_u128(11);
const TOP: Uuid = Uuid::from_u128(12);

fn gap(co_sell: (u64, u64), direct: (u64, u64)) -> TrustGap {
    let rate = |(won, lost)| WinRate { won, lost };
    TrustGap::measure(rate(co_sell), rate(direct), 0, &Policy::default())
}

fn yields(sourced_arr_minor: i128, won: u64, spend_minor: i128) -> PartnerYield {
    let sourced = CellValue { won, won_arr_minor: sourced_arr_minor, won_arr_count: won, ..CellValue::default() };
    PartnerYield::measure(&sourced, spend_minor, &Policy::default())
}

fn frame() -> Frame {
    let to: Quarter = "2026-Q3".parse().unwrap();
    Frame { window: Window { from: to.plus(-3), to }, as_of: "2026-10-05".parse().unwrap(), policy_version: 1 }
}

fn cell(segment_id: Option<Uuid>, planned_minor: Quarters) -> CellFacts {
    CellFacts {
        segment_id,
        planned_minor,
        market: Market { addressable_accounts: Some(250), won_deals: 12, won_arr_minor: 48_000_000 },
        reach: Reach::default(),
        trust_gap: gap((0, 0), (9, 21)),
        expansion: ExpansionFacts::default(),
    }
}

fn set(level: PenetrationLevel) -> Reach {
    Reach { by_hand: Some(Penetration { level, reason: "their pipeline review".into() }), ..Reach::default() }
}

/// Two partners, two segments, no history to read a season off.
///
/// NORTH returned 820,000.00 on 100,000.00: 8.2x, SOLID. Planned are 60,000.00 for MID (10,000.00 and 50,000.00 in the first two
/// quarters) and 60,000.00 for no segment, 15,000.00 a quarter: 20 % more, so 8.2x is kept. In MID, MODERATE, its Trust-Gap is 25
/// points, SOLID; it touches 10 customers, 8 with an expansion in motion, 60,000.00 / 4 an expansion.
/// SOUTH returned 600,000.00 on 100,000.00: 6x, SOLID, and 130,000.00 are planned for TOP: 6x steps down to 5x. There, DEEP, its
/// Trust-Gap is -35 points, SOLID.
pub(in crate::tam) fn world() -> Facts {
    let mid = CellFacts {
        reach: Reach { sourced_accounts: 7, ..set(PenetrationLevel::Moderate) },
        trust_gap: gap((11, 9), (9, 21)),
        expansion: ExpansionFacts { touched_accounts: 10, with_opportunity: 8, won_deals: 4, won_arr_minor: 6_000_000 },
        ..cell(Some(MID), [1_000_000, 5_000_000, 0, 0])
    };
    let north = PartnerFacts {
        partner_id: NORTH,
        partner_yield: yields(82_000_000, 12, 10_000_000),
        cells: vec![mid, cell(None, [1_500_000; 4])],
    };
    let top = CellFacts {
        reach: set(PenetrationLevel::Deep),
        trust_gap: gap((3, 17), (15, 15)),
        ..cell(Some(TOP), [3_250_000; 4])
    };
    let partner_yield = yields(60_000_000, 10, 10_000_000);
    let south = PartnerFacts { partner_id: SOUTH, partner_yield, cells: vec![top] };
    Facts {
        quarter: "2026-Q4".parse().unwrap(),
        frame: frame(),
        currency: "USD".parse().unwrap(),
        policy: Policy::default(),
        won_arr_minor: vec![1; 7],
        partners: vec![north, south],
    }
}

/// The small world, computed.
pub(in crate::tam) fn by_hand() -> Forecast {
    Forecast::of(world())
}

/// NORTH: 60,000.00 x 8.2 = 492,000.00 twice. MID: 62.5 x 0.25 x 40,000.00 = 625,000.00 and 10 x 0.8 x 15,000.00 = 120,000.00.
/// SOUTH: 130,000.00 x 5 = 650,000.00; 125 x -0.35 x 40,000.00 = -1,750,000.00.
#[test]
fn a_small_world_by_hand() {
    let forecast = Forecast::of(world());
    let year = |spot, component| forecast.amounts(spot, Band::Base).year(component);
    assert_eq!(year(Spot::Cell(0, 0), Some(Component::Sourced)), Some(49_200_000));
    assert_eq!(forecast.amounts(Spot::Cell(0, 0), Band::Base).sourced, Some([8_200_000, 41_000_000, 0, 0]));
    assert_eq!(year(Spot::Cell(0, 0), Some(Component::Influenced)), Some(62_500_000));
    assert_eq!(year(Spot::Cell(0, 0), Some(Component::Drag)), Some(0));
    assert_eq!(forecast.amounts(Spot::Cell(0, 0), Band::Base).expansion, Some([3_000_000; 4]));
    assert_eq!(year(Spot::Cell(0, 1), None), Some(49_200_000));
    assert_eq!(year(Spot::Partner(0), None), Some(49_200_000 * 2 + 62_500_000 + 12_000_000));
    assert_eq!(year(Spot::Cell(1, 0), Some(Component::Sourced)), Some(65_000_000));
    assert_eq!(year(Spot::Segment(Some(TOP)), Some(Component::Drag)), Some(-175_000_000));
    assert_eq!(year(Spot::All, Some(Component::Sourced)), Some(163_400_000));
    assert_eq!(year(Spot::All, None), Some(163_400_000 + 62_500_000 + 12_000_000 - 175_000_000));
    assert_eq!(year(Spot::Segment(Some(TOP)), Some(Component::Expansion)), None);
    assert_eq!(forecast.amounts(Spot::Cell(1, 0), Band::Stretch).year(Some(Component::Sourced)), Some(78_000_000));
    assert_eq!(forecast.segments(), [Some(MID), Some(TOP), None]);
    assert_eq!(forecast.engaged(TOP), Some((dec!(125.0), Decimal::ZERO)));
}

/// Spend is planned on SOUTH in TOP, nothing on NORTH anywhere, and neither has recorded spend: NORTH's lines say that no spend is planned,
/// SOUTH's that it has no spend to take a multiple of, and the sum says neither.
#[test]
fn a_sum_takes_over_no_reason_of_a_part() {
    let mut facts = world();
    for partner in &mut facts.partners {
        partner.partner_yield = yields(0, 0, 0);
        for cell in &mut partner.cells {
            if partner.partner_id == NORTH {
                cell.planned_minor = [0; 4];
            }
        }
    }
    let forecast = Forecast::of(facts);
    let reason = |spot| forecast.reason(spot, Some(Component::Sourced));
    assert_eq!(reason(Spot::Cell(0, 0)), Some(Reason::NoPlannedSpend));
    assert_eq!(reason(Spot::Cell(1, 0)), Some(Reason::NoSpend));
    for sum in [Spot::All, Spot::Partner(0), Spot::Partner(1), Spot::Segment(Some(TOP))] {
        assert_eq!(reason(sum), Some(Reason::NothingMeasured), "{sum:?}");
    }
    let empty = Forecast::of(Facts { partners: Vec::new(), ..world() });
    assert_eq!(empty.reason(Spot::All, None), Some(Reason::NothingMeasured));
}

/// 7 sourced accounts of 62.5 engaged are 11.2 %. TOP has no customer of SOUTH's.
#[test]
fn what_must_not_be_overlooked_is_listed() {
    let found: Vec<_> = Forecast::of(world())
        .findings()
        .into_iter()
        .map(|found| (found.kind, found.partner_id, found.segment_id, found.reason, found.measure))
        .collect();
    assert_eq!(
        found,
        [
            (FindingKind::DoubleCounted, Some(NORTH), Some(MID), None, Some(dec!(0.112))),
            (FindingKind::YieldSteppedDown, Some(SOUTH), None, None, None),
            (FindingKind::Drag, Some(SOUTH), Some(TOP), None, None),
            (FindingKind::NotMeasured, Some(SOUTH), Some(TOP), Some(Reason::NoTouchedAccounts), None),
        ]
    );
    // A second partner that is DEEP in TOP: 250 accounts engaged in a segment of 250 are no excess, and a third one's 25 are.
    let mut crowded = world();
    let south = crowded.partners[1].clone();
    crowded.partners.push(PartnerFacts { partner_id: Uuid::from_u128(3), ..south.clone() });
    assert!(Forecast::of(crowded.clone()).findings().iter().all(|it| it.kind != FindingKind::EngagedBeyondSegment));
    let mut third = PartnerFacts { partner_id: Uuid::from_u128(4), ..south };
    third.cells[0].reach = set(PenetrationLevel::Shallow);
    crowded.partners.push(third);
    let found = Forecast::of(crowded).findings();
    assert_eq!(
        (found.last().unwrap().kind, found.last().unwrap().measure),
        (FindingKind::EngagedBeyondSegment, Some(dec!(25)))
    );
}

#[test]
fn the_five_metrics_are_frozen_as_far_as_it_rests_on_them() {
    let rests = Forecast::of(world()).partners[0].rests_on.clone();
    let expected = RestsOn {
        partner_yield: Some(dec!(8.2)),
        trust_gaps: vec![(MID, dec!(25))],
        expansion_arr_minor: Some([3_000_000; 4]),
        ..RestsOn::default()
    };
    assert_eq!(rests.partner_yield.map(|x| x.normalize()), expected.partner_yield);
    assert_eq!((rests.trust_gaps[0].0, rests.trust_gaps[0].1.normalize()), expected.trust_gaps[0]);
    assert_eq!((rests.expansion_arr_minor, rests.nrr_contribution_points), (expected.expansion_arr_minor, None));
}

#[test]
fn a_forecast_survives_its_row() {
    let forecast = Forecast::of(world());
    let text = serde_json::to_string(&forecast).unwrap();
    assert_eq!(serde_json::from_str::<Forecast>(&text).unwrap(), forecast);
    let value: serde_json::Value = serde_json::to_value(&forecast).unwrap();
    assert_eq!(serde_json::from_value::<Forecast>(value).unwrap(), forecast);
}

/// What was published before overlap was read has none, and says the same as it did.
#[test]
fn a_forecast_without_overlap_is_still_read() {
    let forecast = Forecast::of(world());
    let mut value = serde_json::to_value(&forecast).unwrap();
    for partner in value["partners"].as_array_mut().unwrap() {
        for cell in partner["cells"].as_array_mut().unwrap() {
            cell["influenced"].as_object_mut().map(|influenced| influenced.remove("overlapAccounts"));
        }
    }
    assert_eq!(serde_json::from_value::<Forecast>(value).unwrap(), forecast);
}

/// MID has 250 accounts and NORTH 37 of them: 14.8 %, SHALLOW, 25 engaged; with 38 it is 15.2 %, MODERATE, 62.5 engaged:
/// 62.5 x 25 points x 40,000.00 = 625,000.00. Nobody set anything by hand.
#[test]
fn a_line_is_made_of_the_overlap_alone() {
    let read = |overlap_accounts| {
        let mut facts = world();
        facts.partners[0].cells[0].reach = Reach { overlap_accounts, ..Reach::default() };
        let forecast = Forecast::of(facts);
        let influenced = forecast.partners[0].cells[0].influenced.clone().unwrap();
        (
            influenced.level(&forecast.policy),
            forecast.amounts(Spot::Cell(0, 0), Band::Base).year(Some(Component::Influenced)),
        )
    };
    let overlap = |level| Some((level, PenetrationBasis::Overlap));
    assert_eq!(read(Some(37)), (overlap(PenetrationLevel::Shallow), Some(25_000_000)));
    assert_eq!(read(Some(38)), (overlap(PenetrationLevel::Moderate), Some(62_500_000)));
    assert_eq!(read(Some(100)), (overlap(PenetrationLevel::Deep), Some(125_000_000)));
    assert_eq!(read(None), (None, None));
}

/// With eight quarters, the fourth of which brought all: a forecast that begins in Q4 falls on its first quarter.
#[test]
fn influenced_and_expansion_follow_the_season_and_sourced_the_plan() {
    // 2024-Q4 to 2026-Q3: 2024-Q4 and 2025-Q4 brought 3 each, every other quarter 1 but for two Q2s without any.
    let facts = Facts { won_arr_minor: vec![3, 1, 0, 1, 3, 1, 0, 1], ..world() };
    let forecast = Forecast::of(facts);
    let amounts = forecast.amounts(Spot::Cell(0, 0), Band::Base);
    assert_eq!(amounts.expansion, Some([7_200_000, 2_400_000, 0, 2_400_000]));
    assert_eq!(amounts.sourced, Some([8_200_000, 41_000_000, 0, 0]));
}

#[test]
fn a_plan_that_qualifies_for_none_is_a_finding() {
    let mut facts = world();
    facts.partners[0].partner_yield = yields(29_000_000, 12, 10_000_000);
    let forecast = Forecast::of(facts);
    assert_eq!(forecast.partners[0].spend.verdict, Verdict::NotQualified);
    assert_eq!(forecast.amounts(Spot::Partner(0), Band::Base).year(Some(Component::Sourced)), Some(29_000_000));
    assert!(forecast.findings().iter().any(|it| it.kind == FindingKind::SpendNotQualified));
}

prop_compose! {
    fn some_cell(segment: u128)(
        planned_minor in prop::array::uniform4(0_i128..9_000_000), addressable in prop::option::of(0_i64..5_000),
        level in prop::option::of(0_usize..3), with in (0_u64..30, 0_u64..30), direct in (0_u64..30, 0_u64..30),
        won in (0_u64..40, 0_i128..900_000_000), touched in 0_u64..40, share in 0_u64..41, expanded in (0_u64..9, 0_i128..90_000_000),
        sourced_accounts in 0_u64..50, overlap_accounts in prop::option::of(0_u64..6_000),
    ) -> CellFacts {
        let levels: Vec<_> = PenetrationLevel::iter().collect();
        CellFacts {
            segment_id: (segment < 3).then(|| Uuid::from_u128(segment)),
            planned_minor,
            market: Market { addressable_accounts: addressable, won_deals: won.0, won_arr_minor: won.1 },
            reach: Reach {
                sourced_accounts,
                overlap_accounts,
                ..level.map(|at| set(levels[at])).unwrap_or_default()
            },
            trust_gap: gap(with, direct),
            expansion: ExpansionFacts {
                touched_accounts: touched,
                with_opportunity: touched.min(share),
                won_deals: expanded.0,
                won_arr_minor: expanded.1,
            },
        }
    }
}

prop_compose! {
    fn some_partner(id: u128)(
        arr in 0_i128..90_000_000, won in 0_u64..20, spend in prop_oneof![Just(0_i128), 1_i128..20_000_000],
        one in some_cell(1), two in some_cell(2), none in some_cell(3),
    ) -> PartnerFacts {
        PartnerFacts { partner_id: Uuid::from_u128(id), partner_yield: yields(arr, won, spend), cells: vec![one, two, none] }
    }
}

prop_compose! {
    pub(in crate::tam) fn some_facts()(
        one in some_partner(1), two in some_partner(2), won_arr_minor in prop::collection::vec(0_i128..1_000_000, 0..14),
    ) -> Facts {
        Facts { won_arr_minor, partners: vec![one, two], ..world() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_line_quarter_and_total_is_in_the_order_of_the_bands(facts in some_facts()) {
        let forecast = Forecast::of(facts);
        let mut spots = vec![Spot::All, Spot::Partner(0), Spot::Partner(1)];
        spots.extend((0..2).flat_map(|partner| (0..3).map(move |cell| Spot::Cell(partner, cell))));
        for (spot, component) in spots.into_iter().flat_map(|spot| [(spot, None), (spot, Some(Component::Influenced)), (spot, Some(Component::Drag))]) {
            let of = |band| forecast.amounts(spot, band).of(component);
            match (of(Band::Conservative), of(Band::Base), of(Band::Stretch)) {
                (None, None, None) => {}
                (Some(low), Some(base), Some(high)) => {
                    for at in 0..4 {
                        prop_assert!(low[at] <= base[at] && base[at] <= high[at], "{spot:?} {component:?} {low:?} {base:?} {high:?}");
                    }
                }
                mixed => prop_assert!(false, "a component is measured in every band or in none: {mixed:?}"),
            }
        }
    }

    #[test]
    fn totals_are_the_sum_of_their_lines_to_the_cent(facts in some_facts()) {
        let forecast = Forecast::of(facts);
        for band in Band::iter() {
            let year = |spot| forecast.amounts(spot, band).year(None).unwrap_or_default();
            let segments: i128 = forecast.segments().into_iter().map(|id| year(Spot::Segment(id))).sum();
            let lines: i128 = (0..2).flat_map(|partner| (0..3).map(move |cell| Spot::Cell(partner, cell))).map(year).sum();
            let parts: i128 = Component::iter().filter_map(|part| forecast.amounts(Spot::All, band).year(Some(part))).sum();
            let quarters: i128 = forecast.amounts(Spot::All, band).of(None).unwrap_or_default().iter().sum();
            let all = [year(Spot::Partner(0)) + year(Spot::Partner(1)), segments, lines, parts, quarters];
            prop_assert!(all.iter().all(|sum| *sum == year(Spot::All)), "{all:?}");
        }
    }
}
