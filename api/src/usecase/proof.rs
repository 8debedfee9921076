//! The facts that claims on a deal are judged by.

use super::commit::Work;
use super::failure::Failure;
use domain::activity::Activity;
use domain::calendar::Calendar;
use domain::cell::{Cohort, Histogram, Late, is_counted};
use domain::deal::Deal;
use domain::policy::Policy;
use domain::proof::{InfluenceWindow, Proofs};
use domain::slice::Viewer;
use entity::cell::Whose;

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
        let window = program.calendar.trailing_four(today);
        let histograms = entity::cell::histograms(&work.tx, &whole, window, Whose::Nobodys).await?;
        let mut cycles = Histogram::default();
        // Each deal once: with a partner or direct. One whose attribution is unknown is in no measure.
        for (spot, _, days) in histograms {
            let is_once = matches!(spot.cohort, Cohort::AnyPartner | Cohort::Direct);
            if is_once && spot.segment_id == deal.segment_id && is_counted(spot.cohort, spot.is_late, Late::LeftOut) {
                cycles.merge(&days);
            }
        }
        let median = deal.segment_id.and_then(|_| cycles.median());
        let window = InfluenceWindow::of(&policy, median);
        Ok(Self { activities, policy, window, calendar: program.calendar })
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
