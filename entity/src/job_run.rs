//! Runs of jobs: who claimed which period, and what came of it. The primary key is what makes a period's job run once across
//! replicas; a claim that its worker did not finish in time may be taken by another.

use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::job::{Due, Job, JobRun, Progress, RunState};
use domain::slice::Slice;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A row of `job_run`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_run")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: String,
    /// The period's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    /// The period's first instant.
    pub period_at: DateTimeUtc,
    /// RUNNING, DONE or FAILED.
    pub state: String,
    /// Who works on it, or did.
    pub worker_id: Uuid,
    /// How many times it was begun.
    pub attempts: i32,
    /// When it was claimed last.
    pub claimed_at: DateTimeUtc,
    /// Nobody else may claim it before.
    pub held_until: DateTimeUtc,
    /// When it was done, or failed.
    pub finished_at: Option<DateTimeUtc>,
    /// What came of it, as JSON.
    pub outcome: Option<String>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for JobRun {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            job: read("job_run.job", &row.job)?,
            period: row.period,
            period_at: row.period_at,
            state: read("job_run.state", &row.state)?,
            attempts: row.attempts,
            claimed_at: row.claimed_at,
            finished_at: row.finished_at,
            outcome: row.outcome,
        })
    }
}

/// How far each job has come.
///
/// # Errors
/// [`DbErr`].
pub async fn progress(conn: &impl Conn, slice: &Slice) -> Result<BTreeMap<Job, Progress>, DbErr> {
    let of = |select: Select<Entity>, at: &str| {
        let select = select.filter(Column::ProgramId.eq(slice.program_id())).select_only().column(Column::Job);
        let instant = if at == "latest" { Column::PeriodAt.max() } else { Column::PeriodAt.min() };
        select.column_as(instant, "at").group_by(Column::Job).into_tuple::<(String, DateTime<Utc>)>()
    };
    let latest = of(Entity::find(), "latest").all(conn).await?;
    let done = word(RunState::Done);
    let unfinished = of(Entity::find().filter(Column::State.ne(done)), "unfinished").all(conn).await?;
    let mut found: BTreeMap<Job, Progress> = BTreeMap::new();
    // A job of a later version that this one does not know is not this one's to run.
    let known = |rows: Vec<(String, DateTime<Utc>)>| {
        rows.into_iter().filter_map(|(job, at)| Some((job.parse::<Job>().ok()?, at)))
    };
    for (job, at) in known(latest) {
        found.entry(job).or_default().latest = Some(at);
    }
    for (job, at) in known(unfinished) {
        found.entry(job).or_default().unfinished = Some(at);
    }
    Ok(found)
}

/// A worker's claim of a period until an instant.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The job and its period.
    pub due: &'a Due,
    /// Who claims.
    pub worker_id: Uuid,
    /// Now.
    pub at: DateTime<Utc>,
    /// Nobody else may claim it before.
    pub until: DateTime<Utc>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is the caller's to do, for the so-many-th time.
    Ours(i32),
    /// It is done.
    Done,
    /// Somebody else works on it, or it failed a moment ago.
    Held,
}

/// Claims a period: one statement, so that of many who try at once one gets it, on either back end.
///
/// # Errors
/// [`DbErr`].
pub async fn claim(conn: &impl Conn, slice: &Slice, claim: Claim<'_>) -> Result<Claimed, DbErr> {
    let sql =
        "INSERT INTO job_run (program_id, job, period, period_at, state, worker_id, attempts, claimed_at, held_until)
               VALUES ($1, $2, $3, $4, 'RUNNING', $5, 1, $6, $7)
               ON CONFLICT (program_id, job, period) DO UPDATE
               SET state = 'RUNNING', worker_id = $5, attempts = job_run.attempts + 1, claimed_at = $6, held_until = $7,
                 finished_at = NULL, outcome = NULL
               WHERE job_run.state <> 'DONE' AND job_run.held_until <= $6";
    let Due { job, period } = claim.due;
    let values = [
        slice.program_id().into(),
        word(*job).into(),
        period.key.clone().into(),
        period.starts_at.into(),
        claim.worker_id.into(),
        claim.at.into(),
        claim.until.into(),
    ];
    let wrote = conn
        .execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values))
        .await?
        .rows_affected();
    let key = (slice.program_id(), word(*job), period.key.clone());
    let row = Entity::find_by_id(key).one(conn).await?;
    Ok(match row {
        Some(row) if wrote == 1 => Claimed::Ours(row.attempts),
        Some(row) if row.state == word(RunState::Done) => Claimed::Done,
        _ => Claimed::Held,
    })
}

/// Writes what came of a claim, unless somebody else has taken it in the meantime.
///
/// # Errors
/// [`DbErr`].
pub async fn finish(
    conn: &impl Conn,
    slice: &Slice,
    claim: Claim<'_>,
    state: RunState,
    outcome: &serde_json::Value,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(word(state)))
        .col_expr(Column::FinishedAt, Expr::value(claim.at))
        .col_expr(Column::HeldUntil, Expr::value(claim.until))
        .col_expr(Column::Outcome, Expr::value(outcome.to_string()))
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Job.eq(word(claim.due.job)))
        .filter(Column::Period.eq(claim.due.period.key.clone()))
        .filter(Column::WorkerId.eq(claim.worker_id))
        .filter(Column::State.eq(word(RunState::Running)))
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets the runs of these jobs whose period began before an instant. Returns how many.
///
/// # Errors
/// [`DbErr`].
pub async fn forget(conn: &impl Conn, slice: &Slice, jobs: &[Job], before: DateTime<Utc>) -> Result<u64, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Job.is_in(jobs.iter().map(|job| word(*job))))
        .filter(Column::PeriodAt.lt(before));
    Ok(gone.exec(conn).await?.rows_affected)
}

/// The latest runs, the latest period first.
///
/// # Errors
/// [`DbErr`].
pub async fn latest(conn: &impl Conn, slice: &Slice, most: u64) -> Result<Vec<JobRun>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).order_by_desc(Column::PeriodAt);
    select.order_by_asc(Column::Job).limit(most).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}
