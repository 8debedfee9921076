//! Escalations on deals.

use crate::column::{read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::escalation::{Escalation, EscalationKind, EscalationState, Said};
use domain::registration::Mark;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Condition};
use uuid::Uuid;

/// A row of `escalation`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "escalation")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What stalls.
    pub kind: String,
    /// The side that raised it.
    pub raised_by: String,
    /// The side that owes the answer.
    pub addressed_to: String,
    /// What is asked.
    pub question: String,
    /// Who was named for it, as JSON.
    pub contact: Option<String>,
    /// Who opened it.
    pub opened_by: Uuid,
    /// When.
    pub opened_at: DateTimeUtc,
    /// By when the answer is due, inclusive.
    pub due_at: DateTimeUtc,
    /// Who took it up.
    pub acknowledged_by: Option<Uuid>,
    /// When.
    pub acknowledged_at: Option<DateTimeUtc>,
    /// The answer.
    pub answer: Option<String>,
    /// Who answered.
    pub answered_by: Option<Uuid>,
    /// When.
    pub answered_at: Option<DateTimeUtc>,
    /// What came of it.
    pub resolution: Option<String>,
    /// Who said so.
    pub resolved_by: Option<Uuid>,
    /// When.
    pub resolved_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn mark(at: Option<DateTime<Utc>>, by: Option<Uuid>) -> Option<Mark> {
    at.zip(by).map(|(at, by)| Mark { at, by })
}

impl TryFrom<Model> for Escalation {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let unknown = |_| DbErr::Type("column escalation.contact holds what this version does not know".into());
        let said = |text: Option<String>, mark: Option<Mark>| text.zip(mark).map(|(text, mark)| Said { text, mark });
        Ok(Self {
            id: row.id,
            deal_id: row.deal_id,
            partner_id: row.partner_id,
            kind: read("escalation.kind", &row.kind)?,
            raised_by: read("escalation.raised_by", &row.raised_by)?,
            addressed_to: read("escalation.addressed_to", &row.addressed_to)?,
            question: row.question,
            contact: row.contact.as_deref().map(serde_json::from_str).transpose().map_err(unknown)?,
            opened: Mark { at: row.opened_at, by: row.opened_by },
            due_at: row.due_at,
            acknowledged: mark(row.acknowledged_at, row.acknowledged_by),
            answer: said(row.answer, mark(row.answered_at, row.answered_by)),
            resolution: said(row.resolution, mark(row.resolved_at, row.resolved_by)),
            version: row.version,
        })
    }
}

fn active(program_id: Uuid, it: &Escalation) -> Result<ActiveModel, DbErr> {
    let contact = it.contact.as_ref().map(serde_json::to_string).transpose();
    let contact = contact.map_err(|_| DbErr::Type("the contact is not JSON".into()))?;
    let (answer, resolution) = (it.answer.as_ref(), it.resolution.as_ref());
    Ok(ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        partner_id: Set(it.partner_id),
        kind: Set(word(it.kind)),
        raised_by: Set(word(it.raised_by)),
        addressed_to: Set(word(it.addressed_to)),
        question: Set(it.question.clone()),
        contact: Set(contact),
        opened_by: Set(it.opened.by),
        opened_at: Set(it.opened.at),
        due_at: Set(it.due_at),
        acknowledged_by: Set(it.acknowledged.map(|mark| mark.by)),
        acknowledged_at: Set(it.acknowledged.map(|mark| mark.at)),
        answer: Set(answer.map(|said| said.text.clone())),
        answered_by: Set(answer.map(|said| said.mark.by)),
        answered_at: Set(answer.map(|said| said.mark.at)),
        resolution: Set(resolution.map(|said| said.text.clone())),
        resolved_by: Set(resolution.map(|said| said.mark.by)),
        resolved_at: Set(resolution.map(|said| said.mark.at)),
        version: Set(it.version),
    })
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these states.
    pub states: Option<Vec<EscalationState>>,
    /// Of these kinds.
    pub kinds: Option<Vec<EscalationKind>>,
    /// Overdue at this instant, or not.
    pub is_overdue: Option<(bool, DateTime<Utc>)>,
    /// With these partners.
    pub partners: Option<Vec<Uuid>>,
    /// On these deals.
    pub deals: Option<Vec<Uuid>>,
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::escalations(slice))
}

/// As [`Escalation::state`] has it.
fn in_state(state: EscalationState) -> Condition {
    let unresolved = || Cond::all().add(Column::ResolvedAt.is_null());
    let unanswered = || unresolved().add(Column::AnsweredAt.is_null());
    match state {
        EscalationState::Resolved => Cond::all().add(Column::ResolvedAt.is_not_null()),
        EscalationState::Answered => unresolved().add(Column::AnsweredAt.is_not_null()),
        EscalationState::Acknowledged => unanswered().add(Column::AcknowledgedAt.is_not_null()),
        EscalationState::Open => unanswered().add(Column::AcknowledgedAt.is_null()),
    }
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(states) = &filter.states {
        let none = Cond::any().add(Expr::cust("1 = 0"));
        select = select.filter(states.iter().fold(none, |any, state| any.add(in_state(*state))));
    }
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some((is_overdue, now)) = filter.is_overdue {
        let overdue = Cond::all().add(Column::ResolvedAt.is_null()).add(Column::AnsweredAt.is_null());
        let overdue = overdue.add(Column::DueAt.lt(now));
        select = select.filter(if is_overdue { overdue } else { overdue.not() });
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(deals) = &filter.deals {
        select = select.filter(Column::DealId.is_in(deals.iter().copied()));
    }
    select
}

/// A page of escalations, by when they were opened.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Escalation>, DbErr> {
    page::fetch(conn, select(slice, filter), "escalation.opened_at", "escalation.id", ask).await
}

/// Where an escalation stands in a list.
#[must_use]
pub const fn key(it: &Escalation) -> Key {
    Key::Instant(it.opened.at)
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Escalation>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Escalation) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)?).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row, unless somebody else changed it first: false then.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Escalation) -> Result<bool, DbErr> {
    let one = Entity::update_many()
        .set(active(slice.program_id(), it)?)
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::Version.eq(it.version - 1));
    Ok(one.exec(conn).await?.rows_affected == 1)
}
