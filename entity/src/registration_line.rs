//! The line of claims on a domain: taking a place in it makes others wait, so that one rule sees all claims.

use crate::store::{Conn, DbErr};
use domain::account::{one_spelling, spellings};
use domain::slice::Slice;
use sea_orm::Statement;

/// Takes the next place in the line of a domain, from 1. Others who ask for the same domain wait until this transaction ends.
///
/// # Errors
/// [`DbErr`].
pub async fn next(conn: &impl Conn, slice: &Slice, domain: &str) -> Result<i64, DbErr> {
    // A line that was begun in the other spelling goes on in this one.
    let sql = "INSERT INTO registration_line (program_id, domain, claims) VALUES ($1, $2, 1 + COALESCE( \
          (SELECT MAX(other.claims) FROM registration_line other WHERE other.program_id = $1 AND other.domain = $3), 0)) \
        ON CONFLICT (program_id, domain) DO UPDATE SET claims = registration_line.claims + 1 RETURNING claims";
    let spelled = spellings(domain);
    let other = spelled.last().map_or(domain, String::as_str);
    let values = [slice.program_id().into(), one_spelling(domain).into(), other.into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    row.map_or_else(|| Err(DbErr::RecordNotFound("registration_line".into())), |row| row.try_get("", "claims"))
}

/// Waits for everybody at work on a domain, without taking a place.
///
/// # Errors
/// [`DbErr`].
pub async fn hold(conn: &impl Conn, slice: &Slice, domain: &str) -> Result<(), DbErr> {
    let sql = "UPDATE registration_line SET claims = claims WHERE program_id = $1 AND domain = $2";
    let values = [slice.program_id().into(), one_spelling(domain).into()];
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(())
}
