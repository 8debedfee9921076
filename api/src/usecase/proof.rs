//! The facts that claims on a deal are judged by.

use super::commit::Work;
use super::failure::Failure;
use chrono::{DateTime, NaiveDate, Utc};
use domain::activity::Activity;
use domain::calendar::Calendar;
use domain::deal::Deal;
use domain::policy::Policy;
use domain::proof::{InfluenceWindow, Proofs};
use domain::slice::Viewer;

/// What is on record of all partners on a deal, whoever asks: a claim is true or not for everybody.
pub(super) struct Evidence {
    activities: Vec<Activity>,
    policy: Policy,
    window: InfluenceWindow,
    calendar: Calendar,
}

impl Evidence {
    /// Reads it.
    pub(super) async fn of(work: &Work<'_>, deal: &Deal) -> Result<Self, Failure> {
        let whole = Viewer::system(work.program_id()).slice().ok_or(Failure::Denied)?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let today = program.calendar.day(work.now);
        let policy = entity::policy::on(&work.tx, &whole, today).await?;
        let activities = entity::activity::touches_of_deal(&work.tx, &whole, deal.id, deal.account_id).await?;
        let quarters = program.calendar.trailing_four(today);
        let median = match deal.segment_id {
            Some(segment) => entity::cell::cycles(&work.tx, &whole, quarters, segment).await?.median(),
            None => None,
        };
        let window = InfluenceWindow::of(&policy, median);
        Ok(Self { activities, policy, window, calendar: program.calendar })
    }

    /// The end of a local day.
    pub(super) fn end_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.calendar.beginning(day.succ_opt().unwrap_or(day))
    }

    /// As the domain judges it.
    pub(super) fn proofs(&self) -> Proofs<'_> {
        Proofs {
            activities: &self.activities,
            introduction_hours: self.policy.introduction_hours,
            window: self.window,
            calendar: self.calendar,
        }
    }
}
