//! What partners did on deals beside how the deals ended, duplicates among what was imported, and what feeds what: program-wide,
//! read live.

use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::calendar::Window;
use domain::economics::Worth;
use domain::motion::{Duplicate, DuplicateKind, MotionTally};
use domain::slice::Slice;
use sea_orm::{QueryResult, Statement, Value};
use uuid::Uuid;

async fn rows(conn: &impl Conn, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
    conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await
}

fn count(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    Ok(u64::try_from(row.try_get::<i64>("", column)?).unwrap_or_default())
}

/// Closed NEW deals with partners by what partners are recorded to have done on them; a deal is in every motion that it had.
///
/// # Errors
/// [`DbErr`].
pub async fn motions(conn: &impl Conn, slice: &Slice, window: Window) -> Result<Vec<MotionTally>, DbErr> {
    let sql = "SELECT motion, COUNT(CASE WHEN outcome = 'WON' THEN 1 END) AS won, COUNT(CASE WHEN outcome = 'LOST' THEN 1 END) AS lost,
        CAST(COALESCE(SUM(CASE WHEN outcome = 'WON' THEN arr_minor END), 0) AS bigint) AS arr_minor,
        COUNT(CASE WHEN outcome = 'WON' THEN arr_minor END) AS known
      FROM (
        SELECT DISTINCT d.id, d.outcome, d.arr_minor,
          CASE WHEN a.id IS NULL THEN 'NOTHING_RECORDED' WHEN a.is_joint_meeting THEN 'JOINT_MEETING' ELSE a.kind END AS motion
        FROM deal d LEFT JOIN activity a ON a.program_id = d.program_id AND a.deal_id = d.id AND a.partner_id IS NOT NULL
        WHERE d.program_id = $1 AND d.kind = 'NEW' AND d.outcome IN ('WON', 'LOST') AND d.has_reached_stage_one
          AND d.declaration = 'PARTNERS' AND d.closed_quarter BETWEEN $2 AND $3
      ) worked GROUP BY motion ORDER BY motion";
    let values = vec![slice.program_id().into(), window.from.index().into(), window.to.index().into()];
    let tally = |row: &QueryResult| -> Result<MotionTally, DbErr> {
        let won = count(row, "won")?;
        let arr_minor: i64 = row.try_get("", "arr_minor")?;
        Ok(MotionTally {
            motion: row.try_get("", "motion")?,
            lost: count(row, "lost")?,
            won: Worth { deals: won, arr_minor: arr_minor.into(), without_arr: won - count(row, "known")? },
        })
    };
    rows(conn, sql, values).await?.iter().map(tally).collect()
}

/// The most groups of duplicates that are listed.
const DUPLICATES_MOST: u64 = 200;

/// Rows that look like one and the same thing: the largest groups first.
///
/// # Errors
/// [`DbErr`].
pub async fn duplicates(conn: &impl Conn, slice: &Slice, kind: DuplicateKind) -> Result<Vec<Duplicate>, DbErr> {
    let (table, column, more) = match kind {
        DuplicateKind::AccountDomain => ("account", "registrable_domain", ""),
        DuplicateKind::PartnerDomain => ("partner", "registrable_domain", ""),
        DuplicateKind::PartnerName => ("partner", "name_key", ""),
        DuplicateKind::DealRegistration => ("deal", "deal_reg_id", ""),
        // A customer buys more than once; two open deals of one name on one account are one.
        DuplicateKind::OpenDeal => ("deal", "name", " AND t.outcome = 'OPEN' AND t.account_id IS NOT NULL"),
    };
    let beside = if kind == DuplicateKind::OpenDeal { ", t.account_id" } else { "" };
    let groups = format!(
        "SELECT t.{column} AS what{beside}, COUNT(*) AS rows_found FROM {table} t
         WHERE t.program_id = $1 AND t.{column} IS NOT NULL{more}
         GROUP BY t.{column}{beside} HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, t.{column} LIMIT {DUPLICATES_MOST}"
    );
    let mut found = Vec::new();
    for row in &rows(conn, &groups, vec![slice.program_id().into()]).await? {
        let what: String = row.try_get("", "what")?;
        let mut values: Vec<Value> = vec![slice.program_id().into(), what.clone().into()];
        let mut and = more.to_owned();
        if kind == DuplicateKind::OpenDeal {
            values.push(row.try_get::<Uuid>("", "account_id")?.into());
            and.push_str(" AND t.account_id = $3");
        }
        let ids = format!(
            "SELECT t.id FROM {table} t WHERE t.program_id = $1 AND t.{column} = $2{and} ORDER BY t.id LIMIT 20"
        );
        let ids = rows(conn, &ids, values).await?;
        found.push(Duplicate {
            kind,
            what,
            rows: count(row, "rows_found")?,
            ids: ids.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?,
        });
    }
    Ok(found)
}

/// One kind of fact out of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inflow {
    /// The system, case-folded.
    pub system: String,
    /// The kind, as `partnerloop import` names it.
    pub object: &'static str,
    /// How many rows of ours it knows: by its ids, or for activities by their source.
    pub rows: u64,
    /// When one of its ids or activities was last recorded.
    pub latest_at: Option<DateTime<Utc>>,
}

/// What comes in from which system.
///
/// # Errors
/// [`DbErr`].
pub async fn inflows(conn: &impl Conn, slice: &Slice) -> Result<Vec<Inflow>, DbErr> {
    let mut found = Vec::new();
    for (object, sql) in [
        (
            "deals",
            "SELECT system, COUNT(DISTINCT deal_id) AS rows_known, MAX(recorded_at) AS latest_at FROM external_ref WHERE program_id = $1 AND deal_id IS NOT NULL GROUP BY system ORDER BY system",
        ),
        (
            "accounts",
            "SELECT system, COUNT(DISTINCT account_id) AS rows_known, MAX(recorded_at) AS latest_at FROM external_ref WHERE program_id = $1 AND account_id IS NOT NULL GROUP BY system ORDER BY system",
        ),
        (
            "partners",
            "SELECT system, COUNT(DISTINCT partner_id) AS rows_known, MAX(recorded_at) AS latest_at FROM external_ref WHERE program_id = $1 AND partner_id IS NOT NULL GROUP BY system ORDER BY system",
        ),
        (
            "activities",
            "SELECT source_system AS system, COUNT(*) AS rows_known, MAX(recorded_at) AS latest_at FROM activity WHERE program_id = $1 GROUP BY source_system ORDER BY source_system",
        ),
    ] {
        for row in &rows(conn, sql, vec![slice.program_id().into()]).await? {
            let system: String = row.try_get("", "system")?;
            let (rows, latest_at) = (count(row, "rows_known")?, crate::quality::instant(row, "latest_at")?);
            found.push(Inflow { system: system.to_lowercase(), object, rows, latest_at });
        }
    }
    Ok(found)
}
