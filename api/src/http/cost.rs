//! What an operation costs, counted before it runs, and whether its arguments are values of their types.
//!
//! An object is 1 point, a leaf 0, a connection its page (clamped) times what an edge costs, a root mutation 10 more. A few
//! fields whose size does not depend on the selection have a flat cost, and introspection costs what it would answer. All sums
//! saturate.

use super::coerce::{Coercion, Origin};
use super::introspect::Introspection;
use super::refusal::Fault;
use crate::limits::Limits;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName};
use async_graphql::{Positioned, Value, Variables};
use async_graphql_value::Value as Written;
use std::collections::{BTreeMap, HashMap};

/// Root fields with a cost of their own, whatever is selected below them (LOOP.md ruling 36).
const FLAT: [(&str, u64); 9] = [
    ("advisories", 50),
    ("auditMatrix", 50),
    ("briefing", 20),
    ("cosellTriggered", 20),
    ("matchPartners", 20),
    ("partnerFits", 50),
    ("policyPreview", 100),
    ("systemMap", 50),
    ("whatIf", 50),
];
const ROOT_MUTATION: u64 = 10;

/// What is read of the caller's schema.
#[derive(Clone, Copy)]
pub(super) struct Roots<'a> {
    pub types: &'a BTreeMap<String, MetaType>,
    pub query: &'a str,
    pub mutation: Option<&'a str>,
    pub subscription: Option<&'a str>,
}

/// The cost of the operation with these (coerced) variables, or what is wrong with its arguments. Unknown fields and fragments
/// cost nothing: validation refuses them.
pub(super) fn of(
    roots: Roots<'_>,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &Limits,
) -> Result<u64, Vec<Fault>> {
    let (root, surcharge) = match operation.ty {
        OperationType::Query => (Some(roots.query), 0),
        OperationType::Mutation => (roots.mutation, ROOT_MUTATION),
        OperationType::Subscription => (roots.subscription, 0),
    };
    let Some(root) = root.and_then(|name| roots.types.get(name)) else { return Ok(1) };
    let coercion = Coercion {
        types: roots.types,
        origin: Origin::Document,
        path: Vec::new(),
        faults: Vec::new(),
        faults_max: limits.errors,
    };
    let introspection = Introspection::new(roots, document, limits.request_cost);
    let fragments = HashMap::new();
    let mut walk =
        Walk { roots, document, operation, variables, limits, surcharge, coercion, introspection, fragments };
    let cost = walk.set(root, &operation.selection_set.node, Place { page: 1, is_root: true });
    if walk.coercion.faults.is_empty() { Ok(cost.max(1)) } else { Err(walk.coercion.faults) }
}

/// Where a selection set stands: directly in a connection of so many edges, or at the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    page: u64,
    is_root: bool,
}

struct Walk<'a> {
    roots: Roots<'a>,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a Limits,
    surcharge: u64,
    coercion: Coercion<'a>,
    introspection: Introspection<'a>,
    fragments: HashMap<(&'a str, Place), u64>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, parent: &'a MetaType, set: &'a SelectionSet, place: Place) -> u64 {
        set.items.iter().fold(0_u64, |sum, selection| {
            sum.saturating_add(match &selection.node {
                Selection::Field(field) => self.field(parent, field, place),
                Selection::InlineFragment(inline) => {
                    let condition =
                        inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    let on = condition.map_or(Some(parent), |name| self.roots.types.get(name));
                    on.map_or(0, |on| self.set(on, &inline.node.selection_set.node, place))
                }
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str(), place),
            })
        })
    }

    fn fragment(&mut self, name: &'a str, place: Place) -> u64 {
        if let Some(cost) = self.fragments.get(&(name, place)) {
            return *cost;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        let Some(on) = self.roots.types.get(fragment.node.type_condition.node.on.node.as_str()) else { return 0 };
        let cost = self.set(on, &fragment.node.selection_set.node, place);
        self.fragments.insert((name, place), cost);
        cost
    }

    fn field(&mut self, parent: &'a MetaType, field: &'a Positioned<Field>, place: Place) -> u64 {
        let name = field.node.name.node.as_str();
        let Some(meta) = parent.field_by_name(name) else { return 0 };
        let Some(ty) = self.roots.types.get(MetaTypeName::concrete_typename(&meta.ty)) else { return 0 };
        self.arguments(meta, field);
        let is_connection = is_wrapper(ty, "Connection");
        let page = if is_connection { self.page(&field.node) } else { 1 };
        let inner = self.set(ty, &field.node.selection_set.node, Place { page, is_root: false });
        let own = u64::from(ty.is_composite() && !is_wrapper(ty, "Edge") && ty.name() != "PageInfo");
        let cost = own.saturating_add(inner);
        if place.is_root {
            let flat = match (name, self.argument(&field.node, "name")) {
                ("__schema", _) => Some(self.introspection.schema(&field.node)),
                ("__type", Some(Value::String(name))) => Some(self.introspection.named(&field.node, &name)),
                _ => FLAT.iter().find(|(flat, _)| *flat == name).map(|(_, cost)| *cost),
            };
            return flat
                .unwrap_or_else(|| cost.saturating_mul(self.listed(&field.node)))
                .saturating_add(self.surcharge);
        }
        if name == "edges" { cost.saturating_mul(place.page) } else { cost }
    }

    /// Every argument is checked in full, with the variables in their places, so that no resolver meets a value that its type
    /// does not have.
    fn arguments(&mut self, meta: &'a MetaField, field: &'a Positioned<Field>) {
        for (name, value) in &field.node.arguments {
            // An unknown argument is the validation's to report.
            let Some(declared) = meta.args.get(name.node.as_str()) else { continue };
            let Some(value) = self.constant(&value.node) else { continue };
            let before = self.coercion.faults.len();
            let path = vec![field.node.response_key().node.to_string(), name.node.to_string()];
            self.coercion.path = path;
            self.coercion.value(&declared.ty, value);
            for fault in &mut self.coercion.faults[before..] {
                fault.location = Some((name.pos.line, name.pos.column));
            }
        }
        // What an absent variable took with it may have been required.
        for declared in
            meta.args.values().filter(|declared| declared.ty.ends_with('!') && declared.default_value.is_none())
        {
            if field.node.get_argument(&declared.name).is_none() {
                self.coercion.path = vec![field.node.response_key().node.to_string(), declared.name.clone()];
                self.coercion.fault("The argument is required.".into());
            }
        }
    }

    /// The value with its variables filled in; `None` where it is a variable that was not given.
    fn constant(&self, value: &Written) -> Option<Value> {
        value.clone().into_const_with(|name| self.variable(name.as_str()).ok_or(())).ok()
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let given = self.variables.iter().find(|(given, _)| given.as_str() == name).map(|(_, value)| value.clone());
        given.or_else(|| {
            let definition =
                self.operation.variable_definitions.iter().find(|definition| definition.node.name.node == name)?;
            definition.node.default_value().cloned()
        })
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        self.constant(&field.get_argument(name)?.node)
    }

    fn page(&self, field: &Field) -> u64 {
        let asked = ["first", "last"]
            .into_iter()
            .filter_map(|name| self.argument(field, name))
            .find(|value| *value != Value::Null);
        match asked {
            Some(Value::Number(number)) => number
                .as_i64()
                .map_or(self.limits.max_page, |size| u64::try_from(size).unwrap_or(0).min(self.limits.max_page)),
            _ => self.limits.default_page.min(self.limits.max_page),
        }
    }

    /// How many objects a root field was asked for by a list of ids.
    fn listed(&self, field: &Field) -> u64 {
        match self.argument(field, "ids") {
            Some(Value::List(ids)) => u64::try_from(ids.len()).unwrap_or(u64::MAX).max(1),
            _ => 1,
        }
    }
}

fn is_wrapper(ty: &MetaType, suffix: &str) -> bool {
    matches!(ty, MetaType::Object { .. }) && ty.name().ends_with(suffix)
}
