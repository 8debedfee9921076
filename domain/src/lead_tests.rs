//! Leads: every step, the queue, and acceptance by hand.

use super::*;
use rust_decimal::dec;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn lead(class: LeadClass, received: &str) -> Lead {
    let received_at = at(received);
    Lead {
        id: Uuid::from_u128(1),
        name: "Acme".into(),
        class,
        source: DealSource::Partner,
        origin: Origin { partner_id: Some(Uuid::from_u128(7)), ..Origin::default() },
        account_domain: None,
        account_id: None,
        contact_role: None,
        received_at,
        owner_seat_id: None,
        route: None,
        routed_at: None,
        decide_by: Lead::due(class, received_at, &Policy::default()),
        state: LeadState::Open,
        decided_at: None,
        decided_by: None,
        refusal: None,
        note: None,
        deal_id: None,
        version: 1,
        recorded_at: received_at,
    }
}

#[test]
fn an_eql_stands_before_every_other_lead_and_has_less_time() {
    let (early, late) = (lead(LeadClass::Mql, "2026-10-05T08:00:00Z"), lead(LeadClass::Eql, "2026-10-09T08:00:00Z"));
    assert!(late.queue_rank() < early.queue_rank());
    assert!(lead(LeadClass::Sql, "2026-10-05T07:00:00Z").queue_rank() < early.queue_rank());
    assert_eq!(early.decide_by, at("2026-10-07T08:00:00Z"));
    assert_eq!(late.decide_by, at("2026-10-09T12:00:00Z"));
    assert!(!late.is_overdue(at("2026-10-09T12:00:00Z")), "hour terms are inclusive");
    assert!(late.is_overdue(at("2026-10-09T12:00:01Z")));
}

#[test]
fn a_lead_is_decided_once_and_becomes_a_deal_once() {
    let (by, now, deal) = (Uuid::from_u128(2), at("2026-10-05T09:00:00Z"), Uuid::from_u128(3));
    let mut accepted = lead(LeadClass::Eql, "2026-10-05T08:00:00Z");
    assert_eq!(accepted.convert(deal), Err(LeadStop::LeadNotAccepted));
    accepted.decide(None, None, by, now).unwrap();
    assert_eq!((accepted.state, accepted.decided_at), (LeadState::Accepted, Some(now)));
    assert_eq!(accepted.decide(Some(LeadRefusal::NotAFit), None, by, now), Err(LeadStop::LeadDecided));
    accepted.convert(deal).unwrap();
    assert_eq!(accepted.convert(deal), Err(LeadStop::LeadNotAccepted));
    let mut refused = lead(LeadClass::Mql, "2026-10-05T08:00:00Z");
    refused.decide(Some(LeadRefusal::NoNeed), None, by, now).unwrap();
    assert_eq!((refused.state, refused.convert(deal)), (LeadState::Refused, Err(LeadStop::LeadNotAccepted)));
}

#[test]
fn class_source_and_partner_go_together() {
    let partner = Some(Uuid::from_u128(7));
    assert_eq!(Lead::check(LeadClass::Eql, DealSource::Partner, partner), Ok(()));
    assert_eq!(Lead::check(LeadClass::Mql, DealSource::Marketplace, partner), Ok(()));
    assert_eq!(Lead::check(LeadClass::Mql, DealSource::Paid, None), Ok(()));
    assert_eq!(Lead::check(LeadClass::Eql, DealSource::Marketplace, None), Err(LeadStop::LeadWithoutPartner));
    assert_eq!(Lead::check(LeadClass::Mql, DealSource::Partner, None), Err(LeadStop::LeadWithoutPartner));
    assert_eq!(Lead::check(LeadClass::Sql, DealSource::Direct, partner), Err(LeadStop::LeadSourceContradicts));
}

fn tally(source: DealSource, partner: Option<u128>, accepted: u64, refused: u64) -> Tally {
    Tally {
        class: LeadClass::Mql,
        source,
        partner_id: partner.map(Uuid::from_u128),
        source_detail: None,
        accepted,
        converted: accepted / 2,
        refused,
        open: 2,
        overdue: 1,
        on_time: accepted,
    }
}

#[test]
fn acceptance_is_of_decided_leads_and_flagged_under_seventy_percent_of_partners_leads() {
    let tallies = [
        tally(DealSource::Partner, Some(7), 6, 4),
        tally(DealSource::Partner, Some(8), 7, 3),
        tally(DealSource::Paid, None, 1, 9),
        tally(DealSource::Direct, None, 0, 0),
    ];
    let policy = Policy::default();
    let by_partner = acceptance(&tallies, LeadGroup::Partner, &policy);
    let read: Vec<_> = by_partner.iter().map(|it| (it.rate.ok(), it.evidence, it.is_under_bar)).collect();
    assert_eq!(
        read,
        [
            // Paid and direct leads together: no partner is in it, so no bar.
            (Some(dec!(0.1)), Evidence::Solid, None),
            (Some(dec!(0.6)), Evidence::Solid, Some(true)),
            // Exactly 70 % is not under 70 %.
            (Some(dec!(0.7)), Evidence::Solid, Some(false)),
        ]
    );
    let by_source = acceptance(&tallies, LeadGroup::Source, &policy);
    let partners = by_source.iter().find(|it| it.key == LeadKey::Source("PARTNER")).unwrap();
    assert_eq!((partners.accepted, partners.refused, partners.rate), (13, 7, Ok(dec!(0.65))));
    assert_eq!((partners.is_under_bar, partners.open, partners.overdue), (Some(true), 4, 2));
    let direct = by_source.iter().find(|it| it.key == LeadKey::Source("DIRECT")).unwrap();
    assert_eq!((direct.rate, direct.evidence, direct.interval), (Err(Reason::NoDecidedLeads), Evidence::None, None));
}
