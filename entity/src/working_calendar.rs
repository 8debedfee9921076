//! Working calendars, one a program at most.

use crate::column::{read, read_words, words};
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use domain::working_calendar::{Weekday, WorkingCalendar};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `working_calendar`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "working_calendar")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The IANA zone.
    pub zone: String,
    /// The days of its week, as a JSON list of words.
    pub days: String,
    /// When a day opens, such as 09:00.
    pub opens: String,
    /// When a day closes.
    pub closes: String,
    /// Holidays, as a JSON list of days.
    pub holidays: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn calendar(row: &Model) -> Result<WorkingCalendar, DbErr> {
    let days: Vec<Weekday> = list("working_calendar.days", &row.days)?;
    let holidays: Vec<chrono::NaiveDate> = list("working_calendar.holidays", &row.holidays)?;
    let (opens, closes) = (read("working_calendar.opens", &row.opens)?, read("working_calendar.closes", &row.closes)?);
    WorkingCalendar::new(read("working_calendar.zone", &row.zone)?, days, opens, closes, holidays)
        .map_err(|why| DbErr::Type(why.to_string()))
}

fn list<T: std::str::FromStr>(column: &'static str, text: &str) -> Result<Vec<T>, DbErr> {
    read_words(column, text)?.iter().map(|word| read(column, word)).collect()
}

/// The calendar of the program with its version; none where it never set one.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice) -> Result<Option<(WorkingCalendar, i64)>, DbErr> {
    let row = Entity::find_by_id(slice.program_id()).one(conn).await?;
    row.map(|row| Ok((calendar(&row)?, row.version))).transpose()
}

/// Writes the calendar of the program: the first where the version is 1, else in the place of the one before.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else wrote the first one.
pub async fn write(
    conn: &impl Conn,
    slice: &Slice,
    it: &WorkingCalendar,
    version: i64,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let days: Vec<String> = it.days().map(crate::column::word).collect();
    let holidays: Vec<String> = it.holidays().map(|day| day.to_string()).collect();
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        zone: Set(it.zone().name().to_owned()),
        days: Set(words(&days)),
        opens: Set(it.opens().to_string()),
        closes: Set(it.closes().to_string()),
        holidays: Set(words(&holidays)),
        version: Set(version),
        recorded_at: Set(at),
    };
    if version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).exec(conn).await?;
    }
    Ok(())
}
