//! Looks at a file's beginning and proposes a mapping for it.

use super::reader::Records;
use domain::import::mapping::FileFormat;
use domain::import::suggest::{self, Seen};
use domain::import::{FileProblem, Object};
use std::fs::File;
use std::path::Path;

/// How many rows are looked at.
const ROWS: usize = 1000;

/// Proposes a mapping.
///
/// # Errors
/// What keeps the file from being read at all.
pub fn suggest(path: &Path, object: Option<Object>) -> Result<String, FileProblem> {
    let mut first = None;
    for encoding in ["utf-8", "windows-1252"] {
        let mut best: Option<Seen> = None;
        for delimiter in [',', ';', '\t', '|'] {
            match look(path, encoding, delimiter) {
                Ok(seen) if best.as_ref().is_none_or(|best| seen.header.len() > best.header.len()) => best = Some(seen),
                Ok(_) => {}
                Err(why) => {
                    first.get_or_insert(why);
                }
            }
        }
        if let Some(best) = best {
            return Ok(suggest::suggest(&best, object));
        }
    }
    Err(first.unwrap_or_else(|| FileProblem::new("UNREADABLE", "the file cannot be read")))
}

fn look(path: &Path, encoding: &'static str, delimiter: char) -> Result<Seen, FileProblem> {
    let file = File::open(path).map_err(|why| FileProblem::new("UNREADABLE", format!("{}: {why}", path.display())))?;
    let format = FileFormat {
        encoding: encoding.into(),
        delimiter: delimiter.to_string().replace('\t', "tab"),
        ..FileFormat::default()
    };
    let mut records = Records::open(file, &format)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    while rows.len() < ROWS {
        let Some(record) = records.read()? else { break };
        rows.push(record.cells().iter().map(|cell| (*cell).to_owned()).collect());
    }
    // A report's title lines are shorter than its header, and its header is as wide as what follows it.
    let width = rows.iter().skip(1).map(Vec::len).max().or_else(|| rows.first().map(Vec::len)).unwrap_or(0);
    let at = rows.iter().take(20).position(|row| row.len() >= width).unwrap_or(0);
    let mut rest = rows.split_off(at);
    if rest.is_empty() {
        return Err(FileProblem::new("EMPTY_FILE", "the file has no header"));
    }
    let header = rest.remove(0);
    Ok(Seen {
        header,
        rows: rest,
        encoding,
        delimiter: char::from(records.delimiter()),
        skip_lines: u32::try_from(at).unwrap_or(0),
    })
}
