//! The ledger: entries are written in the transaction of what they record, and sealed within seconds (docs/LEDGER.md).

pub(super) mod claims;
pub(super) mod decisions;
pub mod digest;
pub mod export;
mod facts;
pub mod key;
pub mod read;
pub(super) mod rows;
pub mod seal;
pub mod verify;

pub(super) use facts::compare;

use super::failure::Failure;
use crate::clock::Clock;
use chrono::{DateTime, Utc};
use domain::ledger::{DealFact, Entry, EntryKind, FACT, INSIDE, Salt, canonical};
use domain::slice::Slice;
use entity::{DbErr, Tx, ledger_entry, ledger_fact};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// An entry to be written.
#[derive(Debug)]
pub(super) struct New {
    /// What it records.
    pub(super) kind: EntryKind,
    /// The kind of row that it is about.
    pub(super) subject_type: &'static str,
    /// The row that it is about.
    pub(super) subject_id: Uuid,
    /// The partners that may hold a receipt.
    pub(super) partners: Vec<Uuid>,
    /// What is recorded.
    pub(super) body: Value,
}

/// What all entries of one transaction share.
pub(super) struct Stamp {
    /// The seat that did it.
    pub(super) seat_id: Uuid,
    /// When.
    pub(super) at: DateTime<Utc>,
}

/// Writes the entries at the end of a transaction. Each that is about a deal states the deal's whole fact as it is by then, so
/// that a later edit of its rows is found.
pub(super) async fn write(tx: &Tx, whole: &Slice, clock: &Clock, stamp: Stamp, news: Vec<New>) -> Result<(), Failure> {
    let mut deals: Vec<Uuid> = news.iter().filter(|new| new.subject_type == "Deal").map(|new| new.subject_id).collect();
    deals.sort_unstable();
    deals.dedup();
    let facts: HashMap<Uuid, DealFact> = ledger_fact::of_deals(tx, whole, &deals).await?.into_iter().collect();
    let mut entries = Vec::with_capacity(news.len());
    for New { kind, subject_type, subject_id, mut partners, body } in news {
        partners.sort_unstable();
        partners.dedup();
        let salt = salt()?;
        let mut body = stated(body, facts.get(&subject_id));
        if let Some(fact) = body.get_mut(INSIDE).and_then(|inside| inside.get_mut(FACT)) {
            rows::seal(fact, &salt);
        }
        entries.push(Entry {
            id: clock.id(),
            program_id: whole.program_id(),
            kind,
            subject_type: subject_type.to_owned(),
            subject_id,
            partners,
            body: canonical(body),
            salt,
            seat_id: stamp.seat_id,
            recorded_at: stamp.at,
            sequence: None,
        });
    }
    Ok(ledger_entry::insert(tx, &entries).await?)
}

/// A body with the fact inside.
fn stated(body: Value, fact: Option<&DealFact>) -> Value {
    let mut body = if let Value::Object(body) = body { body } else { Map::from_iter([("said".to_owned(), body)]) };
    if let Some(fact) = fact
        && let Value::Object(inside) = body.entry(INSIDE).or_insert_with(|| json!({}))
    {
        inside.insert(FACT.to_owned(), json!(fact));
    }
    Value::Object(body)
}

/// Sixteen secret bytes.
fn salt() -> Result<Salt, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| DbErr::Custom("the system gave no randomness for a ledger entry".into()))?;
    Ok(Salt(bytes))
}
