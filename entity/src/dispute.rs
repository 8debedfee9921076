//! Contested claims and disputed attributions, with the partners they are about.
use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::dispute::{DisputeState, Reading};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `dispute`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// Before or after the lock.
    pub kind: String,
    /// How it stands.
    pub state: String,
    /// The evidence.
    pub evidence: String,
    /// The reading it is opened against, as JSON.
    pub original: String,
    /// The claimed reading, as JSON.
    pub claimed: String,
    /// The decided reading, as JSON.
    pub decided: Option<String>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// The seat that opened it.
    pub opened_by: Uuid,
    /// Its role then.
    pub opened_role: String,
    /// The seat that decided.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was opened.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn read_reading(text: &str) -> Result<Reading, DbErr> {
    serde_json::from_str(text).map_err(|_| DbErr::Type("a column of dispute is not a reading".into()))
}

fn written(reading: &Reading) -> String {
    serde_json::to_string(reading).unwrap_or_else(|_| "[]".into())
}

impl TryFrom<Model> for domain::dispute::Dispute {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            deal_id: row.deal_id,
            kind: read("dispute.kind", &row.kind)?,
            state: read("dispute.state", &row.state)?,
            evidence: row.evidence,
            original: read_reading(&row.original)?,
            claimed: read_reading(&row.claimed)?,
            decided: row.decided.as_deref().map(read_reading).transpose()?,
            reason: row.reason,
            opened_by: row.opened_by,
            opened_role: read("dispute.opened_role", &row.opened_role)?,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &domain::dispute::Dispute) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        kind: Set(word(it.kind)),
        state: Set(word(it.state)),
        evidence: Set(it.evidence.clone()),
        original: Set(written(&it.original)),
        claimed: Set(written(&it.claimed)),
        decided: Set(it.decided.as_ref().map(written)),
        reason: Set(it.reason.clone()),
        opened_by: Set(it.opened_by),
        opened_role: Set(word(it.opened_role)),
        decided_by: Set(it.decided_by),
        decided_at: Set(it.decided_at),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::disputes(slice))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// On these deals.
    pub deals: Option<Vec<Uuid>>,
    /// In one of these states.
    pub states: Option<Vec<DisputeState>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(deals) = &filter.deals {
        select = select.filter(Column::DealId.is_in(deals.iter().copied()));
    }
    if let Some(states) = &filter.states {
        select = select.filter(Column::State.is_in(states.iter().map(|state| word(*state))));
    }
    select
}

/// A page of disputes, by when they were opened.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    ask: &Ask,
) -> Result<Page<domain::dispute::Dispute>, DbErr> {
    page::fetch(conn, select(slice, filter), "dispute.recorded_at", "dispute.id", ask).await
}

/// Where a dispute stands.
#[must_use]
pub fn key(it: &domain::dispute::Dispute) -> Key {
    Key::Instant(it.recorded_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::dispute::Dispute>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The next rows by id, at most so many.
///
/// # Errors
/// [`DbErr`].
pub async fn next(
    conn: &impl Conn,
    slice: &Slice,
    after: Uuid,
    most: u64,
) -> Result<Vec<domain::dispute::Dispute>, DbErr> {
    let select = within(slice).filter(Column::Id.gt(after)).order_by_asc(Column::Id).limit(most);
    select.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row with the partners that it is about.
///
/// # Errors
/// [`DbErr`], a unique violation when the seat has one open on the deal.
pub async fn insert(
    conn: &impl Conn,
    slice: &Slice,
    it: &domain::dispute::Dispute,
    parties: &[domain::dispute::Party],
) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    crate::dispute_party::insert(conn, slice, it.id, parties).await
}

/// Writes a decided row, and the partners that only the decision concerns.
///
/// # Errors
/// [`DbErr`].
pub async fn update(
    conn: &impl Conn,
    slice: &Slice,
    it: &domain::dispute::Dispute,
    more: &[domain::dispute::Party],
) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    crate::dispute_party::insert(conn, slice, it.id, more).await
}
