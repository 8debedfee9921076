//! Seats: who may call, as what, bound to what (LOOP.md section 5).

use crate::role::Role;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The issuer of the partner and machine tokens that this server mints itself.
pub const MINT_ISSUER: &str = "partnerloop";

/// The issuer of the local development key, which `demo` accepts and `serve` does not.
pub const DEV_ISSUER: &str = "partnerloop-dev";

/// A person or machine in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The row's id.
    pub id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// Who vouches for the subject: an identity provider, or [`MINT_ISSUER`].
    pub issuer: String,
    /// The subject, as the issuer names it.
    pub subject: String,
    /// What the seat is.
    pub role: Role,
    /// The name people read.
    pub name: String,
    /// The owner id that the CRM uses for this person.
    pub owner_external_id: Option<String>,
    /// The pods it is a member of, sorted.
    pub pods: Vec<Uuid>,
    /// The partners it manages (PARTNER_MANAGER), or is (PARTNER), sorted.
    pub partners: Vec<Uuid>,
    /// A change of role or binding makes a new one.
    pub version: i64,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A unit that runs deals: Partner AE, customer-facing AE, Partner Manager, RevOps lead. Seats are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// The row's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The partners it works with, sorted.
    pub partners: Vec<Uuid>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A set of programs that a private-equity firm holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portfolio {
    /// The row's id.
    pub id: Uuid,
    /// The short name that the command line and tokens use.
    pub slug: String,
    /// The name people read.
    pub name: String,
}

/// Why a seat cannot be as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSeat {
    /// A portfolio's seat has no program.
    #[error("a PORTFOLIO seat belongs to a portfolio, not to a program: the command line grants it")]
    Portfolio,
    /// A role without pods got some.
    #[error("only PARTNER_AE and CUSTOMER_AE seats are bound to pods")]
    Pods,
    /// A role without partners got some.
    #[error("only PARTNER_MANAGER and PARTNER seats are bound to partners")]
    Partners,
    /// PARTNER is one company.
    #[error("a PARTNER seat is bound to exactly one partner")]
    OnePartner,
    /// A role that owns no deals got an owner id.
    #[error("only CUSTOMER_AE seats own deals")]
    Owner,
}

impl BadSeat {
    /// The input field that is wrong.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Portfolio => "role",
            Self::Pods => "podIds",
            Self::Partners | Self::OnePartner => "partnerIds",
            Self::Owner => "ownerExternalId",
        }
    }
}

/// Whether a seat of this role may have these bindings. Fewer than the role can use is allowed (the seat then reads
/// nothing); others would be silently without effect, so they are refused.
///
/// # Errors
/// Every [`BadSeat`] there is.
pub fn bindings_fit(role: Role, pods: usize, partners: usize, is_owner: bool) -> Result<(), Vec<BadSeat>> {
    let (takes_pods, takes_partners, takes_owner) = match role {
        Role::PartnerAe => (true, false, false),
        Role::CustomerAe => (true, false, true),
        Role::PartnerManager | Role::Partner => (false, true, false),
        Role::Operator | Role::Revops | Role::Finance | Role::Leadership | Role::Portfolio => (false, false, false),
    };
    let mut wrong = Vec::new();
    if role == Role::Portfolio {
        wrong.push(BadSeat::Portfolio);
    }
    if pods > 0 && !takes_pods {
        wrong.push(BadSeat::Pods);
    }
    if partners > 0 && !takes_partners {
        wrong.push(BadSeat::Partners);
    }
    if role == Role::Partner && partners != 1 {
        wrong.push(BadSeat::OnePartner);
    }
    if is_owner && !takes_owner {
        wrong.push(BadSeat::Owner);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_takes_its_own_bindings_only() {
        assert_eq!(bindings_fit(Role::PartnerAe, 2, 0, false), Ok(()));
        assert_eq!(bindings_fit(Role::CustomerAe, 1, 0, true), Ok(()));
        assert_eq!(bindings_fit(Role::PartnerManager, 0, 3, false), Ok(()));
        assert_eq!(bindings_fit(Role::Partner, 0, 1, false), Ok(()));
        assert_eq!(bindings_fit(Role::Partner, 0, 0, false), Err(vec![BadSeat::OnePartner]));
        assert_eq!(bindings_fit(Role::Partner, 0, 2, false), Err(vec![BadSeat::OnePartner]));
        assert_eq!(
            bindings_fit(Role::Finance, 1, 1, true),
            Err(vec![BadSeat::Pods, BadSeat::Partners, BadSeat::Owner])
        );
        assert_eq!(bindings_fit(Role::Portfolio, 0, 0, false), Err(vec![BadSeat::Portfolio]));
    }
}
