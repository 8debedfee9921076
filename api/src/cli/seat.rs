//! `partnerloop seat grant|revoke|list`: how the first REVOPS seat of a program comes to be.

use super::{Database, program_named, refuse, token};
use crate::usecase::seat::{self, Facts, Who};
use crate::usecase::{Caller, Office, portfolio};
use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use domain::role::Role;
use entity::page::Ask;
use std::process::ExitCode;

/// Gives, takes and lists the seats of people.
#[derive(Args)]
pub(super) struct Seat {
    #[command(subcommand)]
    verb: Verb,
}

/// Where a seat is, and whose.
#[derive(Args)]
struct Whose {
    /// The program's slug.
    #[arg(long, required_unless_present = "portfolio")]
    program: Option<String>,
    /// The portfolio's slug, for a PORTFOLIO seat.
    #[arg(long, conflicts_with = "program")]
    portfolio: Option<String>,
    /// The identity provider's exact `iss`.
    #[arg(long)]
    issuer: String,
    /// The person's `sub` there.
    #[arg(long)]
    subject: String,
}

#[derive(Subcommand)]
enum Verb {
    /// Gives a person a seat.
    Grant {
        #[command(flatten)]
        whose: Whose,
        /// What the seat is; PORTFOLIO where --portfolio is given.
        #[arg(long, value_parser = token::role, required_unless_present = "portfolio")]
        role: Option<Role>,
        /// The person's name; the subject when left out.
        #[arg(long)]
        name: Option<String>,
        /// The external id of a partner that the seat is bound to (PARTNER_MANAGER, PARTNER).
        #[arg(long = "partner", value_name = "EXTERNAL_ID")]
        partners: Vec<String>,
        /// The name of a pod that the seat is bound to (PARTNER_AE, CUSTOMER_AE).
        #[arg(long = "pod", value_name = "NAME")]
        pods: Vec<String>,
        /// The owner id that the CRM uses for this person (CUSTOMER_AE).
        #[arg(long, value_name = "EXTERNAL_OWNER_ID")]
        owner: Option<String>,
        #[command(flatten)]
        database: Database,
    },
    /// Takes a person's seat away, from the next request on.
    Revoke {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        database: Database,
    },
    /// Lists a program's seats.
    List {
        /// The program's slug.
        #[arg(long)]
        program: String,
        #[command(flatten)]
        database: Database,
    },
}

impl Seat {
    /// # Errors
    /// What is wrong with the arguments, or the database.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let done = match self.verb {
            Verb::Grant { whose, role, name, partners, pods, owner, database } => {
                let office = database.open_existing().await?;
                let name = name.unwrap_or_else(|| whose.subject.clone());
                grant(&office, whose, role, name, &partners, &pods, owner).await
            }
            Verb::Revoke { whose, database } => revoke(&database.open_existing().await?, whose).await,
            Verb::List { program, database } => list(&database.open_existing().await?, &program).await,
        };
        done.map_or_else(refuse, |()| Ok(ExitCode::SUCCESS))
    }
}

async fn caller(office: &Office, slug: &str) -> anyhow::Result<Caller> {
    let program = program_named(office, slug).await?;
    Ok(Caller::system(office.clone(), program.id))
}

async fn portfolio_id(office: &Office, slug: &str) -> anyhow::Result<uuid::Uuid> {
    Ok(portfolio::find_by_slug(office, slug).await?.ok_or_else(|| anyhow!("there is no portfolio {slug}"))?.id)
}

async fn grant(
    office: &Office,
    whose: Whose,
    role: Option<Role>,
    name: String,
    partners: &[String],
    pods: &[String],
    owner: Option<String>,
) -> anyhow::Result<()> {
    if let Some(slug) = &whose.portfolio {
        if role.is_some_and(|role| role != Role::Portfolio) {
            bail!("a seat in a portfolio has the role PORTFOLIO");
        }
        return Ok(
            portfolio::grant(office, portfolio_id(office, slug).await?, &whose.issuer, &whose.subject, &name).await?
        );
    }
    let caller = caller(office, whose.program.as_deref().unwrap_or_default()).await?;
    let facts = Facts {
        name: Some(name),
        role,
        pods: Some(seat::pods_named(&caller, pods).await?),
        partners: Some(seat::partners_named(&caller, partners).await?),
        owner_external_id: Some(owner),
    };
    seat::grant(&caller, Who { issuer: whose.issuer, subject: whose.subject }, facts, None).await?;
    Ok(())
}

async fn revoke(office: &Office, whose: Whose) -> anyhow::Result<()> {
    if let Some(slug) = &whose.portfolio {
        if !portfolio::revoke(office, portfolio_id(office, slug).await?, &whose.issuer, &whose.subject).await? {
            bail!("that subject has no seat there");
        }
        return Ok(());
    }
    let caller = caller(office, whose.program.as_deref().unwrap_or_default()).await?;
    let found = seat::of_subject(&caller, &whose.issuer, &whose.subject).await?;
    let Some(found) = found.filter(|seat| seat.revoked_at.is_none()) else { bail!("that subject has no seat there") };
    seat::revoke(&caller, found.id, None, None).await?;
    Ok(())
}

async fn list(office: &Office, slug: &str) -> anyhow::Result<()> {
    let caller = caller(office, slug).await?;
    let mut ask = Ask { limit: 100, ..Ask::default() };
    loop {
        let page = seat::page(&caller, &ask).await?;
        for seat in &page.rows {
            let state = if seat.revoked_at.is_some() { "revoked" } else { "live" };
            println!("{}\t{state}\t{}\t{}\t{}", seat.role.word(), seat.issuer, seat.subject, seat.name);
        }
        let Some(last) = page.rows.last().filter(|_| page.has_next) else { return Ok(()) };
        ask.after = Some(entity::page::Position { key: seat::position(last), id: last.id });
    }
}
