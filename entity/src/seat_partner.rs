//! Which partners a seat is bound to.

use crate::store::{Conn, DbErr};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// One binding.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat_partner")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The seat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The bindings of some seats, by partner.
///
/// # Errors
/// [`DbErr`].
pub(crate) async fn of_seats(conn: &impl Conn, program_id: Uuid, seats: Vec<Uuid>) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::SeatId.is_in(seats))
        .order_by_asc(Column::PartnerId)
        .all(conn)
        .await
}

/// The seats that are bound to a partner, as a subquery.
pub(crate) fn seats_of(program_id: Uuid, partner: Uuid) -> sea_orm::sea_query::SelectStatement {
    use sea_orm::{QuerySelect, QueryTrait};
    Entity::find()
        .select_only()
        .column(Column::SeatId)
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::PartnerId.eq(partner))
        .into_query()
}

/// Binds a seat.
///
/// # Errors
/// [`DbErr`]; a foreign key violation when there is no such partner in the program.
pub(crate) async fn insert(conn: &impl Conn, program_id: Uuid, seat_id: Uuid, partners: &[Uuid]) -> Result<(), DbErr> {
    if partners.is_empty() {
        return Ok(());
    }
    let rows = partners.iter().map(|id| ActiveModel {
        program_id: Set(program_id),
        seat_id: Set(seat_id),
        partner_id: Set(*id),
    });
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}

/// Unbinds a seat.
///
/// # Errors
/// [`DbErr`].
pub(crate) async fn clear(conn: &impl Conn, program_id: Uuid, seat_id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::SeatId.eq(seat_id))
        .exec(conn)
        .await?;
    Ok(())
}
