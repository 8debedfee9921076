//! What a seat holds, for whoever takes it over.

use crate::registration::{rival, submit};
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

const HELD: &str = "seat { name } pods { name } partners { name } openDeals deals { id outcome } liveRegistrations registrations { id state } openLeads leads { name } clocks { kind subjectId state }";

async fn seat(app: &App, name: &str) -> Value {
    let seats = app.as_role(Role::Revops).query("{ seats(first: 50) { edges { node { id name } } } }").await;
    let edges = seats.data()["seats"]["edges"].as_array().unwrap().clone();
    edges.into_iter().find(|edge| edge["node"]["name"] == name).unwrap()["node"]["id"].clone()
}

async fn held(app: &App, id: &Value) -> Value {
    let document = format!("query($id: ID!) {{ handover(seatId: $id) {{ {HELD} }} }}");
    let answer = app.as_role(Role::Operator).query_with(&document, json!({ "id": id })).await;
    answer.data()["handover"].clone()
}

#[test]
fn what_a_seat_holds_is_listed_and_counted_also_when_its_person_has_left() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let closer = seat(&app, "CUSTOMER_AE of home").await;
        let before = held(&app, &closer).await;
        assert_eq!(
            (&before["openDeals"], &before["liveRegistrations"], &before["openLeads"]),
            (&json!(0), &json!(0), &json!(0))
        );
        assert_eq!(before["pods"], json!([{ "name": "Northwind pod" }]));
        // A registration that is given to it brings its deal and what is owed on it; a lead is its own.
        let made = submit(&rival(&app).await, "https://nobodys.example.org").await;
        let id = made["registration"]["id"].clone();
        let assign = json!({ "id": id, "ownerSeatId": closer });
        let done = revops.change("registrationAssign", assign, "registration { id }").await;
        assert_eq!(done["userErrors"], json!([]), "{done}");
        let lead = revops.change("leadRecord", json!({ "name": "Click", "source": "PAID" }), "lead { id }").await;
        revops.change("leadAssign", json!({ "id": lead["lead"]["id"], "ownerSeatId": closer }), "lead { id }").await;
        let now = held(&app, &closer).await;
        assert_eq!(
            (&now["openDeals"], &now["deals"][0]["id"]),
            (&json!(1), &made["registration"]["deal"]["id"]),
            "{now}"
        );
        assert_eq!(
            (&now["liveRegistrations"], &now["registrations"]),
            (&json!(1), &json!([{ "id": id, "state": "SUBMITTED" }]))
        );
        assert_eq!((&now["openLeads"], &now["leads"]), (&json!(1), &json!([{ "name": "Click" }])));
        let clocks = now["clocks"].as_array().unwrap();
        assert!(clocks.iter().any(|clock| clock["kind"] == "FIRST_TOUCH" && clock["subjectId"] == id), "{now}");
        assert!(clocks.iter().all(|clock| clock["state"] == "RUNNING"), "{now}");
        // A kept promise is owed no more.
        revops.change("registrationTouch", json!({ "id": id }), "registration { id }").await;
        let touched = held(&app, &closer).await;
        let is_owed = |clock: &Value| clock["kind"] == "FIRST_TOUCH" && clock["subjectId"] == id;
        assert!(!touched["clocks"].as_array().unwrap().iter().any(is_owed), "{touched}");
        // Its person leaves: what it held is still there to be taken over.
        revops.change("seatRevoke", json!({ "id": closer }), "seat { id }").await;
        assert_eq!(held(&app, &closer).await["openDeals"], 1);
        // The manager's partners, and no seat of another program or of nobody.
        assert_eq!(
            held(&app, &seat(&app, "PARTNER_MANAGER of home").await).await["partners"],
            json!([{ "name": "Northwind" }])
        );
        let theirs = app.as_subject("REVOPS@rival").query("{ seats(first: 1) { edges { node { id } } } }").await;
        for other in [theirs.data()["seats"]["edges"][0]["node"]["id"].clone(), json!("nothing")] {
            assert_eq!(held(&app, &other).await, Value::Null);
        }
        for role in [Role::PartnerManager, Role::Finance, Role::Partner] {
            let answer = app.as_role(role).query("{ handover(seatId: \"x\") { openDeals } }").await;
            assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{role:?}");
        }
    });
}
