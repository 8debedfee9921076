//! Accounts.
use crate::column::{Places, one_of, read_words, words};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::account::spellings;
use domain::external_ref::{RefKind, SystemId};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, ExprTrait};
use uuid::Uuid;

/// A row of `account`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
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
    /// Its domain.
    pub registrable_domain: Option<String>,
    /// Its segment now.
    pub segment_id: Option<Uuid>,
    /// Its region.
    pub region: Option<String>,
    /// Clouds with a commitment, as JSON.
    pub cloud_commitments: String,
    /// Integrations, as JSON.
    pub integrations: String,
    /// Whether an integration is installed, where none is named.
    pub integration_present: Option<bool>,
    /// Why a partner overlaps.
    pub overlap_reason: Option<String>,
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
            registrable_domain: places.next()?,
            segment_id: places.next()?,
            region: places.next()?,
            cloud_commitments: places.next()?,
            integrations: places.next()?,
            integration_present: places.next()?,
            overlap_reason: places.next()?,
            version: places.next()?,
            recorded_at: places.next()?,
        })
    }
}

impl TryFrom<Model> for domain::account::Account {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            external_id: row.external_id,
            name: row.name,
            registrable_domain: row.registrable_domain,
            segment_id: row.segment_id,
            region: row.region,
            cloud_commitments: read_words("account.cloud_commitments", &row.cloud_commitments)?,
            integrations: read_words("account.integrations", &row.integrations)?,
            integration_present: row.integration_present,
            overlap_reason: row.overlap_reason,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::account::Account) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        external_id: Set(it.external_id.clone()),
        name: Set(it.name.clone()),
        registrable_domain: Set(it.registrable_domain.clone()),
        segment_id: Set(it.segment_id),
        region: Set(it.region.clone()),
        cloud_commitments: Set(words(&it.cloud_commitments)),
        integrations: Set(words(&it.integrations)),
        integration_present: Set(it.integration_present),
        overlap_reason: Set(it.overlap_reason.clone()),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::accounts(slice))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these segments.
    pub segments: Option<Vec<Uuid>>,
    /// In these regions.
    pub regions: Option<Vec<String>>,
    /// With these ids in the CRM.
    pub external_ids: Option<Vec<String>>,
    /// With these registrable domains.
    pub domains: Option<Vec<String>>,
    /// With (or without) a commitment on any cloud.
    pub has_cloud_commitment: Option<bool>,
    /// With (or without) an integration; those of which nobody said are neither.
    pub has_integration: Option<bool>,
    /// Belonging to one of these partners.
    pub partners: Option<Vec<Uuid>>,
    /// With this id in another system.
    pub external_ref: Option<SystemId>,
    /// With this at the start of the name, exactly as written.
    pub name_starts_with: Option<String>,
}

/// How to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By name.
    #[default]
    Name,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(segments) = &filter.segments {
        select = select.filter(Column::SegmentId.is_in(segments.iter().copied()));
    }
    if let Some(regions) = &filter.regions {
        select = select.filter(Column::Region.is_in(regions.iter().map(String::as_str)));
    }
    if let Some(ids) = &filter.external_ids {
        select = select.filter(Column::ExternalId.is_in(ids.iter().map(String::as_str)));
    }
    if let Some(domains) = &filter.domains {
        // What is on record may be in either spelling.
        let spelled = domains.iter().flat_map(|domain| spellings(domain));
        select = select.filter(Column::RegistrableDomain.is_in(spelled));
    }
    if let Some(wanted) = filter.has_cloud_commitment {
        select =
            select.filter(if wanted { Column::CloudCommitments.ne("[]") } else { Column::CloudCommitments.eq("[]") });
    }
    if let Some(wanted) = filter.has_integration {
        let named = Column::Integrations.ne("[]");
        select = select.filter(if wanted {
            named.or(Column::IntegrationPresent.eq(true))
        } else {
            Column::Integrations.eq("[]").and(Column::IntegrationPresent.eq(false))
        });
    }
    if let Some(partners) = &filter.partners {
        let theirs = Cond::all()
            .add(Expr::cust("r.program_id").eq(slice.program_id()))
            .add(Expr::cust("r.partner_id").is_in(partners.iter().copied()))
            .add(scope::partners(slice, "r.partner_id"));
        select = select.filter(scope::among("account.id", "r.account_id", "account_partner", theirs));
    }
    if let Some(at) = &filter.external_ref {
        select = select.filter(crate::external_ref::having(slice, RefKind::Account, "account.id", at));
    }
    if let Some(start) = &filter.name_starts_with {
        select = select.filter(scope::starts_with("account.name", start));
    }
    select
}

/// A page of accounts.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    order: Order,
    ask: &Ask,
) -> Result<Page<domain::account::Account>, DbErr> {
    let by = match order {
        Order::Name => "account.name",
    };
    page::fetch(conn, select(slice, filter), by, "account.id", ask).await
}

/// Where an account stands in an order.
#[must_use]
pub fn key(it: &domain::account::Account, order: Order) -> Key {
    match order {
        Order::Name => Key::Text(it.name.clone()),
    }
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::account::Account>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::account::Account>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::account::Account) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::account::Account) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
