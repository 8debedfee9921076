//! What is in the database of a test: a program with two pods, and another program beside it, made through the use cases.

use api::clock::Clock;
use api::usecase::commit::commit;
use api::usecase::{
    Caller, Failure, Office, account, activity, deal, foundation, iteration, partner, pod, portfolio, program,
    registration, seat, segment, sla, spend, stage, tam,
};
use chrono::{DateTime, NaiveDate, Utc};
use domain::activity::ActivityKind;
use domain::attribution::{AttributionState, Claim};
use domain::calendar::Quarter;
use domain::deal::{DealKind, Outcome};
use domain::foundation::FoundationStep;
use domain::ledger::EntryKind;
use domain::partner::PartnerKind;
use domain::role::{Action, Role};
use domain::seat::DEV_ISSUER;
use domain::sla::SlaKind;
use domain::slice::{Place, Viewer};
use domain::spend::SpendCategory;
use rust_decimal::Decimal;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// One program's rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) program: Uuid,
    pub(crate) segment: Uuid,
    /// The pod of the seats, and the pod beside it.
    pub(crate) pods: [Uuid; 2],
    /// The partner of the first pod, whom the PARTNER_MANAGER manages and the PARTNER is, and the partner of the second.
    pub(crate) partners: [Uuid; 2],
    pub(crate) accounts: [Uuid; 2],
    /// Deals of the first partner and of the second.
    pub(crate) deals: [Vec<Uuid>; 2],
    /// Deals declared as: no partner.
    pub(crate) direct: Vec<Uuid>,
    /// An open deal of the first partner and one of the second.
    pub(crate) open: [Uuid; 2],
    /// A deal that both partners are on: the first brought it, the second shaped it.
    pub(crate) shared: Uuid,
    pub(crate) spend: [Uuid; 2],
    /// A registration of the first partner and one of the second, of their open deals.
    pub(crate) registrations: [Uuid; 2],
}

/// Two programs and a portfolio of both.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) home: Tenant,
    pub(crate) rival: Tenant,
    /// The ledger's entry of the lock of the deal that both partners are on.
    pub(crate) entry: Uuid,
}

impl World {
    /// The subject of the seat of a role, in the first program.
    pub(crate) fn subject(role: Role) -> String {
        format!("{}@home", role.word())
    }

    pub(crate) async fn make(office: &Office) -> Self {
        let home = Tenant::make(office, "home", ["Northwind", "Southbay"]).await.unwrap();
        let rival = Tenant::make(office, "rival", ["Eastgate", "Westlake"]).await.unwrap();
        let portfolio =
            portfolio::create(office, "summit", "Summit Capital", &[home.program, rival.program]).await.unwrap().id;
        portfolio::grant(office, portfolio, DEV_ISSUER, &Self::subject(Role::Portfolio), "Petra Portfolio")
            .await
            .unwrap();
        let locks =
            entity::ledger_entry::of_kind(office.store.read(), home.program, EntryKind::AttributionLocked).await;
        let entry = locks.unwrap().into_iter().find(|entry| entry.subject_id == home.shared).unwrap().id;
        Self { home, rival, entry }
    }

    /// A real id for each root field that takes one.
    pub(crate) fn ids(&self) -> BTreeMap<String, String> {
        let home = &self.home;
        let of = |ty: &str, id: Uuid| global_id(ty, id);
        [
            ("node", of("Deal", home.deals[0][0])),
            ("nodes", of("Deal", home.deals[0][0])),
            ("partner", of("Partner", home.partners[0])),
            ("account", of("Account", home.accounts[0])),
            ("deal", of("Deal", home.deals[0][0])),
            ("registration", of("Registration", home.registrations[0])),
            ("ledgerReceipt", of("LedgerEntry", self.entry)),
        ]
        .into_iter()
        .map(|(field, id)| (field.to_owned(), id))
        .collect()
    }
}

/// A global id, as the API writes it.
pub(crate) fn global_id(ty: &str, id: Uuid) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{ty}:{id}"))
}

/// Somebody of a role in a program, for what is set up beside the API.
pub(crate) fn somebody(office: &Office, program_id: Uuid, role: Role) -> Caller {
    let viewer = Viewer { role, place: Place::Program(program_id), ..Viewer::system(program_id) };
    Caller::new(office.clone(), Arc::new(viewer))
}

/// Step 4 of the Foundation in force: partners may have portal tokens.
pub(crate) async fn administrative_layer(office: &Office, program_id: Uuid) {
    let operator = somebody(office, program_id, Role::Operator);
    let step = FoundationStep::AdministrativeLayer;
    let parts: Vec<_> = step.parts().iter().map(|part| (*part, "as agreed".to_owned())).collect();
    foundation::write(&operator, step, &parts, None, None).await.unwrap();
    foundation::activate(&operator, step, None, None).await.unwrap();
}

/// Monday, 2 February 2026, 09:00 UTC: when the deals entered Stage 1.
fn stage_one() -> DateTime<Utc> {
    "2026-02-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Tenant {
    /// Every row's id that a test may look for.
    pub(crate) fn all(&self) -> BTreeSet<Uuid> {
        let lists = self
            .deals
            .iter()
            .flatten()
            .chain(&self.direct)
            .chain(&self.open)
            .chain(&self.accounts)
            .chain(&self.partners);
        let one = [self.program, self.segment, self.shared];
        lists.chain(&self.pods).chain(&self.spend).chain(&self.registrations).chain(&one).copied().collect()
    }

    async fn make(office: &Office, slug: &str, names: [&str; 2]) -> Result<Self, Failure> {
        let new = program::New {
            slug: slug.into(),
            name: format!("{slug} program"),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let program = program::create(office, new).await?;
        let ops = somebody(office, program.id, Role::Revops);
        let finance = somebody(office, program.id, Role::Finance);
        let mut made = Self { program: program.id, ..Self::default() };

        let facts = segment::Facts { name: Some("Enterprise".into()), addressable_accounts: Some(Some(400)) };
        made.segment = segment::create(&ops, facts, None).await?.id;
        let mut stages = Vec::new();
        for (position, (name, outcome)) in
            [("Qualified", Outcome::Open), ("Won", Outcome::Won), ("Lost", Outcome::Lost)].into_iter().enumerate()
        {
            let facts = stage::Facts {
                crm_name: Some(name.into()),
                outcome: Some(outcome),
                position: i32::try_from(position).ok(),
                is_stage_one_or_later: Some(true),
            };
            stages.push(stage::map(&ops, None, None, facts, None).await?.id);
        }
        for (at, name) in names.into_iter().enumerate() {
            let facts = partner::Facts {
                name: Some(name.into()),
                external_id: Some(Some(format!("P-{at}"))),
                kind: Some(PartnerKind::Reseller),
                ..partner::Facts::default()
            };
            made.partners[at] = partner::create(&ops, facts, None, None).await?.id;
            let facts = pod::Facts { name: Some(format!("{name} pod")), partners: Some(vec![made.partners[at]]) };
            made.pods[at] = pod::create(&ops, facts, None).await?.id;
            let facts = account::Facts {
                name: Some(format!("{name} customer")),
                domain: Some(Some(format!("https://www.{}-customer.com", name.to_lowercase()))),
                segment_id: Some(Some(made.segment)),
                ..account::Facts::default()
            };
            made.accounts[at] = account::create(&ops, facts, None).await?.id;
        }

        // What happened in February was recorded in February: the claims of Stage 1 rest on it.
        let then = Office { clock: Clock::fixed(stage_one()), ..office.clone() };
        let then = somebody(&then, program.id, Role::Revops);
        for (at, partner) in [(0, 0), (1, 1), (0, 1)] {
            let facts = activity::Facts {
                deal_id: None,
                account_id: Some(made.accounts[at]),
                partner_id: Some(made.partners[partner]),
                kind: if at == partner { ActivityKind::Introduction } else { ActivityKind::Touch },
                happened_at: stage_one(),
                is_joint_meeting: false,
                meeting_count: None,
                next_step_on: None,
                owner_functions: Vec::new(),
                note: None,
            };
            activity::log(&then, facts, None).await?;
        }
        let by = [&then, &ops];

        // Trailing four quarters: the first partner wins 6 of 10, the second 2 of 10, nobody 4 of 10; both win one together.
        for (at, won) in [6_usize, 2].into_iter().enumerate() {
            for number in 0..10 {
                let stage = if number < won { 1 } else { 2 };
                let id =
                    made.deal(by, &format!("{} {number}", names[at]), Some(at), [stages[0], stages[stage]]).await?;
                made.deals[at].push(id);
            }
            made.open[at] = made.deal(by, &format!("{} open", names[at]), Some(at), [stages[0]; 2]).await?;
        }
        made.shared = made.deal(by, "Shared", Some(2), [stages[0], stages[1]]).await?;
        for number in 0..10 {
            let stage = if number < 4 { 1 } else { 2 };
            let id = made.deal(by, &format!("Direct {number}"), None, [stages[0], stages[stage]]).await?;
            made.direct.push(id);
        }
        for at in [0, 1] {
            let facts = spend::Facts {
                quarter: "2026-Q2".parse::<Quarter>().ok(),
                category: Some(SpendCategory::Mdf),
                amount: Some((Decimal::from(10_000), program.currency)),
                ..spend::Facts::default()
            };
            made.spend[at] = spend::record(&finance, made.partners[at], facts, None).await?.id;
        }
        for at in [0, 1] {
            let facts = registration::Facts {
                partner_id: Some(made.partners[at]),
                account_url: format!("https://{}-customer.com", names[at].to_lowercase()),
                account_name: None,
                buyer_role: "Head of Operations".into(),
                problem: "Deliveries are late.".into(),
                next_meeting_on: day("2026-10-12"),
                discovered_at: None,
                discovery_evidence: None,
                deal_id: Some(made.open[at]),
            };
            made.registrations[at] = registration::submit(&ops, facts, None).await?.id;
            // So that no promise of the world's own runs beside those of a test.
            commit(&ops, Action::RunJobs, None, async |work| {
                sla::stop(work, SlaKind::FirstTouch, made.registrations[at], work.now).await?;
                sla::stop(work, SlaKind::Routing, made.registrations[at], work.now).await?;
                Ok(made.registrations[at])
            })
            .await?;
        }
        made.seats(&ops, slug).await?;
        // Nothing is planned yet: a forecast of what the overlap of accounts tells. It is published from an open iteration, which is
        // taken away again: each test opens its own.
        let operator = somebody(office, program.id, Role::Operator);
        iteration::open(&operator, None, None).await?;
        tam::publish(&operator, "2026-Q4".parse().unwrap(), None, None).await?;
        let conn = office.store.write();
        let sql = "DELETE FROM iteration WHERE program_id = $1";
        let values = [made.program.into()];
        conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
        Ok(made)
    }

    /// A deal of a partner (0, 1), of both (2) or of nobody: declared and locked at Stage 1, then closed, by each of the two.
    async fn deal(
        &self,
        [then, now]: [&Caller; 2],
        name: &str,
        partner: Option<usize>,
        [stage_one, stage]: [Uuid; 2],
    ) -> Result<Uuid, Failure> {
        let at = partner.map_or(1, |at| at % 2);
        let claim = |at: usize, state| Claim {
            partner_id: self.partners[at],
            state,
            evidence: Some("introduced".into()),
            basis_id: None,
        };
        let claims = match partner {
            None => Vec::new(),
            Some(at @ (0 | 1)) => vec![claim(at, AttributionState::Sourced)],
            Some(_) => vec![claim(0, AttributionState::Sourced), claim(1, AttributionState::Influenced)],
        };
        let facts = deal::Facts {
            name: Some(name.into()),
            external_id: Some(Some(format!("D-{name}"))),
            account_id: Some(Some(self.accounts[at])),
            segment_id: Some(Some(self.segment)),
            kind: Some(DealKind::New),
            stage_id: Some(stage_one),
            opened_on: Some(day("2026-02-02")),
            arr: Some(Some((Decimal::from(12_000), "USD".parse().unwrap()))),
            pod_id: partner.map(|_| Some(self.pods[at])),
            claims: Some(claims),
            ..deal::Facts::default()
        };
        let id = deal::create(then, facts, None).await?.id;
        if stage != stage_one {
            let facts = deal::Facts {
                stage_id: Some(stage),
                closed_on: Some(Some(day("2026-05-11"))),
                ..deal::Facts::default()
            };
            deal::update(now, id, None, facts, None).await?;
        }
        Ok(id)
    }

    async fn seats(&self, ops: &Caller, slug: &str) -> Result<(), Failure> {
        for role in Role::iter().filter(|role| *role != Role::Portfolio) {
            let who = seat::Who { issuer: DEV_ISSUER.into(), subject: format!("{}@{slug}", role.word()) };
            let pods = matches!(role, Role::PartnerAe | Role::CustomerAe).then(|| vec![self.pods[0]]);
            let partners = matches!(role, Role::PartnerManager | Role::Partner).then(|| vec![self.partners[0]]);
            let facts = seat::Facts {
                name: Some(format!("{} of {slug}", role.word())),
                role: Some(role),
                pods,
                partners,
                owner_external_id: None,
            };
            seat::grant(ops, who, facts, None).await?;
        }
        Ok(())
    }
}
