//! Which value means which partner and state, which direct, which unknown.

use super::bound::{BoundField, Columns, LookupTable};
use super::fact::Credit;
use super::field::Field;
use super::mapping::{Fallback, Lookup, Mapping};
use super::row::{NAME_MOST, Row};
use super::{Code, Problem, Verdict};
use crate::attribution::{AttributionState, Declaration};
use crate::text;
use std::collections::{HashMap, HashSet};

#[derive(Clone, Debug, Default)]
pub(super) struct BoundAttribution {
    partner: Option<BoundField>,
    partner_name: Option<BoundField>,
    state: Option<BoundField>,
    separator: Option<String>,
    without_state: Fallback,
    otherwise: Fallback,
    rules: Vec<BoundRule>,
}

#[derive(Clone, Debug)]
struct BoundRule {
    at: usize,
    column: String,
    values: HashSet<String>,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    Partner(String, AttributionState),
    Direct,
    Unknown,
}

impl BoundAttribution {
    pub(super) fn new(mapping: &Mapping, lookups: &HashMap<Lookup, LookupTable>, columns: &mut Columns<'_>) -> Self {
        let Some(spec) = &mapping.attribution else { return Self::default() };
        let mut bind = |name: &str, field: &Option<super::mapping::FieldSpec>| {
            field
                .as_ref()
                .map(|field| BoundField::new(&format!("attribution.{name}"), field, mapping, lookups, columns))
        };
        let (partner, partner_name, state) =
            (bind("partner", &spec.partner), bind("partner_name", &spec.partner_name), bind("state", &spec.state));
        let mut rules = Vec::new();
        for (index, rule) in spec.rules.iter().enumerate() {
            let Some(at) = columns.find(&format!("attribution.rules[{index}]"), &rule.column) else { continue };
            let then = match (&rule.partner, rule.state.as_ref().and_then(|state| state.parse().ok()), rule.is) {
                (Some(partner), Some(state), _) => Then::Partner(text::tidy(partner), state),
                (_, _, Some(Fallback::Direct)) => Then::Direct,
                _ => Then::Unknown,
            };
            let values = rule.value.iter().chain(&rule.values).map(|value| text::key(&value.0)).collect();
            rules.push(BoundRule { at, column: rule.column.clone(), values, then });
        }
        Self {
            partner,
            partner_name,
            state,
            separator: spec.separator.clone(),
            without_state: spec.without_state,
            otherwise: spec.otherwise.unwrap_or_default(),
            rules,
        }
    }
}

struct Reading {
    credits: Vec<Credit>,
    is_direct: bool,
    is_unknown: bool,
}

/// How a row's attribution reads. Problems go to the row; the declaration then does not matter.
pub(super) fn read(row: &mut Row<'_>) -> (Declaration, Vec<Credit>) {
    let bound = &row.bound.attribution;
    let before = row.problems.len();
    let mut reading = Reading { credits: Vec::new(), is_direct: false, is_unknown: false };
    for rule in &bound.rules {
        let cell = row.cells.get(rule.at).copied().unwrap_or("");
        if !rule.values.contains(&text::key(cell)) {
            continue;
        }
        match &rule.then {
            Then::Direct => reading.is_direct = true,
            Then::Unknown => reading.is_unknown = true,
            Then::Partner(partner, state) => {
                if let Some(partner) = row.partner(Some(partner.clone()), None, true, (&rule.column, cell)) {
                    reading.credits.push(Credit { partner, state: *state });
                }
            }
        }
    }
    columns(row, &mut reading);
    if row.problems.len() > before && row.problems[before..].iter().any(|problem| !problem.verdict.is_taken()) {
        return (Declaration::Unknown, Vec::new());
    }
    if reading.credits.is_empty() {
        return (without_partner(row, &reading), Vec::new());
    }
    if reading.is_direct || reading.is_unknown {
        row.problems.push(Problem::new(
            Code::DirectContradicts,
            "one rule reads the row as direct or unknown, another names a partner; mend the mapping or the row",
        ));
    }
    let mut seen = Vec::new();
    reading.credits.retain(|credit| {
        let is_new = !seen.contains(credit);
        seen.push(credit.clone());
        is_new
    });
    if reading.credits.iter().filter(|credit| credit.state == AttributionState::Sourced).count() > 1 {
        row.problems.push(Problem::new(
            Code::TwoSourced,
            "a deal has at most one SOURCED partner; decide which one brought it",
        ));
    }
    (Declaration::Partners, reading.credits)
}

fn without_partner(row: &mut Row<'_>, reading: &Reading) -> Declaration {
    match (reading.is_direct, reading.is_unknown) {
        (true, true) => {
            row.problems.push(Problem::new(
                Code::DirectContradicts,
                "one rule reads the row as direct, another as unknown; mend the mapping",
            ));
            Declaration::Unknown
        }
        (true, false) => Declaration::Direct,
        (false, true) => Declaration::Unknown,
        (false, false) => {
            let message =
                "no rule of the mapping matches and no partner is named; add a rule, or set attribution.otherwise";
            fallback(row, row.bound.attribution.otherwise, Problem::new(Code::AttributionUnclear, message))
        }
    }
}

fn fallback(row: &mut Row<'_>, fallback: Fallback, problem: Problem) -> Declaration {
    match fallback {
        Fallback::Direct => return Declaration::Direct,
        Fallback::Unknown => {}
        Fallback::Hold => row.problems.push(problem),
        Fallback::Refuse => row.problems.push(problem.as_verdict(Verdict::Refused)),
    }
    Declaration::Unknown
}

/// Partners named in columns: one of each, or several under a declared separator.
fn columns(row: &mut Row<'_>, reading: &mut Reading) {
    let bound = &row.bound.attribution;
    let split = |text: Option<String>| -> Vec<String> {
        let Some(text) = text else { return Vec::new() };
        match &bound.separator {
            Some(separator) => text.split(separator.as_str()).map(text::tidy).collect(),
            None => vec![text],
        }
    };
    let raw = |field: &Option<BoundField>| -> (String, String) {
        let column = field.as_ref().and_then(|field| field.column.as_ref());
        column.map_or_else(Default::default, |(at, name)| {
            (name.clone(), row.cells.get(*at).copied().unwrap_or("").to_owned())
        })
    };
    let (id_at, name_at, state_at) = (raw(&bound.partner), raw(&bound.partner_name), raw(&bound.state));
    let mut get = |field: &Option<BoundField>| field.as_ref().and_then(|field| row.read(field)).map(|value| value.text);
    let ids = split(get(&bound.partner));
    let names = split(get(&bound.partner_name));
    let states = states(row, &split(raw_states(row)));
    let count = ids.len().max(names.len());
    if [ids.len(), names.len()].iter().any(|len| *len != 0 && *len != count)
        || (count > 0 && states.len() > 1 && states.len() != count)
    {
        let message = "partners, names and states of the row do not pair up; give each partner its state";
        row.problems.push(Problem::new(Code::UnevenList, message).at(&id_at.0, &id_at.1));
        return;
    }
    if count == 0 {
        // A default or a constant is no claim of the row's; a word in its cell is.
        if raw_states(row).is_some() {
            let message = "a state without a partner: name the partner, or empty the state";
            row.problems.push(Problem::new(Code::PartnerMissing, message).at(&state_at.0, &state_at.1));
        }
        return;
    }
    for at in 0..count {
        let id = ids.get(at).filter(|id| !id.is_empty()).cloned();
        let name = names.get(at).filter(|name| !name.is_empty()).cloned();
        let shown = if id.is_some() { &id_at } else { &name_at };
        if id.iter().chain(&name).any(|text| text.chars().count() > NAME_MOST) {
            row.problems.push(
                Problem::new(Code::TooLong, format!("must be at most {NAME_MOST} characters long"))
                    .at(&shown.0, &shown.1),
            );
            continue;
        }
        let id = match id {
            Some(id) => row.fold(Field::Partner, id),
            None => None,
        };
        let partner = row.partner(id, name, bound.partner.is_some(), (&shown.0, &shown.1));
        let state = states.get(at).or_else(|| states.first().filter(|_| states.len() == 1)).copied().flatten();
        match (partner, state) {
            (Some(partner), Some(state)) => reading.credits.push(Credit { partner, state }),
            (Some(_), None) if states.is_empty() => {
                let message =
                    "a partner without a state: say what it did, or set attribution.without_state = \"unknown\"";
                let problem = Problem::new(Code::StateMissing, message).at(&state_at.0, &state_at.1);
                match bound.without_state {
                    Fallback::Unknown => {
                        reading.is_unknown = true;
                        row.problems.push(problem.as_verdict(Verdict::Warned));
                    }
                    Fallback::Refuse => row.problems.push(problem.as_verdict(Verdict::Refused)),
                    Fallback::Hold | Fallback::Direct => row.problems.push(problem),
                }
            }
            _ => {}
        }
    }
}

/// The state cell before its map: a list is split first, and each part mapped.
fn raw_states(row: &Row<'_>) -> Option<String> {
    let field = row.bound.attribution.state.as_ref()?;
    match &field.column {
        Some((at, _)) => Some(text::tidy(row.cells.get(*at).copied().unwrap_or(""))).filter(|cell| !row.is_blank(cell)),
        None => None,
    }
}

/// The states of the parts; a part that the map does not name leaves a problem and a gap.
fn states(row: &mut Row<'_>, parts: &[String]) -> Vec<Option<AttributionState>> {
    let Some(field) = row.bound.attribution.state.as_ref() else { return Vec::new() };
    if parts.is_empty() {
        let whole = row.read(field).map(|value| value.text);
        return whole.map(|text| vec![text.parse().ok()]).unwrap_or_default();
    }
    let column = field.column.as_ref().map_or("", |(_, name)| name);
    parts
        .iter()
        .map(|part| {
            let word = field.mapped(part);
            let state = word.and_then(|word| word.trim().replace([' ', '-'], "_").parse().ok());
            if state.is_none() {
                let message = match field.words() {
                    known if known.is_empty() => {
                        "is not SOURCED, INFLUENCED, ACCELERATED or EXPANSION_OR_RETENTION; give attribution.state a map".to_owned()
                    }
                    known => format!(
                        "values are what the file would say; this map knows: {}. Add the value to attribution.state's map, or give one of these",
                        known.join(", ")
                    ),
                };
                row.problems.push(Problem::new(Code::UnmappedValue, message).at(column, part));
            }
            state
        })
        .collect()
}
