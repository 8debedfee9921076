//! The system map on the wire: inputs, levers with their dated changes, loops.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::role::Action;
use domain::system_map as method;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::measurement::{Evidence, Interval, Reason, decimal, int, reason};
use super::scalar::{Date, DateTime, Decimal, Quarter};
use crate::usecase::system_map::{self, Measured};

/// A metric that a lever moves: of the program, one number a quarter, from the catalogue of measures.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::LeverMetric")]
pub enum LeverMetric {
    /// `trustGap`: Trust-Gap of deals with any partner, in percentage points.
    TrustGap,
    /// `winRate`: the win rate of NEW deals with any partner, 0 to 1.
    WinRate,
    /// `partnerYield`: Partner Yield, a multiple.
    PartnerYield,
    /// `velocity`: Deal Velocity Premium, a share of the direct cycle.
    Velocity,
    /// `dealSize`: mean ARR of won NEW deals with a partner minus that of direct ones, in the program's currency.
    DealSize,
    /// `attachRateWon`: the share of won deals that have a partner, 0 to 1.
    AttachRateWon,
    /// `attributed`: ARR of won deals that a partner SOURCED, in the program's currency.
    SourcedArr,
    /// `influenced`: ARR of won deals on which a partner is INFLUENCED or ACCELERATED, in the program's currency.
    InfluencedArr,
}

/// A part that a system must have.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Part")]
pub enum SystemPart {
    /// An input.
    Inputs,
    /// A lever.
    Levers,
    /// A loop into an input that is not retired.
    Loops,
}

/// What flows into a cycle.
pub struct SystemInput(method::SystemInput);

/// What flows into a cycle.
#[Object(directive = Allow::apply(Action::ReadSystemMap))]
impl SystemInput {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("SystemInput", self.0.id)
    }

    /// What it is.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it comes from.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// Who answers for it.
    async fn owner(&self) -> &str {
        &self.0.owner
    }

    /// Whether it is no part of the system any more.
    async fn is_retired(&self) -> bool {
        self.0.is_retired
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A metric in one fiscal quarter by itself.
pub struct LeverQuarter(Measured);

/// A metric in one fiscal quarter by itself.
#[Object(directive = Allow::apply(Action::ReadLeverValues))]
impl LeverQuarter {
    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// The value, in the unit of the metric; null while the quarter is not over, and where nothing stands behind it,
    /// such as won deals none of which has its ARR recorded.
    async fn value(&self) -> Option<Decimal> {
        self.0.value.value.ok().map(decimal)
    }

    /// Why the value is null; null where there is one.
    async fn reason(&self) -> Option<Reason> {
        reason(&self.0.value.value)
    }

    /// Deals with a partner that count in it.
    async fn with_partner(&self) -> i32 {
        int(self.0.value.with_partner)
    }

    /// Direct deals that it is compared with; null of a metric without another side.
    async fn direct(&self) -> Option<i32> {
        self.0.value.direct.map(int)
    }

    /// What the metric adds up over the deals with a partner: wins of TRUST_GAP and WIN_RATE, days of VELOCITY, deals of
    /// ATTACH_RATE_WON, recorded ARR in the program's currency of the others.
    async fn with_partner_sum(&self) -> Decimal {
        decimal(self.0.value.with_partner_sum)
    }

    /// The same over the direct deals; null of a metric without another side.
    async fn direct_sum(&self) -> Option<Decimal> {
        self.0.value.direct_sum.map(decimal)
    }

    /// Program spend in the program's currency, which PARTNER_YIELD is divided by; null of any other metric.
    async fn spend(&self) -> Option<Decimal> {
        self.0.value.spend.map(decimal)
    }

    /// Where the true value lies, in the unit of the metric: of TRUST_GAP and WIN_RATE; null of any other.
    async fn interval(&self) -> Option<Interval> {
        self.0.value.interval.map(Into::into)
    }

    /// How much stands behind it.
    async fn evidence(&self) -> Evidence {
        self.0.value.evidence.into()
    }

    /// The version of the policy of the quarter's last day, under which it was computed; null while the quarter is not over.
    async fn policy_version(&self) -> Option<i64> {
        self.0.policy_version
    }
}

/// What a metric was before a change and after it. Other things may have changed in the same time.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadLeverValues))]
pub struct LeverEffect {
    /// The quarter before the one of the change.
    before: LeverQuarter,
    /// The quarter after the one of the change.
    after: LeverQuarter,
    /// After minus before, unrounded values subtracted first; null while either is.
    difference: Option<Decimal>,
}

/// A dated change of a lever.
pub struct LeverChange {
    row: method::LeverChange,
    metric: method::LeverMetric,
}

/// A dated change of a lever.
#[Object(directive = Allow::apply(Action::ReadSystemMap))]
impl LeverChange {
    /// The day, in the program's time zone.
    async fn changed_on(&self) -> Date {
        Date(self.row.changed_on)
    }

    /// What was changed.
    async fn what(&self) -> &str {
        &self.row.what
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.row.recorded_at)
    }

    /// The lever's metric in the fiscal quarter before the one of the change, and in the one after it.
    #[graphql(directive = Allow::apply(Action::ReadLeverValues))]
    async fn effect(&self, ctx: &Context<'_>) -> Result<LeverEffect> {
        let read = system_map::before_and_after(caller(ctx)?, self.metric, self.row.changed_on).await;
        let (before, after) = read.map_err(|why| failed(&why))?;
        let difference =
            after.value.value.ok().zip(before.value.value.ok()).map(|(after, before)| decimal(after - before));
        Ok(LeverEffect { before: LeverQuarter(before), after: LeverQuarter(after), difference })
    }
}

/// What somebody can change to move a metric.
pub struct SystemLever {
    row: method::SystemLever,
    changes: Vec<method::LeverChange>,
}

/// What somebody can change to move a metric.
#[Object(directive = Allow::apply(Action::ReadSystemMap))]
impl SystemLever {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("SystemLever", self.row.id)
    }

    /// What it is.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The metric that it moves.
    async fn metric(&self) -> LeverMetric {
        self.row.metric.into()
    }

    /// The metric's name in `measures`.
    async fn measure(&self) -> &str {
        self.row.metric.measure()
    }

    /// Its changes, the latest first, at most so many.
    async fn changes(
        &self,
        #[graphql(desc = "At most so many: 0 to 20, 4 when left out.")] first: Option<i32>,
    ) -> Vec<LeverChange> {
        let most = usize::try_from(first.unwrap_or(4).clamp(0, 20)).unwrap_or(0);
        let latest = self.changes.iter().rev().take(most).cloned();
        latest.map(|row| LeverChange { row, metric: self.row.metric }).collect()
    }

    /// Whether it is no part of the system any more.
    async fn is_retired(&self) -> bool {
        self.row.is_retired
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// An edge from one cycle's output to the next one's input.
pub struct SystemLoop {
    row: method::SystemLoop,
    map: Arc<method::SystemMap>,
}

/// An edge from one cycle's output to the next one's input.
#[Object(directive = Allow::apply(Action::ReadSystemMap))]
impl SystemLoop {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("SystemLoop", self.row.id)
    }

    /// What it is.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The output of one cycle.
    async fn output(&self) -> &str {
        &self.row.output
    }

    /// The input of the next one.
    async fn input(&self) -> Option<SystemInput> {
        self.map.inputs.iter().find(|input| input.id == self.row.input_id).cloned().map(SystemInput)
    }

    /// Whether it is no part of the system any more.
    async fn is_retired(&self) -> bool {
        self.row.is_retired
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// The program's system map.
pub struct SystemMap(Arc<method::SystemMap>);

/// The program's system map.
#[Object(directive = Allow::apply(Action::ReadSystemMap))]
impl SystemMap {
    /// What flows in, by name.
    async fn inputs(&self) -> Vec<SystemInput> {
        self.0.inputs.iter().cloned().map(SystemInput).collect()
    }

    /// What moves metrics, by name.
    async fn levers(&self) -> Vec<SystemLever> {
        let lever = |(row, changes): &(method::SystemLever, Vec<method::LeverChange>)| SystemLever {
            row: row.clone(),
            changes: changes.clone(),
        };
        self.0.levers.iter().map(lever).collect()
    }

    /// What leads from one cycle into the next, by name.
    async fn loops(&self) -> Vec<SystemLoop> {
        self.0.loops.iter().map(|row| SystemLoop { row: row.clone(), map: self.0.clone() }).collect()
    }

    /// What is missing: where inputs, levers and loops cannot all be drawn, there is no system.
    async fn missing(&self) -> Vec<SystemPart> {
        self.0.missing().into_iter().map(Into::into).collect()
    }
}

pub(super) async fn read(ctx: &Context<'_>) -> Result<SystemMap> {
    Ok(SystemMap(Arc::new(system_map::read(caller(ctx)?).await.map_err(|why| failed(&why))?)))
}

/// Reads of the system map.
#[derive(Default)]
pub struct SystemMapQuery;

#[Object]
impl SystemMapQuery {
    /// The program's inputs, levers and loops.
    #[graphql(directive = Allow::apply(Action::ReadSystemMap))]
    async fn system_map(&self, ctx: &Context<'_>) -> Result<SystemMap> {
        read(ctx).await
    }
}
