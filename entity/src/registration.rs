//! Deal registrations.
use crate::column::word;
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::account::spellings;
use domain::claim::Discovery;
use domain::registration::{Mark, Registration, State, StateWord};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Cond;
use sea_orm::{QueryOrder, QuerySelect};
use strum::IntoEnumIterator;
use uuid::Uuid;

/// A row of `registration`. The state's facts are JSON; its word and its end stand beside them for the indexes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registration")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The account's registrable domain.
    pub domain: String,
    /// Its place in the line of claims on the domain.
    pub claim_number: i64,
    /// The account's address.
    pub account_url: String,
    /// The account's name.
    pub account_name: String,
    /// The buyer's role.
    pub buyer_role: String,
    /// The buyer's problem.
    pub problem: String,
    /// The next meeting's day.
    pub next_meeting_on: Date,
    /// When the need was discovered.
    pub discovered_at: Option<DateTimeUtc>,
    /// What shows it.
    pub discovery_evidence: Option<String>,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The deal.
    pub deal_id: Option<Uuid>,
    /// Whether it opened the deal.
    pub has_opened_deal: bool,
    /// The owner.
    pub owner_seat_id: Option<Uuid>,
    /// When the owner touched it first.
    pub touched_at: Option<DateTimeUtc>,
    /// Who did.
    pub touched_by: Option<Uuid>,
    /// Whether a deal on the account stands against it.
    pub is_channel_conflict: bool,
    /// The latest conflict.
    pub conflict_id: Option<Uuid>,
    /// Its share of the influence credit.
    pub influence_bps: Option<i64>,
    /// The state's word.
    pub state: String,
    /// The state with its facts, as JSON.
    pub facts: String,
    /// The last local day it holds, while a clock runs.
    pub ends_on: Option<Date>,
    /// Who submitted it.
    pub submitted_by: Uuid,
    /// When.
    pub submitted_at: DateTimeUtc,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Registration {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let discovered = row.discovered_at.zip(row.discovery_evidence);
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            domain: row.domain,
            claim_number: row.claim_number,
            account_url: row.account_url,
            account_name: row.account_name,
            buyer_role: row.buyer_role,
            problem: row.problem,
            next_meeting_on: row.next_meeting_on,
            discovery: discovered.map(|(at, evidence)| Discovery { at, evidence }),
            account_id: row.account_id,
            deal_id: row.deal_id,
            has_opened_deal: row.has_opened_deal,
            owner_seat_id: row.owner_seat_id,
            first_touch: row.touched_at.zip(row.touched_by).map(|(at, by)| Mark { at, by }),
            is_channel_conflict: row.is_channel_conflict,
            conflict_id: row.conflict_id,
            influence_bps: row.influence_bps,
            state: state(&row.facts)?,
            submitted_by: row.submitted_by,
            submitted_at: row.submitted_at,
            version: row.version,
        })
    }
}

fn state(facts: &str) -> Result<State, DbErr> {
    serde_json::from_str(facts)
        .map_err(|_| DbErr::Type("column registration.facts holds a state that this version does not know".into()))
}

fn active(program_id: Uuid, it: &Registration) -> Result<ActiveModel, DbErr> {
    Ok(ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        domain: Set(it.domain.clone()),
        claim_number: Set(it.claim_number),
        account_url: Set(it.account_url.clone()),
        account_name: Set(it.account_name.clone()),
        buyer_role: Set(it.buyer_role.clone()),
        problem: Set(it.problem.clone()),
        next_meeting_on: Set(it.next_meeting_on),
        discovered_at: Set(it.discovery.as_ref().map(|found| found.at)),
        discovery_evidence: Set(it.discovery.as_ref().map(|found| found.evidence.clone())),
        account_id: Set(it.account_id),
        deal_id: Set(it.deal_id),
        has_opened_deal: Set(it.has_opened_deal),
        owner_seat_id: Set(it.owner_seat_id),
        touched_at: Set(it.first_touch.map(|mark| mark.at)),
        touched_by: Set(it.first_touch.map(|mark| mark.by)),
        is_channel_conflict: Set(it.is_channel_conflict),
        conflict_id: Set(it.conflict_id),
        influence_bps: Set(it.influence_bps),
        state: Set(word(it.state.word())),
        facts: Set(serde_json::to_string(&it.state).map_err(|why| DbErr::Type(why.to_string()))?),
        ends_on: Set(it.state.ends_on()),
        submitted_by: Set(it.submitted_by),
        submitted_at: Set(it.submitted_at),
        version: Set(it.version),
    })
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::registrations(slice))
}

fn live() -> impl Iterator<Item = String> {
    StateWord::iter().filter(|state| state.is_live()).map(word)
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these states, as they are on `today`.
    pub states: Option<Vec<StateWord>>,
    /// The local day on which a state is read.
    pub today: Date,
    /// Of these partners.
    pub partners: Option<Vec<Uuid>>,
    /// Owned by these seats.
    pub owners: Option<Vec<Uuid>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(states) = &filter.states {
        // A clock that ran out counts from the first day on, whether or not the scheduler has been there.
        let is_over = || Column::EndsOn.lt(filter.today);
        let mut wanted = Cond::any();
        for state in states {
            let is_written = Column::State.eq(word(*state));
            wanted = match state {
                StateWord::Expired => wanted.add(is_written).add(is_over()),
                StateWord::Approved | StateWord::Refreshed => {
                    wanted.add(Cond::all().add(is_written).add(Column::EndsOn.gte(filter.today)))
                }
                StateWord::Submitted | StateWord::Refused | StateWord::Withdrawn | StateWord::Converted => {
                    wanted.add(is_written)
                }
            };
        }
        select = select.filter(if states.is_empty() { wanted.add(Expr::cust("1 = 0")) } else { wanted });
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(owners) = &filter.owners {
        select = select.filter(Column::OwnerSeatId.is_in(owners.iter().copied()));
    }
    select
}

/// A page of registrations, by when they were submitted.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Registration>, DbErr> {
    page::fetch(conn, select(slice, filter), "registration.submitted_at", "registration.id", ask).await
}

/// Where a registration stands.
#[must_use]
pub const fn key(it: &Registration) -> Key {
    Key::Instant(it.submitted_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

async fn all(conn: &impl Conn, select: Select<Entity>) -> Result<Vec<Registration>, DbErr> {
    select.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Registration>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<Registration>, DbErr> {
    all(conn, within(slice).filter(Column::Id.is_in(ids.iter().copied()))).await
}

/// The live claims on a domain in either spelling, in the order of its line.
///
/// # Errors
/// [`DbErr`].
pub async fn live_of_domain(conn: &impl Conn, slice: &Slice, domain: &str) -> Result<Vec<Registration>, DbErr> {
    let select = within(slice).filter(Column::Domain.is_in(spellings(domain))).filter(Column::State.is_in(live()));
    all(conn, select.order_by_asc(Column::ClaimNumber)).await
}

/// All claims on a domain, in the order of its line.
///
/// # Errors
/// [`DbErr`].
pub async fn of_domain(conn: &impl Conn, slice: &Slice, domain: &str) -> Result<Vec<Registration>, DbErr> {
    let select = within(slice).filter(Column::Domain.is_in(spellings(domain)));
    all(conn, select.order_by_asc(Column::ClaimNumber)).await
}

/// The registrations of these deals, in the order they were submitted.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<Vec<Registration>, DbErr> {
    let select = within(slice).filter(Column::DealId.is_in(deals.iter().copied()));
    all(conn, select.order_by_asc(Column::SubmittedAt).order_by_asc(Column::ClaimNumber)).await
}

/// The word of their states and their last days as lists filter by them, which must say what the rows themselves say.
///
/// # Errors
/// [`DbErr`].
pub async fn listed_as(
    conn: &impl Conn,
    slice: &Slice,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, String, Option<Date>)>, DbErr> {
    let select = within(slice).select_only().columns([Column::Id, Column::State, Column::EndsOn]);
    select.filter(Column::Id.is_in(ids.iter().copied())).into_tuple().all(conn).await
}

/// Those that a decided conflict gave a share of the influence credit, each with it in hundredths of a percent.
///
/// # Errors
/// [`DbErr`].
pub async fn shares(conn: &impl Conn, slice: &Slice) -> Result<Vec<(Uuid, i64)>, DbErr> {
    let select = within(slice).select_only().columns([Column::Id, Column::InfluenceBps]);
    select.filter(Column::InfluenceBps.is_not_null()).into_tuple().all(conn).await
}

/// Registrations whose clock ran out before a day, the earliest first: at most so many at a time.
///
/// # Errors
/// [`DbErr`].
pub async fn ended_before(conn: &impl Conn, slice: &Slice, day: Date, most: u64) -> Result<Vec<Registration>, DbErr> {
    let select = within(slice).filter(Column::EndsOn.lt(day));
    all(conn, select.order_by_asc(Column::EndsOn).order_by_asc(Column::Id).limit(most)).await
}

/// Those that were submitted from an instant on and before another, in the order they were.
///
/// # Errors
/// [`DbErr`].
pub async fn submitted(
    conn: &impl Conn,
    slice: &Slice,
    (from, until): (DateTimeUtc, DateTimeUtc),
) -> Result<Vec<Registration>, DbErr> {
    let select = within(slice).filter(Column::SubmittedAt.gte(from)).filter(Column::SubmittedAt.lt(until));
    all(conn, select.order_by_asc(Column::SubmittedAt).order_by_asc(Column::Id)).await
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when the partner has a live claim on the domain.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Registration) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)?).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Registration) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)?).exec(conn).await?;
    Ok(())
}
