//! One import from beginning to end.

use super::apply::Apply;
use super::header::{self, Opened};
use super::read::{self, Reading};
use super::{ImportFailure, Request, context, mapping, stage};
use crate::usecase::commit::commit;
use crate::usecase::ledger::digest;
use crate::usecase::office::Event;
use crate::usecase::{Caller, Failure, attribution, sla};
use domain::import::bound::Bound;
use domain::import::context::Context;
use domain::import::field::Field;
use domain::import::mapping::Mapping;
use domain::import::run::{Counts, ImportRun, Made, RunState};
use domain::import::{FileProblem, Object};
use domain::ledger::{EntryKind, INSIDE};
use domain::program::Program;
use domain::role::Action;
use domain::slice::Slice;
use domain::text;
use entity::{import_bulk, import_run, import_staged};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// Told after every batch and at the end.
pub type Progress<'a> = &'a (dyn Fn(&ImportRun) + Send + Sync);

/// The kind of event that tells how far an import is; its body is the run's state and counts.
pub const PROGRESS_EVENT: &str = "IMPORT_PROGRESS";

/// Imports a file: judged row by row, set aside, then written in one transaction with its cells and one record of change.
///
/// # Errors
/// [`ImportFailure`]; no fact has changed then.
pub async fn import(caller: &Caller, request: Request, progress: Progress<'_>) -> Result<ImportRun, ImportFailure> {
    let slice = caller.authorise(Action::Import)?.clone();
    let caller = &Caller::new(caller.office.unhurried(), caller.viewer.clone());
    let store = &caller.office.store;
    let program = entity::program::find(store.read(), slice.program_id())
        .await
        .map_err(Failure::from)?
        .ok_or(Failure::NotFound)?;
    let mapping = mapping::parse(&request.mapping, request.object).map_err(ImportFailure::File)?;
    let (sha256, bytes) = hashed(&request.path).await?;
    let mut run = begin(caller, &slice, &request, sha256, bytes).await?;
    tell(caller, &run, progress);
    let result = go(caller, &slice, &program, &request, &mapping, &mut run, progress).await;
    match result {
        Ok(()) => {
            tell(caller, &run, progress);
            Ok(run)
        }
        Err(why) => {
            fail(caller, &slice, &mut run, &why).await;
            tell(caller, &run, progress);
            Err(why)
        }
    }
}

async fn go(
    caller: &Caller,
    slice: &Slice,
    program: &Program,
    request: &Request,
    mapping: &Arc<Mapping>,
    run: &mut ImportRun,
    progress: Progress<'_>,
) -> Result<(), ImportFailure> {
    let store = &caller.office.store;
    let lookups = mapping::lookups(mapping, request.mapping_folder.as_deref()).map_err(ImportFailure::File)?;
    let context = Arc::new(context::load(store.read(), slice, program, caller.office.clock.now()).await?);
    let file = File::open(&request.path).map_err(|why| unreadable(&why))?;
    let opened = header::open(file, mapping, &lookups, program.calendar.zone).map_err(ImportFailure::File)?;
    agree(&opened.bound, &context).map_err(ImportFailure::File)?;
    run.header.clone_from(&opened.raw);
    run.preamble = opened.records.preamble().to_owned();
    run.delimiter = char::from(opened.records.delimiter());
    let bound = Arc::clone(&opened.bound);
    if run.state != RunState::Applying {
        staged(caller, slice, run, opened, context, progress).await?;
    }
    run.state = RunState::Applying;
    keep(caller, slice, run).await?;
    tell(caller, run, progress);
    applied(caller, slice, program, &bound, run).await
}

/// The stages of the mapping may not contradict those of the program.
fn agree(bound: &Bound, context: &Context) -> Result<(), Vec<FileProblem>> {
    let problems: Vec<FileProblem> = bound
        .mapping
        .stages
        .iter()
        .filter(|(name, word)| context.stages.get(&text::key(name)).is_some_and(|known| known.outcome != word.0))
        .map(|(name, _)| {
            FileProblem::new(
                "STAGE_CONTRADICTS",
                format!("stages.\"{name}\": the program has this stage with another outcome; change one of the two"),
            )
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// At 1, 8, 64, 512 pieces and every 512 from there: as often as what a database knows of a growing table is far from true.
pub(super) const fn grows(pieces: u32) -> bool {
    matches!(pieces, 1 | 8 | 64) || pieces.is_multiple_of(512)
}

/// A new run, or the unfinished one of the same file, object and mapping.
async fn begin(
    caller: &Caller,
    slice: &Slice,
    request: &Request,
    sha256: String,
    bytes: u64,
) -> Result<ImportRun, ImportFailure> {
    let (store, clock) = (&caller.office.store, &caller.office.clock);
    let now = clock.now();
    if !request.is_dry_run {
        let found = import_run::unfinished(store.read(), slice, request.object, &sha256, &request.mapping)
            .await
            .map_err(Failure::from)?;
        // One that still gives word is at work somewhere: only who asks for it takes it over.
        if let Some(mut run) = found.filter(|run| request.resume || run.state_at(now) == RunState::Resumable) {
            run.worker_id = clock.id();
            run.failure = None;
            if run.state == RunState::Resumable {
                run.state = RunState::Staging;
            }
            run.updated_at = now;
            import_run::claim(store.write(), slice, run.id, run.worker_id, now).await.map_err(Failure::from)?;
            return Ok(run);
        }
    }
    let run = ImportRun {
        id: request.run_id.unwrap_or_else(|| clock.id()),
        object: request.object,
        file_name: request.file_name.clone(),
        file_sha256: sha256,
        file_bytes: bytes,
        mapping: request.mapping.clone(),
        is_dry_run: request.is_dry_run,
        state: RunState::Staging,
        failure: None,
        worker_id: clock.id(),
        seat_id: caller.viewer.seat_id,
        spool_path: request.is_spooled.then(|| request.path.display().to_string()),
        header: String::new(),
        preamble: String::new(),
        delimiter: ',',
        bytes_read: 0,
        counts: Counts::default(),
        made: Made::default(),
        started_at: now,
        updated_at: now,
        finished_at: None,
    };
    import_run::insert(store.write(), slice, &run).await.map_err(Failure::from)?;
    Ok(run)
}

async fn staged(
    caller: &Caller,
    slice: &Slice,
    run: &mut ImportRun,
    opened: Opened<File>,
    context: Arc<Context>,
    progress: Progress<'_>,
) -> Result<(), ImportFailure> {
    let mapping = Arc::clone(&opened.bound.mapping);
    let keeps_raw = match run.object {
        Object::Deals => {
            let may_miss = opened.bound.has(Field::Account) && !mapping.create_missing.accounts;
            may_miss
                || opened.bound.has_refs()
                || import_bulk::deal::any(caller.office.store.read(), slice).await.map_err(Failure::from)?
        }
        Object::Activities => true,
        Object::Accounts | Object::Partners => opened.bound.has_refs(),
        Object::Spend => false,
    };
    // The header is record 1, so the last row of an earlier attempt is one further than its count.
    let skip_to = run.counts.rows_read + 1;
    let reading = Reading { opened, object: run.object, context, skip_to, keeps_raw };
    let (to, mut from) = tokio::sync::mpsc::channel(2);
    let reader = tokio::task::spawn_blocking(move || read::read(reading, &to));
    let mut batches = 0_u32;
    while let Some(batch) = from.recv().await {
        let batch = batch.map_err(|why| ImportFailure::File(vec![why]))?;
        stage::batch(caller, slice, run, batch, mapping.repeated).await?;
        batches += 1;
        if grows(batches) {
            import_staged::analyze(caller.office.store.write()).await.map_err(Failure::from)?;
        }
        tell(caller, run, progress);
    }
    drop(from);
    reader.await.map_err(|why| {
        ImportFailure::File(vec![FileProblem::new("READER_STOPPED", format!("reading stopped: {why}"))])
    })?;
    run.bytes_read = run.file_bytes;
    Ok(())
}

async fn applied(
    caller: &Caller,
    slice: &Slice,
    program: &Program,
    bound: &Bound,
    run: &mut ImportRun,
) -> Result<(), ImportFailure> {
    let clock = &caller.office.clock;
    if run.is_dry_run {
        let tx = caller.office.store.begin().await.map_err(Failure::from)?;
        let mut apply = Apply::new(&tx, slice, clock, program, bound, clock.now(), run);
        apply.all(&caller.office.store, run, false).await?;
        let (counts, made, listed) = (apply.counts, apply.made, apply.listed);
        tx.rollback().await.map_err(Failure::from)?;
        (run.counts, run.made) = (counts, made);
        let tx = caller.office.store.begin().await.map_err(Failure::from)?;
        entity::import_row::upsert(&tx, slice, run.id, &listed).await.map_err(Failure::from)?;
        finish(&tx, slice, run, clock.now()).await?;
        tx.commit().await.map_err(Failure::from)?;
        return Ok(());
    }
    // What is declared of a deal is locked where the file takes it past Stage 1. Where that is refused, the file is applied anew with
    // those rows held: nothing of a row is written without the rest of it.
    let mut unlockable = HashMap::new();
    loop {
        let known = unlockable.len();
        let written = write(caller, program, bound, run, &mut unlockable).await;
        if written.is_ok() || unlockable.len() == known {
            *run = written?;
            return Ok(());
        }
    }
}

/// Writes the rows that a run has set aside.
///
/// # Errors
/// Nothing is written then. Where deals could not be locked, they have been added to those that cannot.
async fn write(
    caller: &Caller,
    program: &Program,
    bound: &Bound,
    run: &ImportRun,
    unlockable: &mut HashMap<Uuid, String>,
) -> Result<ImportRun, ImportFailure> {
    let clock = &caller.office.clock;
    let mut done = run.clone();
    commit(caller, Action::Import, None, async |work| {
        let mut apply = Apply::new(&work.tx, work.slice, clock, program, bound, work.now, &done);
        apply.unlockable.clone_from(unlockable);
        apply.all(&caller.office.store, &done, true).await?;
        let (counts, made, quarters) = (apply.counts, apply.made, apply.quarters);
        let refused = attribution::lock_moved(work, &apply.to_lock).await?;
        if !refused.is_empty() {
            unlockable.extend(refused);
            return Err(Failure::Stale);
        }
        for quarter in quarters {
            work.touch(Some(quarter));
        }
        let has_changed = counts.created + counts.changed + made.accounts > 0 || !made.segments.is_empty() || !made.partners.is_empty();
        (done.counts, done.made) = (counts, made);
        if has_changed {
            if done.object == Object::Deals {
                sla::deals_closed(work, None).await?;
            }
            let object: &str = done.object.into();
            let body = json!({ "object": object, "file": done.file_name, "sha256": done.file_sha256, "counts": done.counts, "made": done.made });
            work.record("import.apply", "ImportRun", done.id, body);
            let mut body = json!({ "object": object, "fileSha256": done.file_sha256, "fileBytes": done.file_bytes, "counts": done.counts });
            body[INSIDE] = json!({ "fileName": done.file_name, "made": done.made, "locked": digest::of_import(work).await? });
            work.enter(EntryKind::Import, "ImportRun", done.id, &[], body);
        }
        finish(&work.tx, work.slice, &mut done, work.now).await?;
        Ok(done.id)
    })
    .await?;
    Ok(done)
}

/// The end of a run, in the transaction of its facts.
async fn finish(
    tx: &entity::Tx,
    slice: &Slice,
    run: &mut ImportRun,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Failure> {
    run.state = RunState::Done;
    run.updated_at = now;
    run.finished_at = Some(now);
    import_staged::purge(tx, slice, run.id).await?;
    if import_run::update(tx, slice, run).await? { Ok(()) } else { Err(Failure::Stale) }
}

async fn keep(caller: &Caller, slice: &Slice, run: &mut ImportRun) -> Result<(), ImportFailure> {
    run.updated_at = caller.office.clock.now();
    let is_mine = import_run::update(caller.office.store.write(), slice, run).await.map_err(Failure::from)?;
    if is_mine { Ok(()) } else { Err(ImportFailure::TakenOver) }
}

/// A file that is refused has failed for good; anything else can be resumed.
async fn fail(caller: &Caller, slice: &Slice, run: &mut ImportRun, why: &ImportFailure) {
    let is_final = matches!(why, ImportFailure::File(_)) || run.is_dry_run;
    run.failure = Some(why.to_string());
    run.state = if is_final { RunState::Failed } else { RunState::Resumable };
    run.updated_at = caller.office.clock.now();
    run.finished_at = is_final.then_some(run.updated_at);
    let store = &caller.office.store;
    // What cannot be noted now is seen from the run's silence.
    if import_run::update(store.write(), slice, run).await.is_ok_and(|is_mine| is_mine) && is_final {
        let _ = import_staged::purge(store.write(), slice, run.id).await;
    }
}

fn tell(caller: &Caller, run: &ImportRun, progress: Progress<'_>) {
    progress(run);
    let state: &str = run.state.into();
    let body =
        json!({ "state": state, "counts": run.counts, "bytesRead": run.bytes_read, "fileBytes": run.file_bytes });
    let Some(slice) = caller.viewer.slice() else { return };
    let event = Event {
        id: caller.office.clock.id(),
        program_id: slice.program_id(),
        kind: PROGRESS_EVENT,
        subject_id: run.id,
        body,
    };
    // Nobody listening is fine.
    let _ = caller.office.events.send(Arc::new(event));
}

fn unreadable(why: &std::io::Error) -> ImportFailure {
    ImportFailure::File(vec![FileProblem::new("UNREADABLE", format!("the file cannot be read: {why}"))])
}

/// The file's SHA-256 and size.
async fn hashed(path: &Path) -> Result<(String, u64), ImportFailure> {
    let path = path.to_owned();
    let hashing = tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 256 * 1024]);
        loop {
            let got = file.read(&mut buffer)?;
            if got == 0 {
                return Ok((format!("{:x}", hash.finalize()), size));
            }
            hash.update(&buffer[..got]);
            size += got as u64;
        }
    });
    hashing
        .await
        .map_err(|why| unreadable(&std::io::Error::other(why)))?
        .map_err(|why: std::io::Error| unreadable(&why))
}
