//! Conflicts of claims on one account, and the timeline that both sides see.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::ledger::claims as stated;
use super::office::Caller;
use super::registration;
use super::registration_step::{self, At, drop_deal, stop_promises, verdict};
use domain::claim::{
    ClaimEvent, ClaimEventKind, Claimant, Conflict, ConflictRefusal, Settlement, first_touch, shares, timeline,
};
use domain::ledger::EntryKind;
use domain::registration::{Registration, Verdict};
use domain::role::Action;
use domain::slice::Slice;
use entity::page::{Ask, Page};
pub use entity::registration_conflict::key as position;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Opens the conflict of a claim that arrives where others stand, or joins the one that is open.
pub(super) async fn meet(
    work: &mut Work<'_>,
    whole: &Slice,
    arrived: &mut Registration,
    rivals: Vec<Registration>,
) -> Result<(), Failure> {
    if rivals.is_empty() && !arrived.is_channel_conflict {
        return Ok(());
    }
    let open = entity::registration_conflict::open_of_domain(&work.tx, whole, &arrived.domain).await?;
    let conflict = match open {
        Some(mut conflict) => {
            conflict.is_channel |= arrived.is_channel_conflict;
            conflict.version += 1;
            entity::registration_conflict::update(&work.tx, whole, &conflict).await?;
            conflict
        }
        None => {
            let conflict = Conflict {
                id: work.id(),
                domain: arrived.domain.clone(),
                is_channel: arrived.is_channel_conflict,
                opened_at: work.now,
                decision: None,
                version: 1,
            };
            entity::registration_conflict::insert(&work.tx, whole, &conflict).await?;
            conflict
        }
    };
    arrived.conflict_id = Some(conflict.id);
    for rival in rivals.into_iter().filter(|rival| rival.conflict_id != Some(conflict.id)) {
        let rival = Registration { conflict_id: Some(conflict.id), version: rival.version + 1, ..rival };
        entity::registration::update(&work.tx, whole, &rival).await?;
    }
    let body = json!({ "domain": conflict.domain, "isChannel": conflict.is_channel, "claim": arrived.id });
    work.record("conflict.open", "RegistrationConflict", conflict.id, body);
    work.announce("registration.conflict", conflict.id, json!({ "isDecided": false }));
    Ok(())
}

/// A page of conflicts: those that are open, those that are decided, or all.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, open: Option<bool>, ask: &Ask) -> Result<Page<Conflict>, Failure> {
    let slice = caller.authorise(Action::DecideConflicts)?;
    Ok(entity::registration_conflict::page(caller.office.store.read(), slice, open, ask).await?)
}

/// How many conflicts there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, open: Option<bool>) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::DecideConflicts)?;
    Ok(entity::registration_conflict::count(caller.office.store.read(), slice, open).await?)
}

/// Those of these conflicts that a registration of the caller is part of.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Conflict>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    Ok(entity::registration_conflict::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// The claims of a conflict that the caller may see: while it is open, the live ones; after, those that were decided on.
///
/// # Errors
/// [`Failure`].
pub async fn claims(caller: &Caller, conflict: &Conflict) -> Result<Vec<Registration>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrationsInside)?;
    let store = caller.office.store.read();
    match &conflict.decision {
        None => Ok(entity::registration::live_of_domain(store, slice, &conflict.domain).await?),
        Some(decision) => {
            let ids: Vec<Uuid> = decision.shares.iter().map(|share| share.registration_id).collect();
            Ok(entity::registration::of_ids(store, slice, &ids).await?)
        }
    }
}

fn claimants(claims: &[Registration]) -> Vec<Claimant> {
    let of = |claim: &Registration| Claimant {
        registration_id: claim.id,
        claim_number: claim.claim_number,
        submitted_at: claim.submitted_at,
        discovery: claim.discovery.clone(),
    };
    claims.iter().map(of).collect()
}

/// Who wins by the rule among live claims.
#[must_use]
pub fn first(claims: &[Registration]) -> Option<Uuid> {
    first_touch(&claimants(claims))
}

/// Decides a conflict: for the claim with the first touch and evidence of it, whose rivals are refused, or as a split of the
/// influence credit. Both sides read the reason.
///
/// # Errors
/// [`Failure`].
pub async fn decide(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    winner: Option<Uuid>,
    reason: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::DecideConflicts, key, async |work| {
        let found = entity::registration_conflict::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        entity::registration_line::hold(&work.tx, work.slice, &found.domain).await?;
        let conflict = entity::registration_conflict::find(&work.tx, work.slice, id).await?;
        let mut conflict = conflict.ok_or(Failure::NotFound)?;
        work.expect_version(conflict.version, expected)?;
        if conflict.decision.is_some() {
            return Err(refused("id", ConflictRefusal::AlreadyDecided));
        }
        let at = At::now(work).await?;
        let live = entity::registration::live_of_domain(&work.tx, work.slice, &conflict.domain).await?;
        let live = live.into_iter().map(|it| Registration { state: it.state.on(at.today), ..it });
        let standing: Vec<Registration> = live.filter(|claim| claim.state.word().is_live()).collect();
        let shares = shares(&claimants(&standing), winner).map_err(|refusal| refused("winnerId", refusal))?;
        let verdict = verdict(reason, at.mark)?;
        let owners: HashMap<Uuid, Uuid> = standing.iter().map(|claim| (claim.id, claim.partner_id)).collect();
        for (claim, share) in standing.into_iter().zip(&shares) {
            settle(work, &at, claim, share.bps, winner, &verdict).await?;
        }
        let decided = Settlement { verdict, winner, shares };
        conflict.decision = Some(decided.clone());
        conflict.version += 1;
        entity::registration_conflict::update(&work.tx, work.slice, &conflict).await?;
        let body = json!({ "domain": conflict.domain, "decision": conflict.decision, "version": conflict.version });
        work.record("conflict.decide", "RegistrationConflict", id, body);
        // Each claimant may hold a receipt of its own share.
        let partners: Vec<Uuid> = owners.values().copied().collect();
        let entered = stated::conflict_body(&conflict, &decided, &owners);
        work.enter(EntryKind::ConflictDecided, "RegistrationConflict", id, &partners, entered);
        work.announce("registration.conflict", id, json!({ "isDecided": true }));
        Ok(id)
    })
    .await
}

fn refused(path: &str, refusal: ConflictRefusal) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into()).into()
}

async fn settle(
    work: &mut Work<'_>,
    at: &At,
    mut claim: Registration,
    bps: i64,
    winner: Option<Uuid>,
    verdict: &Verdict,
) -> Result<(), Failure> {
    claim.influence_bps = Some(bps);
    claim.version += 1;
    if winner.is_some_and(|id| id != claim.id) {
        claim.state = claim.state.lose(verdict.clone()).map_err(|why| registration::refused("id", why))?;
    }
    entity::registration::update(&work.tx, work.slice, &claim).await?;
    if !claim.state.word().is_live() {
        registration_step::enter(work, EntryKind::RegistrationRefused, &claim);
    }
    work.record("registration.settle", "Registration", claim.id, registration::body(&claim));
    if !claim.state.word().is_live() {
        drop_deal(work, &claim, at).await?;
        stop_promises(work, claim.id).await?;
        let state: &str = claim.state.word().into();
        work.announce(registration::DECIDED_EVENT, claim.id, json!({ "partnerId": claim.partner_id, "state": state }));
    }
    Ok(())
}

/// The timeline of claims on the account of a registration: each reader its own part, and one bare line for each other live claim.
///
/// # Errors
/// [`Failure`].
pub async fn timeline_of(caller: &Caller, registration: Uuid) -> Result<Option<Vec<ClaimEvent>>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    let store = caller.office.store.read();
    let Some(asked) = entity::registration::find(store, slice, registration).await? else { return Ok(None) };
    let seen = entity::registration::of_domain(store, slice, &asked.domain).await?;
    let ids: Vec<Uuid> = seen.iter().map(|claim| claim.id).collect();
    let today = registration::day_now(caller).await?;
    let whole = registration::whole(slice.program_id())?;
    let live = entity::registration::live_of_domain(store, &whole, &asked.domain).await?;
    let is_hidden = |claim: &Registration| !ids.contains(&claim.id) && claim.state.clone().on(today).word().is_live();
    let hidden = live.iter().filter(|claim| is_hidden(claim)).count();
    let filter = entity::change::Filter { subjects: Some(ids), seats: None };
    let most = Ask { limit: 1000, ..Ask::default() };
    let changes = entity::change::page(store, slice, &filter, &most).await?.rows;
    let recorded = changes.iter().filter_map(|change| {
        let kind = kind_of(&change.verb)?;
        Some(ClaimEvent { kind, at: Some(change.recorded_at), registration_id: Some(change.subject_id) })
    });
    let discovered = seen.iter().filter_map(|claim| {
        let at = claim.discovery.as_ref()?.at;
        Some(ClaimEvent { kind: ClaimEventKind::Discovered, at: Some(at), registration_id: Some(claim.id) })
    });
    Ok(Some(timeline(recorded.chain(discovered).collect(), hidden)))
}

fn kind_of(verb: &str) -> Option<ClaimEventKind> {
    Some(match verb {
        "registration.submit" => ClaimEventKind::Submitted,
        "registration.touch" => ClaimEventKind::FirstTouch,
        "registration.decide" => ClaimEventKind::Decided,
        "registration.meet" => ClaimEventKind::MeetingHeld,
        "registration.summarise" => ClaimEventKind::SummaryAttached,
        "registration.refresh" => ClaimEventKind::Refreshed,
        "registration.withdraw" => ClaimEventKind::Withdrawn,
        "registration.expire" => ClaimEventKind::Expired,
        "registration.convert" => ClaimEventKind::Converted,
        "registration.settle" => ClaimEventKind::ConflictDecided,
        _ => return None,
    })
}
