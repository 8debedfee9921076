//! What a program is advised, from the numbers that everybody else reads.

use super::capability;
use super::failure::Failure;
use super::foundation;
use super::measurement::{Ask, measure};
use super::office::Caller;
use super::tam;
use domain::advisory::{Advisory, Facts, advisories, overlaps};
use domain::book::{Kinds, Place};
use domain::cell::Cohort;
use domain::economics::{Attach, Worth};
use domain::partner::PartnerStatus;
use domain::role::{Action, Role};
use uuid::Uuid;

/// The advisories of a program.
#[derive(Clone, Debug)]
pub struct Advised {
    /// All of them, raised or not.
    pub all: Vec<Advisory>,
    /// Pairs of partners at work whose territories overlap, all of them.
    pub overlaps: Vec<(Uuid, Uuid)>,
    /// The policy whose bars they are held against.
    pub policy_version: i64,
}

/// All advisories, as things are now.
///
/// # Errors
/// [`Failure`].
pub async fn advised(caller: &Caller) -> Result<Advised, Failure> {
    let action = Action::ReadAdvisories;
    let slice = caller.authorise(action)?;
    let measures = measure(caller, action, Ask::default(), None).await?;
    let conn = caller.office.store.read();
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = program.calendar;
    let today = calendar.day(caller.office.clock.now());
    let check = foundation::check(caller).await?;
    let partners = entity::partner::all(conn, slice).await?;
    let at_work: Vec<Uuid> =
        partners.into_iter().filter(|it| it.status == PartnerStatus::Active).map(|it| it.id).collect();
    let mut territories = entity::territory::of_partners(conn, slice, &at_work).await?;
    territories.sort_by_key(|territory| territory.partner_id);
    let overlaps = overlaps(&territories);
    let closed = |cohort| {
        let value = measures.book.value(None, Place::All, cohort, Kinds::New);
        value.won + value.lost
    };
    // What Trust-Gap's baseline is drawn from: NEW deals of the window that reached Stage 1.
    let everything = measures.book.everything(Place::All, Kinds::New);
    let window = measures.frame.window;
    let beginning = |quarter| calendar.beginning(calendar.first_day(quarter));
    let span = (beginning(window.from), beginning(window.to.plus(1)));
    let (activities, incomplete_activities) = entity::quality::logged(conn, slice, span).await?;
    let facts = Facts {
        as_of: measures.frame.as_of,
        window,
        currency: measures.currency,
        won: Attach::of(&measures.book, Place::All, Worth::won),
        revops_seats: entity::seat::count_of_role(conn, slice, Role::Revops).await?,
        pods: entity::pod::all(conn, slice).await?.len() as u64,
        forecast_to: tam::published(caller, None, None).await?.map(|published| published.forecast.to),
        last_completed: calendar.last_completed(today),
        partner_closed: closed(Cohort::AnyPartner),
        direct_closed: closed(Cohort::Direct),
        closed: everything.won + everything.lost,
        closed_unknown: closed(Cohort::Unknown),
        undecided: entity::quality::undecided(conn, slice, calendar.first_day(window.from)).await?,
        won_deals: everything.won,
        won_without_arr: everything.won - everything.won_arr_count,
        check: check.result,
        failing_questions: check.questions.iter().filter(|(_, is_yes)| !is_yes).count() as u64,
        map: capability::state(caller, conn, slice).await?,
        territories: territories.len() as u64,
        overlaps: overlaps.len() as u64,
        activities,
        incomplete_activities,
    };
    let all = advisories(&facts, &measures.policy);
    Ok(Advised { all, overlaps, policy_version: measures.policy.version })
}
