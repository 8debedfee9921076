//! The command line where somebody mistypes: it says so, and neither makes nor overwrites anything.

use crate::support::database::{Backend, Database};
use api::clock::Clock;
use chrono::TimeDelta;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn partnerloop(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_partnerloop"))
        .env_clear()
        .env("DATABASE_URL", url)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

#[test]
fn a_database_that_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("typo");
    let url = url(&place.join("acme.sqlite"));
    let map = folder.path().join("map.toml");
    std::fs::write(&map, "").unwrap();
    let map = map.to_str().unwrap();
    for arguments in [
        vec!["check"],
        vec!["rebuild"],
        vec!["tick"],
        vec!["ledger", "verify"],
        vec!["ledger", "export", "--program", "acme"],
        vec!["seat", "list", "--program", "acme"],
        vec!["token", "--program", "acme", "--role", "REVOPS"],
        vec!["program", "list"],
        vec!["portfolio", "create", "firm", "--program", "acme"],
        vec!["import", "deals", map, "--map", map, "--program", "acme"],
    ] {
        let output = partnerloop(&url, &arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = told(&output);
        assert!(told.contains(&format!("no database at {url}: set DATABASE_URL or --db")), "{arguments:?}: {told}");
        assert!(!place.exists(), "{arguments:?} made a folder");
    }
    // An empty file is no database either.
    let empty = folder.path().join("empty.sqlite");
    std::fs::write(&empty, "").unwrap();
    let output = partnerloop(&self::url(&empty), &["check"]);
    assert!(output.status.code() == Some(1) && told(&output).contains("no database at"), "{}", told(&output));
    // Only what makes one does.
    assert_eq!(partnerloop(&url, &["migrate"]).status.code(), Some(0));
    let output = partnerloop(&url, &["check"]);
    assert!(output.status.success() && told(&output).contains("the database has no program"), "{}", told(&output));
}

#[test]
fn a_program_that_is_not_there_is_named_with_the_way_to_make_it() {
    let database = Database::fresh(Backend::Sqlite);
    assert_eq!(partnerloop(&database.url, &["migrate"]).status.code(), Some(0));
    for arguments in [
        vec!["check", "--program", "b"],
        vec!["tick", "--program", "b"],
        vec!["token", "--program", "b", "--role", "REVOPS"],
        vec!["seat", "list", "--program", "b"],
        vec!["seat", "grant", "--program", "b", "--issuer", "i", "--subject", "s", "--role", "REVOPS"],
        vec!["portfolio", "create", "firm", "--program", "b"],
    ] {
        let output = partnerloop(&database.url, &arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(told(&output).contains("make it with: partnerloop program create b"), "{}", told(&output));
    }
}

#[test]
fn the_jobs_do_not_run_as_of_a_future_instant_unasked() {
    let database = Database::fresh(Backend::Sqlite);
    assert_eq!(partnerloop(&database.url, &["program", "create", "acme"]).status.code(), Some(0));
    let later = (Clock::system().now() + TimeDelta::days(400)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let output = partnerloop(&database.url, &["tick", "--at", &later]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(told(&output).contains("--allow-future"), "{}", told(&output));
    let output = partnerloop(&database.url, &["tick", "--at", &later, "--allow-future"]);
    assert!(output.status.success() && !output.stdout.is_empty(), "{}", told(&output));
}

#[test]
fn rejects_do_not_overwrite_what_is_read() {
    let database = Database::fresh(Backend::Sqlite);
    assert_eq!(partnerloop(&database.url, &["program", "create", "acme"]).status.code(), Some(0));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let (file, map) = (folder.path().join("p.csv"), folder.path().join("map.toml"));
    let rows = "id,name,kind\nP1,One,RESELLER\nP2,Two,WIZARD\n";
    let mapping = "[fields]\nexternal_id = \"id\"\nname = \"name\"\nkind = \"kind\"\n";
    std::fs::write(&file, rows).unwrap();
    std::fs::write(&map, mapping).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for rejects in [folder.path().join("sub/../p.csv"), folder.path().join("sub/../map.toml")] {
        let (file, map, rejects) = (text(&file), text(&map), text(&rejects));
        let arguments = ["import", "partners", &file, "--map", &map, "--program", "acme", "--rejects", &rejects];
        let output = partnerloop(&database.url, &arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(told(&output).contains("--rejects would overwrite"), "{}", told(&output));
    }
    assert_eq!(
        (std::fs::read_to_string(&file).unwrap(), std::fs::read_to_string(&map).unwrap()),
        (rows.into(), mapping.into())
    );
}

/// `partnerloop schema | head`: the schema is longer than a pipe holds, and nobody reads on.
#[test]
fn what_prints_ends_quietly_when_its_reader_does() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_partnerloop"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output), "");
    assert_eq!(output.status.code(), None, "ended by the signal");
}
