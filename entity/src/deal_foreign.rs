//! Open deals with an amount in another currency than the program's: their value is that of the present quarter.

use crate::deal::{Column, Entity};
use crate::store::{Conn, DbErr};
use domain::deal::{Deal, Outcome};
use domain::money::Currency;
use domain::slice::Slice;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Cond;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// Such deals behind an id, in the order of their ids, at most so many. Nobody else changes them before the transaction ends: they are
/// written back whole.
///
/// # Errors
/// [`DbErr`].
pub async fn open(conn: &impl Conn, slice: &Slice, own: Currency, after: Uuid, most: u64) -> Result<Vec<Deal>, DbErr> {
    let foreign = [Column::OriginalCurrency, Column::TcvOriginalCurrency, Column::ServicesOriginalCurrency];
    let foreign = foreign.into_iter().fold(Cond::any(), |any, column| any.add(column.ne(own.code())));
    let select = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(crate::scope::deals(slice))
        .filter(Column::Outcome.eq(crate::column::word(Outcome::Open)))
        .filter(foreign)
        .filter(Column::Id.gt(after));
    select
        .order_by_asc(Column::Id)
        .limit(most)
        .lock_exclusive()
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}
