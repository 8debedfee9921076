//! The program's working calendar: read by everybody, since due times rest on it; set by RevOps.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use chrono::NaiveDate;
use domain::program::Program;
use domain::role::Action;
use domain::slice::Slice;
use domain::working_calendar::{Weekday, WorkingCalendar};
use entity::Conn;
use serde_json::json;

/// What may be said of the calendar; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The IANA zone.
    pub zone: Option<String>,
    /// The days of its week.
    pub days: Option<Vec<Weekday>>,
    /// When a day opens, such as 09:00.
    pub opens: Option<String>,
    /// When a day closes.
    pub closes: Option<String>,
    /// All holidays.
    pub holidays: Option<Vec<NaiveDate>>,
}

/// The calendar with its version; the usual one as version 0 where the program never set any.
///
/// # Errors
/// A storage failure.
pub(super) async fn of(conn: &impl Conn, slice: &Slice, program: &Program) -> Result<(WorkingCalendar, i64), Failure> {
    let found = entity::working_calendar::find(conn, slice).await?;
    Ok(found.unwrap_or_else(|| (WorkingCalendar::usual(program.calendar.zone), 0)))
}

/// The calendar of the caller's program, with its version.
///
/// # Errors
/// [`Failure`].
pub async fn read(caller: &Caller) -> Result<(WorkingCalendar, i64), Failure> {
    let slice = caller.authorise(Action::ReadProgram)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    of(store, slice, &program).await
}

/// Sets the calendar. Promises that run already keep their due times. The done row is the program.
///
/// # Errors
/// [`Failure`].
pub async fn set(caller: &Caller, facts: Facts, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageProgram, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let (before, version) = of(&work.tx, work.slice, &program).await?;
        work.expect_version(version, expected)?;
        let mut problems = Problems::default();
        let zone = facts.zone.as_ref().map_or(Some(before.zone()), |zone| {
            problems.take("timeZone", zone.parse().map_err(|_| "a zone is an IANA name such as Europe/Berlin"))
        });
        let opens = facts.opens.as_ref().map_or(Some(before.opens()), |time| problems.take("opens", time.parse()));
        let closes = facts.closes.as_ref().map_or(Some(before.closes()), |time| problems.take("closes", time.parse()));
        problems.settle()?;
        let (Some(zone), Some(opens), Some(closes)) = (zone, opens, closes) else { return Err(Failure::NotFound) };
        let days = facts.days.clone().unwrap_or_else(|| before.days().collect());
        let holidays = facts.holidays.clone().unwrap_or_else(|| before.holidays().collect());
        let after = WorkingCalendar::new(zone, days, opens, closes, holidays)
            .map_err(|why| Problem::at([why.field()], ProblemCode::Invalid, why.to_string()))?;
        if after != before {
            entity::working_calendar::write(&work.tx, work.slice, &after, version + 1, work.now).await?;
            let change = json!({ "before": body(&before), "after": body(&after), "version": version + 1 });
            work.record("workingCalendar.set", "Program", program.id, change);
        }
        Ok(program.id)
    })
    .await
}

fn body(it: &WorkingCalendar) -> serde_json::Value {
    json!({
        "timeZone": it.zone().name(), "days": it.days().collect::<Vec<_>>(), "opens": it.opens().to_string(),
        "closes": it.closes().to_string(), "holidays": it.holidays().collect::<Vec<_>>(),
    })
}
