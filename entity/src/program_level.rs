//! Program levels, one a partner and quarter: only ever added.
use crate::column::{read, word};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::calendar::Quarter;
use domain::level::{LevelRecord, Standing};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `program_level`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "program_level")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The quarter in which it holds.
    pub quarter: i32,
    /// The level.
    pub level: String,
    /// The score, as text.
    pub score: String,
    /// Sourced pipeline in minor units.
    pub sourced_minor: i64,
    /// Influenced revenue in minor units.
    pub influenced_minor: i64,
    /// Recorded activities.
    pub activities: i64,
    /// The policy that it follows.
    pub policy_version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for LevelRecord {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            quarter: Quarter::from_index(row.quarter),
            level: read("program_level.level", &row.level)?,
            score: read("program_level.score", &row.score)?,
            standing: Standing {
                sourced_minor: row.sourced_minor.into(),
                influenced_minor: row.influenced_minor.into(),
                activities: u64::try_from(row.activities).unwrap_or_default(),
            },
            policy_version: row.policy_version,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "program_level.partner_id"))
}

/// The levels of a quarter, of the partners of the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<LevelRecord>, DbErr> {
    let rows = within(slice).filter(Column::Quarter.eq(quarter.index())).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The latest level of each of these partners.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_of(conn: &impl Conn, slice: &Slice, partners: &[Uuid]) -> Result<Vec<LevelRecord>, DbErr> {
    let latest = "program_level.quarter = (SELECT MAX(later.quarter) FROM program_level later \
         WHERE later.program_id = program_level.program_id AND later.partner_id = program_level.partner_id)";
    let rows = within(slice)
        .filter(Column::PartnerId.is_in(partners.iter().copied()))
        .filter(Expr::cust(latest))
        .all(conn)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

fn active(program_id: Uuid, it: &LevelRecord) -> ActiveModel {
    let minor = |amount: i128| i64::try_from(amount).unwrap_or(i64::MAX);
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        quarter: Set(it.quarter.index()),
        level: Set(word(it.level)),
        score: Set(it.score.to_string()),
        sourced_minor: Set(minor(it.standing.sourced_minor)),
        influenced_minor: Set(minor(it.standing.influenced_minor)),
        activities: Set(i64::try_from(it.standing.activities).unwrap_or(i64::MAX)),
        policy_version: Set(it.policy_version),
        recorded_at: Set(it.recorded_at),
    }
}

/// Writes levels.
///
/// # Errors
/// [`DbErr`], a unique violation when a partner has one of the quarter.
pub async fn insert(conn: &impl Conn, slice: &Slice, levels: &[LevelRecord]) -> Result<(), DbErr> {
    if !levels.is_empty() {
        let rows = levels.iter().map(|level| active(slice.program_id(), level));
        Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}
