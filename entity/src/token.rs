//! Minted tokens: kept by id, never by secret. Each has a seat of its own, so that to revoke one is to end one bearer.

use crate::column::read;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, TimeDelta, Utc};
use domain::slice::Slice;
use domain::token::Token;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, PaginatorTrait, QueryResult, Statement, Value};
use uuid::Uuid;

/// A token's row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The token (`jti`).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its seat.
    pub seat_id: Uuid,
    /// What it is for.
    pub label: String,
    /// Who minted it.
    pub minted_by: Uuid,
    /// When.
    pub minted_at: DateTimeUtc,
    /// When it ends.
    pub expires_at: DateTimeUtc,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A PARTNER seat has exactly one partner and a machine's none, so the join never multiplies a row.
const SELECT: &str = "SELECT t.id AS id, t.program_id AS program_id, t.seat_id AS seat_id, t.label AS label, s.role AS role, \
    b.partner_id AS partner_id, t.minted_by AS minted_by, t.minted_at AS minted_at, t.expires_at AS expires_at, \
    t.revoked_at AS revoked_at, t.last_used_at AS last_used_at, t.version AS version \
    FROM token t JOIN seat s ON s.program_id = t.program_id AND s.id = t.seat_id \
    LEFT JOIN seat_partner b ON b.program_id = t.program_id AND b.seat_id = t.seat_id";

fn read_token(row: &QueryResult) -> Result<Token, DbErr> {
    let role: String = row.try_get("", "role")?;
    Ok(Token {
        id: row.try_get("", "id")?,
        program_id: row.try_get("", "program_id")?,
        seat_id: row.try_get("", "seat_id")?,
        label: row.try_get("", "label")?,
        role: read("seat.role", &role)?,
        partner_id: row.try_get("", "partner_id")?,
        minted_by: row.try_get("", "minted_by")?,
        minted_at: row.try_get("", "minted_at")?,
        expires_at: row.try_get("", "expires_at")?,
        revoked_at: row.try_get("", "revoked_at")?,
        last_used_at: row.try_get("", "last_used_at")?,
        version: row.try_get("", "version")?,
    })
}

/// A token of the caller's program.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Token>, DbErr> {
    let sql = format!("{SELECT} WHERE t.program_id = $1 AND t.id = $2");
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [slice.program_id().into(), id.into()]);
    conn.query_one_raw(statement).await?.as_ref().map(read_token).transpose()
}

/// A page of tokens, latest first (ids sort by time): after an id, before an id, or both; from the end when `backwards`,
/// still latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, after: Option<Uuid>, before: Option<Uuid>, backwards: bool, most: u64) -> Result<Vec<Token>, DbErr> {
    let mut sql = format!("{SELECT} WHERE t.program_id = $1");
    let mut values: Vec<Value> = vec![slice.program_id().into()];
    for (id, sign) in [(after, '<'), (before, '>')] {
        if let Some(id) = id {
            values.push(id.into());
            sql.push_str(&format!(" AND t.id {sign} ${}", values.len()));
        }
    }
    values.push(i64::try_from(most).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY t.id {} LIMIT ${}", if backwards { "ASC" } else { "DESC" }, values.len()));
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let mut tokens = rows.iter().map(read_token).collect::<Result<Vec<_>, DbErr>>()?;
    if backwards {
        tokens.reverse();
    }
    Ok(tokens)
}

/// How many tokens [`page`] pages through.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice) -> Result<u64, DbErr> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).count(conn).await
}

/// Writes a new token; its seat is written first.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, token: &Token) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(token.program_id),
        id: Set(token.id),
        seat_id: Set(token.seat_id),
        label: Set(token.label.clone()),
        minted_by: Set(token.minted_by),
        minted_at: Set(token.minted_at),
        expires_at: Set(token.expires_at),
        revoked_at: Set(token.revoked_at),
        last_used_at: Set(token.last_used_at),
        version: Set(token.version),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Revokes a token. Its next request finds it so, in every process.
///
/// # Errors
/// [`DbErr`].
pub async fn revoke(conn: &impl Conn, slice: &Slice, id: Uuid, at: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Notes that a token was used, unless another process noted it within the same minute. Not a fact: no version, no record.
///
/// # Errors
/// [`DbErr`].
pub async fn note_use(conn: &impl Conn, program_id: Uuid, id: Uuid, at: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at))
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::Id.eq(id))
        .filter(Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lte(at - USE_EVERY)))
        .exec(conn)
        .await?;
    Ok(())
}

/// How often at most the use of a token is written.
pub const USE_EVERY: TimeDelta = TimeDelta::minutes(1);
