//! What a page asks for: one GraphQL query of the server's own, cut down to what the caller's schema has. So a page shows a role
//! exactly what GraphQL shows it, and there is no second policy.

use crate::http::cost::Roots;
use async_graphql::registry::{MetaType, MetaTypeName};

/// Parts that stand in several places: the name, the type, the selection.
const FRAGMENTS: &[(&str, &str, &str)] = &[
    ("sum", "ForecastFigure", "amount { amount } evidence reason { message }"),
    ("line", "ForecastFigure", "...sum explanation { rule inputs { name value } steps result }"),
    (
        "year",
        "ForecastBand",
        "total { ...sum } sourced { ...sum } influenced { ...sum } drag { ...sum } expansion { ...sum } \
         quarters { quarter sourced { amount } influenced { amount } drag { amount } expansion { amount } total { amount } }",
    ),
    ("brief", "ForecastBand", "total { ...sum } yieldMultiple"),
    ("lines", "ForecastBand", "sourced { ...line } influenced { ...line } drag { ...line } expansion { ...line }"),
];

/// The whole selection below `Query`. The arguments of `deliverable` are put in when it is written.
const SELECTION: &str = "
program { name currency timeZone }
viewer { role }
deliverable {
  id kind quarter revision latestRevision sha256 policyVersion methodologyVersion publishedAt publisher { name } content
  forecast {
    quarters asOf from to currency seasonalQuarters
    conservative { ...year } base { ...year } stretch { ...year }
    partners {
      partner { name }
      rule { verdict plannedSpend { amount } trailingSpend { amount } increaseRate multiple sourcedDeals sourcedDealsWithoutArr evidence }
      conservative { ...brief } base { ...brief } stretch { ...brief }
      cells {
        segment { name } plannedSpend { amount } penetration accountsEngaged averageAcv { amount } customersTouched
        conservative { ...lines } base { ...lines } stretch { ...lines }
      }
    }
    segments {
      segment { name } accountsEngaged accountsEngagedExcess
      conservative { total { ...sum } } base { total { ...sum } } stretch { total { ...sum } }
    }
    findings { code message partner { name } segment { name } component reason { message } shareRate accounts }
  }
  recruitPlan {
    tierCounts { tier partners }
    entries {
      name tier recommended rule reason decidedOn policyVersion from to facts { kind value bar isMet segment { name } }
      activationStep commitments auditSignals exitCriteria offboarding freedCapacity
    }
  }
  stageDeploymentPlan {
    currency from to
    mapping { name stages { stage deals arr { amount } withoutArr } }
    health { stage coverage producingPartners producers { name } }
    findings { code message }
    commitments { partner { id } name stage forQuarter arr { amount } deals }
    forecast { revision sha256 }
    reconciliation { stage committed { amount } base { amount } difference { amount } isWithin }
    reason
  }
}";

/// A selected field, or a fragment where the name begins with three dots.
pub(super) struct Selected<'a> {
    name: &'a str,
    below: Vec<Self>,
}

/// Reads names and braces: that is all that there is in the texts above.
pub(super) fn selected<'a>(words: &mut impl Iterator<Item = &'a str>) -> Vec<Selected<'a>> {
    let mut all: Vec<Selected<'a>> = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "{" => {
                let below = selected(words);
                if let Some(last) = all.last_mut() {
                    last.below = below;
                }
            }
            "}" => return all,
            name => all.push(Selected { name, below: Vec::new() }),
        }
    }
    all
}

/// The selection as far as the type has it; empty where it has none of it.
pub(super) fn written(roots: Roots<'_>, of: &str, selection: &[Selected<'_>]) -> String {
    let Some(MetaType::Object { fields, .. }) = roots.types.get(of) else { return String::new() };
    let one = |selected: &Selected<'_>| {
        if let Some(name) = selected.name.strip_prefix("...") {
            return fragment(roots, name).map(|_| selected.name.to_owned());
        }
        let field = fields.get(selected.name)?;
        if selected.below.is_empty() {
            return Some(selected.name.to_owned());
        }
        let below = written(roots, MetaTypeName::concrete_typename(&field.ty), &selected.below);
        let arguments = match selected.name {
            "deliverable" => "(by: $by)",
            "cfoPack" => "(quarter: $quarter)",
            _ => "",
        };
        (!below.is_empty()).then(|| format!("{}{arguments} {{ {below} }}", selected.name))
    };
    selection.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

/// A fragment as far as the schema has it.
fn fragment(roots: Roots<'_>, name: &str) -> Option<String> {
    let (_, of, text) = FRAGMENTS.iter().find(|(known, ..)| *known == name)?;
    let below = written(roots, of, &selected(&mut text.split_whitespace()));
    (!below.is_empty()).then(|| format!("fragment {name} on {of} {{ {below} }}"))
}

/// The query of a role; none where its schema has no deliverables.
pub(super) fn document(roots: Roots<'_>) -> Option<String> {
    let body = written(roots, roots.query, &selected(&mut SELECTION.split_whitespace()));
    let is_there = body.contains("deliverable(by: $by)");
    // A fragment that nothing spreads is refused, like any that a client sends.
    let mut used = Vec::new();
    let mut text = body.clone();
    for (name, ..) in FRAGMENTS.iter().rev() {
        if let Some(fragment) = fragment(roots, name)
            && text.split_whitespace().any(|word| word.strip_prefix("...") == Some(name))
        {
            text.push_str(&fragment);
            used.push(fragment);
        }
    }
    is_there.then(|| format!("query DeliverablePage($by: DeliverableBy!) {{ {body} }} {}", used.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Schemas;
    use crate::http::Contracts;
    use domain::role::{Action, Role, may};
    use strum::IntoEnumIterator;

    #[test]
    fn a_role_asks_for_what_its_schema_has_and_for_nothing_else() {
        let contracts = Contracts::new(&Schemas::build().unwrap_or_else(|missing| panic!("{missing:?}")));
        for role in Role::iter() {
            let document = document(contracts.of(role).roots());
            assert_eq!(document.is_some(), may(role, Action::ReadDeliverables), "{role:?}");
            let Some(document) = document else { continue };
            let has = |word: &str| document.split_whitespace().any(|other| other == word);
            assert_eq!(
                has("base"),
                may(role, Action::ReadForecastBase) || may(role, Action::ReadDeployment),
                "{role:?}"
            );
            assert_eq!(has("stretch"), may(role, Action::ReadForecastStretch), "{role:?}");
            assert_eq!(has("committed"), may(role, Action::ReadDeployment), "{role:?}");
            assert_eq!(has("content"), may(role, Action::ReadDeliverableContent), "{role:?}");
            assert!(async_graphql::parser::parse_query(&document).is_ok(), "{document}");
        }
    }

    #[test]
    fn every_field_that_is_asked_for_exists_for_somebody() {
        let contracts = Contracts::new(&Schemas::build().unwrap_or_else(|missing| panic!("{missing:?}")));
        // The operator leads the program; only the payout is not its own.
        let document = document(contracts.of(Role::Operator).roots()).unwrap();
        let words = SELECTION.split_whitespace().chain(FRAGMENTS.iter().flat_map(|(.., text)| text.split_whitespace()));
        for word in words {
            assert!(document.contains(word), "{word}");
        }
    }
}
