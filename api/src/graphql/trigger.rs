//! When a partner is pulled into a deal, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use domain::trigger as method;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::{Deal, DealKind};
use super::deal_write::MoneyInput;
use super::measurement::int;
use super::mutation::{UserError, run};
use super::scalar::Money;
use super::spend_plan::amount;
use super::{global_id, loader};
use crate::usecase::trigger::{self, Given};

/// A trigger of the co-sell motion: an open deal meets it where every condition that is given holds.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCosellTriggers))]
pub struct CosellTrigger {
    /// What people call it.
    name: String,
    /// The global ids of segments, of which the deal is in one; none means any.
    segment_ids: Vec<ID>,
    /// The global ids of stages, of which the deal is in one; none means any.
    stage_ids: Vec<ID>,
    /// Kinds of which the deal is one; none means any.
    kinds: Vec<DealKind>,
    /// The least ARR; a deal without a recorded ARR does not meet it. Null means any.
    arr_from: Option<Money>,
}

/// The triggers of the co-sell motion.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCosellTriggers))]
pub struct CosellTriggers {
    /// The triggers; none where none were set, and then no deal is listed.
    triggers: Vec<CosellTrigger>,
    /// The version, for `expectedVersion` of a change; 0 where none were set.
    version: i64,
}

/// A deal that meets a trigger while no partner is on it.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCosellTriggered))]
pub struct TriggeredDeal {
    /// The deal; `matchPartners` says who fits.
    deal: Deal,
    /// The names of the triggers that it meets.
    triggers: Vec<String>,
}

/// Open deals that meet a trigger while no partner is on them: none is attributed, and none has a live registration.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCosellTriggered))]
pub struct TriggeredDeals {
    /// How many open deals without a partner were looked at: of those that you may see, the latest opened first, at most 1,000.
    looked_at: i32,
    /// Whether these were all of them.
    is_whole: bool,
    /// How many of them meet a trigger.
    meet: i32,
    /// Those, the latest opened first, at most 100.
    deals: Vec<TriggeredDeal>,
}

async fn triggers(ctx: &Context<'_>) -> Result<CosellTriggers> {
    let found = trigger::triggers(caller(ctx)?).await.map_err(|why| failed(&why))?;
    let currency = loader::program(ctx).await?.currency;
    let ids = |kind: &'static str, list: &[uuid::Uuid]| list.iter().map(|id| global_id::encode(kind, *id)).collect();
    let show = |it: &method::CosellTrigger| CosellTrigger {
        name: it.name.clone(),
        segment_ids: ids("Segment", &it.segments),
        stage_ids: ids("Stage", &it.stages),
        kinds: it.kinds.iter().map(|kind| (*kind).into()).collect(),
        arr_from: it.arr_minor_from.map(|minor| amount(minor.into(), currency)),
    };
    Ok(CosellTriggers { triggers: found.triggers.iter().map(show).collect(), version: found.version })
}

/// Reads of triggers.
#[derive(Default)]
pub struct TriggerQuery;

#[Object]
impl TriggerQuery {
    /// The triggers of the co-sell motion: when a partner is pulled into a deal.
    #[graphql(directive = Allow::apply(Action::ReadCosellTriggers))]
    async fn cosell_triggers(&self, ctx: &Context<'_>) -> Result<CosellTriggers> {
        triggers(ctx).await
    }

    /// The open deals that meet a trigger while no partner is on them.
    #[graphql(directive = Allow::apply(Action::ReadCosellTriggered))]
    async fn cosell_triggered(&self, ctx: &Context<'_>) -> Result<TriggeredDeals> {
        let found = trigger::triggered(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let currency = loader::program(ctx).await?.currency;
        let show = |(row, triggers)| TriggeredDeal { deal: Deal { row, currency }, triggers };
        Ok(TriggeredDeals {
            looked_at: int(found.looked_at),
            is_whole: found.is_whole,
            meet: int(found.meet),
            deals: found.deals.into_iter().map(show).collect(),
        })
    }
}

/// A trigger to set. At least one condition is given.
#[derive(InputObject)]
pub struct CosellTriggerInput {
    /// What people call it, 1 to 200 characters, once in the program.
    name: String,
    /// Segments, of which the deal is in one; left out for any.
    #[graphql(validator(max_items = 100))]
    segment_ids: Option<Vec<ID>>,
    /// Stages, of which the deal is in one; left out for any.
    #[graphql(validator(max_items = 100))]
    stage_ids: Option<Vec<ID>>,
    /// Kinds of which the deal is one; left out for any.
    #[graphql(validator(max_items = 100))]
    kinds: Option<Vec<DealKind>>,
    /// The least ARR, in the program's currency; left out for any.
    arr_from: Option<MoneyInput>,
}

/// The triggers to set, all of them.
#[derive(InputObject)]
pub struct CosellTriggersSetInput {
    /// The triggers, at most 50.
    triggers: Vec<CosellTriggerInput>,
    /// The version you read, 0 where none were set; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting the triggers.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageCosellTriggers))]
pub struct CosellTriggersSetPayload {
    /// The triggers as they are now; null when they were refused.
    cosell_triggers: Option<CosellTriggers>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

fn given(input: &CosellTriggerInput) -> Given {
    let ids = |list: &Option<Vec<ID>>, kind: &'static str| -> Vec<uuid::Uuid> {
        list.iter().flatten().map(|id| global_id::of_kind(id, kind)).collect()
    };
    Given {
        name: input.name.clone(),
        segments: ids(&input.segment_ids, "Segment"),
        stages: ids(&input.stage_ids, "Stage"),
        kinds: input.kinds.iter().flatten().map(|kind| (*kind).into()).collect(),
        arr_from: input.arr_from.as_ref().map(MoneyInput::read),
    }
}

/// Changes of triggers.
#[derive(Default)]
pub struct TriggerMutation;

#[Object]
impl TriggerMutation {
    /// Sets the triggers of the co-sell motion, all of them.
    #[graphql(directive = Allow::apply(Action::ManageCosellTriggers))]
    async fn cosell_triggers_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The triggers.")] input: CosellTriggersSetInput,
    ) -> Result<CosellTriggersSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let all = input.triggers.iter().map(given).collect();
            trigger::set(caller, all, input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("cosellTriggersSet", input.idempotency_key.as_ref(), &input, work).await?;
        let cosell_triggers = if id.is_some() { Some(triggers(ctx).await?) } else { None };
        Ok(CosellTriggersSetPayload { cosell_triggers, replayed, user_errors })
    }
}
