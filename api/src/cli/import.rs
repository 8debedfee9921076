//! `partnerloop import (deals|accounts|partners|spend|activities) FILE --map MAP.toml --program SLUG`
//!
//! Exit codes: 0 every row has its verdict (some may be refused: they are counted and can be downloaded), 1 the mapping or
//! the whole file was refused and nothing changed, 2 wrong usage. The last line on stdout is JSON with the counts.

use super::{Database, program_named};
use crate::usecase::Caller;
use crate::usecase::import::rejects::{self, NOT_TAKEN};
use crate::usecase::import::{self, ImportFailure, Request};
use anyhow::Context;
use clap::{Args, ValueEnum};
use domain::import::run::{ImportRun, RunState};
use domain::import::{Object, Problem};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many rows that were not taken are shown.
const SHOWN: u64 = 20;

/// What the file holds.
#[derive(Clone, Copy, ValueEnum)]
enum Holds {
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

impl From<Holds> for Object {
    fn from(holds: Holds) -> Self {
        match holds {
            Holds::Deals => Self::Deals,
            Holds::Accounts => Self::Accounts,
            Holds::Partners => Self::Partners,
            Holds::Spend => Self::Spend,
            Holds::Activities => Self::Activities,
        }
    }
}

/// Imports another system's export, as it is, through a declared mapping (docs/IMPORT.md).
#[derive(Args)]
pub(super) struct Import {
    /// What the file holds.
    #[arg(required_unless_present = "suggest")]
    object: Option<Holds>,
    /// The file.
    #[arg(required_unless_present = "suggest")]
    file: Option<PathBuf>,
    /// The mapping file (TOML).
    #[arg(long, required_unless_present = "suggest")]
    map: Option<PathBuf>,
    /// The program's short name.
    #[arg(long, required_unless_present = "suggest")]
    program: Option<String>,
    /// Gives every row its verdict and writes no fact.
    #[arg(long)]
    dry_run: bool,
    /// Writes the rows that were held or refused to this file, to be mended and imported again.
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// Goes on with the interrupted import of the same file and mapping, even if it was interrupted just now.
    #[arg(long)]
    resume: bool,
    /// Prints a mapping proposed from the file's header and a sample, and imports nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["map", "program", "dry_run", "rejects", "resume"])]
    suggest: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

impl Import {
    /// # Errors
    /// What is wrong with the database or the files on this side.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(file) = &self.suggest {
            return suggest(file, self.object.map(Into::into));
        }
        let (Some(object), Some(file), Some(map), Some(slug)) = (self.object, self.file, self.map, self.program) else {
            return Ok(ExitCode::from(2));
        };
        if let Some(rejects) = &self.rejects
            && let Some(read) = [&file, &map].into_iter().find(|read| is_same(rejects, read))
        {
            eprintln!("partnerloop: --rejects would overwrite {}, which is read: name another file", read.display());
            return Ok(ExitCode::from(2));
        }
        let mapping =
            std::fs::read_to_string(&map).with_context(|| format!("the mapping {} cannot be read", map.display()))?;
        let office = self.database.open_existing().await?;
        let program = program_named(&office, &slug).await?;
        let caller = Caller::system(office, program.id);
        let request = Request {
            object: object.into(),
            file_name: file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            path: file,
            mapping,
            mapping_folder: Some(map.parent().unwrap_or(Path::new("")).to_owned()),
            is_dry_run: self.dry_run,
            resume: self.resume,
            is_spooled: false,
            run_id: None,
        };
        let bar = bar();
        let result = import::import(&caller, request, &|run| show(&bar, run)).await;
        bar.finish_and_clear();
        match result {
            Ok(run) => {
                explain(&caller, &run).await?;
                if let Some(path) = &self.rejects {
                    write_rejects(&caller, &run, path).await?;
                }
                println!("{}", summary(&run));
                Ok(ExitCode::SUCCESS)
            }
            Err(why) => {
                eprintln!("partnerloop: nothing was imported\n{why}");
                let reasons = if let ImportFailure::File(problems) = &why {
                    json!(problems)
                } else {
                    json!([{ "code": "FAILED", "message": why.to_string() }])
                };
                println!(
                    "{}",
                    json!({ "state": "FAILED", "accepted": 0, "warned": 0, "held": 0, "refused": 0, "skipped": 0, "failure": reasons })
                );
                Ok(ExitCode::from(1))
            }
        }
    }
}

/// Whether two paths lead to one file, that is there.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn bar() -> ProgressBar {
    // Drawn on stderr, and only where that is a terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:9} {bar:30} {bytes}/{total_bytes} {prefix}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, run: &ImportRun) {
    bar.set_length(run.file_bytes);
    bar.set_position(run.bytes_read);
    bar.set_message(if run.state == RunState::Applying { "writing" } else { "reading" });
    let counts = &run.counts;
    bar.set_prefix(format!("{} rows, {} held, {} refused", counts.rows_read, counts.held, counts.refused));
}

fn summary(run: &ImportRun) -> serde_json::Value {
    let counts = &run.counts;
    json!({
        "run": run.id,
        "state": "DONE",
        "dryRun": run.is_dry_run,
        "sha256": run.file_sha256,
        "rows": counts.rows_read,
        "accepted": counts.accepted,
        "warned": counts.warned,
        "held": counts.held,
        "refused": counts.refused,
        "skipped": counts.skipped,
        "superseded": counts.superseded,
        "created": counts.created,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "made": run.made,
    })
}

/// The first rows that were not taken, with their reasons.
async fn explain(caller: &Caller, run: &ImportRun) -> anyhow::Result<()> {
    let rows = import::list::rows(caller, run.id, &NOT_TAKEN, 0, SHOWN).await?;
    let mut out = std::io::stderr().lock();
    for row in &rows {
        let verdict: &str = row.verdict.into();
        for problem in row.problems.iter().filter(|problem| !problem.verdict.is_taken()) {
            writeln!(out, "row {}: {verdict} {}", row.row_number, told(problem))?;
        }
    }
    let more = (run.counts.held + run.counts.refused).saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "and {more} more; --rejects FILE writes them all")?;
    }
    Ok(())
}

/// A problem in a line: its code, where it is and what stands there as far as that is known, and what is to be done.
fn told(problem: &Problem) -> String {
    let column = problem.column.clone().filter(|column| !column.is_empty());
    let value = problem.value.as_ref().map(|value| format!("\"{value}\""));
    let place: Vec<String> = column.into_iter().chain(value).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(" ")) };
    format!("{}: {place}{}", problem.code.word(), problem.message)
}

async fn write_rejects(caller: &Caller, run: &ImportRun, path: &Path) -> anyhow::Result<()> {
    let file = std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let mut file = std::io::BufWriter::new(file);
    let mut rejects = rejects::open(caller, run.id).await?;
    while let Some(piece) = rejects.next().await? {
        file.write_all(piece.as_bytes())?;
    }
    file.flush()?;
    Ok(())
}

fn suggest(file: &Path, object: Option<Object>) -> anyhow::Result<ExitCode> {
    match import::suggest::suggest(file, object) {
        Ok(mapping) => {
            print!("{mapping}");
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            eprintln!("{}: {}", problem.code, problem.message);
            Ok(ExitCode::from(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::import::Code;

    #[test]
    fn a_problem_is_told_with_its_column_or_without_a_colon() {
        let problem = |code| Problem::new(code, "why");
        assert_eq!(told(&problem(Code::UnknownDeal).at("Deal", "99999")), "UNKNOWN_DEAL: Deal \"99999\": why");
        assert_eq!(told(&problem(Code::UnknownDeal).at("", "99999")), "UNKNOWN_DEAL: \"99999\": why");
        assert_eq!(told(&problem(Code::TooFewCells)), "TOO_FEW_CELLS: why");
    }
}
