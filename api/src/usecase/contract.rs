//! Contract terms with partners: read, and agreed as versions that hold from a day on.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::ledger::rows;
use super::office::Caller;
use chrono::NaiveDate;
use domain::contract::{Agreed, CommercialModel, ContractNumber, ContractTerms, NotAgreed, SharedField, in_force};
use domain::ledger::{EntryKind, FACT, INSIDE};
use domain::role::Action;
use domain::text;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is agreed.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The first day it holds.
    pub starts_on: NaiveDate,
    /// The last day it holds; none while no end is agreed.
    pub ends_on: Option<NaiveDate>,
    /// What the agreement is about.
    pub scope: String,
    /// Where it holds, in words.
    pub territory: String,
    /// How the partner is paid.
    pub commercial_model: CommercialModel,
    /// The same in words.
    pub commercial_terms: Option<String>,
    /// Terms of market development funds.
    pub mdf_terms: Option<String>,
    /// The vendor's share of a claim, 0 to 1.
    pub mdf_match_rate: Option<Decimal>,
    /// What the two sides show each other.
    pub shared_fields: Vec<SharedField>,
    /// The numbers in place of the policy's, each once.
    pub numbers: Vec<(ContractNumber, i64)>,
    /// The vendor's own note.
    pub note: Option<String>,
}

/// The terms with a partner that hold on a day, for the clocks that begin then, whatever the caller sees of them.
pub(super) async fn on(work: &Work<'_>, partner: Uuid, day: NaiveDate) -> Result<Option<ContractTerms>, Failure> {
    Ok(entity::contract_terms::on(&work.tx, &work.whole()?, partner, day).await?)
}

/// The terms with a partner that hold today; none where there are none, and for a partner that the caller may not see.
///
/// # Errors
/// [`Failure`].
pub async fn present(caller: &Caller, partner: Uuid) -> Result<Option<ContractTerms>, Failure> {
    let (today, versions) = versions(caller, partner).await?;
    Ok(in_force(&versions, today).cloned())
}

/// All versions of the terms with a partner that the caller may see, the latest first, and the program's day.
///
/// # Errors
/// [`Failure`].
pub async fn versions(caller: &Caller, partner: Uuid) -> Result<(NaiveDate, Vec<ContractTerms>), Failure> {
    let slice = caller.authorise(Action::ReadContracts)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    Ok((today, entity::contract_terms::of_partner(store, slice, partner).await?))
}

fn read(facts: &Facts) -> Result<(Agreed, Option<String>), Failure> {
    let mut problems = Problems::default();
    let scope = problems.take("scope", text::name(&facts.scope, 4000));
    let territory = problems.take("territory", text::name(&facts.territory, 4000));
    let mut prose = |path: &str, given: &Option<String>| {
        let given = given.as_deref()?;
        problems.take(path, text::name(given, 4000))
    };
    let commercial_terms = prose("commercialTerms", &facts.commercial_terms);
    let mdf_terms = prose("mdfTerms", &facts.mdf_terms);
    let note = prose("note", &facts.note);
    let mut numbers = BTreeMap::new();
    for (at, (number, given)) in facts.numbers.iter().enumerate() {
        let path = ["numbers", &at.to_string(), "value"];
        match number.of(*given) {
            Err(why) => problems.push(Problem::at(path, ProblemCode::Invalid, why)),
            Ok(value) if numbers.insert(*number, value).is_some() => {
                problems.push(Problem::at(path, ProblemCode::Invalid, "each number is given once"));
            }
            Ok(_) => {}
        }
    }
    problems.settle()?;
    let agreed = Agreed {
        scope: scope.unwrap_or_default(),
        territory: territory.unwrap_or_default(),
        commercial_model: facts.commercial_model,
        commercial_terms,
        mdf_terms,
        mdf_match_rate: facts.mdf_match_rate,
        shared_fields: facts.shared_fields.iter().copied().collect(),
        numbers,
    };
    Ok((agreed, note))
}

fn refused(why: NotAgreed) -> Failure {
    let (path, code, rule) = match why {
        NotAgreed::Retroactive => ("startsOn", ProblemCode::RuleRefused, Some("CONTRACT_RETROACTIVE")),
        NotAgreed::EndsBeforeStart => ("endsOn", ProblemCode::Invalid, None),
        NotAgreed::NotAShare => ("mdfMatchRate", ProblemCode::Invalid, None),
    };
    let problem = Problem::at([path], code, why.to_string());
    rule.map_or_else(|| problem.clone(), |rule| problem.clone().by(rule)).into()
}

/// Records a version of the terms with a partner, after those that there are. The done row is the partner.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn agree(
    caller: &Caller,
    partner: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageContracts, key, async |work| {
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let before = entity::contract_terms::of_partner(&work.tx, work.slice, partner).await?;
        let latest = before.first().map_or(0, |terms| terms.version);
        work.expect_version(latest, expected)?;
        let (agreed, note) = read(&facts)?;
        let terms = ContractTerms {
            id: work.id(),
            partner_id: partner,
            version: latest + 1,
            starts_on: facts.starts_on,
            ends_on: facts.ends_on,
            agreed,
            note,
            seat_id: work.seat_id(),
            recorded_at: work.now,
        };
        terms.may_be_agreed(program.calendar.day(work.now)).map_err(refused)?;
        // Two that agree at once read the same latest version: the second reads again.
        entity::contract_terms::insert(&work.tx, work.slice, &terms)
            .await
            .map_err(|why| if entity::store::is_unique_violation(&why) { Failure::Stale } else { why.into() })?;
        let mut body = json!({
            "version": terms.version, "startsOn": terms.starts_on, "endsOn": terms.ends_on, "agreed": terms.agreed,
        });
        // Finance reads the ledger and not the vendor's notes: the note stands in the record of changes alone.
        let mut facts = body.clone();
        facts[INSIDE] = json!({ FACT: rows::contract_terms(&terms) });
        work.enter(EntryKind::ContractAgreed, "ContractTerms", terms.id, &[partner], facts);
        (body["partnerId"], body["note"]) = (json!(partner), json!(terms.note));
        work.record("contract.agree", "ContractTerms", terms.id, body);
        Ok(partner)
    })
    .await
}
