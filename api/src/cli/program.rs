//! `partnerloop program create SLUG …`

use super::Database;
use super::frame::Frame;
use crate::usecase::{Failure, program};
use anyhow::bail;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes and lists programs.
#[derive(Args)]
pub(super) struct Program {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Makes a program.
    Create {
        /// Its short name: lower case letters, digits and hyphens.
        slug: String,
        /// The name people read; the slug when left out.
        #[arg(long)]
        name: Option<String>,
        /// The one currency it reports in.
        #[arg(long, default_value = "USD")]
        currency: String,
        /// Its IANA time zone.
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// The first month of its fiscal year, 1 to 12.
        #[arg(long, default_value_t = 1)]
        fiscal_start: u32,
        /// A JSON file of its name, currency, zone, fiscal year, segments, stages, pods and exchange rates, such as the
        /// program.json of `demo --write-files`.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["currency", "zone", "fiscal_start"])]
        from: Option<PathBuf>,
        #[command(flatten)]
        database: Database,
    },
    /// Lists the programs.
    List {
        #[command(flatten)]
        database: Database,
    },
}

impl Program {
    /// # Errors
    /// What is wrong with the arguments, or the database.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Create { slug, name, currency, zone, fiscal_start, from, database } => {
                let frame = from.as_deref().map(Frame::read).transpose()?;
                let office = database.open_migrated().await?;
                let input = match &frame {
                    Some(frame) => frame.program(slug, name),
                    None => {
                        let name = name.unwrap_or_else(|| slug.clone());
                        program::New { slug, name, currency, zone, fiscal_start_month: fiscal_start }
                    }
                };
                match program::create(&office, input).await {
                    Ok(program) => {
                        if let Some(frame) = frame {
                            frame.fill(&office, program.id).await?;
                        }
                        println!("{}", program.slug);
                    }
                    Err(Failure::Invalid(problems)) => {
                        for problem in problems {
                            eprintln!("{}: {}", problem.path.last().map_or("", String::as_str), problem.message);
                        }
                        return Ok(ExitCode::from(1));
                    }
                    Err(other) => bail!(other),
                }
            }
            Verb::List { database } => {
                let office = database.open_existing().await?;
                for program in program::all(&office).await? {
                    println!("{}\t{}\t{}\t{}", program.slug, program.currency, program.calendar.zone, program.name);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
