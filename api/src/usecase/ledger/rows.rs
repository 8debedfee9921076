//! Rows that the ledger states by a digest: what an entry fixes of a registration, a Primary Sale, a tier decision, a version of
//! the policy or of contract terms or a deliverable, so that `partnerloop check` finds an edit behind the server's back and names the entry.

use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::contract::ContractTerms;
use domain::cosell::PrimarySale;
use domain::deliverable::Deliverable;
use domain::ledger::audit::name;
use domain::ledger::{Entry, FACT, INSIDE, Salt, canonical, instant};
use domain::policy_version::PolicyVersion;
use domain::recruit::TierDecision;
use domain::registration::Registration;
use domain::slice::Slice;
use entity::{Tx, ledger_entry, ledger_fact};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// So many rows are compared at a time.
const STEP: u64 = 500;
/// The member of a fact that holds the state of a row that moves on.
const STATE: &str = "state";
/// The member of a fact that holds the row's version, where it has more than one: it tells the latest of two facts.
const VERSION: &str = "version";
/// The member of a fact that holds what never changes, until the entry is written.
const FIXED: &str = "fixed";
/// The member of a fact that holds the digest of that.
const DIGEST: &str = "digest";

/// SHA-256 in lower-case hex.
pub(in crate::usecase) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces what is fixed by its digest, under the entry's secret: who reads the entry cannot guess a text from it.
pub(super) fn seal(fact: &mut Value, salt: &Salt) {
    if let Some(fixed) = fact.as_object_mut().and_then(|fact| fact.remove(FIXED)) {
        fact[DIGEST] = json!(hex(&[&salt.0, canonical(fixed).as_bytes()].concat()));
    }
}

/// What entries state of a registration: who claimed which account with what words, and where it stands.
pub(in crate::usecase) fn registration(it: &Registration) -> Value {
    let state: &str = it.state.word().into();
    let fixed = json!({
        "partnerId": it.partner_id, "domain": it.domain, "claimNumber": it.claim_number, "accountUrl": it.account_url,
        "accountName": it.account_name, "buyerRole": it.buyer_role, "problem": it.problem, "submittedBy": it.submitted_by,
        "submittedAt": instant(it.submitted_at),
    });
    json!({ FIXED: fixed, STATE: state, VERSION: it.version })
}

/// What an entry states of a Primary Sale.
pub(in crate::usecase) fn primary_sale(it: &PrimarySale) -> Value {
    let fixed = json!({
        "dealId": it.deal_id, "partnerId": it.partner_id, "personId": it.person_id, "note": it.note, "loggedBy": it.logged.by,
        "loggedAt": instant(it.logged.at),
    });
    json!({ FIXED: fixed })
}

/// What an entry states of a tier decision.
pub(in crate::usecase) fn tier_decision(it: &TierDecision) -> Value {
    let fixed = json!({
        "partnerId": it.partner_id, "number": it.number, "quarter": it.quarter.to_string(), "tier": it.tier,
        "recommended": it.recommendation.tier, "rule": it.recommendation.rule, "facts": it.recommendation.facts,
        "policyVersion": it.recommendation.policy_version, "reason": it.reason, "endsTest": it.ends_test, "seatId": it.seat_id,
        "decidedOn": it.decided_on,
    });
    json!({ FIXED: fixed })
}

/// What an entry states of a version of the policy.
pub(in crate::usecase) fn policy(it: &PolicyVersion) -> Value {
    let fixed = json!({ "policy": it.policy, "activeFrom": it.active_from, "reason": it.reason, "seatId": it.seat_id });
    json!({ FIXED: fixed })
}

/// What an entry states of a deliverable: the hash of its content as it is, whatever the row says that it is.
pub(in crate::usecase) fn deliverable(it: &Deliverable) -> Value {
    let fixed = json!({
        "kind": it.kind, "quarter": it.quarter.to_string(), "revision": it.revision, "replacesId": it.replaces_id,
        "sha256": it.sha256, "content": hex(it.body.as_bytes()), "seatId": it.seat_id, "publishedAt": instant(it.published_at),
    });
    json!({ FIXED: fixed })
}

/// What an entry states of a version of contract terms: all that was agreed, and the vendor's note, which it does not show.
pub(in crate::usecase) fn contract_terms(it: &ContractTerms) -> Value {
    let fixed = json!({
        "partnerId": it.partner_id, "version": it.version, "startsOn": it.starts_on, "endsOn": it.ends_on,
        "agreed": it.agreed, "note": it.note, "seatId": it.seat_id, "recordedAt": instant(it.recorded_at),
    });
    json!({ FIXED: fixed })
}

/// The kinds of rows that are stated so, each with its table and the column that says when it came to be.
const KINDS: [(&str, &str, &str); 6] = [
    ("Registration", "registration", "submitted_at"),
    ("PrimarySale", "primary_sale", "logged_at"),
    ("TierDecision", "tier_decision", "recorded_at"),
    ("Policy", "policy", "recorded_at"),
    ("Deliverable", "deliverable", "published_at"),
    ("ContractTerms", "contract_terms", "recorded_at"),
];

/// What entries would state of these rows now.
async fn present(tx: &Tx, slice: &Slice, kind: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Value>, Failure> {
    let mut found = HashMap::new();
    match kind {
        "Registration" => {
            let rows = entity::registration::of_ids(tx, slice, ids).await?;
            found.extend(rows.iter().map(|row| (row.id, registration(row))));
            for (id, word) in entity::registration::state_words(tx, slice, ids).await? {
                if let Some(fact) = found.get_mut(&id).filter(|fact| fact[STATE] != word.as_str()) {
                    fact[STATE] = json!(format!("{} and {word}", fact[STATE].as_str().unwrap_or_default()));
                }
            }
        }
        "PrimarySale" => {
            let rows = entity::primary_sale::of_ids(tx, slice, ids).await?;
            found.extend(rows.iter().map(|row| (row.id, primary_sale(row))));
        }
        "Policy" => {
            let rows = entity::policy::all(tx, slice).await?;
            found.extend(rows.iter().map(|row| (row.id, policy(row))));
        }
        "ContractTerms" => {
            let rows = entity::contract_terms::of_ids(tx, slice, ids).await?;
            found.extend(rows.iter().map(|row| (row.id, contract_terms(row))));
        }
        "TierDecision" => {
            for id in ids {
                found.extend(
                    entity::tier_decision::find(tx, slice, *id).await?.map(|row| (row.id, tier_decision(&row))),
                );
            }
        }
        _ => {
            for id in ids {
                found.extend(entity::deliverable::find(tx, slice, *id).await?.map(|row| (row.id, deliverable(&row))));
            }
        }
    }
    Ok(found)
}

/// The fact that an entry states in this way.
fn stated(entry: &Entry) -> Option<Value> {
    let mut body: Value = serde_json::from_str(&entry.body).ok()?;
    let fact = body.get_mut(INSIDE)?.get_mut(FACT)?.take();
    fact.get(DIGEST).is_some().then_some(fact)
}

/// A registration that was approved is CONVERTED when its deal is locked, which the deal's own entry records.
fn agrees(stated: &Value, now: &Value) -> bool {
    let moved_on = now[STATE] == "CONVERTED" && (stated[STATE] == "APPROVED" || stated[STATE] == "REFRESHED");
    stated[DIGEST] == now[DIGEST] && (stated[STATE] == now[STATE] || moved_on)
}

/// Compares every row that entries state so with its latest entry, and notes each difference with the entry's name; what came to be
/// before the ledger was opened need not be stated. Returns how many rows were compared.
pub(super) async fn compare(
    tx: &Tx,
    slice: &Slice,
    opened: Option<DateTime<Utc>>,
    note: &mut impl FnMut(String),
) -> Result<u64, Failure> {
    let mut compared = 0;
    for (kind, table, since) in KINDS {
        let mut after = Uuid::nil();
        loop {
            let entries = ledger_entry::about(tx, slice.program_id(), kind, after, STEP).await?;
            let Some(last) = entries.last() else { break };
            after = last.subject_id;
            // They come in the order in which they were recorded: of one instant the higher version holds, else the last one.
            let mut latest: BTreeMap<Uuid, (Entry, Value)> = BTreeMap::new();
            for entry in entries {
                let Some(fact) = stated(&entry) else { continue };
                let version = |fact: &Value| fact[VERSION].as_i64();
                if latest.get(&entry.subject_id).is_none_or(|(_, before)| version(before) <= version(&fact)) {
                    latest.insert(entry.subject_id, (entry, fact));
                }
            }
            let ids: Vec<Uuid> = latest.keys().copied().collect();
            let now = present(tx, slice, kind, &ids).await?;
            for (id, (entry, fact)) in latest {
                compared += 1;
                let now = now.get(&id).map(|now| {
                    let mut now = now.clone();
                    seal(&mut now, &entry.salt);
                    now
                });
                match &now {
                    None => note(format!("{kind} {id} is gone, but {} states it", name(&entry))),
                    Some(now) if agrees(&fact, now) => {}
                    Some(now) => {
                        let say =
                            |fact: &Value| fact[STATE].as_str().map_or_else(String::new, |word| format!(", {word}"));
                        note(format!(
                            "{kind} {id} is not what {} states{}: its row was changed{}",
                            name(&entry),
                            say(&fact),
                            say(now)
                        ));
                    }
                }
            }
        }
        ledger_fact::rows_unstated(tx, slice, (kind, table, since), opened, |id| {
            note(format!("{kind} {id} is on record, but no entry of the ledger states it"));
        })
        .await?;
    }
    Ok(compared)
}
