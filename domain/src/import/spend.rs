//! A row that is a line of program spend.

use super::Code;
use super::deal::{amounts, deleted, has_problem_at, required_id};
use super::fact::{Reference, SpendFact};
use super::field::Field;
use super::row::Row;
use crate::calendar::Quarter;

/// Reads a line of spend.
pub(super) fn read(row: &mut Row<'_>) -> Option<SpendFact> {
    let external_id = required_id(row);
    deleted(row);
    let quarter = quarter(row);
    let partner = partner(row, true);
    let category = row.word(Field::Category, "MDF, JOINT_MARKETING, LOADED_FTE, TOOLS");
    if category.is_none() && !has_problem_at(row, Field::Category) {
        row.problem(Field::Category, Code::Missing, "spend needs its category");
    }
    let segment = row.segment();
    let note = row.note(Field::Note);
    let quarter = quarter?;
    let (currency, [amount]) = amounts(row, quarter, [Field::Amount]);
    if amount.is_none() && !has_problem_at(row, Field::Amount) && !has_problem_at(row, Field::Currency) {
        row.problem(Field::Amount, Code::Missing, "spend needs its amount");
    }
    Some(SpendFact {
        external_id: external_id?,
        partner: partner?,
        segment,
        quarter: quarter.index(),
        category: category?,
        amount: amount?,
        currency: currency?.code().to_owned(),
        note,
    })
}

fn quarter(row: &mut Row<'_>) -> Option<Quarter> {
    if row.bound.has(Field::Quarter) {
        if let Some(value) = row.value(Field::Quarter) {
            let quarter = value.text.trim().parse().ok();
            if quarter.is_none() {
                row.problem(
                    Field::Quarter,
                    Code::NotAQuarter,
                    "is not a fiscal quarter such as 2026-Q3; give the field a map, or map a date",
                );
            }
            return quarter;
        }
    } else if let Some(day) = row.day(Field::Date) {
        return Some(row.context.calendar.quarter(day));
    }
    let field = if row.bound.has(Field::Quarter) { Field::Quarter } else { Field::Date };
    if !has_problem_at(row, field) {
        row.problem(field, Code::Missing, "spend belongs to a quarter");
    }
    None
}

/// The partner of a row of spend or an activity.
pub(super) fn partner(row: &mut Row<'_>, is_required: bool) -> Option<Reference> {
    let before = row.problems.len();
    let partner = row.named_partner(Field::Partner, Field::PartnerName);
    if partner.is_none() && is_required && row.problems.len() == before {
        row.problem(Field::Partner, Code::PartnerMissing, "spend is on a partner; name it");
    }
    partner
}
