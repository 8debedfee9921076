//! Where deals came from: tagged once, protected to closed-won.

use super::commit::Work;
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::origin::{Origin, OriginRefusal};
use domain::role::Action;
use domain::text;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Where these deals came from.
///
/// # Errors
/// [`Failure`].
pub async fn of_deals(caller: &Caller, deals: &[Uuid]) -> Result<HashMap<Uuid, Origin>, Failure> {
    let slice = caller.authorise(Action::ReadAttribution)?;
    Ok(entity::deal_origin::of_deals(caller.office.store.read(), slice, deals).await?)
}

/// What is given, checked as text and as a partner of the caller's.
pub(super) async fn read(work: &Work<'_>, problems: &mut Problems, given: &Origin) -> Result<Origin, Failure> {
    if let Some(id) = given.partner_id
        && entity::partner::find(&work.tx, work.slice, id).await?.is_none()
    {
        problems.note("sourcePartnerId", ProblemCode::NotFound, "there is no such partner");
    }
    let mut text = |path, given: Option<&String>| given.and_then(|it| problems.take(path, text::name(it, 500)));
    Ok(Origin {
        partner_id: given.partner_id,
        source_detail: text("sourceDetail", given.source_detail.as_ref()),
        referral_token: text("referralToken", given.referral_token.as_ref()),
    })
}

fn refused(why: OriginRefusal) -> Problem {
    let path = match why {
        OriginRefusal::SourcePartnerFixed | OriginRefusal::SourcePartnerLate => "sourcePartnerId",
        OriginRefusal::SourceDetailFixed => "sourceDetail",
        OriginRefusal::ReferralTokenFixed => "referralToken",
    };
    Problem::at([path], ProblemCode::RuleRefused, why.to_string()).by(why.into())
}

/// Adds to where a deal came from; whether anything was added. What is set is never overwritten; `may_tag` is whether a partner may
/// still be tagged where none is.
pub(super) async fn tag(work: &mut Work<'_>, deal_id: Uuid, given: &Origin, may_tag: bool) -> Result<bool, Failure> {
    if given.is_empty() {
        return Ok(false);
    }
    let mut problems = Problems::default();
    let given = read(work, &mut problems, given).await?;
    let before = entity::deal_origin::of_deals(&work.tx, work.slice, &[deal_id]).await?.remove(&deal_id);
    let before = before.unwrap_or_default();
    let settled = match before.with(&given, may_tag) {
        Ok(settled) => settled,
        Err(why) => {
            why.into_iter().for_each(|why| problems.push(refused(why)));
            before.clone()
        }
    };
    problems.settle()?;
    if settled == before {
        return Ok(false);
    }
    entity::deal_origin::upsert(&work.tx, work.slice, &[(deal_id, settled.clone())]).await?;
    let body = json!({
        "sourcePartnerId": settled.partner_id, "sourceDetail": settled.source_detail, "referralToken": settled.referral_token,
    });
    work.record("deal.tag", "Deal", deal_id, body);
    Ok(true)
}
