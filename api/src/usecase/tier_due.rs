//! Which tier decisions are due: listed by name, and told of by the scheduler before the day and after it.

use super::commit::commit;
use super::failure::Failure;
use super::follow::{Followed, Told};
use super::office::Caller;
use chrono::NaiveDate;
use domain::partner::{Partner, PartnerStatus};
use domain::recruit::{TierDecision, due_on};
use domain::role::Action;
use domain::slice::Slice;
use domain::tier_due::{Nearness, TierNotice, nearness};
use entity::Conn;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The kind of the event that tells that a decision is due.
pub const DUE_EVENT: &str = "TIER_DECISION_DUE";

/// A partner whose next decision is near its day, or past it.
#[derive(Clone, Debug)]
pub struct Due {
    /// The partner.
    pub partner: Partner,
    /// The decision that holds; none where there never was one.
    pub decision: Option<TierDecision>,
    /// The last day on which the next one is in time.
    pub due_on: NaiveDate,
    /// Whether that day has passed.
    pub is_overdue: bool,
}

/// Every partner of the slice that is at work and whose decision is near its day or past it, by name.
async fn near(conn: &impl Conn, slice: &Slice, caller: &Caller) -> Result<Vec<Due>, Failure> {
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = &program.calendar;
    let today = calendar.day(caller.office.clock.now());
    let policy = entity::policy::on(conn, slice, today).await?;
    let mut standing: HashMap<Uuid, TierDecision> =
        entity::tier_decision::standing(conn, slice, calendar.quarter(today))
            .await?
            .into_iter()
            .map(|row| (row.partner_id, row))
            .collect();
    let partners = entity::partner::all(conn, slice).await?;
    let due = partners.into_iter().filter(|partner| partner.status == PartnerStatus::Active).filter_map(|partner| {
        let decision = standing.remove(&partner.id);
        let latest = decision.as_ref().map(|row| (row.decided_on, row.quarter));
        let due_on = due_on(calendar, latest, calendar.day(partner.recorded_at), &policy);
        let is_overdue = match nearness(due_on, today, &policy) {
            Nearness::Far => return None,
            Nearness::Near => false,
            Nearness::Passed => true,
        };
        Some(Due { partner, decision, due_on, is_overdue })
    });
    Ok(due.collect())
}

/// The partners that the caller may see whose tier decision is near its day or past it, by name.
///
/// # Errors
/// [`Failure`].
pub async fn due(caller: &Caller) -> Result<Vec<Due>, Failure> {
    let slice = caller.authorise(Action::ReadTiers)?;
    let tx = caller.office.store.snapshot().await?;
    let due = near(&tx, slice, caller).await?;
    tx.rollback().await?;
    Ok(due)
}

/// What came of a look at what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Decisions that are near their day and were told of now.
    pub near: usize,
    /// Decisions past their day that were told of now.
    pub overdue: usize,
}

/// Tells of every decision that is near its day, and of every one that is past it, each once for a due day.
///
/// # Errors
/// [`Failure`].
pub async fn watch(caller: &Caller) -> Result<Watched, Failure> {
    let mut watched = Watched::default();
    commit(caller, Action::RunJobs, None, async |work| {
        let due = near(&work.tx, work.slice, caller).await?;
        let Some(earliest) = due.iter().map(|it| it.due_on).min() else { return Ok(work.program_id()) };
        let told = entity::tier_notice::due_from(&work.tx, work.slice, earliest).await?;
        let told: HashSet<_> = told.iter().map(|it| (it.partner_id, it.due_on, it.is_overdue)).collect();
        let new: Vec<TierNotice> = due
            .iter()
            .filter(|it| !told.contains(&(it.partner.id, it.due_on, it.is_overdue)))
            .map(|it| TierNotice {
                id: work.id(),
                partner_id: it.partner.id,
                due_on: it.due_on,
                is_overdue: it.is_overdue,
                recorded_at: work.now,
            })
            .collect();
        entity::tier_notice::insert(&work.tx, work.slice, &new).await?;
        for notice in &new {
            let body =
                json!({ "partnerId": notice.partner_id, "dueOn": notice.due_on, "isOverdue": notice.is_overdue });
            work.announce(DUE_EVENT, notice.id, body);
        }
        let overdue = new.iter().filter(|notice| notice.is_overdue).count();
        watched = Watched { near: new.len() - overdue, overdue };
        Ok(work.program_id())
    })
    .await?;
    Ok(watched)
}

impl Followed for TierNotice {
    const ACTION: Action = Action::ReadTiers;
    const KINDS: &'static [&'static str] = &[DUE_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        let slice = caller.authorise(Action::ReadTiers)?;
        Ok(entity::tier_notice::find(caller.office.store.read(), slice, event.subject_id).await?)
    }
}
