//! A mapping proposed from a header and a sample. What is certain is written; what is a guess stands there as a comment for
//! somebody to decide.

use super::Object;
use super::date::{self, DateFormat};
use super::field::Field;
use super::names::{NAMES, SOURCES, STAGES};
use crate::calendar::Calendar;
use crate::text;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What was seen of a file.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its header.
    pub header: Vec<String>,
    /// Some of its rows.
    pub rows: Vec<Vec<String>>,
    /// The encoding it could be read in.
    pub encoding: &'static str,
    /// The delimiter.
    pub delimiter: char,
    /// Lines before the header.
    pub skip_lines: u32,
}

/// Proposes a mapping file.
#[must_use]
pub fn suggest(seen: &Seen, object: Option<Object>) -> String {
    let object = object.unwrap_or_else(|| guess_object(seen));
    let mut found: BTreeMap<Field, usize> = BTreeMap::new();
    let mut taken = vec![false; seen.header.len()];
    for field in Field::of(object) {
        let names = NAMES.iter().find(|(known, _)| known == field).map_or(&[][..], |(_, names)| names);
        let at = names.iter().find_map(|name| seen.header.iter().position(|cell| text::key(cell) == *name));
        if let Some(at) = at.filter(|at| !taken[*at]) {
            taken[at] = true;
            found.insert(*field, at);
        }
    }
    let mut out = String::new();
    let word: &str = object.into();
    let _ = writeln!(
        out,
        "# A proposal from the header and {} rows. Read every line before you import; lines with # are for you to decide.",
        seen.rows.len()
    );
    let _ = writeln!(out, "object = {}", quoted(&word.to_lowercase()));
    out.push_str("# create_missing = true                 # make segments, accounts and partners that rows name\n# repeated = \"last\"                     # a repeated id: last, first or refuse\n");
    file(&mut out, seen, &found);
    fields(&mut out, seen, object, &found);
    if object == Object::Deals {
        stages(&mut out, seen, &found);
        attribution(&mut out, seen);
    }
    out
}

fn guess_object(seen: &Seen) -> Object {
    let has = |names: &[&str]| seen.header.iter().any(|cell| names.contains(&text::key(cell).as_str()));
    if has(&["stage", "stagename", "deal stage", "dealstage", "deal_stage", "close date", "closedate", "closed_date"]) {
        Object::Deals
    } else if has(&["category", "spend category", "spend type"]) {
        Object::Spend
    } else if has(&["activity type", "activity date", "joint_meeting", "meeting_count"]) {
        Object::Activities
    } else if has(&["partner type", "partner name"]) && !has(&["account name"]) {
        Object::Partners
    } else {
        Object::Accounts
    }
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' => vec!['\\', '"'],
            '\\' => vec!['\\', '\\'],
            '\t' => vec!['\\', 't'],
            c if c.is_control() => vec![],
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

fn column(seen: &Seen, at: usize) -> impl Iterator<Item = &str> {
    seen.rows.iter().filter_map(move |row| row.get(at)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
}

fn distinct(seen: &Seen, at: usize, most: usize) -> Vec<String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for cell in column(seen, at) {
        values.entry(text::key(cell)).or_insert_with(|| text::tidy(cell));
        if values.len() > most {
            break;
        }
    }
    values.into_values().collect()
}

fn file(out: &mut String, seen: &Seen, found: &BTreeMap<Field, usize>) {
    out.push_str("\n[file]\n");
    if seen.encoding != "utf-8" {
        let _ = writeln!(
            out,
            "encoding = {}        # not UTF-8; look at a name with an accent before you trust this",
            quoted(seen.encoding)
        );
    }
    if seen.delimiter != ',' {
        let delimiter = if seen.delimiter == '\t' { "tab".to_owned() } else { seen.delimiter.to_string() };
        let _ = writeln!(out, "delimiter = {}", quoted(&delimiter));
    }
    if seen.skip_lines > 0 {
        let _ = writeln!(out, "skip_lines = {}", seen.skip_lines);
    }
    let dates: Vec<&str> =
        found.iter().filter(|(field, _)| field.is_date()).flat_map(|(_, at)| column(seen, *at).take(200)).collect();
    out.push_str(&date_line(&dates));
    let money = [Field::Arr, Field::Tcv, Field::Services, Field::Amount];
    let numbers: Vec<&str> =
        money.iter().filter_map(|field| found.get(field)).flat_map(|at| column(seen, *at).take(200)).collect();
    out.push_str(&number_lines(&numbers));
}

fn date_line(cells: &[&str]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let calendar = Calendar { zone: chrono_tz::Tz::UTC, fiscal_start_month: 1 };
    let fits = |format: &DateFormat| {
        cells
            .iter()
            .all(|cell| date::parse(cell, std::slice::from_ref(format), &calendar, chrono_tz::Tz::UTC).is_some())
    };
    if fits(&DateFormat::Iso) {
        return "dates = [\"iso\"]\n".into();
    }
    let patterns = [
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
        "%m/%d/%Y %I:%M %p",
    ];
    let mut fitting: Vec<String> = patterns
        .iter()
        .filter(|pattern| fits(&DateFormat::Pattern((**pattern).to_owned())))
        .map(|pattern| (*pattern).to_owned())
        .collect();
    for (format, name) in [(DateFormat::EpochMs, "epoch-ms"), (DateFormat::ExcelSerial, "excel-serial")] {
        // Any epoch of few digits fits: what matters is what real exports look like.
        let digits = if name == "epoch-ms" { 12..=13 } else { 5..=5 };
        if fits(&format) && cells.iter().all(|cell| digits.contains(&cell.split('.').next().unwrap_or("").len())) {
            fitting.push(name.to_owned());
        }
    }
    match fitting.as_slice() {
        [] => {
            format!("# dates = [\"…\"]        # no single format fits, for example {}; declare one\n", quoted(cells[0]))
        }
        [one] => format!("dates = [{}]\n", quoted(one)),
        several => {
            let list: Vec<String> = several.iter().map(|pattern| quoted(pattern)).collect();
            format!(
                "# dates = [\"…\"]        # {} could be any of {}: only you can tell\n",
                quoted(cells[0]),
                list.join(", ")
            )
        }
    }
}

fn number_lines(cells: &[&str]) -> String {
    let mut out = String::new();
    if cells.iter().any(|cell| cell.contains(['$', '€', '£', '¥', '₹'])) {
        out.push_str("currency_symbols = true\n");
    }
    if cells.iter().any(|cell| cell.starts_with('(') && cell.ends_with(')')) {
        out.push_str("negative = \"parentheses\"\n");
    }
    let comma_last = cells
        .iter()
        .any(|cell| cell.rfind(',').is_some_and(|comma| cell[..comma].contains('.') || tail_digits(cell, comma) != 3));
    let point_last = cells
        .iter()
        .any(|cell| cell.rfind('.').is_some_and(|point| cell[..point].contains(',') || tail_digits(cell, point) != 3));
    let (has_comma, has_point) =
        (cells.iter().any(|cell| cell.contains(',')), cells.iter().any(|cell| cell.contains('.')));
    match (comma_last, point_last) {
        (true, false) => {
            out.push_str("decimal = \",\"\n");
            if has_point {
                out.push_str("thousands = \".\"\n");
            }
        }
        (false, true) if has_comma => out.push_str("thousands = \",\"\n"),
        (false, true) => {}
        (true, true) => {
            out.push_str("# decimal = \"?\"         # amounts use both , and . as the last separator: mend the file\n")
        }
        (false, false) if has_comma || has_point => out.push_str(
            "# thousands = \",\"       # amounts such as 1,500 have two readings: declare decimal or thousands\n",
        ),
        (false, false) => {}
    }
    out
}

fn tail_digits(cell: &str, at: usize) -> usize {
    cell[at + 1..].chars().take_while(char::is_ascii_digit).count()
}

fn fields(out: &mut String, seen: &Seen, object: Object, found: &BTreeMap<Field, usize>) {
    out.push_str("\n[fields]\n");
    for field in Field::of(object) {
        let word = field.word();
        match found.get(field) {
            Some(at) if *field == Field::Outcome && is_outcome(&distinct(seen, *at, 6)) => {
                let pair = |value: &String| format!("{} = {}", quoted(value), quoted(&text::key(value).to_uppercase()));
                let pairs: Vec<String> = distinct(seen, *at, 6).iter().map(pair).collect();
                let _ = writeln!(
                    out,
                    "{word} = {{ column = {}, map = {{ {} }} }}",
                    quoted(&seen.header[*at]),
                    pairs.join(", ")
                );
            }
            Some(at)
                if *field == Field::Stage
                    && found.get(&Field::Outcome).is_some_and(|at| is_outcome(&distinct(seen, *at, 6))) =>
            {
                let _ = writeln!(
                    out,
                    "# {word} = {}        # beside an outcome: map it only if the two never disagree",
                    quoted(&seen.header[*at])
                );
            }
            // "type" and "status" are used for many things: the words decide, and people decide about words.
            Some(at) if matches!(field, Field::Kind | Field::Outcome | Field::Status | Field::Category) => {
                let values = distinct(seen, *at, 20)
                    .iter()
                    .map(|value| format!("{} = \"…\"", quoted(value)))
                    .collect::<Vec<_>>()
                    .join(", ");
                let _ = writeln!(out, "# {word} = {{ column = {}, map = {{ {values} }} }}", quoted(&seen.header[*at]));
            }
            Some(at) if *field == Field::Segment && text::key(&seen.header[*at]) != "segment" => {
                let _ = writeln!(out, "# {word} = {}        # is this your segment?", quoted(&seen.header[*at]));
            }
            Some(at) if *field == Field::Arr && text::key(&seen.header[*at]) != "arr" => {
                let _ = writeln!(
                    out,
                    "{word} = {}        # only software ARR belongs here; is this column that?",
                    quoted(&seen.header[*at])
                );
            }
            Some(at) => {
                let _ = writeln!(out, "{word} = {}", quoted(&seen.header[*at]));
            }
            None if *field == Field::Currency && !found.is_empty() => {
                out.push_str("# currency = { constant = \"USD\" }        # the file names no currency\n")
            }
            None => {}
        }
    }
    let left: Vec<String> = seen
        .header
        .iter()
        .enumerate()
        .filter(|(at, _)| !found.values().any(|found| found == at))
        .map(|(_, name)| quoted(name))
        .collect();
    if !left.is_empty() {
        let _ = writeln!(out, "# columns that are not used: {}", left.join(", "));
    }
}

/// Whether these are outcomes as we call them.
fn is_outcome(values: &[String]) -> bool {
    !values.is_empty() && values.iter().all(|value| ["open", "won", "lost"].contains(&text::key(value).as_str()))
}

fn stages(out: &mut String, seen: &Seen, found: &BTreeMap<Field, usize>) {
    let Some(at) = found.get(&Field::Stage) else { return };
    out.push_str("\n[stages]        # OPEN, WON, LOST or DISQUALIFIED; a stage that is not here is held\n");
    for value in distinct(seen, *at, 60) {
        match STAGES.iter().find(|(name, _)| *name == text::key(&value)) {
            Some((_, outcome)) => {
                let word: &str = (*outcome).into();
                let _ = writeln!(out, "{} = \"{word}\"", quoted(&value));
            }
            None => {
                let _ = writeln!(out, "# {} = \"OPEN\"", quoted(&value));
            }
        }
    }
}

fn attribution(out: &mut String, seen: &Seen) {
    out.push_str(
        "\n[attribution]\notherwise = \"hold\"        # a row that no rule reads: hold, direct, unknown or refuse\n",
    );
    let at = |names: &[&str]| seen.header.iter().position(|cell| names.contains(&text::key(cell).as_str()));
    if let Some(at) = at(&["partner id", "partner_id", "partner"]) {
        let _ = writeln!(out, "# partner = {}", quoted(&seen.header[at]));
    }
    if let Some(at) = at(&["partner name", "partner account"]) {
        let _ = writeln!(out, "# partner_name = {}", quoted(&seen.header[at]));
    }
    if let Some(at) = at(&["attribution", "partner role", "influence"]) {
        let values = distinct(seen, at, 20)
            .iter()
            .map(|value| format!("{} = \"SOURCED\"", quoted(value)))
            .collect::<Vec<_>>()
            .join(", ");
        let _ = writeln!(out, "# state = {{ column = {}, map = {{ {values} }} }}", quoted(&seen.header[at]));
    }
    if let Some(at) = at(SOURCES) {
        for value in distinct(seen, at, 30) {
            let is = if speaks_of_a_partner(&value) {
                "# partner = \"…\"        # which one? Where the file does not say: is = \"unknown\"\n# state = \"SOURCED\""
            } else {
                "# is = \"direct\"        # or: partner = \"…\" and state = \"SOURCED\""
            };
            let _ = writeln!(
                out,
                "\n# [[attribution.rules]]\n# column = {}\n# value = {}\n{is}",
                quoted(&seen.header[at]),
                quoted(&value)
            );
        }
    }
}

/// Whether a lead source names a partner motion: such a deal is anything but direct.
fn speaks_of_a_partner(source: &str) -> bool {
    let words = ["partner", "channel", "reseller", "referral", "alliance", "affiliate", "marketplace", "distributor"];
    let key = text::key(source);
    words.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(header: &[&str], rows: &[&[&str]]) -> Seen {
        let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        Seen {
            header: own(header),
            rows: rows.iter().map(|row| own(row)).collect(),
            encoding: "utf-8",
            delimiter: ',',
            skip_lines: 0,
        }
    }

    #[test]
    fn what_is_certain_is_written_and_what_is_not_is_a_comment() {
        let header =
            ["Opportunity ID", "Opportunity Name", "Stage", "Amount", "Created Date", "Close Date", "Lead Source"];
        let text = suggest(
            &seen(
                &header,
                &[
                    &["1", "A", "Closed Won", "1,500", "03/04/2025", "05/06/2025", "Partner"],
                    &["2", "B", "Gewonnen", "2,500", "03/04/2025", "05/06/2025", "Website"],
                ],
            ),
            None,
        );
        for line in [
            "external_id = \"Opportunity ID\"",
            "stage = \"Stage\"",
            "\"Closed Won\" = \"WON\"",
            "# \"Gewonnen\" = \"OPEN\"",
            "# dates = ",
            "# thousands = ",
            "# currency = ",
            "otherwise = \"hold\"",
            "# value = \"Partner\"",
            "# partner = \"…\"",
            "# is = \"direct\"",
        ] {
            assert!(text.lines().any(|found| found.starts_with(line)), "{line}\n{text}");
        }
    }

    #[test]
    fn formats_with_one_reading_are_declared() {
        assert_eq!(date_line(&["13/01/2025", "01/02/2025"]), "dates = [\"%d/%m/%Y\"]\n");
        assert_eq!(date_line(&["1736467200000"]), "dates = [\"epoch-ms\"]\n");
        assert_eq!(date_line(&["45667"]), "dates = [\"excel-serial\"]\n");
        assert_eq!(number_lines(&["$1,234.56"]), "currency_symbols = true\nthousands = \",\"\n");
        assert_eq!(number_lines(&["1.234,56 €"]), "currency_symbols = true\ndecimal = \",\"\nthousands = \".\"\n");
        assert_eq!(number_lines(&["10000.00", "5"]), "");
    }
}
