//! Strategic alliances: one a partner.

use crate::column::{read, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::alliance::{Alliance, AllianceStanding};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Statement};
use uuid::Uuid;

/// A row of `alliance`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alliance")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The partner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: Uuid,
    /// The vendor's executive sponsor.
    pub vendor_sponsor: String,
    /// The partner's executive sponsor.
    pub partner_sponsor: String,
    /// What the joint open pipeline is to be.
    pub pipeline_target_minor: i64,
    /// How many customers the two are to have together.
    pub customer_target: i32,
    /// How often it is reviewed.
    pub cadence: String,
    /// The day of the last review.
    pub reviewed_on: Option<Date>,
    /// The day it was agreed first.
    pub since: Date,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Alliance {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            partner_id: row.partner_id,
            vendor_sponsor: row.vendor_sponsor,
            partner_sponsor: row.partner_sponsor,
            pipeline_target_minor: row.pipeline_target_minor,
            customer_target: row.customer_target,
            cadence: read("alliance.cadence", &row.cadence)?,
            reviewed_on: row.reviewed_on,
            since: row.since,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "alliance.partner_id"))
}

/// The alliance with a partner, if there is one in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, partner: Uuid) -> Result<Option<Alliance>, DbErr> {
    within(slice).filter(Column::PartnerId.eq(partner)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// All alliances of the slice, by partner.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<Alliance>, DbErr> {
    within(slice).order_by_asc(Column::PartnerId).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// What the alliance with a partner has come to. As a measure, it is program-wide; late amendments are left out.
///
/// # Errors
/// [`DbErr`].
pub async fn standing(conn: &impl Conn, slice: &Slice, partner: Uuid) -> Result<AllianceStanding, DbErr> {
    let sql = "SELECT COUNT(CASE WHEN d.outcome = 'OPEN' THEN 1 END) AS open_deals,
        CAST(COALESCE(SUM(CASE WHEN d.outcome = 'OPEN' THEN d.arr_minor END), 0) AS bigint) AS pipeline_minor,
        COUNT(CASE WHEN d.outcome = 'OPEN' AND d.arr_minor IS NULL THEN 1 END) AS without_arr,
        COUNT(DISTINCT CASE WHEN d.outcome = 'WON' THEN d.account_id END) AS customers
      FROM deal d WHERE d.program_id = $1 AND EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id
        AND a.deal_id = d.id AND a.partner_id = $2 AND NOT a.is_late)";
    let values = [slice.program_id().into(), partner.into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let Some(row) = row else { return Ok(AllianceStanding::default()) };
    let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
    Ok(AllianceStanding {
        open_deals: count("open_deals")?,
        pipeline_minor: row.try_get::<i64>("", "pipeline_minor")?.into(),
        without_arr: count("without_arr")?,
        customers: count("customers")?,
    })
}

/// Writes an alliance: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else agreed it first; [`DbErr::RecordNotUpdated`] when
/// somebody else changed it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &Alliance) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        partner_id: Set(it.partner_id),
        vendor_sponsor: Set(it.vendor_sponsor.clone()),
        partner_sponsor: Set(it.partner_sponsor.clone()),
        pipeline_target_minor: Set(it.pipeline_target_minor),
        customer_target: Set(it.customer_target),
        cadence: Set(word(it.cadence)),
        reviewed_on: Set(it.reviewed_on),
        since: Set(it.since),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).validate()?.filter(Column::Version.eq(it.version - 1)).exec_without_returning(conn).await?;
    }
    Ok(())
}
