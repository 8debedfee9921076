//! Deals.
use crate::column::{one_of, read, read_optional, read_words, word, words};
use crate::deal_around::{self, Around, Row};
use crate::deal_origin::OriginFilter;
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::external_ref::{RefKind, SystemId};
use domain::money::Money;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, QueryTrait};
use uuid::Uuid;

/// A row of `deal`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its id in the CRM.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The segment at Stage 1.
    pub segment_id: Option<Uuid>,
    /// What is sold.
    pub kind: String,
    /// How it ended.
    pub outcome: String,
    /// The stage.
    pub stage_id: Option<Uuid>,
    /// Whether it ever reached Stage 1.
    pub has_reached_stage_one: bool,
    /// The local day it was opened.
    pub opened_on: Date,
    /// The instant it was opened.
    pub opened_at: Option<DateTimeUtc>,
    /// The local day it was closed.
    pub closed_on: Option<Date>,
    /// The instant it was closed.
    pub closed_at: Option<DateTimeUtc>,
    /// The fiscal quarter of the close.
    pub closed_quarter: Option<i32>,
    /// Days from opening to close.
    pub cycle_days: Option<i64>,
    /// The day the CRM expects it to close.
    pub expected_close_on: Option<Date>,
    /// The amount of the source.
    pub original_minor: Option<i64>,
    /// The currency of the source.
    pub original_currency: Option<String>,
    /// Software ARR.
    pub arr_minor: Option<i64>,
    /// Total contract value.
    pub tcv_minor: Option<i64>,
    /// Services revenue.
    pub services_minor: Option<i64>,
    /// Total contract value as it was given.
    pub tcv_original_minor: Option<i64>,
    /// Its currency.
    pub tcv_original_currency: Option<String>,
    /// Services revenue as it was given.
    pub services_original_minor: Option<i64>,
    /// Its currency.
    pub services_original_currency: Option<String>,
    /// How attribution was declared.
    pub declaration: String,
    /// Where it came from.
    pub provenance: String,
    /// When attribution was locked.
    pub locked_at: Option<DateTimeUtc>,
    /// The owner's seat.
    pub owner_seat_id: Option<Uuid>,
    /// The owner in the CRM.
    pub owner_external_id: Option<String>,
    /// The pod.
    pub pod_id: Option<Uuid>,
    /// Where the CRM says it came from.
    pub source: Option<String>,
    /// The CRM's influence flag.
    pub is_influenced: Option<bool>,
    /// The CRM's registration id.
    pub deal_reg_id: Option<String>,
    /// The CRM's co-sell flag.
    pub is_co_sell: Option<bool>,
    /// Private offer.
    pub is_private_offer: Option<bool>,
    /// Marketplace.
    pub is_marketplace: Option<bool>,
    /// The offer.
    pub offer_id: Option<String>,
    /// Products, as JSON.
    pub product_mix: String,
    /// The discount, 0 to 1.
    pub discount_rate: Option<String>,
    /// The marketplace's take, 0 to 1.
    pub take_rate: Option<String>,
    /// What happens next.
    pub next_step: Option<String>,
    /// When it happens.
    pub next_step_on: Option<Date>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
    /// When the customer went live.
    pub activated_on: Option<Date>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::deal::Deal {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            external_id: row.external_id,
            name: row.name,
            account_id: row.account_id,
            segment_id: row.segment_id,
            kind: read("deal.kind", &row.kind)?,
            outcome: read("deal.outcome", &row.outcome)?,
            stage_id: row.stage_id,
            has_reached_stage_one: row.has_reached_stage_one,
            opened_on: row.opened_on,
            opened_at: row.opened_at,
            closed_on: row.closed_on,
            closed_at: row.closed_at,
            closed_quarter: row.closed_quarter.map(domain::calendar::Quarter::from_index),
            cycle_days: row.cycle_days,
            expected_close_on: row.expected_close_on,
            original_minor: row.original_minor,
            original_currency: read_optional("deal.original_currency", row.original_currency.as_deref())?,
            arr_minor: row.arr_minor,
            tcv_minor: row.tcv_minor,
            services_minor: row.services_minor,
            tcv_original: given(row.tcv_original_minor, row.tcv_original_currency.as_deref())?,
            services_original: given(row.services_original_minor, row.services_original_currency.as_deref())?,
            declaration: read("deal.declaration", &row.declaration)?,
            provenance: read("deal.provenance", &row.provenance)?,
            locked_at: row.locked_at,
            owner_seat_id: row.owner_seat_id,
            owner_external_id: row.owner_external_id,
            pod_id: row.pod_id,
            source: read_optional("deal.source", row.source.as_deref())?,
            is_influenced: row.is_influenced,
            deal_reg_id: row.deal_reg_id,
            is_co_sell: row.is_co_sell,
            is_private_offer: row.is_private_offer,
            is_marketplace: row.is_marketplace,
            offer_id: row.offer_id,
            product_mix: read_words("deal.product_mix", &row.product_mix)?,
            discount_rate: read_optional("deal.discount_rate", row.discount_rate.as_deref())?,
            take_rate: read_optional("deal.take_rate", row.take_rate.as_deref())?,
            next_step: row.next_step,
            next_step_on: row.next_step_on,
            lost_reason: row.lost_reason,
            activated_on: row.activated_on,
            version: row.version,
            recorded_at: row.recorded_at,
            updated_at: row.updated_at,
        })
    }
}

fn given(minor: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, DbErr> {
    let currency = read_optional("deal.original_currency", currency)?;
    Ok(minor.zip(currency).map(|(minor, currency)| Money { minor, currency }))
}

pub(crate) fn active(program_id: Uuid, it: &domain::deal::Deal) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        external_id: Set(it.external_id.clone()),
        name: Set(it.name.clone()),
        account_id: Set(it.account_id),
        segment_id: Set(it.segment_id),
        kind: Set(word(it.kind)),
        outcome: Set(word(it.outcome)),
        stage_id: Set(it.stage_id),
        has_reached_stage_one: Set(it.has_reached_stage_one),
        opened_on: Set(it.opened_on),
        opened_at: Set(it.opened_at),
        closed_on: Set(it.closed_on),
        closed_at: Set(it.closed_at),
        closed_quarter: Set(it.closed_quarter.map(domain::calendar::Quarter::index)),
        cycle_days: Set(it.cycle_days),
        expected_close_on: Set(it.expected_close_on),
        original_minor: Set(it.original_minor),
        original_currency: Set(it.original_currency.map(|currency| currency.code().to_owned())),
        arr_minor: Set(it.arr_minor),
        tcv_minor: Set(it.tcv_minor),
        services_minor: Set(it.services_minor),
        tcv_original_minor: Set(it.tcv_original.map(|money| money.minor)),
        tcv_original_currency: Set(it.tcv_original.map(|money| money.currency.code().to_owned())),
        services_original_minor: Set(it.services_original.map(|money| money.minor)),
        services_original_currency: Set(it.services_original.map(|money| money.currency.code().to_owned())),
        declaration: Set(word(it.declaration)),
        provenance: Set(word(it.provenance)),
        locked_at: Set(it.locked_at),
        owner_seat_id: Set(it.owner_seat_id),
        owner_external_id: Set(it.owner_external_id.clone()),
        pod_id: Set(it.pod_id),
        source: Set(it.source.map(word)),
        is_influenced: Set(it.is_influenced),
        deal_reg_id: Set(it.deal_reg_id.clone()),
        is_co_sell: Set(it.is_co_sell),
        is_private_offer: Set(it.is_private_offer),
        is_marketplace: Set(it.is_marketplace),
        offer_id: Set(it.offer_id.clone()),
        product_mix: Set(words(&it.product_mix)),
        discount_rate: Set(it.discount_rate.map(|rate| rate.to_string())),
        take_rate: Set(it.take_rate.map(|rate| rate.to_string())),
        next_step: Set(it.next_step.clone()),
        next_step_on: Set(it.next_step_on),
        lost_reason: Set(it.lost_reason.clone()),
        activated_on: Set(it.activated_on),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
        updated_at: Set(it.updated_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::deals(slice))
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::deal::Deal>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// As [`find`], and nobody else changes the row before the transaction ends.
///
/// # Errors
/// [`DbErr`].
pub async fn find_to_change(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::deal::Deal>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).lock_exclusive().one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice, with the rows around them.
///
/// # Errors
/// [`DbErr`].
pub async fn around_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid], around: Around) -> Result<Vec<Row>, DbErr> {
    let select = deal_around::with(slice, within(slice).filter(one_of(conn, Column::Id, ids)), around);
    deal_around::all(conn, select.build(conn.get_database_backend()), around).await
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::deal::Deal>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::deal::Deal) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::deal::Deal) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// With these outcomes.
    pub outcomes: Option<Vec<domain::deal::Outcome>>,
    /// Of these kinds.
    pub kinds: Option<Vec<domain::deal::DealKind>>,
    /// In these segments.
    pub segments: Option<Vec<Uuid>>,
    /// On these accounts.
    pub accounts: Option<Vec<Uuid>>,
    /// Attributed to one of these partners, as far as the slice shows attributions.
    pub partners: Option<Vec<Uuid>>,
    /// Attributed in one of these states.
    pub states: Option<Vec<domain::attribution::AttributionState>>,
    /// Declared in one of these ways.
    pub declarations: Option<Vec<domain::attribution::Declaration>>,
    /// With these ids in the CRM.
    pub external_ids: Option<Vec<String>>,
    /// With this id in another system.
    pub external_ref: Option<SystemId>,
    /// Where they came from.
    pub origin: OriginFilter,
    /// Said by the CRM to come from one of these.
    pub sources: Option<Vec<domain::deal::DealSource>>,
    /// Owned by these people of the CRM.
    pub owners: Option<Vec<String>>,
    /// Opened on or after this day.
    pub opened_from: Option<Date>,
    /// Opened on or before this day.
    pub opened_to: Option<Date>,
    /// Closed on or after this day.
    pub closed_from: Option<Date>,
    /// Closed on or before this day.
    pub closed_to: Option<Date>,
    /// Closed in one of these quarters.
    pub closed_quarters: Option<Vec<i32>>,
    /// With at least this ARR in minor units.
    pub arr_from: Option<i64>,
    /// With at most this ARR in minor units.
    pub arr_to: Option<i64>,
}

/// How to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By the day it was opened.
    #[default]
    OpenedOn,
    /// By the day it was closed; open deals behind all days.
    ClosedOn,
    /// By ARR; without ARR below all amounts.
    Arr,
    /// By name.
    Name,
    /// By when it last changed.
    UpdatedAt,
}

impl Order {
    const fn expression(self) -> &'static str {
        match self {
            Self::OpenedOn => "deal.opened_on",
            Self::ClosedOn => "COALESCE(deal.closed_on, '9999-12-31')",
            Self::Arr => "COALESCE(deal.arr_minor, -1)",
            Self::Name => "deal.name",
            Self::UpdatedAt => "deal.updated_at",
        }
    }
}

/// Where a deal stands in an order.
#[must_use]
pub fn key(it: &domain::deal::Deal, order: Order) -> Key {
    match order {
        Order::OpenedOn => Key::Day(it.opened_on),
        Order::ClosedOn => Key::Day(it.closed_on.or(Date::from_ymd_opt(9999, 12, 31)).unwrap_or_default()),
        Order::Arr => Key::Int(it.arr_minor.unwrap_or(-1)),
        Order::Name => Key::Text(it.name.clone()),
        Order::UpdatedAt => Key::Instant(it.updated_at),
    }
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(outcomes) = &filter.outcomes {
        select = select.filter(Column::Outcome.is_in(outcomes.iter().map(|outcome| word(*outcome))));
    }
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(declarations) = &filter.declarations {
        select = select.filter(Column::Declaration.is_in(declarations.iter().map(|declaration| word(*declaration))));
    }
    if let Some(segments) = &filter.segments {
        select = select.filter(Column::SegmentId.is_in(segments.iter().copied()));
    }
    if let Some(accounts) = &filter.accounts {
        select = select.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    if let Some(ids) = &filter.external_ids {
        select = select.filter(Column::ExternalId.is_in(ids.iter().map(String::as_str)));
    }
    if let Some(at) = &filter.external_ref {
        select = select.filter(crate::external_ref::having(slice, RefKind::Deal, "deal.id", at));
    }
    if filter.origin != OriginFilter::default() {
        select = select.filter(filter.origin.condition(slice));
    }
    if let Some(sources) = &filter.sources {
        select = select.filter(Column::Source.is_in(sources.iter().map(|source| word(*source))));
    }
    if let Some(owners) = &filter.owners {
        select = select.filter(Column::OwnerExternalId.is_in(owners.iter().map(String::as_str)));
    }
    if let Some(quarters) = &filter.closed_quarters {
        select = select.filter(Column::ClosedQuarter.is_in(quarters.iter().copied()));
    }
    if filter.partners.is_some() || filter.states.is_some() {
        select = select.filter(scope::attributed(slice, filter.partners.as_deref(), filter.states.as_deref()));
    }
    let ranges = [
        filter.opened_from.map(|day| Column::OpenedOn.gte(day)),
        filter.opened_to.map(|day| Column::OpenedOn.lte(day)),
        filter.closed_from.map(|day| Column::ClosedOn.gte(day)),
        filter.closed_to.map(|day| Column::ClosedOn.lte(day)),
        filter.arr_from.map(|minor| Column::ArrMinor.gte(minor)),
        filter.arr_to.map(|minor| Column::ArrMinor.lte(minor)),
    ];
    ranges.into_iter().flatten().fold(select, |select, range| select.filter(range))
}

/// A page of deals.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    order: Order,
    ask: &Ask,
) -> Result<Page<domain::deal::Deal>, DbErr> {
    page::fetch(conn, select(slice, filter), order.expression(), "deal.id", ask).await
}

/// A page of deals with the rows around them.
///
/// # Errors
/// [`DbErr`].
pub async fn page_around(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    order: Order,
    ask: &Ask,
    around: Around,
) -> Result<Page<Row>, DbErr> {
    let select = deal_around::with(slice, select(slice, filter), around);
    let statement = page::placed(conn, select, order.expression(), "deal.id", ask);
    Ok(page::cut(deal_around::all(conn, statement, around).await?, ask))
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// The open deals that a seat owns, in this system or by its owner's id in the CRM: how many, and the first opened of them.
///
/// # Errors
/// [`DbErr`].
pub async fn held(
    conn: &impl Conn,
    slice: &Slice,
    (seat, owner): (Uuid, Option<&str>),
    ask: &Ask,
) -> Result<(u64, Vec<domain::deal::Deal>), DbErr> {
    let open = Filter { outcomes: Some(vec![domain::deal::Outcome::Open]), ..Filter::default() };
    let in_crm = owner.map(|owner| Column::OwnerExternalId.eq(owner));
    let own = sea_orm::Condition::any().add(Column::OwnerSeatId.eq(seat)).add_option(in_crm);
    let select = select(slice, &open).filter(own);
    let count = select.clone().count(conn).await?;
    Ok((count, page::fetch(conn, select, Order::OpenedOn.expression(), "deal.id", ask).await?.rows))
}

/// Open deals that no partner is on, neither by an attribution nor by a live registration: the latest opened first, at most so many.
///
/// # Errors
/// [`DbErr`].
pub async fn without_partner(conn: &impl Conn, slice: &Slice, most: u64) -> Result<Page<domain::deal::Deal>, DbErr> {
    let open = Filter { outcomes: Some(vec![domain::deal::Outcome::Open]), ..Filter::default() };
    let alone = "NOT EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = deal.program_id AND a.deal_id = deal.id)
        AND NOT EXISTS (SELECT 1 FROM registration r WHERE r.program_id = deal.program_id AND r.deal_id = deal.id
          AND r.state IN ('SUBMITTED', 'APPROVED', 'REFRESHED'))";
    let ask = Ask { limit: most, descending: true, ..Ask::default() };
    let select = select(slice, &open).filter(Expr::cust(alone));
    page::fetch(conn, select, Order::OpenedOn.expression(), "deal.id", &ask).await
}
