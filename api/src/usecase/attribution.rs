//! Who did what for a deal: declared as a whole, locked at Stage 1.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::attribution::{Attribution, AttributionRefusal, Claim, Declaration, Provenance, check, contests};
use domain::role::Action;
use domain::slice::Viewer;
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

fn refused(at: usize, refusal: AttributionRefusal) -> Problem {
    let code: &'static str = refusal.into();
    Problem::at(["partners", &at.to_string(), "state"], ProblemCode::RuleRefused, refusal.to_string()).by(code)
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
        let mut deal = entity::deal::find(&work.tx, work.slice, deal_id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(deal.version, expected)?;
        if deal.locked_at.is_some() {
            let refusal = AttributionRefusal::Locked;
            return Err(Problem::at(["dealId"], ProblemCode::RuleRefused, refusal.to_string())
                .by(refusal.into())
                .into());
        }
        let mut problems = Problems::default();
        if claims.len() > 20 {
            problems.note("partners", ProblemCode::Invalid, "at most 20 claims");
        }
        for (at, refusal) in check(deal.kind, &claims).err().unwrap_or_default() {
            problems.push(refused(at, refusal));
        }
        let ids: Vec<Uuid> = claims.iter().map(|claim| claim.partner_id).collect();
        let known = entity::partner::of_ids(&work.tx, work.slice, &ids).await?;
        let locked_at = deal.has_reached_stage_one.then_some(work.now);
        let mut rows = Vec::with_capacity(claims.len());
        for (at, claim) in claims.iter().enumerate() {
            if !known.iter().any(|partner| partner.id == claim.partner_id) {
                let path = ["partners", &at.to_string(), "partnerId"];
                problems.push(Problem::at(path, ProblemCode::NotFound, "there is no such partner"));
            }
            let evidence =
                claim.evidence.as_ref().and_then(|evidence| problems.take("partners", text::prose(evidence, 2000)));
            rows.push(Attribution {
                id: work.id(),
                deal_id,
                partner_id: claim.partner_id,
                state: claim.state,
                is_late: false,
                provenance: Provenance::Declared,
                evidence,
                locked_at,
                recorded_at: work.now,
            });
        }
        // What the caller cannot see, it does not take away.
        let whole = Viewer::system(work.program_id()).slice().ok_or(Failure::Denied)?;
        let present = entity::attribution::of_deals(&work.tx, &whole, &[deal_id]).await?;
        let holders: Vec<Uuid> = present.iter().map(|row| row.partner_id).collect();
        let seen = entity::partner::of_ids(&work.tx, work.slice, &holders).await?;
        let hidden = present.into_iter().filter(|row| !seen.iter().any(|partner| partner.id == row.partner_id));
        let hidden: Vec<Attribution> = hidden.map(|row| Attribution { locked_at, ..row }).collect();
        if contests(&claims, &hidden) {
            let refusal = AttributionRefusal::Contested;
            problems.push(Problem::at(["partners"], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into()));
        }
        problems.settle()?;
        rows.extend(hidden);
        entity::attribution::replace(&work.tx, work.slice, deal_id, &rows).await?;
        deal.declaration = if rows.is_empty() { Declaration::Direct } else { Declaration::Partners };
        deal.locked_at = locked_at;
        deal.version += 1;
        deal.updated_at = work.now;
        entity::deal::update(&work.tx, work.slice, &deal).await?;
        work.touch(deal.closed_quarter);
        let said: Vec<_> = rows.iter().map(|row| json!({ "partnerId": row.partner_id, "state": row.state })).collect();
        work.record(
            "attribution.declare",
            "Deal",
            deal_id,
            json!({ "partners": said, "lockedAt": locked_at, "version": deal.version }),
        );
        Ok(deal_id)
    })
    .await
}
