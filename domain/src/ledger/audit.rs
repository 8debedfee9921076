//! Going through a whole log: every entry against its leaf, every checkpoint against its root.

use super::Entry;
use super::checkpoint::{Checkpoint, PublicKey};
use super::record::Record;
use super::tree::{Edge, Hash, TreeFault};
use std::collections::BTreeMap;
use uuid::Uuid;

/// So many findings are named; the rest is only counted.
const MOST_NAMED: usize = 200;

/// What was found wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first ones, each as a sentence.
    pub named: Vec<String>,
    /// How many there are in all.
    pub count: u64,
}

impl Findings {
    /// Notes a finding.
    pub fn note(&mut self, finding: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(finding());
        }
    }
}

/// An audit under way. Entries come in the order of the log; memory does not grow with them.
#[derive(Debug)]
pub struct Audit {
    program_id: Uuid,
    keys: Vec<PublicKey>,
    edge: Edge,
    /// Checkpoints that were kept elsewhere, which the log must still agree with.
    held: BTreeMap<u64, Vec<Checkpoint>>,
    /// What was found so far.
    pub findings: Findings,
    /// Checkpoints that were checked.
    pub checkpoints: u64,
}

/// How an entry is named.
#[must_use]
pub fn name(entry: &Entry) -> String {
    let kind: &str = entry.kind.into();
    let place = entry.sequence.map_or_else(|| "not yet sealed".to_owned(), |at| format!("number {at}"));
    let at = super::instant(entry.recorded_at);
    format!("entry {} ({kind} of {} {}, {place}, recorded {at})", entry.id, entry.subject_type, entry.subject_id)
}

impl Audit {
    /// An audit of a program's log. `held` are checkpoints that were kept elsewhere: the log must still begin with them.
    #[must_use]
    pub fn new(program_id: Uuid, keys: Vec<PublicKey>, held: Vec<Checkpoint>) -> Self {
        let mut by_size: BTreeMap<u64, Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in held {
            by_size.entry(checkpoint.size).or_default().push(checkpoint);
        }
        let (edge, findings) = (Edge::default(), Findings::default());
        Self { program_id, keys, edge, held: by_size, findings, checkpoints: 0 }
    }

    /// How many entries were gone through: the place of the next one.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The next entry, with its leaf as it was sealed where that is kept beside it. Returns the nodes that belong to it.
    ///
    /// # Errors
    /// [`TreeFault`], which a log from its beginning cannot cause.
    pub fn entry(&mut self, entry: &Entry, sealed: Option<Hash>) -> Result<Vec<(u64, Hash)>, TreeFault> {
        let hash = Record::of(entry).hash();
        if entry.program_id != self.program_id {
            self.findings.note(|| format!("{} is of another program", name(entry)));
        }
        if sealed.is_some_and(|sealed| sealed != hash) {
            self.findings.note(|| format!("{} is not what was sealed: its row was changed", name(entry)));
        }
        // With what was sealed, only what was changed is found wrong, and not all that comes after.
        self.leaf(sealed.unwrap_or(hash))
    }

    /// The next entry is not there, but its leaf may be.
    ///
    /// # Errors
    /// [`TreeFault`], which a log from its beginning cannot cause.
    pub fn missing(&mut self, sealed: Option<Hash>, what: &str) -> Result<Vec<(u64, Hash)>, TreeFault> {
        let place = self.size();
        self.findings.note(|| format!("entry number {place} {what}"));
        self.leaf(sealed.unwrap_or_default())
    }

    fn leaf(&mut self, hash: Hash) -> Result<Vec<(u64, Hash)>, TreeFault> {
        let nodes = self.edge.push(hash)?;
        if let Some(held) = self.held.remove(&self.size()) {
            for checkpoint in held {
                self.compare(&checkpoint, "a checkpoint that was kept elsewhere")?;
            }
        }
        Ok(nodes)
    }

    fn compare(&mut self, checkpoint: &Checkpoint, what: &str) -> Result<(), TreeFault> {
        let (size, root) = (self.size(), self.edge.root()?);
        if checkpoint.program_id != self.program_id {
            self.findings.note(|| format!("{what} of size {size} is of another program"));
        } else if checkpoint.size != size || checkpoint.root != root {
            self.findings.note(|| {
                format!(
                    "the log's first {size} entries are not those of {what}, signed {}",
                    super::instant(checkpoint.at)
                )
            });
        }
        Ok(())
    }

    /// A checkpoint of the log, when as many entries were gone through as it says.
    ///
    /// # Errors
    /// [`TreeFault`], which a log from its beginning cannot cause.
    pub fn checkpoint(&mut self, size: u64, note: &str) -> Result<(), TreeFault> {
        self.checkpoints += 1;
        match Checkpoint::open(note, &self.keys) {
            Err(why) => {
                self.findings.note(|| format!("checkpoint of size {size}: {why}"));
                Ok(())
            }
            Ok(checkpoint) => self.compare(&checkpoint, "its checkpoint"),
        }
    }

    /// The end of the log: what says that it was longer?
    #[must_use]
    pub fn finish(mut self) -> Findings {
        let size = self.size();
        for checkpoint in self.held.into_values().flatten() {
            self.findings.note(|| {
                format!(
                    "the log has {size} entries, but a checkpoint that was kept elsewhere says {}, signed {}: its end was cut off",
                    checkpoint.size,
                    super::instant(checkpoint.at)
                )
            });
        }
        self.findings
    }
}
