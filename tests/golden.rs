//! Files that a reviewer reads as a diff. `UPDATE_GOLDEN=1 cargo test golden` writes them; without it a stale one fails.

use crate::support::tree::{files, root};
use domain::role::{Action, Role, may};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use strum::IntoEnumIterator;

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares with the file in the tree, or writes it.
fn golden(path: &str, actual: &str) {
    let file = root().join(path);
    let stored = fs::read_to_string(&file).unwrap_or_default();
    if stored == actual {
        return;
    }
    if updating() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, actual).unwrap();
        return;
    }
    let line = stored.lines().zip(actual.lines()).position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| stored.lines().count().min(actual.lines().count()));
    panic!(
        "{path}:{}: is stale\n  stored: {}\n  now:    {}\nIf that is meant: UPDATE_GOLDEN=1 cargo test golden, and read the diff.",
        line + 1,
        stored.lines().nth(line).unwrap_or("(end)"),
        actual.lines().nth(line).unwrap_or("(end)"),
    );
}

#[test]
fn golden_schema() {
    golden("schema.graphql", &api::graphql::sdl_full().unwrap());
}

#[test]
fn golden_schema_of_every_role() {
    for role in Role::iter() {
        golden(&format!("tests/golden/schema.{}.graphql", role.word()), &api::graphql::sdl_of(role).unwrap());
    }
}

#[test]
fn golden_role_matrix() {
    let mut table = String::from(
        "What each role may do (x), from domain/src/role.rs; below, what of the schema each role has.\n\n",
    );
    let head = |table: &mut String, what: &str, width: usize| {
        write!(table, "{what:width$}").unwrap();
        Role::iter().for_each(|role| write!(table, " {}", role.word()).unwrap());
        table.push('\n');
    };
    let row = |table: &mut String, what: &str, width: usize, has: &dyn Fn(Role) -> bool| {
        write!(table, "{what:width$}").unwrap();
        for role in Role::iter() {
            let mark = if has(role) { "x" } else { "." };
            write!(table, " {mark:^width$}", width = role.word().len()).unwrap();
        }
        while table.ends_with(' ') {
            table.pop();
        }
        table.push('\n');
    };
    let width = Action::iter().map(|action| <&str>::from(action).len()).max().unwrap_or(0) + 1;
    head(&mut table, "action", width);
    for action in Action::iter() {
        row(&mut table, action.into(), width, &|role| may(role, action));
    }
    let slices: Vec<(Role, Vec<String>)> =
        Role::iter().map(|role| (role, elements(&api::graphql::sdl_of(role).unwrap()))).collect();
    let all = elements(&api::graphql::sdl_full().unwrap());
    let width = all.iter().map(String::len).max().unwrap_or(0) + 1;
    table.push('\n');
    head(&mut table, "element", width);
    for element in &all {
        let has = |role: Role| slices.iter().any(|(of, slice)| *of == role && slice.binary_search(element).is_ok());
        row(&mut table, element, width, &has);
    }
    golden("tests/golden/role_matrix.txt", &table);
}

/// `Type.field`, `Type.field(arg:)`, `Enum.VALUE` and `Input.field` of an SDL, in order. The marks of `@allow` are left out.
fn elements(sdl: &str) -> Vec<String> {
    let mut found: Vec<String> =
        crate::support::sdl::Document::parse(sdl).elements().map(|element| element.to_string()).collect();
    found.sort();
    found
}

/// A landed migration is never edited, for a database that ran it would not run it again: its hash is kept. A changed line is
/// not rewritten by `UPDATE_GOLDEN`; new files are added.
#[test]
fn golden_migrations() {
    const PATH: &str = "tests/golden/migrations.txt";
    let stored = fs::read_to_string(root().join(PATH)).unwrap_or_default();
    let mut now = String::new();
    for ending in [".rs", ".sql"] {
        for source in files(&["migration/src"], ending).iter().filter(|source| source.path != "migration/src/lib.rs") {
            let hash = Sha256::digest(source.text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            writeln!(now, "{hash}  {}", source.path).unwrap();
        }
    }
    for line in stored.lines() {
        assert!(
            now.lines().any(|new| new == line),
            "a landed migration was edited or removed: {line}\nWrite a new migration instead."
        );
    }
    golden(PATH, &now);
}
