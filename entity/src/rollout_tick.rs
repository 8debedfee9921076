//! Items of the 90-day plan that were ticked by hand, each once.

use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::rollout::Tick;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `rollout_tick`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollout_tick")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The item.
    pub item: String,
    /// What was done.
    pub note: String,
    /// Who says so.
    pub seat_id: Uuid,
    /// When.
    pub ticked_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// All items that were ticked.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<Tick>, DbErr> {
    let tick = |row: Model| {
        Ok(Tick {
            id: row.id,
            item: read("rollout_tick.item", &row.item)?,
            note: row.note,
            seat_id: row.seat_id,
            ticked_at: row.ticked_at,
        })
    };
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).all(conn).await?;
    rows.into_iter().map(tick).collect()
}

/// Writes that an item was ticked.
///
/// # Errors
/// [`DbErr`], a unique violation when it was ticked already.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Tick) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        item: Set(word(it.item)),
        note: Set(it.note.clone()),
        seat_id: Set(it.seat_id),
        ticked_at: Set(it.ticked_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Takes a tick back. Tells whether there was one.
///
/// # Errors
/// [`DbErr`].
pub async fn remove(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<bool, DbErr> {
    let one = Entity::delete_many().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.eq(id));
    Ok(one.exec(conn).await?.rows_affected == 1)
}
