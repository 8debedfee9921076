//! The Primary Sale gate: nothing joint is done before the partner's rep is committed, for nobody.

use crate::registration::{approved, at, codes, commit_rep, meet, rules};
use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

const GATE: &str =
    "gate { state dueOn daysLeft openedAt isMissed primarySale { loggedAt confirmedAt partner { name } } }";
const ANSWER: &str = "answer { __typename ... on JointActivityPermit { gate } \
    ... on JointActivityRefusal { gate rule remedy unblocks dueOn } }";

async fn gate(app: &App, role: Role, deal: &Value) -> Value {
    app.as_role(role).query(&format!("{{ deal(id: {deal}) {{ {GATE} }} }}")).await.data()["deal"]["gate"].clone()
}

async fn request(app: &App, role: Role, deal: &Value, activity: &str) -> Value {
    let input = json!({ "dealId": deal, "activity": activity });
    app.as_role(role).change("jointActivityRequest", input, ANSWER).await["answer"].clone()
}

#[test]
fn until_the_rep_is_committed_nobody_gets_a_permit_and_a_touch_needs_none() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://gated.com").await;
        let deal = &row["deal"]["id"];
        let awaiting = gate(&app, Role::Partner, deal).await;
        let expected = json!({ "state": "AWAITING", "dueOn": "2026-10-12", "daysLeft": 7, "openedAt": null, "isMissed": false, "primarySale": null });
        assert_eq!(awaiting, expected);
        for role in [Role::Operator, Role::PartnerAe, Role::CustomerAe, Role::PartnerManager, Role::Revops] {
            for activity in ["JOINT_MEETING", "MATERIALS_APPROVAL", "MDF_ALLOCATION"] {
                let refusal = request(&app, role, deal, activity).await;
                assert_eq!(refusal["__typename"], "JointActivityRefusal", "{} {activity}", role.word());
                assert_eq!(
                    (&refusal["rule"], &refusal["dueOn"]),
                    (&json!("PRIMARY_SALE_NOT_LOGGED"), &json!("2026-10-12"))
                );
            }
        }
        assert_eq!(rules(&meet(&app, &row, "2026-10-05T09:00:00Z").await), ["PRIMARY_SALE_NOT_LOGGED"]);
        let partner = global_id("Partner", app.world.home.partners[0]);
        let touch =
            json!({ "dealId": deal, "partnerId": partner, "kind": "TOUCH", "happenedAt": "2026-10-05T08:00:00Z" });
        let touch = app.as_role(Role::PartnerManager).change("activityLog", touch, "activity { id }").await;
        assert_eq!(codes(&touch), Vec::<&str>::new());
        app.clock.set(at("2026-10-07T10:00:00Z"));
        let opened = commit_rep(&app, deal).await;
        assert_eq!(
            opened["deal"]["gate"],
            json!({ "state": "OPEN", "isMissed": false, "openedAt": "2026-10-07T10:00:00Z" }),
            "{opened}"
        );
        assert_eq!(rules(&commit_rep(&app, deal).await), ["ALREADY_LOGGED"]);
        assert_eq!(
            request(&app, Role::CustomerAe, deal, "JOINT_MEETING").await,
            json!({ "__typename": "JointActivityPermit", "gate": "OPEN" })
        );
        // What was done outside is not recordable after the fact, by the vendor or by the partner.
        app.clock.set(at("2026-10-08T10:00:00Z"));
        assert_eq!(rules(&meet(&app, &row, "2026-10-07T09:59:59Z").await), ["BEFORE_GATE_OPENED"]);
        let told = json!({ "id": row["id"], "summary": "We met before.", "heldAt": "2026-10-06T09:00:00Z" });
        let told = app.as_role(Role::Partner).change("registrationSummaryAttach", told, "registration { id }").await;
        assert_eq!(rules(&told), ["BEFORE_GATE_OPENED"]);
        assert_eq!(codes(&meet(&app, &row, "2026-10-07T10:00:00Z").await), Vec::<&str>::new());
    });
}

#[test]
fn seven_days_pass_and_the_miss_counts_for_ever() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://late.com").await;
        let deal = &row["deal"]["id"];
        app.clock.set(at("2026-10-12T23:59:59Z"));
        let last = gate(&app, Role::PartnerManager, deal).await;
        assert_eq!((&last["state"], &last["daysLeft"]), (&json!("AWAITING"), &json!(0)));
        app.clock.set(at("2026-10-13T00:00:00Z"));
        let lapsed = gate(&app, Role::PartnerManager, deal).await;
        assert_eq!(
            (&lapsed["state"], &lapsed["isMissed"], &lapsed["daysLeft"]),
            (&json!("LAPSED"), &json!(true), &Value::Null)
        );
        let refusal = request(&app, Role::PartnerManager, deal, "MDF_ALLOCATION").await;
        assert_eq!(refusal["rule"], "PRIMARY_SALE_LAPSED");
        commit_rep(&app, deal).await;
        let open = gate(&app, Role::PartnerManager, deal).await;
        assert_eq!((&open["state"], &open["isMissed"]), (&json!("OPEN"), &json!(true)));
        // The partner confirms with its own token, once and for good.
        let partner = app.as_role(Role::Partner);
        let confirmed =
            partner.change("primarySaleConfirm", json!({ "dealId": deal }), &format!("deal {{ {GATE} }}")).await;
        let sale = &confirmed["deal"]["gate"]["primarySale"];
        let expected = json!({ "loggedAt": "2026-10-13T00:00:00Z", "confirmedAt": "2026-10-13T00:00:00Z", "partner": { "name": "Northwind" } });
        assert_eq!(*sale, expected, "{confirmed}");
        let others = json!({ "dealId": global_id("Deal", app.world.home.open[1]) });
        assert_eq!(codes(&partner.change("primarySaleConfirm", others, "replayed").await), ["NOT_FOUND"]);
    });
}

#[test]
fn a_deal_that_was_never_registered_starts_its_clock_at_the_lock() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let stage = json!({ "crmName": "One", "outcome": "OPEN", "isStageOneOrLater": true });
        let stage = revops.change("stageMap", stage, "stage { id }").await["stage"]["id"].clone();
        let facts = json!({ "facts": { "name": "Walk-in", "openedOn": "2026-09-01" } });
        let deal = revops.change("dealCreate", facts, "deal { id }").await["deal"]["id"].clone();
        let before = gate(&app, Role::Revops, &deal).await;
        assert_eq!((&before["state"], &before["dueOn"]), (&json!("AWAITING"), &Value::Null));
        revops.change("attributionDeclare", json!({ "dealId": deal, "direct": true }), "deal { id }").await;
        app.clock.set(at("2026-10-06T22:00:00Z"));
        let locked = app
            .as_role(Role::Revops)
            .change("dealAdvance", json!({ "id": deal, "stageId": stage }), "deal { id }")
            .await;
        assert_eq!(codes(&locked), Vec::<&str>::new(), "{locked}");
        assert_eq!(gate(&app, Role::Revops, &deal).await["dueOn"], "2026-10-13");
        // On an account there is no gate, so a joint meeting is not logged there.
        let account = global_id("Account", app.world.home.accounts[0]);
        let meeting = json!({ "accountId": account, "kind": "MEETING", "isJointMeeting": true, "happenedAt": "2026-10-06T09:00:00Z" });
        let meeting = app.as_role(Role::Revops).change("activityLog", meeting, "activity { id }").await;
        assert_eq!(rules(&meeting), ["JOINT_MEETING_NEEDS_DEAL"]);
    });
}

/// The scheduler writes the miss down once; who may hold a receipt is the partner that claimed the deal.
#[test]
fn a_primary_sale_that_lapsed_is_entered_once() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://lapsed.example.org").await;
        let lapse = async || {
            let system = api::usecase::Caller::system(app.office.clone(), app.world.home.program);
            api::usecase::cosell::lapse(&system).await.unwrap()
        };
        app.clock.set(at("2026-10-12T23:59:59Z"));
        // The program's own open deals were locked in February: their time had passed long before they were registered.
        assert_eq!(lapse().await, 2);
        assert_eq!(lapse().await, 0);
        app.clock.set(at("2026-10-13T00:00:00Z"));
        assert_eq!(lapse().await, 1);
        assert_eq!(lapse().await, 0);
        let ask = "{ ledgerEntries(first: 5, filter: { kind: { eq: PRIMARY_SALE_LAPSED } }) { edges { node { subjectId partnerIds facts } } } }";
        let read = async |role: Role| {
            let found = app.as_role(role).query(ask).await.data()["ledgerEntries"]["edges"].clone();
            let own = |edge: &&Value| edge["node"]["subjectId"] == row["deal"]["id"];
            Value::from_iter(found.as_array().unwrap().iter().filter(own).cloned())
        };
        let entries = read(Role::Revops).await;
        assert_eq!(entries.as_array().unwrap().len(), 1);
        assert_eq!(entries[0]["node"]["partnerIds"], json!([global_id("Partner", app.world.home.partners[0])]));
        assert!(entries[0]["node"]["facts"].as_str().unwrap().contains(r#""dueOn":"2026-10-12""#));
        // Finance has no open pipeline, in the ledger neither.
        assert_eq!(read(Role::Finance).await, json!([]));
        // Said later to have closed before it lapsed, the deal keeps the miss that is on record.
        let lost = json!({ "id": row["deal"]["id"], "facts": { "outcome": "LOST", "closedOn": "2026-10-10" } });
        let lost = app.as_role(Role::Revops).change("dealUpdate", lost, "deal { id }").await;
        assert_eq!(codes(&lost), Vec::<&str>::new(), "{lost}");
        let kept = gate(&app, Role::Revops, &row["deal"]["id"]).await;
        assert_eq!((&kept["state"], &kept["isMissed"]), (&json!("LAPSED"), &json!(true)), "{kept}");
        assert_eq!(read(Role::Finance).await.as_array().unwrap().len(), 1);
    });
}

/// LOOP.md: "LAPSED when 7 days passed first: it stays shut, the miss counts for ever". Registered or locked on 5 October, it was due by
/// the 12th. No job runs: taken back on the 13th, registered anew, or registered for the first time, it stays missed; who logs the
/// Primary Sale enters the miss.
#[test]
fn no_withdrawal_and_no_later_registration_takes_a_miss_back() {
    on_every_backend(async |app| {
        let stand = crate::attribution::Stand::new(&app).await;
        let (registered, locked) = (stand.deal("Registered", false).await, stand.deal("Locked", false).await);
        let register = async |url: &str, deal: &Value| {
            let mut input = crate::registration::facts(url);
            input["partnerId"] = stand.partners[0].clone();
            input["dealId"] = deal.clone();
            input["nextMeetingOn"] = json!("2026-10-20");
            let made = app.as_role(Role::Revops).change("registrationSubmit", input, "registration { id }").await;
            assert_eq!(codes(&made), Vec::<&str>::new(), "{made}");
            made["registration"]["id"].clone()
        };
        let first = register("https://registered.example.org", &registered).await;
        let direct = json!({ "dealId": locked, "direct": true });
        stand.revops.change("attributionDeclare", direct, "deal { id }").await;
        assert_eq!(codes(&stand.advance(&locked, &stand.first).await), Vec::<&str>::new());
        app.clock.set(at("2026-10-13T09:00:00Z"));
        let missed = async |deal: &Value| {
            let gate = gate(&app, Role::Revops, deal).await;
            assert_eq!((&gate["state"], &gate["isMissed"]), (&json!("LAPSED"), &json!(true)), "{gate}");
            assert_eq!(gate["dueOn"], "2026-10-12", "{gate}");
        };
        missed(&registered).await;
        let back = app.as_role(Role::Revops).change("registrationWithdraw", json!({ "id": first }), "replayed").await;
        assert_eq!(codes(&back), Vec::<&str>::new(), "{back}");
        missed(&registered).await;
        app.clock.set(at("2026-10-14T09:00:00Z"));
        register("https://registered.example.org", &registered).await;
        missed(&registered).await;
        missed(&locked).await;
        register("https://locked.example.net", &locked).await;
        missed(&locked).await;
        let ask = "{ ledgerEntries(last: 50, filter: { kind: { eq: PRIMARY_SALE_LAPSED } }) { edges { node { subjectId partnerIds facts } } } }";
        let entered = async |deal: &Value| {
            let all = app.as_role(Role::Revops).query(ask).await.data()["ledgerEntries"]["edges"].clone();
            let nodes = all.as_array().unwrap().iter().map(|edge| edge["node"].clone());
            nodes.filter(|node| node["subjectId"] == *deal).collect::<Vec<_>>()
        };
        for deal in [&registered, &locked] {
            let open = commit_rep(&app, deal).await["deal"]["gate"].clone();
            assert_eq!((&open["state"], &open["isMissed"]), (&json!("OPEN"), &json!(true)), "{open}");
            let system = api::usecase::Caller::system(app.office.clone(), app.world.home.program);
            api::usecase::cosell::lapse(&system).await.unwrap();
            let entries = entered(deal).await;
            assert_eq!(entries.len(), 1, "{entries:?}");
            assert!(entries[0]["facts"].as_str().unwrap().contains(r#""dueOn":"2026-10-12""#), "{entries:?}");
        }
        // On whose watch it was missed: the partner whose registration stood, though it was taken back; nobody's before the first.
        assert_eq!(entered(&registered).await[0]["partnerIds"], json!([stand.partners[0]]));
        assert_eq!(entered(&locked).await[0]["partnerIds"], json!([]));
    });
}

/// Imported history was there before the gate: it is marked, and what is logged about it passes.
#[test]
fn an_imported_deal_is_exempt_and_says_so() {
    on_every_backend(async |app| {
        let run =
            crate::import_runs::import(&app, "H-1,History,Won,2026-01-10,2026-03-01,1000,Enterprise,P-0,INFLUENCED\n")
                .await;
        assert_eq!(run.counts.created, 1, "{:?}", run.counts);
        let revops = app.as_role(Role::Revops);
        let find = "{ deals(first: 5, filter: { openedOn: { gte: \"2026-01-10\", lte: \"2026-01-10\" } }) { edges { node { id attributions { partner { id name } } } } } }";
        let found = revops.query(find).await.data()["deals"]["edges"][0]["node"].clone();
        let deal = &found["id"];
        assert_eq!(gate(&app, Role::Revops, deal).await["state"], "EXEMPT", "{found}");
        let permit = request(&app, Role::Revops, deal, "JOINT_MEETING").await;
        assert_eq!(permit, json!({ "__typename": "JointActivityPermit", "gate": "EXEMPT" }));
        let met = json!({ "dealId": deal, "partnerId": found["attributions"][0]["partner"]["id"], "kind": "MEETING",
            "isJointMeeting": true, "happenedAt": "2026-02-01T09:00:00Z" });
        let met = app.as_role(Role::Revops).change("activityLog", met, "activity { id }").await;
        assert_eq!(codes(&met), Vec::<&str>::new(), "{met}");
    });
}
