//! What was published: only ever added.

use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::calendar::Quarter;
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `deliverable`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliverable")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it is.
    pub kind: String,
    /// The iteration's quarter.
    pub quarter: i32,
    /// From 1.
    pub revision: i32,
    /// The revision that it replaces.
    pub replaces_id: Option<Uuid>,
    /// Canonical JSON.
    pub body: String,
    /// Its hash.
    pub sha256: String,
    /// The policy that it follows.
    pub policy_version: i64,
    /// Who published it.
    pub seat_id: Uuid,
    /// When.
    pub published_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Deliverable {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            kind: read("deliverable.kind", &row.kind)?,
            quarter: Quarter::from_index(row.quarter),
            revision: row.revision,
            replaces_id: row.replaces_id,
            body: row.body,
            sha256: row.sha256,
            policy_version: row.policy_version,
            seat_id: row.seat_id,
            published_at: row.published_at,
        })
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Option<Vec<DeliverableKind>>,
    /// Of this quarter.
    pub quarter: Option<i32>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(quarter) = filter.quarter {
        select = select.filter(Column::Quarter.eq(quarter));
    }
    select
}

/// A page of what was published, by when.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Deliverable>, DbErr> {
    page::fetch(conn, select(slice, filter), "deliverable.published_at", "deliverable.id", ask).await
}

/// Where one stands.
#[must_use]
pub const fn key(it: &Deliverable) -> Key {
    Key::Instant(it.published_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One, if the program has it.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Deliverable>, DbErr> {
    select(slice, &Filter::default()).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The latest revision of a kind in a quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(
    conn: &impl Conn,
    slice: &Slice,
    kind: DeliverableKind,
    quarter: Quarter,
) -> Result<Option<Deliverable>, DbErr> {
    let filter = Filter { kinds: Some(vec![kind]), quarter: Some(quarter.index()) };
    let row = select(slice, &filter).order_by_desc(Column::Revision).one(conn).await?;
    row.map(TryInto::try_into).transpose()
}

/// The latest revision of a kind in the latest quarter up to this one that has any.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_up_to(
    conn: &impl Conn,
    slice: &Slice,
    kind: DeliverableKind,
    quarter: Quarter,
) -> Result<Option<Deliverable>, DbErr> {
    let select = select(slice, &Filter { kinds: Some(vec![kind]), quarter: None });
    let select = select.filter(Column::Quarter.lte(quarter.index()));
    let row = select.order_by_desc(Column::Quarter).order_by_desc(Column::Revision).one(conn).await?;
    row.map(TryInto::try_into).transpose()
}

/// As [`latest_up_to`], of what had been published by an instant, inclusive.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_published_by(
    conn: &impl Conn,
    slice: &Slice,
    kind: DeliverableKind,
    quarter: Quarter,
    instant: DateTime<Utc>,
) -> Result<Option<Deliverable>, DbErr> {
    let select = select(slice, &Filter { kinds: Some(vec![kind]), quarter: None });
    let select = select.filter(Column::Quarter.lte(quarter.index())).filter(Column::PublishedAt.lte(instant));
    let row = select.order_by_desc(Column::Quarter).order_by_desc(Column::Revision).one(conn).await?;
    row.map(TryInto::try_into).transpose()
}

/// Every revision of a kind in a quarter, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn revisions(
    conn: &impl Conn,
    slice: &Slice,
    kind: DeliverableKind,
    quarter: Quarter,
) -> Result<Vec<Deliverable>, DbErr> {
    let filter = Filter { kinds: Some(vec![kind]), quarter: Some(quarter.index()) };
    let rows = select(slice, &filter).order_by_desc(Column::Revision).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The latest revisions of a quarter, one of each kind.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<Deliverable>, DbErr> {
    let filter = Filter { kinds: None, quarter: Some(quarter.index()) };
    let rows = select(slice, &filter).order_by_asc(Column::Kind).order_by_desc(Column::Revision).all(conn).await?;
    let mut latest = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<Deliverable>, DbErr>>()?;
    latest.dedup_by_key(|row| row.kind);
    Ok(latest)
}

/// Writes a revision.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else published the same revision.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Deliverable) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        kind: Set(word(it.kind)),
        quarter: Set(it.quarter.index()),
        revision: Set(it.revision),
        replaces_id: Set(it.replaces_id),
        body: Set(it.body.clone()),
        sha256: Set(it.sha256.clone()),
        policy_version: Set(it.policy_version),
        seat_id: Set(it.seat_id),
        published_at: Set(it.published_at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
