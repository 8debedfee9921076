//! The one place where facts are written: one transaction with its record of change, the program's data version, the
//! cells of the quarters it touched, its entries in the ledger, its events, and its idempotency key.

use super::failure::{Failure, Problem, ProblemCode};
use super::ledger;
use super::office::{Caller, Event};
use chrono::{DateTime, TimeDelta, Utc};
use domain::calendar::Quarter;
use domain::ledger::EntryKind;
use domain::role::Action;
use domain::slice::{Slice, Viewer};
use entity::{DbErr, Tx, change, event, idempotency, program};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// How long an idempotency key is remembered.
pub(super) const KEY_LIFE: TimeDelta = TimeDelta::hours(24);

/// An idempotency key with the hash of the input it came with.
#[derive(Clone, Debug)]
pub struct Key {
    /// The mutation's name.
    pub mutation: &'static str,
    /// The caller's key.
    pub key: String,
    /// SHA-256 of the input, so that the same key with another input is noticed.
    pub input_sha256: String,
}

/// What a mutation did: the row it concerned. The payload is resolved again in the present slice (ruling 32).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The row.
    pub id: Uuid,
    /// Whether this is the stored answer to the same key.
    pub replayed: bool,
}

/// A transaction at work.
pub struct Work<'a> {
    /// The transaction.
    pub tx: Tx,
    /// The caller's rows.
    pub slice: &'a Slice,
    /// The instant of the whole transaction.
    pub now: DateTime<Utc>,
    caller: &'a Caller,
    changes: Vec<change::New>,
    entries: Vec<ledger::New>,
    events: Vec<Event>,
    quarters: BTreeSet<i32>,
}

impl Work<'_> {
    /// A fresh id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.caller.office.clock.id()
    }

    /// The program.
    #[must_use]
    pub const fn program_id(&self) -> Uuid {
        self.slice.program_id()
    }

    /// Who does the work; nil for the server itself.
    #[must_use]
    pub fn seat_id(&self) -> Uuid {
        self.caller.viewer.seat_id
    }

    /// Every row of the program, for what a rule must know beyond the caller's slice.
    ///
    /// # Errors
    /// [`Failure::Denied`], which a program cannot cause.
    pub fn whole(&self) -> Result<Slice, Failure> {
        Viewer::system(self.program_id()).slice().ok_or(Failure::Denied)
    }

    /// Notes an entry of the ledger, written in this transaction. `partners` are those that may hold a receipt of it. Of the
    /// body, an object, each of them sees the top level, and of the array `partners` the items with its own `partnerId`; the
    /// object `inside` is the program's alone. Where the subject is a deal, the deal's attribution as it stands at the end of
    /// the transaction is added inside, and `partnerloop check` holds the rows against it from then on: so every change of a
    /// locked attribution needs an entry, with the subject type `Deal`.
    pub fn enter(
        &mut self,
        kind: EntryKind,
        subject_type: &'static str,
        subject_id: Uuid,
        partners: &[Uuid],
        body: Value,
    ) {
        self.entries.push(ledger::New { kind, subject_type, subject_id, partners: partners.to_vec(), body });
    }

    /// Notes a change of a fact. A transaction that notes none writes no record and keeps the data version.
    pub fn record(&mut self, verb: &'static str, subject_type: &'static str, subject_id: Uuid, body: Value) {
        let id = self.id();
        let seat_id = self.seat_id();
        self.changes.push(change::New { id, seat_id, verb, subject_type, subject_id, body, recorded_at: self.now });
    }

    /// Notes that the cells of a quarter must be computed again.
    pub fn touch(&mut self, quarter: Option<Quarter>) {
        self.quarters.extend(quarter.map(Quarter::index));
    }

    /// Notes an event for subscribers.
    pub fn announce(&mut self, kind: &'static str, subject_id: Uuid, body: Value) {
        let event = Event { id: self.id(), program_id: self.program_id(), kind, subject_id, body };
        self.events.push(event);
    }

    /// Refuses when the row's version is not the one the caller read.
    ///
    /// # Errors
    /// [`Failure::Stale`].
    pub fn expect_version(&self, present: i64, expected: Option<i64>) -> Result<(), Failure> {
        match expected {
            Some(expected) if expected != present => Err(Failure::Stale),
            _ => Ok(()),
        }
    }

    async fn finish(mut self, key: Option<&Key>, id: Uuid) -> Result<(), Failure> {
        let program_id = self.program_id();
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            let stamp = ledger::Stamp { seat_id: self.caller.viewer.seat_id, at: self.now };
            ledger::write(&self.tx, &self.whole()?, &self.caller.office.clock, stamp, entries).await?;
        }
        if !self.quarters.is_empty() {
            let quarters: Vec<i32> = self.quarters.iter().copied().collect();
            entity::cell::rebuild(&self.tx, self.slice, Some(&quarters)).await?;
        }
        let has_changed = !self.changes.is_empty();
        if has_changed {
            change::insert(&self.tx, program_id, self.changes).await?;
            program::bump_data_version(&self.tx, program_id).await?;
        }
        event::insert(
            &self.tx,
            self.events.iter().map(|e| (e.program_id, e.id, e.kind, e.subject_id, &e.body)),
            self.now,
        )
        .await?;
        if let Some(key) = key {
            let row =
                idempotency::Row { input_sha256: key.input_sha256.clone(), subject_id: id, recorded_at: self.now };
            idempotency::insert(&self.tx, program_id, self.caller.viewer.seat_id, key.mutation, &key.key, &row).await?;
        }
        self.tx.commit().await?;
        if !self.events.is_empty() {
            self.caller.office.feed.poke();
        }
        let news = has_changed.then(|| Event::data_changed(program_id));
        for event in self.events.into_iter().chain(news) {
            // Nobody listening is fine.
            let _ = self.caller.office.events.send(Arc::new(event));
        }
        Ok(())
    }
}

/// Does a piece of work in one transaction, once per idempotency key.
///
/// # Errors
/// The work's own [`Failure`], [`Failure::Denied`], [`Failure::KeyReused`], or a storage failure; nothing is written then.
pub async fn commit<F>(caller: &Caller, action: Action, key: Option<Key>, work: F) -> Result<Done, Failure>
where
    F: AsyncFnOnce(&mut Work<'_>) -> Result<Uuid, Failure>,
{
    let slice = caller.authorise(action)?;
    let seat_id = caller.viewer.seat_id;
    let now = caller.office.clock.now();
    let tx = caller.office.store.begin().await?;
    if let Some(key) = &key {
        match idempotency::find(&tx, slice.program_id(), seat_id, key.mutation, &key.key).await? {
            Some(row) if now - row.recorded_at < KEY_LIFE => return replay(key, &row),
            Some(_) => idempotency::forget(&tx, slice.program_id(), seat_id, key.mutation, &key.key).await?,
            None => {}
        }
    }
    let mut work_at_hand = Work {
        tx,
        slice,
        now,
        caller,
        changes: Vec::new(),
        entries: Vec::new(),
        events: Vec::new(),
        quarters: BTreeSet::new(),
    };
    let outcome = match work(&mut work_at_hand).await {
        Ok(id) => work_at_hand.finish(key.as_ref(), id).await.map(|()| id),
        Err(why) => {
            // Before anything else is asked of the store. Where it fails, the connection is gone and the transaction with it.
            let _ = work_at_hand.tx.rollback().await;
            Err(why)
        }
    };
    let why = match outcome {
        Ok(id) => return Ok(Done { id, replayed: false }),
        Err(why) => why,
    };
    // Somebody else may have been first with the same key while this was at work: what a rule refuses then is what that one did.
    if let Some(key) = &key {
        let store = caller.office.store.read();
        let row = idempotency::find(store, slice.program_id(), seat_id, key.mutation, &key.key).await?;
        if let Some(row) = row.filter(|row| now - row.recorded_at < KEY_LIFE) {
            return replay(key, &row);
        }
    }
    match why {
        Failure::Storage(why) if entity::store::is_unique_violation(&why) => Err(conflict(why)),
        other => Err(other),
    }
}

fn replay(key: &Key, row: &idempotency::Row) -> Result<Done, Failure> {
    if row.input_sha256 == key.input_sha256 {
        Ok(Done { id: row.subject_id, replayed: true })
    } else {
        Err(Failure::KeyReused)
    }
}

fn conflict(_why: DbErr) -> Failure {
    let message = "another change happened at the same time: read the present state and try again";
    Problem { code: ProblemCode::Conflict, message: message.into(), path: vec!["input".into()], rule: None }.into()
}
