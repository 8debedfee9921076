//! Seats of a portfolio. Their role is PORTFOLIO, and they have no program (ruling 28).

use crate::portfolio;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::role::Role;
use domain::slice::{Bindings, Place, Viewer};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{JoinType, QuerySelect};
use uuid::Uuid;

/// A seat's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio_seat")]
pub struct Model {
    /// The portfolio.
    #[sea_orm(primary_key, auto_increment = false)]
    pub portfolio_id: Uuid,
    /// The seat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who vouches for the subject.
    pub issuer: String,
    /// The subject, as the issuer names it.
    pub subject: String,
    /// The name people read.
    pub name: String,
    /// For cache keys.
    pub version: i64,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// The one join that authentication needs.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The portfolio of the seat.
    #[sea_orm(
        belongs_to = "super::portfolio::Entity",
        from = "Column::PortfolioId",
        to = "super::portfolio::Column::Id"
    )]
    Portfolio,
}
impl ActiveModelBehavior for ActiveModel {}

/// The portfolio seats of a subject that are not revoked, each with its portfolio's slug: in that portfolio, or in all.
///
/// # Errors
/// [`DbErr`].
pub async fn seated(
    conn: &impl Conn,
    issuer: &str,
    subject: &str,
    slug: Option<&str>,
) -> Result<Vec<(String, Viewer)>, DbErr> {
    let mut query = Entity::find()
        .select_only()
        .columns([Column::PortfolioId, Column::Id, Column::Name, Column::Version])
        .column(portfolio::Column::Slug)
        .join(JoinType::InnerJoin, Relation::Portfolio.def())
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Subject.eq(subject))
        .filter(Column::RevokedAt.is_null());
    if let Some(slug) = slug {
        query = query.filter(portfolio::Column::Slug.eq(slug));
    }
    let rows: Vec<(Uuid, Uuid, String, i64, String)> = query.into_tuple().all(conn).await?;
    let seat = |(portfolio_id, seat_id, name, seat_version, slug)| {
        let viewer = Viewer {
            seat_id,
            seat_version,
            subject: subject.to_owned(),
            name,
            role: Role::Portfolio,
            place: Place::Portfolio(portfolio_id),
            bindings: Bindings::default(),
            token_id: None,
            data_version: 0,
        };
        (slug, viewer)
    };
    Ok(rows.into_iter().map(seat).collect())
}

/// Writes a new seat, or takes back the revocation of the subject's old one.
///
/// # Errors
/// [`DbErr`].
pub async fn grant(
    conn: &impl Conn,
    portfolio_id: Uuid,
    id: Uuid,
    issuer: &str,
    subject: &str,
    name: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let old = Entity::find()
        .filter(Column::PortfolioId.eq(portfolio_id))
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Subject.eq(subject))
        .one(conn)
        .await?;
    if let Some(old) = old {
        let version = old.version.saturating_add(1);
        let mut row: ActiveModel = old.into();
        row.version = Set(version);
        row.name = Set(name.to_owned());
        row.revoked_at = Set(None);
        Entity::update(row).exec(conn).await?;
        return Ok(());
    }
    let row = ActiveModel {
        portfolio_id: Set(portfolio_id),
        id: Set(id),
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        name: Set(name.to_owned()),
        version: Set(1),
        revoked_at: Set(None),
        recorded_at: Set(at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Revokes the seat of a subject; nothing when there is none.
///
/// # Errors
/// [`DbErr`].
pub async fn revoke(
    conn: &impl Conn,
    portfolio_id: Uuid,
    issuer: &str,
    subject: &str,
    at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at))
        .filter(Column::PortfolioId.eq(portfolio_id))
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Subject.eq(subject))
        .filter(Column::RevokedAt.is_null())
        .exec(conn)
        .await?;
    Ok(done.rows_affected > 0)
}
