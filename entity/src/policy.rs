//! Policies, version by version. Their numbers are no secret inside a program: what is shown of them is decided above.

use crate::column::instant;
use crate::store::{Conn, DbErr};
use chrono::NaiveDate;
use domain::policy::Policy;
use domain::policy_version::PolicyVersion;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `policy`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The version.
    pub version: i64,
    /// The numbers, as JSON.
    pub body: String,
    /// The first day it holds.
    pub active_from: Date,
    /// Who activated it.
    pub seat_id: Uuid,
    /// Why.
    pub reason: String,
    /// When it was activated.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PolicyVersion {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            policy: Policy::from_json(row.version, &row.body).map_err(|why| DbErr::Type(why.to_string()))?,
            active_from: row.active_from,
            seat_id: row.seat_id,
            reason: row.reason,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).order_by_desc(Column::Version)
}

async fn one(conn: &impl Conn, found: Select<Entity>) -> Result<Option<PolicyVersion>, DbErr> {
    found.one(conn).await?.map(TryInto::try_into).transpose()
}

/// The policy that holds on a day: the latest version that is active by then.
///
/// # Errors
/// [`DbErr`], also when a row holds what this version does not know.
pub async fn on(conn: &impl Conn, slice: &Slice, day: NaiveDate) -> Result<Policy, DbErr> {
    Ok(version_on(conn, slice, day).await?.map_or_else(Policy::default, |version| version.policy))
}

/// As [`on`], with its history.
///
/// # Errors
/// As [`on`].
pub async fn version_on(conn: &impl Conn, slice: &Slice, day: NaiveDate) -> Result<Option<PolicyVersion>, DbErr> {
    one(conn, within(slice).filter(Column::ActiveFrom.lte(day))).await
}

/// The latest version, whether it holds already or not.
///
/// # Errors
/// As [`on`].
pub async fn latest(conn: &impl Conn, slice: &Slice) -> Result<Option<PolicyVersion>, DbErr> {
    one(conn, within(slice)).await
}

/// A version by its number.
///
/// # Errors
/// As [`on`].
pub async fn of_version(conn: &impl Conn, slice: &Slice, version: i64) -> Result<Option<PolicyVersion>, DbErr> {
    one(conn, within(slice).filter(Column::Version.eq(version))).await
}

/// A version by its row.
///
/// # Errors
/// As [`on`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<PolicyVersion>, DbErr> {
    one(conn, within(slice).filter(Column::Id.eq(id))).await
}

/// All versions, the latest first.
///
/// # Errors
/// As [`on`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<PolicyVersion>, DbErr> {
    within(slice).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new version.
///
/// # Errors
/// [`DbErr`], a unique violation when another took the number.
pub async fn insert(conn: &impl Conn, program_id: Uuid, it: &PolicyVersion) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        version: Set(it.policy.version),
        body: Set(it.policy.to_json()),
        active_from: Set(it.active_from),
        seat_id: Set(it.seat_id),
        reason: Set(it.reason.clone()),
        recorded_at: Set(instant(it.recorded_at)),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
