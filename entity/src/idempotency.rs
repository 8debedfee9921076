//! Idempotency keys, per program, seat and mutation (ruling 32). Only the subject's id is kept, never the payload.

use crate::store::{Conn, DbErr};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A remembered key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// Who used it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat_id: Uuid,
    /// In which mutation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mutation: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The input's hash.
    pub input_sha256: String,
    /// The subject's id.
    pub outcome: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// What is remembered of a key.
#[derive(Clone, Debug)]
pub struct Row {
    /// The input's hash.
    pub input_sha256: String,
    /// The row that the mutation concerned.
    pub subject_id: Uuid,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// What is remembered of a key.
///
/// # Errors
/// [`DbErr`].
pub async fn find(
    conn: &impl Conn,
    program_id: Uuid,
    seat_id: Uuid,
    mutation: &str,
    key: &str,
) -> Result<Option<Row>, DbErr> {
    let id = (program_id, seat_id, mutation.to_owned(), key.to_owned());
    let Some(model) = Entity::find_by_id(id).one(conn).await? else { return Ok(None) };
    let subject_id = crate::column::read("idempotency.outcome", &model.outcome)?;
    Ok(Some(Row { input_sha256: model.input_sha256, subject_id, recorded_at: model.recorded_at }))
}

/// Forgets a key whose day has passed.
///
/// # Errors
/// [`DbErr`].
pub async fn forget(conn: &impl Conn, program_id: Uuid, seat_id: Uuid, mutation: &str, key: &str) -> Result<(), DbErr> {
    Entity::delete_by_id((program_id, seat_id, mutation.to_owned(), key.to_owned())).exec(conn).await?;
    Ok(())
}

/// Remembers a key; a unique violation means that somebody else was first.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(
    conn: &impl Conn,
    program_id: Uuid,
    seat_id: Uuid,
    mutation: &str,
    key: &str,
    row: &Row,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(program_id),
        seat_id: Set(seat_id),
        mutation: Set(mutation.to_owned()),
        key: Set(key.to_owned()),
        input_sha256: Set(row.input_sha256.clone()),
        outcome: Set(row.subject_id.to_string()),
        recorded_at: Set(row.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Forgets the program's keys from before an instant. Returns how many.
///
/// # Errors
/// [`DbErr`].
pub async fn forget_before(conn: &impl Conn, program_id: Uuid, before: DateTimeUtc) -> Result<u64, DbErr> {
    let old = Entity::delete_many().filter(Column::ProgramId.eq(program_id)).filter(Column::RecordedAt.lt(before));
    Ok(old.exec(conn).await?.rows_affected)
}
