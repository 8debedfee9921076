//! Requests of the Pod to partners, and their answers by a partner's token.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::office::Caller;
use super::sla;
use domain::pod_request::{PodAnswer, PodRequest};
use domain::registration::Mark;
use domain::role::Action;
use domain::sla::SlaKind;
use domain::text;
use entity::page::{Ask, Page};
pub use entity::pod_request::{Filter, key as position};
use serde_json::json;
use uuid::Uuid;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The partner that is asked.
    pub partner_id: Uuid,
    /// The deal it is about.
    pub deal_id: Option<Uuid>,
    /// The registration it is about.
    pub registration_id: Option<Uuid>,
    /// The partner's person who is asked.
    pub person_id: Option<Uuid>,
    /// The question.
    pub question: String,
}

/// A page of requests.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<PodRequest>, Failure> {
    let slice = caller.authorise(Action::ReadPodRequests)?;
    Ok(entity::pod_request::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many requests there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadPodRequests)?;
    Ok(entity::pod_request::count(caller.office.store.read(), slice, filter).await?)
}

/// One request, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<PodRequest>, Failure> {
    let slice = caller.authorise(Action::ReadPodRequests)?;
    Ok(entity::pod_request::find(caller.office.store.read(), slice, id).await?)
}

/// Asks a partner.
///
/// # Errors
/// [`Failure`].
pub async fn create(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::AskPartners, key, async |work| {
        let (tx, slice) = (&work.tx, work.slice);
        let mut problems = Problems::default();
        if entity::partner::find(tx, slice, facts.partner_id).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        if let Some(id) = facts.deal_id
            && entity::deal::find(tx, slice, id).await?.is_none()
        {
            problems.note("dealId", ProblemCode::NotFound, "there is no such deal");
        }
        if let Some(id) = facts.registration_id {
            let found = entity::registration::find(tx, slice, id).await?;
            if found.is_none_or(|row| row.partner_id != facts.partner_id) {
                problems.note("registrationId", ProblemCode::NotFound, "there is no such registration of this partner");
            }
        }
        if let Some(id) = facts.person_id {
            let found = entity::partner_person::find(tx, slice, id).await?;
            if found.is_none_or(|person| person.partner_id != facts.partner_id) {
                problems.note("personId", ProblemCode::NotFound, "there is no such person of this partner");
            }
        }
        let question = problems.take("question", text::name(&facts.question, 4000));
        problems.settle()?;
        let request = PodRequest {
            id: work.id(),
            partner_id: facts.partner_id,
            deal_id: facts.deal_id,
            registration_id: facts.registration_id,
            person_id: facts.person_id,
            question: question.unwrap_or_default(),
            asked: Mark { at: work.now, by: work.seat_id() },
            answer: None,
            version: 1,
        };
        entity::pod_request::insert(tx, slice, &request).await?;
        let body = json!({ "partnerId": request.partner_id, "dealId": request.deal_id,
            "registrationId": request.registration_id, "question": request.question });
        work.record("podRequest.create", "PodRequest", request.id, body);
        sla::start(work, SlaKind::PodRequest, "PodRequest", request.id, Some(request.partner_id), work.now).await?;
        work.announce(ASKED_EVENT, request.id, json!({ "partnerId": request.partner_id }));
        Ok(request.id)
    })
    .await
}

/// Answers a request, once.
///
/// # Errors
/// [`Failure`].
pub async fn answer(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    said: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::AnswerPod, key, async |work| {
        let mut request = entity::pod_request::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(request.version, expected)?;
        let said = text::name(said, 10_000);
        let text = said.map_err(|why| Problem::at(["answer"], ProblemCode::Invalid, why.to_string()))?;
        request.answer = Some(PodAnswer { text, mark: Mark { at: work.now, by: work.seat_id() } });
        request.version += 1;
        if !entity::pod_request::answer(&work.tx, work.slice, &request).await? {
            let message = "the request is answered already";
            return Err(Problem::at(["id"], ProblemCode::RuleRefused, message).by("ALREADY_ANSWERED").into());
        }
        let seconds = request.response(work.now).num_seconds();
        let body = json!({ "partnerId": request.partner_id, "responseSeconds": seconds });
        work.record("podRequest.answer", "PodRequest", id, body);
        sla::meet(work, SlaKind::PodRequest, id, work.now).await?;
        work.announce(ANSWERED_EVENT, id, json!({ "partnerId": request.partner_id }));
        Ok(id)
    })
    .await
}

/// The kind of the event that tells that the Pod asks a partner for something.
pub const ASKED_EVENT: &str = "podRequest.asked";
/// The kind of the event that tells that the partner answered.
pub const ANSWERED_EVENT: &str = "podRequest.answered";

impl Followed for PodRequest {
    const ACTION: Action = Action::ReadPodRequests;
    const KINDS: &'static [&'static str] = &[ASKED_EVENT, ANSWERED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}
