//! Variables: coerced in full against the role's types before anything runs, and gone without a trace where they are absent.

use super::coerce::{Coercion, Origin};
use super::cost::Roots;
use super::refusal::{Code, Fault, Refusal};
use super::root;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet, Type,
};
use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, Value, Variables};
use async_graphql_value::Value as Written;
use std::collections::{HashMap, HashSet};

/// A longer name of the document is cut off in an answer.
const NAME_MAX: usize = 64;

/// What the operation gets.
pub(super) struct Given {
    pub variables: Variables,
    /// Variables that were left out and have no default: their arguments are as if they were not written.
    pub absent: HashSet<Name>,
}

/// Every variable of every operation must have an input type that exists: the library panics at a list of an unknown one.
pub(super) fn check_types(document: &ExecutableDocument, roots: Roots<'_>) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    for (_, operation) in document.operations.iter() {
        for variable in &operation.node.variable_definitions {
            let ty = base(&variable.node.var_type.node);
            if !roots.types.get(ty).is_some_and(MetaType::is_input) {
                let location = Some((variable.pos.line, variable.pos.column));
                // The words of the document and no others: a type that this role lacks reads as one that never was.
                let name: String = variable.node.name.node.chars().take(NAME_MAX).collect();
                let ty: String = ty.chars().take(NAME_MAX).collect();
                let message = format!("Variable \"${name}\" has type \"{ty}\", which is no input type of this schema.");
                faults.push(Fault { location, ..Fault::from(message) });
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::all(Code::GraphqlValidationFailed, faults)) }
}

fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}

/// Coerces the variables of the operation. What it does not declare is dropped.
pub(super) fn coerce(
    operation: &OperationDefinition,
    mut sent: IndexMap<Name, Value>,
    roots: Roots<'_>,
    faults_max: usize,
) -> Result<Given, Refusal> {
    let mut coercion = Coercion {
        types: roots.types,
        origin: Origin::Json,
        path: vec!["variables".into()],
        faults: Vec::new(),
        faults_max,
    };
    let mut variables = IndexMap::new();
    let mut absent = HashSet::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        coercion.within(name.to_string(), |coercion| match (sent.swap_remove(name), &definition.node.default_value) {
            (Some(value), _) => {
                coercion.origin = Origin::Json;
                variables.insert(name.clone(), coercion.value(&ty.to_string(), value));
            }
            (None, Some(default)) => {
                coercion.origin = Origin::Document;
                variables.insert(name.clone(), coercion.value(&ty.to_string(), default.node.clone()));
            }
            (None, None) if ty.nullable => {
                absent.insert(name.clone());
            }
            (None, None) => coercion.fault(format!("The variable is required: {ty}.")),
        });
    }
    if !coercion.faults.is_empty() {
        return Err(Refusal::all(Code::BadUserInput, coercion.faults));
    }
    let mut coerced = Variables::default();
    coerced.extend(variables);
    Ok(Given { variables: coerced, absent })
}

/// The chosen operation with the fragments it reaches, and nothing else of the document; of a subscription, its one root field
/// itself.
///
/// Arguments and object entries that are nothing but an absent variable are taken out. The library would pass them as null, so
/// that `{ name: $name }` without `$name` would clear the name (specification, section 6.4.1, step 5.f).
pub(super) fn reduce(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    absent: &HashSet<Name>,
) -> ExecutableDocument {
    let mut operation = operation.clone();
    if operation.node.ty == OperationType::Subscription
        && let Ok(Some(only)) = root::only(document, &operation.node)
    {
        let at = only.pos;
        operation.node.selection_set.node.items = vec![Positioned::new(Selection::Field(only), at)];
    }
    let mut fragments = HashMap::new();
    reach(document, &operation.node.selection_set.node, &mut fragments);
    if !absent.is_empty() {
        operation.node.variable_definitions.retain(|definition| !absent.contains(&definition.node.name.node));
        forget_in_set(&mut operation.node.selection_set.node, absent);
        fragments.values_mut().for_each(|fragment| forget_in_set(&mut fragment.node.selection_set.node, absent));
    }
    ExecutableDocument { operations: DocumentOperations::Single(operation), fragments }
}

fn reach(document: &ExecutableDocument, set: &SelectionSet, found: &mut HashMap<Name, Positioned<FragmentDefinition>>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => reach(document, &field.node.selection_set.node, found),
            Selection::InlineFragment(inline) => reach(document, &inline.node.selection_set.node, found),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name)
                    && !found.contains_key(name)
                {
                    found.insert(name.clone(), fragment.clone());
                    reach(document, &fragment.node.selection_set.node, found);
                }
            }
        }
    }
}

fn forget_in_set(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                field.node.arguments.retain(|(_, value)| !is_absent(&value.node, absent));
                field.node.arguments.iter_mut().for_each(|(_, value)| forget_in_value(&mut value.node, absent));
                forget_in_set(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(inline) => forget_in_set(&mut inline.node.selection_set.node, absent),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_absent(value: &Written, absent: &HashSet<Name>) -> bool {
    matches!(value, Written::Variable(name) if absent.contains(name))
}

fn forget_in_value(value: &mut Written, absent: &HashSet<Name>) {
    match value {
        Written::Object(entries) => {
            entries.retain(|_, value| !is_absent(value, absent));
            entries.values_mut().for_each(|value| forget_in_value(value, absent));
        }
        Written::List(items) => {
            for item in items {
                // In a list an absent variable is null.
                if is_absent(item, absent) {
                    *item = Written::Null;
                }
                forget_in_value(item, absent);
            }
        }
        _ => {}
    }
}
