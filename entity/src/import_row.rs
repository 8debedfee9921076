//! Rows of an import that were not simply accepted.

use crate::column::{instant, read, word};
use crate::store::{Conn, DbErr};
use domain::import::Verdict;
use domain::import::decision::Decided;
use domain::import::run::ImportRow;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `import_row`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    /// The record's number; the header is 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_number: i64,
    /// The verdict.
    pub verdict: String,
    /// Why, as JSON.
    pub problems: String,
    /// The record's text.
    pub raw: String,
    /// What was decided about a held row.
    pub decision: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// By which seat.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for ImportRow {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            row_number: u64::try_from(row.row_number).unwrap_or(0),
            verdict: read("import_row.verdict", &row.verdict)?,
            problems: serde_json::from_str(&row.problems)
                .map_err(|_| DbErr::Type("column import_row.problems is not JSON".into()))?,
            raw: row.raw,
            decided: match (row.decision, row.decided_by, row.decided_at) {
                (Some(decision), Some(seat_id), Some(at)) => {
                    let decision = read("import_row.decision", &decision)?;
                    Some(Decided { decision, reason: row.reason.unwrap_or_default(), seat_id, at })
                }
                _ => None,
            },
        })
    }
}

/// Writes rows; one that is there already gets the newer verdict.
///
/// # Errors
/// [`DbErr`].
pub async fn upsert(conn: &impl Conn, slice: &Slice, run_id: Uuid, rows: &[ImportRow]) -> Result<(), DbErr> {
    for rows in crate::import_bulk::pieces(rows) {
        let models = rows.iter().map(|it| ActiveModel {
            program_id: Set(slice.program_id()),
            run_id: Set(run_id),
            row_number: Set(i64::try_from(it.row_number).unwrap_or(i64::MAX)),
            verdict: Set(word(it.verdict)),
            problems: Set(serde_json::to_string(&it.problems).unwrap_or_else(|_| "[]".into())),
            // PostgreSQL's text cannot hold NUL; the picture of it can be told apart.
            raw: Set(it.raw.replace('\0', "\u{2400}")),
            ..Default::default()
        });
        let conflict = OnConflict::columns([Column::ProgramId, Column::RunId, Column::RowNumber])
            .update_columns([Column::Verdict, Column::Problems, Column::Raw])
            .to_owned();
        Entity::insert_many(models).on_conflict(conflict).exec_without_returning(conn).await?;
    }
    Ok(())
}

fn within(slice: &Slice, run_id: Uuid, verdicts: &[Verdict]) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .filter(Column::Verdict.is_in(verdicts.iter().map(|verdict| word(*verdict))))
}

/// The next rows of a run with one of these verdicts, behind a row.
///
/// # Errors
/// [`DbErr`].
pub async fn after(
    conn: &impl Conn,
    slice: &Slice,
    run_id: Uuid,
    verdicts: &[Verdict],
    row_number: u64,
    most: u64,
) -> Result<Vec<ImportRow>, DbErr> {
    let rows = within(slice, run_id, verdicts)
        .filter(Column::RowNumber.gt(i64::try_from(row_number).unwrap_or(i64::MAX)))
        .order_by_asc(Column::RowNumber)
        .limit(most)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The rows of a run with one of these verdicts, before a row, latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn before(
    conn: &impl Conn,
    slice: &Slice,
    run_id: Uuid,
    verdicts: &[Verdict],
    row_number: u64,
    most: u64,
) -> Result<Vec<ImportRow>, DbErr> {
    let rows = within(slice, run_id, verdicts)
        .filter(Column::RowNumber.lt(i64::try_from(row_number).unwrap_or(i64::MAX)))
        .order_by_desc(Column::RowNumber)
        .limit(most)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One row.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, run_id: Uuid, row_number: u64) -> Result<Option<ImportRow>, DbErr> {
    let key = (slice.program_id(), run_id, i64::try_from(row_number).unwrap_or(i64::MAX));
    Entity::find_by_id(key).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes what was decided about a row, and the verdict that it led to.
///
/// # Errors
/// [`DbErr`].
pub async fn decide(
    conn: &impl Conn,
    slice: &Slice,
    run_id: Uuid,
    row: &ImportRow,
    decided: &Decided,
) -> Result<(), DbErr> {
    let change = ActiveModel {
        verdict: Set(word(row.verdict)),
        decision: Set(Some(word(decided.decision))),
        reason: Set(Some(decided.reason.clone())),
        decided_by: Set(Some(decided.seat_id)),
        decided_at: Set(Some(instant(decided.at))),
        ..Default::default()
    };
    Entity::update_many()
        .set(change)
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::RunId.eq(run_id))
        .filter(Column::RowNumber.eq(i64::try_from(row.row_number).unwrap_or(i64::MAX)))
        .exec(conn)
        .await?;
    Ok(())
}

/// How many rows of a run have one of these verdicts.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, run_id: Uuid, verdicts: &[Verdict]) -> Result<u64, DbErr> {
    within(slice, run_id, verdicts).count(conn).await
}
