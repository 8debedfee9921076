//! The partners that a dispute is about.
use crate::store::{Conn, DbErr};
use domain::dispute::Party;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `dispute_party`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute_party")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The dispute.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dispute_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
    /// Whether it is on the side that disputes.
    pub is_claimant: bool,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(crate) async fn insert(conn: &impl Conn, slice: &Slice, dispute: Uuid, parties: &[Party]) -> Result<(), DbErr> {
    if !parties.is_empty() {
        let rows = parties.iter().map(|party| ActiveModel {
            program_id: Set(slice.program_id()),
            dispute_id: Set(dispute),
            partner_id: Set(party.partner_id),
            is_claimant: Set(party.is_claimant),
        });
        Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// The partners of these disputes, with the dispute of each. Whoever sees a dispute is told only of the partners it sees.
///
/// # Errors
/// [`DbErr`].
pub async fn of_disputes(conn: &impl Conn, slice: &Slice, disputes: &[Uuid]) -> Result<Vec<(Uuid, Party)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::DisputeId.is_in(disputes.iter().copied()))
        .filter(crate::scope::partners(slice, "dispute_party.partner_id"))
        .all(conn)
        .await?;
    let party = |row: Model| Party { partner_id: row.partner_id, is_claimant: row.is_claimant };
    Ok(rows.into_iter().map(|row| (row.dispute_id, party(row))).collect())
}
