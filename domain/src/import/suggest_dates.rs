//! The formats of dates that a proposed mapping names: those that a column's cells have in common.

use super::date::{self, DateFormat};
use super::suggest::{Seen, is_blank, quoted};
use crate::calendar::Calendar;

/// So many cells of a column are looked at.
const CELLS: usize = 200;

/// Days before months, months before days, and what has one reading.
const PATTERNS: [&str; 16] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%b %d, %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %I:%M %p",
];

/// The cells of a column that say something, with the number of the record that each is in; the header is 1.
fn cells(seen: &Seen, at: usize) -> Vec<(usize, &str)> {
    let first = usize::try_from(seen.skip_lines).unwrap_or(0) + 2;
    let rows = seen.rows.iter().enumerate();
    let cells = rows.filter_map(|(row, cells)| Some((row + first, cells.get(at)?.trim())));
    cells.filter(|(_, cell)| !cell.is_empty() && !is_blank(cell)).take(CELLS).collect()
}

fn is_of(format: &DateFormat, cell: &str) -> bool {
    let calendar = Calendar { zone: chrono_tz::Tz::UTC, fiscal_start_month: 1 };
    date::parse(cell, std::slice::from_ref(format), &calendar, chrono_tz::Tz::UTC).is_some()
}

/// Each format with its name in a mapping.
fn formats() -> impl Iterator<Item = (&'static str, DateFormat)> {
    let patterns = PATTERNS.iter().map(|pattern| (*pattern, DateFormat::Pattern((*pattern).to_owned())));
    let others =
        [("iso", DateFormat::Iso), ("epoch-ms", DateFormat::EpochMs), ("excel-serial", DateFormat::ExcelSerial)];
    patterns.chain(others)
}

/// Any number fits an epoch: what matters is what real exports look like.
fn is_plausible(name: &str, cell: &str) -> bool {
    let digits = cell.split('.').next().unwrap_or("").len();
    match name {
        "epoch-ms" => (12..=13).contains(&digits),
        "excel-serial" => digits == 5,
        _ => true,
    }
}

/// The formats that all of the cells fit.
fn fitting(cells: &[(usize, &str)]) -> Vec<&'static str> {
    let fits = |(name, format): &(&str, DateFormat)| {
        cells.iter().all(|(_, cell)| is_plausible(name, cell) && is_of(format, cell))
    };
    formats().filter(fits).map(|(name, _)| name).collect()
}

/// Whether a column holds nothing but dates of one format.
pub(super) fn is_of_dates(seen: &Seen, at: usize) -> bool {
    let cells = cells(seen, at);
    !cells.is_empty() && !fitting(&cells).is_empty()
}

/// Whether a format that has a twin writes the day first.
fn is_day_first(pattern: &str) -> Option<bool> {
    let starts = |with: [&str; 3]| with.iter().any(|with| pattern.starts_with(with));
    if starts(["%d/", "%d-%m", "%d.%m"]) {
        Some(true)
    } else if starts(["%m/", "%m-", "%m."]) {
        Some(false)
    } else {
        None
    }
}

/// The line `dates = …` for these columns; empty where there is no date at all.
pub(super) fn line(seen: &Seen, columns: &[usize]) -> String {
    let columns: Vec<_> =
        columns.iter().map(|at| (*at, cells(seen, *at))).filter(|(_, cells)| !cells.is_empty()).collect();
    let mut certain: Vec<&str> = Vec::new();
    let mut open = Vec::new();
    for (at, cells) in &columns {
        match fitting(cells).as_slice() {
            [] => return broken(&seen.header[*at], cells),
            [one] => certain.push(one),
            several => open.push((cells[0].1, several.to_vec())),
        }
    }
    // What could be either is written as the others are.
    let order = certain.iter().find_map(|pattern| is_day_first(pattern));
    for (example, several) in open {
        let alike: Vec<&str> =
            several.iter().copied().filter(|it| order.is_some() && is_day_first(it) == order).collect();
        if let [one] = alike[..] {
            certain.push(one);
        } else {
            let list: Vec<String> = several.iter().map(|pattern| quoted(pattern)).collect();
            let (example, list) = (quoted(example), list.join(", "));
            return format!("# dates = [\"…\"]        # {example} could be any of {list}: only you can tell\n");
        }
    }
    if certain.is_empty() {
        return String::new();
    }
    let mut list: Vec<String> = certain.iter().map(|pattern| quoted(pattern)).collect();
    list.sort();
    list.dedup();
    format!("dates = [{}]\n", list.join(", "))
}

/// No single format fits the column: the one that fits most, and the row that breaks it.
fn broken(header: &str, cells: &[(usize, &str)]) -> String {
    let count = |(name, format): &(&str, DateFormat)| {
        cells.iter().filter(|(_, cell)| is_plausible(name, cell) && is_of(format, cell)).count()
    };
    let best = formats().map(|it| (count(&it), it)).max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0);
    let Some((count, (name, format))) = best else {
        let example = quoted(cells[0].1);
        return format!(
            "# dates = [\"…\"]        # no known format fits {}, for example {example}; declare one\n",
            quoted(header)
        );
    };
    let (row, cell) = cells.iter().find(|(_, cell)| !is_of(&format, cell)).copied().unwrap_or(cells[0]);
    format!(
        "# dates = [{}]        # fits {count} of {} dates looked at in {}; row {row} breaks it: {}\n",
        quoted(name),
        cells.len(),
        quoted(header),
        quoted(cell)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[&[&str]]) -> String {
        let rows = (0..columns[0].len()).map(|row| columns.iter().map(|cells| cells[row].to_owned()).collect());
        let seen = Seen {
            header: (0..columns.len()).map(|at| format!("Column {at}")).collect(),
            rows: rows.collect(),
            encoding: "utf-8",
            delimiter: ',',
            skip_lines: 0,
        };
        line(&seen, &(0..columns.len()).collect::<Vec<_>>())
    }

    #[test]
    fn formats_with_one_reading_are_declared() {
        assert_eq!(of(&[&["13/01/2025", "01/02/2025"]]), "dates = [\"%d/%m/%Y\"]\n");
        assert_eq!(of(&[&["01/31/2025 09:30", "01/02/2025 17:05"]]), "dates = [\"%m/%d/%Y %H:%M\"]\n");
        assert_eq!(of(&[&["31/01/2025 09:30", "01/02/2025 17:05"]]), "dates = [\"%d/%m/%Y %H:%M\"]\n");
        assert_eq!(of(&[&["1736467200000"]]), "dates = [\"epoch-ms\"]\n");
        assert_eq!(of(&[&["45667"]]), "dates = [\"excel-serial\"]\n");
        assert_eq!(of(&[&["2025-01-31"]]), "dates = [\"iso\"]\n");
    }

    #[test]
    fn a_column_with_two_readings_is_written_as_its_neighbour_is() {
        let text = of(&[&["01/31/2025", "01/02/2025"], &["01/02/2025 09:30", "03/02/2025 09:30"]]);
        assert_eq!(text, "dates = [\"%m/%d/%Y %H:%M\", \"%m/%d/%Y\"]\n");
        assert!(of(&[&["01/02/2025"]]).starts_with("# dates = "));
    }

    #[test]
    fn the_row_that_breaks_a_format_is_shown() {
        let text = of(&[&["01/31/2025", "02/28/2025", "2025-03-31"]]);
        assert!(text.starts_with("# dates = [\"%m/%d/%Y\"]") && text.contains("fits 2 of 3"), "{text}");
        assert!(text.contains("row 4 breaks it: \"2025-03-31\""), "{text}");
    }
}
