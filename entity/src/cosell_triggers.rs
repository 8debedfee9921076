//! The co-sell triggers of a program: one row, written whole.

use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::slice::Slice;
use domain::trigger::CosellTriggers;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `cosell_triggers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cosell_triggers")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The triggers, as JSON.
    pub triggers: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When they were recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The triggers; none, at version 0, where none were set.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice) -> Result<CosellTriggers, DbErr> {
    let row = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).one(conn).await?;
    let unknown = |_| DbErr::Type("column cosell_triggers.triggers holds what this version does not know".into());
    row.map_or_else(
        || Ok(CosellTriggers::default()),
        |row| {
            let triggers = serde_json::from_str(&row.triggers).map_err(unknown)?;
            Ok(CosellTriggers { triggers, version: row.version })
        },
    )
}

/// Writes the triggers: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else set them first; [`DbErr::RecordNotUpdated`] when
/// somebody else changed it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &CosellTriggers, at: DateTime<Utc>) -> Result<(), DbErr> {
    let triggers = serde_json::to_string(&it.triggers).map_err(|_| DbErr::Type("the triggers are not JSON".into()))?;
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        triggers: Set(triggers),
        version: Set(it.version),
        recorded_at: Set(at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).validate()?.filter(Column::Version.eq(it.version - 1)).exec_without_returning(conn).await?;
    }
    Ok(())
}
