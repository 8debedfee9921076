//! Who did what for a deal: declared as a whole, locked at Stage 1.

use super::commit::{Done, Key, Work, commit};
use super::dispute::refuse_while_contested;
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::proof::Evidence;
use super::registration_lock;
use domain::attribution::{
    Attribution, AttributionRefusal, AttributionState, Claim, Declaration, Provenance, check, contests,
};
use domain::deal::Deal;
use domain::ledger::{EntryKind, instant};
use domain::partner::Partner;
use domain::proof::Lack;
use domain::role::Action;
use domain::slice::Slice;
use domain::sourcing::Claims;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// The attributions of these deals that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_deals(caller: &Caller, deals: &[Uuid]) -> Result<Vec<Attribution>, Failure> {
    let slice = caller.authorise(Action::ReadAttribution)?;
    Ok(entity::attribution::of_deals(caller.office.store.read(), slice, deals).await?)
}

/// As [`of_deals`], each with its partner as far as the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn with_partners(caller: &Caller, deals: &[Uuid]) -> Result<Vec<(Attribution, Option<Partner>)>, Failure> {
    caller.authorise(Action::ReadPartners)?;
    let slice = caller.authorise(Action::ReadAttribution)?;
    Ok(entity::attribution::with_partners(caller.office.store.read(), slice, deals).await?)
}

pub(super) fn refused<const N: usize>(path: [&str; N], refusal: AttributionRefusal) -> Problem {
    Problem::at(path, ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into())
}

fn lacking(at: usize, lack: Lack) -> Problem {
    let path = ["partners", &at.to_string(), "state"];
    Problem::at(path, ProblemCode::RuleRefused, lack.to_string()).by(lack.into())
}

/// Every row of the program: what a caller cannot see, it neither takes away nor leaves unproven.
pub(super) fn whole(work: &Work<'_>) -> Result<Slice, Failure> {
    work.whole()
}

/// Claims as rows, each with the activity that it rests on; every fault is noted.
pub(super) async fn rows_of(
    work: &Work<'_>,
    problems: &mut Problems,
    deal: &Deal,
    claims: &[Claim],
) -> Result<Vec<Attribution>, Failure> {
    if claims.len() > 20 {
        problems.note("partners", ProblemCode::Invalid, "at most 20 claims");
    }
    for (at, refusal) in check(deal.kind, claims).err().unwrap_or_default() {
        problems.push(refused(["partners", &at.to_string(), "state"], refusal));
    }
    let ids: Vec<Uuid> = claims.iter().map(|claim| claim.partner_id).collect();
    let known = entity::partner::of_ids(&work.tx, work.slice, &ids).await?;
    let mut rows = Vec::with_capacity(claims.len());
    if claims.is_empty() {
        return Ok(rows);
    }
    let evidence = Evidence::of(work, deal).await?;
    let standing = registration_lock::claims(work, deal).await?;
    for (at, claim) in claims.iter().enumerate() {
        let mut basis_id = None;
        if !known.iter().any(|partner| partner.id == claim.partner_id) {
            let path = ["partners", &at.to_string(), "partnerId"];
            problems.push(Problem::at(path, ProblemCode::NotFound, "there is no such partner"));
        } else if let Some(refusal) = bar(&standing, claim.partner_id, claim.state) {
            problems.push(refused(["partners", &at.to_string(), "state"], refusal));
        } else if claim.state.fits(deal.kind) {
            match evidence.proofs().find(claim.partner_id, claim.state, claim.basis_id, work.now) {
                Ok(found) => basis_id = found,
                Err(lack) => problems.push(lacking(at, lack)),
            }
        }
        let said = claim.evidence.as_ref().and_then(|said| problems.take("partners", text::prose(said, 2000)));
        rows.push(Attribution {
            id: work.id(),
            deal_id: deal.id,
            partner_id: claim.partner_id,
            state: claim.state,
            is_late: false,
            provenance: Provenance::Declared,
            evidence: said,
            basis_id,
            locked_at: None,
            recorded_at: work.now,
        });
    }
    Ok(rows)
}

/// What stands against a partner in a state: only SOURCED has to do with claims.
pub(super) fn bar(standing: &Claims, partner: Uuid, state: AttributionState) -> Option<AttributionRefusal> {
    match state {
        AttributionState::Sourced => standing.may_be_sourced(partner).err(),
        AttributionState::Influenced | AttributionState::Accelerated | AttributionState::ExpansionOrRetention => None,
    }
}

/// What is said of a deal's attribution in the records of change.
pub(super) fn said(rows: &[Attribution]) -> Vec<serde_json::Value> {
    rows.iter().map(|row| json!({ "partnerId": row.partner_id, "state": row.state, "basisId": row.basis_id })).collect()
}

/// Notes on a deal what its rows declare, and locks both where the deal has reached Stage 1.
pub(super) fn settle(deal: &mut Deal, rows: &mut [Attribution], now: chrono::DateTime<chrono::Utc>) {
    deal.declaration = if rows.is_empty() { Declaration::Direct } else { Declaration::Partners };
    deal.locked_at = deal.has_reached_stage_one.then_some(now);
    for row in rows {
        row.locked_at = deal.locked_at;
    }
}

/// Declares a deal's attribution: partners with states, or (no claims) direct. Before the lock a declaration replaces the one
/// before, as far as the caller sees it; once the deal has reached Stage 1 it is locked at once. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn declare(
    caller: &Caller,
    deal_id: Uuid,
    expected: Option<i64>,
    claims: Vec<Claim>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::DeclareAttribution, key, async |work| {
        let mut deal = entity::deal::find_to_change(&work.tx, work.slice, deal_id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(deal.version, expected)?;
        if deal.locked_at.is_some() {
            return Err(refused(["dealId"], AttributionRefusal::Locked).into());
        }
        refuse_while_contested(work, deal_id, "dealId").await?;
        let mut problems = Problems::default();
        let mut rows = rows_of(work, &mut problems, &deal, &claims).await?;
        // What the caller cannot see, it does not take away.
        let present = entity::attribution::of_deals(&work.tx, &work.whole()?, &[deal_id]).await?;
        let holders: Vec<Uuid> = present.iter().map(|row| row.partner_id).collect();
        let seen = entity::partner::of_ids(&work.tx, work.slice, &holders).await?;
        let is_hidden = |row: &Attribution| !seen.iter().any(|partner| partner.id == row.partner_id);
        let mut hidden: Vec<Attribution> = present.into_iter().filter(is_hidden).collect();
        if contests(&claims, &hidden) {
            problems.push(refused(["partners"], AttributionRefusal::Contested));
        }
        if deal.has_reached_stage_one {
            prove_again(work, &mut problems, "partners", &deal, &mut hidden).await?;
        }
        problems.settle()?;
        rows.extend(hidden);
        settle(&mut deal, &mut rows, work.now);
        deal.provenance = Provenance::Declared;
        entity::attribution::replace(&work.tx, work.slice, deal_id, &rows).await?;
        deal.version += 1;
        deal.updated_at = work.now;
        entity::deal::update(&work.tx, work.slice, &deal).await?;
        if deal.locked_at.is_some() {
            registration_lock::convert(work, deal_id).await?;
        }
        work.touch(deal.closed_quarter);
        enter(work, &deal, &rows);
        let body = json!({ "partners": said(&rows), "lockedAt": deal.locked_at, "version": deal.version });
        work.record("attribution.declare", "Deal", deal_id, body);
        Ok(deal_id)
    })
    .await
}

/// Refuses to take a deal past Stage 1 while nobody declared who did what. History that was imported without stays as it is,
/// and is counted; to move it on, it is declared.
pub(super) fn require_declared(deal: &Deal) -> Result<(), Failure> {
    match deal.declaration {
        Declaration::Unknown => Err(refused(["stageId"], AttributionRefusal::DeclarationMissing).into()),
        Declaration::Direct | Declaration::Partners => Ok(()),
    }
}

/// Locks what was declared before Stage 1, if each claim still rests on something.
pub(super) async fn lock(work: &mut Work<'_>, deal: &mut Deal) -> Result<(), Failure> {
    refuse_while_contested(work, deal.id, "stageId").await?;
    let mut rows = entity::attribution::of_deals(&work.tx, &whole(work)?, &[deal.id]).await?;
    let mut problems = Problems::default();
    prove_again(work, &mut problems, "stageId", deal, &mut rows).await?;
    problems.settle()?;
    settle(deal, &mut rows, work.now);
    entity::attribution::replace(&work.tx, work.slice, deal.id, &rows).await?;
    enter(work, deal, &rows);
    work.record("attribution.lock", "Deal", deal.id, json!({ "partners": said(&rows), "lockedAt": deal.locked_at }));
    registration_lock::convert(work, deal.id).await
}

/// Locks what was declared of deals that an import took past Stage 1. Gives back those of which it is refused, each with the reason: the
/// import must not stand as it is then.
pub(super) async fn lock_moved(work: &mut Work<'_>, deals: &[Uuid]) -> Result<Vec<(Uuid, String)>, Failure> {
    let mut refused = Vec::new();
    for id in deals {
        let mut deal = entity::deal::find(&work.tx, &whole(work)?, *id).await?.ok_or(Failure::NotFound)?;
        match lock(work, &mut deal).await {
            Ok(()) => entity::deal::update(&work.tx, work.slice, &deal).await?,
            Err(Failure::Invalid(problems)) => {
                let why: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
                refused.push((*id, why.join("; ")));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(refused)
}

/// Looks once more for what each row rests on, now that the lock is here: a touch may have left the window since, and a conflict may
/// have taken away what was declared before it.
async fn prove_again(
    work: &Work<'_>,
    problems: &mut Problems,
    path: &str,
    deal: &Deal,
    rows: &mut [Attribution],
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let evidence = Evidence::of(work, deal).await?;
    let standing = registration_lock::claims(work, deal).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.partner_id).collect();
    let known = entity::partner::of_ids(&work.tx, work.slice, &ids).await?;
    for row in rows {
        let mut note = |why: &dyn std::fmt::Display, rule| {
            let partner = known.iter().find(|partner| partner.id == row.partner_id);
            let name = partner.map_or("another partner", |partner| partner.name.as_str());
            problems.push(Problem::at([path], ProblemCode::RuleRefused, format!("{name}: {why}")).by(rule));
        };
        let find = |named| evidence.proofs().find(row.partner_id, row.state, named, work.now);
        match find(row.basis_id).or_else(|_| find(None)) {
            Ok(basis) => row.basis_id = basis,
            Err(lack) => note(&lack, lack.into()),
        }
        if let Some(refusal) = bar(&standing, row.partner_id, row.state) {
            note(&refusal, refusal.into());
        }
    }
    Ok(())
}

/// The entry of a declaration, and of its lock: each partner sees its own state.
pub(super) fn enter(work: &mut Work<'_>, deal: &Deal, rows: &[Attribution]) {
    let kind = if deal.locked_at.is_some() { EntryKind::AttributionLocked } else { EntryKind::AttributionDeclared };
    let partners: Vec<Uuid> = rows.iter().map(|row| row.partner_id).collect();
    let body =
        json!({ "declaration": deal.declaration, "lockedAt": deal.locked_at.map(instant), "partners": said(rows) });
    work.enter(kind, "Deal", deal.id, &partners, body);
}
