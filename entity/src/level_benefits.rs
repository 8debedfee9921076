//! What each program level gives, as RevOps or the Operator set it: one row a level at most.

use crate::column::{read, read_words, word, words};
use crate::store::{Conn, DbErr};
use domain::level::LevelBenefits;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `level_benefits`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "level_benefits")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The level.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: String,
    /// Benefits in words, as JSON.
    pub benefits: String,
    /// Accounts that a partner of the level may ask about on a day.
    pub checks_per_day: Option<i64>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// What each level gives that something was set for.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<LevelBenefits>, DbErr> {
    let of = |row: Model| {
        Ok(LevelBenefits {
            level: read("level_benefits.level", &row.level)?,
            benefits: read_words("level_benefits.benefits", &row.benefits)?,
            checks_per_day: row.checks_per_day.map(|count| u32::try_from(count).unwrap_or_default()),
            version: row.version,
            recorded_at: row.recorded_at,
        })
    };
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).all(conn).await?;
    rows.into_iter().map(of).collect()
}

/// Writes what a level gives: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else set it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &LevelBenefits) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        level: Set(word(it.level)),
        benefits: Set(words(&it.benefits)),
        checks_per_day: Set(it.checks_per_day.map(i64::from)),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).exec(conn).await?;
    }
    Ok(())
}
