//! What every use case works with: the store, the clock, and word of what has changed.

use crate::clock::Clock;
use domain::role::{Action, may};
use domain::slice::{Slice, Viewer};
use entity::Store;
use std::sync::Arc;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::failure::Failure;
use super::ledger::key::LedgerKey;
use super::measurement::Kept;
use super::signing::SigningKey;

/// The server's own means, shared by all requests.
#[derive(Clone, Debug)]
pub struct Office {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Measures that were computed, until the data changes.
    pub measures: Kept,
    /// What was committed, for subscriptions.
    pub events: broadcast::Sender<Arc<Event>>,
    /// The key that signs partner and machine tokens; the command line has none.
    pub mint: Option<Arc<SigningKey>>,
    /// The key that signs the ledger's checkpoints; the command line has none.
    pub ledger: Option<Arc<LedgerKey>>,
}

/// Something that happened, as it stands in the outbox.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event's id; ids sort by time.
    pub id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// What kind of thing happened, such as `IMPORT_PROGRESS`.
    pub kind: &'static str,
    /// The row it happened to.
    pub subject_id: Uuid,
    /// Details, as JSON.
    pub body: serde_json::Value,
}

impl Office {
    /// An office over a store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        let (measures, events) = (super::measurement::kept(), broadcast::channel(1024).0);
        Self { store, clock, measures, events, mint: None, ledger: None }
    }

    /// The same office for work that may take long, such as an import.
    #[must_use]
    pub fn unhurried(&self) -> Self {
        Self { store: self.store.unhurried(), ..self.clone() }
    }

    /// The same office, able to mint tokens and to sign the ledger.
    #[must_use]
    pub fn with_mint(self, key: SigningKey) -> Self {
        Self { ledger: Some(key.ledger()), mint: Some(Arc::new(key)), ..self }
    }
}

/// Who asks, and with what means.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The server's means.
    pub office: Office,
    /// Who asks.
    pub viewer: Arc<Viewer>,
    slice: Option<Slice>,
}

impl Caller {
    /// A caller with its slice.
    #[must_use]
    pub fn new(office: Office, viewer: Arc<Viewer>) -> Self {
        let slice = viewer.slice();
        Self { office, viewer, slice }
    }

    /// The server itself at work in a program.
    #[must_use]
    pub fn system(office: Office, program_id: Uuid) -> Self {
        Self::new(office, Arc::new(Viewer::system(program_id)))
    }

    /// The first line of every use case: may the seat do it, and on which rows.
    ///
    /// # Errors
    /// [`Failure::Denied`] when the role may not, or has no program.
    pub fn authorise(&self, action: Action) -> Result<&Slice, Failure> {
        if may(self.viewer.role, action) { self.slice.as_ref().ok_or(Failure::Denied) } else { Err(Failure::Denied) }
    }
}
