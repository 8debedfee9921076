//! The ledger on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::global_id;
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::scalar::DateTime;
use crate::usecase::ledger::read::{self, Filter, Held, Kept, checkpoint_position, position};

/// What an entry of the ledger records.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::ledger::EntryKind")]
pub enum LedgerEntryKind {
    /// A deal's attribution was declared, and can still be declared anew.
    AttributionDeclared,
    /// A deal's attribution was locked at Stage 1.
    AttributionLocked,
    /// A contribution was added after the lock, flagged late.
    AttributionAmended,
    /// A locked attribution is disputed.
    DisputeOpened,
    /// RevOps decided a dispute.
    DisputeDecided,
    /// Who opened a dispute took it back before it was decided.
    DisputeWithdrawn,
    /// A partner registered a deal.
    RegistrationSubmitted,
    /// A registration was approved.
    RegistrationApproved,
    /// A registration was refused.
    RegistrationRefused,
    /// A registration ran out by its clock.
    RegistrationExpired,
    /// A registration was refreshed with the summary of a meeting.
    RegistrationRefreshed,
    /// A partner took its registration back.
    RegistrationWithdrawn,
    /// A conflict between claims on one account was decided.
    ConflictDecided,
    /// The partner's own rep was logged as committed: the gate opened.
    PrimarySaleLogged,
    /// The countdown ran out before the partner's rep was committed.
    PrimarySaleLapsed,
    /// A partner's investment tier was decided.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    TierDecided,
    /// A deliverable was published.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    Publication,
    /// Something was approved.
    Approval,
    /// Somebody signed for a figure or a definition: Finance for spend, rates, attribution.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    SignOff,
    /// A step was taken against a rule, by who may, with a reason.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    Override,
    /// A partner was paid.
    Payout,
    /// A draft of the policy was begun or changed; nothing goes by it before it is activated.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    PolicyChanged,
    /// A version of the policy came into force.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    PolicyActivated,
    /// A version of the contract terms with a partner was agreed.
    ContractAgreed,
    /// A file was imported: its hash, and a digest of what it locked.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    Import,
    /// What stood on record before there was a ledger.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    Opening,
}

/// An entry of the ledger: written in the transaction of what it records, never changed, and sealed into the log within seconds.
pub struct LedgerEntry(pub(super) domain::ledger::Entry);

/// An entry of the ledger: written in the transaction of what it records, never changed, and sealed into the log within seconds.
#[Object(directive = Allow::apply(Action::ReadLedger))]
impl LedgerEntry {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        global_id::encode("LedgerEntry", self.0.id)
    }

    /// What it records.
    async fn kind(&self) -> LedgerEntryKind {
        self.0.kind.into()
    }

    /// The kind of row that it is about, such as "Deal".
    async fn subject_type(&self) -> &str {
        &self.0.subject_type
    }

    /// The global id of the row that it is about.
    async fn subject_id(&self) -> ID {
        global_id::encode(&self.0.subject_type, self.0.subject_id)
    }

    /// The global ids of the partners that may hold a receipt of it.
    async fn partner_ids(&self) -> Vec<ID> {
        self.0.partners.iter().map(|id| global_id::encode("Partner", *id)).collect()
    }

    /// The global id of the seat that did it; null when it was the server itself (the command line and the jobs).
    async fn seat_id(&self) -> Option<ID> {
        (!self.0.seat_id.is_nil()).then(|| global_id::encode("Seat", self.0.seat_id))
    }

    /// What is recorded, as a JSON text: "partners" holds each partner's own part, "inside" what no partner sees.
    async fn facts(&self) -> &str {
        &self.0.body
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// Its place in the log, from 0; null until it is sealed.
    async fn sequence(&self) -> Option<i64> {
        self.0.sequence.map(long)
    }
}

/// The entry behind an id; none when there is none, or none for this role.
pub(super) async fn one(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<LedgerEntry>> {
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadLedger) {
        return Ok(None);
    }
    Ok(read::find(caller, id).await.map_err(|why| failed(&why))?.map(LedgerEntry))
}

fn long(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A receipt of an entry: what the holder may read of it, and the proof that it is in the signed log. A partner holds receipts
/// of the entries that name it, each with its own part.
pub struct LedgerReceipt(Held);

/// A receipt of an entry: what the holder may read of it, and the proof that it is in the signed log. A partner holds receipts
/// of the entries that name it, each with its own part.
#[Object(directive = Allow::apply(Action::ReadReceipts))]
impl LedgerReceipt {
    /// The global id of the entry, for `ledgerReceipt(entryId:)`.
    async fn entry_id(&self) -> ID {
        global_id::encode("LedgerEntry", self.0.id)
    }

    /// What the entry records.
    async fn kind(&self) -> LedgerEntryKind {
        self.0.kind.into()
    }

    /// The kind of row that it is about, such as "Deal".
    async fn subject_type(&self) -> &str {
        &self.0.subject_type
    }

    /// The global id of the row that it is about.
    async fn subject_id(&self) -> ID {
        global_id::encode(&self.0.subject_type, self.0.subject_id)
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// What it says to the holder, as JSON texts: the record first, then the parts that the holder may read.
    async fn says(&self) -> &[String] {
        &self.0.says
    }

    /// Its place in the log, from 0; null until it is sealed and signed for, which takes seconds.
    async fn sequence(&self) -> Option<i64> {
        self.0.receipt.as_ref().map(|receipt| long(receipt.sequence))
    }

    /// The receipt to keep, as the text of a JSON file: verified offline by `partnerloop ledger verify --receipt FILE --key
    /// JWKS` with nothing but the public key of /.well-known/jwks.json. Null until the entry is sealed and signed for.
    async fn document(&self) -> Option<String> {
        self.0.receipt.as_ref().and_then(|receipt| serde_json::to_string(receipt).ok())
    }
}

/// The log as it stood when it was signed.
pub struct LedgerCheckpoint(Kept);

/// The log as it stood when it was signed.
#[Object(directive = Allow::apply(Action::ReadReceipts))]
impl LedgerCheckpoint {
    /// How many entries the log had.
    async fn size(&self) -> i64 {
        long(self.0.size)
    }

    /// The signed checkpoint (C2SP tlog-checkpoint): origin, size, root, time, and the signature.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// The id of the key that signed it, in /.well-known/jwks.json.
    async fn key_id(&self) -> &str {
        &self.0.kid
    }

    /// When it was signed.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// The proof that the log of one size begins with the log of a smaller one (RFC 9162, section 2.1.4).
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadReceipts))]
pub struct LedgerConsistency {
    /// The smaller size.
    from: i64,
    /// The larger size.
    to: i64,
    /// The proof: hashes, base64.
    proof: Vec<String>,
}

/// Comparisons of a kind of entry. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct LedgerEntryKindFilter {
    /// Exactly this one.
    eq: Option<LedgerEntryKind>,
    /// One of these.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<LedgerEntryKind>>,
}

/// Which entries to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct LedgerFilter {
    /// By what they record.
    kind: Option<LedgerEntryKindFilter>,
    /// By the row that they are about.
    subject_id: Option<IdFilter>,
}

impl From<LedgerFilter> for Filter {
    fn from(filter: LedgerFilter) -> Self {
        let kinds = filter.kind.and_then(|kinds| both(kinds.eq, kinds.any));
        let subjects = filter.subject_id.and_then(|ids| both(ids.eq, ids.any));
        let row = |id: &ID| global_id::decode(id).map_or(uuid::Uuid::nil(), |(_, id)| id);
        Self {
            kinds: kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            subjects: subjects.map(|ids| ids.iter().map(row).collect()),
        }
    }
}

fn size(given: i64, name: &str) -> Result<u64> {
    u64::try_from(given).map_err(|_| coded("BAD_USER_INPUT", &format!("{name} is a size, 0 or more")))
}

/// Reads of the ledger.
#[derive(Default)]
pub struct LedgerQuery;

#[Object]
impl LedgerQuery {
    /// The entries of the ledger, latest first.
    #[graphql(directive = Allow::apply(Action::ReadLedger))]
    async fn ledger_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which entries to list.")] filter: Option<LedgerFilter>,
    ) -> Result<Connected<LedgerEntry>> {
        let caller = caller(ctx)?;
        let filter = Filter::from(filter.unwrap_or_default());
        let binding = Binding::of(caller, "ledgerEntries", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = read::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Ledger(filter), |row| (position(row), row.id), LedgerEntry))
    }

    /// Receipts, latest first: for a partner those of the entries that name it, each with its own part.
    #[graphql(directive = Allow::apply(Action::ReadReceipts))]
    async fn ledger_receipts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which entries to list the receipts of.")] filter: Option<LedgerFilter>,
    ) -> Result<Connected<LedgerReceipt>> {
        let caller = caller(ctx)?;
        let filter = Filter::from(filter.unwrap_or_default());
        let binding = Binding::of(caller, "ledgerReceipts", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = read::receipts(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Ledger(filter), |row| (row.position(), row.id), LedgerReceipt))
    }

    /// The receipt of an entry; null when there is no such entry, or none that names the caller's partner.
    #[graphql(directive = Allow::apply(Action::ReadReceipts))]
    async fn ledger_receipt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the entry.")] entry_id: ID,
    ) -> Result<Option<LedgerReceipt>> {
        let id = global_id::of_kind(&entry_id, "LedgerEntry");
        Ok(read::receipt(caller(ctx)?, id).await.map_err(|why| failed(&why))?.map(LedgerReceipt))
    }

    /// The latest signed checkpoint of the log, or the one of this size; null when there is none.
    #[graphql(directive = Allow::apply(Action::ReadReceipts))]
    async fn ledger_checkpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many entries the log had; the latest when left out.")] size: Option<i64>,
    ) -> Result<Option<LedgerCheckpoint>> {
        let size = size.map(|given| self::size(given, "size")).transpose()?;
        Ok(read::checkpoint(caller(ctx)?, size).await.map_err(|why| failed(&why))?.map(LedgerCheckpoint))
    }

    /// The signed checkpoints of the log, latest first.
    #[graphql(directive = Allow::apply(Action::ReadReceipts))]
    async fn ledger_checkpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connected<LedgerCheckpoint>> {
        let caller = caller(ctx)?;
        let binding = Binding::of(caller, "ledgerCheckpoints", &());
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = read::checkpoints(caller, &ask).await.map_err(|why| failed(&why))?;
        let total = TotalCount::LedgerCheckpoints;
        Ok(connect(page, &binding, total, |row| (checkpoint_position(row), row.id), LedgerCheckpoint))
    }

    /// The proof that the log of size `to` begins with the log of size `from`: that nothing was changed or taken out in between.
    /// Null when the log never had these sizes.
    #[graphql(directive = Allow::apply(Action::ReadReceipts))]
    async fn ledger_consistency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The smaller size, at least 1.")] from: i64,
        #[graphql(desc = "The larger size.")] to: i64,
    ) -> Result<Option<LedgerConsistency>> {
        let (smaller, larger) = (size(from, "from")?, size(to, "to")?);
        let proof = read::consistency(caller(ctx)?, smaller, larger).await.map_err(|why| failed(&why))?;
        Ok(proof.map(|proof| LedgerConsistency { from, to, proof }))
    }
}
