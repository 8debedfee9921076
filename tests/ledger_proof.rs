//! Receipts, checkpoints and consistency, checked by an implementation of RFC 9162 that shares no line with the product's.

use crate::support::on_every_backend;
use crate::support::world::global_id;
use api::usecase::ledger::seal;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use domain::role::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

fn decode(text: &Value) -> Vec<u8> {
    BASE64.decode(text.as_str().unwrap()).unwrap()
}

fn hash(prefix: u8, left: &[u8], right: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update([prefix]).chain_update(left).chain_update(right).finalize().to_vec()
}

/// RFC 9162, section 2.1.3.2, step by step.
fn included(mut place: u64, size: u64, leaf: Vec<u8>, path: &[Vec<u8>]) -> Option<Vec<u8>> {
    if place >= size {
        return None;
    }
    let (mut last, mut root) = (size - 1, leaf);
    for node in path {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            root = hash(1, node, &root);
            while place.is_multiple_of(2) && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            root = hash(1, &root, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// RFC 9162, section 2.1.4.2, step by step.
fn consistent(from: u64, to: u64, old: &[u8], new: &[u8], path: &[Vec<u8>]) -> bool {
    if from == to {
        return path.is_empty() && old == new;
    }
    let mut path = path.to_vec();
    if from.is_power_of_two() {
        path.insert(0, old.to_vec());
    }
    let Some((first, rest)) = path.split_first() else { return false };
    let (mut place, mut last) = (from - 1, to - 1);
    while place % 2 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut was, mut is) = (first.clone(), first.clone());
    for node in rest {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            (was, is) = (hash(1, node, &was), hash(1, node, &is));
            while place.is_multiple_of(2) && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            is = hash(1, &is, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    was == old && is == new && last == 0
}

/// A checkpoint's size and root, when the key signed it (C2SP signed-note).
fn signed(note: &str, key: &[u8]) -> Option<(u64, Vec<u8>)> {
    let (text, signature) = note.split_once("\n\n")?;
    let text = format!("{text}\n");
    let lines: Vec<&str> = text.lines().collect();
    let (name, signature) = signature.trim_end().strip_prefix("— ")?.split_once(' ')?;
    assert_eq!(name, lines[0], "the key's name is the log's origin");
    let signature = BASE64.decode(signature).ok()?;
    UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature[4..]).ok()?;
    Some((lines[1].parse().ok()?, BASE64.decode(lines[2]).ok()?))
}

/// What a receipt proves, or nothing.
fn proven(receipt: &Value, key: &[u8]) -> Option<(Value, Vec<Value>)> {
    let (size, root) = signed(receipt["checkpoint"].as_str()?, key)?;
    let record = receipt["record"].as_str()?;
    let path: Vec<Vec<u8>> = receipt["proof"].as_array()?.iter().map(decode).collect();
    let leaf = hash(0, &decode(&receipt["salt"]), record.as_bytes());
    (included(receipt["sequence"].as_u64()?, size, leaf, &path)? == root).then_some(())?;
    let record: Value = serde_json::from_str(record).ok()?;
    let mut parts = Vec::new();
    for part in receipt["disclosures"].as_array()? {
        let text = part["text"].as_str()?;
        let digest = BASE64.encode(Sha256::new().chain_update(decode(&part["salt"])).chain_update(text).finalize());
        record["digests"].as_array()?.contains(&json!(digest)).then_some(())?;
        parts.push(serde_json::from_str(text).ok()?);
    }
    Some((record, parts))
}

const RECEIPTS: &str =
    "{ ledgerReceipts(first: 100) { totalCount edges { node { entryId kind subjectId says sequence document } } } }";

#[test]
fn a_partner_holds_receipts_of_what_names_it_each_with_its_own_part_and_verifies_them_alone() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let home = &app.world.home;
        let key = app.office.ledger.as_ref().unwrap().public().0;
        let answer = app.as_role(Role::Partner).query(RECEIPTS).await;
        let list = answer.data()["ledgerReceipts"].clone();
        let receipts = list["edges"].as_array().unwrap();
        // Ten closed deals, the open one, the one that both partners are on, and a registration.
        assert_eq!((list["totalCount"].as_i64(), receipts.len()), (Some(13), 13));
        let [own, other] = home.partners;
        for edge in receipts {
            let node = &edge["node"];
            let document: Value = serde_json::from_str(node["document"].as_str().unwrap()).unwrap();
            let (record, parts) = proven(&document, &key).expect("a receipt proves itself");
            if record["kind"] == "REGISTRATION_SUBMITTED" {
                assert!(!document.to_string().contains(&other.to_string()), "{document}");
                continue;
            }
            assert_eq!((&record["kind"], parts.len()), (&json!("ATTRIBUTION_LOCKED"), 1));
            assert_eq!(
                (&parts[0]["says"][0]["partnerId"], &parts[0]["says"][0]["state"]),
                (&json!(own), &json!("SOURCED"))
            );
            assert_eq!(parts[0]["says"].as_array().unwrap().len(), 1);
            let text = document.to_string() + &node["says"].to_string();
            for hidden in [other.to_string(), "introduced".into(), "inside".into(), "INFLUENCED".into()] {
                assert!(!text.contains(&hidden), "{hidden}: {text}");
            }
            // Whatever is changed in it, it proves nothing any more.
            for (member, changed) in [
                ("record", json!(document["record"].as_str().unwrap().replace("PARTNERS", "DIRECT"))),
                ("salt", json!(BASE64.encode([0; 16]))),
                ("sequence", json!((document["sequence"].as_u64().unwrap() + 1) % 30)),
                ("proof", json!([])),
                ("checkpoint", json!(document["checkpoint"].as_str().unwrap().replacen("\n3", "\n4", 1))),
                ("disclosures", json!([{ "salt": BASE64.encode([0; 16]), "text": "{}" }])),
            ] {
                let mut edited = document.clone();
                edited[member] = changed;
                assert!(edited == document || proven(&edited, &key).is_none(), "{member}");
                let verdict = domain::ledger::receipt::Receipt::verify(
                    &edited.to_string(),
                    &[domain::ledger::checkpoint::PublicKey(key)],
                );
                assert_eq!(verdict.is_ok(), edited == document, "{member}: {verdict:?}");
            }
        }
    });
}

#[test]
fn a_receipt_of_what_does_not_name_the_partner_is_answered_like_one_that_never_was() {
    on_every_backend(async |app| {
        seal::seal_all(&app).await.unwrap();
        let home = &app.world.home;
        let all = app
            .as_role(Role::Revops)
            .query("{ ledgerEntries(first: 100) { edges { node { id kind subjectId partnerIds } } } }")
            .await;
        let entries = all.data()["ledgerEntries"]["edges"].as_array().unwrap().clone();
        let others = global_id("Partner", home.partners[1]);
        let of = |ids: Value| {
            // Of a closed deal, where it is about one: Finance has no open pipeline.
            let open = json!(home.open.map(|id| global_id("Deal", id)));
            let is_open = |node: &Value| open.as_array().unwrap().contains(&node["subjectId"]);
            let is_it =
                |node: &Value| node["partnerIds"] == ids && node["kind"] != "REGISTRATION_SUBMITTED" && !is_open(node);
            entries.iter().find(|edge| is_it(&edge["node"])).unwrap()["node"]["id"].clone()
        };
        let document = "query($id: ID!) { ledgerReceipt(entryId: $id) { entryId kind document } }";
        let ask =
            async |role, id: Value| app.as_role(role).query_with(document, json!({ "id": id })).await.data().clone();
        let nothing = ask(Role::Partner, json!(global_id("LedgerEntry", Uuid::from_u128(1)))).await;
        assert_eq!(nothing, json!({ "ledgerReceipt": null }));
        assert_eq!(ask(Role::Partner, of(json!([others]))).await, nothing);
        assert_eq!(ask(Role::Partner, of(json!([]))).await, nothing);
        assert_eq!(ask(Role::Revops, json!(global_id("LedgerEntry", app.world.rival.program))).await, nothing);
        // The program's own people hold the whole of it.
        let whole = ask(Role::Finance, of(json!([others]))).await;
        let receipt: Value = serde_json::from_str(whole["ledgerReceipt"]["document"].as_str().unwrap()).unwrap();
        let (_, parts) = proven(&receipt, &app.office.ledger.as_ref().unwrap().public().0).unwrap();
        assert!(parts[0]["body"].as_str().unwrap().contains("introduced"));
    });
}

#[test]
fn the_log_grows_and_never_forgets() {
    on_every_backend(async |app| {
        let key = app.office.ledger.as_ref().unwrap().public().0;
        let revops = app.as_role(Role::Revops);
        let mut checkpoints: Vec<(u64, Vec<u8>)> = Vec::new();
        for round in 0..4 {
            for number in 0..=round * 3 {
                let facts =
                    json!({ "name": format!("Deal {round} {number}"), "kind": "NEW", "openedOn": "2026-09-01" });
                let made = revops.change("dealCreate", json!({ "facts": facts }), "deal { id }").await;
                let input = json!({ "dealId": made["deal"]["id"], "direct": true });
                revops.change("attributionDeclare", input, "deal { id }").await;
            }
            seal::seal_all(&app).await.unwrap();
            let answer = app.as_role(Role::Partner).query("{ ledgerCheckpoint { size note keyId } }").await;
            let checkpoint = signed(answer.data()["ledgerCheckpoint"]["note"].as_str().unwrap(), &key).unwrap();
            checkpoints.push(checkpoint);
        }
        let proof = "query($from: Int!, $to: Int!) { ledgerConsistency(from: $from, to: $to) { proof } }";
        for (at, (from, old)) in checkpoints.iter().enumerate() {
            for (to, new) in &checkpoints[at..] {
                let answer = app.as_role(Role::Finance).query_with(proof, json!({ "from": from, "to": to })).await;
                let path = &answer.data()["ledgerConsistency"]["proof"];
                let path: Vec<Vec<u8>> = path.as_array().unwrap().iter().map(decode).collect();
                assert!(consistent(*from, *to, old, new, &path), "{from} to {to}");
                assert!(!consistent(*from, *to, new, old, &path) || from == to, "{from} to {to}");
            }
        }
        let (size, _) = checkpoints[3];
        for (from, to) in [(0, size), (size, size + 1), (size, size - 1)] {
            let answer = app.as_role(Role::Revops).query_with(proof, json!({ "from": from, "to": to })).await;
            assert!(answer.data()["ledgerConsistency"].is_null(), "{from} to {to}");
        }
        let list = app
            .as_role(Role::Operator)
            .query("{ ledgerCheckpoints(first: 2) { totalCount edges { node { size } } } }")
            .await;
        assert_eq!(list.data()["ledgerCheckpoints"]["totalCount"], 4);
        assert_eq!(list.data()["ledgerCheckpoints"]["edges"][0]["node"]["size"], size);
    });
}

#[test]
fn entries_are_found_by_kind_and_by_what_they_are_about() {
    on_every_backend(async |app| {
        let shared = global_id("Deal", app.world.home.shared);
        let document = "query($filter: LedgerFilter) { ledgerEntries(filter: $filter) { totalCount edges { node { kind subjectId sequence } } } }";
        let ask = async |filter: Value| {
            let answer = app.as_role(Role::Finance).query_with(document, json!({ "filter": filter })).await;
            answer.data()["ledgerEntries"].clone()
        };
        let about = ask(json!({ "subjectId": { "eq": shared } })).await;
        assert_eq!((&about["totalCount"], &about["edges"][0]["node"]["subjectId"]), (&json!(1), &json!(shared)));
        assert!(about["edges"][0]["node"]["sequence"].is_null(), "not yet sealed");
        assert_eq!(
            ask(json!({ "kind": { "eq": "ATTRIBUTION_LOCKED" } })).await["totalCount"],
            31,
            "of 33, and two deals are open"
        );
        assert_eq!(ask(json!({ "kind": { "in": ["IMPORT", "PAYOUT"] } })).await["totalCount"], 0);
        // An unsealed entry has a receipt to come.
        let answer = app.as_role(Role::Partner).query(RECEIPTS).await;
        assert!(answer.data()["ledgerReceipts"]["edges"][0]["node"]["document"].is_null());
    });
}
