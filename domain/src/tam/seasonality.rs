//! How a year's Influenced and Expansion TAM fall on its quarters \[ours\].

use super::policy::TamPolicy;
use crate::calendar::Quarter;
use serde::{Deserialize, Serialize};

/// The weight of each of four quarters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seasonality {
    /// How many realised quarters it was read from; 0 where it is a quarter each.
    pub quarters: u32,
    /// Won ARR of the realised quarters with the same number, in minor units; 1 each where it is a quarter each.
    pub weights: [i128; 4],
}

impl Seasonality {
    /// A quarter each.
    pub const EVEN: Self = Self { quarters: 0, weights: [1; 4] };

    /// Reads the seasonality off won ARR of completed quarters, oldest first and without a hole, of which `last` is the latest.
    /// Only whole years count, the latest ones, so that no number of a quarter counts more often than another.
    #[must_use]
    pub fn of(won_arr_minor: &[i128], last: Quarter, first: Quarter, policy: &TamPolicy) -> Self {
        let count = won_arr_minor.len() - won_arr_minor.len() % 4;
        if count == 0 || won_arr_minor.len() < usize::try_from(policy.seasonality_quarters).unwrap_or(usize::MAX) {
            return Self::EVEN;
        }
        let mut weights = [0; 4];
        for (back, arr) in (0..).zip(won_arr_minor.iter().rev().take(count)) {
            let place = (last.index() - back - first.index()).rem_euclid(4);
            weights[usize::try_from(place).unwrap_or_default()] += arr;
        }
        if weights.iter().sum::<i128>() == 0 {
            return Self::EVEN;
        }
        Self { quarters: u32::try_from(count).unwrap_or(u32::MAX), weights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(history: &[i128], last: &str, first: &str) -> Seasonality {
        Seasonality::of(history, last.parse().unwrap(), first.parse().unwrap(), &TamPolicy::default())
    }

    /// Seven quarters are a quarter each; eight are followed. 2025-Q3 to 2027-Q2, forecast from 2027-Q3: Q3 is 10 + 50, Q4
    /// 20 + 60, Q1 30 + 70, Q2 40 + 80.
    #[test]
    fn eight_quarters_are_followed() {
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7], "2027-Q2", "2027-Q3"), Seasonality::EVEN);
        let read = of(&[10, 20, 30, 40, 50, 60, 70, 80], "2027-Q2", "2027-Q3");
        assert_eq!(read, Seasonality { quarters: 8, weights: [60, 80, 100, 120] });
    }

    /// The ninth, oldest quarter is of no whole year; a forecast that begins later turns the weights.
    #[test]
    fn only_whole_years_count() {
        let read = of(&[999, 10, 20, 30, 40, 50, 60, 70, 80], "2027-Q2", "2027-Q4");
        assert_eq!(read, Seasonality { quarters: 8, weights: [80, 100, 120, 60] });
    }

    #[test]
    fn nothing_won_is_a_quarter_each() {
        assert_eq!(of(&[0; 12], "2027-Q2", "2027-Q3"), Seasonality::EVEN);
        assert_eq!(of(&[], "2027-Q2", "2027-Q3"), Seasonality::EVEN);
    }
}
