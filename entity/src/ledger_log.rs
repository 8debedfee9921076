//! How long each program's log is: the row that a sealer holds while it works.

use crate::store::{Conn, DbErr};
use sea_orm::Statement;
use uuid::Uuid;

fn up(size: i64) -> Result<u64, DbErr> {
    u64::try_from(size).map_err(|_| DbErr::Type("column ledger_log.size is broken".into()))
}

/// The programs with something to seal or to sign. Entries are found by being unsealed and never by their time or id, so that
/// one whose transaction commits late is not passed over.
///
/// # Errors
/// [`DbErr`].
pub async fn waiting(conn: &impl Conn) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT program_id FROM ledger_entry WHERE sequence IS NULL
               UNION SELECT l.program_id FROM ledger_log l WHERE l.size >
                 (SELECT COALESCE(MAX(c.size), 0) FROM ledger_checkpoint c WHERE c.program_id = l.program_id)";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "program_id")).collect()
}

/// Takes the program's log for this transaction, after whoever has it now, and tells its length.
///
/// # Errors
/// [`DbErr`].
pub async fn lock(conn: &impl Conn, program_id: Uuid) -> Result<u64, DbErr> {
    let backend = conn.get_database_backend();
    let make = "INSERT INTO ledger_log (program_id) VALUES ($1) ON CONFLICT DO NOTHING";
    conn.execute_raw(Statement::from_sql_and_values(backend, make, [program_id.into()])).await?;
    // An update locks the row on PostgreSQL and is no more than a read within SQLite's one writer.
    let sql = "UPDATE ledger_log SET size = size WHERE program_id = $1 RETURNING size";
    let row = conn.query_one_raw(Statement::from_sql_and_values(backend, sql, [program_id.into()])).await?;
    up(row.ok_or_else(|| DbErr::RecordNotFound("ledger_log".into()))?.try_get("", "size")?)
}

/// Notes the new length.
///
/// # Errors
/// [`DbErr`].
pub async fn grow(conn: &impl Conn, program_id: Uuid, size: u64) -> Result<(), DbErr> {
    let sql = "UPDATE ledger_log SET size = $2 WHERE program_id = $1";
    let values = [program_id.into(), i64::try_from(size).unwrap_or(i64::MAX).into()];
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// The program's length; 0 where nothing was ever sealed.
///
/// # Errors
/// [`DbErr`].
pub async fn size(conn: &impl Conn, program_id: Uuid) -> Result<u64, DbErr> {
    let sql = "SELECT size FROM ledger_log WHERE program_id = $1";
    let row = conn
        .query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [program_id.into()]))
        .await?;
    row.map_or(Ok(0), |row| up(row.try_get("", "size")?))
}

/// The programs that have locks and no entry: their ledger is younger than their facts.
///
/// # Errors
/// [`DbErr`].
pub async fn unopened(conn: &impl Conn) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT p.id FROM program p
               WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.program_id = p.id)
                 AND EXISTS (SELECT 1 FROM deal d WHERE d.program_id = p.id AND d.locked_at IS NOT NULL)";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}
