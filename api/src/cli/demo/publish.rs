//! The quarter's plans, published: a tier for each partner as the system recommends it, its section of the Recruit Plan, and what
//! Invest partners commit to. So that the documents of every phase can be looked at.

use super::people::once;
use crate::usecase::{Caller, Office, deliverable, deployment, foundation, program, recruit, recruit_plan, tam};
use anyhow::Context;
use domain::calendar::Quarter;
use domain::deliverable::DeliverableKind;
use domain::foundation::{DefinitionPart, FoundationStep};
use domain::funnel::FunnelStage;
use domain::money::Currency;
use domain::recruit::{Section, Tier};
use domain::tam::{Band, Component, Forecast, Spot};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The stages that the forecast speaks of, with the component that each is held against.
const STAGES: [(FunnelStage, Component); 3] = [
    (FunnelStage::Tofu, Component::Sourced),
    (FunnelStage::CoSell, Component::Influenced),
    (FunnelStage::Expand, Component::Expansion),
];

/// What a deal is worth when commitments are counted in deals, in minor units of most currencies.
const DEAL_MINOR: i128 = 4_000_000;

/// The path of the page of a program's latest forecast; a database may be served some quarters after it was seeded.
///
/// # Errors
/// A storage failure.
pub(super) async fn latest_page(office: &Office, slug: &str) -> anyhow::Result<Option<String>> {
    let Some(program) = program::find_by_slug(office, slug).await? else { return Ok(None) };
    let system = Caller::system(office.clone(), program.id);
    let running = program.calendar.quarter(program.calendar.day(office.clock.now()));
    for back in 0..4 {
        let quarter = running.plus(-back);
        let by = deliverable::By::Of(DeliverableKind::Forecast, quarter, None);
        if deliverable::by(&system, by).await?.is_some() {
            return Ok(Some(format!("/documents/{}/{quarter}.html", DeliverableKind::Forecast.slug())));
        }
    }
    Ok(None)
}

/// The last step of the Foundation, in the company's own words: its partners have portals.
const LAYER: [(DefinitionPart, &str); 3] = [
    (DefinitionPart::ProgramLevels, "What each level asks and gives stands in the policy and in its benefits."),
    (DefinitionPart::PartnerTokens, "One token for each partner's portal, for 30 days; RevOps mints and revokes it."),
    (
        DefinitionPart::RegistrationRules,
        "An account, its buyer, the problem and the next meeting; valid 90 days from approval.",
    ),
];

/// Decides, writes and publishes as the operator would.
///
/// # Errors
/// A refusal or a storage failure.
pub(super) async fn enter(operator: &Caller, running: Quarter) -> anyhow::Result<()> {
    let layer = FoundationStep::AdministrativeLayer;
    let parts = LAYER.map(|(part, words)| (part, words.to_owned()));
    foundation::write(operator, layer, &parts, None, once("foundationStepWrite", "layer")).await?;
    foundation::activate(operator, layer, None, once("foundationStepActivate", "layer")).await?;
    let quarter = running.to_string();
    let mut invest = Vec::new();
    for it in recruit::recommendations(operator).await? {
        let (partner, tier) = (it.partner.id, it.recommendation.tier);
        recruit::decide(operator, partner, tier, None, once("tierDecide", partner.to_string())).await?;
        let section = section(tier, &it.partner.name);
        let key = once("recruitSectionWrite", partner.to_string());
        recruit_plan::write_section(operator, partner, section, None, key).await?;
        if tier == Tier::Invest {
            invest.push(partner);
        }
    }
    recruit_plan::publish(operator, once("recruitPlanPublish", &quarter)).await?;
    let published = tam::published(operator, Some(running), None).await?;
    let forecast = published.context("the forecast was published before")?.forecast;
    commitments(operator, &forecast, &invest).await?;
    let reason = "Retain has no forecast to be held against; a drag is worked on and not committed to.".to_owned();
    deployment::publish(operator, Some(reason), once("stageDeploymentPlanPublish", quarter)).await?;
    Ok(())
}

/// Each Invest partner commits to its part of BASE, quarter by quarter.
async fn commitments(operator: &Caller, forecast: &Forecast, invest: &[Uuid]) -> anyhow::Result<()> {
    let currency = forecast.currency;
    for (at, partner) in forecast.partners.iter().enumerate().filter(|(_, line)| invest.contains(&line.partner_id)) {
        for (stage, component) in STAGES {
            let Some(quarters) = forecast.amounts(Spot::Partner(at), Band::Base).of(Some(component)) else { continue };
            for (minor, for_quarter) in quarters.into_iter().zip(forecast.quarters()) {
                let facts = deployment::Facts {
                    partner_id: partner.partner_id,
                    stage,
                    for_quarter,
                    arr: (major(minor, currency), currency),
                    deals: i32::try_from(minor / DEAL_MINOR + 1)?,
                };
                let key = once("stageCommitmentSet", format!("{} {stage:?} {for_quarter}", partner.partner_id));
                deployment::set(operator, facts, None, key).await?;
            }
        }
    }
    Ok(())
}

fn major(minor: i128, currency: Currency) -> Decimal {
    domain::economics::major(minor, currency.minor_digits())
}

fn section(tier: Tier, name: &str) -> Section {
    match tier {
        Tier::Invest => Section::Invest {
            activation_step: format!(
                "Name two joint target accounts with {name} and run one executive briefing on each."
            ),
        },
        Tier::Maintain => Section::Maintain {
            commitments: "The present spend, one pipeline review a month, answers to registrations within a day."
                .into(),
        },
        Tier::Test => Section::Test {
            audit_signals: "Closed co-sell deals beside direct ones, and answers to the Pod within 24 hours.".into(),
            exit_criteria:
                "Ten closed deals in one segment with a win rate at the direct one or above by the quarter's end."
                    .into(),
        },
        Tier::Exit => Section::Exit {
            offboarding: "Notice this quarter; running registrations are honoured until they expire.".into(),
            freed_capacity: "Six hours a week of the partner manager go to the Invest partners.".into(),
        },
    }
}
