//! Every attribution that was ever written. Once it is locked, only a decision touches it: it sets the row aside as it stands, once.
use crate::column::word;
use crate::store::{Conn, DbErr};
use domain::attribution::Attribution;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `attribution_entry`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attribution_entry")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: String,
    /// Added after the lock.
    pub is_late: bool,
    /// Where it came from.
    pub provenance: String,
    /// The evidence.
    pub evidence: Option<String>,
    /// The activity that it rests on.
    pub basis_id: Option<Uuid>,
    /// When it was locked.
    pub locked_at: Option<DateTimeUtc>,
    /// The decision that added it.
    pub dispute_id: Option<Uuid>,
    /// The decision that set it aside.
    pub superseded_by: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(crate) fn active(program_id: Uuid, it: &Attribution, dispute: Option<Uuid>) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        partner_id: Set(it.partner_id),
        state: Set(word(it.state)),
        is_late: Set(it.is_late),
        provenance: Set(word(it.provenance)),
        evidence: Set(it.evidence.clone()),
        basis_id: Set(it.basis_id),
        locked_at: Set(it.locked_at),
        dispute_id: Set(dispute),
        superseded_by: Set(None),
        recorded_at: Set(it.recorded_at),
    }
}

/// Writes new rows, which a decision may have added.
///
/// # Errors
/// [`DbErr`], a unique violation when two partners are SOURCED, or one is named twice in a state.
pub async fn insert(conn: &impl Conn, slice: &Slice, rows: &[Attribution], dispute: Option<Uuid>) -> Result<(), DbErr> {
    crate::bulk::write(conn, rows.iter().map(|it| active(slice.program_id(), it, dispute)).collect(), &[]).await
}

/// Sets rows aside by a decision, as they stand. What was set aside once stays so.
///
/// # Errors
/// [`DbErr`].
pub async fn set_aside(conn: &impl Conn, slice: &Slice, rows: &[Uuid], dispute: Uuid) -> Result<(), DbErr> {
    if !rows.is_empty() {
        Entity::update_many()
            .col_expr(Column::SupersededBy, Expr::value(dispute))
            .filter(Column::ProgramId.eq(slice.program_id()))
            .filter(Column::Id.is_in(rows.iter().copied()))
            .filter(Column::SupersededBy.is_null())
            .exec(conn)
            .await?;
    }
    Ok(())
}

/// When partners were locked on these deals, by deal and partner: also what a decision set aside since, and not what was added late.
///
/// # Errors
/// [`DbErr`].
pub async fn locks(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<Vec<(Uuid, Uuid, DateTimeUtc)>, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::DealId.is_in(deals.iter().copied()))
        .filter(Column::LockedAt.is_not_null())
        .filter(Column::IsLate.eq(false))
        .filter(crate::scope::partners(slice, "attribution_entry.partner_id"))
        .select_only()
        .columns([Column::DealId, Column::PartnerId, Column::LockedAt])
        .into_tuple()
        .all(conn)
        .await
}

/// Forgets what was declared before the lock.
pub(crate) async fn forget_unlocked(conn: &impl Conn, slice: &Slice, deal: Uuid) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::DealId.eq(deal))
        .filter(Column::LockedAt.is_null())
        .exec(conn)
        .await?;
    Ok(())
}
