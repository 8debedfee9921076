//! How deals were routed when they were qualified.
use crate::column::{one_of, read, read_optional, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::qualification::Qualification;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use uuid::Uuid;

/// A row of `deal_qualification`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_qualification")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The deal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub deal_id: Uuid,
    /// How senior its buyer is.
    pub seniority: String,
    /// The score, as a decimal's text.
    pub score: Option<String>,
    /// The motion.
    pub motion: Option<String>,
    /// The policy's version.
    pub policy_version: i64,
    /// Who qualified it.
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

impl TryFrom<Model> for Qualification {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            deal_id: row.deal_id,
            seniority: read("deal_qualification.seniority", &row.seniority)?,
            score: read_optional("deal_qualification.score", row.score.as_deref())?,
            motion: read_optional("deal_qualification.motion", row.motion.as_deref())?,
            policy_version: row.policy_version,
            seat_id: row.seat_id,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::on_deals(slice, "deal_qualification.deal_id"))
}

/// The qualifications of these deals, as far as the slice shows them.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<Vec<Qualification>, DbErr> {
    let rows = within(slice).filter(one_of(conn, Column::DealId, deals)).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a qualification in place of the one before.
///
/// # Errors
/// [`DbErr`].
pub async fn put(conn: &impl Conn, slice: &Slice, it: &Qualification) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        deal_id: Set(it.deal_id),
        seniority: Set(word(it.seniority)),
        score: Set(it.score.map(|score| score.to_string())),
        motion: Set(it.motion.map(word)),
        policy_version: Set(it.policy_version),
        seat_id: Set(it.seat_id),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    let keep = [
        Column::Seniority,
        Column::Score,
        Column::Motion,
        Column::PolicyVersion,
        Column::SeatId,
        Column::Version,
        Column::RecordedAt,
    ];
    let anew = OnConflict::columns([Column::ProgramId, Column::DealId]).update_columns(keep).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(conn).await?;
    Ok(())
}
