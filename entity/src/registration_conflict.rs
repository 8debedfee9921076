//! Conflicts of claims on accounts.

use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::account::spellings;
use domain::claim::{Conflict, Settlement};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `registration_conflict`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registration_conflict")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The account's registrable domain.
    pub domain: String,
    /// Whether a deal on the account stands against all claims.
    pub is_channel: bool,
    /// When the claims met.
    pub opened_at: DateTimeUtc,
    /// When it was decided.
    pub decided_at: Option<DateTimeUtc>,
    /// The decision, as JSON.
    pub decision: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Conflict {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let decision = row.decision.as_deref().map(serde_json::from_str::<Settlement>).transpose();
        let unknown =
            |_| DbErr::Type("column registration_conflict.decision is not one that this version knows".into());
        Ok(Self {
            id: row.id,
            domain: row.domain,
            is_channel: row.is_channel,
            opened_at: row.opened_at,
            decision: decision.map_err(unknown)?,
            version: row.version,
        })
    }
}

fn active(program_id: Uuid, it: &Conflict) -> Result<ActiveModel, DbErr> {
    let decision = it.decision.as_ref().map(serde_json::to_string).transpose();
    Ok(ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        domain: Set(it.domain.clone()),
        is_channel: Set(it.is_channel),
        opened_at: Set(it.opened_at),
        decided_at: Set(it.decision.as_ref().map(|decision| decision.verdict.mark.at)),
        decision: Set(decision.map_err(|why| DbErr::Type(why.to_string()))?),
        version: Set(it.version),
    })
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::conflicts(slice))
}

fn listed(slice: &Slice, open: Option<bool>) -> Select<Entity> {
    match open {
        Some(true) => within(slice).filter(Column::DecidedAt.is_null()),
        Some(false) => within(slice).filter(Column::DecidedAt.is_not_null()),
        None => within(slice),
    }
}

/// A page of conflicts, by when they were opened: those that are open, those that are not, or all.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, open: Option<bool>, ask: &Ask) -> Result<Page<Conflict>, DbErr> {
    page::fetch(conn, listed(slice, open), "registration_conflict.opened_at", "registration_conflict.id", ask).await
}

/// Where a conflict stands.
#[must_use]
pub const fn key(it: &Conflict) -> Key {
    Key::Instant(it.opened_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, open: Option<bool>) -> Result<u64, DbErr> {
    listed(slice, open).count(conn).await
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<Conflict>, DbErr> {
    let rows = within(slice).filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Conflict>, DbErr> {
    Ok(of_ids(conn, slice, &[id]).await?.pop())
}

/// The open conflict of a domain.
///
/// # Errors
/// [`DbErr`].
pub async fn open_of_domain(conn: &impl Conn, slice: &Slice, domain: &str) -> Result<Option<Conflict>, DbErr> {
    let select = listed(slice, Some(true)).filter(Column::Domain.is_in(spellings(domain)));
    select.one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when one is open on the domain.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Conflict) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)?).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Conflict) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)?).exec(conn).await?;
    Ok(())
}
