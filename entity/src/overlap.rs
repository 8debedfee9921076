//! Which partners are recorded on accounts. As measures, these are program-wide (ruling 1): the callers decide who is listed. The
//! largest open deal of an account is no measure, and of the slice.

use crate::scope;
use crate::store::{Conn, DbErr};
use domain::overlap::Overlap;
use domain::slice::Slice;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect, Statement, Value};
use std::collections::HashMap;
use uuid::Uuid;

fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

/// The partners of each of these accounts, each as near as it is recorded: the account is its own, or it was at work there by an
/// attribution that is not late, or by an activity that is no note.
///
/// # Errors
/// [`DbErr`].
pub async fn of_accounts(
    conn: &impl Conn,
    slice: &Slice,
    accounts: &[Uuid],
) -> Result<HashMap<Uuid, HashMap<Uuid, Overlap>>, DbErr> {
    let mut found: HashMap<Uuid, HashMap<Uuid, Overlap>> = HashMap::new();
    if accounts.is_empty() {
        return Ok(found);
    }
    let list = places(2, accounts.len());
    let sql = format!(
        "SELECT account_id, partner_id, 1 AS is_own FROM account_partner WHERE program_id = $1 AND account_id IN ({list})
         UNION SELECT d.account_id, a.partner_id, 0
           FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
           WHERE d.program_id = $1 AND d.account_id IN ({list}) AND NOT a.is_late
         UNION SELECT d.account_id, v.partner_id, 0
           FROM deal d JOIN activity v ON v.program_id = d.program_id AND v.deal_id = d.id
           WHERE d.program_id = $1 AND d.account_id IN ({list}) AND v.partner_id IS NOT NULL AND v.kind <> 'NOTE'
         UNION SELECT v.account_id, v.partner_id, 0 FROM activity v
           WHERE v.program_id = $1 AND v.deal_id IS NULL AND v.account_id IN ({list}) AND v.partner_id IS NOT NULL AND v.kind <> 'NOTE'"
    );
    let values: Vec<Value> =
        std::iter::once(slice.program_id().into()).chain(accounts.iter().map(|id| (*id).into())).collect();
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), &sql, values)).await?;
    for row in &rows {
        let (account, partner): (Uuid, Uuid) = (row.try_get("", "account_id")?, row.try_get("", "partner_id")?);
        let overlap = if row.try_get::<i32>("", "is_own")? == 1 { Overlap::Customer } else { Overlap::Touched };
        let nearest = found.entry(account).or_default().entry(partner).or_insert(overlap);
        *nearest = overlap.max(*nearest);
    }
    Ok(found)
}

/// Whether anybody has recorded a partner on any account of the program: without that, no overlap is unknown and not nothing.
///
/// # Errors
/// [`DbErr`].
pub async fn is_recorded(conn: &impl Conn, slice: &Slice) -> Result<bool, DbErr> {
    let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM account_partner WHERE program_id = $1)
                 OR EXISTS (SELECT 1 FROM activity WHERE program_id = $1 AND partner_id IS NOT NULL AND kind <> 'NOTE')
                 OR EXISTS (SELECT 1 FROM attribution WHERE program_id = $1 AND NOT is_late) THEN 1 ELSE 0 END AS is_recorded";
    let values = [slice.program_id().into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    row.map_or(Ok(false), |row| row.try_get::<i32>("", "is_recorded").map(|is| is == 1))
}

/// How many accounts belong to each partner.
///
/// # Errors
/// [`DbErr`].
pub async fn customers(conn: &impl Conn, slice: &Slice) -> Result<HashMap<Uuid, u64>, DbErr> {
    let sql = "SELECT partner_id, COUNT(*) AS accounts FROM account_partner WHERE program_id = $1 GROUP BY partner_id";
    counted(conn, sql, [slice.program_id().into()], "partner_id", "accounts", |count| {
        u64::try_from(count).unwrap_or_default()
    })
    .await
}

/// The ARR of the largest open deal of each of these accounts, of the deals of the slice, in minor units; those without a known one
/// are not there. It is no measure: it tells the size of one deal, so a deal that is not seen must not be in it.
///
/// # Errors
/// [`DbErr`].
pub async fn largest_open(conn: &impl Conn, slice: &Slice, accounts: &[Uuid]) -> Result<HashMap<Uuid, i64>, DbErr> {
    use crate::deal::{Column, Entity};
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let open = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::AccountId.is_in(accounts.iter().copied()))
        .filter(Column::Outcome.eq("OPEN"))
        .filter(Column::ArrMinor.is_not_null())
        .filter(scope::deals(slice));
    let largest = open.select_only().column(Column::AccountId).column_as(Column::ArrMinor.max(), "arr_minor");
    let rows: Vec<(Uuid, i64)> = largest.group_by(Column::AccountId).into_tuple().all(conn).await?;
    Ok(rows.into_iter().collect())
}

async fn counted<T>(
    conn: &impl Conn,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
    key: &str,
    column: &str,
    of: impl Fn(i64) -> T,
) -> Result<HashMap<Uuid, T>, DbErr> {
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let read = |row: &QueryResult| Ok((row.try_get("", key)?, of(row.try_get::<i64>("", column)?)));
    rows.iter().map(read).collect()
}
