//! A file of partners after a file of deals that had only their names: nobody is doubled, and nothing is guessed.

use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use api::usecase::import::{self, Request};
use domain::import::run::ImportRun;
use domain::import::{Code, Object, Verdict};

const DEALS: &str = "id,outcome,opened,closed,amount,partner,state\n\
                     D1,WON,2026-01-05,2026-03-31,100,Northwind Traders,SOURCED\n\
                     D2,WON,2026-01-05,2026-03-31,200,Fabrikam,SOURCED\n\
                     D3,WON,2026-01-05,2026-03-31,300,Twin,SOURCED\n";

const DEALS_MAP: &str = r#"
create_missing = true
[fields]
external_id = "id"
outcome = "outcome"
opened_on = "opened"
closed_on = "closed"
arr = "amount"
currency = { constant = "USD" }
[attribution]
partner_name = "partner"
state = "state"
otherwise = "direct"
"#;

const PARTNERS_MAP: &str = "[fields]\nexternal_id = \"id\"\nname = \"name\"\nkind = \"kind\"\n";

async fn not_simply_taken(bench: &Bench, run: &ImportRun) -> Vec<(u64, Verdict, Vec<Code>)> {
    let verdicts = [Verdict::Warned, Verdict::Held, Verdict::Refused];
    let rows = import::list::rows(&bench.caller, run.id, &verdicts, 0, 100).await.unwrap();
    rows.into_iter().map(|row| (row.row_number, row.verdict, row.problems.iter().map(|it| it.code).collect())).collect()
}

#[tokio::test]
async fn a_partner_that_was_made_by_its_name_is_adopted_and_not_doubled() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let map = bench.file("deals.toml", DEALS_MAP);
        bench.import(Object::Deals, &bench.file("deals.csv", DEALS), &map).await;
        let count = "SELECT CAST(COUNT(*) AS bigint) FROM partner";
        assert_eq!(bench.number(count).await, 3, "{backend}");
        let map = bench.file("partners.toml", PARTNERS_MAP);
        // The name is read without regard to case; a new one beside it is made.
        let first =
            bench.file("1.csv", "id,name,kind\nP-1,NORTHWIND TRADERS,RESELLER\nP-2,Contoso,MSP\nP-3,Fabrikam,ISV\n");
        let dry = bench
            .try_import(Request { is_dry_run: true, ..Bench::request(Object::Partners, &first, &map) })
            .await
            .unwrap();
        assert_eq!((dry.counts.created, dry.counts.changed, dry.counts.warned), (1, 2, 2), "{backend}");
        let run = bench.import(Object::Partners, &first, &map).await;
        let counts = run.counts;
        assert_eq!((counts.created, counts.changed, counts.accepted, counts.warned), (1, 2, 1, 2), "{backend}");
        let adopted = |row| (row, Verdict::Warned, vec![Code::PartnerAdopted]);
        for run in [&dry, &run] {
            assert_eq!(not_simply_taken(&bench, run).await, [adopted(2), adopted(4)], "{backend}");
        }
        assert_eq!(bench.number(count).await, 4, "{backend}");
        let kept = "SELECT CAST(COUNT(*) AS bigint) FROM attribution a JOIN partner p ON p.program_id = a.program_id AND p.id = a.partner_id \
                    WHERE p.external_id = 'P-1' AND p.kind = 'RESELLER' AND p.version = 2";
        assert_eq!(bench.number(kept).await, 1, "{backend}: it keeps its deal");
        // The same files again change nothing.
        let before = bench.fingerprint().await;
        assert_eq!(bench.import(Object::Partners, &first, &map).await.counts.unchanged, 3, "{backend}");
        let deals = bench.file("deals.toml", DEALS_MAP);
        assert_eq!(bench.import(Object::Deals, &bench.file("deals.csv", DEALS), &deals).await.counts.unchanged, 3);
        assert_eq!(bench.fingerprint().await, before, "{backend}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_say_which_partner_it_is_holds_the_row() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let map = bench.file("deals.toml", DEALS_MAP);
        bench.import(Object::Deals, &bench.file("deals.csv", DEALS), &map).await;
        let map = bench.file("partners.toml", PARTNERS_MAP);
        bench.import(Object::Partners, &bench.file("1.csv", "id,name,kind\nP-2,Contoso,MSP\n"), &map).await;
        let before = bench.fingerprint().await;
        // Contoso has an id of its own, and two rows are called Twin.
        let second = bench.file("2.csv", "id,name,kind\nP-9,Contoso,MSP\nT-1,Twin,ISV\nT-2,twin,MSP\n");
        let run = bench.import(Object::Partners, &second, &map).await;
        assert_eq!((run.counts.held, run.counts.created, run.counts.changed), (3, 0, 0), "{backend}");
        let held = |row| (row, Verdict::Held, vec![Code::PartnerNameTaken]);
        assert_eq!(not_simply_taken(&bench, &run).await, [held(2), held(3), held(4)], "{backend}");
        let rows = import::list::rows(&bench.caller, run.id, &[Verdict::Held], 0, 1).await.unwrap();
        let problem = &rows[0].problems[0];
        assert_eq!((problem.column.as_deref(), problem.value.as_deref()), (Some("name"), Some("Contoso")));
        assert!(problem.message.contains("\"P-2\""), "{}", problem.message);
        assert_eq!(bench.fingerprint().await, before, "{backend}");
    }
}
