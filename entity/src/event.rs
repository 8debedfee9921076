//! The outbox: what happened, for subscribers and webhooks, written in the transaction of what it tells.

use crate::store::{Conn, DbErr, Store};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Statement};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An event in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The event; ids sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What kind of thing happened.
    pub kind: String,
    /// The row it happened to.
    pub subject_id: Uuid,
    /// Details, as JSON.
    pub body: String,
    /// When.
    pub recorded_at: DateTimeUtc,
    /// Its number in the program; none until it was numbered.
    pub seq: Option<i64>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Writes events: program, id, kind, subject, body.
///
/// # Errors
/// [`DbErr`].
pub async fn insert<'a>(
    conn: &impl Conn,
    events: impl Iterator<Item = (Uuid, Uuid, &'a str, Uuid, &'a serde_json::Value)>,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let rows: Vec<ActiveModel> = events
        .map(|(program_id, id, kind, subject_id, body)| ActiveModel {
            program_id: Set(program_id),
            id: Set(id),
            kind: Set(kind.to_owned()),
            subject_id: Set(subject_id),
            body: Set(body.to_string()),
            recorded_at: Set(at),
            seq: Set(None),
        })
        .collect();
    if !rows.is_empty() {
        let programs: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.program_id.try_as_ref().copied()).collect();
        Entity::insert_many(rows).exec_without_returning(conn).await?;
        for program_id in programs {
            crate::listen::notify(conn, program_id).await?;
        }
    }
    Ok(())
}

/// An event with its number in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The program.
    pub program_id: Uuid,
    /// Its number: events are numbered one by one after they were committed, without a gap, so that whoever has read up to a
    /// number has missed nothing before it.
    pub seq: i64,
    /// The event.
    pub id: Uuid,
    /// What kind of thing happened.
    pub kind: String,
    /// The row it happened to.
    pub subject_id: Uuid,
    /// Details, as JSON.
    pub body: serde_json::Value,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl TryFrom<Model> for Told {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let body = serde_json::from_str(&row.body).map_err(|_| DbErr::Type("event.body is not JSON".into()))?;
        let seq = row.seq.ok_or_else(|| DbErr::Type("an event without a number".into()))?;
        let Model { program_id, id, kind, subject_id, recorded_at, .. } = row;
        Ok(Self { program_id, seq, id, kind, subject_id, body, recorded_at })
    }
}

/// Numbers the committed events of a program that have no number yet, in the order of their ids.
///
/// An id is made before its transaction commits, so that a later id may be seen first; whoever went on behind the greatest id
/// would miss the earlier one. A number is given after the commit, and under a lock that is held until the numbers themselves
/// are committed: a reader that sees number n sees all before it. Any process may do it, and nobody who writes waits for it.
///
/// # Errors
/// [`DbErr`].
pub async fn number(store: &Store, program_id: Uuid) -> Result<(), DbErr> {
    let tx = store.begin().await?;
    let run = |sql: &str, values: Vec<sea_orm::Value>| {
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values))
    };
    let first = "INSERT INTO event_feed (program_id, last_seq) VALUES ($1, 0) ON CONFLICT (program_id) DO NOTHING";
    run(first, vec![program_id.into()]).await?;
    // The lock: other numberers wait here, and look only then.
    run("UPDATE event_feed SET last_seq = last_seq WHERE program_id = $1", vec![program_id.into()]).await?;
    let last = last_seq(&tx, program_id).await?;
    let numbers = "UPDATE event SET seq = $2 + fresh.place FROM (
                     SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM event WHERE program_id = $1 AND seq IS NULL
                   ) AS fresh WHERE event.program_id = $1 AND event.id = fresh.id";
    let count = run(numbers, vec![program_id.into(), last.into()]).await?.rows_affected();
    let last = last + i64::try_from(count).unwrap_or_default();
    run("UPDATE event_feed SET last_seq = $2 WHERE program_id = $1", vec![program_id.into(), last.into()]).await?;
    tx.commit().await
}

/// The programs with events that have no number yet. Of all programs: only the feed asks, which tells nobody but through a slice.
///
/// # Errors
/// [`DbErr`].
pub async fn unnumbered(conn: &impl Conn) -> Result<Vec<Uuid>, DbErr> {
    let select = Entity::find().select_only().column(Column::ProgramId).distinct().filter(Column::Seq.is_null());
    select.into_tuple().all(conn).await
}

/// The greatest number of each program. Of all programs: only the feed asks.
///
/// # Errors
/// [`DbErr`].
pub async fn feeds(conn: &impl Conn) -> Result<Vec<(Uuid, i64)>, DbErr> {
    let sql = "SELECT program_id, last_seq FROM event_feed";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "program_id")?, row.try_get("", "last_seq")?))).collect()
}

/// The greatest number of a program.
///
/// # Errors
/// [`DbErr`].
pub async fn last_seq(conn: &impl Conn, program_id: Uuid) -> Result<i64, DbErr> {
    let sql = "SELECT last_seq FROM event_feed WHERE program_id = $1";
    let values = [program_id.into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "last_seq"))
}

/// The events of a program behind a number, in order, at most so many. What of them somebody may see, the row they happened to
/// decides.
///
/// # Errors
/// [`DbErr`].
pub async fn behind(conn: &impl Conn, program_id: Uuid, seq: i64, most: u64) -> Result<Vec<Told>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(program_id)).filter(Column::Seq.gt(seq));
    select.order_by_asc(Column::Seq).limit(most).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// A numbered event by its id.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, program_id: Uuid, id: Uuid) -> Result<Option<Told>, DbErr> {
    let row = Entity::find_by_id((program_id, id)).filter(Column::Seq.is_not_null()).one(conn).await?;
    row.map(TryInto::try_into).transpose()
}

/// Forgets the program's numbered events from before an instant. Returns how many.
///
/// # Errors
/// [`DbErr`].
pub async fn forget_before(conn: &impl Conn, program_id: Uuid, before: DateTimeUtc) -> Result<u64, DbErr> {
    let old = Entity::delete_many()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::RecordedAt.lt(before))
        .filter(Column::Seq.is_not_null());
    Ok(old.exec(conn).await?.rows_affected)
}
