//! Partners.
use crate::column::{Places, one_of, read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::external_ref::{RefKind, SystemId};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `partner`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
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
    /// The name's key.
    pub name_key: String,
    /// Its kind.
    pub kind: String,
    /// Whether the vendor works with it.
    pub status: String,
    /// Its domain.
    pub registrable_domain: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row whose columns come next, in the order in which they are declared.
    pub(crate) fn of(places: &mut Places<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            program_id: places.next()?,
            id: places.next()?,
            external_id: places.next()?,
            name: places.next()?,
            name_key: places.next()?,
            kind: places.next()?,
            status: places.next()?,
            registrable_domain: places.next()?,
            version: places.next()?,
            recorded_at: places.next()?,
        })
    }
}

impl TryFrom<Model> for domain::partner::Partner {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            external_id: row.external_id,
            name: row.name,
            kind: read("partner.kind", &row.kind)?,
            status: read("partner.status", &row.status)?,
            registrable_domain: row.registrable_domain,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::partner::Partner) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        external_id: Set(it.external_id.clone()),
        name: Set(it.name.clone()),
        name_key: Set(domain::text::key(&it.name)),
        kind: Set(word(it.kind)),
        status: Set(word(it.status)),
        registrable_domain: Set(it.registrable_domain.clone()),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::partners(slice, "partner.id"))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Option<Vec<domain::partner::PartnerKind>>,
    /// Of these statuses.
    pub statuses: Option<Vec<domain::partner::PartnerStatus>>,
    /// With these ids in the CRM.
    pub external_ids: Option<Vec<String>>,
    /// With this id in another system.
    pub external_ref: Option<SystemId>,
    /// With this in the name, without regard to case.
    pub name_contains: Option<String>,
}

/// How to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By when it was recorded.
    RecordedAt,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(statuses) = &filter.statuses {
        select = select.filter(Column::Status.is_in(statuses.iter().map(|status| word(*status))));
    }
    if let Some(ids) = &filter.external_ids {
        select = select.filter(Column::ExternalId.is_in(ids.iter().map(String::as_str)));
    }
    if let Some(at) = &filter.external_ref {
        select = select.filter(crate::external_ref::having(slice, RefKind::Partner, "partner.id", at));
    }
    if let Some(part) = &filter.name_contains {
        select = select.filter(scope::contains("partner.name_key", &domain::text::key(part)));
    }
    select
}

/// A page of partners.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    order: Order,
    ask: &Ask,
) -> Result<Page<domain::partner::Partner>, DbErr> {
    let by = match order {
        Order::Name => "partner.name",
        Order::RecordedAt => "partner.recorded_at",
    };
    page::fetch(conn, select(slice, filter), by, "partner.id", ask).await
}

/// Where a partner stands in an order.
#[must_use]
pub fn key(it: &domain::partner::Partner, order: Order) -> Key {
    match order {
        Order::Name => Key::Text(it.name.clone()),
        Order::RecordedAt => Key::Instant(it.recorded_at),
    }
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// Every partner of the slice, by name: for measures, which list all of them.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<domain::partner::Partner>, DbErr> {
    use sea_orm::QueryOrder;
    let rows = within(slice).order_by_asc(Column::Name).order_by_asc(Column::Id).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::partner::Partner>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::partner::Partner>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::partner::Partner) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::partner::Partner) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}

/// Makes other transactions that ask the same of this partner wait until this one ends.
///
/// # Errors
/// [`DbErr`].
pub async fn queue(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}
