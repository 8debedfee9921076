//! Reading the ledger: entries, receipts, checkpoints, and the proofs between them.

use super::seal::broken;
use crate::usecase::{Caller, Failure};
use chrono::{DateTime, Utc};
use domain::ledger::receipt::{FORMAT, Receipt};
use domain::ledger::record::{Disclosure, Record};
use domain::ledger::tree::{Claim, Nodes};
use domain::ledger::{Entry, EntryKind};
use domain::role::Action;
use domain::slice::{Reach, Slice};
pub use entity::ledger_checkpoint::{Kept, key as checkpoint_position};
pub use entity::ledger_entry::{Filter, key as position};
use entity::page::{Ask, Key, Page};
use entity::{Conn, ledger_checkpoint, ledger_entry, ledger_log, ledger_node};
use uuid::Uuid;

/// What somebody may hold of an entry.
#[derive(Clone, Debug)]
pub struct Held {
    /// The entry.
    pub id: Uuid,
    /// What it records.
    pub kind: EntryKind,
    /// The kind of row that it is about.
    pub subject_type: String,
    /// That row.
    pub subject_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// What it says to the holder: the record, and the parts behind its digests that the holder may read.
    pub says: Vec<String>,
    /// The receipt; none until the entry is sealed and signed for.
    pub receipt: Option<Receipt>,
}

impl Held {
    /// Where it stands in the list.
    #[must_use]
    pub const fn position(&self) -> Key {
        Key::Instant(self.recorded_at)
    }
}

/// A page of entries.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Entry>, Failure> {
    let slice = caller.authorise(Action::ReadLedger)?;
    Ok(ledger_entry::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// One entry.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Entry>, Failure> {
    let slice = caller.authorise(Action::ReadLedger)?;
    Ok(ledger_entry::find(caller.office.store.read(), slice, id).await?)
}

/// How many entries there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    Ok(ledger_entry::count(caller.office.store.read(), slice, filter).await?)
}

/// A page of receipts: a partner's are of the entries that name it.
///
/// # Errors
/// [`Failure`].
pub async fn receipts(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Held>, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    let conn = caller.office.store.read();
    let Page { rows, has_previous, has_next } = ledger_entry::page(conn, slice, filter, ask).await?;
    Ok(Page { rows: held(conn, slice, rows).await?, has_previous, has_next })
}

/// One receipt.
///
/// # Errors
/// [`Failure`].
pub async fn receipt(caller: &Caller, entry_id: Uuid) -> Result<Option<Held>, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    let conn = caller.office.store.read();
    let entry = ledger_entry::find(conn, slice, entry_id).await?;
    Ok(held(conn, slice, entry.into_iter().collect()).await?.pop())
}

/// Receipts of entries against the latest checkpoint: one read of the checkpoint, one of all nodes.
async fn held(conn: &impl Conn, slice: &Slice, entries: Vec<Entry>) -> Result<Vec<Held>, Failure> {
    let program_id = slice.program_id();
    let checkpoint = ledger_checkpoint::find(conn, program_id, None).await?;
    let claim = |entry: &Entry| {
        let size = checkpoint.as_ref()?.size;
        let sequence = entry.sequence.filter(|at| *at < size)?;
        Some(Claim::Inclusion { size, sequence })
    };
    let mut positions = Vec::new();
    for claim in entries.iter().filter_map(claim) {
        positions.extend(claim.positions().map_err(broken)?);
    }
    positions.sort_unstable();
    positions.dedup();
    let nodes = ledger_node::at(conn, program_id, &positions).await?;
    let each = entries.into_iter().map(|entry| {
        let record = Record::of(&entry);
        let disclosures = disclosed(&record, slice.reach());
        let says = std::iter::once(&record.text).chain(disclosures.iter().map(|part| &part.text)).cloned().collect();
        let receipt = match (claim(&entry), &checkpoint) {
            (Some(claim), Some(checkpoint)) => {
                Some(handed(claim, &nodes, record, disclosures, entry.sequence, &checkpoint.note)?)
            }
            _ => None,
        };
        let Entry { id, kind, subject_type, subject_id, recorded_at, .. } = entry;
        Ok(Held { id, kind, subject_type, subject_id, recorded_at, says, receipt })
    });
    each.collect()
}

fn handed(
    claim: Claim,
    nodes: &Nodes,
    record: Record,
    disclosures: Vec<Disclosure>,
    sequence: Option<u64>,
    checkpoint: &str,
) -> Result<Receipt, Failure> {
    Ok(Receipt {
        format: FORMAT.to_owned(),
        record: record.text,
        salt: record.salt,
        disclosures,
        sequence: sequence.unwrap_or_default(),
        proof: claim.prove(nodes).map_err(broken)?.iter().map(ToString::to_string).collect(),
        checkpoint: checkpoint.to_owned(),
    })
}

/// A partner holds its own part, the program the whole.
fn disclosed(record: &Record, reach: &Reach) -> Vec<Disclosure> {
    match reach {
        Reach::Own { partner } => {
            record.parts.iter().filter(|(of, _)| of == partner).map(|(_, part)| part.clone()).collect()
        }
        Reach::Program | Reach::ClosedDeals => vec![record.whole.clone()],
        Reach::Partners | Reach::Pods { .. } | Reach::Owned { .. } | Reach::Managed { .. } => Vec::new(),
    }
}

/// The latest checkpoint, or the one of this size.
///
/// # Errors
/// [`Failure`].
pub async fn checkpoint(caller: &Caller, size: Option<u64>) -> Result<Option<Kept>, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    Ok(ledger_checkpoint::find(caller.office.store.read(), slice.program_id(), size).await?)
}

/// A page of checkpoints.
///
/// # Errors
/// [`Failure`].
pub async fn checkpoints(caller: &Caller, ask: &Ask) -> Result<Page<Kept>, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    Ok(ledger_checkpoint::page(caller.office.store.read(), slice, ask).await?)
}

/// How many checkpoints there are.
///
/// # Errors
/// [`Failure`].
pub async fn count_checkpoints(caller: &Caller) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    Ok(ledger_checkpoint::count(caller.office.store.read(), slice).await?)
}

/// The proof that the log of one size begins with the log of a smaller one; none when it never had these sizes.
///
/// # Errors
/// [`Failure`].
pub async fn consistency(caller: &Caller, from: u64, to: u64) -> Result<Option<Vec<String>>, Failure> {
    let slice = caller.authorise(Action::ReadReceipts)?;
    let (conn, program_id) = (caller.office.store.read(), slice.program_id());
    if from == 0 || from > to || to > ledger_log::size(conn, program_id).await? {
        return Ok(None);
    }
    let claim = Claim::Consistency { from, to };
    let nodes = ledger_node::at(conn, program_id, &claim.positions().map_err(broken)?).await?;
    Ok(Some(claim.prove(&nodes).map_err(broken)?.iter().map(ToString::to_string).collect()))
}
