//! Territories of partners.

use crate::column::{one_of, read_words, words};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::territory::Territory;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `territory`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "territory")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
    /// Segments, as JSON.
    pub segments: String,
    /// Regions, as JSON.
    pub regions: String,
    /// Endings of domains, as JSON.
    pub suffixes: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Territory {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let segments = read_words("territory.segments", &row.segments)?;
        Ok(Self {
            partner_id: row.partner_id,
            segments: segments
                .iter()
                .map(|id| crate::column::read("territory.segments", id))
                .collect::<Result<_, DbErr>>()?,
            regions: read_words("territory.regions", &row.regions)?,
            suffixes: read_words("territory.suffixes", &row.suffixes)?,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "territory.partner_id"))
}

/// The territory of a partner; none where it may go everywhere.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, partner: Uuid) -> Result<Option<Territory>, DbErr> {
    within(slice).filter(Column::PartnerId.eq(partner)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The territories of these partners; one that may go everywhere has none.
///
/// # Errors
/// [`DbErr`].
pub async fn of_partners(conn: &impl Conn, slice: &Slice, partners: &[Uuid]) -> Result<Vec<Territory>, DbErr> {
    let rows = within(slice).filter(one_of(conn, Column::PartnerId, partners)).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a territory in place of the one before.
///
/// # Errors
/// [`DbErr`].
pub async fn put(conn: &impl Conn, slice: &Slice, it: &Territory) -> Result<(), DbErr> {
    let segments: Vec<String> = it.segments.iter().map(Uuid::to_string).collect();
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        partner_id: Set(it.partner_id),
        segments: Set(words(&segments)),
        regions: Set(words(&it.regions)),
        suffixes: Set(words(&it.suffixes)),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    let keep = [Column::Segments, Column::Regions, Column::Suffixes, Column::Version, Column::RecordedAt];
    let anew = OnConflict::columns([Column::ProgramId, Column::PartnerId]).update_columns(keep).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(conn).await?;
    Ok(())
}
