//! Escalations: what stalls a deal on security or on legal, put before named contacts who answer within 48 hours (seed 004, Co-Sell
//! Rhythm: "escalation path for security or legal stalls (named contacts, <= 48 h response)").
//!
//! \[ours\] An escalation goes from one side to the other, or from the vendor's people to the vendor's own contact, which is none of the
//! partner's business. The answer keeps the promise; an acknowledgement does not. What its own side calls resolved before an answer is
//! owed no answer any more.

use crate::registration::Mark;
use crate::role::Role;
use crate::sla::SlaOwner;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

/// What stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EscalationKind {
    /// A review of security.
    Security,
    /// A contract, or another legal question.
    Legal,
    /// Anything else.
    Other,
}

/// Somebody to whom escalations of a kind go, on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EscalationContact {
    /// What stalls.
    pub kind: EscalationKind,
    /// On which side.
    pub side: SlaOwner,
    /// The person's name.
    pub name: String,
    /// How to reach the person: an address or a number.
    pub reach: String,
}

/// Named contacts: of the whole program, or of one partner, whose contacts come before the program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EscalationPath {
    /// The partner; none for the program's.
    pub partner_id: Option<Uuid>,
    /// The contacts, one of each kind and side at most.
    pub contacts: Vec<EscalationContact>,
    /// For optimistic concurrency; 0 where none were set.
    pub version: i64,
}

/// Why a contact cannot stand in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAContact {
    /// There is no partner of the whole program.
    #[error("the program's path names the vendor's contacts: a partner's are set for that partner")]
    NoSuchSide,
    /// The kind and side have one.
    #[error("another contact is named for this kind on this side")]
    Twice,
}

impl EscalationPath {
    fn named(&self, kind: EscalationKind, side: SlaOwner) -> Option<&EscalationContact> {
        self.contacts.iter().find(|it| it.kind == kind && it.side == side)
    }

    /// Whether one more contact can be named.
    ///
    /// # Errors
    /// [`NotAContact`].
    pub fn admit(&self, contact: &EscalationContact) -> Result<(), NotAContact> {
        if self.partner_id.is_none() && contact.side == SlaOwner::Partner {
            return Err(NotAContact::NoSuchSide);
        }
        if self.named(contact.kind, contact.side).is_some() { Err(NotAContact::Twice) } else { Ok(()) }
    }

    /// Who is named for a kind on a side: of the kind by the partner's path, else by the program's; where neither names one, for OTHER.
    #[must_use]
    pub fn contact<'a>(
        &'a self,
        program: &'a Self,
        kind: EscalationKind,
        side: SlaOwner,
    ) -> Option<&'a EscalationContact> {
        [kind, EscalationKind::Other]
            .into_iter()
            .find_map(|kind| self.named(kind, side).or_else(|| program.named(kind, side)))
    }
}

impl EscalationPath {
    /// Who is named for each kind and side that anybody is named for, as [`Self::contact`] has it.
    #[must_use]
    pub fn all(&self, program: &Self) -> Vec<EscalationContact> {
        let each = EscalationKind::iter().flat_map(|kind| SlaOwner::iter().map(move |side| (kind, side)));
        let named = each.filter_map(|(kind, side)| {
            self.contact(program, kind, side).map(|it| EscalationContact { kind, ..it.clone() })
        });
        named.collect()
    }
}

/// The side that a role speaks for; none for roles that are on no deal.
#[must_use]
pub const fn side_of(role: Role) -> Option<SlaOwner> {
    match role {
        Role::Partner => Some(SlaOwner::Partner),
        Role::Operator | Role::PartnerAe | Role::CustomerAe | Role::PartnerManager | Role::Revops => {
            Some(SlaOwner::Vendor)
        }
        Role::Finance | Role::Leadership | Role::Portfolio => None,
    }
}

/// Who said what, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Who, and when.
    pub mark: Mark,
}

/// An escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The row's id.
    pub id: Uuid,
    /// The deal that stalls.
    pub deal_id: Uuid,
    /// The partner with which it is worked.
    pub partner_id: Uuid,
    /// What stalls.
    pub kind: EscalationKind,
    /// The side that raised it.
    pub raised_by: SlaOwner,
    /// The side that owes the answer.
    pub addressed_to: SlaOwner,
    /// What is asked.
    pub question: String,
    /// Who was named for it when it was opened; none where nobody was.
    pub contact: Option<EscalationContact>,
    /// Who opened it, and when.
    pub opened: Mark,
    /// By when the answer is due, inclusive.
    pub due_at: DateTime<Utc>,
    /// Who took it up, and when.
    pub acknowledged: Option<Mark>,
    /// The answer.
    pub answer: Option<Said>,
    /// What came of it, as the side that raised it says.
    pub resolution: Option<Said>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// How an escalation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum EscalationState {
    /// Nobody took it up.
    Open,
    /// Somebody took it up, and has not answered.
    Acknowledged,
    /// It was answered.
    Answered,
    /// It is over.
    Resolved,
}

/// Why a step of an escalation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EscalationRefusal {
    /// The deal is closed.
    #[error("the deal is closed: nothing stalls it")]
    DealClosed,
    /// The partner is not on the deal.
    #[error("this partner is not on the deal")]
    NotOnTheDeal,
    /// One of this kind, put before the same side, waits for its answer.
    #[error("an escalation of this kind on this deal waits for its answer already: it is asked once")]
    AlreadyAsked,
    /// It is the other side that is asked.
    #[error("this escalation is put before the other side")]
    NotAddressed,
    /// It is the other side that raised it.
    #[error("the side that raised an escalation says whether it is resolved, or RevOps does")]
    NotTheRaiser,
    /// It was taken up before.
    #[error("the escalation is taken up already")]
    AlreadyAcknowledged,
    /// It was answered before.
    #[error("the escalation is answered already")]
    AlreadyAnswered,
    /// It is over.
    #[error("the escalation is resolved")]
    AlreadyResolved,
}

impl Escalation {
    /// How it stands.
    #[must_use]
    pub const fn state(&self) -> EscalationState {
        match (&self.resolution, &self.answer, &self.acknowledged) {
            (Some(_), _, _) => EscalationState::Resolved,
            (None, Some(_), _) => EscalationState::Answered,
            (None, None, Some(_)) => EscalationState::Acknowledged,
            (None, None, None) => EscalationState::Open,
        }
    }

    /// Whether the answer is owed and its time is over.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.answer.is_none() && self.resolution.is_none() && now > self.due_at
    }

    /// Whether the answer came after the time it was due.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.mark.at > self.due_at)
    }

    /// Whether the partner raised it or is asked; what the vendor's people put before one another is none of its business.
    #[must_use]
    pub fn is_with_partner(&self) -> bool {
        self.raised_by == SlaOwner::Partner || self.addressed_to == SlaOwner::Partner
    }

    fn must_be_asked(&self, role: Role) -> Result<(), EscalationRefusal> {
        if self.resolution.is_some() {
            return Err(EscalationRefusal::AlreadyResolved);
        }
        if side_of(role) == Some(self.addressed_to) { Ok(()) } else { Err(EscalationRefusal::NotAddressed) }
    }

    /// Taken up, once, by somebody of the side that is asked.
    ///
    /// # Errors
    /// [`EscalationRefusal`].
    pub fn acknowledge(self, role: Role, mark: Mark) -> Result<Self, EscalationRefusal> {
        self.must_be_asked(role)?;
        if self.acknowledged.is_some() {
            return Err(EscalationRefusal::AlreadyAcknowledged);
        }
        Ok(Self { acknowledged: Some(mark), version: self.version + 1, ..self })
    }

    /// Answered, once, by somebody of the side that is asked. An answer is an acknowledgement.
    ///
    /// # Errors
    /// [`EscalationRefusal`].
    pub fn answer(self, role: Role, said: Said) -> Result<Self, EscalationRefusal> {
        self.must_be_asked(role)?;
        if self.answer.is_some() {
            return Err(EscalationRefusal::AlreadyAnswered);
        }
        let acknowledged = self.acknowledged.or(Some(said.mark));
        Ok(Self { acknowledged, answer: Some(said), version: self.version + 1, ..self })
    }

    /// Over, as the side that raised it says, or RevOps.
    ///
    /// # Errors
    /// [`EscalationRefusal`].
    pub fn resolve(self, role: Role, said: Said) -> Result<Self, EscalationRefusal> {
        if self.resolution.is_some() {
            return Err(EscalationRefusal::AlreadyResolved);
        }
        if side_of(role) != Some(self.raised_by) && role != Role::Revops {
            return Err(EscalationRefusal::NotTheRaiser);
        }
        Ok(Self { resolution: Some(said), version: self.version + 1, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn said(when: &str) -> Said {
        Said { text: "done".into(), mark: Mark { at: at(when), by: Uuid::nil() } }
    }

    /// Raised by the partner on Monday at 9:00; due on Wednesday at 9:00, inclusive.
    fn raised() -> Escalation {
        let opened = Mark { at: at("2026-10-05T09:00:00Z"), by: Uuid::nil() };
        Escalation {
            id: Uuid::nil(),
            deal_id: Uuid::nil(),
            partner_id: Uuid::nil(),
            kind: EscalationKind::Security,
            raised_by: SlaOwner::Partner,
            addressed_to: SlaOwner::Vendor,
            question: "The questionnaire waits.".into(),
            contact: None,
            opened,
            due_at: at("2026-10-07T09:00:00Z"),
            acknowledged: None,
            answer: None,
            resolution: None,
            version: 1,
        }
    }

    #[test]
    fn the_side_that_is_asked_answers_and_the_side_that_asked_resolves() {
        use EscalationRefusal::{AlreadyAcknowledged, AlreadyAnswered, AlreadyResolved, NotAddressed, NotTheRaiser};
        let (mark, words) = (said("2026-10-06T09:00:00Z").mark, said("2026-10-06T10:00:00Z"));
        let state = |it: &Escalation| it.state();
        assert_eq!(raised().acknowledge(Role::Partner, mark), Err(NotAddressed));
        let taken = raised().acknowledge(Role::CustomerAe, mark).unwrap();
        assert_eq!(state(&taken), EscalationState::Acknowledged);
        assert_eq!(taken.clone().acknowledge(Role::Revops, mark), Err(AlreadyAcknowledged));
        assert_eq!(taken.clone().answer(Role::Partner, words.clone()), Err(NotAddressed));
        let answered = taken.answer(Role::PartnerManager, words.clone()).unwrap();
        assert_eq!(
            (state(&answered), answered.acknowledged, answered.version),
            (EscalationState::Answered, Some(mark), 3)
        );
        assert_eq!(answered.clone().answer(Role::PartnerManager, words.clone()), Err(AlreadyAnswered));
        assert_eq!(answered.clone().resolve(Role::PartnerManager, words.clone()), Err(NotTheRaiser));
        assert!(answered.clone().resolve(Role::Revops, words.clone()).is_ok());
        let over = answered.resolve(Role::Partner, words.clone()).unwrap();
        assert_eq!(state(&over), EscalationState::Resolved);
        assert_eq!(over.clone().resolve(Role::Partner, words.clone()), Err(AlreadyResolved));
        // An answer says that somebody took it up.
        let at_once = raised().answer(Role::Operator, words.clone()).unwrap();
        assert_eq!(at_once.acknowledged, Some(words.mark));
        assert_eq!(over.answer(Role::Operator, words), Err(AlreadyResolved));
    }

    #[test]
    fn the_due_time_itself_is_in_time() {
        let late = at("2026-10-07T09:00:00.000001Z");
        assert!(!raised().is_overdue(raised().due_at) && raised().is_overdue(late));
        assert!(!raised().answer(Role::Revops, said("2026-10-07T09:00:00Z")).unwrap().is_late());
        let answered = raised().answer(Role::Revops, said("2026-10-07T09:00:00.000001Z")).unwrap();
        assert!(answered.is_late() && !answered.is_overdue(late));
        assert!(!raised().resolve(Role::Partner, said("2026-10-06T09:00:00Z")).unwrap().is_overdue(late));
        assert!(raised().is_with_partner());
        assert!(!Escalation { raised_by: SlaOwner::Vendor, ..raised() }.is_with_partner());
    }

    #[test]
    fn a_partners_contact_of_the_kind_comes_before_the_programs_and_other_stands_in() {
        use EscalationKind::{Legal, Other, Security};
        use SlaOwner::{Partner, Vendor};
        let named = |kind, side, name: &str| EscalationContact { kind, side, name: name.into(), reach: "x@y".into() };
        let path = |partner_id, contacts| EscalationPath { partner_id, contacts, version: 1 };
        let program = path(None, vec![named(Security, Vendor, "Sam"), named(Other, Vendor, "Olga")]);
        let own = path(
            Some(Uuid::nil()),
            vec![named(Legal, Vendor, "Lea"), named(Other, Vendor, "Otto"), named(Security, Partner, "Pia")],
        );
        let who = |kind, side| own.contact(&program, kind, side).map(|it| it.name.as_str());
        assert_eq!(
            (who(Legal, Vendor), who(Security, Vendor), who(Other, Vendor)),
            (Some("Lea"), Some("Sam"), Some("Otto"))
        );
        assert_eq!((who(Security, Partner), who(Legal, Partner)), (Some("Pia"), None));
        let none = EscalationPath::default();
        assert_eq!(none.contact(&program, Legal, Vendor).map(|it| it.name.as_str()), Some("Olga"));
        assert_eq!(program.admit(&named(Legal, Partner, "Pia")), Err(NotAContact::NoSuchSide));
        assert_eq!(program.admit(&named(Other, Vendor, "Ole")), Err(NotAContact::Twice));
        assert_eq!(own.admit(&named(Legal, Partner, "Pim")), Ok(()));
    }
}
