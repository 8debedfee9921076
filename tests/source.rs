//! Credit: a deal's source by the business priority order, the credit table, the models' shares, introductions by a partner's token.

use crate::attribution::{Stand, rules};
use crate::support::on_every_backend;
use crate::support::world::global_id;
use chrono::TimeDelta;
use domain::role::Role;
use serde_json::{Value, json};

#[test]
fn the_first_rule_that_matches_decides_a_deals_source() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Booked", true).await;
        let source = async || {
            let read = "query($id: ID!) { deal(id: $id) { source sourceDecision { rule sentence facts creditTableVersion } } }";
            stand.revops.query_with(read, json!({ "id": deal })).await.data()["deal"]["sourceDecision"].clone()
        };
        let update = async |facts: Value| {
            let done = stand.revops.change("dealUpdate", json!({ "id": deal, "facts": facts }), "deal { id }").await;
            assert_eq!(rules(&done), Vec::<&str>::new());
        };
        let exclude = async |is_excluded: bool, reason: &str| {
            let input = json!({ "dealId": deal, "isExcluded": is_excluded, "reason": reason });
            stand.revops.change("dealExclude", input, "deal { version }").await
        };
        assert_eq!(source().await["rule"], "DIRECT");
        update(json!({ "source": "PAID" })).await;
        assert_eq!(source().await["rule"], "PAID");
        // A registration alone makes no partner's deal, nor does SOURCED alone.
        update(json!({ "dealRegId": "REG-7" })).await;
        assert_eq!(source().await["rule"], "PAID");
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
        stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await;
        let partner = source().await;
        assert_eq!(partner["rule"], "PARTNER_SOURCED");
        assert!(partner["facts"].as_array().unwrap().contains(&json!("registration: REG-7")), "{partner}");
        // A marketplace overrides it only under contract.
        update(json!({ "isMarketplace": true })).await;
        assert_eq!(source().await["rule"], "PARTNER_SOURCED");
        update(json!({ "isPrivateOffer": true })).await;
        assert_eq!(source().await["rule"], "MARKETPLACE_PROCUREMENT");
        assert_eq!(rules(&exclude(true, " ").await), ["REQUIRED"]);
        assert_eq!(rules(&exclude(true, "Bought traffic.").await), Vec::<&str>::new());
        let excluded = source().await;
        assert_eq!(
            (&excluded["rule"], &excluded["facts"][0]),
            (&json!("EXCLUDED"), &json!("excluded: Bought traffic."))
        );
        app.clock.advance(TimeDelta::minutes(1));
        assert_eq!(rules(&exclude(false, "It was the agency after all.").await), Vec::<&str>::new());
        assert_eq!(source().await["rule"], "MARKETPLACE_PROCUREMENT");
        // It is a matter of booking: what was won stays won.
        let totals = "{ programTotals { attributed { sourced { deals } } } }";
        let before = stand.revops.query(totals).await.data().clone();
        let won =
            json!({ "dealId": global_id("Deal", app.world.home.deals[0][0]), "isExcluded": true, "reason": "Bought." });
        assert_eq!(rules(&stand.revops.change("dealExclude", won, "deal { id }").await), Vec::<&str>::new());
        assert_eq!(*stand.revops.query(totals).await.data(), before);
    });
}

#[test]
fn the_vendor_and_a_partner_read_the_same_credit_table() {
    on_every_backend(async |app| {
        let read = "{ creditTable { version policyVersion introductionHours influenceWindowDays influenceFloorDays halfLifeDays
            rules { priority rule sentence } states { state sentence } models { model sentence } } }";
        let ours = app.as_role(Role::Revops).query(read).await.data()["creditTable"].clone();
        assert_eq!(ours["rules"][0]["rule"], "EXCLUDED");
        assert_eq!(ours["rules"].as_array().unwrap().len(), 5);
        assert_eq!(
            (&ours["introductionHours"], &ours["influenceFloorDays"], &ours["halfLifeDays"]),
            (&json!(48), &json!(60), &json!(30))
        );
        for role in [Role::Partner, Role::Finance, Role::CustomerAe, Role::Leadership] {
            assert_eq!(app.as_role(role).query(read).await.data()["creditTable"], ours, "{role:?}");
        }
    });
}

#[test]
fn time_decay_and_linear_shares_are_what_a_hand_computes() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Shared out", false).await;
        // One day and 31 days before the end of 30 September: with a half-life of 30 days that is two to one.
        stand.log_at(&deal, 0, "TOUCH", "2026-09-30T00:00:00Z".parse().unwrap()).await;
        stand.log_at(&deal, 1, "TOUCH", "2026-08-31T00:00:00Z".parse().unwrap()).await;
        // After the close nothing brings it about any more.
        stand.log_at(&deal, 1, "CALL", "2026-10-04T00:00:00Z".parse().unwrap()).await;
        let both = json!([stand.claim(0, "INFLUENCED"), stand.claim(1, "ACCELERATED")]);
        assert_eq!(rules(&stand.declare(&deal, both).await), Vec::<&str>::new());
        let won =
            json!({ "outcome": "WON", "closedOn": "2026-09-30", "arr": { "amount": "100.01", "currency": "USD" } });
        let won = stand.revops.change("dealUpdate", json!({ "id": deal, "facts": won }), "deal { id }").await;
        assert_eq!(rules(&won), Vec::<&str>::new());
        let shares = async |model: &str| {
            let read = "query($id: ID!, $m: CreditModel!) { deal(id: $id) { creditShares(model: $m) { partner { id } shareRate arr { amount } } } }";
            let data =
                stand.revops.query_with(read, json!({ "id": deal, "m": model })).await.data()["deal"]["creditShares"]
                    .clone();
            let of = |partner: &Value| {
                let share = data.as_array().unwrap().iter().find(|it| it["partner"]["id"] == *partner).unwrap().clone();
                [share["shareRate"].clone(), share["arr"]["amount"].clone()]
            };
            [of(&stand.partners[0]), of(&stand.partners[1])]
        };
        // 100.01 by two to one: 66.6733 and 33.3367; the cent that is left goes to the larger remainder.
        assert_eq!(json!(shares("TIME_DECAY").await), json!([["0.666667", "66.67"], ["0.333333", "33.34"]]));
        let linear = shares("LINEAR").await;
        assert_eq!([&linear[0][0], &linear[1][0]], [&json!("0.500000"), &json!("0.500000")]);
        let cents: Vec<&Value> = linear.iter().map(|share| &share[1]).collect();
        assert!(cents.contains(&&json!("50.01")) && cents.contains(&&json!("50.00")), "{cents:?}");
    });
}

#[test]
fn a_partners_token_records_its_own_introductions_on_its_own_deals_alone() {
    on_every_backend(async |app| {
        let partner = app.as_role(Role::Partner);
        let record = async |deal: uuid::Uuid, ago: TimeDelta| {
            let at = app.clock.now() - ago;
            let input = json!({ "dealId": global_id("Deal", deal), "happenedAt": at, "note": "Met the CFO." });
            partner
                .change("introductionRecord", input, "introduction { happenedAt recordedAt isInTime deal { id } }")
                .await
        };
        let own = app.world.home.open[0];
        let made = record(own, TimeDelta::hours(48)).await;
        assert_eq!(rules(&made), Vec::<&str>::new());
        assert_eq!(made["introduction"]["isInTime"], true);
        let late = record(own, TimeDelta::hours(48) + TimeDelta::microseconds(1)).await;
        assert_eq!(late["introduction"]["isInTime"], false);
        assert_eq!(rules(&record(own, TimeDelta::hours(-1)).await), ["INVALID"]);
        // Another's deal and one that never was answer alike.
        let (foreign, none) = (
            record(app.world.home.open[1], TimeDelta::zero()).await,
            record(uuid::Uuid::from_u128(5), TimeDelta::zero()).await,
        );
        assert_eq!((rules(&foreign), &foreign), (vec!["NOT_FOUND"], &none));
        // It stands as the partner's own, with who recorded it and when, and proves a claim.
        let read = "query($id: ID!) { deal(id: $id) { activities(first: 5) { edges { node { kind sourceSystem partner { name } happenedAt recordedAt } } } } }";
        let seen = app.as_role(Role::Revops).query_with(read, json!({ "id": global_id("Deal", own) })).await;
        let first = seen.data()["deal"]["activities"]["edges"][0]["node"].clone();
        assert_eq!((&first["kind"], &first["partner"]["name"]), (&json!("INTRODUCTION"), &json!("Northwind")));
        // The vendor records for it, and says for whom.
        let manager = app.as_role(Role::PartnerManager);
        let mut input = json!({ "dealId": global_id("Deal", own), "happenedAt": app.clock.now() });
        let nobody = manager.change("introductionRecord", input.clone(), "introduction { isInTime }").await;
        assert_eq!(rules(&nobody), ["REQUIRED"]);
        input["partnerId"] = json!(global_id("Partner", app.world.home.partners[0]));
        assert_eq!(
            rules(&manager.change("introductionRecord", input, "introduction { isInTime }").await),
            Vec::<&str>::new()
        );
    });
}

#[test]
fn attributions_are_counted_by_where_they_came_from() {
    on_every_backend(async |app| {
        let read = "{ attributionCounts { state provenance isLate isLocked deals } }";
        let counts = app.as_role(Role::Operator).query(read).await.data()["attributionCounts"].clone();
        // 20 closed, two open and the shared one; on the shared one the second partner is INFLUENCED.
        let declared = |state: &str, deals: i64| json!({ "state": state, "provenance": "DECLARED", "isLate": false, "isLocked": true, "deals": deals });
        assert_eq!(counts, json!([declared("INFLUENCED", 1), declared("SOURCED", 23)]));
    });
}

/// Once a deal is registered here, what the CRM calls its registration counts no more: the approval does, of who SOURCED it.
#[test]
fn a_registration_of_ours_makes_a_partners_deal_while_it_is_valid() {
    on_every_backend(async |app| {
        let row = crate::registration::approved(&app, "https://sourced.example.org").await;
        let (revops, deal) = (app.as_role(Role::Revops), row["deal"]["id"].clone());
        let source = async || {
            let read = format!("{{ deal(id: {deal}) {{ sourceDecision {{ rule facts }} }} }}");
            app.as_role(Role::Revops).query(&read).await.data()["deal"]["sourceDecision"].clone()
        };
        let facts = json!({ "id": deal, "facts": { "dealRegId": "CRM-9", "source": "PAID" } });
        assert_eq!(rules(&revops.change("dealUpdate", facts, "deal { id }").await), Vec::<&str>::new());
        assert_eq!(source().await["rule"], "PAID", "nobody SOURCED it");
        let partner = global_id("Partner", app.world.home.partners[0]);
        let intro = json!({ "dealId": deal, "partnerId": partner, "kind": "INTRODUCTION", "happenedAt": "2026-10-05T08:30:00Z" });
        revops.change("activityLog", intro, "activity { id }").await;
        let claim = json!({ "dealId": deal, "partners": [{ "partnerId": partner, "state": "SOURCED" }] });
        assert_eq!(rules(&revops.change("attributionDeclare", claim, "deal { id }").await), Vec::<&str>::new());
        let sourced = source().await;
        assert_eq!(sourced["rule"], "PARTNER_SOURCED");
        assert!(sourced["facts"].as_array().unwrap().contains(&json!("registration: APPROVED, example.org")));
        // It expires without a meeting; the CRM's id does not stand in for it.
        app.clock.set("2026-10-27T00:00:00Z".parse().unwrap());
        let expired = source().await;
        assert_eq!(expired["rule"], "PAID");
        assert!(expired["facts"].as_array().unwrap().contains(&json!("registration: none")), "{expired}");
    });
}

/// A won deal of 12,000: its AE and the partner's manager get the whole of it each, 200 % together, and revenue counts it once.
#[test]
fn the_ae_and_the_partner_manager_both_get_full_quota_credit_apart_from_revenue() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let won = json!(global_id("Deal", app.world.home.deals[0][0]));
        let revenue = async || {
            let read = "{ programTotals { attributed { sourced { arr { amount } } } } }";
            app.as_role(Role::Finance).query(read).await.data()["programTotals"].clone()
        };
        let before = revenue().await;
        let seat = json!({ "issuer": domain::seat::DEV_ISSUER, "subject": "ada@home", "role": "CUSTOMER_AE", "name": "Ada",
            "ownerExternalId": "ae-7" });
        assert_eq!(rules(&revops.change("seatGrant", seat, "seat { id }").await), Vec::<&str>::new());
        let owned = json!({ "id": won, "facts": { "ownerExternalId": "ae-7" } });
        assert_eq!(rules(&revops.change("dealUpdate", owned, "deal { id }").await), Vec::<&str>::new());
        let read = async |deal: &Value| {
            let read =
                format!("{{ deal(id: {deal}) {{ arr {{ amount }} quotaCredits {{ name role arr {{ amount }} }} }} }}");
            app.as_role(Role::Revops).query(&read).await.data()["deal"].clone()
        };
        let deal = read(&won).await;
        let mut credits: Vec<(&str, &str)> = deal["quotaCredits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["role"].as_str().unwrap(), it["arr"]["amount"].as_str().unwrap()))
            .collect();
        credits.sort_unstable();
        assert_eq!(credits, [("CUSTOMER_AE", "12000.00"), ("PARTNER_MANAGER", "12000.00")], "{deal}");
        assert_eq!(deal["arr"]["amount"], "12000.00");
        assert_eq!(revenue().await, before, "credit is no revenue");
        // A deal that is open gives nobody credit, and a direct one its owner alone: here nobody.
        for other in [app.world.home.open[0], app.world.home.direct[0]] {
            assert_eq!(read(&json!(global_id("Deal", other))).await["quotaCredits"], json!([]));
        }
    });
}
