//! Programs: made from the command line, changed by RevOps.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::{Caller, Office};
use domain::calendar::Calendar;
use domain::money::Currency;
use domain::policy_version::PolicyVersion;
use domain::program::Program;
use domain::role::Action;
use domain::text;
use futures_util::Stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

/// What a new program needs.
#[derive(Clone, Debug)]
pub struct New {
    /// Lower case letters, digits and hyphens, 2 to 60.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA zone.
    pub zone: String,
    /// 1 to 12.
    pub fiscal_start_month: u32,
}

/// Makes a program. It has no caller: only the command line does this.
///
/// # Errors
/// [`Failure::Invalid`] with every problem at once.
pub async fn create(office: &Office, new: New) -> Result<Program, Failure> {
    let mut problems = Problems::default();
    let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=60).contains(&new.slug.len()) || !new.slug.chars().all(is_slug) || new.slug.starts_with('-') {
        problems.note("slug", ProblemCode::Invalid, "a slug has 2 to 60 lower case letters, digits and hyphens");
    }
    let name = problems.take("name", text::name(&new.name, 200));
    let currency = problems.take("currency", new.currency.parse::<Currency>());
    let zone = problems.take("zone", new.zone.parse().map_err(|_| "a zone is an IANA name such as Europe/Berlin"));
    if !(1..=12).contains(&new.fiscal_start_month) {
        problems.note("fiscalStartMonth", ProblemCode::Invalid, "the first month of the fiscal year is 1 to 12");
    }
    problems.settle()?;
    let (Some(name), Some(currency), Some(zone)) = (name, currency, zone) else { return Err(Failure::NotFound) };
    let program = Program {
        id: office.clock.id(),
        slug: new.slug,
        name,
        currency,
        calendar: Calendar { zone, fiscal_start_month: new.fiscal_start_month },
        data_version: 0,
        version: 1,
        recorded_at: office.clock.now(),
    };
    let policy = PolicyVersion::first(office.clock.id(), program.recorded_at);
    let tx = office.store.begin().await?;
    match entity::program::insert(&tx, &program).await {
        Err(why) if entity::store::is_unique_violation(&why) => {
            return Err(Problem::at(["slug"], ProblemCode::Taken, "a program with this slug exists").into());
        }
        other => other?,
    }
    entity::policy::insert(&tx, program.id, &policy).await?;
    tx.commit().await?;
    Ok(program)
}

/// A program by its slug: for the command line.
///
/// # Errors
/// A storage failure.
pub async fn find_by_slug(office: &Office, slug: &str) -> Result<Option<Program>, Failure> {
    Ok(entity::program::find_by_slug(office.store.read(), slug).await?)
}

/// All programs, for the command line.
///
/// # Errors
/// A storage failure.
pub async fn all(office: &Office) -> Result<Vec<Program>, Failure> {
    Ok(entity::program::all(office.store.read()).await?)
}

/// The caller's program.
///
/// # Errors
/// [`Failure::Denied`] for a role without one.
pub async fn read(caller: &Caller) -> Result<Program, Failure> {
    let slice = caller.authorise(Action::ReadProgram)?;
    entity::program::find(caller.office.store.read(), slice.program_id()).await?.ok_or(Failure::NotFound)
}

/// The caller's program as it was when the caller was recognised; kept while no fact changes.
///
/// # Errors
/// [`Failure::Denied`] for a role without one.
pub async fn known(caller: &Caller) -> Result<Program, Failure> {
    let slice = caller.authorise(Action::ReadProgram)?;
    let (programs, key) = (&caller.office.programs, slice.program_id());
    if let Some(kept) = programs.get(&key).filter(|program| program.data_version == caller.viewer.data_version) {
        return Ok(kept);
    }
    let program = read(caller).await?;
    programs.insert(key, program.clone());
    Ok(program)
}

/// What may change of a program. Currency and calendar are fixed once there are facts: the cells rest on them.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A new name.
    pub name: Option<String>,
    /// The version that was read.
    pub expected_version: Option<i64>,
}

/// Changes the program.
///
/// # Errors
/// [`Failure`].
pub async fn update(caller: &Caller, change: Change, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageProgram, key, async |work| {
        let mut program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        work.expect_version(program.version, change.expected_version)?;
        let mut problems = Problems::default();
        if let Some(name) = &change.name
            && let Some(name) = problems.take("name", text::name(name, 200))
        {
            program.name = name;
        }
        problems.settle()?;
        program.version += 1;
        entity::program::update(&work.tx, &program).await?;
        work.record(
            "program.update",
            "Program",
            program.id,
            json!({ "name": program.name, "version": program.version }),
        );
        Ok(program.id)
    })
    .await
}

/// The data version of the caller's program, each time a fact has changed.
///
/// # Errors
/// [`Failure::Denied`].
pub fn follow(caller: &Caller) -> Result<impl Stream<Item = i64> + use<>, Failure> {
    let program_id = caller.authorise(Action::ReadDataVersion)?.program_id();
    let start = (caller.office.events.subscribe(), caller.office.store.clone(), None);
    Ok(futures_util::stream::unfold(start, move |(mut events, store, last)| async move {
        loop {
            match events.recv().await {
                Ok(event) if event.program_id != program_id => continue,
                // Having missed some is a reason to look as well.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
            let Ok(Some(program)) = entity::program::find(store.read(), program_id).await else { continue };
            if last != Some(program.data_version) {
                return Some((program.data_version, (events, store, Some(program.data_version))));
            }
        }
    }))
}
