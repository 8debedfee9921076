//! What a sceptic asks: why another partner manager rather than a seller? Would direct not be better? (seed 003; and the share of
//! revenue from which a program has a leader of its own.)
//!
//! ARR won for each unit of loaded cost, with partners and without, each with an interval. It is the win rate's interval (Wilson's),
//! carried over: ARR won is closed deals x win rate x mean ARR, and of these three only the rate is a sample. NEW deals on both sides
//! (ruling 2), each deal with any partner once.

use crate::cell::CellValue;
use crate::economics::{Attach, Worth, share};
use crate::evidence::{Evidence, Interval, Measured, Reason};
use crate::policy::Policy;
use crate::trust_gap::WinRate;
use rust_decimal::Decimal;

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Closed deals.
    pub win_rate: WinRate,
    /// ARR of the won ones, in minor units.
    pub won_arr_minor: i128,
    /// How many of the won ones have no ARR recorded, and add nothing.
    pub without_arr: u64,
    /// Loaded cost, in minor units; none where nobody said.
    pub cost_minor: Option<i128>,
    /// ARR won for each unit of cost, unrounded.
    pub multiple: Measured<Decimal>,
    /// Its interval; none without a multiple, and where nothing was won: there is no rate to carry it by.
    pub interval: Option<Interval>,
    /// NONE without a multiple, THIN under the policy's number of won deals that a Yield takes: the money came from those alone.
    pub evidence: Evidence,
}

impl Side {
    /// Measures a side of which so much was closed at this cost.
    #[must_use]
    pub fn of(value: &CellValue, cost_minor: Option<i128>, policy: &Policy) -> Self {
        let win_rate = WinRate { won: value.won, lost: value.lost };
        let multiple = match cost_minor {
            _ if win_rate.closed() == 0 => Err(Reason::NoClosedDeals),
            Some(_) if Worth::won(value).is_unknown() => Err(Reason::NoKnownArr),
            Some(cost) => share(value.won_arr_minor, cost).ok_or(Reason::NoSpend),
            None => Err(Reason::NoSpend),
        };
        let interval = multiple.ok().and_then(|multiple| {
            let (rate, of_rate) = (win_rate.rate()?, win_rate.interval(policy)?);
            let carried = |limit: Decimal| (multiple * limit).checked_div(rate);
            Some(Interval { low: carried(of_rate.low)?, high: carried(of_rate.high)?, level: of_rate.level })
        });
        let evidence = match multiple {
            Err(_) => Evidence::None,
            Ok(_) if win_rate.won < policy.solid_sourced_deals => Evidence::Thin,
            Ok(_) => Evidence::Solid,
        };
        let without_arr = value.won.saturating_sub(value.won_arr_count);
        Self { win_rate, won_arr_minor: value.won_arr_minor, without_arr, cost_minor, multiple, interval, evidence }
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Better {
    /// The whole interval of the partner side lies above that of the direct side.
    Partner,
    /// It lies below.
    Direct,
    /// The intervals meet, or a side is not SOLID: these deals do not tell.
    Inconclusive,
    /// One side has no multiple.
    Unmeasured,
}

/// Which side brings more for its cost.
#[must_use]
pub fn better(partner: &Side, direct: &Side) -> Better {
    let is_solid = partner.evidence == Evidence::Solid && direct.evidence == Evidence::Solid;
    match (partner.interval, direct.interval) {
        // An interval carries the chance in the win rate alone, not that in the sizes of a few won deals.
        (Some(_), Some(_)) if !is_solid => Better::Inconclusive,
        (Some(with), Some(without)) if with.low > without.high => Better::Partner,
        (Some(with), Some(without)) if with.high < without.low => Better::Direct,
        (Some(_), Some(_)) => Better::Inconclusive,
        (None, _) | (_, None) => Better::Unmeasured,
    }
}

/// The share of won ARR that came with a partner, and whether it is time for a leader of partner operations. Deals of which nobody
/// knows are on neither side, as in the attach rate.
#[must_use]
pub fn wants_leader(won: &Attach, policy: &Policy) -> (Option<Decimal>, Option<bool>) {
    let rate = won.arr_rate().ok();
    (rate, rate.map(|rate| rate >= policy.profile.dedicated_leader_rate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::round;
    use rust_decimal::dec;

    fn value(won: u64, lost: u64) -> CellValue {
        CellValue { won, lost, won_arr_minor: i128::from(won) * 1_200_000, won_arr_count: won, ..CellValue::default() }
    }

    /// 9 of 21 won at 12,000.00 for 20,000.00: 5.4x. The rate is 0.428571 with Wilson's limits 0.299983 and 0.567595 at 80 %
    /// (z * z = 1.6423744): 5.4 / 0.428571 = 12.6 times them: 3.78 to 7.15.
    #[test]
    fn a_multiple_carries_the_interval_of_its_win_rate() {
        let side = Side::of(&value(9, 12), Some(2_000_000), &Policy::default());
        assert_eq!((side.multiple, side.evidence), (Ok(dec!(5.4)), Evidence::Thin), "9 won, not 10");
        let rate = WinRate { won: 9, lost: 12 }.interval(&Policy::default()).unwrap();
        let interval = side.interval.unwrap();
        assert_eq!(round(interval.low, 9), round(rate.low * dec!(12.6), 9));
        assert_eq!(round(interval.high, 9), round(rate.high * dec!(12.6), 9));
        assert!(interval.low < dec!(5.4) && dec!(5.4) < interval.high);
    }

    #[test]
    fn a_side_without_cost_is_not_compared_and_intervals_that_meet_do_not_tell() {
        let of = |won, lost, cost| Side::of(&value(won, lost), cost, &Policy::default());
        let (partner, cheap, dear) =
            (of(12, 16, Some(2_000_000)), of(12, 18, Some(100_000)), of(12, 18, Some(100_000_000)));
        assert_eq!((partner.evidence, cheap.evidence), (Evidence::Solid, Evidence::Solid));
        let none = of(4, 6, None);
        assert_eq!((none.multiple, none.interval, none.evidence), (Err(Reason::NoSpend), None, Evidence::None));
        assert_eq!(of(0, 0, Some(1)).multiple, Err(Reason::NoClosedDeals));
        assert_eq!(better(&partner, &cheap), Better::Direct);
        assert_eq!(better(&partner, &dear), Better::Partner);
        assert_eq!(better(&partner, &of(12, 18, Some(2_500_000))), Better::Inconclusive);
        // Nine won deals do not tell, however far the intervals lie apart.
        assert_eq!(better(&of(9, 12, Some(2_000_000)), &dear), Better::Inconclusive);
        assert_eq!(better(&partner, &of(9, 12, Some(100_000))), Better::Inconclusive);
        assert_eq!(better(&partner, &none), Better::Unmeasured);
        // Twelve were won, and nobody recorded for how much: that is no multiple of 0. Of one it is known: twelve won deals are SOLID (ruling 5).
        let known = |won_arr_count| {
            let of = CellValue { won_arr_count, won_arr_minor: 0, ..value(12, 18) };
            let side = Side::of(&of, Some(100), &Policy::default());
            (side.multiple, side.evidence)
        };
        assert_eq!(known(0), (Err(Reason::NoKnownArr), Evidence::None));
        assert_eq!(known(1).1, Evidence::Solid);
        let nothing_won = of(0, 5, Some(100));
        assert_eq!((nothing_won.multiple, nothing_won.interval), (Ok(dec!(0)), None));
    }

    #[test]
    fn from_a_quarter_of_the_revenue_on_it_takes_a_leader() {
        let policy = Policy::default();
        let worth = |arr_minor| Worth { deals: 1, arr_minor, without_arr: 0 };
        let won = |with, direct, unknown| Attach {
            with_partner: worth(with),
            direct: worth(direct),
            unknown: worth(unknown),
        };
        assert_eq!(wants_leader(&won(25, 75, 0), &policy), (Some(dec!(0.25)), Some(true)));
        assert_eq!(wants_leader(&won(24, 76, 0), &policy).1, Some(false));
        // What nobody knows makes the share neither smaller nor larger.
        assert_eq!(wants_leader(&won(25, 75, 900), &policy), (Some(dec!(0.25)), Some(true)));
        assert_eq!(wants_leader(&won(0, 0, 100), &policy), (None, None));
    }
}
