//! Portfolios: made and seated from the command line, because no program's REVOPS speaks for another program; read by their
//! own seats.

use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::measurement::{Ask, Measures, measure};
use super::office::{Caller, Office};
use super::tam;
use chrono::NaiveDate;
use domain::money::Currency;
use domain::role::Action;
use domain::seat::Portfolio;
use domain::slice::Place;
use domain::text;
use std::sync::Arc;
use uuid::Uuid;

/// A portfolio by its slug.
///
/// # Errors
/// A storage failure.
pub async fn find_by_slug(office: &Office, slug: &str) -> Result<Option<Portfolio>, Failure> {
    Ok(entity::portfolio::find_by_slug(office.store.read(), slug).await?)
}

/// A portfolio by its id.
///
/// # Errors
/// A storage failure.
pub async fn find(office: &Office, id: Uuid) -> Result<Option<Portfolio>, Failure> {
    Ok(entity::portfolio::find(office.store.read(), id).await?)
}

/// One program of a portfolio, as an operating partner reads it: financial primitives, and nothing below them.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The program's name.
    pub name: String,
    /// Its currency.
    pub currency: Currency,
    /// Its numbers in the trailing four quarters of its own fiscal calendar.
    pub measures: Arc<Measures>,
    /// Its forecast as it was published by the end of the day asked for: that of the day's quarter, or the latest before it.
    pub forecast: Option<tam::Published>,
}

/// The caller's portfolio with its programs, by name. It reads numbers of whole programs only, each computed as the program's own
/// people see it.
///
/// # Errors
/// [`Failure::Denied`] for a seat of a program, or a storage failure.
pub async fn read(caller: &Caller, as_of: Option<NaiveDate>) -> Result<(Portfolio, Vec<Holding>), Failure> {
    let Place::Portfolio(id) = caller.viewer.place else { return Err(Failure::Denied) };
    if !caller.viewer.may(Action::ReadPortfolio) {
        return Err(Failure::Denied);
    }
    let office = &caller.office;
    let portfolio = find(office, id).await?.ok_or(Failure::NotFound)?;
    let mut holdings = Vec::new();
    for program_id in entity::portfolio_program::of_portfolio(office.store.read(), id).await? {
        let inside = Caller::system(office.clone(), program_id);
        let program = entity::program::find(office.store.read(), program_id).await?.ok_or(Failure::NotFound)?;
        let ask = Ask { as_of, with_medians: true, ..Ask::default() };
        let measures = measure(&inside, Action::ReadTotals, ask, None).await?;
        let forecast = tam::published_by(&inside, measures.frame.as_of).await?;
        holdings.push(Holding { name: program.name, currency: program.currency, measures, forecast });
    }
    holdings.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((portfolio, holdings))
}

/// Makes a portfolio of programs.
///
/// # Errors
/// [`Failure::Invalid`] with every problem at once.
pub async fn create(office: &Office, slug: &str, name: &str, programs: &[Uuid]) -> Result<Portfolio, Failure> {
    let mut problems = Problems::default();
    let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=80).contains(&slug.len()) || !slug.chars().all(is_slug) || slug.starts_with('-') {
        problems.note("slug", ProblemCode::Invalid, "a slug has 2 to 80 lower case letters, digits and hyphens");
    }
    let name = problems.take("name", text::name(name, 200));
    problems.settle()?;
    let portfolio = Portfolio { id: office.clock.id(), slug: slug.to_owned(), name: name.unwrap_or_default() };
    let tx = office.store.begin().await?;
    match entity::portfolio::insert(&tx, &portfolio, programs, office.clock.now()).await {
        Err(why) if entity::store::is_unique_violation(&why) => {
            return Err(Problem::at(["slug"], ProblemCode::Taken, "a portfolio with this slug exists").into());
        }
        other => other?,
    }
    tx.commit().await?;
    Ok(portfolio)
}

/// Gives a person a seat in a portfolio, or gives it back.
///
/// # Errors
/// A storage failure.
pub async fn grant(
    office: &Office,
    portfolio_id: Uuid,
    issuer: &str,
    subject: &str,
    name: &str,
) -> Result<(), Failure> {
    let (id, now) = (office.clock.id(), office.clock.now());
    let tx = office.store.begin().await?;
    entity::portfolio_seat::grant(&tx, portfolio_id, id, issuer, subject, name, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a person's seat in a portfolio away; says whether there was one.
///
/// # Errors
/// A storage failure.
pub async fn revoke(office: &Office, portfolio_id: Uuid, issuer: &str, subject: &str) -> Result<bool, Failure> {
    Ok(entity::portfolio_seat::revoke(office.store.write(), portfolio_id, issuer, subject, office.clock.now()).await?)
}
