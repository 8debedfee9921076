//! Following an import, and going on with uploads that were interrupted.

use super::{PROGRESS_EVENT, Request, import};
use crate::usecase::{Caller, Failure, Office};
use domain::import::run::{ImportRun, RunState};
use domain::role::Action;
use entity::import_run;
use futures_util::Stream;
use std::path::PathBuf;
use std::time::Duration;
use uuid::Uuid;

/// How often a run is looked at that another process works on.
const LOOK: Duration = Duration::from_secs(1);

/// The run now, whenever it gets on, and at its end; nothing where there is no such run.
///
/// # Errors
/// [`Failure::Denied`].
pub fn follow(caller: &Caller, run_id: Uuid) -> Result<impl Stream<Item = ImportRun> + use<>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?.clone();
    let office = caller.office.clone();
    let start = (office.events.subscribe(), office, slice, None::<ImportRun>);
    Ok(futures_util::stream::unfold(start, move |(mut events, office, slice, last)| async move {
        if last.as_ref().is_some_and(|run| !run.is_open()) {
            return None;
        }
        loop {
            // A failed look ends the stream: the client asks again.
            let run = import_run::find(office.store.read(), &slice, run_id).await.ok()??;
            if last.as_ref().is_none_or(|last| *last != run) {
                return Some((run.clone(), (events, office, slice, Some(run))));
            }
            let told = async {
                loop {
                    match events.recv().await {
                        Ok(event) if event.kind != PROGRESS_EVENT || event.subject_id != run_id => {}
                        Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
                        Err(tokio::sync::broadcast::error::RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            // Whoever works on it may be another process, whose word does not come here.
            let _ = tokio::time::timeout(LOOK, told).await;
        }
    }))
}

/// Goes on with every upload that was interrupted and whose file lies here. Returns how many there were.
///
/// # Errors
/// A storage failure while looking for them; one that cannot go on keeps its own record of why.
pub async fn go_on(office: &Office) -> Result<usize, Failure> {
    let now = office.clock.now();
    let runs = import_run::spooled(office.store.read()).await?;
    let mut count = 0;
    for (program_id, run) in runs.into_iter().filter(|(_, run)| run.state_at(now) == RunState::Resumable) {
        let Some(path) = run.spool_path.map(PathBuf::from).filter(|path| path.is_file()) else { continue };
        let caller = Caller::system(office.clone(), program_id);
        let request = Request {
            object: run.object,
            file_name: run.file_name,
            path: path.clone(),
            mapping: run.mapping,
            mapping_folder: None,
            is_dry_run: run.is_dry_run,
            resume: true,
            is_spooled: true,
            run_id: None,
        };
        count += 1;
        match import(&caller, request, &|_| {}).await {
            Ok(run) if !run.is_open() => discard(&path).await,
            Err(super::ImportFailure::File(_)) => discard(&path).await,
            _ => {}
        }
    }
    Ok(count)
}

/// Removes an upload whose run is over.
pub async fn discard(path: &std::path::Path) {
    if let Err(why) = tokio::fs::remove_file(path).await {
        tracing::warn!(error = %why, "an imported upload could not be removed");
    }
}
