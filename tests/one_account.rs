//! One company is one account, however its domain is spelled; and of a deal that another partner opened a partner reads neither the other's
//! words nor its days.

use crate::registration::{ALL, at, codes, facts, rival, rules, submit};
use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use crate::support::{App, on_every_backend};
use domain::import::Object;
use domain::role::Role;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

async fn run(app: &App, sql: &str) {
    let conn = app.store.write();
    conn.execute_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
}

/// LOOP.md: "same registrable domain" is a conflict; a host has two spellings, one with letters beyond ASCII and the wire's.
#[test]
fn two_spellings_of_one_company_are_one_claim() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let ours = submit(&partner, "https://www.Bücher.de/").await["registration"].clone();
        assert_eq!(ours["domain"], "xn--bcher-kva.de");
        let asked = json!({ "accountUrl": "https://xn--bcher-kva.de" });
        assert_eq!(other.change("registrationPrecheck", asked, "answer").await["answer"], "CONTESTED");
        let theirs = submit(&other, "shop.xn--bcher-kva.de").await["registration"].clone();
        assert_eq!((&theirs["domain"], &theirs["deal"]), (&json!("xn--bcher-kva.de"), &Value::Null), "{theirs}");
        let conflicts = app.as_role(Role::Revops).query("{ registrationConflicts(isOpen: true) { totalCount } }").await;
        assert_eq!(conflicts.data()["registrationConflicts"]["totalCount"], 1);
        assert_eq!(rules(&submit(&partner, "https://BÜCHER。de").await), ["ALREADY_REGISTERED"]);
    });
}

/// What is on record from before there was one spelling is met in either.
#[test]
fn a_claim_of_before_stands_in_the_way_in_its_other_spelling() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let ours = submit(&partner, "https://bücher.de").await["registration"].clone();
        for (table, column) in
            [("registration", "domain"), ("registration_line", "domain"), ("account", "registrable_domain")]
        {
            run(&app, &format!("UPDATE {table} SET {column} = 'bücher.de' WHERE {column} = 'xn--bcher-kva.de'")).await;
        }
        let asked = json!({ "accountUrl": "https://bücher.de" });
        assert_eq!(other.change("registrationPrecheck", asked, "answer").await["answer"], "CONTESTED");
        assert_eq!(rules(&submit(&partner, "https://xn--bcher-kva.de").await), ["ALREADY_REGISTERED"]);
        let theirs = submit(&other, "https://xn--bcher-kva.de").await["registration"].clone();
        assert_eq!(theirs["deal"], Value::Null, "{theirs}");
        let revops = app.as_role(Role::Revops);
        let asked = "{ registrationConflicts(isOpen: true) { edges { node { id claims { id } } } } }";
        let conflicts = revops.query(asked).await.data()["registrationConflicts"]["edges"].clone();
        assert_eq!(
            conflicts[0]["node"]["claims"],
            json!([{ "id": ours["id"] }, { "id": theirs["id"] }]),
            "{conflicts}"
        );
        let accounts = "{ accounts(filter: { registrableDomain: { eq: \"xn--bcher-kva.de\" } }) { totalCount } }";
        assert_eq!(revops.query(accounts).await.data()["accounts"]["totalCount"], 1);
    });
}

#[test]
fn what_is_no_host_is_refused_with_its_place_and_a_sentence() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let long = format!("https://{}.contoso.com", "a".repeat(70));
        for wrong in ["contoso.com\\evil.org", "<script>.contoso.com", "a!b$contoso.com", "x y.contoso.com", &long] {
            for (mutation, input, select) in [
                ("registrationPrecheck", json!({ "accountUrl": wrong }), "answer"),
                ("registrationSubmit", facts(wrong), "registration { id }"),
            ] {
                let payload = partner.change(mutation, input, select).await;
                assert_eq!(codes(&payload), ["INVALID"], "{wrong}: {payload}");
                let error = &payload["userErrors"][0];
                assert_eq!(error["path"], json!(["input", "accountUrl"]), "{wrong}: {payload}");
                assert!(
                    error["message"].as_str().unwrap().contains("letters, digits and hyphens"),
                    "{wrong}: {payload}"
                );
            }
        }
        let account = json!({ "facts": { "name": "Contoso", "domain": "a_b.contoso.com" } });
        let made = app.as_role(Role::Revops).change("accountCreate", account, "account { id }").await;
        assert_eq!(codes(&made), ["INVALID"], "{made}");
    });
}

/// A row whose domain is none is refused with its reason, as the import's rules have it, and can be mended; the others come in.
#[tokio::test]
async fn an_import_keeps_one_spelling_and_lists_what_is_no_host() {
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let text = "id,name,web\nA1,Bücher,https://www.bücher.de\nA2,Beta,a!b$beta.com\nA3,Gamma,\n";
        let map = "[fields]\nexternal_id = \"id\"\nname = \"name\"\ndomain = \"web\"\n";
        let (file, map) = (bench.file("accounts.csv", text), bench.file("accounts.toml", map));
        let run = bench.import(Object::Accounts, &file, &map).await;
        assert_eq!((run.counts.created, run.counts.refused), (2, 1), "{backend}");
        let one = "SELECT CAST(COUNT(*) AS bigint) FROM account WHERE registrable_domain = 'xn--bcher-kva.de'";
        assert_eq!(bench.number(one).await, 1, "{backend}");
        let listed = "SELECT CAST(COUNT(*) AS bigint) FROM import_row WHERE problems LIKE '%NOT_A_DOMAIN%' AND problems LIKE '%hyphens%'";
        assert_eq!(bench.number(listed).await, 1, "{backend}");
    }
}

/// LOOP.md section 5: a partner reads its deals' status and never another partner; a rival's line is "without time, place or name".
#[test]
fn a_deal_that_a_rival_opened_carries_neither_its_words_nor_its_days() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let mut named = facts("https://zeta.com");
        named["accountName"] = json!("Zeta (brought by Cloudspan, J. Smith)");
        let ours = partner.change("registrationSubmit", named, ALL).await["registration"].clone();
        app.clock.set(at("2026-10-06T08:00:00Z"));
        let mut named = facts("https://zeta.com");
        named["accountName"] = json!("Zeta Corp");
        let theirs = other.change("registrationSubmit", named, ALL).await["registration"].clone();
        let revops = app.as_role(Role::Revops);
        let asked = "{ registrationConflicts(isOpen: true) { edges { node { id } } } }";
        let conflict = revops.query(asked).await.data()["registrationConflicts"]["edges"][0]["node"]["id"].clone();
        let input = json!({ "id": conflict, "reason": "neither shows a discovery" });
        revops.change("registrationConflictDecide", input, "conflict { outcome }").await;
        for id in [&ours["id"], &theirs["id"]] {
            let input = json!({ "id": id, "decision": "APPROVE", "reason": "yes" });
            let payload = revops.change("registrationDecide", input, "registration { id }").await;
            assert_eq!(codes(&payload), Vec::<&str>::new(), "{payload}");
        }
        let deal = "deal { name outcome gate { state dueOn daysLeft openedAt primarySale { loggedAt } } }";
        let theirs = format!("{{ registration(id: {}) {{ {deal} }} }}", theirs["id"]);
        let read = async || other.query(&theirs).await.data()["registration"]["deal"].clone();
        let gate =
            json!({ "state": "AWAITING", "dueOn": null, "daysLeft": null, "openedAt": null, "primarySale": null });
        assert_eq!(read().await, json!({ "name": "zeta.com", "outcome": "OPEN", "gate": gate }));
        // The opener reads its own clock: registered on Monday the 5th, so the 12th is the last day.
        let own = format!("{{ registration(id: {}) {{ {deal} deal {{ id }} }} }}", ours["id"]);
        let mine = partner.query(&own).await.data()["registration"]["deal"].clone();
        assert_eq!((&mine["name"], &mine["gate"]["dueOn"]), (&json!("zeta.com"), &json!("2026-10-12")), "{mine}");
        crate::registration::commit_rep(&app, &mine["id"]).await;
        let gate = json!({ "state": "OPEN", "dueOn": null, "daysLeft": null, "openedAt": null, "primarySale": null });
        assert_eq!(read().await["gate"], gate);
        let mine = partner.query(&own).await.data()["registration"]["deal"].clone();
        assert_eq!(mine["gate"]["openedAt"], "2026-10-06T08:00:00Z", "{mine}");
        // The vendor reads the days as they are.
        let vendor = format!("{{ deal(id: {}) {{ openedOn gate {{ openedAt }} }} }}", mine["id"]);
        let vendor = revops.query(&vendor).await.data()["deal"].clone();
        assert_eq!(vendor, json!({ "openedOn": "2026-10-05", "gate": { "openedAt": "2026-10-06T08:00:00Z" } }));
        // Neither a field, nor a filter, nor an order, nor a cursor tells a partner the day.
        for query in [
            "{ deals { edges { node { openedOn } } } }",
            "{ deals(filter: { openedOn: { gte: \"2026-10-05\" } }) { totalCount } }",
            "{ deals(orderBy: { field: OPENED_ON }) { totalCount } }",
        ] {
            assert!(!other.query(query).await.codes().is_empty(), "{query}");
        }
        let list = other.query("{ deals { edges { cursor node { name } } } }").await.data()["deals"]["edges"].clone();
        let list = list.as_array().unwrap();
        let names: Vec<&str> = list.iter().map(|edge| edge["node"]["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"zeta.com") && names.is_sorted_by(|a, b| a >= b), "{names:?}");
        for edge in list {
            use base64::Engine as _;
            let cursor = edge["cursor"].as_str().unwrap();
            let plain = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(cursor).unwrap();
            assert!(!String::from_utf8_lossy(&plain).contains("2026-10-05"), "{edge}");
        }
    });
}
