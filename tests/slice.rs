//! Every role against every element of the schema. The tests are made from the schema itself, so a new field, argument, input
//! field or enum value is tried on all roles without anybody writing a test for it.

use crate::support::ask::{Ask, Asker};
use crate::support::sdl::{Document, Element};
use crate::support::{Answer, on_sqlite};
use domain::role::Role;
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;

/// A name of the same length that nothing has: the two answers then differ in nothing else.
fn typo(name: &str, taken: &BTreeSet<String>) -> String {
    let (head, last) = name.split_at(name.len() - 1);
    let upper = last.chars().all(|c| c.is_ascii_uppercase());
    let letters = if upper { 'A'..='Z' } else { 'a'..='z' };
    let ends = letters.map(|letter| format!("{head}{letter}"));
    ends.into_iter().find(|word| !taken.contains(word)).expect("26 names that are all taken")
}

/// Every word of a schema.
fn words(document: &Document) -> BTreeSet<String> {
    let parts = |element: &Element| match element {
        Element::Type(name) => name.clone(),
        Element::Field(_, name)
        | Element::InputField(_, name)
        | Element::EnumValue(_, name)
        | Element::Arg(_, _, name) => name.clone(),
    };
    document.elements().map(|element| parts(&element)).collect()
}

fn own_name(element: &Element) -> &str {
    match element {
        Element::Type(name) => name,
        Element::Field(_, name)
        | Element::InputField(_, name)
        | Element::EnumValue(_, name)
        | Element::Arg(_, _, name) => name,
    }
}

/// The answer with the word and all that differs by request taken out.
fn plain(answer: &Answer, word: &str) -> String {
    let mut body = answer.body.clone();
    if let Some(errors) = body["errors"].as_array_mut() {
        for error in errors {
            if let Some(extensions) = error["extensions"].as_object_mut() {
                extensions.remove("requestId");
            }
        }
    }
    // The bucket's level moves between two requests.
    if let Some(extensions) = body.as_object_mut() {
        extensions.remove("extensions");
    }
    format!("{} {}", answer.status, whole_words(&body.to_string(), word))
}

fn whole_words(text: &str, word: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let before = rest[..at].chars().next_back().or_else(|| out.chars().next_back());
        let after = rest[at + word.len()..].chars().next();
        out.push_str(&rest[..at]);
        out.push_str(if before.is_some_and(is_part) || after.is_some_and(is_part) { word } else { "\u{a4}" });
        rest = &rest[at + word.len()..];
    }
    out + rest
}

fn schemas() -> (Document, BTreeMap<Role, Document>) {
    let full = Document::parse(&api::graphql::sdl_full().unwrap());
    let of = |role| (role, Document::parse(&api::graphql::sdl_of(role).unwrap()));
    (full, Role::iter().map(of).collect())
}

#[test]
fn what_a_role_has_not_is_answered_like_a_typo_in_literals_and_in_variables() {
    on_sqlite(async |app| {
        let (full, slices) = schemas();
        let taken = words(&full);
        let mut tried = 0_usize;
        let mut breaches = Vec::new();
        for (role, slice) in &slices {
            let has: BTreeSet<Element> = slice.elements().collect();
            let ids = BTreeMap::new();
            let asker = Asker::new(slice, &ids);
            let seat = app.as_role(*role);
            for element in full.elements().filter(|element| !has.contains(element)) {
                let name = own_name(&element).to_owned();
                let other = typo(&name, &taken);
                let pairs =
                    asker.asks_for(&element, &full, &name).into_iter().zip(asker.asks_for(&element, &full, &other));
                for (hidden, mistaken) in pairs {
                    let (left, right) = (seat.send(&hidden).await, seat.send(&mistaken).await);
                    tried += 1;
                    if plain(&left, &name) != plain(&right, &other)
                        || left.body["errors"].is_null()
                        || !left.body["data"].is_null()
                    {
                        breaches.push(format!(
                            "{}: {element}\n  {}\n  {}\n  {}",
                            role.word(),
                            hidden.document,
                            left.body,
                            right.body
                        ));
                    }
                }
            }
        }
        assert!(
            breaches.is_empty(),
            "{} of {tried}:\n{}",
            breaches.len(),
            breaches.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
        );
        assert!(tried > 100, "only {tried}: the tests are not made from the schema");
    });
}

#[test]
fn what_a_role_has_can_be_asked_for() {
    on_sqlite(async |app| {
        let (_, slices) = schemas();
        let mut breaches = Vec::new();
        for (role, slice) in &slices {
            let ids = app.ids();
            let seat = app.as_role(*role);
            for (what, document) in Asker::new(slice, &ids).everything() {
                if document.starts_with("subscription") {
                    continue; // A stream has no one answer; the subscriptions have tests of their own.
                }
                let answer = seat.send(&Ask { document: document.clone(), variables: serde_json::json!({}) }).await;
                let refused = [
                    "GRAPHQL_PARSE_FAILED",
                    "GRAPHQL_VALIDATION_FAILED",
                    "INTERNAL_SERVER_ERROR",
                    "COST_LIMIT_EXCEEDED",
                    "FORBIDDEN",
                ];
                if answer.codes().iter().any(|code| refused.contains(&code.as_str())) {
                    breaches.push(format!("{}: {what}\n  {document}\n  {}", role.word(), answer.body));
                }
            }
        }
        assert!(
            breaches.is_empty(),
            "{}:\n{}",
            breaches.len(),
            breaches.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
        );
    });
}

#[test]
fn introspection_and_the_served_sdl_hold_the_slice_and_nothing_else() {
    on_sqlite(async |app| {
        let (full, slices) = schemas();
        for (role, slice) in &slices {
            let seat = app.as_role(*role);
            let answer = seat.query(INTROSPECTION).await;
            let told = introspected(&answer.data()["__schema"]);
            let has: BTreeSet<String> = slice.elements().map(|element| element.to_string()).collect();
            assert_eq!(
                told.difference(&has).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{}: told and not in the SDL",
                role.word()
            );
            assert_eq!(
                has.difference(&told).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{}: in the SDL and not told",
                role.word()
            );
            let everything: BTreeSet<String> = full.elements().map(|element| element.to_string()).collect();
            assert!(has.is_subset(&everything));
            let served = Document::parse(&seat.get("/schema.graphql").await);
            assert_eq!(served.elements().collect::<Vec<_>>(), slice.elements().collect::<Vec<_>>(), "{}", role.word());
        }
    });
}

#[test]
fn the_marks_of_the_full_schema_are_what_the_slices_hold() {
    let (full, slices) = schemas();
    for (role, slice) in &slices {
        let allows =
            |marks: Option<&Vec<String>>| marks.is_none_or(|roles| roles.iter().any(|word| word == role.word()));
        for (of, shape) in &full.types {
            for field in full.fields(of) {
                let to = crate::support::sdl::base(&field.ty);
                let is_there = slice.fields(of).iter().any(|own| own.name == field.name);
                let reached = slice.types.contains_key(of);
                let target = slice.types.contains_key(to) || !full.types.contains_key(to);
                let expected = reached && target && allows(field.allow.as_ref()) && allows(shape.allow.as_ref());
                assert_eq!(is_there, expected, "{}: {of}.{}", role.word(), field.name);
            }
        }
    }
}

const INTROSPECTION: &str = "{ __schema { types { name kind fields(includeDeprecated: true) { name args { name } } \
     inputFields { name } enumValues(includeDeprecated: true) { name } } } }";

fn introspected(schema: &serde_json::Value) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    for ty in list(&schema["types"]) {
        let of = name(&ty);
        if of.starts_with("__") || ["Int", "Float", "String", "Boolean", "ID"].contains(&of.as_str()) {
            continue;
        }
        told.insert(of.clone());
        for field in list(&ty["fields"]) {
            told.insert(format!("{of}.{}", name(&field)));
            told.extend(list(&field["args"]).iter().map(|arg| format!("{of}.{}({}:)", name(&field), name(arg))));
        }
        told.extend(
            list(&ty["inputFields"])
                .iter()
                .chain(&list(&ty["enumValues"]))
                .map(|inner| format!("{of}.{}", name(inner))),
        );
    }
    told
}
