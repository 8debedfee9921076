//! Economics: partner activity in the words of finance (paper: A.S.S.E.T., Economics).

use crate::book::{Book, Kinds, Place, with_partner};
use crate::cell::{CellValue, Cohort};
use crate::evidence::{Evidence, Measured, Reason};
use crate::policy::Policy;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A whole number as a decimal. Sums of program facts stay far below what a decimal holds.
fn decimal(whole: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(whole, 0).unwrap_or(Decimal::MAX)
}

/// An amount in minor units, in major ones: exact.
#[must_use]
pub fn major(minor: i128, digits: u32) -> Decimal {
    Decimal::try_from_i128_with_scale(minor, digits).unwrap_or(Decimal::MAX)
}

/// A part of a whole, from 0 to 1, unrounded; none of nothing.
#[must_use]
pub fn share(part: i128, whole: i128) -> Option<Decimal> {
    decimal(part).checked_div(decimal(whole))
}

/// Partner Yield: Sourced ARR won for each unit of program spend, in the same window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartnerYield {
    /// The multiple, unrounded: 8.2 reads 8.2x.
    pub multiple: Measured<Decimal>,
    /// ARR of won deals that were SOURCED, in minor units.
    pub sourced_arr_minor: i128,
    /// How many won deals were SOURCED.
    pub sourced_won: u64,
    /// Of those, how many have no ARR recorded and so add nothing.
    pub without_arr: u64,
    /// Program spend in minor units.
    pub spend_minor: i128,
    /// NONE without a multiple, THIN under the policy's number of won sourced deals (ruling 5).
    pub evidence: Evidence,
    /// The policy it was computed under.
    pub policy_version: i64,
}

impl PartnerYield {
    /// Measures a Yield. Spend that brought nothing is a Yield of 0; without spend there is none, nor where deals were won and nobody
    /// recorded for how much.
    #[must_use]
    pub fn measure(sourced: &CellValue, spend_minor: i128, policy: &Policy) -> Self {
        let multiple = share(sourced.won_arr_minor, spend_minor)
            .ok_or(Reason::NoSpend)
            .and_then(|multiple| if Worth::won(sourced).is_unknown() { Err(Reason::NoKnownArr) } else { Ok(multiple) });
        let evidence = match multiple {
            Err(_) => Evidence::None,
            Ok(_) if sourced.won < policy.solid_sourced_deals => Evidence::Thin,
            Ok(_) => Evidence::Solid,
        };
        Self {
            multiple,
            sourced_arr_minor: sourced.won_arr_minor,
            sourced_won: sourced.won,
            without_arr: sourced.won - sourced.won_arr_count,
            spend_minor,
            evidence,
            policy_version: policy.version,
        }
    }
}

/// Deals with what they are worth. Some have no ARR recorded: missing is not zero, so they are counted apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// How many deals.
    pub deals: u64,
    /// ARR of those whose ARR is known, in minor units.
    pub arr_minor: i128,
    /// Deals without a known ARR.
    pub without_arr: u64,
}

impl Worth {
    /// The won deals of a cell.
    #[must_use]
    pub const fn won(value: &CellValue) -> Self {
        Self { deals: value.won, arr_minor: value.won_arr_minor, without_arr: value.won - value.won_arr_count }
    }

    /// The won and lost deals of a cell.
    #[must_use]
    pub const fn closed(value: &CellValue) -> Self {
        Self {
            deals: value.won + value.lost,
            arr_minor: value.won_arr_minor + value.lost_arr_minor,
            without_arr: value.won + value.lost - value.won_arr_count - value.lost_arr_count,
        }
    }

    /// Whether there are deals, and none of them has its ARR recorded: what they are worth is unknown, and no 0.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.deals > 0 && self.deals == self.without_arr
    }

    /// Two disjoint sets of deals together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            deals: self.deals + other.deals,
            arr_minor: self.arr_minor + other.arr_minor,
            without_arr: self.without_arr + other.without_arr,
        }
    }
}

/// Partner attach rate: the share of deals that have a partner attached (seed 003).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attach {
    /// Deals with any partner.
    pub with_partner: Worth,
    /// Deals without one.
    pub direct: Worth,
    /// Deals of which nobody knows: on neither side of the rate.
    pub unknown: Worth,
}

impl Attach {
    /// The sides among the deals that a view of a cell picks: [`Worth::won`] or [`Worth::closed`].
    #[must_use]
    pub fn of(book: &Book, place: Place, view: impl Fn(&CellValue) -> Worth) -> Self {
        let side = |cohort| view(&book.value(None, place, cohort, Kinds::All));
        Self { with_partner: side(Cohort::AnyPartner), direct: side(Cohort::Direct), unknown: side(Cohort::Unknown) }
    }

    /// Two disjoint sets of deals together: the closed and the open ones.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            with_partner: self.with_partner.and(other.with_partner),
            direct: self.direct.and(other.direct),
            unknown: self.unknown.and(other.unknown),
        }
    }

    /// The share of deals, 0 to 1.
    ///
    /// # Errors
    /// [`Reason::NoDeals`].
    pub fn deals_rate(&self) -> Measured<Decimal> {
        let with = i128::from(self.with_partner.deals);
        share(with, with + i128::from(self.direct.deals)).ok_or(Reason::NoDeals)
    }

    /// The share of ARR, 0 to 1.
    ///
    /// # Errors
    /// [`Reason::NoAmount`].
    pub fn arr_rate(&self) -> Measured<Decimal> {
        let with = self.with_partner.arr_minor;
        share(with, with + self.direct.arr_minor).ok_or(Reason::NoAmount)
    }
}

/// Contract value beside ARR over won deals that have both (seed 002, TCV).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContractValue {
    /// Won deals with both values.
    pub deals: u64,
    /// Their contract value in minor units.
    pub tcv_minor: i128,
    /// Their ARR in minor units.
    pub arr_minor: i128,
}

impl ContractValue {
    /// Of a cell.
    #[must_use]
    pub const fn of(value: &CellValue) -> Self {
        Self { deals: value.won_tcv_count, tcv_minor: value.won_tcv_minor, arr_minor: value.won_tcv_arr_minor }
    }

    /// How much more the contracts are worth than a year of them.
    #[must_use]
    pub const fn gap_minor(&self) -> i128 {
        self.tcv_minor - self.arr_minor
    }
}

/// Open deals with partners. Sourced pipeline is in the commit, co-sell pipeline is context, and what was influenced and won is
/// a QBR metric ([`Cohort::InfluencedOrAccelerated`]): one deal may be in all three, and they are never added (LOOP.md section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// Open NEW deals that a partner SOURCED.
    pub sourced: Worth,
    /// Open deals on which a partner is INFLUENCED or ACCELERATED.
    pub co_sell: Worth,
    /// All open deals, by whether a partner is attached.
    pub attach: Attach,
}

/// One partner's place in the ranking by Sourced ARR (seed 003).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The place, from 1. Partners with the same ARR share one.
    pub rank: u64,
    /// The partner.
    pub partner_id: Uuid,
    /// Won deals it sourced. One deal has one source, so these add up.
    pub sourced: Worth,
    /// Won deals it is on in any co-sell state. One deal may be several partners', so these do not add up.
    pub co_sell: Worth,
    /// Its share of all Sourced ARR, 0 to 1.
    pub share: Measured<Decimal>,
    /// The share of all partners down to this place.
    pub cumulative_share: Measured<Decimal>,
}

/// Which partners drive the most revenue, and how much hangs on few of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concentration {
    /// Every partner with a won deal, by Sourced ARR.
    pub partners: Vec<Ranked>,
    /// Sourced ARR of all, in minor units.
    pub sourced_arr_minor: i128,
    /// The Herfindahl-Hirschman index, 0 to 1: the sum of the squared shares. 1 is a single partner.
    pub index: Measured<Decimal>,
}

impl Concentration {
    /// Ranks the partners of a book.
    #[must_use]
    pub fn of(book: &Book) -> Self {
        let won = |partner, cohort| Worth::won(&book.value(Some(partner), Place::All, cohort, Kinds::All));
        let mut partners: Vec<_> = book
            .partners()
            .map(|partner| (partner, won(partner, Cohort::Sourced), won(partner, with_partner(Some(partner)))))
            .filter(|(_, sourced, co_sell)| sourced.deals + co_sell.deals > 0)
            .collect();
        partners.sort_by_key(|(partner, sourced, _)| (-sourced.arr_minor, *partner));
        let total: i128 = partners.iter().map(|(_, sourced, _)| sourced.arr_minor).sum();
        let part = |arr: i128| share(arr, total).ok_or(Reason::NoAmount);
        let (mut ranked, mut passed, mut index): (Vec<Ranked>, _, _) = (Vec::with_capacity(partners.len()), 0, part(0));
        for (place, (partner_id, sourced, co_sell)) in (1..).zip(partners) {
            passed += sourced.arr_minor;
            let share = part(sourced.arr_minor);
            index = index.and_then(|sum| Ok(sum + share? * share?));
            let rank = ranked
                .last()
                .filter(|above| above.sourced.arr_minor == sourced.arr_minor)
                .map_or(place, |above| above.rank);
            ranked.push(Ranked { rank, partner_id, sourced, co_sell, share, cumulative_share: part(passed) });
        }
        Self { partners: ranked, sourced_arr_minor: total, index }
    }
}

#[cfg(test)]
#[path = "economics_tests.rs"]
mod tests;
