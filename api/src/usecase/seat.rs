//! Seats: who may call. The first part serves authentication; the second is what REVOPS does with seats.

use chrono::{DateTime, Utc};
use entity::{portfolio_seat, token};
use uuid::Uuid;

pub use entity::seat::{Seated, TokenLife};

use super::{Failure, Office};

/// The live seats of a subject in a program, or in all, with their bindings as they are now: one statement.
///
/// # Errors
/// A storage failure.
pub async fn seated(office: &Office, issuer: &str, subject: &str, program: Option<&str>) -> Result<Vec<Seated>, Failure> {
    Ok(entity::seat::seated(office.store.read(), issuer, subject, program).await?)
}

/// The live portfolio seats of a subject, each with its portfolio's slug.
///
/// # Errors
/// A storage failure.
pub async fn seated_in_portfolio(
    office: &Office,
    issuer: &str,
    subject: &str,
    portfolio: Option<&str>,
) -> Result<Vec<(String, domain::slice::Viewer)>, Failure> {
    Ok(portfolio_seat::seated(office.store.read(), issuer, subject, portfolio).await?)
}

/// Whether it is time to write down that a minted token is in use.
#[must_use]
pub fn use_is_due(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|at| now - at >= token::USE_EVERY)
}

/// Writes down that a minted token is in use, at most once a minute.
///
/// # Errors
/// A storage failure.
pub async fn note_use(office: &Office, program_id: Uuid, token_id: Uuid, at: DateTime<Utc>) -> Result<(), Failure> {
    Ok(token::note_use(office.store.write(), program_id, token_id, at).await?)
}
