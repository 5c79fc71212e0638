//! A real browser: Debian's Chromium, driven through WebDriver.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{case::skip, visitor::Visitor};

/// How long the browser may take for what a test waits for: a machine that is busy with other tests is slow, not wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// One browser window with a profile of its own.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    port: u16,
    _profile: TempDir,
}

impl Browser {
    /// A phone of 360 × 800 pixels.
    pub(crate) async fn phone() -> anyhow::Result<Self> {
        Self::open(360, 800).await
    }

    /// A desk of 1280 × 900 pixels.
    pub(crate) async fn desk() -> anyhow::Result<Self> {
        Self::open(1280, 900).await
    }

    async fn open(width: u32, height: u32) -> anyhow::Result<Self> {
        let (driver_path, chromium) = ("/usr/bin/chromedriver", "/usr/bin/chromium");
        for needed in [driver_path, chromium] {
            if !std::path::Path::new(needed).exists() {
                return Err(skip(format!(
                    "{needed} is missing: install Debian's chromium and chromium-driver"
                )));
            }
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Command::new(driver_path)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting chromedriver")?;
        let profile = tempfile::tempdir()?;
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({
            "binary": chromium,
            "args": arguments,
            "mobileEmulation": if width < 500 { json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1.0, "mobile": true, "touch": true}}) } else { Value::Null },
        }));
        if width >= 500
            && let Some(Value::Object(options)) = capabilities.get_mut("goog:chromeOptions")
        {
            options.remove("mobileEmulation");
        }
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}));
        let address = format!("http://127.0.0.1:{port}");
        let start = Instant::now();
        let client = loop {
            let attempt = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&address)
                .await;
            match attempt {
                Ok(client) => break client,
                Err(error) if start.elapsed() > Duration::from_secs(30) => {
                    return Err(error).context("the browser does not start");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        Ok(Self { client, driver, port, _profile: profile })
    }

    /// The WebDriver client, for what has no word here.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Opens an address.
    pub(crate) async fn goto(&self, url: &str) -> anyhow::Result<()> {
        Ok(self.client.goto(url).await?)
    }

    /// Takes over the session of a visitor: the address must be one of the same host.
    pub(crate) async fn take_over(&self, visitor: &Visitor, url: &str) -> anyhow::Result<()> {
        self.goto(url).await?;
        for (name, value) in visitor.cookies() {
            // Cookies with the prefix __Host- must be secure and without a domain, which WebDriver's own command cannot say.
            let cookie = json!({"name": name, "value": value, "url": url, "secure": true, "path": "/", "httpOnly": true});
            self.devtools("Network.setCookie", cookie).await?;
        }
        self.goto(url).await
    }

    /// Calls a method of Chromium's own protocol.
    pub(crate) async fn devtools(&self, method: &'static str, parameters: Value) -> anyhow::Result<Value> {
        Ok(self.client.issue_cmd(Devtools { method, parameters }).await?)
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> anyhow::Result<Element> {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => bail!(
                "{css} is not on the page: {error}; it reads: {}",
                self.text().await.unwrap_or_default()
            ),
        }
    }

    /// Clicks an element.
    pub(crate) async fn click(&self, css: &str) -> anyhow::Result<()> {
        let element = self.find(css).await?;
        self.client
            .execute("arguments[0].scrollIntoView({block: 'center'})", vec![serde_json::to_value(&element)?])
            .await?;
        Ok(element.click().await?)
    }

    /// Types into a field, in place of what it holds.
    pub(crate) async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let element = self.find(css).await?;
        element.clear().await?;
        Ok(element.send_keys(text).await?)
    }

    /// The words that the page shows.
    pub(crate) async fn text(&self) -> anyhow::Result<String> {
        let text = self.client.execute("return document.body.innerText", Vec::new()).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows `words`, without reloading it.
    pub(crate) async fn wait_for_text(&self, words: &str) -> anyhow::Result<()> {
        self.wait_for_text_within(words, PATIENCE).await
    }

    /// Waits at most `limit` until the page shows `words`, without reloading it.
    pub(crate) async fn wait_for_text_within(&self, words: &str, limit: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let text = self.text().await?;
            if text.contains(words) {
                return Ok(());
            }
            if start.elapsed() > limit {
                bail!("the page does not show {words:?} within {limit:?}; it reads: {text}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a script in the page.
    pub(crate) async fn execute(&self, script: &str) -> anyhow::Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// What the browser complained of since the last call: policy violations, failed requests, errors in scripts.
    pub(crate) async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let log = self.client.issue_cmd(BrowserLog).await?;
        let entries = log.as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .filter(|entry| {
                entry["level"] == "SEVERE"
                    || entry["message"].as_str().is_some_and(|m| m.contains("Content Security Policy"))
            })
            .filter_map(|entry| entry["message"].as_str().map(str::to_owned))
            .collect())
    }

    /// Saves a picture of the page.
    pub(crate) async fn picture(&self, path: &std::path::Path) -> anyhow::Result<()> {
        let png = self.client.screenshot().await?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, png)?)
    }

    /// Closes the window.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        Ok(self.client.clone().close().await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves Chromium behind; asked to shut down, it ends both.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ =
                stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A method of Chromium's own protocol.
#[derive(Debug)]
struct Devtools {
    method: &'static str,
    parameters: Value,
}

/// What the browser's console holds.
#[derive(Debug)]
struct BrowserLog;

mod commands {
    use super::{BrowserLog, Devtools};
    use fantoccini::wd::WebDriverCompatibleCommand;
    use http::Method;
    use serde_json::json;
    use url::{ParseError, Url};

    impl WebDriverCompatibleCommand for Devtools {
        fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
            base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
        }

        fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
            (Method::POST, Some(json!({"cmd": self.method, "params": self.parameters}).to_string()))
        }
    }

    impl WebDriverCompatibleCommand for BrowserLog {
        fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
            base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
        }

        fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
            (Method::POST, Some(json!({"type": "browser"}).to_string()))
        }
    }
}
