//! Runs of the scheduled jobs on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::scalar::DateTime;
use crate::usecase::job;

/// A scheduled job.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::job::Job")]
pub enum Job {
    /// Every minute: tells of promises that are about to be missed, and records those that were missed.
    SlaClocks,
    /// Every day: writes down registrations whose clock ran out the day before.
    Registrations,
    /// Every day: writes down Primary Sales whose time passed.
    PrimarySales,
    /// Every fiscal quarter: computes the program level of every partner at work.
    Levels,
    /// Every day: tells of tier decisions that are about to be due, and of those that were not made in time.
    TierDecisions,
    /// Every day: values open deals at the rates of the present quarter.
    Rates,
    /// Every day: forgets idempotency keys, events and job runs that nobody asks for any more.
    Housekeeping,
}

/// How a run of a job stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::job::RunState")]
pub enum JobRunState {
    /// A server works on it, or did when it died: then another takes it over.
    Running,
    /// It is done.
    Done,
    /// It failed, and will be tried again.
    Failed,
}

/// A run of a scheduled job. Each job runs once in each of its periods, whichever server gets there first.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RunJobs))]
pub struct JobRun {
    /// The job.
    job: Job,
    /// The period: a minute in UTC, or a day, week or fiscal quarter of the program, such as "2026-10-05".
    period: String,
    /// The first instant of the period.
    period_starts_at: DateTime,
    /// How it stands.
    state: JobRunState,
    /// How many times it was begun.
    attempts: i32,
    /// When it was begun last.
    started_at: DateTime,
    /// When it was done, or failed.
    finished_at: Option<DateTime>,
    /// What came of it, as a JSON text.
    outcome: Option<String>,
}

impl From<domain::job::JobRun> for JobRun {
    fn from(run: domain::job::JobRun) -> Self {
        Self {
            job: run.job.into(),
            period: run.period,
            period_starts_at: DateTime(run.period_at),
            state: run.state.into(),
            attempts: run.attempts,
            started_at: DateTime(run.claimed_at),
            finished_at: run.finished_at.map(DateTime),
            outcome: run.outcome,
        }
    }
}

/// Reads of job runs.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// The latest runs of the scheduled jobs, the latest period first.
    #[graphql(directive = Allow::apply(Action::RunJobs))]
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<JobRun>> {
        let most = u64::try_from(first).ok().filter(|most| (1..=100).contains(most));
        let most = most.ok_or_else(|| coded("BAD_USER_INPUT", "first is 1 to 100"))?;
        let runs = job::latest(caller(ctx)?, most).await.map_err(|why| failed(&why))?;
        Ok(runs.into_iter().map(Into::into).collect())
    }
}
