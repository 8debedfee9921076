//! How far partners reach into segments, set by hand.
use crate::column::{read, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::tam::{Penetration, PenetrationSetting};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `penetration`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "penetration")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// How far.
    pub level: String,
    /// Why it was set so.
    pub reason: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PenetrationSetting {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            segment_id: row.segment_id,
            penetration: Penetration { level: read("penetration.level", &row.level)?, reason: row.reason },
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &PenetrationSetting) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        segment_id: Set(it.segment_id),
        level: Set(word(it.penetration.level)),
        reason: Set(it.penetration.reason.clone()),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "penetration.partner_id"))
}

/// All settings of the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<PenetrationSetting>, DbErr> {
    within(slice).order_by_asc(Column::Id).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// The setting of a partner in a segment.
///
/// # Errors
/// [`DbErr`].
pub async fn find(
    conn: &impl Conn,
    slice: &Slice,
    partner_id: Uuid,
    segment_id: Uuid,
) -> Result<Option<PenetrationSetting>, DbErr> {
    within(slice)
        .filter(Column::PartnerId.eq(partner_id))
        .filter(Column::SegmentId.eq(segment_id))
        .one(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when there is one of the same partner and segment.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PenetrationSetting) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PenetrationSetting) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}

/// Takes a row away, as it was read: false when somebody else was first.
///
/// # Errors
/// [`DbErr`].
pub async fn remove(conn: &impl Conn, slice: &Slice, it: &PenetrationSetting) -> Result<bool, DbErr> {
    let one = Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::Version.eq(it.version));
    Ok(one.exec(conn).await?.rows_affected == 1)
}
