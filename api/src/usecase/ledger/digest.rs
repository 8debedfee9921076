//! One entry for many locks: a digest over the lines of the deals that an import locked, or that stood before the ledger.

use crate::usecase::commit::{Work, commit};
use crate::usecase::{Caller, Failure, Office};
use chrono::{DateTime, Utc};
use domain::attribution::Provenance;
use domain::ledger::{DealFact, Entry, EntryKind, INSIDE, instant};
use domain::role::Action;
use domain::slice::Slice;
use entity::ledger_fact::{self, Locked};
use entity::{Tx, ledger_entry, ledger_log};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The member of [`INSIDE`] that states it.
const LOCKED: &str = "locked";

/// What a group of locks came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest {
    /// The instant of the locks, or up to which they are meant.
    pub(super) at: DateTime<Utc>,
    /// How many deals.
    pub(super) deals: u64,
    /// Of the deals' lines, by id.
    pub(super) sha256: String,
}

impl Digest {
    /// As an entry states it; none for an entry that locked nothing.
    pub(super) fn stated(entry: &Entry) -> Option<Self> {
        let body: Value = serde_json::from_str(&entry.body).ok()?;
        serde_json::from_value(body[INSIDE][LOCKED].clone()).ok().filter(|stated: &Self| stated.deals > 0)
    }

    fn said(&self) -> Value {
        json!({ "at": instant(self.at), "deals": self.deals, "sha256": self.sha256 })
    }
}

/// The digest as the rows give it now. A deal that has entries of its own counts with the first fact that they state under this
/// lock, which is how it was locked: what came of it later is held against the later entries. One whose lock is itself an entry
/// belongs to no group, and neither does one of the imports at `apart`.
pub(super) async fn digest(tx: &Tx, slice: &Slice, which: Locked, apart: &HashSet<String>) -> Result<Digest, Failure> {
    let mut own: HashMap<Uuid, (DealFact, bool)> = HashMap::new();
    for entry in ledger_entry::about_locked(tx, slice.program_id(), which).await? {
        let Some(fact) = entry.fact().filter(|fact| fact.locked_at.is_some()) else { continue };
        let is_the_lock =
            fact.locked_at == Some(instant(entry.recorded_at)) && entry.kind == EntryKind::AttributionLocked;
        let first = own.entry(entry.subject_id).or_insert_with(|| (fact.clone(), is_the_lock));
        if fact.version < first.0.version {
            *first = (fact, is_the_lock);
        }
    }
    let (mut hash, mut deals) = (Sha256::new(), 0);
    ledger_fact::locked(tx, slice, which, |id, fact| {
        let is_imported = fact.provenance == Provenance::Imported;
        let is_apart = is_imported && fact.locked_at.as_ref().is_some_and(|at| apart.contains(at));
        let (fact, is_the_lock) = own.get(&id).map_or((fact, false), |(fact, is_the_lock)| (fact, *is_the_lock));
        if !is_apart && !is_the_lock {
            hash.update(fact.line(id));
            deals += 1;
        }
    })
    .await?;
    let (Locked::ImportedAt(at) | Locked::Until(at)) = which;
    Ok(Digest { at, deals, sha256: format!("{:x}", hash.finalize()) })
}

/// What this transaction locked as imported, for the inside of its entry.
///
/// # Errors
/// [`Failure::Storage`].
pub(in crate::usecase) async fn of_import(work: &Work<'_>) -> Result<Value, Failure> {
    Ok(digest(&work.tx, work.slice, Locked::ImportedAt(work.now), &HashSet::new()).await?.said())
}

/// Writes the opening entry of every program whose locks are older than its ledger; where that is done, nothing happens.
///
/// # Errors
/// [`Failure`].
pub async fn open_all(office: &Office) -> Result<(), Failure> {
    // A program's whole history is read: longer than a statement of a request may take.
    let office = &office.unhurried();
    for program_id in ledger_log::unopened(office.store.read()).await? {
        let caller = Caller::system(office.clone(), program_id);
        commit(&caller, Action::ManageProgram, None, async |work| {
            let whole = work.whole()?;
            let locked = digest(&work.tx, &whole, Locked::Until(work.now), &HashSet::new()).await?;
            let mut body = json!({});
            body[INSIDE] = json!({ LOCKED: locked.said() });
            work.enter(EntryKind::Opening, "Program", program_id, &[], body);
            Ok(program_id)
        })
        .await?;
    }
    Ok(())
}
