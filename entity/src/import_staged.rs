//! Rows of an import that were judged and are set aside until all of them are written in one transaction.

use crate::column::{one_of, read, word};
use crate::store::{Conn, DbErr};
use domain::import::Verdict;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `import_staged`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_staged")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    /// The record's number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_number: i64,
    /// The fact's id in its own system.
    pub external_id: String,
    /// The verdict so far.
    pub verdict: String,
    /// The fact, as JSON.
    pub payload: String,
    /// The record's text; empty where nothing can be held any more.
    pub raw: String,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A row set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The record's number.
    pub row_number: u64,
    /// The fact's id in its own system.
    pub external_id: String,
    /// The verdict so far.
    pub verdict: Verdict,
    /// The fact, as JSON.
    pub payload: String,
    /// The record's text.
    pub raw: String,
}

impl TryFrom<Model> for Staged {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            row_number: u64::try_from(row.row_number).unwrap_or(0),
            external_id: row.external_id,
            verdict: read("import_staged.verdict", &row.verdict)?,
            payload: row.payload,
            raw: row.raw,
        })
    }
}

/// Sets rows aside.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, run_id: Uuid, rows: Vec<Staged>) -> Result<(), DbErr> {
    let models = rows.into_iter().map(|it| ActiveModel {
        program_id: Set(slice.program_id()),
        run_id: Set(run_id),
        row_number: Set(i64::try_from(it.row_number).unwrap_or(i64::MAX)),
        external_id: Set(it.external_id),
        verdict: Set(word(it.verdict)),
        payload: Set(it.payload),
        raw: Set(it.raw),
    });
    crate::bulk::write(conn, models.collect(), &[]).await
}

/// Which of these external ids are set aside already, with their rows.
///
/// # Errors
/// [`DbErr`].
pub async fn known(
    conn: &impl Conn,
    slice: &Slice,
    run_id: Uuid,
    external_ids: &[&str],
) -> Result<Vec<(String, u64)>, DbErr> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .columns([Column::ExternalId, Column::RowNumber])
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .filter(one_of(conn, Column::ExternalId, external_ids))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, row)| (id, u64::try_from(row).unwrap_or(0))).collect())
}

/// Gives up rows that were set aside.
///
/// # Errors
/// [`DbErr`].
pub async fn forget(conn: &impl Conn, slice: &Slice, run_id: Uuid, row_numbers: &[u64]) -> Result<(), DbErr> {
    let rows: Vec<i64> = row_numbers.iter().map(|row| i64::try_from(*row).unwrap_or(i64::MAX)).collect();
    Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .filter(one_of(conn, Column::RowNumber, &rows))
        .exec(conn)
        .await?;
    Ok(())
}

/// The next rows behind a row.
///
/// # Errors
/// [`DbErr`].
pub async fn after(
    conn: &impl Conn,
    slice: &Slice,
    run_id: Uuid,
    row_number: u64,
    most: u64,
) -> Result<Vec<Staged>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .filter(Column::RowNumber.gt(i64::try_from(row_number).unwrap_or(i64::MAX)))
        .order_by_asc(Column::RowNumber)
        .limit(most)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Gives up everything a run set aside.
///
/// # Errors
/// [`DbErr`].
pub async fn purge(conn: &impl Conn, slice: &Slice, run_id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Tells PostgreSQL's planner how the table has grown: a plan that was made for a few rows reads all of them, batch after batch.
///
/// # Errors
/// [`DbErr`].
pub async fn analyze(conn: &impl Conn) -> Result<(), DbErr> {
    if !crate::store::is_sqlite(conn) {
        conn.execute_unprepared("ANALYZE import_staged").await?;
    }
    Ok(())
}
