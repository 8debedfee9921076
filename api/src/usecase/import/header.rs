//! The header of a file: columns found by name, and a hint when they are not.

use super::reader::{COLUMNS_MOST, Record, Records};
use domain::import::FileProblem;
use domain::import::bound::{Bound, LookupTable};
use domain::import::mapping::{Lookup, Mapping};
use domain::text;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// A file whose header was read and bound to its mapping.
pub struct Opened<R> {
    /// The records behind the header.
    pub records: Records<R>,
    /// The mapping, bound.
    pub bound: Arc<Bound>,
    /// The header as it stood in the file.
    pub raw: String,
}

/// Reads the header and binds the mapping to it.
///
/// # Errors
/// Everything that is wrong with the file before its first row.
pub fn open<R: Read>(
    input: R,
    mapping: &Arc<Mapping>,
    lookups: &HashMap<Lookup, LookupTable>,
    zone: chrono_tz::Tz,
) -> Result<Opened<R>, Vec<FileProblem>> {
    let mut records = Records::open(input, &mapping.file).map_err(|why| vec![why])?;
    let header = records.read().map_err(|why| vec![why])?;
    let Some(header) = header else {
        return Err(vec![FileProblem::new("EMPTY_FILE", "the file has no header")]);
    };
    if let Some(trouble) = &header.trouble {
        return Err(vec![FileProblem::new(
            "BAD_HEADER",
            format!("the header cannot be read (at most {COLUMNS_MOST} columns): {}", trouble.message),
        )]);
    }
    let cells: Vec<String> = header.cells().iter().map(|cell| (*cell).to_owned()).collect();
    match Bound::new(Arc::clone(mapping), &cells, lookups, zone) {
        Ok(bound) => Ok(Opened { records, bound: Arc::new(bound), raw: header.raw }),
        Err(mut problems) => {
            if problems.iter().any(|problem| problem.code == "MISSING_COLUMN") {
                problems.extend(hint(&header, &mut records, mapping));
                let shown: Vec<String> =
                    cells.iter().take(40).map(|cell| format!("\"{}\"", domain::import::shown(cell))).collect();
                problems.push(FileProblem::new(
                    "HEADER_READ",
                    format!("the header that was read has {} columns: {}", cells.len(), shown.join(", ")),
                ));
            }
            Err(problems)
        }
    }
}

/// Another delimiter, or lines before the header: said, never assumed.
fn hint<R: Read>(header: &Record, records: &mut Records<R>, mapping: &Mapping) -> Option<FileProblem> {
    let delimiter = char::from(records.delimiter());
    if header.cells().len() == 1 {
        for (other, name) in [(';', "\";\""), ('\t', "\"tab\""), ('|', "\"|\""), (',', "\",\"")] {
            if other != delimiter && header.raw.matches(other).count() >= 2 {
                return Some(FileProblem::new(
                    "DELIMITER_HINT",
                    format!("the header looks delimited otherwise: declare file.delimiter = {name}"),
                ));
            }
        }
    }
    let wanted: Vec<String> =
        mapping.fields.values().filter_map(|field| field.column.as_deref()).map(text::key).collect();
    for ahead in 1_u32..=20 {
        let record = records.read().ok().flatten()?;
        let keys: Vec<String> = record.cells().iter().map(|cell| text::key(cell)).collect();
        if wanted.iter().all(|column| keys.contains(column)) {
            let skip = mapping.file.skip_lines + ahead;
            return Some(FileProblem::new(
                "SKIP_LINES_HINT",
                format!("the header seems to stand further down: declare file.skip_lines = {skip}"),
            ));
        }
    }
    None
}
