//! An exported log: one JSON object a line, verified with nothing but the public keys.

use super::audit::{Audit, Findings};
use super::checkpoint::{BadCheckpoint, Checkpoint, PublicKey, keys};
use super::record::Record;
use super::tree::{Hash, TreeFault};
use super::{Entry, Salt};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The format's name and version.
pub const FORMAT: &str = "partnerloop-ledger/1";

/// A line of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Line {
    /// The first line: whose log it is, and the keys that the exporter says signed it.
    Log {
        /// [`FORMAT`].
        format: String,
        /// The program.
        program: Uuid,
        /// Its slug.
        slug: String,
        /// Public JSON Web Keys.
        keys: Vec<Map<String, Value>>,
    },
    /// A sealed entry, in the order of the log.
    Entry(Box<EntryLine>),
    /// A signed checkpoint, directly after the last entry that it covers.
    Checkpoint {
        /// How many entries it covers.
        size: u64,
        /// The signed note.
        note: String,
    },
    /// The last line: how much there was.
    End {
        /// Sealed entries.
        entries: u64,
        /// Checkpoints.
        checkpoints: u64,
    },
}

/// An entry as it is exported: its row, and its leaf as it was sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryLine {
    sequence: u64,
    id: Uuid,
    program: Uuid,
    kind: super::EntryKind,
    subject_type: String,
    subject_id: Uuid,
    partners: Vec<Uuid>,
    body: String,
    salt: String,
    seat: Uuid,
    recorded_at: DateTime<Utc>,
    leaf: Option<String>,
}

impl EntryLine {
    /// The line of a sealed entry.
    #[must_use]
    pub fn new(entry: &Entry, leaf: Option<Hash>) -> Self {
        Self {
            sequence: entry.sequence.unwrap_or_default(),
            id: entry.id,
            program: entry.program_id,
            kind: entry.kind,
            subject_type: entry.subject_type.clone(),
            subject_id: entry.subject_id,
            partners: entry.partners.clone(),
            body: entry.body.clone(),
            salt: STANDARD.encode(entry.salt.0),
            seat: entry.seat_id,
            recorded_at: entry.recorded_at,
            leaf: leaf.map(|hash| hash.to_string()),
        }
    }

    fn entry(self) -> Option<(Entry, Option<Hash>)> {
        let leaf = self.leaf.map(|hash| Hash::parse_hash(&hash)).transpose().ok()?;
        let entry = Entry {
            id: self.id,
            program_id: self.program,
            kind: self.kind,
            subject_type: self.subject_type,
            subject_id: self.subject_id,
            partners: self.partners,
            body: self.body,
            salt: Salt(STANDARD.decode(self.salt).ok()?.try_into().ok()?),
            seat_id: self.seat,
            recorded_at: self.recorded_at,
            sequence: Some(self.sequence),
        };
        Some((entry, leaf))
    }
}

/// Why a file cannot be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum BadExport {
    /// Not a line of the format.
    #[error("line {0} is no line of the format {FORMAT}: {1}")]
    Malformed(u64, String),
    /// A broken tree, which a log from its beginning cannot cause.
    #[error(transparent)]
    Tree(#[from] TreeFault),
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The program's slug, as the file says.
    pub slug: String,
    /// Sealed entries.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// How many of the last entries no checkpoint covers yet.
    pub unsigned: u64,
    /// What is wrong.
    pub findings: Findings,
}

/// A verification under way: it is fed line by line, and memory does not grow with them.
#[derive(Debug)]
pub struct Reader {
    keys: Option<Vec<PublicKey>>,
    held: Vec<String>,
    lines: u64,
    slug: String,
    audit: Option<Audit>,
    signed: u64,
    has_ended: bool,
}

impl Reader {
    /// Verifies against these keys, or (which proves less) against those that the file itself names. `held` are signed
    /// checkpoints that were kept elsewhere, such as those of receipts: the log must still begin with them.
    #[must_use]
    pub const fn new(keys: Option<Vec<PublicKey>>, held: Vec<String>) -> Self {
        Self { keys, held, lines: 0, slug: String::new(), audit: None, signed: 0, has_ended: false }
    }

    /// The next line.
    ///
    /// # Errors
    /// [`BadExport`] when it is no line of an export.
    pub fn line(&mut self, text: &str) -> Result<(), BadExport> {
        self.lines += 1;
        let malformed = |at, why: &dyn std::fmt::Display| BadExport::Malformed(at, why.to_string());
        let line: Line = serde_json::from_str(text).map_err(|why| malformed(self.lines, &why))?;
        match (line, &mut self.audit) {
            (Line::Log { format, program, slug, keys: own }, None) if format == FORMAT => {
                let own = || keys(&serde_json::json!({ "keys": own }).to_string()).unwrap_or_default();
                let trusted = self.keys.clone().unwrap_or_else(own);
                let (held, bad): (Vec<_>, Vec<_>) =
                    self.held.iter().map(|note| Checkpoint::open(note, &trusted)).partition(Result::is_ok);
                let mut audit = Audit::new(program, trusted, held.into_iter().filter_map(Result::ok).collect());
                for why in bad.into_iter().filter_map(Result::err) {
                    let why: BadCheckpoint = why;
                    audit.findings.note(|| format!("a checkpoint that was kept elsewhere: {why}"));
                }
                (self.slug, self.audit) = (slug, Some(audit));
            }
            (Line::Entry(line), Some(audit)) => {
                let (entry, leaf) =
                    line.entry().ok_or_else(|| malformed(self.lines, &"a salt or leaf is no base64"))?;
                let place = entry.sequence.unwrap_or_default();
                if place < audit.size() || place - audit.size() > MOST_MISSING {
                    audit.findings.note(|| format!("entry number {place} is out of its place"));
                    return Ok(());
                }
                while audit.size() < place {
                    audit.missing(None, "is missing")?;
                }
                let hash = Record::of(&entry).hash();
                audit.entry(&entry, Some(leaf.unwrap_or(hash)))?;
            }
            (Line::Checkpoint { size, note }, Some(audit)) => {
                if size == audit.size() {
                    self.signed = size;
                    audit.checkpoint(size, &note)?;
                } else {
                    audit.findings.note(|| format!("the checkpoint of size {size} is out of its place"));
                }
            }
            (Line::End { entries, checkpoints }, Some(audit)) => {
                self.has_ended = true;
                if (entries, checkpoints) != (audit.size(), audit.checkpoints) {
                    audit.findings.note(|| "the last line counts other entries or checkpoints than there are".into());
                }
            }
            _ => return Err(malformed(self.lines, &"it does not belong here")),
        }
        Ok(())
    }

    /// The verdict.
    ///
    /// # Errors
    /// [`BadExport`] when there was no line at all.
    pub fn finish(self) -> Result<Verified, BadExport> {
        let Some(mut audit) = self.audit else { return Err(BadExport::Malformed(1, "the file is empty".into())) };
        if !self.has_ended {
            audit.findings.note(|| "the file is cut off: its last line is missing".into());
        }
        let (entries, checkpoints) = (audit.size(), audit.checkpoints);
        let unsigned = entries - self.signed;
        Ok(Verified { slug: self.slug, entries, checkpoints, unsigned, findings: audit.finish() })
    }
}

/// A gap of more entries than this is no gap but nonsense.
const MOST_MISSING: u64 = 1_000_000;
