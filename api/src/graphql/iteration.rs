//! Iterations on the wire.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use domain::iteration::{PhaseHours, hours as hours_of};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deliverable::{Deliverable, DeliverableKind};
use super::measurement::int;
use super::mutation::{UserError, run};
use super::scalar::{Date, DateTime, Decimal, Quarter};
use crate::usecase::iteration::{self, Standing};

/// The six phases of a quarter.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::iteration::Phase", name = "LoopPhase")]
pub enum Phase {
    /// Phase 1, weeks 1 to 3: every partner is audited and gets a tier.
    Recruit,
    /// Phase 2, week 4: the forecast of the next four quarters.
    Tam,
    /// Phase 3, week 5: who produces where, and what is committed.
    Funnel,
    /// Phase 4, from week 6 on: deals with partners.
    CoSell,
    /// Phase 5, from week 6 on: the meetings.
    Cadence,
    /// Phase 6, week 13; the final audit is published in week 1 of the next quarter.
    Measurement,
}

/// Where a phase stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::iteration::PhaseState")]
pub enum PhaseState {
    /// Its first day is still to come, or the iteration is not open.
    NotStarted,
    /// It is at work.
    Running,
    /// All that it owes is published.
    Published,
    /// Its last day has passed, and something that it owes is not published.
    Overdue,
}

/// From what an iteration starts.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterationStart {
    /// The very first one: from the history that was imported.
    ImportedHistory,
    /// From the published Phase 1 Inputs Brief of the iteration before.
    InputsBrief,
}

/// A phase of an iteration. Days are of the program's time zone, both ends included.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadIterations))]
pub struct PhaseRun {
    /// The phase.
    phase: Phase,
    /// Its first day.
    opens_on: Date,
    /// Its last day.
    closes_on: Date,
    /// The last day on which publishing is in time.
    due_on: Date,
    /// Where it stands today.
    state: PhaseState,
    /// What it owes and has not published since the iteration was opened.
    missing: Vec<DeliverableKind>,
    /// Hours of work that the operator logged for it; null where none were.
    #[graphql(directive = Allow::apply(Action::ReadOperatorHours))]
    operator_hours: Option<Decimal>,
    /// The version of that log, for `expectedVersion` of a change; 0 where there is none.
    #[graphql(directive = Allow::apply(Action::ReadOperatorHours))]
    operator_hours_version: i64,
}

impl PhaseRun {
    fn of(run: &domain::iteration::PhaseRun, hours: &[PhaseHours]) -> Self {
        let logged = hours.iter().find(|row| row.phase == run.phase);
        Self {
            operator_hours: logged.map(|row| Decimal(hours_of(row.hundredths.into()))),
            operator_hours_version: logged.map_or(0, |row| row.version),
            phase: run.phase.into(),
            opens_on: Date(run.window.opens_on),
            closes_on: Date(run.window.closes_on),
            due_on: Date(run.window.due_on),
            state: run.state.into(),
            missing: run.missing.iter().map(|kind| (*kind).into()).collect(),
        }
    }
}

/// One quarter of the Loop.
pub struct Iteration(Standing);

/// One quarter of the Loop.
#[Object(directive = Allow::apply(Action::ReadIterations))]
impl Iteration {
    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// When it was opened; null while it is not.
    async fn opened_at(&self) -> Option<DateTime> {
        self.0.iteration.as_ref().map(|iteration| DateTime(iteration.opened_at))
    }

    /// From what it starts; null while it is not open.
    async fn starts_from(&self) -> Option<IterationStart> {
        self.0.iteration.as_ref().map(|iteration| match iteration.inputs_brief_id {
            Some(_) => IterationStart::InputsBrief,
            None => IterationStart::ImportedHistory,
        })
    }

    /// Its phases, in order.
    async fn phases(&self) -> Vec<PhaseRun> {
        self.0.phases.iter().map(|run| PhaseRun::of(run, &self.0.hours)).collect()
    }

    /// Which iteration of the program it is: 1 for the first; null while it is not open.
    async fn number(&self) -> Option<i32> {
        self.0.number.map(int)
    }

    /// Hours of work that the operator logged for its phases together; null where none were. By the third iteration they should
    /// fall.
    #[graphql(directive = Allow::apply(Action::ReadOperatorHours))]
    async fn operator_hours(&self) -> Option<Decimal> {
        let all = &self.0.hours;
        (!all.is_empty()).then(|| Decimal(hours_of(all.iter().map(|row| i64::from(row.hundredths)).sum())))
    }

    /// What it has published, the latest revision of each kind.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn published(&self) -> Vec<Deliverable> {
        self.0.published.iter().cloned().map(Deliverable).collect()
    }
}

/// Reads of iterations.
#[derive(Default)]
pub struct IterationQuery;

#[Object]
impl IterationQuery {
    /// One quarter of the Loop as it stands today: its phases, their windows and states.
    #[graphql(directive = Allow::apply(Action::ReadIterations))]
    async fn iteration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<Iteration> {
        let quarter = quarter.map(|quarter| quarter.0);
        Ok(Iteration(iteration::standing(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?))
    }
}

/// The iteration of the current quarter is opened.
#[derive(InputObject)]
pub struct IterationOpenInput {
    /// Why it starts although the program has no REVOPS seat, 1 to 1,000 characters: the ledger keeps it. Not needed, and not kept,
    /// where there is one.
    without_revops_reason: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of opening an iteration.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::OpenIteration))]
pub struct IterationOpenPayload {
    /// The iteration; null when it was refused.
    iteration: Option<Iteration>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// How long a phase took, as the operator logs it.
#[derive(InputObject)]
pub struct OperatorHoursLogInput {
    /// The iteration's quarter; the current one where it is left out.
    quarter: Option<Quarter>,
    /// The phase.
    phase: Phase,
    /// Hours of work altogether, in place of what was logged before: 0 to 2200, two digits behind the point at most.
    hours: Decimal,
    /// The version you read, 0 where nothing was logged; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of logging hours.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::LogOperatorHours))]
pub struct OperatorHoursLogPayload {
    /// The iteration; null when it was refused.
    iteration: Option<Iteration>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of iterations.
#[derive(Default)]
pub struct IterationMutation;

#[Object]
impl IterationMutation {
    /// Opens the iteration of the current quarter. The very first one starts from imported history; every other one needs the
    /// published Phase 1 Inputs Brief of the one before (INPUTS_BRIEF_MISSING). The brief is what Phase 6 puts out, which this version does
    /// not have yet: until then tiers are decided, sections written and spend planned without an open iteration, and nothing is published
    /// for the new quarter. A program without a REVOPS seat is refused (REVOPS_MISSING) unless the reason is
    /// written.
    #[graphql(directive = Allow::apply(Action::OpenIteration))]
    async fn iteration_open(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A key, and a reason where RevOps is missing.")] input: IterationOpenInput,
    ) -> Result<IterationOpenPayload> {
        let caller = caller(ctx)?;
        let work = async |key| iteration::open(caller, input.without_revops_reason.as_deref(), key).await;
        let (id, replayed, user_errors) = run("iterationOpen", input.idempotency_key.as_ref(), &input, work).await?;
        let iteration = match id {
            Some(_) => Some(Iteration(iteration::standing(caller, None).await.map_err(|why| failed(&why))?)),
            None => None,
        };
        Ok(IterationOpenPayload { iteration, replayed, user_errors })
    }

    /// Logs how many hours of work a phase took: optional, and the operator's own word. It shows whether the Loop gets lighter.
    #[graphql(directive = Allow::apply(Action::LogOperatorHours))]
    async fn operator_hours_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hours.")] input: OperatorHoursLogInput,
    ) -> Result<OperatorHoursLogPayload> {
        let caller = caller(ctx)?;
        let quarter = input.quarter.map(|quarter| quarter.0);
        let work = async |key| {
            let (phase, expected) = (input.phase.into(), input.expected_version);
            iteration::log_hours(caller, quarter, phase, input.hours.0, expected, key).await
        };
        let (id, replayed, user_errors) = run("operatorHoursLog", input.idempotency_key.as_ref(), &input, work).await?;
        let iteration = match id {
            Some(_) => Some(Iteration(iteration::standing(caller, quarter).await.map_err(|why| failed(&why))?)),
            None => None,
        };
        Ok(OperatorHoursLogPayload { iteration, replayed, user_errors })
    }
}
