//! Handoffs that were fired by events of deals.

use crate::column::word;
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::handoff::{Handoff, HandoffRule, HandoffState};
use domain::role::Role;
use domain::slice::{Reach, Slice};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Condition};
use uuid::Uuid;

/// A row of `handoff`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handoff")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner that the deal goes by.
    pub partner_id: Uuid,
    /// The event that fired it.
    pub event: String,
    /// The stage that begins.
    pub to_stage: String,
    /// Who hands over.
    pub giver: String,
    /// Who receives.
    pub receiver: String,
    /// The rule as it was, as JSON.
    pub rule: String,
    /// When it was fired.
    pub fired_at: DateTimeUtc,
    /// By when it is to be acknowledged, inclusive.
    pub due_at: DateTimeUtc,
    /// When it was acknowledged.
    pub acknowledged_at: Option<DateTimeUtc>,
    /// By whom.
    pub acknowledged_by: Option<Uuid>,
    /// What the receiver said.
    pub note: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Handoff {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let unknown = |_| DbErr::Type("column handoff.rule holds what this version does not know".into());
        Ok(Self {
            id: row.id,
            deal_id: row.deal_id,
            partner_id: row.partner_id,
            rule: serde_json::from_str(&row.rule).map_err(unknown)?,
            fired_at: row.fired_at,
            due_at: row.due_at,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
            note: row.note,
            version: row.version,
        })
    }
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these states at this instant.
    pub states: Option<(Vec<HandoffState>, DateTime<Utc>)>,
    /// Of these partners.
    pub partners: Option<Vec<Uuid>>,
    /// Of these deals.
    pub deals: Option<Vec<Uuid>>,
}

/// Those of the deals of the slice. A deal may be shared: for a slice made of partners, what another partner hands over or receives
/// is another's. A partner sees only those that it hands over or receives itself.
fn within(slice: &Slice) -> Select<Entity> {
    let select = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::on_deals(slice, "handoff.deal_id"));
    match slice.reach() {
        Reach::Program | Reach::ClosedDeals | Reach::Partners | Reach::Owned { .. } => select,
        Reach::Pods { .. } | Reach::Managed { .. } => select.filter(scope::partners(slice, "handoff.partner_id")),
        Reach::Own { .. } => {
            let partner = Role::Partner.word();
            let its = Cond::any().add(Column::Giver.eq(partner)).add(Column::Receiver.eq(partner));
            select.filter(scope::partners(slice, "handoff.partner_id")).filter(its)
        }
    }
}

/// As [`Handoff::state`] has it.
fn in_state(state: HandoffState, now: DateTime<Utc>) -> Condition {
    let open = || Cond::all().add(Column::AcknowledgedAt.is_null());
    match state {
        HandoffState::Acknowledged => Cond::all().add(Column::AcknowledgedAt.is_not_null()),
        HandoffState::Overdue => open().add(Column::DueAt.lt(now)),
        HandoffState::Waiting => open().add(Column::DueAt.gte(now)),
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

/// A page of handoffs, by when they were fired.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Handoff>, DbErr> {
    page::fetch(conn, select(slice, filter), "handoff.fired_at", "handoff.id", ask).await
}

/// Where a handoff stands in a list.
#[must_use]
pub const fn key(it: &Handoff) -> Key {
    Key::Instant(it.fired_at)
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
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Handoff>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Whether a rule has fired for a deal already.
///
/// # Errors
/// [`DbErr`].
pub async fn has_fired(conn: &impl Conn, slice: &Slice, deal: Uuid, rule: &HandoffRule) -> Result<bool, DbErr> {
    let rows = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::DealId.eq(deal))
        .filter(Column::Event.eq(word(rule.event)))
        .filter(Column::ToStage.eq(word(rule.to)))
        .filter(Column::Receiver.eq(rule.receiver.word()));
    Ok(rows.count(conn).await? > 0)
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Handoff) -> Result<(), DbErr> {
    let rule = serde_json::to_string(&it.rule).map_err(|_| DbErr::Type("the rule is not JSON".into()))?;
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        partner_id: Set(it.partner_id),
        event: Set(word(it.rule.event)),
        to_stage: Set(word(it.rule.to)),
        giver: Set(it.rule.giver.word().to_owned()),
        receiver: Set(it.rule.receiver.word().to_owned()),
        rule: Set(rule),
        fired_at: Set(it.fired_at),
        due_at: Set(it.due_at),
        acknowledged_at: Set(it.acknowledged_at),
        acknowledged_by: Set(it.acknowledged_by),
        note: Set(it.note.clone()),
        version: Set(it.version),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes the acknowledgement, unless there is one: false when somebody else was first.
///
/// # Errors
/// [`DbErr`].
pub async fn acknowledge(conn: &impl Conn, slice: &Slice, it: &Handoff) -> Result<bool, DbErr> {
    let changed = ActiveModel {
        acknowledged_at: Set(it.acknowledged_at),
        acknowledged_by: Set(it.acknowledged_by),
        note: Set(it.note.clone()),
        version: Set(it.version),
        ..<ActiveModel as Default>::default()
    };
    let one = Entity::update_many()
        .set(changed)
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(it.id))
        .filter(Column::AcknowledgedAt.is_null());
    Ok(one.exec(conn).await?.rows_affected == 1)
}
