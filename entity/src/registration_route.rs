//! The rules that route registrations to their owners, in order.

use crate::store::{Conn, DbErr};
use domain::routing::Route;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `registration_route`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_route")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// Its place, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The account's segment.
    pub segment_id: Option<Uuid>,
    /// The account's region.
    pub region: Option<String>,
    /// The account's domain.
    pub domain: Option<String>,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// The seat that owns what fits.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Route {
    fn from(row: Model) -> Self {
        Self {
            segment_id: row.segment_id,
            region: row.region,
            domain: row.domain,
            partner_id: row.partner_id,
            seat_id: row.seat_id,
        }
    }
}

/// All rules, in order.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<Route>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).order_by_asc(Column::Position);
    Ok(select.all(conn).await?.into_iter().map(Into::into).collect())
}

/// Writes the rules, all of them, in place of those before.
///
/// # Errors
/// [`DbErr`].
pub async fn replace(conn: &impl Conn, slice: &Slice, routes: &[Route], at: DateTimeUtc) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ProgramId.eq(slice.program_id())).exec(conn).await?;
    if routes.is_empty() {
        return Ok(());
    }
    let rows = (0..).zip(routes).map(|(position, route)| ActiveModel {
        program_id: Set(slice.program_id()),
        position: Set(position),
        segment_id: Set(route.segment_id),
        region: Set(route.region.clone()),
        domain: Set(route.domain.clone()),
        partner_id: Set(route.partner_id),
        seat_id: Set(route.seat_id),
        recorded_at: Set(at),
    });
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}
