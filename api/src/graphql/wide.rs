//! Wide lists: thousands of objects whose fields need no waiting, written one after the other without a future for each field.
//!
//! The document has passed the role's own pruned schema before, so what is selected may be read; what a list cannot write
//! this way (a field with arguments, a directive, a row that must be fetched) is resolved as everywhere else.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::{ContextSelectionSet, Name, Positioned, Value};
use std::collections::HashMap;

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

    /// Writes one object; `value` gives a field's value, and writes what is selected below it.
    pub(super) fn write(&self, value: impl Fn(&'static str, &Self) -> Value) -> Value {
        let mut object = IndexMap::with_capacity(self.fields.len());
        for (key, field, below) in &self.fields {
            let value =
                if *field == TYPE_NAME { Value::String(self.type_name.to_owned()) } else { value(field, below) };
            object.insert(key.clone(), value);
        }
        Value::Object(object)
    }
}

/// A value, or null.
pub(super) fn or_null<T>(value: Option<T>, write: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, write)
}
