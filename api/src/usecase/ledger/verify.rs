//! Verifying a program's log in the database: entries, nodes, checkpoints, and to whom each entry is open.

use super::seal::broken;
use crate::usecase::{Caller, Failure, Office};
use domain::ledger::Entry;
use domain::ledger::audit::{Audit, Findings, name};
use domain::ledger::checkpoint::{Checkpoint, PublicKey};
use domain::ledger::tree::{Hash, Nodes, leaf_position};
use domain::program::Program;
use domain::role::Action;
use entity::{Tx, ledger_checkpoint, ledger_entry, ledger_log, ledger_node};
use std::collections::HashMap;
use uuid::Uuid;

/// So many entries are read at a time.
pub(super) const STEP: u64 = 1000;

/// What a verification went through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sealed entries.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Entries that wait to be sealed.
    pub waiting: u64,
    /// What is wrong.
    pub findings: Findings,
}

/// Goes through a program's log in one snapshot; memory does not grow with it. `held` are checkpoints that were kept elsewhere.
///
/// # Errors
/// [`Failure`].
pub async fn verify(
    office: &Office,
    program: &Program,
    keys: Vec<PublicKey>,
    held: Vec<Checkpoint>,
) -> Result<Verified, Failure> {
    let caller = Caller::system(office.clone(), program.id);
    caller.authorise(Action::ReadLedger)?;
    let tx = office.store.snapshot().await?;
    let size = ledger_log::size(&tx, program.id).await?;
    let mut walk = Walk { tx: &tx, program_id: program.id, audit: Audit::new(program.id, keys, held) };
    let mut from = 0;
    while from < size {
        let to = size.min(from + STEP);
        walk.step(from, to).await?;
        from = to;
    }
    walk.beyond(size).await?;
    let waiting = ledger_entry::waiting(&tx, program.id).await?;
    let Walk { audit, .. } = walk;
    let (entries, checkpoints) = (audit.size(), audit.checkpoints);
    tx.rollback().await?;
    Ok(Verified { entries, checkpoints, waiting, findings: audit.finish() })
}

struct Walk<'a> {
    tx: &'a Tx,
    program_id: Uuid,
    audit: Audit,
}

impl Walk<'_> {
    async fn step(&mut self, from: u64, to: u64) -> Result<(), Failure> {
        let rows = ledger_entry::sealed_rows(self.tx, self.program_id, from, to).await?;
        let nodes = ledger_node::between(self.tx, self.program_id, leaf_position(from), leaf_position(to)).await?;
        let checkpoints = ledger_checkpoint::beyond(self.tx, self.program_id, from, to - from).await?;
        let entries: Vec<&Entry> = rows.iter().filter_map(|(_, entry)| entry.as_ref().ok()).collect();
        self.doors(&entries).await?;
        let mut rows: HashMap<u64, Result<Entry, Uuid>> = rows.into_iter().collect();
        let mut checkpoints = checkpoints.into_iter().filter(|kept| kept.size <= to).peekable();
        for place in from..to {
            let sealed = nodes.get(&leaf_position(place)).copied();
            let new = match rows.remove(&place) {
                Some(Ok(entry)) => self.audit.entry(&entry, sealed),
                Some(Err(id)) => self.audit.missing(sealed, &format!("({id}) cannot be read: its row was changed")),
                None => self.audit.missing(sealed, "is missing: its row was deleted, or its place changed"),
            };
            self.nodes(&new.map_err(broken)?, &nodes, place);
            while let Some(kept) = checkpoints.next_if(|kept| kept.size == place + 1) {
                self.checkpoint(&kept)?;
            }
        }
        Ok(())
    }

    /// The nodes that are kept must be those that the leaves give.
    fn nodes(&mut self, new: &[(u64, Hash)], kept: &Nodes, place: u64) {
        if new.iter().any(|(at, hash)| kept.get(at) != Some(hash)) {
            self.audit
                .findings
                .note(|| format!("the tree's nodes at entry number {place} are not those of its leaves"));
        }
    }

    fn checkpoint(&mut self, kept: &ledger_checkpoint::Kept) -> Result<(), Failure> {
        self.audit.checkpoint(kept.size, &kept.note).map_err(broken)
    }

    /// Who may hold a receipt stands in the entry; the table that receipts are found by must say the same.
    async fn doors(&mut self, entries: &[&Entry]) -> Result<(), Failure> {
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        let mut open: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (entry, partner) in ledger_entry::open_to(self.tx, self.program_id, &ids).await? {
            open.entry(entry).or_default().push(partner);
        }
        for entry in entries {
            if open.remove(&entry.id).unwrap_or_default() != entry.partners {
                let finding = || format!("{} is open to other partners than it names", name(entry));
                self.audit.findings.note(finding);
            }
        }
        Ok(())
    }

    /// What claims to be behind the end of the log.
    async fn beyond(&mut self, size: u64) -> Result<(), Failure> {
        for (place, row) in ledger_entry::sealed_rows(self.tx, self.program_id, size, u64::MAX).await? {
            let name = row.map_or_else(|id| format!("entry {id}"), |entry| name(&entry));
            self.audit.findings.note(|| format!("{name} has place {place}, but the log ends at {size}"));
        }
        for kept in ledger_checkpoint::beyond(self.tx, self.program_id, size, u64::from(u32::MAX)).await? {
            let at = kept.size;
            self.audit
                .findings
                .note(|| format!("the log has {size} entries, but its own checkpoint says {at}: its end was cut off"));
        }
        Ok(())
    }
}
