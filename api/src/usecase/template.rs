//! The texts of messages: the program's own, set by RevOps, and rendered from what is known.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::office::Caller;
use chrono::{DateTime, Utc};
use domain::role::Action;
use domain::template::{Intro, Template, TemplateKind, intro};
use domain::text;
use serde_json::json;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// The texts of all messages.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<Template>, Failure> {
    let slice = caller.authorise(Action::ReadTemplates)?;
    let mut found = Vec::new();
    for kind in TemplateKind::iter() {
        found.push(entity::message_template::of(caller.office.store.read(), slice, kind).await?);
    }
    Ok(found)
}

/// Sets the text of a message. The done row is the program.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    kind: TemplateKind,
    expected: Option<i64>,
    body: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageRegistrationRules, key, async |work| {
        let before = entity::message_template::of(&work.tx, work.slice, kind).await?;
        work.expect_version(before.version, expected)?;
        let wrong = |message: String| Problem::at(["body"], ProblemCode::Invalid, message);
        let body = text::name(body, 4000).map_err(|why| wrong(why.to_string()))?;
        if let Some(place) = kind.unknown_place(&body) {
            let known = kind.places().join("}, {");
            return Err(wrong(format!("there is no place {{{place}}}: name {{{known}}}")).into());
        }
        let template = Template { kind, body, version: before.version + 1, recorded_at: Some(work.now) };
        entity::message_template::put(&work.tx, work.slice, &template, work.now).await?;
        let word: &str = kind.into();
        let program = work.program_id();
        let body = json!({ "kind": word, "body": template.body, "version": template.version });
        work.record("template.set", "Program", program, body);
        Ok(program)
    })
    .await
}

/// What a joint introduction is made of.
#[derive(Clone, Debug)]
pub struct IntroFacts {
    /// The partner's rep.
    pub rep: Uuid,
    /// The buyer's name.
    pub buyer: String,
    /// The similar problem that the partner solved.
    pub similar_problem: String,
    /// At which customer.
    pub customer: String,
    /// Two times to choose from.
    pub slots: [DateTime<Utc>; 2],
}

/// The text of a joint introduction; none where there is no such rep for the caller.
///
/// # Errors
/// [`Failure`].
pub async fn joint_intro(caller: &Caller, facts: &IntroFacts) -> Result<Option<String>, Failure> {
    let slice = caller.authorise(Action::ReadContacts)?;
    let store = caller.office.store.read();
    let Some(rep) = entity::partner_person::find(store, slice, facts.rep).await?.filter(|person| person.is_rep) else {
        return Ok(None);
    };
    let Some(partner) = entity::partner::find(store, slice, rep.partner_id).await? else { return Ok(None) };
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let template = entity::message_template::of(store, slice, TemplateKind::JointIntro).await?;
    let words = Intro {
        buyer: &facts.buyer,
        rep: &rep.name,
        partner: &partner.name,
        similar_problem: &facts.similar_problem,
        customer: &facts.customer,
        slots: facts.slots,
        zone: program.calendar.zone,
    };
    Ok(Some(intro(&template.body, &words)))
}
