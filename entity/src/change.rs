//! The record of every change of a fact: who, what, when it was recorded.

use crate::store::{Conn, DbErr};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};
use uuid::Uuid;

/// A recorded change.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The change.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who did it.
    pub seat_id: Uuid,
    /// What was done, such as `deal.update`.
    pub verb: String,
    /// The kind of row.
    pub subject_type: String,
    /// The row.
    pub subject_id: Uuid,
    /// The new facts, as JSON.
    pub body: String,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A change to be recorded.
#[derive(Clone, Debug)]
pub struct New {
    /// Its id.
    pub id: Uuid,
    /// Who did it.
    pub seat_id: Uuid,
    /// What was done.
    pub verb: &'static str,
    /// The kind of row.
    pub subject_type: &'static str,
    /// The row.
    pub subject_id: Uuid,
    /// The new facts.
    pub body: serde_json::Value,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// Records changes.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, program_id: Uuid, changes: Vec<New>) -> Result<(), DbErr> {
    let rows = changes.into_iter().map(|new| ActiveModel {
        program_id: Set(program_id),
        id: Set(new.id),
        seat_id: Set(new.seat_id),
        verb: Set(new.verb.to_owned()),
        subject_type: Set(new.subject_type.to_owned()),
        subject_id: Set(new.subject_id),
        body: Set(new.body.to_string()),
        recorded_at: Set(new.recorded_at),
    });
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}

/// The changes of one row, latest first, at most `most`.
///
/// # Errors
/// [`DbErr`].
pub async fn of_subject(conn: &impl Conn, slice: &domain::slice::Slice, subject_id: Uuid, most: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::SubjectId.eq(subject_id))
        .order_by_desc(Column::Id)
        .limit(most)
        .all(conn)
        .await
}
