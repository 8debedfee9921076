//! The scheduled jobs, and which of them are due at an instant. A job runs once in each of its periods; what downtime left out
//! is caught up in order, as far back as the job looks.

use crate::calendar::Calendar;
use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

/// A scheduled job. Those that are due for the same instant run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum Job {
    /// Tells of promises that are about to be missed, and records those that were missed.
    SlaClocks,
    /// Writes down registrations whose clock ran out.
    Registrations,
    /// Writes down Primary Sales whose time passed.
    PrimarySales,
    /// Computes the program level of every partner at work.
    Levels,
    /// Tells of tier decisions that are about to be due, and of those that were not made in time.
    TierDecisions,
    /// Values open deals at the rates of the present quarter.
    Rates,
    /// Forgets idempotency keys, events and job runs that nobody asks for any more.
    Housekeeping,
}

/// How often a job runs. Minutes are those of UTC, so that no change of daylight saving leaves one out or repeats it; days,
/// weeks (from Monday) and fiscal quarters are the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Once in so many minutes.
    Minutes(u16),
    /// Once in a local day.
    Day,
    /// Once in a week.
    Week,
    /// Once in a fiscal quarter.
    Quarter,
}

impl Job {
    /// How often it runs.
    #[must_use]
    pub const fn cadence(self) -> Cadence {
        match self {
            Self::SlaClocks => Cadence::Minutes(1),
            Self::Registrations | Self::PrimarySales | Self::TierDecisions | Self::Rates | Self::Housekeeping => {
                Cadence::Day
            }
            Self::Levels => Cadence::Quarter,
        }
    }

    /// How many periods it looks back after downtime. A job that finds by itself all that is due by now looks at the latest
    /// alone; one whose periods each have a result of their own looks further back.
    #[must_use]
    pub const fn looks_back(self) -> usize {
        match self {
            Self::SlaClocks
            | Self::Registrations
            | Self::PrimarySales
            | Self::Levels
            | Self::TierDecisions
            | Self::Rates => 1,
            Self::Housekeeping => 7,
        }
    }
}

/// A stretch of time in which a job runs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// What it is called, unique within its job: `2026-10-05T09:05Z`, `2026-10-05`, `2026-W41`, `2026-Q4`.
    pub key: String,
    /// Its first instant.
    pub starts_at: DateTime<Utc>,
}

impl Cadence {
    /// The period that an instant is in.
    #[must_use]
    pub fn period(self, at: DateTime<Utc>, calendar: &Calendar) -> Period {
        let day = calendar.day(at);
        let (key, first) = match self {
            Self::Minutes(minutes) => {
                let starts_at = at.duration_trunc(TimeDelta::minutes(minutes.max(1).into())).unwrap_or(at);
                return Period { key: starts_at.format("%Y-%m-%dT%H:%MZ").to_string(), starts_at };
            }
            Self::Day => (day.to_string(), day),
            Self::Week => {
                let week = day.iso_week();
                (format!("{:04}-W{:02}", week.year(), week.week()), day.week(chrono::Weekday::Mon).first_day())
            }
            Self::Quarter => {
                let quarter = calendar.quarter(day);
                (quarter.to_string(), calendar.first_day(quarter))
            }
        };
        Period { key, starts_at: calendar.beginning(first) }
    }
}

/// How a run of a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum RunState {
    /// Somebody works on it, or did when the process died.
    Running,
    /// It is done.
    Done,
    /// It failed, and will be tried again.
    Failed,
}

/// A run of a job for one of its periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    /// The job.
    pub job: Job,
    /// The period's name.
    pub period: String,
    /// The period's first instant.
    pub period_at: DateTime<Utc>,
    /// How it stands.
    pub state: RunState,
    /// How many times it was begun.
    pub attempts: i32,
    /// When it was begun last.
    pub claimed_at: DateTime<Utc>,
    /// When it was done, or failed.
    pub finished_at: Option<DateTime<Utc>>,
    /// What came of it, as JSON.
    pub outcome: Option<String>,
}

/// How far a job has come in a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The start of the latest period that somebody began to work on.
    pub latest: Option<DateTime<Utc>>,
    /// The start of the earliest period that somebody began and nobody finished.
    pub unfinished: Option<DateTime<Utc>>,
}

/// A job that is due, for a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The job.
    pub job: Job,
    /// The period.
    pub period: Period,
}

/// The periods of a job that are due, in order: from the earliest unfinished one, or behind the latest, to the present one. A
/// job that never ran begins with the present period.
fn due_of(job: Job, progress: Progress, calendar: &Calendar, now: DateTime<Utc>) -> Vec<Due> {
    let cadence = job.cadence();
    let before = |period: &Period| Some(cadence.period(period.starts_at - TimeDelta::microseconds(1), calendar));
    let Some(latest) = progress.latest else { return vec![Due { job, period: cadence.period(now, calendar) }] };
    let is_open = |period: &Period| match progress.unfinished {
        Some(unfinished) => period.starts_at >= unfinished,
        None => period.starts_at > latest,
    };
    let present = cadence.period(now, calendar);
    let back = std::iter::successors(Some(present), before).take(job.looks_back()).take_while(is_open);
    let mut found: Vec<Due> = back.map(|period| Due { job, period }).collect();
    found.reverse();
    found
}

/// All that is due at an instant, in the order in which it is to run.
#[must_use]
pub fn due(progress: &BTreeMap<Job, Progress>, calendar: &Calendar, now: DateTime<Utc>) -> Vec<Due> {
    let of = |job| due_of(job, progress.get(&job).copied().unwrap_or_default(), calendar, now);
    let mut found: Vec<Due> = Job::iter().flat_map(of).collect();
    found.sort_by_key(|due| (due.period.starts_at, due.job));
    found
}

/// How long to wait before a job that failed for so many times is tried again: a minute, doubled each time, an hour at most.
#[must_use]
pub fn patience(attempts: i32) -> TimeDelta {
    TimeDelta::minutes(1 << attempts.saturating_sub(1).clamp(0, 6)).min(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn calendar(zone: Tz) -> Calendar {
        Calendar { zone, fiscal_start_month: 2 }
    }

    fn keys(job: Job, progress: Progress, zone: Tz, now: &str) -> Vec<String> {
        due_of(job, progress, &calendar(zone), at(now)).into_iter().map(|due| due.period.key).collect()
    }

    #[test]
    fn periods_are_named_and_begin_in_the_programs_zone() {
        let period = |cadence: Cadence, when: &str| {
            let period = cadence.period(at(when), &calendar(Tz::America__New_York));
            (period.key, period.starts_at)
        };
        // 03:30 UTC on 1 January 2027 is still New Year's Eve in New York.
        let when = "2027-01-01T03:30:59Z";
        assert_eq!(period(Cadence::Minutes(1), when), ("2027-01-01T03:30Z".into(), at("2027-01-01T03:30:00Z")));
        assert_eq!(period(Cadence::Minutes(60), when), ("2027-01-01T03:00Z".into(), at("2027-01-01T03:00:00Z")));
        assert_eq!(period(Cadence::Day, when), ("2026-12-31".into(), at("2026-12-31T05:00:00Z")));
        assert_eq!(period(Cadence::Week, when), ("2026-W53".into(), at("2026-12-28T05:00:00Z")));
        // The fiscal year 2027 began in February 2026.
        assert_eq!(period(Cadence::Quarter, when), ("2027-Q4".into(), at("2026-11-01T04:00:00Z")));
    }

    #[test]
    fn a_change_of_daylight_saving_neither_leaves_a_period_out_nor_repeats_it() {
        let days = |from: &str, now: &str| {
            let progress = Progress { latest: Some(at(from)), unfinished: None };
            let found = due_of(Job::Housekeeping, progress, &calendar(Tz::Europe__Berlin), at(now));
            found.into_iter().map(|due| (due.period.key, due.period.starts_at)).collect::<Vec<_>>()
        };
        // Summer time from 29 March 2026: that day has 23 hours.
        let spring = [("2026-03-29", "2026-03-28T23:00:00Z"), ("2026-03-30", "2026-03-29T22:00:00Z")];
        assert_eq!(
            days("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"),
            spring.map(|(key, from)| (key.into(), at(from)))
        );
        // Winter time from 25 October 2026: that day has 25.
        let autumn = [("2026-10-25", "2026-10-24T22:00:00Z"), ("2026-10-26", "2026-10-25T23:00:00Z")];
        assert_eq!(
            days("2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z"),
            autumn.map(|(key, from)| (key.into(), at(from)))
        );
        // The hour that the clocks repeat is two hours.
        let hour = |when: &str| Cadence::Minutes(60).period(at(when), &calendar(Tz::Europe__Berlin)).key;
        assert_ne!(hour("2026-10-25T00:30:00Z"), hour("2026-10-25T01:30:00Z"));
    }

    #[test]
    fn what_never_ran_begins_now_and_what_ran_is_not_due_again() {
        let never = Progress::default();
        assert_eq!(keys(Job::Housekeeping, never, Tz::UTC, "2026-10-05T09:00:00Z"), ["2026-10-05"]);
        let today = Progress { latest: Some(at("2026-10-05T00:00:00Z")), unfinished: None };
        assert!(keys(Job::Housekeeping, today, Tz::UTC, "2026-10-05T23:59:59Z").is_empty());
        // An instant before the latest run has nothing due.
        assert!(keys(Job::Housekeeping, today, Tz::UTC, "2026-10-01T00:00:00Z").is_empty());
        assert_eq!(keys(Job::Housekeeping, today, Tz::UTC, "2026-10-06T00:00:00Z"), ["2026-10-06"]);
    }

    #[test]
    fn downtime_is_caught_up_in_order_and_only_so_far() {
        let latest = |when: &str| Progress { latest: Some(at(when)), unfinished: None };
        let caught = keys(Job::Housekeeping, latest("2026-10-02T00:00:00Z"), Tz::UTC, "2026-10-05T12:00:00Z");
        assert_eq!(caught, ["2026-10-03", "2026-10-04", "2026-10-05"]);
        let caught = keys(Job::Housekeeping, latest("2026-01-01T00:00:00Z"), Tz::UTC, "2026-10-07T12:00:00Z");
        assert_eq!((caught.len(), &*caught[0], &*caught[6]), (7, "2026-10-01", "2026-10-07"));
        let caught = keys(Job::SlaClocks, latest("2026-10-01T00:00:00Z"), Tz::UTC, "2026-10-07T12:00:30Z");
        assert_eq!(caught, ["2026-10-07T12:00Z"]);
    }

    #[test]
    fn what_was_begun_and_not_finished_is_due_again_before_what_comes_after_it() {
        let progress =
            Progress { latest: Some(at("2026-10-04T00:00:00Z")), unfinished: Some(at("2026-10-03T00:00:00Z")) };
        let found = keys(Job::Housekeeping, progress, Tz::UTC, "2026-10-05T12:00:00Z");
        assert_eq!(found, ["2026-10-03", "2026-10-04", "2026-10-05"]);
    }

    #[test]
    fn patience_doubles_up_to_an_hour() {
        let minutes: Vec<i64> = [0, 1, 2, 3, 6, 7, 8, i32::MAX].map(|times| patience(times).num_minutes()).into();
        assert_eq!(minutes, [1, 1, 2, 4, 32, 60, 60, 60]);
    }

    proptest! {
        #[test]
        fn every_instant_is_in_exactly_one_period(seconds in 0_i64..1_000_000_000, minutes in 1_u16..=120) {
            let now = at("2000-01-01T00:00:00Z") + TimeDelta::seconds(seconds);
            let calendar = calendar(Tz::America__Havana);
            for cadence in [Cadence::Minutes(minutes), Cadence::Day, Cadence::Week, Cadence::Quarter] {
                let period = cadence.period(now, &calendar);
                prop_assert!(period.starts_at <= now);
                // Its own start is in it, and the moment before is in an earlier one with another name.
                prop_assert_eq!(&cadence.period(period.starts_at, &calendar), &period);
                let before = cadence.period(period.starts_at - TimeDelta::microseconds(1), &calendar);
                prop_assert!(before.starts_at < period.starts_at && before.key != period.key);
            }
        }
    }
}
