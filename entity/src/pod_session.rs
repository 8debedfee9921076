//! Sessions of the weekly joint pod.

use crate::column::{read_words, words};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::pod_session::PodSession;
use domain::registration::Mark;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `pod_session`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pod_session")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The vendor's pod.
    pub pod_id: Uuid,
    /// The Monday of its week.
    pub week_on: Date,
    /// When it was held.
    pub held_at: DateTimeUtc,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// Functions in the room, as JSON.
    pub functions: String,
    /// What was agreed, as JSON.
    pub agenda: String,
    /// What was asked of it, as JSON.
    pub quotas: String,
    /// Who recorded it.
    pub recorded_by: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PodSession {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let unknown = |_| DbErr::Type("a column of pod_session holds what this version does not know".into());
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            pod_id: row.pod_id,
            week_on: row.week_on,
            held_at: row.held_at,
            minutes: row.minutes,
            functions: read_words("pod_session.functions", &row.functions)?,
            agenda: serde_json::from_str(&row.agenda).map_err(unknown)?,
            quotas: serde_json::from_str(&row.quotas).map_err(unknown)?,
            recorded: Mark { at: row.recorded_at, by: row.recorded_by },
        })
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// With these partners.
    pub partners: Option<Vec<Uuid>>,
    /// In weeks that begin on this day or later.
    pub week_from: Option<Date>,
    /// In weeks that begin on this day or earlier.
    pub week_to: Option<Date>,
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::pod_sessions(slice))
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(from) = filter.week_from {
        select = select.filter(Column::WeekOn.gte(from));
    }
    if let Some(to) = filter.week_to {
        select = select.filter(Column::WeekOn.lte(to));
    }
    select
}

/// A page of sessions, by when they were held.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<PodSession>, DbErr> {
    page::fetch(conn, select(slice, filter), "pod_session.held_at", "pod_session.id", ask).await
}

/// Where a session stands in a list.
#[must_use]
pub const fn key(it: &PodSession) -> Key {
    Key::Instant(it.held_at)
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<PodSession>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when the pod and the partner have one in that week.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PodSession) -> Result<(), DbErr> {
    let bad = |_| DbErr::Type("the session is not JSON".into());
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        pod_id: Set(it.pod_id),
        week_on: Set(it.week_on),
        held_at: Set(it.held_at),
        minutes: Set(it.minutes),
        functions: Set(words(&it.functions)),
        agenda: Set(serde_json::to_string(&it.agenda).map_err(bad)?),
        quotas: Set(serde_json::to_string(&it.quotas).map_err(bad)?),
        recorded_by: Set(it.recorded.by),
        recorded_at: Set(it.recorded.at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
