//! What partners asked about accounts, by partner, local day and domain: the first answer of a day stands for the day.

use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::precheck::Precheck;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `registration_check`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_check")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
    /// The local day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// The domain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub domain: String,
    /// The answer.
    pub answer: String,
    /// When it was asked first.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The answer that a partner got about a domain on a day.
///
/// # Errors
/// [`DbErr`].
pub async fn answer(
    conn: &impl Conn,
    slice: &Slice,
    partner: Uuid,
    day: Date,
    domain: &str,
) -> Result<Option<Precheck>, DbErr> {
    let row = Entity::find_by_id((slice.program_id(), partner, day, domain.to_owned())).one(conn).await?;
    row.map(|row| read("registration_check.answer", &row.answer)).transpose()
}

/// The latest answer that a partner got about a domain.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(conn: &impl Conn, slice: &Slice, partner: Uuid, domain: &str) -> Result<Option<Precheck>, DbErr> {
    let row = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::PartnerId.eq(partner))
        .filter(Column::Domain.eq(domain))
        .order_by_desc(Column::Day)
        .one(conn)
        .await?;
    row.map(|row| read("registration_check.answer", &row.answer)).transpose()
}

/// About how many domains a partner asked on a day.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, partner: Uuid, day: Date) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::PartnerId.eq(partner))
        .filter(Column::Day.eq(day))
        .count(conn)
        .await
}

/// Writes the answer of a day.
///
/// # Errors
/// [`DbErr`], a unique violation when there is one.
pub async fn insert(
    conn: &impl Conn,
    slice: &Slice,
    (partner, day, domain): (Uuid, Date, &str),
    answer: Precheck,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        partner_id: Set(partner),
        day: Set(day),
        domain: Set(domain.to_owned()),
        answer: Set(word(answer)),
        recorded_at: Set(at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
