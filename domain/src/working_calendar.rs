//! A program's working time: its week, its hours, its holidays and its IANA zone. Business terms run in it, exactly, also over
//! weekends, holidays and both changes of daylight saving.
//!
//! A working day is one span from opening to closing. Its length is the time that really passes between the two, so a span
//! with a change of daylight saving in it is an hour shorter or longer than the clock on the wall says.

use crate::calendar::{at_local, end_of_day};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::{fmt, str::FromStr};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// A day of the week.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

impl Weekday {
    /// The day of the week of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        match day.weekday() {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// A time of the day to the minute, from 00:00 to 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DayTime(u16);

/// The text is not a time of the day such as 09:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time of the day is written as 09:00; 00:00 to 24:00")]
pub struct NotADayTime;

impl DayTime {
    const MIDNIGHT: u16 = 24 * 60;
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for DayTime {
    type Err = NotADayTime;
    fn from_str(text: &str) -> Result<Self, NotADayTime> {
        let (hour, minute) = text.split_once(':').ok_or(NotADayTime)?;
        let two = |part: &str| match part.as_bytes() {
            [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => Ok(u16::from(ten - b'0') * 10 + u16::from(one - b'0')),
            _ => Err(NotADayTime),
        };
        match (two(hour)?, two(minute)?) {
            (hour, minute) if minute < 60 && hour * 60 + minute <= Self::MIDNIGHT => Ok(Self(hour * 60 + minute)),
            _ => Err(NotADayTime),
        }
    }
}

/// Why a working calendar cannot be as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCalendar {
    /// Nobody ever works.
    #[error("a working week has at least one day")]
    NoDays,
    /// The day ends before it begins.
    #[error("closing comes after opening, on the same day; 24:00 is its end")]
    Hours,
    /// More holidays than anybody keeps.
    #[error("at most 1000 holidays")]
    Holidays,
}

impl BadCalendar {
    /// The input field that is wrong.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::NoDays => "days",
            Self::Hours => "closes",
            Self::Holidays => "holidays",
        }
    }
}

/// The most holidays that a calendar holds.
const HOLIDAYS_MOST: usize = 1000;

/// When a program works. A new one works Monday to Friday from 9:00 to 17:00 in the program's zone \[ours\].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingCalendar {
    zone: Tz,
    days: BTreeSet<Weekday>,
    opens: DayTime,
    closes: DayTime,
    holidays: BTreeSet<NaiveDate>,
}

impl WorkingCalendar {
    /// A calendar.
    ///
    /// # Errors
    /// [`BadCalendar`] when no time would ever be working time, or there are too many holidays.
    pub fn new(
        zone: Tz,
        days: impl IntoIterator<Item = Weekday>,
        opens: DayTime,
        closes: DayTime,
        holidays: impl IntoIterator<Item = NaiveDate>,
    ) -> Result<Self, BadCalendar> {
        let (days, holidays) = (BTreeSet::from_iter(days), BTreeSet::from_iter(holidays));
        match () {
            () if days.is_empty() => Err(BadCalendar::NoDays),
            () if opens >= closes => Err(BadCalendar::Hours),
            () if holidays.len() > HOLIDAYS_MOST => Err(BadCalendar::Holidays),
            () => Ok(Self { zone, days, opens, closes, holidays }),
        }
    }

    /// Monday to Friday from 9:00 to 17:00, without holidays.
    #[must_use]
    pub fn usual(zone: Tz) -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        let days = BTreeSet::from([Monday, Tuesday, Wednesday, Thursday, Friday]);
        Self { zone, days, opens: DayTime(9 * 60), closes: DayTime(17 * 60), holidays: BTreeSet::new() }
    }

    /// The zone in which its days and hours are read.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The days of its week.
    pub fn days(&self) -> impl Iterator<Item = Weekday> + '_ {
        self.days.iter().copied()
    }

    /// When a working day opens.
    #[must_use]
    pub const fn opens(&self) -> DayTime {
        self.opens
    }

    /// When a working day closes.
    #[must_use]
    pub const fn closes(&self) -> DayTime {
        self.closes
    }

    /// Its holidays, in order.
    pub fn holidays(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        self.holidays.iter().copied()
    }

    /// Whether a local day is a working day.
    #[must_use]
    pub fn works_on(&self, day: NaiveDate) -> bool {
        self.days.contains(&Weekday::of(day)) && !self.holidays.contains(&day)
    }

    /// The local day of an instant.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// From opening to closing of a working day; none on any other.
    #[must_use]
    pub fn span(&self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.works_on(day) {
            return None;
        }
        let local = |time: DayTime| {
            let (day, minutes) =
                if time.0 == DayTime::MIDNIGHT { (day.succ_opt()?, 0) } else { (day, u32::from(time.0)) };
            Some(at_local(self.zone, day.and_time(NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0)?)))
        };
        let (opens, (closes, closes_again)) = (local(self.opens)?.0, local(self.closes)?);
        // An hour that the clocks repeat is worked twice; midnight is the next day's, whose first one counts.
        Some((opens, if self.closes.0 == DayTime::MIDNIGHT { closes } else { closes_again }))
    }

    fn days_from(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        std::iter::successors(Some(day), NaiveDate::succ_opt)
    }

    /// The instant at which so much working time has passed since another. What is not positive passes at once.
    #[must_use]
    pub fn add(&self, from: DateTime<Utc>, time: TimeDelta) -> DateTime<Utc> {
        let mut left = time;
        if left <= TimeDelta::zero() {
            return from;
        }
        for (opens, closes) in self.days_from(self.day(from)).filter_map(|day| self.span(day)) {
            let begin = opens.max(from);
            let there = (closes - begin).max(TimeDelta::zero());
            if left <= there {
                return begin + left;
            }
            left -= there;
        }
        DateTime::<Utc>::MAX_UTC
    }

    /// How much working time passes from one instant to another; none when they are the other way round.
    #[must_use]
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let last = self.day(to);
        self.days_from(self.day(from))
            .take_while(|day| *day <= last)
            .filter_map(|day| self.span(day))
            .map(|(opens, closes)| (closes.min(to) - opens.max(from)).max(TimeDelta::zero()))
            .sum()
    }

    /// The working day that comes so many working days after the local day of an instant.
    #[must_use]
    pub fn working_day(&self, from: DateTime<Utc>, days: u16) -> NaiveDate {
        let mut after = self.days_from(self.day(from)).skip(1).filter(|day| self.works_on(*day));
        match days {
            0 => self.day(from),
            days => after.nth(usize::from(days) - 1).unwrap_or(NaiveDate::MAX),
        }
    }

    /// The end of a term of working days: the day it began does not count, and the last day counts to its end (ruling 26).
    #[must_use]
    pub fn add_days(&self, from: DateTime<Utc>, days: u16) -> DateTime<Utc> {
        end_of_day(self.zone, self.working_day(from, days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn hours(hours: i64) -> TimeDelta {
        TimeDelta::hours(hours)
    }

    fn berlin() -> WorkingCalendar {
        WorkingCalendar::usual(Tz::Europe__Berlin)
    }

    fn sundays(opens: &str, closes: &str) -> WorkingCalendar {
        WorkingCalendar::new(Tz::Europe__Berlin, [Weekday::Sunday], opens.parse().unwrap(), closes.parse().unwrap(), [])
            .unwrap()
    }

    #[test]
    fn two_business_hours_within_a_day_and_over_a_weekend() {
        let calendar = WorkingCalendar::usual(Tz::UTC);
        // Monday, 5 October 2026.
        assert_eq!(calendar.add(at("2026-10-05T09:00:00Z"), hours(2)), at("2026-10-05T11:00:00Z"));
        assert_eq!(calendar.add(at("2026-10-05T15:00:00Z"), hours(2)), at("2026-10-05T17:00:00Z"));
        // Friday 16:30: half an hour on Friday, an hour and a half on Monday.
        assert_eq!(calendar.add(at("2026-10-09T16:30:00Z"), hours(2)), at("2026-10-12T10:30:00Z"));
        // Before hours, after hours, on Saturday.
        assert_eq!(calendar.add(at("2026-10-05T06:15:00Z"), hours(2)), at("2026-10-05T11:00:00Z"));
        assert_eq!(calendar.add(at("2026-10-09T17:00:00Z"), hours(2)), at("2026-10-12T11:00:00Z"));
        assert_eq!(calendar.add(at("2026-10-09T21:00:00Z"), hours(2)), at("2026-10-12T11:00:00Z"));
        assert_eq!(calendar.add(at("2026-10-10T12:00:00Z"), hours(2)), at("2026-10-12T11:00:00Z"));
        // A microsecond before closing leaves two hours less a microsecond for Monday.
        assert_eq!(calendar.add(at("2026-10-09T16:59:59.999999Z"), hours(2)), at("2026-10-12T10:59:59.999999Z"));
    }

    #[test]
    fn a_holiday_is_no_working_day() {
        // Friday, 25 December 2026: from Thursday 16:30 to Monday.
        let calendar = WorkingCalendar { holidays: [day("2026-12-25")].into(), ..WorkingCalendar::usual(Tz::UTC) };
        assert_eq!(calendar.add(at("2026-12-24T16:30:00Z"), hours(2)), at("2026-12-28T10:30:00Z"));
        assert_eq!(calendar.add(at("2026-12-25T12:00:00Z"), hours(2)), at("2026-12-28T11:00:00Z"));
        // Without it there is Friday.
        assert_eq!(
            WorkingCalendar::usual(Tz::UTC).add(at("2026-12-24T16:30:00Z"), hours(2)),
            at("2026-12-25T10:30:00Z")
        );
    }

    #[test]
    fn the_change_to_summer_and_to_winter_time_moves_the_instant_and_not_the_hour() {
        // Friday 27 March 2026, 16:30 in Berlin is 15:30 UTC; Monday 10:30 in Berlin is 08:30 UTC.
        assert_eq!(berlin().add(at("2026-03-27T15:30:00Z"), hours(2)), at("2026-03-30T08:30:00Z"));
        // Friday 23 October 2026, 16:30 in Berlin is 14:30 UTC; Monday 10:30 in Berlin is 09:30 UTC.
        assert_eq!(berlin().add(at("2026-10-23T14:30:00Z"), hours(2)), at("2026-10-26T09:30:00Z"));
    }

    #[test]
    fn a_span_with_the_change_in_it_is_as_long_as_it_really_is() {
        let early = sundays("01:00", "05:00");
        // 29 March 2026, 02:00 becomes 03:00: 01:00 CET is 00:00 UTC, 05:00 CEST is 03:00 UTC: three hours.
        assert_eq!(early.add(at("2026-03-28T12:00:00Z"), hours(3)), at("2026-03-29T03:00:00Z"));
        // The fourth is a week later, from 01:00 CEST, which is Saturday 23:00 UTC.
        assert_eq!(early.add(at("2026-03-28T12:00:00Z"), hours(4)), at("2026-04-05T00:00:00Z"));
        // 25 October 2026, 03:00 becomes 02:00: 01:00 CEST is 23:00 UTC, 05:00 CET is 04:00 UTC: five hours.
        assert_eq!(early.add(at("2026-10-24T12:00:00Z"), hours(5)), at("2026-10-25T04:00:00Z"));
        // An opening that the clocks leave out is when they have jumped: 03:00 CEST is 01:00 UTC.
        assert_eq!(
            sundays("02:30", "06:00").span(day("2026-03-29")),
            Some((at("2026-03-29T01:00:00Z"), at("2026-03-29T04:00:00Z")))
        );
        // A closing that the clocks repeat is the second one: 02:30 CET is 01:30 UTC.
        assert_eq!(
            sundays("01:00", "02:30").span(day("2026-10-25")),
            Some((at("2026-10-24T23:00:00Z"), at("2026-10-25T01:30:00Z")))
        );
    }

    #[test]
    fn around_the_clock_business_hours_are_hours() {
        let days = [Weekday::Saturday, Weekday::Sunday, Weekday::Monday];
        let calendar =
            WorkingCalendar::new(Tz::Europe__Berlin, days, "00:00".parse().unwrap(), "24:00".parse().unwrap(), [])
                .unwrap();
        // Saturday 28 March 2026 12:00 CET and 24 hours: Sunday 13:00 CEST.
        assert_eq!(calendar.add(at("2026-03-28T11:00:00Z"), hours(24)), at("2026-03-29T11:00:00Z"));
    }

    #[test]
    fn five_business_days_end_with_the_fifth_day() {
        let calendar = WorkingCalendar::usual(Tz::UTC);
        // From Monday to the next Monday's end; from Saturday to Friday's.
        assert_eq!(calendar.add_days(at("2026-10-05T09:00:00Z"), 5), at("2026-10-12T23:59:59.999999Z"));
        assert_eq!(calendar.add_days(at("2026-10-10T09:00:00Z"), 5), at("2026-10-16T23:59:59.999999Z"));
        // In Berlin over the change to winter time: Friday 30 October ends at 23:00 UTC.
        assert_eq!(berlin().add_days(at("2026-10-23T10:00:00Z"), 5), at("2026-10-30T22:59:59.999999Z"));
        // A holiday within makes it one day longer.
        let calendar = WorkingCalendar { holidays: [day("2026-10-07")].into(), ..calendar };
        assert_eq!(calendar.add_days(at("2026-10-05T09:00:00Z"), 5), at("2026-10-13T23:59:59.999999Z"));
    }

    #[test]
    fn only_calendars_with_working_time_are_made() {
        let make = |days: &[Weekday], opens: &str, closes: &str| {
            WorkingCalendar::new(Tz::UTC, days.iter().copied(), opens.parse().unwrap(), closes.parse().unwrap(), [])
        };
        assert_eq!(make(&[], "09:00", "17:00"), Err(BadCalendar::NoDays));
        assert_eq!(make(&[Weekday::Monday], "17:00", "17:00"), Err(BadCalendar::Hours));
        assert!(make(&[Weekday::Monday], "23:59", "24:00").is_ok());
        for text in ["9:00", "24:01", "09:60", "0900", "", "-1:00", "09:0a"] {
            assert_eq!(text.parse::<DayTime>(), Err(NotADayTime), "{text}");
        }
        assert_eq!("24:00".parse::<DayTime>().unwrap().to_string(), "24:00");
    }

    fn any_calendar() -> impl Strategy<Value = WorkingCalendar> {
        let zones = [Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Asia__Kolkata];
        let days = proptest::sample::subsequence(
            vec![Weekday::Monday, Weekday::Wednesday, Weekday::Friday, Weekday::Saturday, Weekday::Sunday],
            1..=5,
        );
        let holidays = proptest::collection::vec(0_i64..400, 0..30);
        (proptest::sample::select(zones.to_vec()), days, 0_u16..1440, 1_u16..=1440, holidays).prop_map(
            |(zone, days, opens, length, holidays)| {
                let holidays = holidays.into_iter().map(|after| day("2026-01-01") + TimeDelta::days(after));
                let closes = (opens + length).min(1440);
                WorkingCalendar::new(zone, days, DayTime(opens), DayTime(closes), holidays).unwrap()
            },
        )
    }

    fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
        (0_i64..400 * 86_400).prop_map(|seconds| at("2026-01-01T00:00:00Z") + TimeDelta::seconds(seconds))
    }

    proptest! {
        #[test]
        fn counting_is_the_inverse_of_adding(calendar in any_calendar(), from in any_instant(), minutes in 0_i64..6_000) {
            let time = TimeDelta::minutes(minutes);
            let to = calendar.add(from, time);
            prop_assert!(to >= from);
            prop_assert_eq!(calendar.between(from, to), time);
            if minutes > 0 {
                // The moment before, the time has not yet passed.
                prop_assert!(calendar.between(from, to - TimeDelta::microseconds(1)) < time);
            }
        }

        #[test]
        fn later_starts_and_longer_terms_never_end_earlier(
            calendar in any_calendar(), from in any_instant(), later in 0_i64..1_000_000, minutes in 0_i64..3_000, more in 0_i64..3_000,
        ) {
            let (time, longer) = (TimeDelta::minutes(minutes), TimeDelta::minutes(minutes + more));
            prop_assert!(calendar.add(from, time) <= calendar.add(from + TimeDelta::seconds(later), time));
            prop_assert!(calendar.add(from, time) <= calendar.add(from, longer));
            // Two terms one after the other are one term of both.
            prop_assert_eq!(calendar.add(calendar.add(from, time), longer - time), calendar.add(from, longer));
        }

        #[test]
        fn so_many_working_days_lie_between(calendar in any_calendar(), from in any_instant(), days in 1_u16..30) {
            let last = calendar.working_day(from, days);
            prop_assert!(calendar.works_on(last));
            let counted = calendar.days_from(calendar.day(from)).skip(1).take_while(|day| *day <= last);
            prop_assert_eq!(counted.filter(|day| calendar.works_on(*day)).count(), usize::from(days));
        }
    }
}
