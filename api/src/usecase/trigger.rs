//! When a partner is pulled into a deal: set as a whole, and held against the open deals that no partner is on.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::money;
use super::office::Caller;
use domain::deal::{Deal, DealKind};
use domain::money::Currency;
use domain::role::Action;
use domain::text;
use domain::trigger::{CosellTrigger, CosellTriggers, TRIGGERS_MOST};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The most open deals that are held against the triggers at once, the latest opened first.
const LOOKED_AT_MOST: u64 = 1000;

/// The most deals that are shown; all that meet a trigger are counted.
const SHOWN_MOST: usize = 100;

/// A trigger as it is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Segments.
    pub segments: Vec<Uuid>,
    /// Stages.
    pub stages: Vec<Uuid>,
    /// Kinds.
    pub kinds: Vec<DealKind>,
    /// The least ARR.
    pub arr_from: Option<(Decimal, Currency)>,
}

/// The program's triggers.
///
/// # Errors
/// [`Failure`].
pub async fn triggers(caller: &Caller) -> Result<CosellTriggers, Failure> {
    let slice = caller.authorise(Action::ReadCosellTriggers)?;
    Ok(entity::cosell_triggers::find(caller.office.store.read(), slice).await?)
}

/// Sets the triggers, all of them. The done row is the program.
///
/// # Errors
/// [`Failure`].
pub async fn set(caller: &Caller, given: Vec<Given>, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageCosellTriggers, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let before = entity::cosell_triggers::find(&work.tx, work.slice).await?;
        work.expect_version(before.version, expected)?;
        let segments: BTreeSet<Uuid> =
            entity::segment::all(&work.tx, work.slice).await?.into_iter().map(|it| it.id).collect();
        let stages: BTreeSet<Uuid> =
            entity::stage::all(&work.tx, work.slice).await?.into_iter().map(|it| it.id).collect();
        let mut problems = Problems::default();
        if given.len() > TRIGGERS_MOST {
            problems.note("triggers", ProblemCode::Invalid, format!("at most {TRIGGERS_MOST} triggers"));
        }
        let mut kept: Vec<CosellTrigger> = Vec::new();
        for (at, it) in given.into_iter().enumerate() {
            let at = at.to_string();
            let mut refuse = |field: &str, code, message: String| {
                problems.push(Problem::at(["triggers", &at, field], code, message))
            };
            let name = text::name(&it.name, 200).map_err(|why| refuse("name", ProblemCode::Invalid, why.to_string()));
            if !it.segments.iter().all(|id| segments.contains(id)) {
                refuse("segmentIds", ProblemCode::NotFound, "each is a segment of the program".into());
            }
            if !it.stages.iter().all(|id| stages.contains(id)) {
                refuse("stageIds", ProblemCode::NotFound, "each is a stage of the program".into());
            }
            let arr_minor_from = match it.arr_from {
                None => None,
                Some((_, currency)) if currency != program.currency => {
                    let message = format!("ARR is in {}, the currency of the program", program.currency);
                    refuse("arrFrom", ProblemCode::Invalid, message);
                    None
                }
                Some((amount, currency)) => match money::amount("arrFrom", amount, currency) {
                    Ok(amount) => Some(amount.minor),
                    Err(problem) => {
                        refuse("arrFrom", problem.code, problem.message);
                        None
                    }
                },
            };
            let Ok(name) = name else { continue };
            if kept.iter().any(|other| text::key(&other.name) == text::key(&name)) {
                refuse("name", ProblemCode::Taken, "another trigger has this name".into());
            }
            let trigger =
                CosellTrigger { name, segments: it.segments, stages: it.stages, kinds: it.kinds, arr_minor_from };
            if !trigger.has_condition() {
                refuse("segmentIds", ProblemCode::Required, "a trigger has a condition: it is not every deal".into());
            }
            kept.push(trigger);
        }
        problems.settle()?;
        let triggers = CosellTriggers { triggers: kept, version: before.version + 1 };
        entity::cosell_triggers::write(&work.tx, work.slice, &triggers, work.now).await?;
        let body = json!({ "triggers": triggers.triggers, "version": triggers.version });
        work.record("cosellTriggers.set", "Program", work.program_id(), body);
        Ok(work.program_id())
    })
    .await
}

/// Open deals that meet a trigger while no partner is on them.
#[derive(Clone, Debug, Default)]
pub struct Triggered {
    /// How many open deals without a partner were looked at.
    pub looked_at: u64,
    /// Whether these were all of them.
    pub is_whole: bool,
    /// How many of them meet a trigger.
    pub meet: u64,
    /// Those, the latest opened first, each with the names of the triggers that it meets; at most a hundred.
    pub deals: Vec<(Deal, Vec<String>)>,
}

/// The open deals of the slice that meet a trigger and on which no partner is attributed or has a live registration.
///
/// # Errors
/// [`Failure`].
pub async fn triggered(caller: &Caller) -> Result<Triggered, Failure> {
    let slice = caller.authorise(Action::ReadCosellTriggered)?;
    let conn = caller.office.store.read();
    let triggers = entity::cosell_triggers::find(conn, slice).await?;
    let page = entity::deal::without_partner(conn, slice, LOOKED_AT_MOST).await?;
    let mut found = Triggered { looked_at: page.rows.len() as u64, is_whole: !page.has_next, ..Triggered::default() };
    for deal in page.rows {
        let names = triggers.met_by(&deal);
        if !names.is_empty() {
            found.meet += 1;
            if found.deals.len() < SHOWN_MOST {
                found.deals.push((deal, names));
            }
        }
    }
    Ok(found)
}
