//! When a tier decision is due: who is told before the day, and after it (paper: every partner gets a tier every ninety days).
//!
//! The day itself is [`crate::recruit::due_on`]'s. A notice is given twice for each due day: some days before it, and once it has
//! passed; a decision moves the day, so that the next notices are of the next day.

use crate::policy::Policy;
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

/// That a partner's tier decision is due, as somebody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierNotice {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The last day on which the decision is in time, in the program's zone.
    pub due_on: NaiveDate,
    /// Whether that day had passed; else it was about to come.
    pub is_overdue: bool,
    /// When it was given.
    pub recorded_at: DateTime<Utc>,
}

/// How near a due day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// Nothing is to be said of it yet.
    Far,
    /// It is so near that people are told.
    Near,
    /// It has passed.
    Passed,
}

/// How near a due day is on a day. The due day itself has not passed.
#[must_use]
pub fn nearness(due_on: NaiveDate, today: NaiveDate, policy: &Policy) -> Nearness {
    let until = today.checked_add_days(Days::new(u64::from(policy.tier_notice_days))).unwrap_or(NaiveDate::MAX);
    if today > due_on {
        Nearness::Passed
    } else if due_on <= until {
        Nearness::Near
    } else {
        Nearness::Far
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Due on 21 October with fourteen days' notice: told from the 7th on, overdue from the 22nd on.
    #[test]
    fn a_notice_comes_fourteen_days_before_and_the_day_after() {
        let on = |today: &str| nearness("2026-10-21".parse().unwrap(), today.parse().unwrap(), &Policy::default());
        assert_eq!(on("2026-10-06"), Nearness::Far);
        assert_eq!(on("2026-10-07"), Nearness::Near);
        assert_eq!(on("2026-10-21"), Nearness::Near);
        assert_eq!(on("2026-10-22"), Nearness::Passed);
    }
}
