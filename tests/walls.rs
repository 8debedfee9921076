//! Which room may name what. A wall that only a reviewer knows is no wall: each breach is listed with file and line.

use crate::support::tree::{Source, files, root};

const EVERYWHERE: &[&str] = &["domain/src", "entity/src", "migration/src", "api/src", "tests"];

/// A room, what it may not name, and why. Rooms are matched by the beginning of the path, so a file can be under several.
const WALLS: &[(&str, &[&str], &str)] = &[
    (
        "domain/src",
        &[
            "sea_orm",
            "sqlx",
            "async_graphql",
            "axum",
            "tokio",
            "hyper",
            "reqwest",
            "entity::",
            "migration::",
            "std::fs",
            "TcpStream",
            "std::env",
            "async fn",
            "Utc::now",
            "Local::now",
            "SystemTime::now",
            "Instant::now",
            "Uuid::now_v7",
            "Uuid::new_v4",
        ],
        "the methodology is pure: facts, time and ids are arguments",
    ),
    (
        "entity/src",
        &["async_graphql", "axum", "hyper", "reqwest", "api::", "migration::", "Utc::now", "Uuid::now_v7"],
        "rows know nothing of who asks",
    ),
    (
        "migration/src",
        &["entity::", "domain::", "api::", "async_graphql", "axum"],
        "history may not change with the present",
    ),
    ("api/src", &["EntityTrait", "sea_orm::", "sqlx::", "sea_query"], "only entity starts a query"),
    (
        "api/src/usecase",
        &[
            "async_graphql",
            "axum",
            "hyper",
            "migration::",
            "crate::graphql",
            "crate::http",
            "crate::jobs",
            "crate::cli",
            "crate::auth",
            "prelude::*",
        ],
        "a use case does not know how it was asked for",
    ),
    (
        "api/src/graphql",
        &["entity::", "axum", "hyper", "migration::", "crate::http", "crate::jobs", "crate::cli"],
        "GraphQL gets domain types from use cases",
    ),
    (
        "api/src/auth",
        &["async_graphql", "crate::graphql", "crate::cli", "migration::"],
        "authentication gives a viewer and knows no query",
    ),
    ("api/src/cli", &["async_graphql::"], "the command line prints, it does not build schemas"),
    (
        "api/src/jobs",
        &["async_graphql", "entity::", "crate::graphql", "crate::http", "crate::cli", "crate::auth"],
        "a job calls use cases and nothing else",
    ),
];

/// Only these may name the crate.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("axum", &["api/src/http", "api/src/cli", "tests"]),
    ("migration::", &["api/src/cli", "tests"]),
    ("Utc::now", &["api/src/clock.rs"]),
    ("now_v7", &["api/src/clock.rs"]),
];

/// Names that say nothing about what is inside.
const NOT_A_ROOM: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "core", "manager", "managers", "service", "services", "misc",
    "shared",
];

/// A file with more lines than this has a second idea in it.
const LINES_MAX: usize = 500;

/// Files that are allowed to be longer. The list may only shrink.
const LONG_FILES: &[&str] = &[];

/// Whether the line names the word: not as a part of a longer one.
fn names(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        // `crate::entity::` is another room than the crate `entity`.
        let inner = word.ends_with("::") && !word.starts_with("crate") && line[..at].ends_with("::");
        !part(before) && (word.ends_with(['*', ':']) || !part(after)) && !inner
    })
}

/// This file holds the forbidden words as text.
fn sources() -> Vec<Source> {
    files(EVERYWHERE, ".rs").into_iter().filter(|source| source.path != "tests/walls.rs").collect()
}

fn refuse(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn no_room_names_what_is_beyond_its_wall() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (room, forbidden, why) in WALLS.iter().filter(|(room, ..)| source.path.starts_with(&format!("{room}/"))) {
            for (number, line) in source.code() {
                for word in forbidden.iter().filter(|word| names(line, word)) {
                    breaches.push(format!("{}:{number}: {room} may not name `{word}`: {why}", source.path));
                }
            }
        }
        for (word, rooms) in ONLY_IN.iter().filter(|(_, rooms)| !rooms.iter().any(|room| source.path.starts_with(room)))
        {
            for (number, _) in source.code().filter(|(_, line)| names(line, word)) {
                breaches.push(format!("{}:{number}: only {} may name `{word}`", source.path, rooms.join(", ")));
            }
        }
    }
    refuse(&breaches);
}

#[test]
fn the_walls_see_a_breach() {
    assert!(names("use sea_orm::EntityTrait;", "sea_orm") && names("use sea_orm::EntityTrait;", "EntityTrait"));
    assert!(names("let x = entity::deal::find()", "entity::") && !names("my_entity::x", "entity::"));
    assert!(!names("use crate::entity::x", "entity::") && !names("axumish", "axum"));
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let breaches: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            let breach = |line: &str| line.contains("#[allow") || line.contains("#![allow");
            source
                .code()
                .filter(move |(_, line)| breach(line))
                .map(|(number, _)| format!("{}:{number}: #[expect(…, reason = …)]", source.path))
        })
        .collect();
    refuse(&breaches);
}

#[test]
fn every_room_has_a_name_that_says_what_is_inside() {
    let breaches: Vec<String> = sources()
        .iter()
        .filter(|source| source.path.trim_end_matches(".rs").split('/').any(|part| NOT_A_ROOM.contains(&part)))
        .map(|source| format!("{}: a room called what it is for, not {NOT_A_ROOM:?}", source.path))
        .collect();
    refuse(&breaches);
}

#[test]
fn files_stay_short() {
    let mut breaches = Vec::new();
    for source in files(EVERYWHERE, ".rs") {
        let lines = source.text.lines().count();
        let listed = LONG_FILES.contains(&source.path.as_str());
        if lines > LINES_MAX && !listed {
            breaches.push(format!("{}: {lines} lines, over {LINES_MAX}: is there a second idea in it?", source.path));
        } else if lines <= LINES_MAX && listed {
            breaches.push(format!("{}: is short again: take it off the list", source.path));
        }
    }
    refuse(&breaches);
}

#[test]
fn every_crate_takes_the_workspace_lints_and_every_test_file_is_run() {
    let mut breaches = Vec::new();
    for room in ["domain", "entity", "migration", "api"] {
        let manifest = std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
        if !manifest.contains("[lints]\nworkspace = true") {
            breaches.push(format!("{room}/Cargo.toml: [lints] workspace = true"));
        }
    }
    let main = std::fs::read_to_string(root().join("tests/main.rs")).unwrap();
    for source in files(&["tests"], ".rs")
        .iter()
        .filter(|source| source.path.matches('/').count() == 1 && source.path != "tests/main.rs")
    {
        let module = source.path.trim_start_matches("tests/").trim_end_matches(".rs");
        if !main.contains(&format!("mod {module};")) {
            breaches.push(format!("{}: is no module of tests/main.rs, so it never runs", source.path));
        }
    }
    refuse(&breaches);
}
