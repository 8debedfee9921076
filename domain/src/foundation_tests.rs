//! The build order and the confidence check, at every edge.

use super::*;

fn bare(step: FoundationStep) -> StepRecord {
    StepRecord { active: None, by_template: false, ..StepRecord::template(step) }
}

fn whole(step: FoundationStep) -> Definition {
    step.parts().iter().map(|part| (*part, "as agreed".to_owned())).collect()
}

#[test]
fn a_program_starts_from_the_template_with_three_steps_in_force() {
    let steps: Vec<StepRecord> = FoundationStep::iter().map(StepRecord::template).collect();
    assert_eq!(next_step(&steps), Some(FoundationStep::AdministrativeLayer));
    assert!(steps[..3].iter().all(|record| {
        record.by_template && record.active.as_ref().is_some_and(|words| words.len() == record.step.parts().len())
    }));
}

#[test]
fn a_step_waits_for_the_one_before_it() {
    use FoundationStep::{AdministrativeLayer, CapabilityMap, CoSellMotion};
    let mut steps: Vec<StepRecord> = FoundationStep::iter().map(bare).collect();
    assert_eq!(
        may_activate(AdministrativeLayer, &steps),
        Err(FoundationRefusal::StepMissing("CO_SELL_MOTION")),
        "the first one that is missing"
    );
    assert_eq!(may_activate(CoSellMotion, &steps), Err(FoundationRefusal::DefinitionIncomplete("TRIGGER")));
    steps[0].active = Some(whole(CoSellMotion));
    assert_eq!(may_activate(CapabilityMap, &steps), Err(FoundationRefusal::StepMissing("ATTRIBUTION_FRAMEWORK")));
    assert_eq!(next_step(&steps), Some(FoundationStep::AttributionFramework));
}

#[test]
fn the_attribution_framework_takes_two_signatures() {
    let step = FoundationStep::AttributionFramework;
    let mut steps: Vec<StepRecord> = FoundationStep::iter().map(StepRecord::template).collect();
    let mut draft = whole(step);
    draft.insert(DefinitionPart::InfluencedDefinition, String::new());
    steps[1].draft = Some(draft);
    assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::DefinitionIncomplete("INFLUENCED_DEFINITION")));
    steps[1].draft = Some(whole(step));
    assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::SignOffMissing("REVOPS")));
    let signed = Some(SignOff { seat_id: Uuid::nil(), at: DateTime::UNIX_EPOCH });
    steps[1].revops = signed;
    assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::SignOffMissing("FINANCE")));
    steps[1].finance = signed;
    assert_eq!(may_activate(step, &steps), Ok(()));
}

#[test]
fn all_four_are_yes_or_it_is_a_program() {
    let answer = |question, cosigned| ConfidenceAnswer {
        id: Uuid::nil(),
        quarter: Quarter::from_index(8104),
        question,
        is_yes: true,
        statement: "partners open doors that we cannot".into(),
        seat_id: Uuid::nil(),
        cosigned_by: cosigned,
        version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
    };
    let signed = Some(SignOff { seat_id: Uuid::nil(), at: DateTime::UNIX_EPOCH });
    let facts = ConfidenceFacts { sourced_won: 9, without_arr: 0, spend_minor: 1, documented_deals: Some(3) };
    let both =
        |first| [answer(ConfidenceQuestion::OneSentence, first), answer(ConfidenceQuestion::SalesWithoutYou, signed)];
    assert_eq!(confidence(&both(signed), &facts).1, ConfidenceResult::System);
    assert_eq!(confidence(&both(None), &facts).1, ConfidenceResult::Program, "nobody co-signed");
    for facts in [
        ConfidenceFacts { documented_deals: Some(2), ..facts },
        ConfidenceFacts { documented_deals: None, ..facts },
        ConfidenceFacts { sourced_won: 0, ..facts },
        ConfidenceFacts { without_arr: 1, ..facts },
        ConfidenceFacts { spend_minor: 0, ..facts },
    ] {
        assert_eq!(confidence(&both(signed), &facts).1, ConfidenceResult::Program);
    }
}

/// LOOP.md, Foundation: a trigger, a matched partner and a documented outcome on at least three deals. Without a trigger there is no such
/// deal, and the answer says what to set.
#[test]
fn a_no_that_is_computed_says_what_is_lacking() {
    use ConfidenceQuestion::{OneSentence, RoiFromCrm, ThreeDocumentedDeals};
    let facts = ConfidenceFacts { sourced_won: 9, without_arr: 2, spend_minor: 1, documented_deals: None };
    assert!(facts.lacks(ThreeDocumentedDeals).unwrap().contains("cosellTriggersSet"));
    assert!(facts.lacks(RoiFromCrm).unwrap().starts_with("2 of the 9 deals"));
    let two = ConfidenceFacts { documented_deals: Some(2), spend_minor: 0, ..facts };
    assert!(two.lacks(ThreeDocumentedDeals).unwrap().starts_with("2 of at least 3 deals"));
    assert!(two.lacks(RoiFromCrm).unwrap().starts_with("no spend"));
    let whole = ConfidenceFacts { documented_deals: Some(3), without_arr: 0, ..facts };
    assert_eq!(
        (whole.lacks(ThreeDocumentedDeals), whole.lacks(RoiFromCrm), facts.lacks(OneSentence)),
        (None, None, None)
    );
}

/// LOOP.md, Foundation: only then 4 the administrative layer, with portal tokens for partners. The template has no such step.
#[test]
fn portal_tokens_come_with_the_administrative_layer() {
    let mut steps: Vec<StepRecord> = FoundationStep::iter().map(StepRecord::template).collect();
    assert_eq!(may_have_portal_tokens(&steps), Err(FoundationRefusal::StepMissing("ADMINISTRATIVE_LAYER")));
    steps[3].active = Some(whole(FoundationStep::AdministrativeLayer));
    assert_eq!(may_have_portal_tokens(&steps), Ok(()));
}
