//! Loaders of the profile: fits, scores, practices, firmographics, routings.

use super::{Cached, Loaded, Rows, loaders, of, one};
use crate::usecase::{Caller, Failure, firmographics, practice, profile, qualification};
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Error};
use domain::firmographics::Firmographics;
use domain::practice::Practice;
use domain::profile::Fit;
use domain::qualification::{Qualification, TrustGapScore};
use std::sync::Arc;
use uuid::Uuid;

/// The fit of a partner.
#[derive(Clone)]
pub(super) struct OfPartner(Fit);

/// The fit of an account, or its score.
#[derive(Clone)]
pub(super) struct OfAccount<T>(T);

/// The score of a deal.
#[derive(Clone)]
pub(super) struct OfDeal(TrustGapScore);

/// The loaders.
pub(super) struct ProfileLoaders {
    partner_fit: Cached<Rows<OfPartner>>,
    account_fit: Cached<Rows<OfAccount<Fit>>>,
    account_score: Cached<Rows<OfAccount<TrustGapScore>>>,
    deal_score: Cached<Rows<OfDeal>>,
    practice: Cached<Rows<Practice>>,
    firmographics: Cached<Rows<Firmographics>>,
    routing: Cached<Rows<Qualification>>,
}

impl ProfileLoaders {
    pub(super) fn new(caller: &Caller) -> Self {
        Self {
            partner_fit: of(caller),
            account_fit: of(caller),
            account_score: of(caller),
            deal_score: of(caller),
            practice: of(caller),
            firmographics: of(caller),
            routing: of(caller),
        }
    }
}

impl Loader<Uuid> for Rows<OfPartner> {
    type Value = OfPartner;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<OfPartner> {
        let fits = profile::of_partners(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(fits.into_iter().map(|(id, fit)| (id, OfPartner(fit))).collect())
    }
}

impl Loader<Uuid> for Rows<OfAccount<Fit>> {
    type Value = OfAccount<Fit>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<OfAccount<Fit>> {
        let fits = profile::of_accounts(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(fits.into_iter().map(|(id, fit)| (id, OfAccount(fit))).collect())
    }
}

impl Loader<Uuid> for Rows<OfAccount<TrustGapScore>> {
    type Value = OfAccount<TrustGapScore>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<OfAccount<TrustGapScore>> {
        let scores = qualification::of_accounts(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(scores.into_iter().map(|(id, score)| (id, OfAccount(score))).collect())
    }
}

impl Loader<Uuid> for Rows<OfDeal> {
    type Value = OfDeal;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<OfDeal> {
        let scores = qualification::of_deals(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(scores.into_iter().map(|(id, score)| (id, OfDeal(score))).collect())
    }
}

impl Loader<Uuid> for Rows<Practice> {
    type Value = Practice;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Practice> {
        let rows = practice::of_partners(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (row.partner_id, row)).collect())
    }
}

impl Loader<Uuid> for Rows<Firmographics> {
    type Value = Firmographics;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Firmographics> {
        let rows = firmographics::of_accounts(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (row.account_id, row)).collect())
    }
}

impl Loader<Uuid> for Rows<Qualification> {
    type Value = Qualification;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Qualification> {
        let rows = qualification::routings(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (row.deal_id, row)).collect())
    }
}

/// How well a partner fits the ideal partner profile.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn partner_fit(ctx: &Context<'_>, partner: Uuid) -> Result<Option<Fit>, Error> {
    Ok(one(&loaders(ctx)?.profile.partner_fit, partner).await?.map(|fit| fit.0))
}

/// How well an account fits the ideal customer profile.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn account_fit(ctx: &Context<'_>, account: Uuid) -> Result<Option<Fit>, Error> {
    Ok(one(&loaders(ctx)?.profile.account_fit, account).await?.map(|fit| fit.0))
}

/// The account-level trust-gap score of an account.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn account_score(ctx: &Context<'_>, account: Uuid) -> Result<Option<TrustGapScore>, Error> {
    Ok(one(&loaders(ctx)?.profile.account_score, account).await?.map(|score| score.0))
}

/// The account-level trust-gap score of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn deal_score(ctx: &Context<'_>, deal: Uuid) -> Result<Option<TrustGapScore>, Error> {
    Ok(one(&loaders(ctx)?.profile.deal_score, deal).await?.map(|score| score.0))
}

/// The practice of a partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn practice_of(ctx: &Context<'_>, partner: Uuid) -> Result<Option<Practice>, Error> {
    one(&loaders(ctx)?.profile.practice, partner).await
}

/// The firmographics of an account.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn firmographics_of(ctx: &Context<'_>, account: Uuid) -> Result<Option<Firmographics>, Error> {
    one(&loaders(ctx)?.profile.firmographics, account).await
}

/// How a deal was routed when it was qualified.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn routing(ctx: &Context<'_>, deal: Uuid) -> Result<Option<Qualification>, Error> {
    one(&loaders(ctx)?.profile.routing, deal).await
}
