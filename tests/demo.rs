//! The real binary: `partnerloop demo` seeds, serves, and prints what a newcomer needs.

use crate::support::database::{Backend, Database};
use crate::support::patience::until;
use api::clock::Clock;
use api::usecase::{Office, portfolio, program};
use domain::role::Role;
use entity::Store;
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Stdio;
use strum::IntoEnumIterator;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The binary with an empty environment, as on a machine that has nothing.
fn partnerloop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partnerloop"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn demo(url: &str, more: &[&str]) -> Child {
    partnerloop(&[&["demo", "--listen", "127.0.0.1:0", "--db", url], more].concat()).spawn().unwrap()
}

/// What the demo printed.
struct Printed {
    page: String,
    /// Role and token of the first program and of the portfolio.
    tokens: BTreeMap<String, String>,
    curl: Option<String>,
    /// The page of the published forecast.
    document: Option<String>,
    child: Child,
}

/// Reads what a demo prints until it serves.
async fn printed(mut child: Child) -> Printed {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut page, mut tokens, mut curl, mut document) = (None, BTreeMap::new(), None, None);
    while let Some(line) = lines.next_line().await.unwrap() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["open", url] => page = Some((*url).to_owned()),
            ["curl", _, url, "-H", ..] if url.contains("/documents/") => document = Some((*url).to_owned()),
            ["curl", ..] => curl = Some(line.trim().to_owned()),
            [role, .., token] if role.parse::<Role>().is_ok() && token.starts_with("ey") => {
                tokens.entry((*role).to_owned()).or_insert_with(|| (*token).to_owned());
            }
            ["Stop", ..] => return Printed { page: page.unwrap(), tokens, curl, document, child },
            _ => {}
        }
    }
    let output = child.wait_with_output().await.unwrap();
    panic!("the demo ended: {}", String::from_utf8_lossy(&output.stderr));
}

impl Printed {
    async fn ask(&self, token: &str, body: &Value) -> Value {
        let request = Client::new().post(format!("{}graphql", self.page)).bearer_auth(token).json(body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn end(mut self) {
        // Killed, as a machine that loses its power: nothing may depend on an orderly end.
        self.child.kill().await.unwrap();
    }
}

/// What `partnerloop check` says, and whether it found nothing wrong.
async fn check(url: &str) -> (bool, String) {
    let output = partnerloop(&["check", "--db", url]).output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_starts_from_nothing_and_everything_it_prints_works() {
    for backend in Backend::all() {
        let database = Database::fresh(backend);
        let printed = printed(demo(&database.url, &[])).await;
        assert_eq!(printed.tokens.len(), Role::iter().count(), "{:?}", printed.tokens.keys());

        // The printed line, as a shell would send it.
        let curl = printed.curl.clone().unwrap();
        let quoted: Vec<&str> = curl.split('\'').collect();
        let token = quoted.iter().find_map(|part| part.strip_prefix("authorization: Bearer ")).unwrap();
        let body = serde_json::from_str(quoted.iter().find(|part| part.starts_with("{\"query\"")).unwrap()).unwrap();
        let answer = printed.ask(token, &body).await;
        assert!(answer["errors"].is_null(), "{answer}");
        let cells = answer["data"]["auditMatrix"]["cells"].as_array().unwrap();
        for reading in ["LIFT", "DRAG", "INCONCLUSIVE", "UNMEASURED"] {
            assert!(cells.iter().any(|cell| cell["trustGap"]["reading"] == reading), "no cell reads {reading}");
        }

        let told: Value =
            Client::new().get(format!("{}demo/tokens.json", printed.page)).send().await.unwrap().json().await.unwrap();
        assert!(told["seats"].as_array().unwrap().len() > Role::iter().count(), "two programs have seats");
        for (role, token) in &printed.tokens {
            let ready = Client::new().get(format!("{}explorer/queries.json", printed.page)).bearer_auth(token);
            let ready: Value = ready.send().await.unwrap().json().await.unwrap();
            assert_eq!(ready["role"], role.as_str());
            for query in ready["queries"].as_array().unwrap() {
                let variables: Value =
                    query["variables"].as_str().map_or(json!({}), |text| serde_json::from_str(text).unwrap());
                let answer = printed.ask(token, &json!({ "query": query["document"], "variables": variables })).await;
                assert!(answer["errors"].is_null(), "{role}, {}: {answer}", query["name"]);
                let data = answer["data"].as_object().unwrap();
                assert!(data.values().any(|value| !value.is_null()), "{role}, {}: {answer}", query["name"]);
            }
        }

        // The printed page. The questions above have emptied the seat's bucket, which is full again in 10 seconds.
        let page = loop {
            let page = Client::new().get(printed.document.as_ref().unwrap()).bearer_auth(token).send().await.unwrap();
            if page.status() != 429 {
                break page;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        };
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("<html"));
        printed.end().await;

        let (is_clean, said) = check(&database.url).await;
        assert!(is_clean, "{said}");
        // The second start keeps everything.
        self::printed(demo(&database.url, &[])).await.end().await;
        assert_eq!(check(&database.url).await.1, said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_killed_while_it_seeds_goes_on_to_the_same_end() {
    let whole = Database::fresh(Backend::Sqlite);
    printed(demo(&whole.url, &[])).await.end().await;
    let cut = Database::fresh(Backend::Sqlite);
    let mut child = demo(&cut.url, &[]);
    let office = Office::new(Store::connect(&cut.url, 2).await.unwrap(), Clock::system());
    until("the program", async || program::find_by_slug(&office, "demo").await.unwrap().is_some()).await;
    child.kill().await.unwrap();
    assert!(
        portfolio::find_by_slug(&office, "demo").await.unwrap().is_none(),
        "it was killed too late to show anything"
    );
    printed(demo(&cut.url, &[])).await.end().await;
    let (is_clean, said) = check(&cut.url).await;
    assert!(is_clean, "{said}");
    assert_eq!(said, check(&whole.url).await.1);
}

#[tokio::test]
async fn a_demo_spares_the_programs_of_others() {
    let database = Database::fresh(Backend::Sqlite);
    let made = partnerloop(&["program", "create", "mine", "--db", &database.url]).output().await.unwrap();
    assert!(made.status.success());
    let token = partnerloop(&["token", "--program", "mine", "--role", "OPERATOR", "--db", &database.url])
        .output()
        .await
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let refused =
        partnerloop(&["demo", "--fresh", "--listen", "127.0.0.1:0", "--db", &database.url]).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--fresh"), "{refused:?}");
    // What is there is served with the tokens of the command line.
    let served = printed(demo(&database.url, &["--no-seed"])).await;
    let answer = served.ask(token.trim(), &json!({ "query": "{ program { slug } }" })).await;
    assert_eq!(answer["data"]["program"]["slug"], "mine", "{answer}");
    served.end().await;
    let (_, said) = check(&database.url).await;
    assert!(said.starts_with("mine: 0 closed deals") && said.lines().count() == 1, "{said}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_before_anything_is_written() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.sqlite");
    let url = format!("sqlite://{}", file.display());
    let refused = partnerloop(&["demo", "--listen", &address, "--db", &url]).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains(&address) && why.contains("--listen") && why.lines().count() == 1, "{why}");
    assert!(!file.exists());
}

#[tokio::test]
async fn serve_says_in_one_sentence_what_keeps_it_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("new.sqlite").display());
    let serve = async |migrate: &str| {
        let mut command = partnerloop(&["serve", "--listen", "127.0.0.1:0"]);
        let output = command.env("DATABASE_URL", &url).env("PARTNERLOOP_MIGRATE", migrate).output().await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(serve("0").await.contains("partnerloop migrate"));
    let why = serve("1").await;
    assert!(why.contains("PARTNERLOOP_ISSUERS") && why.contains("PARTNERLOOP_SIGNING_KEY"), "{why}");
}

/// `demo --write-files`, `program create --from` and the imports in the order of program.json: a rehearsal from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_written_files_make_a_program_and_go_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let written = partnerloop(&["demo", "--as-of", "2026-11-02", "--write-files", &text(folder.path())]).output();
    assert!(written.await.unwrap().status.success());
    let own = folder.path().join("demo-nordic");
    let url = format!("sqlite://{}", text(&folder.path().join("rehearsal.sqlite")));
    let frame = own.join("program.json");
    let create = ["program", "create", "nordic", "--db", &url, "--from", &text(&frame)];
    let made = partnerloop(&create).output().await.unwrap();
    assert!(made.status.success(), "{made:?}");
    let frame: Value = serde_json::from_str(&std::fs::read_to_string(frame).unwrap()).unwrap();
    for import in frame["imports"].as_array().unwrap() {
        let [object, file, mapping] = ["object", "file", "mapping"].map(|field| import[field].as_str().unwrap());
        let (file, mapping) = (text(&own.join(file)), text(&own.join(mapping)));
        let import = ["import", object, &file, "--map", &mapping, "--program", "nordic", "--db", &url];
        let output = partnerloop(&import).output().await.unwrap();
        let last: Value =
            serde_json::from_slice(output.stdout.trim_ascii().rsplit(|b| *b == b'\n').next().unwrap()).unwrap();
        assert_eq!(
            (&last["state"], &last["held"], &last["refused"]),
            (&json!("DONE"), &json!(0), &json!(0)),
            "{object}: {last}"
        );
    }
    let again = partnerloop(&create).output().await.unwrap();
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}
