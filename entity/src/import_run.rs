//! Import runs.

use crate::column::{instant, read, word};
use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use domain::import::Object;
use domain::import::run::{Counts, ImportRun, RunState};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `import_run`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What the file holds.
    pub object: String,
    /// The file's name.
    pub file_name: String,
    /// Its hash.
    pub file_sha256: String,
    /// Its size.
    pub file_bytes: i64,
    /// The mapping's text.
    pub mapping: String,
    /// Whether nothing is written.
    pub is_dry_run: bool,
    /// How far it is.
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// Who works on it.
    pub worker_id: Uuid,
    /// Who started it.
    pub seat_id: Uuid,
    /// Where an upload is kept.
    pub spool_path: Option<String>,
    /// The header's text.
    pub header: String,
    /// The lines before it.
    pub preamble: String,
    /// The delimiter.
    pub delimiter: String,
    /// Rows read.
    pub rows_read: i64,
    /// Bytes read.
    pub bytes_read: i64,
    /// Accepted rows.
    pub accepted: i64,
    /// Warned rows.
    pub warned: i64,
    /// Held rows.
    pub held: i64,
    /// Refused rows.
    pub refused: i64,
    /// Skipped rows.
    pub skipped: i64,
    /// Superseded rows.
    pub superseded: i64,
    /// New facts.
    pub created: i64,
    /// Changed facts.
    pub changed: i64,
    /// Facts that were so.
    pub unchanged: i64,
    /// What was made, as JSON.
    pub made: String,
    /// When it started.
    pub started_at: DateTimeUtc,
    /// When it last gave word.
    pub updated_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn up(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn down(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl TryFrom<Model> for ImportRun {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            object: read("import_run.object", &row.object)?,
            file_name: row.file_name,
            file_sha256: row.file_sha256,
            file_bytes: up(row.file_bytes),
            mapping: row.mapping,
            is_dry_run: row.is_dry_run,
            state: read("import_run.state", &row.state)?,
            failure: row.failure,
            worker_id: row.worker_id,
            seat_id: row.seat_id,
            spool_path: row.spool_path,
            header: row.header,
            preamble: row.preamble,
            delimiter: row.delimiter.chars().next().unwrap_or(','),
            bytes_read: up(row.bytes_read),
            counts: Counts {
                rows_read: up(row.rows_read),
                accepted: up(row.accepted),
                warned: up(row.warned),
                held: up(row.held),
                refused: up(row.refused),
                skipped: up(row.skipped),
                superseded: up(row.superseded),
                created: up(row.created),
                changed: up(row.changed),
                unchanged: up(row.unchanged),
            },
            made: serde_json::from_str(&row.made)
                .map_err(|_| DbErr::Type("column import_run.made is not JSON".into()))?,
            started_at: row.started_at,
            updated_at: row.updated_at,
            finished_at: row.finished_at,
        })
    }
}

fn active(program_id: Uuid, it: &ImportRun) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        object: Set(word(it.object)),
        file_name: Set(it.file_name.clone()),
        file_sha256: Set(it.file_sha256.clone()),
        file_bytes: Set(down(it.file_bytes)),
        mapping: Set(it.mapping.clone()),
        is_dry_run: Set(it.is_dry_run),
        state: Set(word(it.state)),
        failure: Set(it.failure.clone()),
        worker_id: Set(it.worker_id),
        seat_id: Set(it.seat_id),
        spool_path: Set(it.spool_path.clone()),
        header: Set(it.header.clone()),
        preamble: Set(it.preamble.clone()),
        delimiter: Set(it.delimiter.to_string()),
        rows_read: Set(down(it.counts.rows_read)),
        bytes_read: Set(down(it.bytes_read)),
        accepted: Set(down(it.counts.accepted)),
        warned: Set(down(it.counts.warned)),
        held: Set(down(it.counts.held)),
        refused: Set(down(it.counts.refused)),
        skipped: Set(down(it.counts.skipped)),
        superseded: Set(down(it.counts.superseded)),
        created: Set(down(it.counts.created)),
        changed: Set(down(it.counts.changed)),
        unchanged: Set(down(it.counts.unchanged)),
        made: Set(serde_json::to_string(&it.made).unwrap_or_else(|_| "{}".into())),
        started_at: Set(instant(it.started_at)),
        updated_at: Set(instant(it.updated_at)),
        finished_at: Set(it.finished_at.map(instant)),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// Writes a new run.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &ImportRun) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a run as its worker knows it; false when another worker has taken it over, and then nothing is written.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &ImportRun) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .set(active(slice.program_id(), it))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::WorkerId.eq(it.worker_id))
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Makes a new worker the only one that may write the run.
///
/// # Errors
/// [`DbErr`].
pub async fn claim(conn: &impl Conn, slice: &Slice, id: Uuid, worker_id: Uuid, at: DateTimeUtc) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::WorkerId, Expr::value(worker_id))
        .col_expr(Column::UpdatedAt, Expr::value(instant(at)))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// One run.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<ImportRun>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The latest run of this file that is not over.
///
/// # Errors
/// [`DbErr`].
pub async fn unfinished(
    conn: &impl Conn,
    slice: &Slice,
    object: Object,
    file_sha256: &str,
    mapping: &str,
) -> Result<Option<ImportRun>, DbErr> {
    let open = [RunState::Staging, RunState::Applying, RunState::Resumable].map(word);
    within(slice)
        .filter(Column::FileSha256.eq(file_sha256))
        .filter(Column::Object.eq(word(object)))
        .filter(Column::Mapping.eq(mapping))
        .filter(Column::IsDryRun.eq(false))
        .filter(Column::State.is_in(open))
        .order_by_desc(Column::StartedAt)
        .limit(1)
        .one(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Uploads that were interrupted, of all programs: for the server when it starts.
///
/// # Errors
/// [`DbErr`].
pub async fn spooled(conn: &impl Conn) -> Result<Vec<(Uuid, ImportRun)>, DbErr> {
    let open = [RunState::Staging, RunState::Applying, RunState::Resumable].map(word);
    let rows =
        Entity::find().filter(Column::SpoolPath.is_not_null()).filter(Column::State.is_in(open)).all(conn).await?;
    rows.into_iter().map(|row| Ok((row.program_id, row.try_into()?))).collect()
}

/// A page of runs, by when they started.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, ask: &Ask) -> Result<Page<ImportRun>, DbErr> {
    page::fetch(conn, within(slice), "import_run.started_at", "import_run.id", ask).await
}

/// Where a run stands in the list.
#[must_use]
pub fn key(it: &ImportRun) -> Key {
    Key::Instant(it.started_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice) -> Result<u64, DbErr> {
    within(slice).count(conn).await
}
