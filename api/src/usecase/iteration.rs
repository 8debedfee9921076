//! Iterations: opened one after the other, each from the brief of the one before.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::calendar::Quarter;
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::iteration::{Iteration, OpenRefusal, PhaseRun, may_open, phases};
use domain::ledger::{EntryKind, INSIDE};
use domain::program::Program;
use domain::role::{Action, Role};
use domain::text;
use serde_json::json;

/// The most characters of a reason.
const REASON_MAX: usize = 1000;

/// A quarter of the Loop as it stands today.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The quarter.
    pub quarter: Quarter,
    /// When and from what it was opened; none while it is not.
    pub iteration: Option<Iteration>,
    /// Its phases.
    pub phases: Vec<PhaseRun>,
    /// What it has published, the latest revision of each kind.
    pub published: Vec<Deliverable>,
}

/// The iteration of a quarter; of the current one where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn standing(caller: &Caller, quarter: Option<Quarter>) -> Result<Standing, Failure> {
    let slice = caller.authorise(Action::ReadIterations)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let quarter = quarter.unwrap_or_else(|| program.calendar.quarter(today));
    let iteration = entity::iteration::of_quarter(&tx, slice, quarter).await?;
    let published = entity::deliverable::of_quarter(&tx, slice, quarter).await?;
    tx.rollback().await?;
    let kinds: Vec<DeliverableKind> = published.iter().map(|row| row.kind).collect();
    let phases = phases(&program.calendar, quarter, today, iteration.is_some(), &kinds);
    Ok(Standing { quarter, iteration, phases, published })
}

/// Opens the iteration of the current quarter. The first one starts from imported history, every other from the published
/// Phase 1 Inputs Brief of the latest before it. Where the program has no REVOPS seat, it takes a reason, which the ledger keeps.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn open(caller: &Caller, without_revops: Option<&str>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::OpenIteration, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let quarter = program.calendar.quarter(program.calendar.day(work.now));
        let latest = entity::iteration::latest(&work.tx, work.slice).await?;
        let brief = match &latest {
            Some(latest) => {
                entity::deliverable::latest(&work.tx, work.slice, DeliverableKind::InputsBrief, latest.quarter).await?
            }
            None => None,
        };
        let has_revops = entity::seat::count_of_role(&work.tx, work.slice, Role::Revops).await? > 0;
        let mut problems = Problems::default();
        let reason =
            without_revops.and_then(|words| problems.take("withoutRevopsReason", text::name(words, REASON_MAX)));
        problems.settle()?;
        let may_instrument = has_revops || reason.is_some();
        may_open(quarter, latest.map(|latest| latest.quarter), brief.is_some(), may_instrument).map_err(|refusal| {
            Failure::from(Problem::at([], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.rule()))
        })?;
        let iteration = Iteration {
            id: work.id(),
            quarter,
            inputs_brief_id: brief.map(|brief| brief.id),
            seat_id: work.seat_id(),
            opened_at: work.now,
        };
        entity::iteration::insert(&work.tx, work.slice, &iteration).await?;
        let facts = json!({ "quarter": quarter.to_string(), "inputsBriefId": iteration.inputs_brief_id });
        work.record("iteration.open", "Iteration", iteration.id, facts);
        if let Some(reason) = reason.filter(|_| !has_revops) {
            let rule = OpenRefusal::RevopsMissing.rule();
            let facts = json!({ "rule": rule, "quarter": quarter.to_string(), INSIDE: { "reason": reason } });
            work.enter(EntryKind::Override, "Iteration", iteration.id, &[], facts);
        }
        Ok(iteration.id)
    })
    .await
}

/// The current quarter, when its iteration is open: what a phase publishes belongs to it.
///
/// # Errors
/// ITERATION_NOT_OPEN, or a storage failure.
pub async fn at_work(work: &Work<'_>) -> Result<(Program, Quarter), Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let quarter = program.calendar.quarter(program.calendar.day(work.now));
    if entity::iteration::of_quarter(&work.tx, work.slice, quarter).await?.is_none() {
        let message = format!("the iteration of {quarter} is not open: open it first");
        return Err(Problem::at([], ProblemCode::RuleRefused, message).by("ITERATION_NOT_OPEN").into());
    }
    Ok((program, quarter))
}
