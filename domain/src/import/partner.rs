//! A row that is a partner.

use super::account::domain;
use super::context::Partners;
use super::deal::{deleted, has_problem_at, required_id};
use super::fact::PartnerFact;
use super::field::Field;
use super::row::Row;
use super::{Code, Problem, reference, shown};
use uuid::Uuid;

pub(super) const KINDS: &str = "AFFILIATE, REFERRAL, RESELLER, SYSTEM_INTEGRATOR, MSP, ISV, TECHNOLOGY, HYPERSCALER, MARKETPLACE, STRATEGIC_ALLIANCE, WHITE_LABEL, SERVICES";

/// Reads a partner.
pub(super) fn read(row: &mut Row<'_>) -> Option<PartnerFact> {
    let external_id = required_id(row);
    deleted(row);
    let name = row.required_name(Field::Name);
    let kind = row.word(Field::Kind, KINDS);
    if kind.is_none() && !has_problem_at(row, Field::Kind) {
        row.problem(Field::Kind, Code::Missing, "a partner needs its kind");
    }
    let status = row.word(Field::Status, "CANDIDATE, ACTIVE, ENDED");
    let registrable_domain = domain(row);
    let refs = reference::read(row, external_id.as_deref());
    Some(PartnerFact { external_id: external_id?, name: name?, kind, status, registrable_domain, refs })
}

/// The partner on record that a new id would double, to be adopted under that id: the one of its name, where an import that
/// had names only made it (its external id is its name).
///
/// `rows_of_name` is how many new rows of the file carry the name.
///
/// # Errors
/// [`Code::PartnerNameTaken`] where the name does not say which partner the row is, with what to do.
pub fn adopted(partners: &Partners, name: &str, rows_of_name: usize) -> Result<Option<Uuid>, Problem> {
    let taken = |message: String| Err(Problem::new(Code::PartnerNameTaken, message));
    let one = match partners.with_name(name) {
        [] => return Ok(None),
        [one] => *one,
        _ => {
            return taken(format!(
                "the id is new, and several partners on record are called \"{}\": give the row the external id of the one that it is, or \
                 rename what is another partner (partnerUpdate)",
                shown(name)
            ));
        }
    };
    match partners.external_id(one) {
        Some(id) if partners.name(one) != Some(id) => taken(format!(
            "the id is new, and a partner of this name is on record with the external id \"{}\": give the row that id, or rename one of \
             the two where they are two partners",
            shown(id)
        )),
        None => taken(
            "the id is new, and a partner of this name is on record without an external id: give it this id (partnerUpdate) and send the \
             row again, or rename one of the two where they are two partners"
                .into(),
        ),
        Some(_) if rows_of_name > 1 => taken(format!(
            "an import made \"{}\" by its name, and {rows_of_name} rows of the file have that name: give that partner the external id of \
             the one that it is (partnerUpdate), rename the others, and send the rows again",
            shown(name)
        )),
        Some(_) => Ok(Some(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_partner_that_was_made_by_that_name_is_adopted() {
        let id = Uuid::from_u128;
        let mut partners = Partners::default();
        partners.add(id(1), Some("Northwind"), "Northwind");
        partners.add(id(2), Some("P-7"), "Fabrikam");
        partners.add(id(3), None, "Contoso");
        partners.add(id(4), Some("Twin"), "Twin");
        partners.add(id(5), Some("P-9"), "TWIN");
        let code = |name, rows| adopted(&partners, name, rows).map_err(|problem| problem.code);
        assert_eq!(code("Unheard of", 2), Ok(None));
        assert_eq!(code("NORTHWIND ", 1), Ok(Some(id(1))));
        for (name, rows) in [("Northwind", 2), ("Fabrikam", 1), ("Contoso", 1), ("Twin", 1)] {
            assert_eq!(code(name, rows), Err(Code::PartnerNameTaken), "{name}");
        }
    }
}
