//! A row that is a partner.

use super::account::domain;
use super::deal::{deleted, has_problem_at, required_id};
use super::fact::PartnerFact;
use super::field::Field;
use super::row::Row;
use super::{Code, reference};

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
