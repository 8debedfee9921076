//! What entries state of registrations and of the conflicts between them, and the part of it that is the partner's own.

use super::rows::{FIXED, PARTS, STATE, VERSION, hex};
use crate::usecase::Failure;
use domain::claim::{Conflict, Settlement};
use domain::ledger::{FACT, INSIDE, PARTNERS, instant};
use domain::registration::{Grant, Registration, State, Verdict};
use domain::slice::Slice;
use entity::Tx;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// The member of a fact that holds how a conflict was decided.
pub(super) const DECISION: &str = "decision";

fn verdict(it: &Verdict) -> Value {
    json!({ "reason": it.reason, "by": it.mark.by, "at": instant(it.mark.at) })
}

fn grant(it: &Grant) -> Value {
    json!({
        "verdict": verdict(&it.verdict), "from": it.from, "validThrough": it.valid_through, "meetBy": it.meet_by,
        "letter": it.letter, "policyVersion": it.policy_version, "contractVersion": it.contract_version,
    })
}

/// What was decided of a registration, without what moves on between two entries: its meetings, and the lock that takes over.
fn decided(it: &Registration) -> Value {
    match &it.state {
        State::Submitted => Value::Null,
        State::Approved(granted) | State::Refreshed(granted) | State::Converted { grant: granted, .. } => {
            json!({ "granted": grant(granted), "dealId": it.deal_id })
        }
        State::Expired { grant: granted, reason, on } => {
            json!({ "granted": grant(granted), "dealId": it.deal_id, "expired": { "reason": reason, "on": on } })
        }
        State::Refused(refused) => verdict(refused),
        State::Withdrawn { mark } => json!({ "by": mark.by, "at": instant(mark.at) }),
    }
}

/// What entries state of a registration: who claimed which account with what words and what discovery, what was decided of it, and
/// where it stands.
pub(in crate::usecase) fn registration(it: &Registration) -> Value {
    let state: &str = it.state.word().into();
    let fixed = json!({
        "partnerId": it.partner_id, "domain": it.domain, "claimNumber": it.claim_number, "accountUrl": it.account_url,
        "accountName": it.account_name, "buyerRole": it.buyer_role, "problem": it.problem, "submittedBy": it.submitted_by,
        "submittedAt": instant(it.submitted_at),
    });
    let discovery = it.discovery.as_ref().map(|it| json!({ "at": instant(it.at), "evidence": it.evidence }));
    let parts = json!({
        "discovery": { "shown": discovery, "isChannelConflict": it.is_channel_conflict, "nextMeetingOn": it.next_meeting_on },
        "decision": decided(it),
    });
    json!({ FIXED: fixed, PARTS: parts, STATE: state, VERSION: it.version })
}

/// What the partner may read of its registration, for its receipt alone: the days, the reason, and the hash of the letter that it was
/// sent. The letter's words say what the buyer needs, and Finance reads entries: who holds the letter proves it by its hash.
pub(in crate::usecase) fn own_part(it: &Registration) -> Value {
    let mut part = json!({ "partnerId": it.partner_id });
    if let Some(granted) = it.state.grant() {
        part["validFrom"] = json!(granted.from);
        part["validThrough"] = json!(granted.valid_through);
        part["meetBy"] = json!(granted.meet_by);
        part["letterSha256"] = json!(hex(granted.letter.as_bytes()));
    }
    if let Some(verdict) = it.state.verdict() {
        part["reason"] = json!(verdict.reason);
        part["decidedAt"] = json!(instant(verdict.mark.at));
    }
    if let State::Expired { reason, on, .. } = &it.state {
        part["expiredOn"] = json!(on);
        part["expiryReason"] = json!(reason);
    }
    if let Some(bps) = it.influence_bps {
        part["influenceBps"] = json!(bps);
    }
    part
}

/// What an entry states of a decided conflict.
pub(in crate::usecase) fn conflict(it: &Conflict) -> Value {
    let fixed = json!({ "domain": it.domain, "isChannel": it.is_channel, "openedAt": instant(it.opened_at) });
    json!({ FIXED: fixed, DECISION: it.decision })
}

/// The body of a decided conflict's entry: the reason is for all sides, each claim's share for its own partner.
pub(in crate::usecase) fn conflict_body(it: &Conflict, decided: &Settlement, owners: &HashMap<Uuid, Uuid>) -> Value {
    let part = |share: &domain::claim::ClaimShare| {
        let won = decided.winner.map(|winner| winner == share.registration_id);
        json!({ "partnerId": owners.get(&share.registration_id), "registrationId": share.registration_id,
            "influenceBps": share.bps, "isWinner": won })
    };
    let parts: Vec<Value> = decided.shares.iter().map(part).collect();
    let inside = json!({ "version": it.version, FACT: conflict(it) });
    json!({ "domain": it.domain, "reason": decided.verdict.reason, PARTNERS: parts, INSIDE: inside })
}

/// What entries would state of these registrations now. Where what lists read says something else, or nothing on record made it
/// CONVERTED, that is said as its state.
pub(super) async fn present(
    tx: &Tx,
    slice: &Slice,
    ids: &[Uuid],
    found: &mut HashMap<Uuid, Value>,
) -> Result<(), Failure> {
    let rows = entity::registration::of_ids(tx, slice, ids).await?;
    let converted = |row: &Registration| match (&row.state, row.deal_id) {
        (State::Converted { at, .. }, Some(deal)) => Some((deal, *at)),
        _ => None,
    };
    let deals: Vec<Uuid> = rows.iter().filter_map(converted).map(|(deal, _)| deal).collect();
    let locks = match deals.as_slice() {
        [] => Vec::new(),
        deals => entity::attribution_entry::locks(tx, slice, deals).await?,
    };
    let listed = entity::registration::listed_as(tx, slice, ids).await?;
    let listed: HashMap<Uuid, (String, Option<chrono::NaiveDate>)> =
        listed.into_iter().map(|(id, word, ends_on)| (id, (word, ends_on))).collect();
    for row in rows {
        let mut fact = registration(&row);
        let word: &str = row.state.word().into();
        let has_lock = |(deal, at)| locks.iter().any(|lock| (lock.0, lock.1) == (deal, row.partner_id) && lock.2 <= at);
        if matches!(row.state, State::Converted { .. }) && !converted(&row).is_some_and(has_lock) {
            fact[STATE] = json!(format!("{word} without a lock of its partner"));
        }
        if let Some((listed, ends_on)) = listed.get(&row.id)
            && (listed != word || *ends_on != row.state.ends_on())
        {
            let until = ends_on.map_or_else(String::new, |day| format!(" through {day}"));
            fact[STATE] = json!(format!("{word} and {listed}{until}"));
        }
        found.insert(row.id, fact);
    }
    Ok(())
}
