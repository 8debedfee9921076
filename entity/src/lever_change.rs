//! Dated changes of levers: only ever added.

use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::system_map::LeverChange;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `lever_change`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lever_change")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The lever.
    pub lever_id: Uuid,
    /// The day.
    pub changed_on: Date,
    /// What was changed.
    pub what: String,
    /// Who recorded it.
    pub seat_id: Uuid,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for LeverChange {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            lever_id: row.lever_id,
            changed_on: row.changed_on,
            what: row.what,
            seat_id: row.seat_id,
            recorded_at: row.recorded_at,
        }
    }
}

/// The changes of all levers, the earliest first.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<LeverChange>, DbErr> {
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    let rows = rows.order_by_asc(Column::ChangedOn).order_by_asc(Column::Id).all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many changes the levers of the program have together.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice) -> Result<usize, DbErr> {
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).count(conn).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// Writes a change.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &LeverChange) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        lever_id: Set(it.lever_id),
        changed_on: Set(it.changed_on),
        what: Set(it.what.clone()),
        seat_id: Set(it.seat_id),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
