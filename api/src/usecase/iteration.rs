//! Iterations: opened one after the other, each from the brief of the one before.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::calendar::Quarter;
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::iteration::{
    self as method, HOURS_MOST, Iteration, OpenRefusal, Phase, PhaseHours, PhaseRun, hundredths, may_open, phases,
};
use domain::ledger::{EntryKind, INSIDE};
use domain::program::Program;
use domain::role::{Action, Role};
use domain::text;
use rust_decimal::Decimal;
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
    /// 1 for the program's first, and one more for each; none while it is not open.
    pub number: Option<u64>,
    /// Its phases.
    pub phases: Vec<PhaseRun>,
    /// The operator's log of hours.
    pub hours: Vec<PhaseHours>,
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
    let hours = entity::phase_hours::of_quarter(&tx, slice, quarter).await?;
    let number = match iteration {
        Some(_) => Some(entity::iteration::count_up_to(&tx, slice, quarter).await?),
        None => None,
    };
    tx.rollback().await?;
    let is_of_it =
        |row: &&Deliverable| iteration.as_ref().is_some_and(|iteration| row.published_at >= iteration.opened_at);
    let kinds: Vec<DeliverableKind> = published.iter().filter(is_of_it).map(|row| row.kind).collect();
    let phases = phases(&program.calendar, quarter, today, iteration.is_some(), &kinds);
    Ok(Standing { quarter, iteration, number, phases, hours, published })
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
        return Err(not_open(quarter, []));
    }
    Ok((program, quarter))
}

/// Logs how long a phase of an iteration took, in place of what was logged before. The done row is the log's.
///
/// # Errors
/// [`Failure`]; ITERATION_NOT_OPEN where that quarter was never opened.
pub async fn log_hours(
    caller: &Caller,
    quarter: Option<Quarter>,
    phase: Phase,
    hours: Decimal,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::LogOperatorHours, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let quarter = quarter.unwrap_or_else(|| program.calendar.quarter(program.calendar.day(work.now)));
        if entity::iteration::of_quarter(&work.tx, work.slice, quarter).await?.is_none() {
            return Err(not_open(quarter, ["quarter"]));
        }
        let Some(hundredths) = hundredths(hours) else {
            let message = format!("hours are 0 to {HOURS_MOST}, with two digits behind the point at most");
            return Err(Problem::at(["hours"], ProblemCode::Invalid, message).into());
        };
        let logged = entity::phase_hours::of_quarter(&work.tx, work.slice, quarter).await?;
        let before = logged.into_iter().find(|row| row.phase == phase);
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let row = PhaseHours {
            id: before.as_ref().map_or_else(|| work.id(), |row| row.id),
            quarter,
            phase,
            hundredths,
            version: before.as_ref().map_or(1, |row| row.version + 1),
            recorded_at: work.now,
        };
        match before {
            Some(before) if before.hundredths == row.hundredths => return Ok(before.id),
            Some(_) if !entity::phase_hours::update(&work.tx, work.slice, &row).await? => return Err(Failure::Stale),
            Some(_) => {}
            None => entity::phase_hours::insert(&work.tx, work.slice, &row).await?,
        }
        let facts = json!({
            "quarter": quarter.to_string(), "phase": phase, "hours": method::hours(hundredths.into()), "version": row.version,
        });
        work.record("operatorHours.log", "PhaseHours", row.id, facts);
        Ok(row.id)
    })
    .await
}

fn not_open<const N: usize>(quarter: Quarter, path: [&str; N]) -> Failure {
    let message = format!("the iteration of {quarter} is not open: open it first");
    Problem::at(path, ProblemCode::RuleRefused, message).by("ITERATION_NOT_OPEN").into()
}
