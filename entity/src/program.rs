//! Programs: the tenants.

use crate::column::read;
use crate::store::{Conn, DbErr};
use domain::calendar::Calendar;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A program's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "program")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The short name.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA zone.
    pub zone: String,
    /// 1 to 12.
    pub fiscal_start_month: i32,
    /// Bumped by every change of a fact.
    pub data_version: i64,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::program::Program {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            currency: read("program.currency", &row.currency)?,
            calendar: Calendar {
                zone: read("program.zone", &row.zone)?,
                fiscal_start_month: u32::try_from(row.fiscal_start_month).unwrap_or(1),
            },
            slug: row.slug,
            name: row.name,
            data_version: row.data_version,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

impl From<&domain::program::Program> for ActiveModel {
    fn from(program: &domain::program::Program) -> Self {
        Self {
            id: Set(program.id),
            slug: Set(program.slug.clone()),
            name: Set(program.name.clone()),
            currency: Set(program.currency.code().to_owned()),
            zone: Set(program.calendar.zone.name().to_owned()),
            fiscal_start_month: Set(i32::try_from(program.calendar.fiscal_start_month).unwrap_or(1)),
            data_version: Set(program.data_version),
            version: Set(program.version),
            recorded_at: Set(program.recorded_at),
        }
    }
}

/// A program by its id. The caller's id comes from its seat, so this needs no slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, id: Uuid) -> Result<Option<domain::program::Program>, DbErr> {
    Entity::find_by_id(id).one(conn).await?.map(TryInto::try_into).transpose()
}

/// A program by its slug: for authentication and the command line.
///
/// # Errors
/// [`DbErr`].
pub async fn find_by_slug(conn: &impl Conn, slug: &str) -> Result<Option<domain::program::Program>, DbErr> {
    Entity::find().filter(Column::Slug.eq(slug)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// All programs, by slug: for the command line and the jobs.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn) -> Result<Vec<domain::program::Program>, DbErr> {
    use sea_orm::QueryOrder;
    Entity::find().order_by_asc(Column::Slug).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new program.
///
/// # Errors
/// [`DbErr`], a unique violation when the slug is taken.
pub async fn insert(conn: &impl Conn, program: &domain::program::Program) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(program)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed program.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, program: &domain::program::Program) -> Result<(), DbErr> {
    let mut row = ActiveModel::from(program);
    row.data_version = sea_orm::ActiveValue::NotSet;
    Entity::update(row).exec(conn).await?;
    Ok(())
}

/// The data version of every program: for the feed, which tells this process of what others changed.
///
/// # Errors
/// [`DbErr`].
pub async fn data_versions(conn: &impl Conn) -> Result<Vec<(Uuid, i64)>, DbErr> {
    use sea_orm::QuerySelect;
    Entity::find().select_only().columns([Column::Id, Column::DataVersion]).into_tuple().all(conn).await
}

/// Bumps the data version, so that no answer computed before is served again.
///
/// # Errors
/// [`DbErr`].
pub async fn bump_data_version(conn: &impl Conn, id: Uuid) -> Result<(), DbErr> {
    use sea_orm::sea_query::ExprTrait;
    Entity::update_many()
        .col_expr(Column::DataVersion, Expr::col(Column::DataVersion).add(1))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}
