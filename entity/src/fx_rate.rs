//! Exchange rates, per quarter and currency.
use crate::column::read;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `fx_rate`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fx_rate")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The fiscal quarter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i32,
    /// The foreign currency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// Units of the program's currency for one of the foreign, exact.
    pub rate: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::spend::FxRate {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            quarter: domain::calendar::Quarter::from_index(row.quarter),
            currency: read("fx_rate.currency", &row.currency)?,
            rate: read("fx_rate.rate", &row.rate)?,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &domain::spend::FxRate) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        quarter: Set(it.quarter.index()),
        currency: Set(it.currency.code().to_owned()),
        rate: Set(it.rate.to_string()),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// All rates, latest quarter first.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<domain::spend::FxRate>, DbErr> {
    within(slice)
        .order_by_desc(Column::Quarter)
        .order_by_asc(Column::Currency)
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// The rate of a currency in a quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn find(
    conn: &impl Conn,
    slice: &Slice,
    quarter: i32,
    currency: &str,
) -> Result<Option<domain::spend::FxRate>, DbErr> {
    within(slice)
        .filter(Column::Quarter.eq(quarter))
        .filter(Column::Currency.eq(currency))
        .one(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Writes a new rate.
///
/// # Errors
/// [`DbErr`], a unique violation when there is one.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::spend::FxRate) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed rate.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::spend::FxRate) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
