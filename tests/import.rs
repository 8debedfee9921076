//! Importing through the use case, on every back end: what is written, what is not, and what a second time changes.

use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::{real_data, tree};
use api::usecase::import::rejects;
use chrono::TimeDelta;
use domain::import::Object;
use domain::import::run::RunState;
use std::path::PathBuf;

fn nasty(name: &str) -> PathBuf {
    tree::root().join("tests/data/nasty").join(name)
}

fn example(name: &str) -> PathBuf {
    tree::root().join("docs/import").join(name)
}

#[tokio::test]
async fn the_nasty_file_keeps_what_is_good_and_a_second_time_changes_nothing() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        bench.import(Object::Partners, &nasty("partners.csv"), &nasty("partners.toml")).await;
        let run = bench.import(Object::Deals, &nasty("nasty.csv"), &nasty("mapping.toml")).await;
        let counts = run.counts;
        assert_eq!((run.state, counts.rows_read, counts.skipped), (RunState::Done, 80, 3), "{backend}");
        assert_eq!(counts.accepted + counts.warned + counts.held + counts.refused + counts.skipped, 80, "{backend}");
        assert_eq!(counts.created + counts.superseded, counts.accepted + counts.warned, "{backend}");
        assert_eq!(
            bench.number("SELECT CAST(COUNT(*) AS bigint) FROM deal").await,
            i64::try_from(counts.created).unwrap()
        );
        let before = bench.fingerprint().await;
        bench.caller.office.clock.advance(TimeDelta::minutes(5));
        let again = bench.import(Object::Deals, &nasty("nasty.csv"), &nasty("mapping.toml")).await.counts;
        assert_eq!((again.created, again.changed, again.unchanged), (0, 0, counts.created), "{backend}");
        assert_eq!((again.held, again.refused), (counts.held, counts.refused), "{backend}");
        assert_eq!(bench.fingerprint().await, before, "{backend}");
    }
}

#[tokio::test]
async fn the_rows_that_are_only_accepted_sum_exactly() {
    let wanted: Vec<usize> = real_data::rows(&nasty("expected_accept_only.csv"))
        .iter()
        .map(|row| row["data_row"].parse().unwrap())
        .collect();
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        bench.import(Object::Partners, &nasty("partners.csv"), &nasty("partners.toml")).await;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(nasty("nasty.csv")).unwrap();
        let mut writer = csv::Writer::from_path(bench.folder.path().join("accepted.csv")).unwrap();
        writer.write_record(reader.headers().unwrap()).unwrap();
        for (at, record) in reader.records().enumerate().filter(|(at, _)| wanted.contains(&(at + 1))) {
            writer.write_record(&record.unwrap_or_else(|why| panic!("{at}: {why}"))).unwrap();
        }
        drop(writer);
        let run = bench.import(Object::Deals, &bench.folder.path().join("accepted.csv"), &nasty("mapping.toml")).await;
        assert_eq!((run.counts.accepted, run.counts.created, run.counts.rows_read), (21, 21, 21), "{backend}");
        let count = |what: &'static str| bench.number(what);
        let co_sell = "SELECT CAST(COUNT(*) AS bigint) FROM deal d WHERE EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND a.state <> 'EXPANSION_OR_RETENTION')";
        assert_eq!(count(co_sell).await, 18);
        assert_eq!(
            count(
                "SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE declaration = 'DIRECT' AND outcome IN ('WON', 'LOST')"
            )
            .await,
            2
        );
        assert_eq!(
            count("SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE declaration = 'DIRECT' AND outcome = 'WON'").await,
            1
        );
        assert_eq!(count("SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE kind = 'EXPANSION'").await, 1);
        assert_eq!(count("SELECT CAST(SUM(arr_minor) AS bigint) FROM deal WHERE outcome = 'WON'").await, 18_000_000);
        assert_eq!(count("SELECT CAST(COUNT(*) AS bigint) FROM account").await, 2);
    }
}

#[tokio::test]
async fn rows_that_were_not_taken_come_back_as_they_were_and_can_be_sent_again() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        bench.import(Object::Partners, &nasty("partners.csv"), &nasty("partners.toml")).await;
        let run = bench.import(Object::Deals, &nasty("nasty.csv"), &nasty("mapping.toml")).await;
        let mut text = String::new();
        let mut file = rejects::open(&bench.caller, run.id).await.unwrap();
        while let Some(piece) = file.next().await.unwrap() {
            text.push_str(&piece);
        }
        assert!(text.contains(r#""$1,234.56",USD,2025-01-10,2025-03-01,"#), "{backend}");
        let again = bench.import(Object::Deals, &bench.file("rejects.csv", &text), &nasty("mapping.toml")).await;
        assert_eq!((again.counts.held, again.counts.refused), (run.counts.held, run.counts.refused), "{backend}");
        // Mended, one row more is taken.
        let mended = text.replace(r#""1,500",USD"#, "1500,USD");
        let third = bench.import(Object::Deals, &bench.file("mended.csv", &mended), &nasty("mapping.toml")).await;
        assert_eq!((third.counts.created, third.counts.refused), (1, run.counts.refused - 1), "{backend}");
    }
}

#[tokio::test]
async fn real_files_import_whole_and_twice() {
    let Some(data) = real_data::folder() else { return };
    for backend in Backend::all() {
        for (map, partners) in [("skygeni-m1.toml", 1), ("skygeni-m2.toml", 2)] {
            let bench = Bench::new(Database::fresh(backend)).await;
            let file = data.join("skygeni/upload/skygeni_sales_data.csv");
            let dry = bench
                .try_import(api::usecase::import::Request {
                    is_dry_run: true,
                    ..Bench::request(Object::Deals, &file, &example(map))
                })
                .await
                .unwrap();
            assert_eq!(
                (
                    dry.counts.accepted,
                    dry.counts.created,
                    bench.number("SELECT CAST(COUNT(*) AS bigint) FROM deal").await
                ),
                (5000, 5000, 0)
            );
            let run = bench.import(Object::Deals, &file, &example(map)).await;
            assert_eq!(
                (run.counts.accepted, run.counts.created, run.made.partners.len()),
                (5000, 5000, partners),
                "{backend} {map}"
            );
            let before = bench.fingerprint().await;
            bench.caller.office.clock.advance(TimeDelta::days(1));
            let again = bench.import(Object::Deals, &file, &example(map)).await;
            assert_eq!((again.counts.unchanged, bench.fingerprint().await), (5000, before), "{backend} {map}");
        }
        let bench = Bench::new(Database::fresh(backend)).await;
        for name in ["sales_teams.csv", "accounts.csv", "products.csv"] {
            std::fs::copy(data.join("maven/upload").join(name), bench.folder.path().join(name)).unwrap();
        }
        let map = bench.file("maven.toml", &std::fs::read_to_string(example("maven-deals.toml")).unwrap());
        bench.import(Object::Accounts, &data.join("maven/upload/accounts.csv"), &example("maven-accounts.toml")).await;
        let run = bench.import(Object::Deals, &data.join("maven/upload/sales_pipeline.csv"), &map).await;
        assert_eq!(
            (run.counts.created, run.counts.warned, run.counts.held, run.counts.refused),
            (8800, 500, 0, 0),
            "{backend}"
        );
        let before = bench.fingerprint().await;
        bench.caller.office.clock.advance(TimeDelta::days(1));
        let again = bench.import(Object::Deals, &data.join("maven/upload/sales_pipeline.csv"), &map).await;
        assert_eq!(
            (again.counts.unchanged, bench.fingerprint().await),
            (8800, before),
            "{backend}: a defaulted opening day stays"
        );
        let won = "SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE outcome = 'WON' AND declaration = 'DIRECT'";
        assert_eq!(bench.number(won).await, 4238);
    }
}

const HEADER: &str = "id,name,stage,opened,closed,amount,segment,partner,state\n";

pub(crate) fn small_map() -> &'static str {
    r#"
create_missing = true
[stages]
Open = "OPEN"
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
"#
}

#[tokio::test]
async fn a_later_file_changes_outcome_money_and_dates_and_holds_attribution_and_segment() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let map = bench.file("map.toml", small_map());
        let first = format!(
            "{HEADER}D1,One,Open,2026-01-05,2026-12-01,100,SMB,P1,SOURCED\nD2,Two,Open,2026-01-05,,200,SMB,,\nD3,Three,Won,2026-01-05,2026-03-31,300,SMB,,\n"
        );
        let run = bench.import(Object::Deals, &bench.file("1.csv", &first), &map).await;
        assert_eq!(run.counts.created, 3, "{backend}");
        assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM deal WHERE expected_close_on = '2026-12-01' AND closed_on IS NULL").await, 1);
        let second = format!(
            "{HEADER}D1,One,Won,2026-01-05,2026-06-30,150.50,SMB,P1,SOURCED\nD2,Two,Open,2026-01-05,,200,SMB,P1,INFLUENCED\nD3,Three,Won,2026-01-05,2026-03-31,300,Enterprise,,\n"
        );
        let run = bench.import(Object::Deals, &bench.file("2.csv", &second), &map).await;
        assert_eq!((run.counts.changed, run.counts.held, run.counts.accepted), (1, 2, 1), "{backend}");
        assert_eq!(
            bench
                .number("SELECT arr_minor FROM deal WHERE external_id = 'D1' AND outcome = 'WON' AND cycle_days = 176")
                .await,
            15_050
        );
        assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM attribution").await, 1);
        let mut text = String::new();
        let mut file = rejects::open(&bench.caller, run.id).await.unwrap();
        while let Some(piece) = file.next().await.unwrap() {
            text.push_str(&piece);
        }
        assert!(text.contains("LOCKED_ATTRIBUTION") && text.contains("LOCKED_SEGMENT"), "{text}");
        assert!(text.contains("D3,Three,Won,2026-01-05,2026-03-31,300,Enterprise,,"), "{text}");
    }
}

#[tokio::test]
async fn a_repeated_id_is_read_as_the_mapping_says() {
    let rows = format!(
        "{HEADER}D1,One,Won,2026-01-05,2026-03-01,100,SMB,,\nD2,Two,Won,2026-01-05,2026-03-01,1,SMB,,\nD1,One,Lost,2026-01-05,2026-03-02,900,SMB,,\n"
    );
    for backend in Backend::all() {
        for (repeated, arr, counts) in
            [("last", 90_000, (2, 1, 0, 0)), ("first", 10_000, (2, 0, 0, 1)), ("refuse", 10_000, (2, 0, 1, 0))]
        {
            let bench = Bench::new(Database::fresh(backend)).await;
            let map = bench.file("map.toml", &format!("repeated = \"{repeated}\"\n{}", small_map()));
            let run = bench.import(Object::Deals, &bench.file("1.csv", &rows), &map).await;
            let it = run.counts;
            assert_eq!((it.accepted, it.warned, it.refused, it.skipped), counts, "{backend} {repeated}");
            assert_eq!(
                bench.number("SELECT arr_minor FROM deal WHERE external_id = 'D1'").await,
                arr,
                "{backend} {repeated}"
            );
            assert_eq!(it.created, 2);
        }
    }
}

#[tokio::test]
async fn a_broken_file_changes_nothing() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        bench.import(Object::Partners, &nasty("partners.csv"), &nasty("partners.toml")).await;
        let before = bench.fingerprint().await;
        for name in [
            "unbalanced_quote.csv",
            "utf8_one_bad_byte.csv",
            "missing_required_column.csv",
            "duplicate_headers.csv",
            "empty.csv",
            "xlsx_renamed.csv",
            "html_as_csv.csv",
        ] {
            let file = nasty("files").join(name);
            assert!(
                bench.try_import(Bench::request(Object::Deals, &file, &nasty("mapping.toml"))).await.is_err(),
                "{name}"
            );
            assert_eq!(bench.fingerprint().await, before, "{backend} {name}");
        }
        assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM import_staged").await, 0);
        assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM import_run WHERE state = 'FAILED'").await, 7);
    }
}

#[tokio::test]
async fn spend_activities_and_accounts_come_in_too() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        bench.import(Object::Partners, &nasty("partners.csv"), &nasty("partners.toml")).await;
        let spend = bench.file("spend.csv", "id,partner,date,category,amount\nS1,P-1,2026-02-03,Marketing,1000.50\nS2,P-1,2026-05-03,Dinner,5\nS3,P-9,2026-05-03,MDF,5\nS4,P-2,2026-05-03,MDF,-5\n");
        let map = bench.file("spend.toml", "[fields]\nexternal_id = \"id\"\npartner = \"partner\"\ndate = \"date\"\namount = \"amount\"\ncurrency = { constant = \"USD\" }\ncategory = { column = \"category\", map = { Marketing = \"JOINT_MARKETING\", MDF = \"MDF\" } }\n");
        let run = bench.import(Object::Spend, &spend, &map).await;
        assert_eq!((run.counts.created, run.counts.held, run.counts.refused), (1, 2, 1), "{backend}");
        assert_eq!(bench.number("SELECT amount_minor FROM spend_line WHERE quarter = 2026 * 4").await, 100_050);
        let accounts = bench
            .file("accounts.csv", "id,name,web,seg\nA1,Acme,https://www.acme.co.uk/x,SMB\nA2,Beta,not a domain,SMB\n");
        let map = bench.file("accounts.toml", "create_missing = true\n[fields]\nexternal_id = \"id\"\nname = \"name\"\ndomain = \"web\"\nsegment = \"seg\"\n");
        let run = bench.import(Object::Accounts, &accounts, &map).await;
        assert_eq!((run.counts.created, run.counts.refused), (1, 1), "{backend}");
        assert_eq!(
            bench.number("SELECT CAST(COUNT(*) AS bigint) FROM account WHERE registrable_domain = 'acme.co.uk'").await,
            1
        );
        let activities = bench.file("acts.csv", "id,account,partner,type,when,joint\nX1,A1,P-1,Meeting,2026-03-01T10:00:00Z,Y\nX2,A7,P-1,Meeting,2026-03-01,N\nX3,,,Call,2026-03-01,N\n");
        let map = bench.file("acts.toml", "source_system = \"salesforce\"\n[fields]\nexternal_id = \"id\"\naccount = \"account\"\npartner = \"partner\"\nkind = \"type\"\nhappened_at = \"when\"\nis_joint_meeting = \"joint\"\n");
        let run = bench.import(Object::Activities, &activities, &map).await;
        assert_eq!((run.counts.created, run.counts.held, run.counts.refused), (1, 1, 1), "{backend}");
        let again = bench.import(Object::Activities, &activities, &map).await;
        assert_eq!((again.counts.unchanged, again.counts.held), (1, 1), "{backend}");
        // When the CRM recorded it is kept; not before it happened, and a day without a time is its end.
        let recorded = bench.file("recorded.csv", "id,account,type,when,recorded\nR1,A1,Intro,2026-03-01T10:00:00Z,2026-03-03T10:00:00Z\nR2,A1,Intro,2026-03-01,2026-03-02\nR3,A1,Intro,2026-03-02,2026-03-01\nR4,A1,Intro,2026-03-02,2026-12-01\nR5,A1,Intro,2026-03-02,\n");
        let map = bench.file("recorded.toml", "[fields]\nexternal_id = \"id\"\naccount = \"account\"\nkind = { column = \"type\", map = { Intro = \"INTRODUCTION\" } }\nhappened_at = \"when\"\nrecorded_at = \"recorded\"\n");
        let run = bench.import(Object::Activities, &recorded, &map).await;
        assert_eq!((run.counts.created, run.counts.refused), (3, 2), "{backend}");
        for (id, at) in [("R1", "2026-03-03T10:00:00Z"), ("R2", "2026-03-03T00:00:00Z"), ("R5", "2026-11-22T12:00:00Z")]
        {
            let (slice, conn) = (bench.caller.viewer.slice().unwrap(), bench.caller.office.store.read());
            let found = entity::import_bulk::activity::of_external_ids(conn, &slice, &[id]).await.unwrap();
            assert_eq!(found[0].recorded_at, at.parse::<chrono::DateTime<chrono::Utc>>().unwrap(), "{backend} {id}");
        }
    }
}

/// ARR is 12 times the monthly number, rounded after that: 33.335 a month is 400.02 to the cent (12 times 33.34 would be 400.08), and
/// 0.0042 is 0.0504, rounded to 0.05 with a warning.
#[tokio::test]
async fn arr_is_derived_as_twelve_times_a_monthly_column() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let text = small_map().replace(r#"arr = "amount""#, r#"arr = { column = "amount", times = 12 }"#);
        let rows = format!(
            "{HEADER}D1,One,Won,2026-01-05,2026-03-31,100,SMB,,\nD2,Two,Won,2026-01-05,2026-03-31,33.335,SMB,,\nD3,Three,Won,2026-01-05,2026-03-31,0.0042,SMB,,\n"
        );
        let run = bench.import(Object::Deals, &bench.file("1.csv", &rows), &bench.file("map.toml", &text)).await;
        assert_eq!((run.counts.accepted, run.counts.warned), (2, 1), "{backend}");
        for (id, minor) in [("D1", 120_000), ("D2", 40_002), ("D3", 5)] {
            let sql = format!("SELECT arr_minor FROM deal WHERE external_id = '{id}'");
            assert_eq!(bench.number(&sql).await, minor, "{backend} {id}");
        }
        for (from, to) in
            [(r#"name = "name""#, r#"name = { column = "name", times = 12 }"#), ("times = 12", "times = 0")]
        {
            let map = bench.file("wrong.toml", &text.replace(from, to));
            let path = bench.file("2.csv", &rows);
            assert!(bench.try_import(Bench::request(Object::Deals, &path, &map)).await.is_err(), "{to}");
        }
    }
}

#[tokio::test]
async fn a_state_that_the_map_does_not_know_is_told_what_it_knows() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let state = "state = { column = \"state\", map = { \"Intro\" = \"SOURCED\", \"Helped\" = \"INFLUENCED\" } }";
        let map = bench.file("map.toml", &small_map().replace("state = \"state\"", state));
        let rows = format!("{HEADER}D1,One,Won,2026-01-05,2026-03-31,100,SMB,P1,EXPANSION_OR_RETENTION\n");
        let run = bench.import(Object::Deals, &bench.file("1.csv", &rows), &map).await;
        assert_eq!(run.counts.held, 1, "{backend}");
        let held = [domain::import::Verdict::Held];
        let listed = api::usecase::import::list::rows(&bench.caller, run.id, &held, 0, 1).await.unwrap();
        let told = &listed[0].problems[0].message;
        assert!(told.starts_with("values are what the file would say; this map knows: helped, intro."), "{told}");
    }
}
