//! Portfolios: sets of programs that a firm holds. Keyed by portfolio, not by program (ruling 28).

use crate::portfolio_program;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A portfolio's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio")]
pub struct Model {
    /// The portfolio.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The short name that tokens use.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for domain::seat::Portfolio {
    fn from(row: Model) -> Self {
        Self { id: row.id, slug: row.slug, name: row.name }
    }
}

/// A portfolio by its id. The caller's id comes from its seat, so this needs no slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, id: Uuid) -> Result<Option<domain::seat::Portfolio>, DbErr> {
    Ok(Entity::find_by_id(id).one(conn).await?.map(Into::into))
}

/// A portfolio by its slug: for the command line.
///
/// # Errors
/// [`DbErr`].
pub async fn find_by_slug(conn: &impl Conn, slug: &str) -> Result<Option<domain::seat::Portfolio>, DbErr> {
    Ok(Entity::find().filter(Column::Slug.eq(slug)).one(conn).await?.map(Into::into))
}

/// Writes a new portfolio with its programs.
///
/// # Errors
/// [`DbErr`], a unique violation when the slug is taken.
pub async fn insert(
    conn: &impl Conn,
    portfolio: &domain::seat::Portfolio,
    programs: &[Uuid],
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(portfolio.id),
        slug: Set(portfolio.slug.clone()),
        name: Set(portfolio.name.clone()),
        recorded_at: Set(at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    portfolio_program::insert(conn, portfolio.id, programs).await
}
