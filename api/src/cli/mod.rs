//! The command line: one file a command. Exit codes: 0 done, 1 refused with reasons on stderr, 2 wrong usage.

mod check;
mod demo;
mod frame;
mod import;
mod keygen;
mod ledger;
mod portfolio;
mod program;
mod schema;
mod seat;
mod serve;
mod tick;
pub mod token;

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use domain::program::Program;
use entity::Store;
use migration::Migrator;
use sea_orm_migration::{MigratorTrait, SchemaManager};
use std::path::Path;
use std::process::ExitCode;

use crate::clock::Clock;
use crate::usecase::ledger::digest;
use crate::usecase::{self, Failure, Office};

/// The server that makes a partner program run.
#[derive(Parser)]
#[command(name = "partnerloop", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the data is.
#[derive(Args, Clone)]
pub struct Database {
    /// sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        long = "db",
        env = "DATABASE_URL",
        default_value = "sqlite://.partnerloop/partnerloop.sqlite",
        hide_env_values = true
    )]
    pub url: String,
}

impl Database {
    /// Connects, and makes the folder of a SQLite file where it is missing.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the URL or the database.
    pub async fn open(&self) -> anyhow::Result<Office> {
        if let Some(path) = self.url.strip_prefix("sqlite://") {
            let file = Path::new(without_query(path));
            if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
            }
        }
        let store =
            Store::connect(&self.url, 16).await.context("the database cannot be reached: check DATABASE_URL")?;
        Ok(Office::new(store, Clock::system()))
    }

    /// Connects to a database that is there, and brings its tables up to date. Where there is none, none is made: a mistyped
    /// name would pass every check.
    ///
    /// # Errors
    /// As [`Database::open_migrated`], or that there is no database.
    pub async fn open_existing(&self) -> anyhow::Result<Office> {
        let none = || {
            let place = self.url.rsplit_once('@').map_or(self.url.as_str(), |(_, place)| place);
            anyhow!("no database at {place}: set DATABASE_URL or --db")
        };
        if self.url.strip_prefix("sqlite://").is_some_and(|path| !Path::new(without_query(path)).exists()) {
            return Err(none());
        }
        let office = self.open().await?;
        if !SchemaManager::new(office.store.write()).has_table("seaql_migrations").await? {
            return Err(none());
        }
        // No client waits for a command: its statements may take their time.
        Ok(self.open_migrated().await?.unhurried())
    }

    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    /// As [`Database::open`], or a migration that failed.
    pub async fn open_migrated(&self) -> anyhow::Result<Office> {
        let office = self.open().await?;
        Migrator::up(office.store.unhurried().write(), None)
            .await
            .context("the migration failed; nothing of the failed step was kept")?;
        digest::open_all(&office).await?;
        Ok(office)
    }
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// The program with a slug, for a command that names one.
///
/// # Errors
/// That there is none, and how it is made; or a storage failure.
async fn program_named(office: &Office, slug: &str) -> anyhow::Result<Program> {
    usecase::program::find_by_slug(office, slug)
        .await?
        .ok_or_else(|| anyhow!("there is no program \"{slug}\"; make it with: partnerloop program create {slug}"))
}

#[derive(Subcommand)]
enum Command {
    /// Brings the database up to date.
    Migrate(Database),
    /// Makes and lists programs.
    Program(program::Program),
    /// Makes portfolios of programs.
    Portfolio(portfolio::Portfolio),
    /// Gives, takes and lists the seats of people.
    Seat(seat::Seat),
    /// Prints a token signed with the local development key, which `demo` accepts and `serve` does not.
    Token(token::Token),
    /// Makes the key that `serve` signs partner and machine tokens with.
    Keygen(keygen::Keygen),
    /// Computes the cells, from which every measure is read, again from the facts.
    Rebuild(check::Rebuild),
    /// Compares the cells with the facts; exits with 1 where they differ.
    Check(check::Check),
    /// Runs the scheduled jobs that are due, once.
    Tick(tick::Tick),
    /// Exports a program's ledger, and verifies one: offline from an export or a receipt, or the database.
    Ledger(ledger::Ledger),
    /// A seeded program on an embedded SQLite file, served; prints a token per role, the page to open, and a first query.
    Demo(demo::Demo),
    /// Serves, in production: refuses to start on an unsafe configuration.
    Serve(serve::Serve),
    /// Imports another system's export through a declared mapping, or proposes one.
    Import(Box<import::Import>),
    /// Prints the GraphQL schema: the whole with @allow, or one role's own.
    Schema(schema::Schema),
}

/// Parses the arguments and runs the command.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // `… | head` is no failure of what only reads and prints. What writes goes on to its end.
    if matches!(cli.command, Command::Ledger(_) | Command::Schema(_) | Command::Check(_)) {
        sigpipe::reset();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(crate::limits::STACK)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(why) => {
            eprintln!("partnerloop: the runtime cannot start: {why}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(dispatch(cli.command)) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("partnerloop: {why:#}");
            ExitCode::from(1)
        }
    }
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Migrate(database) => {
            database.open_migrated().await?;
            println!("the database is up to date");
            Ok(ExitCode::SUCCESS)
        }
        Command::Program(command) => command.run().await,
        Command::Portfolio(command) => command.run().await,
        Command::Seat(command) => command.run().await,
        Command::Token(command) => command.run().await,
        Command::Keygen(command) => command.run(),
        Command::Rebuild(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Tick(command) => command.run().await,
        Command::Ledger(command) => command.run().await,
        Command::Demo(command) => command.run().await,
        Command::Serve(command) => command.run().await,
        Command::Import(command) => command.run().await,
        Command::Schema(command) => command.run(),
    }
}

/// Says every reason on stderr: exit code 1.
fn refuse(why: anyhow::Error) -> anyhow::Result<ExitCode> {
    match why.downcast_ref::<Failure>() {
        Some(Failure::Invalid(problems)) => {
            for problem in problems {
                eprintln!("{}: {}", problem.path.last().map_or("", String::as_str), problem.message);
            }
        }
        _ => eprintln!("partnerloop: {why:#}"),
    }
    Ok(ExitCode::from(1))
}
