//! The numbers of a policy one by one: what each does, its default, what it may be, and how a draft changes it.
//!
//! The list is read off [`Policy`] itself, so that a number which a later part adds is documented, shown and changeable as
//! soon as it is a field. Groups are spelt out: `tam.deepRate` is `tamDeepRate`, the first of a list is number 1.

use crate::advisory::AdvisoryPolicy;
use crate::mdf::MdfPolicy;
use crate::policy::Policy;
use crate::profile::ProfilePolicy;
use crate::tam::TamPolicy;
use documented::DocumentedFields;
use rust_decimal::{Decimal, dec};
use serde_json::{Map, Value};

/// What kind of value a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Whole,
    /// A decimal number.
    Decimal,
    /// A word.
    Word,
    /// Yes or no.
    Flag,
}

/// One number of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its name; the unit is at its end.
    pub name: String,
    /// What it does.
    pub description: String,
    /// What kind of value it has.
    pub kind: Kind,
    /// What it is; null where the policy leaves it to the rule.
    pub value: Value,
    /// What it is where nobody set it.
    pub default: Value,
    /// The least and the most it may be; none for a word.
    pub range: Option<(Decimal, Decimal)>,
}

/// A number that a policy may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotSo {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub message: String,
}

/// A number that differs between two policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// What it is in the one.
    pub before: Value,
    /// What it is in the other.
    pub after: Value,
}

/// A number where it stands in the JSON of a policy.
struct Leaf {
    name: String,
    pointer: String,
    value: Value,
}

impl Policy {
    /// Every number with what it does, its default and its range.
    #[must_use]
    pub fn numbers(&self) -> Vec<Number> {
        let defaults = leaves(&json(&Self::default()));
        let number = |leaf: Leaf| {
            let default = defaults.iter().find(|it| it.name == leaf.name).map_or(Value::Null, |it| it.value.clone());
            let kind = kind(if default.is_null() { &leaf.value } else { &default });
            let range = matches!(kind, Kind::Whole | Kind::Decimal).then(|| range(&leaf.name));
            Number { description: described(&leaf.pointer), kind, value: leaf.value, default, range, name: leaf.name }
        };
        leaves(&json(self)).into_iter().map(number).collect()
    }

    /// The policy with some numbers changed, each by its name.
    ///
    /// # Errors
    /// Every number that is unknown, of another kind, or out of its range; where there is none, every one that does not go with another
    /// ([`crate::policy_check`]).
    pub fn with(&self, changes: &Map<String, Value>) -> Result<Self, Vec<NotSo>> {
        let mut body = json(self);
        let mut wrong = Vec::new();
        for (name, value) in changes {
            let mut note = |message: String| wrong.push(NotSo { name: name.clone(), message });
            let Some(leaf) = leaves(&body).into_iter().find(|leaf| leaf.name == *name) else {
                note("the policy has no such number".into());
                continue;
            };
            let (least, most) = range(name);
            if number(value).is_some_and(|number| !(least..=most).contains(&number)) {
                note(format!("{name} is {least} to {most}"));
                continue;
            }
            let mut changed = body.clone();
            if let Some(place) = changed.pointer_mut(&leaf.pointer) {
                *place = value.clone();
            }
            match serde_json::from_value::<Self>(changed.clone()) {
                Ok(_) => body = changed,
                Err(why) => note(why.to_string()),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let read = serde_json::from_value::<Self>(body);
        let read = read.map_err(|why| vec![NotSo { name: String::new(), message: why.to_string() }])?;
        let conflicts = read.conflicts();
        if conflicts.is_empty() { Ok(Self { version: self.version, ..read }) } else { Err(conflicts) }
    }

    /// The numbers that differ from those of another policy.
    #[must_use]
    pub fn changes_of(&self, before: &Self) -> Vec<Change> {
        let others = leaves(&json(before));
        let change = |leaf: Leaf| {
            let was = others.iter().find(|it| it.name == leaf.name).map_or(Value::Null, |it| it.value.clone());
            let is_same = match (number(&was), number(&leaf.value)) {
                // 0.3 is 0.30.
                (Some(was), Some(is)) => was == is,
                _ => was == leaf.value,
            };
            (!is_same).then_some(Change { name: leaf.name, before: was, after: leaf.value })
        };
        leaves(&json(self)).into_iter().filter_map(change).collect()
    }
}

fn json(policy: &Policy) -> Value {
    serde_json::to_value(policy).unwrap_or_default()
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(whole) => whole.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Flag,
        Value::String(text) if text.parse::<Decimal>().is_ok() => Kind::Decimal,
        Value::String(_) => Kind::Word,
        // What may be nothing is a whole number where it is something.
        Value::Number(_) | Value::Null | Value::Array(_) | Value::Object(_) => Kind::Whole,
    }
}

/// What a number may be, by the unit at the end of its name.
fn range(name: &str) -> (Decimal, Decimal) {
    let most = dec!(1000000000);
    if name.starts_with("solid") || name == "mostDealsUntilConclusive" {
        return (Decimal::ONE, dec!(1000000));
    }
    let units = [
        ("Points", dec!(-100), dec!(100)),
        ("Rate", Decimal::ZERO, Decimal::ONE),
        ("Percent", Decimal::ZERO, dec!(100)),
        ("Multiple", Decimal::ZERO, dec!(1000)),
        ("Score", Decimal::ZERO, dec!(100)),
        ("Weight", Decimal::ZERO, dec!(1000)),
        ("Days", Decimal::ZERO, dec!(3660)),
        ("Hours", Decimal::ZERO, dec!(8784)),
        ("Minutes", Decimal::ZERO, dec!(10080)),
        ("Quarters", Decimal::ZERO, dec!(40)),
    ];
    let unit = units.into_iter().find(|(unit, ..)| name.ends_with(unit));
    unit.map_or((Decimal::ZERO, most), |(_, least, most)| (least, most))
}

/// The rustdoc of the field; of its group where the group does not tell its fields'.
fn described(pointer: &str) -> String {
    let mut steps = pointer.split('/').skip(1);
    let (group, inner) = (steps.next().unwrap_or_default(), steps.next());
    let of_group = Policy::get_field_docs(group).unwrap_or_default();
    let of_field = match (group, inner) {
        ("tam", Some(inner)) => TamPolicy::get_field_docs(inner).ok(),
        ("profile", Some(inner)) => ProfilePolicy::get_field_docs(inner).ok(),
        ("mdf", Some(inner)) => MdfPolicy::get_field_docs(inner).ok(),
        ("advisory", Some(inner)) => AdvisoryPolicy::get_field_docs(inner).ok(),
        _ => None,
    };
    of_field.unwrap_or(of_group).replace("\\[", "[").replace("\\]", "]").replace('\n', " ")
}

fn leaves(value: &Value) -> Vec<Leaf> {
    fn walk(value: &Value, name: &str, pointer: &str, found: &mut Vec<Leaf>) {
        match value {
            Value::Object(fields) => {
                for (field, below) in fields {
                    walk(below, &joined(name, field), &format!("{pointer}/{field}"), found);
                }
            }
            Value::Array(items) => {
                for (at, below) in items.iter().enumerate() {
                    walk(below, &format!("{name}{}", at + 1), &format!("{pointer}/{at}"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                found.push(Leaf { name: name.to_owned(), pointer: pointer.to_owned(), value: value.clone() });
            }
        }
    }
    let mut found = Vec::new();
    walk(value, "", "", &mut found);
    found
}

/// `tam` and `deepRate` are `tamDeepRate`.
fn joined(group: &str, field: &str) -> String {
    let mut letters = field.chars();
    if let Some(first) = letters.next()
        && !group.is_empty()
    {
        format!("{group}{}{}", first.to_uppercase(), letters.as_str())
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(changes: Value) -> Result<Policy, Vec<NotSo>> {
        Policy::default().with(changes.as_object().unwrap())
    }

    #[test]
    fn numbers_change_by_name_wherever_they_stand() {
        let changed = with(json!({ "solidDeals": 30, "winRateBarPoints": "-2.5", "intervalLevel": "0.95", "tamDeepRate": "0.6", "tamYieldBands2To": "4" })).unwrap();
        assert_eq!((changed.solid_deals, changed.win_rate_bar_points), (30, dec!(-2.5)));
        assert_eq!((changed.tam.deep_rate, changed.tam.yield_bands[1].to), (dec!(0.6), dec!(4)));
        let names: Vec<String> = changed.changes_of(&Policy::default()).into_iter().map(|it| it.name).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!(with(json!({})).unwrap(), Policy::default());
    }

    #[test]
    fn every_wrong_number_is_told() {
        let wrong = with(
            json!({ "solidDeals": 0, "winRateBarPoints": "101", "intervalLevel": "0.5", "colour": 1, "solidAccounts": "many", "tamDeepRate": "1.01" }),
        );
        let told: Vec<String> =
            wrong.unwrap_err().into_iter().map(|it| format!("{}: {}", it.name, it.message)).collect();
        assert_eq!(told[0], "solidDeals: solidDeals is 1 to 1000000");
        assert_eq!(told[1], "winRateBarPoints: winRateBarPoints is -100 to 100");
        assert!(told[2].starts_with("intervalLevel: unknown variant `0.5`"), "{told:?}");
        assert_eq!(told[3], "colour: the policy has no such number");
        assert!(told[4].starts_with("solidAccounts: invalid type"), "{told:?}");
        assert_eq!(told[5], "tamDeepRate: tamDeepRate is 0 to 1");
    }

    #[test]
    fn every_number_says_what_it_does_and_its_default_is_in_its_range() {
        let numbers = Policy::default().numbers();
        for number in &numbers {
            assert!(number.description.len() > 20 && !number.description.contains('\\'), "{number:?}");
            assert_eq!(number.value, number.default, "{}", number.name);
            if let (Some((least, most)), Some(value)) = (number.range, super::number(&number.value)) {
                assert!((least..=most).contains(&value), "{}", number.name);
            }
        }
        let mut names: Vec<&str> = numbers.iter().map(|number| number.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), numbers.len(), "two numbers of one name");
        assert!(names.contains(&"tamSpendIncreaseRate") && names.contains(&"tamYieldBands1From"));
    }
}
