//! A mapping file: what of another system's export is which fact of ours. Written by people, checked before the first row.

use super::{Object, date::DateFormat};
use crate::deal::Outcome;
use crate::partner::PartnerKind;
use crate::text;
use serde::de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A whole mapping file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// What the file holds; where it is given, an import of anything else is refused.
    pub object: Option<Object>,
    /// The system the file came from: kept with activities, and as the name under which the rows' own ids are known.
    #[serde(alias = "system")]
    pub source_system: Option<String>,
    /// What may be made when a row names one that is not there.
    pub create_missing: CreateMissing,
    /// The kind of a partner that is made because a row names it; REFERRAL where it is absent.
    pub new_partner_kind: Option<PartnerKind>,
    /// How a repeated external id is read.
    pub repeated: Repeated,
    /// How Salesforce ids are read.
    pub salesforce_ids: SalesforceIds,
    /// The CRM's stage names from which on a deal has reached Stage 1; all of them where it is absent.
    pub stage_one: Option<Vec<String>>,
    /// How the file is written.
    pub file: FileFormat,
    /// Our fields.
    pub fields: BTreeMap<String, FieldSpec>,
    /// Ids of the row in other systems, by the system's name.
    pub refs: BTreeMap<String, FieldSpec>,
    /// The CRM's stage names and what a deal in each is.
    pub stages: BTreeMap<String, StageWord>,
    /// Which value means which partner and state, which direct, which unknown.
    pub attribution: Option<Attribution>,
}

/// The outcome that a stage stands for, in any case: `WON`, `won`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageWord(pub Outcome);

impl<'de> Deserialize<'de> for StageWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.trim().parse().map(Self).map_err(|_| {
            de::Error::custom(format!("\"{word}\" is not an outcome: a stage is OPEN, WON, LOST or DISQUALIFIED"))
        })
    }
}

/// What may be made when a row names one that is not there: `true` for all, or one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateMissing {
    /// Segments, by name.
    pub segments: Allow,
    /// Accounts.
    pub accounts: bool,
    /// Partners, by id.
    pub partners: Allow,
}

/// Which ones may be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allow {
    /// None.
    #[default]
    Nothing,
    /// Any.
    Anything,
    /// These only, trimmed and case-folded: a typing error makes nothing new.
    Only(BTreeSet<String>),
}

impl Allow {
    /// Whether this one may be made.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Anything => true,
            Self::Only(names) => names.contains(&text::key(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Allow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Allow;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a list of names")
            }
            fn visit_bool<E>(self, all: bool) -> Result<Allow, E> {
                Ok(if all { Allow::Anything } else { Allow::Nothing })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Allow, A::Error> {
                let mut only = BTreeSet::new();
                while let Some(name) = names.next_element::<Text>()? {
                    only.insert(text::key(&name.0));
                }
                Ok(Allow::Only(only))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for CreateMissing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Each {
            segments: Allow,
            accounts: bool,
            partners: Allow,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = CreateMissing;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or { segments = true, accounts = true, partners = true }")
            }
            fn visit_bool<E>(self, all: bool) -> Result<CreateMissing, E> {
                let allow = || if all { Allow::Anything } else { Allow::Nothing };
                Ok(CreateMissing { segments: allow(), accounts: all, partners: allow() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CreateMissing, A::Error> {
                let each = Each::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CreateMissing { segments: each.segments, accounts: each.accounts, partners: each.partners })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// How a repeated external id of one file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeated {
    /// The last row wins; each later one is counted as a warning.
    #[default]
    Last,
    /// The first row wins; each later one is skipped and counted.
    First,
    /// Each later row is refused.
    Refuse,
}

/// How Salesforce's two forms of one id are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SalesforceIds {
    /// An 18-character id with a right checksum is its 15-character form.
    #[default]
    Auto,
    /// As `auto`, and any other id is refused.
    Always,
    /// Ids are taken as they are.
    Never,
}

/// How negative numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Negative {
    /// `-5`.
    #[default]
    Minus,
    /// `(5)`, and `-5`.
    Parentheses,
    /// `5-`, and `-5`.
    TrailingMinus,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// The decimal separator.
    pub decimal: char,
    /// The thousands separator, where there is one.
    pub thousands: Option<char>,
    /// Whether a currency sign may stand beside a number.
    pub currency_symbols: bool,
    /// How negative numbers are written.
    pub negative: Negative,
}

/// How the file is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileFormat {
    /// `utf-8`, `windows-1252`, `utf-16`, or another label of the WHATWG encoding standard. A byte order mark wins.
    pub encoding: String,
    /// The character between cells: `,` `;` `|` or `tab`. A `sep=` line wins.
    pub delimiter: String,
    /// The character around cells.
    pub quote: char,
    /// Lines to skip before the header.
    pub skip_lines: u32,
    /// Beginnings of footer lines of a report.
    pub footers: Vec<String>,
    /// Date formats, tried in order: `iso`, `excel-serial`, `epoch-ms`, or a pattern such as `%d/%m/%Y`.
    pub dates: Vec<DateFormat>,
    /// The IANA zone of times without an offset; the program's where it is absent.
    pub zone: Option<String>,
    /// The decimal separator.
    pub decimal: char,
    /// The thousands separator, where there is one.
    pub thousands: Option<char>,
    /// Whether a currency sign may stand beside a number.
    pub currency_symbols: bool,
    /// How negative numbers are written.
    pub negative: Negative,
    /// Words that mean an empty cell.
    pub blank: Vec<String>,
    /// Words that mean yes.
    pub yes: Vec<String>,
    /// Words that mean no.
    pub no: Vec<String>,
}

impl Default for FileFormat {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            encoding: "utf-8".into(),
            delimiter: ",".into(),
            quote: '"',
            skip_lines: 0,
            footers: words(&["Grand Total", "Confidential Information"]),
            dates: vec![DateFormat::Iso],
            zone: None,
            decimal: '.',
            thousands: None,
            currency_symbols: false,
            negative: Negative::Minus,
            blank: Vec::new(),
            yes: words(&["true", "yes", "y", "1"]),
            no: words(&["false", "no", "n", "0"]),
        }
    }
}

impl FileFormat {
    /// How numbers are written.
    #[must_use]
    pub const fn numbers(&self) -> NumberFormat {
        NumberFormat {
            decimal: self.decimal,
            thousands: self.thousands,
            currency_symbols: self.currency_symbols,
            negative: self.negative,
        }
    }

    /// The delimiter as one ASCII character.
    #[must_use]
    pub fn delimiter_byte(&self) -> Option<u8> {
        match self.delimiter.as_bytes() {
            b"tab" | b"\\t" => Some(b'\t'),
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\r' | b'\n' | 0) => {
                Some(*byte)
            }
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        match word.as_str() {
            "iso" => Ok(Self::Iso),
            "excel-serial" => Ok(Self::ExcelSerial),
            "epoch-ms" => Ok(Self::EpochMs),
            pattern if pattern.contains('%') => {
                let is_bad =
                    chrono::format::StrftimeItems::new(pattern).any(|item| matches!(item, chrono::format::Item::Error));
                if is_bad {
                    Err(de::Error::custom(format!("\"{word}\" is not a date pattern")))
                } else {
                    Ok(Self::Pattern(word))
                }
            }
            _ => Err(de::Error::custom(format!(
                "\"{word}\" is not a date format: iso, excel-serial, epoch-ms, or a pattern such as %d/%m/%Y"
            ))),
        }
    }
}

/// A text in a mapping; whole numbers and booleans may be written without quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Text, E> {
                Ok(Text(yes.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Where a field's value comes from: a column by name, or a table that says more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// A column of the file.
    pub column: Option<String>,
    /// The same for every row.
    pub constant: Option<String>,
    /// Their value -> ours; keys are trimmed and case-folded.
    pub map: BTreeMap<String, String>,
    /// What becomes of a value that `map` does not name.
    pub unmapped: Unmapped,
    /// Taken where the cell is empty.
    pub default: Option<String>,
    /// The value is looked up in another file.
    pub lookup: Option<Lookup>,
    /// A date that is derived from another field.
    pub from: Option<String>,
    /// That many days before `from`.
    pub minus_days: Option<i64>,
    /// That many days after `from`.
    pub plus_days: Option<i64>,
    /// As many days before `from` as this column says.
    pub minus_days_column: Option<String>,
    /// As many days after `from` as this column says.
    pub plus_days_column: Option<String>,
    /// Date formats of this field, where they differ from the file's.
    pub dates: Option<Vec<DateFormat>>,
    /// The character between the parts of a list.
    pub separator: Option<String>,
    /// The number is a percentage: 15 is a rate of 0.15.
    pub percent: bool,
    /// The amount is so many times the number: ARR is 12 times a monthly one (seed 002, ARR).
    pub times: Option<i64>,
}

/// What becomes of a value that a map does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unmapped {
    /// The row is held.
    #[default]
    Hold,
    /// The value is kept as it is.
    Keep,
}

/// A table in another file, beside the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The file, relative to the mapping.
    pub file: String,
    /// Its column that holds our value.
    pub key: String,
    /// Its column that holds the answer.
    pub value: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FieldTable {
    column: Option<String>,
    constant: Option<Text>,
    map: BTreeMap<String, Text>,
    unmapped: Unmapped,
    default: Option<Text>,
    lookup: Option<Lookup>,
    from: Option<String>,
    minus_days: Option<i64>,
    plus_days: Option<i64>,
    minus_days_column: Option<String>,
    plus_days_column: Option<String>,
    dates: Option<Vec<DateFormat>>,
    separator: Option<String>,
    percent: bool,
    times: Option<i64>,
}

impl<'de> Deserialize<'de> for FieldSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FieldSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name, or a table such as { column = \"Amount\", default = \"0\" }")
            }
            fn visit_str<E>(self, column: &str) -> Result<FieldSpec, E> {
                Ok(FieldSpec { column: Some(column.to_owned()), ..FieldSpec::default() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldSpec, A::Error> {
                let table = FieldTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FieldSpec {
                    column: table.column,
                    constant: table.constant.map(|text| text.0),
                    map: table.map.into_iter().map(|(key, text)| (key, text.0)).collect(),
                    unmapped: table.unmapped,
                    default: table.default.map(|text| text.0),
                    lookup: table.lookup,
                    from: table.from,
                    minus_days: table.minus_days,
                    plus_days: table.plus_days,
                    minus_days_column: table.minus_days_column,
                    plus_days_column: table.plus_days_column,
                    dates: table.dates,
                    separator: table.separator,
                    percent: table.percent,
                    times: table.times,
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Which value means which partner and state, which direct, which unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attribution {
    /// The partner's external id.
    pub partner: Option<FieldSpec>,
    /// The partner's name.
    pub partner_name: Option<FieldSpec>,
    /// What it did: SOURCED, INFLUENCED, ACCELERATED or EXPANSION_OR_RETENTION.
    pub state: Option<FieldSpec>,
    /// The character between several partners of one cell; without one a cell is one partner.
    pub separator: Option<String>,
    /// A partner without a state: `hold`, `unknown` or `refuse`.
    pub without_state: Fallback,
    /// A row with no partner and no matching rule: `direct`, `unknown`, `hold` or `refuse`.
    pub otherwise: Option<Fallback>,
    /// When a column holds a value, then a partner and a state, or direct, or unknown.
    pub rules: Vec<Rule>,
}

/// What a row without a clear attribution is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// Declared as: no partner.
    Direct,
    /// Unknown: left out of Trust-Gap on both sides, and counted.
    Unknown,
    /// Held for a decision.
    #[default]
    Hold,
    /// Refused.
    Refuse,
}

/// One rule of attribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The column.
    pub column: String,
    /// The value, trimmed and case-folded.
    pub value: Option<Text>,
    /// Several values.
    pub values: Vec<Text>,
    /// The partner's external id; where partners are made, also its name.
    pub partner: Option<String>,
    /// What it did.
    pub state: Option<String>,
    /// `direct` or `unknown`, in place of a partner.
    pub is: Option<Fallback>,
}
