//! What an introspection would answer, counted before it runs.
//!
//! Introspection never waits, so that no deadline interrupts it, and its lists lead back to where they came from: an interface
//! has possible types, which have interfaces. Each pair of levels is as many times larger as there are types, in a query of a
//! hundred bytes. So its selections are counted as they would be answered, on the caller's own types, and no further than it
//! takes to refuse them.

use super::cost::Roots;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::{MetaField, MetaType, MetaTypeName};

/// What an introspection costs at least.
const LEAST: u64 = 10;
/// So many answered selections are one point.
const A_POINT: u64 = 200;
/// Directives and their arguments stand beside the types: as many as there may be at most.
const DIRECTIVES: u64 = 10;
const DIRECTIVE_ARGUMENTS: u64 = 4;

/// Whose selection set is counted.
#[derive(Clone, Copy)]
enum Of<'a> {
    Schema,
    /// A type as it is written, with its brackets and exclamation marks.
    Type(&'a str),
    Field(&'a MetaField),
    /// An argument or an input field of this type.
    Input(&'a str),
    Directive,
    EnumValue,
}

/// Counts the introspection of one operation.
pub(super) struct Introspection<'a> {
    roots: Roots<'a>,
    document: &'a ExecutableDocument,
    interfaces: Vec<&'a MetaType>,
    /// The points that one request may cost.
    most: u64,
    /// Selections that are still counted.
    left: u64,
}

impl<'a> Introspection<'a> {
    /// Counts up to what costs more points than one request may.
    pub(super) fn new(roots: Roots<'a>, document: &'a ExecutableDocument, most: u64) -> Self {
        let interfaces = roots.types.values().filter(|ty| matches!(ty, MetaType::Interface { .. })).collect();
        Self { roots, document, interfaces, most, left: most.saturating_add(1).saturating_mul(A_POINT) }
    }

    /// The points of `__schema`.
    pub(super) fn schema(&mut self, field: &'a Field) -> u64 {
        self.points(Of::Schema, field)
    }

    /// The points of `__type`; of a type that there is not, the least.
    pub(super) fn named(&mut self, field: &'a Field, name: &str) -> u64 {
        self.roots.types.get_key_value(name).map_or(LEAST, |(name, _)| self.points(Of::Type(name), field))
    }

    fn points(&mut self, of: Of<'a>, field: &'a Field) -> u64 {
        let before = self.left;
        self.set(of, &field.selection_set.node);
        if self.left == 0 {
            return self.most.saturating_add(1);
        }
        ((before - self.left) / A_POINT).max(LEAST)
    }

    fn set(&mut self, of: Of<'a>, set: &'a SelectionSet) {
        for selection in &set.items {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            match &selection.node {
                Selection::Field(field) => self.below(of, &field.node),
                Selection::InlineFragment(inline) => self.set(of, &inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.set(of, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// What a field of an introspection type leads to; a leaf leads nowhere.
    fn below(&mut self, of: Of<'a>, field: &'a Field) {
        let (roots, inner) = (self.roots, &field.selection_set.node);
        match (of, field.name.node.as_str()) {
            (Of::Schema, "types") => roots.types.keys().for_each(|name| self.set(Of::Type(name), inner)),
            (Of::Schema, "queryType") => self.set(Of::Type(roots.query), inner),
            (Of::Schema, "mutationType") => roots.mutation.into_iter().for_each(|name| self.set(Of::Type(name), inner)),
            (Of::Schema, "subscriptionType") => {
                roots.subscription.into_iter().for_each(|name| self.set(Of::Type(name), inner));
            }
            (Of::Schema, "directives") => (0..DIRECTIVES).for_each(|_| self.set(Of::Directive, inner)),
            (Of::Directive, "args") => (0..DIRECTIVE_ARGUMENTS).for_each(|_| self.set(Of::Input("String!"), inner)),
            (Of::Type(written), "ofType") => match MetaTypeName::create(written) {
                MetaTypeName::List(of) | MetaTypeName::NonNull(of) => self.set(Of::Type(of), inner),
                MetaTypeName::Named(_) => {}
            },
            // A list or a non-null type is in no map of types: it has no list but `ofType`.
            (Of::Type(name), list) => {
                if let Some(ty) = roots.types.get(name) {
                    self.list(ty, list, inner);
                }
            }
            (Of::Field(meta), "args") => meta.args.values().for_each(|arg| self.set(Of::Input(&arg.ty), inner)),
            (Of::Field(meta), "type") => self.set(Of::Type(&meta.ty), inner),
            (Of::Input(ty), "type") => self.set(Of::Type(ty), inner),
            (Of::Schema | Of::Field(_) | Of::Input(_) | Of::Directive | Of::EnumValue, _) => {}
        }
    }

    fn list(&mut self, ty: &'a MetaType, list: &str, inner: &'a SelectionSet) {
        match (list, ty) {
            ("fields", MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) => {
                fields.values().for_each(|field| self.set(Of::Field(field), inner));
            }
            ("inputFields", MetaType::InputObject { input_fields, .. }) => {
                input_fields.values().for_each(|field| self.set(Of::Input(&field.ty), inner));
            }
            ("enumValues", MetaType::Enum { enum_values, .. }) => {
                enum_values.values().for_each(|_| self.set(Of::EnumValue, inner));
            }
            ("possibleTypes", MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. }) => {
                possible_types.iter().for_each(|name| self.set(Of::Type(name), inner));
            }
            ("interfaces", MetaType::Object { name, .. }) => {
                let own: Vec<&'a MetaType> =
                    self.interfaces.iter().copied().filter(|interface| interface.is_possible_type(name)).collect();
                own.into_iter().for_each(|interface| self.set(Of::Type(interface.name()), inner));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graphql::Schemas;
    use crate::http::Contracts;
    use crate::limits::Limits;
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use domain::role::Role;
    use strum::IntoEnumIterator;

    /// `getIntrospectionQuery()` of graphql-js with every option, 15 levels deep: what explorers and code generators send.
    const STANDARD: &str = include_str!("../../../tests/data/introspection.graphql");

    fn cost(contracts: &Contracts, role: Role, text: &str) -> u64 {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let (roots, limits) = (contracts.of(role).roots(), Limits::default());
        crate::http::cost::of(roots, &document, &operation.node, &Variables::default(), &limits).unwrap()
    }

    /// Pairs of lists that lead into each other.
    fn nested(pair: &str, pairs: usize) -> String {
        format!("{{ __schema {{ types {{ {} name {} }} }} }}", pair.repeat(pairs), "}}".repeat(pairs))
    }

    #[test]
    fn what_tools_send_stays_well_under_the_limit_and_what_multiplies_does_not() {
        let contracts = Contracts::new(&Schemas::build().unwrap());
        let most = Limits::default().request_cost;
        for role in Role::iter() {
            let standard = cost(&contracts, role, STANDARD);
            assert!(standard <= most / 3, "{}: {standard}", role.word());
            assert_eq!(cost(&contracts, role, "{ __schema { queryType { name } } }"), 10, "{}", role.word());
            assert_eq!(cost(&contracts, role, "{ __type(name: \"Query\") { name } }"), 10, "{}", role.word());
        }
        // For these, Node has types enough for the query of the finding; 1,500 mentions of a leaf are another way.
        for role in [Role::Partner, Role::CustomerAe, Role::Operator, Role::Revops] {
            let wide = format!("{{ __schema {{ types {{ fields {{ type {{ {} }} }} }} }} }}", "name ".repeat(1_500));
            for bomb in [nested("interfaces { possibleTypes {", 4), nested("interfaces { possibleTypes {", 5), wide] {
                assert_eq!(cost(&contracts, role, &bomb), most + 1, "{}: {bomb}", role.word());
            }
            let one = "__schema { types { fields { name description } } }";
            let aliased: String = (0..30).map(|at| format!("a{at}: {one} ")).collect();
            let one = cost(&contracts, role, &format!("{{ {one} }}"));
            let all = cost(&contracts, role, &format!("{{ {aliased} }}"));
            assert!(if one * 30 > most { all > most } else { all == one * 30 }, "{}: {one}, {all}", role.word());
        }
    }

    #[test]
    fn a_type_is_counted_by_what_it_is() {
        let contracts = Contracts::new(&Schemas::build().unwrap());
        let of = |name: &str| {
            let inner = "fields { name args { name type { name } } type { fields { name args { name } } \
                ofType { name fields { name args { name } } } } }";
            cost(&contracts, Role::Revops, &format!("{{ __type(name: \"{name}\") {{ {inner} }} }}"))
        };
        // Of a type that there is not, and of one without fields, nothing is told.
        assert_eq!((of("Nothing"), of("Role")), (10, 10));
        assert!(of("Query") > 10);
    }
}
