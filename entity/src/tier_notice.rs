//! That tier decisions are due, as it was told: once before each due day, once after it.

use crate::scope;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::tier_due::TierNotice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `tier_notice`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_notice")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The last day on which the decision is in time.
    pub due_on: Date,
    /// Whether that day had passed.
    pub is_overdue: bool,
    /// When it was told.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for TierNotice {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            partner_id: row.partner_id,
            due_on: row.due_on,
            is_overdue: row.is_overdue,
            recorded_at: row.recorded_at,
        }
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "tier_notice.partner_id"))
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<TierNotice>, DbErr> {
    Ok(within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(Into::into))
}

/// What was told of due days from a day on.
///
/// # Errors
/// [`DbErr`].
pub async fn due_from(conn: &impl Conn, slice: &Slice, day: Date) -> Result<Vec<TierNotice>, DbErr> {
    Ok(within(slice).filter(Column::DueOn.gte(day)).all(conn).await?.into_iter().map(Into::into).collect())
}

/// Writes notices.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else told of the same day at the same moment.
pub async fn insert(conn: &impl Conn, slice: &Slice, notices: &[TierNotice]) -> Result<(), DbErr> {
    let rows = notices.iter().map(|it| ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        due_on: Set(it.due_on),
        is_overdue: Set(it.is_overdue),
        recorded_at: Set(it.recorded_at),
    });
    if !notices.is_empty() {
        Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}
