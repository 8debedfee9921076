//! The program itself, its stages, and what they are changed by.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::role::Action;
use futures_util::Stream;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::{DealOutcome, Stage};
use super::mutation::{UserError, run};
use super::scalar::{CurrencyCode, Date, Quarter};
use super::working_calendar::{self, WorkingCalendar};
use super::{global_id, loader};
use crate::usecase::program::{self, Change};
use crate::usecase::stage::{self, Facts};

/// One vendor's partner program: the tenant. Everything a caller sees belongs to exactly one.
pub struct Program(pub domain::program::Program);

/// One vendor's partner program: the tenant. Everything a caller sees belongs to exactly one.
#[Object(directive = Allow::apply(Action::ReadProgram))]
impl Program {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Program", self.0.id)
    }

    /// The short name that the command line uses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The one currency the program reports in.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// The IANA time zone in which an instant belongs to a day.
    async fn time_zone(&self) -> &str {
        self.0.calendar.zone.name()
    }

    /// The first month of the fiscal year, 1 to 12.
    async fn fiscal_start_month(&self) -> i32 {
        i32::try_from(self.0.calendar.fiscal_start_month).unwrap_or(1)
    }

    /// The day it is now, in the program's time zone.
    async fn today(&self, ctx: &Context<'_>) -> Result<Date> {
        Ok(Date(self.0.calendar.day(caller(ctx)?.office.clock.now())))
    }

    /// The fiscal quarter it is now.
    async fn current_quarter(&self, ctx: &Context<'_>) -> Result<Quarter> {
        Ok(Quarter(self.0.calendar.quarter(self.0.calendar.day(caller(ctx)?.office.clock.now()))))
    }

    /// Rises with every change of a fact: equal versions mean equal answers.
    #[graphql(directive = Allow::apply(Action::ReadDataVersion))]
    async fn data_version(&self) -> i64 {
        self.0.data_version
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadProgramInside))]
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When the program works: business hours and business days of due times run in it.
    async fn working_calendar(&self, ctx: &Context<'_>) -> Result<WorkingCalendar> {
        working_calendar::read(ctx).await
    }

    /// The CRM's stages in the order of its pipeline, mapped to what they mean here.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        let rows = stage::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(rows.into_iter().map(Stage).collect())
    }
}

/// Reads of the program.
#[derive(Default)]
pub struct ProgramQuery;

#[Object]
impl ProgramQuery {
    /// The program the caller's seat is in.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn program(&self, ctx: &Context<'_>) -> Result<Program> {
        Ok(Program(loader::program(ctx).await?.clone()))
    }
}

/// A change of the program. Currency, time zone and fiscal year are fixed, because every number rests on them.
#[derive(InputObject)]
pub struct ProgramUpdateInput {
    /// The new name.
    name: Option<String>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A CRM stage and what it means.
#[derive(InputObject)]
pub struct StageMapInput {
    /// The stage to change; left out for a new one.
    id: Option<ID>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The CRM's name for it; required for a new one.
    crm_name: Option<String>,
    /// What a deal in it is; OPEN for a new one when left out.
    outcome: Option<DealOutcome>,
    /// Its place in the pipeline, 0 to 999.
    position: Option<i32>,
    /// Whether a deal in it has reached Stage 1, where attribution is locked.
    is_stage_one_or_later: Option<bool>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of changing the program.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageProgram))]
pub struct ProgramUpdatePayload {
    /// The program as it is now; null when the change was refused.
    program: Option<Program>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of mapping a stage.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageProgram))]
pub struct StageMapPayload {
    /// The stage as it is now; null when it was refused.
    stage: Option<Stage>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the program.
#[derive(Default)]
pub struct ProgramMutation;

#[Object]
impl ProgramMutation {
    /// Changes the program.
    #[graphql(directive = Allow::apply(Action::ManageProgram))]
    async fn program_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: ProgramUpdateInput,
    ) -> Result<ProgramUpdatePayload> {
        let caller = caller(ctx)?;
        let change = Change { name: input.name.clone(), expected_version: input.expected_version };
        let work = async |key| program::update(caller, change, key).await;
        let (id, replayed, user_errors) = run("programUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        let program = match id {
            Some(_) => Some(Program(program::read(caller).await.map_err(|why| failed(&why))?)),
            None => None,
        };
        Ok(ProgramUpdatePayload { program, replayed, user_errors })
    }

    /// Maps a stage of the CRM's pipeline to what it means here: makes one, or changes the one with the id.
    #[graphql(directive = Allow::apply(Action::ManageProgram))]
    async fn stage_map(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The stage.")] input: StageMapInput,
    ) -> Result<StageMapPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = input.id.as_ref().map(|id| global_id::input(id, "Stage", "id")).transpose()?;
            let facts = Facts {
                crm_name: input.crm_name.clone(),
                outcome: input.outcome.map(Into::into),
                position: input.position,
                is_stage_one_or_later: input.is_stage_one_or_later,
            };
            stage::map(caller, id, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("stageMap", input.idempotency_key.as_ref(), &input, work).await?;
        let stage = match id {
            Some(id) => loader::stage(ctx, id).await?.map(Stage),
            None => None,
        };
        Ok(StageMapPayload { stage, replayed, user_errors })
    }
}

/// Follows.
#[derive(Default)]
pub struct ProgramSubscription;

#[Subscription]
impl ProgramSubscription {
    /// The program's data version, whenever a fact has changed: refetch when it does.
    #[graphql(directive = Allow::apply(Action::ReadDataVersion))]
    async fn data_version_changed(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = i64> + use<>> {
        program::follow(caller(ctx)?).map_err(|why| failed(&why))
    }
}
