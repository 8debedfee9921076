//! What is outside a slice does not exist: by list, by count, by id, by nested path, by `node`, by `nodes`, by refusal. And what two
//! roles both see is the same.

use crate::support::ask::Asker;
use crate::support::sdl::Document;
use crate::support::world::{Tenant, World, global_id};
use crate::support::{App, on_every_backend, on_every_backend_with, patient};
use api::limits::Limits;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::role::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;
use uuid::Uuid;

/// The kinds of rows with a list and a root field of their own.
const KINDS: [(&str, &str, &str); 4] = [
    ("Partner", "partner", "partners"),
    ("Account", "account", "accounts"),
    ("Deal", "deal", "deals"),
    ("Registration", "registration", "registrations"),
];

/// The rows of a kind in the home program, and those that exist for a role (LOOP.md section 5).
fn rows(kind: &str, tenant: &Tenant, role: Role) -> (BTreeSet<Uuid>, BTreeSet<Uuid>) {
    let set = |ids: &[Uuid]| ids.iter().copied().collect::<BTreeSet<Uuid>>();
    let closed: Vec<Uuid> =
        tenant.deals.iter().flatten().chain(&tenant.direct).chain([&tenant.shared]).copied().collect();
    let all = match kind {
        "Partner" => set(&tenant.partners),
        "Account" => set(&tenant.accounts),
        "Registration" => set(&tenant.registrations),
        _ => closed.iter().chain(&tenant.open).copied().collect(),
    };
    let own: Vec<Uuid> = tenant.deals[0].iter().chain([&tenant.open[0], &tenant.shared]).copied().collect();
    let there = match (kind, role) {
        (_, Role::Operator | Role::Revops) | ("Partner", Role::Finance | Role::Leadership) => all.clone(),
        ("Deal", Role::Finance) => set(&closed),
        // It reads who is on its deals, and one of them is shared.
        ("Partner", Role::CustomerAe) => all.clone(),
        ("Partner", _) => set(&tenant.partners[..1]),
        ("Account", _) => set(&tenant.accounts[..1]),
        ("Registration", _) => set(&tenant.registrations[..1]),
        _ => set(&own),
    };
    (all, there)
}

fn slice(role: Role) -> Document {
    Document::parse(&api::graphql::sdl_of(role).unwrap())
}

fn has(slice: &Document, field: &str) -> bool {
    slice.fields(&slice.query).iter().any(|own| own.name == field)
}

#[test]
fn rows_outside_the_slice_are_answered_like_rows_that_were_never_made() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let (seat, slice) = (app.as_role(role), slice(role));
            for (kind, one, _) in KINDS.into_iter().filter(|(_, one, _)| has(&slice, one)) {
                let (all, there) = rows(kind, &app.world.home, role);
                let (abroad, _) = rows(kind, &app.world.rival, role);
                let ask = async |field: &str, id: Uuid| {
                    let answer =
                        seat.query(&format!("{{ {field}(id: \"{}\") {{ __typename }} }}", global_id(kind, id))).await;
                    (answer.status, without_request(&answer.body))
                };
                for field in [one, "node"].into_iter().filter(|field| has(&slice, field)) {
                    let never = ask(field, app.clock.id()).await;
                    assert!(never.1["data"][field].is_null(), "{}: {field}: {never:?}", role.word());
                    for id in &all {
                        let answer = ask(field, *id).await;
                        assert_eq!(answer != never, there.contains(id), "{}: {field}: {answer:?}", role.word());
                    }
                    for id in &abroad {
                        assert_eq!(ask(field, *id).await, never, "{}: {field} of the other program", role.word());
                    }
                }
                if has(&slice, "nodes") {
                    let ids: Vec<String> = all.iter().chain(&abroad).map(|id| global_id(kind, *id)).collect();
                    let answer =
                        seat.query_with("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
                    let got: Vec<bool> =
                        answer.data()["nodes"].as_array().unwrap().iter().map(|node| !node.is_null()).collect();
                    let expected: Vec<bool> =
                        all.iter().map(|id| there.contains(id)).chain(abroad.iter().map(|_| false)).collect();
                    assert_eq!(got, expected, "{}: nodes of {kind}", role.word());
                }
            }
        }
    });
}

#[test]
fn lists_and_their_counts_hold_the_slice() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let (seat, slice) = (app.as_role(role), slice(role));
            for (kind, _, many) in KINDS.into_iter().filter(|(.., many)| has(&slice, many)) {
                let (_, there) = rows(kind, &app.world.home, role);
                let counted = slice.fields(&format!("{kind}Connection")).iter().any(|field| field.name == "totalCount");
                let count = if counted { "totalCount" } else { "" };
                let answer =
                    seat.query(&format!("{{ {many}(first: 100) {{ {count} edges {{ node {{ id }} }} }} }}")).await;
                let listed: BTreeSet<Uuid> = answer.data()[many]["edges"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|edge| own_id(&edge["node"]["id"]))
                    .collect();
                assert_eq!(listed, there, "{}: {many}", role.word());
                if counted {
                    assert_eq!(
                        answer.data()[many]["totalCount"].as_u64(),
                        u64::try_from(there.len()).ok(),
                        "{}: {many}",
                        role.word()
                    );
                }
            }
        }
    });
}

#[test]
fn no_path_leads_out_of_the_slice() {
    let limits = Limits {
        request_cost: u64::from(u32::MAX),
        selections: u64::from(u32::MAX),
        tokens: 200_000,
        body_bytes: 4_000_000,
        depth: 60,
        ..patient()
    };
    on_every_backend_with(limits, async |app| {
        for role in Role::iter() {
            let (slice, ids) = (slice(role), app.ids());
            let mut hidden = app.world.rival.all();
            // A portfolio reads roll-ups of its programs, and their rows are none of them.
            if role == Role::Portfolio {
                hidden.extend(app.world.home.all());
            } else {
                hidden.remove(&app.world.rival.program);
                for (kind, ..) in KINDS {
                    let (all, there) = rows(kind, &app.world.home, role);
                    hidden.extend(all.difference(&there));
                }
            }
            let asker = Asker::new(&slice, &ids);
            for field in slice.fields(&slice.query) {
                let Some(document) = asker.on_root(field, 6) else { continue };
                let answer = app.as_role(role).query(&document).await;
                let mut met = BTreeSet::new();
                every_id(answer.data(), &mut met);
                let out: Vec<&Uuid> = met.intersection(&hidden).collect();
                assert!(out.is_empty(), "{}: {}: {out:?}", role.word(), field.name);
            }
        }
    });
}

#[test]
fn two_roles_that_both_see_a_value_see_the_same_value() {
    on_every_backend(async |app| {
        let mut seen: BTreeMap<String, (Role, Value)> = BTreeMap::new();
        let mut compared = 0_usize;
        for role in Role::iter() {
            let (slice, ids) = (slice(role), app.ids());
            let asker = Asker::new(&slice, &ids);
            for kind in asker.rows() {
                let Some(selection) = asker.below(&kind, 4, true) else { continue };
                for id in sample(&kind, &app) {
                    let id = global_id(&kind, id);
                    let answer = app
                        .as_role(role)
                        .query(&format!("{{ node(id: \"{id}\") {{ ... on {kind} {{ {selection} }} }} }}"))
                        .await;
                    let mut values = BTreeMap::new();
                    flatten(&answer.data()["node"], id, &mut values);
                    for (path, value) in values {
                        match seen.get(&path) {
                            Some((other, before)) => {
                                compared += 1;
                                assert_eq!(*before, value, "{path}: {} and {}", other.word(), role.word());
                            }
                            None => {
                                seen.insert(path, (role, value));
                            }
                        }
                    }
                }
            }
        }
        assert!(compared > 200, "only {compared} values were compared");
    });
}

#[test]
fn the_matrix_is_the_same_for_all_who_read_it() {
    on_every_backend(async |app| {
        let document =
            "{ auditMatrix { asOf cells { partner { id } segment { id } trustGap { points evidence reading } } } }";
        let mut seen: BTreeMap<(String, String), (Role, Value)> = BTreeMap::new();
        for role in Role::iter().filter(|role| has(&slice(*role), "auditMatrix")) {
            let answer = app.as_role(role).query(document).await;
            for cell in answer.data()["auditMatrix"]["cells"].as_array().unwrap() {
                let key = (cell["partner"]["id"].to_string(), cell["segment"]["id"].to_string());
                match seen.get(&key) {
                    Some((other, before)) => assert_eq!(before, cell, "{} and {}", other.word(), role.word()),
                    None => {
                        seen.insert(key, (role, cell.clone()));
                    }
                }
            }
        }
        assert!(seen.len() >= 2, "{seen:?}");
    });
}

/// Rows that every role which may see the kind at all does see.
fn sample(kind: &str, app: &App) -> Vec<Uuid> {
    let World { home, .. } = &app.world;
    match kind {
        "Partner" => home.partners[..1].to_vec(),
        "Account" => home.accounts[..1].to_vec(),
        "Segment" => vec![home.segment],
        "Deal" => vec![home.deals[0][0], home.deals[0][9], home.shared],
        "Registration" => home.registrations[..1].to_vec(),
        _ => Vec::new(),
    }
}

fn flatten(value: &Value, path: String, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| flatten(inner, format!("{path}.{key}"), into)),
        other => {
            into.insert(path, other.clone());
        }
    }
}

fn without_request(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().map(|fields| fields.remove("extensions"));
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"].as_object_mut().map(|fields| fields.remove("requestId"));
    }
    body
}

/// The row behind a global id.
fn own_id(id: &Value) -> Option<Uuid> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_str()?).ok()?).ok()?;
    text.rsplit(':').next()?.parse().ok()
}

fn every_id(value: &Value, into: &mut BTreeSet<Uuid>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|inner| every_id(inner, into)),
        Value::Array(list) => list.iter().for_each(|inner| every_id(inner, into)),
        text @ Value::String(plain) => into.extend(own_id(text).or_else(|| plain.parse().ok())),
        _ => {}
    }
}
