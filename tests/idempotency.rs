//! One idempotency key, sent many times at once: it is done once, and every answer is that of the one that did it.

use crate::registration::{approved, facts, submit};
use crate::support::world::global_id;
use crate::support::{Seat, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

/// Sends the same input twelve times at once. One does it, and the others replay it or, while it is in flight, are told of a conflict:
/// no rule refuses what they did themselves.
async fn rush(seat: &Seat<'_>, mutation: &str, input: Value, select: &str) {
    let mut input = input;
    input["idempotencyKey"] = json!(format!("rush-{mutation}"));
    let select = format!("replayed {select}");
    let all = futures_util::future::join_all((0..12).map(|_| seat.change(mutation, input.clone(), &select))).await;
    let done = all.iter().filter(|it| it["userErrors"] == json!([]) && it["replayed"] == false).count();
    assert_eq!(done, 1, "{mutation}: {all:?}");
    for it in &all {
        let errors = it["userErrors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["code"] == "CONFLICT"), "{mutation}: {it}");
        assert!(!errors.is_empty() || it["replayed"] == true || it["replayed"] == false, "{mutation}: {it}");
    }
    let after = seat.change(mutation, input, &select).await;
    assert_eq!((&after["replayed"], &after["userErrors"]), (&json!(true), &json!([])), "{mutation}");
}

#[test]
fn the_same_key_at_once_is_done_once_and_replayed_even_where_a_rule_lets_it_happen_once() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        rush(&partner, "registrationSubmit", facts("https://rush.com"), "registration { id }").await;
        let made = submit(&partner, "https://decided.com").await;
        let decide = json!({ "id": made["registration"]["id"], "decision": "APPROVE", "reason": "a real need" });
        rush(&app.as_role(Role::PartnerManager), "registrationDecide", decide, "registration { id }").await;
        let row = approved(&app, "https://logged.com").await;
        let revops = app.as_role(Role::Revops);
        let person =
            json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "name": "M", "isRep": true });
        let people = revops.change("partnerPersonAdd", person, "partner { people { id isRep } }").await;
        let people = people["partner"]["people"].as_array().unwrap().clone();
        let rep = people.iter().find(|it| it["isRep"] == true).unwrap();
        let input = json!({ "dealId": row["deal"]["id"], "repId": rep["id"] });
        rush(&revops, "primarySaleLog", input, "deal { id }").await;
    });
}
