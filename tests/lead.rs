//! Leads from their receipt to the deal they become, on both back ends; who sees them, and how many sales accepts.

use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use chrono::TimeDelta;
use domain::role::Role;
use serde_json::{Value, json};

const LEAD: &str = "lead { id name class priority state receivedAt decideBy version ownerName route sourcePartner { name } sourceDetail referralToken accountDomain }";
/// What a partner's token may ask for.
const STATUS: &str =
    "lead { id name class state receivedAt decideBy decidedAt refusal isOverdue sourcePartner { name } }";

async fn record(seat: &Seat<'_>, input: Value, select: &str) -> Value {
    seat.change("leadRecord", input, select).await
}

async fn queue(seat: &Seat<'_>, filter: Value) -> Vec<Value> {
    let query = "query($f: LeadFilter) { leads(first: 100, filter: $f) { totalCount edges { node { name state } } } }";
    let found = seat.query_with(query, json!({ "f": filter })).await.data()["leads"].clone();
    let rows: Vec<Value> = found["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["name"].clone()).collect();
    assert_eq!(found["totalCount"], rows.len());
    rows
}

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

#[test]
fn an_eql_goes_before_every_other_lead_and_is_due_sooner() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let plain =
            record(&revops, json!({ "name": "Paid click", "source": "PAID", "sourceDetail": "utm=brand" }), LEAD).await;
        assert_eq!((&plain["lead"]["class"], &plain["lead"]["priority"]), (&json!("MQL"), &json!("NORMAL")), "{plain}");
        assert_eq!(
            (&plain["lead"]["receivedAt"], &plain["lead"]["decideBy"]),
            (&json!("2026-10-05T09:00:00Z"), &json!("2026-10-07T09:00:00Z"))
        );
        app.clock.advance(TimeDelta::hours(30));
        let warm = json!({ "name": "Warm", "sourcePartnerId": partner(&app, 0), "referralToken": "aff-7" });
        let warm = record(&app.as_role(Role::Revops), warm, LEAD).await;
        assert_eq!((&warm["lead"]["class"], &warm["lead"]["priority"]), (&json!("EQL"), &json!("HIGH")), "{warm}");
        assert_eq!(warm["lead"]["decideBy"], "2026-10-06T19:00:00Z");
        // No account is known, so the partner's manager has it, at once.
        assert_eq!(
            (&warm["lead"]["ownerName"], &warm["lead"]["route"]),
            (&json!("PARTNER_MANAGER of home"), &json!("RULE"))
        );
        assert_eq!(plain["lead"]["ownerName"], Value::Null, "no rule fits a lead without a partner");
        let revops = app.as_role(Role::Revops);
        assert_eq!(queue(&revops, json!({})).await, ["Warm", "Paid click"]);
        assert_eq!(queue(&revops, json!({ "class": { "eq": "EQL" } })).await, ["Warm"]);
        assert_eq!(queue(&revops, json!({ "hasOwner": false })).await, ["Paid click"]);
        assert_eq!(queue(&revops, json!({ "sourceDetail": { "eq": "utm=brand" } })).await, ["Paid click"]);
        assert_eq!(queue(&revops, json!({ "referralToken": { "eq": "aff-7" } })).await, ["Warm"]);
        let asked = format!("{{ node(id: {}) {{ ... on Lead {{ name isOverdue }} }} }}", plain["lead"]["id"]);
        assert_eq!(revops.query(&asked).await.data()["node"], json!({ "name": "Paid click", "isOverdue": false }));
        app.clock.advance(TimeDelta::hours(18));
        assert_eq!(app.as_role(Role::Revops).query(&asked).await.data()["node"]["isOverdue"], false, "inclusive");
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(app.as_role(Role::Revops).query(&asked).await.data()["node"]["isOverdue"], true);
    });
}

#[test]
fn bad_leads_are_refused_and_leave_no_trace() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let abroad = global_id("Partner", app.world.rival.partners[0]);
        for (input, code, rule) in [
            (json!({ "name": "" }), "INVALID", Value::Null),
            (json!({ "name": "x", "account": "not a domain" }), "INVALID", Value::Null),
            (json!({ "name": "x", "receivedAt": "2026-10-05T09:00:01Z" }), "INVALID", Value::Null),
            (json!({ "name": "x", "class": "EQL" }), "RULE_REFUSED", json!("LEAD_WITHOUT_PARTNER")),
            (
                json!({ "name": "x", "source": "PAID", "sourcePartnerId": partner(&app, 0) }),
                "RULE_REFUSED",
                json!("LEAD_SOURCE_CONTRADICTS"),
            ),
            (json!({ "name": "x", "sourcePartnerId": abroad }), "NOT_FOUND", Value::Null),
            (json!({ "name": "x", "sourceDetail": "y".repeat(501) }), "INVALID", Value::Null),
        ] {
            let refused = record(&revops, input.clone(), LEAD).await;
            assert_eq!(
                (&refused["userErrors"][0]["code"], &refused["userErrors"][0]["rule"]),
                (&json!(code), &rule),
                "{input}"
            );
        }
        // A Partner Manager records on behalf of its own partners only.
        let manager = app.as_role(Role::PartnerManager);
        let other = record(&manager, json!({ "name": "x", "sourcePartnerId": partner(&app, 1) }), LEAD).await;
        assert_eq!(other["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(record(&manager, json!({ "name": "x" }), LEAD).await["userErrors"][0]["code"], "REQUIRED");
        assert_eq!(queue(&revops, json!({})).await, Vec::<Value>::new());
    });
}

#[test]
fn a_partner_records_its_own_leads_and_sees_their_status_only() {
    on_every_backend(async |app| {
        let (revops, outside) = (app.as_role(Role::Revops), app.as_role(Role::Partner));
        let input = json!({ "name": "Ours", "account": "https://ours.example.org", "idempotencyKey": "k" });
        let made = record(&outside, input.clone(), STATUS).await;
        assert_eq!(
            (&made["lead"]["class"], &made["lead"]["sourcePartner"]["name"]),
            (&json!("EQL"), &json!("Northwind")),
            "{made}"
        );
        assert_eq!(record(&outside, input, STATUS).await["lead"]["id"], made["lead"]["id"], "one key is one lead");
        record(&revops, json!({ "name": "Theirs", "sourcePartnerId": partner(&app, 1) }), LEAD).await;
        assert_eq!(queue(&outside, json!({})).await, ["Ours"]);
        assert_eq!(queue(&app.as_role(Role::PartnerManager), json!({})).await, ["Ours"]);
        assert_eq!(queue(&app.as_role(Role::PartnerAe), json!({})).await, ["Ours"]);
        assert_eq!(queue(&app.as_role(Role::CustomerAe), json!({})).await, Vec::<Value>::new());
        // It names no other partner, reads nothing of the inside, and decides nothing.
        for document in [
            "mutation { leadRecord(input: { name: \"x\", sourcePartnerId: \"y\" }) { replayed } }",
            "{ leads { edges { node { note } } } }",
            "{ leads { edges { node { ownerName } } } }",
            "mutation { leadAccept(input: { id: \"x\" }) { replayed } }",
            "{ salAcceptance { groups { rate } } }",
        ] {
            assert_eq!(outside.query(document).await.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{document}");
        }
        assert_eq!(
            app.as_role(Role::Finance).query("{ leads { totalCount } }").await.codes(),
            ["GRAPHQL_VALIDATION_FAILED"]
        );
        let theirs = queue(&revops, json!({ "sourcePartnerId": { "eq": partner(&app, 1) } })).await;
        assert_eq!(theirs, ["Theirs"]);
        let refuse = json!({ "id": made["lead"]["id"], "reason": "NOT_A_FIT", "note": "too small" });
        let refused = app.as_role(Role::PartnerManager).change("leadRefuse", refuse, "lead { state note }").await;
        assert_eq!(refused["lead"], json!({ "state": "REFUSED", "note": "too small" }), "{refused}");
        let asked = format!("{{ lead(id: {}) {{ state refusal decidedAt }} }}", made["lead"]["id"]);
        let told = outside.query(&asked).await.data()["lead"].clone();
        assert_eq!((&told["state"], &told["refusal"]), (&json!("REFUSED"), &json!("NOT_A_FIT")));
        assert_ne!(told["decidedAt"], Value::Null);
    });
}

#[test]
fn an_accepted_lead_becomes_a_deal_that_keeps_its_source_to_closed_won() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let input = json!({ "name": "Ours", "sourcePartnerId": partner(&app, 0), "sourceDetail": "agent=a7", "referralToken": "t-7", "account": "northwind.example.com", "contactRole": "CFO" });
        let made = record(&revops, input, LEAD).await;
        let id = made["lead"]["id"].clone();
        let early = revops.change("leadConvert", json!({ "id": id }), "lead { state }").await;
        assert_eq!(early["userErrors"][0]["rule"], "LEAD_NOT_ACCEPTED", "{early}");
        let stale = revops.change("leadAccept", json!({ "id": id, "expectedVersion": 9 }), LEAD).await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE_VERSION");
        let accepted =
            app.as_role(Role::PartnerAe).change("leadAccept", json!({ "id": id, "expectedVersion": 1 }), LEAD).await;
        assert_eq!(
            (&accepted["lead"]["state"], &accepted["lead"]["version"]),
            (&json!("ACCEPTED"), &json!(2)),
            "{accepted}"
        );
        let twice = revops.change("leadRefuse", json!({ "id": id, "reason": "NO_NEED" }), LEAD).await;
        assert_eq!(twice["userErrors"][0]["rule"], "LEAD_DECIDED");
        let select =
            "lead { state deal { id name source sourcePartner { name } sourceDetail referralToken account { name } } }";
        let arr = json!({ "amount": "12000", "currency": "USD" });
        let converted = revops.change("leadConvert", json!({ "id": id, "arr": arr }), select).await;
        let deal = &converted["lead"]["deal"];
        assert_eq!(converted["lead"]["state"], "CONVERTED", "{converted}");
        let expected = ("Ours", "PARTNER", "Northwind", "agent=a7", "t-7");
        let found = (
            &deal["name"],
            &deal["source"],
            &deal["sourcePartner"]["name"],
            &deal["sourceDetail"],
            &deal["referralToken"],
        );
        assert_eq!(
            found,
            (&json!(expected.0), &json!(expected.1), &json!(expected.2), &json!(expected.3), &json!(expected.4))
        );
        let again = revops.change("leadConvert", json!({ "id": id }), select).await;
        assert_eq!(again["userErrors"][0]["rule"], "LEAD_NOT_ACCEPTED");
        // Nobody rewrites the tag, and the deal is won with it.
        let facts = json!({ "sourcePartnerId": partner(&app, 1) });
        let rewritten = revops.change("dealUpdate", json!({ "id": deal["id"], "facts": facts }), "deal { id }").await;
        assert_eq!(rewritten["userErrors"][0]["rule"], "SOURCE_PARTNER_FIXED");
        // What a partner did is declared apart from where the lead came from.
        let declare = json!({ "dealId": deal["id"], "direct": true });
        let declared = revops.change("attributionDeclare", declare, "deal { declaration }").await;
        assert_eq!(declared["deal"]["declaration"], "DIRECT", "{declared}");
        let facts = json!({ "outcome": "WON", "closedOn": "2026-10-05" });
        let won = revops
            .change(
                "dealUpdate",
                json!({ "id": deal["id"], "facts": facts }),
                "deal { outcome sourcePartner { name } }",
            )
            .await;
        assert_eq!(won["deal"], json!({ "outcome": "WON", "sourcePartner": { "name": "Northwind" } }), "{won}");
    });
}

#[test]
fn sal_acceptance_is_counted_by_source_and_partner_and_flagged_under_seventy_percent() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        // Received in the third quarter: partner 0 accepted 6 of 10, partner 1 7 of 10, paid 1 of 2; one still open.
        let day = "2026-09-01T10:00:00Z";
        for (who, count, accepted) in [(Some(0), 10, 6), (Some(1), 10, 7), (None, 2, 1)] {
            for at in 0..count {
                let mut input = json!({ "name": format!("L{at}"), "receivedAt": day });
                match who {
                    Some(who) => input["sourcePartnerId"] = json!(partner(&app, who)),
                    None => input["source"] = json!("PAID"),
                }
                let id = record(&revops, input, LEAD).await["lead"]["id"].clone();
                let (mutation, input) = if at < accepted {
                    ("leadAccept", json!({ "id": id }))
                } else {
                    ("leadRefuse", json!({ "id": id, "reason": "NOT_A_FIT" }))
                };
                assert_eq!(revops.change(mutation, input, "replayed").await["userErrors"], json!([]));
            }
        }
        record(&revops, json!({ "name": "open", "receivedAt": day, "sourcePartnerId": partner(&app, 0) }), LEAD).await;
        // Of this quarter, which the trailing four do not hold.
        record(&revops, json!({ "name": "now", "sourcePartnerId": partner(&app, 0) }), LEAD).await;
        let query = "query($g: LeadGroup!) { salAcceptance(groupBy: $g) { from to groups { group accepted refused open overdue rate evidence isUnderBar interval { low high level } reason { code } } } }";
        let ask = async |role: Role, group: &str| {
            app.as_role(role).query_with(query, json!({ "g": group })).await.data()["salAcceptance"]["groups"]
                .as_array()
                .unwrap()
                .clone()
        };
        let by = |groups: &[Value], name: &str| groups.iter().find(|group| group["group"] == name).unwrap().clone();
        let partners = ask(Role::Revops, "PARTNER").await;
        let north = by(&partners, "Northwind");
        assert_eq!(
            (&north["accepted"], &north["refused"], &north["open"], &north["overdue"]),
            (&json!(6), &json!(4), &json!(1), &json!(1)),
            "{north}"
        );
        assert_eq!(
            (&north["rate"], &north["evidence"], &north["isUnderBar"]),
            (&json!("0.600000000000"), &json!("SOLID"), &json!(true))
        );
        assert_eq!(by(&partners, "Southbay")["isUnderBar"], false, "70 % is not under 70 %");
        let paid = by(&partners, "(none)");
        assert_eq!(
            (&paid["rate"], &paid["evidence"], &paid["isUnderBar"]),
            (&json!("0.500000000000"), &json!("THIN"), &Value::Null)
        );
        let sources = ask(Role::Leadership, "SOURCE").await;
        let theirs = by(&sources, "PARTNER");
        assert_eq!((&theirs["rate"], &theirs["isUnderBar"]), (&json!("0.650000000000"), &json!(true)), "{theirs}");
        // A Partner Manager reads the same number of its own partner, and does not learn of the other.
        let own = ask(Role::PartnerManager, "PARTNER").await;
        assert_eq!(by(&own, "Northwind"), north);
        assert!(own.iter().all(|group| group["group"] != "Southbay"));
        let all = app
            .as_role(Role::Revops)
            .query("{ salAcceptance(groupBy: CLASS, window: ALL) { groups { group open } } }")
            .await;
        assert_eq!(
            all.data()["salAcceptance"]["groups"],
            json!([{ "group": "EQL", "open": 2 }, { "group": "MQL", "open": 0 }])
        );
    });
}

#[test]
fn a_lead_is_given_to_a_seat_that_may_decide() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let seats = revops.query("{ seats(first: 100) { edges { node { id role } } } }").await;
        let seat = |role: &str| {
            let edges = seats.data()["seats"]["edges"].as_array().unwrap().clone();
            edges.into_iter().find(|edge| edge["node"]["role"] == role).unwrap()["node"]["id"].clone()
        };
        let id = record(&revops, json!({ "name": "Click", "source": "PAID" }), LEAD).await["lead"]["id"].clone();
        let to =
            async |role: &str| revops.change("leadAssign", json!({ "id": id, "ownerSeatId": seat(role) }), LEAD).await;
        assert_eq!(to("FINANCE").await["userErrors"][0]["code"], "NOT_FOUND");
        let given = to("CUSTOMER_AE").await;
        assert_eq!(
            (&given["lead"]["route"], &given["lead"]["ownerName"]),
            (&json!("HAND"), &json!("CUSTOMER_AE of home")),
            "{given}"
        );
        let closer = app.as_role(Role::CustomerAe);
        assert_eq!(queue(&closer, json!({})).await, ["Click"]);
        closer.change("leadAccept", json!({ "id": id }), "lead { state }").await;
        let select = "lead { state deal { name outcome } }";
        let converted = closer.change("leadConvert", json!({ "id": id }), select).await;
        assert_eq!(
            converted["lead"]["deal"],
            json!({ "name": "Click", "outcome": "OPEN" }),
            "its owner owns the deal: {converted}"
        );
        assert_eq!(to("PARTNER_AE").await["userErrors"][0]["rule"], "LEAD_DECIDED");
    });
}

#[test]
fn a_lead_is_routed_by_the_programs_rules_and_its_promises_are_on_the_clock() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let clocks = async |kind: &str| {
            let read =
                "{ slaClocks(first: 50) { edges { node { kind state dueAt metAt subjectType partner { name } } } } }";
            let found = app.as_role(Role::Revops).query(read).await.data()["slaClocks"]["edges"].clone();
            let of = |node: &Value| node["kind"] == kind && node["subjectType"] == "Lead";
            found.as_array().unwrap().iter().map(|edge| edge["node"].clone()).filter(of).collect::<Vec<Value>>()
        };
        // No rule fits what no partner brings: it waits for RevOps, and the promise of minutes runs.
        let bare = record(&revops, json!({ "name": "Bare", "source": "PAID" }), LEAD).await["lead"].clone();
        assert_eq!((&bare["ownerName"], &bare["route"]), (&Value::Null, &Value::Null));
        assert_eq!((clocks("ROUTING").await.len(), &clocks("ROUTING").await[0]["state"]), (1, &json!("RUNNING")));
        assert_eq!(clocks("ROUTING").await[0]["dueAt"], "2026-10-05T09:15:00Z");
        let seats =
            revops.query("{ seats(first: 50) { edges { node { id name } } } }").await.data()["seats"]["edges"].clone();
        let of = |name: &str| {
            let found = seats.as_array().unwrap().iter().find(|edge| edge["node"]["name"] == name);
            found.unwrap_or_else(|| panic!("{seats}"))["node"]["id"].clone()
        };
        app.clock.advance(TimeDelta::minutes(15));
        let input = json!({ "id": bare["id"], "ownerSeatId": of("CUSTOMER_AE of home") });
        app.as_role(Role::Revops).change("leadAssign", input, "lead { id }").await;
        assert_eq!(clocks("ROUTING").await[0]["state"], "MET", "inclusive");
        // A rule for a domain comes before the partner's manager.
        let routes = json!({ "routes": [{ "domain": "acme.example.org", "seatId": of("CUSTOMER_AE of home") }] });
        let set = app.as_role(Role::Revops).change("registrationRoutesSet", routes, "__typename").await;
        assert_eq!(set["userErrors"], json!([]), "{set}");
        let acme =
            json!({ "name": "Acme", "account": "https://www.acme.example.org", "sourcePartnerId": partner(&app, 0) });
        let revops = app.as_role(Role::Revops);
        let acme = record(&revops, acme, LEAD).await["lead"].clone();
        assert_eq!((&acme["ownerName"], &acme["route"]), (&json!("CUSTOMER_AE of home"), &json!("RULE")));
        assert_eq!(clocks("ROUTING").await.iter().filter(|clock| clock["state"] == "MET").count(), 2);
        // The first touch is a promise to the partner: two business hours, kept by who speaks to the lead.
        let touch = async || {
            let all = clocks("FIRST_TOUCH").await;
            all.into_iter().find(|clock| clock["partner"]["name"] == "Northwind").unwrap()
        };
        assert_eq!(
            (&touch().await["state"], &touch().await["dueAt"]),
            (&json!("RUNNING"), &json!("2026-10-05T11:15:00Z"))
        );
        app.clock.advance(TimeDelta::hours(2));
        let touched =
            app.as_role(Role::CustomerAe).change("leadTouch", json!({ "id": acme["id"] }), "lead { state }").await;
        assert_eq!(touched["lead"]["state"], "OPEN", "{touched}");
        assert_eq!(touch().await["state"], "MET", "inclusive");
        // What was decided is not touched any more.
        let revops = app.as_role(Role::Revops);
        revops.change("leadAccept", json!({ "id": acme["id"] }), "lead { id }").await;
        let late = revops.change("leadTouch", json!({ "id": acme["id"] }), "lead { id }").await;
        assert_eq!(late["userErrors"][0]["rule"], "LEAD_DECIDED");
    });
}
