//! Planned spend, line by line.
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::calendar::{Quarter, Window};
use domain::slice::Slice;
use domain::tam::PlannedSpend;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `planned_spend`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "planned_spend")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment.
    pub segment_id: Option<Uuid>,
    /// The fiscal quarter.
    pub quarter: i32,
    /// Minor units of the program's currency.
    pub amount_minor: i64,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for PlannedSpend {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            partner_id: row.partner_id,
            segment_id: row.segment_id,
            quarter: Quarter::from_index(row.quarter),
            amount_minor: row.amount_minor,
            version: row.version,
            recorded_at: row.recorded_at,
        }
    }
}

fn active(program_id: Uuid, it: &PlannedSpend) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        segment_id: Set(it.segment_id),
        quarter: Set(it.quarter.index()),
        amount_minor: Set(it.amount_minor),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

/// The lines of a run of quarters, of one partner or of all in the slice, by quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn window(
    conn: &impl Conn,
    slice: &Slice,
    window: Window,
    partner_id: Option<Uuid>,
) -> Result<Vec<PlannedSpend>, DbErr> {
    let mut select = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "planned_spend.partner_id"))
        .filter(Column::Quarter.between(window.from.index(), window.to.index()));
    if let Some(partner_id) = partner_id {
        select = select.filter(Column::PartnerId.eq(partner_id));
    }
    let rows = select.order_by_asc(Column::Quarter).order_by_asc(Column::Id).all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when there is a line of the same partner, quarter and segment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PlannedSpend) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PlannedSpend) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
