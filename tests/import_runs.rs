//! Imports through the API: the runs, their progress, and decisions about rows that were held.

use crate::support::world::{global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::import::{self, Request};
use chrono::TimeDelta;
use domain::import::Object;
use domain::import::run::ImportRun;
use domain::role::{Action, Role, may};
use serde_json::{Value, json};
use strum::IntoEnumIterator;
use uuid::Uuid;

const HEADER: &str = "id,name,stage,opened,closed,amount,segment,partner,state\n";
const MAP: &str = r#"
[file]
delimiter = ";"
[stages]
Won = "WON"
Lost = "LOST"
[fields]
external_id = "id"
name = "name"
stage = "stage"
opened_on = "opened"
closed_on = "closed"
arr = "amount"
currency = { constant = "USD" }
segment = "segment"
[attribution]
partner = "partner"
state = "state"
otherwise = "direct"
"#;

/// Imports rows into a program of the world, as its REVOPS.
async fn import_into(app: &App, program: Uuid, rows: &str, is_dry_run: bool) -> ImportRun {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    std::fs::write(&path, format!("{HEADER}{rows}").replace(',', ";")).unwrap();
    let caller = somebody(&app.office, program, Role::Revops);
    let request = Request {
        object: Object::Deals,
        file_name: "deals.csv".into(),
        path,
        mapping: MAP.into(),
        mapping_folder: None,
        is_dry_run,
        resume: false,
        is_spooled: false,
        run_id: None,
    };
    import::import(&caller, request, &|_| {}).await.unwrap()
}

pub(crate) async fn import(app: &App, rows: &str) -> ImportRun {
    import_into(app, app.world.home.program, rows, false).await
}

const DECIDED: &str = "replayed row { verdict decided { decision reason seatId at } } run { counts { accepted warned held refused skipped created changed unchanged } }";

async fn decide(app: &App, run: &ImportRun, row: u64, changes: Value) -> Value {
    let mut input = json!({ "runId": global_id("ImportRun", run.id), "rowNumber": row, "reason": "looked at it" });
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    app.as_role(Role::Revops).change("importRowDecide", input, DECIDED).await
}

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("none")).collect()
}

async fn deal(app: &App, external_id: &str) -> Value {
    let document = "query($id: String!) { deals(filter: { externalId: { eq: $id } }) { edges { node { name outcome arr { amount } segment { name } declaration attributions { partner { externalId } state } } } } }";
    let answer = app.as_role(Role::Revops).query_with(document, json!({ "id": external_id })).await;
    answer.data()["deals"]["edges"][0]["node"].clone()
}

#[test]
fn a_held_row_is_mended_and_taken_and_the_run_counts_it() {
    on_every_backend(async |app| {
        let run = import(&app, "X1,One,Won,2026-01-05,2026-06-30,100,Enterprise,P-0,SOURCED\nX2,Two,Gewonnen,2026-01-05,2026-06-30,200,Enterprise,P-9,SOURCED\n").await;
        assert_eq!((run.counts.accepted, run.counts.held), (1, 1));
        // What is still wrong stays held, and every reason is told.
        let half = json!({ "decision": "ACCEPT", "values": [{ "column": "stage", "value": "Won" }] });
        let refused = decide(&app, &run, 3, half).await;
        assert_eq!(rules(&refused), ["IMPORT_ROW_STILL_HELD"], "{refused}");
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().starts_with("UNKNOWN_PARTNER"), "{refused}");
        let nowhere = json!({ "decision": "ACCEPT", "values": [{ "column": "colour", "value": "red" }] });
        assert_eq!(
            decide(&app, &run, 3, nowhere).await["userErrors"][0]["path"],
            json!(["input", "values", "0", "column"])
        );
        assert_eq!(deal(&app, "X2").await, Value::Null);
        let mended = json!({ "decision": "ACCEPT", "idempotencyKey": "k", "values": [{ "column": "Stage", "value": "Won" }, { "column": "partner", "value": "P-1" }] });
        app.clock.advance(TimeDelta::minutes(1));
        let done = decide(&app, &run, 3, mended.clone()).await;
        assert_eq!(done["userErrors"], json!([]), "{done}");
        assert_eq!(done["row"]["verdict"], "ACCEPTED");
        assert_eq!(done["row"]["decided"]["decision"], "ACCEPT");
        let counts = json!({ "accepted": 2, "warned": 0, "held": 0, "refused": 0, "skipped": 0, "created": 2, "changed": 0, "unchanged": 0 });
        assert_eq!(done["run"]["counts"], counts);
        let taken = deal(&app, "X2").await;
        assert_eq!((&taken["outcome"], &taken["arr"]["amount"]), (&json!("WON"), &json!("200.00")));
        assert_eq!(taken["attributions"], json!([{ "partner": { "externalId": "P-1" }, "state": "SOURCED" }]));
        // Once decided it is decided; the same key is the same answer.
        assert_eq!(decide(&app, &run, 3, mended).await["replayed"], true);
        assert_eq!(rules(&decide(&app, &run, 3, json!({ "decision": "SKIP" })).await), ["IMPORT_ROW_NOT_HELD"]);
        let changes = app.as_role(Role::Revops).query("{ changes(first: 1) { edges { node { verb facts } } } }").await;
        let change = &changes.data()["changes"]["edges"][0]["node"];
        assert_eq!(change["verb"], "import.row.decide");
        assert!(change["facts"].as_str().unwrap().contains("looked at it"), "{change}");
        // The quarter was counted anew with it.
        let found = api::usecase::check::check(&app.office, &home(&app).await).await.unwrap();
        assert_eq!(found.differences, Vec::<String>::new());
    });
}

async fn home(app: &App) -> domain::program::Program {
    let all = api::usecase::program::all(&app.office).await.unwrap();
    all.into_iter().find(|program| program.id == app.world.home.program).unwrap()
}

#[test]
fn a_locked_deal_keeps_who_did_what_and_its_segment_whatever_is_decided() {
    on_every_backend(async |app| {
        import(&app, "X1,One,Won,2026-01-05,2026-06-30,100,Enterprise,P-0,SOURCED\n").await;
        app.clock.advance(TimeDelta::hours(1));
        let run = import(&app, "X1,Two,Lost,2026-01-05,2026-06-30,900,Enterprise,P-1,SOURCED\n").await;
        assert_eq!(run.counts.held, 1);
        let before = deal(&app, "X1").await;
        for accept in [
            json!({ "decision": "ACCEPT" }),
            json!({ "decision": "ACCEPT", "values": [{ "column": "partner", "value": "P-0" }] }),
        ] {
            assert_eq!(rules(&decide(&app, &run, 2, accept).await), ["IMPORT_ROW_LOCKED"]);
        }
        assert_eq!(deal(&app, "X1").await, before);
        let kept = decide(&app, &run, 2, json!({ "decision": "KEEP" })).await;
        assert_eq!(
            (&kept["row"]["verdict"], &kept["run"]["counts"]["changed"]),
            (&json!("ACCEPTED"), &json!(1)),
            "{kept}"
        );
        let after = deal(&app, "X1").await;
        assert_eq!(
            (&after["name"], &after["outcome"], &after["arr"]["amount"]),
            (&json!("Two"), &json!("LOST"), &json!("900.00"))
        );
        for held in ["attributions", "declaration", "segment"] {
            assert_eq!(after[held], before[held], "{held}");
        }
    });
}

#[test]
fn an_old_row_does_not_overwrite_what_has_changed_since_and_a_dry_run_is_not_decided() {
    on_every_backend(async |app| {
        import(&app, "X1,One,Won,2026-01-05,2026-06-30,100,Enterprise,P-0,SOURCED\n").await;
        app.clock.advance(TimeDelta::hours(1));
        let old = import(&app, "X1,Old,Won,2026-01-05,2026-06-30,1,Enterprise,P-1,SOURCED\n").await;
        app.clock.advance(TimeDelta::hours(1));
        import(&app, "X1,New,Won,2026-01-05,2026-06-30,2,Enterprise,P-0,SOURCED\n").await;
        assert_eq!(rules(&decide(&app, &old, 2, json!({ "decision": "KEEP" })).await), ["IMPORT_ROW_OVERTAKEN"]);
        assert_eq!(deal(&app, "X1").await["name"], "New");
        let refused = decide(&app, &old, 2, json!({ "decision": "REFUSE" })).await;
        assert_eq!((&refused["row"]["verdict"], &refused["run"]["counts"]["refused"]), (&json!("REFUSED"), &json!(1)));
        let dry =
            import_into(&app, app.world.home.program, "X2,Two,Gewonnen,2026-01-05,2026-06-30,2,Enterprise,,\n", true)
                .await;
        assert_eq!(rules(&decide(&app, &dry, 2, json!({ "decision": "SKIP" })).await), ["IMPORT_NOT_DONE"]);
        let wet = import(&app, "X2,Two,Gewonnen,2026-01-05,2026-06-30,2,Enterprise,,\n").await;
        assert_eq!(
            decide(&app, &wet, 2, json!({ "decision": "SKIP", "reason": " " })).await["userErrors"][0]["path"],
            json!(["input", "reason"])
        );
        let skipped = decide(&app, &wet, 2, json!({ "decision": "SKIP" })).await;
        assert_eq!((&skipped["row"]["verdict"], &skipped["run"]["counts"]["skipped"]), (&json!("SKIPPED"), &json!(1)));
        // Another program's run and a row that was simply accepted are not there.
        let theirs =
            import_into(&app, app.world.rival.program, "X2,Two,Gewonnen,2026-01-05,2026-06-30,2,Enterprise,,\n", false)
                .await;
        assert_eq!(decide(&app, &theirs, 2, json!({ "decision": "SKIP" })).await["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(decide(&app, &wet, 7, json!({ "decision": "SKIP" })).await["userErrors"][0]["code"], "NOT_FOUND");
    });
}

#[test]
fn runs_are_listed_latest_first_in_pages_for_who_may_read_them() {
    on_every_backend(async |app| {
        let mut ids = Vec::new();
        for at in 0..5 {
            app.clock.advance(TimeDelta::minutes(1));
            let rows = format!("X{at},One,Won,2026-01-05,2026-06-30,100,Enterprise,P-0,SOURCED\n");
            ids.push(global_id("ImportRun", import_into(&app, app.world.home.program, &rows, at == 4).await.id));
        }
        import_into(&app, app.world.rival.program, "X9,Theirs,Won,2026-01-05,2026-06-30,1,Enterprise,,\n", false).await;
        ids.reverse();
        let document = "query($first: Int, $after: String, $last: Int, $before: String) { importRuns(first: $first, after: $after, last: $last, before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id state isDryRun object counts { created } } } } }";
        for role in Role::iter() {
            let answer = app.as_role(role).query_with(document, json!({ "first": 2 })).await;
            if !may(role, Action::ReadImports) {
                assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
                continue;
            }
            let seat = app.as_role(role);
            let (mut seen, mut page) = (Vec::new(), answer.data()["importRuns"].clone());
            loop {
                assert_eq!(page["totalCount"], 5, "{role:?}");
                let nodes = page["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]);
                seen.extend(
                    nodes
                        .inspect(|node| {
                            assert_eq!((&node["state"], &node["object"]), (&json!("DONE"), &json!("DEALS")))
                        })
                        .map(|node| node["id"].as_str().unwrap().to_owned()),
                );
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                let after = page["pageInfo"]["endCursor"].clone();
                page =
                    seat.query_with(document, json!({ "first": 2, "after": after })).await.data()["importRuns"].clone();
            }
            assert_eq!(seen, ids, "{role:?}");
            let back = seat.query_with(document, json!({ "last": 1, "before": page["pageInfo"]["startCursor"] })).await;
            assert_eq!(back.data()["importRuns"]["edges"][0]["node"]["id"], json!(ids[3]), "{role:?}");
            let one = seat.query(&format!("{{ importRun(id: \"{}\") {{ isDryRun fileName counts {{ rowsRead accepted }} rows {{ totalCount edges {{ node {{ rowNumber }} }} }} }} }}", ids[0])).await;
            let expected = json!({ "isDryRun": true, "fileName": "deals.csv", "counts": { "rowsRead": 1, "accepted": 1 }, "rows": { "totalCount": 0, "edges": [] } });
            assert_eq!(one.data()["importRun"], expected, "{role:?}");
        }
    });
}

/// The events of a subscription as an event stream, to its end.
async fn events(app: &App, role: Role, run: &str) -> (u16, String) {
    let body = json!({ "query": format!("subscription {{ importProgress(runId: \"{run}\") {{ runId state bytesRead fileBytes counts {{ rowsRead accepted created }} }} }}") });
    let request = app.client().post(app.url("/graphql")).header("accept", "text/event-stream").json(&body);
    let response = app.as_role(role).authorize(request).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[test]
fn an_upload_is_followed_to_its_end_by_who_may_read_imports() {
    on_every_backend(async |app| {
        use base64::Engine as _;
        let file = format!("{HEADER}X1,One,Won,2026-01-05,2026-06-30,100,Enterprise,P-0,SOURCED\n").replace(',', ";");
        let map = base64::engine::general_purpose::STANDARD.encode(MAP);
        let request = app.client().post(app.url("/imports/deals")).header("x-partnerloop-mapping", map).body(file);
        let answer: Value = app.as_role(Role::Revops).authorize(request).send().await.unwrap().json().await.unwrap();
        let run = answer["id"].as_str().unwrap();
        for role in Role::iter() {
            let (status, text) = events(&app, role, run).await;
            if !may(role, Action::ReadImports) {
                assert!(status == 400 || text.contains("GRAPHQL_VALIDATION_FAILED"), "{role:?} {status} {text}");
                continue;
            }
            let last = text
                .lines()
                .filter_map(|line| line.strip_prefix("data: "))
                .rfind(|line| line.contains("importProgress"));
            let last: Value = serde_json::from_str(last.unwrap_or_else(|| panic!("{role:?}: {text}"))).unwrap();
            let progress = &last["data"]["importProgress"];
            assert_eq!((&progress["runId"], &progress["state"]), (&answer["id"], &json!("DONE")), "{role:?} {text}");
            assert_eq!(progress["counts"], json!({ "rowsRead": 1, "accepted": 1, "created": 1 }), "{role:?}");
            assert_eq!(progress["bytesRead"], progress["fileBytes"], "{role:?}");
            assert!(text.contains("event: complete"), "{role:?} {text}");
        }
        // Of another program's run, as of one that never was, nothing is told.
        let theirs =
            import_into(&app, app.world.rival.program, "X9,Theirs,Won,2026-01-05,2026-06-30,1,Enterprise,,\n", false)
                .await;
        let (_, theirs) = events(&app, Role::Revops, &global_id("ImportRun", theirs.id)).await;
        let (_, never) = events(&app, Role::Revops, &global_id("ImportRun", Uuid::from_u128(7))).await;
        assert_eq!(theirs, never);
        assert!(!theirs.contains("importProgress"), "{theirs}");
    });
}

#[test]
fn a_refused_upload_names_its_request() {
    on_every_backend(async |app| {
        let request = app.client().post(app.url("/imports/deals")).header("x-request-id", "mine").body("x");
        let answer = app.as_role(Role::Finance).authorize(request).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["x-request-id"].to_str().unwrap()), (403, "mine"));
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["requestId"], "mine");
    });
}
