//! The rows that were not taken, as a file that can be mended and sent again with the same mapping.
//!
//! Four columns stand in front: row, verdict, code, reason. Behind them each record stands byte for byte as it was, in
//! UTF-8, so nothing is escaped: this is not for a spreadsheet to run, it is the sender's own data.

use crate::usecase::{Caller, Failure};
use domain::import::Verdict;
use domain::import::run::{ImportRow, ImportRun};
use domain::role::Action;
use entity::{import_row, import_run};
use std::fmt::Write as _;
use uuid::Uuid;

/// The verdicts of rows that were not taken and can be mended.
pub const NOT_TAKEN: [Verdict; 2] = [Verdict::Held, Verdict::Refused];

/// How many rows are fetched at a time.
const ROWS: u64 = 500;

/// A reader of the rows that were not taken, piece by piece.
pub struct Rejects {
    caller: Caller,
    run: ImportRun,
    quote: char,
    after: Option<u64>,
}

/// The rows of a run that were not taken.
///
/// # Errors
/// [`Failure`].
pub async fn open(caller: &Caller, run_id: Uuid) -> Result<Rejects, Failure> {
    let slice = caller.authorise(Action::Import)?;
    let run = import_run::find(caller.office.store.read(), slice, run_id).await?.ok_or(Failure::NotFound)?;
    let quote = super::mapping::parse(&run.mapping, run.object).map_or('"', |mapping| mapping.file.quote);
    Ok(Rejects { caller: caller.clone(), run, quote, after: None })
}

impl Rejects {
    /// The next piece of the file; `None` at its end.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        let slice = self.caller.authorise(Action::Import)?;
        let mut out = String::new();
        let behind = match self.after {
            Some(row) => row,
            None => {
                // The mark makes it UTF-8 whatever encoding the mapping declares, and the preamble is skipped as it was.
                out.push('\u{feff}');
                out.push_str(&self.run.preamble);
                line(
                    &mut out,
                    (self.run.delimiter, self.quote),
                    ["partnerloop row", "partnerloop verdict", "partnerloop code", "partnerloop reason"],
                    &self.run.header,
                );
                0
            }
        };
        let rows =
            import_row::after(self.caller.office.store.read(), slice, self.run.id, &NOT_TAKEN, behind, ROWS).await?;
        match rows.last() {
            Some(last) => self.after = Some(last.row_number),
            None if self.after.is_some() => return Ok(None),
            None => self.after = Some(u64::MAX >> 1),
        }
        for row in rows {
            reject(&mut out, (self.run.delimiter, self.quote), &row);
        }
        Ok(Some(out))
    }
}

fn reject(out: &mut String, marks: (char, char), row: &ImportRow) {
    let codes: Vec<&str> = row.problems.iter().map(|problem| problem.code.word()).collect();
    let mut reasons = String::new();
    for problem in &row.problems {
        if !reasons.is_empty() {
            reasons.push_str(" | ");
        }
        if let Some(column) = &problem.column {
            let _ = write!(reasons, "{column}: ");
        }
        reasons.push_str(&problem.message);
    }
    let verdict: &str = row.verdict.into();
    line(out, marks, [&row.row_number.to_string(), verdict, &codes.join(" "), &reasons], &row.raw);
}

/// Our four cells, quoted, and a record as it was.
fn line(out: &mut String, (delimiter, quote): (char, char), ours: [&str; 4], raw: &str) {
    for cell in ours {
        let doubled = cell.replace(quote, &format!("{quote}{quote}"));
        let _ = write!(out, "{quote}{doubled}{quote}{delimiter}");
    }
    out.push_str(raw);
    out.push_str("\r\n");
}
