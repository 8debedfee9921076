//! Where a deal came from: tagged when its lead is made, and protected until closed-won (seed 002, MQL and ToFu).

use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

/// Where a deal or a lead came from. A part that is set is never overwritten: attribution that is rewritten downstream is why
/// partner returns look weak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The partner through which the lead came.
    pub partner_id: Option<Uuid>,
    /// The source in detail, in the words of whoever tagged it: referrer parameters, a campaign, a listing.
    pub source_detail: Option<String>,
    /// The token of an affiliate's or partner's link, for billing.
    pub referral_token: Option<String>,
}

/// Why what is given cannot stand beside what is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OriginRefusal {
    /// Another partner is tagged.
    #[error("the source partner was tagged when the lead was made and does not change")]
    SourcePartnerFixed,
    /// No partner was tagged, and attribution has been locked since.
    #[error("a source partner is tagged before attribution is locked, not after")]
    SourcePartnerLate,
    /// Another detail is on record.
    #[error("the source's detail was recorded when the lead was made and does not change")]
    SourceDetailFixed,
    /// Another token is on record.
    #[error("the referral token was recorded when the lead was made and does not change")]
    ReferralTokenFixed,
}

impl Origin {
    /// Whether it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.partner_id.is_none() && self.source_detail.is_none() && self.referral_token.is_none()
    }

    /// What is on record with what is given added. Nothing given leaves everything as it is. `may_tag` is whether a partner may
    /// still be tagged where none is.
    ///
    /// # Errors
    /// Every [`OriginRefusal`]; nothing changes then.
    pub fn with(&self, given: &Self, may_tag: bool) -> Result<Self, Vec<OriginRefusal>> {
        let mut refused = Vec::new();
        let partner_id = settled(self.partner_id.as_ref(), given.partner_id.as_ref());
        match partner_id {
            Err(()) => refused.push(OriginRefusal::SourcePartnerFixed),
            Ok(Some(_)) if self.partner_id.is_none() && !may_tag => refused.push(OriginRefusal::SourcePartnerLate),
            Ok(_) => {}
        }
        let source_detail = settled(self.source_detail.as_ref(), given.source_detail.as_ref());
        if source_detail.is_err() {
            refused.push(OriginRefusal::SourceDetailFixed);
        }
        let referral_token = settled(self.referral_token.as_ref(), given.referral_token.as_ref());
        if referral_token.is_err() {
            refused.push(OriginRefusal::ReferralTokenFixed);
        }
        match (partner_id, source_detail, referral_token) {
            (Ok(partner_id), Ok(source_detail), Ok(referral_token)) if refused.is_empty() => {
                Ok(Self { partner_id, source_detail, referral_token })
            }
            _ => Err(refused),
        }
    }
}

fn settled<T: Clone + PartialEq>(on_record: Option<&T>, given: Option<&T>) -> Result<Option<T>, ()> {
    match (on_record, given) {
        (Some(before), Some(given)) if before != given => Err(()),
        (Some(one), _) | (None, Some(one)) => Ok(Some(one.clone())),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin(partner: Option<u128>, detail: Option<&str>, token: Option<&str>) -> Origin {
        Origin {
            partner_id: partner.map(Uuid::from_u128),
            source_detail: detail.map(str::to_owned),
            referral_token: token.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_missing_is_added_and_what_is_set_stays() {
        let before = origin(Some(1), None, Some("t-1"));
        assert_eq!(
            before.with(&origin(None, Some("agent=a7"), None), false),
            Ok(origin(Some(1), Some("agent=a7"), Some("t-1")))
        );
        assert_eq!(before.with(&Origin::default(), false), Ok(before.clone()));
        let refused = before.with(&origin(Some(2), None, Some("t-2")), true);
        assert_eq!(refused, Err(vec![OriginRefusal::SourcePartnerFixed, OriginRefusal::ReferralTokenFixed]));
    }

    #[test]
    fn a_partner_is_not_tagged_after_the_lock() {
        let given = origin(Some(1), None, None);
        assert_eq!(Origin::default().with(&given, false), Err(vec![OriginRefusal::SourcePartnerLate]));
        assert_eq!(Origin::default().with(&given, true), Ok(given.clone()));
        assert_eq!(given.with(&given, false), Ok(given.clone()));
    }

    fn origins() -> impl Strategy<Value = Origin> {
        let text = || proptest::option::of("[ab]");
        (proptest::option::of(0_u128..3), text(), text())
            .prop_map(|(partner, detail, token)| origin(partner, detail.as_deref(), token.as_deref()))
    }

    proptest! {
        #[test]
        fn no_series_of_changes_rewrites_a_tag(first in origins(), later in proptest::collection::vec((origins(), any::<bool>()), 0..8)) {
            let mut now = first.clone();
            for (given, may_tag) in later {
                now = now.with(&given, may_tag).unwrap_or(now);
            }
            prop_assert!(first.partner_id.is_none() || now.partner_id == first.partner_id);
            prop_assert!(first.source_detail.is_none() || now.source_detail == first.source_detail);
            prop_assert!(first.referral_token.is_none() || now.referral_token == first.referral_token);
        }
    }
}
