//! A row that is an account.

use super::Code;
use super::deal::{deleted, required_id};
use super::fact::AccountFact;
use super::field::Field;
use super::row::Row;
use crate::account::registrable_domain;

/// Reads an account. One that was merged into another is refused: its deals are attached to the other.
pub(super) fn read(row: &mut Row<'_>) -> Option<AccountFact> {
    let external_id = required_id(row);
    deleted(row);
    if let Some(master) = row.id(Field::AccountMaster).filter(|master| Some(master) != external_id.as_ref()) {
        let message = format!("the account was merged into {master}; it is not created again");
        row.problems.push(super::Problem::new(Code::DeletedInSource, message));
    }
    let name = row.required_name(Field::Name);
    let registrable_domain = domain(row);
    let segment = row.segment();
    Some(AccountFact {
        external_id: external_id?,
        name: name?,
        registrable_domain,
        segment,
        region: row.name(Field::Region),
        cloud_commitments: row.list(Field::CloudCommitments),
        integrations: row.list(Field::Integrations),
        overlap_reason: row.note(Field::OverlapReason),
    })
}

/// The registrable domain of a domain, URL or e-mail address.
pub(super) fn domain(row: &mut Row<'_>) -> Option<String> {
    let value = row.name(Field::Domain)?;
    let domain = registrable_domain(&value);
    if domain.is_none() {
        row.problem(
            Field::Domain,
            Code::NotADomain,
            "has no registrable domain by the public suffix list; mend it or leave it empty",
        );
    }
    domain
}
