//! Foreign money through the API: converted at the rate of its quarter, and left alone until it is another amount or another quarter.

use crate::facts::{codes, deal, direct};
use crate::support::{Seat, on_every_backend};
use api::jobs::tick;
use domain::role::Role;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[test]
fn foreign_money_takes_the_rate_of_the_quarter_of_the_close() {
    on_every_backend(async |app| {
        let (revops, finance) = (app.as_role(Role::Revops), app.as_role(Role::Finance));
        let facts = json!({ "name": "Abroad", "openedOn": "2026-01-05", "outcome": "WON", "closedOn": "2026-03-31",
            "arr": { "amount": "100.05", "currency": "EUR" } });
        let refused = deal(&revops, facts.clone()).await;
        assert_eq!(
            (codes(&refused), &refused["userErrors"][0]["rule"]),
            (vec!["NOT_FOUND"], &json!("FX_RATE_OF_THE_QUARTER"))
        );
        let rate = json!({ "quarter": "2026-Q1", "currency": "EUR", "rate": "1.1" });
        assert_eq!(codes(&finance.change("fxRateSet", rate, "fxRate { rate version }").await), Vec::<&str>::new());
        // 100.05 EUR at 1.1 is 110.055 USD; half a cent is rounded away from zero.
        let made = direct(&revops, facts).await;
        assert_eq!(made["deal"]["arr"], json!({ "amount": "110.06", "currency": "USD" }));
        assert_eq!(made["deal"]["originalAmount"], json!({ "amount": "100.05", "currency": "EUR" }));
    });
}

/// 100 EUR are 110 USD at 1.1, 120 at 1.2, 140 at 1.4 and 150 at 1.5. An open deal stands at the rate of the present quarter: at once when it is
/// corrected, and from the first run of the job in a new one; without a rate it stays as it is. A line of spend keeps its rate, and a note
/// moves nothing. A close takes the rate of its quarter, for TCV and services too, and keeps it; where that has none, the close
/// is refused at its day and nothing else is.
#[test]
fn an_amount_keeps_its_rate_until_it_is_another_or_closes_in_another_quarter() {
    on_every_backend(async |app| {
        let (revops, finance) = (app.as_role(Role::Revops), app.as_role(Role::Finance));
        let versions = std::cell::RefCell::new(std::collections::BTreeMap::new());
        let rate = async |finance: &Seat<'_>, quarter: &str, rate: &str| {
            let version = versions.borrow().get(quarter).copied().unwrap_or(0);
            let input = json!({ "quarter": quarter, "currency": "EUR", "rate": rate, "expectedVersion": version });
            assert_eq!(codes(&finance.change("fxRateSet", input, "replayed").await), Vec::<&str>::new());
            versions.borrow_mut().insert(quarter.to_owned(), version + 1);
        };
        rate(&finance, "2026-Q4", "1.1").await;
        let euros = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
        let facts = json!({ "name": "Abroad", "openedOn": "2026-07-06", "arr": euros("100"), "tcv": euros("300"),
            "services": euros("10") });
        let id = direct(&revops, facts).await["deal"]["id"].clone();
        let spent = json!({ "partnerId": crate::support::world::global_id("Partner", app.world.home.partners[0]),
            "quarter": "2026-Q4", "category": "MDF", "amount": euros("100") });
        let line =
            finance.change("spendRecord", spent, "spendLine { id amount { amount } }").await["spendLine"].clone();
        let amounts = async |revops: &Seat<'_>| {
            let query = "query($id: ID!) { deal(id: $id) { arr { amount } tcv { amount } services { amount } } }";
            let deal = revops.query_with(query, json!({ "id": id })).await.data()["deal"].clone();
            ["arr", "tcv", "services"].map(|field| deal[field]["amount"].as_str().unwrap().to_owned())
        };
        assert_eq!(amounts(&revops).await, ["110.00", "330.00", "11.00"]);
        rate(&finance, "2026-Q4", "1.2").await;
        assert_eq!(amounts(&revops).await, ["120.00", "360.00", "12.00"]);
        let note = json!({ "id": id, "nextStep": "call" });
        assert_eq!(codes(&revops.change("dealAdvance", note, "replayed").await), Vec::<&str>::new());
        let note = json!({ "id": line["id"], "note": "a typo" });
        let line = finance.change("spendUpdate", note, "spendLine { amount { amount } }").await["spendLine"].clone();
        assert_eq!(line["amount"]["amount"], "110.00");
        assert_eq!(amounts(&revops).await, ["120.00", "360.00", "12.00"]);
        // The third quarter has no rate yet: neither has a new quarter, in which a note is put on the deal all the same.
        let close = json!({ "id": id, "facts": { "outcome": "WON", "closedOn": "2026-09-30" } });
        let refused = revops.change("dealUpdate", close.clone(), "replayed").await;
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "closedOn"]), "{refused}");
        app.clock.set("2027-01-04T09:00:00Z".parse().unwrap());
        let (revops, finance) = (app.as_role(Role::Revops), app.as_role(Role::Finance));
        let note = json!({ "id": id, "nextStep": "call again" });
        assert_eq!(codes(&revops.change("dealAdvance", note, "replayed").await), Vec::<&str>::new());
        let tick = async || {
            let programs = api::usecase::program::all(&app.office).await.unwrap();
            tick(&app.office, &programs, &CancellationToken::new()).await.unwrap();
        };
        tick().await;
        assert_eq!(amounts(&revops).await, ["120.00", "360.00", "12.00"]);
        rate(&finance, "2027-Q2", "1.4").await;
        assert_eq!(amounts(&revops).await, ["120.00", "360.00", "12.00"]);
        app.clock.set("2027-04-01T09:00:00Z".parse().unwrap());
        let (revops, finance) = (app.as_role(Role::Revops), app.as_role(Role::Finance));
        tick().await;
        assert_eq!(amounts(&revops).await, ["140.00", "420.00", "14.00"]);
        rate(&finance, "2026-Q3", "1.5").await;
        assert_eq!(codes(&revops.change("dealUpdate", close, "replayed").await), Vec::<&str>::new());
        assert_eq!(amounts(&revops).await, ["150.00", "450.00", "15.00"]);
        rate(&finance, "2026-Q3", "1.6").await;
        assert_eq!(amounts(&revops).await, ["150.00", "450.00", "15.00"]);
    });
}
