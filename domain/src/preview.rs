//! What would have been otherwise: one window read under two policies (LOOP.md section 3, Policy).
//!
//! Readings, evidence and recommended tiers are here; the bands of the forecast in [`bands`], and what terms of days and hours would have
//! done in [`terms`]. The states of the Three-State Threshold join when Signal Strength is computed.

use crate::book::{Book, Kinds, Place, with_partner};
use crate::cell::Cohort;
use crate::economics::PartnerYield;
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::recruit::{Audit, recommend};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

pub mod bands;
pub mod terms;

/// What of a window depends on a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Aspect {
    /// The reading of a Trust-Gap.
    TrustGapReading,
    /// The evidence of a Trust-Gap.
    TrustGapEvidence,
    /// The evidence of a Yield.
    YieldEvidence,
    /// The tier that is recommended for a partner.
    RecommendedTier,
    /// The evidence of a deal size delta.
    DealSizeEvidence,
    /// The evidence of a Deal Velocity Premium.
    VelocityEvidence,
    /// Whether the win rate of SOURCED deals is under the bar.
    SourcedUnderBar,
    /// Whether the win rate of INFLUENCED deals is under the bar.
    InfluencedUnderBar,
    /// Whether the win rate of ACCELERATED deals is under the bar.
    AcceleratedUnderBar,
    /// Whether the win rate of all co-sold deals is under the bar.
    CoSoldUnderBar,
}

/// Something that reads otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub aspect: Aspect,
    /// Of which partner; of the program without one.
    pub partner_id: Option<Uuid>,
    /// In which segment; in all of them without one.
    pub segment_id: Option<Uuid>,
    /// Under the policy of that day.
    pub before: &'static str,
    /// Under the other one.
    pub after: &'static str,
}

/// What two policies read in the same window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many readings were compared.
    pub compared: u64,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

/// How a partner stood at the end of the window, for its tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Completed quarters since the first one with a closed deal or spend.
    pub completed_quarters: u32,
    /// Whether its decision was TEST.
    pub is_in_test: bool,
}

/// Reads a window under both: the program and each of these partners, in all and in each of these segments.
#[must_use]
pub fn preview(
    book: &Book,
    spend: impl Fn(Option<Uuid>) -> i128,
    standing: impl Fn(Uuid) -> Standing,
    (partners, segments): (&[Uuid], &[Uuid]),
    (before, after): (&Policy, &Policy),
) -> Preview {
    let mut preview = Preview::default();
    for partner_id in std::iter::once(None).chain(partners.iter().copied().map(Some)) {
        for segment_id in std::iter::once(None).chain(segments.iter().copied().map(Some)) {
            let place = segment_id.map_or(Place::All, Place::Segment);
            let mut readings: Vec<(Aspect, &str, &str)> = Vec::new();
            readings.extend(
                of_place(book, partner_id, place, before)
                    .into_iter()
                    .zip(of_place(book, partner_id, place, after))
                    .map(|((aspect, before), (_, after))| (aspect, before, after)),
            );
            // Spend is booked on partners, so that a Yield has no segment (ruling 3).
            if segment_id.is_none() {
                let sourced = book.value(partner_id, Place::All, Cohort::Sourced, Kinds::All);
                let evidence = |policy| word(PartnerYield::measure(&sourced, spend(partner_id), policy).evidence);
                readings.push((Aspect::YieldEvidence, evidence(before), evidence(after)));
                if let Some(partner_id) = partner_id {
                    let tier = |policy| {
                        let audit = Audit {
                            completed_quarters: standing(partner_id).completed_quarters,
                            trust_gaps: segments
                                .iter()
                                .map(|id| (*id, book.trust_gap(Some(partner_id), Place::Segment(*id), policy)))
                                .collect(),
                            partner_yield: PartnerYield::measure(&sourced, spend(Some(partner_id)), policy),
                            // No quarter is labelled before Phase 6 labels it (ruling 18).
                            trajectories: Vec::new(),
                            is_in_test: standing(partner_id).is_in_test,
                        };
                        <&'static str>::from(recommend(&audit, policy).tier)
                    };
                    readings.push((Aspect::RecommendedTier, tier(before), tier(after)));
                }
            }
            preview.compared += readings.len() as u64;
            preview.differences.extend(
                readings
                    .into_iter()
                    .filter(|(_, before, after)| before != after)
                    .map(|(aspect, before, after)| Difference { aspect, partner_id, segment_id, before, after }),
            );
        }
    }
    preview
}

fn word(evidence: Evidence) -> &'static str {
    evidence.into()
}

fn of_place(book: &Book, partner_id: Option<Uuid>, place: Place, policy: &Policy) -> [(Aspect, &'static str); 8] {
    let gap = book.trust_gap(partner_id, place, policy);
    let with = book.value(partner_id, place, with_partner(partner_id), Kinds::New);
    let direct = book.value(None, place, Cohort::Direct, Kinds::New);
    let of = |with: u64, direct: u64| word(Evidence::of(with, direct, policy.solid_deals));
    let [sourced, influenced, accelerated, co_sold] =
        book.win_rates_by_touch(partner_id, place, policy).map(|touch| match touch.is_under_bar {
            Some(true) => "UNDER",
            Some(false) => "OVER",
            None => "NONE",
        });
    [
        (Aspect::TrustGapReading, gap.reading.into()),
        (Aspect::TrustGapEvidence, word(gap.evidence)),
        (Aspect::DealSizeEvidence, of(with.won_arr_count, direct.won_arr_count)),
        (Aspect::VelocityEvidence, of(with.won_days_count, direct.won_days_count)),
        (Aspect::SourcedUnderBar, sourced),
        (Aspect::InfluencedUnderBar, influenced),
        (Aspect::AcceleratedUnderBar, accelerated),
        (Aspect::CoSoldUnderBar, co_sold),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{CellValue, Late, Spot};
    use crate::deal::DealKind;
    use crate::evidence::Level;
    use rust_decimal::dec;

    fn book(partner: Uuid, segment: Uuid) -> Book {
        let cell = |partner_id, cohort, won, lost| {
            let spot = Spot { segment_id: Some(segment), partner_id, cohort, kind: DealKind::New, is_late: false };
            (spot, CellValue { won, lost, won_arr_count: won, won_days_count: won, ..CellValue::default() })
        };
        // 11 of 20 beside 9 of 30: 25 points, 80 % interval 6.79 to 41.34 (LIFT), 99 % interval holds 0.
        let cells = [
            cell(Some(partner), Cohort::CoSell, 11, 9),
            cell(Some(partner), Cohort::Sourced, 11, 9),
            cell(None, Cohort::AnyPartner, 11, 9),
            cell(None, Cohort::Direct, 9, 21),
        ];
        Book::new(cells, Late::LeftOut)
    }

    fn seen(after: &Policy) -> Vec<(Aspect, bool, bool, &'static str, &'static str)> {
        let (partner, segment) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let book = book(partner, segment);
        let old = |_| Standing { completed_quarters: 4, is_in_test: false };
        let read = preview(&book, |_| 100, old, (&[partner], &[segment]), (&Policy::default(), after));
        // The program and the partner, each in all and in the segment: 8 readings each, 2 Yields and a tier.
        assert_eq!(read.compared, 4 * 8 + 2 + 1);
        let of_partner = read.differences.into_iter().filter(|it| it.partner_id == Some(partner));
        of_partner
            .map(|it| (it.aspect, it.partner_id.is_some(), it.segment_id.is_some(), it.before, it.after))
            .collect()
    }

    #[test]
    fn the_same_policy_reads_the_same() {
        assert_eq!(seen(&Policy { version: 2, ..Policy::default() }), []);
    }

    #[test]
    fn a_higher_level_makes_a_lift_inconclusive() {
        let after = Policy { interval_level: Level::NinetyNine, ..Policy::default() };
        let lift = |in_segment| (Aspect::TrustGapReading, true, in_segment, "LIFT", "INCONCLUSIVE");
        assert_eq!(seen(&after), [lift(false), lift(true)]);
    }

    #[test]
    fn a_tier_follows_its_numbers() {
        // No ARR won for 100 of spend is 0x, below the 1x of an EXIT; where five quarters are asked for, four are a TEST.
        let tier = |before, after| (Aspect::RecommendedTier, true, false, before, after);
        assert_eq!(seen(&Policy { tier_history_quarters: 5, ..Policy::default() }), [tier("EXIT", "TEST")]);
        assert_eq!(seen(&Policy { tier_exit_multiple: dec!(0), ..Policy::default() }), [tier("EXIT", "MAINTAIN")]);
    }

    #[test]
    fn more_deals_asked_for_make_evidence_thin_and_a_higher_bar_is_not_met() {
        // 20 co-sell deals, and 11 won ones with a size and a length beside 9 direct ones: the latter are THIN already.
        let thin = |in_segment| (Aspect::TrustGapEvidence, true, in_segment, "SOLID", "THIN");
        let test = (Aspect::RecommendedTier, true, false, "EXIT", "TEST");
        assert_eq!(seen(&Policy { solid_deals: 21, ..Policy::default() }), [thin(false), test, thin(true)]);
        // 11 won sourced deals.
        let after = Policy { solid_sourced_deals: 12, ..Policy::default() };
        assert_eq!(seen(&after), [(Aspect::YieldEvidence, true, false, "SOLID", "THIN")]);
        // 25 points above direct.
        let after = Policy { win_rate_bar_points: dec!(26), ..Policy::default() };
        let under = |aspect, in_segment| (aspect, true, in_segment, "OVER", "UNDER");
        let each = [false, true].map(|s| [under(Aspect::SourcedUnderBar, s), under(Aspect::CoSoldUnderBar, s)]);
        assert_eq!(seen(&after), each.as_flattened());
    }
}
