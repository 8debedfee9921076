//! Sessions of the weekly joint pod: recorded once a week for a pod and a partner, however much was agreed.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::joint_call::{self, Held};
use super::office::Caller;
use chrono::{DateTime, NaiveDate, Utc};
use domain::joint_call::JointCallKind;
use domain::pod_session::{
    Agenda, LINES_MOST, NextStep, PodSession, PodSessionRefusal, Quotas, STEPS_MOST, TargetAccount, week_of,
};
use domain::registration::Mark;
use domain::role::Action;
use domain::seat::Pod;
use domain::sla::SlaOwner;
use domain::slice::Reach;
use domain::text;
use entity::page::{Ask, Page};
pub use entity::pod_session::{Filter, key as position};
use serde_json::json;
use uuid::Uuid;

/// What somebody does next, as it is said.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub what: String,
    /// Whose people do it.
    pub side: SlaOwner,
    /// Who does it.
    pub owner: String,
    /// By which day.
    pub due_on: NaiveDate,
}

/// A target account, as it is said.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account, where the program knows it; the caller must see it.
    pub account_id: Option<Uuid>,
    /// Its name; that of the account where it is left out.
    pub name: Option<String>,
    /// What is done about it next.
    pub next_steps: Vec<Step>,
}

/// A session, as it is said.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The partner; the caller must see it.
    pub partner_id: Uuid,
    /// The pod; the only one that works with the partner where it is left out.
    pub pod_id: Option<Uuid>,
    /// When it was held.
    pub held_at: DateTime<Utc>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// The functions in the room.
    pub functions: Vec<String>,
    /// The target accounts.
    pub targets: Vec<Target>,
    /// The introductions.
    pub introductions: Vec<Step>,
}

/// A page of sessions.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<PodSession>, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::pod_session::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many sessions there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::pod_session::count(caller.office.store.read(), slice, filter).await?)
}

/// One session, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<PodSession>, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::pod_session::find(caller.office.store.read(), slice, id).await?)
}

/// The pods that the caller may name: its own, or any where it is bound to none.
async fn pods(work: &Work<'_>) -> Result<Vec<Pod>, Failure> {
    Ok(match work.slice.reach() {
        Reach::Pods { pods, .. } | Reach::Owned { pods, .. } => entity::pod::of_ids(&work.tx, work.slice, pods).await?,
        Reach::Program => entity::pod::all(&work.tx, work.slice).await?,
        // A manager lists no pods: it may name one that works with a partner of its own.
        Reach::Managed { partners } => {
            let mut all = entity::pod::all(&work.tx, work.slice).await?;
            all.retain(|pod| pod.partners.iter().any(|partner| partners.contains(partner)));
            all
        }
        Reach::ClosedDeals | Reach::Partners | Reach::Own { .. } => Vec::new(),
    })
}

/// The pod that is named, or the only one that works with the partner.
fn pod_of(pods: &[Pod], facts: &Facts) -> Result<Uuid, Problem> {
    let mut theirs = pods.iter().filter(|pod| pod.partners.contains(&facts.partner_id));
    match (facts.pod_id, theirs.next(), theirs.next()) {
        (Some(id), ..) => match pods.iter().find(|pod| pod.id == id) {
            None => Err(Problem::at(["podId"], ProblemCode::NotFound, "there is no such pod")),
            Some(pod) if pod.partners.contains(&facts.partner_id) => Ok(id),
            Some(_) => Err(refused("podId", PodSessionRefusal::NotThePodsPartner)),
        },
        (None, Some(only), None) => Ok(only.id),
        (None, ..) => Err(Problem::at(["podId"], ProblemCode::Required, "say which pod met the partner")),
    }
}

fn read_step(problems: &mut Problems, path: &[&str], step: &Step) -> Option<NextStep> {
    let mut read = |field: &str, given: &str, most| match text::name(given, most) {
        Ok(text) => Some(text),
        Err(why) => {
            let path = ["input"].iter().chain(path).chain([&field]).map(|part| (*part).to_owned()).collect();
            problems.push(Problem { code: ProblemCode::Invalid, message: why.to_string(), path, rule: None });
            None
        }
    };
    let (what, owner) = (read("what", &step.what, 2000), read("owner", &step.owner, 200));
    Some(NextStep { what: what?, side: step.side, owner: owner?, due_on: step.due_on })
}

async fn read(work: &Work<'_>, problems: &mut Problems, facts: &Facts) -> Result<Agenda, Failure> {
    for (field, given) in [("targetAccounts", facts.targets.len()), ("introductions", facts.introductions.len())] {
        if given > LINES_MOST {
            problems.note(field, ProblemCode::Invalid, format!("at most {LINES_MOST}"));
        }
    }
    let mut agenda = Agenda::default();
    for (at, target) in facts.targets.iter().take(LINES_MOST).enumerate() {
        let at = at.to_string();
        let path = |field| ["targetAccounts", at.as_str(), field];
        if target.next_steps.len() > STEPS_MOST {
            problems.push(Problem::at(path("nextSteps"), ProblemCode::Invalid, format!("at most {STEPS_MOST} steps")));
        }
        let account = match target.account_id {
            Some(id) => entity::account::find(&work.tx, work.slice, id).await?,
            None => None,
        };
        if target.account_id.is_some() && account.is_none() {
            problems.push(Problem::at(path("accountId"), ProblemCode::NotFound, "there is no such account"));
            continue;
        }
        let said = target.name.as_deref().or(account.as_ref().map(|account| account.name.as_str()));
        let Ok(name) = text::name(said.unwrap_or_default(), 300) else {
            problems.push(Problem::at(path("name"), ProblemCode::Required, "name the account, or say which it is"));
            continue;
        };
        let mut next_steps = Vec::new();
        for (number, step) in target.next_steps.iter().take(STEPS_MOST).enumerate() {
            let number = number.to_string();
            next_steps.extend(read_step(problems, &["targetAccounts", &at, "nextSteps", &number], step));
        }
        agenda.targets.push(TargetAccount { account_id: target.account_id, name, next_steps });
    }
    for (at, step) in facts.introductions.iter().take(LINES_MOST).enumerate() {
        agenda.introductions.extend(read_step(problems, &["introductions", &at.to_string()], step));
    }
    Ok(agenda)
}

fn refused(path: &str, refusal: PodSessionRefusal) -> Problem {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into())
}

/// Records a session, with the clock of its summary. One that is short of its quotas is recorded all the same, and says so.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn record(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::RecordJointCalls, key, async |work| {
        let mut problems = Problems::default();
        if entity::partner::find(&work.tx, work.slice, facts.partner_id).await?.is_none() {
            // Nothing more is said: what is wrong with the rest would tell of a partner that is hidden.
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let pod_id = pod_of(&pods(work).await?, &facts).map_err(|problem| problems.push(problem)).unwrap_or_default();
        if facts.held_at > work.now {
            problems.note("heldAt", ProblemCode::Invalid, "what has not happened yet cannot be recorded");
        }
        if facts.functions.len() > 20 {
            problems.note("functions", ProblemCode::Invalid, "at most 20 functions");
        }
        let functions = facts.functions.iter().filter_map(|f| problems.take("functions", text::name(f, 50))).collect();
        let agenda = read(work, &mut problems, &facts).await?;
        problems.settle()?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let held_at = entity::column::instant(facts.held_at);
        let day = program.calendar.day(held_at);
        let policy = entity::policy::on(&work.tx, work.slice, day).await?;
        let session = PodSession {
            id: work.id(),
            partner_id: facts.partner_id,
            pod_id,
            week_on: week_of(day),
            held_at,
            minutes: facts.minutes,
            functions,
            agenda,
            quotas: Quotas::of(&policy),
            recorded: Mark { at: work.now, by: work.seat_id() },
        };
        entity::pod_session::insert(&work.tx, work.slice, &session).await.map_err(|why| {
            if entity::store::is_unique_violation(&why) {
                Failure::from(refused("heldAt", PodSessionRefusal::WeekRecorded))
            } else {
                why.into()
            }
        })?;
        let body = json!({ "partnerId": session.partner_id, "podId": session.pod_id, "weekOn": session.week_on,
            "heldAt": held_at, "agenda": session.agenda, "quotas": session.quotas });
        work.record("podSession.record", "PodSession", session.id, body);
        let call = Held {
            kind: JointCallKind::PodSession,
            partner_id: session.partner_id,
            deal_id: None,
            pod_id: Some(session.pod_id),
            subject_id: session.id,
            at: held_at,
        };
        joint_call::held(work, call).await?;
        Ok(session.id)
    })
    .await
}
