//! The operator's own log: how long each phase of an iteration took.

use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::iteration::PhaseHours;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `phase_hours`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phase_hours")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The iteration's quarter.
    pub quarter: i32,
    /// The phase.
    pub phase: String,
    /// Hundredths of an hour of work.
    pub hundredths: i32,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was logged last.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PhaseHours {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            phase: read("phase_hours.phase", &row.phase)?,
            hundredths: row.hundredths,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &PhaseHours) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        phase: Set(word(it.phase)),
        hundredths: Set(it.hundredths),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

/// What is logged of a quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<PhaseHours>, DbErr> {
    let rows =
        Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Quarter.eq(quarter.index()));
    rows.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when the phase has one.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PhaseHours) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row, as it was read: false when somebody else was first.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PhaseHours) -> Result<bool, DbErr> {
    let changed = ActiveModel {
        hundredths: Set(it.hundredths),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
        ..<ActiveModel as Default>::default()
    };
    let one = Entity::update_many()
        .set(changed)
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::Version.eq(it.version - 1));
    Ok(one.exec(conn).await?.rows_affected == 1)
}
