//! A row's ids in other systems: which row of the program they lead to, and which of them are new.

use super::bound::BoundField;
use super::mapping::SalesforceIds;
use super::row::Row;
use super::{Code, Problem, salesforce, shown};
use crate::external_ref::{ID_MOST, SystemId};
use crate::text;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Every id that the row gives under a system's name, its own first.
pub(super) fn read(row: &mut Row<'_>, external_id: Option<&str>) -> Vec<SystemId> {
    let bound = row.bound;
    let own =
        bound.system().zip(external_id).map(|(system, id)| SystemId { system: system.to_owned(), id: id.to_owned() });
    let mut ids: Vec<SystemId> = own.into_iter().collect();
    for (system, field) in &bound.refs {
        for id in parts(row, field) {
            let at = SystemId { system: system.clone(), id };
            if !ids.contains(&at) {
                ids.push(at);
            }
        }
    }
    ids
}

fn parts(row: &mut Row<'_>, field: &BoundField) -> Vec<String> {
    let Some(value) = row.read(field) else { return Vec::new() };
    let whole = value.text;
    let parts: Vec<String> = match &field.separator {
        Some(separator) => whole.split(separator.as_str()).map(text::tidy).filter(|part| !part.is_empty()).collect(),
        None => vec![whole],
    };
    if parts.len() > 100 || parts.iter().any(|part| part.chars().count() > ID_MOST) {
        let (column, cell) = field
            .column
            .as_ref()
            .map_or(("", ""), |(at, name)| (name.as_str(), row.cells.get(*at).copied().unwrap_or("")));
        let message = format!("must be at most 100 ids of at most {ID_MOST} characters");
        row.problems.push(Problem::new(Code::TooLong, message).at(column, cell));
        return Vec::new();
    }
    match row.bound.mapping.salesforce_ids {
        SalesforceIds::Never => parts,
        // The two forms of one id are one, whatever column they stand in.
        SalesforceIds::Auto | SalesforceIds::Always => {
            parts.into_iter().map(|part| salesforce::fold(&part).map_or(part.clone(), str::to_owned)).collect()
        }
    }
}

/// What is on record about a row that an id led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnRecord {
    /// All its ids under systems' names.
    pub ids: Vec<SystemId>,
}

impl OnRecord {
    fn has_other_under(&self, system: &str, id: &str) -> bool {
        self.ids.iter().any(|at| at.system == system && at.id != id) && !self.has(system, id)
    }

    fn has(&self, system: &str, id: &str) -> bool {
        self.ids.iter().any(|at| at.system == system && at.id == id)
    }
}

/// The row on record that a row of a file is, by its own id and by its ids in other systems.
///
/// `by_id` is the row with this external id, `by_refs` those that the ids in other systems lead to. Two rows that are one by some
/// ids and two by others are never merged by guess.
///
/// # Errors
/// The [`Problem`] that holds the row.
pub fn find(
    system: Option<&str>,
    external_id: &str,
    by_id: Option<Uuid>,
    by_refs: &BTreeSet<Uuid>,
    on_record: impl Fn(Uuid) -> OnRecord,
) -> Result<Option<Uuid>, Problem> {
    // The same id in another system is another thing.
    let is_foreign = |row: Uuid| {
        system.is_some_and(|system| {
            let known = on_record(row);
            !known.has(system, external_id) && known.ids.iter().any(|at| at.id == external_id)
        })
    };
    let own = by_id.filter(|row| !is_foreign(*row));
    let taken = |message: &str| Err(Problem::new(Code::RefTaken, message).at("", external_id));
    let mut others = by_refs.iter().copied().filter(|row| Some(*row) != own);
    match (own, others.next(), others.next()) {
        (Some(row), None, _) => Ok(Some(row)),
        (Some(_), Some(_), _) | (None, Some(_), Some(_)) => {
            taken("the ids of the row lead to more than one row of the program; decide which one it is")
        }
        (None, Some(row), None) => match system {
            Some(system) if !on_record(row).has_other_under(system, external_id) => Ok(Some(row)),
            Some(_) => taken("an id of the row belongs to a row that has another id in the file's own system"),
            None => taken("an id of the row belongs to another row; name the file's own system to match by it"),
        },
        (None, None, _) if by_id.is_some() => Err(Problem::new(
            Code::IdOfAnotherSystem,
            format!(
                "\"{}\" is on record as an id of another system; give it a prefix, or match by [refs]",
                shown(external_id)
            ),
        )
        .at("", external_id)),
        (None, None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(ids: &[(&str, &str)]) -> OnRecord {
        let at = |(system, id): &(&str, &str)| SystemId { system: (*system).into(), id: (*id).into() };
        OnRecord { ids: ids.iter().map(at).collect() }
    }

    fn rows(of: &[u128]) -> BTreeSet<Uuid> {
        of.iter().copied().map(Uuid::from_u128).collect()
    }

    fn code(found: Result<Option<Uuid>, Problem>) -> Result<Option<u128>, Code> {
        found.map(|row| row.map(|id| id.as_u128())).map_err(|problem| problem.code)
    }

    #[test]
    fn a_row_of_another_system_is_found_by_the_id_it_shares() {
        let record = |_| known(&[("salesforce", "006A")]);
        // HubSpot's deal 77 carries the Salesforce id of row 1: it is row 1.
        assert_eq!(code(find(Some("hubspot"), "77", None, &rows(&[1]), record)), Ok(Some(1)));
        assert_eq!(code(find(Some("hubspot"), "77", None, &rows(&[]), record)), Ok(None));
        assert_eq!(code(find(Some("salesforce"), "006A", Some(Uuid::from_u128(1)), &rows(&[1]), record)), Ok(Some(1)));
    }

    #[test]
    fn the_same_id_of_two_systems_is_two_things() {
        let record = |_| known(&[("pipedrive", "123")]);
        let by_id = Some(Uuid::from_u128(1));
        assert_eq!(code(find(Some("hubspot"), "123", by_id, &rows(&[]), record)), Err(Code::IdOfAnotherSystem));
        assert_eq!(code(find(Some("pipedrive"), "123", by_id, &rows(&[1]), record)), Ok(Some(1)));
        // A row that nobody named a system for is the row, as before there were systems.
        assert_eq!(code(find(Some("hubspot"), "123", by_id, &rows(&[]), |_| known(&[]))), Ok(Some(1)));
        assert_eq!(code(find(None, "123", by_id, &rows(&[]), record)), Ok(Some(1)));
    }

    #[test]
    fn ids_that_lead_to_two_rows_hold_the_row() {
        let record = |_| known(&[("hubspot", "76")]);
        assert_eq!(code(find(Some("hubspot"), "77", None, &rows(&[1, 2]), record)), Err(Code::RefTaken));
        assert_eq!(code(find(Some("hubspot"), "77", None, &rows(&[1]), record)), Err(Code::RefTaken));
        assert_eq!(code(find(None, "77", None, &rows(&[1]), record)), Err(Code::RefTaken));
        assert_eq!(code(find(None, "77", Some(Uuid::from_u128(3)), &rows(&[1]), record)), Err(Code::RefTaken));
    }
}
