//! What Phase 2 asks of accounts, which no cell holds: the customers that a partner touches, the accounts that it sourced, and those
//! that it has in common with the vendor.
//! As measures, they are program-wide (ruling 1), and late amendments are left out (ruling 8).

use crate::store::{Conn, DbErr};
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::Window;
use domain::slice::Slice;
use domain::tam::ExpansionFacts;
use sea_orm::{QueryResult, Statement};
use std::collections::HashMap;
use uuid::Uuid;

/// A partner in a segment; none for accounts without one.
pub type Pair = (Uuid, Option<Uuid>);

/// A run of quarters as days and as instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The quarters.
    pub window: Window,
    /// The first local day.
    pub first_day: NaiveDate,
    /// The last local day.
    pub last_day: NaiveDate,
    /// When the first day begins.
    pub from: DateTime<Utc>,
    /// When the last day has ended.
    pub until: DateTime<Utc>,
}

/// The customers that each partner touches, by the segment they are in now, with what became of them in the span.
///
/// A customer is an account with a deal that was won by the end of the span. A partner touches it by an attribution on any of its
/// deals, or by a recorded touch in the span (a note is none).
///
/// # Errors
/// [`DbErr`].
pub async fn customers(conn: &impl Conn, slice: &Slice, span: &Span) -> Result<HashMap<Pair, ExpansionFacts>, DbErr> {
    let sql = "WITH touched AS (
         SELECT a.partner_id AS partner_id, d.account_id AS account_id
         FROM attribution a JOIN deal d ON d.program_id = a.program_id AND d.id = a.deal_id
         WHERE a.program_id = $1 AND NOT a.is_late AND d.account_id IS NOT NULL AND d.opened_on <= $3
         UNION
         SELECT v.partner_id, COALESCE(v.account_id, d.account_id)
         FROM activity v LEFT JOIN deal d ON d.program_id = v.program_id AND d.id = v.deal_id
         WHERE v.program_id = $1 AND v.partner_id IS NOT NULL AND v.kind <> 'NOTE' AND v.happened_at >= $4 AND v.happened_at < $5
           AND COALESCE(v.account_id, d.account_id) IS NOT NULL
       ), moved AS (
         SELECT d.account_id AS account_id,
           SUM(CASE WHEN d.outcome = 'WON' AND d.closed_on <= $3 THEN 1 ELSE 0 END) AS won_ever,
           SUM(CASE WHEN d.kind = 'EXPANSION' AND d.outcome <> 'DISQUALIFIED' AND d.opened_on <= $3
             AND (d.closed_on IS NULL OR d.closed_on >= $2) THEN 1 ELSE 0 END) AS expanding,
           SUM(CASE WHEN d.kind = 'EXPANSION' AND d.outcome = 'WON' AND d.has_reached_stage_one AND d.closed_on BETWEEN $2 AND $3
             AND d.arr_minor IS NOT NULL THEN 1 ELSE 0 END) AS won_deals,
           SUM(CASE WHEN d.kind = 'EXPANSION' AND d.outcome = 'WON' AND d.has_reached_stage_one AND d.closed_on BETWEEN $2 AND $3
             THEN COALESCE(d.arr_minor, 0) ELSE 0 END) AS won_arr_minor
         FROM deal d WHERE d.program_id = $1 AND d.account_id IS NOT NULL GROUP BY d.account_id
       )
       SELECT t.partner_id AS partner_id, c.segment_id AS segment_id, COUNT(*) AS touched,
         CAST(SUM(CASE WHEN m.expanding > 0 THEN 1 ELSE 0 END) AS bigint) AS expanding,
         CAST(SUM(m.won_deals) AS bigint) AS won_deals, CAST(SUM(m.won_arr_minor) AS bigint) AS won_arr_minor
       FROM touched t JOIN moved m ON m.account_id = t.account_id AND m.won_ever > 0
         JOIN account c ON c.program_id = $1 AND c.id = t.account_id
       GROUP BY t.partner_id, c.segment_id";
    let values =
        [slice.program_id().into(), span.first_day.into(), span.last_day.into(), span.from.into(), span.until.into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let read = |row: &QueryResult| {
        let facts = ExpansionFacts {
            touched_accounts: count(row, "touched")?,
            with_opportunity: count(row, "expanding")?,
            won_deals: count(row, "won_deals")?,
            won_arr_minor: row.try_get::<i64>("", "won_arr_minor")?.into(),
        };
        Ok((pair(row)?, facts))
    };
    rows.iter().map(read).collect()
}

/// How many accounts each partner sourced a NEW deal on that closed in the window, by the deal's segment.
///
/// # Errors
/// [`DbErr`].
pub async fn sourced_accounts(conn: &impl Conn, slice: &Slice, window: Window) -> Result<HashMap<Pair, u64>, DbErr> {
    let sql = "SELECT a.partner_id AS partner_id, d.segment_id AS segment_id, COUNT(DISTINCT d.account_id) AS accounts
       FROM deal d JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id AND a.state = 'SOURCED' AND NOT a.is_late
       WHERE d.program_id = $1 AND d.closed_quarter BETWEEN $2 AND $3 AND d.outcome IN ('WON', 'LOST') AND d.has_reached_stage_one
         AND d.kind = 'NEW' AND d.account_id IS NOT NULL
       GROUP BY a.partner_id, d.segment_id";
    let values = [slice.program_id().into(), window.from.index().into(), window.to.index().into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((pair(row)?, count(row, "accounts")?))).collect()
}

/// How many accounts each partner has in common with the vendor, by the segment they are in now: 0 where it is recorded on accounts
/// of the segment and the vendor is active on none of them; a segment in which it is recorded on no account is not there.
///
/// The vendor is active on an account with a deal that it won by the end of the span or had in motion during it (a disqualified one
/// is none), or with a recorded touch in the span. The partner is by an attribution on such a deal, by a touch of its own in the
/// span (a note is none), or because the account belongs to it or buys through it.
///
/// # Errors
/// [`DbErr`].
pub async fn overlap(conn: &impl Conn, slice: &Slice, span: &Span) -> Result<HashMap<Pair, u64>, DbErr> {
    let sql = "WITH own AS (
         SELECT d.id AS deal_id, d.account_id AS account_id FROM deal d
         WHERE d.program_id = $1 AND d.account_id IS NOT NULL AND d.outcome <> 'DISQUALIFIED' AND d.opened_on <= $3
           AND (d.outcome IN ('OPEN', 'WON') OR d.closed_on >= $2)
       ), touch AS (
         SELECT v.partner_id AS partner_id, COALESCE(v.account_id, d.account_id) AS account_id
         FROM activity v LEFT JOIN deal d ON d.program_id = v.program_id AND d.id = v.deal_id
         WHERE v.program_id = $1 AND v.kind <> 'NOTE' AND v.happened_at >= $4 AND v.happened_at < $5
       ), theirs AS (
         SELECT p.partner_id AS partner_id, p.account_id AS account_id FROM account_partner p WHERE p.program_id = $1
         UNION SELECT a.partner_id, o.account_id FROM attribution a JOIN own o ON o.deal_id = a.deal_id
           WHERE a.program_id = $1 AND NOT a.is_late
         UNION SELECT t.partner_id, t.account_id FROM touch t WHERE t.partner_id IS NOT NULL AND t.account_id IS NOT NULL
       ), ours AS (
         SELECT o.account_id AS account_id FROM own o UNION SELECT t.account_id FROM touch t WHERE t.account_id IS NOT NULL
       )
       SELECT t.partner_id AS partner_id, c.segment_id AS segment_id,
         CAST(SUM(CASE WHEN o.account_id IS NULL THEN 0 ELSE 1 END) AS bigint) AS accounts
       FROM theirs t JOIN account c ON c.program_id = $1 AND c.id = t.account_id LEFT JOIN ours o ON o.account_id = t.account_id
       GROUP BY t.partner_id, c.segment_id";
    let values =
        [slice.program_id().into(), span.first_day.into(), span.last_day.into(), span.from.into(), span.until.into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((pair(row)?, count(row, "accounts")?))).collect()
}

fn pair(row: &QueryResult) -> Result<Pair, DbErr> {
    Ok((row.try_get("", "partner_id")?, row.try_get("", "segment_id")?))
}

fn count(row: &QueryResult, column: &str) -> Result<u64, DbErr> {
    row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default())
}
