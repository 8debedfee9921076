//! From a candidate to a partner.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::office::Caller;
use super::profile::{fit_of, standing};
use domain::candidate::{CandidateRefusal, may_recruit};
use domain::partner::PartnerStatus;
use domain::profile::Fit;
use domain::role::Action;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a refusal reads like at a field of the input.
pub(super) fn refused(path: &str, refusal: &CandidateRefusal) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.rule()).into()
}

/// A fit as the record of changes keeps it.
pub(super) fn said(fit: &Fit) -> Value {
    json!({
        "value": fit.value, "bar": fit.bar, "verdict": <&str>::from(fit.verdict),
        "profileVersion": fit.profile_version, "policyVersion": fit.policy_version, "unknown": fit.unknown(),
        "disqualifiedBy": fit.disqualified_by(),
    })
}

/// Recruits a candidate: it is a partner at work from now on. Below the bar of the ideal partner profile it takes a written reason.
/// The done row is the partner; the record of changes keeps the fit, the bar and the reason.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn recruit(
    caller: &Caller,
    id: Uuid,
    reason: Option<&str>,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::RecruitCandidates, key, async |work| {
        let Some(mut partner) = entity::partner::find(&work.tx, work.slice, id).await? else {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        };
        work.expect_version(partner.version, expected)?;
        let (today, policy) = standing(caller, &work.tx, work.slice).await?;
        let fits = fit_of(&work.tx, work.slice, std::slice::from_ref(&partner), (today, &policy)).await?;
        let fit = fits.get(&id);
        let reason = may_recruit(partner.status, fit, reason).map_err(|refusal| {
            refused(if refusal == CandidateRefusal::NotACandidate { "partnerId" } else { "reason" }, &refusal)
        })?;
        partner.status = PartnerStatus::Active;
        partner.version += 1;
        entity::partner::update(&work.tx, work.slice, &partner).await?;
        let fit = fit.map(said);
        let body = json!({ "status": partner.status, "fit": fit, "reason": reason, "version": partner.version });
        work.record("candidate.recruit", "Partner", id, body);
        Ok(id)
    })
    .await
}
