//! A person without JavaScript: follows links, fills in the forms that the page holds, keeps cookies.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::{Mailbox, mailbox::link_path};

/// One browser without scripts.
#[derive(Clone)]
pub(crate) struct Visitor {
    address: SocketAddr,
    host: String,
    cookies: BTreeMap<String, String>,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    csrf: String,
}

/// What a page answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The path that was answered in the end, after redirects.
    pub(crate) path: String,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Fails unless the page answered 200 and shows `words`.
    pub(crate) fn shows(self, words: &str) -> anyhow::Result<Self> {
        ensure!(
            self.status == StatusCode::OK,
            "{} answered {}: {}",
            self.path,
            self.status,
            plain(&self.text())
        );
        ensure!(
            plain(&self.text()).contains(words),
            "{} does not show {words:?}: {}",
            self.path,
            plain(&self.text())
        );
        Ok(self)
    }

    /// Fails unless the page answered with `status`.
    pub(crate) fn is(self, status: StatusCode) -> anyhow::Result<Self> {
        ensure!(
            self.status == status,
            "{} answered {} instead of {status}: {}",
            self.path,
            self.status,
            plain(&self.text())
        );
        Ok(self)
    }

    /// The value of the first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let text = self.text();
        let at = text.find(&format!("name=\"{name}\""))?;
        let tag_start = text[..at].rfind('<')?;
        let tag = &text[tag_start..tag_start + text[tag_start..].find('>')?];
        let value = tag.split("value=\"").nth(1)?.split('"').next()?;
        Some(value.replace("&amp;", "&").replace("&quot;", "\"").replace("&#39;", "'").replace("&#34;", "\""))
    }
}

impl Visitor {
    pub(crate) fn new(address: SocketAddr, host: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, host: host.to_owned(), cookies: BTreeMap::new(), client, csrf: String::new() }
    }

    /// Opens a page, following redirects.
    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        let mut path = path.to_owned();
        for _ in 0..6 {
            let answer = self.send(Method::GET, &path, HeaderMap::new(), Bytes::new()).await?;
            match location(&answer) {
                Some(next) => path = next,
                None => return Ok(answer),
            }
        }
        bail!("{path} redirects without end")
    }

    /// Sends a form from the page that was opened last, following the redirect of its answer.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let answer = self.post_only(path, fields).await?;
        match location(&answer) {
            Some(next) => self.get(&next).await,
            None => Ok(answer),
        }
    }

    /// Sends a form without following the answer.
    pub(crate) async fn post_only(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let body = encoded(&self.csrf, fields);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse()?);
        self.send(Method::POST, path, headers, body.into()).await
    }

    /// One request as it is; cookies and the form token of the answer are kept.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::HOST, &self.host);
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(Full::new(body))?;
        request.headers_mut().extend(headers);
        let response = self.client.request(request).await.with_context(|| format!("asking for {path}"))?;
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str()?.split_once('=').context("a cookie without a name")?;
            let (value, attributes) = value.split_once(';').unwrap_or((value, ""));
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await?.to_bytes();
        let answer = Answer { status: parts.status, headers: parts.headers, body, path: path.to_owned() };
        if let Some(token) = answer.field("_csrf").filter(|token| !token.is_empty()) {
            self.csrf = token;
        }
        Ok(answer)
    }

    /// The form token of the page that was opened last.
    pub(crate) fn token(&self) -> &str {
        &self.csrf
    }

    /// What follows a file in the body of an upload.
    pub(crate) const AFTER_FILE: &str = "\r\n--the-end-of-a-part--\r\n";

    /// The type and the body of an upload of one file.
    pub(crate) fn multipart(name: &str, file: &[u8]) -> (String, Vec<u8>) {
        let head = format!(
            "--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), file, Self::AFTER_FILE.as_bytes()].concat();
        ("multipart/form-data; boundary=the-end-of-a-part".to_owned(), body)
    }

    /// Uploads a file as the portal's script does, which reads JSON.
    pub(crate) async fn upload(&mut self, path: &str, name: &str, file: &[u8]) -> anyhow::Result<Answer> {
        let (content_type, body) = Self::multipart(name, file);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse()?);
        headers.insert(header::ACCEPT, "application/json".parse()?);
        headers.insert("x-csrf-token", self.csrf.parse()?);
        self.send(Method::POST, path, headers, body.into()).await
    }

    /// Sends a form with fields and one file, as a browser without scripts does.
    pub(crate) async fn post_with_file(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
        file: &[u8],
    ) -> anyhow::Result<Answer> {
        let (content_type, file) = Self::multipart(name, file);
        let field = |(name, value): &(&str, &str)| {
            format!(
                "--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        let token = field(&("_csrf", &self.csrf));
        let body = [token, fields.iter().map(field).collect()].concat();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse()?);
        self.send(Method::POST, path, headers, [body.as_bytes(), &file].concat().into()).await
    }

    /// Posts a form of this page's address with several files.
    pub(crate) async fn post_with_files(
        &mut self,
        path: &str,
        files: &[(&str, &[u8])],
    ) -> anyhow::Result<Answer> {
        let mut body = format!(
            "--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{}\r\n",
            self.csrf
        )
        .into_bytes();
        let mut kind = String::new();
        for (name, file) in files {
            let (content_type, part) = Self::multipart(name, file);
            // Each ends like a whole form; only the last one does.
            body.truncate(body.strip_suffix(Self::AFTER_FILE.as_bytes()).map_or(body.len(), <[u8]>::len));
            if !kind.is_empty() {
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(&part);
            kind = content_type;
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse()?);
        self.send(Method::POST, path, headers, body.into()).await
    }

    /// The head of an upload, for a line that breaks.
    pub(crate) fn head(&self, path: &str, content_type: &str, length: usize) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nX-CSRF-Token: {}\r\nAccept: application/json\r\n\
             Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n",
            self.host,
            cookies.join("; "),
            self.csrf
        )
    }

    /// The head of any request, for a line that breaks.
    pub(crate) fn head_of(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nX-CSRF-Token: {}\r\nAccept: application/json\r\n{more}\r\n",
            self.host,
            cookies.join("; "),
            self.csrf
        )
    }

    /// One request of the tus protocol.
    pub(crate) async fn tus(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let mut sent = HeaderMap::new();
        sent.insert("tus-resumable", http::HeaderValue::from_static("1.0.0"));
        sent.insert(header::ACCEPT, http::HeaderValue::from_static("application/json"));
        sent.insert("x-csrf-token", self.csrf.parse()?);
        if method == Method::PATCH {
            sent.insert(header::CONTENT_TYPE, "application/offset+octet-stream".parse()?);
        }
        for (name, value) in headers {
            sent.insert(*name, value.parse()?);
        }
        self.send(method, path, sent, body.into()).await
    }

    /// The cookies and the form token, for a program that sends in this person's name.
    pub(crate) fn credentials(&self) -> (String, String, String) {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (self.host.clone(), cookies.join("; "), self.csrf.clone())
    }

    /// Everything that a stream says within `time`.
    pub(crate) async fn listen(&self, path: &str, time: Duration) -> anyhow::Result<String> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .uri(format!("http://{}{path}", self.address))
            .header(header::HOST, &self.host)
            .header(header::COOKIE, cookies.join("; "))
            .body(Full::new(Bytes::new()))?;
        let response = self.client.request(request).await?;
        ensure!(response.status() == StatusCode::OK, "{path} answered {}", response.status());
        let (mut heard, mut body) = (String::new(), response.into_body());
        let listening = async {
            while let Some(Ok(frame)) = body.frame().await {
                heard.push_str(&String::from_utf8_lossy(frame.data_ref().map_or(&[][..], |data| data)));
            }
        };
        // It ends when time is up, as a page that is closed does.
        let _ = tokio::time::timeout(time, listening).await;
        Ok(heard)
    }

    /// Signs in with a password.
    pub(crate) async fn sign_in_with_password(
        &mut self,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Answer> {
        self.get("/sign-in").await?;
        let answer = self.post("/sign-in", &[("email", email), ("password", password)]).await?;
        ensure!(self.is_signed_in(), "signing in as {email} was refused: {}", plain(&answer.text()));
        Ok(answer)
    }

    /// Asks for a sign-in link and uses the one that arrives by mail.
    pub(crate) async fn sign_in_by_mail(&mut self, mailbox: &Mailbox, email: &str) -> anyhow::Result<Answer> {
        let seen = mailbox.count(email, "sign_in").await?;
        self.get("/sign-in").await?;
        self.post("/sign-in/link", &[("email", email)]).await?;
        let mail = mailbox.wait_for(email, "sign_in", seen).await?;
        self.use_link(&link_path(&mail)?).await
    }

    /// Opens a link from a mail and presses its button.
    pub(crate) async fn use_link(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.get(path).await?.is(StatusCode::OK)?;
        let answer = self.post(path, &[]).await?;
        ensure!(self.is_signed_in(), "the link did not sign in: {}", plain(&answer.text()));
        Ok(answer)
    }

    /// The same cookies, sent to another host, as no browser would.
    pub(crate) fn on_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// Whether the browser holds a session.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.cookies.contains_key("__Host-session")
    }

    /// The cookies, for a browser that takes over.
    pub(crate) fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }
}

fn encoded(csrf: &str, fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("_csrf", csrf)
        .extend_pairs(fields)
        .finish()
}

fn location(answer: &Answer) -> Option<String> {
    if !answer.status.is_redirection() {
        return None;
    }
    let to = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    Some(
        to.strip_prefix("http://")
            .and_then(|rest| rest.find('/').map(|at| rest[at..].to_owned()))
            .unwrap_or_else(|| to.to_owned()),
    )
}

/// A page's words without its tags, for comparing and for messages.
pub(crate) fn plain(html: &str) -> String {
    let body = html.find("<main").map_or(html, |at| &html[at..]);
    let mut text = String::new();
    let mut inside_tag = false;
    for c in body.chars() {
        match c {
            '<' => {
                inside_tag = true;
                text.push(' ');
            }
            '>' => inside_tag = false,
            c if !inside_tag => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&amp;", "&")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&nbsp;", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
