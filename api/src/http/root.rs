//! The one field of a subscription (GraphQL specification, 5.2.4.1): one stream of events, whatever fragments it stands in.

use super::refusal::{Code, Fault, Refusal};
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Pos, Positioned};

/// The field, with what every mention of it selects: the library runs each mention as a stream of its own, and none that stands in
/// a fragment. None where the operation spreads only fragments that there are not, which is the validation's to report.
///
/// # Errors
/// Another field, one of introspection, or a directive that could leave it out.
pub(super) fn only(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<Option<Positioned<Field>>, Refusal> {
    let mut found = None;
    collect(document, &operation.selection_set.node, &mut found)?;
    Ok(found)
}

fn collect(
    document: &ExecutableDocument,
    set: &SelectionSet,
    found: &mut Option<Positioned<Field>>,
) -> Result<(), Refusal> {
    for selection in &set.items {
        if let Some(directive) = selection.node.directives().first() {
            return Err(bad("The root field of a subscription takes no directives.", directive.pos));
        }
        match &selection.node {
            Selection::Field(field) => {
                if field.node.name.node.starts_with("__") {
                    return Err(bad("The root field of a subscription is none of introspection.", field.pos));
                }
                match found {
                    None => *found = Some(field.clone()),
                    Some(one) if one.node.response_key().node == field.node.response_key().node => {
                        one.node.selection_set.node.items.extend(field.node.selection_set.node.items.iter().cloned());
                    }
                    Some(_) => return Err(bad("A subscription has exactly one root field.", field.pos)),
                }
            }
            Selection::InlineFragment(inline) => collect(document, &inline.node.selection_set.node, found)?,
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, found)?;
                }
            }
        }
    }
    Ok(())
}

fn bad(message: &'static str, at: Pos) -> Refusal {
    let location = Some((at.line, at.column));
    Refusal::new(Code::GraphqlValidationFailed, Fault { location, ..Fault::from(message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    /// The names that the only root field selects, or why there is none.
    fn read(text: &str) -> Result<Vec<String>, String> {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let found = only(&document, &operation.node).map_err(|refusal| refusal.faults[0].message.to_string())?;
        let items = found.map(|field| field.node.selection_set.node.items).unwrap_or_default();
        let name = |item: &Positioned<Selection>| match &item.node {
            Selection::Field(field) => field.node.name.node.to_string(),
            other => panic!("{other:?}"),
        };
        Ok(items.iter().map(name).collect())
    }

    #[test]
    fn one_field_is_one_through_fragments_and_however_often_it_is_mentioned() {
        assert_eq!(read("subscription { x { a } }"), Ok(vec!["a".into()]));
        let text = "subscription { ...F ... on S { x { b } } x { c } } fragment F on S { x { a } }";
        assert_eq!(read(text), Ok(vec!["a".into(), "b".into(), "c".into()]));
    }

    #[test]
    fn a_second_field_introspection_and_directives_are_refused() {
        let two = "A subscription has exactly one root field.";
        for text in [
            "subscription { x { a } y { a } }",
            "subscription { x { a } again: x { a } }",
            "subscription { x { a } ...F } fragment F on S { ... { y { a } } }",
        ] {
            assert_eq!(read(text).unwrap_err(), two, "{text}");
        }
        for text in ["subscription { __typename }", "subscription { x { a } ...F } fragment F on S { __typename }"] {
            assert!(read(text).unwrap_err().contains("introspection"), "{text}");
        }
        for text in [
            "subscription { x @skip(if: true) { a } }",
            "subscription { ... @include(if: false) { x { a } } x { a } }",
            "subscription { ...F @skip(if: false) } fragment F on S { x { a } }",
        ] {
            assert!(read(text).unwrap_err().contains("directives"), "{text}");
        }
    }
}
