//! Escalations on deals: put before named contacts of one side, answered, resolved; and the paths that name them.

use super::commit::{Done, Key, Work, commit};
use super::cosell::is_turned_away;
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::office::Caller;
use super::registration::own_or;
use super::sla;
use domain::deal::Outcome;
use domain::escalation::{
    Escalation, EscalationContact, EscalationKind, EscalationPath, EscalationRefusal, EscalationState, Said, side_of,
};
use domain::registration::Mark;
use domain::role::Action;
use domain::sla::{SlaKind, SlaOwner};
use domain::slice::Reach;
use domain::text;
pub use entity::escalation::{Filter, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use uuid::Uuid;

/// What is put before the other side.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The deal; the caller must see it.
    pub deal_id: Uuid,
    /// The partner with which it is worked; a partner's own token names none.
    pub partner_id: Option<Uuid>,
    /// What stalls.
    pub kind: EscalationKind,
    /// The side that is asked; the other one where it is left out.
    pub addressed_to: Option<SlaOwner>,
    /// What is asked.
    pub question: String,
}

/// A page of escalations.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Escalation>, Failure> {
    let slice = caller.authorise(Action::ReadEscalations)?;
    Ok(entity::escalation::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many escalations there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadEscalations)?;
    Ok(entity::escalation::count(caller.office.store.read(), slice, filter).await?)
}

/// One escalation, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Escalation>, Failure> {
    let slice = caller.authorise(Action::ReadEscalations)?;
    Ok(entity::escalation::find(caller.office.store.read(), slice, id).await?)
}

fn refused(path: &str, refusal: EscalationRefusal) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into()).into()
}

/// Whether a partner is on a deal: attributed, or with a registration of it that was not turned away.
pub(super) async fn is_on(work: &Work<'_>, deal: Uuid, partner: Uuid) -> Result<bool, Failure> {
    let whole = work.whole()?;
    let credits = entity::attribution::of_deals(&work.tx, &whole, &[deal]).await?;
    let claims = entity::registration::of_deals(&work.tx, &whole, &[deal]).await?;
    let is_claimed = claims.iter().any(|it| it.partner_id == partner && !is_turned_away(it));
    Ok(is_claimed || credits.iter().any(|it| it.partner_id == partner))
}

/// Opens an escalation on an open deal, with the clock of its answer. The done row is the escalation.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn open(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::OpenEscalations, key, async |work| {
        let raised_by = side_of(caller.viewer.role).ok_or(Failure::Denied)?;
        let addressed_to = match (raised_by, facts.addressed_to) {
            (SlaOwner::Partner, _) => SlaOwner::Vendor,
            (SlaOwner::Vendor, side) => side.unwrap_or(SlaOwner::Partner),
        };
        let mut problems = Problems::default();
        let question = problems.take("question", text::name(&facts.question, 4000));
        problems.settle()?;
        let deal = entity::deal::find(&work.tx, work.slice, facts.deal_id).await?;
        let deal = deal.ok_or_else(|| Problem::at(["dealId"], ProblemCode::NotFound, "there is no such deal"))?;
        let partner_id = own_or(work, facts.partner_id).await?;
        if deal.outcome != Outcome::Open {
            return Err(refused("dealId", EscalationRefusal::DealClosed));
        }
        if !is_on(work, deal.id, partner_id).await? {
            return Err(refused("partnerId", EscalationRefusal::NotOnTheDeal));
        }
        // Each is a promise that counts: asking again and again must not make a hundred of them.
        let waiting = entity::escalation::Filter {
            states: Some(vec![EscalationState::Open, EscalationState::Acknowledged]),
            kinds: Some(vec![facts.kind]),
            partners: Some(vec![partner_id]),
            deals: Some(vec![deal.id]),
            ..Default::default()
        };
        let few = Ask { limit: 10, ..Ask::default() };
        let waiting = entity::escalation::page(&work.tx, work.slice, &waiting, &few).await?.rows;
        if waiting.iter().any(|it| it.raised_by == raised_by && it.addressed_to == addressed_to) {
            return Err(refused("kind", EscalationRefusal::AlreadyAsked));
        }
        let own = entity::escalation_path::find(&work.tx, work.slice, Some(partner_id)).await?;
        let program = entity::escalation_path::find(&work.tx, work.slice, None).await?;
        let mut it = Escalation {
            id: work.id(),
            deal_id: deal.id,
            partner_id,
            kind: facts.kind,
            raised_by,
            addressed_to,
            question: question.unwrap_or_default(),
            contact: own.contact(&program, facts.kind, addressed_to).cloned(),
            opened: Mark { at: work.now, by: work.seat_id() },
            due_at: work.now,
            acknowledged: None,
            answer: None,
            resolution: None,
            version: 1,
        };
        // A partner reads the clocks that name it: what the vendor's people ask one another is none of its business.
        let parties = (it.is_with_partner().then_some(partner_id), Some(partner_id));
        let kind = (SlaKind::Escalation, addressed_to);
        it.due_at = sla::start_owed(work, kind, "Escalation", it.id, parties, work.now).await?.due_at;
        entity::escalation::insert(&work.tx, work.slice, &it).await?;
        let body = json!({ "dealId": it.deal_id, "partnerId": it.partner_id, "kind": it.kind, "raisedBy": it.raised_by,
            "addressedTo": it.addressed_to, "question": it.question, "dueAt": it.due_at });
        work.record("escalation.open", "Escalation", it.id, body);
        work.announce(OPENED_EVENT, it.id, json!({ "partnerId": it.partner_id, "addressedTo": it.addressed_to }));
        Ok(it.id)
    })
    .await
}

/// A step of an escalation.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody of the side that is asked takes it up.
    Acknowledge,
    /// The side that is asked answers.
    Answer(String),
    /// The side that raised it says what came of it.
    Resolve(String),
}

/// Takes a step of an escalation. The answer keeps its promise; what is resolved without one is owed none any more.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn step(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    step: Step,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let action = match step {
        Step::Acknowledge | Step::Answer(_) => Action::AnswerEscalations,
        Step::Resolve(_) => Action::OpenEscalations,
    };
    commit(caller, action, key, async |work| {
        let it = entity::escalation::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(it.version, expected)?;
        let (role, mark) = (caller.viewer.role, Mark { at: work.now, by: work.seat_id() });
        let said = |field: &str, given: &str| match text::name(given, 10_000) {
            Ok(text) => Ok(Said { text, mark }),
            Err(why) => Err(Failure::from(Problem::at([field], ProblemCode::Invalid, why.to_string()))),
        };
        let (changed, verb) = match &step {
            Step::Acknowledge => (it.acknowledge(role, mark), "escalation.acknowledge"),
            Step::Answer(text) => (it.answer(role, said("answer", text)?), "escalation.answer"),
            Step::Resolve(text) => (it.resolve(role, said("resolution", text)?), "escalation.resolve"),
        };
        let it = changed.map_err(|refusal| refused("id", refusal))?;
        if !entity::escalation::update(&work.tx, work.slice, &it).await? {
            return Err(Failure::Stale);
        }
        match step {
            Step::Acknowledge => {}
            Step::Answer(_) => {
                sla::meet(work, SlaKind::Escalation, id, work.now).await?;
            }
            Step::Resolve(_) => {
                sla::stop(work, SlaKind::Escalation, id, work.now).await?;
            }
        }
        let body =
            json!({ "dealId": it.deal_id, "partnerId": it.partner_id, "state": word(&it), "version": it.version });
        work.record(verb, "Escalation", id, body.clone());
        work.announce(CHANGED_EVENT, id, body);
        Ok(id)
    })
    .await
}

/// The kind of the event that tells that an escalation was opened.
pub const OPENED_EVENT: &str = "escalation.opened";
/// The kind of the event that tells that one was taken up, answered or resolved.
pub const CHANGED_EVENT: &str = "escalation.changed";

impl Followed for Escalation {
    const ACTION: Action = Action::ReadEscalations;
    const KINDS: &'static [&'static str] = &[OPENED_EVENT, CHANGED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}

fn word(it: &Escalation) -> &'static str {
    it.state().into()
}

/// The path of the program, or of a partner as far as it has its own.
///
/// # Errors
/// [`Failure`].
pub async fn path(caller: &Caller, partner: Option<Uuid>) -> Result<EscalationPath, Failure> {
    let slice = caller.authorise(Action::ReadEscalationPaths)?;
    Ok(entity::escalation_path::find(caller.office.store.read(), slice, partner).await?)
}

/// Who is named now for each kind and side of escalations with a partner: a partner's token asks for its own. None for a partner
/// that the caller does not see.
///
/// # Errors
/// [`Failure`].
pub async fn contacts(caller: &Caller, partner: Option<Uuid>) -> Result<Vec<EscalationContact>, Failure> {
    let slice = caller.authorise(Action::ReadEscalations)?;
    let store = caller.office.store.read();
    let partner = match (slice.reach(), partner) {
        (Reach::Own { partner }, None) => *partner,
        (_, Some(id)) if entity::partner::find(store, slice, id).await?.is_some() => id,
        _ => return Ok(Vec::new()),
    };
    let own = entity::escalation_path::find(store, slice, Some(partner)).await?;
    let program = entity::escalation_path::find(store, slice, None).await?;
    Ok(own.all(&program))
}

/// Sets a path, all of it: of the program, or of a partner. What was opened before keeps the contact that was named then.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    partner: Option<Uuid>,
    contacts: Vec<EscalationContact>,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageEscalationPaths, key, async |work| {
        if let Some(id) = partner
            && entity::partner::find(&work.tx, work.slice, id).await?.is_none()
        {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let before = entity::escalation_path::find(&work.tx, work.slice, partner).await?;
        work.expect_version(before.version, expected)?;
        let mut problems = Problems::default();
        let mut path = EscalationPath { partner_id: partner, contacts: Vec::new(), version: before.version + 1 };
        for (at, contact) in contacts.iter().enumerate() {
            let at = at.to_string();
            if let Err(why) = path.admit(contact) {
                problems.push(Problem::at(["contacts", &at], ProblemCode::Invalid, why.to_string()));
                continue;
            }
            let mut read = |field: &str, given: &str| {
                let text = text::name(given, 300);
                let path = ["contacts", &at, field];
                text.map_err(|why| problems.push(Problem::at(path, ProblemCode::Invalid, why.to_string()))).ok()
            };
            if let (Some(name), Some(reach)) = (read("name", &contact.name), read("reach", &contact.reach)) {
                path.contacts.push(EscalationContact { kind: contact.kind, side: contact.side, name, reach });
            }
        }
        problems.settle()?;
        entity::escalation_path::write(&work.tx, work.slice, &path, work.now).await?;
        let id = partner.unwrap_or(work.program_id());
        let kind = if partner.is_some() { "Partner" } else { "Program" };
        // Names and how to reach people stay in the row.
        let named: Vec<_> = path.contacts.iter().map(|it| json!({ "kind": it.kind, "side": it.side })).collect();
        work.record("escalationPath.set", kind, id, json!({ "contacts": named, "version": path.version }));
        Ok(id)
    })
    .await
}
