//! Which programs a portfolio holds.

use crate::store::{Conn, DbErr};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// One program of a portfolio.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portfolio_program")]
pub struct Model {
    /// The portfolio.
    #[sea_orm(primary_key, auto_increment = false)]
    pub portfolio_id: Uuid,
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The programs of a portfolio, by id.
///
/// # Errors
/// [`DbErr`].
pub async fn of_portfolio(conn: &impl Conn, portfolio_id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let rows =
        Entity::find().filter(Column::PortfolioId.eq(portfolio_id)).order_by_asc(Column::ProgramId).all(conn).await?;
    Ok(rows.into_iter().map(|row| row.program_id).collect())
}

/// Puts programs into a portfolio.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, portfolio_id: Uuid, programs: &[Uuid]) -> Result<(), DbErr> {
    if programs.is_empty() {
        return Ok(());
    }
    let rows = programs.iter().map(|id| ActiveModel { portfolio_id: Set(portfolio_id), program_id: Set(*id) });
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}
