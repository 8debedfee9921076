//! The lines of a forecast on the wire: partners, segments, their figures.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::role::Action;
use domain::tam::{Band, Cell, Component, PartnerForecast, Spot};
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::loader;
use super::measurement::{Evidence, Explanation, Reason, because, decimal, explained, int};
use super::partner::Partner;
use super::scalar::{Decimal, Money, Quarter};
use super::segment::Segment;
use super::spend_plan::{PenetrationBasis, PenetrationLevel, SpendCliff, SpendRule, amount, cliff, rule};
use super::tam::Read;

/// One amount of a forecast over its four quarters.
pub struct ForecastFigure {
    read: Arc<Read>,
    spot: Spot,
    band: Band,
    component: Option<Component>,
}

/// One amount of a forecast over its four quarters.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl ForecastFigure {
    /// The amount: a line is rounded to the minor unit once, a total adds rounded lines. Null where nothing of it is measured.
    async fn amount(&self) -> Option<Money> {
        let computed = &self.read.computed;
        let minor = computed.amounts(self.spot, self.band).year(self.component)?;
        Some(amount(minor, computed.currency))
    }

    /// How much stands behind it: the weakest of its measured lines.
    async fn evidence(&self) -> Evidence {
        self.read.computed.evidence(self.spot, self.component).into()
    }

    /// Why the amount is null. A sum of which nothing is measured says NOTHING_MEASURED; the reasons are those of its lines, and of
    /// `findings`.
    async fn reason(&self) -> Option<Reason> {
        self.read.computed.reason(self.spot, self.component).map(because)
    }

    /// How it came about: its inputs, the rule, the arithmetic line by line.
    #[graphql(directive = Allow::apply(Action::ReadExplanation))]
    async fn explanation(&self, ctx: &Context<'_>) -> Result<Explanation> {
        explained(ctx, self.read.computed.explain(self.spot, self.band, self.component))
    }
}

/// One quarter of a band. A component that is not measured is null, and adds nothing.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadForecast))]
pub struct ForecastQuarter {
    /// The fiscal quarter.
    quarter: Quarter,
    /// Sourced TAM: it follows the spend planned for the quarter.
    sourced: Option<Money>,
    /// Influenced TAM: it follows the realised seasonality.
    influenced: Option<Money>,
    /// The drag of a negative Trust-Gap, 0 or below.
    drag: Option<Money>,
    /// Expansion TAM: it follows the realised seasonality.
    expansion: Option<Money>,
    /// All of them together.
    total: Option<Money>,
}

/// One band: of the whole forecast, of a partner, of a segment, or of a partner in a segment.
pub struct ForecastBand(pub(super) Arc<Read>, pub(super) Spot, pub(super) Band);

impl ForecastBand {
    fn figure(&self, component: Option<Component>) -> ForecastFigure {
        ForecastFigure { read: self.0.clone(), spot: self.1, band: self.2, component }
    }

    fn partner(&self) -> Option<&PartnerForecast> {
        match self.1 {
            Spot::Partner(at) | Spot::Cell(at, _) => self.0.computed.partners.get(at),
            Spot::All | Spot::Segment(_) => None,
        }
    }
}

/// One band: of the whole forecast, of a partner, of a segment, or of a partner in a segment.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl ForecastBand {
    /// Sourced, Influenced and Expansion TAM and the drag, together: partner-influenced TAM.
    async fn total(&self) -> ForecastFigure {
        self.figure(None)
    }

    /// Sourced TAM = planned spend x Yield.
    async fn sourced(&self) -> ForecastFigure {
        self.figure(Some(Component::Sourced))
    }

    /// Influenced TAM = accounts engaged x Trust-Gap x average ACV, where the Trust-Gap is not negative.
    async fn influenced(&self) -> ForecastFigure {
        self.figure(Some(Component::Influenced))
    }

    /// The same where it is: 0 or below.
    async fn drag(&self) -> ForecastFigure {
        self.figure(Some(Component::Drag))
    }

    /// Expansion TAM = customers that the partner touches x Expansion Probability x average expansion ACV.
    async fn expansion(&self) -> ForecastFigure {
        self.figure(Some(Component::Expansion))
    }

    /// The four quarters. Those of a line sum to its amount.
    async fn quarters(&self) -> Vec<ForecastQuarter> {
        let computed = &self.0.computed;
        let amounts = computed.amounts(self.1, self.2);
        let of = |component: Option<Component>, at: usize| {
            amounts.of(component).map(|quarters| amount(quarters[at], computed.currency))
        };
        let quarters = computed.quarters().into_iter().enumerate();
        quarters
            .map(|(at, quarter)| ForecastQuarter {
                quarter: Quarter(quarter),
                sourced: of(Some(Component::Sourced), at),
                influenced: of(Some(Component::Influenced), at),
                drag: of(Some(Component::Drag), at),
                expansion: of(Some(Component::Expansion), at),
                total: of(None, at),
            })
            .collect()
    }

    /// The Yield that is applied to the partner's planned spend; null without one, and where it is of several partners.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn yield_multiple(&self) -> Option<Decimal> {
        let applied = self.partner()?.spend.applied.as_ref()?;
        Some(decimal(*applied.of(self.2)))
    }

    /// Where more spend on the partner begins to bring less, and from where it pays again; null where the rule never steps, and where
    /// it is of several partners.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn cliff(&self) -> Option<SpendCliff> {
        let found = self.partner()?.spend.cliff.of(self.2).as_ref()?;
        Some(cliff(*found, self.0.computed.currency))
    }
}

/// A partner's forecast.
pub struct ForecastPartner(pub(super) Arc<Read>, pub(super) usize);

impl ForecastPartner {
    fn of(&self) -> &PartnerForecast {
        &self.0.computed.partners[self.1]
    }

    fn band(&self, band: Band) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::Partner(self.1), band)
    }
}

/// A partner's forecast.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl ForecastPartner {
    /// The partner.
    async fn partner(&self) -> Option<Partner> {
        self.0.partners.get(&self.of().partner_id).cloned().map(Partner)
    }

    /// Planned against trailing spend, and what the conservative Yield rule makes of it.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn rule(&self) -> SpendRule {
        rule(&self.of().spend, self.0.computed.currency)
    }

    /// What the CFO budgets against.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> ForecastBand {
        self.band(Band::Conservative)
    }

    /// The method's formulas as they stand.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> ForecastBand {
        self.band(Band::Base)
    }

    /// Upper limits, and Yield as it was measured.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> ForecastBand {
        self.band(Band::Stretch)
    }

    /// The partner in each segment.
    async fn cells(&self) -> Vec<ForecastCell> {
        (0..self.of().cells.len()).map(|at| ForecastCell(self.0.clone(), self.1, at)).collect()
    }

    /// The values that the measurement of these quarters will be compared with.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn rests_on(&self) -> ForecastRestsOn {
        ForecastRestsOn(self.0.clone(), self.1)
    }
}

/// The five realised metrics as far as a forecast rests on them. A null is compared with the trailing four quarters: BASELINE.
pub struct ForecastRestsOn(Arc<Read>, usize);

/// The five realised metrics as far as a forecast rests on them. A null is compared with the trailing four quarters: BASELINE.
#[Object(directive = Allow::apply(Action::ReadForecastBase))]
impl ForecastRestsOn {
    /// The Yield that is applied to planned spend.
    #[graphql(directive = Allow::apply(Action::ReadForecastYield))]
    async fn yield_multiple(&self) -> Option<Decimal> {
        self.of().rests_on.partner_yield.map(decimal)
    }

    /// The Trust-Gap of each segment in which it is measured.
    #[graphql(directive = Allow::apply(Action::ReadForecastTrustGap))]
    async fn trust_gaps(&self, ctx: &Context<'_>) -> Result<Vec<ForecastTrustGap>> {
        let mut all = Vec::new();
        for (segment_id, points) in &self.of().rests_on.trust_gaps {
            let segment = loader::segment(ctx, *segment_id).await?.map(Segment);
            all.push(ForecastTrustGap { segment, points: decimal(*points) });
        }
        Ok(all)
    }

    /// No formula of the forecast takes the Deal Velocity Premium.
    async fn deal_velocity_premium_rate(&self) -> Option<Decimal> {
        self.of().rests_on.deal_velocity_premium.map(decimal)
    }

    /// Partner-influenced expansion ARR of the four quarters.
    async fn expansion_arr(&self) -> Option<Money> {
        let quarters = self.of().rests_on.expansion_arr_minor?;
        Some(amount(quarters.iter().sum(), self.0.computed.currency))
    }

    /// No formula of the forecast takes the partner's contribution to NRR.
    async fn nrr_contribution_points(&self) -> Option<Decimal> {
        self.of().rests_on.nrr_contribution_points.map(decimal)
    }
}

impl ForecastRestsOn {
    fn of(&self) -> &PartnerForecast {
        &self.0.computed.partners[self.1]
    }
}

/// The Trust-Gap of a segment that a forecast rests on.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadForecastTrustGap))]
pub struct ForecastTrustGap {
    /// The segment.
    segment: Option<Segment>,
    /// Percentage points.
    points: Decimal,
}

/// How far the vendor's accounts of a segment and the partner's are the same.
///
/// The vendor is active on an account with a deal that it has won or had in motion in the trailing four quarters, or with a touch
/// recorded in them; the partner by an attribution on such a deal, by a touch of its own, or because the account belongs to it or
/// buys through it.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadOverlap))]
pub struct SegmentOverlap {
    /// Accounts on which both are active; null where no relationship of the partner with any account is recorded.
    accounts: Option<i32>,
    /// Accounts of the segment that could buy; null where nobody said.
    addressable_accounts: Option<i32>,
    /// `accounts` / `addressableAccounts`, 0 or more. Above 1 more accounts are in common than the segment is said to have: the finding
    /// OVERLAP_BEYOND_SEGMENT; the penetration is DEEP then, and accounts engaged are a share of `addressableAccounts`.
    rate: Option<Decimal>,
    /// Whether `rate` is under the policy's bar (`tamOverlapBarRate`), 10 % by default: the two sell into different markets. Null
    /// where it is.
    is_under_bar: Option<bool>,
    /// Why the share is null.
    reason: Option<Reason>,
}

/// A partner in a segment: the line of a forecast.
pub struct ForecastCell(Arc<Read>, usize, usize);

impl ForecastCell {
    fn of(&self) -> &Cell {
        &self.0.computed.partners[self.1].cells[self.2]
    }

    fn band(&self, band: Band) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::Cell(self.1, self.2), band)
    }
}

/// A partner in a segment: the line of a forecast.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl ForecastCell {
    /// The segment; null for what is planned for no segment, and for customers without one.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.of().segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// Spend planned for the four quarters.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn planned_spend(&self) -> Money {
        amount(self.of().planned_minor.iter().sum(), self.0.computed.currency)
    }

    /// How far the partner reaches into the segment: what was set by hand, else what is read off the overlap; null where there is
    /// neither.
    async fn penetration(&self) -> Option<PenetrationLevel> {
        Some(self.of().influenced.as_ref()?.level(&self.0.computed.policy)?.0.into())
    }

    /// Where the penetration comes from.
    async fn penetration_basis(&self) -> Option<PenetrationBasis> {
        Some(self.of().influenced.as_ref()?.level(&self.0.computed.policy)?.1.into())
    }

    /// The accounts that the vendor and the partner have in common; null for what is planned for no segment.
    #[graphql(directive = Allow::apply(Action::ReadOverlap))]
    async fn overlap(&self) -> Option<SegmentOverlap> {
        let of = self.of().influenced.as_ref()?;
        let share = of.overlap();
        Some(SegmentOverlap {
            accounts: of.overlap_accounts.map(int),
            addressable_accounts: of.addressable_accounts.and_then(|accounts| i32::try_from(accounts).ok()),
            rate: share.ok().map(decimal),
            is_under_bar: of.is_under_bar(&self.0.computed.policy),
            reason: share.err().map(because),
        })
    }

    /// Why the penetration was set by hand; null where it was not.
    async fn penetration_reason(&self) -> Option<&str> {
        Some(self.of().influenced.as_ref()?.penetration.as_ref()?.reason.as_str())
    }

    /// Addressable accounts of the segment x the share that the penetration engages; null where one of them is not known.
    async fn accounts_engaged(&self) -> Option<Decimal> {
        self.of().influenced.as_ref()?.engaged.map(decimal)
    }

    /// Mean ARR of the segment's won NEW deals in the trailing four quarters; null where none was won.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn average_acv(&self) -> Option<Money> {
        let computed = &self.0.computed;
        let acv = domain::evidence::round(self.of().influenced.as_ref()?.average_acv()?, 0);
        Some(amount(i128::try_from(acv).ok()?, computed.currency))
    }

    /// The share of the engaged accounts that are counted as sourced as well, 0 to 1; 0.10 and more is a finding, by default.
    async fn double_counted_rate(&self) -> Option<Decimal> {
        self.of().influenced.as_ref()?.double_counted().map(decimal)
    }

    /// Customers that the partner touches: by an attribution, or by a recorded touch in the trailing four quarters.
    async fn customers_touched(&self) -> i32 {
        int(self.of().expansion.facts.touched_accounts)
    }

    /// What the CFO budgets against.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> ForecastBand {
        self.band(Band::Conservative)
    }

    /// The method's formulas as they stand.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> ForecastBand {
        self.band(Band::Base)
    }

    /// Upper limits, and Yield as it was measured.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> ForecastBand {
        self.band(Band::Stretch)
    }
}

/// A segment of a forecast: all partners together.
pub struct ForecastSegment(pub(super) Arc<Read>, pub(super) Option<Uuid>);

impl ForecastSegment {
    fn band(&self, band: Band) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::Segment(self.1), band)
    }
}

/// A segment of a forecast: all partners together.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl ForecastSegment {
    /// The segment; null for what is planned for no segment, and for customers without one.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.1 {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// Accounts that partners engage, added over them: one account may be engaged by several.
    async fn accounts_engaged(&self) -> Option<Decimal> {
        self.0.computed.engaged(self.1?).map(|(engaged, _)| decimal(engaged))
    }

    /// By how much they exceed the accounts of the segment; 0 where they do not.
    async fn accounts_engaged_excess(&self) -> Option<Decimal> {
        self.0.computed.engaged(self.1?).map(|(_, excess)| decimal(excess))
    }

    /// What the CFO budgets against.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> ForecastBand {
        self.band(Band::Conservative)
    }

    /// The method's formulas as they stand.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> ForecastBand {
        self.band(Band::Base)
    }

    /// Upper limits, and Yield as it was measured.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> ForecastBand {
        self.band(Band::Stretch)
    }
}
