//! A file after what was declared and valued here: kinds, rates and attributions that it does not rewrite.

use crate::attribution::Stand;
use crate::facts::codes;
use crate::import::small_map;
use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::on_every_backend;
use api::usecase::Caller;
use api::usecase::import::{self, Request};
use chrono::TimeDelta;
use domain::import::decision::Decision;
use domain::import::{Code, Object, Verdict};
use domain::role::Role;
use serde_json::{Value, json};

/// A file that does not name the kind leaves it as it is; one that names another for a declared deal is held, and KEEP takes the rest.
#[tokio::test]
async fn the_kind_of_a_declared_deal_does_not_change_by_import() {
    const NAMED: &str = "id,stage,opened,closed,type,partner,state\n\
        D1,Won,2026-01-05,2026-03-31,EXPANSION,,\nD2,Won,2026-01-05,2026-03-31,RENEWAL,P1,EXPANSION_OR_RETENTION\n\
        D3,Open,2026-01-05,,NEW,,\n";
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let map = |kind: &str, otherwise: &str| {
            let text = small_map().replace("name = \"name\"\n", "").replace("segment = \"segment\"\n", "");
            let text = text.replace("arr = \"amount\"\n", "").replace("currency = { constant = \"USD\" }\n", kind);
            text.replace("otherwise = \"direct\"", &format!("otherwise = \"{otherwise}\""))
        };
        let named = bench.file("named.toml", &map("kind = \"type\"\n", "direct"));
        assert_eq!(
            bench.import(Object::Deals, &bench.file("1.csv", NAMED), &named).await.counts.created,
            3,
            "{backend}"
        );
        let kinds = "SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE (external_id = 'D1' AND kind = 'EXPANSION')
                     OR (external_id = 'D2' AND kind = 'RENEWAL') OR (external_id = 'D3' AND kind = 'NEW')";
        assert_eq!(bench.number(kinds).await, 3, "{backend}");
        let unnamed = bench.file("unnamed.toml", &map("", "direct"));
        let again = bench.import(Object::Deals, &bench.file("1.csv", NAMED), &unnamed).await;
        assert_eq!((again.counts.unchanged, again.counts.held), (3, 0), "{backend}");
        assert_eq!(bench.number(kinds).await, 3, "{backend}");
        let other = NAMED.replace("2026-03-31,EXPANSION", "2026-03-30,NEW").replace("RENEWAL", "EXPANSION");
        let run = bench.import(Object::Deals, &bench.file("2.csv", &other), &named).await;
        assert_eq!((run.counts.unchanged, run.counts.held), (1, 2), "{backend}");
        let listed = import::list::rows(&bench.caller, run.id, &[Verdict::Held], 0, 10).await.unwrap();
        let codes: Vec<_> = listed.iter().flat_map(|row| &row.problems).map(|problem| problem.code).collect();
        assert_eq!(codes, [Code::LockedKind, Code::LockedKind], "{backend}");
        let ruling = import::decide::Ruling {
            run_id: run.id,
            row_number: 2,
            decision: Decision::Keep,
            mended: Vec::new(),
            reason: "the kind is right as it is".into(),
        };
        import::decide::decide(&bench.caller, ruling, None).await.unwrap();
        assert_eq!(bench.number(kinds).await, 3, "{backend}");
        let day = "SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE external_id = 'D1' AND closed_on = '2026-03-30'";
        assert_eq!(bench.number(day).await, 1, "{backend}");
    }
}

/// 100 EUR, 300 of TCV and 10 of services at 1.1, and at 1.5 in the quarter of the close, which a file of stages alone tells.
#[tokio::test]
async fn a_file_of_stages_that_closes_a_deal_takes_the_rate_of_that_quarter() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let program = api::usecase::program::all(&bench.caller.office).await.unwrap().remove(0).id;
        let finance = crate::support::world::somebody(&bench.caller.office, program, domain::role::Role::Finance);
        let rate = async |quarter: &str, rate: &str| {
            let (quarter, currency) = (quarter.parse().unwrap(), "EUR".parse().unwrap());
            api::usecase::spend::set_rate(&finance, quarter, currency, rate.parse().unwrap(), None, None)
                .await
                .unwrap();
        };
        rate("2026-Q4", "1.1").await;
        let map = small_map().replace("constant = \"USD\"", "constant = \"EUR\"");
        let map = map.replace("arr = \"amount\"", "arr = \"amount\"\ntcv = \"tcv\"\nservices = \"services\"");
        let file = "id,name,stage,opened,closed,amount,tcv,services,segment,partner,state\nD1,One,Open,2026-01-05,,100,300,10,SMB,,\n";
        let map = bench.file("map.toml", &map);
        assert_eq!(bench.import(Object::Deals, &bench.file("1.csv", file), &map).await.counts.created, 1, "{backend}");
        let amounts = async || {
            let mut all = Vec::new();
            for column in ["arr_minor", "tcv_minor", "services_minor"] {
                all.push(bench.number(&format!("SELECT {column} FROM deal")).await);
            }
            all
        };
        assert_eq!(amounts().await, [11_000, 33_000, 1_100], "{backend}");
        let stages = "create_missing = true\n[stages]\nWon = \"WON\"\n[fields]\nexternal_id = \"id\"\nstage = \"stage\"\nopened_on = \"opened\"\n\
                      closed_on = \"closed\"\n[attribution]\notherwise = \"unknown\"\n";
        let map = bench.file("stages.toml", stages);
        let closed = bench.file("2.csv", "id,stage,opened,closed\nD1,Won,2026-01-05,2026-09-30\n");
        let run = bench.import(Object::Deals, &closed, &map).await;
        assert_eq!((run.counts.changed, run.counts.held), (0, 1), "{backend}: there is no rate");
        rate("2026-Q3", "1.5").await;
        assert_eq!(bench.import(Object::Deals, &closed, &map).await.counts.changed, 1, "{backend}");
        assert_eq!(amounts().await, [15_000, 45_000, 1_500], "{backend}");
    }
}

/// "Declared when a deal enters Stage 1 and locked": what was declared here stays declared here, whatever a file repeats of it; a file that
/// says otherwise is held; one that takes the deal past Stage 1 locks it, and is held where a contest is open; one without stages
/// does not move it; and a file of stages that takes a deal up again takes its close away.
#[test]
fn what_was_declared_here_is_neither_taken_over_nor_passed_by_a_file() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let system = Caller::system(app.office.clone(), app.world.home.program);
        let folder = tempfile::tempdir().unwrap();
        let file = async |columns: &str, attribution: &str, row: &str| {
            let path = folder.path().join("deals.csv");
            std::fs::write(&path, format!("{columns}\n{row}\n")).unwrap();
            let fields: Vec<String> = columns.split(',').map(|name| format!("{name} = \"{name}\"")).collect();
            let fields = fields.join("\n").replace("partner = \"partner\"\n", "").replace("state = \"state\"", "");
            let mapping = format!("[fields]\n{fields}\n[attribution]\n{attribution}");
            let request = Request {
                object: Object::Deals,
                file_name: "deals.csv".into(),
                path,
                mapping,
                mapping_folder: None,
                is_dry_run: false,
                resume: false,
                is_spooled: false,
                run_id: None,
            };
            let run = import::import(&system, request, &|_| {}).await.unwrap();
            let held = import::list::rows(&system, run.id, &[Verdict::Held], 0, 10).await.unwrap();
            let codes: Vec<Code> = held.iter().flat_map(|row| &row.problems).map(|problem| problem.code).collect();
            (run.counts.changed, run.counts.unchanged, codes)
        };
        let own = async |name: &str| {
            let deal = stand.deal(name, true).await;
            let facts = json!({ "id": deal, "facts": { "externalId": name } });
            assert_eq!(codes(&stand.revops.change("dealUpdate", facts, "replayed").await), Vec::<&str>::new());
            stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
            stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await;
            deal
        };
        let read = async |deal: &Value| {
            let query = "query($id: ID!) { deal(id: $id) { lockedAt outcome closedOn closedQuarter gate { state } attributions { state provenance } } }";
            stand.revops.query_with(query, json!({ "id": deal })).await.data()["deal"].clone()
        };
        let credits = "partner = \"partner\"\nstate = \"state\"\notherwise = \"direct\"\n";
        let unknown = "otherwise = \"unknown\"\n";
        let deal = own("D-1").await;
        let mine = json!([{ "state": "SOURCED", "provenance": "DECLARED" }]);
        // The same again, and otherwise.
        let columns = "external_id,opened_on,outcome,partner,state";
        assert_eq!(file(columns, credits, "D-1,2026-09-01,OPEN,P-0,SOURCED").await.2, []);
        let it = read(&deal).await;
        assert_eq!(
            (&it["attributions"], &it["lockedAt"], &it["gate"]["state"]),
            (&mine, &Value::Null, &json!("AWAITING"))
        );
        assert_eq!(file(columns, credits, "D-1,2026-09-01,OPEN,P-0,INFLUENCED").await.2, [Code::LockedAttribution]);
        assert_eq!(file(columns, credits, "D-1,2026-09-01,OPEN,,").await.2, [Code::LockedAttribution]);
        // Past Stage 1 while a claim is contested, and after that was taken back.
        let stages = "external_id,opened_on,stage,closed_on";
        let contest = json!({ "dealId": deal, "partners": [stand.claim(0, "INFLUENCED")], "evidence": "The mail." });
        let contest = app.as_role(Role::PartnerManager).change("disputeOpen", contest, "dispute { id }").await;
        assert_eq!(file(stages, unknown, "D-1,2026-09-01,Won,2026-10-02").await, (0, 0, vec![Code::LockRefused]));
        assert_eq!(read(&deal).await["outcome"], "OPEN");
        let uphold = json!({ "id": contest["dispute"]["id"], "outcome": "UPHELD", "reason": "It stands." });
        assert_eq!(codes(&stand.revops.change("disputeDecide", uphold, "replayed").await), Vec::<&str>::new());
        assert_eq!(file(stages, unknown, "D-1,2026-09-01,Won,2026-10-02").await, (1, 0, vec![]));
        let it = read(&deal).await;
        assert!(it["lockedAt"].is_string() && it["outcome"] == "WON" && it["attributions"] == mine, "{it}");
        // Taken up again by a file without a close.
        assert_eq!(file("external_id,opened_on,stage", unknown, "D-1,2026-09-01,Qualified").await.0, 1);
        let it = read(&deal).await;
        assert_eq!(
            (&it["outcome"], &it["closedOn"], &it["closedQuarter"]),
            (&json!("OPEN"), &Value::Null, &Value::Null)
        );
        // A file without stages does not move what stands before Stage 1.
        let early = own("D-2").await;
        assert_eq!(file("external_id,opened_on,outcome,name", unknown, "D-2,2026-09-01,OPEN,Early").await.0, 1);
        assert_eq!(read(&early).await["lockedAt"], Value::Null);
        for program in api::usecase::program::all(&app.office).await.unwrap() {
            let found = api::usecase::check::check(&app.office, &program).await.unwrap();
            assert!(found.differences.is_empty(), "{:?}", found.differences);
        }
    });
}
