//! SLA clocks: promises with their due times.

use crate::column::{one_of, read, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, NaiveDate, Utc};
use domain::deal::Outcome;
use domain::sla::{Kept, SlaClock, SlaKind, SlaOwner, SlaState};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Condition, ExprTrait};
use sea_orm::{QueryOrder, QuerySelect, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A row of `sla_clock`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sla_clock")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What was promised.
    pub kind: String,
    /// Who owes it.
    pub owner: String,
    /// The kind of row it is about.
    pub subject_type: String,
    /// The row it is about.
    pub subject_id: Uuid,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// The same in seconds since 1970, which both back ends can add up.
    pub started_second: i64,
    /// When it counts as about to be missed.
    pub warn_at: DateTimeUtc,
    /// By when it is due, inclusive.
    pub due_at: DateTimeUtc,
    /// When it was done.
    pub met_at: Option<DateTimeUtc>,
    /// Seconds until it was done, or stopped being owed.
    pub took_seconds: Option<i64>,
    /// When it stopped being owed.
    pub stopped_at: Option<DateTimeUtc>,
    /// When it was told that it is about to be missed.
    pub warned_at: Option<DateTimeUtc>,
    /// When it was recorded that it was missed.
    pub missed_at: Option<DateTimeUtc>,
    /// The policy in force when it began.
    pub policy_version: i64,
    /// The version of the contract that gave its term.
    pub contract_version: Option<i64>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for SlaClock {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            kind: read("sla_clock.kind", &row.kind)?,
            owner: read("sla_clock.owner", &row.owner)?,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            partner_id: row.partner_id,
            started_at: row.started_at,
            warn_at: row.warn_at,
            due_at: row.due_at,
            met_at: row.met_at,
            stopped_at: row.stopped_at,
            warned_at: row.warned_at,
            missed_at: row.missed_at,
            policy_version: row.policy_version,
            contract_version: row.contract_version,
        })
    }
}

fn active(program_id: Uuid, it: &SlaClock) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        kind: Set(word(it.kind)),
        owner: Set(word(it.owner)),
        subject_type: Set(it.subject_type.clone()),
        subject_id: Set(it.subject_id),
        partner_id: Set(it.partner_id),
        started_at: Set(it.started_at),
        started_second: Set(it.started_at.timestamp()),
        warn_at: Set(it.warn_at),
        due_at: Set(it.due_at),
        met_at: Set(it.met_at),
        took_seconds: Set(it.met_at.or(it.stopped_at).map(|at| (at - it.started_at).num_seconds())),
        stopped_at: Set(it.stopped_at),
        warned_at: Set(it.warned_at),
        missed_at: Set(it.missed_at),
        policy_version: Set(it.policy_version),
        contract_version: Set(it.contract_version),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::sla_clocks(slice))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Option<Vec<SlaKind>>,
    /// Owed by these.
    pub owners: Option<Vec<SlaOwner>>,
    /// In these states at this instant.
    pub states: Option<(Vec<SlaState>, DateTime<Utc>)>,
    /// With these partners.
    pub partners: Option<Vec<Uuid>>,
    /// About these rows.
    pub subjects: Option<Vec<Uuid>>,
    /// Due at this instant or later.
    pub due_from: Option<DateTime<Utc>>,
    /// Due at this instant or earlier.
    pub due_to: Option<DateTime<Utc>>,
}

/// As [`SlaClock::state`] has it.
fn in_state(state: SlaState, now: DateTime<Utc>) -> Condition {
    let in_time = |column: Column| Expr::col(column).lte(Expr::col(Column::DueAt));
    let too_late = |column: Column| Expr::col(column).gt(Expr::col(Column::DueAt));
    let open = || Cond::all().add(Column::MetAt.is_null()).add(Column::StoppedAt.is_null());
    match state {
        SlaState::Running => open().add(Column::DueAt.gte(now)),
        SlaState::Met => Cond::all().add(in_time(Column::MetAt)),
        SlaState::Stopped => Cond::all().add(Column::MetAt.is_null()).add(in_time(Column::StoppedAt)),
        SlaState::Missed => Cond::any()
            .add(too_late(Column::MetAt))
            .add(Cond::all().add(Column::MetAt.is_null()).add(too_late(Column::StoppedAt)))
            .add(open().add(Column::DueAt.lt(now))),
    }
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(owners) = &filter.owners {
        select = select.filter(Column::Owner.is_in(owners.iter().map(|owner| word(*owner))));
    }
    if let Some((states, now)) = &filter.states {
        let any =
            states.iter().fold(Cond::any().add(Expr::cust("1 = 0")), |any, state| any.add(in_state(*state, *now)));
        select = select.filter(any);
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(subjects) = &filter.subjects {
        select = select.filter(Column::SubjectId.is_in(subjects.iter().copied()));
    }
    if let Some(from) = filter.due_from {
        select = select.filter(Column::DueAt.gte(from));
    }
    if let Some(to) = filter.due_to {
        select = select.filter(Column::DueAt.lte(to));
    }
    select
}

/// A page of clocks, by when they are due.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<SlaClock>, DbErr> {
    page::fetch(conn, select(slice, filter), "sla_clock.due_at", "sla_clock.id", ask).await
}

/// Where a clock stands.
#[must_use]
pub fn key(it: &SlaClock) -> Key {
    Key::Instant(it.due_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One clock, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<SlaClock>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The clock of a kind about a row, whatever the slice shows of it: for the use cases that start and meet it.
///
/// # Errors
/// [`DbErr`].
pub async fn about(
    conn: &impl Conn,
    slice: &Slice,
    kind: SlaKind,
    subject_id: Uuid,
) -> Result<Option<SlaClock>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Kind.eq(word(kind)));
    select.filter(Column::SubjectId.eq(subject_id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// The running clocks about deals that are closed, of one or of all, each with the day its deal closed: the first call of a
/// registration, and what was asked about a deal. Whatever the slice shows of them.
///
/// # Errors
/// [`DbErr`].
pub async fn of_closed_deals(
    conn: &impl Conn,
    slice: &Slice,
    deal: Option<Uuid>,
) -> Result<Vec<(SlaClock, Option<NaiveDate>)>, DbErr> {
    let one = if deal.is_some() { "AND deal.id = $3" } else { "" };
    let about = |kind: SlaKind, table: &str| {
        format!(
            "SELECT sla_clock.id, deal.closed_on FROM sla_clock
             JOIN {table} AS subject ON subject.program_id = $1 AND subject.id = sla_clock.subject_id
             JOIN deal ON deal.program_id = $1 AND deal.id = subject.deal_id {one}
             WHERE sla_clock.program_id = $1 AND sla_clock.kind = '{}'
               AND sla_clock.met_at IS NULL AND sla_clock.stopped_at IS NULL AND deal.outcome <> $2",
            word(kind)
        )
    };
    let sql = format!(
        "{} UNION ALL {}",
        about(SlaKind::JoinFirstCall, "registration"),
        about(SlaKind::Escalation, "escalation")
    );
    let mut values: Vec<sea_orm::Value> = vec![slice.program_id().into(), word(Outcome::Open).into()];
    values.extend(deal.map(sea_orm::Value::from));
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let mut closed = BTreeMap::new();
    for row in &rows {
        closed.insert(row.try_get::<Uuid>("", "id")?, row.try_get::<Option<NaiveDate>>("", "closed_on")?);
    }
    if closed.is_empty() {
        return Ok(Vec::new());
    }
    let ids = closed.keys().copied().collect::<Vec<_>>();
    let of = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    let clocks = of.filter(one_of(conn, Column::Id, &ids)).order_by_asc(Column::Id).all(conn).await?;
    clocks
        .into_iter()
        .map(|row| {
            let day = closed.get(&row.id).copied().flatten();
            Ok((row.try_into()?, day))
        })
        .collect()
}

async fn open(
    conn: &impl Conn,
    slice: &Slice,
    which: Condition,
    by: Column,
    most: u64,
) -> Result<Vec<SlaClock>, DbErr> {
    let open = Cond::all()
        .add(Column::MetAt.is_null())
        .add(Column::StoppedAt.is_null())
        .add(Column::MissedAt.is_null())
        .add(which);
    let select = within(slice).filter(open).order_by_asc(by).order_by_asc(Column::Id).limit(most);
    select.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Clocks that are about to be missed and were not told of, at most so many, the first to warn of first.
///
/// # Errors
/// [`DbErr`].
pub async fn to_warn(conn: &impl Conn, slice: &Slice, now: DateTime<Utc>, most: u64) -> Result<Vec<SlaClock>, DbErr> {
    let which = Cond::all().add(Column::WarnedAt.is_null()).add(Column::WarnAt.lte(now)).add(Column::DueAt.gte(now));
    open(conn, slice, which, Column::WarnAt, most).await
}

/// Clocks that were missed without a record of it, at most so many, the first due first.
///
/// # Errors
/// [`DbErr`].
pub async fn to_miss(conn: &impl Conn, slice: &Slice, now: DateTime<Utc>, most: u64) -> Result<Vec<SlaClock>, DbErr> {
    open(conn, slice, Cond::all().add(Column::DueAt.lt(now)), Column::DueAt, most).await
}

/// How promises were kept that were due within a time (both ends included), program-wide or with one partner, by kind and
/// owner (ruling 1: a measure is the program's, whatever the slice).
///
/// # Errors
/// [`DbErr`].
pub async fn kept(
    conn: &impl Conn,
    slice: &Slice,
    partner_id: Option<Uuid>,
    due: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Vec<Kept>, DbErr> {
    let of_partner = if partner_id.is_some() { "AND partner_id = $6" } else { "" };
    // A clock that stopped in time is no promise any more, neither kept nor broken.
    let sql = format!(
        "SELECT kind, owner,
           SUM(CASE WHEN met_at <= due_at THEN 1 ELSE 0 END) AS met,
           SUM(CASE WHEN met_at IS NULL AND stopped_at IS NULL AND due_at >= $4 THEN 1 ELSE 0 END) AS running,
           COUNT(*) AS timed,
           CAST(SUM(COALESCE(took_seconds, $5 - started_second)) AS bigint) AS seconds
         FROM sla_clock
         WHERE program_id = $1 AND due_at >= $2 AND due_at <= $3 {of_partner}
           AND (met_at IS NOT NULL OR stopped_at IS NULL OR stopped_at > due_at)
         GROUP BY kind, owner ORDER BY owner DESC, kind"
    );
    let mut values: Vec<sea_orm::Value> =
        vec![slice.program_id().into(), due.0.into(), due.1.into(), now.into(), now.timestamp().into()];
    values.extend(partner_id.map(sea_orm::Value::from));
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let of = |row: &sea_orm::QueryResult| {
        let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
        let (met, running, timed) = (count("met")?, count("running")?, count("timed")?);
        Ok(Kept {
            kind: read("sla_clock.kind", &row.try_get::<String>("", "kind")?)?,
            owner: read("sla_clock.owner", &row.try_get::<String>("", "owner")?)?,
            met,
            missed: timed - met - running,
            running,
            seconds: row.try_get("", "seconds")?,
            timed,
        })
    };
    rows.iter().map(of).collect()
}

/// Clocks that began from an instant on and before another, in the order they did.
///
/// # Errors
/// [`DbErr`].
pub async fn started(
    conn: &impl Conn,
    slice: &Slice,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<SlaClock>, DbErr> {
    let begun = within(slice).filter(Column::StartedAt.gte(from)).filter(Column::StartedAt.lt(until));
    let rows = begun.order_by_asc(Column::StartedAt).order_by_asc(Column::Id).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new clock.
///
/// # Errors
/// [`DbErr`], a unique violation when the row has a clock of the kind.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &SlaClock) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes that a clock was met or stopped, where it was neither. Tells whether it did: another may have been first.
///
/// # Errors
/// [`DbErr`].
pub async fn end(conn: &impl Conn, slice: &Slice, it: &SlaClock) -> Result<bool, DbErr> {
    let row = active(slice.program_id(), it);
    let changed = ActiveModel {
        met_at: row.met_at,
        took_seconds: row.took_seconds,
        stopped_at: row.stopped_at,
        ..<ActiveModel as Default>::default()
    };
    mark(conn, slice, it.id, changed, Cond::all()).await
}

/// Writes that it was told that a clock is about to be missed, where that was not written and it still runs. Tells whether it did.
///
/// # Errors
/// [`DbErr`].
pub async fn warn(conn: &impl Conn, slice: &Slice, id: Uuid, at: DateTime<Utc>) -> Result<bool, DbErr> {
    let changed = ActiveModel { warned_at: Set(Some(at)), ..<ActiveModel as Default>::default() };
    mark(conn, slice, id, changed, Cond::all().add(Column::WarnedAt.is_null())).await
}

/// Writes that a clock was missed, where that was not written and it still runs. Tells whether it did.
///
/// # Errors
/// [`DbErr`].
pub async fn miss(conn: &impl Conn, slice: &Slice, id: Uuid, at: DateTime<Utc>) -> Result<bool, DbErr> {
    let changed = ActiveModel { missed_at: Set(Some(at)), ..<ActiveModel as Default>::default() };
    mark(conn, slice, id, changed, Cond::all().add(Column::MissedAt.is_null())).await
}

/// Changes only what is given, and only while the clock runs: whoever meets it at the same time loses nothing.
async fn mark(
    conn: &impl Conn,
    slice: &Slice,
    id: Uuid,
    changed: ActiveModel,
    which: Condition,
) -> Result<bool, DbErr> {
    let running = which.add(Column::MetAt.is_null()).add(Column::StoppedAt.is_null());
    let one =
        Entity::update_many().set(changed).filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.eq(id));
    Ok(one.filter(running).exec(conn).await?.rows_affected == 1)
}
