//! Every finder with every reach, on every back end: that its SQL is SQL on both.

use crate::support::database::{Backend, Database};
use api::clock::Clock;
use domain::dispute::DisputeState;
use domain::external_ref::{RefKind, SystemId};
use domain::role::Role;
use domain::slice::{Bindings, Place, Slice, Viewer};
use entity::deal_around::Around;
use entity::page::{Ask, Key, Position};
use entity::{
    Conn, Store, account, account_partner, activity, attribution, attribution_entry, capability, contract_terms, deal,
    deal_origin, deliverable, dispute, dispute_party, escalation, escalation_path, external_ref, firmographics,
    handoff, handoff_rules, ideal_profile, iteration, joint_call, level_benefits, lever_change, overlap, partner,
    partner_person, penetration, phase_hours, planned_spend, pod_session, practice, primary_sale, qualification, reach,
    reconciliation_sign_off, registration, registration_conflict, rollout, rollout_tick, segment, sla_clock,
    source_mark, spend_line, stage, system_input, system_lever, system_loop, territory, tier_notice,
};
use sea_orm_migration::sea_orm::Statement;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// A seat of every role that has rows, bound to everything its role can be bound to, and to nothing.
fn slices() -> Vec<(String, Slice)> {
    let one = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
    let full =
        Bindings { pods: one.clone(), partners: one.clone(), pod_partners: one, owner_external_id: Some("O-1".into()) };
    let mut found = Vec::new();
    for role in Role::iter() {
        for (what, bindings) in [("bound", full.clone()), ("unbound", Bindings::default())] {
            let viewer = Viewer {
                seat_id: Uuid::from_u128(3),
                seat_version: 1,
                subject: "x".into(),
                name: "X".into(),
                role,
                place: Place::Program(Uuid::from_u128(4)),
                bindings,
                token_id: None,
                data_version: 0,
            };
            found.extend(viewer.slice().map(|slice| (format!("{role:?} {what}"), slice)));
        }
    }
    found
}

/// The first page, and one between two positions, both ways round.
fn asks(key: &Key) -> Vec<Ask> {
    let at = |id| Some(Position { key: key.clone(), id: Uuid::from_u128(id) });
    let mut found = vec![Ask { limit: 5, ..Ask::default() }];
    for (from_end, descending) in [(false, false), (false, true), (true, false), (true, true)] {
        found.push(Ask { limit: 5, from_end, descending, after: at(1), before: at(9) });
    }
    found
}

#[tokio::test]
async fn every_finder_runs_with_every_reach_and_order() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let store = Store::connect(&database.url, 2).await.unwrap();
        let conn = store.read();
        let ids = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
        let (text, day) = (Key::Text("x".into()), Key::Day("2026-03-01".parse().unwrap()));
        let instant = Key::Instant("2026-03-01T12:00:00Z".parse().unwrap());
        let at = SystemId { system: "crm".into(), id: "1".into() };
        for (who, slice) in slices() {
            let say = |what: &str| format!("{backend}, {who}: {what}");
            let filter = partner::Filter {
                name_contains: Some("50%_\\".into()),
                external_ids: Some(vec!["a".into()]),
                external_ref: Some(at.clone()),
                ..Default::default()
            };
            for (order, key) in [(partner::Order::Name, &text), (partner::Order::RecordedAt, &instant)] {
                for ask in asks(key) {
                    partner::page(conn, &slice, &filter, order, &ask)
                        .await
                        .unwrap_or_else(|why| panic!("{}: {why}", say("partners")));
                }
            }
            partner::count(conn, &slice, &filter).await.unwrap_or_else(|why| panic!("{}: {why}", say("partners")));
            partner::of_ids(conn, &slice, &ids).await.unwrap();
            partner_person::of_partners(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("people")));

            let filter = dispute::Filter { deals: Some(ids.clone()), states: Some(vec![DisputeState::Open]) };
            for ask in asks(&instant) {
                dispute::page(conn, &slice, &filter, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("disputes")));
            }
            dispute::count(conn, &slice, &filter).await.unwrap_or_else(|why| panic!("{}: {why}", say("disputes")));
            dispute::find(conn, &slice, ids[0]).await.unwrap();
            dispute::next(conn, &slice, ids[0], 5).await.unwrap();
            dispute_party::of_disputes(conn, &slice, &ids).await.unwrap();
            attribution_entry::locks(conn, &slice, &ids).await.unwrap();
            source_mark::latest(conn, &slice, &ids).await.unwrap();
            activity::touches_of_deal(conn, &slice, ids[0], Some(ids[1])).await.unwrap();

            let filter = account::Filter {
                segments: Some(ids.clone()),
                domains: Some(vec!["example.com".into()]),
                has_cloud_commitment: Some(true),
                name_starts_with: Some("50%".into()),
                has_integration: Some(false),
                partners: Some(ids.clone()),
                external_ref: Some(at.clone()),
                ..Default::default()
            };
            for ask in asks(&text) {
                account::page(conn, &slice, &filter, account::Order::Name, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("accounts")));
            }
            account::count(conn, &slice, &filter).await.unwrap();
            account::of_ids(conn, &slice, &ids).await.unwrap();

            let filter = deal::Filter {
                outcomes: Some(vec![domain::deal::Outcome::Won]),
                segments: Some(ids.clone()),
                partners: Some(ids.clone()),
                states: Some(domain::attribution::AttributionState::iter().collect()),
                opened_from: Some("2026-01-01".parse().unwrap()),
                closed_quarters: Some(vec![8104]),
                arr_from: Some(1),
                external_ref: Some(at.clone()),
                origin: deal_origin::OriginFilter {
                    partners: Some(ids.clone()),
                    details: Some(vec!["a".into()]),
                    tokens: Some(vec!["t".into()]),
                },
                sources: Some(vec![domain::deal::DealSource::Paid]),
                ..Default::default()
            };
            let orders = [
                (deal::Order::OpenedOn, &day),
                (deal::Order::ClosedOn, &day),
                (deal::Order::Arr, &Key::Int(5)),
                (deal::Order::Name, &text),
                (deal::Order::UpdatedAt, &instant),
            ];
            let around = Around { account: true, segment: true };
            for (order, key) in orders {
                for ask in asks(key) {
                    deal::page_around(conn, &slice, &filter, order, &ask, around)
                        .await
                        .unwrap_or_else(|why| panic!("{}: {why}", say("deals")));
                }
            }
            deal::count(conn, &slice, &filter).await.unwrap();
            deal::of_ids(conn, &slice, &ids).await.unwrap();
            for owner in [None, Some("O-1")] {
                let held = deal::held(conn, &slice, (ids[0], owner), &Ask { limit: 5, ..Ask::default() }).await;
                held.unwrap_or_else(|why| panic!("{}: {why}", say("held")));
            }
            let first = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-04-01T00:00:00Z".parse().unwrap());
            entity::quality::logged(conn, &slice, first).await.unwrap();
            let alone = deal::without_partner(conn, &slice, 5).await;
            alone.unwrap_or_else(|why| panic!("{}: {why}", say("without a partner")));
            entity::cosell_triggers::find(conn, &slice).await.unwrap();
            for partner in [None, Some(ids[0])] {
                let around = entity::tier_decision::around(conn, &slice, "2026-Q4".parse().unwrap(), partner).await;
                around.unwrap_or_else(|why| panic!("{}: {why}", say("tier decisions around")));
            }
            entity::alliance::all(conn, &slice).await.unwrap_or_else(|why| panic!("{}: {why}", say("alliances")));
            entity::alliance::find(conn, &slice, ids[0]).await.unwrap();
            entity::alliance::standing(conn, &slice, ids[0]).await.unwrap();
            entity::quality::undecided(conn, &slice, "2026-01-01".parse().unwrap()).await.unwrap();
            deal::around_ids(conn, &slice, &ids, around).await.unwrap();
            attribution::with_partners(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("attributions with partners")));
            attribution::of_deals(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("attributions")));
            for ask in asks(&instant) {
                activity::page_of_deal(conn, &slice, ids[0], &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("activities")));
            }
            activity::latest_of_deals(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("latest")));
            let filter =
                spend_line::Filter { partners: Some(ids.clone()), from: Some(1), to: Some(9), ..Default::default() };
            for ask in asks(&Key::Int(8104)) {
                spend_line::page(conn, &slice, &filter, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("spend")));
            }
            let states = domain::sla::SlaState::iter().collect();
            let filter = sla_clock::Filter {
                kinds: Some(domain::sla::SlaKind::iter().collect()),
                owners: Some(domain::sla::SlaOwner::iter().collect()),
                states: Some((states, "2026-03-01T12:00:00Z".parse().unwrap())),
                partners: Some(ids.clone()),
                subjects: Some(ids.clone()),
                due_from: Some("2026-03-01T12:00:00Z".parse().unwrap()),
                due_to: Some("2026-04-01T12:00:00Z".parse().unwrap()),
            };
            for ask in asks(&instant) {
                sla_clock::page(conn, &slice, &filter, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("clocks")));
            }
            sla_clock::count(conn, &slice, &filter).await.unwrap();
            let filter = registration::Filter {
                states: Some(domain::registration::StateWord::iter().collect()),
                today: "2026-10-05".parse().unwrap(),
                partners: Some(ids.clone()),
                owners: Some(ids.clone()),
            };
            for ask in asks(&instant) {
                registration::page(conn, &slice, &filter, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("registrations")));
                registration_conflict::page(conn, &slice, Some(true), &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("conflicts")));
            }
            registration::of_deals(conn, &slice, &ids).await.unwrap();
            registration::listed_as(conn, &slice, &ids).await.unwrap();
            registration::shares(conn, &slice).await.unwrap();
            let span = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-04-01T00:00:00Z".parse().unwrap());
            registration::submitted(conn, &slice, span).await.unwrap();
            sla_clock::started(conn, &slice, span).await.unwrap();
            primary_sale::begun(conn, &slice, span).await.unwrap();
            let lapsed = domain::ledger::EntryKind::PrimarySaleLapsed;
            entity::ledger_entry::of_subjects(conn, &slice, lapsed, &ids).await.unwrap();
            for kind in RefKind::iter() {
                let found = external_ref::of_subjects(conn, &slice, kind, &ids).await;
                found.unwrap_or_else(|why| panic!("{}: {why}", say("ids in other systems")));
                external_ref::known(conn, &slice, kind, [&at]).await.unwrap();
            }
            deal_origin::of_deals(conn, &slice, &ids).await.unwrap_or_else(|why| panic!("{}: {why}", say("origins")));
            account_partner::of_accounts(conn, &slice, &ids).await.unwrap();
            let quarter = domain::calendar::Quarter::from_index(8104);
            let window = domain::calendar::Window { from: quarter.plus(-3), to: quarter };
            planned_spend::window(conn, &slice, window, None).await.unwrap();
            planned_spend::window(conn, &slice, window, Some(ids[0])).await.unwrap();
            penetration::all(conn, &slice).await.unwrap();
            penetration::find(conn, &slice, ids[0], ids[1]).await.unwrap();
            tier_notice::find(conn, &slice, ids[0]).await.unwrap_or_else(|why| panic!("{}: {why}", say("notices")));
            tier_notice::due_from(conn, &slice, "2026-10-05".parse().unwrap()).await.unwrap();
            phase_hours::of_quarter(conn, &slice, quarter).await.unwrap();
            iteration::count_up_to(conn, &slice, quarter).await.unwrap();
            let (first_day, last_day) = ("2025-10-01".parse().unwrap(), "2026-09-30".parse().unwrap());
            let (from, until) = ("2025-10-01T00:00:00Z".parse().unwrap(), "2026-10-01T00:00:00Z".parse().unwrap());
            let span = reach::Span { window, first_day, last_day, from, until };
            reach::customers(conn, &slice, &span).await.unwrap_or_else(|why| panic!("{}: {why}", say("customers")));
            reach::overlap(conn, &slice, &span).await.unwrap_or_else(|why| panic!("{}: {why}", say("overlap")));
            reconciliation_sign_off::of_quarter(conn, &slice, quarter).await.unwrap();
            reconciliation_sign_off::find(conn, &slice, ids[0]).await.unwrap();
            let kind = domain::deliverable::DeliverableKind::Forecast;
            deliverable::latest_up_to(conn, &slice, kind, quarter).await.unwrap();
            deliverable::latest_published_by(conn, &slice, kind, quarter, Clock::system().now()).await.unwrap();
            deliverable::revisions(conn, &slice, kind, quarter).await.unwrap();
            let on_day = "2026-10-05".parse().unwrap();
            contract_terms::of_partner(conn, &slice, ids[0])
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("terms")));
            rollout::find(conn, &slice).await.unwrap();
            rollout_tick::all(conn, &slice).await.unwrap();
            for trace in domain::rollout::RolloutItem::iter().filter_map(domain::rollout::RolloutItem::trace) {
                let calendar = domain::calendar::Calendar { zone: chrono_tz::Tz::UTC, fiscal_start_month: 1 };
                let left = rollout::left_at(conn, &slice, trace, &calendar, on_day).await;
                left.unwrap_or_else(|why| panic!("{}: {why}", say("traces")));
            }
            system_input::all(conn, &slice).await.unwrap();
            system_lever::all(conn, &slice).await.unwrap();
            system_loop::all(conn, &slice).await.unwrap();
            lever_change::all(conn, &slice).await.unwrap();
            lever_change::count(conn, &slice).await.unwrap();
            level_benefits::all(conn, &slice).await.unwrap();
            let filter = handoff::Filter {
                states: Some((
                    domain::handoff::HandoffState::iter().collect(),
                    "2026-10-05T12:00:00Z".parse().unwrap(),
                )),
                partners: Some(ids.clone()),
                deals: Some(ids.clone()),
            };
            for ask in asks(&instant) {
                handoff::page(conn, &slice, &filter, &ask)
                    .await
                    .unwrap_or_else(|why| panic!("{}: {why}", say("handoffs")));
            }
            handoff::count(conn, &slice, &filter).await.unwrap();
            handoff::find(conn, &slice, ids[0]).await.unwrap();
            handoff_rules::find(conn, &slice).await.unwrap();
            of_joint_work(conn, &slice, &ids, &instant, &who).await;
            contract_terms::of_ids(conn, &slice, &ids).await.unwrap();
            contract_terms::on(conn, &slice, ids[0], on_day).await.unwrap();
            let filter = capability::Filter {
                kinds: Some(domain::capability::CapabilityKind::iter().collect()),
                partners: Some(ids.clone()),
                accounts: Some(ids.clone()),
                values: Some(vec!["x".into()]),
                value_contains: Some("50%".into()),
                validated_from: Some("2026-01-01".parse().unwrap()),
                validated_before: Some("2026-12-31".parse().unwrap()),
            };
            for (order, key) in [(capability::Order::Value, &text), (capability::Order::ValidatedOn, &day)] {
                for ask in asks(key) {
                    capability::page(conn, &slice, &filter, order, &ask)
                        .await
                        .unwrap_or_else(|why| panic!("{}: {why}", say("capabilities")));
                }
            }
            capability::count(conn, &slice, &filter).await.unwrap();
            capability::find(conn, &slice, ids[0]).await.unwrap();
            capability::of_partners(conn, &slice, &ids).await.unwrap();
            capability::state(conn, &slice, "2026-01-01".parse().unwrap()).await.unwrap();
            practice::of_partners(conn, &slice, &ids).await.unwrap();
            territory::of_partners(conn, &slice, &ids).await.unwrap();
            firmographics::of_accounts(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("firmographics")));
            qualification::of_deals(conn, &slice, &ids)
                .await
                .unwrap_or_else(|why| panic!("{}: {why}", say("qualifications")));
            for kind in domain::profile::ProfileKind::iter() {
                ideal_profile::find(conn, &slice, kind, Some(1)).await.unwrap();
                ideal_profile::versions(conn, &slice, kind).await.unwrap();
            }
            overlap::of_accounts(conn, &slice, &ids).await.unwrap_or_else(|why| panic!("{}: {why}", say("overlaps")));
            overlap::is_recorded(conn, &slice).await.unwrap();
            overlap::customers(conn, &slice).await.unwrap();
            overlap::largest_open(conn, &slice, &ids).await.unwrap();
            segment::all(conn, &slice).await.unwrap();
            stage::all(conn, &slice).await.unwrap();
        }
    }
}

/// Sessions of the joint pod, joint calls, escalations and their paths.
async fn of_joint_work(conn: &impl Conn, slice: &Slice, ids: &[Uuid], instant: &Key, who: &str) {
    let (now, day) = ("2026-10-05T12:00:00Z".parse().unwrap(), "2026-10-05".parse().unwrap());
    let some = || Some(ids.to_vec());
    let sessions = pod_session::Filter { partners: some(), week_from: Some(day), week_to: Some(day) };
    let states = Some((domain::joint_call::JointCallState::iter().collect(), now));
    let calls = joint_call::Filter { states, partners: some(), deals: some() };
    let escalations = |is_overdue| escalation::Filter {
        states: Some(domain::escalation::EscalationState::iter().collect()),
        kinds: Some(domain::escalation::EscalationKind::iter().collect()),
        is_overdue: Some((is_overdue, now)),
        partners: some(),
        deals: some(),
    };
    for ask in asks(instant) {
        pod_session::page(conn, slice, &sessions, &ask).await.unwrap_or_else(|why| panic!("{who}, sessions: {why}"));
        joint_call::page(conn, slice, &calls, &ask).await.unwrap_or_else(|why| panic!("{who}, calls: {why}"));
        for is_overdue in [true, false] {
            let found = escalation::page(conn, slice, &escalations(is_overdue), &ask).await;
            found.unwrap_or_else(|why| panic!("{who}, escalations: {why}"));
        }
    }
    pod_session::count(conn, slice, &sessions).await.unwrap();
    pod_session::find(conn, slice, ids[0]).await.unwrap();
    joint_call::count(conn, slice, &calls).await.unwrap();
    joint_call::find(conn, slice, ids[0]).await.unwrap();
    joint_call::of_subject(conn, slice, ids[0]).await.unwrap();
    escalation::count(conn, slice, &escalations(true)).await.unwrap();
    escalation::find(conn, slice, ids[0]).await.unwrap();
    escalation_path::find(conn, slice, None).await.unwrap();
    escalation_path::find(conn, slice, Some(ids[0])).await.unwrap();
}

#[tokio::test]
async fn a_statement_of_a_request_ends_by_itself_and_one_of_an_import_does_not() {
    for backend in Backend::all().into_iter().filter(|backend| matches!(backend, Backend::Postgres)) {
        let database = Database::fresh(backend);
        let store = Store::connect(&database.url, 2).await.unwrap();
        for (store, limit) in [(store.clone(), "5s"), (store.unhurried(), "0")] {
            for side in [store.read(), store.write()] {
                let ask = Statement::from_string(side.get_database_backend(), "SHOW statement_timeout");
                let row = side.query_one_raw(ask).await.unwrap().unwrap();
                assert_eq!(row.try_get_by_index::<String>(0).unwrap(), limit);
            }
        }
    }
}
