//! Contested claims and disputed attributions, and what is added after the lock. Nothing that is locked is edited.

use super::attribution::{bar, said, whole};
use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::ledger;
use super::office::Caller;
use super::proof::Evidence;
use super::registration_lock;
use chrono::{DateTime, Utc};
use domain::attribution::{Attribution, Claim, Declaration, Provenance, check};
use domain::deal::Deal;
use domain::dispute::{self, Dispute, DisputeKind, DisputeRefusal, DisputeState, Party, Reading, Standing};
use domain::ledger::EntryKind;
use domain::registration::Mark;
use domain::role::{Action, Role};
use domain::slice::Reach;
use domain::text;
pub use entity::dispute::{Filter, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// A dispute as its reader sees it: the partners and parts of its own slice.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The dispute. Its readings hold only partners that the caller sees.
    pub row: Dispute,
    /// Whether the caller is told the evidence: it is that of the side that disputes, and the vendor's who read the deal.
    pub is_told_evidence: bool,
}

async fn seen(caller: &Caller, rows: Vec<Dispute>) -> Result<Vec<Seen>, Failure> {
    let slice = caller.authorise(Action::ReadDisputes)?;
    let store = caller.office.store.read();
    let readings = |row: &Dispute| {
        row.original.iter().chain(&row.claimed).chain(row.decided.iter().flatten()).copied().collect::<Vec<_>>()
    };
    let ids: Vec<Uuid> = rows.iter().flat_map(readings).map(|it: Standing| it.partner_id).collect();
    let visible: HashSet<Uuid> =
        entity::partner::of_ids(store, slice, &ids).await?.into_iter().map(|it| it.id).collect();
    let disputes: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let parties = entity::dispute_party::of_disputes(store, slice, &disputes).await?;
    Ok(rows
        .into_iter()
        .map(|mut row| {
            for reading in [&mut row.original, &mut row.claimed].into_iter().chain(row.decided.as_mut()) {
                reading.retain(|it| visible.contains(&it.partner_id));
            }
            let is_claimants = parties.iter().any(|(of, party)| *of == row.id && party.is_claimant);
            let is_own = is_claimants || row.opened_by == caller.viewer.seat_id;
            let is_told_evidence = dispute::is_told_evidence(caller.viewer.role, is_own);
            Seen { row, is_told_evidence }
        })
        .collect())
}

/// A page of disputes.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Seen>, Failure> {
    let slice = caller.authorise(Action::ReadDisputes)?;
    let page = entity::dispute::page(caller.office.store.read(), slice, filter, ask).await?;
    let rows = seen(caller, page.rows).await?;
    Ok(Page { rows, has_previous: page.has_previous, has_next: page.has_next })
}

/// How many disputes there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadDisputes)?;
    Ok(entity::dispute::count(caller.office.store.read(), slice, filter).await?)
}

/// The dispute with this id, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Seen>, Failure> {
    let slice = caller.authorise(Action::ReadDisputes)?;
    let row = entity::dispute::find(caller.office.store.read(), slice, id).await?;
    Ok(seen(caller, row.into_iter().collect()).await?.pop())
}

fn refused<const N: usize>(path: [&str; N], refusal: DisputeRefusal) -> Problem {
    Problem::at(path, ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into())
}

/// A text that is required.
fn required(problems: &mut Problems, path: &'static str, given: &str) -> String {
    let text = problems.take(path, text::prose(given, 4000)).unwrap_or_default();
    if text.is_empty() {
        problems.note(path, ProblemCode::Required, "say it in words: both sides will go by it");
    }
    text
}

/// Whether somebody contests what is declared on a deal: then it is neither locked nor declared anew.
pub(super) async fn refuse_while_contested(work: &Work<'_>, deal: Uuid, path: &str) -> Result<(), Failure> {
    let filter = Filter { deals: Some(vec![deal]), states: Some(vec![DisputeState::Open]) };
    match entity::dispute::count(&work.tx, &whole(work)?, &filter).await? {
        0 => Ok(()),
        _ => Err(refused([path], DisputeRefusal::ClaimContested).into()),
    }
}

/// Opens a dispute: what is claimed instead of the reading that stands, and the evidence. Before the lock it contests the claim.
/// The done row is the dispute.
///
/// # Errors
/// [`Failure`].
pub async fn open(
    caller: &Caller,
    deal_id: Uuid,
    claims: Vec<Claim>,
    evidence: String,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::OpenDisputes, key, async |work| {
        let deal = entity::deal::find_to_change(&work.tx, work.slice, deal_id).await?.ok_or(Failure::NotFound)?;
        if deal.declaration == Declaration::Unknown {
            return Err(refused(["dealId"], DisputeRefusal::NothingDeclared).into());
        }
        let mut problems = Problems::default();
        let evidence = required(&mut problems, "evidence", &evidence);
        let rows = entity::attribution::of_deals(&work.tx, &whole(work)?, &[deal_id]).await?;
        let original = dispute::reading(&rows);
        let mut ids: Vec<Uuid> = claims.iter().map(|claim| claim.partner_id).collect();
        ids.extend(original.iter().map(|it| it.partner_id));
        let known = entity::partner::of_ids(&work.tx, work.slice, &ids).await?;
        let is_seen = |id: Uuid| known.iter().any(|partner| partner.id == id);
        for (at, _) in claims.iter().enumerate().filter(|(_, claim)| !is_seen(claim.partner_id)) {
            let path = ["partners", &at.to_string(), "partnerId"];
            problems.push(Problem::at(path, ProblemCode::NotFound, "there is no such partner"));
        }
        note_faults(&mut problems, &deal, &claims);
        let claimed = dispute::claim(&original, &claims, is_seen);
        if claimed == original {
            problems.push(refused(["partners"], DisputeRefusal::NothingDisputed));
        }
        problems.settle()?;
        let row = Dispute {
            id: work.id(),
            deal_id,
            kind: if deal.locked_at.is_some() { DisputeKind::Dispute } else { DisputeKind::Contest },
            state: DisputeState::Open,
            evidence,
            original,
            claimed,
            decided: None,
            reason: None,
            opened_by: caller.viewer.seat_id,
            opened_role: caller.viewer.role,
            decided_by: None,
            decided_at: None,
            version: 1,
            recorded_at: work.now,
        };
        let parties = dispute::parties(&row.original, &row.claimed);
        entity::dispute::insert(&work.tx, work.slice, &row, &parties).await.map_err(|why| {
            if entity::store::is_unique_violation(&why) {
                Failure::from(refused(["dealId"], DisputeRefusal::AlreadyOpen))
            } else {
                why.into()
            }
        })?;
        tell(work, &row, &parties, ("dispute.open", OPENED_EVENT, EntryKind::DisputeOpened));
        Ok(row.id)
    })
    .await
}

fn note_faults(problems: &mut Problems, deal: &Deal, claims: &[Claim]) {
    if claims.len() > 20 {
        problems.note("partners", ProblemCode::Invalid, "at most 20 claims");
    }
    for (at, refusal) in check(deal.kind, claims).err().unwrap_or_default() {
        problems.push(super::attribution::refused(["partners", &at.to_string(), "state"], refusal));
    }
}

/// Records, enters and announces it. Who may hear of it, and hold a receipt, is who the parties are: each of its own part.
fn tell(
    work: &mut Work<'_>,
    row: &Dispute,
    parties: &[Party],
    (verb, event, entry): (&'static str, &'static str, EntryKind),
) {
    let partners: Vec<Uuid> = parties.iter().map(|party| party.partner_id).collect();
    let body = json!({ "dealId": row.deal_id, "kind": row.kind, "state": row.state, "original": row.original,
        "claimed": row.claimed, "decided": row.decided, "reason": row.reason, "version": row.version });
    work.record(verb, "Dispute", row.id, body);
    let entered = ledger::decisions::dispute(row, parties);
    work.enter(entry, "Deal", row.deal_id, &partners, entered);
    work.announce(event, row.id, json!({ "dealId": row.deal_id, "state": row.state, "partnerIds": partners }));
}

/// What RevOps decides.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The original reading holds.
    Uphold,
    /// Another reading holds: the claimed one, or the one that is named.
    Change(Option<Vec<Claim>>),
}

/// Decides a dispute, with a reason that both sides read. The rows that the decision denies are set aside as they stand, and
/// what it says is added; measures read the decided reading. The done row is the dispute.
///
/// # Errors
/// [`Failure`].
pub async fn decide(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    verdict: Verdict,
    reason: String,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::DecideDisputes, key, async |work| {
        let first = entity::dispute::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        // The deal first: whoever changes it waits, and reads what was decided meanwhile.
        let mut deal =
            entity::deal::find_to_change(&work.tx, work.slice, first.deal_id).await?.ok_or(Failure::NotFound)?;
        let mut row = entity::dispute::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(row.version, expected)?;
        if row.state != DisputeState::Open {
            return Err(refused(["id"], DisputeRefusal::AlreadyDecided).into());
        }
        let mut problems = Problems::default();
        let reason = required(&mut problems, "reason", &reason);
        let rows = entity::attribution::of_deals(&work.tx, &whole(work)?, &[deal.id]).await?;
        let standing = dispute::reading(&rows);
        let decided: Reading = match verdict {
            Verdict::Uphold => standing.clone(),
            Verdict::Change(claims) => {
                // What is claimed is a whole reading: taken as it is, it would undo what was decided since.
                if claims.is_none() && row.original != standing {
                    return Err(refused(["partners"], DisputeRefusal::StandingChanged).into());
                }
                let claims = claims.unwrap_or_else(|| row.claimed.iter().map(|it| plain(*it)).collect());
                note_faults(&mut problems, &deal, &claims);
                let decided = dispute::claim(&standing, &claims, |_| true);
                if decided == standing {
                    problems.push(refused(["partners"], DisputeRefusal::NothingDisputed));
                }
                decided
            }
        };
        row.state = if decided == standing { DisputeState::Upheld } else { DisputeState::Changed };
        let change = dispute::supersede(&rows, &decided);
        let added = prove(work, &mut problems, &deal, &change.added).await?;
        problems.settle()?;
        row.decided = Some(decided);
        row.reason = Some(reason);
        row.decided_by = Some(caller.viewer.seat_id);
        row.decided_at = Some(work.now);
        row.version += 1;
        let before = dispute::parties(&row.original, &row.claimed);
        let mut parties = dispute::parties(&standing, row.decided.as_deref().unwrap_or_default());
        parties.retain(|party| !before.iter().any(|known| known.partner_id == party.partner_id));
        entity::dispute::update(&work.tx, work.slice, &row, &parties).await?;
        if row.state == DisputeState::Changed {
            entity::attribution_entry::set_aside(&work.tx, work.slice, &change.set_aside, id).await?;
            entity::attribution_entry::insert(&work.tx, work.slice, &added, Some(id)).await?;
            let is_direct = row.decided.as_ref().is_none_or(Vec::is_empty);
            deal.declaration = if is_direct { Declaration::Direct } else { Declaration::Partners };
            deal.version += 1;
            deal.updated_at = work.now;
            entity::deal::update(&work.tx, work.slice, &deal).await?;
            work.touch(deal.closed_quarter);
            if deal.locked_at.is_some() {
                registration_lock::convert(work, deal.id).await?;
            }
        }
        parties.extend(before);
        tell(work, &row, &parties, ("dispute.decide", DECIDED_EVENT, EntryKind::DisputeDecided));
        Ok(id)
    })
    .await
}

/// Takes a dispute back before it is decided, with a reason that both sides read: as the seat that opened it, or as another token of the
/// partner whose token did. The done row is the dispute.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn withdraw(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    reason: String,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::OpenDisputes, key, async |work| {
        let first = entity::dispute::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        let whole = whole(work)?;
        // The deal first: who decides at the same time waits, and reads that it was taken back.
        entity::deal::find_to_change(&work.tx, &whole, first.deal_id).await?.ok_or(Failure::NotFound)?;
        let row = entity::dispute::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(row.version, expected)?;
        let mut problems = Problems::default();
        let reason = required(&mut problems, "reason", &reason);
        problems.settle()?;
        let is_opener = row.opened_by == caller.viewer.seat_id || is_of_its_partner(work, &row).await?;
        let standing = dispute::reading(&entity::attribution::of_deals(&work.tx, &whole, &[row.deal_id]).await?);
        let mark = Mark { at: work.now, by: work.seat_id() };
        let row = row.withdraw(is_opener, standing, reason, mark).map_err(|refusal| refused(["id"], refusal))?;
        entity::dispute::update(&work.tx, work.slice, &row, &[]).await?;
        let parties = dispute::parties(&row.original, &row.claimed);
        tell(work, &row, &parties, ("dispute.withdraw", DECIDED_EVENT, EntryKind::DisputeWithdrawn));
        Ok(id)
    })
    .await
}

/// Whether the caller is the partner whose token opened a dispute: each token has a seat of its own.
async fn is_of_its_partner(work: &Work<'_>, row: &Dispute) -> Result<bool, Failure> {
    let Reach::Own { partner } = work.slice.reach() else { return Ok(false) };
    let seat = entity::seat::find(&work.tx, work.slice, row.opened_by).await?;
    Ok(seat.is_some_and(|seat| seat.role == Role::Partner && seat.partners == [*partner]))
}

const fn plain(it: Standing) -> Claim {
    Claim { partner_id: it.partner_id, state: it.state, evidence: None, basis_id: None }
}

/// Rows that a decision adds. They rest on what was recorded by the lock, as if they had been declared there; of imported
/// history nothing was recorded here by then, so RevOps answers for it. A decision gives nobody what a conflict of claims denied.
async fn prove(
    work: &Work<'_>,
    problems: &mut Problems,
    deal: &Deal,
    added: &[Standing],
) -> Result<Vec<Attribution>, Failure> {
    if added.is_empty() {
        return Ok(Vec::new());
    }
    let evidence = Evidence::of(work, deal).await?;
    let known = {
        let ids: Vec<Uuid> = added.iter().map(|it| it.partner_id).collect();
        entity::partner::of_ids(&work.tx, work.slice, &ids).await?
    };
    let standing = registration_lock::claims(work, deal).await?;
    let at = deal.locked_at.unwrap_or(work.now);
    let mut rows = Vec::with_capacity(added.len());
    for it in added {
        let found = evidence.proofs().find(it.partner_id, it.state, None, at);
        let mut note = |why: String, rule| {
            let partner = known.iter().find(|partner| partner.id == it.partner_id);
            let name = partner.map_or("a partner", |partner| partner.name.as_str());
            problems.push(Problem::at(["partners"], ProblemCode::RuleRefused, format!("{name}{why}")).by(rule));
        };
        if let (Err(lack), Provenance::Declared) = (found, deal.provenance) {
            note(format!(", by the lock: {lack}"), lack.into());
        }
        if let Some(refusal) = bar(&standing, it.partner_id, it.state) {
            note(format!(": {refusal}"), refusal.into());
        }
        rows.push(entry(work, deal.id, *it, found.ok().flatten(), deal.locked_at.map(|_| work.now)));
    }
    Ok(rows)
}

fn entry(
    work: &Work<'_>,
    deal_id: Uuid,
    it: Standing,
    basis_id: Option<Uuid>,
    locked_at: Option<DateTime<Utc>>,
) -> Attribution {
    Attribution {
        id: work.id(),
        deal_id,
        partner_id: it.partner_id,
        state: it.state,
        is_late: false,
        provenance: Provenance::Declared,
        evidence: None,
        basis_id,
        locked_at,
        recorded_at: work.now,
    }
}

/// Adds after the lock what could only come later, with its evidence, flagged late: measures leave it out unless they are asked
/// for it. Never SOURCED. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn amend(
    caller: &Caller,
    deal_id: Uuid,
    expected: Option<i64>,
    claim: Claim,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::DeclareAttribution, key, async |work| {
        let mut deal = entity::deal::find_to_change(&work.tx, work.slice, deal_id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(deal.version, expected)?;
        let mut problems = Problems::default();
        let words = required(&mut problems, "evidence", claim.evidence.as_deref().unwrap_or_default());
        if entity::partner::find(&work.tx, work.slice, claim.partner_id).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        problems.settle()?;
        let rows = entity::attribution::of_deals(&work.tx, &whole(work)?, &[deal_id]).await?;
        dispute::amend(deal.locked_at.is_some(), &rows, claim.partner_id, claim.state)
            .map_err(|refusal| refused(["state"], refusal))?;
        if let Err(faults) = check(deal.kind, std::slice::from_ref(&claim)) {
            let first = faults.first().map(|(_, refusal)| super::attribution::refused(["state"], *refusal));
            return Err(Failure::Invalid(first.into_iter().collect()));
        }
        let evidence = Evidence::of(work, &deal).await?;
        // What helped a closed deal helped before its close.
        let until = deal.closed_on.map_or(work.now, |day| evidence.end_of(day).min(work.now));
        let basis = evidence.proofs().find_within(claim.partner_id, claim.state, claim.basis_id, (until, work.now));
        let basis = basis
            .map_err(|lack| Problem::at(["activityId"], ProblemCode::RuleRefused, lack.to_string()).by(lack.into()))?;
        let standing = Standing { partner_id: claim.partner_id, state: claim.state };
        let row = Attribution {
            is_late: true,
            evidence: Some(words),
            ..entry(work, deal_id, standing, basis, Some(work.now))
        };
        entity::attribution_entry::insert(&work.tx, work.slice, std::slice::from_ref(&row), None).await?;
        deal.version += 1;
        deal.updated_at = work.now;
        entity::deal::update(&work.tx, work.slice, &deal).await?;
        work.touch(deal.closed_quarter);
        let body = json!({ "partners": said(std::slice::from_ref(&row)), "isLate": true, "version": deal.version });
        work.record("attribution.amend", "Deal", deal_id, body);
        let entered = json!({ "partners": [standing], "isLate": true });
        work.enter(EntryKind::AttributionAmended, "Deal", deal_id, &[claim.partner_id], entered);
        Ok(deal_id)
    })
    .await
}

/// The kind of the event that tells that a claim is contested, or an attribution disputed.
pub const OPENED_EVENT: &str = "attribution.disputed";
/// The kind of the event that tells that RevOps decided, or that it was taken back.
pub const DECIDED_EVENT: &str = "attribution.decided";

impl Followed for Seen {
    const ACTION: Action = Action::ReadDisputes;
    const KINDS: &'static [&'static str] = &[OPENED_EVENT, DECIDED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}
