//! The scheduler: runs whatever is due, in every program, whichever process gets there first.

use crate::usecase::job::{self, Claimed};
use crate::usecase::{Caller, Failure, Office, cosell, deal_money, level, program, registration_step, sla, tier_due};
use chrono::{DateTime, Utc};
use domain::job::{Due, Job};
use domain::program::Program;
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_secs(15);

/// The work of a job. It finds what is to be done by the present instant, and doing it again does nothing more: a worker may
/// die at any moment, and another then does it again.
async fn work(job: Job, caller: &Caller) -> Result<Value, Failure> {
    match job {
        Job::SlaClocks => {
            let watched = sla::watch(caller).await?;
            Ok(serde_json::json!({ "warned": watched.warned, "missed": watched.missed }))
        }
        Job::Registrations => Ok(serde_json::json!({ "expired": registration_step::expire(caller).await? })),
        Job::PrimarySales => Ok(serde_json::json!({ "lapsed": cosell::lapse(caller).await? })),
        Job::Levels => Ok(serde_json::json!({ "computed": level::compute(caller).await? })),
        Job::TierDecisions => {
            let watched = tier_due::watch(caller).await?;
            Ok(serde_json::json!({ "near": watched.near, "overdue": watched.overdue }))
        }
        Job::Rates => Ok(serde_json::json!({ "valued": deal_money::watch(caller).await? })),
        Job::Housekeeping => job::clean(caller).await,
    }
}

/// A job that was run.
#[derive(Debug)]
pub struct Ran {
    /// The program's slug.
    pub program: String,
    /// The job.
    pub job: Job,
    /// The period it was run for.
    pub period: String,
    /// The instant it was run at.
    pub at: DateTime<Utc>,
    /// What came of it, or why it failed; it is then tried again.
    pub outcome: Result<Value, Failure>,
}

/// Runs what is due now in these programs, in order, and returns what this process ran.
///
/// # Errors
/// A storage failure outside the jobs; what ran before it stays done.
pub async fn tick(office: &Office, programs: &[Program], stop: &CancellationToken) -> Result<Vec<Ran>, Failure> {
    let worker_id = office.clock.id();
    let mut all = Vec::new();
    for program in programs {
        let caller = Caller::system(office.unhurried(), program.id);
        // A job's later periods wait for its earlier ones.
        let mut waiting = BTreeSet::new();
        for due in job::upcoming(&caller).await? {
            if stop.is_cancelled() {
                return Ok(all);
            }
            if waiting.contains(&due.job) {
                continue;
            }
            let attempts = match job::claim(&caller, &due, worker_id).await? {
                Claimed::Ours(attempts) => attempts,
                Claimed::Done => continue,
                Claimed::Held => {
                    waiting.insert(due.job);
                    continue;
                }
            };
            let outcome = run(&caller, &due).await;
            job::finish(&caller, &due, worker_id, attempts, &outcome).await?;
            if let Err(why) = &outcome {
                tracing::error!(error = %why, program = program.slug, job = ?due.job, period = due.period.key, "a job failed");
                waiting.insert(due.job);
            }
            all.push(Ran {
                program: program.slug.clone(),
                job: due.job,
                period: due.period.key,
                at: office.clock.now(),
                outcome,
            });
        }
    }
    Ok(all)
}

async fn run(caller: &Caller, due: &Due) -> Result<Value, Failure> {
    // One job's panic is no reason for the others to stop.
    AssertUnwindSafe(work(due.job, caller)).catch_unwind().await.unwrap_or(Err(Failure::Broken))
}

/// Runs what is due until the server stops; a job that is at work then is finished first.
pub async fn run_until(office: Office, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let ticked = async {
            let programs = program::all(&office).await?;
            tick(&office, &programs, &stop).await
        };
        if let Err(why) = ticked.await {
            tracing::error!(error = %why, "the scheduler could not look for what is due; it tries again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
