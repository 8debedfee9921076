//! An import that is killed leaves nothing half-written, and goes on where it stopped.

use crate::support::database::{Backend, Database};
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: usize = 12_000;

const MAP: &str = r#"
create_missing = true
[fields]
external_id = "id"
outcome = "outcome"
opened_on = "opened"
closed_on = "closed"
arr = "amount"
currency = { constant = "USD" }
segment = "segment"
[attribution]
partner = "partner"
state = { constant = "SOURCED" }
otherwise = "direct"
"#;

fn partnerloop(database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partnerloop"));
    command.env("DATABASE_URL", &database.url).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn number(url: &str, sql: &str) -> i64 {
    let store = Store::connect(url, 2).await.unwrap();
    let conn = store.read();
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_leaves_nothing_half_written_and_goes_on() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let folder = tempfile::tempdir().unwrap();
        let (file, map) = (folder.path().join("deals.csv"), folder.path().join("map.toml"));
        let mut text = String::from("id,outcome,opened,closed,amount,segment,partner\n");
        for row in 0..ROWS {
            let partner = if row % 3 == 0 { "P1" } else { "" };
            writeln!(
                text,
                "D{row},{},2025-01-10,2025-0{}-01,{row}.25,S{},{partner}",
                if row % 2 == 0 { "WON" } else { "LOST" },
                row % 9 + 1,
                row % 5
            )
            .unwrap();
        }
        std::fs::write(&file, text.replace("2025-01-01", "2025-01-20")).unwrap();
        std::fs::write(&map, MAP).unwrap();
        let made = partnerloop(&database).args(["program", "create", "acme"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let import = || {
            let mut command = partnerloop(&database);
            command.args([
                "import",
                "deals",
                file.to_str().unwrap(),
                "--map",
                map.to_str().unwrap(),
                "--program",
                "acme",
            ]);
            command
        };
        // Killed as soon as some rows are set aside, wherever it is by then.
        let mut child = import().spawn().unwrap();
        let began = Instant::now();
        loop {
            let read =
                number(&database.url, "SELECT CAST(COALESCE(MAX(rows_read), 0) AS bigint) FROM import_run").await;
            if read > 0 || child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{backend}: it never began");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(number(&database.url, "SELECT CAST(COUNT(*) AS bigint) FROM deal").await, 0, "{backend}");
        assert_eq!(number(&database.url, "SELECT data_version FROM program").await, 0, "{backend}");
        let before = number(&database.url, "SELECT CAST(MAX(rows_read) AS bigint) FROM import_run").await;
        assert!(
            before > 0 && number(&database.url, "SELECT CAST(COUNT(*) AS bigint) FROM import_run").await == 1,
            "{backend}"
        );

        let done = import().arg("--resume").output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{backend}: {said}{}", String::from_utf8_lossy(&done.stderr));
        let counts: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!((&counts["rows"], &counts["created"]), (&ROWS.into(), &ROWS.into()), "{backend} {counts}");
        assert_eq!(
            number(&database.url, "SELECT CAST(COUNT(*) AS bigint) FROM import_run").await,
            1,
            "{backend}: the same run"
        );
        assert_eq!(
            number(&database.url, "SELECT CAST(COUNT(*) AS bigint) FROM deal").await,
            i64::try_from(ROWS).unwrap()
        );
        assert_eq!(number(&database.url, "SELECT CAST(COUNT(*) AS bigint) FROM import_staged").await, 0);
        let check = partnerloop(&database).args(["check", "--program", "acme"]).output().unwrap();
        assert!(
            check.status.success(),
            "{backend}: {}{}",
            String::from_utf8_lossy(&check.stdout),
            String::from_utf8_lossy(&check.stderr)
        );
    }
}
