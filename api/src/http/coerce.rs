//! Checks a value against an input type of the caller's own schema (GraphQL specification, section 6.1.2), before anything
//! runs. A pruned enum value or input field is as unknown here as one that never was.

use super::refusal::Fault;
use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaInputValue, MetaType, MetaTypeName};
use async_graphql::{Name, Value};
use std::collections::BTreeMap;

/// Where a value was written: JSON has no enum values, so there they are strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Json,
    Document,
}

/// Checks values and collects what is wrong with them.
pub(super) struct Coercion<'a> {
    pub types: &'a BTreeMap<String, MetaType>,
    pub origin: Origin,
    pub path: Vec<String>,
    pub faults: Vec<Fault>,
    /// More faults than an answer may carry are not looked for.
    pub faults_max: usize,
}

impl<'a> Coercion<'a> {
    /// The value as the type wants it. Where something is wrong a fault is noted, and what comes back is of no use.
    pub(super) fn value(&mut self, ty: &str, value: Value) -> Value {
        match MetaTypeName::create(ty) {
            MetaTypeName::NonNull(inner) => {
                if value == Value::Null {
                    self.fault(format!("A value of {inner} is required; null is none."));
                    return value;
                }
                self.value(inner, value)
            }
            _ if value == Value::Null => value,
            MetaTypeName::List(inner) => match value {
                Value::List(items) => Value::List(
                    items
                        .into_iter()
                        .enumerate()
                        .map(|(at, item)| self.within(at.to_string(), |this| this.value(inner, item)))
                        .collect(),
                ),
                one => self.value(inner, one),
            },
            MetaTypeName::Named(name) => self.named(name, value),
        }
    }

    fn named(&mut self, name: &str, value: Value) -> Value {
        match self.types.get(name) {
            // PostgreSQL keeps no such text, so that it would be a fault of ours there and nothing on SQLite.
            Some(MetaType::Scalar { .. }) if holds_nul(&value) => {
                self.fault(format!("Not a value of {name}: a text has no character U+0000."));
                Value::Null
            }
            Some(MetaType::Scalar { is_valid, description, .. }) => {
                let (coerced, what) = match name {
                    "Int" => (int(value), "an integer from -2147483648 to 2147483647"),
                    "Float" => (Some(value).filter(|value| matches!(value, Value::Number(_))), "a number"),
                    "String" => (Some(value).filter(|value| matches!(value, Value::String(_))), "a string"),
                    "Boolean" => (Some(value).filter(|value| matches!(value, Value::Boolean(_))), "true or false"),
                    "ID" => (id(value), "a string"),
                    _ => (Some(value).filter(|value| is_valid.as_ref().is_none_or(|check| check(value))), ""),
                };
                coerced.unwrap_or_else(|| {
                    if what.is_empty() {
                        let form = description.as_deref().unwrap_or_default();
                        self.fault(format!("Not a value of {name}: {form}"));
                    } else {
                        self.fault(format!("Not a value of {name}: {what} is expected."));
                    }
                    Value::Null
                })
            }
            Some(MetaType::Enum { enum_values, .. }) => match value {
                Value::Enum(word) if self.origin == Origin::Document && enum_values.contains_key(word.as_str()) => {
                    Value::Enum(word)
                }
                Value::String(word) if self.origin == Origin::Json && enum_values.contains_key(&word) => {
                    Value::Enum(Name::new(word))
                }
                _ => {
                    self.fault(format!("Not a value of the enum {name}."));
                    Value::Null
                }
            },
            Some(MetaType::InputObject { input_fields, oneof, .. }) => match value {
                Value::Object(entries) => Value::Object(self.object(name, input_fields, *oneof, entries)),
                _ => {
                    self.fault(format!("Not a value of {name}: an object is expected."));
                    Value::Null
                }
            },
            _ => {
                self.fault(format!("There is no input type {name}."));
                Value::Null
            }
        }
    }

    fn object(
        &mut self,
        name: &str,
        fields: &IndexMap<String, MetaInputValue>,
        is_one_of: bool,
        entries: IndexMap<Name, Value>,
    ) -> IndexMap<Name, Value> {
        if is_one_of && (entries.len() != 1 || entries.values().any(|value| *value == Value::Null)) {
            self.fault(format!("Exactly one field of {name} must be given, and it must not be null."));
        }
        for field in fields.values() {
            let is_required = field.ty.ends_with('!') && field.default_value.is_none();
            if is_required && !entries.contains_key(field.name.as_str()) {
                self.within(field.name.clone(), |this| this.fault(format!("The field is required by {name}.")));
            }
        }
        let coerce = |(key, value): (Name, Value)| {
            let coerced = self.within(key.as_str().chars().take(64).collect(), |this| match fields.get(key.as_str()) {
                Some(field) => this.value(&field.ty, value),
                None => {
                    this.fault(format!("There is no such field in {name}."));
                    Value::Null
                }
            });
            (key, coerced)
        };
        entries.into_iter().map(coerce).collect()
    }

    /// Goes on one step deeper.
    pub(super) fn within<T>(&mut self, step: String, go: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = go(self);
        self.path.pop();
        result
    }

    /// Notes what is wrong here.
    pub(super) fn fault(&mut self, message: String) {
        if self.faults.len() < self.faults_max {
            self.faults.push(Fault { path: self.path.clone(), ..Fault::from(message) });
        }
    }
}

/// Whether a text is, or a list or an object holds, one with U+0000 in it.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::List(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Enum(_) | Value::Binary(_) => false,
    }
}

/// 32 bits, as the specification says; JSON may write `1.0`.
fn int(value: Value) -> Option<Value> {
    let Value::Number(number) = &value else { return None };
    if let Some(whole) = number.as_i64() {
        return i32::try_from(whole).ok().map(|_| value);
    }
    let float = number.as_f64()?;
    let is_whole = number.is_f64() && float.fract() == 0.0 && float.abs() <= f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within the range of i32")]
    is_whole.then(|| Value::from(float as i32))
}

fn id(value: Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(Value::String(number.to_string())),
        _ => None,
    }
}
