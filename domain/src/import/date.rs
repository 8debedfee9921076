//! Dates and instants in declared formats. ISO 8601 unless the mapping says otherwise; never by likelihood.

use crate::calendar::Calendar;
use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;

/// A declared format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// `2025-01-10`, `2025-01-10T23:30:00-08:00`, with a space instead of the T, with or without seconds, fraction, zone.
    Iso,
    /// A day number of Excel's 1900 calendar: 45667 is 2025-01-10.
    ExcelSerial,
    /// Milliseconds since 1970 (HubSpot).
    EpochMs,
    /// A pattern as of strptime: `%d/%m/%Y`, `%m/%d/%Y %H:%M`.
    Pattern(String),
}

/// A day, and the instant where the source gave one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct When {
    /// The local day in the program's zone.
    pub day: NaiveDate,
    /// The instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// Reads a date by the first declared format that fits. `zone` is that of times without an offset.
#[must_use]
pub fn parse(cell: &str, formats: &[DateFormat], calendar: &Calendar, zone: Tz) -> Option<When> {
    let cell = crate::text::tidy(cell);
    formats
        .iter()
        .find_map(|format| one(&cell, format, calendar, zone))
        .filter(|when| (1970..3000).contains(&when.day.year()))
}

fn one(cell: &str, format: &DateFormat, calendar: &Calendar, zone: Tz) -> Option<When> {
    match format {
        DateFormat::Iso => iso(cell, calendar, zone),
        DateFormat::ExcelSerial => excel(cell, calendar, zone),
        DateFormat::EpochMs => {
            let millis: i64 = digits(cell)?.parse().ok()?;
            DateTime::from_timestamp_millis(millis).map(|at| instant(at, calendar))
        }
        DateFormat::Pattern(pattern) => DateTime::parse_from_str(cell, pattern)
            .map(|at| instant(at.to_utc(), calendar))
            .ok()
            .or_else(|| {
                NaiveDateTime::parse_from_str(cell, pattern).ok().and_then(|naive| local(naive, calendar, zone))
            })
            .or_else(|| NaiveDate::parse_from_str(cell, pattern).ok().map(day)),
    }
}

fn digits(cell: &str) -> Option<&str> {
    (!cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())).then_some(cell)
}

const fn day(day: NaiveDate) -> When {
    When { day, at: None }
}

fn instant(at: DateTime<Utc>, calendar: &Calendar) -> When {
    // Both back ends keep microseconds; a finer instant would look changed at every import.
    When { day: calendar.day(at), at: Some(at.trunc_subsecs(6)) }
}

/// A local time: the earlier reading where the clock was set back, none where it never was.
fn local(naive: NaiveDateTime, calendar: &Calendar, zone: Tz) -> Option<When> {
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(instant(at.to_utc(), calendar)),
        LocalResult::None => None,
    }
}

fn iso(cell: &str, calendar: &Calendar, zone: Tz) -> Option<When> {
    let bytes = cell.as_bytes();
    let is_day = |b: &[u8]| {
        b.len() == 10
            && b.iter().enumerate().all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
    };
    if !is_day(bytes.get(..10)?) {
        return None;
    }
    if bytes.len() == 10 {
        return cell.parse().ok().map(day);
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let (date, time) = (cell.get(..10)?, cell.get(11..)?);
    let tidy = format!("{date}T{}", time.replace(' ', ""));
    for pattern in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"] {
        if let Ok(at) = DateTime::parse_from_str(&tidy.replace(['Z', 'z'], "+00:00"), pattern) {
            return Some(instant(at.to_utc(), calendar));
        }
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|pattern| NaiveDateTime::parse_from_str(&tidy, pattern).ok())
        .and_then(|naive| local(naive, calendar, zone))
}

/// Excel counts days from 1899-12-30, because it believes in 29 February 1900; a fraction is a time.
fn excel(cell: &str, calendar: &Calendar, zone: Tz) -> Option<When> {
    let (whole, fraction) = cell.split_once('.').map_or((cell, None), |(whole, fraction)| (whole, Some(fraction)));
    let serial: u64 = digits(whole)?.parse().ok()?;
    if !(61..=2_958_465).contains(&serial) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(serial))?;
    match fraction {
        None => Some(day(date)),
        Some(fraction) => {
            let part = rust_decimal::Decimal::from_str_exact(&format!("0.{}", digits(fraction)?)).ok()?;
            let seconds = u32::try_from((part * rust_decimal::Decimal::from(86_400)).round()).ok()?.min(86_399);
            local(date.and_time(chrono::NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?), calendar, zone)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: Calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };

    fn read(cell: &str, format: DateFormat) -> Option<String> {
        parse(cell, &[format], &UTC, Tz::UTC).map(|when| when.day.to_string())
    }

    #[test]
    fn iso_days_and_instants() {
        for (cell, want) in [
            ("2025-01-10", "2025-01-10"),
            ("2025-01-10T23:30:00-08:00", "2025-01-11"),
            ("2025-04-01T00:30:00+02:00", "2025-03-31"),
            ("2025-01-10T17:03:22Z", "2025-01-10"),
            ("2025-01-10T17:03:22.000+0000", "2025-01-10"),
            ("2025-01-10 17:03", "2025-01-10"),
        ] {
            assert_eq!(read(cell, DateFormat::Iso).as_deref(), Some(want), "{cell}");
        }
        let bad = [
            "03/04/2025",
            "13/01/2025",
            "2025-02-30",
            "45667",
            "1736467200000",
            "1/2/25",
            "Jan 10, 2025",
            "0000-00-00",
            "",
            "2025-1-2",
            "2025-01-10x",
            "2025-01-10T25:00:00Z",
            "0024-01-01",
            "２０２５-01-10",
            "2025-01-1é",
        ];
        for cell in bad {
            assert_eq!(read(cell, DateFormat::Iso), None, "{cell}");
        }
    }

    #[test]
    fn declared_formats() {
        assert_eq!(read("45667", DateFormat::ExcelSerial).as_deref(), Some("2025-01-10"));
        assert_eq!(read("45667.9", DateFormat::ExcelSerial).as_deref(), Some("2025-01-10"));
        assert_eq!(read("1736467200000", DateFormat::EpochMs).as_deref(), Some("2025-01-10"));
        assert_eq!(read("13/01/2025", DateFormat::Pattern("%d/%m/%Y".into())).as_deref(), Some("2025-01-13"));
        assert_eq!(read("Jan 10, 2025", DateFormat::Pattern("%b %d, %Y".into())).as_deref(), Some("2025-01-10"));
        assert_eq!(read("1/2/25", DateFormat::Pattern("%m/%d/%Y".into())), None, "a year of two digits is not %Y");
    }

    #[test]
    fn a_time_without_zone_is_local() {
        let calendar = Calendar { zone: Tz::America__Los_Angeles, fiscal_start_month: 1 };
        let when = parse("2025-03-31 23:30:00", &[DateFormat::Iso], &calendar, Tz::America__Los_Angeles).unwrap();
        assert_eq!(
            (when.day.to_string(), when.at.unwrap().to_rfc3339()),
            ("2025-03-31".into(), "2025-04-01T06:30:00+00:00".into())
        );
    }
}
