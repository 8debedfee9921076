//! Whose rep it is that opens the gate: the rep of a partner on the deal, and nobody else's.

use crate::registration::{approved, at, codes, commit_rep, rival, rules};
use crate::support::world::{global_id, somebody};
use crate::support::{App, on_every_backend};
use domain::cosell::PrimarySale;
use domain::registration::Mark;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

const GATE: &str = "gate { state openedAt isMissed primarySale { partner { name } confirmedAt } }";

async fn gate(app: &App, role: Role, deal: &Value) -> Value {
    app.as_role(role).query(&format!("{{ deal(id: {deal}) {{ {GATE} }} }}")).await.data()["deal"]["gate"].clone()
}

/// A rep of the second partner.
async fn rep_of_rival(app: &App) -> Value {
    let partner = global_id("Partner", app.world.home.partners[1]);
    let person = json!({ "partnerId": partner, "name": "Odile", "isRep": true });
    let made =
        app.as_role(Role::Revops).change("partnerPersonAdd", person, "partner { people { id name isRep } }").await;
    let people = made["partner"]["people"].as_array().unwrap().clone();
    people.into_iter().find(|it| it["isRep"] == true).unwrap()["id"].clone()
}

async fn log(app: &App, deal: &Value, rep: &Value) -> Value {
    let input = json!({ "dealId": deal, "repId": rep });
    app.as_role(Role::Revops).change("primarySaleLog", input, "deal { id }").await
}

/// The UUID behind a global id.
fn raw(id: &Value) -> Uuid {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_str().unwrap()).unwrap()).unwrap();
    text.split_once(':').unwrap().1.parse().unwrap()
}

/// LOOP section 1: the partner's own rep is committed to this deal.
#[test]
fn the_rep_of_a_partner_that_is_not_on_the_deal_opens_nothing() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://ours.com").await;
        let deal = &row["deal"]["id"];
        let rep = rep_of_rival(&app).await;
        assert_eq!(rules(&log(&app, deal, &rep).await), ["NOT_ON_THE_DEAL"]);
        assert_eq!(gate(&app, Role::Revops, deal).await["state"], "AWAITING");
        let entries = "{ ledgerEntries(filter: { kind: { eq: PRIMARY_SALE_LOGGED } }) { totalCount } }";
        assert_eq!(app.as_role(Role::Revops).query(entries).await.data()["ledgerEntries"]["totalCount"], 0);
        let opened = commit_rep(&app, deal).await;
        assert_eq!(opened["deal"]["gate"]["state"], "OPEN", "{opened}");
        // A partner that has registered the deal, or is credited with it, is on it: the first one's word stands.
        assert_eq!(rules(&commit_rep(&app, deal).await), ["ALREADY_LOGGED"]);
    });
}

/// On record from before it was looked at: it opens nothing, tells nobody of the deal, and gives way to the rep who is committed.
#[test]
fn one_that_is_wrong_on_record_counts_for_nothing_and_gives_way() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://wronged.com").await;
        let deal = &row["deal"]["id"];
        let wrong = PrimarySale {
            id: Uuid::from_u128(1),
            deal_id: raw(deal),
            partner_id: app.world.home.partners[1],
            person_id: raw(&rep_of_rival(&app).await),
            note: None,
            logged: Mark { at: app.clock.now(), by: Uuid::nil() },
            confirmed: None,
            version: 1,
        };
        let system = somebody(&app.office, app.world.home.program, Role::Revops).viewer.slice().unwrap();
        entity::primary_sale::put(app.office.store.write(), &system, wrong).await.unwrap();
        let awaiting = json!({ "state": "AWAITING", "openedAt": null, "isMissed": false, "primarySale": null });
        for role in [Role::Partner, Role::Revops] {
            assert_eq!(gate(&app, role, deal).await, awaiting, "{}", role.word());
        }
        let asked = json!({ "dealId": deal, "activity": "JOINT_MEETING" });
        let answer = "answer { __typename ... on JointActivityRefusal { rule } }";
        let refused = app.as_role(Role::Revops).change("jointActivityRequest", asked, answer).await;
        assert_eq!(refused["answer"]["rule"], "PRIMARY_SALE_NOT_LOGGED", "{refused}");
        let other = rival(&app).await;
        let confirmed = other.change("primarySaleConfirm", json!({ "dealId": deal }), "replayed").await;
        assert_eq!(codes(&confirmed), ["NOT_FOUND"]);
        app.clock.set(at("2026-10-06T10:00:00Z"));
        let opened = commit_rep(&app, deal).await;
        assert_eq!(opened["deal"]["gate"]["openedAt"], "2026-10-06T10:00:00Z", "{opened}");
        let sale = &gate(&app, Role::Partner, deal).await["primarySale"];
        assert_eq!(*sale, json!({ "partner": { "name": "Northwind" }, "confirmedAt": null }));
        let own = app.as_role(Role::Partner).change("primarySaleConfirm", json!({ "dealId": deal }), "replayed").await;
        assert_eq!(codes(&own), Vec::<&str>::new(), "{own}");
        assert_eq!(rules(&commit_rep(&app, deal).await), ["ALREADY_LOGGED"]);
        let program = entity::program::find(app.office.store.read(), app.world.home.program).await.unwrap().unwrap();
        let found = api::usecase::check::check(&app.office, &program).await.unwrap();
        assert_eq!(found.count, 0, "{found:?}");
    });
}

/// LOOP section 5: a partner never sees other partners, never a hint. That the gate is open is the deal's; since when is the other's.
#[test]
fn on_a_shared_deal_a_partner_does_not_read_when_anothers_rep_committed() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://both.com").await;
        let deal = &row["deal"]["id"];
        let revops = app.as_role(Role::Revops);
        let partner = global_id("Partner", app.world.home.partners[1]);
        let touch =
            json!({ "dealId": deal, "partnerId": partner, "kind": "TOUCH", "happenedAt": "2026-10-05T08:30:00Z" });
        assert_eq!(codes(&revops.change("activityLog", touch, "activity { id }").await), Vec::<&str>::new());
        let claim = json!({ "dealId": deal, "partners": [{ "partnerId": partner, "state": "INFLUENCED" }] });
        let claim = revops.change("attributionDeclare", claim, "deal { id }").await;
        assert_eq!(codes(&claim), Vec::<&str>::new(), "{claim}");
        let logged = log(&app, deal, &rep_of_rival(&app).await).await;
        assert_eq!(codes(&logged), Vec::<&str>::new(), "{logged}");
        let open = json!({ "state": "OPEN", "openedAt": null, "isMissed": false, "primarySale": null });
        assert_eq!(gate(&app, Role::Partner, deal).await, open);
        let whole = json!({ "state": "OPEN", "openedAt": "2026-10-05T09:00:00Z", "isMissed": false,
            "primarySale": { "partner": { "name": "Southbay" }, "confirmedAt": null } });
        assert_eq!(gate(&app, Role::Revops, deal).await, whole);
        let other = rival(&app).await;
        let theirs = other.query(&format!("{{ deal(id: {deal}) {{ {GATE} }} }}")).await.data()["deal"]["gate"].clone();
        assert_eq!(theirs, whole);
    });
}
