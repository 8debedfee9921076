//! Drafts of policies.

use crate::column::instant;
use crate::store::{Conn, DbErr};
use domain::policy::Policy;
use domain::policy_version::PolicyDraft;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `policy_draft`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_draft")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The version it changes.
    pub base_version: i64,
    /// All numbers, as JSON.
    pub body: String,
    /// What it is about.
    pub title: String,
    /// Who began it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// The version it became.
    pub activated_version: Option<i64>,
    /// When it was begun.
    pub recorded_at: DateTimeUtc,
    /// When it was changed last.
    pub updated_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PolicyDraft {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            title: row.title,
            base_version: row.base_version,
            policy: Policy::from_json(row.base_version, &row.body).map_err(|why| DbErr::Type(why.to_string()))?,
            seat_id: row.seat_id,
            version: row.version,
            activated_version: row.activated_version,
            recorded_at: row.recorded_at,
            updated_at: row.updated_at,
        })
    }
}

fn active(program_id: Uuid, it: &PolicyDraft) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        base_version: Set(it.base_version),
        body: Set(it.policy.to_json()),
        title: Set(it.title.clone()),
        seat_id: Set(it.seat_id),
        version: Set(it.version),
        activated_version: Set(it.activated_version),
        recorded_at: Set(instant(it.recorded_at)),
        updated_at: Set(instant(it.updated_at)),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id()))
}

/// All drafts that have not become a version, the latest first.
///
/// # Errors
/// [`DbErr`].
pub async fn open(conn: &impl Conn, slice: &Slice) -> Result<Vec<PolicyDraft>, DbErr> {
    let rows = within(slice).filter(Column::ActivatedVersion.is_null()).order_by_desc(Column::RecordedAt);
    rows.order_by_desc(Column::Id).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// One draft.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<PolicyDraft>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new draft.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PolicyDraft) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed draft.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PolicyDraft) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
