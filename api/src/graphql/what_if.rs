//! What would be otherwise, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use domain::tam::Band;
use domain::what_if as method;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::funnel::{Coverage, FunnelStage};
use super::global_id;
use super::partner::Partner;
use super::recruit::Tier;
use super::scalar::{Decimal, Money, Quarter};
use super::spend_plan::amount;
use super::tam::Forecast;
use crate::usecase::spend_plan::Line;
use crate::usecase::what_if::{self, Tried, WhatIf as Answer};

/// One of the three readings of a forecast.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Band")]
pub enum ForecastBandKind {
    /// What the CFO budgets against.
    Conservative,
    /// The method's formulas as they stand.
    Base,
    /// Upper limits, and Yield as it was measured.
    Stretch,
}

/// An amount as it stands and as it would be.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfAmount {
    /// As it stands; null where nothing of it is measured.
    before: Option<Money>,
    /// As it would be; null where nothing of it is measured.
    after: Option<Money>,
    /// After less before, where what is not measured adds nothing; null where neither is measured.
    delta: Option<Money>,
}

/// A band of the forecast, over its four quarters.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfBand {
    /// Which.
    band: ForecastBandKind,
    /// The amount.
    amount: WhatIfAmount,
}

/// A partner in a question of what if.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfPartner {
    /// The partner.
    partner: Partner,
    /// Its tier as it stands; null where none was ever decided.
    tier_before: Option<Tier>,
    /// Its tier as it would be.
    tier_after: Option<Tier>,
    /// Its forecast, band by band.
    bands: Vec<WhatIfBand>,
}

/// A stage of the funnel in a question of what if.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfStage {
    /// The stage.
    stage: FunnelStage,
    /// How well it is covered.
    coverage_before: Coverage,
    /// How well it would be.
    coverage_after: Coverage,
    /// How many Invest partners produce in it.
    producers_before: i32,
    /// How many would.
    producers_after: i32,
    /// BASE of the Invest partners that commitments of the stage are held against; null where nothing of it is
    /// measured; all null of RETAIN, which stands apart.
    base: WhatIfAmount,
}

/// Capacity in a question of what if, in hours a week.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfCapacity {
    /// As it stands.
    before_hours: Option<Decimal>,
    /// As it would be.
    after_hours: Option<Decimal>,
    /// Why it is null.
    reason: Option<&'static str>,
}

/// What really writing it would be refused for.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::TryPlans))]
pub struct WhatIfRefusal {
    /// The rule, as the mutation would name it: YIELD_BELOW_LOWEST_BAND, TEST_FOLLOWS_TEST, PARTNER_NOT_ACTIVE.
    rule: &'static str,
    /// The same as a sentence.
    message: String,
    /// The partner.
    partner: Option<Partner>,
}

/// What tiers and planned spend would do to the forecast and to the funnel. Nothing is written; both sides are computed as the
/// forecast draft and the Stage Health Card are, so that really writing the same gives the same.
pub struct WhatIf(Arc<Answer>);

fn shown(shift: method::Shift, answer: &Answer) -> WhatIfAmount {
    let money = |minor: Option<i128>| minor.map(|minor| amount(minor, answer.before.currency));
    WhatIfAmount { before: money(shift.before), after: money(shift.after), delta: money(shift.delta()) }
}

fn bands(answer: &Answer, partner: Option<Uuid>) -> Vec<WhatIfBand> {
    let all = method::bands(&answer.before, &answer.after, partner);
    all.into_iter().map(|(band, shift)| WhatIfBand { band: band.into(), amount: shown(shift, answer) }).collect()
}

/// What tiers and planned spend would do to the forecast and to the funnel. Nothing is written; both sides are computed as the
/// forecast draft and the Stage Health Card are, so that really writing the same gives the same.
#[Object(directive = Allow::apply(Action::TryPlans))]
impl WhatIf {
    /// The forecast as it would be published now.
    async fn before(&self, ctx: &Context<'_>) -> Result<Forecast> {
        Forecast::read(ctx, self.0.before.clone(), None).await
    }

    /// The forecast with the spend that is tried.
    async fn after(&self, ctx: &Context<'_>) -> Result<Forecast> {
        Forecast::read(ctx, self.0.after.clone(), None).await
    }

    /// The whole forecast, band by band.
    async fn bands(&self) -> Vec<WhatIfBand> {
        bands(&self.0, None)
    }

    /// Every partner that has a line in either forecast or a tier, by name.
    async fn partners(&self) -> Vec<WhatIfPartner> {
        let lines = self.0.before.partners.iter().chain(&self.0.after.partners).map(|line| line.partner_id);
        let ids: std::collections::BTreeSet<Uuid> = lines.chain(self.0.tiers.keys().copied()).collect();
        let mut rows: Vec<_> = ids.iter().filter_map(|id| self.0.partners.get(id)).collect();
        rows.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        let partner = |row: &domain::partner::Partner| {
            let tier = self.0.tiers.get(&row.id).copied();
            WhatIfPartner {
                partner: Partner(row.clone()),
                tier_before: tier.and_then(|(before, _)| before).map(Into::into),
                tier_after: tier.map(|(_, after)| after.into()),
                bands: bands(&self.0, Some(row.id)),
            }
        };
        rows.into_iter().map(partner).collect()
    }

    /// The stages of the funnel, in order.
    async fn stages(&self) -> Vec<WhatIfStage> {
        let count = |producers: usize| i32::try_from(producers).unwrap_or(i32::MAX);
        let stage = |it: &method::StageShift| WhatIfStage {
            stage: it.stage.into(),
            coverage_before: it.coverage.0.into(),
            coverage_after: it.coverage.1.into(),
            producers_before: count(it.producers.0),
            producers_after: count(it.producers.1),
            base: shown(it.base, &self.0),
        };
        self.0.stages.iter().map(stage).collect()
    }

    /// Capacity: null until hours a week are recorded as a fact.
    async fn capacity(&self) -> WhatIfCapacity {
        let reason = "NO_CAPACITY_FACTS: the hours a week that a partner takes are not recorded.";
        WhatIfCapacity { before_hours: None, after_hours: None, reason: Some(reason) }
    }

    /// What really writing it would be refused for; the numbers are computed all the same.
    async fn refusals(&self) -> Vec<WhatIfRefusal> {
        let refusal = |it: &what_if::Refusal| WhatIfRefusal {
            rule: it.rule,
            message: it.message.clone(),
            partner: self.0.partners.get(&it.partner_id).cloned().map(Partner),
        };
        self.0.refusals.iter().map(refusal).collect()
    }
}

/// Spend to try.
#[derive(InputObject)]
pub struct WhatIfSpendInput {
    /// The partner.
    partner_id: ID,
    /// The fiscal quarter: the running one or one of the seven after it.
    quarter: Quarter,
    /// The segment; left out where it is planned for no one segment.
    segment_id: Option<ID>,
    /// The amount: it takes the place of what is planned for the same quarter and segment.
    amount: MoneyInput,
}

/// A tier to try.
#[derive(InputObject)]
pub struct WhatIfTierInput {
    /// The partner.
    partner_id: ID,
    /// The tier: it takes the place of the one that stands.
    tier: Tier,
}

/// What to try.
#[derive(InputObject)]
pub struct WhatIfInput {
    /// The first of the four quarters, and the quarter of the tiers; the running one where it is left out.
    quarter: Option<Quarter>,
    /// Spend, at most 500 lines.
    #[graphql(default)]
    spend: Vec<WhatIfSpendInput>,
    /// Tiers, at most 500.
    #[graphql(default)]
    tiers: Vec<WhatIfTierInput>,
}

/// Reads of what would be otherwise.
#[derive(Default)]
pub struct WhatIfQuery;

#[Object]
impl WhatIfQuery {
    /// What a set of tiers and planned spend would do to the three bands, to the coverage of stages and to capacity. Nothing is written.
    #[graphql(directive = Allow::apply(Action::TryPlans))]
    async fn what_if(&self, ctx: &Context<'_>, #[graphql(desc = "What to try.")] input: WhatIfInput) -> Result<WhatIf> {
        let line = |it: &WhatIfSpendInput| {
            let line = Line {
                quarter: it.quarter.0,
                segment_id: it.segment_id.as_ref().map(|id| global_id::of_kind(id, "Segment")),
                amount: it.amount.read(),
                expected: None,
            };
            (global_id::of_kind(&it.partner_id, "Partner"), line)
        };
        let tier = |it: &WhatIfTierInput| (global_id::of_kind(&it.partner_id, "Partner"), it.tier.into());
        let tried = Tried {
            quarter: input.quarter.map(|quarter| quarter.0),
            spend: input.spend.iter().map(line).collect(),
            tiers: input.tiers.iter().map(tier).collect(),
        };
        let answer = what_if::what_if(caller(ctx)?, &tried).await.map_err(|why| failed(&why))?;
        Ok(WhatIf(Arc::new(answer)))
    }
}
