//! `partnerloop rebuild` and `partnerloop check`.

use super::{Database, program_named};
use crate::usecase::{Office, check};
use clap::Args;
use domain::program::Program;
use std::process::ExitCode;

/// Computes all cells of one program, or of every program, again from the facts.
#[derive(Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    database: Database,
    /// Only the program with this slug.
    #[arg(long)]
    program: Option<String>,
}

/// Compares all cells of one program, or of every program, with the facts, and the facts with the ledger. Exits with 1 where they differ, and names where.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    database: Database,
    /// Only the program with this slug.
    #[arg(long)]
    program: Option<String>,
}

impl Rebuild {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let office = self.database.open_existing().await?;
        for program in programs(&office, self.program.as_deref()).await? {
            check::rebuild(&office, &program).await?;
            println!("{}: the cells are computed anew", program.slug);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let office = self.database.open_existing().await?;
        let mut is_clean = true;
        for program in programs(&office, self.program.as_deref()).await? {
            let found = check::check(&office, &program).await?;
            println!(
                "{}: {} closed deals, {} cells, {} deals with entries, {} differences",
                program.slug, found.deals, found.cells, found.stated, found.count
            );
            for difference in &found.differences {
                eprintln!("{}: {difference}", program.slug);
            }
            is_clean &= found.count == 0;
        }
        if !is_clean {
            eprintln!(
                "run `partnerloop rebuild` to compute the cells anew; differences of deals must be corrected at their source, and what \
                 the ledger states is what was recorded"
            );
        }
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

/// The program with this slug, or every program; says on stderr where there is none at all.
pub(super) async fn programs(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<Program>> {
    if let Some(slug) = slug {
        return Ok(vec![program_named(office, slug).await?]);
    }
    let programs = crate::usecase::program::all(office).await?;
    if programs.is_empty() {
        eprintln!(
            "the database has no program, so that nothing was looked at; make one with: partnerloop program create SLUG"
        );
    }
    Ok(programs)
}
