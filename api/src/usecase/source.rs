//! A deal's source by the business priority order, and the mark that excludes it.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, ProblemCode, Problems};
use super::office::Caller;
use chrono::NaiveDate;
use domain::policy::Policy;
use domain::role::Action;
use domain::slice::Viewer;
use domain::source::SourceFacts;
use domain::source::SourceMark;
use domain::text;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// What the rules look at, of these deals as far as the caller sees them. Who SOURCED a deal is asked of the whole program, so that
/// two callers never read two sources.
///
/// # Errors
/// [`Failure`].
pub async fn of_deals(caller: &Caller, deals: &[Uuid]) -> Result<HashMap<Uuid, SourceFacts>, Failure> {
    let slice = caller.authorise(Action::ReadDealMoney)?;
    let store = caller.office.store.read();
    let rows = entity::deal::of_ids(store, slice, deals).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let whole = Viewer::system(slice.program_id()).slice().ok_or(Failure::Denied)?;
    let attributions = entity::attribution::of_deals(store, &whole, &ids).await?;
    let marks = entity::source_mark::latest(store, slice, &ids).await?;
    let registrations = entity::registration::of_deals(store, &whole, &ids).await?;
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let now = caller.office.clock.now();
    let today = program.calendar.day(now);
    // A closed deal's as of the end of its closing day.
    let at = |closed_on: Option<NaiveDate>| match closed_on.and_then(|day| Some((day, day.succ_opt()?))) {
        Some((day, next)) if day < today => (day, program.calendar.beginning(next)),
        _ => (today, now),
    };
    let facts = rows.iter().map(|row| {
        let theirs: Vec<_> = attributions.iter().filter(|it| it.deal_id == row.id).cloned().collect();
        let registered: Vec<_> = registrations.iter().filter(|it| it.deal_id == Some(row.id)).cloned().collect();
        (row.id, SourceFacts::of(row, &theirs, marks.get(&row.id), &registered, at(row.closed_on)))
    });
    Ok(facts.collect())
}

/// The policy whose numbers the credit table holds.
///
/// # Errors
/// [`Failure`].
pub async fn table(caller: &Caller) -> Result<Policy, Failure> {
    let slice = caller.authorise(Action::ReadCreditTable)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    Ok(entity::policy::on(store, slice, program.calendar.day(caller.office.clock.now())).await?)
}

/// Marks a deal as excluded for fraud or forbidden traffic, or takes the mark back. It changes the deal's source alone: the deal
/// stays in every measure, because what was won and lost was won and lost. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn exclude(
    caller: &Caller,
    deal_id: Uuid,
    is_excluded: bool,
    reason: String,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ExcludeDeals, key, async |work| {
        let mut deal = entity::deal::find_to_change(&work.tx, work.slice, deal_id).await?.ok_or(Failure::NotFound)?;
        let mut problems = Problems::default();
        let reason = problems.take("reason", text::prose(&reason, 2000)).unwrap_or_default();
        if reason.is_empty() {
            problems.note("reason", ProblemCode::Required, "say why: it stands in the deal's source");
        }
        problems.settle()?;
        let mark = SourceMark {
            id: work.id(),
            deal_id,
            is_excluded,
            reason,
            marked_by: caller.viewer.seat_id,
            recorded_at: work.now,
        };
        entity::source_mark::insert(&work.tx, work.slice, &mark).await?;
        deal.version += 1;
        deal.updated_at = work.now;
        entity::deal::update(&work.tx, work.slice, &deal).await?;
        let body = json!({ "isExcluded": is_excluded, "reason": mark.reason, "version": deal.version });
        work.record("deal.exclude", "Deal", deal_id, body);
        Ok(deal_id)
    })
    .await
}
