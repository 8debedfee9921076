//! The public keys that ever signed a checkpoint, so that those of earlier keys are still believed.

use crate::store::{Conn, DbErr};
use sea_orm::Statement;
use sea_orm::entity::prelude::DateTimeUtc;

/// Keeps a public key.
///
/// # Errors
/// [`DbErr`].
pub async fn keep(conn: &impl Conn, kid: &str, public_pem: &str, at: DateTimeUtc) -> Result<(), DbErr> {
    let sql = "INSERT INTO ledger_key (kid, public_pem, recorded_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let values = [kid.into(), public_pem.into(), at.into()];
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// All of them as PEM texts, the earliest first.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT public_pem FROM ledger_key ORDER BY recorded_at, kid";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "public_pem")).collect()
}
