//! Exporting a program's whole log, to be verified anywhere.

use super::key::kept;
use super::verify::STEP;
use crate::usecase::{Caller, Failure, Office};
use domain::ledger::export::{EntryLine, FORMAT, Line};
use domain::ledger::tree::leaf_position;
use domain::program::Program;
use domain::role::Action;
use entity::{ledger_checkpoint, ledger_entry, ledger_log, ledger_node};

/// Hands over the lines of a program's log in one snapshot; memory does not grow with it. The lines hold every secret of the log.
///
/// # Errors
/// [`Failure`], or what `each` says.
pub async fn export<E: From<Failure>>(
    office: &Office,
    program: &Program,
    mut each: impl FnMut(&Line) -> Result<(), E>,
) -> Result<(), E> {
    let caller = Caller::system(office.clone(), program.id);
    caller.authorise(Action::ReadLedger)?;
    let keys = kept(office).await?;
    let tx = office.store.snapshot().await.map_err(Failure::from)?;
    each(&Line::Log { format: FORMAT.into(), program: program.id, slug: program.slug.clone(), keys })?;
    let size = ledger_log::size(&tx, program.id).await.map_err(Failure::from)?;
    let (mut from, mut entries, mut checkpoints) = (0, 0, 0);
    while from < size {
        let to = size.min(from + STEP);
        let rows = ledger_entry::sealed(&tx, program.id, from, to).await.map_err(Failure::from)?;
        let places: Vec<u64> = (from..to).map(leaf_position).collect();
        let leaves = ledger_node::at(&tx, program.id, &places).await.map_err(Failure::from)?;
        let signed = ledger_checkpoint::beyond(&tx, program.id, from, to - from).await.map_err(Failure::from)?;
        let mut signed = signed.into_iter().filter(|kept| kept.size <= to).peekable();
        for entry in rows {
            let place = entry.sequence.unwrap_or_default();
            each(&Line::Entry(Box::new(EntryLine::new(&entry, leaves.get(&leaf_position(place)).copied()))))?;
            entries += 1;
            while let Some(kept) = signed.next_if(|kept| kept.size <= place + 1) {
                each(&Line::Checkpoint { size: kept.size, note: kept.note })?;
                checkpoints += 1;
            }
        }
        from = to;
    }
    tx.rollback().await.map_err(Failure::from)?;
    each(&Line::End { entries, checkpoints })
}
