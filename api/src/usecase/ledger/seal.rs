//! Sealing: entries that are committed get their places in the log, and the log a signed checkpoint.

use super::key::LedgerKey;
use crate::usecase::{Failure, Office};
use domain::ledger::checkpoint::Checkpoint;
use domain::ledger::record::Record;
use domain::ledger::tree::{Edge, TreeFault};
use entity::{DbErr, Tx, ledger_checkpoint, ledger_entry, ledger_key, ledger_log, ledger_node};
use uuid::Uuid;

/// So many entries are sealed in one transaction.
const BATCH: u32 = 1000;

/// A broken tree is the storage's fault.
pub(super) fn broken(why: TreeFault) -> Failure {
    Failure::Storage(DbErr::Custom(why.to_string()))
}

/// Seals what waits, of every program. Any number of processes may do it at once: each entry gets one place, and a process that
/// is killed leaves its entries waiting.
///
/// # Errors
/// [`Failure::Storage`]; programs that came before are sealed.
pub async fn seal_all(office: &Office) -> Result<(), Failure> {
    for program_id in ledger_log::waiting(office.store.read()).await? {
        seal(office, program_id).await?;
    }
    Ok(())
}

/// Seals what waits, of one program, and returns the length of its log.
///
/// # Errors
/// [`Failure::Storage`].
pub async fn seal(office: &Office, program_id: Uuid) -> Result<u64, Failure> {
    loop {
        let tx = office.store.begin().await?;
        let size = ledger_log::lock(&tx, program_id).await?;
        let entries = ledger_entry::place(&tx, program_id, size, BATCH).await?;
        let mut edge = edge(&tx, program_id, size).await?;
        let mut nodes = Vec::with_capacity(entries.len() * 2);
        for entry in &entries {
            nodes.extend(edge.push(Record::of(entry).hash()).map_err(broken)?);
        }
        ledger_node::insert(&tx, program_id, &nodes).await?;
        if !entries.is_empty() {
            ledger_log::grow(&tx, program_id, edge.size()).await?;
        }
        if let Some(key) = &office.ledger {
            sign(office, &tx, program_id, &edge, key).await?;
        }
        tx.commit().await?;
        if entries.len() < BATCH as usize {
            return Ok(edge.size());
        }
    }
}

/// The right edge of the log.
async fn edge(tx: &Tx, program_id: Uuid, size: u64) -> Result<Edge, Failure> {
    Ok(Edge::new(size, ledger_node::at(tx, program_id, &Edge::positions(size)).await?))
}

/// Signs the log as it is, unless that was done.
async fn sign(office: &Office, tx: &Tx, program_id: Uuid, edge: &Edge, key: &LedgerKey) -> Result<(), Failure> {
    let size = edge.size();
    if size == 0 || ledger_checkpoint::find(tx, program_id, Some(size)).await?.is_some() {
        return Ok(());
    }
    let at = office.clock.now();
    let checkpoint = Checkpoint { program_id, size, root: edge.root().map_err(broken)?, at };
    let kept = ledger_checkpoint::Kept {
        id: office.clock.id(),
        size,
        root: checkpoint.root.0.to_vec(),
        note: key.sign(&checkpoint),
        kid: key.kid().to_owned(),
        recorded_at: at,
    };
    ledger_key::keep(tx, key.kid(), &key.public_pem(), at).await?;
    Ok(ledger_checkpoint::insert(tx, program_id, &kept).await?)
}
