//! A mapping bound to a file's header.

use super::context::KnownStage;
use super::date::DateFormat;
use super::field::Field;
use super::mapping::{FieldSpec, Lookup, Mapping, NumberFormat, Unmapped};
use super::{Code, FileProblem, Problem};
use crate::text;
use chrono_tz::Tz;
use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;
use strum::EnumCount;

/// A lookup file as its answers by the key of our value.
pub type LookupTable = Arc<HashMap<String, String>>;

/// A mapping bound to a header: every column found, every word folded once.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The header's cells, tidied.
    pub header: Vec<String>,
    /// The mapping's stages by key; the program's stand beside them in the context.
    pub stages: HashMap<String, KnownStage>,
    pub(super) numbers: NumberFormat,
    pub(super) attribution: super::attribution::BoundAttribution,
    pub(super) fields: Vec<Option<BoundField>>,
    pub(super) system: Option<String>,
    pub(super) refs: Vec<(String, BoundField)>,
    pub(super) blanks: HashSet<String>,
    pub(super) yes: HashSet<String>,
    pub(super) no: HashSet<String>,
    pub(super) footers: Vec<String>,
    pub(super) zone: Tz,
}

#[derive(Clone, Debug)]
pub(super) struct BoundField {
    pub(super) column: Option<(usize, String)>,
    pub(super) constant: Option<String>,
    pub(super) map: HashMap<String, String>,
    pub(super) unmapped: Unmapped,
    pub(super) default: Option<String>,
    pub(super) lookup: Option<(String, LookupTable)>,
    pub(super) derived: Option<(Field, Shift)>,
    pub(super) dates: Vec<DateFormat>,
    pub(super) separator: Option<String>,
    pub(super) percent: bool,
    pub(super) times: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) enum Shift {
    Days(i64),
    Column(usize, String, i64),
}

/// The columns of a header by key; `None` marks one that stands there twice.
pub(super) struct Columns<'a>(HashMap<String, Option<usize>>, &'a mut Vec<FileProblem>);

impl Columns<'_> {
    pub(super) fn find(&mut self, key: &str, name: &str) -> Option<usize> {
        match self.0.get(&text::key(name)) {
            Some(Some(at)) => Some(*at),
            Some(None) => {
                self.1.push(FileProblem::new(
                    "AMBIGUOUS_COLUMN",
                    format!("{key}: two columns are called \"{name}\"; rename one of them"),
                ));
                None
            }
            None => {
                self.1.push(FileProblem::new("MISSING_COLUMN", format!("{key}: the file has no column \"{name}\"")));
                None
            }
        }
    }
}

impl Bound {
    /// The column that a field is read from; empty where it has none.
    #[must_use]
    pub fn column(&self, field: Field) -> &str {
        let bound = self.fields[field as usize].as_ref();
        bound.and_then(|bound| bound.column.as_ref()).map_or("", |(_, name)| name.as_str())
    }

    /// Binds a checked mapping to a header. `zone` is the program's.
    ///
    /// # Errors
    /// Every column that is missing or stands there twice.
    pub fn new(
        mapping: Arc<Mapping>,
        header: &[String],
        lookups: &HashMap<Lookup, LookupTable>,
        zone: Tz,
    ) -> Result<Self, Vec<FileProblem>> {
        let header: Vec<String> = header.iter().map(|cell| text::tidy(cell)).collect();
        let mut by_key: HashMap<String, Option<usize>> = HashMap::new();
        for (at, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            by_key.entry(text::key(name)).and_modify(|found| *found = None).or_insert(Some(at));
        }
        let mut problems = Vec::new();
        let mut columns = Columns(by_key, &mut problems);
        let mut fields = vec![None; Field::COUNT];
        for (name, spec) in &mapping.fields {
            if let Ok(field) = Field::from_str(name) {
                fields[field as usize] =
                    Some(BoundField::new(&format!("fields.{name}"), spec, &mapping, lookups, &mut columns));
            }
        }
        let refs = mapping
            .refs
            .iter()
            .map(|(system, spec)| {
                (text::key(system), BoundField::new(&format!("refs.{system}"), spec, &mapping, lookups, &mut columns))
            })
            .collect();
        let attribution = super::attribution::BoundAttribution::new(&mapping, lookups, &mut columns);
        if !problems.is_empty() {
            return Err(problems);
        }
        let keys = |words: &[String]| words.iter().map(|word| text::key(word)).collect();
        let stage_one: Option<HashSet<String>> = mapping.stage_one.as_ref().map(|names| keys(names));
        let stages = mapping
            .stages
            .iter()
            .map(|(name, word)| {
                let key = text::key(name);
                let is_stage_one_or_later = stage_one.as_ref().is_none_or(|names| names.contains(&key));
                (key, KnownStage { id: None, outcome: word.0, is_stage_one_or_later })
            })
            .collect();
        let file = &mapping.file;
        Ok(Self {
            stages,
            numbers: file.numbers(),
            attribution,
            fields,
            system: mapping.source_system.as_deref().map(text::key).filter(|system| !system.is_empty()),
            refs,
            blanks: keys(&file.blank),
            yes: keys(&file.yes),
            no: keys(&file.no),
            footers: file.footers.iter().map(|word| text::key(word)).filter(|word| !word.is_empty()).collect(),
            zone: file.zone.as_ref().and_then(|zone| zone.parse().ok()).unwrap_or(zone),
            header,
            mapping,
        })
    }

    /// Whether the mapping fills the field.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.fields[field as usize].is_some()
    }

    /// The file's own system, under whose name the rows' ids are known.
    #[must_use]
    pub fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// Whether rows carry ids under systems' names.
    #[must_use]
    pub fn has_refs(&self) -> bool {
        !self.refs.is_empty() || self.system.is_some()
    }

    /// A blank row or a report's footer: left out, and counted.
    #[must_use]
    pub fn skipped(&self, cells: &[&str]) -> Option<Problem> {
        let mut filled = cells.iter().map(|cell| text::tidy(cell)).filter(|cell| !cell.is_empty());
        let Some(first) = filled.next() else {
            return Some(Problem::new(Code::BlankRow, "the row is blank"));
        };
        // A deal may well be called "Grand Total Logistics": a footer has next to nothing beside its words.
        let key = text::key(&first);
        (self.footers.iter().any(|footer| key.starts_with(footer)) && filled.count() <= 2)
            .then(|| Problem::new(Code::ReportFooter, "a footer line of the report, not a record").at("", &first))
    }
}

impl BoundField {
    pub(super) fn new(
        key: &str,
        spec: &FieldSpec,
        mapping: &Mapping,
        lookups: &HashMap<Lookup, LookupTable>,
        columns: &mut Columns<'_>,
    ) -> Self {
        let mut column =
            |name: &Option<String>| name.as_ref().and_then(|name| Some((columns.find(key, name)?, name.clone())));
        let source = column(&spec.column);
        let before = column(&spec.minus_days_column).map(|(at, name)| Shift::Column(at, name, -1));
        let after = column(&spec.plus_days_column).map(|(at, name)| Shift::Column(at, name, 1));
        let fixed = spec.minus_days.map(|days| -days).or(spec.plus_days).map(Shift::Days);
        let derived = spec.from.as_ref().and_then(|from| Field::from_str(from).ok()).zip(before.or(after).or(fixed));
        Self {
            column: source,
            constant: spec.constant.clone(),
            map: spec.map.iter().map(|(from, to)| (text::key(from), to.clone())).collect(),
            unmapped: spec.unmapped,
            default: spec.default.clone(),
            lookup: spec
                .lookup
                .as_ref()
                .and_then(|lookup| Some((lookup.file.clone(), Arc::clone(lookups.get(lookup)?)))),
            derived,
            dates: spec.dates.clone().unwrap_or_else(|| mapping.file.dates.clone()),
            separator: spec.separator.clone(),
            percent: spec.percent,
            times: spec.times,
        }
    }
}

impl BoundField {
    /// The file's words that the field's map names, in order, at most twenty.
    pub(super) fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.map.keys().map(String::as_str).collect();
        words.sort_unstable();
        words.truncate(20);
        words
    }

    /// A word through the field's map: itself where there is none, nothing where the map does not name it.
    pub(super) fn mapped<'t>(&'t self, word: &'t str) -> Option<&'t str> {
        match self.map.get(&text::key(word)) {
            Some(ours) => Some(ours),
            None if self.map.is_empty() || self.unmapped == Unmapped::Keep => Some(word),
            None => None,
        }
    }
}
