//! Stages of the CRM's pipeline, and what they mean here.
use crate::column::{one_of, read, word};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `stage`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stage")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The CRM's name.
    pub crm_name: String,
    /// The name's key.
    pub name_key: String,
    /// What a deal in it is.
    pub outcome: String,
    /// Its place, from 0.
    pub position: i32,
    /// Whether Stage 1 is reached in it.
    pub is_stage_one_or_later: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::deal::Stage {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            crm_name: row.crm_name,
            outcome: read("stage.outcome", &row.outcome)?,
            position: row.position,
            is_stage_one_or_later: row.is_stage_one_or_later,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::deal::Stage) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        crm_name: Set(it.crm_name.clone()),
        name_key: Set(domain::text::key(&it.crm_name)),
        outcome: Set(word(it.outcome)),
        position: Set(it.position),
        is_stage_one_or_later: Set(it.is_stage_one_or_later),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// All stages, in the order of the pipeline.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<domain::deal::Stage>, DbErr> {
    within(slice)
        .order_by_asc(Column::Position)
        .order_by_asc(Column::NameKey)
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::deal::Stage>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::deal::Stage>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::deal::Stage) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::deal::Stage) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
