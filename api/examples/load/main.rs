//! Load: fills a big tenant, serves the same data with a plain handler (limit L of PERFORMANCE.md), and measures both.
//! `scripts/load` runs the whole; only ratios within one run mean anything.

mod fill;
mod import;
mod measure;
mod plain;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills a program that exists with generated facts, by SQL.
    Fill {
        /// postgres://…
        #[arg(long)]
        db: String,
        /// The program's slug.
        #[arg(long)]
        program: String,
        #[command(flatten)]
        sizes: fill::Sizes,
    },
    /// Serves the same data without GraphQL, roles and tokens.
    Plain {
        #[arg(long)]
        db: String,
        #[arg(long)]
        program: String,
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Writes a CSV of generated deals, and its mapping beside it.
    Export(import::Export),
    /// Takes such a file by COPY and upsert alone: the import's limit.
    Upsert {
        #[arg(long)]
        db: String,
        #[arg(long)]
        program: String,
        #[arg(long)]
        file: PathBuf,
    },
    /// Asks both for the same, compares the answers, and measures.
    Measure(measure::Measure),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Fill { db, program, sizes } => fill::fill(&db, &program, &sizes).await,
        Command::Plain { db, program, listen } => plain::serve(&db, &program, listen).await,
        Command::Export(sizes) => import::export(&sizes),
        Command::Upsert { db, program, file } => import::upsert(&db, &program, &file).await,
        Command::Measure(measure) => measure.run().await,
    }
}
