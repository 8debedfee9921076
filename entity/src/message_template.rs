//! The texts that a program wrote for its messages.
use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::template::{Template, TemplateKind};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `message_template`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_template")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The text.
    pub body: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The text of a message: the program's own, else the default.
///
/// # Errors
/// [`DbErr`].
pub async fn of(conn: &impl Conn, slice: &Slice, kind: TemplateKind) -> Result<Template, DbErr> {
    let row = Entity::find_by_id((slice.program_id(), word(kind))).one(conn).await?;
    row.map_or_else(
        || Ok(Template::default_of(kind)),
        |row| {
            let kind = read("message_template.kind", &row.kind)?;
            Ok(Template { kind, body: row.body, version: row.version, recorded_at: Some(row.recorded_at) })
        },
    )
}

/// Writes a text in place of the one before.
///
/// # Errors
/// [`DbErr`].
pub async fn put(conn: &impl Conn, slice: &Slice, it: &Template, at: DateTimeUtc) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        kind: Set(word(it.kind)),
        body: Set(it.body.clone()),
        version: Set(it.version),
        recorded_at: Set(at),
    };
    let keep = [Column::Body, Column::Version, Column::RecordedAt];
    let anew = OnConflict::columns([Column::ProgramId, Column::Kind]).update_columns(keep).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(conn).await?;
    Ok(())
}
