//! The account-level trust-gap score of deals and accounts, and the motion a deal is routed to when it is qualified.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{Ask, Measures, measure};
use super::office::Caller;
use domain::book::{Kinds, Place};
use domain::deal::Deal;
use domain::firmographics::Firmographics;
use domain::overlap::Overlap;
use domain::qualification::{Missing, Qualification, ScoreFacts, Seniority, TrustGapScore};
use domain::role::Action;
use domain::slice::Slice;
use entity::Conn;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// What scores are computed from, for some accounts.
struct Desk {
    firmographics: HashMap<Uuid, Firmographics>,
    overlaps: HashMap<Uuid, HashMap<Uuid, Overlap>>,
    is_recorded: bool,
    measures: Arc<Measures>,
}

impl Desk {
    async fn of(conn: &impl Conn, slice: &Slice, accounts: &[Uuid], measures: Arc<Measures>) -> Result<Self, Failure> {
        let firmographics = entity::firmographics::of_accounts(conn, slice, accounts).await?;
        Ok(Self {
            firmographics: firmographics.into_iter().map(|row| (row.account_id, row)).collect(),
            // A measure: of all partners, so that every reader reads the same score (ruling 1).
            overlaps: entity::overlap::of_accounts(conn, slice, accounts).await?,
            is_recorded: entity::overlap::is_recorded(conn, slice).await?,
            measures,
        })
    }

    /// The score of an account with a deal of this size and buyer.
    fn score(&self, account: Option<Uuid>, arr_minor: Option<i64>, buyer: Option<Seniority>) -> TrustGapScore {
        let row = account.and_then(|id| self.firmographics.get(&id));
        let overlap = match account {
            None => Err(Missing::NoAccount),
            Some(_) if !self.is_recorded => Err(Missing::NoOverlapFacts),
            Some(id) => {
                let nearest = self.overlaps.get(&id).and_then(|partners| partners.values().max().copied());
                Ok(nearest.unwrap_or(Overlap::Nothing))
            }
        };
        let won = self.measures.book.everything(Place::All, Kinds::New);
        let facts = ScoreFacts {
            overlap,
            incumbency: row.and_then(|row| row.incumbency),
            seniority: buyer.or_else(|| row.and_then(|row| row.buyer_seniority)),
            arr_minor,
            won_new: (won.won_arr_count, won.won_arr_minor),
        };
        TrustGapScore::of(&facts, &self.measures.policy)
    }
}

async fn measures(caller: &Caller, action: Action) -> Result<Arc<Measures>, Failure> {
    measure(caller, action, Ask::default(), None).await
}

/// The scores of these deals, as far as the caller sees them.
///
/// # Errors
/// [`Failure`].
pub async fn of_deals(caller: &Caller, ids: &[Uuid]) -> Result<HashMap<Uuid, TrustGapScore>, Failure> {
    let action = Action::ReadTrustGapScore;
    let (slice, conn) = (caller.authorise(action)?, caller.office.store.read());
    let deals = entity::deal::of_ids(conn, slice, ids).await?;
    let accounts: Vec<Uuid> = deals.iter().filter_map(|deal| deal.account_id).collect();
    let desk = Desk::of(conn, slice, &accounts, measures(caller, action).await?).await?;
    let buyers: HashMap<Uuid, Seniority> = entity::qualification::of_deals(conn, slice, ids)
        .await?
        .into_iter()
        .map(|row| (row.deal_id, row.seniority))
        .collect();
    let score = |deal: Deal| (deal.id, desk.score(deal.account_id, deal.arr_minor, buyers.get(&deal.id).copied()));
    Ok(deals.into_iter().map(score).collect())
}

/// The scores of these accounts, each with its largest open deal. That tells the size of one deal, so they are for roles that see
/// every deal: who saw fewer would learn of another's, or read another score.
///
/// # Errors
/// [`Failure`].
pub async fn of_accounts(caller: &Caller, ids: &[Uuid]) -> Result<HashMap<Uuid, TrustGapScore>, Failure> {
    let action = Action::ReadAccountScore;
    let (slice, conn) = (caller.authorise(action)?, caller.office.store.read());
    let accounts = entity::account::of_ids(conn, slice, ids).await?;
    let ids: Vec<Uuid> = accounts.into_iter().map(|account| account.id).collect();
    let desk = Desk::of(conn, slice, &ids, measures(caller, action).await?).await?;
    let sizes = entity::overlap::largest_open(conn, slice, &ids).await?;
    Ok(ids.into_iter().map(|id| (id, desk.score(Some(id), sizes.get(&id).copied(), None))).collect())
}

/// How these deals were routed when they were qualified, as far as the caller sees them.
///
/// # Errors
/// [`Failure`].
pub async fn routings(caller: &Caller, deals: &[Uuid]) -> Result<Vec<Qualification>, Failure> {
    let slice = caller.authorise(Action::ReadTrustGapScore)?;
    Ok(entity::qualification::of_deals(caller.office.store.read(), slice, deals).await?)
}

/// Qualifies a deal: keeps how senior its buyer is, the score as it is now, and the motion it is routed to. Where a component is
/// missing there is neither, and the deal is qualified again once it is recorded. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn qualify(
    caller: &Caller,
    id: Uuid,
    buyer: Option<Seniority>,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let measures = measures(caller, Action::QualifyDeals).await?;
    commit(caller, Action::QualifyDeals, key, async |work| {
        let Some(deal) = entity::deal::find(&work.tx, work.slice, id).await? else {
            return Err(Problem::at(["dealId"], ProblemCode::NotFound, "there is no such deal").into());
        };
        if deal.outcome != domain::deal::Outcome::Open {
            let message = "only an open deal is qualified";
            return Err(Problem::at(["dealId"], ProblemCode::RuleRefused, message).by("DEAL_NOT_OPEN").into());
        }
        let before = entity::qualification::of_deals(&work.tx, work.slice, &[id]).await?.pop();
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let accounts: Vec<Uuid> = deal.account_id.into_iter().collect();
        let desk = Desk::of(&work.tx, work.slice, &accounts, measures.clone()).await?;
        let of_account = deal.account_id.and_then(|id| desk.firmographics.get(&id)).and_then(|row| row.buyer_seniority);
        let Some(seniority) = buyer.or(before.as_ref().map(|row| row.seniority)).or(of_account) else {
            let message = "say how senior the buyer is: neither the deal nor its account does";
            return Err(Problem::at(["buyerSeniority"], ProblemCode::Required, message).into());
        };
        let score = desk.score(deal.account_id, deal.arr_minor, Some(seniority));
        let row = Qualification {
            deal_id: id,
            seniority,
            score: Qualification::kept(&score),
            motion: score.motion,
            policy_version: score.policy_version,
            seat_id: work.seat_id(),
            version: before.map_or(1, |before| before.version + 1),
            recorded_at: work.now,
        };
        entity::qualification::put(&work.tx, work.slice, &row).await?;
        let missing: Vec<&str> = score.missing().into_iter().map(Into::into).collect();
        let body = json!({
            "buyerSeniority": row.seniority, "score": row.score, "motion": row.motion, "missing": missing,
            "policyVersion": row.policy_version, "version": row.version,
        });
        work.record("deal.qualify", "Deal", id, body);
        Ok(id)
    })
    .await
}
