//! Minted tokens: kept by id, never by secret. Each has a seat of its own, so that to revoke one is to end one bearer.

use crate::column::read;
use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use chrono::{DateTime, TimeDelta, Utc};
use domain::slice::Slice;
use domain::token::Token;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, PaginatorTrait};
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
    /// The seat's role, which never changes.
    pub role: String,
    /// The seat's one partner (PARTNER).
    pub partner_id: Option<Uuid>,
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

impl TryFrom<Model> for Token {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            program_id: row.program_id,
            seat_id: row.seat_id,
            label: row.label,
            role: read("token.role", &row.role)?,
            partner_id: row.partner_id,
            minted_by: row.minted_by,
            minted_at: row.minted_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            version: row.version,
        })
    }
}

/// A token of the caller's program.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Token>, DbErr> {
    Entity::find_by_id((slice.program_id(), id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// A page of tokens, by when they were minted.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, ask: &Ask) -> Result<Page<Token>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    page::fetch(conn, select, "token.minted_at", "token.id", ask).await
}

/// Where a token stands.
#[must_use]
pub const fn key(token: &Token) -> Key {
    Key::Instant(token.minted_at)
}

/// How many tokens [`page()`] pages through.
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
        role: Set(token.role.word().to_owned()),
        partner_id: Set(token.partner_id),
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
