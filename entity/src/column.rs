//! The one place where a value of the domain becomes a column and back.

use crate::bulk::array_of;
use crate::store::{Conn, is_sqlite};
use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Expr, ExprTrait, Value};
use sea_orm::{ColumnTrait, DbErr, QueryResult, TryGetable};
use std::str::FromStr;
use uuid::Uuid;

/// An instant as both back ends keep it: cut to microseconds.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// The word of an enum, as it is stored.
pub fn word<E: Into<&'static str>>(value: E) -> String {
    let word: &'static str = value.into();
    word.to_owned()
}

/// Reads an enum, a currency, a decimal or a quarter from its text.
///
/// # Errors
/// A [`DbErr`] that names the column, when the row holds something this version does not know.
pub fn read<T: FromStr>(column: &'static str, text: &str) -> Result<T, DbErr> {
    text.parse().map_err(|_| DbErr::Type(format!("column {column} holds a value that this version does not know")))
}

/// As [`read`], for a column that may be empty.
///
/// # Errors
/// As [`read`].
pub fn read_optional<T: FromStr>(column: &'static str, text: Option<&str>) -> Result<Option<T>, DbErr> {
    text.map(|text| read(column, text)).transpose()
}

/// Whether a column holds one of these keys. For PostgreSQL they go as one array, so that any count of them is one statement to
/// plan.
pub(crate) fn one_of<V: Into<Value> + Clone>(conn: &impl Conn, column: impl ColumnTrait, keys: &[V]) -> Expr {
    if is_sqlite(conn) {
        return column.is_in(padded(keys));
    }
    let values: Vec<Value> = keys.iter().cloned().map(Into::into).collect();
    match array_of(&values) {
        Some(array) => column.into_expr().eq(PgFunc::any(array)),
        None => column.is_in(padded(keys)),
    }
}

/// The columns of a row one after the other: a look-up of each by its name costs more than reading it.
pub(crate) struct Places<'a> {
    row: &'a QueryResult,
    at: usize,
}

impl<'a> Places<'a> {
    /// From the first column on.
    pub(crate) const fn new(row: &'a QueryResult) -> Self {
        Self { row, at: 0 }
    }

    /// The next value.
    pub(crate) fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        self.at += 1;
        self.row.try_get_by_index(self.at - 1)
    }

    /// The next row of a table whose second column is its id; none where the join found none.
    pub(crate) fn joined<M>(
        &mut self,
        columns: usize,
        read: impl FnOnce(&mut Self) -> Result<M, DbErr>,
    ) -> Result<Option<M>, DbErr> {
        if self.row.try_get_by_index::<Option<Uuid>>(self.at + 1)?.is_some() {
            return read(self).map(Some);
        }
        self.at += columns;
        Ok(None)
    }
}

/// Keys to look for, filled up to a power of two by repeating the last: each count of keys is another statement for the
/// database to plan, and so there are few.
pub(crate) fn padded<T: Clone>(keys: &[T]) -> Vec<T> {
    let missing = keys.len().next_power_of_two() - keys.len();
    keys.iter().chain(keys.last().into_iter().cycle().take(missing)).cloned().collect()
}

/// A list of words as the JSON text it is stored as.
#[must_use]
pub fn words(list: &[String]) -> String {
    serde_json::Value::from(list.to_vec()).to_string()
}

/// A list of words from its JSON text.
///
/// # Errors
/// A [`DbErr`] that names the column.
pub fn read_words(column: &'static str, text: &str) -> Result<Vec<String>, DbErr> {
    serde_json::from_str(text).map_err(|_| DbErr::Type(format!("column {column} is not a list of words")))
}
