//! Sealing: each entry once, whoever does it and whatever happens in between; and the command line that verifies it.

use crate::support::database::{Backend, Database};
use crate::support::on_every_backend;
use crate::support::world::somebody;
use api::usecase::commit::commit;
use api::usecase::ledger::seal;
use api::usecase::{Caller, Office, program};
use domain::ledger::EntryKind;
use domain::role::{Action, Role};
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use uuid::Uuid;

async fn number(store: &Store, sql: &str) -> i64 {
    let conn = store.read();
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn enter(caller: &Caller) {
    commit(caller, Action::ManageDeals, None, async |work| {
        let id = work.id();
        work.enter(EntryKind::Approval, "Program", id, &[], json!({ "of": "something" }));
        Ok(id)
    })
    .await
    .unwrap();
}

/// Every entry has one place, the places have no gap, and the log is as long as they are many.
async fn assert_sealed_once(store: &Store) {
    let entries = number(store, "SELECT CAST(COUNT(*) AS bigint) FROM ledger_entry").await;
    let sealed = "SELECT CAST(COUNT(*) AS bigint) FROM ledger_entry e JOIN ledger_log l ON l.program_id = e.program_id AND e.sequence BETWEEN 0 AND l.size - 1";
    assert_eq!(number(store, sealed).await, entries);
    assert_eq!(number(store, "SELECT CAST(SUM(size) AS bigint) FROM ledger_log").await, entries);
}

async fn assert_verified(office: &Office) {
    let keys = vec![office.ledger.as_ref().unwrap().public()];
    for program in program::all(office).await.unwrap() {
        let verified = api::usecase::ledger::verify::verify(office, &program, keys.clone(), vec![]).await.unwrap();
        assert_eq!((verified.findings.named, verified.waiting), (vec![], 0), "{}", program.slug);
    }
}

#[test]
fn sealers_at_once_give_each_entry_one_place_while_writers_go_on() {
    on_every_backend(async |app| {
        let caller = somebody(&app, app.world.home.program, Role::Revops);
        let writers = (0..4).map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move {
                for _ in 0..15 {
                    enter(&caller).await;
                }
            })
        });
        let sealers = (0..4).map(|_| {
            let office = app.office.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    seal::seal_all(&office).await.unwrap();
                }
            })
        });
        for task in writers.chain(sealers).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        seal::seal_all(&app).await.unwrap();
        assert_sealed_once(&app.store).await;
        assert_verified(&app).await;
    });
}

#[test]
fn an_entry_whose_transaction_commits_late_is_not_passed_over() {
    on_every_backend(async |app| {
        // SQLite has one writer: nobody can commit past an open transaction.
        if app.store.is_sqlite() {
            return;
        }
        let caller = somebody(&app, app.world.home.program, Role::Revops);
        let entry = |id| domain::ledger::Entry {
            id,
            program_id: app.world.home.program,
            kind: EntryKind::Approval,
            subject_type: "Program".into(),
            subject_id: id,
            partners: vec![app.world.home.partners[0]],
            body: "{}".into(),
            salt: domain::ledger::Salt([1; 16]),
            seat_id: Uuid::nil(),
            recorded_at: app.clock.now() - chrono::TimeDelta::days(900),
            sequence: None,
        };
        let late = app.store.begin().await.unwrap();
        entity::ledger_entry::insert(&late, &[entry(Uuid::from_u128(1))]).await.unwrap();
        // A writer and a sealer pass by without waiting for it.
        enter(&caller).await;
        seal::seal_all(&app).await.unwrap();
        late.commit().await.unwrap();
        enter(&caller).await;
        seal::seal_all(&app).await.unwrap();
        assert_sealed_once(&app.store).await;
        assert_verified(&app).await;
        // And one that is rolled back was never there.
        let undone = app.store.begin().await.unwrap();
        entity::ledger_entry::insert(&undone, &[entry(Uuid::from_u128(2))]).await.unwrap();
        undone.rollback().await.unwrap();
        seal::seal_all(&app).await.unwrap();
        assert_sealed_once(&app.store).await;
    });
}

fn partnerloop(database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partnerloop"));
    command.env("DATABASE_URL", &database.url).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_seals_loses_nothing() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let office = office(&database).await;
        let caller = Caller::system(office.clone(), program::all(&office).await.unwrap()[0].id);
        // More than one batch, so that there is a time between two of them.
        for _ in 0..30 {
            commit(&caller, Action::ManageDeals, None, async |work| {
                let id = work.id();
                for _ in 0..100 {
                    work.enter(EntryKind::Approval, "Program", id, &[], json!({ "of": "something" }));
                }
                Ok(id)
            })
            .await
            .unwrap();
        }
        let mut child = partnerloop(&database);
        let mut child = child
            .args(["demo", "--no-seed", "--db", &database.url, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while number(&office.store, "SELECT CAST(COALESCE(SUM(size), 0) AS bigint) FROM ledger_log").await == 0 {
            assert!(began.elapsed() < Duration::from_secs(120), "{backend}: it never sealed");
            assert!(child.try_wait().unwrap().is_none(), "{backend}: it ended by itself");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        seal::seal_all(&office).await.unwrap();
        assert_sealed_once(&office.store).await;
        assert_eq!(number(&office.store, "SELECT CAST(COUNT(*) AS bigint) FROM ledger_entry").await, 3000);
        // The demo's key is the database's, so the command line finds it there.
        let verified = partnerloop(&database).args(["ledger", "verify"]).output().unwrap();
        assert!(verified.status.success(), "{backend}: {}", said(&verified));
    }
}

/// An office that signs, over a program.
async fn office(database: &Database) -> Office {
    let store = Store::connect(&database.url, 4).await.unwrap();
    let office = api::auth::demo(Office::new(store, api::clock::Clock::system())).await.unwrap().office;
    let new = program::New {
        slug: "acme".into(),
        name: "Acme".into(),
        currency: "USD".into(),
        zone: "UTC".into(),
        fiscal_start_month: 1,
    };
    program::create(&office, new).await.unwrap();
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_and_verifies_offline() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let office = office(&database).await;
        let acme = program::all(&office).await.unwrap().remove(0);
        let caller = Caller::system(office.clone(), acme.id);
        for _ in 0..3 {
            enter(&caller).await;
        }
        seal::seal_all(&office).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let key = json!({ "keys": [office.ledger.as_ref().unwrap().public_jwk()] });
        let key = write("jwks.json", &key.to_string());
        let exported = partnerloop(&database).args(["ledger", "export", "--program", "acme"]).output().unwrap();
        assert!(exported.status.success(), "{backend}: {}", said(&exported));
        let text = String::from_utf8(exported.stdout).unwrap();
        let nowhere = Database::fresh(Backend::Sqlite);
        let verify = |args: &[&str]| partnerloop(&nowhere).args(["ledger", "verify"]).args(args).output().unwrap();
        let file = write("acme.jsonl", &text);
        let verified = verify(&[&file, "--key", &key]);
        assert!(
            verified.status.success() && said(&verified).contains("3 entries, 1 checkpoints"),
            "{}",
            said(&verified)
        );
        let edited = write("edited.jsonl", &text.replacen("something", "anything!", 1));
        let verified = verify(&[&edited, "--key", &key]);
        assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
        assert!(
            said(&verified).contains("number 0") && said(&verified).contains("its row was changed"),
            "{}",
            said(&verified)
        );

        // A receipt, with the key alone.
        let ask = entity::page::Ask { limit: 1, ..Default::default() };
        let page = api::usecase::ledger::read::receipts(&caller, &Default::default(), &ask).await.unwrap();
        let receipt = serde_json::to_string(&page.rows[0].receipt).unwrap();
        let good = write("receipt.json", &receipt);
        let verified = verify(&["--receipt", &good, "--key", &key]);
        assert!(verified.status.success() && said(&verified).contains("proven"), "{}", said(&verified));
        let bad = write("bad.json", &receipt.replacen("APPROVAL", "PAYOUT", 1));
        assert_eq!(verify(&["--receipt", &bad, "--key", &key]).status.code(), Some(1));
        assert!(
            verify(&[&file, "--key", &key, "--checkpoint", &good]).status.success(),
            "a receipt holds a checkpoint"
        );
    }
}
