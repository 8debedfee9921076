//! The 90-day plan of a program, one at most, and the traces by which its items are seen to be done.

use crate::store::{Conn, DbErr};
use crate::{
    activity, attribution, contract_terms, deal, foundation_step, import_run, ledger_entry, partner, sla_clock,
};
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::Calendar;
use domain::rollout::{Rollout, Trace};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect};
use uuid::Uuid;

/// A row of `rollout`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollout")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The first day of week 1.
    pub starts_on: Date,
    /// The earliest day that it ever had; none where it was not moved since that is kept.
    pub first_starts_on: Option<Date>,
    /// Who started it, or moved it.
    pub seat_id: Uuid,
    /// For optimistic concurrency.
    pub version: i64,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The plan; none where it was not started.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice) -> Result<Option<Rollout>, DbErr> {
    let row = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).one(conn).await?;
    Ok(row.map(|row| Rollout {
        starts_on: row.starts_on,
        first_starts_on: row.first_starts_on.unwrap_or(row.starts_on),
        seat_id: row.seat_id,
        version: row.version,
        recorded_at: row.recorded_at,
    }))
}

/// Writes the plan: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else started it; [`DbErr::RecordNotUpdated`] when
/// somebody else changed it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &Rollout) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        starts_on: Set(it.starts_on),
        first_starts_on: Set(Some(it.first_starts_on)),
        seat_id: Set(it.seat_id),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).validate()?.filter(Column::Version.eq(it.version - 1)).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// The first instant in a column of rows, behind so many of them.
async fn first<E: EntityTrait, C: ColumnTrait>(
    conn: &impl Conn,
    rows: Select<E>,
    column: C,
    behind: u64,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let found = rows.select_only().column(column).order_by_asc(column).offset(behind).limit(1);
    found.into_tuple::<DateTime<Utc>>().one(conn).await
}

/// When a trace was left first; none while it was not. It is the program's, whatever the slice, and tells a date alone. Of a deal
/// that closed, the day is known: its first instant counts. History that a file brought along, from before this day, leaves none.
///
/// # Errors
/// [`DbErr`].
pub async fn left_at(
    conn: &impl Conn,
    slice: &Slice,
    trace: Trace,
    calendar: &Calendar,
    since: NaiveDate,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let program = slice.program_id();
    match trace {
        Trace::ImportDone => {
            use import_run::{Column, Entity};
            let done = Entity::find().filter(Column::ProgramId.eq(program)).filter(Column::State.eq("DONE"));
            let rows = done.filter(Column::IsDryRun.eq(false)).filter(Column::FinishedAt.is_not_null());
            first(conn, rows, Column::FinishedAt, 0).await
        }
        Trace::FrameworkActivated => {
            use foundation_step::{Column, Entity};
            let own = Entity::find().filter(Column::ProgramId.eq(program)).filter(Column::ByTemplate.eq(false));
            let rows = own.filter(Column::Step.eq("ATTRIBUTION_FRAMEWORK")).filter(Column::ActivatedAt.is_not_null());
            first(conn, rows, Column::ActivatedAt, 0).await
        }
        Trace::ContractTermsRecorded => {
            use contract_terms::{Column, Entity};
            let rows = Entity::find().filter(Column::ProgramId.eq(program));
            first(conn, rows.filter(Column::Body.not_like("%\"numbers\":{}%")), Column::RecordedAt, 0).await
        }
        Trace::ActivePartner(nth) => {
            use partner::{Column, Entity};
            let rows = Entity::find().filter(Column::ProgramId.eq(program)).filter(Column::Status.eq("ACTIVE"));
            first(conn, rows, Column::RecordedAt, nth.saturating_sub(1)).await
        }
        Trace::RegistrationApproved => {
            use ledger_entry::{Column, Entity};
            let rows = Entity::find().filter(Column::ProgramId.eq(program));
            first(conn, rows.filter(Column::Kind.eq("REGISTRATION_APPROVED")), Column::RecordedAt, 0).await
        }
        Trace::JointMeetingLogged => {
            use activity::{Column, Entity};
            let rows = Entity::find().filter(Column::ProgramId.eq(program)).filter(Column::IsJointMeeting.eq(true));
            // Those of a file name the system they come from.
            let here = Cond::any().add(Column::SourceSystem.eq("partnerloop"));
            let rows = rows.filter(here.add(Column::HappenedAt.gte(calendar.beginning(since))));
            first(conn, rows, Column::RecordedAt, 0).await
        }
        Trace::PartnerDealClosed => {
            use deal::{Column, Entity};
            let closed = Entity::find().filter(Column::ProgramId.eq(program)).filter(Column::LockedAt.is_not_null());
            let closed = closed.filter(Column::Outcome.is_in(["WON", "LOST"])).filter(Column::ClosedOn.is_not_null());
            let mut with = Query::select();
            with.column(attribution::Column::DealId)
                .from(attribution::Entity)
                .cond_where(Cond::all().add(attribution::Column::ProgramId.eq(program)));
            // A file brings the history along: what it says closed before the plan began proves nothing of the plan.
            let closed =
                closed.filter(Cond::any().add(Column::Provenance.ne("IMPORTED")).add(Column::ClosedOn.gte(since)));
            let rows = closed.filter(Column::Id.in_subquery(with)).select_only().column(Column::ClosedOn);
            let day = rows.order_by_asc(Column::ClosedOn).limit(1).into_tuple::<NaiveDate>().one(conn).await?;
            Ok(day.map(|day| calendar.beginning(day)))
        }
        Trace::PromiseDecided => {
            use sla_clock::{Column, Entity};
            let rows = || Entity::find().filter(Column::ProgramId.eq(program));
            let met = rows()
                .filter(Column::MetAt.is_not_null())
                .filter(Column::MetAt.into_expr().lte(Column::DueAt.into_expr()));
            let met = first(conn, met, Column::MetAt, 0).await?;
            let missed = first(conn, rows().filter(Column::MissedAt.is_not_null()), Column::MissedAt, 0).await?;
            Ok(met.into_iter().chain(missed).min())
        }
    }
}
