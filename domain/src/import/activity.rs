//! A row that is an activity.

use super::date::When;
use super::deal::{deleted, has_problem_at, required_id};
use super::fact::{AccountReference, ActivityFact};
use super::field::Field;
use super::row::Row;
use super::spend::partner;
use super::{Code, Problem};

/// Reads an activity: it names a deal, an account or a partner, and happened by today.
pub(super) fn read(row: &mut Row<'_>) -> Option<ActivityFact> {
    let external_id = required_id(row);
    deleted(row);
    let kind = row.word(Field::Kind, "INTRODUCTION, TOUCH, MEETING, CALL, MESSAGE, DEMO, NOTE");
    if kind.is_none() && !has_problem_at(row, Field::Kind) {
        row.problem(Field::Kind, Code::Missing, "an activity needs its kind");
    }
    let happened = row.when(Field::HappenedAt).map(|(when, _)| when);
    match happened {
        None if !has_problem_at(row, Field::HappenedAt) => {
            row.problem(Field::HappenedAt, Code::Missing, "an activity happened at some time")
        }
        Some(when) if when.day > row.context.today => {
            row.problem(Field::HappenedAt, Code::InFuture, "is after the day of the import")
        }
        _ => {}
    }
    let recorded = row.when(Field::RecordedAt).map(|(when, _)| when);
    if recorded.is_some_and(|when| when.day > row.context.today) {
        row.problem(Field::RecordedAt, Code::InFuture, "is after the day of the import");
    } else if recorded.zip(happened).is_some_and(|(recorded, happened)| is_before(recorded, happened)) {
        row.problem(Field::RecordedAt, Code::RecordedBeforeHappened, "lies before it happened");
    }
    let deal = row.id(Field::Deal);
    let account = row.id(Field::Account).map(|id| AccountReference { name: id.clone(), external_id: id });
    let before = row.problems.len();
    let partner = partner(row, false);
    if deal.is_none() && account.is_none() && partner.is_none() && row.problems.len() == before {
        row.problems
            .push(Problem::new(Code::NoSubject, "an activity is on a deal, on an account or with a partner; name one"));
    }
    Some(ActivityFact {
        external_id: external_id?,
        deal,
        account,
        partner,
        kind: kind?,
        happened: happened?,
        recorded,
        is_joint_meeting: row.flag(Field::IsJointMeeting).unwrap_or(false),
        meeting_count: row.count(Field::MeetingCount),
        next_step_on: row.day(Field::NextStepOn),
        owner_functions: row.list(Field::OwnerFunctions),
        note: row.note(Field::Note),
    })
}

/// Whether one time lies before another: by the instants where both are known, else by the days.
fn is_before(one: When, other: When) -> bool {
    match (one.at, other.at) {
        (Some(one), Some(other)) => one < other,
        _ => one.day < other.day,
    }
}
