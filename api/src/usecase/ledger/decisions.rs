//! Disputes, and the shares that decided conflicts gave, against the entries that state them.

use super::claims::DECISION;
use super::rows::{hex, stated};
use crate::usecase::Failure;
use chrono::{DateTime, Utc};
use domain::dispute::{Dispute, DisputeState, Party};
use domain::ledger::audit::name;
use domain::ledger::{Entry, EntryKind, INSIDE, PARTNERS, instant};
use domain::slice::Slice;
use entity::{Tx, ledger_entry};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// So many rows are compared at a time.
const STEP: u64 = 500;
/// The member of a dispute's entry that holds the dispute.
const DISPUTE: &str = "disputeId";

/// The body of a dispute's entry: how it stands and why is for all its parties, what holds for each of its own. The words of the
/// evidence stay with the dispute: Finance reads the ledger, and no contacts and activities.
pub(in crate::usecase) fn dispute(it: &Dispute, parties: &[Party]) -> Value {
    let holds = it.decided.as_ref().unwrap_or(&it.claimed);
    let inside = json!({
        "original": it.original, "claimed": it.claimed, "evidenceSha256": hex(it.evidence.as_bytes()),
        "openedRole": it.opened_role, "parties": said(parties),
    });
    json!({ DISPUTE: it.id, "kind": it.kind, "state": it.state, "reason": it.reason, PARTNERS: holds, INSIDE: inside })
}

/// Parties in one order.
fn said(parties: &[Party]) -> Value {
    let mut parties = parties.to_vec();
    parties.sort_unstable_by_key(|party| party.partner_id);
    let of = |party: &Party| json!({ "partnerId": party.partner_id, "isClaimant": party.is_claimant });
    parties.iter().map(of).collect()
}

/// What entries state of one dispute: how it was opened, and how it stands.
struct Told {
    opened: Option<Entry>,
    latest: Entry,
    body: Value,
}

/// The latest entry of each dispute, with the one that it was opened by.
async fn told(tx: &Tx, slice: &Slice) -> Result<BTreeMap<Uuid, Told>, Failure> {
    let mut told: BTreeMap<Uuid, Told> = BTreeMap::new();
    // A dispute ends once: what ended it comes after what opened it.
    for kind in [EntryKind::DisputeOpened, EntryKind::DisputeDecided, EntryKind::DisputeWithdrawn] {
        for entry in ledger_entry::of_kind(tx, slice.program_id(), kind).await? {
            let Ok(body) = serde_json::from_str::<Value>(&entry.body) else { continue };
            let Ok(id) = serde_json::from_value::<Uuid>(body[DISPUTE].clone()) else { continue };
            let opened = match told.remove(&id) {
                Some(before) => before.opened,
                None => (kind == EntryKind::DisputeOpened).then(|| entry.clone()),
            };
            told.insert(id, Told { opened, latest: entry, body });
        }
    }
    Ok(told)
}

/// What of a dispute is not what its entries state. Of the parties, older entries hold the ids alone, and of the role nothing.
fn differing(row: &Dispute, parties: &[Party], told: &Told) -> Vec<&'static str> {
    let (body, inside) = (&told.body, &told.body[INSIDE]);
    let is_open = row.state == DisputeState::Open;
    let (by, at) =
        if is_open { (Some(row.opened_by), Some(row.recorded_at)) } else { (row.decided_by, row.decided_at) };
    let is_of = |entry: &Entry, by: Option<Uuid>, at: Option<DateTime<Utc>>| {
        by == Some(entry.seat_id) && at.map(instant) == Some(instant(entry.recorded_at))
    };
    let mut ids: Vec<Uuid> = parties.iter().map(|party| party.partner_id).collect();
    ids.sort_unstable();
    let has_parties = match inside.get("parties") {
        Some(stated) => *stated == said(parties),
        None => told.latest.partners == ids,
    };
    let opened = told.opened.as_ref();
    let same = [
        ("the deal", told.latest.subject_id == row.deal_id),
        ("the kind", body["kind"] == json!(row.kind)),
        ("the state", body["state"] == json!(row.state)),
        ("the reason", body["reason"] == json!(row.reason)),
        ("the evidence", inside["evidenceSha256"] == json!(hex(row.evidence.as_bytes()))),
        ("the original reading", inside["original"] == json!(row.original)),
        ("the claimed reading", inside["claimed"] == json!(row.claimed)),
        (
            "the decided reading",
            row.decided.is_none() == is_open && body[PARTNERS] == json!(row.decided.as_ref().unwrap_or(&row.claimed)),
        ),
        ("the parties", has_parties),
        ("the role", inside.get("openedRole").is_none_or(|role| *role == json!(row.opened_role))),
        ("who opened it and when", opened.is_none_or(|it| is_of(it, Some(row.opened_by), Some(row.recorded_at)))),
        ("who decided and when", is_of(&told.latest, by, at)),
    ];
    same.into_iter().filter(|(_, is_same)| !is_same).map(|(what, _)| what).collect()
}

/// Compares every dispute with its entries. Returns how many there were.
pub(super) async fn disputes(
    tx: &Tx,
    slice: &Slice,
    opened: Option<DateTime<Utc>>,
    note: &mut impl FnMut(String),
) -> Result<u64, Failure> {
    let mut told = told(tx, slice).await?;
    let (mut after, mut compared) = (Uuid::nil(), 0);
    loop {
        let rows = entity::dispute::next(tx, slice, after, STEP).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut parties: HashMap<Uuid, Vec<Party>> = HashMap::new();
        for (dispute, party) in entity::dispute_party::of_disputes(tx, slice, &ids).await? {
            parties.entry(dispute).or_default().push(party);
        }
        for row in rows {
            compared += 1;
            match told.remove(&row.id) {
                None if opened >= Some(row.recorded_at) => {}
                None => note(format!("Dispute {} is on record, but no entry of the ledger states it", row.id)),
                Some(told) => {
                    let parties = parties.get(&row.id).map_or(&[][..], Vec::as_slice);
                    let differing = differing(&row, parties, &told);
                    if !differing.is_empty() {
                        note(format!(
                            "Dispute {} is not what {} states: its row was changed ({})",
                            row.id,
                            name(&told.latest),
                            differing.join(", ")
                        ));
                    }
                }
            }
        }
    }
    for (id, told) in told {
        note(format!("Dispute {id} is gone, but {} states it", name(&told.latest)));
    }
    Ok(compared)
}

/// Compares the share of the influence credit that each registration holds with the latest decided conflict that gave it one: the
/// conflict's entry is the only one that states a share of a claim that stands.
pub(super) async fn shares(tx: &Tx, slice: &Slice, note: &mut impl FnMut(String)) -> Result<(), Failure> {
    let mut given: BTreeMap<Uuid, (i64, String)> = BTreeMap::new();
    for entry in ledger_entry::of_kind(tx, slice.program_id(), EntryKind::ConflictDecided).await? {
        let Some(fact) = stated(&entry) else { continue };
        for share in fact[DECISION]["shares"].as_array().into_iter().flatten() {
            let id = serde_json::from_value::<Uuid>(share["registrationId"].clone());
            if let (Ok(id), Some(bps)) = (id, share["bps"].as_i64()) {
                given.insert(id, (bps, name(&entry)));
            }
        }
    }
    for (id, bps) in entity::registration::shares(tx, slice).await? {
        match given.remove(&id) {
            Some((stated, _)) if stated == bps => {}
            Some((stated, name)) => note(format!(
                "Registration {id} holds {bps} of 10000 of the influence credit, but {name} states {stated}: its row was changed"
            )),
            None => note(format!(
                "Registration {id} holds {bps} of 10000 of the influence credit, but no entry of the ledger states it"
            )),
        }
    }
    for (id, (stated, name)) in given {
        note(format!(
            "Registration {id} holds no share of the influence credit, but {name} states {stated} of 10000: its row was changed"
        ));
    }
    Ok(())
}
