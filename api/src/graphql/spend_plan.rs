//! Planned spend and penetration on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::money::Currency;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::measurement::{Evidence, Reason, because, decimal, int};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{CurrencyCode, DateTime, Decimal, Money, Quarter};
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::spend_plan::{self, Line, Plan};

/// How far a partner reaches into a segment. The shares are the program's to set.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::tam::PenetrationLevel")]
pub enum PenetrationLevel {
    /// Half of the addressable accounts are engaged, by default.
    Deep,
    /// A quarter of them, by default.
    Moderate,
    /// A tenth of them, by default.
    Shallow,
}

/// Where a penetration comes from.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::tam::PenetrationBasis")]
pub enum PenetrationBasis {
    /// Somebody set it, with a reason: it comes before what is read.
    ByHand,
    /// It is read off the overlap: 40 % of the segment's addressable accounts and more are DEEP, 15 % and more MODERATE, else it is
    /// SHALLOW, by default.
    Overlap,
}

/// What the conservative Yield rule says of a partner's planned spend.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::tam::Verdict")]
pub enum YieldVerdict {
    /// No prior spend, so no Yield, and no Sourced TAM.
    NoYield,
    /// Planned spend rises by less than 30 % by default: Yield is applied as it was measured.
    Kept,
    /// It rises by that or more: Yield steps down one band first.
    SteppedDown,
    /// Yield is below 3x by default and planned spend rises: the increase is refused, and the plan counts up to the trailing spend.
    NotQualified,
}

/// Where the step of the conservative Yield rule makes a forecast fall although spend rises.
#[derive(SimpleObject, Clone, Copy, Debug)]
#[graphql(directive = Allow::apply(Action::ReadYield))]
pub struct SpendCliff {
    /// The least planned spend of four quarters to which the step applies.
    pub bites_at: Money,
    /// The least planned spend that brings, stepped down, what the unstepped Yield would have brought where the step bites.
    pub pays_again_from: Money,
}

pub(super) fn amount(minor: i128, currency: Currency) -> Money {
    let amount = domain::economics::major(minor, currency.minor_digits());
    Money { amount: Decimal(amount), currency: CurrencyCode(currency) }
}

pub(super) fn cliff(cliff: domain::tam::Cliff, currency: Currency) -> SpendCliff {
    SpendCliff {
        bites_at: amount(cliff.bites_at_minor, currency),
        pays_again_from: amount(cliff.pays_from_minor, currency),
    }
}

/// What the conservative Yield rule makes of a partner's plan: the spend planned for four quarters against the trailing four.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadYield))]
pub struct SpendRule {
    /// What the rule says.
    pub verdict: YieldVerdict,
    /// Spend planned for the four quarters.
    pub planned_spend: Money,
    /// Spend of the trailing four quarters.
    pub trailing_spend: Money,
    /// Planned / trailing - 1: 0.3 is 30 % more. Null without trailing spend.
    pub increase_rate: Option<Decimal>,
    /// The measured Yield: Sourced ARR of the trailing four quarters for each unit of their spend. Null without spend, and
    /// where no won sourced deal has a known ARR.
    pub multiple: Option<Decimal>,
    /// Won sourced deals behind it.
    pub sourced_deals: i32,
    /// Of these, how many have no ARR recorded and so add nothing: `evidence` counts the others. Null in a forecast that was published
    /// before they were counted apart.
    pub sourced_deals_without_arr: Option<i32>,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// Why there is no Yield.
    pub reason: Option<Reason>,
}

pub(super) fn rule(rule: &domain::tam::YieldRule, currency: Currency) -> SpendRule {
    let ratio = domain::economics::share(rule.planned_minor, rule.trailing_minor);
    SpendRule {
        verdict: rule.verdict.into(),
        planned_spend: amount(rule.planned_minor, currency),
        trailing_spend: amount(rule.trailing_minor, currency),
        increase_rate: ratio.map(|ratio| decimal(ratio - rust_decimal::Decimal::ONE)),
        multiple: rule.multiple.map(decimal),
        sourced_deals: int(rule.sourced_won),
        sourced_deals_without_arr: rule.without_arr.map(int),
        evidence: rule.evidence.into(),
        reason: rule.reason.map(because),
    }
}

/// Spend planned on a partner in one quarter.
pub struct PlannedSpend {
    row: domain::tam::PlannedSpend,
    currency: Currency,
}

/// Spend planned on a partner in one quarter.
#[Object(directive = Allow::apply(Action::ReadSpendPlan))]
impl PlannedSpend {
    /// The fiscal quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.row.quarter)
    }

    /// The segment it is planned for; null where it is for no one segment.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.row.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// The amount.
    async fn amount(&self) -> Money {
        amount(self.row.amount_minor.into(), self.currency)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// When it was planned so.
    async fn planned_at(&self) -> DateTime {
        DateTime(self.row.recorded_at)
    }
}

/// How far a partner reaches into a segment, set by hand.
pub struct PenetrationSetting(domain::tam::PenetrationSetting);

/// How far a partner reaches into a segment, set by hand.
#[Object(directive = Allow::apply(Action::ReadSpendPlan))]
impl PenetrationSetting {
    /// The segment.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        Ok(loader::segment(ctx, self.0.segment_id).await?.map(Segment))
    }

    /// How far.
    async fn level(&self) -> PenetrationLevel {
        self.0.penetration.level.into()
    }

    /// Why it was set so.
    async fn reason(&self) -> &str {
        &self.0.penetration.reason
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was set.
    async fn set_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// A partner's plan for four quarters: what is to be spent, and what the conservative Yield rule says of it.
pub struct SpendPlan(Plan);

/// A partner's plan for four quarters: what is to be spent, and what the conservative Yield rule says of it.
#[Object(directive = Allow::apply(Action::ReadSpendPlan))]
impl SpendPlan {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.0.partner.clone())
    }

    /// The first of the four quarters.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// What is planned, by quarter.
    async fn lines(&self) -> Vec<PlannedSpend> {
        let line = |row: &domain::tam::PlannedSpend| PlannedSpend { row: row.clone(), currency: self.0.currency };
        self.0.lines.iter().map(line).collect()
    }

    /// What the conservative Yield rule says of the four quarters together.
    async fn rule(&self) -> SpendRule {
        rule(&self.0.rule, self.0.currency)
    }

    /// Where more spend begins to bring less, and from where it pays again; null where the rule never steps.
    #[graphql(directive = Allow::apply(Action::ReadForecastYield))]
    async fn cliff(&self) -> Option<SpendCliff> {
        self.0.rule.cliff.base.map(|of| cliff(of, self.0.currency))
    }

    /// How far the partner reaches into segments, where that was set by hand.
    async fn penetrations(&self) -> Vec<PenetrationSetting> {
        self.0.penetrations.iter().cloned().map(PenetrationSetting).collect()
    }
}

async fn plan(ctx: &Context<'_>, partner: Option<Uuid>, quarter: Option<Quarter>) -> Result<Option<SpendPlan>> {
    let Some(partner) = partner else { return Ok(None) };
    let plan = spend_plan::of_partner(caller(ctx)?, partner, quarter.map(|quarter| quarter.0)).await;
    Ok(plan.map_err(|why| failed(&why))?.map(SpendPlan))
}

/// Reads of planned spend.
#[derive(Default)]
pub struct SpendPlanQuery;

#[Object]
impl SpendPlanQuery {
    /// The spend planned on a partner for four quarters; null where there is no such partner.
    #[graphql(directive = Allow::apply(Action::ReadSpendPlan))]
    async fn spend_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
        #[graphql(desc = "The first of the four quarters; the running one where it is left out.")] quarter: Option<
            Quarter,
        >,
    ) -> Result<Option<SpendPlan>> {
        plan(ctx, Some(global_id::of_kind(&partner_id, "Partner")), quarter).await
    }
}

/// A line to plan.
#[derive(InputObject)]
pub struct PlannedSpendInput {
    /// The fiscal quarter: the running one or one of the seven after it.
    quarter: Quarter,
    /// The segment it is planned for; left out where it is for no one segment.
    segment_id: Option<ID>,
    /// The amount, not negative; 0 plans nothing. Another currency is converted with the rate of the running quarter.
    amount: MoneyInput,
    /// The version you read, 0 where there was no line of this quarter and segment; another one refuses the change.
    expected_version: Option<i64>,
}

/// Spend to plan on a partner. A line takes the place of what was planned for the same quarter and segment; other lines stay.
#[derive(InputObject)]
pub struct PlannedSpendSetInput {
    /// The partner.
    partner_id: ID,
    /// The lines, 1 to 100.
    lines: Vec<PlannedSpendInput>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// How far a partner reaches into a segment, to set by hand.
#[derive(InputObject)]
pub struct PenetrationSetInput {
    /// The partner.
    partner_id: ID,
    /// The segment.
    segment_id: ID,
    /// How far.
    level: PenetrationLevel,
    /// Why, at most 1000 characters.
    reason: String,
    /// The version you read, 0 where there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A penetration that was set by hand, to take away.
#[derive(InputObject)]
pub struct PenetrationClearInput {
    /// The partner.
    partner_id: ID,
    /// The segment.
    segment_id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of planning spend.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::PlanSpend))]
pub struct PlannedSpendSetPayload {
    /// The partner's plan from the running quarter on; null when it was refused.
    spend_plan: Option<SpendPlan>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done. The rule YIELD_BELOW_LOWEST_BAND refuses any increase below 3x.
    user_errors: Vec<UserError>,
}

/// What came of setting a penetration.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SetPenetration))]
pub struct PenetrationSetPayload {
    /// The partner's plan from the running quarter on; null when it was refused.
    spend_plan: Option<SpendPlan>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of taking a penetration away.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SetPenetration))]
pub struct PenetrationClearPayload {
    /// The partner's plan from the running quarter on; null when it was refused.
    spend_plan: Option<SpendPlan>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of planned spend.
#[derive(Default)]
pub struct SpendPlanMutation;

#[Object]
impl SpendPlanMutation {
    /// Plans spend on a partner for the quarters ahead. Below a Yield of 3x (by default) any increase over the trailing four quarters
    /// is refused.
    #[graphql(directive = Allow::apply(Action::PlanSpend))]
    async fn planned_spend_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan.")] input: PlannedSpendSetInput,
    ) -> Result<PlannedSpendSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let line = |line: &PlannedSpendInput| {
                let segment_id = line.segment_id.as_ref();
                Ok(Line {
                    quarter: line.quarter.0,
                    segment_id: segment_id.map(|id| global_id::input(id, "Segment", "segmentId")).transpose()?,
                    amount: line.amount.read(),
                    expected: line.expected_version,
                })
            };
            let lines = input.lines.iter().map(line).collect::<Result<_, crate::usecase::Failure>>()?;
            spend_plan::set(caller, global_id::input(&input.partner_id, "Partner", "partnerId")?, lines, key).await
        };
        let (id, replayed, user_errors) = run("plannedSpendSet", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PlannedSpendSetPayload { spend_plan: plan(ctx, id, None).await?, replayed, user_errors })
    }

    /// Sets by hand how far a partner reaches into a segment, with the reason. It comes before what is read off the overlap, until
    /// `penetrationClear` takes it away.
    #[graphql(directive = Allow::apply(Action::SetPenetration))]
    async fn penetration_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The setting.")] input: PenetrationSetInput,
    ) -> Result<PenetrationSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            let segment = global_id::input(&input.segment_id, "Segment", "segmentId")?;
            let (level, expected) = (input.level.into(), input.expected_version);
            spend_plan::set_penetration(caller, partner, segment, level, &input.reason, expected, key).await
        };
        let (id, replayed, user_errors) = run("penetrationSet", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PenetrationSetPayload { spend_plan: plan(ctx, id, None).await?, replayed, user_errors })
    }

    /// Takes away a penetration that was set by hand: from then on it is read off the overlap. What was published stays as it is.
    #[graphql(directive = Allow::apply(Action::SetPenetration))]
    async fn penetration_clear(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The setting.")] input: PenetrationClearInput,
    ) -> Result<PenetrationClearPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            let segment = global_id::input(&input.segment_id, "Segment", "segmentId")?;
            spend_plan::clear_penetration(caller, partner, segment, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("penetrationClear", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PenetrationClearPayload { spend_plan: plan(ctx, id, None).await?, replayed, user_errors })
    }
}
