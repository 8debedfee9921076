//! Checks of a mapping before any file is opened. Each finding names the key.

use super::field::Field;
use super::mapping::{Fallback, FieldSpec, Mapping, SalesforceIds};
use super::{FileProblem, Object};
use crate::attribution::AttributionState;
use crate::external_ref::SYSTEM_MOST;
use crate::money::Currency;
use crate::text;
use std::collections::HashSet;

/// Everything that is wrong with a mapping for this object; empty when it can be used.
#[must_use]
pub fn check(mapping: &Mapping, object: Object) -> Vec<FileProblem> {
    let mut found = Found(Vec::new());
    if let Some(declared) = mapping.object
        && declared != object
    {
        found.add("object", format!("the mapping is for {declared:?}, the import for {object:?}").to_lowercase());
    }
    file(mapping, &mut found);
    for (name, spec) in &mapping.fields {
        let key = format!("fields.{name}");
        match name.parse::<Field>().ok().filter(|field| Field::of(object).contains(field)) {
            Some(field) => one(&key, field, spec, mapping, &mut found),
            None => {
                let known = Field::of(object).iter().map(|field| field.word()).collect::<Vec<_>>().join(", ");
                found.add(&key, format!("there is no such field; the fields are {known}"));
            }
        }
    }
    let has = |field: Field| mapping.fields.contains_key(field.word());
    let mut needs = |field: Field, why: &str| {
        if !has(field) {
            found.add(&format!("fields.{}", field.word()), format!("is missing: {why}"));
        }
    };
    needs(Field::ExternalId, "without the row's id in its own system an import cannot be repeated");
    match object {
        Object::Deals => {
            needs(Field::OpenedOn, "a deal has an opening date");
            if !has(Field::Stage) {
                needs(Field::Outcome, "give a stage with [stages], or an outcome");
            }
            if has(Field::Arr) || has(Field::Tcv) || has(Field::Services) {
                needs(Field::Currency, "amounts have a currency: a column, or { constant = \"USD\" }");
            }
        }
        Object::Accounts => needs(Field::Name, "it has a name"),
        Object::Partners => {
            needs(Field::Name, "it has a name");
            needs(Field::Kind, "a partner has a kind: a column with a map, or { constant = \"RESELLER\" }");
        }
        Object::Spend => {
            needs(Field::Partner, "spend is on a partner");
            needs(Field::Amount, "spend has an amount");
            needs(Field::Currency, "amounts have a currency: a column, or { constant = \"USD\" }");
            needs(Field::Category, "spend has a category: MDF, JOINT_MARKETING, LOADED_FTE or TOOLS");
            if !has(Field::Date) {
                needs(Field::Quarter, "give a quarter or a date");
            }
        }
        Object::Activities => {
            needs(Field::HappenedAt, "an activity happened at some time");
            needs(Field::Kind, "an activity has a kind: INTRODUCTION, TOUCH, MEETING, CALL, MESSAGE, DEMO or NOTE");
        }
    }
    refs(mapping, object, &mut found);
    stages(mapping, object, &mut found);
    attribution(mapping, object, &mut found);
    found.0
}

struct Found(Vec<FileProblem>);

impl Found {
    fn add(&mut self, key: &str, message: impl AsRef<str>) {
        self.0.push(FileProblem::new("BAD_MAPPING", format!("{key}: {}", message.as_ref())));
    }
}

fn file(mapping: &Mapping, found: &mut Found) {
    let file = &mapping.file;
    let delimiter = file.delimiter_byte();
    if delimiter.is_none() {
        found.add("file.delimiter", "must be one character such as \",\" \";\" \"|\", or \"tab\"");
    }
    if !file.quote.is_ascii() || file.quote.is_ascii_alphanumeric() || delimiter == u8::try_from(file.quote).ok() {
        found.add("file.quote", "must be one ASCII character other than the delimiter");
    }
    if file.dates.is_empty() {
        found.add("file.dates", "must name at least one format");
    }
    if !matches!(file.decimal, '.' | ',') {
        found.add("file.decimal", "must be \".\" or \",\"");
    }
    if let Some(thousands) = file.thousands
        && (!matches!(thousands, ',' | '.' | ' ' | '\'' | '’' | '_') || thousands == file.decimal)
    {
        found.add("file.thousands", "must be one of , . ' _ or a space, and not the decimal separator");
    }
    if let Some(zone) = &file.zone
        && zone.parse::<chrono_tz::Tz>().is_err()
    {
        found.add("file.zone", format!("\"{zone}\" is not an IANA time zone such as Europe/Berlin"));
    }
    if file.skip_lines > 1_000 {
        found.add("file.skip_lines", "must be at most 1000");
    }
}

fn one(key: &str, field: Field, spec: &FieldSpec, mapping: &Mapping, found: &mut Found) {
    let sources =
        [spec.column.is_some(), spec.constant.is_some(), spec.from.is_some()].iter().filter(|is| **is).count();
    if sources != 1 {
        found.add(key, "give exactly one of column, constant, from");
    }
    if spec.constant.is_some() && (!spec.map.is_empty() || spec.lookup.is_some() || spec.default.is_some()) {
        found.add(key, "a constant takes no map, lookup or default");
    }
    if field == Field::ExternalId && spec.column.is_none() {
        found.add(key, "must be a column: each row has its own id");
    }
    if spec.dates.is_some() && !field.is_date() {
        found.add(&format!("{key}.dates"), "is for dates only");
    }
    if spec.percent && !matches!(field, Field::DiscountRate | Field::TakeRate) {
        found.add(&format!("{key}.percent"), "is for rates only");
    }
    if spec.times.is_some() && !matches!(field, Field::Arr | Field::Tcv | Field::Services) {
        found.add(&format!("{key}.times"), "is for the amounts of deals only");
    }
    if spec.times.is_some_and(|times| !(1..=1_000).contains(&times)) {
        found.add(&format!("{key}.times"), "must be between 1 and 1000");
    }
    if spec.separator.is_some()
        && !matches!(field, Field::ProductMix | Field::CloudCommitments | Field::Integrations | Field::OwnerFunctions)
    {
        found.add(&format!("{key}.separator"), "is for lists only");
    }
    derived(key, field, spec, mapping, found);
    if let (Field::Currency, Some(code)) = (field, spec.constant.as_ref().or(spec.default.as_ref()))
        && code.parse::<Currency>().is_err()
    {
        found.add(key, format!("\"{code}\" is not an ISO 4217 code such as USD"));
    }
    let mut seen = HashSet::new();
    for value in spec.map.keys() {
        if !seen.insert(text::key(value)) {
            found.add(&format!("{key}.map"), format!("\"{value}\" stands there twice, but for case and spaces"));
        }
    }
}

fn derived(key: &str, field: Field, spec: &FieldSpec, mapping: &Mapping, found: &mut Found) {
    let shifts = [
        spec.minus_days.is_some(),
        spec.plus_days.is_some(),
        spec.minus_days_column.is_some(),
        spec.plus_days_column.is_some(),
    ];
    let shifts = shifts.iter().filter(|is| **is).count();
    match &spec.from {
        None if shifts > 0 => found.add(key, "minus_days and its kin need from"),
        None => {}
        Some(_) if !field.is_date() => found.add(&format!("{key}.from"), "is for dates only"),
        Some(_) if shifts != 1 => {
            found.add(key, "give exactly one of minus_days, plus_days, minus_days_column, plus_days_column")
        }
        Some(from) => {
            match from.parse::<Field>().ok().filter(|from| from.is_date()).and_then(|_| mapping.fields.get(from)) {
                None => found.add(&format!("{key}.from"), format!("\"{from}\" is not a date field of this mapping")),
                Some(base) if base.from.is_some() => found.add(&format!("{key}.from"), "must not itself be derived"),
                Some(_) => {}
            }
        }
    }
    if [spec.minus_days, spec.plus_days].into_iter().flatten().any(|days| !(0..=36_500).contains(&days)) {
        found.add(key, "days must be between 0 and 36500");
    }
}

fn refs(mapping: &Mapping, object: Object, found: &mut Found) {
    if !mapping.refs.is_empty() && !matches!(object, Object::Deals | Object::Accounts | Object::Partners) {
        found.add("refs", "are for deals, accounts and partners only");
    }
    let mut seen = HashSet::new();
    for (system, spec) in &mapping.refs {
        let key = format!("refs.{system}");
        if text::name(system, SYSTEM_MOST).is_err() {
            found.add(&key, format!("a system's name has 1 to {SYSTEM_MOST} characters"));
        }
        if !seen.insert(text::key(system)) {
            found.add(&key, "stands there twice, but for case and spaces");
        }
        if spec.column.is_none() || spec.constant.is_some() || spec.from.is_some() || spec.default.is_some() {
            found.add(&key, "must be a column: each row has its own id");
        }
        if spec.dates.is_some() || spec.percent || spec.times.is_some() {
            found.add(&key, "is an id: it takes no dates, no percent and no times");
        }
    }
}

fn stages(mapping: &Mapping, object: Object, found: &mut Found) {
    if object != Object::Deals && (!mapping.stages.is_empty() || mapping.stage_one.is_some()) {
        found.add("stages", "are for deals only");
    }
    let keys: HashSet<String> = mapping.stages.keys().map(|name| text::key(name)).collect();
    if keys.len() != mapping.stages.len() {
        found.add("stages", "a stage stands there twice, but for case and spaces");
    }
    for name in
        mapping.stage_one.iter().flatten().filter(|name| !mapping.stages.is_empty() && !keys.contains(&text::key(name)))
    {
        found.add("stage_one", format!("\"{name}\" is not one of [stages]"));
    }
}

fn attribution(mapping: &Mapping, object: Object, found: &mut Found) {
    let Some(spec) = &mapping.attribution else {
        if object == Object::Deals {
            found.add("attribution", "is missing: say how a row's partner is read; where the file knows none, [attribution] otherwise = \"direct\" or \"unknown\"");
        }
        return;
    };
    if object != Object::Deals {
        found.add("attribution", "is for deals only");
        return;
    }
    if spec.state.is_some() && spec.partner.is_none() && spec.partner_name.is_none() {
        found.add("attribution.state", "needs attribution.partner or attribution.partner_name");
    }
    for (name, field) in [("partner", &spec.partner), ("partner_name", &spec.partner_name), ("state", &spec.state)] {
        if field
            .as_ref()
            .is_some_and(|field| field.from.is_some() || (field.column.is_some() == field.constant.is_some()))
        {
            found.add(&format!("attribution.{name}"), "give exactly one of column, constant");
        }
    }
    for word in spec.state.iter().flat_map(|field| field.map.values().chain(&field.constant).chain(&field.default)) {
        if word.parse::<AttributionState>().is_err() {
            found.add(
                "attribution.state",
                format!("\"{word}\" is not SOURCED, INFLUENCED, ACCELERATED or EXPANSION_OR_RETENTION"),
            );
        }
    }
    if spec.separator.as_ref().is_some_and(|separator| separator.is_empty()) {
        found.add("attribution.separator", "must not be empty");
    }
    if spec.without_state == Fallback::Direct {
        found.add("attribution.without_state", "a row with a partner is not direct: hold, unknown or refuse");
    }
    for (at, rule) in spec.rules.iter().enumerate() {
        let key = format!("attribution.rules[{at}]");
        if rule.column.trim().is_empty() || (rule.value.is_none() && rule.values.is_empty()) {
            found.add(&key, "needs a column, and a value or values");
        }
        match (&rule.partner, &rule.state, rule.is) {
            (Some(_), Some(state), None) if state.parse::<AttributionState>().is_ok() => {}
            (Some(_), Some(state), None) => found
                .add(&key, format!("\"{state}\" is not SOURCED, INFLUENCED, ACCELERATED or EXPANSION_OR_RETENTION")),
            (None, None, Some(Fallback::Direct | Fallback::Unknown)) => {}
            _ => found.add(&key, "give partner and state, or is = \"direct\" or \"unknown\""),
        }
    }
    if matches!(mapping.salesforce_ids, SalesforceIds::Always) && spec.rules.iter().any(|rule| rule.partner.is_some()) {
        found.add(
            "salesforce_ids",
            "\"always\" cannot stand beside rules that name partners by other ids; use \"auto\"",
        );
    }
}
