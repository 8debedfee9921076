//! Commitments of a Stage Deployment Plan, one a partner, stage and quarter.
use crate::column::{read, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::funnel::Commitment;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `commitment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The iteration's quarter.
    pub quarter: i32,
    /// The partner.
    pub partner_id: Uuid,
    /// The stage.
    pub stage: String,
    /// The quarter it is for.
    pub for_quarter: i32,
    /// Minor units of the program's currency.
    pub arr_minor: i64,
    /// How many deals.
    pub deals: i32,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was last written.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Commitment {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            partner_id: row.partner_id,
            stage: read("commitment.stage", &row.stage)?,
            for_quarter: Quarter::from_index(row.for_quarter),
            arr_minor: row.arr_minor,
            deals: row.deals,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &Commitment) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        partner_id: Set(it.partner_id),
        stage: Set(word(it.stage)),
        for_quarter: Set(it.for_quarter.index()),
        arr_minor: Set(it.arr_minor),
        deals: Set(it.deals),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "commitment.partner_id"))
}

/// The commitments of an iteration's plan, of the partners of the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<Commitment>, DbErr> {
    let select = within(slice).filter(Column::Quarter.eq(quarter.index()));
    let rows = select
        .order_by_asc(Column::PartnerId)
        .order_by_asc(Column::Stage)
        .order_by_asc(Column::ForQuarter)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Commitment>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else wrote the same commitment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Commitment) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Commitment) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
