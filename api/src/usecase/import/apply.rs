//! Writing what was set aside: in order, in chunks, in the one transaction it is given.

use super::apply_deal::Deals;
use super::run::grows;
use crate::clock::Clock;
use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::calendar::Quarter;
use domain::import::bound::Bound;
use domain::import::context::Partners;
use domain::import::fact::{AccountReference, Fact, Reference};
use domain::import::field::Field;
use domain::import::merge::Merge;
use domain::import::run::{Counts, ImportRow, ImportRun, Made};
use domain::import::{Code, Object, Problem, Verdict};
use domain::partner::{Partner, PartnerKind, PartnerStatus};
use domain::program::Program;
use domain::segment::Segment;
use domain::slice::Slice;
use domain::text;
use entity::import_bulk::{self, ROWS_MOST};
use entity::import_staged::{self, Staged};
use entity::{DbErr, Store, Tx};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

/// How many accounts are remembered between chunks.
const ACCOUNTS_MOST: usize = 50_000;
/// How many names of what was made are kept.
const NAMES_MOST: usize = 100;

/// Rows that were set aside, with their facts.
type Chunk = Vec<(Staged, Fact)>;

/// The transaction and what is known in it.
pub(super) struct Apply<'a> {
    pub(super) tx: &'a Tx,
    pub(super) slice: &'a Slice,
    pub(super) clock: &'a Clock,
    pub(super) program: &'a Program,
    pub(super) bound: &'a Bound,
    pub(super) now: DateTime<Utc>,
    pub(super) seat_id: Uuid,
    pub(super) counts: Counts,
    pub(super) made: Made,
    pub(super) quarters: BTreeSet<Quarter>,
    /// Rows that what is on record holds or warns of.
    pub(super) listed: Vec<ImportRow>,
    /// Partners as they were before the file, where it holds partners, and those of them that it has adopted.
    pub(super) namesakes: Option<Arc<Partners>>,
    pub(super) adopted: HashSet<Uuid>,
    /// Deals that the file takes past Stage 1 and whose attribution was declared here before it: it is locked behind the last row.
    pub(super) to_lock: Vec<Uuid>,
    /// Those of them of which it could not be, each with the reason: their rows are held.
    pub(super) unlockable: HashMap<Uuid, String>,
    run_id: Uuid,
    segments: HashMap<String, Uuid>,
    partners: HashMap<String, Uuid>,
    accounts: HashMap<String, Uuid>,
}

impl<'a> Apply<'a> {
    pub(super) fn new(
        tx: &'a Tx,
        slice: &'a Slice,
        clock: &'a Clock,
        program: &'a Program,
        bound: &'a Bound,
        now: DateTime<Utc>,
        run: &ImportRun,
    ) -> Self {
        Self {
            tx,
            slice,
            clock,
            program,
            bound,
            now,
            seat_id: run.seat_id,
            counts: Counts { created: 0, changed: 0, unchanged: 0, ..run.counts },
            made: Made::default(),
            quarters: BTreeSet::new(),
            listed: Vec::new(),
            namesakes: None,
            adopted: HashSet::new(),
            to_lock: Vec::new(),
            unlockable: HashMap::new(),
            run_id: run.id,
            segments: HashMap::new(),
            partners: HashMap::new(),
            accounts: HashMap::new(),
        }
    }

    /// Writes every row that the run has set aside. Rows listed on the way are kept in the transaction, or (for a dry run,
    /// which is rolled back) gathered in `listed`.
    pub(super) async fn all(&mut self, store: &Store, run: &ImportRun, keeps_listed: bool) -> Result<(), Failure> {
        let mut chunks = 0_u32;
        let mut deals = if run.object == Object::Deals { Some(Deals::begin(self).await?) } else { None };
        let mut staged = set_aside(store.clone(), self.slice.clone(), run.id);
        while let Some(chunk) = staged.recv().await {
            self.chunk(&mut deals, run.object, chunk?).await?;
            chunks += 1;
            if grows(chunks) {
                import_bulk::analyze(self.tx).await?;
            }
            if keeps_listed && !self.listed.is_empty() {
                let listed = std::mem::take(&mut self.listed);
                entity::import_row::upsert(self.tx, self.slice, run.id, &listed).await?;
            }
        }
        Ok(())
    }

    /// Writes one fact, of a row that was held until somebody decided.
    pub(super) async fn one(&mut self, object: Object, row: Staged, fact: Fact) -> Result<(), Failure> {
        let mut deals = if object == Object::Deals { Some(Deals::begin(self).await?) } else { None };
        self.chunk(&mut deals, object, vec![(row, fact)]).await
    }

    async fn chunk(&mut self, deals: &mut Option<Deals>, object: Object, rows: Chunk) -> Result<(), Failure> {
        match (deals, object) {
            (Some(deals), _) => deals.chunk(self, rows).await,
            (None, Object::Accounts) => self.account_chunk(rows).await,
            (None, Object::Partners) => self.partner_chunk(rows).await,
            (None, Object::Spend) => self.spend_chunk(rows).await,
            (None, Object::Activities | Object::Deals) => self.activity_chunk(rows).await,
        }
    }

    /// Holds a row that was taken until now.
    pub(super) fn hold(&mut self, row: &Staged, problems: Vec<Problem>) {
        self.counts.shift(row.verdict, Verdict::Held);
        self.listed.push(ImportRow {
            row_number: row.row_number,
            verdict: Verdict::Held,
            problems,
            raw: row.raw.clone(),
            decided: None,
        });
    }

    /// Lists a row that is taken, with one warning more than it had.
    pub(super) async fn warn(&mut self, row: &Staged, problem: Problem) -> Result<(), Failure> {
        self.counts.shift(row.verdict, Verdict::Warned);
        let kept = entity::import_row::find(self.tx, self.slice, self.run_id, row.row_number).await?;
        let mut problems = kept.map_or_else(Vec::new, |kept| kept.problems);
        problems.push(problem);
        self.listed.push(ImportRow {
            row_number: row.row_number,
            verdict: Verdict::Warned,
            problems,
            raw: row.raw.clone(),
            decided: None,
        });
        Ok(())
    }

    /// Counts what became of a fact, and gives back what is to be written.
    pub(super) fn settle<T>(&mut self, row: &Staged, merge: Merge<T>) -> Option<T> {
        match merge {
            Merge::New(fact) => {
                self.counts.created += 1;
                Some(fact)
            }
            Merge::Changed(fact) => {
                self.counts.changed += 1;
                Some(fact)
            }
            Merge::Unchanged => {
                self.counts.unchanged += 1;
                None
            }
            Merge::Held(problems) => {
                self.hold(row, problems);
                None
            }
        }
    }

    /// As [`Self::settle`], for a fact with something beside it that is new: then it has changed even where its row has not.
    pub(super) fn settle_beside<T>(&mut self, row: &Staged, merge: Merge<T>, has_news: bool) -> Option<T> {
        if has_news && matches!(merge, Merge::Unchanged) {
            self.counts.changed += 1;
            return None;
        }
        self.settle(row, merge)
    }

    /// The segment's row, made where it is new.
    pub(super) async fn segment(&mut self, reference: Option<&Reference>) -> Result<Option<Uuid>, Failure> {
        let name = match reference {
            None => return Ok(None),
            Some(Reference::Known(id)) => return Ok(Some(*id)),
            Some(Reference::New { name, .. }) => name,
        };
        if self.segments.is_empty() {
            let all = entity::segment::all(self.tx, self.slice).await?;
            self.segments = all.into_iter().map(|it| (text::key(&it.name), it.id)).collect();
        }
        let key = text::key(name);
        if let Some(id) = self.segments.get(&key) {
            return Ok(Some(*id));
        }
        let segment = Segment {
            id: self.clock.id(),
            name: name.clone(),
            addressable_accounts: None,
            version: 1,
            recorded_at: self.now,
        };
        entity::segment::insert(self.tx, self.slice, &segment).await?;
        if self.made.segments.len() < NAMES_MOST {
            self.made.segments.push(name.clone());
        }
        self.segments.insert(key, segment.id);
        Ok(Some(segment.id))
    }

    /// The partner's row, made where it is new.
    pub(super) async fn partner(&mut self, reference: &Reference) -> Result<Uuid, Failure> {
        let (external_id, name) = match reference {
            Reference::Known(id) => return Ok(*id),
            Reference::New { external_id, name } => (external_id.clone().unwrap_or_else(|| name.clone()), name),
        };
        // Where the file has names only, two spellings of one name are one partner.
        let key = if external_id == *name { text::key(name) } else { external_id.clone() };
        if let Some(id) = self.partners.get(&key) {
            return Ok(*id);
        }
        let known = import_bulk::partner::ids(self.tx, self.slice, &[&external_id]).await?;
        let id = match known.get(&external_id) {
            Some(id) => *id,
            None => {
                let partner = Partner {
                    id: self.clock.id(),
                    external_id: Some(external_id.clone()),
                    name: name.clone(),
                    kind: self.bound.mapping.new_partner_kind.unwrap_or(PartnerKind::Referral),
                    status: PartnerStatus::Active,
                    registrable_domain: None,
                    version: 1,
                    recorded_at: self.now,
                };
                import_bulk::partner::upsert(self.tx, self.slice, std::slice::from_ref(&partner)).await?;
                if self.made.partners.len() < NAMES_MOST {
                    self.made.partners.push(name.clone());
                }
                partner.id
            }
        };
        self.partners.insert(key, id);
        Ok(id)
    }

    /// The rows of these accounts; those that are new are made where the mapping allows it.
    pub(super) async fn accounts(&mut self, wanted: &[&AccountReference]) -> Result<HashMap<String, Uuid>, Failure> {
        if self.accounts.len() > ACCOUNTS_MOST {
            self.accounts.clear();
        }
        let mut missing: Vec<&AccountReference> = Vec::new();
        let mut asked = HashSet::new();
        for reference in wanted {
            if !self.accounts.contains_key(&reference.external_id) && asked.insert(&reference.external_id) {
                missing.push(reference);
            }
        }
        if !missing.is_empty() {
            let ids: Vec<&str> = missing.iter().map(|it| it.external_id.as_str()).collect();
            self.accounts.extend(import_bulk::account::ids(self.tx, self.slice, &ids).await?);
        }
        if self.bound.mapping.create_missing.accounts {
            let new: Vec<domain::account::Account> = missing
                .into_iter()
                .filter(|it| !self.accounts.contains_key(&it.external_id))
                .map(|it| domain::account::Account {
                    id: self.clock.id(),
                    external_id: Some(it.external_id.clone()),
                    name: it.name.clone(),
                    registrable_domain: None,
                    segment_id: None,
                    region: None,
                    cloud_commitments: Vec::new(),
                    integrations: Vec::new(),
                    integration_present: None,
                    overlap_reason: None,
                    version: 1,
                    recorded_at: self.now,
                })
                .collect();
            import_bulk::account::upsert(self.tx, self.slice, &new).await?;
            self.made.accounts += new.len() as u64;
            self.accounts.extend(new.into_iter().filter_map(|it| Some((it.external_id?, it.id))));
        }
        let found = wanted.iter().filter_map(|it| Some((it.external_id.clone(), *self.accounts.get(&it.external_id)?)));
        Ok(found.collect())
    }
}

/// What a run has set aside, chunk by chunk: read and parsed beside the writing, since it is committed before that begins.
fn set_aside(store: Store, slice: Slice, run_id: Uuid) -> Receiver<Result<Chunk, Failure>> {
    let (to, from) = channel(1);
    tokio::spawn(async move {
        let mut last = 0;
        loop {
            let rows = import_staged::after(store.read(), &slice, run_id, last, ROWS_MOST as u64).await;
            let chunk = rows.map_err(Failure::from).and_then(facts);
            match chunk.as_ref().map(|chunk| chunk.last().map(|(row, _)| row.row_number)) {
                Ok(None) => break,
                Ok(Some(row)) => last = row,
                Err(_) => {}
            }
            let is_broken = chunk.is_err();
            if to.send(chunk).await.is_err() || is_broken {
                break;
            }
        }
    });
    from
}

/// A chunk's facts beside their rows.
fn facts(chunk: Vec<Staged>) -> Result<Chunk, Failure> {
    chunk
        .into_iter()
        .map(|mut row| {
            let fact = serde_json::from_str(&row.payload)
                .map_err(|why| DbErr::Type(format!("import_staged.payload of row {}: {why}", row.row_number)))?;
            row.payload.clear();
            Ok((row, fact))
        })
        .collect()
}

/// A row that names an account which is not there.
pub(super) fn unknown_account(bound: &Bound, reference: &AccountReference) -> Problem {
    let message = "the program has no account with this id; import accounts first, or set create_missing";
    Problem::new(Code::UnknownAccount, message).at(bound.column(Field::Account), &reference.external_id)
}
