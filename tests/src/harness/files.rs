//! Files as people have them, and the way they travel to documents.

use anyhow::{Context as _, bail};
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use lopdf::{Document, Object, Stream, content::Content, content::Operation, dictionary};
use serde_json::Value;

use super::Persona;

/// A real PDF with `pages` pages that say `words`.
pub(crate) fn pdf(words: &str, pages: usize) -> Vec<u8> {
    pdf_with(words, pages, &[])
}

/// A real PDF of one page and of at least `size` bytes, which no compression makes smaller.
pub(crate) fn large_pdf(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let ballast: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(size)
    .collect();
    pdf_with("Everything we have", 1, &ballast)
}

fn pdf_with(words: &str, pages: usize, ballast: &[u8]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let font =
        document.add_object(dictionary! {"Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica"});
    let resources = document.add_object(dictionary! {"Font" => dictionary! {"F1" => font}});
    let mut kids = Vec::new();
    for page in 1..=pages {
        let text = format!("{words}, page {page}");
        let content = Content {
            operations: vec![
                Operation::new("BT", vec![]),
                Operation::new("Tf", vec!["F1".into(), 18.into()]),
                Operation::new("Td", vec![72.into(), 720.into()]),
                Operation::new("Tj", vec![Object::string_literal(text)]),
                Operation::new("ET", vec![]),
            ],
        };
        let stream = document.add_object(Stream::new(dictionary! {}, content.encode().unwrap_or_default()));
        kids.push(
            document
                .add_object(dictionary! {"Type" => "Page", "Parent" => tree, "Contents" => stream})
                .into(),
        );
    }
    let count = i64::try_from(pages).unwrap_or(1);
    document.objects.insert(
        tree,
        Object::Dictionary(dictionary! {
            "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        }),
    );
    let catalog = document.add_object(dictionary! {"Type" => "Catalog", "Pages" => tree});
    if !ballast.is_empty() {
        document.add_object(Stream::new(dictionary! {}, ballast.to_vec()));
    }
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = document.save_to(&mut bytes);
    bytes
}

/// What a file route answered.
#[derive(Debug)]
pub(crate) struct FileAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl FileAnswer {
    /// A text of the JSON that an upload answers.
    pub(crate) fn text(&self, field: &str) -> anyhow::Result<String> {
        let json: Value = serde_json::from_slice(&self.body).context("the answer is no JSON")?;
        Ok(json[field].as_str().with_context(|| format!("the answer has no {field}: {json}"))?.to_owned())
    }
}

impl Persona {
    /// Sends bytes to a file route of documents.
    pub(crate) async fn send_file(
        &self,
        method: Method,
        path: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> anyhow::Result<FileAnswer> {
        let encoded: String =
            url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-file-name", encoded)
            .body(Body::from(bytes))?;
        self.file_request(request).await
    }

    /// Uploads; anything but success is an error with the refusal's text.
    pub(crate) async fn upload(&self, path: &str, name: &str, bytes: Vec<u8>) -> anyhow::Result<FileAnswer> {
        let answer = self.send_file(Method::POST, path, name, bytes).await?;
        if !answer.status.is_success()
            || answer.headers.get("grpc-status").is_some_and(|status| status != "0")
        {
            bail!(
                "{path} refused {name}: {} {:?} {}",
                answer.status,
                answer.headers,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(answer)
    }

    /// Downloads from a file route of documents.
    pub(crate) async fn download(&self, path: &str) -> anyhow::Result<FileAnswer> {
        self.file_request(Request::builder().uri(path).body(Body::empty())?).await
    }

    async fn file_request(&self, request: Request<Body>) -> anyhow::Result<FileAnswer> {
        let channel = self.channel("documents").without_deadline();
        let answer = match channel.send(request.map(tonic::body::Body::new)).await {
            Ok(answer) => answer,
            Err(status) => status.into_http(),
        };
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
        Ok(FileAnswer { status: parts.status, headers: parts.headers, body })
    }
}
