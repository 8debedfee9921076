//! Deals with the rows around them in one statement: a round trip costs more than a join.

use crate::store::{Conn, DbErr};
use crate::{account, deal, scope, segment};
use domain::slice::Slice;
use sea_orm::sea_query::{Alias, Cond, Condition, Expr, JoinType};
use sea_orm::{EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult, QueryTrait, Select, Statement};
use uuid::Uuid;

/// Which rows are fetched beside a deal's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Its account.
    pub account: bool,
    /// Its segment.
    pub segment: bool,
}

/// A deal, and what was asked for around it as far as the slice holds it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The deal.
    pub deal: domain::deal::Deal,
    /// Its account.
    pub account: Option<domain::account::Account>,
    /// Its segment.
    pub segment: Option<domain::segment::Segment>,
}

/// A select over `deal` with the rows around them.
pub(crate) fn with(slice: &Slice, mut select: Select<deal::Entity>, around: Around) -> Select<deal::Entity> {
    if around.account {
        let is_its = Cond::all()
            .add(Expr::cust("account.program_id = deal.program_id AND account.id = deal.account_id"))
            .add(scope::accounts(slice));
        beside::<account::Entity>(&mut select, "account", is_its);
    }
    if around.segment {
        let is_its =
            Cond::all().add(Expr::cust("segment.program_id = deal.program_id AND segment.id = deal.segment_id"));
        beside::<segment::Entity>(&mut select, "segment", is_its);
    }
    select
}

/// What such a select finds.
pub(crate) async fn all(conn: &impl Conn, statement: Statement, around: Around) -> Result<Vec<Row>, DbErr> {
    let rows = conn.query_all_raw(statement).await?;
    let read_row = |row: &QueryResult| {
        Ok(Row {
            deal: deal::Model::from_query_result(row, "")?.try_into()?,
            account: if around.account { found::<account::Model, _>(row, "account.")? } else { None },
            segment: if around.segment { found::<segment::Model, _>(row, "segment.")? } else { None },
        })
    };
    rows.iter().map(read_row).collect()
}

/// Joins a table, each of its columns under its table's name.
pub(crate) fn beside<E: EntityTrait>(select: &mut Select<impl EntityTrait>, table: &'static str, is_its: Condition) {
    let query = QueryTrait::query(select);
    query.join(JoinType::LeftJoin, Alias::new(table), is_its);
    for column in E::Column::iter() {
        let name = column.as_str();
        query.expr_as(Expr::col((Alias::new(table), Alias::new(name))), Alias::new(format!("{table}.{name}")));
    }
}

/// The joined row, where there is one.
pub(crate) fn found<M, T>(row: &QueryResult, prefix: &str) -> Result<Option<T>, DbErr>
where
    M: FromQueryResult + TryInto<T, Error = DbErr>,
{
    match row.try_get::<Option<Uuid>>(prefix, "id")? {
        Some(_) => M::from_query_result(row, prefix)?.try_into().map(Some),
        None => Ok(None),
    }
}
