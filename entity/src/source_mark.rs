//! Marks of deals that are excluded as fraud or forbidden traffic, and of those that are no longer.
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::source::SourceMark;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

/// A row of `source_mark`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_mark")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// Whether it is excluded.
    pub is_excluded: bool,
    /// Why.
    pub reason: String,
    /// The seat that marked it.
    pub marked_by: Uuid,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for SourceMark {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            deal_id: row.deal_id,
            is_excluded: row.is_excluded,
            reason: row.reason,
            marked_by: row.marked_by,
            recorded_at: row.recorded_at,
        }
    }
}

/// The latest mark of each of these deals, which the caller has found in its slice.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<HashMap<Uuid, SourceMark>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::DealId.is_in(deals.iter().copied()))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.deal_id, row.into())).collect())
}

/// Adds a mark.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &SourceMark) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        is_excluded: Set(it.is_excluded),
        reason: Set(it.reason.clone()),
        marked_by: Set(it.marked_by),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
