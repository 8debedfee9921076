//! Imports on the wire: runs, their counts by verdict, their rows, their progress.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, Subscription};
use domain::import::Verdict;
use domain::import::run::{Counts, ImportRow as Row, ImportRun as Run};
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::import_decision::ImportRowDecided;
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, connect};
use super::scalar::{DateTime, Decimal};
use crate::usecase::import::{follow, list};
use crate::usecase::page::{Page, PositionKey};

/// What an imported file holds.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::import::Object")]
pub enum ImportObject {
    /// Deals (opportunities).
    Deals,
    /// Accounts.
    Accounts,
    /// Partners.
    Partners,
    /// Program spend.
    Spend,
    /// Activities.
    Activities,
}

/// How far an import is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::import::run::RunState")]
pub enum ImportState {
    /// Rows are being read and judged; no fact has changed.
    Staging,
    /// All rows are read; they are being written in one transaction.
    Applying,
    /// It was interrupted; no fact has changed. An upload goes on by itself; on the command line repeat it with --resume.
    Resumable,
    /// Every row has its verdict, and what was taken is written (a dry run writes nothing).
    Done,
    /// The whole file was refused; no fact has changed. `failure` says why.
    Failed,
}

/// What became of a row.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[graphql(remote = "domain::import::Verdict")]
pub enum ImportVerdict {
    /// Taken as it is.
    Accepted,
    /// Taken, and listed because somebody should look.
    Warned,
    /// Left out by rule and counted: a blank row, a report's footer.
    Skipped,
    /// Not taken until somebody decides (`importRowDecide`), or mends the mapping, the program or the row and sends it again.
    Held,
    /// Not taken: the row itself is wrong.
    Refused,
}

/// Rows by verdict, and facts by what became of them.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct ImportCounts {
    /// Data rows read so far.
    pub rows_read: i64,
    /// Taken as they are.
    pub accepted: i64,
    /// Taken, and listed.
    pub warned: i64,
    /// Held for a decision.
    pub held: i64,
    /// Refused.
    pub refused: i64,
    /// Left out by rule.
    pub skipped: i64,
    /// Rows taken at first whose id came again further down, so that the later row won.
    pub superseded: i64,
    /// Facts that are new; in a dry run, that would be.
    pub created: i64,
    /// Facts that changed; in a dry run, that would.
    pub changed: i64,
    /// Facts that were already so.
    pub unchanged: i64,
}

impl From<Counts> for ImportCounts {
    fn from(it: Counts) -> Self {
        let wire = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            rows_read: wire(it.rows_read),
            accepted: wire(it.accepted),
            warned: wire(it.warned),
            held: wire(it.held),
            refused: wire(it.refused),
            skipped: wire(it.skipped),
            superseded: wire(it.superseded),
            created: wire(it.created),
            changed: wire(it.changed),
            unchanged: wire(it.unchanged),
        }
    }
}

/// One reason on one row.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct ImportProblem {
    /// The stable reason, such as NOT_A_DATE; docs/IMPORT.md lists them.
    pub code: String,
    /// What it makes of the row.
    pub verdict: ImportVerdict,
    /// The column of the file, where one is meant.
    pub column: Option<String>,
    /// The value, cut to 80 characters.
    pub value: Option<String>,
    /// A sentence that says what to do.
    pub message: String,
}

/// A row of a file that was not simply accepted.
pub struct ImportRow(pub(super) Row);

/// A row of a file that was not simply accepted.
#[Object(directive = Allow::apply(Action::ReadImports))]
impl ImportRow {
    /// The record's number in the file; the header is 1. A record with line breaks inside quotes counts once.
    async fn row_number(&self) -> i64 {
        i64::try_from(self.0.row_number).unwrap_or(i64::MAX)
    }

    /// What became of it.
    async fn verdict(&self) -> ImportVerdict {
        self.0.verdict.into()
    }

    /// Why.
    async fn problems(&self) -> Vec<ImportProblem> {
        let wire = |it: &domain::import::Problem| ImportProblem {
            code: it.code.word().to_owned(),
            verdict: it.verdict.into(),
            column: it.column.clone(),
            value: it.value.clone(),
            message: it.message.clone(),
        };
        self.0.problems.iter().map(wire).collect()
    }

    /// The record as it stood in the file; empty where it was too long to keep.
    async fn raw(&self) -> &str {
        &self.0.raw
    }

    /// What somebody decided about it, where it was held.
    async fn decided(&self) -> Option<ImportRowDecided> {
        self.0.decided.as_ref().map(Into::into)
    }
}

/// One import of one file.
pub struct ImportRun(pub(super) Run);

/// One import of one file.
#[Object(directive = Allow::apply(Action::ReadImports))]
impl ImportRun {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("ImportRun", self.0.id)
    }

    /// What the file holds.
    async fn object(&self) -> ImportObject {
        self.0.object.into()
    }

    /// The file's name.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// SHA-256 of the file, in hexadecimal.
    async fn file_sha256(&self) -> &str {
        &self.0.file_sha256
    }

    /// The file's size in bytes; a decimal, because it can exceed an Int.
    async fn file_bytes(&self) -> Decimal {
        Decimal(self.0.file_bytes.into())
    }

    /// How many bytes were read so far.
    async fn bytes_read(&self) -> Decimal {
        Decimal(self.0.bytes_read.into())
    }

    /// The mapping file's text.
    async fn mapping(&self) -> &str {
        &self.0.mapping
    }

    /// Whether nothing is written.
    async fn is_dry_run(&self) -> bool {
        self.0.is_dry_run
    }

    /// How far it is.
    async fn state(&self, ctx: &Context<'_>) -> Result<ImportState> {
        Ok(self.0.state_at(caller(ctx)?.office.clock.now()).into())
    }

    /// Why the whole file was refused, or what interrupted it.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// Rows by verdict, and facts by what became of them.
    async fn counts(&self) -> ImportCounts {
        self.0.counts.into()
    }

    /// Segments that were made because the mapping allowed it: the first hundred names.
    async fn new_segments(&self) -> &[String] {
        &self.0.made.segments
    }

    /// Partners that were made because the mapping allowed it: the first hundred names.
    async fn new_partners(&self) -> &[String] {
        &self.0.made.partners
    }

    /// How many accounts were made because the mapping allowed it.
    async fn new_accounts(&self) -> i64 {
        i64::try_from(self.0.made.accounts).unwrap_or(i64::MAX)
    }

    /// When it started.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// When it last gave word.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }

    /// Where the rows that were held or refused can be downloaded, to be mended and sent again: a path on this server.
    async fn rejects_path(&self) -> String {
        format!("/imports/{}/rejects.csv", self.0.id)
    }

    /// Its rows that were not simply accepted, in the order of the file.
    async fn rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only rows with one of these verdicts.")] verdicts: Option<Vec<ImportVerdict>>,
    ) -> Result<Connected<ImportRow>> {
        let caller = caller(ctx)?;
        let all = || vec![Verdict::Warned, Verdict::Skipped, Verdict::Held, Verdict::Refused];
        let verdicts: Vec<Verdict> = verdicts.map_or_else(all, |some| some.into_iter().map(Into::into).collect());
        let binding = Binding::of(caller, "importRun.rows", &(self.0.id, &verdicts));
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Asc)?;
        let number = |key: Option<&PositionKey>| {
            if let Some(PositionKey::Int(row)) = key { u64::try_from(*row).ok() } else { None }
        };
        let behind = number(ask.after.as_ref().map(|it| &it.key)).unwrap_or(0);
        let ahead = number(ask.before.as_ref().map(|it| &it.key)).unwrap_or(u64::MAX >> 1);
        let limit = usize::try_from(ask.limit).unwrap_or(0);
        let mut rows = if ask.from_end {
            list::rows_before(caller, self.0.id, &verdicts, ahead, ask.limit + 1).await
        } else {
            list::rows(caller, self.0.id, &verdicts, behind, ask.limit + 1).await
        }
        .map_err(|why| failed(&why))?;
        rows.retain(|row| row.row_number > behind && row.row_number < ahead);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if ask.from_end {
            rows.reverse();
        }
        let (has_previous, has_next) =
            if ask.from_end { (has_more, ask.before.is_some()) } else { (ask.after.is_some(), has_more) };
        let page = Page { rows, has_previous, has_next };
        let key = |row: &Row| (PositionKey::Int(i64::try_from(row.row_number).unwrap_or(i64::MAX)), Uuid::nil());
        Ok(connect(page, &binding, TotalCount::ImportRows(self.0.id, verdicts), key, ImportRow))
    }
}

/// How far an import is, as a small message: refetch `importRun` for more.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct ImportProgress {
    /// The run's global id.
    pub run_id: ID,
    /// How far it is.
    pub state: ImportState,
    /// Rows by verdict so far.
    pub counts: ImportCounts,
    /// How many bytes were read so far.
    pub bytes_read: Decimal,
    /// The file's size in bytes.
    pub file_bytes: Decimal,
}

/// Reads of imports.
#[derive(Default)]
pub struct ImportQuery;

#[Object]
impl ImportQuery {
    /// Imports, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn import_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connected<ImportRun>> {
        let caller = caller(ctx)?;
        let binding = Binding::of(caller, "importRuns", &());
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = list::runs(caller, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Imports, |run| (list::key(run), run.id), ImportRun))
    }

    /// One import; null when there is none.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn import_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<ImportRun>> {
        let run = list::find(caller(ctx)?, global_id::of_kind(&id, "ImportRun")).await.map_err(|why| failed(&why))?;
        Ok(run.map(ImportRun))
    }
}

/// What of imports can be followed.
#[derive(Default)]
pub struct ImportSubscription;

#[Subscription]
impl ImportSubscription {
    /// How far an import is: now, whenever it gets on, and at its end, with which the stream ends.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn import_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run's global id.")] run_id: ID,
    ) -> Result<impl Stream<Item = ImportProgress> + use<>> {
        let runs =
            follow::follow(caller(ctx)?, global_id::of_kind(&run_id, "ImportRun")).map_err(|why| failed(&why))?;
        Ok(runs.map(|run| ImportProgress {
            run_id: global_id::encode("ImportRun", run.id),
            state: run.state.into(),
            counts: run.counts.into(),
            bytes_read: Decimal(run.bytes_read.into()),
            file_bytes: Decimal(run.file_bytes.into()),
        }))
    }
}
