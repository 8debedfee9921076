//! Changes of the system map on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::caller;
use super::global_id;
use super::mutation::{UserError, run};
use super::scalar::Date;
use super::system_map::{LeverMetric, SystemMap, read};
use crate::usecase::system_map::{self, InputFacts, LoopFacts};

/// An input, whole.
#[derive(InputObject)]
pub struct SystemInputWriteInput {
    /// The input to write anew; a new one where it is left out.
    id: Option<ID>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What it is, at most 200 characters, like no other input.
    name: String,
    /// Where it comes from, at most 2000 characters.
    source: String,
    /// Who answers for it, at most 200 characters.
    owner: String,
    /// Whether it is no part of the system any more.
    #[graphql(default)]
    is_retired: bool,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lever, whole. A program has at most 200, retired ones among them: TOO_MANY_LEVERS.
#[derive(InputObject)]
pub struct SystemLeverWriteInput {
    /// The lever to write anew; a new one where it is left out.
    id: Option<ID>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What it is, at most 200 characters, like no other lever.
    name: String,
    /// The metric that it moves; a lever with changes keeps its own.
    metric: LeverMetric,
    /// Whether it is no part of the system any more.
    #[graphql(default)]
    is_retired: bool,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A dated change of a lever. The levers of a program have at most 500 together: TOO_MANY_CHANGES.
#[derive(InputObject)]
pub struct LeverChangeRecordInput {
    /// The lever.
    lever_id: ID,
    /// The day, in the program's time zone: today or earlier.
    changed_on: Date,
    /// What was changed, at most 2000 characters.
    what: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A loop, whole.
#[derive(InputObject)]
pub struct SystemLoopWriteInput {
    /// The loop to write anew; a new one where it is left out.
    id: Option<ID>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What it is, at most 200 characters, like no other loop.
    name: String,
    /// The output of one cycle, at most 2000 characters.
    output: String,
    /// The input of the next one.
    input_id: ID,
    /// Whether it is no part of the system any more.
    #[graphql(default)]
    is_retired: bool,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of a change of the system map.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::WriteSystemMap))]
pub struct SystemMapPayload {
    /// The map as it is now; null when it was refused.
    system_map: Option<SystemMap>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn payload(
    ctx: &Context<'_>,
    (id, replayed, user_errors): (Option<uuid::Uuid>, bool, Vec<UserError>),
) -> Result<SystemMapPayload> {
    let system_map = if id.is_some() { Some(read(ctx).await?) } else { None };
    Ok(SystemMapPayload { system_map, replayed, user_errors })
}

/// Changes of the system map.
#[derive(Default)]
pub struct SystemMapMutation;

#[Object]
impl SystemMapMutation {
    /// Adds an input, or writes one anew.
    #[graphql(directive = Allow::apply(Action::WriteSystemMap))]
    async fn system_input_write(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The input.")] input: SystemInputWriteInput,
    ) -> Result<SystemMapPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = input.id.as_ref().map(|id| global_id::input(id, "SystemInput", "id")).transpose()?;
            let facts = InputFacts {
                name: input.name.clone(),
                source: input.source.clone(),
                owner: input.owner.clone(),
                is_retired: input.is_retired,
            };
            system_map::write_input(caller, id, input.expected_version, facts, key).await
        };
        payload(ctx, run("systemInputWrite", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Adds a lever, or writes one anew.
    #[graphql(directive = Allow::apply(Action::WriteSystemMap))]
    async fn system_lever_write(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lever.")] input: SystemLeverWriteInput,
    ) -> Result<SystemMapPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = input.id.as_ref().map(|id| global_id::input(id, "SystemLever", "id")).transpose()?;
            let facts = (input.name.as_str(), input.metric.into(), input.is_retired);
            system_map::write_lever(caller, id, input.expected_version, facts, key).await
        };
        payload(ctx, run("systemLeverWrite", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Records that a lever was changed on a day.
    #[graphql(directive = Allow::apply(Action::WriteSystemMap))]
    async fn lever_change_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: LeverChangeRecordInput,
    ) -> Result<SystemMapPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let lever = global_id::input(&input.lever_id, "SystemLever", "leverId")?;
            system_map::change_lever(caller, lever, input.changed_on.0, &input.what, key).await
        };
        payload(ctx, run("leverChangeRecord", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Adds a loop, or writes one anew.
    #[graphql(directive = Allow::apply(Action::WriteSystemMap))]
    async fn system_loop_write(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The loop.")] input: SystemLoopWriteInput,
    ) -> Result<SystemMapPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = input.id.as_ref().map(|id| global_id::input(id, "SystemLoop", "id")).transpose()?;
            let facts = LoopFacts {
                name: input.name.clone(),
                output: input.output.clone(),
                input_id: global_id::input(&input.input_id, "SystemInput", "inputId")?,
                is_retired: input.is_retired,
            };
            system_map::write_loop(caller, id, input.expected_version, facts, key).await
        };
        payload(ctx, run("systemLoopWrite", input.idempotency_key.as_ref(), &input, work).await?).await
    }
}
