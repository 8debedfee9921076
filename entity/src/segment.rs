//! Segments. Their names are no secret inside a program: every slice of it holds all of them.
use crate::column::{Places, one_of};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `segment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The name's key.
    pub name_key: String,
    /// Accounts that could buy.
    pub addressable_accounts: Option<i64>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row whose columns come next, in the order in which they are declared.
    pub(crate) fn of(places: &mut Places<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            program_id: places.next()?,
            id: places.next()?,
            name: places.next()?,
            name_key: places.next()?,
            addressable_accounts: places.next()?,
            version: places.next()?,
            recorded_at: places.next()?,
        })
    }
}

impl TryFrom<Model> for domain::segment::Segment {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            name: row.name,
            addressable_accounts: row.addressable_accounts,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::segment::Segment) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        name: Set(it.name.clone()),
        name_key: Set(domain::text::key(&it.name)),
        addressable_accounts: Set(it.addressable_accounts),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// All segments, by name.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<domain::segment::Segment>, DbErr> {
    within(slice).order_by_asc(Column::NameKey).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::segment::Segment>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::segment::Segment>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::segment::Segment) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::segment::Segment) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
