//! The writing half of staging: batches go into the database with the counts they lead to, so that a crash loses nothing.

use super::ImportFailure;
use super::read::{Batch, Item};
use crate::usecase::{Caller, Failure};
use domain::import::mapping::Repeated;
use domain::import::run::{ImportRow, ImportRun};
use domain::import::{Code, Problem, Verdict, verdict};
use domain::slice::Slice;
use entity::import_staged::{self, Staged};
use entity::{import_row, import_run};
use std::collections::HashMap;

/// Sets a batch aside. Of repeated ids one row stays, as the mapping says.
pub(super) async fn batch(
    caller: &Caller,
    slice: &Slice,
    run: &mut ImportRun,
    batch: Batch,
    repeated: Repeated,
) -> Result<(), ImportFailure> {
    let ids: Vec<&str> = batch.items.iter().filter_map(|item| Some(item.staged.as_ref()?.0.as_str())).collect();
    let known = import_staged::known(caller.office.store.read(), slice, run.id, &ids).await.map_err(Failure::from)?;
    let mut seen: HashMap<String, u64> = known.into_iter().collect();
    let mut forgotten = Vec::new();
    let mut staged: Vec<Option<Staged>> = Vec::with_capacity(batch.items.len());
    let mut at_row: HashMap<u64, usize> = HashMap::new();
    let mut rows = Vec::new();
    for mut item in batch.items {
        if let Some(earlier) = item.staged.as_ref().and_then(|(id, _)| seen.get(id).copied()) {
            repeat(&mut item, earlier, repeated);
            if item.staged.is_some() {
                run.counts.superseded += 1;
                match at_row.get(&earlier) {
                    Some(at) => staged[*at] = None,
                    None => forgotten.push(earlier),
                }
            }
        }
        run.counts.rows_read += 1;
        run.counts.add(item.verdict);
        let is_blank = item.problems.iter().all(|problem| problem.code == Code::BlankRow);
        if item.verdict != Verdict::Accepted && !is_blank {
            rows.push(ImportRow {
                row_number: item.number,
                verdict: item.verdict,
                problems: item.problems,
                raw: item.raw.clone(),
                decided: None,
            });
        }
        if let Some((external_id, payload)) = item.staged {
            seen.insert(external_id.clone(), item.number);
            at_row.insert(item.number, staged.len());
            staged.push(Some(Staged {
                row_number: item.number,
                external_id,
                verdict: item.verdict,
                payload,
                raw: item.raw,
            }));
        }
    }
    run.bytes_read = batch.bytes_read;
    run.updated_at = caller.office.clock.now();
    let tx = caller.office.store.begin().await.map_err(Failure::from)?;
    let written = async {
        import_staged::forget(&tx, slice, run.id, &forgotten).await?;
        import_staged::insert(&tx, slice, run.id, staged.into_iter().flatten().collect()).await?;
        import_row::upsert(&tx, slice, run.id, &rows).await?;
        import_run::update(&tx, slice, run).await
    };
    if !written.await.map_err(Failure::from)? {
        return Err(ImportFailure::TakenOver);
    }
    tx.commit().await.map_err(Failure::from)?;
    Ok(())
}

fn repeat(item: &mut Item, earlier: u64, repeated: Repeated) {
    let said = match repeated {
        Repeated::Last => "this later row wins (repeated = \"last\")",
        Repeated::First => "the first one wins, this row is left out (repeated = \"first\")",
        Repeated::Refuse => "remove one of the two rows (repeated = \"refuse\")",
    };
    let mut problem = Problem::new(Code::RepeatedId, format!("the id stood on row {earlier} already; {said}"));
    match repeated {
        Repeated::Last => {}
        Repeated::First => {
            problem.verdict = Verdict::Skipped;
            item.staged = None;
        }
        Repeated::Refuse => {
            problem.verdict = Verdict::Refused;
            item.staged = None;
        }
    }
    item.problems.push(problem);
    item.verdict = verdict(&item.problems);
}
