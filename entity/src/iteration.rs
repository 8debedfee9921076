//! Iterations that were opened.
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::iteration::Iteration;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `iteration`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "iteration")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its quarter.
    pub quarter: i32,
    /// The brief that it starts from.
    pub inputs_brief_id: Option<Uuid>,
    /// Who opened it.
    pub seat_id: Uuid,
    /// When.
    pub opened_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Iteration {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            inputs_brief_id: row.inputs_brief_id,
            seat_id: row.seat_id,
            opened_at: row.opened_at,
        }
    }
}

/// The iteration of a quarter, if it was opened.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Option<Iteration>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    Ok(select.filter(Column::Quarter.eq(quarter.index())).one(conn).await?.map(Into::into))
}

/// How many were opened up to a quarter, its own among them.
///
/// # Errors
/// [`DbErr`].
pub async fn count_up_to(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<u64, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    select.filter(Column::Quarter.lte(quarter.index())).count(conn).await
}

/// The latest one that was opened.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(conn: &impl Conn, slice: &Slice) -> Result<Option<Iteration>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    Ok(select.order_by_desc(Column::Quarter).one(conn).await?.map(Into::into))
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when the quarter has one.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Iteration) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        inputs_brief_id: Set(it.inputs_brief_id),
        seat_id: Set(it.seat_id),
        opened_at: Set(it.opened_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
