//! Contract terms with partners, version by version: only ever added.

use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::NaiveDate;
use domain::contract::ContractTerms;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `contract_terms`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contract_terms")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// Its number among this partner's.
    pub version: i64,
    /// The first day it holds.
    pub starts_on: Date,
    /// The last day it holds.
    pub ends_on: Option<Date>,
    /// What was agreed, as JSON.
    pub body: String,
    /// The vendor's own note.
    pub note: Option<String>,
    /// Who recorded it.
    pub seat_id: Uuid,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for ContractTerms {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let unknown = |_| DbErr::Type("column contract_terms.body holds what this version does not know".into());
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            version: row.version,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            agreed: serde_json::from_str(&row.body).map_err(unknown)?,
            note: row.note,
            seat_id: row.seat_id,
            recorded_at: row.recorded_at,
        })
    }
}

fn of(slice: &Slice, partner: Uuid) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "contract_terms.partner_id"))
        .filter(Column::PartnerId.eq(partner))
        .order_by_desc(Column::Version)
}

/// All versions with a partner, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn of_partner(conn: &impl Conn, slice: &Slice, partner: Uuid) -> Result<Vec<ContractTerms>, DbErr> {
    of(slice, partner).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// These versions, of whatever partners.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<ContractTerms>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "contract_terms.partner_id"))
        .filter(Column::Id.is_in(ids.iter().copied()));
    rows.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// The latest version with a partner that has begun on a day and is not over: the terms in force.
///
/// # Errors
/// [`DbErr`].
pub async fn on(
    conn: &impl Conn,
    slice: &Slice,
    partner: Uuid,
    day: NaiveDate,
) -> Result<Option<ContractTerms>, DbErr> {
    let begun = of(slice, partner).filter(Column::StartsOn.lte(day)).one(conn).await?;
    let begun: Option<ContractTerms> = begun.map(TryInto::try_into).transpose()?;
    Ok(begun.filter(|terms| terms.holds_on(day)))
}

/// Writes a version.
///
/// # Errors
/// [`DbErr`], a unique violation when another took the number.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &ContractTerms) -> Result<(), DbErr> {
    let body = serde_json::to_string(&it.agreed).map_err(|_| DbErr::Type("the terms are not JSON".into()))?;
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        version: Set(it.version),
        starts_on: Set(it.starts_on),
        ends_on: Set(it.ends_on),
        body: Set(body),
        note: Set(it.note.clone()),
        seat_id: Set(it.seat_id),
        recorded_at: Set(it.recorded_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
