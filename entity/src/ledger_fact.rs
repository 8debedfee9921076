//! Facts as the ledger's entries state them: read when an entry is written, and again by `partnerloop check`.

use crate::column::read;
use crate::store::{Conn, DbErr, Tx};
use domain::attribution::Attribution;
use domain::ledger::{BasisFact, DealFact};
use domain::slice::Slice;
use futures_util::TryStreamExt;
use sea_orm::entity::prelude::DateTimeUtc;
use sea_orm::{QueryResult, Statement, StreamTrait, Value};
use uuid::Uuid;

fn statement(conn: &impl Conn, slice: &Slice, condition: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    let sql = format!(
        "SELECT d.id, d.declaration, d.provenance, d.locked_at, d.segment_id, d.version, a.id AS credit_id, a.partner_id, a.state, a.is_late,
           a.provenance AS credit_provenance, a.evidence, a.basis_id, a.locked_at AS credit_locked_at, a.recorded_at,
           b.kind AS basis_kind, b.partner_id AS basis_partner_id, b.happened_at AS basis_happened_at
         FROM deal d LEFT JOIN attribution a ON a.program_id = d.program_id AND a.deal_id = d.id
         LEFT JOIN activity b ON b.program_id = a.program_id AND b.id = a.basis_id
         WHERE d.program_id = $1 AND {condition} ORDER BY d.id"
    );
    let values = std::iter::once(slice.program_id().into()).chain(values);
    Statement::from_sql_and_values(conn.get_database_backend(), sql, values)
}

/// What a partner did for a deal, and the activity that it rests on.
type Credit = (Attribution, Option<BasisFact>);

/// The deal of a row, and what a partner did for it.
fn parse(row: &QueryResult) -> Result<(Uuid, DealFact, Option<Credit>), DbErr> {
    let word = |column: &str| row.try_get::<String>("", column);
    let deal_id = row.try_get("", "id")?;
    let fact = DealFact::new(
        read("deal.declaration", &word("declaration")?)?,
        read("deal.provenance", &word("provenance")?)?,
        row.try_get("", "locked_at")?,
        row.try_get("", "segment_id")?,
        row.try_get("", "version")?,
    );
    let Some(id) = row.try_get::<Option<Uuid>>("", "credit_id")? else { return Ok((deal_id, fact, None)) };
    let attribution = Attribution {
        id,
        deal_id,
        partner_id: row.try_get("", "partner_id")?,
        state: read("attribution.state", &word("state")?)?,
        is_late: row.try_get("", "is_late")?,
        provenance: read("attribution.provenance", &word("credit_provenance")?)?,
        evidence: row.try_get("", "evidence")?,
        basis_id: row.try_get("", "basis_id")?,
        locked_at: row.try_get("", "credit_locked_at")?,
        recorded_at: row.try_get("", "recorded_at")?,
    };
    let basis = match row.try_get::<Option<String>>("", "basis_kind")? {
        Some(kind) => Some(BasisFact::new(
            read("activity.kind", &kind)?,
            row.try_get("", "basis_partner_id")?,
            row.try_get("", "basis_happened_at")?,
        )),
        None => None,
    };
    Ok((deal_id, fact, Some((attribution, basis))))
}

/// The facts of these deals, by id.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<Vec<(Uuid, DealFact)>, DbErr> {
    let mut facts: Vec<(Uuid, DealFact)> = Vec::new();
    for deals in crate::import_bulk::pieces(deals) {
        let places: Vec<String> = (0..deals.len()).map(|at| format!("${}", at + 2)).collect();
        let condition = format!("d.id IN ({})", places.join(", "));
        let values = deals.iter().map(|id| Value::from(*id));
        for row in conn.query_all_raw(statement(conn, slice, &condition, values)).await? {
            let (id, fact, attribution) = parse(&row)?;
            if facts.last().is_none_or(|(last, _)| *last != id) {
                facts.push((id, fact));
            }
            if let (Some((_, fact)), Some((attribution, basis))) = (facts.last_mut(), attribution) {
                fact.push(attribution, basis);
            }
        }
    }
    Ok(facts)
}

/// A group of locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// By an import, at this instant.
    ImportedAt(DateTimeUtc),
    /// By anything, at this instant or before.
    Until(DateTimeUtc),
}

/// Hands over each deal of the group with its fact, by id; memory does not grow with their number.
///
/// # Errors
/// [`DbErr`].
pub async fn locked(tx: &Tx, slice: &Slice, which: Locked, mut each: impl FnMut(Uuid, &DealFact)) -> Result<(), DbErr> {
    let (condition, at) = match which {
        Locked::ImportedAt(at) => ("d.locked_at = $2 AND d.provenance = 'IMPORTED'", at),
        Locked::Until(at) => ("d.locked_at <= $2", at),
    };
    let mut rows = tx.stream_raw(statement(tx, slice, condition, [at.into()])).await?;
    let mut present: Option<(Uuid, DealFact)> = None;
    while let Some(row) = rows.try_next().await? {
        let (id, fact, attribution) = parse(&row)?;
        if present.as_ref().is_none_or(|(last, _)| *last != id)
            && let Some((done, fact)) = present.replace((id, fact))
        {
            each(done, &fact);
        }
        if let (Some((_, fact)), Some((attribution, basis))) = (&mut present, attribution) {
            fact.push(attribution, basis);
        }
    }
    if let Some((last, fact)) = present {
        each(last, &fact);
    }
    Ok(())
}

/// Hands over each locked deal that no entry is about: when it was locked, and whether by an import.
///
/// # Errors
/// [`DbErr`].
pub async fn unstated(tx: &Tx, slice: &Slice, mut each: impl FnMut(Uuid, DateTimeUtc, bool)) -> Result<(), DbErr> {
    let sql = "SELECT d.id, d.locked_at, d.provenance = 'IMPORTED' AS is_imported FROM deal d
               WHERE d.program_id = $1 AND d.locked_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_entry e
                 WHERE e.program_id = d.program_id AND e.subject_id = d.id AND e.subject_type = 'Deal') ORDER BY d.id";
    let values = [slice.program_id().into()];
    let mut rows = tx.stream_raw(Statement::from_sql_and_values(Conn::get_database_backend(tx), sql, values)).await?;
    while let Some(row) = rows.try_next().await? {
        each(row.try_get("", "id")?, row.try_get("", "locked_at")?, row.try_get("", "is_imported")?);
    }
    Ok(())
}

/// Hands over each row of a table that no entry is about, and that came to be after the ledger was opened. The names of table and
/// column are the code's own, never a caller's.
///
/// # Errors
/// [`DbErr`].
pub async fn rows_unstated(
    tx: &Tx,
    slice: &Slice,
    (subject_type, table, since): (&'static str, &'static str, &'static str),
    opened: Option<DateTimeUtc>,
    mut each: impl FnMut(Uuid),
) -> Result<(), DbErr> {
    // What a program begins with, version 1 of its policy, stands before any entry.
    let begins = if table == "policy" { " AND t.version > 1" } else { "" };
    let sql = format!(
        "SELECT t.id FROM {table} t WHERE t.program_id = $1{begins} AND t.{since} > $3 AND NOT EXISTS (SELECT 1 FROM ledger_entry e
           WHERE e.program_id = t.program_id AND e.subject_id = t.id AND e.subject_type = $2) ORDER BY t.id"
    );
    let values = [slice.program_id().into(), subject_type.into(), opened.unwrap_or(DateTimeUtc::UNIX_EPOCH).into()];
    let mut rows = tx.stream_raw(Statement::from_sql_and_values(Conn::get_database_backend(tx), sql, values)).await?;
    while let Some(row) = rows.try_next().await? {
        each(row.try_get("", "id")?);
    }
    Ok(())
}
