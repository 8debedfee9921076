//! A headless Chromium, driven over its own DevTools protocol: no driver, no npm. Nothing here sleeps: the browser says when
//! something has happened.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Far beyond what anything here takes: it only keeps a broken page from hanging the run.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one tab.
pub(crate) struct Browser {
    process: Child,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    calls: u64,
    /// What the page complained about: uncaught errors and refused loads.
    pub(crate) complaints: Vec<String>,
    _profile: TempDir,
}

/// The browser of this machine.
pub(crate) fn installed() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
}

impl Browser {
    /// Starts it.
    pub(crate) async fn start(program: &str) -> Self {
        let profile = tempfile::Builder::new().prefix("partnerloop-browser").tempdir().unwrap();
        let mut process = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .args(["--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, address)) = line.split_once("DevTools listening on ") {
                    return address.to_owned();
                }
            }
            panic!("Chromium ended before it listened");
        });
        let address = address.await.expect("Chromium starts");
        // It writes on; a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let mut browser = Self { process, socket, session: None, calls: 0, complaints: Vec::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({})).await;
        }
        browser
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut request = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(request.to_string())).await.unwrap();
        let answer = async {
            loop {
                let Message::Text(text) = self.socket.next().await.expect("the browser is there").unwrap() else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).unwrap();
                match message["method"].as_str() {
                    Some("Runtime.exceptionThrown") => {
                        self.complaints.push(message["params"]["exceptionDetails"].to_string())
                    }
                    Some("Log.entryAdded") if message["params"]["entry"]["level"] == "error" => {
                        self.complaints.push(message["params"]["entry"]["text"].to_string());
                    }
                    _ => {}
                }
                if message["id"] == id {
                    assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                    return message["result"].clone();
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("{method}: no answer"))
    }

    /// How large the window is.
    pub(crate) async fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url })).await;
        self.until("document.readyState === 'complete'").await;
    }

    /// What an expression of the page is.
    pub(crate) async fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", params).await;
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Waits until the page itself says that something is so: it looks again whenever the page changes.
    pub(crate) async fn until(&mut self, condition: &str) {
        let script = format!(
            "new Promise((done) => {{
               const look = () => {{ if ({condition}) {{ watch.disconnect(); done(true); return true; }} return false; }};
               const watch = new MutationObserver(look);
               // Far beyond what a page takes: it says what is on the page instead of hanging.
               setTimeout(() => done(document.body.innerText), 30000);
               if (!look()) {{
                 watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
                 window.addEventListener('load', look);
                 document.addEventListener('readystatechange', look);
               }}
             }})"
        );
        let found = self.eval(&script).await;
        assert_eq!(found, json!(true), "{condition}");
    }

    /// Presses a key as a person would, with Ctrl or without.
    pub(crate) async fn press(&mut self, key: &str, code: u32, ctrl: bool) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": if ctrl { 2 } else { 0 } });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}
