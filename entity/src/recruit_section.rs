//! The sections of a Recruit Plan as they are written, one a partner and quarter.
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::recruit::PlanSection;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `recruit_section`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recruit_section")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The iteration's quarter.
    pub quarter: i32,
    /// The partner.
    pub partner_id: Uuid,
    /// The section, as JSON.
    pub body: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was last written.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PlanSection {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            partner_id: row.partner_id,
            section: serde_json::from_str(&row.body)
                .map_err(|_| DbErr::Type("column recruit_section.body is not a section".into()))?,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &PlanSection) -> Result<ActiveModel, DbErr> {
    Ok(ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        partner_id: Set(it.partner_id),
        body: Set(serde_json::to_string(&it.section).map_err(|_| DbErr::Type("a section is not JSON".into()))?),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    })
}

/// The sections of a quarter, of the partners of the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<PlanSection>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "recruit_section.partner_id"))
        .filter(Column::Quarter.eq(quarter.index()))
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else wrote the partner's section.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PlanSection) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)?).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PlanSection) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)?).exec(conn).await?;
    Ok(())
}
