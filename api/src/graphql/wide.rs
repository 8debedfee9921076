//! Wide lists: thousands of objects whose fields need no waiting, written one after the other as the text of the answer, without
//! a future or a map for each.
//!
//! The document has passed the role's own pruned schema before, so what is selected may be read; what a list cannot write
//! this way (a field with arguments, a directive, a row that must be fetched) is resolved as everywhere else.

use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::{ContextSelectionSet, Name, Positioned, Value};
use async_graphql_value::RAW_VALUE_TOKEN;
use std::collections::HashMap;
use std::fmt::Display;
use std::fmt::Write as _;

/// An object type: which of its fields can be written at once, and what stands below them.
pub(super) struct Plain {
    /// The type's name.
    pub(super) name: &'static str,
    /// Its fields; with the type of the object below, where there is one.
    pub(super) fields: &'static [(&'static str, Option<&'static Plain>)],
}

/// What a query selects of a plain object, its fragments taken in.
#[derive(Debug)]
pub(super) struct Selected {
    type_name: &'static str,
    fields: Vec<(Name, &'static str, Selected)>,
}

const TYPE_NAME: &str = "__typename";

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

impl Selected {
    /// The selection below a list; nothing where a part of it cannot be written at once.
    pub(super) fn of(ctx: &ContextSelectionSet<'_>, plain: &'static Plain) -> Option<Self> {
        let mut selected = Self { type_name: plain.name, fields: Vec::new() };
        selected.take(&ctx.item.node, plain, &ctx.query_env.fragments).then_some(selected)
    }

    /// Takes a selection in; false where a part of it is not plain.
    fn take(&mut self, set: &SelectionSet, plain: &'static Plain, fragments: &Fragments) -> bool {
        set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => {
                let field = &field.node;
                let name = field.name.node.as_str();
                if !field.directives.is_empty() || !field.arguments.is_empty() {
                    return false;
                }
                let known = if name == TYPE_NAME {
                    Some((TYPE_NAME, None))
                } else {
                    plain.fields.iter().copied().find(|(known, _)| *known == name)
                };
                let Some((known, below)) = known else { return false };
                let key = &field.response_key().node;
                // The same key twice is one answer: the validation has seen to it that both are the same field.
                let at = self.fields.iter().position(|(taken, ..)| taken == key).unwrap_or_else(|| {
                    let type_name = below.map_or("", |below| below.name);
                    self.fields.push((key.clone(), known, Self { type_name, fields: Vec::new() }));
                    self.fields.len() - 1
                });
                below.is_none_or(|below| self.fields[at].2.take(&field.selection_set.node, below, fragments))
            }
            Selection::FragmentSpread(spread) => {
                spread.node.directives.is_empty()
                    && fragments.get(&spread.node.fragment_name.node).is_some_and(|fragment| {
                        fragment.node.type_condition.node.on.node == plain.name
                            && self.take(&fragment.node.selection_set.node, plain, fragments)
                    })
            }
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                inline.node.directives.is_empty()
                    && condition.is_none_or(|condition| condition.node.on.node == plain.name)
                    && self.take(&inline.node.selection_set.node, plain, fragments)
            }
        })
    }

    /// Writes one object; `value` writes a field's value, and what is selected below it.
    pub(super) fn write(&self, out: &mut Text, mut value: impl FnMut(&'static str, &Self, &mut Text)) {
        out.0.push('{');
        for (at, (key, field, below)) in self.fields.iter().enumerate() {
            if at > 0 {
                out.0.push(',');
            }
            // A name has no character that JSON would escape.
            out.quoted(key);
            out.0.push(':');
            if *field == TYPE_NAME { out.quoted(self.type_name) } else { value(field, below, out) }
        }
        out.0.push('}');
    }
}

/// The text of an answer, as far as it is written.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// A list, each item written by `write`.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(T, &mut Self)) {
        self.0.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            write(item, self);
        }
        self.0.push(']');
    }

    /// A number.
    pub(super) fn number(&mut self, number: impl Display) {
        let _ = write!(self.0, "{number}");
    }

    /// What prints without any character that JSON would escape, in quotes: a decimal, a word of an enum, an id.
    pub(super) fn quoted(&mut self, plain: impl Display) {
        let _ = write!(self.0, "\"{plain}\"");
    }

    /// Any text.
    pub(super) fn text(&mut self, text: &str) {
        self.0.push_str(&serde_json::Value::from(text).to_string());
    }

    /// A value, or null.
    pub(super) fn or_null<T>(&mut self, value: Option<T>, write: impl FnOnce(T, &mut Self)) {
        match value {
            Some(value) => write(value, self),
            None => self.0.push_str("null"),
        }
    }

    /// As a value that goes out as it is.
    pub(super) fn into_value(self) -> Value {
        Value::Object([(Name::new(RAW_VALUE_TOKEN), Value::String(self.0))].into_iter().collect())
    }
}

/// The text of a list that was written at once.
pub(crate) fn written(value: &Value) -> Option<&str> {
    match value {
        Value::Object(fields) => match fields.get(RAW_VALUE_TOKEN)? {
            Value::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
