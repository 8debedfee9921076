//! Handoffs between the stages of the funnel: rules set as a whole, fired in the transaction of the deal's event, acknowledged by the
//! receiver.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::office::Caller;
use super::sla;
use domain::deal::Deal;
use domain::handoff::{Handoff, HandoffRule, HandoffRules, RULES_MOST, events, owner, partner_of};
use domain::role::Action;
use domain::sla::SlaKind;
use domain::text;
pub use entity::handoff::{Filter, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use uuid::Uuid;

/// The kind of the event that tells that a handoff was fired.
pub const FIRED_EVENT: &str = "HANDOFF_FIRED";
/// The kind of the event that tells that a handoff was acknowledged.
pub const ACKNOWLEDGED_EVENT: &str = "HANDOFF_ACKNOWLEDGED";

/// The program's rules.
///
/// # Errors
/// [`Failure`].
pub async fn rules(caller: &Caller) -> Result<HandoffRules, Failure> {
    let slice = caller.authorise(Action::ReadHandoffRules)?;
    Ok(entity::handoff_rules::find(caller.office.store.read(), slice).await?)
}

/// Sets the rules, all of them. What was fired under those before stays as it is.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    rules: Vec<HandoffRule>,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageHandoffRules, key, async |work| {
        let before = entity::handoff_rules::find(&work.tx, work.slice).await?;
        work.expect_version(before.version, expected)?;
        let mut problems = Problems::default();
        if rules.len() > RULES_MOST {
            problems.note("rules", ProblemCode::Invalid, format!("at most {RULES_MOST} rules"));
        }
        let mut kept = Vec::new();
        for (at, rule) in rules.into_iter().enumerate() {
            let at = at.to_string();
            let what = text::name(&rule.what, 2000);
            match (rule.check(), what) {
                (Err(why), _) => {
                    problems.push(Problem::at(["rules", &at], ProblemCode::Invalid, why.to_string()));
                }
                (Ok(()), Err(why)) => {
                    problems.push(Problem::at(["rules", &at, "what"], ProblemCode::Invalid, why.to_string()));
                }
                (Ok(()), Ok(_)) if kept.iter().any(|before: &HandoffRule| before.repeats(&rule)) => {
                    let message = "another rule hands the same deals to the same receiver at the same event and stage";
                    problems.push(Problem::at(["rules", &at], ProblemCode::Invalid, message));
                }
                (Ok(()), Ok(what)) => kept.push(HandoffRule { what, ..rule }),
            }
        }
        problems.settle()?;
        let rules = HandoffRules { rules: kept, version: before.version + 1 };
        entity::handoff_rules::write(&work.tx, work.slice, &rules, work.now).await?;
        let body = json!({ "rules": rules.rules, "version": rules.version });
        work.record("handoffRules.set", "Program", work.program_id(), body);
        Ok(work.program_id())
    })
    .await
}

/// Fires the rules that an event of a deal meets, each once for a deal, with the clock of its acknowledgement. A deal without a
/// partner has no funnel of partners to be handed over in.
///
/// # Errors
/// A storage failure.
pub(super) async fn fire(work: &mut Work<'_>, before: Option<&Deal>, after: &Deal) -> Result<(), Failure> {
    let events = events(before, after);
    if events.is_empty() {
        return Ok(());
    }
    let whole = work.whole()?;
    let rules = entity::handoff_rules::find(&work.tx, &whole).await?.rules;
    if rules.is_empty() {
        return Ok(());
    }
    let credits = entity::attribution::of_deals(&work.tx, &whole, &[after.id]).await?;
    let Some(partner_id) = partner_of(&credits) else { return Ok(()) };
    for event in events {
        for rule in rules.iter().filter(|rule| rule.fires(event, after)) {
            if entity::handoff::has_fired(&work.tx, &whole, after.id, rule).await? {
                continue;
            }
            let (id, by, at) = (work.id(), owner(rule.receiver), work.now);
            // A partner reads the clocks that name it: what the vendor's people owe one another is none of its business.
            let parties = (rule.is_with_partner().then_some(partner_id), Some(partner_id));
            let clock = sla::start_owed(work, (SlaKind::Handoff, by), "Handoff", id, parties, at).await?;
            let handoff = Handoff {
                id,
                deal_id: after.id,
                partner_id,
                rule: rule.clone(),
                fired_at: at,
                due_at: clock.due_at,
                acknowledged_at: None,
                acknowledged_by: None,
                note: None,
                version: 1,
            };
            entity::handoff::insert(&work.tx, work.slice, &handoff).await?;
            let body = json!({ "dealId": after.id, "partnerId": partner_id, "rule": rule, "dueAt": clock.due_at });
            work.record("handoff.fire", "Handoff", id, body);
            work.announce(FIRED_EVENT, id, json!({ "partnerId": partner_id, "receiver": rule.receiver }));
        }
    }
    Ok(())
}

/// A page of handoffs.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Handoff>, Failure> {
    let slice = caller.authorise(Action::ReadHandoffs)?;
    Ok(entity::handoff::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many handoffs there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadHandoffs)?;
    Ok(entity::handoff::count(caller.office.store.read(), slice, filter).await?)
}

/// One handoff, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Handoff>, Failure> {
    let slice = caller.authorise(Action::ReadHandoffs)?;
    Ok(entity::handoff::find(caller.office.store.read(), slice, id).await?)
}

fn refused(message: &str, rule: &'static str) -> Failure {
    Problem::at(["id"], ProblemCode::RuleRefused, message).by(rule).into()
}

/// Acknowledges a handoff, once, as its receiver.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn acknowledge(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    note: Option<&str>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::AcknowledgeHandoffs, key, async |work| {
        let mut handoff = entity::handoff::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(handoff.version, expected)?;
        if handoff.rule.receiver != caller.viewer.role {
            let message = format!("this handoff is received by {}", handoff.rule.receiver.word());
            return Err(refused(&message, "NOT_THE_RECEIVER"));
        }
        let note = note.map(|note| text::name(note, 2000)).transpose();
        handoff.note = note.map_err(|why| Problem::at(["note"], ProblemCode::Invalid, why.to_string()))?;
        handoff.acknowledged_at = Some(work.now);
        handoff.acknowledged_by = Some(work.seat_id());
        handoff.version += 1;
        if !entity::handoff::acknowledge(&work.tx, work.slice, &handoff).await? {
            return Err(refused("the handoff is acknowledged already", "ALREADY_ACKNOWLEDGED"));
        }
        let _ = sla::meet(work, SlaKind::Handoff, id, work.now).await?;
        let body = json!({ "dealId": handoff.deal_id, "note": handoff.note, "version": handoff.version });
        work.record("handoff.acknowledge", "Handoff", id, body);
        work.announce(
            ACKNOWLEDGED_EVENT,
            id,
            json!({ "partnerId": handoff.partner_id, "receiver": handoff.rule.receiver }),
        );
        Ok(id)
    })
    .await
}

impl Followed for Handoff {
    const ACTION: Action = Action::ReadHandoffs;
    const KINDS: &'static [&'static str] = &[FIRED_EVENT, ACKNOWLEDGED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}
