//! The one number of Trust-Gap on a program's page: the ARR-weighted share of co-sell deals in pairs with a positive Trust-Gap
//! (LOOP.md section 3). A Trust-Gap itself is per partner and segment and is never added up.

use crate::book::{Book, Kinds, Place};
use crate::cell::Cohort;
use crate::economics::{Worth, share};
use crate::evidence::{Evidence, Measured, Reason};
use crate::policy::Policy;
use crate::trust_gap::TrustGap;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A pair of partner and segment with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The partner.
    pub partner_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// Its Trust-Gap.
    pub trust_gap: TrustGap,
    /// Its closed NEW co-sell deals: the weight is their ARR.
    pub co_sell: Worth,
}

impl Pair {
    /// Whether the gap is above 0. One that is not measured is not.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.trust_gap.points.is_ok_and(|points| points > Decimal::ZERO)
    }
}

/// The share, and what it is of. A deal of two partners weighs in each one's pair; deals without a segment are in no pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositiveShare {
    /// ARR of closed co-sell deals in positive pairs / that in all pairs, 0 to 1, unrounded.
    pub rate: Measured<Decimal>,
    /// The deals in positive pairs.
    pub positive: Worth,
    /// The deals in all pairs, also in those that are not measured: trust that was not measured counts for nothing.
    pub all: Worth,
    /// NONE without a known ARR, THIN under the policy's number of closed deals.
    pub evidence: Evidence,
    /// The pairs with a closed co-sell deal.
    pub pairs: Vec<Pair>,
}

impl PositiveShare {
    /// Reads the share off a book.
    #[must_use]
    pub fn of(book: &Book, policy: &Policy) -> Self {
        let pair = |(partner_id, place): (Uuid, Place)| {
            let Place::Segment(segment_id) = place else { return None };
            let co_sell = Worth::closed(&book.value(Some(partner_id), place, Cohort::CoSell, Kinds::New));
            let trust_gap = book.trust_gap(Some(partner_id), place, policy);
            (co_sell.deals > 0).then_some(Pair { partner_id, segment_id, trust_gap, co_sell })
        };
        let pairs: Vec<Pair> = book.pairs().filter_map(pair).collect();
        let sum = |of: &dyn Fn(&Pair) -> bool| {
            let some = pairs.iter().filter(|pair| of(pair));
            some.fold(Worth::default(), |sum, pair| sum.and(pair.co_sell))
        };
        let (positive, all) = (sum(&Pair::is_positive), sum(&|_| true));
        let rate = share(positive.arr_minor, all.arr_minor).ok_or(match all.deals {
            0 => Reason::NoCoSellDeals,
            _ => Reason::NoAmount,
        });
        let evidence = match rate {
            Err(_) => Evidence::None,
            Ok(_) if all.deals < policy.solid_deals => Evidence::Thin,
            Ok(_) => Evidence::Solid,
        };
        Self { rate, positive, all, evidence, pairs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{CellValue, Late, Spot};
    use crate::deal::DealKind;
    use rust_decimal::dec;

    fn cell(partner: Option<u128>, segment: Option<u128>, cohort: Cohort, won: u64, lost: u64) -> (Spot, CellValue) {
        let spot = Spot {
            partner_id: partner.map(Uuid::from_u128),
            segment_id: segment.map(Uuid::from_u128),
            cohort,
            kind: DealKind::New,
            is_late: false,
        };
        let arr = |deals: u64| i128::from(deals) * 100;
        let value = CellValue {
            won,
            lost,
            won_arr_minor: arr(won),
            won_arr_count: won,
            lost_arr_minor: arr(lost),
            lost_arr_count: lost,
            ..CellValue::default()
        };
        (spot, value)
    }

    /// Direct 4 of 10 in segment 1. Partner 1 wins 6 of 8 (+35 points), partner 2 wins 1 of 5 (-20), partner 1 without a segment 9 of 9
    /// (no pair), partner 2 in segment 2 wins 2 of 2 where nothing is direct (not measured). Each deal is worth 1.00: 8 of 15.
    #[test]
    fn only_measured_lift_counts_and_all_pairs_weigh() {
        let book = Book::new(
            [
                cell(None, Some(1), Cohort::Direct, 4, 6),
                cell(Some(1), Some(1), Cohort::CoSell, 6, 2),
                cell(Some(2), Some(1), Cohort::CoSell, 1, 4),
                cell(Some(1), None, Cohort::CoSell, 9, 0),
                cell(Some(2), Some(2), Cohort::CoSell, 2, 0),
            ],
            Late::LeftOut,
        );
        let policy = Policy::default();
        let share = PositiveShare::of(&book, &policy);
        assert_eq!((share.positive.deals, share.all.deals, share.pairs.len()), (8, 15, 3));
        assert_eq!((share.rate, share.evidence), (Ok(dec!(8) / dec!(15)), Evidence::Solid));
        let empty = PositiveShare::of(&Book::default(), &policy);
        assert_eq!((empty.rate, empty.evidence), (Err(Reason::NoCoSellDeals), Evidence::None));
    }
}
