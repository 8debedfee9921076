//! Counts of how good the facts are, and what feeds them: program-wide, read live.

use crate::column::read;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::{Quarter, Window};
use domain::economics::Worth;
use domain::slice::Slice;
use sea_orm::{QueryResult, Statement};
use uuid::Uuid;

/// How many deals lack what a measure needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// All deals.
    pub deals: u64,
    /// Won or lost.
    pub closed: u64,
    /// Of the closed, attribution unknown: left out of Trust-Gap on both sides.
    pub closed_unknown: u64,
    /// Of the closed, without a segment: in no Trust-Gap of a segment.
    pub closed_without_segment: u64,
    /// Of the closed, without an account.
    pub closed_without_account: u64,
    /// Of the closed, never reached Stage 1: in no measure.
    pub closed_before_stage_one: u64,
    /// Of the closed, declared direct: the baseline of Trust-Gap.
    pub closed_direct: u64,
    /// Of the closed, with partners.
    pub closed_with_partners: u64,
    /// Of the closed, imported and not declared here.
    pub closed_imported: u64,
    /// Won.
    pub won: u64,
    /// Of the won, without ARR: in no size and no Yield.
    pub won_without_arr: u64,
    /// Open deals whose attribution nobody declared.
    pub open_undeclared: u64,
    /// The first quarter with a closed deal.
    pub first_quarter: Option<Quarter>,
    /// The last quarter with a closed deal.
    pub last_quarter: Option<Quarter>,
}

async fn rows(conn: &impl Conn, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<QueryResult>, DbErr> {
    conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await
}

fn count(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    Ok(u64::try_from(row.try_get::<i64>("", column)?).unwrap_or_default())
}

/// Counts.
///
/// # Errors
/// [`DbErr`].
pub async fn quality(conn: &impl Conn, slice: &Slice) -> Result<Quality, DbErr> {
    let sql = "SELECT COUNT(*) AS deals,
        COUNT(CASE WHEN closed THEN 1 END) AS closed,
        COUNT(CASE WHEN closed AND declaration = 'UNKNOWN' THEN 1 END) AS closed_unknown,
        COUNT(CASE WHEN closed AND segment_id IS NULL THEN 1 END) AS closed_without_segment,
        COUNT(CASE WHEN closed AND account_id IS NULL THEN 1 END) AS closed_without_account,
        COUNT(CASE WHEN closed AND NOT has_reached_stage_one THEN 1 END) AS closed_before_stage_one,
        COUNT(CASE WHEN closed AND declaration = 'DIRECT' THEN 1 END) AS closed_direct,
        COUNT(CASE WHEN closed AND declaration = 'PARTNERS' THEN 1 END) AS closed_with_partners,
        COUNT(CASE WHEN closed AND provenance = 'IMPORTED' THEN 1 END) AS closed_imported,
        COUNT(CASE WHEN outcome = 'WON' THEN 1 END) AS won,
        COUNT(CASE WHEN outcome = 'WON' AND arr_minor IS NULL THEN 1 END) AS won_without_arr,
        COUNT(CASE WHEN outcome = 'OPEN' AND declaration = 'UNKNOWN' THEN 1 END) AS open_undeclared,
        MIN(CASE WHEN closed THEN closed_quarter END) AS first_quarter, MAX(CASE WHEN closed THEN closed_quarter END) AS last_quarter
      FROM (SELECT d.*, d.outcome IN ('WON', 'LOST') AS closed FROM deal d WHERE d.program_id = $1) facts";
    let found = rows(conn, sql, vec![slice.program_id().into()]).await?;
    let Some(row) = found.first() else { return Ok(Quality::default()) };
    Ok(Quality {
        deals: count(row, "deals")?,
        closed: count(row, "closed")?,
        closed_unknown: count(row, "closed_unknown")?,
        closed_without_segment: count(row, "closed_without_segment")?,
        closed_without_account: count(row, "closed_without_account")?,
        closed_before_stage_one: count(row, "closed_before_stage_one")?,
        closed_direct: count(row, "closed_direct")?,
        closed_with_partners: count(row, "closed_with_partners")?,
        closed_imported: count(row, "closed_imported")?,
        won: count(row, "won")?,
        won_without_arr: count(row, "won_without_arr")?,
        open_undeclared: count(row, "open_undeclared")?,
        first_quarter: row.try_get::<Option<i32>>("", "first_quarter")?.map(Quarter::from_index),
        last_quarter: row.try_get::<Option<i32>>("", "last_quarter")?.map(Quarter::from_index),
    })
}

/// How many NEW deals that reached Stage 1 were opened before a day and are still open: nobody says whether they were won or lost. As a measure, it is
/// program-wide.
///
/// # Errors
/// [`DbErr`].
pub async fn undecided(conn: &impl Conn, slice: &Slice, before: NaiveDate) -> Result<u64, DbErr> {
    let sql = "SELECT COUNT(*) AS deals FROM deal
      WHERE program_id = $1 AND outcome = 'OPEN' AND kind = 'NEW' AND has_reached_stage_one AND opened_on < $2";
    let found = rows(conn, sql, vec![slice.program_id().into(), before.into()]).await?;
    found.first().map_or(Ok(0), |row| count(row, "deals"))
}

/// Activities with a partner from an instant on and before another, notes aside: how many, and how many of them do not say who was there
/// or are a joint meeting without a next step. As a measure, it is program-wide.
///
/// # Errors
/// [`DbErr`].
pub async fn logged(
    conn: &impl Conn,
    slice: &Slice,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(u64, u64), DbErr> {
    let sql = "SELECT COUNT(*) AS activities,
        COUNT(CASE WHEN owner_functions = '[]' OR (is_joint_meeting AND next_step_on IS NULL) THEN 1 END) AS incomplete
      FROM activity WHERE program_id = $1 AND partner_id IS NOT NULL AND kind <> 'NOTE' AND happened_at >= $2 AND happened_at < $3";
    let found = rows(conn, sql, vec![slice.program_id().into(), from.into(), until.into()]).await?;
    let Some(row) = found.first() else { return Ok((0, 0)) };
    Ok((count(row, "activities")?, count(row, "incomplete")?))
}

/// How many attributions there are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributionCount {
    /// What the partner did.
    pub state: domain::attribution::AttributionState,
    /// Where it came from.
    pub provenance: domain::attribution::Provenance,
    /// Added after the lock.
    pub is_late: bool,
    /// Locked: nothing edits it.
    pub is_locked: bool,
    /// On how many deals.
    pub deals: u64,
}

/// Attributions by state, provenance, lateness and lock.
///
/// # Errors
/// [`DbErr`].
pub async fn attributions(conn: &impl Conn, slice: &Slice) -> Result<Vec<AttributionCount>, DbErr> {
    let sql = "SELECT state, provenance, is_late, is_locked, COUNT(DISTINCT deal_id) AS deals FROM (
          SELECT a.state, a.provenance, a.is_late, a.locked_at IS NOT NULL AS is_locked, a.deal_id
          FROM attribution a WHERE a.program_id = $1
        ) facts GROUP BY state, provenance, is_late, is_locked ORDER BY state, provenance, is_late, is_locked";
    let found = rows(conn, sql, vec![slice.program_id().into()]).await?;
    let read_row = |row: &QueryResult| {
        Ok(AttributionCount {
            state: read("attribution.state", &row.try_get::<String>("", "state")?)?,
            provenance: read("attribution.provenance", &row.try_get::<String>("", "provenance")?)?,
            is_late: row.try_get("", "is_late")?,
            is_locked: row.try_get("", "is_locked")?,
            deals: count(row, "deals")?,
        })
    };
    found.iter().map(read_row).collect()
}

/// Won ARR by whether the customer has ever had a deal with a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerRevenue {
    /// Customers with a deal that any partner is on.
    pub with_partners: (u64, Worth),
    /// All other customers.
    pub without_partners: (u64, Worth),
    /// Won deals on no known account.
    pub without_account: Worth,
}

/// Won ARR of a window by customer.
///
/// # Errors
/// [`DbErr`].
pub async fn customer_revenue(conn: &impl Conn, slice: &Slice, window: Window) -> Result<CustomerRevenue, DbErr> {
    let sql = "SELECT side, COUNT(DISTINCT account_id) AS customers, COUNT(*) AS deals,
        CAST(COALESCE(SUM(arr_minor), 0) AS bigint) AS arr_minor, COUNT(arr_minor) AS known
      FROM (
        SELECT d.account_id, d.arr_minor,
          CASE WHEN d.account_id IS NULL THEN 'NONE'
               WHEN EXISTS (SELECT 1 FROM deal o JOIN attribution a ON a.program_id = o.program_id AND a.deal_id = o.id
                            WHERE o.program_id = d.program_id AND o.account_id = d.account_id AND NOT a.is_late) THEN 'WITH' ELSE 'WITHOUT' END AS side
        FROM deal d WHERE d.program_id = $1 AND d.outcome = 'WON' AND d.closed_quarter BETWEEN $2 AND $3
      ) won GROUP BY side";
    let values = vec![slice.program_id().into(), window.from.index().into(), window.to.index().into()];
    let mut revenue = CustomerRevenue::default();
    for row in &rows(conn, sql, values).await? {
        let deals = count(row, "deals")?;
        let arr_minor: i64 = row.try_get("", "arr_minor")?;
        let worth = Worth { deals, arr_minor: arr_minor.into(), without_arr: deals - count(row, "known")? };
        match row.try_get::<String>("", "side")?.as_str() {
            "WITH" => revenue.with_partners = (count(row, "customers")?, worth),
            "WITHOUT" => revenue.without_partners = (count(row, "customers")?, worth),
            _ => revenue.without_account = worth,
        }
    }
    Ok(revenue)
}

/// One kind of fact: how many there are, and when they last came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The kind, as `partnerloop import` names it.
    pub object: &'static str,
    /// How many rows there are.
    pub rows: u64,
    /// When one was last recorded or changed.
    pub latest_at: Option<DateTime<Utc>>,
    /// The last import that was applied.
    pub import_id: Option<Uuid>,
    /// Its file.
    pub file_name: Option<String>,
    /// When it finished.
    pub imported_at: Option<DateTime<Utc>>,
}

/// Tables by the word of their import, and the column that says when a row last came in.
const INPUTS: [(&str, &str, &str); 5] = [
    ("deals", "deal", "updated_at"),
    ("accounts", "account", "recorded_at"),
    ("partners", "partner", "recorded_at"),
    ("spend", "spend_line", "recorded_at"),
    ("activities", "activity", "recorded_at"),
];

/// Every kind of fact with its source.
///
/// # Errors
/// [`DbErr`].
pub async fn inputs(conn: &impl Conn, slice: &Slice) -> Result<Vec<Input>, DbErr> {
    let program = slice.program_id();
    let mut inputs = Vec::with_capacity(INPUTS.len());
    for (object, table, column) in INPUTS {
        let sql = format!("SELECT COUNT(*) AS deals, MAX({column}) AS latest_at FROM {table} WHERE program_id = $1");
        let facts = rows(conn, &sql, vec![program.into()]).await?;
        let last = "SELECT id, file_name, finished_at FROM import_run WHERE program_id = $1 AND object = $2 AND state = 'DONE' AND NOT is_dry_run
                    ORDER BY started_at DESC, id DESC LIMIT 1";
        let imports = rows(conn, last, vec![program.into(), object.into()]).await?;
        let run = imports.first();
        let first = facts.first();
        inputs.push(Input {
            object,
            rows: first.map(|row| count(row, "deals")).transpose()?.unwrap_or_default(),
            latest_at: first.map(|row| instant(row, "latest_at")).transpose()?.flatten(),
            import_id: run.map(|row| row.try_get("", "id")).transpose()?,
            file_name: run.map(|row| row.try_get("", "file_name")).transpose()?,
            imported_at: run.map(|row| row.try_get::<Option<DateTime<Utc>>>("", "finished_at")).transpose()?.flatten(),
        });
    }
    Ok(inputs)
}

/// An aggregate has no declared type on SQLite, so that an instant comes back as the text it is stored as.
pub(crate) fn instant(row: &QueryResult, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
    match row.try_get::<Option<DateTime<Utc>>>("", column) {
        Ok(at) => Ok(at),
        Err(_) => row.try_get::<Option<String>>("", column)?.map(|text| read("latest_at", &text)).transpose(),
    }
}
