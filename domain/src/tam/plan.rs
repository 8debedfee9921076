//! What people decide in Phase 2: the spend they plan, and how far a partner reaches into a segment.

use super::influenced::Penetration;
use crate::calendar::Quarter;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Spend planned on a partner in a quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSpend {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment; none where it is planned for no one segment (ruling 3).
    pub segment_id: Option<Uuid>,
    /// The fiscal quarter.
    pub quarter: Quarter,
    /// Minor units of the program's currency.
    pub amount_minor: i64,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// How far a partner reaches into a segment, set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PenetrationSetting {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// How far, and why it was set so.
    pub penetration: Penetration,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// How far ahead spend can be planned and a forecast can begin: two years cover the four quarters of any forecast of the next four.
pub const QUARTERS_AHEAD: i32 = 7;

/// The spend planned on a partner in each run of four quarters that holds a quarter of `changed`: as it was and as it would be.
/// Runs begin at the running quarter or later; `before` and `after` are amounts by quarter.
#[must_use]
pub fn runs_of_four(
    running: Quarter,
    changed: &[Quarter],
    before: &[(Quarter, i128)],
    after: &[(Quarter, i128)],
) -> Vec<(Quarter, i128, i128)> {
    let sum = |plan: &[(Quarter, i128)], first: Quarter| -> i128 {
        let is_in = |quarter: Quarter| (0..4).contains(&(quarter.index() - first.index()));
        plan.iter().filter(|(quarter, _)| is_in(*quarter)).map(|(_, minor)| minor).sum()
    };
    (0..=QUARTERS_AHEAD)
        .map(|step| running.plus(step))
        .filter(|first| changed.iter().any(|quarter| (0..4).contains(&(quarter.index() - first.index()))))
        .map(|first| (first, sum(before, first), sum(after, first)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Planned from 2027-Q1 on are 10, 20, 30, 40, 50; the fifth becomes 90. Runs that hold 2028-Q1 begin in 2027-Q2, Q3, Q4 and
    /// 2028-Q1: 20 + 30 + 40 + 50 = 140 becomes 180, then 120 and 160, 90 and 130, 50 and 90.
    #[test]
    fn every_four_quarters_that_hold_the_change_are_compared() {
        let quarter = |text: &str| text.parse::<Quarter>().unwrap();
        let first = quarter("2027-Q1");
        let before: Vec<_> = (0..).zip([10, 20, 30, 40, 50]).map(|(step, minor)| (first.plus(step), minor)).collect();
        let mut after = before.clone();
        after[4].1 = 90;
        let runs = runs_of_four(first, &[quarter("2028-Q1")], &before, &after);
        let expected = [("2027-Q2", 140, 180), ("2027-Q3", 120, 160), ("2027-Q4", 90, 130), ("2028-Q1", 50, 90)];
        assert_eq!(runs, expected.map(|(first, before, after)| (quarter(first), before, after)));
    }
}
