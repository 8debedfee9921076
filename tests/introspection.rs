//! Introspection on the product's own schemas: what tools send is answered, and what multiplies is refused before it runs.

use crate::support::ask::Ask;
use crate::support::on_sqlite;
use crate::support::stream::Socket;
use domain::role::Role;
use serde_json::json;

/// `getIntrospectionQuery()` of graphql-js with every option.
const STANDARD: &str = include_str!("data/introspection.graphql");

/// 131 bytes; with five pairs the answer would have had 70 MB.
const BOMB: &str = "{__schema{types{interfaces{possibleTypes{interfaces{possibleTypes{interfaces{possibleTypes{interfaces{possibleTypes{interfaces{possibleTypes{name}}}}}}}}}}}}}";

#[test]
fn the_standard_query_is_answered_and_its_cost_is_what_it_answers() {
    on_sqlite(async |app| {
        for role in [Role::Partner, Role::Revops] {
            let answer = app.as_role(role).query(STANDARD).await;
            assert!(answer.data()["__schema"]["types"].as_array().unwrap().len() > 50, "{}", role.word());
            let cost = answer.body["extensions"]["cost"]["requestedQueryCost"].as_u64().unwrap();
            assert!((11..=333).contains(&cost), "{}: {cost}", role.word());
        }
    });
}

#[test]
fn a_query_that_multiplies_is_refused_before_it_runs_on_every_transport() {
    on_sqlite(async |app| {
        let partner = app.as_role(Role::Partner);
        let fragment = "{ ...F } fragment F on Query { __schema { types { ...A } } }
            fragment A on __Type { possibleTypes { interfaces { possibleTypes { ...B } } } }
            fragment B on __Type { interfaces { possibleTypes { interfaces { possibleTypes { interfaces { possibleTypes { name } } } } } } }";
        let from_one = format!(
            "{{ __type(name: \"Node\") {{ {} name {} }} }}",
            "possibleTypes { interfaces { ".repeat(6),
            "} }".repeat(6)
        );
        let by_name = Ask {
            document: from_one.replacen("{ __type(name: \"Node\")", "query($of: String!) { __type(name: $of)", 1),
            variables: json!({ "of": "Node" }),
        };
        for ask in [BOMB, fragment, &from_one]
            .map(|text| Ask { document: text.into(), variables: json!({}) })
            .iter()
            .chain([&by_name])
        {
            let answer = partner.send(ask).await;
            assert_eq!(
                (answer.status, answer.codes()),
                (400, vec!["COST_LIMIT_EXCEEDED".to_owned()]),
                "{}",
                ask.document
            );
            assert!(answer.body.get("data").is_none());
        }
        let get = app.client().get(app.url("/graphql")).query(&[("query", BOMB)]);
        let stream = app.client().post(app.url("/graphql")).json(&json!({ "query": BOMB }));
        for request in [get, stream.header("accept", "text/event-stream")] {
            let text = partner.authorize(request).send().await.unwrap().text().await.unwrap();
            assert!(text.contains("COST_LIMIT_EXCEEDED") && !text.contains("\"data\""), "{text}");
        }
        let subject = crate::support::world::World::subject(Role::Partner);
        let mut socket = Socket::open(app.address, &app.token(&subject), BOMB).await;
        assert_eq!(socket.refused().await[0]["extensions"]["code"], "COST_LIMIT_EXCEEDED");
    });
}
