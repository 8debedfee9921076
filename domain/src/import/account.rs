//! A row that is an account.

use super::deal::{deleted, required_id};
use super::fact::AccountFact;
use super::field::Field;
use super::partner::KINDS;
use super::row::Row;
use super::{Code, reference};
use crate::account::{DomainFault, domain_of};

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
    let partner = row.named_partner(Field::Partner, Field::PartnerName);
    let partner_kind = row.word(Field::PartnerType, KINDS);
    if partner.is_none() && partner_kind.is_some() && row.bound.has(Field::PartnerType) {
        row.problem(
            Field::PartnerType,
            Code::PartnerMissing,
            "a kind of partner without the partner; name it, or empty the cell",
        );
    }
    let integrations = row.list(Field::Integrations);
    let integration_present = row.flag(Field::IntegrationPresent);
    if integration_present == Some(false) && !integrations.is_empty() {
        row.problem(
            Field::IntegrationPresent,
            Code::IntegrationContradicts,
            "says that no integration is installed, and the row names some; mend one of the two",
        );
    }
    let refs = reference::read(row, external_id.as_deref());
    Some(AccountFact {
        external_id: external_id?,
        name: name?,
        registrable_domain,
        segment,
        region: row.name(Field::Region),
        cloud_commitments: row.list(Field::CloudCommitments),
        integrations,
        overlap_reason: row.note(Field::OverlapReason),
        partner,
        partner_kind,
        integration_present,
        refs,
    })
}

/// The registrable domain of a domain, URL or e-mail address.
pub(super) fn domain(row: &mut Row<'_>) -> Option<String> {
    let value = row.name(Field::Domain)?;
    let message = match domain_of(&value) {
        Ok(domain) => return Some(domain),
        Err(DomainFault::NoDomain) => "has no registrable domain by the public suffix list; mend it or leave it empty",
        Err(DomainFault::NotAHost) => {
            "holds no host: its parts between dots are letters, digits and hyphens, at most 63 characters each; mend it or leave it empty"
        }
    };
    row.problem(Field::Domain, Code::NotADomain, message);
    None
}
