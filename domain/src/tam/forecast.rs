//! The forecast: every line with what it was computed from, so that it can be frozen and still explain itself.

use super::amounts::{Amounts, Quarters, decimal, split_bands};
use super::expansion::{Expansion, ExpansionFacts};
use super::influenced::{Influenced, Market, Reach};
use super::policy::TamPolicy;
use super::seasonality::Seasonality;
use super::yield_rule::YieldRule;
use super::{Band, Bands, Component};
use crate::calendar::{Quarter, Window};
use crate::economics::PartnerYield;
use crate::evidence::{Evidence, Reason};
use crate::explanation::Frame;
use crate::money::Currency;
use crate::policy::Policy;
use crate::trust_gap::TrustGap;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a forecast is computed from.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The first of the four quarters.
    pub quarter: Quarter,
    /// The trailing four quarters, the date, the policy's version.
    pub frame: Frame,
    /// The currency of every amount.
    pub currency: Currency,
    /// The policy.
    pub policy: Policy,
    /// Won ARR of the completed quarters in minor units, oldest first; the latest is the last of the window.
    pub won_arr_minor: Vec<i128>,
    /// The partners.
    pub partners: Vec<PartnerFacts>,
}

/// A partner's facts.
#[derive(Clone, Debug)]
pub struct PartnerFacts {
    /// The partner.
    pub partner_id: Uuid,
    /// Its Yield in the trailing four quarters.
    pub partner_yield: PartnerYield,
    /// Where there is a plan for it or anything is measured.
    pub cells: Vec<CellFacts>,
}

/// A partner's facts in a segment.
#[derive(Clone, Debug)]
pub struct CellFacts {
    /// The segment; none for what is planned for no segment.
    pub segment_id: Option<Uuid>,
    /// Spend planned for each quarter.
    pub planned_minor: Quarters,
    /// The segment.
    pub market: Market,
    /// How far the partner reaches into it.
    pub reach: Reach,
    /// The partner's Trust-Gap in it.
    pub trust_gap: TrustGap,
    /// The customers that the partner touches.
    pub expansion: ExpansionFacts,
}

/// A partner in a segment: the line of a forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The segment; none for what is planned for no segment.
    pub segment_id: Option<Uuid>,
    /// Spend planned for each quarter.
    pub planned_minor: Quarters,
    /// What Influenced TAM is made of; none without a segment.
    pub influenced: Option<Influenced>,
    /// What Expansion TAM is made of.
    pub expansion: Expansion,
    /// The amounts.
    pub bands: Bands<Amounts>,
}

/// The five metrics that Phase 6 compares, as far as the forecast rests on them (ruling 14). None: the comparison is with the
/// trailing four quarters, and says BASELINE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestsOn {
    /// The Yield that BASE applies.
    pub partner_yield: Option<Decimal>,
    /// The Trust-Gap of each segment, in points; Phase 6 compares per segment (ruling 24).
    pub trust_gaps: Vec<(Uuid, Decimal)>,
    /// No formula of Phase 2 takes it.
    pub deal_velocity_premium: Option<Decimal>,
    /// Expansion TAM of BASE in each quarter, in minor units.
    pub expansion_arr_minor: Option<Quarters>,
    /// No formula of Phase 2 takes it.
    pub nrr_contribution_points: Option<Decimal>,
}

/// A partner's forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerForecast {
    /// The partner.
    pub partner_id: Uuid,
    /// Its Yield and what the rule makes of it.
    pub spend: YieldRule,
    /// Its lines.
    pub cells: Vec<Cell>,
    /// What Phase 6 will compare.
    pub rests_on: RestsOn,
}

/// The forecast of four quarters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// The first of the four quarters.
    #[serde(with = "text")]
    pub quarter: Quarter,
    /// The date as of which the trailing four quarters were taken.
    pub as_of: NaiveDate,
    /// The first of these.
    #[serde(with = "text")]
    pub from: Quarter,
    /// The last of these.
    #[serde(with = "text")]
    pub to: Quarter,
    /// The currency of every amount.
    #[serde(with = "text")]
    pub currency: Currency,
    /// The policy's version.
    pub policy_version: i64,
    /// The policy's numbers of this phase.
    pub policy: TamPolicy,
    /// How a year falls on the quarters.
    pub seasonality: Seasonality,
    /// The partners.
    pub partners: Vec<PartnerForecast>,
}

/// Which lines are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spot {
    /// All.
    All,
    /// A segment's of all partners; none for what is planned for no segment.
    Segment(Option<Uuid>),
    /// A partner's, by its place in the forecast.
    Partner(usize),
    /// One, by the partner's place and its own.
    Cell(usize, usize),
}

impl Forecast {
    /// Computes a forecast.
    #[must_use]
    pub fn of(facts: Facts) -> Self {
        let Facts { quarter, frame, currency, policy, won_arr_minor, partners } = facts;
        let seasonality = Seasonality::of(&won_arr_minor, frame.window.to, quarter, &policy.tam);
        let partners = partners.into_iter().map(|partner| partner_of(partner, &seasonality, &policy)).collect();
        Self {
            quarter,
            as_of: frame.as_of,
            from: frame.window.from,
            to: frame.window.to,
            currency,
            policy_version: frame.policy_version,
            policy: policy.tam,
            seasonality,
            partners,
        }
    }

    /// The four quarters.
    #[must_use]
    pub fn quarters(&self) -> [Quarter; 4] {
        [0, 1, 2, 3].map(|step| self.quarter.plus(step))
    }

    /// What it was read from.
    #[must_use]
    pub const fn frame(&self) -> Frame {
        let window = Window { from: self.from, to: self.to };
        Frame { window, as_of: self.as_of, policy_version: self.policy_version }
    }

    /// The lines of a spot, each with its partner.
    pub fn cells(&self, spot: Spot) -> impl Iterator<Item = (&PartnerForecast, &Cell)> {
        let is_in = move |at: usize, cell: usize, segment_id: Option<Uuid>| match spot {
            Spot::All => true,
            Spot::Segment(id) => id == segment_id,
            Spot::Partner(partner) => partner == at,
            Spot::Cell(partner, own) => (partner, own) == (at, cell),
        };
        self.partners.iter().enumerate().flat_map(move |(at, partner)| {
            let cells = partner.cells.iter().enumerate();
            cells.filter(move |(own, cell)| is_in(at, *own, cell.segment_id)).map(move |(_, cell)| (partner, cell))
        })
    }

    /// The amounts of a spot in a band: its rounded lines, added.
    #[must_use]
    pub fn amounts(&self, spot: Spot, band: Band) -> Amounts {
        self.cells(spot).fold(Amounts::default(), |sum, (_, cell)| sum.and(cell.bands.of(band)))
    }

    /// How much stands behind a figure: the weakest of its measured lines; NONE where no line is measured.
    #[must_use]
    pub fn evidence(&self, spot: Spot, component: Option<Component>) -> Evidence {
        let known = self.cells(spot).flat_map(|(partner, cell)| cell.evidence(partner, component));
        known.min().unwrap_or(Evidence::None)
    }

    /// Why a figure is not measured: a component of one line says its own reason, and no sum takes over that of a part.
    #[must_use]
    pub fn reason(&self, spot: Spot, component: Option<Component>) -> Option<Reason> {
        if self.amounts(spot, Band::Base).year(component).is_some() {
            return None;
        }
        let own = match spot {
            Spot::Cell(..) => self.cells(spot).find_map(|(partner, cell)| cell.reason(partner, component?)),
            Spot::All | Spot::Segment(_) | Spot::Partner(_) => None,
        };
        Some(own.unwrap_or(Reason::NothingMeasured))
    }

    /// The segments that have a line, in the order in which they occur; none last.
    #[must_use]
    pub fn segments(&self) -> Vec<Option<Uuid>> {
        let mut segments: Vec<Option<Uuid>> = Vec::new();
        for (_, cell) in self.cells(Spot::All) {
            if !segments.contains(&cell.segment_id) {
                segments.push(cell.segment_id);
            }
        }
        segments.sort_by_key(Option::is_none);
        segments
    }

    /// Accounts of a segment that partners engage, and by how much they exceed the segment (ruling 16): several partners may
    /// engage the same account.
    #[must_use]
    pub fn engaged(&self, segment_id: Uuid) -> Option<(Decimal, Decimal)> {
        let of = self.cells(Spot::Segment(Some(segment_id))).filter_map(|(_, cell)| cell.influenced.as_ref());
        let (mut sum, mut addressable) = (None, None);
        for influenced in of {
            addressable = influenced.addressable_accounts.or(addressable);
            sum = influenced.engaged.map(|engaged| engaged + sum.unwrap_or_default()).or(sum);
        }
        let sum = sum?;
        Some((sum, (sum - Decimal::from(addressable?)).max(Decimal::ZERO)))
    }
}

impl Cell {
    /// The evidence of those of its components that are measured.
    fn evidence(&self, partner: &PartnerForecast, component: Option<Component>) -> Vec<Evidence> {
        let is_asked = |own: Component| component.is_none_or(|asked| asked == own);
        let mut known = Vec::new();
        let base = &self.bands.base;
        if is_asked(Component::Sourced) && base.sourced.is_some() {
            known.push(partner.spend.evidence);
        }
        if let Some(influenced) = &self.influenced
            && base.influenced.is_some()
            && (is_asked(Component::Influenced) || is_asked(Component::Drag))
        {
            known.push(influenced.evidence);
        }
        if is_asked(Component::Expansion) && base.expansion.is_some() {
            known.push(self.expansion.evidence);
        }
        known
    }

    /// Why a component is not measured.
    #[must_use]
    pub fn reason(&self, partner: &PartnerForecast, component: Component) -> Option<Reason> {
        match component {
            Component::Sourced if self.planned_minor == [0; 4] => Some(Reason::NoPlannedSpend),
            Component::Sourced => partner.spend.reason,
            Component::Influenced | Component::Drag => {
                self.influenced.as_ref().map_or(Some(Reason::NoSegment), |influenced| influenced.reason)
            }
            Component::Expansion => self.expansion.reason,
        }
    }
}

fn partner_of(facts: PartnerFacts, seasonality: &Seasonality, policy: &Policy) -> PartnerForecast {
    let planned = facts.cells.iter().flat_map(|cell| cell.planned_minor).sum();
    let spend = YieldRule::apply(&facts.partner_yield, planned, &policy.tam);
    let cells: Vec<Cell> = facts.cells.into_iter().map(|cell| cell_of(cell, &spend, seasonality, policy)).collect();
    let mut rests_on =
        RestsOn { partner_yield: spend.applied.as_ref().map(|applied| applied.base), ..RestsOn::default() };
    for cell in &cells {
        let points = cell.influenced.as_ref().and_then(|influenced| influenced.points);
        rests_on.trust_gaps.extend(cell.segment_id.zip(points));
        if let Some(quarters) = cell.bands.base.expansion {
            let sum = rests_on.expansion_arr_minor.unwrap_or_default();
            rests_on.expansion_arr_minor = Some(std::array::from_fn(|at| sum[at] + quarters[at]));
        }
    }
    PartnerForecast { partner_id: facts.partner_id, spend, cells, rests_on }
}

fn cell_of(facts: CellFacts, spend: &YieldRule, seasonality: &Seasonality, policy: &Policy) -> Cell {
    let influenced = facts.segment_id.map(|_| {
        let CellFacts { market, reach, trust_gap, .. } = facts;
        Influenced::of(&market, reach, &trust_gap, &policy.tam)
    });
    let expansion = Expansion::of(facts.expansion, policy);
    let planned: i128 = facts.planned_minor.iter().sum();
    let sourced = (planned > 0).then(|| each(|band| spend.sourced_minor(planned, band)));
    let net = influenced.as_ref().and_then(Influenced::minor);
    let seasonal = |years: Option<Bands<i128>>| years.map(|years| split_bands(&years, &seasonality.weights));
    let lines = [
        sourced.flatten().map(|years| split_bands(&years, &facts.planned_minor)),
        seasonal(net.map(|net| net.map(|minor| (*minor).max(0)))),
        seasonal(net.map(|net| net.map(|minor| (*minor).min(0)))),
        seasonal(expansion.minor()),
    ];
    let amounts = |band| {
        let [sourced, influenced, drag, expansion] = lines.map(|line| line.map(|bands| *bands.of(band)));
        Amounts { sourced, influenced, drag, expansion }
    };
    Cell {
        segment_id: facts.segment_id,
        planned_minor: facts.planned_minor,
        influenced,
        expansion,
        bands: Bands {
            conservative: amounts(Band::Conservative),
            base: amounts(Band::Base),
            stretch: amounts(Band::Stretch),
        },
    }
}

/// A value for each band, or none.
fn each(of: impl Fn(Band) -> Option<i128>) -> Option<Bands<i128>> {
    Some(Bands { conservative: of(Band::Conservative)?, base: of(Band::Base)?, stretch: of(Band::Stretch)? })
}

impl Forecast {
    /// Whole minor units in major ones.
    #[must_use]
    pub fn major(&self, minor: i128) -> Decimal {
        crate::economics::major(minor, self.currency.minor_digits())
    }

    /// An unrounded amount of minor units in major ones.
    pub(super) fn exact(&self, minor: Decimal) -> Decimal {
        minor / decimal(10_i128.pow(self.currency.minor_digits()))
    }
}

/// As its text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
pub(super) mod tests_support;
