//! Scheduled jobs: what is due in a program, who does it, and what came of it.

use super::commit::KEY_LIFE;
use super::failure::Failure;
use super::follow;
use super::office::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use domain::job::{Cadence, Due, Job, JobRun, RunState, due, patience};
use domain::role::Action;
pub use entity::job_run::{Claim, Claimed};
use serde_json::{Value, json};
use strum::IntoEnumIterator;
use uuid::Uuid;

/// How long a worker may take for a job; one that takes longer counts as dead.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// How long the runs of a job by the minute are kept.
const MINUTES_KEPT: TimeDelta = TimeDelta::days(2);
/// How long the runs of other jobs are kept: longer than the longest period.
const RUNS_KEPT: TimeDelta = TimeDelta::days(400);

/// What is due in the caller's program, in the order in which it is to run.
///
/// # Errors
/// [`Failure`].
pub async fn upcoming(caller: &Caller) -> Result<Vec<Due>, Failure> {
    let slice = caller.authorise(Action::RunJobs)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let progress = entity::job_run::progress(store, slice).await?;
    Ok(due(&progress, &program.calendar, caller.office.clock.now()))
}

/// Claims a due job for a worker: of all workers that try, one gets it. A claim whose worker died lapses and is taken over.
///
/// # Errors
/// [`Failure`].
pub async fn claim(caller: &Caller, due: &Due, worker_id: Uuid) -> Result<Claimed, Failure> {
    let slice = caller.authorise(Action::RunJobs)?;
    let at = caller.office.clock.now();
    let claim = Claim { due, worker_id, at, until: at + LEASE };
    Ok(entity::job_run::claim(caller.office.store.write(), slice, claim).await?)
}

/// Records what came of a claimed job. One that failed is tried again after a while.
///
/// # Errors
/// [`Failure`].
pub async fn finish(
    caller: &Caller,
    due: &Due,
    worker_id: Uuid,
    attempts: i32,
    outcome: &Result<Value, Failure>,
) -> Result<(), Failure> {
    let slice = caller.authorise(Action::RunJobs)?;
    let at = caller.office.clock.now();
    let (state, body) = match outcome {
        Ok(body) => (RunState::Done, body.clone()),
        Err(why) => (RunState::Failed, json!({ "error": why.to_string() })),
    };
    let claim = Claim { due, worker_id, at, until: at + patience(attempts) };
    Ok(entity::job_run::finish(caller.office.store.write(), slice, claim, state, &body).await?)
}

/// The latest runs of the program's jobs.
///
/// # Errors
/// [`Failure`].
pub async fn latest(caller: &Caller, most: u64) -> Result<Vec<JobRun>, Failure> {
    let slice = caller.authorise(Action::RunJobs)?;
    Ok(entity::job_run::latest(caller.office.store.read(), slice, most).await?)
}

/// Forgets what nobody asks for any more: idempotency keys after their day, events that nobody can resume behind, runs of jobs.
///
/// # Errors
/// [`Failure`].
pub async fn clean(caller: &Caller) -> Result<Value, Failure> {
    let slice = caller.authorise(Action::RunJobs)?;
    let (store, now): (_, DateTime<Utc>) = (caller.office.store.write(), caller.office.clock.now());
    let keys = entity::idempotency::forget_before(store, slice.program_id(), now - KEY_LIFE).await?;
    let events = follow::forget(caller, slice.program_id(), now).await?;
    let (by_minute, others): (Vec<Job>, Vec<Job>) =
        Job::iter().partition(|job| matches!(job.cadence(), Cadence::Minutes(_)));
    let runs = entity::job_run::forget(store, slice, &by_minute, now - MINUTES_KEPT).await?
        + entity::job_run::forget(store, slice, &others, now - RUNS_KEPT).await?;
    Ok(json!({ "keysForgotten": keys, "eventsForgotten": events, "runsForgotten": runs }))
}
