//! Deciding about a row that was held: it is read again from the run's own record of it, or set aside for good.

use super::apply::Apply;
use super::{context, header, mapping};
use crate::usecase::commit::{Done, Key, Work, commit};
use crate::usecase::ledger::digest;
use crate::usecase::{Caller, Failure, Problem, ProblemCode, Problems, attribution, sla};
use domain::import::decision::{self, Decided, Decision, NotOpen};
use domain::import::fact::Fact;
use domain::import::run::{ImportRow, ImportRun};
use domain::import::{FileProblem, Verdict, judge, verdict};
use domain::ledger::{EntryKind, INSIDE};
use domain::role::Action;
use domain::text;
use entity::import_staged::Staged;
use entity::{import_bulk, import_row, import_run};
use serde_json::json;
use std::collections::HashMap;
use std::io::Cursor;
use uuid::Uuid;

/// What is decided, about which row.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The run.
    pub run_id: Uuid,
    /// The record's number.
    pub row_number: u64,
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Cells that are mended: a column of the file, and what stands there now.
    pub mended: Vec<(String, String)>,
}

/// Decides about a held row. A run whose rows are all decided has none held any more; what it wrote is counted with it.
///
/// # Errors
/// [`Failure`].
pub async fn decide(caller: &Caller, ruling: Ruling, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::Import, key, async |work| {
        let found = import_run::find(&work.tx, work.slice, ruling.run_id).await?;
        let mut run = found.ok_or_else(|| Problem::at(["runId"], ProblemCode::NotFound, "there is no such import"))?;
        let found = import_row::find(&work.tx, work.slice, run.id, ruling.row_number).await?;
        let missing = || Problem::at(["rowNumber"], ProblemCode::NotFound, "the import has no such row in its list");
        let mut row = found.ok_or_else(missing)?;
        let mut problems = Problems::default();
        let reason = problems.take("reason", text::name(&ruling.reason, 1000)).unwrap_or_default();
        problems.settle()?;
        decision::open(&run, &row, ruling.decision, !ruling.mended.is_empty()).map_err(not_open)?;
        let became = match ruling.decision {
            Decision::Refuse => Verdict::Refused,
            Decision::Skip => Verdict::Skipped,
            Decision::Accept | Decision::Keep => write(caller, work, &mut run, &row, &ruling).await?,
        };
        run.counts.shift(row.verdict, became);
        row.verdict = became;
        let decided = Decided { decision: ruling.decision, reason, seat_id: caller.viewer.seat_id, at: work.now };
        import_row::decide(&work.tx, work.slice, run.id, &row, &decided).await?;
        // The run belongs to nobody any more, so that this can only fail where another decision came first.
        if !import_run::update(&work.tx, work.slice, &run).await? {
            return Err(Failure::Stale);
        }
        let (word, verdict): (&str, &str) = (decided.decision.into(), became.into());
        let mended: HashMap<&String, &String> = ruling.mended.iter().map(|(column, value)| (column, value)).collect();
        let body = json!({ "row": row.row_number, "decision": word, "verdict": verdict, "reason": decided.reason, "mended": mended });
        work.record("import.row.decide", "ImportRun", run.id, body);
        if matches!(ruling.decision, Decision::Accept | Decision::Keep) {
            let mut facts = json!({ "row": row.row_number, "decision": word, "fileSha256": run.file_sha256 });
            facts[INSIDE] = json!({ "locked": digest::of_import(work).await? });
            work.enter(EntryKind::Import, "ImportRun", run.id, &[], facts);
        }
        Ok(run.id)
    })
    .await
}

fn not_open(why: NotOpen) -> Failure {
    Problem::at(["decision"], ProblemCode::RuleRefused, why.to_string()).by(why.rule()).into()
}

/// Reads the row again as a file of its own, under the run's mapping and the program as it is now, and writes it.
async fn write(
    caller: &Caller,
    work: &mut Work<'_>,
    run: &mut ImportRun,
    row: &ImportRow,
    ruling: &Ruling,
) -> Result<Verdict, Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let mapping = mapping::parse(&run.mapping, run.object).map_err(|why| unreadable(&why))?;
    let lookups = mapping::lookups(&mapping, None).map_err(|why| unreadable(&why))?;
    let context = context::load(&work.tx, work.slice, &program, work.now).await?;
    // The mark says UTF-8, whatever the encoding of the file was: the record is kept as text.
    let file = format!("\u{feff}{}{}\r\n{}\r\n", run.preamble, run.header, row.raw);
    let opened = header::open(Cursor::new(file.into_bytes()), &mapping, &lookups, program.calendar.zone);
    let mut opened = opened.map_err(|why| unreadable(&why))?;
    let record = opened.records.read().map_err(|why| unreadable(&[why]))?.unwrap_or_default();
    let bound = opened.bound;
    let mut cells = record.cells();
    let mut problems = Problems::default();
    for (at, (column, value)) in ruling.mended.iter().enumerate() {
        let place = bound.header.iter().position(|name| text::key(name) == text::key(column));
        match place.and_then(|place| cells.get_mut(place)) {
            Some(cell) => *cell = value,
            None => {
                let at = at.to_string();
                let problem =
                    Problem::at(["values", &at, "column"], ProblemCode::NotFound, "the file has no such column");
                problems.push(problem);
            }
        }
    }
    problems.settle()?;
    let judged = judge(run.object, &bound, &context, &cells);
    let became = verdict(&judged.problems);
    let Some(mut fact) = judged.fact else { return Err(still(&judged.problems)) };
    if let Fact::Deal(deal) = &mut fact {
        let found = import_bulk::deal::of_external_ids(&work.tx, work.slice, &[&deal.external_id]).await?;
        if let Some(on_record) = found.first() {
            decision::in_time(run, on_record).map_err(not_open)?;
            if ruling.decision == Decision::Keep {
                decision::keep(deal, on_record);
            }
        }
    }
    let staged = Staged {
        row_number: row.row_number,
        external_id: fact.external_id().to_owned(),
        verdict: became,
        payload: String::new(),
        raw: row.raw.clone(),
    };
    let mut apply = Apply::new(&work.tx, work.slice, &caller.office.clock, &program, &bound, work.now, run);
    apply.one(run.object, staged, fact).await?;
    if let Some(held) = apply.listed.iter().find(|row| !row.verdict.is_taken()) {
        return Err(still(&held.problems));
    }
    let became = if apply.listed.is_empty() { became } else { Verdict::Warned };
    let (counts, made, quarters) = (apply.counts, apply.made, apply.quarters);
    if let Some((_, why)) = attribution::lock_moved(work, &apply.to_lock).await?.pop() {
        return Err(Problem::at(["rowNumber"], ProblemCode::RuleRefused, why).by("IMPORT_ROW_STILL_HELD").into());
    }
    for quarter in quarters {
        work.touch(Some(quarter));
    }
    sla::deals_closed(work, None).await?;
    run.counts.created += counts.created;
    run.counts.changed += counts.changed;
    run.counts.unchanged += counts.unchanged;
    run.made.segments.extend(made.segments);
    run.made.partners.extend(made.partners);
    run.made.accounts += made.accounts;
    Ok(became)
}

/// The row is no better than it was: everything that is wrong with it.
fn still(problems: &[domain::import::Problem]) -> Failure {
    let one = |problem: &domain::import::Problem| {
        let place = problem.column.as_ref().map_or_else(String::new, |column| format!("{column}: "));
        let message = format!("{}: {place}{}", problem.code.word(), problem.message);
        Problem::at(["values"], ProblemCode::RuleRefused, message).by("IMPORT_ROW_STILL_HELD")
    };
    Failure::Invalid(problems.iter().filter(|problem| !problem.verdict.is_taken()).map(one).collect())
}

/// What the run kept cannot be read again here, such as a mapping that needs its lookup files.
fn unreadable(problems: &[FileProblem]) -> Failure {
    let one = |problem: &FileProblem| {
        let message = format!("the row can only be sent again: {}", problem.message);
        Problem::at(["decision"], ProblemCode::RuleRefused, message).by("IMPORT_ROW_UNREADABLE")
    };
    Failure::Invalid(problems.iter().map(one).collect())
}
