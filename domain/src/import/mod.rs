//! Reading another system's rows: a declared mapping, a row, and what becomes of it (LOOP.md section 4, Import).
//!
//! Pure rules. Nothing is guessed, dropped or changed silently: what a mapping does not declare is refused or held, and
//! every row gets a [`Verdict`] with its [`Problem`]s.

pub mod account;
pub mod activity;
pub mod attribution;
pub mod bound;
pub mod check;
pub mod context;
pub mod date;
pub mod deal;
pub mod decision;
pub mod fact;
pub mod field;
pub mod mapping;
pub mod merge;
mod names;
pub mod number;
pub mod partner;
pub mod reference;
mod row;
pub mod run;
pub mod salesforce;
pub mod spend;
pub mod suggest;
mod suggest_dates;

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    /// Opportunities.
    Deals,
    /// Customers and prospects.
    Accounts,
    /// Partners.
    Partners,
    /// Program spend.
    Spend,
    /// Touches, meetings, notes.
    Activities,
}

/// What became of a row. The order is of severity.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Taken as it is.
    Accepted,
    /// Taken, and listed because somebody should look.
    Warned,
    /// Left out by rule and counted: a blank row, a report's footer.
    Skipped,
    /// Not taken until somebody decides: mend the mapping, the program or the row, and send it again.
    Held,
    /// Not taken: the row itself is wrong.
    Refused,
}

impl Verdict {
    /// Whether the row's fact is written.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        match self {
            Self::Accepted | Self::Warned => true,
            Self::Skipped | Self::Held | Self::Refused => false,
        }
    }
}

/// Why a row was not simply accepted. The words are stable: clients may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A required value is empty.
    Missing,
    /// A text is longer than is kept.
    TooLong,
    /// A NUL character in a cell.
    Nul,
    /// Fewer cells than the header has.
    TooFewCells,
    /// More cells than the header has.
    TooManyCells,
    /// A cell beyond the limit.
    CellTooLong,
    /// A record beyond the limit.
    RowTooLong,
    /// Text after a closing quote.
    MisplacedQuote,
    /// All cells are empty.
    BlankRow,
    /// A footer line of a report.
    ReportFooter,
    /// The row is marked as deleted in its system.
    DeletedInSource,
    /// The id stood on an earlier row of the same file.
    RepeatedId,
    /// A value that the field's map does not name.
    UnmappedValue,
    /// A value that the lookup file does not hold.
    LookupMiss,
    /// A stage that neither the mapping nor the program knows.
    UnmappedStage,
    /// The stage says one outcome, the outcome column another.
    StageContradictsOutcome,
    /// A value that is not one of the words expected.
    NotAWord,
    /// Not a number in the declared format.
    NotANumber,
    /// A number that is larger than is kept exactly.
    NumberTooLarge,
    /// More decimals than the currency has; rounded half away from zero.
    Rounded,
    /// An amount below zero.
    NegativeAmount,
    /// A won deal without an amount.
    MissingAmount,
    /// A rate outside 0 to 1.
    NotARate,
    /// Not an ISO 4217 currency.
    NotACurrency,
    /// The currency was empty; the mapping's default was taken.
    CurrencyDefaulted,
    /// The amount carries a symbol of another currency.
    CurrencyContradicts,
    /// The program gave no rate for that currency and quarter.
    NoFxRate,
    /// Not a date in a declared format.
    NotADate,
    /// Not a fiscal quarter.
    NotAQuarter,
    /// A closed deal with a close after the day of the import.
    CloseInFuture,
    /// The close is before the opening.
    CloseBeforeOpen,
    /// Something that happened after the day of the import.
    InFuture,
    /// A closed deal without a close date.
    MissingClose,
    /// No opening date; the mapping's default was taken.
    OpenedDefaulted,
    /// No segment: the deal is in no Trust-Gap cell.
    NoSegment,
    /// A segment that the program does not have.
    UnknownSegment,
    /// An account that the program does not have.
    UnknownAccount,
    /// The account was merged into another, which was taken.
    AccountMerged,
    /// A partner that the program does not have.
    UnknownPartner,
    /// More than one partner carries that name.
    AmbiguousPartner,
    /// The partner's id and name belong to two partners.
    PartnerContradicts,
    /// The partner's name differs from the one on record; the id was taken.
    PartnerNameDiffers,
    /// An earlier import had made the partner by its name; it now has the file's id.
    PartnerAdopted,
    /// The id is new, and a partner of this name is on record already.
    PartnerNameTaken,
    /// A partner without a state.
    StateMissing,
    /// A state without a partner.
    PartnerMissing,
    /// Partners and states of one row do not pair up.
    UnevenList,
    /// More than one SOURCED partner on one deal.
    TwoSourced,
    /// A state that the deal's kind cannot have.
    StateDoesNotFitKind,
    /// The row is read as direct and as partner at once.
    DirectContradicts,
    /// The mapping does not say how this row's attribution is to be read.
    AttributionUnclear,
    /// The deal is locked, and its attribution would change.
    LockedAttribution,
    /// The deal is locked, and its segment would change.
    LockedSegment,
    /// The deal's attribution is declared, and its kind would change.
    LockedKind,
    /// The file takes the deal past Stage 1, and what was declared of it cannot be locked.
    LockRefused,
    /// The source partner, the source's detail or the referral token would change.
    SourceFixed,
    /// The source partner is another than the SOURCED one.
    SourceDiffers,
    /// An id in another system belongs to another row.
    RefTaken,
    /// The row's id is on record as an id of another system.
    IdOfAnotherSystem,
    /// Integrations are named, and the flag says there are none.
    IntegrationContradicts,
    /// A deal that the program does not have.
    UnknownDeal,
    /// A pod that the program does not have.
    UnknownPod,
    /// Neither a deal, an account nor a partner.
    NoSubject,
    /// The text looks as if UTF-8 had been read as Windows-1252 once already.
    LooksDoubleEncoded,
    /// Not an address with a registrable domain.
    NotADomain,
    /// Recorded before it happened.
    RecordedBeforeHappened,
    /// Activities are never changed, and this one differs from what is recorded.
    ActivityDiffers,
}

impl Code {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// What it makes of a row.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::BlankRow | Self::ReportFooter => Verdict::Skipped,
            Self::RepeatedId
            | Self::Rounded
            | Self::MissingAmount
            | Self::CurrencyDefaulted
            | Self::OpenedDefaulted
            | Self::NoSegment
            | Self::AccountMerged
            | Self::PartnerNameDiffers
            | Self::PartnerAdopted
            | Self::SourceDiffers
            | Self::LooksDoubleEncoded => Verdict::Warned,
            Self::UnmappedValue
            | Self::LookupMiss
            | Self::UnmappedStage
            | Self::StageContradictsOutcome
            | Self::UnknownSegment
            | Self::UnknownAccount
            | Self::UnknownPartner
            | Self::AmbiguousPartner
            | Self::PartnerNameTaken
            | Self::StateMissing
            | Self::UnevenList
            | Self::TwoSourced
            | Self::StateDoesNotFitKind
            | Self::DirectContradicts
            | Self::AttributionUnclear
            | Self::LockedAttribution
            | Self::LockedSegment
            | Self::LockedKind
            | Self::LockRefused
            | Self::SourceFixed
            | Self::RefTaken
            | Self::IdOfAnotherSystem
            | Self::IntegrationContradicts
            | Self::UnknownDeal
            | Self::UnknownPod
            | Self::ActivityDiffers => Verdict::Held,
            Self::Missing
            | Self::RecordedBeforeHappened
            | Self::TooLong
            | Self::Nul
            | Self::TooFewCells
            | Self::TooManyCells
            | Self::CellTooLong
            | Self::RowTooLong
            | Self::MisplacedQuote
            | Self::DeletedInSource
            | Self::NotAWord
            | Self::NotANumber
            | Self::NumberTooLarge
            | Self::NegativeAmount
            | Self::NotARate
            | Self::NotACurrency
            | Self::CurrencyContradicts
            | Self::NoFxRate
            | Self::NotADate
            | Self::NotAQuarter
            | Self::CloseInFuture
            | Self::CloseBeforeOpen
            | Self::InFuture
            | Self::MissingClose
            | Self::PartnerContradicts
            | Self::PartnerMissing
            | Self::NoSubject
            | Self::NotADomain => Verdict::Refused,
        }
    }
}

/// One thing about one row that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable reason.
    pub code: Code,
    /// What it makes of the row: the code's own verdict, unless the mapping says otherwise.
    pub verdict: Verdict,
    /// The column of the file, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The value, cut for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A sentence that says what to do.
    pub message: String,
}

/// The most characters of a value that a problem shows.
pub const SHOWN: usize = 80;

impl Problem {
    /// A problem of the whole row.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, verdict: code.verdict(), column: None, value: None, message: message.into() }
    }

    /// The same, of a cell.
    #[must_use]
    pub fn at(mut self, column: &str, value: &str) -> Self {
        self.column = (!column.is_empty()).then(|| column.to_owned());
        self.value = Some(shown(value));
        self
    }

    /// The same with another verdict, where the mapping decides it.
    #[must_use]
    pub const fn as_verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }
}

/// A value cut for display.
#[must_use]
pub fn shown(value: &str) -> String {
    let value = value.replace('\0', "\u{2400}");
    if value.chars().count() <= SHOWN { value } else { value.chars().take(SHOWN - 1).chain(['…']).collect() }
}

/// A row after reading: its fact where it is taken, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The fact, of a row that is taken.
    pub fact: Option<fact::Fact>,
    /// What was found.
    pub problems: Vec<Problem>,
}

/// Reads a row of so many cells as the header has. Ragged rows are refused before anything is read from them.
#[must_use]
pub fn judge(object: Object, bound: &bound::Bound, context: &context::Context, cells: &[&str]) -> Judged {
    if let Some(problem) = bound.skipped(cells) {
        return Judged { fact: None, problems: vec![problem] };
    }
    let (have, want) = (cells.len(), bound.header.len());
    if have != want {
        let code = if have < want { Code::TooFewCells } else { Code::TooManyCells };
        let message = format!(
            "the row has {have} cells, the header {want}; a delimiter inside a cell needs quotes around the cell"
        );
        return Judged { fact: None, problems: vec![Problem::new(code, message)] };
    }
    if let Some(at) = cells.iter().position(|cell| cell.contains('\0')) {
        let problem = Problem::new(Code::Nul, "the cell holds a NUL character, which cannot be kept")
            .at(&bound.header[at], cells[at]);
        return Judged { fact: None, problems: vec![problem] };
    }
    let mut row = row::Row::new(bound, context, cells);
    let fact = match object {
        Object::Deals => deal::read(&mut row).map(|deal| fact::Fact::Deal(Box::new(deal))),
        Object::Accounts => account::read(&mut row).map(fact::Fact::Account),
        Object::Partners => partner::read(&mut row).map(fact::Fact::Partner),
        Object::Spend => spend::read(&mut row).map(fact::Fact::Spend),
        Object::Activities => activity::read(&mut row).map(fact::Fact::Activity),
    };
    let mut problems = row.problems;
    problems.dedup();
    if fact.is_none() && verdict(&problems).is_taken() {
        problems.push(Problem::new(Code::Missing, "the row lacks a required value"));
    }
    Judged { fact: fact.filter(|_| verdict(&problems).is_taken()), problems }
}

/// The verdict of a row with these problems.
#[must_use]
pub fn verdict(problems: &[Problem]) -> Verdict {
    problems.iter().map(|problem| problem.verdict).max().unwrap_or(Verdict::Accepted)
}

/// Why a whole file or mapping is refused; nothing of it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct FileProblem {
    /// A stable reason in SCREAMING_SNAKE_CASE.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
}

impl FileProblem {
    /// A refusal.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
