//! Joint calls, with the summary that each owes.

use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::joint_call::{JointCall, JointCallState};
use domain::registration::{Mark, Summary};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Condition};
use uuid::Uuid;

/// A row of `joint_call`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "joint_call")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What kind of call it was.
    pub kind: String,
    /// The partner.
    pub partner_id: Uuid,
    /// The deal, of a joint meeting.
    pub deal_id: Option<Uuid>,
    /// The pod, of a session.
    pub pod_id: Option<Uuid>,
    /// The activity or the session.
    pub subject_id: Uuid,
    /// When it was held.
    pub held_at: DateTimeUtc,
    /// By when its summary is due, inclusive.
    pub due_at: DateTimeUtc,
    /// Its summary.
    pub summary: Option<String>,
    /// Who wrote it.
    pub summarised_by: Option<Uuid>,
    /// When.
    pub summarised_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for JointCall {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let mark = row.summarised_at.zip(row.summarised_by).map(|(at, by)| Mark { at, by });
        Ok(Self {
            id: row.id,
            kind: read("joint_call.kind", &row.kind)?,
            partner_id: row.partner_id,
            deal_id: row.deal_id,
            pod_id: row.pod_id,
            subject_id: row.subject_id,
            held_at: row.held_at,
            due_at: row.due_at,
            summary: row.summary.zip(mark).map(|(text, mark)| Summary { text, mark }),
            version: row.version,
        })
    }
}

fn active(program_id: Uuid, it: &JointCall) -> ActiveModel {
    let mark = it.summary.as_ref().map(|summary| summary.mark);
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        kind: Set(word(it.kind)),
        partner_id: Set(it.partner_id),
        deal_id: Set(it.deal_id),
        pod_id: Set(it.pod_id),
        subject_id: Set(it.subject_id),
        held_at: Set(it.held_at),
        due_at: Set(it.due_at),
        summary: Set(it.summary.as_ref().map(|summary| summary.text.clone())),
        summarised_by: Set(mark.map(|mark| mark.by)),
        summarised_at: Set(mark.map(|mark| mark.at)),
        version: Set(it.version),
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these states at this instant.
    pub states: Option<(Vec<JointCallState>, DateTime<Utc>)>,
    /// With these partners.
    pub partners: Option<Vec<Uuid>>,
    /// On these deals.
    pub deals: Option<Vec<Uuid>>,
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::joint_calls(slice))
}

/// As [`JointCall::state`] has it.
fn in_state(state: JointCallState, now: DateTime<Utc>) -> Condition {
    let owed = || Cond::all().add(Column::SummarisedAt.is_null());
    match state {
        JointCallState::Summarised => Cond::all().add(Column::SummarisedAt.is_not_null()),
        JointCallState::Overdue => owed().add(Column::DueAt.lt(now)),
        JointCallState::Due => owed().add(Column::DueAt.gte(now)),
    }
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some((states, now)) = &filter.states {
        let none = Cond::any().add(Expr::cust("1 = 0"));
        select = select.filter(states.iter().fold(none, |any, state| any.add(in_state(*state, *now))));
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(deals) = &filter.deals {
        select = select.filter(Column::DealId.is_in(deals.iter().copied()));
    }
    select
}

/// A page of calls, by when they were held.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<JointCall>, DbErr> {
    page::fetch(conn, select(slice, filter), "joint_call.held_at", "joint_call.id", ask).await
}

/// Where a call stands in a list.
#[must_use]
pub const fn key(it: &JointCall) -> Key {
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<JointCall>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The call that an activity or a session is, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_subject(conn: &impl Conn, slice: &Slice, subject: Uuid) -> Result<Option<JointCall>, DbErr> {
    within(slice).filter(Column::SubjectId.eq(subject)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &JointCall) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes the summary, unless somebody else changed the row: false then.
///
/// # Errors
/// [`DbErr`].
pub async fn summarise(conn: &impl Conn, slice: &Slice, it: &JointCall) -> Result<bool, DbErr> {
    let one = Entity::update_many()
        .set(active(slice.program_id(), it))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::Version.eq(it.version - 1));
    Ok(one.exec(conn).await?.rows_affected == 1)
}
