//! `partnerloop tick`: runs whatever is due, once.

use super::Database;
use super::check::programs;
use crate::clock::Clock;
use crate::jobs;
use crate::usecase::Office;
use crate::usecase::ledger::seal;
use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Runs the scheduled jobs that are due, as a server does by itself, and prints what ran as a JSON object a line. Exits with 1
/// where one failed.
#[derive(Args)]
pub(super) struct Tick {
    #[command(flatten)]
    database: Database,
    /// Only the program with this slug.
    #[arg(long)]
    program: Option<String>,
    /// Runs the jobs as of this instant, such as 2026-10-05T09:00:00Z, and writes what they do; now where it is left out.
    #[arg(long)]
    at: Option<DateTime<Utc>>,
    /// Lets --at lie in the future: what expires by then expires for good. On a copy of the database only.
    #[arg(long, requires = "at")]
    allow_future: bool,
}

impl Tick {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(at) = self.at.filter(|at| *at > Clock::system().now() && !self.allow_future) {
            bail!(
                "{at} is in the future, and the jobs write: registrations that end by then would have expired for good; on a copy of the \
                 database, add --allow-future"
            );
        }
        let office = self.database.open_existing().await?;
        let office = match self.at {
            Some(at) => Office { clock: Clock::fixed(at), ..office },
            None => office,
        };
        let programs = programs(&office, self.program.as_deref()).await?;
        let mut code = ExitCode::SUCCESS;
        for ran in jobs::tick(&office, &programs, &CancellationToken::new()).await? {
            let (outcome, error) = match ran.outcome {
                Ok(outcome) => (Some(outcome), None),
                Err(why) => (None, Some(why.to_string())),
            };
            if error.is_some() {
                code = ExitCode::from(1);
            }
            let job: &str = ran.job.into();
            println!(
                "{}",
                json!({ "program": ran.program, "job": job, "period": ran.period, "at": ran.at, "outcome": outcome, "error": error })
            );
        }
        for program in &programs {
            // What the jobs entered is sealed at once; a server signs the log.
            let size = seal::seal(&office, program.id).await?;
            println!(
                "{}",
                json!({ "program": program.slug, "job": "LEDGER_SEAL", "period": null, "at": office.clock.now(), "outcome": { "size": size }, "error": null })
            );
        }
        Ok(code)
    }
}
