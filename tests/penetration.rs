//! How far a partner reaches into a segment: read off the overlap of accounts, set by hand, and given back.

use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

fn segment(app: &App) -> String {
    global_id("Segment", app.world.home.segment)
}

async fn addressable(app: &App, accounts: i64) {
    let input = json!({ "id": segment(app), "addressableAccounts": accounts });
    app.as_role(Role::Revops).change("segmentUpdate", input, "segment { id }").await;
}

/// The line of a partner in the only segment, as the operator reads it.
async fn line(app: &App, at: usize) -> Value {
    let query = "{ forecastDraft { partners { partner { name } cells { segment { name } penetration penetrationBasis penetrationReason accountsEngaged
        overlap { accounts addressableAccounts rate isUnderBar reason { code } } base { influenced { explanation { inputs { name value } steps } } } } } } }";
    let draft = app.as_role(Role::Operator).query(query).await.data()["forecastDraft"].clone();
    let cells = draft["partners"][at]["cells"].as_array().unwrap().clone();
    cells.into_iter().find(|cell| cell["segment"]["name"] == "Enterprise").unwrap()
}

/// The level of a partner and the accounts in common.
async fn read(app: &App, at: usize) -> (Value, Value) {
    let line = line(app, at).await;
    assert_eq!(line["penetrationBasis"], "OVERLAP", "{line}");
    (line["penetration"].clone(), line["overlap"]["accounts"].clone())
}

/// An account of the segment.
async fn account(app: &App, name: &str) -> Value {
    let facts = json!({ "name": name, "segmentId": segment(app) });
    let made = app.as_role(Role::Revops).change("accountCreate", json!({ "facts": facts }), "account { id }").await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    made["account"]["id"].clone()
}

async fn log(app: &App, account: &Value, partner: Option<String>, kind: &str, happened_at: &str) {
    let input = json!({ "accountId": account, "partnerId": partner, "kind": kind, "happenedAt": happened_at });
    let made = app.as_role(Role::Revops).change("activityLog", input, "activity { id }").await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
}

/// Southbay is on both accounts: its own deals are on one, and with Northwind it is on a deal of the other. 2 of 1 are 200 %; of 5 40 %; of 6
/// 33.33 %; of 13 15.38 %; of 14 14.29 %; of
/// 20 10 %, and of 21 less.
#[test]
fn the_share_of_accounts_in_common_decides_at_its_edges() {
    on_every_backend(async |app| {
        for (accounts, level, rate) in [
            (1, "DEEP", "2.000000000000"),
            (5, "DEEP", "0.400000000000"),
            (6, "MODERATE", "0.333333333333"),
            (13, "MODERATE", "0.153846153846"),
            (14, "SHALLOW", "0.142857142857"),
            (20, "SHALLOW", "0.100000000000"),
            (21, "SHALLOW", "0.095238095238"),
        ] {
            addressable(&app, accounts).await;
            let line = line(&app, 1).await;
            assert_eq!((&line["penetration"], &line["penetrationReason"]), (&json!(level), &Value::Null), "{line}");
            let overlap = json!({ "accounts": 2, "addressableAccounts": accounts, "rate": rate,
                "isUnderBar": accounts == 21, "reason": null });
            assert_eq!(line["overlap"], overlap);
            // Two accounts of a segment of one: what is wrong is found, and not cut down to 1.
            let query = "{ forecastDraft { findings { code partner { name } segment { name } accounts } } }";
            let draft = app.as_role(Role::Operator).query(query).await.data()["forecastDraft"].clone();
            let found = json!({ "code": "OVERLAP_BEYOND_SEGMENT", "partner": { "name": "Southbay" }, "segment": { "name": "Enterprise" }, "accounts": null });
            assert_eq!(draft["findings"].as_array().unwrap().contains(&found), accounts == 1, "{draft}");
        }
        // With a third account, 3 of 20 are exactly 15 %.
        let third = account(&app, "Third").await;
        addressable(&app, 20).await;
        assert_eq!(read(&app, 1).await, (json!("SHALLOW"), json!(2)));
        log(&app, &third, Some(partner(&app, 1)), "CALL", "2026-09-30T23:59:59Z").await;
        assert_eq!(read(&app, 1).await, (json!("MODERATE"), json!(3)));
        let line = line(&app, 1).await;
        assert_eq!(line["accountsEngaged"], "5.000000000000", "20 x 0.25");
        let told = &line["base"]["influenced"]["explanation"];
        let input = json!({ "name": "penetration", "value": "MODERATE, read off the overlap" });
        assert!(told["inputs"].as_array().unwrap().contains(&input), "{told}");
        let step = json!("overlap = 3 / 20 = 0.15, which is 0.15 or more and below 0.4: MODERATE");
        assert!(told["steps"].as_array().unwrap().contains(&step), "{told}");
    });
}

/// As of 5 October 2026 the trailing four quarters run from 1 October 2025 to 30 September 2026.
#[test]
fn both_sides_are_active_or_the_account_is_not_in_common() {
    on_every_backend(async |app| {
        let own = Some(partner(&app, 0));
        let fourth = account(&app, "Fourth").await;
        log(&app, &fourth, own.clone(), "NOTE", "2026-09-01T09:00:00Z").await;
        log(&app, &fourth, own.clone(), "CALL", "2025-09-30T23:59:59Z").await;
        log(&app, &fourth, own.clone(), "CALL", "2026-10-01T00:00:00Z").await;
        assert_eq!(read(&app, 0).await.1, 1, "a note is no touch, and neither is one outside the window");
        // The account belongs to the partner, and the vendor is not at work there yet.
        let tag = json!({ "id": fourth, "facts": { "partnerId": own } });
        app.as_role(Role::Revops).change("accountUpdate", tag, "account { id }").await;
        assert_eq!(read(&app, 0).await.1, 1);
        log(&app, &fourth, None, "MEETING", "2025-10-01T00:00:00Z").await;
        assert_eq!(read(&app, 0).await.1, 2);
    });
}

#[test]
fn what_is_set_by_hand_comes_first_until_it_is_taken_away() {
    on_every_backend(async |app| {
        let operator = app.as_role(Role::Operator);
        let (partner_id, segment_id) = (partner(&app, 1), segment(&app));
        addressable(&app, 5).await;
        assert_eq!(read(&app, 1).await.0, "DEEP");
        let set = json!({ "partnerId": partner_id, "segmentId": segment_id, "level": "SHALLOW", "reason": "Two of them are leaving." });
        let select = "spendPlan { penetrations { level reason version } }";
        operator.change("penetrationSet", set, select).await;
        let by_hand = line(&app, 1).await;
        assert_eq!(
            (&by_hand["penetration"], &by_hand["penetrationBasis"], &by_hand["penetrationReason"]),
            (&json!("SHALLOW"), &json!("BY_HAND"), &json!("Two of them are leaving."))
        );
        assert_eq!(by_hand["overlap"]["rate"], "0.400000000000", "what it would have been read off stays in sight");
        let inputs = &by_hand["base"]["influenced"]["explanation"]["inputs"];
        for (name, value) in
            [("penetration", "SHALLOW, set by hand"), ("why the penetration was set so", "Two of them are leaving.")]
        {
            assert!(inputs.as_array().unwrap().contains(&json!({ "name": name, "value": value })), "{inputs}");
        }
        let clear = |version: i64, key: &str| json!({ "partnerId": partner_id, "segmentId": segment_id, "expectedVersion": version, "idempotencyKey": key });
        let stale = operator.change("penetrationClear", clear(2, "a"), select).await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE_VERSION");
        let cleared =
            operator.change("penetrationClear", clear(1, "b"), "replayed spendPlan { penetrations { level } }").await;
        assert_eq!(
            (&cleared["replayed"], &cleared["spendPlan"]["penetrations"]),
            (&json!(false), &json!([])),
            "{cleared}"
        );
        assert_eq!(read(&app, 1).await.0, "DEEP");
        assert_eq!(operator.change("penetrationClear", clear(1, "b"), "replayed").await["replayed"], true);
        let gone = operator
            .change("penetrationClear", json!({ "partnerId": partner_id, "segmentId": segment_id }), select)
            .await;
        assert_eq!(gone["userErrors"][0]["code"], "NOT_FOUND");
    });
}

/// A count of accounts among which are those of open deals is not for Finance and not for the board; the level is.
#[test]
fn the_overlap_is_for_those_who_work_with_deals() {
    on_every_backend(async |app| {
        let ask = |more: &str| format!("{{ forecast {{ partners {{ cells {{ penetration {more} }} }} }} }}");
        for role in [Role::Finance, Role::Leadership] {
            let seen = app.as_role(role).query(&ask("penetrationBasis")).await.data()["forecast"].clone();
            assert_eq!(
                seen["partners"][0]["cells"][0],
                json!({ "penetration": "SHALLOW", "penetrationBasis": "OVERLAP" })
            );
            assert_eq!(
                app.as_role(role).query(&ask("overlap { accounts }")).await.codes(),
                ["GRAPHQL_VALIDATION_FAILED"]
            );
        }
        for role in [Role::Operator, Role::PartnerAe, Role::PartnerManager, Role::Revops] {
            let seen = app.as_role(role).query(&ask("overlap { accounts }")).await.data()["forecast"].clone();
            assert_eq!(seen["partners"][0]["cells"][0]["overlap"], json!({ "accounts": 1 }), "{}", role.word());
        }
    });
}
