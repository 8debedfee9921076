//! Credit models that are read beside the states and never replace them (LOOP.md section 3, Attribution; glossary: linear
//! attribution): equal, or with time decay. Shares sum to exactly 100 %, by the largest remainder.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, MathematicalOps, dec};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// How credit for a deal is split among its partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
pub enum CreditModel {
    /// The same for each partner.
    Linear,
    /// A touch counts half as much for every half-life of the policy that it lies before the close.
    TimeDecay,
}

impl CreditModel {
    /// How it splits, in one sentence.
    #[must_use]
    pub fn sentence(self, half_life_days: u32) -> String {
        match self {
            Self::Linear => "The same for each partner on the deal.".into(),
            Self::TimeDecay => format!(
                "By the partners' touches: one counts half as much for every {half_life_days} days that it lies before the close."
            ),
        }
    }
}

/// Shares are whole millionths, so that they sum to exactly 1.
const WHOLE: i64 = 1_000_000;

/// A partner on a deal, with when it touched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The partner.
    pub partner_id: Uuid,
    /// Its recorded touches; where there are none, the opening of the deal or anybody's first touch, whichever is earlier.
    pub touched_at: Vec<DateTime<Utc>>,
}

/// A partner's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The partner.
    pub partner_id: Uuid,
    /// Millionths of the whole.
    pub millionths: i64,
    /// Minor units of the deal's ARR, where it is known.
    pub arr_minor: Option<i64>,
}

fn weight(party: &Party, model: CreditModel, until: DateTime<Utc>, half_life_days: u32) -> Decimal {
    match model {
        CreditModel::Linear => Decimal::ONE,
        CreditModel::TimeDecay => party
            .touched_at
            .iter()
            .map(|at| {
                // Older than some eight years weighs nothing that could be told apart.
                let days = Decimal::from((until - *at).num_seconds().clamp(0, 259_200_000)) / dec!(86_400);
                (-days / Decimal::from(half_life_days.max(1)) * dec!(0.693147180559945309417232))
                    .checked_exp()
                    .unwrap_or_default()
            })
            .sum(),
    }
}

/// Splits a whole number by weights: each gets its floor, and what remains goes one by one to the largest remainders, the
/// earlier first. The parts sum to the whole exactly.
#[must_use]
pub fn largest_remainder(whole: i64, weights: &[Decimal]) -> Vec<i64> {
    let total: Decimal = weights.iter().sum();
    if weights.is_empty() {
        return Vec::new();
    }
    let (ones, count) = (vec![Decimal::ONE; weights.len()], Decimal::from(weights.len()));
    let (weights, total) = if total.is_zero() { (ones.as_slice(), count) } else { (weights, total) };
    let products: Option<Vec<Decimal>> =
        weights.iter().map(|weight| Decimal::from(whole).checked_mul(*weight)).collect();
    let whole_parts = |exact: Decimal| i64::try_from(exact).unwrap_or_default();
    // A remainder of the product is exact where a quotient would be cut off: only so are equal remainders equal.
    let (mut parts, remainders): (Vec<i64>, Vec<Decimal>) = match products {
        Some(products) => products
            .into_iter()
            .map(|product| (whole_parts(((product - product % total) / total).round()), product % total))
            .unzip(),
        // Beyond 28 digits.
        None => {
            let exact = weights.iter().map(|weight| weight / total * Decimal::from(whole));
            exact.map(|exact| (whole_parts(exact.floor()), exact.fract())).unzip()
        }
    };
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| remainders[*other].cmp(&remainders[*one]).then(one.cmp(other)));
    let mut rest = whole - parts.iter().sum::<i64>();
    for at in order.into_iter().cycle().take(parts.len() * 2) {
        if rest <= 0 {
            break;
        }
        parts[at] += 1;
        rest -= 1;
    }
    parts
}

/// Splits a deal's credit, and its ARR by the same weights. The parties are taken in the order given.
#[must_use]
pub fn split(
    model: CreditModel,
    parties: &[Party],
    until: DateTime<Utc>,
    arr_minor: Option<i64>,
    half_life_days: u32,
) -> Vec<Share> {
    let weights: Vec<Decimal> = parties.iter().map(|party| weight(party, model, until, half_life_days)).collect();
    let millionths = largest_remainder(WHOLE, &weights);
    let money = arr_minor.map(|minor| largest_remainder(minor, &weights));
    let each = parties.iter().zip(millionths).enumerate();
    each.map(|(at, (party, millionths))| Share {
        partner_id: party.partner_id,
        millionths,
        arr_minor: money.as_ref().map(|money| money[at]),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn party(partner: u128, touches: &[&str]) -> Party {
        Party {
            partner_id: Uuid::from_u128(partner),
            touched_at: touches.iter().map(|at| at.parse().unwrap()).collect(),
        }
    }

    fn close() -> DateTime<Utc> {
        "2026-03-31T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn three_partners_share_to_the_last_millionth_and_cent() {
        let three = [party(1, &[]), party(2, &[]), party(3, &[])];
        let shares = split(CreditModel::Linear, &three, close(), Some(10_000), 30);
        assert_eq!(shares.iter().map(|share| share.millionths).collect::<Vec<_>>(), [333_334, 333_333, 333_333]);
        assert_eq!(shares.iter().map(|share| share.arr_minor.unwrap()).collect::<Vec<_>>(), [3_334, 3_333, 3_333]);
    }

    /// 286,825.00 by 38,243.33 and 76,486.67 is 95,608.325 and 191,216.675: half a cent each, and the odd one is the earlier's. (A
    /// quotient that is cut off in its 28th digit gave it to the later.)
    #[test]
    fn equal_remainders_are_equal() {
        let weights = [3_824_333, 0, 7_648_667, 0].map(Decimal::from);
        assert_eq!(largest_remainder(28_682_500, &weights), [9_560_833, 0, 19_121_667, 0]);
        // Beyond what 28 digits hold exactly the parts still sum to the whole.
        let parts = largest_remainder(i64::MAX, &[Decimal::from(i64::MAX), Decimal::from(i64::MAX - 1)]);
        assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(i64::MAX));
    }

    #[test]
    fn a_touch_thirty_days_earlier_counts_half() {
        // Weights 1 and 1/2: two thirds and one third.
        let two = [party(1, &["2026-03-31T00:00:00Z"]), party(2, &["2026-03-01T00:00:00Z"])];
        let shares = split(CreditModel::TimeDecay, &two, close(), None, 30);
        assert_eq!(shares.iter().map(|share| share.millionths).collect::<Vec<_>>(), [666_667, 333_333]);
    }

    #[test]
    fn nobody_gets_nothing_and_silence_is_shared() {
        assert!(split(CreditModel::Linear, &[], close(), Some(5), 30).is_empty());
        let shares = split(CreditModel::TimeDecay, &[party(1, &[]), party(2, &[])], close(), None, 30);
        assert_eq!(shares.iter().map(|share| share.millionths).sum::<i64>(), WHOLE);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(whole in 0_i64..9_000_000_000_000, weights in prop::collection::vec(0_u32..5_000, 1..20)) {
            let weights: Vec<Decimal> = weights.into_iter().map(Decimal::from).collect();
            prop_assert_eq!(largest_remainder(whole, &weights).iter().sum::<i64>(), whole);
        }
    }
}
