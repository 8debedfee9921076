//! Rows that the ledger states by a digest: what an entry fixes of a registration, a decided conflict, a Primary Sale, a tier decision, a
//! version of the policy or of contract terms or a deliverable, so that `partnerloop check` finds an edit behind the server's back and names the entry.

use super::claims::{self, DECISION};
use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::contract::ContractTerms;
use domain::cosell::PrimarySale;
use domain::deliverable::Deliverable;
use domain::ledger::audit::name;
use domain::ledger::{Entry, EntryKind, FACT, INSIDE, Salt, canonical, instant};
use domain::policy_version::PolicyVersion;
use domain::recruit::TierDecision;
use domain::slice::Slice;
use entity::{Tx, ledger_entry, ledger_fact};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// So many rows are compared at a time.
const STEP: u64 = 500;
/// The member of a fact that holds the state of a row that moves on.
pub(super) const STATE: &str = "state";
/// The member of a fact that holds the row's version, where it has more than one: it tells the latest of two facts.
pub(super) const VERSION: &str = "version";
/// The member of a fact that holds what never changes, until the entry is written.
pub(super) const FIXED: &str = "fixed";
/// The member of a fact that holds the digest of that.
const DIGEST: &str = "digest";
/// The member of a fact that holds more of what never changes, in parts by name, until the entry is written. Entries of before a part
/// was stated hold none of it, and only what an entry holds is compared.
pub(super) const PARTS: &str = "parts";
/// The member of a fact that holds the digest of each part.
const DIGESTS: &str = "digests";

/// SHA-256 in lower-case hex.
pub(in crate::usecase) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces what is fixed by its digest, and each part by its own, under the entry's secret: who reads the entry cannot guess a text
/// from it.
pub(super) fn seal(fact: &mut Value, salt: &Salt) {
    let digest = |fixed: Value| json!(hex(&[&salt.0, canonical(fixed).as_bytes()].concat()));
    let Some(members) = fact.as_object_mut() else { return };
    if let Some(fixed) = members.remove(FIXED) {
        members.insert(DIGEST.to_owned(), digest(fixed));
    }
    if let Some(Value::Object(parts)) = members.remove(PARTS) {
        members.insert(DIGESTS.to_owned(), parts.into_iter().map(|(name, part)| (name, digest(part))).collect());
    }
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
const KINDS: [(&str, &str, &str); 7] = [
    ("Registration", "registration", "submitted_at"),
    // One that is still open has no entry, and no such time.
    ("RegistrationConflict", "registration_conflict", "decided_at"),
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
        "Registration" => claims::present(tx, slice, ids, &mut found).await?,
        "RegistrationConflict" => {
            let rows = entity::registration_conflict::of_ids(tx, slice, ids).await?;
            found.extend(rows.iter().map(|row| (row.id, claims::conflict(row))));
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

/// The fact that an entry states in this way. Of a conflict, older entries hold how it was decided and no digest.
pub(super) fn stated(entry: &Entry) -> Option<Value> {
    let mut body: Value = serde_json::from_str(&entry.body).ok()?;
    let fact = body.get_mut(INSIDE).and_then(|inside| inside.get_mut(FACT)).map(Value::take);
    if let Some(fact) = fact.filter(|fact| fact.get(DIGEST).is_some()) {
        return Some(fact);
    }
    (entry.kind == EntryKind::ConflictDecided).then(|| json!({ DECISION: body[DECISION] }))
}

/// What of a row is not what its entry states, as far as the entry holds it; the state apart.
fn differing(stated: &Value, now: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if stated.get(DIGEST).is_some_and(|digest| *digest != now[DIGEST]) {
        found.push("what was said".to_owned());
    }
    if stated.get(DECISION).is_some_and(|decision| *decision != now[DECISION]) {
        found.push(DECISION.to_owned());
    }
    let parts = stated.get(DIGESTS).and_then(Value::as_object);
    found.extend(
        parts.into_iter().flatten().filter(|(part, digest)| now[DIGESTS][*part] != **digest).map(|it| it.0.clone()),
    );
    found
}

/// A registration that was approved is CONVERTED when its deal is locked, which the deal's own entry records.
fn is_state(stated: &Value, now: &Value) -> bool {
    let moved_on = now[STATE] == "CONVERTED" && (stated[STATE] == "APPROVED" || stated[STATE] == "REFRESHED");
    stated[STATE] == now[STATE] || moved_on
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
                    Some(now) => {
                        let differing = differing(&fact, now);
                        if differing.is_empty() && is_state(&fact, now) {
                            continue;
                        }
                        let say =
                            |fact: &Value| fact[STATE].as_str().map_or_else(String::new, |word| format!(", {word}"));
                        let what = if differing.is_empty() { "state".to_owned() } else { differing.join(", ") };
                        note(format!(
                            "{kind} {id} is not what {} states{}: its row was changed ({what}){}",
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
