//! Phase 0, Foundation: the build order with its sign-offs, and the confidence check.

use super::capability;
use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::calendar::Quarter;
use domain::foundation::{
    ConfidenceAnswer, ConfidenceFacts, ConfidenceQuestion, ConfidenceResult, Definition, DefinitionPart,
    FoundationRefusal, FoundationStep, PART_TEXT_MAX, SignOff, StepRecord, confidence, may_activate,
};
use domain::ledger::{EntryKind, INSIDE};
use domain::role::{Action, Role};
use domain::text;
use serde_json::json;

/// All four steps, in order.
///
/// # Errors
/// [`Failure`].
pub async fn steps(caller: &Caller) -> Result<Vec<StepRecord>, Failure> {
    let slice = caller.authorise(Action::ReadFoundation)?;
    Ok(entity::foundation_step::all(caller.office.store.read(), slice).await?)
}

fn refused(refusal: &FoundationRefusal) -> Failure {
    Problem::at([], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.rule()).into()
}

async fn taken(work: &Work<'_>, step: FoundationStep, expected: Option<i64>) -> Result<StepRecord, Failure> {
    let steps = entity::foundation_step::all(&work.tx, work.slice).await?;
    let record = steps.into_iter().find(|record| record.step == step).ok_or(Failure::NotFound)?;
    work.expect_version(record.version, expected)?;
    Ok(record)
}

/// Writes a step back: with an id and a version of its own, whatever it was before.
async fn put(work: &mut Work<'_>, mut record: StepRecord, verb: &'static str) -> Result<Done, Failure> {
    if record.version == 0 {
        record.id = work.id();
    }
    record.version += 1;
    entity::foundation_step::write(&work.tx, work.slice, &record).await?;
    let facts = json!({
        "step": record.step, "draft": record.draft, "active": record.active, "byTemplate": record.by_template,
        "unsigned": record.unsigned(), "version": record.version,
    });
    work.record(verb, "FoundationStep", record.id, facts);
    Ok(Done { id: record.id, replayed: false })
}

/// Writes the draft of a step, whole. What was signed before is to be signed again; what is in force stays so.
///
/// # Errors
/// [`Failure`].
pub async fn write(
    caller: &Caller,
    step: FoundationStep,
    parts: &[(DefinitionPart, String)],
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteFoundation, key, async |work| {
        let mut record = taken(work, step, expected).await?;
        let mut problems = Problems::default();
        let mut draft = Definition::new();
        for (at, (part, words)) in parts.iter().enumerate() {
            let at = at.to_string();
            let path = ["parts", at.as_str(), "text"];
            if !step.parts().contains(part) {
                problems.push(Problem::at(path, ProblemCode::Invalid, "this step has no such part"));
            }
            match text::name(words, PART_TEXT_MAX) {
                Ok(words) => drop(draft.insert(*part, words)),
                Err(why) => problems.push(Problem::at(path, ProblemCode::Invalid, why.to_string())),
            }
        }
        problems.settle()?;
        (record.draft, record.revops, record.finance) = (Some(draft), None, None);
        Ok(put(work, record, "foundation.write").await?.id)
    })
    .await
}

/// Agrees to the draft of a step, for one's own role.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn sign(
    caller: &Caller,
    step: FoundationStep,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SignFoundation, key, async |work| {
        let mut record = taken(work, step, expected).await?;
        let role = caller.viewer.role;
        if !step.signers().contains(&role) || record.draft.is_none() {
            return Err(refused(&FoundationRefusal::NothingToSign));
        }
        let signed = Some(SignOff { seat_id: work.seat_id(), at: work.now });
        if role == Role::Finance {
            record.finance = signed
        } else {
            record.revops = signed
        }
        let (word, signer): (&str, &str) = (step.into(), role.into());
        let draft = json!(record.draft);
        let record = put(work, record, "foundation.sign").await?;
        let facts = json!({ "step": word, "signer": signer, INSIDE: { "draft": draft } });
        work.enter(EntryKind::SignOff, "FoundationStep", record.id, &[], facts);
        Ok(record.id)
    })
    .await
}

/// Puts the draft of a step in force. The steps before it must be, its definition whole, and its signers agreed.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn activate(
    caller: &Caller,
    step: FoundationStep,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ActivateFoundation, key, async |work| {
        let steps = entity::foundation_step::all(&work.tx, work.slice).await?;
        may_activate(step, &steps).map_err(|refusal| refused(&refusal))?;
        let map = capability::state(caller, &work.tx, work.slice).await?;
        map.bears(step).map_err(|refusal| refused(&refusal))?;
        let mut record = taken(work, step, expected).await?;
        record.active = record.draft.take();
        record.by_template = false;
        record.activated_at = Some(work.now);
        let word: &str = step.into();
        let active = json!(record.active);
        let record = put(work, record, "foundation.activate").await?;
        let facts = json!({ "step": word, INSIDE: { "definition": active } });
        work.enter(EntryKind::Approval, "FoundationStep", record.id, &[], facts);
        Ok(record.id)
    })
    .await
}

/// Gives the template back: no step is in force, and the program builds its own in order. Only before a step of its own is active.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn give_back(caller: &Caller, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ActivateFoundation, key, async |work| {
        let steps = entity::foundation_step::all(&work.tx, work.slice).await?;
        if steps.iter().any(|record| record.active.is_some() && !record.by_template) {
            return Err(refused(&FoundationRefusal::OwnStepActive));
        }
        for record in steps {
            put(work, StepRecord { active: None, by_template: false, ..record }, "foundation.giveBack").await?;
        }
        Ok(work.program_id())
    })
    .await
}

/// The confidence check of a quarter.
#[derive(Clone, Debug)]
pub struct Check {
    /// The quarter.
    pub quarter: Quarter,
    /// The operator's answers.
    pub answers: Vec<ConfidenceAnswer>,
    /// What the computed questions are answered from.
    pub facts: ConfidenceFacts,
    /// Each question with its answer.
    pub questions: Vec<(ConfidenceQuestion, bool)>,
    /// What it says.
    pub result: ConfidenceResult,
}

/// The confidence check of the current quarter.
///
/// # Errors
/// [`Failure`].
pub async fn check(caller: &Caller) -> Result<Check, Failure> {
    let slice = caller.authorise(Action::ReadConfidence)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let quarter = program.calendar.quarter(today);
    let answers = entity::confidence_answer::of_quarter(&tx, slice, quarter).await?;
    let facts = entity::confidence_answer::facts(&tx, slice, program.calendar.last_completed(today)).await?;
    tx.rollback().await?;
    let (questions, result) = confidence(&answers, &facts);
    Ok(Check { quarter, answers, facts, questions, result })
}

async fn answered(
    work: &Work<'_>,
    question: ConfidenceQuestion,
) -> Result<(Quarter, Option<ConfidenceAnswer>), Failure> {
    if question.is_computed() {
        let message = "the system answers this question from what is recorded";
        return Err(Problem::at(["question"], ProblemCode::RuleRefused, message).by("QUESTION_IS_COMPUTED").into());
    }
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let quarter = program.calendar.quarter(program.calendar.day(work.now));
    let answers = entity::confidence_answer::of_quarter(&work.tx, work.slice, quarter).await?;
    Ok((quarter, answers.into_iter().find(|answer| answer.question == question)))
}

async fn put_answer(work: &mut Work<'_>, answer: &ConfidenceAnswer, verb: &'static str) -> Result<(), Failure> {
    entity::confidence_answer::write(&work.tx, work.slice, answer).await?;
    let facts = json!({
        "quarter": answer.quarter.to_string(), "question": answer.question, "isYes": answer.is_yes,
        "statement": answer.statement, "isCosigned": answer.cosigned_by.is_some(), "version": answer.version,
    });
    work.record(verb, "ConfidenceAnswer", answer.id, facts);
    Ok(())
}

/// Answers one of the first two questions for the current quarter; what was co-signed before is to be co-signed again.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn answer(
    caller: &Caller,
    question: ConfidenceQuestion,
    is_yes: bool,
    statement: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::AnswerConfidence, key, async |work| {
        let (quarter, before) = answered(work, question).await?;
        let mut problems = Problems::default();
        let statement = problems.take("statement", text::name(statement, 1000));
        problems.settle()?;
        let answer = ConfidenceAnswer {
            id: before.as_ref().map_or_else(|| work.id(), |before| before.id),
            quarter,
            question,
            is_yes,
            statement: statement.unwrap_or_default(),
            seat_id: work.seat_id(),
            cosigned_by: None,
            version: before.map_or(1, |before| before.version + 1),
            recorded_at: work.now,
        };
        put_answer(work, &answer, "confidence.answer").await?;
        Ok(answer.id)
    })
    .await
}

/// Co-signs the operator's answer to one of the first two questions.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn cosign(caller: &Caller, question: ConfidenceQuestion, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::CosignConfidence, key, async |work| {
        let (_, before) = answered(work, question).await?;
        let Some(mut answer) = before else {
            let message = "the operator has not answered this question in this quarter";
            return Err(Problem::at(["question"], ProblemCode::RuleRefused, message).by("ANSWER_MISSING").into());
        };
        answer.cosigned_by = Some(SignOff { seat_id: work.seat_id(), at: work.now });
        answer.version += 1;
        put_answer(work, &answer, "confidence.cosign").await?;
        Ok(answer.id)
    })
    .await
}
