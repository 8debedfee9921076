//! What is on record about a chunk, found by the rows' own ids and by their ids in other systems.

use super::apply::Apply;
use crate::usecase::Failure;
use domain::external_ref::{ExternalRef, RefKind, SystemId};
use domain::import::fact::Fact;
use domain::import::reference::{self, OnRecord};
use domain::import::{Code, Problem};
use entity::import_staged::Staged;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The rows on record of a chunk, with the ids in other systems that lead to them.
pub(super) struct Before<T> {
    kind: RefKind,
    by_external_id: HashMap<String, Uuid>,
    rows: HashMap<Uuid, T>,
    owners: HashMap<SystemId, Uuid>,
    ids: HashMap<Uuid, Vec<SystemId>>,
    new: Vec<ExternalRef>,
}

impl<T> Before<T> {
    /// `found` are the rows with the chunk's external ids. Nothing more is read where the mapping names no system.
    pub(super) async fn load(
        apply: &Apply<'_>,
        kind: RefKind,
        chunk: &[(Staged, Fact)],
        found: Vec<T>,
        key: fn(&T) -> (Uuid, Option<&String>),
    ) -> Result<Self, Failure> {
        let by_external_id = found.iter().map(key).filter_map(|(id, external_id)| Some((external_id?.clone(), id)));
        let mut before = Self {
            kind,
            by_external_id: by_external_id.collect(),
            rows: HashMap::new(),
            owners: HashMap::new(),
            ids: HashMap::new(),
            new: Vec::new(),
        };
        before.add(found, key);
        if !apply.bound.has_refs() {
            return Ok(before);
        }
        let wanted = chunk.iter().flat_map(|(_, fact)| fact.refs());
        let known = entity::external_ref::known(apply.tx, apply.slice, kind, wanted).await?;
        let mut subjects: BTreeSet<Uuid> = before.rows.keys().copied().collect();
        for it in known {
            subjects.insert(it.subject_id);
            before.owners.insert(it.at, it.subject_id);
        }
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        for it in entity::external_ref::of_subjects(apply.tx, apply.slice, kind, &subjects).await? {
            before.ids.entry(it.subject_id).or_default().push(it.at);
        }
        Ok(before)
    }

    /// Rows that are known by an id in another system only, and are still to be read.
    pub(super) fn missing(&self) -> Vec<Uuid> {
        let missing: BTreeSet<Uuid> = self.owners.values().copied().filter(|id| !self.rows.contains_key(id)).collect();
        missing.into_iter().collect()
    }

    /// Adds those that were read.
    pub(super) fn add(&mut self, rows: Vec<T>, key: fn(&T) -> (Uuid, Option<&String>)) {
        self.rows.extend(rows.into_iter().map(|row| (key(&row).0, row)));
    }

    /// The ids of all rows on record.
    pub(super) fn all(&self) -> Vec<Uuid> {
        self.rows.keys().copied().collect()
    }

    /// The row on record that a row of the file is; a problem where its ids lead to more than one.
    pub(super) fn find(&self, apply: &Apply<'_>, fact: &Fact) -> Result<Option<&T>, Problem> {
        let by_id = self.by_external_id.get(fact.external_id()).copied();
        let found = if apply.bound.has_refs() {
            let by_refs = fact.refs().iter().filter_map(|at| self.owners.get(at).copied()).collect();
            reference::find(apply.bound.system(), fact.external_id(), by_id, &by_refs, |row| OnRecord {
                ids: self.ids.get(&row).cloned().unwrap_or_default(),
            })?
        } else {
            by_id
        };
        let Some(id) = found else { return Ok(None) };
        // One that an earlier row of this very chunk has taken is not to be read yet.
        self.rows.get(&id).map(Some).ok_or_else(|| {
            let message = "an id of the row in another system stood on an earlier row of the file; decide whose it is";
            Problem::new(Code::RefTaken, message).at("", fact.external_id())
        })
    }

    /// Whether the row of the file brings an id that is not on record.
    pub(super) fn brings_new(&self, fact: &Fact) -> bool {
        fact.refs().iter().any(|at| !self.owners.contains_key(at))
    }

    /// Takes the ids of a row that is on record or is being written.
    pub(super) fn take(&mut self, apply: &Apply<'_>, fact: &Fact, subject_id: Uuid) {
        for at in fact.refs() {
            if self.owners.contains_key(at) {
                continue;
            }
            self.owners.insert(at.clone(), subject_id);
            self.ids.entry(subject_id).or_default().push(at.clone());
            let (id, recorded_at) = (apply.clock.id(), apply.now);
            self.new.push(ExternalRef { id, kind: self.kind, subject_id, at: at.clone(), recorded_at });
        }
    }

    /// Writes the ids that were taken, after the rows themselves.
    pub(super) async fn write(self, apply: &Apply<'_>) -> Result<(), Failure> {
        Ok(entity::external_ref::insert(apply.tx, apply.slice, &self.new).await?)
    }
}
