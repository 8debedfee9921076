//! The frame of a program as a file: what `demo --write-files` writes as program.json, and `program create --from` reads.

use crate::usecase::{Caller, Failure, Office, pod, program, segment, spend, stage};
use anyhow::{Context, anyhow};
use domain::calendar::Quarter;
use domain::deal::Outcome;
use domain::money::Currency;
use domain::role::Role;
use domain::slice::Viewer;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// What a program has before anything is imported. What else is in the file is for people.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Frame {
    name: Option<String>,
    currency: String,
    zone: String,
    fiscal_start_month: u32,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    stages: Vec<Stage>,
    #[serde(default)]
    pods: Vec<String>,
    #[serde(default)]
    fx_rates: Vec<Rate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    name: String,
    addressable_accounts: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stage {
    crm_name: String,
    outcome: Outcome,
    position: i32,
    is_stage_one_or_later: bool,
}

#[derive(Deserialize)]
struct Rate {
    currency: String,
    quarter: String,
    rate: Decimal,
}

impl Rate {
    fn parse(&self) -> anyhow::Result<(Quarter, Currency)> {
        let quarter =
            self.quarter.parse().map_err(|_| anyhow!("fxRates: {} is no quarter such as 2027-Q4", self.quarter))?;
        let currency =
            self.currency.parse().map_err(|_| anyhow!("fxRates: {} is no currency such as USD", self.currency))?;
        Ok((quarter, currency))
    }
}

impl Frame {
    /// The frame in a file.
    ///
    /// # Errors
    /// It cannot be read, or is no such frame.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let frame: Self = serde_json::from_str(&text).with_context(|| format!("{} is no program", path.display()))?;
        frame.fx_rates.iter().try_for_each(|rate| rate.parse().map(|_| ()))?;
        Ok(frame)
    }

    /// The program itself, without what is in it.
    pub(super) fn program(&self, slug: String, name: Option<String>) -> program::New {
        program::New {
            name: name.or_else(|| self.name.clone()).unwrap_or_else(|| slug.clone()),
            slug,
            currency: self.currency.clone(),
            zone: self.zone.clone(),
            fiscal_start_month: self.fiscal_start_month,
        }
    }

    /// Fills a program that was just made: segments, stages, pods and exchange rates.
    ///
    /// # Errors
    /// What was refused: the program is there, with what came before.
    pub(super) async fn fill(self, office: &Office, program_id: uuid::Uuid) -> anyhow::Result<()> {
        let revops = Caller::system(office.clone(), program_id);
        for it in self.segments {
            let facts = segment::Facts { name: Some(it.name), addressable_accounts: Some(it.addressable_accounts) };
            segment::create(&revops, facts, None).await.map_err(|why| refused("segments", why))?;
        }
        for it in self.stages {
            let facts = stage::Facts {
                crm_name: Some(it.crm_name),
                outcome: Some(it.outcome),
                position: Some(it.position),
                is_stage_one_or_later: Some(it.is_stage_one_or_later),
            };
            stage::map(&revops, None, None, facts, None).await.map_err(|why| refused("stages", why))?;
        }
        for name in self.pods {
            let facts = pod::Facts { name: Some(name), partners: None };
            pod::create(&revops, facts, None).await.map_err(|why| refused("pods", why))?;
        }
        // Rates are Finance's word; nobody of Finance has a seat yet.
        let viewer = Viewer { role: Role::Finance, ..Viewer::system(program_id) };
        let finance = Caller::new(office.clone(), Arc::new(viewer));
        for it in self.fx_rates {
            let (quarter, currency) = it.parse()?;
            spend::set_rate(&finance, quarter, currency, it.rate, None, None)
                .await
                .map_err(|why| refused("fxRates", why))?;
        }
        Ok(())
    }
}

/// What was refused, and in which list of the file.
fn refused(list: &str, why: Failure) -> anyhow::Error {
    match why {
        Failure::Invalid(problems) => {
            let said: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            anyhow!("{list}: {}", said.join("; "))
        }
        other => anyhow::Error::new(other).context(list.to_owned()),
    }
}
