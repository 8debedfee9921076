//! What entries state of registrations, conflicts, disputes and what a lock rests on: an edit is found and named, an entry of before it
//! stated so much still verifies, and a partner proves its own part with a receipt.

use crate::attribution::Stand;
use crate::registration::{ALL, at, codes, facts, rival, submit};
use crate::support::{App, on_every_backend};
use api::usecase::ledger::seal;
use api::usecase::{check, program};
use chrono::TimeDelta;
use domain::role::Role;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

async fn run(app: &App, sql: &str) -> u64 {
    let conn = app.store.write();
    conn.execute_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap().rows_affected()
}

async fn differences(app: &App) -> Vec<String> {
    let programs = program::all(app).await.unwrap();
    let home = programs.into_iter().find(|it| it.id == app.world.home.program).unwrap();
    check::check(app, &home).await.unwrap().differences
}

/// An edit behind the server's back is the one difference, and the entry of this kind is named; undone, there is none.
async fn is_found(app: &App, edit: &str, undo: &str, entry: &str) {
    assert!(run(app, edit).await > 0, "{edit}");
    let found = differences(app).await;
    assert_eq!(found.len(), 1, "{edit}: {found:?}");
    assert!(found[0].contains(entry) && found[0].contains("its row was changed"), "{edit}: {found:?}");
    assert!(run(app, undo).await > 0, "{undo}");
    assert_eq!(differences(app).await, Vec::<String>::new(), "{undo}");
}

/// Every body of a kind's entries, changed: as it was written by a version that stated less.
async fn rewrite(app: &App, kind: &str, change: impl Fn(&mut Value)) {
    let conn = app.store.write();
    let sql = "SELECT id, body FROM ledger_entry WHERE kind = $1";
    let asked = Statement::from_sql_and_values(conn.get_database_backend(), sql, [kind.into()]);
    for row in conn.query_all_raw(asked).await.unwrap() {
        let (id, body): (uuid::Uuid, String) = (row.try_get("", "id").unwrap(), row.try_get("", "body").unwrap());
        let mut body: Value = serde_json::from_str(&body).unwrap();
        change(&mut body);
        let sql = "UPDATE ledger_entry SET body = $2 WHERE id = $1";
        let values = [id.into(), body.to_string().into()];
        conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await.unwrap();
    }
}

/// A registration with a discovery that it shows, approved by RevOps.
async fn approved_with_discovery(app: &App, url: &str) -> Value {
    let mut said = facts(url);
    said["discoveredAt"] = json!("2026-09-20T09:00:00Z");
    said["discoveryEvidence"] = json!("Minutes of our workshop.");
    let made = app.as_role(Role::Partner).change("registrationSubmit", said, ALL).await;
    assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
    approve(app, &made["registration"]["id"]).await
}

async fn approve(app: &App, id: &Value) -> Value {
    let input = json!({ "id": id, "decision": "APPROVE", "reason": "a real need" });
    let payload = app.as_role(Role::Revops).change("registrationDecide", input, ALL).await;
    assert_eq!(codes(&payload), Vec::<&str>::new(), "{payload}");
    payload["registration"].clone()
}

/// "Who edits a fact is found by check against its entry, and the entry is named": whatever an approval grants, and what decides conflicts.
#[test]
fn an_edit_of_what_a_registration_was_granted_or_showed_is_found() {
    on_every_backend(async |app| {
        approved_with_discovery(&app, "https://stated.com").await;
        assert_eq!(differences(&app).await, Vec::<String>::new());
        let set = |what: &str| format!("UPDATE registration SET {what} WHERE domain = 'stated.com'");
        let swap = |from: &str, to: &str| set(&format!("facts = REPLACE(facts, '{from}', '{to}')"));
        for (from, to) in [
            ("\"validThrough\":\"2027-01-03\"", "\"validThrough\":\"2028-01-03\""),
            ("\"meetBy\":\"2026-10-26\"", "\"meetBy\":\"2026-12-26\""),
            ("\"from\":\"2026-10-05\"", "\"from\":\"2026-10-04\""),
            ("\"at\":\"2026-10-05T", "\"at\":\"2026-10-04T"),
            ("a real need", "no need"),
            ("Please attach", "Never attach"),
        ] {
            is_found(&app, &swap(from, to), &swap(to, from), "REGISTRATION_APPROVED").await;
        }
        for (edit, undo) in [
            ("ends_on = '2028-01-03'", "ends_on = '2026-10-26'"),
            ("discovery_evidence = 'x'", "discovery_evidence = 'Minutes of our workshop.'"),
            ("is_channel_conflict = TRUE", "is_channel_conflict = FALSE"),
            ("next_meeting_on = '2026-10-13'", "next_meeting_on = '2026-10-12'"),
        ] {
            is_found(&app, &set(edit), &set(undo), "REGISTRATION_APPROVED").await;
        }
        run(&app, &set("influence_bps = 5000")).await;
        let found = differences(&app).await;
        assert!(found.len() == 1 && found[0].contains("5000 of 10000"), "{found:?}");
        run(&app, &set("influence_bps = NULL")).await;
        // CONVERTED is what a lock does to it: there is none.
        let facts = "facts = '{\"state\":\"CONVERTED\",\"at\":\"2026-10-05T09:00:00Z\",\"grant\":' || facts || '}'";
        run(&app, &set(&format!("{facts}, state = 'CONVERTED', ends_on = NULL"))).await;
        let found = differences(&app).await;
        assert!(found.len() == 1 && found[0].contains("CONVERTED without a lock of its partner"), "{found:?}");
    });
}

#[test]
fn an_entry_that_states_less_is_held_against_what_it_states() {
    on_every_backend(async |app| {
        approved_with_discovery(&app, "https://stated.com").await;
        for kind in ["REGISTRATION_SUBMITTED", "REGISTRATION_APPROVED"] {
            rewrite(&app, kind, |body| {
                body.as_object_mut().unwrap().remove("partners");
                assert!(body["inside"]["fact"].as_object_mut().unwrap().remove("digests").is_some());
            })
            .await;
        }
        assert_eq!(differences(&app).await, Vec::<String>::new());
        run(&app, "UPDATE registration SET discovery_evidence = 'x' WHERE domain = 'stated.com'").await;
        assert_eq!(differences(&app).await, Vec::<String>::new(), "it stated no discovery");
        let swap = |from: &str, to: &str| format!("UPDATE registration SET problem = '{to}' WHERE problem = '{from}'");
        is_found(&app, &swap("Returns take weeks.", "x"), &swap("x", "Returns take weeks."), "REGISTRATION_APPROVED")
            .await;
    });
}

/// A partner's receipts by kind, as what they say to it.
async fn receipts(seat: &crate::support::Seat<'_>, kind: &str) -> Vec<String> {
    let asked = format!(
        "{{ ledgerReceipts(first: 100, filter: {{ kind: {{ eq: {kind} }} }}) {{ edges {{ node {{ says document }} }} }} }}"
    );
    let answer = seat.query(&asked).await;
    let edges = answer.data()["ledgerReceipts"]["edges"].as_array().unwrap().clone();
    assert!(edges.iter().all(|edge| edge["node"]["document"].is_string()), "{edges:?}");
    edges.iter().map(|edge| edge["node"]["says"].as_array().unwrap()[1].as_str().unwrap().to_owned()).collect()
}

/// "Receipts … for locks, approvals and decisions": the partner proves the days, the reason, the letter that it was sent, and its own share.
#[test]
fn a_partner_proves_what_it_was_granted_and_its_share_and_nothing_of_a_rival() {
    on_every_backend(async |app| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let ours = submit(&partner, "https://contested.com").await["registration"].clone();
        let theirs = submit(&other, "https://contested.com").await["registration"].clone();
        let revops = app.as_role(Role::Revops);
        let asked = "{ registrationConflicts(isOpen: true) { edges { node { id } } } }";
        let conflict = revops.query(asked).await.data()["registrationConflicts"]["edges"][0]["node"]["id"].clone();
        let input = json!({ "id": conflict, "reason": "neither shows a discovery" });
        let done = revops.change("registrationConflictDecide", input, "conflict { outcome }").await;
        assert_eq!(done["conflict"]["outcome"], "SPLIT", "{done}");
        let won = approve(&app, &ours["id"]).await;
        assert_eq!(differences(&app).await, Vec::<String>::new());
        seal::seal_all(&app).await.unwrap();
        let approval = receipts(&partner, "REGISTRATION_APPROVED").await;
        let part: Value = serde_json::from_str(&approval[0]).unwrap();
        let letter = won["acceptance"]["text"].as_str().unwrap();
        let letter: String = Sha256::digest(letter).iter().map(|byte| format!("{byte:02x}")).collect();
        let says = &part["says"][0];
        // Approved on Monday, 5 October 2026: 90 days end on 3 January, 21 on the 26th.
        let days = json!([says["validFrom"], says["validThrough"], says["meetBy"]]);
        assert_eq!(days, json!(["2026-10-05", "2027-01-03", "2026-10-26"]), "{part}");
        assert_eq!((&says["reason"], &says["letterSha256"]), (&json!("a real need"), &json!(letter)), "{part}");
        assert_eq!(says["influenceBps"], 5000);
        let others = app.world.home.partners[1].to_string();
        for (seat, of) in [(&partner, 0), (&other, 1)] {
            let decided = receipts(seat, "CONFLICT_DECIDED").await;
            assert_eq!(decided.len(), 1, "{decided:?}");
            let part: Value = serde_json::from_str(&decided[0]).unwrap();
            assert_eq!(part["says"].as_array().unwrap().len(), 1, "{part}");
            assert_eq!(part["says"][0]["partnerId"], json!(app.world.home.partners[of]));
            assert_eq!(part["says"][0]["influenceBps"], 5000);
        }
        assert!(!receipts(&partner, "CONFLICT_DECIDED").await[0].contains(&others));
        assert_ne!(ours["id"], theirs["id"]);
        // The decision and what it gave are held against its entry.
        let decision = "UPDATE registration_conflict SET decision = REPLACE(decision, 'neither', 'each')";
        let back = "UPDATE registration_conflict SET decision = REPLACE(decision, 'each', 'neither')";
        is_found(&app, decision, back, "CONFLICT_DECIDED").await;
        let share = |from: i64, to: i64| {
            format!("UPDATE registration SET influence_bps = {to} WHERE influence_bps = {from} AND claim_number = 1")
        };
        is_found(&app, &share(5000, 9000), &share(9000, 5000), "CONFLICT_DECIDED").await;
        // An entry of before: the decision at the top, and no fact.
        rewrite(&app, "CONFLICT_DECIDED", |body| {
            *body = json!({ "domain": body["domain"], "decision": body["inside"]["fact"]["decision"], "version": 3 });
        })
        .await;
        assert_eq!(differences(&app).await, Vec::<String>::new());
        is_found(&app, decision, back, "CONFLICT_DECIDED").await;
        is_found(&app, &share(5000, 9000), &share(9000, 5000), "CONFLICT_DECIDED").await;
    });
}

/// A deal that the first partner SOURCED by an introduction, locked.
async fn locked(stand: &Stand<'_>) -> Value {
    let deal = stand.deal("Fought over", true).await;
    for partner in [0, 1] {
        stand.log(&deal, partner, "INTRODUCTION", TimeDelta::hours(1)).await;
    }
    stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await;
    stand.advance(&deal, &stand.first).await;
    deal
}

#[test]
fn an_edit_of_a_dispute_or_its_parties_is_found() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = locked(&stand).await;
        app.clock.advance(TimeDelta::minutes(1));
        let input =
            json!({ "dealId": deal, "partners": [stand.claim(0, "INFLUENCED")], "evidence": "The mail of 3 October." });
        let ae = app.as_role(Role::PartnerAe);
        let opened = ae.change("disputeOpen", input, "dispute { id }").await;
        assert_eq!(codes(&opened), Vec::<&str>::new(), "{opened}");
        assert_eq!(differences(&app).await, Vec::<String>::new());
        let set = |what: &str| format!("UPDATE dispute SET {what}");
        let evidence = (set("evidence = 'x'"), set("evidence = 'The mail of 3 October.'"));
        is_found(&app, &evidence.0, &evidence.1, "DISPUTE_OPENED").await;
        app.clock.advance(TimeDelta::minutes(1));
        let input = json!({ "id": opened["dispute"]["id"], "outcome": "CHANGED", "reason": "The calendar shows it." });
        let decided = app.as_role(Role::Revops).change("disputeDecide", input, "dispute { state }").await;
        assert_eq!(decided["dispute"]["state"], "CHANGED", "{decided}");
        assert_eq!(differences(&app).await, Vec::<String>::new());
        let swap = |column: &str, from: &str, to: &str| set(&format!("{column} = REPLACE({column}, '{from}', '{to}')"));
        let edits = [
            evidence,
            (set("reason = 'x'"), set("reason = 'The calendar shows it.'")),
            (swap("decided", "INFLUENCED", "SOURCED"), swap("decided", "SOURCED", "INFLUENCED")),
            (swap("claimed", "INFLUENCED", "SOURCED"), swap("claimed", "SOURCED", "INFLUENCED")),
            (swap("original", "SOURCED", "INFLUENCED"), swap("original", "INFLUENCED", "SOURCED")),
            (set("state = 'UPHELD'"), set("state = 'CHANGED'")),
            (swap("opened_role", "PARTNER_AE", "PARTNER"), set("opened_role = 'PARTNER_AE'")),
        ];
        for (edit, undo) in &edits {
            is_found(&app, edit, undo, "DISPUTE_DECIDED").await;
        }
        let flip = "UPDATE dispute_party SET is_claimant = NOT is_claimant";
        is_found(&app, flip, flip, "DISPUTE_DECIDED").await;
        // Entries of before state the parties by their ids alone.
        for kind in ["DISPUTE_OPENED", "DISPUTE_DECIDED"] {
            rewrite(&app, kind, |body| {
                let inside = body["inside"].as_object_mut().unwrap();
                assert!(inside.remove("parties").is_some() && inside.remove("openedRole").is_some());
            })
            .await;
        }
        assert_eq!(differences(&app).await, Vec::<String>::new());
        is_found(&app, &edits[1].0, &edits[1].1, "DISPUTE_DECIDED").await;
        run(&app, "DELETE FROM dispute_party").await;
        let found = differences(&app).await;
        assert!(found.len() == 1 && found[0].contains("(the parties)"), "{found:?}");
        run(&app, "UPDATE attribution_entry SET superseded_by = NULL, dispute_id = NULL").await;
        run(&app, "DELETE FROM dispute").await;
        let found = differences(&app).await;
        assert!(found.iter().any(|it| it.starts_with("Dispute ") && it.contains("is gone")), "{found:?}");
    });
}

#[test]
fn an_edit_of_what_a_locked_state_rests_on_is_found() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        locked(&stand).await;
        assert_eq!(differences(&app).await, Vec::<String>::new());
        let first = app.world.home.partners[0];
        let basis = "(SELECT basis_id FROM attribution_entry WHERE basis_id IS NOT NULL AND deal_id = (SELECT id FROM deal WHERE name = 'Fought over'))";
        let found = async |edit: &str| {
            assert_eq!(run(&app, &format!("UPDATE activity SET {edit} WHERE id = {basis}")).await, 1, "{edit}");
            differences(&app).await
        };
        let named = found("kind = 'TOUCH'").await;
        assert!(named.len() == 1 && named[0].contains("ATTRIBUTION_LOCKED") && named[0].contains("TOUCH"), "{named:?}");
        assert_eq!(found("kind = 'INTRODUCTION'").await, Vec::<String>::new());
        let of = |id: uuid::Uuid| if app.store.is_sqlite() { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
        assert_eq!(found(&format!("partner_id = {}", of(app.world.home.partners[1]))).await.len(), 1);
        assert_eq!(found(&format!("partner_id = {}", of(first))).await, Vec::<String>::new());
        let long_ago = entity::column::instant(at("2020-01-01T00:00:00Z"));
        let conn = app.store.write();
        let sql = format!("UPDATE activity SET happened_at = $1 WHERE id = {basis}");
        let edit = Statement::from_sql_and_values(conn.get_database_backend(), sql, [long_ago.into()]);
        conn.execute_raw(edit).await.unwrap();
        let named = differences(&app).await;
        assert!(named.len() == 1 && named[0].contains("ATTRIBUTION_LOCKED"), "{named:?}");
        // An entry of before holds the activity's id alone.
        rewrite(&app, "ATTRIBUTION_LOCKED", |body| {
            for it in body["inside"]["fact"]["attributions"].as_array_mut().unwrap() {
                it.as_object_mut().unwrap().remove("basis");
            }
        })
        .await;
        assert_eq!(differences(&app).await, Vec::<String>::new());
    });
}
