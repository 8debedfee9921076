//! `partnerloop portfolio create SLUG --program SLUG …`

use super::{Database, program_named, refuse};
use crate::usecase::{Office, portfolio};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Makes portfolios: sets of programs that a firm holds.
#[derive(Args)]
pub(super) struct Portfolio {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Makes a portfolio. Its seats are given with `partnerloop seat grant --portfolio SLUG`.
    Create {
        /// Its short name: lower case letters, digits and hyphens.
        slug: String,
        /// The name people read; the slug when left out.
        #[arg(long)]
        name: Option<String>,
        /// The slug of a program that it holds.
        #[arg(long = "program", value_name = "SLUG", required = true)]
        programs: Vec<String>,
        #[command(flatten)]
        database: Database,
    },
}

impl Portfolio {
    /// # Errors
    /// What is wrong with the arguments, or the database.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Verb::Create { slug, name, programs, database } = self.verb;
        let office = database.open_existing().await?;
        match create(&office, &slug, name.as_deref().unwrap_or(&slug), &programs).await {
            Ok(()) => {
                println!("{slug}");
                Ok(ExitCode::SUCCESS)
            }
            Err(why) => refuse(why),
        }
    }
}

async fn create(office: &Office, slug: &str, name: &str, programs: &[String]) -> anyhow::Result<()> {
    let mut ids = Vec::new();
    for slug in programs {
        ids.push(program_named(office, slug).await?.id);
    }
    portfolio::create(office, slug, name, &ids).await?;
    Ok(())
}
