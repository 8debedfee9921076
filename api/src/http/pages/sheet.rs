//! What a page holds, whatever it is written as: every format is made of the same sheet, so that none says more than another.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

/// A deliverable as somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// What it is.
    pub title: String,
    /// Whose, of when.
    pub subtitle: String,
    /// The currency of its amounts, as a code.
    pub currency: String,
    /// What a reader must know before anything else.
    pub notice: Option<String>,
    /// Where it comes from: revision, who, when, hashes.
    pub facts: Vec<(&'static str, String)>,
    /// The figures that stand at the top: what it is, the figure, what it means.
    pub headlines: Vec<(String, String, String)>,
    /// The rest.
    pub parts: Vec<Part>,
}

/// A part with a heading.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The heading.
    pub heading: &'static str,
    /// What it shows.
    pub lead: String,
    /// Charts; only the page shows them.
    pub charts: Vec<Chart>,
    /// A table.
    pub table: Option<Table>,
    /// Texts with a title each.
    pub outline: Vec<Outline>,
    /// Whether it begins a page of its own when it is printed.
    pub is_appendix: bool,
}

/// A text with a title.
#[derive(Debug)]
pub(super) struct Outline {
    pub title: String,
    pub lines: Vec<String>,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The headings.
    pub columns: Vec<Column>,
    /// As many cells in each as there are columns.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub title: String,
    pub unit: Unit,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Words.
    Text,
    /// An amount in the currency of the sheet.
    Money,
    /// A number of things.
    Count,
    /// A multiple: 8.4 reads 8.40x, and 2.996 reads 2.996x.
    Multiple,
    /// A share of 1: 0.3 reads 30.0 %.
    Rate,
    /// A number whose unit stands in its row.
    Plain,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    pub cells: Vec<Cell>,
    /// Whether it adds up those above it.
    pub is_total: bool,
}

/// A value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Not measured, or not there.
    Empty,
    /// Words.
    Text(String),
    /// A number, as GraphQL prints it.
    Number(Decimal),
}

/// A chart of the page.
#[derive(Debug)]
pub(super) struct Chart {
    pub title: String,
    /// The same in words, for who does not see it.
    pub about: String,
    pub kind: ChartKind,
    /// Along the axis.
    pub labels: Vec<String>,
    /// What is shown of each label; as many values as labels.
    pub series: Vec<Series>,
    /// What the numbers are.
    pub unit: Unit,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChartKind {
    /// Columns side by side.
    Grouped,
    /// Columns on top of each other; what is below 0 hangs.
    Stacked,
    /// Bars from left to right.
    Bars,
}

/// One series of a chart.
#[derive(Debug)]
pub(super) struct Series {
    pub name: String,
    pub values: Vec<Option<Decimal>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(columns: impl IntoIterator<Item = (impl Into<String>, Unit)>) -> Self {
        let columns = columns.into_iter().map(|(title, unit)| Column { title: title.into(), unit }).collect();
        Self { columns, rows: Vec::new() }
    }

    /// One more row.
    pub(super) fn push(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells, is_total: false });
    }

    /// The columns that have a value at all: for people, who need no empty ones. Files for programs keep every column.
    pub(super) fn filled(&self) -> Vec<usize> {
        let is_filled = |at: &usize| *at == 0 || self.rows.iter().any(|row| row.cells.get(*at) != Some(&Cell::Empty));
        (0..self.columns.len()).filter(is_filled).collect()
    }

    /// A row that adds up those above it.
    pub(super) fn total(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells, is_total: true });
    }
}

impl Cell {
    /// Words.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value behind a path, where it is a number.
    pub(super) fn number(of: &Json, path: &str) -> Self {
        number(of, path).map_or(Self::Empty, Self::Number)
    }

    /// The value behind a path, where it is a word of an enum: as people write it.
    pub(super) fn word(of: &Json, path: &str) -> Self {
        text(of, path).map_or(Self::Empty, |word| Self::Text(human(word)))
    }

    /// The value behind a path, where it is a text.
    pub(super) fn plain(of: &Json, path: &str) -> Self {
        text(of, path).map_or(Self::Empty, Self::text)
    }

    /// All digits and no more: for files that are read by programs.
    pub(super) fn exact(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// As people read it.
    pub(super) fn shown(&self, unit: Unit) -> String {
        match self {
            Self::Empty => "\u{2013}".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => unit.shown(*number),
        }
    }
}

impl Unit {
    /// Whether its values stand at the right.
    pub(super) fn is_number(self) -> bool {
        self != Self::Text
    }

    /// A number as people read it.
    pub(super) fn shown(self, number: Decimal) -> String {
        match self {
            Self::Text | Self::Money | Self::Count => grouped(number),
            Self::Plain => fine(number, 0, DIGITS),
            Self::Multiple => format!("{}x", fine(number, 2, DIGITS)),
            // A percent is two places of the rate.
            Self::Rate => format!("{} %", fine(number * Decimal::ONE_HUNDRED, 1, DIGITS - 2)),
        }
    }
}

/// Digits after the point that people are shown of a measured number. A verdict beside it looks at all of them: with fewer, 2.996
/// would read 3 beside "no".
const DIGITS: u32 = 6;

/// Rounded half away from zero, as all of the product rounds.
pub(super) fn round(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// With so many digits after the point at most, and no zeros at the end beyond the least.
fn fine(number: Decimal, least: u32, most: u32) -> String {
    let mut rounded = round(number, most).normalize();
    if rounded.scale() < least {
        rounded.rescale(least);
    }
    grouped(rounded)
}

/// With a separator for each three digits before the point.
pub(super) fn grouped(number: Decimal) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// Words that do not say by themselves what they mean.
const WORDS: [(&str, &str); 11] = [
    ("TOFU", "TOFU"),
    ("CO_SELL", "Co-sell"),
    ("REVOPS", "RevOps"),
    ("NOTHING_ELSE", "No other rule holds"),
    ("HISTORY_QUARTERS", "Quarters of history"),
    ("SOLID_SEGMENTS", "Segments with solid evidence"),
    ("YIELD_COVERS_COST", "Yield, to cover its cost"),
    ("YIELD_EARNS_MORE", "Yield, to earn more spend"),
    ("DRAGGING_SEGMENTS", "Segments that drag"),
    ("DECAYING_RUNNING", "Quarters decaying in a row"),
    ("BEST_TRUST_GAP", "Best Trust-Gap, in points"),
];

/// A word of an enum as people write it: `SPEND_NOT_QUALIFIED` is "Spend not qualified".
pub(super) fn human(word: &str) -> String {
    if let Some((_, known)) = WORDS.iter().find(|(own, _)| *own == word) {
        return (*known).to_owned();
    }
    let lower = word.to_ascii_lowercase().replace('_', " ");
    let mut letters = lower.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// What stands behind a path of names, separated by points; null where nothing does.
pub(super) fn at<'a>(of: &'a Json, path: &str) -> &'a Json {
    path.split('.').fold(of, |of, name| &of[name])
}

/// The text behind a path.
pub(super) fn text<'a>(of: &'a Json, path: &str) -> Option<&'a str> {
    at(of, path).as_str()
}

/// The number behind a path, written as a string or as a number.
pub(super) fn number(of: &Json, path: &str) -> Option<Decimal> {
    match at(of, path) {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// The list behind a path.
pub(super) fn list<'a>(of: &'a Json, path: &str) -> &'a [Json] {
    at(of, path).as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (number, shown) in [
            (dec!(0), "0"),
            (dec!(999), "999"),
            (dec!(1000.50), "1,000.50"),
            (dec!(-305454.55), "-305,454.55"),
            (dec!(1234567), "1,234,567"),
        ] {
            assert_eq!(grouped(number), shown);
        }
        for (unit, number, shown) in [
            (Unit::Multiple, dec!(8.405), "8.405x"),
            (Unit::Multiple, dec!(8.4), "8.40x"),
            (Unit::Multiple, dec!(2.996000000000), "2.996x"),
            (Unit::Rate, dec!(0.3), "30.0 %"),
            (Unit::Rate, dec!(0.2996), "29.96 %"),
            (Unit::Rate, dec!(0.299999), "29.9999 %"),
            (Unit::Plain, dec!(23.636363636364), "23.636364"),
            (Unit::Plain, dec!(2.996000000000), "2.996"),
            (Unit::Plain, dec!(-0.0000001), "0"),
            (Unit::Plain, dec!(1200.000000000000), "1,200"),
        ] {
            assert_eq!(unit.shown(number), shown);
        }
        assert_eq!(Cell::Empty.shown(Unit::Money), "\u{2013}");
        assert_eq!((Cell::Empty.exact(), Cell::Number(dec!(8.400)).exact()), (String::new(), "8.400".to_owned()));
    }

    #[test]
    fn words_read_as_people_write_them() {
        assert_eq!(human("SPEND_NOT_QUALIFIED"), "Spend not qualified");
        assert_eq!((human("CO_SELL"), human("TOFU"), human("")), ("Co-sell".into(), "TOFU".into(), String::new()));
    }
}
