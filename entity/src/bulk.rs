//! Many rows of a table in one statement.
//!
//! For PostgreSQL each column goes as one array: to bind and to plan tens of thousands of parameters costs more than to write the
//! rows, and every count of rows would be another text. SQLite, in the same process, takes rows of parameters.

use crate::store::{Conn, DbErr, is_sqlite};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ActiveValue, EntityName, EntityTrait, IdenStatic, Iterable, Statement, Value};
use std::fmt::Write as _;

/// From so many rows on arrays are worth their while.
const ARRAYS_FROM: usize = 5;

/// The sizes in which SQLite gets its rows: each size is one more statement text that a connection keeps prepared, and a statement
/// of thousands of values takes a megabyte. Any other size would fill that cache with texts used once.
pub(crate) const SIZES: [usize; 6] = [ROWS_MOST, 350, 100, 25, 5, 1];

/// How many rows of the widest table fit into one statement of SQLite, which binds at most 32,766 values.
pub(crate) const ROWS_MOST: usize = 640;

/// Writes rows; where `keys` are named, a row that has the same is written anew.
pub(crate) async fn write<A>(
    conn: &impl Conn,
    mut rows: Vec<A>,
    keys: &[<A::Entity as EntityTrait>::Column],
) -> Result<(), DbErr>
where
    A: ActiveModelTrait,
{
    if rows.len() >= ARRAYS_FROM
        && !is_sqlite(conn)
        && let Some(statement) = as_arrays(&rows, keys, conn.get_database_backend())
    {
        conn.execute_raw(statement).await?;
        return Ok(());
    }
    while let Some(size) = SIZES.into_iter().find(|size| *size <= rows.len()) {
        let rest = rows.split_off(size);
        let insert = A::Entity::insert_many(std::mem::replace(&mut rows, rest));
        if keys.is_empty() {
            insert.exec_without_returning(conn).await?;
        } else {
            let conflict = OnConflict::columns(keys.iter().copied()).update_columns(others::<A>(keys)).to_owned();
            insert.on_conflict(conflict).exec_without_returning(conn).await?;
        }
    }
    Ok(())
}

/// The statement of arrays; none where a column has a type that is not written this way.
fn as_arrays<A>(
    rows: &[A],
    keys: &[<A::Entity as EntityTrait>::Column],
    backend: sea_orm::DbBackend,
) -> Option<Statement>
where
    A: ActiveModelTrait,
{
    let (mut names, mut picked, mut given, mut arrays) = (String::new(), String::new(), String::new(), String::new());
    let mut values: Vec<Value> = Vec::new();
    for column in <A::Entity as EntityTrait>::Column::iter() {
        let mut of_rows = Vec::with_capacity(rows.len());
        for row in rows {
            match row.get(column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => of_rows.push(value),
                ActiveValue::NotSet => return None,
            }
        }
        let name = column.as_str();
        let comma = if names.is_empty() { "" } else { ", " };
        let at = values.len() + 1;
        let first = of_rows.first()?;
        write!(names, "{comma}\"{name}\"").ok()?;
        // What all rows have alike, most often nothing, goes once.
        if of_rows.iter().all(|value| value == first) {
            write!(picked, "{comma}${at}").ok()?;
            values.push(first.clone());
        } else {
            let comma_in = if given.is_empty() { "" } else { ", " };
            write!(picked, "{comma}given.\"{name}\"").ok()?;
            write!(given, "{comma_in}\"{name}\"").ok()?;
            write!(arrays, "{comma_in}${at}::{}[]", type_of(first)?).ok()?;
            values.push(array(&of_rows)?.into());
        }
    }
    if given.is_empty() {
        return None;
    }
    let table = A::Entity::default();
    let table = table.table_name();
    let mut sql = format!("INSERT INTO \"{table}\" ({names}) SELECT {picked} FROM unnest({arrays}) AS given({given})");
    if !keys.is_empty() {
        let of_keys: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.as_str())).collect();
        let set: Vec<String> =
            others::<A>(keys).map(|it| it.as_str()).map(|it| format!("\"{it}\" = excluded.\"{it}\"")).collect();
        let (of_keys, set) = (of_keys.join(", "), set.join(", "));
        write!(sql, " ON CONFLICT ({of_keys}) DO UPDATE SET {set}").ok()?;
    }
    Some(Statement::from_sql_and_values(backend, sql, values))
}

/// The columns that are no keys.
fn others<A: ActiveModelTrait>(
    keys: &[<A::Entity as EntityTrait>::Column],
) -> impl Iterator<Item = <A::Entity as EntityTrait>::Column> {
    let is_key = |column: &str| keys.iter().any(|key| key.as_str() == column);
    <A::Entity as EntityTrait>::Column::iter().filter(move |column| !is_key(column.as_str()))
}

/// Values of one type as one parameter of PostgreSQL; none where there is none, or their type is not written this way.
pub(crate) fn array_of(values: &[Value]) -> Option<Expr> {
    let of = type_of(values.first()?)?;
    Some(Expr::value(array(values)?).cast_as(format!("{of}[]")))
}

/// PostgreSQL's name of a value's type.
const fn type_of(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int4",
        Value::BigInt(_) => "int8",
        Value::String(_) => "text",
        Value::Uuid(_) => "uuid",
        Value::ChronoDate(_) => "date",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        _ => return None,
    })
}

/// Values as the text of an array.
fn array(values: &[Value]) -> Option<String> {
    const NULL: &str = "NULL";
    let mut out = String::with_capacity(values.len() * 24);
    out.push('{');
    for value in values {
        if out.len() > 1 {
            out.push(',');
        }
        match value {
            Value::Bool(Some(it)) => out.push(if *it { 't' } else { 'f' }),
            Value::Int(Some(it)) => write!(out, "{it}").ok()?,
            Value::BigInt(Some(it)) => write!(out, "{it}").ok()?,
            Value::Uuid(Some(it)) => write!(out, "{it}").ok()?,
            Value::ChronoDate(Some(it)) => write!(out, "{it}").ok()?,
            Value::ChronoDateTimeUtc(Some(it)) => write!(out, "{}", it.format("%Y-%m-%dT%H:%M:%S%.6fZ")).ok()?,
            Value::String(Some(it)) => quoted(&mut out, it),
            Value::Bool(None)
            | Value::Int(None)
            | Value::BigInt(None)
            | Value::String(None)
            | Value::Uuid(None)
            | Value::ChronoDate(None)
            | Value::ChronoDateTimeUtc(None) => out.push_str(NULL),
            _ => return None,
        }
    }
    out.push('}');
    Some(out)
}

/// A text in quotes, with what would end them or be read otherwise behind a backslash.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            Some(before) => {
                out.push_str(before);
                out.push('\\');
                out.push_str(&part[before.len()..]);
            }
            None => out.push_str(part),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_keeps_every_text_and_tells_nothing_from_the_word_for_it() {
        let texts = ["a", "", "NULL", "x,y", "{}", "a\"b\\c\\", "ü ", "\"", "\n"];
        let mut values: Vec<Value> = texts.iter().map(|text| (*text).into()).collect();
        values.push(Value::String(None));
        let expected = r#"{"a","","NULL","x,y","{}","a\"b\\c\\","ü ","\"","#.to_owned() + "\"\n\",NULL}";
        assert_eq!(array(&values), Some(expected));
        assert_eq!(array(&[Value::Double(Some(1.0))]), None, "no type that is not known here");
    }

    #[test]
    fn what_all_rows_have_alike_goes_once() {
        use crate::attribution_entry::{Column, Entity, active};
        use domain::attribution::{Attribution, AttributionState, Provenance};
        use uuid::Uuid;
        let row = |id: u128| Attribution {
            id: Uuid::from_u128(id),
            deal_id: Uuid::from_u128(id + 10),
            partner_id: Uuid::from_u128(3),
            state: AttributionState::Sourced,
            is_late: false,
            provenance: Provenance::Imported,
            evidence: None,
            basis_id: None,
            locked_at: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        let rows: Vec<_> = (1..3).map(|id| active(Uuid::from_u128(9), &row(id), None)).collect();
        let statement =
            as_arrays(&rows, &[Column::ProgramId, Column::Id], sea_orm::DbBackend::Postgres).expect("arrays");
        let columns = Column::iter().count();
        assert!(statement.sql.starts_with("INSERT INTO \"attribution_entry\" (\"program_id\", \"id\", \"deal_id\""));
        assert!(statement.sql.contains("SELECT $1, given.\"id\", given.\"deal_id\", $4"), "{}", statement.sql);
        assert!(
            statement.sql.contains("unnest($2::uuid[], $3::uuid[]) AS given(\"id\", \"deal_id\")"),
            "{}",
            statement.sql
        );
        assert!(statement.sql.contains("ON CONFLICT (\"program_id\", \"id\") DO UPDATE SET \"deal_id\" = excluded."));
        assert_eq!(statement.values.map(|values| values.0.len()), Some(columns));
        assert_eq!(Entity.table_name(), "attribution_entry");
    }
}
