//! Our fields, as a mapping file names them.

use super::Object;
use strum::{EnumCount, EnumIter, EnumString, IntoStaticStr};

/// A field of ours that a mapping can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    /// The id in the other system: what makes an import repeatable.
    ExternalId,
    /// The name.
    Name,
    /// Whether the row is marked as deleted there.
    Deleted,
    /// The account's id.
    Account,
    /// The account's name, for one that is made.
    AccountName,
    /// The id of the account that this one was merged into.
    AccountMaster,
    /// The segment's name.
    Segment,
    /// NEW, EXPANSION or RENEWAL.
    Kind,
    /// OPEN, WON, LOST or DISQUALIFIED.
    Outcome,
    /// The CRM's stage.
    Stage,
    /// The day or instant it was opened.
    OpenedOn,
    /// The day or instant it was closed; of an open deal, the expected close.
    ClosedOn,
    /// The expected close.
    ExpectedCloseOn,
    /// Software ARR.
    Arr,
    /// Total contract value.
    Tcv,
    /// Services revenue.
    Services,
    /// The currency of the row's amounts.
    Currency,
    /// The owner's id in the CRM.
    Owner,
    /// The pod's name.
    Pod,
    /// DIRECT, PARTNER, PAID or MARKETPLACE.
    Source,
    /// The CRM's influence flag.
    IsInfluenced,
    /// The CRM's deal registration id.
    DealRegId,
    /// The CRM's co-sell flag.
    IsCoSell,
    /// Whether it is a private offer.
    IsPrivateOffer,
    /// Whether it goes through a marketplace.
    IsMarketplace,
    /// The offer's id.
    OfferId,
    /// Products.
    ProductMix,
    /// Discount as a rate.
    DiscountRate,
    /// The marketplace's take as a rate.
    TakeRate,
    /// What happens next.
    NextStep,
    /// When.
    NextStepOn,
    /// Why it was lost.
    LostReason,
    /// When the customer went live.
    ActivatedOn,
    /// A domain, URL or e-mail address.
    Domain,
    /// A region.
    Region,
    /// The id of the partner through which the lead came.
    SourcePartner,
    /// That partner's name.
    SourcePartnerName,
    /// The source in detail: referrer parameters, a campaign.
    SourceDetail,
    /// The token of an affiliate's or partner's link.
    ReferralToken,
    /// What kind of partner the account's partner is to it.
    PartnerType,
    /// Whether an integration is installed.
    IntegrationPresent,
    /// Clouds with a commitment.
    CloudCommitments,
    /// Installed integrations.
    Integrations,
    /// Why a partner overlaps.
    OverlapReason,
    /// CANDIDATE, ACTIVE or ENDED.
    Status,
    /// The partner's id.
    Partner,
    /// The partner's name.
    PartnerName,
    /// A fiscal quarter, `2026-Q3`.
    Quarter,
    /// A day that stands for its fiscal quarter.
    Date,
    /// The category of spend.
    Category,
    /// An amount.
    Amount,
    /// A note.
    Note,
    /// The deal's id.
    Deal,
    /// When it happened.
    HappenedAt,
    /// When the other system recorded it.
    RecordedAt,
    /// Vendor and partner met the customer together.
    IsJointMeeting,
    /// How many meetings the row stands for.
    MeetingCount,
    /// Functions in the room.
    OwnerFunctions,
}

impl Field {
    /// Its name in a mapping.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The fields of an object.
    #[must_use]
    pub const fn of(object: Object) -> &'static [Self] {
        use Field as F;
        match object {
            Object::Deals => &[
                F::ExternalId,
                F::Name,
                F::Deleted,
                F::Account,
                F::AccountName,
                F::AccountMaster,
                F::Segment,
                F::Kind,
                F::Outcome,
                F::Stage,
                F::OpenedOn,
                F::ClosedOn,
                F::ExpectedCloseOn,
                F::Arr,
                F::Tcv,
                F::Services,
                F::Currency,
                F::Owner,
                F::Pod,
                F::Source,
                F::IsInfluenced,
                F::DealRegId,
                F::IsCoSell,
                F::IsPrivateOffer,
                F::IsMarketplace,
                F::OfferId,
                F::ProductMix,
                F::DiscountRate,
                F::TakeRate,
                F::NextStep,
                F::NextStepOn,
                F::LostReason,
                F::ActivatedOn,
                F::SourcePartner,
                F::SourcePartnerName,
                F::SourceDetail,
                F::ReferralToken,
            ],
            Object::Accounts => &[
                F::ExternalId,
                F::Name,
                F::Deleted,
                F::AccountMaster,
                F::Domain,
                F::Segment,
                F::Region,
                F::CloudCommitments,
                F::Integrations,
                F::OverlapReason,
                F::Partner,
                F::PartnerName,
                F::PartnerType,
                F::IntegrationPresent,
            ],
            Object::Partners => &[F::ExternalId, F::Name, F::Deleted, F::Kind, F::Status, F::Domain],
            Object::Spend => &[
                F::ExternalId,
                F::Deleted,
                F::Partner,
                F::PartnerName,
                F::Segment,
                F::Quarter,
                F::Date,
                F::Category,
                F::Amount,
                F::Currency,
                F::Note,
            ],
            Object::Activities => &[
                F::ExternalId,
                F::Deleted,
                F::Deal,
                F::Account,
                F::Partner,
                F::PartnerName,
                F::Kind,
                F::HappenedAt,
                F::RecordedAt,
                F::IsJointMeeting,
                F::MeetingCount,
                F::NextStepOn,
                F::OwnerFunctions,
                F::Note,
            ],
        }
    }

    /// Whether it is a date.
    #[must_use]
    pub const fn is_date(self) -> bool {
        matches!(
            self,
            Self::OpenedOn
                | Self::ClosedOn
                | Self::ExpectedCloseOn
                | Self::NextStepOn
                | Self::ActivatedOn
                | Self::Date
                | Self::HappenedAt
                | Self::RecordedAt
        )
    }
}
