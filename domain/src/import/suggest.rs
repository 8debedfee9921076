//! A mapping proposed from a header and a sample. What is certain is written; what is a guess stands there as a comment for
//! somebody to decide.

use super::Object;
use super::field::Field;
use super::names::{NAMES, SOURCES, STAGES, own_ids};
use super::suggest_dates;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};
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
    let object = object.or_else(|| guess_object(seen));
    let mut out = String::new();
    let _ = writeln!(
        out,
        "# A proposal from the header and {} rows. Read every line before you import; lines with # are for you to decide.",
        seen.rows.len()
    );
    let Some(object) = object else {
        out.push_str(
            "# object = \"…\"        # the header does not say what the rows are: deals, accounts, partners, spend or activities;\n\
             #                        say it and ask again: partnerloop import activities --suggest FILE\n",
        );
        file(&mut out, seen, &BTreeMap::new());
        out.push_str("\n[fields]\n");
        unused(&mut out, seen, &BTreeMap::new());
        return out;
    };
    let found = find(seen, object);
    let word: &str = object.into();
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

/// The column of each field that is known by its name; no column twice.
fn find(seen: &Seen, object: Object) -> BTreeMap<Field, usize> {
    let mut found: BTreeMap<Field, usize> = BTreeMap::new();
    let mut taken = vec![false; seen.header.len()];
    for field in Field::of(object) {
        let names = NAMES.iter().find(|(known, _)| known == field).map_or(&[][..], |(_, names)| names);
        // The row's own id before any other: an activity names its deal's as well.
        let own = if *field == Field::ExternalId { own_ids(object) } else { &[] };
        let mut names = own.iter().chain(names);
        let at = names.find_map(|name| seen.header.iter().position(|cell| text::key(cell) == *name));
        if let Some(at) = at.filter(|at| !taken[*at]) {
            taken[at] = true;
            found.insert(*field, at);
        }
    }
    found
}

/// What the rows are, where the header says so. An activity names its deal, a deal its account: the id of what names the
/// others decides.
fn guess_object(seen: &Seen) -> Option<Object> {
    let has = |names: &[&str]| seen.header.iter().any(|cell| names.contains(&text::key(cell).as_str()));
    let is_staged =
        has(&["stage", "stagename", "deal stage", "dealstage", "deal_stage", "close date", "closedate", "closed_date"]);
    if has(own_ids(Object::Activities)) {
        return Some(Object::Activities);
    }
    if is_staged {
        return Some(Object::Deals);
    }
    let is_spend = has(own_ids(Object::Spend)) || has(&["category", "spend category", "spend type", "spend date"]);
    if is_spend && !has(own_ids(Object::Deals)) {
        return Some(Object::Spend);
    }
    if has(&["activity type", "activity date", "activitydate", "joint_meeting", "joint meeting", "meeting_count"]) {
        return Some(Object::Activities);
    }
    if let Some(object) =
        [Object::Deals, Object::Accounts, Object::Partners].into_iter().find(|object| has(own_ids(*object)))
    {
        return Some(object);
    }
    if has(&["account name", "company name", "company domain name"]) {
        Some(Object::Accounts)
    } else if has(&["partner type", "partner name"]) {
        Some(Object::Partners)
    } else {
        None
    }
}

pub(super) fn quoted(text: &str) -> String {
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

/// The cells of a column that say something.
fn column(seen: &Seen, at: usize) -> impl Iterator<Item = &str> {
    let cells = seen.rows.iter().filter_map(move |row| row.get(at)).map(|cell| cell.trim());
    cells.filter(|cell| !cell.is_empty() && !is_blank(cell))
}

/// Whether it is what a CRM writes into an empty cell.
pub(super) fn is_blank(cell: &str) -> bool {
    ["(no value)", "(blank)", "(none)", "(empty)"].contains(&text::key(cell).as_str())
}

/// How empty cells are written in this file, each once.
fn blanks(seen: &Seen) -> BTreeSet<&str> {
    seen.rows.iter().flatten().map(|cell| cell.trim()).filter(|cell| is_blank(cell)).collect()
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
    let blanks = blanks(seen);
    if !blanks.is_empty() {
        let list: Vec<String> = blanks.iter().map(|blank| quoted(blank)).collect();
        let _ = writeln!(out, "blank = [{}]        # read as an empty cell", list.join(", "));
    }
    let dates: Vec<usize> = found.iter().filter(|(field, _)| field.is_date()).map(|(_, at)| *at).collect();
    out.push_str(&suggest_dates::line(seen, &dates));
    let money = [Field::Arr, Field::Tcv, Field::Services, Field::Amount];
    let numbers: Vec<&str> =
        money.iter().filter_map(|field| found.get(field)).flat_map(|at| column(seen, *at).take(200)).collect();
    out.push_str(&number_lines(&numbers));
}

fn number_lines(cells: &[&str]) -> String {
    let mut out = String::new();
    if cells.iter().any(|cell| cell.contains(['$', '€', '£', '¥', '₹'])) {
        out.push_str("currency_symbols = true\n");
    }
    let is_in_parentheses = |cell: &str| cell.starts_with('(') && cell.ends_with(')');
    if cells.iter().any(|cell| is_in_parentheses(cell) && cell.bytes().any(|b| b.is_ascii_digit())) {
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
            None => missing(out, seen, object, *field, found),
        }
    }
    unused(out, seen, found);
}

/// A field without which no row is taken, and where it may be.
fn missing(out: &mut String, seen: &Seen, object: Object, field: Field, found: &BTreeMap<Field, usize>) {
    let is_there = |field: Field| found.contains_key(&field);
    let is_required = match (object, field) {
        (_, Field::ExternalId)
        | (Object::Deals, Field::OpenedOn)
        | (Object::Accounts | Object::Partners, Field::Name)
        | (Object::Spend, Field::Category | Field::Amount)
        | (Object::Activities, Field::Kind | Field::HappenedAt) => true,
        (Object::Deals, Field::Stage) => !is_there(Field::Outcome),
        (Object::Spend, Field::Partner) => !is_there(Field::PartnerName),
        (Object::Spend, Field::Date) => !is_there(Field::Quarter),
        (Object::Deals, Field::ClosedOn) => false,
        _ => return,
    };
    let word = field.word();
    let said = if is_required { "required" } else { "required where a deal is closed" };
    let mut hint = String::new();
    if field.is_date() {
        let is_free = |at: &usize| !found.values().any(|taken| taken == at);
        let dates: Vec<&str> = (0..seen.header.len())
            .filter(|at| is_free(at) && suggest_dates::is_of_dates(seen, *at))
            .map(|at| seen.header[at].as_str())
            .collect();
        if !dates.is_empty() {
            hint = format!("; dates are in: {}", dates.join(", ").replace(char::is_control, " "));
        }
    } else if matches!((object, field), (Object::Deals, Field::Stage)) {
        hint = "; or outcome".into();
    } else if matches!((object, field), (Object::Spend, Field::Partner)) {
        hint = "; or partner_name".into();
    }
    let _ = writeln!(out, "# {word} = \"…\"        # {said}{hint}");
}

fn unused(out: &mut String, seen: &Seen, found: &BTreeMap<Field, usize>) {
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
        assert_eq!(number_lines(&["$1,234.56"]), "currency_symbols = true\nthousands = \",\"\n");
        assert_eq!(number_lines(&["1.234,56 €"]), "currency_symbols = true\ndecimal = \",\"\nthousands = \".\"\n");
        assert_eq!(number_lines(&["10000.00", "5"]), "");
    }

    #[test]
    fn the_id_of_what_names_the_others_decides_what_the_rows_are() {
        for (header, object, id) in [
            (&["Opportunity ID", "Activity ID", "Type", "Date"][..], "activities", "Activity ID"),
            (&["Partner ID", "Line ID", "Category", "Amount"], "spend", "Line ID"),
            (&["Partner ID", "Account ID", "Account Name"], "accounts", "Account ID"),
            (&["Partner ID", "Partner Name"], "partners", "Partner ID"),
        ] {
            let text = suggest(&seen(header, &[]), None);
            assert!(text.contains(&format!("\nobject = \"{object}\"")), "{header:?}\n{text}");
            assert!(text.contains(&format!("\nexternal_id = \"{id}\"")), "{header:?}\n{text}");
        }
        let text = suggest(&seen(&["Foo", "Bar"], &[&["1", "2"]]), None);
        assert!(text.contains("\n# object = ") && !text.contains("\nobject = "), "{text}");
        assert!(text.contains("# columns that are not used: \"Foo\", \"Bar\""), "{text}");
    }

    #[test]
    fn what_is_written_into_empty_cells_is_no_value() {
        let rows: &[&[&str]] = &[&["1", "(No value)", "01/31/2025"], &["2", "(1,500.00)", "(No value)"]];
        let text = suggest(&seen(&["Deal ID", "Amount", "Create Date"], rows), None);
        assert!(text.contains("\nblank = [\"(No value)\"]"), "{text}");
        assert!(text.contains("\ndates = [\"%m/%d/%Y\"]"), "{text}");
        assert!(text.contains("\nnegative = \"parentheses\""), "{text}");
        let text = suggest(&seen(&["Deal ID", "Amount"], &[&["1", "(No value)"], &["2", "1500.00"]]), None);
        assert!(!text.contains("parentheses"), "{text}");
    }

    #[test]
    fn a_required_field_that_was_not_found_is_asked_for() {
        let rows: &[&[&str]] = &[&["1", "Won", "2025-01-31", "2025-03-31", "x"]];
        let text = suggest(&seen(&["Deal ID", "Stage", "Created", "Closed", "Color"], rows), None);
        assert!(text.contains("\n# opened_on = \"…\"        # required; dates are in: Created, Closed\n"), "{text}");
    }
}
