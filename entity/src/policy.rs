//! Policies, version by version.

use crate::store::{Conn, DbErr};
use chrono::NaiveDate;
use domain::policy::Policy;
use domain::slice::Slice;
use sea_orm::Statement;

/// The policy that holds on a day: the latest version that is active by then, and the defaults as version 1 where a program
/// never set any.
///
/// # Errors
/// [`DbErr`], also when a row holds what this version does not know.
pub async fn on(conn: &impl Conn, slice: &Slice, day: NaiveDate) -> Result<Policy, DbErr> {
    let sql =
        "SELECT version, body FROM policy WHERE program_id = $1 AND active_from <= $2 ORDER BY version DESC LIMIT 1";
    let values = [slice.program_id().into(), day.into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let Some(row) = row else { return Ok(Policy::default()) };
    Policy::from_json(row.try_get("", "version")?, &row.try_get::<String>("", "body")?)
        .map_err(|why| DbErr::Type(why.to_string()))
}
