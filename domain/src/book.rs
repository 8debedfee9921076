//! The book: the cells of one window, indexed, in one reading. Every measure of a window is asked here.

use crate::cell::{CellValue, Cohort, Late, Spot, is_counted};
use crate::deal::DealKind;
use crate::evidence::{Measured, Reason};
use crate::policy::Policy;
use crate::trust_gap::{TrustGap, WinRate};
use rust_decimal::{Decimal, dec};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Which segments are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// All of them, and the deals without one.
    All,
    /// One.
    Segment(Uuid),
    /// The deals without a segment.
    NoSegment,
}

impl From<Option<Uuid>> for Place {
    fn from(segment_id: Option<Uuid>) -> Self {
        segment_id.map_or(Self::NoSegment, Self::Segment)
    }
}

/// Which kinds of deal are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kinds {
    /// NEW deals: what rates, sizes and cycles compare (ruling 2).
    New,
    /// Every kind.
    All,
}

/// The cells of one window in one reading.
#[derive(Clone, Debug, Default)]
pub struct Book {
    sums: HashMap<(Option<Uuid>, Place, Cohort, bool), CellValue>,
    pairs: BTreeSet<(Uuid, Place)>,
    places: BTreeSet<Place>,
}

impl Book {
    /// Indexes cells; those that the reading leaves out are left out.
    pub fn new(cells: impl IntoIterator<Item = (Spot, CellValue)>, late: Late) -> Self {
        let mut book = Self::default();
        for (spot, value) in cells {
            book.enter(&spot, &value, late);
        }
        book
    }

    /// Counts a cell, or leaves it out.
    pub fn enter(&mut self, spot: &Spot, value: &CellValue, late: Late) {
        if !is_counted(spot.cohort, spot.is_late, late) {
            return;
        }
        let (place, is_new) = (Place::from(spot.segment_id), spot.kind == DealKind::New);
        for place in [place, Place::All] {
            self.sums.entry((spot.partner_id, place, spot.cohort, is_new)).or_default().add(value);
        }
        self.places.insert(place);
        if let Some(partner) = spot.partner_id {
            self.pairs.insert((partner, place));
        }
    }

    /// How many sums it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether no closed deal is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Each partner with each segment (or none) in which it has a closed deal.
    pub fn pairs(&self) -> impl Iterator<Item = (Uuid, Place)> {
        self.pairs.iter().copied()
    }

    /// Each segment (or none) that has a closed deal.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.places.iter().copied()
    }

    /// Each partner that has a closed deal, once.
    pub fn partners(&self) -> impl Iterator<Item = Uuid> {
        self.pairs.iter().map(|(partner, _)| *partner).collect::<BTreeSet<_>>().into_iter()
    }

    /// Counts and sums of a cohort; all zero where there is no deal.
    #[must_use]
    pub fn value(&self, partner_id: Option<Uuid>, place: Place, cohort: Cohort, kinds: Kinds) -> CellValue {
        let get = |is_new| self.sums.get(&(partner_id, place, cohort, is_new)).copied().unwrap_or_default();
        let mut value = get(true);
        if kinds == Kinds::All {
            value.add(&get(false));
        }
        value
    }

    /// Every deal of a place, once: with a partner, without, and unknown.
    #[must_use]
    pub fn everything(&self, place: Place, kinds: Kinds) -> CellValue {
        let mut sum = CellValue::default();
        for cohort in [Cohort::AnyPartner, Cohort::Direct, Cohort::Unknown] {
            sum.add(&self.value(None, place, cohort, kinds));
        }
        sum
    }

    /// The win rate of a cohort, NEW deals.
    #[must_use]
    pub fn win_rate(&self, partner_id: Option<Uuid>, place: Place, cohort: Cohort) -> WinRate {
        let value = self.value(partner_id, place, cohort, Kinds::New);
        WinRate { won: value.won, lost: value.lost }
    }

    /// Trust-Gap of a partner, or (without one) of all partners with each deal counted once. A total is not a sum of cells.
    #[must_use]
    pub fn trust_gap(&self, partner_id: Option<Uuid>, place: Place, policy: &Policy) -> TrustGap {
        let co_sell = self.win_rate(partner_id, place, with_partner(partner_id));
        let direct = self.win_rate(None, place, Cohort::Direct);
        let unknown = self.win_rate(None, place, Cohort::Unknown).closed();
        TrustGap::measure(co_sell, direct, unknown, policy)
    }
}

/// The cohort that stands against DIRECT: a partner's co-sell deals, or every deal with any partner.
#[must_use]
pub const fn with_partner(partner_id: Option<Uuid>) -> Cohort {
    if partner_id.is_some() { Cohort::CoSell } else { Cohort::AnyPartner }
}

/// The win rate of one touch type beside the direct one (seed 002, win rate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchWinRate {
    /// The touch type: SOURCED, INFLUENCED, ACCELERATED, or ANY_PARTNER for co-sold at all.
    pub cohort: Cohort,
    /// Its win rate.
    pub win_rate: WinRate,
    /// Points above the direct win rate.
    pub delta_points: Measured<Decimal>,
    /// Whether the delta is under the policy's bar: the program does not earn its budget. None without a delta.
    pub is_under_bar: Option<bool>,
}

impl Book {
    /// Win rates by touch type. The touch types overlap and are never added.
    #[must_use]
    pub fn win_rates_by_touch(&self, partner_id: Option<Uuid>, place: Place, policy: &Policy) -> [TouchWinRate; 4] {
        let direct = self.win_rate(None, place, Cohort::Direct);
        [Cohort::Sourced, Cohort::Influenced, Cohort::Accelerated, with_partner(partner_id)].map(|cohort| {
            let win_rate = self.win_rate(partner_id, place, cohort);
            let delta_points = match (win_rate.rate(), direct.rate()) {
                (Some(touched), Some(direct)) => Ok((touched - direct) * dec!(100)),
                (None, _) => Err(Reason::NoCoSellDeals),
                (_, None) => Err(Reason::NoDirectDeals),
            };
            let is_under_bar = delta_points.ok().map(|points| points < policy.win_rate_bar_points);
            TouchWinRate { cohort, win_rate, delta_points, is_under_bar }
        })
    }
}
