//! The record of every change of a fact: who, what, when it was recorded.

use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
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

impl TryFrom<Model> for domain::change::Change {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            seat_id: row.seat_id,
            verb: row.verb,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            body: row.body,
            recorded_at: row.recorded_at,
        })
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these rows.
    pub subjects: Option<Vec<Uuid>>,
    /// By these seats.
    pub seats: Option<Vec<Uuid>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    if let Some(subjects) = &filter.subjects {
        select = select.filter(Column::SubjectId.is_in(subjects.iter().copied()));
    }
    if let Some(seats) = &filter.seats {
        select = select.filter(Column::SeatId.is_in(seats.iter().copied()));
    }
    select
}

/// A page of changes, by when they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    ask: &Ask,
) -> Result<Page<domain::change::Change>, DbErr> {
    page::fetch(conn, select(slice, filter), "change.recorded_at", "change.id", ask).await
}

/// Where a change stands.
#[must_use]
pub fn key(it: &domain::change::Change) -> Key {
    Key::Instant(it.recorded_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}
