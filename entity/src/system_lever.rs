//! Levers of the system map.

use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::system_map::SystemLever;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `system_lever`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "system_lever")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The name without regard to spelling.
    pub name_key: String,
    /// The metric that it moves.
    pub metric: String,
    /// Whether it is no part of the system any more.
    pub is_retired: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded, or changed.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for SystemLever {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            name: row.name,
            metric: read("system_lever.metric", &row.metric)?,
            is_retired: row.is_retired,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &SystemLever) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        name: Set(it.name.clone()),
        name_key: Set(domain::text::key(&it.name)),
        metric: Set(word(it.metric)),
        is_retired: Set(it.is_retired),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

/// All of them, by name.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<SystemLever>, DbErr> {
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    rows.order_by_asc(Column::NameKey).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes one: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when another has the name; [`DbErr::RecordNotUpdated`] when
/// somebody else changed it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &SystemLever) -> Result<(), DbErr> {
    let row = active(slice.program_id(), it);
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).validate()?.filter(Column::Version.eq(it.version - 1)).exec_without_returning(conn).await?;
    }
    Ok(())
}
