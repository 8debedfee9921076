//! How large a document is once its fragments are written out, found without writing them out.
//!
//! The library's own limits walk a fragment again at each spread: 26 fragments that double each other keep a core busy for
//! 23 seconds. Here each fragment is measured once.

use super::refusal::{Code, Fault, Refusal};
use super::root;
use crate::limits::Limits;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Pos, Positioned};
use std::collections::HashMap;

/// The size of a selection set with its fragments.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: u64,
    depth: u32,
    roots: u64,
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while a fragment is being measured: meeting it again then is a cycle.
    fragments: HashMap<&'a str, Option<Size>>,
    aliases: u32,
}

/// Refuses a document that is larger than the limits, that spreads a fragment into itself, that has an unknown directive, or whose
/// subscription has not exactly one root field.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let mut measure = Measure { document, limits, fragments: HashMap::new(), aliases: 0 };
    let mut selections: u64 = 0;
    for (_, operation) in document.operations.iter() {
        let size = measure.set(&operation.node.selection_set.node)?;
        selections = selections.saturating_add(size.selections);
        if size.depth > limits.depth {
            return Err(too(format!("The operation nests more than {} levels.", limits.depth), operation.pos));
        }
        if operation.node.ty == OperationType::Mutation && size.roots > limits.root_mutations {
            return Err(too(
                format!("A mutation may have at most {} root fields.", limits.root_mutations),
                operation.pos,
            ));
        }
        if operation.node.ty == OperationType::Subscription {
            root::only(document, &operation.node)?;
        }
    }
    // Fragments that no operation spreads are measured too: the library walks them.
    for (name, fragment) in &document.fragments {
        let size = measure.fragment(name.as_str(), fragment.pos)?;
        selections = selections.max(size.selections);
    }
    if selections > limits.selections {
        let message = format!("The document selects more than {} fields.", limits.selections);
        return Err(Refusal::new(Code::GraphqlValidationFailed, Fault::from(message)));
    }
    Ok(())
}

fn too(message: String, at: Pos) -> Refusal {
    let location = Some((at.line, at.column));
    Refusal::new(Code::GraphqlValidationFailed, Fault { location, ..Fault::from(message) })
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refusal> {
        let mut whole = Size::default();
        for selection in &set.items {
            self.directives(selection.node.directives(), selection.pos)?;
            let part = match &selection.node {
                Selection::Field(field) => {
                    if field.node.alias.is_some() {
                        self.aliases += 1;
                        if self.aliases > self.limits.aliases {
                            return Err(too(
                                format!("A document may have at most {} aliases.", self.limits.aliases),
                                field.pos,
                            ));
                        }
                    }
                    let inner = self.set(&field.node.selection_set.node)?;
                    Size { selections: inner.selections, depth: inner.depth + 1, roots: 1 }
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), spread.pos)?
                }
            };
            whole.selections = whole.selections.saturating_add(part.selections).saturating_add(1);
            whole.depth = whole.depth.max(part.depth);
            whole.roots = whole.roots.saturating_add(part.roots);
        }
        Ok(whole)
    }

    fn fragment(&mut self, name: &'a str, at: Pos) -> Result<Size, Refusal> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(too("A fragment may not spread itself.".into(), at)),
            None => {}
        }
        // An unknown fragment is the validation's to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    /// The library does not look at directives on `__typename`, so they are looked at here.
    fn directives(&self, directives: &[Positioned<Directive>], at: Pos) -> Result<(), Refusal> {
        if directives.len() > self.limits.directives {
            return Err(too(format!("A selection may have at most {} directives.", self.limits.directives), at));
        }
        match directives.iter().find(|directive| !matches!(directive.node.name.node.as_str(), "skip" | "include")) {
            Some(unknown) => Err(too("Unknown directive; there are @skip and @include.".into(), unknown.pos)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use std::fmt::Write;

    fn measured(text: &str) -> Result<(), String> {
        let document = parse_query(text).unwrap();
        check(&document, &Limits::default()).map_err(|refusal| refusal.faults[0].message.to_string())
    }

    #[test]
    fn thirty_doublings_are_refused_without_being_written_out() {
        let mut bomb = "{ ...F0 } fragment F30 on Query { a }".to_owned();
        for n in 0..30 {
            write!(bomb, " fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
        }
        assert!(measured(&bomb).unwrap_err().contains("more than 5000 fields"));
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_refused() {
        assert!(
            measured("{ ...A } fragment A on Q { b { ...B } } fragment B on Q { ...A }")
                .unwrap_err()
                .contains("spread itself")
        );
        assert!(measured("{ a } fragment A on Q { ...A }").unwrap_err().contains("spread itself"));
    }

    #[test]
    fn limits_hold_at_their_edges() {
        let nested = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
        assert_eq!(measured(&nested(15)), Ok(()));
        assert!(measured(&nested(16)).is_err());
        let aliased = |count: usize| format!("{{ {} }}", (0..count).map(|n| format!("a{n}: a ")).collect::<String>());
        assert_eq!(measured(&aliased(30)), Ok(()));
        assert!(measured(&aliased(31)).is_err());
        let roots = |count: usize| format!("mutation {{ ...F }} fragment F on M {{ {} }}", "a ".repeat(count));
        assert_eq!(measured(&roots(10)), Ok(()));
        assert!(measured(&roots(11)).is_err());
        let flagged = |count: usize| format!("{{ a {} }}", "@skip(if: false) ".repeat(count));
        assert_eq!(measured(&flagged(4)), Ok(()));
        assert!(measured(&flagged(5)).is_err());
        assert!(measured("{ __typename @nope }").unwrap_err().contains("Unknown directive"));
    }
}
