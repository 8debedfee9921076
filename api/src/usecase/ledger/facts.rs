//! The facts against what the ledger says of them: the part of `partnerloop check` that finds an edit behind the server's back.

use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::ledger::audit::name;
use domain::ledger::{DealFact, Entry, EntryKind, instant};
use domain::slice::Slice;
use entity::ledger_fact::{self, Locked};
use entity::{Tx, ledger_entry};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

use super::digest::{Digest, digest};

/// So many deals are compared at a time.
const STEP: u64 = 500;

/// Compares every fact that the ledger states with the rows, and notes each difference with the entry's name. Returns how many
/// deals were compared one by one.
pub(in crate::usecase) async fn compare(tx: &Tx, slice: &Slice, mut note: impl FnMut(String)) -> Result<u64, Failure> {
    let (mut after, mut compared) = (Uuid::nil(), 0);
    loop {
        let entries = ledger_entry::about(tx, slice.program_id(), "Deal", after, STEP).await?;
        let Some(last) = entries.last() else { break };
        after = last.subject_id;
        let mut latest: BTreeMap<Uuid, (Entry, DealFact)> = BTreeMap::new();
        for entry in entries {
            let Some(fact) = entry.fact() else { continue };
            if latest.get(&entry.subject_id).is_none_or(|(_, before)| before.version <= fact.version) {
                latest.insert(entry.subject_id, (entry, fact));
            }
        }
        let deals: Vec<Uuid> = latest.keys().copied().collect();
        let now: HashMap<Uuid, DealFact> = ledger_fact::of_deals(tx, slice, &deals).await?.into_iter().collect();
        for (deal, (entry, fact)) in latest {
            compared += 1;
            match now.get(&deal) {
                // Before the lock a declaration can be replaced, and an import may replace it without an entry of its own.
                _ if fact.locked_at.is_none() => {}
                None => note(format!("deal {deal} is gone, but {} states it", name(&entry))),
                Some(now) if now.agrees(&fact) => {}
                Some(now) => note(format!(
                    "the attribution of deal {deal} is not what {} states: on record {}, stated {}",
                    name(&entry),
                    json!(now),
                    json!(fact)
                )),
            }
        }
    }
    let opened = digests(tx, slice, &mut note).await?;
    super::decisions::shares(tx, slice, &mut note).await?;
    compared += super::decisions::disputes(tx, slice, opened, &mut note).await?;
    Ok(compared + super::rows::compare(tx, slice, opened, &mut note).await?)
}

/// Groups of locks that one entry states by a digest. Returns up to when the ledger's opening states what was there.
async fn digests(tx: &Tx, slice: &Slice, note: &mut impl FnMut(String)) -> Result<Option<DateTime<Utc>>, Failure> {
    let program_id = slice.program_id();
    let mut imports: BTreeMap<DateTime<Utc>, (Entry, Digest)> = BTreeMap::new();
    for entry in ledger_entry::of_kind(tx, program_id, EntryKind::Import).await? {
        let Some(stated) = Digest::stated(&entry) else { continue };
        // Of two imports within one microsecond, the later one's digest is over both.
        if imports.get(&stated.at).is_none_or(|(_, before)| before.deals <= stated.deals) {
            imports.insert(stated.at, (entry, stated));
        }
    }
    let instants: HashSet<String> = imports.keys().copied().map(instant).collect();
    for (at, stated) in imports {
        differ(&stated, &digest(tx, slice, Locked::ImportedAt(at), &HashSet::new()).await?, note);
    }
    let mut opened = None;
    for entry in ledger_entry::of_kind(tx, program_id, EntryKind::Opening).await? {
        let Some(stated) = Digest::stated(&entry) else { continue };
        let at = stated.at;
        differ(&(entry, stated), &digest(tx, slice, Locked::Until(at), &instants).await?, note);
        opened = opened.max(Some(at));
    }
    ledger_fact::unstated(tx, slice, |deal, locked_at, is_imported| {
        let is_stated = (is_imported && instants.contains(&instant(locked_at))) || opened >= Some(locked_at);
        if !is_stated {
            note(format!("deal {deal} is locked, but no entry of the ledger states it"));
        }
    })
    .await?;
    Ok(opened)
}

fn differ((entry, stated): &(Entry, Digest), now: &Digest, note: &mut impl FnMut(String)) {
    if stated != now {
        note(format!(
            "the attributions that {} states are not those on record: {} deals then, {} now, of another digest",
            name(entry),
            stated.deals,
            now.deals
        ));
    }
}
