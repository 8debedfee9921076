//! Closed deals as the cells count them, streamed quarter by quarter: for `partnerloop check` and nothing on the read path.

use crate::column::read;
use crate::store::{Conn, DbErr, Tx};
use chrono::NaiveDate;
use domain::attribution::{Declaration, Provenance};
use domain::calendar::Quarter;
use domain::cell::Credit;
use domain::deal::{DealKind, Outcome};
use domain::slice::Slice;
use futures_util::TryStreamExt;
use sea_orm::{QueryResult, Statement, StreamTrait};
use uuid::Uuid;

/// A deal of a quarter with what was attributed on it.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the CRM.
    pub external_id: Option<String>,
    /// What was sold.
    pub kind: DealKind,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it ever reached Stage 1.
    pub has_reached_stage_one: bool,
    /// The local day it was opened.
    pub opened_on: NaiveDate,
    /// The local day it was closed.
    pub closed_on: Option<NaiveDate>,
    /// The segment it had at Stage 1.
    pub segment_id: Option<Uuid>,
    /// How its attribution was declared.
    pub declaration: Declaration,
    /// Where its attribution came from.
    pub provenance: Provenance,
    /// ARR, where known.
    pub arr_minor: Option<i64>,
    /// Contract value, where known.
    pub tcv_minor: Option<i64>,
    /// Days from opening to close.
    pub cycle_days: Option<i64>,
    /// Its attributions.
    pub credits: Vec<Credit>,
}

/// Every quarter that has a closed deal or a cell, in order.
///
/// # Errors
/// [`DbErr`].
pub async fn quarters(conn: &impl Conn, slice: &Slice) -> Result<Vec<Quarter>, DbErr> {
    let sql = "SELECT closed_quarter AS quarter FROM deal WHERE program_id = $1 AND closed_quarter IS NOT NULL
               UNION SELECT quarter FROM cell WHERE program_id = $1 ORDER BY quarter";
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [slice.program_id().into()]))
        .await?;
    rows.iter().map(|row| row.try_get("", "quarter").map(Quarter::from_index)).collect()
}

/// Hands each deal of the quarter to `each`; memory does not grow with their number.
///
/// # Errors
/// [`DbErr`].
pub async fn closed_in(tx: &Tx, slice: &Slice, quarter: Quarter, mut each: impl FnMut(&Closed)) -> Result<(), DbErr> {
    let sql = "SELECT d.id, d.external_id, d.kind, d.outcome, d.has_reached_stage_one, d.opened_on, d.closed_on, d.segment_id,
                 d.declaration, d.provenance, d.arr_minor, d.tcv_minor, d.cycle_days, a.partner_id, a.state, a.is_late
               FROM deal d LEFT JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
               WHERE d.program_id = $1 AND d.closed_quarter = $2 ORDER BY d.id";
    let values = [slice.program_id().into(), quarter.index().into()];
    let mut rows = tx.stream_raw(Statement::from_sql_and_values(Conn::get_database_backend(tx), sql, values)).await?;
    let mut present: Option<Closed> = None;
    while let Some(row) = rows.try_next().await? {
        let id: Uuid = row.try_get("", "id")?;
        if present.as_ref().is_none_or(|deal| deal.id != id)
            && let Some(done) = present.replace(read_deal(&row, id)?)
        {
            each(&done);
        }
        if let (Some(deal), Some(partner_id)) = (&mut present, row.try_get::<Option<Uuid>>("", "partner_id")?) {
            let state = read("attribution.state", &row.try_get::<String>("", "state")?)?;
            deal.credits.push(Credit { partner_id, state, is_late: row.try_get("", "is_late")? });
        }
    }
    if let Some(last) = present {
        each(&last);
    }
    Ok(())
}

fn read_deal(row: &QueryResult, id: Uuid) -> Result<Closed, DbErr> {
    let word = |column: &str| row.try_get::<String>("", column);
    Ok(Closed {
        id,
        external_id: row.try_get("", "external_id")?,
        kind: read("deal.kind", &word("kind")?)?,
        outcome: read("deal.outcome", &word("outcome")?)?,
        has_reached_stage_one: row.try_get("", "has_reached_stage_one")?,
        opened_on: row.try_get("", "opened_on")?,
        closed_on: row.try_get("", "closed_on")?,
        segment_id: row.try_get("", "segment_id")?,
        declaration: read("deal.declaration", &word("declaration")?)?,
        provenance: read("deal.provenance", &word("provenance")?)?,
        arr_minor: row.try_get("", "arr_minor")?,
        tcv_minor: row.try_get("", "tcv_minor")?,
        cycle_days: row.try_get("", "cycle_days")?,
        credits: Vec::new(),
    })
}
