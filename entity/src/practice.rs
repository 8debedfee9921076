//! Practices of partners.
use crate::column::{one_of, read, read_words, words};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::practice::Practice;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `partner_practice`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner_practice")]
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
    /// Industries, as JSON.
    pub verticals: String,
    /// Motions, as JSON.
    pub motions: String,
    /// How many customers.
    pub install_base: Option<i64>,
    /// How many seats.
    pub seats_managed: Option<i64>,
    /// How many people a customer employs.
    pub average_customer_size: Option<i64>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Practice {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let segments = read_words("partner_practice.segments", &row.segments)?;
        Ok(Self {
            partner_id: row.partner_id,
            segments: segments.iter().map(|id| read("partner_practice.segments", id)).collect::<Result<_, DbErr>>()?,
            regions: read_words("partner_practice.regions", &row.regions)?,
            verticals: read_words("partner_practice.verticals", &row.verticals)?,
            motions: read_words("partner_practice.motions", &row.motions)?,
            install_base: row.install_base,
            seats_managed: row.seats_managed,
            average_customer_size: row.average_customer_size,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "partner_practice.partner_id"))
}

/// The practices of these partners, as far as the slice shows them.
///
/// # Errors
/// [`DbErr`].
pub async fn of_partners(conn: &impl Conn, slice: &Slice, partners: &[Uuid]) -> Result<Vec<Practice>, DbErr> {
    let rows = within(slice).filter(one_of(conn, Column::PartnerId, partners)).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a practice in place of the one before.
///
/// # Errors
/// [`DbErr`].
pub async fn put(conn: &impl Conn, slice: &Slice, it: &Practice) -> Result<(), DbErr> {
    let segments: Vec<String> = it.segments.iter().map(Uuid::to_string).collect();
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        partner_id: Set(it.partner_id),
        segments: Set(words(&segments)),
        regions: Set(words(&it.regions)),
        verticals: Set(words(&it.verticals)),
        motions: Set(words(&it.motions)),
        install_base: Set(it.install_base),
        seats_managed: Set(it.seats_managed),
        average_customer_size: Set(it.average_customer_size),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    let keep = [
        Column::Segments,
        Column::Regions,
        Column::Verticals,
        Column::Motions,
        Column::InstallBase,
        Column::SeatsManaged,
        Column::AverageCustomerSize,
        Column::Version,
        Column::RecordedAt,
    ];
    let anew = OnConflict::columns([Column::ProgramId, Column::PartnerId]).update_columns(keep).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(conn).await?;
    Ok(())
}
