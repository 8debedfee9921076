//! Program spend, line by line.
use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `spend_line`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spend_line")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its id in the finance system.
    pub external_id: Option<String>,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment.
    pub segment_id: Option<Uuid>,
    /// The fiscal quarter.
    pub quarter: i32,
    /// What it was spent on.
    pub category: String,
    /// Minor units of the program's currency.
    pub amount_minor: i64,
    /// Minor units of the source.
    pub original_minor: i64,
    /// The currency of the source.
    pub original_currency: String,
    /// A note.
    pub note: Option<String>,
    /// Where it came from.
    pub provenance: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for domain::spend::SpendLine {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            external_id: row.external_id,
            partner_id: row.partner_id,
            segment_id: row.segment_id,
            quarter: domain::calendar::Quarter::from_index(row.quarter),
            category: read("spend_line.category", &row.category)?,
            amount_minor: row.amount_minor,
            original_minor: row.original_minor,
            original_currency: read("spend_line.original_currency", &row.original_currency)?,
            note: row.note,
            provenance: read("spend_line.provenance", &row.provenance)?,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::spend::SpendLine) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        external_id: Set(it.external_id.clone()),
        partner_id: Set(it.partner_id),
        segment_id: Set(it.segment_id),
        quarter: Set(it.quarter.index()),
        category: Set(word(it.category)),
        amount_minor: Set(it.amount_minor),
        original_minor: Set(it.original_minor),
        original_currency: Set(it.original_currency.code().to_owned()),
        note: Set(it.note.clone()),
        provenance: Set(word(it.provenance)),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "spend_line.partner_id"))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// On these partners.
    pub partners: Option<Vec<Uuid>>,
    /// In quarters from this one on.
    pub from: Option<i32>,
    /// In quarters up to this one.
    pub to: Option<i32>,
    /// Of these categories.
    pub categories: Option<Vec<domain::spend::SpendCategory>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::Quarter.gte(from));
    }
    if let Some(to) = filter.to {
        select = select.filter(Column::Quarter.lte(to));
    }
    if let Some(categories) = &filter.categories {
        select = select.filter(Column::Category.is_in(categories.iter().map(|category| word(*category))));
    }
    select
}

/// A page of lines, by quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn page(
    conn: &impl Conn,
    slice: &Slice,
    filter: &Filter,
    ask: &Ask,
) -> Result<Page<domain::spend::SpendLine>, DbErr> {
    page::fetch(conn, select(slice, filter), "spend_line.quarter", "spend_line.id", ask).await
}

/// Where a line stands.
#[must_use]
pub fn key(it: &domain::spend::SpendLine) -> Key {
    Key::Int(i64::from(it.quarter.index()))
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::spend::SpendLine>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::spend::SpendLine>, DbErr> {
    within(slice)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::spend::SpendLine) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::spend::SpendLine) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
