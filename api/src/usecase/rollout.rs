//! The 90-day plan: started, moved, ticked by hand where the system cannot see it, and read as it stands.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::office::Caller;
use chrono::NaiveDate;
use domain::role::Action;
use domain::rollout::{Rollout, RolloutItem, Standing, Tick, standings};
use domain::text;
use serde_json::json;
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

/// The plan with its items as they stand today.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When it began.
    pub rollout: Rollout,
    /// Its items, in order.
    pub items: Vec<Standing>,
}

/// The plan as it stands today; none where it was not started.
///
/// # Errors
/// [`Failure`].
pub async fn read(caller: &Caller) -> Result<Option<Plan>, Failure> {
    let slice = caller.authorise(Action::ReadRollout)?;
    let tx = caller.office.store.snapshot().await?;
    let Some(rollout) = entity::rollout::find(&tx, slice).await? else { return Ok(None) };
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let mut seen = BTreeMap::new();
    for item in RolloutItem::iter() {
        if let Some(trace) = item.trace()
            && let Some(at) =
                entity::rollout::left_at(&tx, slice, trace, &program.calendar, rollout.first_starts_on).await?
        {
            seen.insert(item, at);
        }
    }
    let ticks = entity::rollout_tick::all(&tx, slice).await?;
    tx.rollback().await?;
    let today = program.calendar.day(caller.office.clock.now());
    let items = standings(rollout.starts_on, today, &seen, &ticks);
    Ok(Some(Plan { rollout, items }))
}

/// Starts the plan on a day, or moves it there; what is done stays done.
///
/// # Errors
/// [`Failure`].
pub async fn start(
    caller: &Caller,
    starts_on: NaiveDate,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::StartRollout, key, async |work| {
        let before = entity::rollout::find(&work.tx, work.slice).await?;
        let version = before.as_ref().map_or(0, |rollout| rollout.version);
        work.expect_version(version, expected)?;
        let rollout = Rollout {
            starts_on,
            first_starts_on: before.map_or(starts_on, |before| before.first_starts_on.min(starts_on)),
            seat_id: work.seat_id(),
            version: version + 1,
            recorded_at: work.now,
        };
        entity::rollout::write(&work.tx, work.slice, &rollout).await?;
        let body = json!({ "startsOn": starts_on, "version": rollout.version });
        work.record("rollout.start", "Program", work.program_id(), body);
        Ok(work.program_id())
    })
    .await
}

fn refused(message: &str, rule: &'static str) -> Failure {
    Problem::at(["item"], ProblemCode::RuleRefused, message).by(rule).into()
}

/// Ticks an item that the system cannot see, with a note of what was done; or, without a note, takes the tick back.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn tick(caller: &Caller, item: RolloutItem, note: Option<&str>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::TickRollout, key, async |work| {
        if entity::rollout::find(&work.tx, work.slice).await?.is_none() {
            return Err(refused("the plan was not started", "ROLLOUT_NOT_STARTED"));
        }
        if let Some(trace) = item.trace() {
            let message = format!("the system ticks this item by itself, when {}", trace.says());
            return Err(refused(&message, "ITEM_TICKS_ITSELF"));
        }
        let ticks = entity::rollout_tick::all(&work.tx, work.slice).await?;
        let before = ticks.into_iter().find(|tick| tick.item == item);
        match (note, before) {
            (Some(_), Some(_)) => return Err(refused("the item is ticked already", "ITEM_TICKED")),
            (None, None) => return Err(refused("the item is not ticked", "ITEM_NOT_TICKED")),
            (None, Some(tick)) => {
                entity::rollout_tick::remove(&work.tx, work.slice, tick.id).await?;
                work.record("rollout.untick", "Program", work.program_id(), json!({ "item": item }));
            }
            (Some(note), None) => {
                let note = text::name(note, 2000);
                let note = note.map_err(|why| Problem::at(["note"], ProblemCode::Required, format!("a note {why}")))?;
                let tick = Tick { id: work.id(), item, note, seat_id: work.seat_id(), ticked_at: work.now };
                entity::rollout_tick::insert(&work.tx, work.slice, &tick).await?;
                let body = json!({ "item": item, "note": tick.note });
                work.record("rollout.tick", "Program", work.program_id(), body);
            }
        }
        Ok(work.program_id())
    })
    .await
}
