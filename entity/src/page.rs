//! Keyset pages: a position is the sort key of a row with its id as the tie-break, so that pages do not shift under inserts.

use crate::store::{Conn, DbErr};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Value};
use sea_orm::{EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult, QueryTrait, Select, Statement};
use std::fmt::Write as _;
use uuid::Uuid;

/// The value a list is sorted by. It is never null: a column that may be is sorted by an expression that is not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Key {
    /// Text, by the database's order of code points.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A day.
    Day(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl From<&Key> for Value {
    fn from(key: &Key) -> Self {
        match key {
            Key::Text(text) => text.clone().into(),
            Key::Int(number) => (*number).into(),
            Key::Day(day) => (*day).into(),
            Key::Instant(at) => (*at).into(),
        }
    }
}

/// Where a row stands in a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// Its sort key.
    pub key: Key,
    /// Its id.
    pub id: Uuid,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// At most this many rows.
    pub limit: u64,
    /// Whether they are the last instead of the first.
    pub from_end: bool,
    /// Only rows behind this position.
    pub after: Option<Position>,
    /// Only rows before this position.
    pub before: Option<Position>,
    /// Whether the list is sorted downwards.
    pub descending: bool,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Whether there are rows before these.
    pub has_previous: bool,
    /// Whether there are rows behind these.
    pub has_next: bool,
}

/// Fetches a page of a select, sorted by `by` (an expression over its table) and then by `id`.
pub(crate) async fn fetch<E, T>(
    conn: &impl Conn,
    select: Select<E>,
    by: &'static str,
    id: &'static str,
    ask: &Ask,
) -> Result<Page<T>, DbErr>
where
    E: EntityTrait,
    E::Model: FromQueryResult + TryInto<T, Error = DbErr> + Sync,
{
    let rows = conn.query_all_raw(placed(conn, select, by, id, ask)).await?;
    let read = |row: &QueryResult| E::Model::from_query_result(row, "")?.try_into();
    Ok(cut(rows.iter().map(read).collect::<Result<Vec<T>, DbErr>>()?, ask))
}

/// The statement for the rows of a page and one more, sorted.
pub(crate) fn placed<E: EntityTrait>(
    conn: &impl Conn,
    select: Select<E>,
    by: &'static str,
    id: &'static str,
    ask: &Ask,
) -> Statement {
    let downwards = ask.descending != ask.from_end;
    let (behind, ahead) = if ask.descending { ('<', '>') } else { ('>', '<') };
    let mut select = select;
    for (position, sign) in [(&ask.after, behind), (&ask.before, ahead)] {
        if let Some(position) = position {
            // Built of typed parts: a placeholder in custom SQL is `?` for one back end and `$1` for the other.
            let row = Expr::tuple([Expr::cust(by), Expr::cust(id)]);
            let at = Expr::tuple([Expr::value(Value::from(&position.key)), Expr::value(position.id)]);
            select = select.filter(if sign == '>' { row.gt(at) } else { row.lt(at) });
        }
    }
    let order = if downwards { Order::Desc } else { Order::Asc };
    let select = select.order_by(Expr::cust(by), order.clone()).order_by(Expr::cust(id), order);
    let mut statement = select.build(conn.get_database_backend());
    // Written out: for a limit that it does not know, PostgreSQL plans the statement anew at each call.
    let _ = write!(statement.sql, " LIMIT {}", ask.limit + 1);
    statement
}

/// The page of rows that [`placed`] found.
pub(crate) fn cut<T>(mut rows: Vec<T>, ask: &Ask) -> Page<T> {
    let limit = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if ask.from_end {
        rows.reverse();
    }
    let (has_previous, has_next) =
        if ask.from_end { (has_more, ask.before.is_some()) } else { (ask.after.is_some(), has_more) };
    Page { rows, has_previous, has_next }
}
