//! The capability map.
use crate::column::{one_of, read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::NaiveDate;
use domain::capability::{Capability, CapabilityKind, MapState};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, Statement};
use uuid::Uuid;

/// A row of `capability`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "capability")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What it is about.
    pub kind: String,
    /// Which one.
    pub value: String,
    /// The value's key.
    pub value_key: String,
    /// The account whose buyer it knows.
    pub account_id: Option<Uuid>,
    /// The same, nil where there is none: so that one entry is said once.
    pub account_key: Uuid,
    /// What shows it.
    pub evidence: String,
    /// When it was validated last.
    pub validated_on: Date,
    /// Who validated it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Capability {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            kind: read("capability.kind", &row.kind)?,
            value: row.value,
            account_id: row.account_id,
            evidence: row.evidence,
            validated_on: row.validated_on,
            seat_id: row.seat_id,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &Capability) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        kind: Set(word(it.kind)),
        value: Set(it.value.clone()),
        value_key: Set(domain::text::key(&it.value)),
        account_id: Set(it.account_id),
        account_key: Set(it.account_id.unwrap_or_default()),
        evidence: Set(it.evidence.clone()),
        validated_on: Set(it.validated_on),
        seat_id: Set(it.seat_id),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "capability.partner_id"))
}

/// Those that are shown: an entry about a buyer names its account, so it goes where the account goes. Scores count it all the same.
fn shown(slice: &Slice) -> Select<Entity> {
    let of_account =
        Condition::any().add(Column::AccountId.is_null()).add(scope::on_accounts(slice, "capability.account_id"));
    within(slice).filter(of_account)
}

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Option<Vec<CapabilityKind>>,
    /// Of these partners.
    pub partners: Option<Vec<Uuid>>,
    /// Of buyers at these accounts, as far as the slice shows the accounts.
    pub accounts: Option<Vec<Uuid>>,
    /// With these values, without regard to case.
    pub values: Option<Vec<String>>,
    /// With this in the value, without regard to case.
    pub value_contains: Option<String>,
    /// Validated on this day or later.
    pub validated_from: Option<NaiveDate>,
    /// Validated before this day.
    pub validated_before: Option<NaiveDate>,
}

/// How to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By value.
    #[default]
    Value,
    /// By the day on which it was validated.
    ValidatedOn,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = shown(slice);
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(accounts) = &filter.accounts {
        select = select.filter(Column::AccountId.is_in(accounts.iter().copied()));
    }
    if let Some(values) = &filter.values {
        select = select.filter(Column::ValueKey.is_in(values.iter().map(|value| domain::text::key(value))));
    }
    if let Some(part) = &filter.value_contains {
        select = select.filter(scope::contains("capability.value_key", &domain::text::key(part)));
    }
    if let Some(from) = filter.validated_from {
        select = select.filter(Column::ValidatedOn.gte(from));
    }
    if let Some(before) = filter.validated_before {
        select = select.filter(Column::ValidatedOn.lt(before));
    }
    select
}

/// A page of entries.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    order: Order,
    ask: &Ask,
) -> Result<Page<Capability>, DbErr> {
    let by = match order {
        Order::Value => "capability.value",
        Order::ValidatedOn => "capability.validated_on",
    };
    page::fetch(conn, select(slice, filter), by, "capability.id", ask).await
}

/// Where an entry stands in an order.
#[must_use]
pub fn key(it: &Capability, order: Order) -> Key {
    match order {
        Order::Value => Key::Text(it.value.clone()),
        Order::ValidatedOn => Key::Day(it.validated_on),
    }
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One entry, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Capability>, DbErr> {
    shown(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Every entry of these partners, by kind and value.
///
/// # Errors
/// [`DbErr`].
pub async fn of_partners(conn: &impl Conn, slice: &Slice, partners: &[Uuid]) -> Result<Vec<Capability>, DbErr> {
    if partners.is_empty() {
        return Ok(Vec::new());
    }
    let rows = within(slice)
        .filter(one_of(conn, Column::PartnerId, partners))
        .order_by_asc(Column::Kind)
        .order_by_asc(Column::Value)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// How far the program's map has come: entries validated before `valid_from` are stale. As a measure, it is program-wide.
///
/// # Errors
/// [`DbErr`].
pub async fn state(conn: &impl Conn, slice: &Slice, valid_from: NaiveDate) -> Result<MapState, DbErr> {
    let sql = "SELECT COUNT(DISTINCT p.id) AS partners, COUNT(c.id) AS entries,
                 COUNT(CASE WHEN c.validated_on < $2 THEN 1 END) AS stale,
                 COUNT(DISTINCT CASE WHEN c.validated_on >= $2 THEN p.id END) AS mapped
               FROM partner p LEFT JOIN capability c ON c.program_id = p.program_id AND c.partner_id = p.id
               WHERE p.program_id = $1 AND p.status = 'ACTIVE'";
    let values = [slice.program_id().into(), valid_from.into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let Some(row) = row else { return Ok(MapState::default()) };
    let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
    Ok(MapState {
        entries: count("entries")?,
        stale_entries: count("stale")?,
        partners: count("partners")?,
        mapped_partners: count("mapped")?,
    })
}

/// Writes a new entry.
///
/// # Errors
/// [`DbErr`], a unique violation when the partner has the same one.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Capability) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed entry.
///
/// # Errors
/// [`DbErr`], a unique violation when the partner has the same one; [`DbErr::RecordNotUpdated`] when somebody else changed it
/// first.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Capability) -> Result<(), DbErr> {
    let guarded = Entity::update(active(slice.program_id(), it)).validate()?.filter(Column::Version.eq(it.version - 1));
    guarded.exec_without_returning(conn).await?;
    Ok(())
}

/// Takes an entry off the map.
///
/// # Errors
/// [`DbErr`].
pub async fn delete(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}
