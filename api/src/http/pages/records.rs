//! A sheet as CSV: its tables one below the other, each with its name above its heading and an empty line between two. Numbers
//! have all their digits and no separators; a name that looks like a formula is led in by an apostrophe.

use super::sheet::Sheet;
use crate::http::exports::harmless;

/// The text, as RFC 4180 has it.
pub(super) fn write(sheet: &Sheet) -> Vec<u8> {
    let mut out = block(
        [vec![sheet.title.clone()], vec![sheet.subtitle.clone()]]
            .into_iter()
            .chain(sheet.notice.iter().map(|notice| vec![notice.clone()]))
            .chain(sheet.facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()])),
    );
    for part in &sheet.parts {
        if let Some(table) = &part.table {
            let heading = table.columns.iter().map(|column| column.title.clone()).collect();
            let rows = table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.exact()).collect());
            out.extend(b"\r\n");
            out.extend(block([vec![part.heading.to_owned()], heading].into_iter().chain(rows)));
        }
        if !part.outline.is_empty() {
            let lines =
                part.outline.iter().flat_map(|one| one.lines.iter().map(|line| vec![one.title.clone(), line.clone()]));
            let heading = vec!["Figure".to_owned(), "Line".to_owned()];
            out.extend(b"\r\n");
            out.extend(block([vec![part.heading.to_owned()], heading].into_iter().chain(lines)));
        }
    }
    out
}

fn block(records: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // Into memory, and records may differ in length: it cannot fail.
        let _ = writer.write_record(record.iter().map(|text| harmless(text)));
    }
    writer.into_inner().unwrap_or_default()
}
