//! Whoever edits the ledger behind the server's back is found by `verify`, and whoever edits a fact by `check`.

use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::world::somebody;
use crate::support::{App, on_every_backend};
use api::usecase::commit::commit;
use api::usecase::ledger::{digest, export, seal, verify};
use api::usecase::signing::{Purpose, SigningKey, generate};
use api::usecase::{check, program};
use domain::import::Object;
use domain::ledger::EntryKind;
use domain::ledger::checkpoint::{Checkpoint, PublicKey};
use domain::ledger::export::{Line, Reader};
use domain::program::Program;
use domain::role::{Action, Role};
use entity::Store;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::json;
use uuid::Uuid;

async fn run(store: &Store, sql: &str, values: impl IntoIterator<Item = Value>) -> u64 {
    let conn = store.write();
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    conn.execute_raw(statement).await.unwrap().rows_affected()
}

async fn home(app: &App) -> Program {
    program::all(app).await.unwrap().into_iter().find(|it| it.id == app.world.home.program).unwrap()
}

fn key(app: &App) -> PublicKey {
    app.office.ledger.as_ref().unwrap().public()
}

async fn findings(app: &App, held: Vec<Checkpoint>) -> Vec<String> {
    let verified = verify::verify(app, &home(app).await, vec![key(app)], held).await.unwrap();
    verified.findings.named
}

async fn latest(app: &App) -> entity::ledger_checkpoint::Kept {
    entity::ledger_checkpoint::find(app.store.read(), app.world.home.program, None).await.unwrap().unwrap()
}

#[test]
fn an_edited_row_of_the_ledger_is_found_and_named() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let id: Value = app.world.home.program.into();
        assert_eq!(findings(&app, vec![]).await, Vec::<String>::new());
        // Each edit of one column of the fourth entry, found and undone.
        let edits: [(&str, Value); 6] = [
            ("body", r#"{"declaration":"DIRECT"}"#.into()),
            ("salt", vec![7_u8; 16].into()),
            ("kind", "OPENING".into()),
            ("seat_id", Uuid::from_u128(9).into()),
            ("subject_id", Uuid::from_u128(9).into()),
            ("recorded_at", app.clock.now().checked_add_days(chrono::Days::new(1)).into()),
        ];
        for (column, value) in edits {
            let keep = format!(
                "CREATE TABLE kept AS SELECT {column} AS kept FROM ledger_entry WHERE program_id = $1 AND sequence = 3"
            );
            let keep = keep.replace("$1", &literal(&app));
            run(&app.store, &keep, []).await;
            let edit = format!("UPDATE ledger_entry SET {column} = $2 WHERE program_id = $1 AND sequence = 3");
            assert_eq!(run(&app.store, &edit, [id.clone(), value]).await, 1);
            let found = findings(&app, vec![]).await;
            assert_eq!(found.len(), 1, "{column}: {found:?}");
            assert!(found[0].contains("number 3") && found[0].contains("its row was changed"), "{column}: {found:?}");
            let undo = format!(
                "UPDATE ledger_entry SET {column} = (SELECT kept FROM kept) WHERE program_id = $1 AND sequence = 3"
            );
            run(&app.store, &undo, [id.clone()]).await;
            run(&app.store, "DROP TABLE kept", []).await;
            assert_eq!(findings(&app, vec![]).await, Vec::<String>::new(), "{column}");
        }
        // A row that cannot even be read is named as well.
        run(
            &app.store,
            "UPDATE ledger_entry SET kind = 'NONSENSE' WHERE program_id = $1 AND sequence = 3",
            [id.clone()],
        )
        .await;
        let found = findings(&app, vec![]).await;
        assert!(found.len() == 1 && found[0].contains("number 3"), "{found:?}");
    });
}

/// The program's id as both back ends spell it in a statement without parameters.
fn literal(app: &App) -> String {
    let id = app.world.home.program;
    if app.store.is_sqlite() { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
}

#[test]
fn entries_that_change_places_are_found() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let id: Value = app.world.home.program.into();
        for (from, to) in [(3_i64, 999_999_i64), (4, 3), (999_999, 4)] {
            let sql = "UPDATE ledger_entry SET sequence = $3 WHERE program_id = $1 AND sequence = $2";
            run(&app.store, sql, [id.clone(), from.into(), to.into()]).await;
        }
        let found = findings(&app, vec![]).await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("number 3") && found[1].contains("number 4"), "{found:?}");
        // One that is moved behind the end is missed where it was, and found where it is.
        let sql = "UPDATE ledger_entry SET sequence = 5000 WHERE program_id = $1 AND sequence = 5";
        run(&app.store, sql, [id.clone()]).await;
        let found = findings(&app, vec![]).await;
        assert!(found.iter().any(|it| it.contains("entry number 5 is missing")), "{found:?}");
        assert!(found.iter().any(|it| it.contains("5000")), "{found:?}");
    });
}

#[test]
fn a_deleted_entry_and_its_leaf_are_missed() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let id: Value = app.world.home.program.into();
        // The first entry that names a partner: which of one instant's entries that is differs from run to run.
        let sql = "SELECT MIN(e.sequence) AS place FROM ledger_entry e JOIN ledger_entry_partner p
                   ON p.program_id = e.program_id AND p.entry_id = e.id WHERE e.program_id = $1";
        let conn = app.store.read();
        let asked = Statement::from_sql_and_values(conn.get_database_backend(), sql, [id.clone()]);
        let place: i64 = conn.query_one_raw(asked).await.unwrap().unwrap().try_get("", "place").unwrap();
        let sql = "DELETE FROM ledger_entry_partner WHERE program_id = $1 AND entry_id = (SELECT id FROM ledger_entry WHERE program_id = $1 AND sequence = $2)";
        run(&app.store, sql, [id.clone(), place.into()]).await;
        let found = findings(&app, vec![]).await;
        assert!(found.len() == 1 && found[0].contains("is open to other partners than it names"), "{found:?}");
        let sql = "DELETE FROM ledger_entry WHERE program_id = $1 AND sequence = $2";
        run(&app.store, sql, [id.clone(), place.into()]).await;
        let found = findings(&app, vec![]).await;
        assert!(found.len() == 1 && found[0].contains(&format!("entry number {place} is missing")), "{found:?}");
        // With its leaf gone too, the checkpoint says that the log was another.
        let leaf = i64::try_from(domain::ledger::tree::leaf_position(place.try_into().unwrap())).unwrap();
        run(&app.store, "DELETE FROM ledger_node WHERE program_id = $1 AND position = $2", [id, leaf.into()]).await;
        let found = findings(&app, vec![]).await;
        assert!(found.iter().any(|it| it.contains("are not those of its checkpoint")), "{found:?}");
    });
}

#[test]
fn an_end_that_was_cut_off_is_found_against_an_older_checkpoint() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let first = latest(&app).await;
        let revops = app.as_role(Role::Revops);
        let made = revops
            .change(
                "dealCreate",
                json!({ "facts": { "name": "Late", "kind": "NEW", "openedOn": "2026-09-01" } }),
                "deal { id }",
            )
            .await;
        revops
            .change("attributionDeclare", json!({ "dealId": made["deal"]["id"], "direct": true }), "deal { id }")
            .await;
        seal::seal_all(&app).await.unwrap();
        let held = Checkpoint::open(&latest(&app).await.note, &[key(&app)]).unwrap();
        assert_eq!((held.size, findings(&app, vec![held.clone()]).await), (first.size + 1, vec![]));
        let (id, size): (Value, i64) = (app.world.home.program.into(), first.size.try_into().unwrap());
        let leaf = i64::try_from(domain::ledger::tree::leaf_position(first.size)).unwrap();
        for (sql, at) in [
            ("DELETE FROM ledger_entry WHERE program_id = $1 AND sequence >= $2", size),
            ("DELETE FROM ledger_node WHERE program_id = $1 AND position >= $2", leaf),
            ("UPDATE ledger_log SET size = $2 WHERE program_id = $1", size),
        ] {
            run(&app.store, sql, [id.clone(), at.into()]).await;
        }
        let found = findings(&app, vec![]).await;
        assert!(found.len() == 1 && found[0].contains("its own checkpoint says"), "{found:?}");
        run(&app.store, "DELETE FROM ledger_checkpoint WHERE program_id = $1 AND size > $2", [id, size.into()]).await;
        assert_eq!(findings(&app, vec![]).await, Vec::<String>::new(), "the database alone can no longer tell");
        let found = findings(&app, vec![held]).await;
        assert!(found.len() == 1 && found[0].contains("its end was cut off"), "{found:?}");
    });
}

#[test]
fn a_forged_checkpoint_and_a_foreign_key_are_found() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let kept = latest(&app).await;
        let right = Checkpoint::open(&kept.note, &[key(&app)]).unwrap();
        let foreign = SigningKey::from_pem(Purpose::Mint, &generate().unwrap()).unwrap().ledger();
        let verified = verify::verify(&app, &home(&app).await, vec![foreign.public()], vec![]).await.unwrap();
        assert!(verified.findings.named[0].contains("signed by none of the ledger's keys"), "{verified:?}");
        let own = app.office.ledger.clone().unwrap();
        let root = domain::ledger::tree::leaf(b"forged");
        let other = Checkpoint { program_id: app.world.rival.program, ..right.clone() };
        for (note, says) in [
            (foreign.sign(&right), "signed by none"),
            (kept.note.replacen(&right.root.to_string(), &root.to_string(), 1), "signature is wrong"),
            (own.sign(&Checkpoint { root, ..right.clone() }), "are not those of its checkpoint"),
            (own.sign(&other), "is of another program"),
            ("nonsense".into(), "malformed"),
        ] {
            let sql = "UPDATE ledger_checkpoint SET note = $2 WHERE program_id = $1";
            run(&app.store, sql, [app.world.home.program.into(), note.into()]).await;
            let found = findings(&app, vec![]).await;
            assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}");
        }
    });
}

#[test]
fn an_export_is_verified_offline_and_an_edited_one_is_not() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let mut lines: Vec<String> = Vec::new();
        let keep = |line: &Line| {
            lines.push(serde_json::to_string(line).unwrap());
            Ok::<_, api::usecase::Failure>(())
        };
        export::export(&app, &home(&app).await, keep).await.unwrap();
        let verdict = |lines: &[String], keys: Option<Vec<PublicKey>>| {
            let mut reader = Reader::new(keys, vec![]);
            lines.iter().try_for_each(|line| reader.line(line)).and_then(|()| reader.finish())
        };
        for keys in [None, Some(vec![key(&app)])] {
            let verified = verdict(&lines, keys).unwrap();
            assert_eq!((verified.findings.count, verified.unsigned, verified.checkpoints), (0, 0, 1), "{verified:?}");
            assert_eq!(verified.entries, 36);
        }
        let edited = |at: usize, edit: &dyn Fn(&str) -> String| {
            let mut lines = lines.clone();
            lines[at] = edit(&lines[at]);
            verdict(&lines, Some(vec![key(&app)])).unwrap().findings.named
        };
        let found = edited(5, &|line| line.replace("SOURCED", "INFLUENCED").replace("DIRECT", "PARTNERS"));
        assert!(found.len() == 1 && found[0].contains("number 4"), "{found:?}");
        let found = edited(5, &|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["body"] = "{}".into();
            line["leaf"] = serde_json::Value::Null;
            line.to_string()
        });
        assert!(found.len() == 1 && found[0].contains("are not those of its checkpoint"), "{found:?}");
        let mut cut = lines.clone();
        cut.remove(5);
        assert!(verdict(&cut, None).unwrap().findings.named[0].contains("entry number 4 is missing"));
        assert!(verdict(&lines[..lines.len() - 1], None).unwrap().findings.named[0].contains("cut off"));
        assert!(verdict(&[], None).is_err() && verdict(&lines[1..], None).is_err());
    });
}

#[test]
fn an_edited_fact_is_found_against_its_entry() {
    on_every_backend(async |app| {
        let program = home(&app).await;
        let (shared, direct) = (app.world.home.shared, app.world.home.direct[0]);
        assert_eq!(check::check(&app, &program).await.unwrap().differences, Vec::<String>::new());
        let found = async |sql: &str| {
            run(&app.store, sql, [program.id.into(), shared.into()]).await;
            let found = check::check(&app, &program).await.unwrap().differences;
            found.into_iter().filter(|it| it.contains("ATTRIBUTION_LOCKED")).collect::<Vec<_>>()
        };
        let edit = "UPDATE attribution_entry SET evidence = 'another' WHERE program_id = $1 AND deal_id = $2";
        let named = found(edit).await;
        assert!(named.len() == 1 && named[0].contains(&shared.to_string()), "{named:?}");
        assert!(
            named[0].contains("entry ") && named[0].contains("another") && named[0].contains("introduced"),
            "{named:?}"
        );
        let undo = "UPDATE attribution_entry SET evidence = 'introduced' WHERE program_id = $1 AND deal_id = $2";
        assert_eq!(found(undo).await, Vec::<String>::new());
        for edit in [
            "UPDATE deal SET segment_id = NULL WHERE program_id = $1 AND id = $2",
            "UPDATE attribution_entry SET state = 'ACCELERATED' WHERE program_id = $1 AND deal_id = $2 AND state = 'INFLUENCED'",
            "UPDATE deal SET locked_at = NULL WHERE program_id = $1 AND id = $2",
            "DELETE FROM attribution_entry WHERE program_id = $1 AND deal_id = $2",
        ] {
            assert_eq!(found(edit).await.len(), 1, "{edit}");
        }
        // A lock whose entry was taken away is found by what is left of it.
        let sql = "DELETE FROM ledger_entry WHERE program_id = $1 AND subject_id = $2";
        run(&app.store, sql, [program.id.into(), direct.into()]).await;
        let found = check::check(&app, &program).await.unwrap().differences;
        assert!(found.iter().any(|it| it.contains(&format!("deal {direct} is locked, but no entry"))), "{found:?}");
    });
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

#[tokio::test]
async fn an_imported_lock_that_is_edited_is_found_and_what_a_dispute_changed_is_not() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let office = &bench.caller.office;
        let program = program::all(office).await.unwrap().remove(0);
        let rows: String = (0..40).map(|at| format!("D{at},WON,2025-01-10,2025-03-01,S,P{}\n", at % 3)).collect();
        let (file, map) = (
            bench.file("deals.csv", &format!("id,outcome,opened,closed,segment,partner\n{rows}")),
            bench.file("map.toml", MAP),
        );
        bench.import(Object::Deals, &file, &map).await;
        office.clock.advance(chrono::TimeDelta::minutes(1));
        let (more, map) = (bench.file("more.csv", "id,outcome,opened,closed,segment,partner\nE1,WON,2025-01-10,2025-03-01,S,P1\nE2,WON,2025-01-10,2025-03-01,S,\n"), bench.file("map.toml", MAP));
        bench.import(Object::Deals, &more, &map).await;
        let differences = async || check::check(office, &program).await.unwrap().differences;
        assert_eq!(differences().await, Vec::<String>::new(), "{backend}");

        let one = "SELECT id FROM deal WHERE external_id = 'D7'";
        let edit = async |sql: &str| run(&office.store, &sql.replace("DEAL", one), []).await;
        edit("UPDATE attribution_entry SET state = 'INFLUENCED' WHERE deal_id = (DEAL)").await;
        let found = differences().await;
        let named: Vec<&String> = found.iter().filter(|it| it.contains("(IMPORT of ImportRun")).collect();
        assert!(named.len() == 1 && named[0].contains("40 deals then, 40 now"), "{backend}: {found:?}");
        edit("UPDATE attribution_entry SET state = 'SOURCED' WHERE deal_id = (DEAL)").await;
        assert_eq!(differences().await, Vec::<String>::new(), "{backend}");

        // A dispute is opened and decided, each with its entry: the import's digest still holds, and so does the decision.
        let conn = office.store.read();
        let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), one)).await.unwrap().unwrap();
        let deal: Uuid = row.try_get("", "id").unwrap();
        let enter = async |kind, sql: Option<&str>| {
            office.clock.advance(chrono::TimeDelta::minutes(1));
            commit(&bench.caller, Action::ManageDeals, None, async |work| {
                if let Some(sql) = sql {
                    let statement = Statement::from_sql_and_values(work.tx.get_database_backend(), sql, [deal.into()]);
                    work.tx.execute_raw(statement).await?;
                }
                work.enter(kind, "Deal", deal, &[], json!({ "reason": "the evidence says so" }));
                Ok(deal)
            })
            .await
            .unwrap();
        };
        enter(EntryKind::DisputeOpened, None).await;
        enter(EntryKind::AttributionAmended, Some("UPDATE deal SET version = version + 1 WHERE id = $1")).await;
        assert_eq!(differences().await, Vec::<String>::new(), "{backend}");
        enter(EntryKind::DisputeDecided, Some("UPDATE attribution_entry SET state = 'ACCELERATED' WHERE deal_id = $1"))
            .await;
        let found: Vec<String> = differences().await.into_iter().filter(|it| it.contains("entry ")).collect();
        assert_eq!(found, Vec::<String>::new(), "{backend}");
        edit("UPDATE attribution_entry SET state = 'SOURCED' WHERE deal_id = (DEAL)").await;
        let found = differences().await;
        assert!(found.iter().any(|it| it.contains("(DISPUTE_DECIDED of Deal")), "{backend}: {found:?}");
        // One that loses its lock is missed in the digest.
        run(&office.store, "UPDATE deal SET locked_at = NULL WHERE external_id = 'E2'", []).await;
        let found = differences().await;
        assert!(found.iter().any(|it| it.contains("2 deals then, 1 now")), "{backend}: {found:?}");
    }
}

#[test]
fn what_stood_before_the_ledger_gets_an_opening_entry_that_it_is_held_against() {
    on_every_backend(async |app| {
        for table in ["ledger_entry_partner", "ledger_entry"] {
            run(&app.store, &format!("DELETE FROM {table}"), []).await;
        }
        let program = home(&app).await;
        digest::open_all(&app).await.unwrap();
        digest::open_all(&app).await.unwrap();
        let entries = "{ ledgerEntries { totalCount edges { node { kind facts } } } }";
        let answer = app.as_role(Role::Revops).query(entries).await;
        assert_eq!(answer.data()["ledgerEntries"]["totalCount"], 1);
        assert_eq!(answer.data()["ledgerEntries"]["edges"][0]["node"]["kind"], "OPENING");
        let differences = async || check::check(&app, &program).await.unwrap().differences;
        assert_eq!(differences().await, Vec::<String>::new());
        // What is locked from now on has an entry of its own, and changes nothing of the opening.
        app.clock.advance(chrono::TimeDelta::minutes(1));
        let revops = somebody(&app, program.id, Role::Revops);
        let facts = api::usecase::deal::Facts {
            name: Some("New".into()),
            opened_on: Some("2026-09-01".parse().unwrap()),
            ..api::usecase::deal::Facts::default()
        };
        api::usecase::deal::create(&revops, facts, None).await.unwrap();
        assert_eq!(differences().await, Vec::<String>::new());
        let sql = "UPDATE attribution_entry SET evidence = 'another' WHERE program_id = $1 AND deal_id = $2";
        run(&app.store, sql, [program.id.into(), app.world.home.shared.into()]).await;
        let found = differences().await;
        assert!(found.len() == 1 && found[0].contains("(OPENING of Program"), "{found:?}");
    });
}

/// Whatever an entry states: a registration, a Primary Sale, a tier, a version of the policy, something published.
#[test]
fn an_edited_row_of_any_kind_is_found_against_its_entry() {
    on_every_backend(async |app| {
        let check = async || check::check(&app, &home(&app).await).await.unwrap().differences;
        let row = crate::registration::approved(&app, "https://stated.example.org").await;
        crate::registration::commit_rep(&app, &row["deal"]["id"]).await;
        let revops = app.as_role(Role::Revops);
        let draft = json!({ "title": "t", "values": { "slaFirstTouchBusinessHours": 3 } });
        let draft = revops.change("policyDraft", draft, "draft { id version }").await;
        let input = json!({ "draftId": draft["draft"]["id"], "activeFrom": "2026-10-06", "reason": "slower" });
        let activated = revops.change("policyActivate", input, "policy { version }").await;
        assert_eq!(activated["userErrors"], json!([]), "{draft} {activated}");
        let partner = crate::support::world::global_id("Partner", app.world.home.partners[0]);
        let tier = json!({ "partnerId": partner, "tier": "TEST", "reason": "new" });
        let tier = app.as_role(Role::Operator).change("tierDecide", tier, "tierDecision { id }").await;
        assert_eq!(tier["userErrors"], json!([]), "{tier}");
        assert_eq!(check().await, Vec::<String>::new());
        for (table, edit, undo, kind, entry) in [
            ("registration", "state = 'REFUSED'", "state = 'APPROVED'", "Registration", "REGISTRATION_APPROVED"),
            (
                "registration",
                "problem = 'x'",
                "problem = 'Returns take weeks.'",
                "Registration",
                "REGISTRATION_APPROVED",
            ),
            ("primary_sale", "note = 'x'", "note = NULL", "PrimarySale", "PRIMARY_SALE_LOGGED"),
            ("tier_decision", "tier = 'INVEST'", "tier = 'TEST'", "TierDecision", "TIER_DECIDED"),
            ("policy", "reason = 'x'", "reason = 'slower'", "Policy", "POLICY_ACTIVATED"),
        ] {
            let more = match table {
                "policy" => " AND version > 1",
                "registration" => " AND domain = 'example.org'",
                _ => "",
            };
            let set = |what: &str| format!("UPDATE {table} SET {what} WHERE program_id = {}{more}", literal(&app));
            assert!(run(&app.store, &set(edit), []).await > 0, "{table}");
            let found = check().await;
            assert_eq!(found.len(), 1, "{table} {edit}: {found:?}");
            assert!(
                found[0].contains(kind) && found[0].contains(entry) && found[0].contains("its row was changed"),
                "{found:?}"
            );
            run(&app.store, &set(undo), []).await;
            assert_eq!(check().await, Vec::<String>::new(), "{table} {undo}");
        }
        // One that is gone, and one that no entry tells of.
        run(&app.store, &format!("DELETE FROM tier_decision WHERE program_id = {}", literal(&app)), []).await;
        let found = check().await;
        assert!(found.len() == 1 && found[0].contains("is gone"), "{found:?}");
    });
}
