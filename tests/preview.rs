//! What a draft of the policy would have changed in past quarters: bands, expiries, gates, promises; and that nothing is written.

use crate::registration::{approved, at};
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

async fn tried(app: &App, values: Value, quarter: &str, select: &str) -> Value {
    let draft = json!({ "title": "Tried", "values": values });
    let made = app.as_role(Role::Revops).change("policyDraft", draft, "draft { id }").await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let document = format!(
        "query($id: ID!, $quarters: [Quarter!]!) {{ policyPreview(draftId: $id, quarters: $quarters) {{ quarters {{ {select} }} }} }}"
    );
    let variables = json!({ "id": made["draft"]["id"], "quarters": [quarter] });
    let answer = app.as_role(Role::Operator).query_with(&document, variables).await;
    answer.data()["policyPreview"]["quarters"][0].clone()
}

const AMOUNT: &str = "{ before { amount } after { amount } delta { amount } }";

fn amount(of: &Value) -> (&Value, &Value) {
    (&of["before"]["amount"], &of["after"]["amount"])
}

/// The world of `tam`: Southbay's 10,000.00 for no segment at 2.4x, THIN and below 3x, counts 1x in CONSERVATIVE. At 0.5x it counts
/// 5,000.00: the total falls from -258,712.84 to -263,712.84. No other line and no other band takes that number.
#[test]
fn the_bands_of_a_past_quarter_under_a_draft_differ_by_the_line_that_takes_its_number() {
    on_every_backend(async |app| {
        crate::tam::planned(&app).await;
        let select = format!(
            "quarter bands {{ quarter compared differ conservative {AMOUNT} base {AMOUNT} stretch {AMOUNT}
               lines {{ component partner {{ name }} segment {{ name }} conservative {AMOUNT} base {AMOUNT} }} }}"
        );
        let bands = tried(&app, json!({ "tamThinYieldMultiple": "0.5" }), "2026-Q3", &select).await["bands"].clone();
        assert_eq!(bands["quarter"], "2026-Q4", "the four quarters after it");
        assert_eq!(amount(&bands["conservative"]), (&json!("-258712.84"), &json!("-263712.84")), "{bands}");
        assert_eq!(bands["conservative"]["delta"]["amount"], "-5000.00");
        for band in ["base", "stretch"] {
            let (before, after) = amount(&bands[band]);
            assert!(before.is_string() && before == after, "{bands}");
        }
        let lines = bands["lines"].as_array().unwrap();
        assert_eq!((lines.len(), &bands["differ"]), (1, &json!(1)), "{bands}");
        assert!(bands["compared"].as_i64().unwrap() > 1, "{bands}");
        let line = &lines[0];
        assert_eq!((&line["component"], &line["partner"]["name"]), (&json!("SOURCED"), &json!("Southbay")));
        assert_eq!(
            (line["segment"].is_null(), amount(&line["conservative"])),
            (true, (&json!("10000.00"), &json!("5000.00")))
        );
        // What the preview calls the policy of that day is the forecast as it would be published now.
        let draft = app
            .as_role(Role::Operator)
            .query("{ forecastDraft { conservative { total { amount { amount } } } } }")
            .await;
        assert_eq!(draft.data()["forecastDraft"]["conservative"]["total"]["amount"]["amount"], "-258712.84");
        // A number that no forecast takes changes none of it.
        let other = tried(&app, json!({ "creditHalfLifeDays": 10 }), "2026-Q3", &select).await["bands"].clone();
        assert_eq!(
            (&other["differ"], &other["lines"], &other["compared"]),
            (&json!(0), &json!([]), &bands["compared"])
        );
    });
}

const EXPIRIES: &str = "expiries { registrationsCompared registrationsDiffer registrations { registrationId before { lastOn clock state } after { lastOn clock state } }
    gatesCompared gatesDiffer gates { stateBefore stateAfter isMissedBefore isMissedAfter } }";

/// Approved on Monday, 5 October 2026, and never met: 21 days end on the 26th, 60 on 4 December, 100 on 13 January 2027.
#[test]
fn registrations_and_gates_of_a_past_quarter_would_have_ended_otherwise() {
    on_every_backend(async |app| {
        approved(&app, "https://silent.example.org").await;
        app.clock.set(at("2027-01-05T09:00:00Z"));
        let found =
            tried(&app, json!({ "registrationMeetingDays": 60 }), "2026-Q4", EXPIRIES).await["expiries"].clone();
        assert_eq!((&found["registrationsCompared"], &found["registrationsDiffer"]), (&json!(1), &json!(1)), "{found}");
        let one = &found["registrations"][0];
        assert_eq!(one["before"], json!({ "lastOn": "2026-10-26", "clock": "NO_MEETING_21D", "state": "EXPIRED" }));
        assert_eq!(one["after"], json!({ "lastOn": "2026-12-04", "clock": "NO_MEETING_21D", "state": "EXPIRED" }));
        assert_eq!((&found["gatesDiffer"], &found["gates"]), (&json!(0), &json!([])), "no gate runs by that number");
        // The two open deals of the world were registered that day, too: long after the time of their lock of February had passed, which no number
        // of this draft mends.
        assert_eq!(found["gatesCompared"], 3, "{found}");
        let values = json!({ "registrationPrimarySaleDays": 100, "registrationMeetingDays": 100, "registrationValidityDays": 100 });
        let found = tried(&app, values, "2026-Q4", EXPIRIES).await["expiries"].clone();
        assert_eq!(
            found["registrations"][0]["after"],
            json!({ "lastOn": "2027-01-13", "clock": "NO_MEETING_21D", "state": "APPROVED" })
        );
        let gate = json!({ "stateBefore": "LAPSED", "stateAfter": "AWAITING", "isMissedBefore": true, "isMissedAfter": false });
        assert_eq!((&found["gatesDiffer"], &found["gates"]), (&json!(1), &json!([gate])), "{found}");
        // Of another quarter there is nothing.
        let none = tried(&app, json!({ "registrationMeetingDays": 60 }), "2026-Q3", EXPIRIES).await["expiries"].clone();
        assert_eq!((&none["registrationsCompared"], &none["gatesCompared"]), (&json!(0), &json!(0)));
    });
}

#[test]
fn promises_of_a_past_quarter_are_counted_under_both_terms_and_states_say_why_they_are_not() {
    on_every_backend(async |app| {
        crate::registration::submit(&app.as_role(Role::Partner), "https://unheard.example.org").await;
        // Nobody touches it: due on Monday at 11:00, under four business hours at 13:00.
        app.clock.set(at("2027-01-05T09:00:00Z"));
        let select = "states { differ reason } promises { kind owner compared byContract dueOtherwise missedBefore missedAfter metBefore metAfter runningBefore runningAfter }";
        let found = tried(&app, json!({ "slaFirstTouchBusinessHours": 4 }), "2026-Q4", select).await;
        let of =
            |kind: &str| found["promises"].as_array().unwrap().iter().find(|it| it["kind"] == kind).unwrap().clone();
        let touch = of("FIRST_TOUCH");
        // Two of the world's own were stopped; all three would have been due later, and the one that was missed still is.
        assert_eq!(
            (
                &touch["compared"],
                &touch["byContract"],
                &touch["dueOtherwise"],
                &touch["missedBefore"],
                &touch["missedAfter"]
            ),
            (&json!(3), &json!(0), &json!(3), &json!(1), &json!(1)),
            "{found}"
        );
        assert_eq!(of("ROUTING")["dueOtherwise"], 0, "{found}");
        assert_eq!(found["states"]["differ"], Value::Null);
        assert!(found["states"]["reason"].as_str().unwrap().contains("Signal Strength"));
    });
}
