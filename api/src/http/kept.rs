//! Answers to the heavy questions, kept while nothing changes.
//!
//! A key holds everything that an answer depends on (ruling 29): the seat with its version and so its program, role and
//! bindings, the program's data version (which every change of the policy raises; and a version that was activated for a later
//! day begins with a day), the quarter of an hour (an as-of date that is left out is the program's day, and a
//! day begins on a quarter of an hour in every zone), the document, the operation and the variables. The schema and the rules
//! are those of this process. It is asked only after authentication and all gates, and a change of any fact, role, binding or
//! policy is another key.

use super::documents::Hash;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection};
use async_graphql::{Positioned, Variables};
use chrono::{DateTime, Utc};
use domain::slice::{Place, Viewer};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Root fields whose answers are worth keeping: they are computed from many cells, and change seldom.
const HEAVY: &[&str] = &["auditMatrix", "scorecard", "programTotals"];

/// The most bytes that all kept answers may have.
const BYTES_MOST: u64 = 48 * 1024 * 1024;

/// Everything that an answer depends on, as one hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of a question, if it is one whose answer is kept: a query of nothing but heavy root fields, in a program.
    pub(super) fn of(
        viewer: &Viewer,
        now: DateTime<Utc>,
        document: &ExecutableDocument,
        operation: &Positioned<OperationDefinition>,
        hash: &Hash,
        variables: &Variables,
    ) -> Option<Self> {
        let Place::Program(program_id) = viewer.place else { return None };
        if operation.node.ty != OperationType::Query || !is_heavy(&operation.node) {
            return None;
        }
        let name = document.operations.iter().find(|(_, one)| one.pos == operation.pos).and_then(|(name, _)| name);
        let place =
            (program_id, viewer.seat_id, viewer.seat_version, viewer.data_version, now.timestamp().div_euclid(900));
        let asked = serde_json::to_vec(variables).ok()?;
        let mut digest = Sha256::new();
        digest.update(format!("{place:?}|{:?}|{:?}|{hash:?}|{name:?}|", viewer.role, viewer.bindings));
        digest.update(asked);
        Some(Self(digest.finalize().into()))
    }
}

/// Only plain fields at the root: a fragment there is rare, and not worth looking through.
fn is_heavy(operation: &OperationDefinition) -> bool {
    let items = &operation.selection_set.node.items;
    let heavy = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if HEAVY.contains(&field.node.name.node.as_str()));
    !items.is_empty() && items.iter().all(heavy)
}

/// The kept answers.
pub(super) struct Kept(Cache<Key, Arc<[u8]>>);

impl Kept {
    pub(super) fn new() -> Self {
        let weigh = |_: &Key, data: &Arc<[u8]>| u32::try_from(data.len() + 128).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigh).max_capacity(BYTES_MOST).build())
    }

    pub(super) fn find(&self, key: &Key) -> Option<Arc<[u8]>> {
        self.0.get(key)
    }

    pub(super) fn keep(&self, key: Key, data: Arc<[u8]>) {
        self.0.insert(key, data);
    }
}
