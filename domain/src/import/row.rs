//! One row, read through a mapping that is bound to its file.

use super::bound::{Bound, BoundField, Shift};
use super::context::Context;
use super::date::{self, When};
use super::fact::Reference;
use super::field::Field;
use super::mapping::{SalesforceIds, Unmapped};
use super::number::{self, NotNumber, Number};
use super::{Code, Problem, salesforce};
use crate::text;
use chrono::Days;
use rust_decimal::Decimal;
use std::str::FromStr;

/// A value of a row: what stood there after map, lookup and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) is_default: bool,
}

/// One row on its way through a mapping; its problems gather here.
pub(super) struct Row<'a> {
    pub(super) bound: &'a Bound,
    pub(super) context: &'a Context,
    pub(super) cells: &'a [&'a str],
    pub(super) problems: Vec<Problem>,
}

/// The most characters of a name or an id.
pub(super) const NAME_MOST: usize = 500;
/// The most characters of a note.
pub(super) const NOTE_MOST: usize = 64_000;

impl<'a> Row<'a> {
    pub(super) fn new(bound: &'a Bound, context: &'a Context, cells: &'a [&'a str]) -> Self {
        let mut row = Self { bound, context, cells, problems: Vec::new() };
        if let Some(at) = cells.iter().position(|cell| looks_double_encoded(cell)) {
            let column = bound.header.get(at).map_or("", String::as_str);
            let message = "the text looks as if UTF-8 had been read as Windows-1252 once; it is kept as it is, mend it at its source";
            row.problems.push(Problem::new(Code::LooksDoubleEncoded, message).at(column, cells[at]));
        }
        row
    }

    pub(super) fn field(&self, field: Field) -> Option<&'a BoundField> {
        self.bound.fields[field as usize].as_ref()
    }

    /// The cell as it stands in the file, and its column.
    pub(super) fn cell(&self, field: Field) -> (&'a str, &'a str) {
        let Some(bound) = self.field(field) else { return ("", "") };
        bound.column.as_ref().map_or(("", bound.constant.as_deref().unwrap_or("")), |(at, name)| {
            (name.as_str(), self.cells.get(*at).copied().unwrap_or(""))
        })
    }

    pub(super) fn problem(&mut self, field: Field, code: Code, message: impl Into<String>) {
        let (column, cell) = self.cell(field);
        self.problems.push(Problem::new(code, message).at(column, cell));
    }

    /// The value of a field; `None` when it is empty, not mapped, or has a problem of its own.
    pub(super) fn value(&mut self, field: Field) -> Option<Value> {
        let bound = self.field(field)?;
        self.read(bound)
    }

    pub(super) fn is_blank(&self, cell: &str) -> bool {
        cell.is_empty() || (!self.bound.blanks.is_empty() && self.bound.blanks.contains(&text::key(cell)))
    }

    pub(super) fn read(&mut self, bound: &BoundField) -> Option<Value> {
        if let Some(constant) = &bound.constant {
            return Some(Value { text: constant.clone(), is_default: false });
        }
        let (at, column) = bound.column.as_ref()?;
        let raw = self.cells.get(*at).copied().unwrap_or("");
        let mut cell = text::tidy(raw);
        if self.is_blank(&cell) {
            return bound.default.clone().map(|text| Value { text, is_default: true });
        }
        if !bound.map.is_empty() {
            match (bound.map.get(&text::key(&cell)), bound.unmapped) {
                (Some(ours), _) => cell.clone_from(ours),
                (None, Unmapped::Keep) => {}
                (None, Unmapped::Hold) => {
                    let message = "the mapping's map does not name this value; add it there and import again";
                    self.problems.push(Problem::new(Code::UnmappedValue, message).at(column, raw));
                    return None;
                }
            }
        }
        if let Some((file, table)) = &bound.lookup {
            match table.get(&text::key(&cell)) {
                Some(found) if !found.is_empty() => cell.clone_from(found),
                _ => {
                    if let Some(default) = &bound.default {
                        return Some(Value { text: default.clone(), is_default: true });
                    }
                    let message =
                        format!("{file} has no answer for this value; add it there, or map it to one that it has");
                    self.problems.push(Problem::new(Code::LookupMiss, message).at(column, raw));
                    return None;
                }
            }
        }
        Some(Value { text: cell, is_default: false })
    }

    /// A name or an id.
    pub(super) fn name(&mut self, field: Field) -> Option<String> {
        let value = self.value(field)?;
        match text::name(&value.text, NAME_MOST) {
            Ok(name) => Some(name),
            Err(text::BadText::TooLong(most)) => {
                self.problem(field, Code::TooLong, format!("must be at most {most} characters long"));
                None
            }
            Err(text::BadText::Empty | text::BadText::Nul) => {
                self.problem(field, Code::Nul, "must not contain a NUL character");
                None
            }
        }
    }

    /// A name or an id that must be there.
    pub(super) fn required_name(&mut self, field: Field) -> Option<String> {
        let before = self.problems.len();
        let name = self.name(field);
        if name.is_none() && self.problems.len() == before {
            self.problem(field, Code::Missing, format!("{} is required and the cell is empty", field.word()));
        }
        name
    }

    /// The row's id in its own system; Salesforce's two forms are one.
    pub(super) fn id(&mut self, field: Field) -> Option<String> {
        let id = self.name(field)?;
        self.fold(field, id)
    }

    pub(super) fn fold(&mut self, field: Field, id: String) -> Option<String> {
        let folded = match self.bound.mapping.salesforce_ids {
            SalesforceIds::Never => return Some(id),
            SalesforceIds::Auto | SalesforceIds::Always => salesforce::fold(&id).map(str::to_owned),
        };
        let is_short = id.len() == 15 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match (folded, self.bound.mapping.salesforce_ids) {
            (Some(folded), _) => Some(folded),
            (None, SalesforceIds::Always) if !is_short => {
                self.problem(
                    field,
                    Code::NotAWord,
                    "is not a Salesforce id of 15 or 18 characters; set salesforce_ids = \"auto\" for other ids",
                );
                None
            }
            (None, _) => Some(id),
        }
    }

    /// A note: kept as it stands, outer spaces too.
    pub(super) fn note(&mut self, field: Field) -> Option<String> {
        let value = self.value(field)?;
        let (_, cell) = self.cell(field);
        let is_plain =
            self.field(field).is_some_and(|bound| bound.map.is_empty() && bound.lookup.is_none()) && !value.is_default;
        let note = if is_plain { cell.to_owned() } else { value.text };
        if note.chars().count() > NOTE_MOST {
            self.problem(field, Code::TooLong, format!("must be at most {NOTE_MOST} characters long"));
            return None;
        }
        Some(note)
    }

    /// A list.
    pub(super) fn list(&mut self, field: Field) -> Vec<String> {
        let Some(value) = self.value(field) else { return Vec::new() };
        let parts: Vec<String> = match self.field(field).and_then(|bound| bound.separator.as_ref()) {
            Some(separator) => {
                value.text.split(separator.as_str()).map(text::tidy).filter(|part| !part.is_empty()).collect()
            }
            None => vec![value.text],
        };
        if parts.len() > 100 || parts.iter().any(|part| part.chars().count() > NAME_MOST) {
            self.problem(field, Code::TooLong, format!("must be at most 100 values of at most {NAME_MOST} characters"));
            return Vec::new();
        }
        parts
    }

    /// One of our words.
    pub(super) fn word<T: FromStr>(&mut self, field: Field, words: &str) -> Option<T> {
        let value = self.value(field)?;
        let parsed = value.text.trim().replace(['-', ' '], "_").parse().ok();
        if parsed.is_none() {
            self.problem(field, Code::NotAWord, format!("is not one of {words}; give the field a map, such as {{ column = \"…\", map = {{ \"theirs\" = \"OURS\" }} }}"));
        }
        parsed
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, field: Field) -> Option<bool> {
        let value = self.value(field)?;
        let key = text::key(&value.text);
        let flag = if self.bound.yes.contains(&key) {
            Some(true)
        } else if self.bound.no.contains(&key) {
            Some(false)
        } else {
            None
        };
        if flag.is_none() {
            self.problem(field, Code::NotAWord, "is neither one of file.yes nor of file.no");
        }
        flag
    }

    /// A day or an instant.
    pub(super) fn when(&mut self, field: Field) -> Option<(When, bool)> {
        let bound = self.field(field)?;
        if let Some((base, shift)) = &bound.derived {
            let (base, is_default) = self.when(*base)?;
            let days = match shift {
                Shift::Days(days) => *days,
                Shift::Column(at, column, sign) => {
                    let cell = self.cells.get(*at).copied().unwrap_or("");
                    let days = text::tidy(cell).parse::<u32>().ok().filter(|days| *days <= 36_500).map(i64::from);
                    let Some(days) = days else {
                        let message = "is not a whole number of days from 0 to 36500";
                        self.problems.push(Problem::new(Code::NotANumber, message).at(column, cell));
                        return None;
                    };
                    days * sign
                }
            };
            let by = Days::new(days.unsigned_abs());
            let day = if days < 0 { base.day.checked_sub_days(by) } else { base.day.checked_add_days(by) };
            return day.map(|day| (When { day, at: None }, is_default));
        }
        let value = self.read(bound)?;
        if value.is_default && value.text == "import-day" {
            return Some((When { day: self.context.today, at: None }, true));
        }
        let when = date::parse(&value.text, &bound.dates, &self.context.calendar, self.bound.zone);
        if when.is_none() {
            self.problem(
                field,
                Code::NotADate,
                "is not a date in a declared format (file.dates); ISO dates are written 2025-01-10",
            );
        }
        when.map(|when| (when, value.is_default))
    }

    /// A day.
    pub(super) fn day(&mut self, field: Field) -> Option<chrono::NaiveDate> {
        self.when(field).map(|(when, _)| when.day)
    }

    /// A number in the declared format.
    pub(super) fn number(&mut self, field: Field) -> Option<Number> {
        let value = self.value(field)?;
        match number::parse(&value.text, &self.bound.numbers) {
            Ok(number) => Some(number),
            Err(NotNumber::TooLarge) => {
                self.problem(field, Code::NumberTooLarge, "has more digits than this server keeps exactly");
                None
            }
            Err(NotNumber::Scientific) => {
                let message = "is in scientific notation: a spreadsheet has already dropped digits; export the column as plain numbers";
                self.problem(field, Code::NotANumber, message);
                None
            }
            Err(NotNumber::Format) => {
                let message = "is not a number in the declared format (file.decimal, file.thousands, file.currency_symbols, file.negative)";
                self.problem(field, Code::NotANumber, message);
                None
            }
        }
    }

    /// A rate from 0 to 1; 15 % is 0.15.
    pub(super) fn rate(&mut self, field: Field) -> Option<Decimal> {
        let number = self.number(field)?;
        let is_percent = number.is_percent || self.field(field).is_some_and(|bound| bound.percent);
        let rate = if is_percent { number.value / Decimal::ONE_HUNDRED } else { number.value };
        if rate < Decimal::ZERO || rate > Decimal::ONE {
            self.problem(
                field,
                Code::NotARate,
                "is not a rate from 0 to 1; where the column holds percentages, set percent = true",
            );
            return None;
        }
        Some(rate.normalize())
    }

    /// A count.
    pub(super) fn count(&mut self, field: Field) -> Option<i64> {
        let number = self.number(field)?;
        let count = number
            .value
            .fract()
            .is_zero()
            .then(|| i64::try_from(number.value).ok())
            .flatten()
            .filter(|n| (0..=1_000_000).contains(n));
        if count.is_none() {
            self.problem(field, Code::NotANumber, "is not a whole number from 0 to 1000000");
        }
        count
    }

    /// A segment: on record, or to be made.
    pub(super) fn segment(&mut self) -> Option<Reference> {
        let name = self.name(Field::Segment)?;
        if let Some(id) = self.context.segments.get(&text::key(&name)) {
            return Some(Reference::Known(*id));
        }
        if self.bound.mapping.create_missing.segments.allows(&name) {
            return Some(Reference::New { external_id: None, name });
        }
        self.problem(
            Field::Segment,
            Code::UnknownSegment,
            "the program has no such segment; map it to one that it has, or create it first",
        );
        None
    }

    /// The partner that two fields name by id and by name.
    pub(super) fn named_partner(&mut self, id_field: Field, name_field: Field) -> Option<Reference> {
        let before = self.problems.len();
        let id = self.id(id_field);
        let name = self.name(name_field);
        if self.problems.len() > before || (id.is_none() && name.is_none()) {
            return None;
        }
        let at = self.cell(if id.is_some() { id_field } else { name_field });
        self.partner(id, name, self.bound.has(id_field), at)
    }

    /// A partner by id and name: the id decides, and two that disagree are not reconciled by guess.
    pub(super) fn partner(
        &mut self,
        id: Option<String>,
        name: Option<String>,
        has_id_column: bool,
        at: (&str, &str),
    ) -> Option<Reference> {
        let partners = &self.context.partners;
        let create = &self.bound.mapping.create_missing.partners;
        let fail = |row: &mut Self, code: Code, message: String| {
            row.problems.push(Problem::new(code, message).at(at.0, at.1));
            None
        };
        let Some(id) = id else {
            let name = name?;
            return match partners.with_name(&name) {
                [one] => Some(Reference::Known(*one)),
                [] if create.allows(&name) && !has_id_column => {
                    Some(Reference::New { external_id: Some(name.clone()), name })
                }
                [] => fail(
                    self,
                    Code::UnknownPartner,
                    format!(
                        "the program has no partner \"{}\"; give its id, map it, or create it first",
                        super::shown(&name)
                    ),
                ),
                _ => fail(self, Code::AmbiguousPartner, "more than one partner carries this name; give the id".into()),
            };
        };
        if let Some(known) = partners.with_external_id(&id) {
            let on_record = partners.name(known).unwrap_or("");
            if let Some(name) = name.filter(|name| text::key(name) != text::key(on_record)) {
                if partners.with_name(&name).iter().any(|other| *other != known) {
                    return fail(
                        self,
                        Code::PartnerContradicts,
                        format!(
                            "the id is that of \"{on_record}\", the name that of another partner; mend one of them"
                        ),
                    );
                }
                let message = format!("the id decided; on record its name is \"{on_record}\"");
                self.problems.push(Problem::new(Code::PartnerNameDiffers, message).at(at.0, &name));
            }
            return Some(Reference::Known(known));
        }
        if create.allows(&id) {
            if let Some(name) = name.as_ref().filter(|name| !partners.with_name(name).is_empty()) {
                return fail(
                    self,
                    Code::AmbiguousPartner,
                    format!("the id is new, but a partner called \"{name}\" is on record under another id"),
                );
            }
            return Some(Reference::New { external_id: Some(id.clone()), name: name.unwrap_or(id) });
        }
        let hint = if id.contains([';', ',', '|', '/']) {
            "; where the cell lists several partners, declare attribution.separator"
        } else {
            ""
        };
        fail(self, Code::UnknownPartner, format!("the program has no partner with this id; create it first{hint}"))
    }
}

/// Whether a text looks like UTF-8 that was read as Windows-1252: `Ã¼` for `ü`.
fn looks_double_encoded(text: &str) -> bool {
    !text.is_ascii()
        && text.chars().zip(text.chars().skip(1)).any(|(first, second)| {
            matches!(first, 'Ã' | 'Â')
                && (matches!(second, '\u{80}'..='\u{bf}') || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(second))
                && second != '\u{a0}'
        })
}
