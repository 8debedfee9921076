//! docs/WALKTHROUGH.md, run as it is written: every document with its variables, by the role that it names, from top to bottom.

use crate::scenario::{DAY, import, program, subject};
use crate::scenario_facts::Files;
use crate::support::{App, Seat, on_sqlite};
use domain::role::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A step of the page.
#[derive(Default)]
struct Step {
    title: String,
    role: String,
    document: String,
    variables: String,
    /// Names, and where their values are under `data`.
    keep: Vec<(String, String)>,
    /// The kept list that it is sent for, and what of an element must be what.
    each: Option<(String, Option<(String, String)>)>,
    /// The rule that refuses it.
    refused: Option<String>,
}

/// What stands in backticks in a text, in order.
fn marked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn steps(page: &str) -> Vec<Step> {
    page.split("\n### ").skip(1).map(step).collect()
}

fn step(text: &str) -> Step {
    // What comes before the next chapter.
    let text = text.split("\n## ").next().unwrap();
    let mut step = Step { title: text.lines().next().unwrap().to_owned(), ..Step::default() };
    let mut prose = String::new();
    // Blocks and prose alternate.
    for (at, part) in text.split("\n```").enumerate() {
        if at % 2 == 0 {
            prose.push_str(part);
            continue;
        }
        let (language, body) = part.split_once('\n').unwrap();
        match language {
            "graphql" => body.clone_into(&mut step.document),
            "json" => body.clone_into(&mut step.variables),
            other => panic!("{}: a block of {other}", step.title),
        }
    }
    let prose = prose.replace('\n', " ");
    step.role = prose
        .split("As **")
        .nth(1)
        .unwrap_or_else(|| panic!("{}: no role", step.title))
        .split("**")
        .next()
        .unwrap()
        .to_owned();
    for found in prose.split("Keep ").skip(1) {
        let [name, place] = &marked(found)[..2] else { panic!("{}: {found}", step.title) };
        step.keep.push((name.clone(), place.clone()));
    }
    if let Some(found) = prose.split("Once for each ").nth(1) {
        let sentence = marked(found.split(". ").next().unwrap());
        let filter = (sentence.len() == 3).then(|| (sentence[1].clone(), sentence[2].clone()));
        step.each = Some((sentence[0].clone(), filter));
    }
    step.refused = prose.split("Refused with ").nth(1).map(|found| marked(found)[0].clone());
    step
}

/// The variables with what was kept in its places.
fn fill(value: Value, kept: &BTreeMap<String, Value>, each: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}")) {
            Some(name) => {
                let found = match name.strip_prefix("each/") {
                    Some(place) => each.pointer(&format!("/{place}")),
                    None => kept.get(name),
                };
                found.unwrap_or_else(|| panic!("nothing was kept as {name}")).clone()
            }
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|item| fill(item, kept, each)).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, fill(value, kept, each))).collect(),
        other => other,
    }
}

/// The user errors of whatever mutations answered.
fn user_errors(data: &Value) -> Vec<&Value> {
    data.as_object().unwrap().values().filter_map(|payload| payload["userErrors"].as_array()).flatten().collect()
}

fn seat<'a>(app: &'a App, role: &str, kept: &BTreeMap<String, Value>) -> Seat<'a> {
    let role: Role = role.parse().unwrap();
    match role {
        Role::Partner => app.with_token(kept["partnerToken"].as_str().unwrap()),
        role => app.as_subject(&subject(role)),
    }
}

async fn run(app: &App, step: &Step, kept: &mut BTreeMap<String, Value>) {
    let seat = seat(app, &step.role, kept);
    let written: Value =
        if step.variables.is_empty() { json!({}) } else { serde_json::from_str(&step.variables).unwrap() };
    let elements = match &step.each {
        None => vec![Value::Null],
        Some((list, filter)) => {
            let fits = |it: &&Value| filter.as_ref().is_none_or(|(place, word)| it.pointer(place).unwrap() == word);
            kept[list].as_array().unwrap().iter().filter(fits).cloned().collect()
        }
    };
    for each in &elements {
        let answer = seat.query_with(&step.document, fill(written.clone(), kept, each)).await;
        let data = answer.data();
        let errors = user_errors(data);
        match &step.refused {
            Some(rule) => assert!(errors.iter().any(|error| error["rule"] == **rule), "{}: {data}", step.title),
            None => assert!(errors.is_empty(), "{}: {data}", step.title),
        }
        for (name, place) in &step.keep {
            let found = data.pointer(place).filter(|found| !found.is_null());
            kept.insert(name.clone(), found.unwrap_or_else(|| panic!("{}: no {place} in {data}", step.title)).clone());
        }
    }
}

#[test]
fn the_walkthrough_runs_as_it_is_written() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/WALKTHROUGH.md")).unwrap();
    let steps = steps(&page);
    let files = Files::write(DAY);
    on_sqlite(async |app| {
        app.clock.set(format!("{DAY}T15:00:00Z").parse().unwrap());
        program(&app, &files).await;
        let [revops, finance] = [Role::Revops, Role::Finance].map(|role| app.as_subject(&subject(role)));
        import(&app, &files, &revops, &finance).await;
        let mut kept = BTreeMap::from([("today".to_owned(), json!(DAY))]);
        for step in &steps {
            run(&app, step, &mut kept).await;
        }
        // What the last steps were for.
        let budget = kept["budget"].as_str().unwrap();
        assert!(!budget.starts_with('-') && budget.bytes().any(|digit| (b'1'..=b'9').contains(&digit)), "{budget}");
        let page = app.as_subject(&subject(Role::Finance)).get(kept["document"].as_str().unwrap()).await;
        assert!(page.contains("<html") && page.contains(kept["quarter"].as_str().unwrap()), "{page}");
    });
    // Every mutation that the page names is in it as a step.
    let documents: String = steps.iter().map(|step| step.document.as_str()).collect();
    for mutation in [
        "iterationOpen",
        "tierDecide",
        "recruitSectionWrite",
        "recruitPlanPublish",
        "segmentUpdate",
        "penetrationSet",
        "plannedSpendSet",
        "forecastPublish",
        "stageCommitmentSet",
        "stageDeploymentPlanPublish",
        "foundationStepActivate",
        "tokenMint",
        "registrationSubmit",
        "registrationDecide",
    ] {
        assert!(documents.contains(&format!("{mutation}(input: $input)")), "{mutation}");
    }
}
