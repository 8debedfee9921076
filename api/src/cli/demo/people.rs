//! The demo's seats: one person a role, with bindings that show what a slice is.

use super::market::HALDEN;
use crate::cli::token;
use crate::clock::Clock;
use crate::usecase::commit::Key;
use crate::usecase::seat::{self, Facts, Who};
use crate::usecase::signing::{self, Purpose, SigningKey};
use crate::usecase::{Caller, Office, portfolio, program};
use anyhow::{Context, anyhow};
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use std::sync::Arc;
use std::time::Duration;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// How long the demo's tokens live.
const TTL: Duration = Duration::from_secs(12 * 3600);

/// The portfolio of the demo's programs. It is made last: where it is, everything else is.
pub(super) const PORTFOLIO: &str = "demo";

/// Who sits where: role, name, the pods, partners and deals they are bound to.
struct Person {
    role: Role,
    name: &'static str,
    pods: usize,
    partners: &'static [&'static str],
    owner: Option<&'static str>,
}

const fn person(role: Role, name: &'static str) -> Person {
    Person { role, name, pods: 0, partners: &[], owner: None }
}

const PEOPLE: &[Person] = &[
    person(Role::Operator, "Vera Lindgren"),
    Person { pods: 1, ..person(Role::PartnerAe, "Marcus Oyelaran") },
    Person { owner: Some("U-01"), ..person(Role::CustomerAe, "Gwen Albright") },
    Person { partners: &["P-01", "P-02"], ..person(Role::PartnerManager, "Delphine Arnaud") },
    person(Role::Revops, "Ravi Chandran"),
    person(Role::Finance, "Ellen Strand"),
    person(Role::Leadership, "Harriet Boone"),
    Person { partners: &["P-02"], ..person(Role::Partner, "Marguerite Dahl") },
];

/// The name of the portfolio's seat.
const INVESTOR: &str = "Simon Achard";

/// The subject of a role's seat: the one that `partnerloop token` takes by itself.
pub(super) fn subject(role: Role) -> String {
    format!("dev-{}", role.word().to_lowercase().replace('_', "-"))
}

/// A key that makes a step of the seeding happen once, however often the seeding is begun again.
pub(super) fn once(mutation: &'static str, what: impl Into<String>) -> Option<Key> {
    let key = format!("demo-seed {}", what.into());
    Some(Key { mutation, input_sha256: key.clone(), key })
}

/// The seats that need no binding, first of all: REVOPS and FINANCE enter the rest.
///
/// # Errors
/// A refusal or a storage failure.
pub(super) async fn seat_office(office: &Office, program_id: Uuid) -> anyhow::Result<()> {
    let system = Caller::system(office.clone(), program_id);
    for it in PEOPLE.iter().filter(|it| matches!(it.role, Role::Revops | Role::Finance)) {
        grant(&system, it, &[]).await?;
    }
    Ok(())
}

/// Every other seat.
///
/// # Errors
/// A refusal or a storage failure.
pub(super) async fn seat_all(revops: &Caller, pods: &[String]) -> anyhow::Result<()> {
    for it in PEOPLE.iter().filter(|it| !matches!(it.role, Role::Revops | Role::Finance)) {
        grant(revops, it, pods).await?;
    }
    Ok(())
}

async fn grant(caller: &Caller, it: &Person, pods: &[String]) -> anyhow::Result<()> {
    if seat::of_subject(caller, DEV_ISSUER, &subject(it.role)).await?.is_some() {
        return Ok(());
    }
    let partners: Vec<String> = it.partners.iter().map(|id| (*id).to_owned()).collect();
    let facts = Facts {
        name: Some(it.name.into()),
        role: Some(it.role),
        pods: Some(seat::pods_named(caller, &pods[..it.pods.min(pods.len())]).await?),
        partners: Some(seat::partners_named(caller, &partners).await?),
        owner_external_id: Some(it.owner.map(str::to_owned)),
    };
    let who = Who { issuer: DEV_ISSUER.into(), subject: subject(it.role) };
    seat::grant(caller, who, facts, None).await.with_context(|| format!("the seat of {}", it.name))?;
    Ok(())
}

/// The caller that a seat of the demo is.
///
/// # Errors
/// There is no such seat, or a storage failure.
pub(super) async fn caller(office: &Office, slug: &str, role: Role) -> anyhow::Result<Caller> {
    let seated = seat::seated(office, DEV_ISSUER, &subject(role), Some(slug)).await?;
    let seated = seated.into_iter().next().ok_or_else(|| anyhow!("the {} seat of {slug} is not there", role.word()))?;
    Ok(Caller::new(office.clone(), Arc::new(seated.viewer)))
}

/// The portfolio with its one seat.
///
/// # Errors
/// A storage failure.
pub(super) async fn seat_portfolio(office: &Office, programs: &[Uuid]) -> anyhow::Result<()> {
    let found = match portfolio::find_by_slug(office, PORTFOLIO).await? {
        Some(found) => found,
        None => portfolio::create(office, PORTFOLIO, "Copperline Capital", programs).await?,
    };
    portfolio::grant(office, found.id, DEV_ISSUER, &subject(Role::Portfolio), INVESTOR).await?;
    Ok(())
}

/// A seat that the demo hands a token out for.
#[derive(Clone)]
pub(super) struct Offer {
    /// The name of the program or the portfolio.
    pub(super) of: String,
    pub(super) role: Role,
    pub(super) name: String,
    subject: String,
    /// The program's slug; none of a portfolio's.
    pub(super) program: Option<String>,
    portfolio: Option<String>,
}

/// One development seat of each role of each program that has one, the demo's own program first.
///
/// # Errors
/// A storage failure.
pub(super) async fn offers(office: &Office) -> anyhow::Result<Vec<Offer>> {
    let mut programs = program::all(office).await?;
    programs.sort_by_key(|program| (program.slug != HALDEN.slug, program.slug.clone()));
    let mut all = Vec::new();
    for program in programs {
        let system = Caller::system(office.clone(), program.id);
        for role in Role::iter().filter(|role| *role != Role::Portfolio) {
            if let Some(seat) = seat::first_of_role(&system, DEV_ISSUER, role).await? {
                let (of, slug) = (program.name.clone(), program.slug.clone());
                all.push(Offer {
                    of,
                    role,
                    name: seat.name,
                    subject: seat.subject,
                    program: Some(slug),
                    portfolio: None,
                });
            }
        }
        if program.slug == HALDEN.slug {
            let subject = subject(Role::Portfolio);
            let seats = seat::seated_in_portfolio(office, DEV_ISSUER, &subject, Some(PORTFOLIO)).await?;
            all.extend(seats.into_iter().map(|(slug, viewer)| Offer {
                of: program.name.clone(),
                role: viewer.role,
                name: viewer.name,
                subject: subject.clone(),
                program: None,
                portfolio: Some(slug),
            }));
        }
    }
    Ok(all)
}

/// Signs the demo's tokens.
pub(super) struct Signer {
    key: SigningKey,
    clock: Clock,
}

impl Signer {
    /// With the development key that the database keeps.
    ///
    /// # Errors
    /// A storage failure.
    pub(super) async fn new(office: &Office) -> anyhow::Result<Self> {
        Ok(Self { key: signing::kept(office, Purpose::Dev).await?, clock: office.clock.clone() })
    }

    /// A fresh token for a seat.
    ///
    /// # Errors
    /// The signature cannot be made.
    pub(super) fn token(&self, offer: &Offer) -> anyhow::Result<String> {
        let (program, portfolio) = (offer.program.clone(), offer.portfolio.clone());
        Ok(self.key.sign(&token::claims(self.clock.now(), offer.subject.clone(), program, portfolio, TTL))?)
    }
}
