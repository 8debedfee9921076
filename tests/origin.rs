//! Where deals came from, the partner of an account and ids in other systems: by file and by hand, on both back ends.

use crate::support::import::Bench;
use crate::support::world::{global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::import::import;
use domain::import::Object;
use domain::import::run::ImportRun;
use domain::role::Role;
use serde_json::{Value, json};

/// Imports into the first program of the world.
async fn load(app: &App, object: Object, file: &str, map: &str) -> ImportRun {
    let folder = tempfile::tempdir().unwrap();
    let (path, mapping) = (folder.path().join("file.csv"), folder.path().join("map.toml"));
    std::fs::write(&path, file).unwrap();
    std::fs::write(&mapping, map).unwrap();
    let caller = somebody(&app.office, app.world.home.program, Role::Revops);
    import(&caller, Bench::request(object, &path, &mapping), &|_| {}).await.unwrap()
}

/// The codes of the rows of a run that were not simply accepted, by row.
async fn reasons(app: &App, run: &ImportRun) -> Vec<String> {
    let query = "query($id: ID!) { importRun(id: $id) { rows(first: 100) { edges { node { problems { code } } } } } }";
    let id = global_id("ImportRun", run.id);
    let answer = app.as_role(Role::Revops).query_with(query, json!({ "id": id })).await;
    let edges = answer.data()["importRun"]["rows"]["edges"].as_array().unwrap().clone();
    edges.iter().map(|edge| edge["node"]["problems"][0]["code"].as_str().unwrap().to_owned()).collect()
}

/// The deals that a filter lets through, by name.
async fn deals(app: &App, role: Role, filter: Value, select: &str) -> Vec<Value> {
    let query = format!(
        "query($f: DealFilter) {{ deals(first: 100, filter: $f, orderBy: {{field: NAME}}) {{ edges {{ node {{ {select} }} }} }} }}"
    );
    let answer = app.as_role(role).query_with(&query, json!({ "f": filter })).await;
    answer.data()["deals"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

const DEALS: &str = r#"
system = "Salesforce"
[fields]
external_id = "id"
name = "name"
outcome = "outcome"
opened_on = "opened"
closed_on = "closed"
source_partner = "source"
source_detail = "detail"
referral_token = "token"
[refs]
hubspot = "hs"
[attribution]
partner = "partner"
state = { constant = "SOURCED" }
otherwise = "direct"
"#;
const HEADER: &str = "id,name,outcome,opened,closed,source,detail,token,hs,partner\n";

#[test]
fn the_source_partner_of_a_file_survives_every_later_file_and_every_change() {
    on_every_backend(async |app| {
        let first = format!(
            "{HEADER}T1,Tagged,OPEN,2026-01-05,,P-0,agent=a7,tok-1,h1,P-0\nT2,Bare,OPEN,2026-01-05,,,,,h2,\nT3,Two minds,OPEN,2026-01-05,,P-1,,,h3,P-0\n"
        );
        let run = load(&app, Object::Deals, &first, DEALS).await;
        assert_eq!((run.counts.created, run.counts.accepted, run.counts.warned), (3, 2, 1));
        assert_eq!(reasons(&app, &run).await, ["SOURCE_DIFFERS"]);
        let select = "id name outcome sourcePartner { name } sourceDetail referralToken version";
        let partner = global_id("Partner", app.world.home.partners[0]);
        let filter = json!({ "sourcePartnerId": { "eq": partner } });
        let tagged = deals(&app, Role::Revops, filter.clone(), select).await;
        assert_eq!(tagged.len(), 1, "{tagged:?}");
        assert_eq!(tagged[0]["sourcePartner"]["name"], "Northwind");
        assert_eq!((&tagged[0]["sourceDetail"], &tagged[0]["referralToken"]), (&json!("agent=a7"), &json!("tok-1")));
        // Agent-sourced leads apart, and whom a token is to be billed to.
        for filter in [json!({ "sourceDetail": { "eq": "agent=a7" } }), json!({ "referralToken": { "in": ["tok-1"] } })]
        {
            assert_eq!(deals(&app, Role::Revops, filter, "name").await, [json!({ "name": "Tagged" })]);
        }
        // The partner of the deal sees its own tag; another partner's is not there.
        assert_eq!(
            deals(&app, Role::Partner, json!({}), "name sourcePartner { name }")
                .await
                .iter()
                .filter(|deal| deal["name"] == "Tagged")
                .count(),
            1
        );
        let minds = deals(&app, Role::Partner, json!({}), "name sourcePartner { name }").await;
        assert!(minds.iter().any(|deal| *deal == json!({ "name": "Two minds", "sourcePartner": null })), "{minds:?}");
        // The same file twice changes nothing; one that empties the cell leaves the tag, to closed-won.
        assert_eq!(load(&app, Object::Deals, &first, DEALS).await.counts.unchanged, 3);
        let won = format!("{HEADER}T1,Tagged,WON,2026-01-05,2026-06-30,,,,,P-0\n");
        assert_eq!(load(&app, Object::Deals, &won, DEALS).await.counts.changed, 1);
        let after = deals(&app, Role::Revops, filter, select).await;
        assert_eq!((&after[0]["outcome"], &after[0]["sourceDetail"]), (&json!("WON"), &json!("agent=a7")));
        // One that names another partner is held whole; one that adds what was missing is taken.
        let other =
            format!("{HEADER}T1,Renamed,WON,2026-01-05,2026-06-30,P-1,,,,P-0\nT2,Bare,OPEN,2026-01-05,,P-1,,tok-2,,\n");
        let run = load(&app, Object::Deals, &other, DEALS).await;
        assert_eq!(
            (run.counts.held, run.counts.changed, reasons(&app, &run).await),
            (1, 1, vec!["SOURCE_FIXED".into()])
        );
        assert_eq!(
            deals(&app, Role::Revops, json!({ "referralToken": { "eq": "tok-2" } }), "name sourcePartner { name }")
                .await,
            [json!({ "name": "Bare", "sourcePartner": { "name": "Southbay" } })]
        );
        // Nor does a mutation change it.
        let revops = app.as_role(Role::Revops);
        let second = global_id("Partner", app.world.home.partners[1]);
        let facts = json!({ "sourcePartnerId": second, "sourceDetail": "mine", "name": "Renamed" });
        let refused =
            revops.change("dealUpdate", json!({ "id": after[0]["id"], "facts": facts }), "deal { name }").await;
        let rules: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|error| &error["rule"]).collect();
        assert_eq!(rules, ["SOURCE_PARTNER_FIXED", "SOURCE_DETAIL_FIXED"], "{refused}");
        let kept =
            deals(&app, Role::Revops, json!({ "referralToken": { "eq": "tok-1" } }), "name sourcePartner { name }")
                .await;
        assert_eq!(kept, [json!({ "name": "Tagged", "sourcePartner": { "name": "Northwind" } })]);
    });
}

#[test]
fn a_deal_is_tagged_by_hand_before_its_lock_and_not_after() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let partner = global_id("Partner", app.world.home.partners[0]);
        let facts =
            json!({ "name": "By hand", "openedOn": "2026-09-01", "sourcePartnerId": partner, "referralToken": "t" });
        let select = "deal { id version sourcePartner { id } referralToken sourceDetail }";
        let made = revops.change("dealCreate", json!({ "facts": facts }), select).await;
        assert_eq!(made["deal"]["sourcePartner"]["id"], json!(partner), "{made}");
        let id = made["deal"]["id"].clone();
        let more = revops.change("dealUpdate", json!({ "id": id, "facts": { "sourceDetail": "utm=x" } }), select).await;
        assert_eq!((&more["deal"]["sourceDetail"], &more["deal"]["version"]), (&json!("utm=x"), &json!(2)));
        let same = revops.change("dealUpdate", json!({ "id": id, "facts": { "sourceDetail": "utm=x" } }), select).await;
        assert_eq!(same["deal"]["version"], 2, "saying the same again is no change");
        let open = global_id("Deal", app.world.home.open[0]);
        let late =
            revops.change("dealUpdate", json!({ "id": open, "facts": { "sourcePartnerId": partner } }), select).await;
        assert_eq!(late["userErrors"][0]["rule"], "SOURCE_PARTNER_LATE", "{late}");
        let nobody = json!({ "facts": { "name": "Nobody", "openedOn": "2026-09-01", "sourcePartnerId": "x" } });
        assert_eq!(revops.change("dealCreate", nobody, select).await["userErrors"][0]["code"], "NOT_FOUND");
        assert!(deals(&app, Role::Revops, json!({}), "name").await.iter().all(|deal| deal["name"] != "Nobody"));
    });
}

#[test]
fn an_account_has_its_partner_its_integration_and_its_cloud_accounts() {
    on_every_backend(async |app| {
        let map = "system = \"sfdc\"\n[fields]\nexternal_id = \"id\"\nname = \"name\"\nregion = \"region\"\nsegment = \"segment\"\npartner = \"partner_id\"\npartner_type = { column = \"partner_type\", map = { VAR = \"RESELLER\" } }\noverlap_reason = \"overlap_reason\"\nintegration_present = \"integration_present\"\nintegrations = { column = \"apps\", separator = \";\" }\n[refs]\naws = { column = \"aws\", separator = \" \" }\nAzure = \"azure\"\n";
        let header =
            "id,name,region,segment,partner_id,partner_type,overlap_reason,integration_present,apps,aws,azure\n";
        let file = format!(
            "{header}A1,One,EMEA,Enterprise,P-0,VAR,shared champion,Y,,111 112,z1\nA2,Two,EMEA,Enterprise,P-1,,,N,,,\nA3,Three,,Enterprise,,VAR,,,,,\nA4,Four,,Enterprise,,,,N,Slack,,\nA5,Five,,Enterprise,,,,,,111,\n"
        );
        let run = load(&app, Object::Accounts, &file, map).await;
        assert_eq!((run.counts.created, run.counts.refused, run.counts.held), (2, 1, 2));
        assert_eq!(reasons(&app, &run).await, ["PARTNER_MISSING", "INTEGRATION_CONTRADICTS", "REF_TAKEN"]);
        let select = "id name region overlapReason integrationPresent partnerKind partner { name } externalRefs { system externalId } aws: externalRefs(system: \"AWS\") { externalId }";
        let query =
            format!("query($f: AccountFilter) {{ accounts(filter: $f) {{ edges {{ node {{ {select} }} }} }} }}");
        let revops = app.as_role(Role::Revops);
        let found = async |filter: Value| {
            let answer = revops.query_with(&query, json!({ "f": filter })).await;
            answer.data()["accounts"]["edges"]
                .as_array()
                .unwrap()
                .iter()
                .map(|edge| edge["node"].clone())
                .collect::<Vec<_>>()
        };
        let one = found(json!({ "externalRef": { "system": "aws", "id": "112" } })).await;
        assert_eq!(one.len(), 1);
        assert_eq!(one[0]["aws"], json!([{ "externalId": "111" }, { "externalId": "112" }]));
        assert_eq!(one[0]["externalRefs"].as_array().unwrap().len(), 4, "{one:?}");
        assert_eq!(
            (&one[0]["partner"]["name"], &one[0]["partnerKind"], &one[0]["integrationPresent"]),
            (&json!("Northwind"), &json!("RESELLER"), &json!(true))
        );
        assert_eq!((&one[0]["region"], &one[0]["overlapReason"]), (&json!("EMEA"), &json!("shared champion")));
        let partner = global_id("Partner", app.world.home.partners[1]);
        let two = found(json!({ "partnerId": { "eq": partner }, "integrationPresent": false })).await;
        assert_eq!((two.len(), &two[0]["name"]), (1, &json!("Two")));
        assert_eq!(
            load(&app, Object::Accounts, &file, map).await.counts.unchanged,
            2,
            "the same file twice changes nothing"
        );
        // An emptied cell takes the partner away, as with every field that the mapping names.
        let emptied = format!("{header}A2,Two,EMEA,Enterprise,,,,N,,,\n");
        assert_eq!(load(&app, Object::Accounts, &emptied, map).await.counts.changed, 1);
        assert_eq!(found(json!({ "partnerId": { "eq": partner } })).await, Vec::<Value>::new());
        // By hand.
        let change = async |facts: Value| {
            revops
                .change(
                    "accountUpdate",
                    json!({ "id": two[0]["id"], "facts": facts }),
                    "account { partnerKind partner { name } integrationPresent version }",
                )
                .await
        };
        let set = change(json!({ "partnerId": partner, "integrationPresent": true })).await;
        assert_eq!(
            set["account"],
            json!({ "partnerKind": "RESELLER", "partner": { "name": "Southbay" }, "integrationPresent": true, "version": 2 }),
            "{set}"
        );
        assert_eq!(change(json!({ "partnerKind": "MSP" })).await["account"]["partnerKind"], "MSP");
        assert_eq!(change(json!({ "partnerId": null })).await["account"]["partner"], Value::Null);
        assert_eq!(
            change(json!({ "partnerKind": "MSP" })).await["userErrors"][0]["path"],
            json!(["input", "partnerKind"])
        );
        let contradicts = change(json!({ "integrations": ["Slack"], "integrationPresent": false })).await;
        assert_eq!(contradicts["userErrors"][0]["path"], json!(["input", "integrationPresent"]));
    });
}

#[test]
fn one_deal_of_two_systems_is_one_deal_and_ids_that_clash_are_held() {
    on_every_backend(async |app| {
        let first = format!("{HEADER}T1,One,OPEN,2026-01-05,,,,,h1,\nT2,Two,OPEN,2026-01-05,,,,,h2,\n");
        assert_eq!(load(&app, Object::Deals, &first, DEALS).await.counts.created, 2);
        // HubSpot's own export, which carries the Salesforce id.
        let map = "system = \"hubspot\"\n[fields]\nexternal_id = \"id\"\nname = \"name\"\noutcome = \"outcome\"\nopened_on = \"opened\"\n[refs]\nsalesforce = \"sf\"\n[attribution]\notherwise = \"unknown\"\n";
        let header = "id,name,outcome,opened,sf\n";
        let theirs = format!(
            "{header}h1,One there,OPEN,2026-01-05,T1\nh9,Nine,OPEN,2026-01-05,\nh8,Clash,OPEN,2026-01-05,T2\nT2,Foreign,OPEN,2026-01-05,\n"
        );
        let run = load(&app, Object::Deals, &theirs, map).await;
        assert_eq!((run.counts.changed, run.counts.created, run.counts.held), (1, 1, 2), "{:?}", run.counts);
        assert_eq!(reasons(&app, &run).await, ["REF_TAKEN", "ID_OF_ANOTHER_SYSTEM"]);
        let by = async |system: &str, id: &str| {
            let filter = json!({ "externalRef": { "system": system, "id": id } });
            deals(&app, Role::Revops, filter, "name externalId").await
        };
        assert_eq!(by("HubSpot", "h1").await, [json!({ "name": "One there", "externalId": "T1" })]);
        assert_eq!(by("salesforce", "T1").await, by("hubspot", "h1").await);
        assert_eq!(by("hubspot", "h9").await, [json!({ "name": "Nine", "externalId": "h9" })]);
        assert_eq!(load(&app, Object::Deals, &theirs, map).await.counts.unchanged, 2);
    });
}

#[test]
fn ids_in_other_systems_are_given_and_taken_away_by_revops() {
    on_every_backend(async |app| {
        let (revops, home) = (app.as_role(Role::Revops), &app.world.home);
        let deal = global_id("Deal", home.deals[0][0]);
        let set = async |subject: &str, system: &str, id: &str| {
            let input = json!({ "subjectId": subject, "system": system, "externalId": id });
            revops.change("externalRefSet", input, "externalRef { id system externalId }").await
        };
        let made = set(&deal, " AWS Marketplace ", "conf-1").await;
        assert_eq!(made["externalRef"]["system"], "aws marketplace", "{made}");
        assert_eq!(set(&deal, "aws marketplace", "conf-1").await["externalRef"]["id"], made["externalRef"]["id"]);
        let other = global_id("Deal", home.deals[0][1]);
        assert_eq!(set(&other, "aws marketplace", "conf-1").await["userErrors"][0]["code"], "TAKEN");
        // One id of one system is one row of a kind: an account may have the same.
        let account = global_id("Account", home.accounts[0]);
        assert_eq!(set(&account, "aws marketplace", "conf-1").await["userErrors"], json!([]));
        let partner = global_id("Partner", home.partners[0]);
        assert_eq!(set(&partner, "partnerstack", "p-7").await["userErrors"], json!([]));
        for (subject, system, id, code) in [
            (deal.as_str(), "", "1", "INVALID"),
            (deal.as_str(), "crm", "", "INVALID"),
            ("x", "crm", "1", "NOT_FOUND"),
            (&global_id("Deal", app.world.rival.deals[0][0]), "crm", "1", "NOT_FOUND"),
            (&global_id("Segment", home.segment), "crm", "1", "NOT_FOUND"),
        ] {
            assert_eq!(set(subject, system, id).await["userErrors"][0]["code"], code, "{system} {id}");
        }
        let query = "{ partners(filter: { externalRef: { system: \"PartnerStack\", id: \"p-7\" } }) { edges { node { name externalRefs { externalId } } } } }";
        let found = revops.query(query).await.data()["partners"]["edges"].clone();
        assert_eq!(found, json!([{ "node": { "name": "Northwind", "externalRefs": [{ "externalId": "p-7" }] } }]));
        // Finance reads the ids of closed deals; a partner has no such field.
        let asked = format!("{{ deal(id: \"{deal}\") {{ externalRefs {{ externalId }} }} }}");
        assert_eq!(
            app.as_role(Role::Finance).query(&asked).await.data()["deal"]["externalRefs"][0]["externalId"],
            "conf-1"
        );
        assert_eq!(app.as_role(Role::Partner).query(&asked).await.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        let gone = revops.change("externalRefRemove", json!({ "id": made["externalRef"]["id"] }), "isRemoved").await;
        assert_eq!(gone["isRemoved"], true);
        assert_eq!(revops.query(&asked).await.data()["deal"]["externalRefs"], json!([]));
        let again = revops.change("externalRefRemove", json!({ "id": made["externalRef"]["id"] }), "isRemoved").await;
        assert_eq!((&again["isRemoved"], &again["userErrors"][0]["code"]), (&json!(false), &json!("NOT_FOUND")));
    });
}
