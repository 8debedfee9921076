use super::*;
use crate::trust_gap::WinRate;
use chrono::DateTime;
use proptest::prelude::*;

fn today() -> NaiveDate {
    "2026-10-05".parse().unwrap()
}

fn entry(kind: CapabilityKind, value: &str, account: Option<u128>, validated_on: &str) -> Capability {
    Capability {
        id: Uuid::nil(),
        partner_id: Uuid::nil(),
        kind,
        value: value.into(),
        account_id: account.map(Uuid::from_u128),
        evidence: "Seen.".into(),
        validated_on: validated_on.parse().unwrap(),
        seat_id: Uuid::nil(),
        version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

fn gap(co_sell: (u64, u64), direct: (u64, u64)) -> Option<TrustGap> {
    let rate = |(won, lost)| WinRate { won, lost };
    Some(TrustGap::measure(rate(co_sell), rate(direct), 0, &Policy::default()))
}

fn partner(id: u128, name: &str) -> MatchFacts {
    MatchFacts {
        partner_id: Uuid::from_u128(id),
        name: name.into(),
        capabilities: Vec::new(),
        overlap: Ok(Overlap::Nothing),
        trust_gap: gap((0, 0), (4, 6)),
    }
}

/// A deal with a retailer in Germany (EMEA), on account 9, that asks for Kafka.
fn needs() -> Vec<Need> {
    let facts = DealFacts {
        account_id: Some(Uuid::from_u128(9)),
        industry: Some("Retail".into()),
        places: vec!["EMEA".into(), "DE".into()],
        technologies: vec!["Kafka".into(), "Search".into()],
    };
    facts.needs()
}

/// One answers to retail, to Germany and to Kafka, not to the buyer: 3 of 4 is 75, x 40; it touched the account: 50 x 30; 7 of 11
/// beside 4 of 10 is +23.6 points, SOLID: 100 x 30. (3000 + 1500 + 3000) / 100 = 75. The other knows the buyer and owns the account:
/// 25 x 40 + 100 x 30, its Trust-Gap of 3 of 11 is negative: 0. (1000 + 3000) / 100 = 40.
#[test]
fn a_match_is_a_weighted_sum_that_says_why() {
    let one = MatchFacts {
        capabilities: vec![
            entry(CapabilityKind::Industry, "retail", None, "2026-09-01"),
            entry(CapabilityKind::Geographic, "de", None, "2026-09-01"),
            entry(CapabilityKind::Technical, "KAFKA", None, "2026-09-01"),
            entry(CapabilityKind::Technical, "Pulsar", None, "2026-09-01"),
            entry(CapabilityKind::BuyerRelationship, "CIO", Some(8), "2026-09-01"),
        ],
        overlap: Ok(Overlap::Touched),
        trust_gap: gap((7, 4), (4, 6)),
        ..partner(2, "Zebra")
    };
    let other = MatchFacts {
        capabilities: vec![entry(CapabilityKind::BuyerRelationship, "CIO", Some(9), "2026-09-01")],
        overlap: Ok(Overlap::Customer),
        trust_gap: gap((3, 8), (4, 6)),
        ..partner(1, "Aardvark")
    };
    let ranked = rank(&needs(), vec![other, one], today(), &Policy::default());
    let scores: Vec<_> = ranked.iter().map(|found| (found.partner_id.as_u128(), found.score)).collect();
    assert_eq!(scores, [(2, dec!(75)), (1, dec!(40))]);
    let reasons = |at: usize| ranked[at].lines.iter().map(|line| (line.reason, line.contribution)).collect::<Vec<_>>();
    assert_eq!(
        reasons(0),
        [
            (MatchReason::SomeNeedsMet, dec!(30)),
            (MatchReason::AtWorkOnAccount, dec!(15)),
            (MatchReason::TrustGapMet, dec!(30))
        ]
    );
    assert_eq!(
        reasons(1),
        [
            (MatchReason::SomeNeedsMet, dec!(10)),
            (MatchReason::ItsCustomer, dec!(30)),
            (MatchReason::TrustGapNotMet, dec!(0))
        ]
    );
    assert_eq!(
        (ranked[0].entries.len(), ranked[1].needs_met.as_slice()),
        (3, &[CapabilityKind::BuyerRelationship][..])
    );
}

/// 5 deals on one side are THIN, none is NONE: neither counts, whatever the points. A stale entry counts for nothing and is shown.
#[test]
fn only_what_is_solid_and_valid_counts_and_what_is_missing_adds_nothing() {
    let thin = MatchFacts {
        trust_gap: gap((5, 0), (4, 6)),
        capabilities: vec![entry(CapabilityKind::Industry, "Retail", None, "2026-04-07")],
        ..partner(1, "A")
    };
    let stale = entry(CapabilityKind::Industry, "Retail", None, "2026-04-08");
    assert!(entry(CapabilityKind::Industry, "x", None, "2026-04-07").is_stale(today(), &Policy::default()));
    assert!(!stale.is_stale(today(), &Policy::default()));
    let found = rank(&needs(), vec![thin], today(), &Policy::default()).remove(0);
    let reasons: Vec<_> = found.lines.iter().map(|line| line.reason).collect();
    assert_eq!(reasons, [MatchReason::OnlyStaleEntries, MatchReason::NotOnAccount, MatchReason::TrustGapThin]);
    assert_eq!((found.score, found.entries.len(), found.needs_met.len()), (dec!(0), 1, 0));
    let nothing = MatchFacts { overlap: Err(MatchReason::NoAccount), trust_gap: None, ..partner(1, "A") };
    let found = rank(&DealFacts::default().needs(), vec![nothing], today(), &Policy::default()).remove(0);
    let reasons: Vec<_> = found.lines.iter().map(|line| line.reason).collect();
    assert_eq!(reasons, [MatchReason::NoNeeds, MatchReason::NoAccount, MatchReason::NoSegment]);
    assert!(found.lines.iter().all(|line| line.reason.is_missing() && line.score.is_none()));
}

proptest! {
    /// The order does not depend on the order in which partners come, and ties go by name and id.
    #[test]
    fn a_rank_is_the_same_however_partners_come(kinds in proptest::collection::vec(0_usize..3, 1..9), turn in 0_usize..9) {
        let overlaps = [Overlap::Nothing, Overlap::Touched, Overlap::Customer];
        let mut all: Vec<MatchFacts> = kinds
            .iter()
            .zip(1_u128..)
            .map(|(kind, id)| MatchFacts { overlap: Ok(overlaps[*kind]), ..partner(id, if id % 2 == 0 { "B" } else { "A" }) })
            .collect();
        let ids = |found: Vec<Match>| found.into_iter().map(|it| (it.partner_id, it.score)).collect::<Vec<_>>();
        let one = ids(rank(&needs(), all.clone(), today(), &Policy::default()));
        let places = turn % all.len();
        all.rotate_left(places);
        let other = ids(rank(&needs(), all, today(), &Policy::default()));
        prop_assert!(one.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        prop_assert_eq!(one, other);
    }
}
