//! Portfolios: made and seated from the command line, because no program's REVOPS speaks for another program.

use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Office;
use domain::seat::Portfolio;
use domain::text;
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
    tx.commit().await.map_err(entity::DbErr::from)?;
    Ok(portfolio)
}

/// Gives a person a seat in a portfolio, or gives it back.
///
/// # Errors
/// A storage failure.
pub async fn grant(office: &Office, portfolio_id: Uuid, issuer: &str, subject: &str, name: &str) -> Result<(), Failure> {
    let (id, now) = (office.clock.id(), office.clock.now());
    let tx = office.store.begin().await?;
    entity::portfolio_seat::grant(&tx, portfolio_id, id, issuer, subject, name, now).await?;
    tx.commit().await.map_err(entity::DbErr::from)?;
    Ok(())
}

/// Takes a person's seat in a portfolio away; says whether there was one.
///
/// # Errors
/// A storage failure.
pub async fn revoke(office: &Office, portfolio_id: Uuid, issuer: &str, subject: &str) -> Result<bool, Failure> {
    Ok(entity::portfolio_seat::revoke(office.store.write(), portfolio_id, issuer, subject, office.clock.now()).await?)
}
