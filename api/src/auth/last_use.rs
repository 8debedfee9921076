//! When a minted token was last used: written off the request path, at most once a minute and token.

use crate::usecase::Office;
use crate::usecase::seat::note_use;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// The writes under way.
#[derive(Debug)]
pub(super) struct LastUse {
    office: Office,
    under_way: Arc<Mutex<HashSet<Uuid>>>,
    tasks: TaskTracker,
}

impl LastUse {
    pub(super) fn new(office: Office) -> Self {
        Self { office, under_way: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Notes a use. A token whose write is under way (the writer may be busy with an import) is not written twice.
    pub(super) fn note(&self, program_id: Uuid, token_id: Uuid, at: DateTime<Utc>) {
        if !self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(token_id) {
            return;
        }
        let (office, under_way) = (self.office.clone(), Arc::clone(&self.under_way));
        self.tasks.spawn(async move {
            if let Err(why) = note_use(&office, program_id, token_id, at).await {
                tracing::warn!(error = %why, "the use of a token could not be written");
            }
            under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&token_id);
        });
    }

    /// Waits for the writes under way.
    pub(super) async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }
}
