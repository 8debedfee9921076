//! Fiscal quarters of a program: its fiscal year's first month and its IANA zone decide them.

use chrono::{
    DateTime, Datelike, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use std::{fmt, str::FromStr};

/// A fiscal quarter, named by the year in which its fiscal year ends (ruling 26): `2026-Q3`.
///
/// At rest it is one number, `year * 4 + (quarter - 1)`, so that neighbours differ by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quarter(i32);

/// The text is not a quarter such as `2026-Q3`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quarter is written as a fiscal year and a number from 1 to 4, such as 2026-Q3")]
pub struct NotAQuarter;

impl Quarter {
    /// The quarter of a fiscal year; years 1900 to 2999, numbers 1 to 4.
    ///
    /// # Errors
    /// [`NotAQuarter`] outside those ranges.
    pub fn new(year: i32, number: u32) -> Result<Self, NotAQuarter> {
        match i32::try_from(number) {
            Ok(number @ 1..=4) if (1900..3000).contains(&year) => Ok(Self(year * 4 + number - 1)),
            _ => Err(NotAQuarter),
        }
    }

    /// From the number it is stored as.
    #[must_use]
    pub const fn from_index(index: i32) -> Self {
        Self(index)
    }

    /// The number it is stored as.
    #[must_use]
    pub const fn index(self) -> i32 {
        self.0
    }

    /// The fiscal year, by the calendar year in which it ends.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.div_euclid(4)
    }

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.rem_euclid(4) + 1
    }

    /// The quarter so many quarters later (or earlier, when negative).
    #[must_use]
    pub const fn plus(self, quarters: i32) -> Self {
        Self(self.0 + quarters)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year(), self.number())
    }
}

impl FromStr for Quarter {
    type Err = NotAQuarter;
    fn from_str(text: &str) -> Result<Self, NotAQuarter> {
        let (year, number) = text.split_once("-Q").ok_or(NotAQuarter)?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(number, 1) {
            return Err(NotAQuarter);
        }
        Self::new(year.parse().map_err(|_| NotAQuarter)?, number.parse().map_err(|_| NotAQuarter)?)
    }
}

/// The first and the last instant at which clocks in the zone show a local time. Where they leave it out, both are the
/// instant at which they jumped.
#[must_use]
pub fn at_local(zone: Tz, local: NaiveDateTime) -> (DateTime<Utc>, DateTime<Utc>) {
    // Zones have changed by at most a day, and by whole minutes.
    let shown = (0..=24 * 60).map_while(|minutes| local.checked_add_signed(TimeDelta::minutes(minutes)));
    for local in shown {
        match zone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) => return (at.to_utc(), at.to_utc()),
            MappedLocalTime::Ambiguous(first, last) => return (first.to_utc(), last.to_utc()),
            MappedLocalTime::None => {}
        }
    }
    (local.and_utc(), local.and_utc())
}

/// The first instant of a local day.
#[must_use]
pub fn start_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    at_local(zone, day.and_time(NaiveTime::MIN)).0
}

/// The last instant of a local day, to the microsecond: day terms end with it, inclusive (ruling 26).
#[must_use]
pub fn end_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let Some(next) = day.succ_opt() else { return DateTime::<Utc>::MAX_UTC };
    start_of_day(zone, next) - TimeDelta::microseconds(1)
}

/// A program's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The program's zone: an instant belongs to the day it is there.
    pub zone: Tz,
    /// The first month of the fiscal year, 1 to 12.
    pub fiscal_start_month: u32,
}

impl Calendar {
    /// The local day of an instant.
    #[must_use]
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The instant at which a local day begins: midnight, or later where the clocks skip it.
    #[must_use]
    pub fn beginning(&self, day: NaiveDate) -> DateTime<Utc> {
        start_of_day(self.zone, day)
    }

    /// The last instant of a local day, to the microsecond.
    #[must_use]
    pub fn ending(&self, day: NaiveDate) -> DateTime<Utc> {
        end_of_day(self.zone, day)
    }

    /// The fiscal quarter of a day.
    #[must_use]
    pub fn quarter(&self, day: NaiveDate) -> Quarter {
        let months_in = (day.month() + 12 - self.fiscal_start_month) % 12;
        let starts_this_year = day.month() >= self.fiscal_start_month;
        let start_year = if starts_this_year { day.year() } else { day.year() - 1 };
        // A fiscal year that starts in January ends in the same calendar year, any other in the next.
        let name = if self.fiscal_start_month == 1 { start_year } else { start_year + 1 };
        Quarter(name * 4 + i32::try_from(months_in / 3).unwrap_or(0))
    }

    /// The first day of a quarter.
    #[must_use]
    pub fn first_day(&self, quarter: Quarter) -> NaiveDate {
        let start_year = if self.fiscal_start_month == 1 { quarter.year() } else { quarter.year() - 1 };
        let year_start = NaiveDate::from_ymd_opt(start_year, self.fiscal_start_month, 1).unwrap_or(NaiveDate::MIN);
        let months = u32::try_from(quarter.number() - 1).unwrap_or(0) * 3;
        year_start.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
    }

    /// The last day of a quarter.
    #[must_use]
    pub fn last_day(&self, quarter: Quarter) -> NaiveDate {
        self.first_day(quarter.plus(1)).pred_opt().unwrap_or(NaiveDate::MIN)
    }

    /// The latest quarter whose last day is on or before the day.
    #[must_use]
    pub fn last_completed(&self, as_of: NaiveDate) -> Quarter {
        let current = self.quarter(as_of);
        if self.last_day(current) <= as_of { current } else { current.plus(-1) }
    }

    /// The trailing four quarters: the four latest whose last day is on or before the as-of date (LOOP.md section 1).
    #[must_use]
    pub fn trailing_four(&self, as_of: NaiveDate) -> Window {
        let last = self.last_completed(as_of);
        Window { from: last.plus(-3), to: last }
    }
}

/// A run of quarters, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first quarter.
    pub from: Quarter,
    /// The last quarter.
    pub to: Quarter,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_fiscal_year_is_named_by_the_year_it_ends_in() {
        let july = Calendar { zone: Tz::UTC, fiscal_start_month: 7 };
        assert_eq!(july.quarter(day("2025-07-01")).to_string(), "2026-Q1");
        assert_eq!(july.quarter(day("2026-06-30")).to_string(), "2026-Q4");
        assert_eq!(july.first_day("2026-Q1".parse().unwrap()), day("2025-07-01"));
        assert_eq!(july.last_day("2026-Q4".parse().unwrap()), day("2026-06-30"));
    }

    #[test]
    fn trailing_four_are_completed_quarters() {
        let calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };
        let window = calendar.trailing_four(day("2024-05-15"));
        assert_eq!(
            (calendar.first_day(window.from), calendar.last_day(window.to)),
            (day("2023-04-01"), day("2024-03-31"))
        );
        let window = calendar.trailing_four(day("2024-06-30"));
        assert_eq!(
            (calendar.first_day(window.from), calendar.last_day(window.to)),
            (day("2023-07-01"), day("2024-06-30"))
        );
    }

    #[test]
    fn the_zone_decides_the_day() {
        let calendar = Calendar { zone: Tz::America__Los_Angeles, fiscal_start_month: 1 };
        assert_eq!(calendar.day("2025-04-01T02:00:00Z".parse().unwrap()), day("2025-03-31"));
    }

    /// In Santiago the clocks went forward at midnight of 8 September 2024.
    #[test]
    fn a_day_begins_at_midnight_or_when_the_clocks_allow() {
        let begins = |zone, text| Calendar { zone, fiscal_start_month: 1 }.beginning(day(text)).to_rfc3339();
        assert_eq!(begins(Tz::America__New_York, "2025-04-01"), "2025-04-01T04:00:00+00:00");
        assert_eq!(begins(Tz::America__Santiago, "2024-09-08"), "2024-09-08T04:00:00+00:00");
    }

    #[test]
    fn a_day_begins_where_its_midnight_is_left_out_or_repeated() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // In Beirut midnight of 29 March 2026 is left out: 00:00 becomes 01:00, at 22:00 UTC.
        assert_eq!(start_of_day(Tz::Asia__Beirut, day("2026-03-29")), at("2026-03-28T22:00:00Z"));
        assert_eq!(end_of_day(Tz::Asia__Beirut, day("2026-03-28")), at("2026-03-28T21:59:59.999999Z"));
        // In Havana it comes twice on 1 November 2026: the first, at 04:00 UTC, begins the day.
        assert_eq!(start_of_day(Tz::America__Havana, day("2026-11-01")), at("2026-11-01T04:00:00Z"));
        // Samoa had no 30 December 2011 at all: it begins and ends with the 31st.
        assert_eq!(
            start_of_day(Tz::Pacific__Apia, day("2011-12-30")),
            start_of_day(Tz::Pacific__Apia, day("2011-12-31"))
        );
    }

    #[test]
    fn only_quarters_parse() {
        for text in ["2026-Q0", "2026-Q5", "26-Q1", "2026Q1", "2026-Q11", "", "2026-Q", "+026-Q1"] {
            assert_eq!(text.parse::<Quarter>(), Err(NotAQuarter), "{text}");
        }
        assert_eq!("2026-Q3".parse::<Quarter>().unwrap().to_string(), "2026-Q3");
    }
}
