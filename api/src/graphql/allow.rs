//! Who sees what, in the schema itself: `@allow` is declared from [`Action`], and each role's schema is the one Rust schema
//! with everything outside its slice pruned from the registry. What is pruned is unknown to that caller in introspection, in
//! validation and in SDL alike.
//!
//! The pruning fails closed: an object without a declared audience, or a root field without one, does not build.

use async_graphql::parser::types::Field;
use async_graphql::registry::{
    __DirectiveLocation, Deprecation, MetaDirective, MetaDirectiveInvocation, MetaField, MetaInputValue, MetaType,
    MetaTypeName, Registry, location_traits,
};
use async_graphql::{ContextSelectionSet, InputType, OutputType, Positioned, ServerResult, TypeDirective, Value};
use domain::role::{Action, Role, RoleSet};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

use super::role::RoleWord;

const NAME: &str = "allow";

/// `#[graphql(directive = Allow::apply(Action::ReadYield))]` on a type, a field, an argument, an input field or an enum value.
pub struct Allow;

impl Allow {
    /// The audience of an action, as a directive.
    #[must_use]
    pub fn apply(action: Action) -> MetaDirectiveInvocation {
        invocation(action.audience())
    }
}

fn invocation(audience: RoleSet) -> MetaDirectiveInvocation {
    let words: Vec<RoleWord> = Role::iter().filter(|role| audience.contains(*role)).map(RoleWord::from).collect();
    let args = [("to".to_owned(), InputType::to_value(&words))].into_iter().collect();
    MetaDirectiveInvocation { name: NAME.to_owned(), args }
}

impl TypeDirective for Allow {
    fn name(&self) -> Cow<'static, str> {
        NAME.into()
    }

    fn register(&self, registry: &mut Registry) {
        use __DirectiveLocation::{
            ARGUMENT_DEFINITION, ENUM_VALUE, FIELD_DEFINITION, INPUT_FIELD_DEFINITION, INPUT_OBJECT, OBJECT,
        };
        let to = MetaInputValue {
            name: "to".into(),
            description: Some("The roles.".into()),
            ty: <Vec<RoleWord> as InputType>::create_type_info(registry),
            deprecation: Deprecation::default(),
            default_value: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            is_secret: false,
            directive_invocations: Vec::new(),
        };
        registry.add_directive(MetaDirective {
            name: NAME.into(),
            description: Some("The roles whose schema holds this element; it is unknown to every other role.".into()),
            locations: vec![
                FIELD_DEFINITION,
                OBJECT,
                INPUT_OBJECT,
                INPUT_FIELD_DEFINITION,
                ENUM_VALUE,
                ARGUMENT_DEFINITION,
            ],
            args: [("to".to_owned(), to)].into_iter().collect(),
            is_repeatable: false,
            visible: None,
            composable: None,
        });
    }
}

impl location_traits::Directive_At_FIELD_DEFINITION for Allow {}
impl location_traits::Directive_At_OBJECT for Allow {}
impl location_traits::Directive_At_INPUT_OBJECT for Allow {}
impl location_traits::Directive_At_INPUT_FIELD_DEFINITION for Allow {}
impl location_traits::Directive_At_ENUM_VALUE for Allow {}
impl location_traits::Directive_At_ARGUMENT_DEFINITION for Allow {}

/// The declared audience; `None` where nothing is declared.
#[must_use]
pub fn declared(invocations: &[MetaDirectiveInvocation]) -> Option<RoleSet> {
    let mut found: Option<RoleSet> = None;
    for directive in invocations.iter().filter(|directive| directive.name == NAME) {
        let roles: Vec<Role> = match directive.args.get("to") {
            Some(Value::List(list)) => {
                Role::iter().filter(|role| list.contains(&InputType::to_value(&RoleWord::from(*role)))).collect()
            }
            _ => Vec::new(),
        };
        let set = RoleSet::of(&roles);
        found = Some(found.map_or(set, |before| before.and(set)));
    }
    found
}

fn allowed(invocations: &[MetaDirectiveInvocation], role: Role) -> bool {
    declared(invocations).is_none_or(|audience| audience.contains(role))
}

fn directives_of(meta: &MetaType) -> &[MetaDirectiveInvocation] {
    match meta {
        MetaType::Scalar { directive_invocations, .. }
        | MetaType::Object { directive_invocations, .. }
        | MetaType::Interface { directive_invocations, .. }
        | MetaType::Union { directive_invocations, .. }
        | MetaType::Enum { directive_invocations, .. }
        | MetaType::InputObject { directive_invocations, .. } => directive_invocations,
    }
}

fn base(ty: &str) -> String {
    MetaTypeName::concrete_typename(ty).to_owned()
}

/// The types of one schema, for coercing variables and counting cost.
pub type Types = BTreeMap<String, MetaType>;

/// The node type of a connection or an edge, which the Relay library makes without directives: its audience is its node's.
fn relay_node(registry: &Registry, name: &str) -> Option<String> {
    let MetaType::Object { fields, .. } = registry.types.get(name)? else { return None };
    if name.ends_with("Connection") {
        relay_node(registry, &base(&fields.get("edges")?.ty))
    } else if name.ends_with("Edge") {
        Some(base(&fields.get("node")?.ty))
    } else {
        None
    }
}

fn roots(registry: &Registry) -> impl Iterator<Item = &String> {
    [Some(&registry.query_type), registry.mutation_type.as_ref(), registry.subscription_type.as_ref()]
        .into_iter()
        .flatten()
}

/// What keeps a schema from being built. Roots are open themselves (each of their fields declares), and so is introspection.
fn undeclared(registry: &Registry) -> Vec<String> {
    let mut missing = Vec::new();
    for root in roots(registry) {
        if let Some(MetaType::Object { fields, .. }) = registry.types.get(root) {
            let silent = fields
                .values()
                .filter(|field| !field.name.starts_with("__") && declared(&field.directive_invocations).is_none());
            missing.extend(silent.map(|field| format!("{root}.{}", field.name)));
        }
    }
    for (name, meta) in &registry.types {
        let is_open = name == "PageInfo" || name.starts_with("__") || roots(registry).any(|root| root == name);
        let is_object = matches!(meta, MetaType::Object { .. });
        if is_object && !is_open && relay_node(registry, name).is_none() && declared(directives_of(meta)).is_none() {
            missing.push(name.clone());
        }
    }
    missing
}

/// Prints on every field the audience it really has: its own within its type's.
fn spell_out(registry: &mut Registry) {
    for meta in registry.types.values_mut() {
        let MetaType::Object { fields, directive_invocations, .. } = meta else { continue };
        let Some(of_type) = declared(directive_invocations) else { continue };
        for field in fields.values_mut() {
            let effective = declared(&field.directive_invocations).map_or(of_type, |own| own.and(of_type));
            field.directive_invocations.retain(|directive| directive.name != NAME);
            field.directive_invocations.push(invocation(effective));
        }
    }
}

fn strip(invocations: &mut Vec<MetaDirectiveInvocation>) {
    invocations.retain(|directive| directive.name != NAME);
}

fn prune_field(field: &mut MetaField, role: Role, gone: &[String]) {
    field.args.retain(|_, arg| allowed(&arg.directive_invocations, role) && !gone.contains(&base(&arg.ty)));
    strip(&mut field.directive_invocations);
    field.args.values_mut().for_each(|arg| strip(&mut arg.directive_invocations));
}

fn prune_type(meta: &mut MetaType, role: Role, gone: &[String]) {
    match meta {
        MetaType::Object { fields, directive_invocations, .. }
        | MetaType::Interface { fields, directive_invocations, .. } => {
            fields.retain(|_, field| allowed(&field.directive_invocations, role) && !gone.contains(&base(&field.ty)));
            fields.values_mut().for_each(|field| prune_field(field, role, gone));
            strip(directive_invocations);
        }
        MetaType::InputObject { input_fields, directive_invocations, .. } => {
            input_fields
                .retain(|_, field| allowed(&field.directive_invocations, role) && !gone.contains(&base(&field.ty)));
            input_fields.values_mut().for_each(|field| strip(&mut field.directive_invocations));
            strip(directive_invocations);
        }
        MetaType::Enum { enum_values, directive_invocations, .. } => {
            enum_values.retain(|_, value| allowed(&value.directive_invocations, role));
            enum_values.values_mut().for_each(|value| strip(&mut value.directive_invocations));
            strip(directive_invocations);
        }
        MetaType::Union { possible_types, .. } => possible_types.retain(|possible| !gone.contains(possible)),
        MetaType::Scalar { .. } => {}
    }
    if let MetaType::Interface { possible_types, .. } = meta {
        possible_types.retain(|possible| !gone.contains(possible));
    }
}

fn is_empty(meta: &MetaType) -> bool {
    match meta {
        MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => fields.is_empty(),
        MetaType::InputObject { input_fields, .. } => input_fields.is_empty(),
        MetaType::Union { possible_types, .. } => possible_types.is_empty(),
        MetaType::Enum { enum_values, .. } => enum_values.is_empty(),
        MetaType::Scalar { .. } => false,
    }
}

/// Drops what the role may not see, then what has become empty, until nothing changes.
fn prune(registry: &mut Registry, role: Role) {
    let closed = |name: &String| {
        let subject = relay_node(registry, name).unwrap_or_else(|| name.clone());
        registry.types.get(&subject).is_some_and(|meta| !allowed(directives_of(meta), role))
    };
    let mut gone: Vec<String> = registry.types.keys().filter(|name| closed(name)).cloned().collect();
    loop {
        registry.types.values_mut().for_each(|meta| prune_type(meta, role, &gone));
        for name in &gone {
            registry.types.remove(name);
            registry.implements.remove(name);
        }
        gone = registry.types.iter().filter(|(_, meta)| is_empty(meta)).map(|(name, _)| name.clone()).collect();
        if gone.is_empty() {
            break;
        }
    }
    for root in [&mut registry.mutation_type, &mut registry.subscription_type] {
        if root.as_ref().is_some_and(|name| !registry.types.contains_key(name)) {
            *root = None;
        }
    }
    registry.directives.remove(NAME);
    registry.remove_unused_types();
}

/// Which schema is being built on this thread, and what came of it.
enum Building {
    Nothing,
    Full,
    For(Role),
    Built(Types),
    Refused(Vec<String>),
}

thread_local!(static BUILDING: RefCell<Building> = const { RefCell::new(Building::Nothing) });

/// Not a type of the schema: `SchemaBuilder::register_output_type` is the one hook that hands out the registry.
pub(super) struct Hook;

impl OutputType for Hook {
    fn type_name() -> Cow<'static, str> {
        "__AllowHook".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        BUILDING.with_borrow_mut(|building| {
            let missing = undeclared(registry);
            if !missing.is_empty() {
                *building = Building::Refused(missing);
                return;
            }
            match *building {
                Building::For(role) => prune(registry, role),
                _ => spell_out(registry),
            }
            *building = Building::Built(registry.types.clone());
        });
        Self::type_name().into_owned()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

/// Builds with the hook in place: for a role, or (`None`) the full schema with every audience spelled out.
///
/// # Errors
/// The elements that declare no audience.
pub(super) fn build<T>(role: Option<Role>, build: impl FnOnce() -> T) -> Result<(T, Types), Vec<String>> {
    BUILDING.set(role.map_or(Building::Full, Building::For));
    let built = build();
    match BUILDING.replace(Building::Nothing) {
        Building::Built(types) => Ok((built, types)),
        Building::Refused(missing) => Err(missing),
        Building::Nothing | Building::Full | Building::For(_) => Err(vec!["the hook did not run".into()]),
    }
}
