//! What Finance signed of a quarter: only ever added.
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::reconciliation::SignOff;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `reconciliation_sign_off`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_sign_off")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The quarter.
    pub quarter: i32,
    /// From 1.
    pub number: i32,
    /// What was signed, as canonical JSON.
    pub body: String,
    /// Its hash.
    pub sha256: String,
    /// Spend, in minor units.
    pub spend_minor: i64,
    /// Sourced ARR, in minor units.
    pub sourced_arr_minor: i64,
    /// Spend on partners without Sourced ARR.
    pub spend_without_arr_minor: i64,
    /// Sourced ARR of partners without spend.
    pub arr_without_spend_minor: i64,
    /// A note.
    pub note: Option<String>,
    /// Who signed.
    pub seat_id: Uuid,
    /// When.
    pub signed_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for SignOff {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            number: row.number,
            body: row.body,
            sha256: row.sha256,
            spend_minor: row.spend_minor,
            sourced_arr_minor: row.sourced_arr_minor,
            spend_without_arr_minor: row.spend_without_arr_minor,
            arr_without_spend_minor: row.arr_without_spend_minor,
            note: row.note,
            seat_id: row.seat_id,
            signed_at: row.signed_at,
        }
    }
}

/// What was signed of a quarter, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<SignOff>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    let rows = select.filter(Column::Quarter.eq(quarter.index())).order_by_desc(Column::Number).all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One, if the program has it.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<SignOff>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    Ok(select.filter(Column::Id.eq(id)).one(conn).await?.map(Into::into))
}

/// Writes one.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else signed at the same moment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &SignOff) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        number: Set(it.number),
        body: Set(it.body.clone()),
        sha256: Set(it.sha256.clone()),
        spend_minor: Set(it.spend_minor),
        sourced_arr_minor: Set(it.sourced_arr_minor),
        spend_without_arr_minor: Set(it.spend_without_arr_minor),
        arr_without_spend_minor: Set(it.arr_without_spend_minor),
        note: Set(it.note.clone()),
        seat_id: Set(it.seat_id),
        signed_at: Set(it.signed_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
