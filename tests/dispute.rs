//! After a claim: contested before the lock, disputed after it, amended late; nothing locked is ever edited. On both back ends.

use crate::attribution::{Stand, rules};
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use chrono::TimeDelta;
use domain::role::Role;
use serde_json::{Value, json};

const NONE: Vec<&str> = Vec::new();

fn ok(payload: &Value) -> &Value {
    assert_eq!(rules(payload), NONE, "{payload}");
    payload
}

/// A locked deal that the first partner SOURCED, with everything on record that the second would need.
async fn locked(stand: &Stand<'_>, name: &str) -> Value {
    let deal = stand.deal(name, true).await;
    for partner in [0, 1] {
        stand.log(&deal, partner, "INTRODUCTION", TimeDelta::hours(1)).await;
    }
    ok(&stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await);
    ok(&stand.advance(&deal, &stand.first).await);
    deal
}

async fn open(seat: &Seat<'_>, deal: &Value, partners: Value) -> Value {
    let input = json!({ "dealId": deal, "partners": partners, "evidence": "The mail of 3 October." });
    seat.change("disputeOpen", input, "dispute { id kind state version evidence }").await
}

async fn decide(seat: &Seat<'_>, dispute: &Value, outcome: &str, more: Value) -> Value {
    let mut input = json!({ "id": dispute, "outcome": outcome, "reason": "The calendar shows who was there." });
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    seat.change("disputeDecide", input, "dispute { state reason decidedAt decided { state partner { id } } }").await
}

async fn attributions(seat: &Seat<'_>, deal: &Value) -> Value {
    let read = "query($id: ID!) { deal(id: $id) { declaration lockedAt attributions { state isLate partner { id } lockedAt } } }";
    seat.query_with(read, json!({ "id": deal })).await.data()["deal"].clone()
}

/// Every entry of a deal in the table, whatever became of it.
async fn entries(app: &App, deal: &Value) -> Vec<(uuid::Uuid, String, bool, bool)> {
    use sea_orm_migration::sea_orm::{ConnectionTrait, QueryResult, Statement};
    let id = api::graphql::global_id::decode(&async_graphql::ID(deal.as_str().unwrap().to_owned())).unwrap().1;
    let sql = "SELECT id, state, locked_at IS NOT NULL AS is_locked, superseded_by IS NOT NULL AS is_set_aside
               FROM attribution_entry WHERE deal_id = $1 ORDER BY recorded_at, id";
    let conn = app.office.store.read();
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, [id.into()]))
        .await
        .unwrap();
    let read = |row: &QueryResult| {
        (
            row.try_get("", "id").unwrap(),
            row.try_get("", "state").unwrap(),
            row.try_get("", "is_locked").unwrap(),
            row.try_get("", "is_set_aside").unwrap(),
        )
    };
    rows.iter().map(read).collect()
}
/// Two seats dispute one deal. The second claim is a whole reading of before the first decision: taken as it is, it would undo that.
#[test]
fn what_was_decided_since_is_undone_by_no_claim_of_before() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = locked(&stand, "Twice disputed").await;
        app.clock.advance(TimeDelta::minutes(1));
        let first = open(&app.as_role(Role::PartnerAe), &deal, json!([stand.claim(0, "INFLUENCED")])).await;
        let second = open(&app.as_role(Role::PartnerManager), &deal, json!([stand.claim(0, "ACCELERATED")])).await;
        let (first, second) = (&ok(&first)["dispute"]["id"], &ok(&second)["dispute"]["id"]);
        assert_eq!(ok(&decide(&stand.revops, first, "CHANGED", json!({})).await)["dispute"]["state"], "CHANGED");
        assert_eq!(rules(&decide(&stand.revops, second, "CHANGED", json!({})).await), ["STANDING_CHANGED"]);
        assert_eq!(attributions(&stand.revops, &deal).await["attributions"][0]["state"], "INFLUENCED");
        let named = json!({ "partners": [stand.claim(0, "ACCELERATED")] });
        assert_eq!(ok(&decide(&stand.revops, second, "CHANGED", named).await)["dispute"]["state"], "CHANGED");
        assert_eq!(attributions(&stand.revops, &deal).await["attributions"][0]["state"], "ACCELERATED");
    });
}

#[test]
fn a_decided_change_sets_the_locked_row_aside_and_measures_read_the_decision() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = locked(&stand, "Fought over").await;
        let customer_ae = app.as_role(Role::CustomerAe);
        let won = json!({ "id": deal, "facts": { "outcome": "WON", "closedOn": "2026-09-01", "podId": global_id("Pod", app.world.home.pods[0]),
            "arr": { "amount": "100", "currency": "USD" } } });
        ok(&stand.revops.change("dealUpdate", won, "deal { id }").await);
        let before = entries(&app, &deal).await;
        app.clock.advance(TimeDelta::minutes(1));
        // The customer AE of the deal's pod says that the partner only shaped it.
        let opened = open(&customer_ae, &deal, json!([stand.claim(0, "INFLUENCED")])).await;
        assert_eq!((&ok(&opened)["dispute"]["kind"], &opened["dispute"]["state"]), (&json!("DISPUTE"), &json!("OPEN")));
        assert_eq!(rules(&open(&customer_ae, &deal, json!([stand.claim(0, "ACCELERATED")])).await), ["ALREADY_OPEN"]);
        // Until it is decided the original stands.
        assert_eq!(attributions(&stand.revops, &deal).await["attributions"][0]["state"], "SOURCED");
        let id = &opened["dispute"]["id"];
        assert_eq!(
            rules(&decide(&stand.revops, id, "CHANGED", json!({ "expectedVersion": 7 })).await),
            ["STALE_VERSION"]
        );
        let decided = decide(&stand.revops, id, "CHANGED", json!({})).await;
        assert_eq!(ok(&decided)["dispute"]["state"], "CHANGED");
        assert_eq!(rules(&decide(&stand.revops, id, "UPHELD", json!({})).await), ["ALREADY_DECIDED"]);
        let now = attributions(&stand.revops, &deal).await;
        assert_eq!(now["attributions"].as_array().unwrap().len(), 1);
        assert_eq!(now["attributions"][0]["state"], "INFLUENCED");
        // The locked row is as it was, and is kept beside the new one.
        let after = entries(&app, &deal).await;
        assert_eq!(
            after.iter().map(|it| (it.1.as_str(), it.2, it.3)).collect::<Vec<_>>(),
            [("SOURCED", true, true), ("INFLUENCED", true, false)]
        );
        assert_eq!(before[0].0, after[0].0);
        for program in api::usecase::program::all(&app.office).await.unwrap() {
            let found = api::usecase::check::check(&app.office, &program).await.unwrap();
            assert!(found.differences.is_empty(), "{:?}", found.differences);
        }
        // The two readings stand beside each other, with the reason.
        let read = "query($id: ID!) { dispute(id: $id) { original { state } claimed { state } decided { state } reason openedByRole } }";
        let kept = stand.revops.query_with(read, json!({ "id": id })).await.data()["dispute"].clone();
        assert_eq!(
            (&kept["original"], &kept["decided"]),
            (&json!([{ "state": "SOURCED" }]), &json!([{ "state": "INFLUENCED" }]))
        );
        assert_eq!(
            (&kept["openedByRole"], &kept["reason"]),
            (&json!("CUSTOMER_AE"), &json!("The calendar shows who was there."))
        );
        app.clock.advance(TimeDelta::minutes(1));
        // And back again: the same part is written anew, the old row stays set aside.
        let partner_ae = app.as_role(Role::PartnerAe);
        let again = open(&partner_ae, &deal, json!([stand.claim(0, "SOURCED")])).await;
        ok(&decide(&stand.revops, &ok(&again)["dispute"]["id"], "CHANGED", json!({})).await);
        assert_eq!(entries(&app, &deal).await.iter().map(|it| it.3).collect::<Vec<_>>(), [true, true, false]);
    });
}

#[test]
fn a_partner_disputes_its_own_part_and_reads_the_reason_without_the_rival() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Shared", true).await;
        for partner in [0, 1] {
            stand.log(&deal, partner, "INTRODUCTION", TimeDelta::hours(1)).await;
        }
        ok(&stand.declare(&deal, json!([stand.claim(1, "SOURCED"), stand.claim(0, "INFLUENCED")])).await);
        ok(&stand.advance(&deal, &stand.first).await);
        // The seat PARTNER is the first partner: it says that it brought the deal.
        let partner = app.as_role(Role::Partner);
        let rival = open(&partner, &deal, json!([stand.claim(1, "INFLUENCED")])).await;
        assert_eq!(rules(&rival), ["NOT_FOUND"]);
        assert_eq!(rules(&open(&partner, &deal, json!([stand.claim(0, "INFLUENCED")])).await), ["NOTHING_DISPUTED"]);
        let opened = open(&partner, &deal, json!([stand.claim(0, "SOURCED")])).await;
        let id = ok(&opened)["dispute"]["id"].clone();
        // What RevOps sees whole, the partner sees of itself.
        let read = "query($id: ID!) { dispute(id: $id) { evidence original { state partner { name } } claimed { state partner { name } } decided { state partner { name } } reason } }";
        let own = partner.query_with(read, json!({ "id": id })).await.data()["dispute"].clone();
        assert_eq!(own["original"], json!([{ "state": "INFLUENCED", "partner": { "name": "Northwind" } }]));
        assert_eq!(own["claimed"], json!([{ "state": "SOURCED", "partner": { "name": "Northwind" } }]));
        assert!(!own.to_string().contains("Southbay"), "{own}");
        let whole = stand.revops.query_with(read, json!({ "id": id })).await.data()["dispute"].clone();
        assert_eq!(whole["original"].as_array().unwrap().len(), 2);
        ok(&decide(&stand.revops, &id, "CHANGED", json!({})).await);
        let told = partner.query_with(read, json!({ "id": id })).await.data()["dispute"].clone();
        assert_eq!(told["reason"], "The calendar shows who was there.");
        assert_eq!(told["decided"], json!([{ "state": "SOURCED", "partner": { "name": "Northwind" } }]));
        // The other side, which is off the deal now, reads the reason and not the evidence; the deal is no longer its own.
        let seat = json!({ "issuer": domain::seat::DEV_ISSUER, "subject": "rival@home", "role": "PARTNER", "name": "Rival",
            "partnerIds": [stand.partners[1]] });
        let granted = stand.revops.change("seatGrant", seat, "seat { id }").await;
        ok(&granted);
        let other = app.as_subject("rival@home");
        let theirs = other.query_with(read, json!({ "id": id })).await.data()["dispute"].clone();
        assert_eq!(theirs["reason"], "The calendar shows who was there.");
        assert_eq!(theirs["evidence"], Value::Null);
        assert!(!theirs.to_string().contains("Northwind"), "{theirs}");
        // Who is no party sees nothing, as of a dispute that never was.
        let leadership = app.as_role(Role::Leadership).query("{ disputes { totalCount } }").await;
        assert_eq!(leadership.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        let count = async |seat: Seat<'_>| {
            seat.query("{ disputes { totalCount } }").await.data()["disputes"]["totalCount"].clone()
        };
        assert_eq!(count(app.as_role(Role::Revops)).await, 1);
        assert_eq!(count(app.as_role(Role::Partner)).await, 1);
    });
}

#[test]
fn a_contested_claim_is_not_locked_before_revops_decides() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Contested", true).await;
        let own = app.as_role(Role::PartnerManager);
        let in_pod = json!({ "id": deal, "facts": { "podId": global_id("Pod", app.world.home.pods[0]) } });
        ok(&stand.revops.change("dealUpdate", in_pod, "deal { id }").await);
        let partner_ae = app.as_role(Role::PartnerAe);
        assert_eq!(rules(&open(&partner_ae, &deal, json!([stand.claim(0, "SOURCED")])).await), ["NOTHING_DECLARED"]);
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(2)).await;
        let direct = json!({ "dealId": deal, "direct": true });
        ok(&stand.revops.change("attributionDeclare", direct.clone(), "deal { id }").await);
        let opened = open(&partner_ae, &deal, json!([stand.claim(0, "SOURCED")])).await;
        assert_eq!(ok(&opened)["dispute"]["kind"], "CONTEST");
        assert_eq!(rules(&stand.advance(&deal, &stand.first).await), ["CLAIM_CONTESTED"]);
        assert_eq!(rules(&stand.revops.change("attributionDeclare", direct, "deal { id }").await), ["CLAIM_CONTESTED"]);
        ok(&decide(&stand.revops, &opened["dispute"]["id"], "CHANGED", json!({})).await);
        let passed = stand.advance(&deal, &stand.first).await;
        assert_eq!(ok(&passed)["deal"]["attributions"][0]["state"], "SOURCED");
        // After the lock the same is a dispute, and only by those who may.
        let manager = open(&own, &deal, json!([stand.claim(0, "ACCELERATED")])).await;
        assert_eq!(ok(&manager)["dispute"]["kind"], "DISPUTE");
        ok(&decide(&stand.revops, &manager["dispute"]["id"], "UPHELD", json!({})).await);
        assert_eq!(attributions(&stand.revops, &deal).await["attributions"][0]["state"], "SOURCED");
        for role in [Role::Revops, Role::Operator, Role::Finance, Role::Leadership] {
            let input = json!({ "dealId": deal, "direct": true, "evidence": "x" });
            let document = "mutation($input: DisputeOpenInput!) { disputeOpen(input: $input) { replayed } }";
            let answer = app.as_role(role).query_with(document, json!({ "input": input })).await;
            assert!(!answer.body["errors"].is_null(), "{role:?}");
        }
    });
}

#[test]
fn a_decision_rests_on_what_was_recorded_by_the_lock() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Too late", true).await;
        ok(&stand.revops.change("attributionDeclare", json!({ "dealId": deal, "direct": true }), "deal { id }").await);
        ok(&stand.advance(&deal, &stand.first).await);
        app.clock.advance(TimeDelta::hours(1));
        let stand = Stand { revops: app.as_role(Role::Revops), ..stand };
        // It happened before the lock, and was recorded after it.
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(2)).await;
        let in_pod = json!({ "id": deal, "facts": { "podId": global_id("Pod", app.world.home.pods[0]) } });
        ok(&stand.revops.change("dealUpdate", in_pod, "deal { id }").await);
        let opened = open(&app.as_role(Role::PartnerAe), &deal, json!([stand.claim(0, "SOURCED")])).await;
        let id = &ok(&opened)["dispute"]["id"];
        assert_eq!(rules(&decide(&stand.revops, id, "CHANGED", json!({})).await), ["INTRODUCTION_MISSING"]);
        let two = json!({ "partners": [stand.claim(0, "SOURCED"), stand.claim(1, "SOURCED")] });
        assert!(rules(&decide(&stand.revops, id, "CHANGED", two).await).contains(&"TWO_SOURCED"));
        let decided = decide(&stand.revops, id, "UPHELD", json!({})).await;
        assert_eq!(ok(&decided)["dispute"]["decided"], json!([]));
    });
}

#[test]
fn a_late_amendment_is_flagged_and_read_only_when_it_is_asked_for() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Late help", true).await;
        let amend = async |partner: usize, state: &str| {
            let input = json!({ "dealId": deal, "partnerId": stand.partners[partner], "state": state, "evidence": "Unblocked legal." });
            stand.revops.change("attributionAmend", input, "deal { declaration attributions { state isLate } }").await
        };
        assert_eq!(rules(&amend(0, "ACCELERATED").await), ["NOT_LOCKED"]);
        ok(&stand.revops.change("attributionDeclare", json!({ "dealId": deal, "direct": true }), "deal { id }").await);
        ok(&stand.advance(&deal, &stand.first).await);
        assert_eq!(rules(&amend(0, "SOURCED").await), ["SOURCED_NEVER_LATE"]);
        assert_eq!(rules(&amend(0, "EXPANSION_OR_RETENTION").await), ["STATE_DOES_NOT_FIT_KIND"]);
        assert_eq!(rules(&amend(0, "ACCELERATED").await), ["TOUCH_MISSING"]);
        stand.log(&deal, 0, "MEETING", TimeDelta::hours(1)).await;
        let amended = amend(0, "ACCELERATED").await;
        assert_eq!(ok(&amended)["deal"]["attributions"], json!([{ "state": "ACCELERATED", "isLate": true }]));
        assert_eq!(amended["deal"]["declaration"], "DIRECT");
        assert_eq!(rules(&amend(0, "ACCELERATED").await), ["ALREADY_ATTRIBUTED"]);
        // Every measure can be read without it (the default) and with it.
        let won = json!({ "id": deal, "facts": { "outcome": "WON", "closedOn": "2026-09-30", "arr": { "amount": "7", "currency": "USD" } } });
        ok(&stand.revops.change("dealUpdate", won, "deal { id }").await);
        let read = "query($p: ID!, $late: Boolean!) {
            programTotals(includeLate: $late) { influenced { deals } attributed { accelerated { deals } } attachRateWon { direct { deals } }
              trend { influenced { deals } } }
            scorecard(partnerId: $p, includeLate: $late) { attributed { accelerated { deals } } }
            auditMatrix(includeLate: $late) { cells { partner { name } trustGap { coSell { won } direct { won } } } } }";
        let numbers = async |late: bool| {
            let data =
                stand.revops.query_with(read, json!({ "p": stand.partners[0], "late": late })).await.data().clone();
            let cells = data["auditMatrix"]["cells"].as_array().unwrap();
            let cell = cells.iter().find(|cell| cell["partner"]["name"] == "Northwind").unwrap();
            let trend: i64 = data["programTotals"]["trend"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["influenced"]["deals"].as_i64().unwrap())
                .sum();
            json!([
                data["programTotals"]["influenced"]["deals"],
                data["programTotals"]["attributed"]["accelerated"]["deals"],
                data["programTotals"]["attachRateWon"]["direct"]["deals"],
                trend,
                data["scorecard"]["attributed"]["accelerated"]["deals"],
                cell["trustGap"]["coSell"]["won"],
                cell["trustGap"]["direct"]["won"],
            ])
        };
        // The world has one influenced deal, four direct wins, and seven wins of the first partner.
        assert_eq!(numbers(false).await, json!([1, 0, 5, 1, 0, 7, 5]));
        assert_eq!(numbers(true).await, json!([2, 1, 4, 2, 1, 8, 4]));
    });
}

/// Taken back before the decision by who opened it: the reading stands, the deal can be locked, and the ledger says so.
#[test]
fn a_contest_is_taken_back_by_who_opened_it_before_it_is_decided() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = stand.deal("Taken back", true).await;
        let in_pod = json!({ "id": deal, "facts": { "podId": global_id("Pod", app.world.home.pods[0]) } });
        ok(&stand.revops.change("dealUpdate", in_pod, "deal { id }").await);
        let direct = json!({ "dealId": deal, "direct": true });
        ok(&stand.revops.change("attributionDeclare", direct, "deal { id }").await);
        let (partner_ae, other) = (app.as_role(Role::PartnerAe), app.as_role(Role::CustomerAe));
        let opened = open(&partner_ae, &deal, json!([stand.claim(0, "SOURCED")])).await;
        let id = ok(&opened)["dispute"]["id"].clone();
        let select = "dispute { state reason decided { state } decidedAt withdrawnAt version }";
        let withdraw = async |seat: &Seat<'_>, more: Value| {
            let mut input = json!({ "id": id, "reason": "We talked, and it was direct." });
            input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            seat.change("disputeWithdraw", input, select).await
        };
        assert_eq!(rules(&withdraw(&other, json!({})).await), ["NOT_THE_OPENER"]);
        assert_eq!(rules(&withdraw(&partner_ae, json!({ "expectedVersion": 7 })).await), ["STALE_VERSION"]);
        assert_eq!(rules(&withdraw(&partner_ae, json!({ "reason": " " })).await), ["REQUIRED"]);
        assert_eq!(rules(&stand.advance(&deal, &stand.first).await), ["CLAIM_CONTESTED"]);
        let gone = withdraw(&partner_ae, json!({ "expectedVersion": 1 })).await;
        let at = "2026-10-05T09:00:00Z";
        let expected = json!({ "state": "WITHDRAWN", "reason": "We talked, and it was direct.", "decided": null, "decidedAt": null,
            "withdrawnAt": at, "version": 2 });
        assert_eq!(ok(&gone)["dispute"], expected);
        assert_eq!(rules(&withdraw(&partner_ae, json!({})).await), ["ALREADY_DECIDED"]);
        assert_eq!(rules(&decide(&stand.revops, &id, "UPHELD", json!({})).await), ["ALREADY_DECIDED"]);
        let listed = "{ disputes(filter: { states: [WITHDRAWN] }) { totalCount } }";
        assert_eq!(partner_ae.query(listed).await.data()["disputes"]["totalCount"], 1);
        // Nothing stands in the way of the lock any more, nor of another dispute of the same seat.
        assert_eq!(ok(&stand.advance(&deal, &stand.first).await)["deal"]["attributions"], json!([]));
        ok(&open(&partner_ae, &deal, json!([stand.claim(0, "INFLUENCED")])).await);
        let entries = "{ ledgerEntries(filter: { kind: { eq: DISPUTE_WITHDRAWN } }) { edges { node { kind } } } }";
        let entries = stand.revops.query(entries).await.data()["ledgerEntries"]["edges"].clone();
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        for program in api::usecase::program::all(&app.office).await.unwrap() {
            let found = api::usecase::check::check(&app.office, &program).await.unwrap();
            assert!(found.differences.is_empty(), "{:?}", found.differences);
        }
    });
}

/// A partner's tokens expire, and each has a seat of its own: any of the partner's takes back what another of them opened.
#[test]
fn a_partner_takes_its_dispute_back_with_another_token_and_never_its_rivals() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        let deal = locked(&stand, "Second token").await;
        let seat = async |subject: &str, partner: usize| {
            let seat = json!({ "issuer": domain::seat::DEV_ISSUER, "subject": subject, "role": "PARTNER", "name": subject,
                "partnerIds": [stand.partners[partner]] });
            ok(&stand.revops.change("seatGrant", seat, "seat { id }").await);
        };
        seat("second@home", 0).await;
        seat("rival@home", 1).await;
        let opened = open(&app.as_role(Role::Partner), &deal, json!([stand.claim(0, "INFLUENCED")])).await;
        let input = json!({ "id": ok(&opened)["dispute"]["id"], "reason": "settled" });
        let withdraw = async |subject: &str| {
            app.as_subject(subject).change("disputeWithdraw", input.clone(), "dispute { state }").await
        };
        assert_eq!(withdraw("rival@home").await["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(ok(&withdraw("second@home").await)["dispute"]["state"], "WITHDRAWN");
    });
}
