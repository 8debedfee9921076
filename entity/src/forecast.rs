//! Published forecasts. A row is written once and never changed. Every slice of a program holds all of them: which partners of a
//! forecast a seat may list is decided where they are listed.
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::slice::Slice;
use domain::tam::Publication;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `forecast`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forecast")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The first of the four quarters.
    pub quarter: i32,
    /// From 1, for each first quarter.
    pub revision: i64,
    /// The revision that it replaces.
    pub replaces_id: Option<Uuid>,
    /// Canonical JSON.
    pub body: String,
    /// Its SHA-256.
    pub sha256: String,
    /// The seat that published it.
    pub published_by: Uuid,
    /// Who sat there.
    pub publisher: String,
    /// When.
    pub published_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Publication {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let forecast = serde_json::from_str(&row.body)
            .map_err(|why| DbErr::Type(format!("column forecast.body is not a forecast: {why}")))?;
        Ok(Self {
            id: row.id,
            revision: row.revision,
            replaces_id: row.replaces_id,
            sha256: row.sha256,
            published_by: row.published_by,
            publisher: row.publisher,
            published_at: row.published_at,
            forecast,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// The latest revision of the forecast that begins with a quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Option<Publication>, DbErr> {
    within(slice)
        .filter(Column::Quarter.eq(quarter.index()))
        .order_by_desc(Column::Revision)
        .one(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// The latest revision of the latest forecast that begins with this quarter or an earlier one.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_up_to(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Option<Publication>, DbErr> {
    within(slice)
        .filter(Column::Quarter.lte(quarter.index()))
        .order_by_desc(Column::Quarter)
        .order_by_desc(Column::Revision)
        .one(conn)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Every revision of the forecast that begins with a quarter, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn revisions(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<Publication>, DbErr> {
    within(slice)
        .filter(Column::Quarter.eq(quarter.index()))
        .order_by_desc(Column::Revision)
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// One row.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Publication>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a publication with the canonical JSON of its forecast.
///
/// # Errors
/// [`DbErr`], a unique violation when the revision is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Publication, body: String) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        quarter: Set(it.forecast.quarter.index()),
        revision: Set(it.revision),
        replaces_id: Set(it.replaces_id),
        body: Set(body),
        sha256: Set(it.sha256.clone()),
        published_by: Set(it.published_by),
        publisher: Set(it.publisher.clone()),
        published_at: Set(it.published_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
