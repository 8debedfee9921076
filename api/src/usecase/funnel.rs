//! Phase 3, Funnel: the Stage Mapping Matrix and the Stage Health Card, from what was won.

use super::failure::Failure;
use super::office::Caller;
use domain::calendar::{Quarter, Window};
use domain::funnel::{FunnelStage, StageFinding, StageHealth, StageRow, findings, health};
use domain::money::Currency;
use domain::partner::Partner;
use domain::policy::Policy;
use domain::recruit::Tier;
use domain::role::Action;
use domain::slice::{Slice, Viewer};
use entity::Conn;
use std::collections::BTreeMap;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// The funnel of an iteration.
#[derive(Clone, Debug)]
pub struct Funnel {
    /// The iteration's quarter.
    pub quarter: Quarter,
    /// The trailing four quarters, as of the first day of the iteration.
    pub window: Window,
    /// The currency of every amount.
    pub currency: Currency,
    /// The policy it follows.
    pub policy: Policy,
    /// A row for each Invest partner of the whole program, by name.
    pub rows: Vec<(Partner, StageRow)>,
    /// The stages.
    pub health: Vec<StageHealth>,
}

impl Funnel {
    /// The Invest partners.
    #[must_use]
    pub fn invest(&self) -> Vec<Uuid> {
        self.rows.iter().map(|(partner, _)| partner.id).collect()
    }

    /// What a reader must not overlook.
    #[must_use]
    pub fn findings(&self) -> Vec<StageFinding> {
        let rows: Vec<StageRow> = self.rows.iter().map(|(_, row)| row.clone()).collect();
        findings(&rows, &self.health)
    }

    /// A stage's deals and ARR of a row; zero where nothing was won.
    #[must_use]
    pub fn produced(row: &StageRow) -> Vec<(FunnelStage, domain::economics::Worth)> {
        FunnelStage::iter().map(|stage| (stage, row.produced.get(&stage).copied().unwrap_or_default())).collect()
    }
}

/// Every row of the program: measures are program-wide, whoever asks (ruling 1).
pub(super) fn whole(slice: &Slice) -> Result<Slice, Failure> {
    Viewer::system(slice.program_id()).slice().ok_or(Failure::Denied)
}

/// The funnel of an iteration over the whole program.
///
/// # Errors
/// A storage failure.
pub async fn measure(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Funnel, Failure> {
    measure_with(conn, slice, quarter, &[]).await
}

/// The same, with these tiers in place of those that stand.
///
/// # Errors
/// A storage failure.
pub(super) async fn measure_with(
    conn: &impl Conn,
    slice: &Slice,
    quarter: Quarter,
    tried: &[(Uuid, Tier)],
) -> Result<Funnel, Failure> {
    let slice = &whole(slice)?;
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let first_day = program.calendar.first_day(quarter);
    let policy = entity::policy::on(conn, slice, first_day).await?;
    let window = program.calendar.trailing_four(first_day);
    let decisions = entity::tier_decision::standing(conn, slice, quarter).await?;
    let standing: Vec<(Uuid, Tier)> = decisions.iter().map(|row| (row.partner_id, row.tier)).collect();
    let invest = domain::what_if::invest(&standing, tried);
    let mut produced: BTreeMap<Uuid, StageRow> =
        entity::production::by_stage(conn, slice, window).await?.into_iter().map(|row| (row.partner_id, row)).collect();
    let partners = entity::partner::all(conn, slice).await?;
    let row = |partner: Partner| {
        let nothing = StageRow { partner_id: partner.id, produced: BTreeMap::new() };
        let row = produced.remove(&partner.id).unwrap_or(nothing);
        (partner, row)
    };
    let rows: Vec<(Partner, StageRow)> =
        partners.into_iter().filter(|partner| invest.contains(&partner.id)).map(row).collect();
    let bare: Vec<StageRow> = rows.iter().map(|(_, row)| row.clone()).collect();
    let health = health(&bare, &policy);
    Ok(Funnel { quarter, window, currency: program.currency, policy, rows, health })
}

/// The quarter that is asked for; the current one where none is named.
///
/// # Errors
/// A storage failure.
pub async fn quarter_or_current(
    caller: &Caller,
    conn: &impl Conn,
    slice: &Slice,
    quarter: Option<Quarter>,
) -> Result<Quarter, Failure> {
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = &program.calendar;
    Ok(quarter.unwrap_or_else(|| calendar.quarter(calendar.day(caller.office.clock.now()))))
}

/// The funnel of an iteration, and which of its partners the caller may list.
///
/// # Errors
/// [`Failure`].
pub async fn funnel(caller: &Caller, quarter: Option<Quarter>) -> Result<(Funnel, Vec<Uuid>), Failure> {
    let slice = caller.authorise(Action::ReadFunnel)?;
    let tx = caller.office.store.snapshot().await?;
    let quarter = quarter_or_current(caller, &tx, slice, quarter).await?;
    let funnel = measure(&tx, slice, quarter).await?;
    let listed = entity::partner::of_ids(&tx, slice, &funnel.invest()).await?;
    tx.rollback().await?;
    Ok((funnel, listed.into_iter().map(|partner| partner.id).collect()))
}
