//! `partnerloop demo`: a seeded program on an embedded database, served at once.

mod chance;
mod export;
mod files;
mod live;
mod market;
mod names;
mod people;
mod plan;
mod publish;
mod seed;
mod simulation;

use super::Database;
use super::serve::Outside;
use crate::auth;
use crate::clock::Clock;
use crate::http::explorer::{self, DemoSeat, DemoSeats};
use crate::http::telemetry::{LogFormat, start_logs};
use crate::usecase::{Office, program};
use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::Args;
use domain::role::Role;
use market::{FJORDLIGHT, HALDEN, Market};
use migration::Migrator;
use people::{Offer, Signer};
use sea_orm_migration::MigratorTrait;
use seed::Seeded;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The programs of the demo, the main one first.
const MARKETS: [&Market; 2] = [&HALDEN, &FJORDLIGHT];

/// The first question: which partner helps to win where, and how sure that is.
const QUESTION: &str = "{ auditMatrix(orderBy: { field: TRUST_GAP, direction: DESC }) { cells { partner { name } segment { name } trustGap { points evidence reading } partnerYield { multiple } } } }";

/// Seeds a simulated program where there is none, serves it, and prints a token for each role. Anybody who reads the database
/// can make such tokens: for trying things out, never for work.
#[derive(Args)]
pub(super) struct Demo {
    /// sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME. Other programs in it are served as well.
    #[arg(
        long = "db",
        env = "DATABASE_URL",
        default_value = "sqlite://.partnerloop/demo.sqlite",
        hide_env_values = true
    )]
    url: String,
    /// Empties the database first; refused where it holds a program that is not the demo's.
    #[arg(long, conflicts_with = "no_seed")]
    fresh: bool,
    /// Serves what is there, without the simulated program.
    #[arg(long)]
    no_seed: bool,
    /// Writes the exports that the demo simulates into this folder, each with its mapping, and ends.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["fresh", "no_seed"])]
    write_files: Option<PathBuf>,
    /// The day up to which those files are simulated; today where it is left out.
    #[arg(long, value_name = "DATE", requires = "write_files")]
    as_of: Option<NaiveDate>,
    #[command(flatten)]
    outside: Outside,
}

impl Demo {
    /// # Errors
    /// What is wrong with the database or the address.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        if std::env::var_os("RUST_LOG").is_some() {
            start_logs(LogFormat::Text);
        }
        if let Some(folder) = &self.write_files {
            let today = self.as_of.unwrap_or_else(|| Clock::system().now().date_naive());
            files::write(folder, &MARKETS, today)?;
            println!("The demo's exports up to {today} are in {}.", folder.display());
            return Ok(ExitCode::SUCCESS);
        }
        // Said before anything is written.
        if let Err(why) = std::net::TcpListener::bind(self.outside.listen) {
            let other =
                if why.kind() == std::io::ErrorKind::AddrInUse { " (any free port: --listen 127.0.0.1:0)" } else { "" };
            bail!("{} cannot be listened on: {why}; choose another address with --listen{other}", self.outside.listen);
        }
        let office = Database { url: self.url.clone() }.open_migrated().await?;
        if self.fresh {
            empty(&office).await?;
        }
        let must_seed = !self.no_seed && must_seed(&office).await?;
        // The keys are made here, so the tables may not be emptied any more.
        let identity = auth::demo(office).await?;
        // Listening comes before seeding: who calls early waits for the answer.
        let (http, listener) = self.outside.open(&identity).await?;
        if must_seed {
            seed::seed(&identity.office, &MARKETS).await?;
        }
        let offers = people::offers(&identity.office).await?;
        let signer = Signer::new(&identity.office).await?;
        self.welcome(&format!("http://{}", listener.local_addr()?), &offers, &signer, &identity.office).await?;
        let router = explorer::router(&http, Some(seats(offers, signer)));
        self.outside.serve(http, listener, &identity, router).await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn welcome(&self, url: &str, offers: &[Offer], signer: &Signer, office: &Office) -> anyhow::Result<()> {
        let names: Vec<String> =
            program::all(office).await?.into_iter().map(|it| format!("{} ({})", it.name, it.slug)).collect();
        // A URL of PostgreSQL may hold a password.
        let place = if self.url.starts_with("sqlite:") { self.url.as_str() } else { "PostgreSQL" };
        let mut out = std::io::stdout().lock();
        writeln!(out, "partnerloop demo\n")?;
        writeln!(out, "  open      {url}/")?;
        writeln!(out, "  GraphQL   {url}/graphql")?;
        writeln!(out, "  data      {place}: {}", names.join(", "))?;
        let mut last = "";
        for offer in offers {
            if offer.of != last {
                writeln!(out, "\nA token for each role of {}, good for 12 hours:\n", offer.of)?;
                last = &offer.of;
            }
            writeln!(out, "  {:<16} {:<18} {}", offer.role.word(), offer.name, signer.token(offer)?)?;
        }
        if let Some(offer) = offers.iter().find(|offer| offer.role == Role::Operator).or(offers.first()) {
            let body = serde_json::json!({ "query": QUESTION });
            let token = signer.token(offer)?;
            writeln!(out, "\nA first question, as {}:\n", offer.role.word())?;
            writeln!(
                out,
                "  curl -sS {url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer {token}' -d '{body}'\n"
            )?;
            let page = publish::latest_page(office, offer.program.as_deref().unwrap_or_default()).await?;
            if let Some(path) = page {
                writeln!(out, "What was published, as a page to read and to print:\n")?;
                writeln!(out, "  curl -sS {url}{path} -H 'authorization: Bearer {token}' -o forecast.html\n")?;
            }
        } else {
            writeln!(
                out,
                "\nThere is no seat yet. Make one with: partnerloop token --program SLUG --role ROLE --db URL\n"
            )?;
        }
        writeln!(out, "Stop with Ctrl-C.")?;
        Ok(out.flush()?)
    }
}

/// Tokens for the page, made anew at each call so that a page left open for days still gets in.
fn seats(offers: Vec<Offer>, signer: Signer) -> DemoSeats {
    Arc::new(move || {
        let first = offers.first().map(|offer| offer.of.clone()).unwrap_or_default();
        let seat = |offer: &Offer| {
            let name = if offer.of == first { offer.name.clone() } else { format!("{}, {}", offer.name, offer.of) };
            // Signing cannot fail with a key that was read; a seat without a token would be no use.
            Some(DemoSeat { role: offer.role, name, token: signer.token(offer).ok()? })
        };
        offers.iter().filter_map(seat).collect()
    })
}

/// Whether the demo's programs are to be seeded. What was begun too long ago is thrown away, where nothing else is lost.
async fn must_seed(office: &Office) -> anyhow::Result<bool> {
    match seed::state(office, &MARKETS).await? {
        Seeded::Wholly => return Ok(false),
        Seeded::Not => {}
        Seeded::Partly => eprintln!("partnerloop: an earlier seeding was interrupted; going on with it"),
        Seeded::Broken if only_ours(office).await? => {
            eprintln!("partnerloop: an earlier seeding was interrupted; starting anew");
            empty(office).await?;
        }
        Seeded::Broken => bail!(
            "an earlier seeding of the demo was interrupted, in a database that holds other programs: serve those with --no-seed, or use another database"
        ),
    }
    Ok(true)
}

async fn only_ours(office: &Office) -> anyhow::Result<bool> {
    Ok(program::all(office).await?.iter().all(|program| MARKETS.iter().any(|market| market.slug == program.slug)))
}

/// Drops everything and makes the tables anew.
async fn empty(office: &Office) -> anyhow::Result<()> {
    if !only_ours(office).await? {
        bail!("--fresh would delete programs that are not the demo's: use another database");
    }
    Migrator::fresh(office.store.unhurried().write()).await.context("the database could not be emptied")
}
