//! Lines and totals: rounded once, split by the largest remainder, added as they are (ruling 10).

use super::Bands;
use crate::credit::largest_remainder;
use crate::evidence::round;
use crate::money::MOST_MINOR;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// What a forecast is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Component {
    /// Planned spend x Yield.
    Sourced,
    /// Accounts engaged x Trust-Gap x ACV, where the Trust-Gap is not below 0.
    Influenced,
    /// The same where it is: never above 0, and a line of its own.
    Drag,
    /// Touched customers x Expansion Probability x expansion ACV.
    Expansion,
}

/// Minor units of each of the four quarters.
pub type Quarters = [i128; 4];

/// The components over four quarters; none where one is not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    /// Sourced TAM.
    pub sourced: Option<Quarters>,
    /// Influenced TAM.
    pub influenced: Option<Quarters>,
    /// The drag of a negative Trust-Gap.
    pub drag: Option<Quarters>,
    /// Expansion TAM.
    pub expansion: Option<Quarters>,
}

fn sum(one: Option<Quarters>, other: Option<Quarters>) -> Option<Quarters> {
    match (one, other) {
        (Some(one), Some(other)) => Some(std::array::from_fn(|at| one[at] + other[at])),
        (known, None) | (None, known) => known,
    }
}

impl Amounts {
    /// The quarters of a component, or of all of them together.
    #[must_use]
    pub fn of(&self, component: Option<Component>) -> Option<Quarters> {
        match component {
            Some(Component::Sourced) => self.sourced,
            Some(Component::Influenced) => self.influenced,
            Some(Component::Drag) => self.drag,
            Some(Component::Expansion) => self.expansion,
            None => sum(sum(self.sourced, self.influenced), sum(self.drag, self.expansion)),
        }
    }

    /// The year of a component, or of all of them together.
    #[must_use]
    pub fn year(&self, component: Option<Component>) -> Option<i128> {
        self.of(component).map(|quarters| quarters.iter().sum())
    }

    /// Two sets of lines together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            sourced: sum(self.sourced, other.sourced),
            influenced: sum(self.influenced, other.influenced),
            drag: sum(self.drag, other.drag),
            expansion: sum(self.expansion, other.expansion),
        }
    }
}

/// A whole number as a decimal.
pub(super) fn decimal(whole: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(whole, 0).unwrap_or(Decimal::MAX)
}

/// A computed amount in whole minor units, half away from zero; beyond the largest amount that is kept exactly, that one. What a
/// division cut off in the last digits is mended first, so that a half stays a half.
pub(super) fn whole(minor: Option<Decimal>) -> i128 {
    let most = i128::from(MOST_MINOR);
    minor.and_then(|minor| i128::try_from(round(round(minor, 9), 0)).ok()).unwrap_or(most).clamp(-most, most)
}

/// Splits a year by weights, by the largest remainder; a negative one as its positive.
#[must_use]
pub fn split(year: i128, weights: &Quarters) -> Quarters {
    let weights = weights.map(decimal);
    let parts = largest_remainder(i64::try_from(year.abs()).unwrap_or(i64::MAX), &weights);
    std::array::from_fn(|at| parts.get(at).copied().map_or(0, i128::from) * year.signum())
}

/// Splits the year of each band. Two years that differ by a few minor units may swap one of them in a quarter; then the upper
/// band is the lower one and their difference, split, so that the bands are in order in every quarter.
#[must_use]
pub fn split_bands(years: &Bands<i128>, weights: &Quarters) -> Bands<Quarters> {
    let above = |lower: Quarters, lower_year: i128, year: i128| {
        let direct = split(year, weights);
        if (0..4).all(|at| direct[at] >= lower[at]) {
            return direct;
        }
        let more = split(year - lower_year, weights);
        std::array::from_fn(|at| lower[at] + more[at])
    };
    let conservative = split(years.conservative, weights);
    let base = above(conservative, years.conservative, years.base);
    Bands { conservative, base, stretch: above(base, years.base, years.stretch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 100.01 by 1 : 1 : 1 : 1 is 25.0025 each: the odd cent goes to the first. By 3 : 1 : 0 : 0 it is 75.0075 and 25.0025: to the
    /// first as well.
    #[test]
    fn a_year_is_split_to_the_cent() {
        assert_eq!(split(10_001, &[1; 4]), [2_501, 2_500, 2_500, 2_500]);
        assert_eq!(split(10_001, &[3, 1, 0, 0]), [7_501, 2_500, 0, 0]);
        assert_eq!(split(-10_001, &[1; 4]), [-2_501, -2_500, -2_500, -2_500]);
    }

    /// Half a cent goes away from zero.
    #[test]
    fn a_line_is_rounded_half_away_from_zero() {
        use rust_decimal::dec;
        assert_eq!((whole(Some(dec!(0.5))), whole(Some(dec!(-0.5))), whole(Some(dec!(2.4999)))), (1, -1, 2));
        assert_eq!(whole(Some(dec!(1) / dec!(3) * dec!(3) * dec!(0.5))), 1);
        assert_eq!(whole(None), i128::from(MOST_MINOR));
    }

    #[test]
    fn what_is_not_measured_adds_nothing_and_is_not_zero() {
        let one = Amounts { sourced: Some([1, 2, 3, 4]), ..Amounts::default() };
        let both = one.and(&Amounts { drag: Some([-1; 4]), ..one });
        assert_eq!((both.year(Some(Component::Sourced)), both.year(Some(Component::Influenced))), (Some(20), None));
        assert_eq!((both.year(None), Amounts::default().year(None)), (Some(16), None));
    }

    proptest! {
        #[test]
        fn quarters_sum_to_the_year_and_bands_stay_in_order(
            low in -1_000_000_i128..1_000_000, more in 0_i128..9, most in 0_i128..50_000, weights in prop::array::uniform4(0_i128..1_000),
        ) {
            let years = Bands { conservative: low, base: low + more, stretch: low + more + most };
            let split = split_bands(&years, &weights);
            for (quarters, year) in [(split.conservative, years.conservative), (split.base, years.base), (split.stretch, years.stretch)] {
                prop_assert_eq!(quarters.iter().sum::<i128>(), year);
            }
            for at in 0..4 {
                prop_assert!(split.conservative[at] <= split.base[at] && split.base[at] <= split.stretch[at]);
            }
        }
    }
}
