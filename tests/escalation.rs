//! Escalations through the API: put before named contacts of a side, answered within 48 hours, resolved.

use crate::registration::{at, codes, rival, rules};
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use api::usecase::Caller;
use api::usecase::import::{self, Request};
use chrono::TimeDelta;
use domain::import::Object;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

const NONE: Vec<&str> = Vec::new();
const ONE: &str =
    "escalation { id kind raisedBy addressedTo question dueAt state isOverdue isLate acknowledgedAt answer answeredAt
    resolution resolvedAt version contact { name reach side kind } deal { id } }";

async fn set(app: &App, partner: Option<usize>, contacts: Value, version: i64) -> Value {
    let partner = partner.map(|at| global_id("Partner", app.world.home.partners[at]));
    let input = json!({ "partnerId": partner, "contacts": contacts, "expectedVersion": version });
    app.as_role(Role::Revops).change("escalationPathSet", input, "escalationPath { version contacts { name } }").await
}

fn contact(kind: &str, side: &str, name: &str) -> Value {
    json!({ "kind": kind, "side": side, "name": name, "reach": format!("{name}@example.com") })
}

async fn open(seat: &Seat<'_>, deal: Uuid, more: Value) -> Value {
    let mut input =
        json!({ "dealId": global_id("Deal", deal), "kind": "SECURITY", "question": "The review waits for weeks." });
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    seat.change("escalationOpen", input, ONE).await
}

async fn answer(seat: &Seat<'_>, id: &Value) -> Value {
    seat.change("escalationAnswer", json!({ "id": id, "answer": "The report is attached." }), ONE).await
}

async fn resolve(seat: &Seat<'_>, id: &Value) -> Value {
    seat.change("escalationResolve", json!({ "id": id, "resolution": "The review is through." }), ONE).await
}

/// What a role sees of an escalation's promise.
async fn promise(app: &App, role: Role, id: &Value) -> Value {
    let query = "query($of: [ID!]) { slaClocks(filter: { subjectId: { in: $of } }) { edges { node { kind owner state dueAt } } } }";
    let answer = app.as_role(role).query_with(query, json!({ "of": [id] })).await;
    answer.data()["slaClocks"]["edges"].as_array().unwrap().first().map_or(Value::Null, |edge| edge["node"].clone())
}

async fn count(seat: &Seat<'_>) -> Value {
    seat.query("{ escalations { totalCount } }").await.data()["escalations"]["totalCount"].clone()
}

/// Opened on Monday, 5 October, 9:00; answered at its due time, Wednesday, 9:00, inclusive.
#[test]
fn a_partner_escalates_on_its_own_deal_and_the_vendors_contact_answers_in_time() {
    on_every_backend(async |app| {
        let named = json!([contact("SECURITY", "VENDOR", "Sam"), contact("OTHER", "VENDOR", "Olga")]);
        assert_eq!(set(&app, None, named, 0).await["escalationPath"]["version"], 1);
        let partner = app.as_role(Role::Partner);
        let deal = app.world.home.open[0];
        let opened = open(&partner, deal, json!({})).await;
        assert_eq!(codes(&opened), NONE, "{opened}");
        let it = &opened["escalation"];
        assert_eq!(
            (&it["raisedBy"], &it["addressedTo"], &it["state"]),
            (&json!("PARTNER"), &json!("VENDOR"), &json!("OPEN"))
        );
        assert_eq!(
            it["contact"],
            json!({ "name": "Sam", "reach": "Sam@example.com", "side": "VENDOR", "kind": "SECURITY" })
        );
        assert_eq!(it["dueAt"], "2026-10-07T09:00:00Z");
        // Asked again before it is answered, it is no second promise; of another kind it is.
        assert_eq!(rules(&open(&partner, deal, json!({})).await), ["ALREADY_ASKED"]);
        let owed =
            json!({ "kind": "ESCALATION", "owner": "VENDOR", "state": "RUNNING", "dueAt": "2026-10-07T09:00:00Z" });
        for role in [Role::Partner, Role::CustomerAe, Role::PartnerManager, Role::Operator] {
            assert_eq!(promise(&app, role, &it["id"]).await, owed, "{}", role.word());
        }
        // A path that is set later names nobody anew for what is open.
        set(&app, Some(0), json!([contact("SECURITY", "VENDOR", "Zoe")]), 0).await;
        let manager = app.as_role(Role::PartnerManager);
        assert_eq!(rules(&answer(&partner, &it["id"]).await), ["NOT_ADDRESSED"]);
        assert_eq!(rules(&resolve(&manager, &it["id"]).await), ["NOT_THE_RAISER"]);
        app.clock.advance(TimeDelta::hours(1));
        let taken = manager.change("escalationAcknowledge", json!({ "id": it["id"], "expectedVersion": 1 }), ONE).await;
        assert_eq!(
            (&taken["escalation"]["state"], &taken["escalation"]["contact"]["name"]),
            (&json!("ACKNOWLEDGED"), &json!("Sam"))
        );
        let stale = json!({ "id": it["id"], "answer": "too early", "expectedVersion": 1 });
        assert_eq!(codes(&manager.change("escalationAnswer", stale, ONE).await), ["STALE_VERSION"]);
        assert_eq!(promise(&app, Role::Partner, &it["id"]).await["state"], "RUNNING", "taken up is not answered");
        app.clock.set(at("2026-10-07T09:00:00Z"));
        let done = answer(&app.as_role(Role::CustomerAe), &it["id"]).await;
        assert_eq!(
            (&done["escalation"]["state"], &done["escalation"]["isLate"]),
            (&json!("ANSWERED"), &json!(false)),
            "{done}"
        );
        let (manager, partner) = (app.as_role(Role::PartnerManager), app.as_role(Role::Partner));
        assert_eq!(rules(&answer(&manager, &it["id"]).await), ["ALREADY_ANSWERED"]);
        let over = resolve(&partner, &it["id"]).await;
        assert_eq!(
            (&over["escalation"]["state"], &over["escalation"]["resolution"]),
            (&json!("RESOLVED"), &json!("The review is through."))
        );
        assert_eq!(rules(&resolve(&partner, &it["id"]).await), ["ALREADY_RESOLVED"]);
        assert_eq!(promise(&app, Role::Partner, &it["id"]).await["state"], "MET");
        // The vendor's kept promises are part of the partner's scorecard.
        app.clock.set(at("2027-01-02T09:00:00Z"));
        let card = "{ scorecard { promises { kind owner met missed } } }";
        let card = app.as_role(Role::Partner).query(card).await.data()["scorecard"]["promises"].clone();
        assert!(
            card.as_array()
                .unwrap()
                .contains(&json!({ "kind": "ESCALATION", "owner": "VENDOR", "met": 1, "missed": 0 })),
            "{card}"
        );
    });
}

/// The partner's contract gives 4 hours. Asked at 9:00, the partner answers a microsecond after 13:00.
#[test]
fn the_partner_answers_what_it_is_asked_and_its_contract_gives_the_term() {
    on_every_backend(async |app| {
        let partner_id = global_id("Partner", app.world.home.partners[0]);
        let terms = json!({ "partnerId": partner_id, "startsOn": "2026-10-05", "scope": "Resale", "territory": "EMEA",
            "commercialModel": "CO_SELL", "numbers": [{ "number": "ESCALATION_HOURS", "value": 4 }] });
        app.as_role(Role::Revops).change("contractTermsAgree", terms, "replayed").await;
        set(&app, Some(0), json!([contact("OTHER", "PARTNER", "Pia")]), 0).await;
        let (manager, partner) = (app.as_role(Role::PartnerManager), app.as_role(Role::Partner));
        let opened = open(&manager, app.world.home.open[0], json!({ "partnerId": partner_id, "kind": "LEGAL" })).await;
        let it = &opened["escalation"];
        assert_eq!((&it["addressedTo"], &it["dueAt"]), (&json!("PARTNER"), &json!("2026-10-05T13:00:00Z")), "{opened}");
        assert_eq!(it["contact"]["name"], "Pia", "who is named for OTHER stands in");
        assert_eq!(rules(&answer(&manager, &it["id"]).await), ["NOT_ADDRESSED"]);
        app.clock.set(at("2026-10-05T13:00:00.000001Z"));
        let overdue = "{ escalations(filter: { isOverdue: true, state: { eq: OPEN } }) { totalCount } }";
        assert_eq!(partner.query(overdue).await.data()["escalations"]["totalCount"], 1);
        let late = answer(&partner, &it["id"]).await;
        assert_eq!(
            (&late["escalation"]["isLate"], &late["escalation"]["isOverdue"]),
            (&json!(true), &json!(false)),
            "{late}"
        );
        let missed = promise(&app, Role::PartnerManager, &it["id"]).await;
        assert_eq!((&missed["owner"], &missed["state"]), (&json!("PARTNER"), &json!("MISSED")));
    });
}

/// What the vendor's people put before their own contact is none of the partner's business, and neither is what is another partner's.
#[test]
fn an_escalation_is_seen_by_its_own_sides_and_stands_on_a_deal_of_the_partner() {
    on_every_backend(async |app| {
        let (manager, partner) = (app.as_role(Role::PartnerManager), app.as_role(Role::Partner));
        let revops = app.as_role(Role::Revops);
        let (own, others) = (app.world.home.open[0], app.world.home.open[1]);
        let own_id = |at: usize| json!(global_id("Partner", app.world.home.partners[at]));
        let inside = open(&manager, own, json!({ "partnerId": own_id(0), "addressedTo": "VENDOR" })).await;
        let it = &inside["escalation"];
        assert_eq!((&it["addressedTo"], &it["contact"]), (&json!("VENDOR"), &Value::Null), "{inside}");
        assert_eq!((count(&partner).await, count(&manager).await), (json!(0), json!(1)));
        assert_eq!(promise(&app, Role::Partner, &it["id"]).await, Value::Null);
        assert_eq!(promise(&app, Role::CustomerAe, &it["id"]).await["owner"], "VENDOR");
        assert_eq!(codes(&answer(&partner, &it["id"]).await), ["NOT_FOUND"]);
        // Taken back before an answer, none is owed.
        assert_eq!(resolve(&app.as_role(Role::CustomerAe), &it["id"]).await["escalation"]["state"], "RESOLVED");
        assert_eq!(promise(&app, Role::Revops, &it["id"]).await["state"], "STOPPED");
        assert_eq!(rules(&answer(&manager, &it["id"]).await), ["ALREADY_RESOLVED"]);
        let rivals = open(&rival(&app).await, others, json!({})).await;
        assert_eq!(codes(&rivals), NONE, "{rivals}");
        assert_eq!(codes(&answer(&manager, &rivals["escalation"]["id"]).await), ["NOT_FOUND"]);
        assert_eq!((count(&partner).await, count(&revops).await), (json!(0), json!(2)));
        assert_eq!(codes(&open(&partner, others, json!({})).await), ["NOT_FOUND"]);
        assert_eq!(rules(&open(&partner, app.world.home.deals[0][0], json!({})).await), ["DEAL_CLOSED"]);
        assert_eq!(rules(&open(&revops, own, json!({ "partnerId": own_id(1) })).await), ["NOT_ON_THE_DEAL"]);
        assert_eq!(codes(&open(&revops, own, json!({})).await), ["REQUIRED"]);
        assert_eq!(codes(&open(&partner, own, json!({ "question": " " })).await), ["INVALID"]);
        for role in [Role::Finance, Role::Leadership] {
            assert_eq!(app.as_role(role).query("{ escalations { totalCount } }").await.status, 400, "{}", role.word());
        }
    });
}

#[test]
fn paths_are_set_whole_and_a_partners_own_comes_before_the_programs() {
    on_every_backend(async |app| {
        let twice = json!([
            contact("LEGAL", "VENDOR", "Lea"),
            contact("LEGAL", "VENDOR", "Leo"),
            contact("LEGAL", "PARTNER", "Pia")
        ]);
        let refused = set(&app, None, twice, 0).await;
        let paths: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, [&json!(["input", "contacts", "1"]), &json!(["input", "contacts", "2"])]);
        let unnamed = set(&app, None, json!([contact("LEGAL", "VENDOR", " ")]), 0).await;
        assert_eq!(unnamed["userErrors"][0]["path"], json!(["input", "contacts", "0", "name"]));
        let program = json!([contact("LEGAL", "VENDOR", "Lea"), contact("OTHER", "VENDOR", "Olga")]);
        assert_eq!(set(&app, None, program.clone(), 0).await["escalationPath"]["version"], 1);
        assert_eq!(codes(&set(&app, None, program, 0).await), ["STALE_VERSION"]);
        let own = json!([contact("LEGAL", "VENDOR", "Lars"), contact("SECURITY", "PARTNER", "Pia")]);
        assert_eq!(set(&app, Some(0), own, 0).await["escalationPath"]["version"], 1);
        let named = "escalationContacts { kind side name }";
        let partners =
            app.as_role(Role::Partner).query(&format!("{{ {named} }}")).await.data()["escalationContacts"].clone();
        let expected = json!([
            { "kind": "SECURITY", "side": "VENDOR", "name": "Olga" },
            { "kind": "SECURITY", "side": "PARTNER", "name": "Pia" },
            { "kind": "LEGAL", "side": "VENDOR", "name": "Lars" },
            { "kind": "OTHER", "side": "VENDOR", "name": "Olga" },
        ]);
        assert_eq!(partners, expected);
        let of = |at: usize| global_id("Partner", app.world.home.partners[at]);
        let asked = |at| format!("{{ escalationContacts(partnerId: \"{}\") {{ name }} }}", of(at));
        let manager = app.as_role(Role::PartnerManager);
        assert_eq!(manager.query(&asked(0)).await.data()["escalationContacts"].as_array().unwrap().len(), 4);
        // Another partner is not there for its manager, nor is its path.
        set(&app, Some(1), json!([contact("LEGAL", "VENDOR", "Ludo")]), 0).await;
        assert_eq!(manager.query(&asked(1)).await.data()["escalationContacts"], json!([]));
        let path = format!("{{ escalationPath(partnerId: \"{}\") {{ version contacts {{ name }} }} }}", of(1));
        let seen = manager.query(&path).await.data()["escalationPath"].clone();
        assert_eq!(seen, json!({ "version": 0, "contacts": [] }));
        assert_eq!(app.as_role(Role::Partner).query("{ escalationPath { version } }").await.status, 400);
    });
}

/// Asked on Monday, 5 October, 9:00, and due on Wednesday, 9:00. A file tells on Friday that one deal was lost on Tuesday: nobody owed an
/// answer any more. The other was lost on Thursday, a day after the answer was due.
#[test]
fn a_deal_that_closes_ends_what_was_asked_about_it_as_of_the_day_it_closed() {
    on_every_backend(async |app| {
        let manager = app.as_role(Role::Revops);
        let mut asked = Vec::new();
        for at in [0, 1] {
            let partner = global_id("Partner", app.world.home.partners[at]);
            asked.push(open(&manager, app.world.home.open[at], json!({ "partnerId": partner })).await);
        }
        app.clock.set(at("2026-10-09T09:00:00Z"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deals.csv");
        std::fs::write(
            &file,
            "id,name,stage,opened,closed\nD-Northwind open,Northwind open,Lost,2026-02-02,2026-10-06\nD-Southbay open,Southbay open,Lost,2026-02-02,2026-10-08\n",
        )
        .unwrap();
        let mapping = "[fields]\nexternal_id = \"id\"\nname = \"name\"\nstage = \"stage\"\nopened_on = \"opened\"\nclosed_on = \"closed\"\n
            [attribution]\notherwise = \"unknown\"\n";
        let request = Request {
            object: Object::Deals,
            file_name: "deals.csv".into(),
            path: file,
            mapping: mapping.into(),
            mapping_folder: None,
            is_dry_run: false,
            resume: false,
            is_spooled: false,
            run_id: None,
        };
        let system = Caller::system(app.office.clone(), app.world.home.program);
        let run = import::import(&system, request, &|_| {}).await.unwrap();
        assert_eq!((run.counts.changed, run.counts.held, run.counts.refused), (2, 0, 0));
        let mut states = Vec::new();
        for it in &asked {
            states.push(promise(&app, Role::Revops, &it["escalation"]["id"]).await["state"].clone());
        }
        assert_eq!(states, ["STOPPED", "MISSED"]);
    });
}
