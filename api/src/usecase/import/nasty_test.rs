//! Every row and every file of `tests/data/nasty` gets one of its allowed verdicts.

use super::{header, mapping};
use domain::calendar::Calendar;
use domain::import::context::{Context, Partners};
use domain::import::fact::{DealFact, Fact};
use domain::import::{Judged, Object, Verdict, judge, verdict};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use uuid::Uuid;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/nasty")
}

fn context() -> Context {
    let mut partners = Partners::default();
    partners.add(Uuid::from_u128(1), Some("P-1"), "Northwind SI");
    partners.add(Uuid::from_u128(2), Some("P-2"), "Contoso Cloud");
    let segments = ["Enterprise", "Mid-Market", "SMB"];
    Context {
        currency: "USD".parse().unwrap(),
        calendar: Calendar { zone: chrono_tz::Tz::UTC, fiscal_start_month: 1 },
        today: "2026-11-22".parse().unwrap(),
        segments: segments.iter().zip(10..).map(|(name, id)| (domain::text::key(name), Uuid::from_u128(id))).collect(),
        partners,
        stages: HashMap::new(),
        pods: HashMap::new(),
        rates: HashMap::new(),
    }
}

/// The rows of a file, or why it was refused whole.
fn read(path: &std::path::Path, change: impl FnOnce(String) -> String) -> Result<Vec<(u64, Judged)>, String> {
    let text = change(std::fs::read_to_string(folder().join("mapping.toml")).unwrap());
    let mapping = mapping::parse(&text, Object::Deals).unwrap();
    let context = context();
    let all = |why: Vec<domain::import::FileProblem>| {
        why.iter().map(|p| format!("{}: {}", p.code, p.message)).collect::<Vec<_>>().join("\n")
    };
    let mut opened =
        header::open(std::fs::File::open(path).unwrap(), &mapping, &HashMap::new(), chrono_tz::Tz::UTC).map_err(all)?;
    let mut rows = Vec::new();
    while let Some(record) = opened.records.read().map_err(|why| all(vec![why]))? {
        let judged = match record.trouble.clone() {
            Some(trouble) => Judged { fact: None, problems: vec![trouble] },
            None => judge(Object::Deals, &opened.bound, &context, &record.cells()),
        };
        rows.push((record.number, judged));
    }
    Ok(rows)
}

/// Our verdict in the words of EXPECTED.md.
fn theirs(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "ACCEPT",
        Verdict::Warned => "WARN",
        Verdict::Skipped => "IGNORE",
        Verdict::Held => "ASK",
        Verdict::Refused => "REJECT",
    }
}

fn table(name: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(folder().join(name)).unwrap().deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_nasty_row_gets_an_allowed_verdict() {
    let rows = read(&folder().join("nasty.csv"), |text| text).unwrap();
    let expected = table("expected.csv");
    assert_eq!(rows.len(), expected.len());
    let mut ids = std::collections::HashSet::new();
    let mut wrong = Vec::new();
    for ((number, judged), want) in rows.iter().zip(&expected) {
        assert_eq!(number.to_string(), want["record_number_with_header"]);
        let mut got = theirs(verdict(&judged.problems));
        // Repeats are seen where rows are staged.
        if judged.fact.as_ref().is_some_and(|fact| !ids.insert(fact.external_id().to_owned())) {
            got = "WARN";
        }
        if !want["allowed_verdicts"].split('|').any(|allowed| allowed == got) {
            wrong.push(format!(
                "{} {}: {got}, not {}: {:?}",
                number, want["trouble"], want["allowed_verdicts"], judged.problems
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_rows_that_are_only_accepted_read_exactly() {
    let rows = read(&folder().join("nasty.csv"), |text| text).unwrap();
    let rows: HashMap<u64, Judged> = rows.into_iter().collect();
    let mut won_minor = 0;
    for want in table("expected_accept_only.csv") {
        let number = want["data_row"].parse::<u64>().unwrap() + 1;
        let Some(Fact::Deal(deal)) = rows[&number].fact.clone() else { panic!("{number} is no deal") };
        let deal: DealFact = *deal;
        let closed = deal.closed.unwrap();
        let outcome: &str = deal.outcome.into();
        let cohort = match (deal.credits.is_empty(), deal.credits.iter().any(|credit| credit.state.is_co_sell())) {
            (true, _) => "direct",
            (false, true) => "cosell",
            (false, false) => "none",
        };
        let got = (
            deal.external_id.as_str(),
            outcome,
            cohort,
            deal.opened.day.to_string(),
            closed.day.to_string(),
            (closed.day - deal.opened.day).num_days().to_string(),
            deal.account.as_ref().unwrap().external_id.as_str(),
        );
        let text = |key: &str| want[key].clone();
        assert_eq!(
            got,
            (
                want["id"].as_str(),
                want["outcome"].as_str(),
                want["cohort"].as_str(),
                text("created_utc"),
                text("closed_utc"),
                text("cycle_days"),
                want["account"].as_str()
            )
        );
        let minor = deal.arr.unwrap().minor;
        assert_eq!(format!("{}.{:02}", minor / 100, minor % 100), want["amount"]);
        won_minor += if outcome == "WON" { minor } else { 0 };
    }
    assert_eq!(won_minor, 18_000_000);
}

#[test]
fn every_nasty_file_gets_an_allowed_verdict() {
    let mut wrong = Vec::new();
    for want in table("expected_files.csv") {
        let name = &want["file"];
        let outcome = if name == "cell_5mb.csv" {
            // Made here: five megabytes of x need not lie in the repository.
            let clean = std::fs::read_to_string(folder().join("files/utf8.csv")).unwrap();
            let mut spool = tempfile::NamedTempFile::new().unwrap();
            write!(spool, "{}", clean.replacen("2025-03-01,", &format!("2025-03-01,{}", "x".repeat(5_000_000)), 1))
                .unwrap();
            read(spool.path(), |text| text)
        } else {
            read(&folder().join("files").join(name), |text| text)
        };
        let (got, why) = match &outcome {
            Err(why) => ("REJECT", why.clone()),
            Ok(rows) => {
                let worst =
                    rows.iter().map(|(_, judged)| verdict(&judged.problems)).filter(|v| *v != Verdict::Skipped).max();
                (theirs(worst.unwrap_or(Verdict::Accepted)), format!("{rows:?}"))
            }
        };
        if !want["allowed_verdicts"].split('|').any(|allowed| allowed == got) {
            wrong.push(format!(
                "{name}: {got}, not {}: {}",
                want["allowed_verdicts"],
                why.chars().take(600).collect::<String>()
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn declared_formats_read_the_same_three_deals() {
    let same = |name: &str, from: &str, to: &str| {
        let rows = read(&folder().join("files").join(name), |text| text.replace(from, to))
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        let deals: Vec<_> = rows.iter().filter_map(|(_, judged)| judged.fact.as_ref()).collect();
        assert_eq!(deals.len(), 3, "{name}: {rows:?}");
        let total: i64 =
            deals.iter().map(|fact| if let Fact::Deal(deal) = fact { deal.arr.unwrap().minor } else { 0 }).sum();
        assert_eq!(total, 3_000_000, "{name}");
        assert!(
            deals.iter().any(
                |fact| matches!(fact, Fact::Deal(deal) if deal.account.as_ref().unwrap().name == "Müller & Söhne GmbH")
            ),
            "{name}"
        );
    };
    let file = |settings: &str| format!("[file]\n{settings}\n[fields]");
    for name in [
        "utf8.csv",
        "utf8_bom.csv",
        "utf8_bom_quoted_header.csv",
        "utf16le_bom.csv",
        "sep_line.csv",
        "lf_only.csv",
        "cr_only.csv",
        "mixed_line_ends.csv",
        "no_final_newline.csv",
        "trailing_blank_lines.csv",
        "header_case_space.csv",
        "extra_unknown_column.csv",
        "reordered_columns.csv",
    ] {
        same(name, "", "");
    }
    same("windows1252.csv", "[fields]", &file("encoding = \"windows-1252\""));
    same("semicolon_decimal_comma.csv", "[fields]", &file("delimiter = \";\"\ndecimal = \",\""));
    same("tab.tsv", "[fields]", &file("delimiter = \"tab\""));
    same("preamble_lines.csv", "[fields]", &file("skip_lines = 3"));
}

#[test]
fn refusals_name_the_place_and_what_to_do() {
    let why = |name: &str| read(&folder().join("files").join(name), |text| text).unwrap_err();
    for (name, part) in [
        ("utf8_one_bad_byte.csv", "row 2: byte 205 of the file is not valid UTF-8"),
        ("unbalanced_quote.csv", "row 3: a quote is opened that is never closed"),
        ("missing_required_column.csv", "fields.closed_on: the file has no column \"Close Date\""),
        ("duplicate_headers.csv", "two columns are called \"Amount\""),
        ("preamble_lines.csv", "file.skip_lines = 3"),
        ("semicolon_decimal_comma.csv", "file.delimiter = \";\""),
        ("tab.tsv", "file.delimiter = \"tab\""),
        ("xlsx_renamed.csv", "Excel workbook"),
        ("html_as_csv.csv", "web page"),
        ("empty.csv", "empty"),
    ] {
        assert!(why(name).contains(part), "{name}: {}", why(name));
    }
}
