//! Foundation through the API: the build order, two signatures, the confidence check, on both back ends.

use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

const STATE: &str = "foundation { next steps { step isActive isByTemplate unsigned version } }";

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or_default()).collect()
}

async fn write(app: &App, step: &str, parts: &[&str]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|part| json!({ "part": part, "text": "as we agreed" })).collect();
    app.as_role(Role::Operator).change("foundationStepWrite", json!({ "step": step, "parts": parts }), STATE).await
}

async fn sign(app: &App, role: Role, step: &str) -> Value {
    app.as_role(role).change("foundationStepSign", json!({ "step": step }), STATE).await
}

async fn activate(app: &App, step: &str) -> Value {
    app.as_role(Role::Operator).change("foundationStepActivate", json!({ "step": step }), STATE).await
}

const MOTION: &[&str] = &["TRIGGER", "MATCH_CRITERIA", "BRIEFING_TEMPLATE", "ACTIVITY_LOGGING_STANDARD"];
const FRAMEWORK: &[&str] = &["SOURCED_DEFINITION", "CO_SELL_DEFINITION", "INFLUENCED_DEFINITION"];
const LAYER: &[&str] = &["PROGRAM_LEVELS", "PARTNER_TOKENS", "REGISTRATION_RULES"];

#[test]
fn a_program_starts_from_the_template_and_activates_the_last_step_itself() {
    on_every_backend(async |app| {
        let ask = "{ foundation { next steps { step isActive isByTemplate version } } }";
        let answer = app.as_role(Role::CustomerAe).query(ask).await;
        let foundation = &answer.data()["foundation"];
        assert_eq!(foundation["next"], "ADMINISTRATIVE_LAYER");
        let first = json!({ "step": "CO_SELL_MOTION", "isActive": true, "isByTemplate": true, "version": 0 });
        assert_eq!(foundation["steps"][0], first);
        assert_eq!(foundation["steps"][3]["isActive"], false);
        assert_eq!(rules(&activate(&app, "ADMINISTRATIVE_LAYER").await), ["DEFINITION_INCOMPLETE"]);
        let wrong = write(&app, "ADMINISTRATIVE_LAYER", &["TRIGGER"]).await;
        assert_eq!(wrong["userErrors"][0]["path"], json!(["input", "parts", "0", "text"]));
        write(&app, "ADMINISTRATIVE_LAYER", LAYER).await;
        let done = activate(&app, "ADMINISTRATIVE_LAYER").await;
        assert_eq!(done["foundation"]["next"], Value::Null, "{done}");
    });
}

#[test]
fn a_step_waits_for_the_one_before_it_and_the_answer_says_which() {
    on_every_backend(async |app| {
        let give_back =
            async || app.as_role(Role::Operator).change("foundationTemplateGiveBack", json!({}), STATE).await;
        assert_eq!(give_back().await["foundation"]["next"], "CO_SELL_MOTION");
        write(&app, "CAPABILITY_MAP", &["CAPABILITY_STANDARD"]).await;
        let refused = activate(&app, "CAPABILITY_MAP").await;
        assert_eq!(rules(&refused), ["FOUNDATION_STEP_MISSING"]);
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().starts_with("CO_SELL_MOTION is not active"));
        write(&app, "CO_SELL_MOTION", MOTION).await;
        assert_eq!(activate(&app, "CO_SELL_MOTION").await["foundation"]["next"], "ATTRIBUTION_FRAMEWORK");
        assert_eq!(rules(&give_back().await), ["OWN_STEP_ACTIVE"]);
    });
}

#[test]
fn the_attribution_framework_is_agreed_by_revops_and_by_finance() {
    on_every_backend(async |app| {
        let step = "ATTRIBUTION_FRAMEWORK";
        assert_eq!(rules(&sign(&app, Role::Finance, step).await), ["NOTHING_TO_SIGN"]);
        let written = write(&app, step, FRAMEWORK).await;
        assert_eq!(written["foundation"]["steps"][1]["unsigned"], json!(["REVOPS", "FINANCE"]), "{written}");
        // What is in force stays in force until the draft is activated.
        assert_eq!(written["foundation"]["steps"][1]["isByTemplate"], true);
        assert_eq!(rules(&activate(&app, step).await), ["SIGN_OFF_MISSING"]);
        sign(&app, Role::Revops, step).await;
        assert_eq!(rules(&activate(&app, step).await), ["SIGN_OFF_MISSING"]);
        sign(&app, Role::Finance, step).await;
        // A changed word is to be agreed to again.
        write(&app, step, FRAMEWORK).await;
        assert_eq!(rules(&activate(&app, step).await), ["SIGN_OFF_MISSING"]);
        let stale = json!({ "step": step, "expectedVersion": 1 });
        let stale = app.as_role(Role::Finance).change("foundationStepSign", stale, STATE).await;
        assert_eq!(stale["userErrors"][0]["code"], "STALE_VERSION");
        sign(&app, Role::Revops, step).await;
        sign(&app, Role::Finance, step).await;
        let done = activate(&app, step).await;
        let state = &done["foundation"]["steps"][1];
        assert_eq!((&state["isActive"], &state["isByTemplate"]), (&json!(true), &json!(false)), "{done}");
        assert_eq!(rules(&sign(&app, Role::Revops, "CAPABILITY_MAP").await), ["NOTHING_TO_SIGN"]);
    });
}

/// 9 deals were sourced and won in the trailing four quarters (the shared one once), all with ARR, for 20,000.00 of spend; nothing was closed in
/// 2026-Q3, the last completed quarter, so no deal of it is documented: PROGRAM. As of July, the last quarter is 2026-Q2.
#[test]
fn all_four_questions_are_yes_or_it_is_a_program() {
    on_every_backend(async |app| {
        let select = "confidenceCheck { result failing documentedDeals sourcedWon withoutArr spend { amount } }";
        let answer = async |question: &str| {
            let input =
                json!({ "question": question, "isYes": true, "statement": "Partners open doors that we cannot." });
            app.as_role(Role::Operator).change("confidenceAnswer", input, select).await
        };
        let cosign = async |question: &str| {
            app.as_role(Role::Leadership).change("confidenceCosign", json!({ "question": question }), select).await
        };
        assert_eq!(rules(&cosign("ONE_SENTENCE").await), ["ANSWER_MISSING"]);
        assert_eq!(rules(&answer("ROI_FROM_CRM").await), ["QUESTION_IS_COMPUTED"]);
        let first = answer("ONE_SENTENCE").await;
        let expected = json!({ "result": "PROGRAM", "failing": ["ONE_SENTENCE", "SALES_WITHOUT_YOU", "THREE_DOCUMENTED_DEALS"],
            "documentedDeals": 0, "sourcedWon": 9, "withoutArr": 0, "spend": { "amount": "20000.00" } });
        assert_eq!(first["confidenceCheck"], expected, "{first}");
        assert_eq!(
            cosign("ONE_SENTENCE").await["confidenceCheck"]["failing"],
            json!(["SALES_WITHOUT_YOU", "THREE_DOCUMENTED_DEALS"])
        );
        app.clock.set("2026-07-06T09:00:00Z".parse().unwrap());
        for question in ["ONE_SENTENCE", "SALES_WITHOUT_YOU"] {
            answer(question).await;
            cosign(question).await;
        }
        let ask = format!("{{ {select} }}");
        let july = app.as_role(Role::Finance).query(&ask).await;
        assert_eq!(july.data()["confidenceCheck"]["result"], "SYSTEM", "{:?}", july.data());
        // Answered anew, it is to be co-signed anew.
        assert_eq!(answer("ONE_SENTENCE").await["confidenceCheck"]["failing"], json!(["ONE_SENTENCE"]));
        assert_eq!(app.as_role(Role::Partner).query(&ask).await.status, 400);
    });
}
