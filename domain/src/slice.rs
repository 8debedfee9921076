//! What a caller is, and the rows that exist for it (LOOP.md section 5).

use crate::role::{Action, Role, may};
use uuid::Uuid;

/// A caller after authentication: a seat of a program, or of a portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The seat's row.
    pub seat_id: Uuid,
    /// The seat's version: a change of role or binding makes a new one, and every cache key holds it (ruling 29).
    pub seat_version: i64,
    /// The token's subject.
    pub subject: String,
    /// The person or machine, for people to read.
    pub name: String,
    /// The seat's role.
    pub role: Role,
    /// Where the seat is.
    pub place: Place,
    /// What the seat is bound to.
    pub bindings: Bindings,
    /// The minted token's id, where the caller came with one.
    pub token_id: Option<Uuid>,
    /// The program's data version as it was when the caller was recognised; 0 for a portfolio. An answer that is kept is kept
    /// under it (ruling 29).
    pub data_version: i64,
}

/// A seat is in a program, or (role PORTFOLIO) in a portfolio that has no program (ruling 28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The program's id.
    Program(Uuid),
    /// The portfolio's id.
    Portfolio(Uuid),
}

/// Bindings live in the database, not in the token, so that a change holds at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// Pods the seat is a member of.
    pub pods: Vec<Uuid>,
    /// Partners the seat manages (PARTNER_MANAGER), or is (PARTNER: exactly one).
    pub partners: Vec<Uuid>,
    /// Partners of the seat's pods.
    pub pod_partners: Vec<Uuid>,
    /// The owner id that the CRM uses for this person.
    pub owner_external_id: Option<String>,
}

impl Viewer {
    /// Whether this caller may do it.
    #[must_use]
    pub const fn may(&self, action: Action) -> bool {
        may(self.role, action)
    }

    /// The server itself at work in a program: the command line and the jobs. It writes as REVOPS does.
    #[must_use]
    pub fn system(program_id: Uuid) -> Self {
        Self {
            seat_id: Uuid::nil(),
            seat_version: 0,
            subject: "system".into(),
            name: "partnerloop".into(),
            role: Role::Revops,
            place: Place::Program(program_id),
            bindings: Bindings::default(),
            token_id: None,
            data_version: 0,
        }
    }

    /// The rows that exist for this caller; none at all for a portfolio, which has no program.
    #[must_use]
    pub fn slice(&self) -> Option<Slice> {
        let Place::Program(program_id) = self.place else { return None };
        let bound = &self.bindings;
        let reach = match self.role {
            Role::Operator | Role::Revops => Reach::Program,
            Role::Finance => Reach::ClosedDeals,
            Role::Leadership => Reach::Partners,
            Role::PartnerAe => Reach::Pods { pods: bound.pods.clone(), partners: bound.pod_partners.clone() },
            Role::CustomerAe => Reach::Owned {
                seat_id: self.seat_id,
                owner_external_id: bound.owner_external_id.clone(),
                pods: bound.pods.clone(),
                pod_partners: bound.pod_partners.clone(),
            },
            Role::PartnerManager => Reach::Managed { partners: bound.partners.clone() },
            Role::Partner => Reach::Own { partner: bound.partners.first().copied()? },
            Role::Portfolio => return None,
        };
        Some(Slice { program_id, reach })
    }
}

/// The rows that exist for a caller. Only [`Viewer::slice`] makes one, and every finder of `entity` asks for one, so an
/// unscoped read does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    program_id: Uuid,
    reach: Reach,
}

impl Slice {
    /// The program: the tenant of every row in the slice.
    #[must_use]
    pub const fn program_id(&self) -> Uuid {
        self.program_id
    }

    /// How far the slice reaches inside the program.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }
}

/// How far a slice reaches inside its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every row.
    Program,
    /// All partners; closed deals only (FINANCE).
    ClosedDeals,
    /// Partners, no deals and no accounts (LEADERSHIP).
    Partners,
    /// Deals, accounts and partners of pods (PARTNER_AE). A deal is a pod's when it names the pod, or when one of the pod's
    /// partners is attributed on it.
    Pods {
        /// The pods.
        pods: Vec<Uuid>,
        /// The pods' partners.
        partners: Vec<Uuid>,
    },
    /// Deals it owns and its pods' deals, their accounts and partners (CUSTOMER_AE).
    Owned {
        /// The seat, as the owner of a deal.
        seat_id: Uuid,
        /// The same person in the CRM.
        owner_external_id: Option<String>,
        /// The pods.
        pods: Vec<Uuid>,
        /// The pods' partners.
        pod_partners: Vec<Uuid>,
    },
    /// Partners it manages and all their deals (PARTNER_MANAGER).
    Managed {
        /// The partners.
        partners: Vec<Uuid>,
    },
    /// One partner's own rows (PARTNER).
    Own {
        /// The partner.
        partner: Uuid,
    },
}
