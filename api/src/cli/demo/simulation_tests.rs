use super::super::market::{FJORDLIGHT, HALDEN};
use super::*;
use domain::policy::Policy;
use domain::trust_gap::{TrustGap, TrustGapReading as Reading, WinRate};
use std::collections::BTreeMap;

fn world(market: &'static Market, today: &str) -> World {
    let calendar = Calendar { zone: market.zone.parse().unwrap(), fiscal_start_month: market.fiscal_start_month };
    World::simulate(market, calendar, today.parse().unwrap())
}

fn readings(world: &World) -> BTreeMap<String, usize> {
    let window = world.calendar.trailing_four(world.today);
    let counted = |deal: &&Deal| {
        let quarter = world.calendar.quarter(deal.close_on);
        deal.kind == DealKind::New
            && matches!(deal.outcome, Outcome::Won | Outcome::Lost)
            && (window.from..=window.to).contains(&quarter)
            && !deal.is_unknown
    };
    let deals: Vec<&Deal> = world.deals.iter().filter(counted).collect();
    let rate = |of: &dyn Fn(&Deal) -> bool| WinRate {
        won: deals.iter().filter(|deal| of(deal) && deal.outcome == Outcome::Won).count() as u64,
        lost: deals.iter().filter(|deal| of(deal) && deal.outcome == Outcome::Lost).count() as u64,
    };
    let mut found = BTreeMap::new();
    for segment in 0..world.market.segments.len() {
        let direct = rate(&|deal| deal.segment == segment && deal.credits.is_empty());
        for partner in 0..world.market.partners.len() {
            let with = rate(&|deal| deal.segment == segment && deal.credits.iter().any(|(at, _)| *at == partner));
            let reading = TrustGap::measure(with, direct, 0, &Policy::default()).reading;
            if reading == Reading::Unmeasured
                && !world.market.partners[partner].fits.iter().any(|fit| fit.segment == segment)
            {
                continue;
            }
            println!(
                "{:24} {:14} {}/{} against {}/{} {reading:?}",
                world.market.partners[partner].name,
                world.market.segments[segment].name,
                with.won,
                with.won + with.lost,
                direct.won,
                direct.won + direct.lost
            );
            *found.entry(format!("{reading:?}")).or_default() += 1;
        }
    }
    found
}

#[test]
fn the_same_day_gives_the_same_facts_and_every_reading_occurs() {
    for today in ["2026-11-22", "2027-02-01", "2025-07-04"] {
        let (one, two) = (world(&HALDEN, today), world(&HALDEN, today));
        assert_eq!(one.deals.len(), two.deals.len());
        assert!(
            one.deals.iter().zip(&two.deals).all(|(a, b)| a.id == b.id && a.arr == b.arr && a.close_on == b.close_on)
        );
        assert!((1_200..1_800).contains(&one.deals.len()), "{} deals", one.deals.len());
        assert!(one.deals.iter().all(|deal| deal.opened_on <= one.today));
        let found = readings(&one);
        for reading in ["Lift", "Drag", "Inconclusive"] {
            assert!(found.contains_key(reading), "no {reading} on {today}: {found:?}");
        }
    }
}

#[test]
fn ids_are_unique_and_partners_are_known() {
    for market in [&HALDEN, &FJORDLIGHT] {
        let world = world(market, "2026-11-22");
        let mut ids: Vec<&str> = world.activities.iter().map(|it| it.id.as_str()).collect();
        ids.extend(world.deals.iter().map(|it| it.id.as_str()));
        ids.extend(world.spend.iter().map(|it| it.id.as_str()));
        ids.extend(world.accounts.iter().map(|it| it.domain.as_str()));
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for pod in market.pods {
            assert!(pod.partners.iter().all(|id| market.partners.iter().any(|partner| partner.id == *id)));
        }
    }
}
