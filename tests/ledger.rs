//! The ledger: entries are written with what they record.

use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::on_every_backend;
use api::usecase::ledger::seal;
use domain::import::Object;
use domain::role::Role;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

/// The bodies of a kind's entries about a subject, in the order they were written.
async fn bodies(conn: &impl ConnectionTrait, kind: &str, subject: Uuid) -> Vec<Value> {
    let sql = "SELECT body FROM ledger_entry WHERE kind = $1 AND subject_id = $2 ORDER BY recorded_at, id";
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [kind.into(), subject.into()]);
    let rows = conn.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.try_get::<String>("", "body").unwrap()).unwrap()).collect()
}

#[test]
fn a_lock_is_entered_with_each_partners_part_and_the_fact_as_it_stands() {
    on_every_backend(async |app| {
        let home = &app.world.home;
        let entries = bodies(app.store.read(), "ATTRIBUTION_LOCKED", home.shared).await;
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        let partners = entry["partners"].as_array().unwrap();
        assert_eq!(partners.len(), 2);
        assert!(partners.iter().any(|it| it["partnerId"] == json!(home.partners[0]) && it["state"] == "SOURCED"));
        let fact = &entry["inside"]["fact"];
        assert_eq!((&fact["declaration"], &fact["segmentId"]), (&json!("PARTNERS"), &json!(home.segment)));
        assert_eq!(fact["attributions"].as_array().unwrap().len(), 2);
        let direct = bodies(app.store.read(), "ATTRIBUTION_LOCKED", home.direct[0]).await;
        assert_eq!(direct[0]["partners"], json!([]));
        // A declaration before Stage 1 is an entry of its own, and the lock that follows is another.
        let revops = app.as_role(Role::Revops);
        let made = revops
            .change(
                "dealCreate",
                json!({ "facts": { "name": "Early", "kind": "NEW", "openedOn": "2026-09-01" } }),
                "deal { id }",
            )
            .await;
        let id = made["deal"]["id"].clone();
        let deal = global_uuid(id.as_str().unwrap());
        revops.change("attributionDeclare", json!({ "dealId": id, "direct": true }), "deal { id }").await;
        assert_eq!(bodies(app.store.read(), "ATTRIBUTION_DECLARED", deal).await.len(), 1);
        let stages = revops.query("{ program { stages { id crmName } } }").await;
        let stage = stages.data()["program"]["stages"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["crmName"] == "Qualified")
            .unwrap()["id"]
            .clone();
        revops.change("dealAdvance", json!({ "id": id, "stageId": stage }), "deal { id }").await;
        let locked = bodies(app.store.read(), "ATTRIBUTION_LOCKED", deal).await;
        assert_eq!(locked.len(), 1);
        assert!(locked[0]["inside"]["fact"]["lockedAt"].is_string());
    });
}

fn global_uuid(id: &str) -> Uuid {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id).unwrap();
    String::from_utf8(plain).unwrap().split_once(':').unwrap().1.parse().unwrap()
}

const MAP: &str = r#"
create_missing = true
[fields]
external_id = "id"
outcome = "outcome"
opened_on = "opened"
closed_on = "closed"
segment = "segment"
[attribution]
partner = "partner"
state = { constant = "SOURCED" }
otherwise = "direct"
"#;

const DEALS: &str =
    "id,outcome,opened,closed,segment,partner\nD1,WON,2025-01-10,2025-03-01,S,P1\nD2,LOST,2025-01-10,2025-03-01,S,\n";

#[tokio::test]
async fn an_import_is_one_entry_with_the_hash_of_its_file_and_a_digest_of_what_it_locked() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let (file, map) = (bench.file("deals.csv", DEALS), bench.file("map.toml", MAP));
        let run = bench.import(Object::Deals, &file, &map).await;
        let entries = bodies(bench.caller.office.store.read(), "IMPORT", run.id).await;
        let [entry] = entries.as_slice() else { panic!("{backend}: {entries:?}") };
        assert_eq!((&entry["fileSha256"], &entry["object"]), (&json!(run.file_sha256), &json!("DEALS")), "{backend}");
        assert_eq!(entry["inside"]["locked"]["deals"], 2, "{backend}");
        // The same file again changes nothing, and says nothing.
        bench.import(Object::Deals, &file, &map).await;
        assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM ledger_entry").await, 1, "{backend}");
    }
}

#[test]
fn what_waits_is_sealed_once_and_the_log_is_signed() {
    on_every_backend(async |app| {
        let program = app.world.home.program;
        let count = async |sql: &str| {
            let conn = app.store.read();
            let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [program.into()]);
            conn.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        let entries = count("SELECT CAST(COUNT(*) AS bigint) FROM ledger_entry WHERE program_id = $1").await;
        seal::seal_all(&app).await.unwrap();
        seal::seal_all(&app).await.unwrap();
        assert_eq!(count("SELECT size FROM ledger_log WHERE program_id = $1").await, entries);
        let places = "SELECT CAST(COUNT(DISTINCT sequence) AS bigint) FROM ledger_entry WHERE program_id = $1 AND sequence < (SELECT size FROM ledger_log WHERE program_id = $1)";
        assert_eq!(count(places).await, entries);
        assert_eq!(count("SELECT CAST(COUNT(*) AS bigint) FROM ledger_checkpoint WHERE program_id = $1").await, 1);
    });
}
