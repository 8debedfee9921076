//! The program's working calendar on the wire.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::scalar::Date;
use crate::usecase::working_calendar::{self, Facts};

/// A day of the week.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::working_calendar::Weekday")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// When the program works: business hours and business days of due times run in it.
pub struct WorkingCalendar(domain::working_calendar::WorkingCalendar, i64);

/// When the program works: business hours and business days of due times run in it. A program that never set one works Monday
/// to Friday from 09:00 to 17:00 in its time zone.
#[Object(directive = Allow::apply(Action::ReadProgram))]
impl WorkingCalendar {
    /// The IANA time zone in which its days and hours are read.
    async fn time_zone(&self) -> &str {
        self.0.zone().name()
    }

    /// The days of its week.
    async fn days(&self) -> Vec<Weekday> {
        self.0.days().map(Into::into).collect()
    }

    /// When a working day opens, such as "09:00".
    async fn opens(&self) -> String {
        self.0.opens().to_string()
    }

    /// When a working day closes, such as "17:00"; "24:00" is the day's end.
    async fn closes(&self) -> String {
        self.0.closes().to_string()
    }

    /// Days on which nobody works, in order.
    async fn holidays(&self) -> Vec<Date> {
        self.0.holidays().map(Date).collect()
    }

    /// The version, for `expectedVersion` of a change; 0 while the program never set one.
    #[graphql(directive = Allow::apply(Action::ReadProgramInside))]
    async fn version(&self) -> i64 {
        self.1
    }
}

/// The calendar of the caller's program.
pub(super) async fn read(ctx: &Context<'_>) -> Result<WorkingCalendar> {
    let (calendar, version) = working_calendar::read(caller(ctx)?).await.map_err(|why| failed(&why))?;
    Ok(WorkingCalendar(calendar, version))
}

/// A change of the working calendar. What is left out stays as it is. Promises that run already keep their due times.
#[derive(InputObject)]
pub struct WorkingCalendarSetInput {
    /// The IANA time zone, such as "Europe/Berlin".
    time_zone: Option<String>,
    /// The days of its week, at least one.
    #[graphql(validator(max_items = 7))]
    days: Option<Vec<Weekday>>,
    /// When a working day opens, such as "09:00".
    opens: Option<String>,
    /// When a working day closes, such as "17:00", after it opens; "24:00" is the day's end.
    closes: Option<String>,
    /// All holidays, at most 1000: a list replaces the one before.
    #[graphql(validator(max_items = 1000))]
    holidays: Option<Vec<Date>>,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting the working calendar.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageProgram))]
pub struct WorkingCalendarSetPayload {
    /// The calendar as it is now; null when it was refused.
    working_calendar: Option<WorkingCalendar>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the working calendar.
#[derive(Default)]
pub struct WorkingCalendarMutation;

#[Object]
impl WorkingCalendarMutation {
    /// Sets when the program works.
    #[graphql(directive = Allow::apply(Action::ManageProgram))]
    async fn working_calendar_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: WorkingCalendarSetInput,
    ) -> Result<WorkingCalendarSetPayload> {
        let caller = caller(ctx)?;
        let facts = Facts {
            zone: input.time_zone.clone(),
            days: input.days.as_ref().map(|days| days.iter().map(|day| (*day).into()).collect()),
            opens: input.opens.clone(),
            closes: input.closes.clone(),
            holidays: input.holidays.as_ref().map(|days| days.iter().map(|day| day.0).collect()),
        };
        let work = async |key| working_calendar::set(caller, facts, input.expected_version, key).await;
        let (id, replayed, user_errors) =
            run("workingCalendarSet", input.idempotency_key.as_ref(), &input, work).await?;
        let working_calendar = match id {
            Some(_) => Some(read(ctx).await?),
            None => None,
        };
        Ok(WorkingCalendarSetPayload { working_calendar, replayed, user_errors })
    }
}
