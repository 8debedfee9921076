//! The iteration: one quarter of the Loop, its phases with their windows and states, and the chain from one to the next
//! (LOOP.md section 2).

use crate::calendar::{Calendar, Quarter};
use crate::deliverable::DeliverableKind;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// The six phases of the quarter. Foundation and Profile are phase 0: set up once and reviewed each quarter.
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
pub enum Phase {
    /// Phase 1, weeks 1 to 3: audit every partner, decide its tier.
    Recruit,
    /// Phase 2, week 4: the forecast.
    Tam,
    /// Phase 3, week 5: who produces where, and what is committed.
    Funnel,
    /// Phase 4, from week 6 on.
    CoSell,
    /// Phase 5, from week 6 on.
    Cadence,
    /// Phase 6, week 13; the final audit is published in week 1 of the next quarter (ruling 23).
    Measurement,
}

/// When a phase happens. All days are of the program's zone, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueWindow {
    /// Its first day.
    pub opens_on: NaiveDate,
    /// Its last day.
    pub closes_on: NaiveDate,
    /// The last day on which publishing is in time.
    pub due_on: NaiveDate,
}

/// Where a phase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PhaseState {
    /// Its first day is still to come, or the iteration is not open.
    NotStarted,
    /// It is at work.
    Running,
    /// What it owes is published.
    Published,
    /// Its last day has passed and what it owes is not published.
    Overdue,
}

impl Phase {
    /// What it owes. Co-Sell and Cadence run through to the end: their outputs stand in the Realized Metrics Audit.
    #[must_use]
    pub const fn deliverables(self) -> &'static [DeliverableKind] {
        use DeliverableKind::{
            Forecast, InputsBrief, PartnerPerformanceRanking, RealizedMetricsAudit, RecruitPlan, StageDeploymentPlan,
        };
        match self {
            Self::Recruit => &[RecruitPlan],
            Self::Tam => &[Forecast],
            Self::Funnel => &[StageDeploymentPlan],
            Self::CoSell | Self::Cadence => &[RealizedMetricsAudit],
            Self::Measurement => &[RealizedMetricsAudit, PartnerPerformanceRanking, InputsBrief],
        }
    }

    /// Its window in a quarter. Week 13 takes the days that a quarter has beyond 91.
    #[must_use]
    pub fn window(self, calendar: &Calendar, quarter: Quarter) -> DueWindow {
        let week = |quarter, number: u64| calendar.first_day(quarter) + Days::new(7 * (number - 1));
        let (last, audited) = (calendar.last_day(quarter), week(quarter.plus(1), 2) - Days::new(1));
        let within = |from, next: u64| {
            let closes_on = week(quarter, next) - Days::new(1);
            DueWindow { opens_on: week(quarter, from), closes_on, due_on: closes_on }
        };
        let to_the_end = |from| DueWindow { opens_on: week(quarter, from), closes_on: last, due_on: audited };
        match self {
            Self::Recruit => within(1, 4),
            Self::Tam => within(4, 5),
            Self::Funnel => within(5, 6),
            Self::CoSell | Self::Cadence => to_the_end(6),
            Self::Measurement => to_the_end(13),
        }
    }
}

/// An iteration that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// The row's id.
    pub id: Uuid,
    /// Its quarter.
    pub quarter: Quarter,
    /// The Phase 1 Inputs Brief that it starts from; none for the first, which starts from imported history.
    pub inputs_brief_id: Option<Uuid>,
    /// Who opened it.
    pub seat_id: Uuid,
    /// When.
    pub opened_at: DateTime<Utc>,
}

/// A phase as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseRun {
    /// The phase.
    pub phase: Phase,
    /// When it happens.
    pub window: DueWindow,
    /// Where it stands.
    pub state: PhaseState,
    /// What it owes and has not published.
    pub missing: Vec<DeliverableKind>,
}

/// The operator's own log of a phase: how long it took (paper: ten hours for the Recruit Plan).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseHours {
    /// The row's id.
    pub id: Uuid,
    /// The iteration's quarter.
    pub quarter: Quarter,
    /// The phase.
    pub phase: Phase,
    /// Hundredths of an hour.
    pub hundredths: i32,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was logged last.
    pub recorded_at: DateTime<Utc>,
}

/// The most hours that are logged of a phase: a quarter has fewer.
pub const HOURS_MOST: Decimal = dec!(2200);

/// Hours in hundredths; none below 0, beyond [`HOURS_MOST`], and with more than two digits behind the point.
#[must_use]
pub fn hundredths(hours: Decimal) -> Option<i32> {
    let hundredths = hours.checked_mul(dec!(100))?;
    let is_kept = hundredths.is_integer() && (Decimal::ZERO..=HOURS_MOST).contains(&hours);
    is_kept.then(|| i32::try_from(hundredths.normalize()).ok()).flatten()
}

/// Hundredths of an hour in hours.
#[must_use]
pub fn hours(hundredths: i64) -> Decimal {
    Decimal::new(hundredths, 2)
}

/// The phases of a quarter on a day. `published` is what was published of the quarter since its iteration was opened: what was
/// published before that is no work of its phases.
#[must_use]
pub fn phases(
    calendar: &Calendar,
    quarter: Quarter,
    today: NaiveDate,
    is_open: bool,
    published: &[DeliverableKind],
) -> Vec<PhaseRun> {
    let run = |phase: Phase| {
        let window = phase.window(calendar, quarter);
        let missing: Vec<_> = phase.deliverables().iter().copied().filter(|kind| !published.contains(kind)).collect();
        let state = if missing.is_empty() {
            PhaseState::Published
        } else if today > window.due_on {
            PhaseState::Overdue
        } else if is_open && today >= window.opens_on {
            PhaseState::Running
        } else {
            PhaseState::NotStarted
        };
        PhaseRun { phase, window, state, missing }
    };
    Phase::iter().map(run).collect()
}

/// Why an iteration cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OpenRefusal {
    /// It is open.
    #[error("the iteration of this quarter is already open")]
    AlreadyOpen,
    /// Recruit of the next iteration opens only from the published brief of the last one.
    #[error(
        "the Phase 1 Inputs Brief of the iteration before is not published: Recruit starts from it. It is what Phase 6 (Measurement) puts out, \
         which this version does not have yet, and nothing else opens the next iteration: until then tiers are decided, sections written, \
         spend planned and measures and the forecast's draft read as ever, and nothing is published for the new quarter"
    )]
    InputsBriefMissing,
    /// Nobody would instrument it (paper: a Pod without RevOps capacity should not start the Model). The operator may start all the same,
    /// with a reason that the ledger keeps. A REVOPS seat is the program's and so a member of every Pod \[ours\].
    #[error("the program has no REVOPS seat: without RevOps capacity the Loop is started only with a written reason")]
    RevopsMissing,
}

impl OpenRefusal {
    /// The stable word of the rule.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.into()
    }
}

/// Whether the iteration of a quarter may be opened, given the latest one that was, whether that one's Phase 1 Inputs Brief is
/// published, and whether there is RevOps capacity, or a reason to start without.
///
/// # Errors
/// [`OpenRefusal`].
pub fn may_open(
    quarter: Quarter,
    latest: Option<Quarter>,
    has_brief: bool,
    may_instrument: bool,
) -> Result<(), OpenRefusal> {
    match latest {
        Some(open) if open >= quarter => Err(OpenRefusal::AlreadyOpen),
        Some(_) if !has_brief => Err(OpenRefusal::InputsBriefMissing),
        _ if !may_instrument => Err(OpenRefusal::RevopsMissing),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn quarter(text: &str) -> Quarter {
        text.parse().unwrap()
    }

    const CALENDAR: Calendar = Calendar { zone: Tz::UTC, fiscal_start_month: 1 };

    /// 2026-Q4 begins on 1 October: three weeks end on the 21st, the fourth on the 28th, the fifth on 4 November; week 6 begins on
    /// the 5th and week 13 twelve weeks after 1 October, on 24 December; the audit is due on 7 January.
    #[test]
    fn a_quarter_is_weeks_one_to_three_four_five_from_six_and_thirteen() {
        let window = |phase: Phase| phase.window(&CALENDAR, quarter("2026-Q4"));
        let within = |from, to| DueWindow { opens_on: day(from), closes_on: day(to), due_on: day(to) };
        assert_eq!(window(Phase::Recruit), within("2026-10-01", "2026-10-21"));
        assert_eq!(window(Phase::Tam), within("2026-10-22", "2026-10-28"));
        assert_eq!(window(Phase::Funnel), within("2026-10-29", "2026-11-04"));
        let to_the_end =
            |from| DueWindow { opens_on: day(from), closes_on: day("2026-12-31"), due_on: day("2027-01-07") };
        assert_eq!(window(Phase::CoSell), to_the_end("2026-11-05"));
        assert_eq!(window(Phase::Cadence), to_the_end("2026-11-05"));
        assert_eq!(window(Phase::Measurement), to_the_end("2026-12-24"));
    }

    #[test]
    fn a_fiscal_year_that_starts_in_february_has_its_own_weeks() {
        let calendar = Calendar { zone: Tz::Asia__Tokyo, fiscal_start_month: 2 };
        // 2027-Q1 is February to April 2026, 89 days: week 13 has five.
        let window = Phase::Measurement.window(&calendar, quarter("2027-Q1"));
        assert_eq!((window.opens_on, window.closes_on), (day("2026-04-26"), day("2026-04-30")));
    }

    #[test]
    fn a_phase_runs_on_its_last_day_and_is_overdue_on_the_next() {
        let state = |today, is_open, published: &[DeliverableKind]| {
            phases(&CALENDAR, quarter("2026-Q4"), day(today), is_open, published)[0].state
        };
        assert_eq!(state("2026-09-30", true, &[]), PhaseState::NotStarted);
        assert_eq!(state("2026-10-01", false, &[]), PhaseState::NotStarted);
        assert_eq!(state("2026-10-01", true, &[]), PhaseState::Running);
        assert_eq!(state("2026-10-21", true, &[]), PhaseState::Running);
        assert_eq!(state("2026-10-22", true, &[]), PhaseState::Overdue);
        assert_eq!(state("2026-10-22", true, &[DeliverableKind::RecruitPlan]), PhaseState::Published);
    }

    #[test]
    fn hours_have_two_digits() {
        assert_eq!(hundredths("9.75".parse().unwrap()), Some(975));
        assert_eq!((hundredths(dec!(0)), hundredths(dec!(2200))), (Some(0), Some(220_000)));
        for refused in [dec!(-0.01), dec!(9.755), dec!(2200.01), Decimal::MAX] {
            assert_eq!(hundredths(refused), None, "{refused}");
        }
        assert_eq!(hours(975), dec!(9.75));
    }

    #[test]
    fn measurement_is_published_with_all_three_and_says_what_is_missing() {
        let published = [DeliverableKind::RealizedMetricsAudit, DeliverableKind::InputsBrief];
        let runs = phases(&CALENDAR, quarter("2026-Q4"), day("2027-01-07"), true, &published);
        assert_eq!(runs[5].missing, [DeliverableKind::PartnerPerformanceRanking]);
        assert_eq!((runs[3].state, runs[5].state), (PhaseState::Published, PhaseState::Running));
    }

    #[test]
    fn the_next_iteration_opens_only_from_the_brief_of_the_last() {
        let (last, next) = (quarter("2026-Q3"), quarter("2026-Q4"));
        assert_eq!(may_open(next, None, false, true), Ok(()), "the first starts from imported history");
        assert_eq!(may_open(next, Some(last), false, true), Err(OpenRefusal::InputsBriefMissing));
        assert_eq!(may_open(next, Some(last), true, true), Ok(()));
        assert_eq!(may_open(next, Some(next), true, true), Err(OpenRefusal::AlreadyOpen));
        assert_eq!(may_open(next, None, false, false), Err(OpenRefusal::RevopsMissing));
    }
}
