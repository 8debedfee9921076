//! The outbox: what happened, for subscribers and webhooks, written in the transaction of what it tells.

use crate::store::{Conn, DbErr};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// An event in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The event; ids sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What kind of thing happened.
    pub kind: String,
    /// The row it happened to.
    pub subject_id: Uuid,
    /// Details, as JSON.
    pub body: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Writes events: program, id, kind, subject, body.
///
/// # Errors
/// [`DbErr`].
pub async fn insert<'a>(
    conn: &impl Conn,
    events: impl Iterator<Item = (Uuid, Uuid, &'a str, Uuid, &'a serde_json::Value)>,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let rows: Vec<ActiveModel> = events
        .map(|(program_id, id, kind, subject_id, body)| ActiveModel {
            program_id: Set(program_id),
            id: Set(id),
            kind: Set(kind.to_owned()),
            subject_id: Set(subject_id),
            body: Set(body.to_string()),
            recorded_at: Set(at),
        })
        .collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}
