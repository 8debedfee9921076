//! Signed checkpoints of each program's log.

use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `ledger_checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_checkpoint")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The checkpoint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// How many leaves the log had.
    pub size: i64,
    /// Its root: 32 bytes.
    pub root: Vec<u8>,
    /// The signed note.
    pub note: String,
    /// The key that signed it.
    pub kid: String,
    /// When it was signed.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A checkpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The checkpoint.
    pub id: Uuid,
    /// How many leaves the log had.
    pub size: u64,
    /// Its root: 32 bytes.
    pub root: Vec<u8>,
    /// The signed note.
    pub note: String,
    /// The key that signed it.
    pub kid: String,
    /// When it was signed.
    pub recorded_at: DateTimeUtc,
}

impl TryFrom<Model> for Kept {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let Model { id, size, root, note, kid, recorded_at, .. } = row;
        let size = u64::try_from(size).map_err(|_| DbErr::Type("column ledger_checkpoint.size is broken".into()))?;
        Ok(Self { id, size, root, note, kid, recorded_at })
    }
}

/// Keeps a checkpoint.
///
/// # Errors
/// [`DbErr`], a unique violation when the log has one of this size.
pub async fn insert(conn: &impl Conn, program_id: Uuid, it: &Kept) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        size: Set(i64::try_from(it.size).unwrap_or(i64::MAX)),
        root: Set(it.root.clone()),
        note: Set(it.note.clone()),
        kid: Set(it.kid.clone()),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

fn of(program_id: Uuid) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(program_id))
}

/// The latest checkpoint, or the one of this size.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, program_id: Uuid, size: Option<u64>) -> Result<Option<Kept>, DbErr> {
    let mut select = of(program_id);
    if let Some(size) = size {
        select = select.filter(Column::Size.eq(i64::try_from(size).unwrap_or(i64::MAX)));
    }
    select.order_by_desc(Column::Size).limit(1).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The checkpoints beyond a size, smallest first, at most so many.
///
/// # Errors
/// [`DbErr`].
pub async fn beyond(conn: &impl Conn, program_id: Uuid, size: u64, most: u64) -> Result<Vec<Kept>, DbErr> {
    let select = of(program_id).filter(Column::Size.gt(i64::try_from(size).unwrap_or(i64::MAX)));
    let rows = select.order_by_asc(Column::Size).limit(most).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// A page of checkpoints, by size.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, ask: &Ask) -> Result<Page<Kept>, DbErr> {
    page::fetch(conn, of(slice.program_id()), "ledger_checkpoint.size", "ledger_checkpoint.id", ask).await
}

/// Where a checkpoint stands.
#[must_use]
pub fn key(it: &Kept) -> Key {
    Key::Int(i64::try_from(it.size).unwrap_or(i64::MAX))
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice) -> Result<u64, DbErr> {
    of(slice.program_id()).count(conn).await
}
