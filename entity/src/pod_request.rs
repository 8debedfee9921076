//! Requests of the Pod to partners.
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::pod_request::{PodAnswer, PodRequest};
use domain::registration::Mark;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `pod_request`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pod_request")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The deal.
    pub deal_id: Option<Uuid>,
    /// The registration.
    pub registration_id: Option<Uuid>,
    /// The person who is asked.
    pub person_id: Option<Uuid>,
    /// The question.
    pub question: String,
    /// Who asked.
    pub asked_by: Uuid,
    /// When.
    pub asked_at: DateTimeUtc,
    /// The answer.
    pub answer: Option<String>,
    /// Who answered.
    pub answered_by: Option<Uuid>,
    /// When.
    pub answered_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for PodRequest {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let mark = row.answered_at.zip(row.answered_by).map(|(at, by)| Mark { at, by });
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            deal_id: row.deal_id,
            registration_id: row.registration_id,
            person_id: row.person_id,
            question: row.question,
            asked: Mark { at: row.asked_at, by: row.asked_by },
            answer: row.answer.zip(mark).map(|(text, mark)| PodAnswer { text, mark }),
            version: row.version,
        })
    }
}

fn active(program_id: Uuid, it: &PodRequest) -> ActiveModel {
    let mark = it.answer.as_ref().map(|answer| answer.mark);
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        partner_id: Set(it.partner_id),
        deal_id: Set(it.deal_id),
        registration_id: Set(it.registration_id),
        person_id: Set(it.person_id),
        question: Set(it.question.clone()),
        asked_by: Set(it.asked.by),
        asked_at: Set(it.asked.at),
        answer: Set(it.answer.as_ref().map(|answer| answer.text.clone())),
        answered_by: Set(mark.map(|mark| mark.by)),
        answered_at: Set(mark.map(|mark| mark.at)),
        version: Set(it.version),
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Answered, or not.
    pub is_answered: Option<bool>,
    /// To these partners.
    pub partners: Option<Vec<Uuid>>,
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::pod_requests(slice))
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(is_answered) = filter.is_answered {
        let column = Column::AnsweredAt;
        select = select.filter(if is_answered { column.is_not_null() } else { column.is_null() });
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    select
}

/// A page of requests, by when they were asked.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<PodRequest>, DbErr> {
    page::fetch(conn, select(slice, filter), "pod_request.asked_at", "pod_request.id", ask).await
}

/// Where a request stands.
#[must_use]
pub const fn key(it: &PodRequest) -> Key {
    Key::Instant(it.asked.at)
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<PodRequest>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &PodRequest) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes the answer, unless there is one: false when somebody else was first.
///
/// # Errors
/// [`DbErr`].
pub async fn answer(conn: &impl Conn, slice: &Slice, it: &PodRequest) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .set(active(slice.program_id(), it))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::AnsweredAt.is_null())
        .exec(conn)
        .await?;
    Ok(updated.rows_affected == 1)
}
