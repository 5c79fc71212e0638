//! Who finds an upload by a drop link again, and what the link's limits do to it.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use http::{HeaderMap, Request};
use portico_core::Ctx;
use portico_proto::{
    documents::v1::{GetFolderRequest, RevokeDropLinkRequest},
    events::v1::NoticeRequested,
};

use crate::{DATA_AGREEMENT, DocumentsConfig, testing::Fixture};

struct Told {
    status: u16,
    headers: HeaderMap,
}

impl Told {
    fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    fn at(&self) -> (u16, String) {
        (self.status, self.header("upload-offset"))
    }

    /// The code of a refusal that is one of an RPC's.
    fn code(&self) -> String {
        self.header("grpc-status")
    }
}

const NOT_FOUND: &str = "5";

/// Somebody with a link.
struct Ada<'a> {
    fixture: &'a Fixture,
    ctx: Ctx,
    token: String,
}

impl<'a> Ada<'a> {
    fn new(fixture: &'a Fixture, token: &str) -> Self {
        Self { fixture, ctx: portico_testkit::system(fixture.tenant), token: token.to_owned() }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Told {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("tus-resumable", "1.0.0")
            .header("x-drop-token", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::from(bytes.to_vec());
        let response = self.fixture.plain(&self.ctx, request.body(body).unwrap()).await;
        Told { status: response.status().as_u16(), headers: response.headers().clone() }
    }

    async fn create(&self, size: usize) -> Told {
        let (size, metadata) = (size.to_string(), format!("filename {}", STANDARD.encode("plan.pdf")));
        let headers = [
            ("upload-length", size.as_str()),
            ("upload-metadata", metadata.as_str()),
            ("x-sender-name", "Ada%20Byron"),
            ("x-sender-email", "ada%40example.com"),
        ];
        self.send("POST", "/drops/uploads", &headers, b"").await
    }

    /// The secret of a new upload.
    async fn begin(&self, size: usize) -> String {
        let told = self.create(size).await;
        assert_eq!((told.status, told.header("location")), (201, String::new()));
        told.header("upload-secret")
    }

    async fn patch(&self, secret: &str, offset: usize, bytes: &[u8]) -> Told {
        let (offset, length) = (offset.to_string(), bytes.len().to_string());
        let headers = [
            ("upload-offset", offset.as_str()),
            ("content-length", length.as_str()),
            ("content-type", "application/offset+octet-stream"),
            ("x-upload-secret", secret),
        ];
        self.send("PATCH", "/drops/upload", &headers, bytes).await
    }

    async fn head(&self, secret: &str) -> Told {
        self.send("HEAD", "/drops/upload", &[("x-upload-secret", secret)], b"").await
    }

    async fn delete(&self, secret: &str) -> Told {
        self.send("DELETE", "/drops/upload", &[("x-upload-secret", secret)], b"").await
    }
}

/// The titles in the inbox of a folder.
async fn inbox(fixture: &Fixture, folder: &str) -> Vec<String> {
    let mut library = fixture.library(&fixture.manager());
    let mut read = async |folder: &str| {
        let asked = GetFolderRequest { folder_id: folder.to_owned(), ..GetFolderRequest::default() };
        library.get_folder(asked).await.unwrap().into_inner()
    };
    let inbox = read(folder).await.folders.into_iter().find(|inner| inner.internal).unwrap();
    let documents = read(&inbox.id).await.documents;
    documents.into_iter().map(|filed| filed.document.unwrap().title).collect()
}

async fn end(fixture: &Fixture, link: &str) {
    let asked = RevokeDropLinkRequest { drop_link_id: link.to_owned() };
    fixture.drops(&fixture.manager()).revoke_drop_link(asked).await.unwrap();
}

#[tokio::test]
async fn a_file_goes_on_after_a_cut_and_lies_in_the_inbox_once() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let ada = Ada::new(&fixture, &fixture.drop_link(&folder, 1).await.token);
    let secret = ada.begin(DATA_AGREEMENT.len()).await;
    assert_eq!(secret.len(), 64);
    let (first, rest) = DATA_AGREEMENT.split_at(1000);
    assert_eq!(ada.patch(&secret, 0, first).await.at(), (204, "1000".to_owned()));
    assert!(inbox(&fixture, &folder).await.is_empty(), "a part of a file is none");
    assert_eq!(ada.head(&secret).await.at(), (200, "1000".to_owned()));
    let whole = DATA_AGREEMENT.len().to_string();
    assert_eq!(ada.patch(&secret, 1000, rest).await.at(), (204, whole.clone()));
    // The answer was lost; the link is full by now, and who sent it still learns that it has arrived, and no more.
    for told in [ada.head(&secret).await, ada.patch(&secret, DATA_AGREEMENT.len(), b"").await] {
        assert_eq!(told.at().1, whole);
        for kept in ["upload-document", "upload-version", "upload-event", "upload-refused"] {
            assert_eq!(told.header(kept), "", "{kept}");
        }
    }
    assert_eq!(inbox(&fixture, &folder).await, ["plan.pdf"]);
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (1, 1));
    let told = fixture.said::<NoticeRequested>().await;
    assert!(told.len() == 1 && told[0].body.contains("Ada Byron (ada@example.com)"));
    assert_eq!(fixture.audited().await.into_iter().filter(|action| action == "drop_link.used").count(), 1);
    assert_eq!(ada.create(100).await.code(), NOT_FOUND, "it is full");
}

#[tokio::test]
async fn nobody_finds_it_without_both_secrets() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "upload").await;
    let (made, other) = (fixture.drop_link(&folder, 0).await, fixture.drop_link(&folder, 0).await);
    let ada = Ada::new(&fixture, &made.token);
    let secret = ada.begin(DATA_AGREEMENT.len()).await;
    ada.patch(&secret, 0, &DATA_AGREEMENT[..1000]).await;
    // The same link in other hands: what is begun with it is another upload, and the first is not there.
    let brian = Ada::new(&fixture, &made.token);
    let his = brian.begin(DATA_AGREEMENT.len()).await;
    assert_ne!(his, secret);
    assert_eq!(brian.head(&his).await.at(), (200, "0".to_owned()));
    let elsewhere =
        Ada { ctx: portico_testkit::system(fixture.database.tenant()), ..Ada::new(&fixture, &made.token) };
    let person = |ctx: Ctx| Ada { ctx, ..Ada::new(&fixture, &made.token) };
    let strangers = [
        (Ada::new(&fixture, &other.token), secret.as_str()),
        (Ada::new(&fixture, &"0".repeat(64)), secret.as_str()),
        (Ada::new(&fixture, ""), secret.as_str()),
        (brian, made.token.as_str()),
        (Ada::new(&fixture, &made.token), ""),
        (elsewhere, secret.as_str()),
        (person(fixture.client("client")), secret.as_str()),
        (person(fixture.manager()), secret.as_str()),
        (person(fixture.admin()), secret.as_str()),
    ];
    for (number, (stranger, secret)) in strangers.iter().enumerate() {
        for told in [
            stranger.head(secret).await,
            stranger.patch(secret, 1000, &DATA_AGREEMENT[1000..]).await,
            stranger.delete(secret).await,
        ] {
            assert_eq!(told.code(), NOT_FOUND, "{number}");
        }
    }
    let person = person(fixture.manager());
    assert_eq!(person.create(100).await.code(), NOT_FOUND, "people have another way");
    // Nor does the id of the upload help, with or without an account.
    let id: String = sqlx::query_scalar("select id::text from documents.uploads order by id limit 1")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    for ctx in [fixture.manager(), portico_testkit::system(fixture.tenant)] {
        let ada = Ada { ctx, ..Ada::new(&fixture, &made.token) };
        assert_eq!(ada.send("HEAD", &format!("/uploads/{id}"), &[], b"").await.code(), NOT_FOUND);
    }
    assert_eq!(ada.head(&secret).await.at(), (200, "1000".to_owned()), "nothing was touched");
    assert_eq!(ada.delete(&secret).await.status, 204);
    assert_eq!(ada.head(&secret).await.code(), NOT_FOUND);
    assert_eq!((fixture.rows("versions").await, fixture.rows("uploads").await), (0, 1));
}

#[tokio::test]
async fn what_was_begun_before_the_link_ended_is_not_finished() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let (ended, over, full) = (
        fixture.drop_link(&folder, 0).await,
        fixture.drop_link(&folder, 0).await,
        fixture.drop_link(&folder, 1).await,
    );
    let mut begun = Vec::new();
    for made in [&ended, &full] {
        let ada = Ada::new(&fixture, &made.token);
        let secret = ada.begin(DATA_AGREEMENT.len()).await;
        ada.patch(&secret, 0, &DATA_AGREEMENT[..1000]).await;
        begun.push((ada, secret));
    }
    end(&fixture, &ended.link.unwrap().id).await;
    let edge = portico_testkit::system(fixture.tenant);
    fixture.hand_in(&edge, &full.token, "a.pdf", DATA_AGREEMENT).await.unwrap();
    for (ada, secret) in &begun {
        for told in [ada.head(secret).await, ada.patch(secret, 1000, &DATA_AGREEMENT[1000..]).await] {
            assert_eq!(told.status, 410);
            assert!(told.header("upload-refused").contains("takes%20no%20more"), "{:?}", told.headers);
        }
        assert_eq!(ada.create(100).await.code(), NOT_FOUND);
    }
    fixture.database.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(30));
    let ada = Ada::new(&fixture, &over.token);
    let secret = ada.begin(DATA_AGREEMENT.len()).await;
    ada.patch(&secret, 0, &DATA_AGREEMENT[..1000]).await;
    assert_eq!(ada.head(&secret).await.at(), (200, "1000".to_owned()));
    fixture.database.clock.advance(TimeDelta::minutes(31));
    assert_ne!(ada.patch(&secret, 1000, &DATA_AGREEMENT[1000..]).await.status, 204);
    assert_eq!(fixture.rows("versions").await, 1);
}

#[tokio::test]
async fn one_that_is_too_large_or_has_no_sender_is_not_begun() {
    let fixture =
        Fixture::with(DocumentsConfig { largest_attachment: 100_000, ..DocumentsConfig::default() }).await;
    let folder = fixture.folder("Accounts", "view").await;
    let ada = Ada::new(&fixture, &fixture.drop_link(&folder, 0).await.token);
    assert_eq!(ada.create(100_001).await.status, 413);
    assert_eq!(ada.create(0).await.code(), "3");
    let metadata = format!("filename {}", STANDARD.encode("plan.pdf"));
    let nameless = [("upload-length", "100"), ("upload-metadata", metadata.as_str())];
    assert_eq!(ada.send("POST", "/drops/uploads", &nameless, b"").await.code(), "3");
    assert_eq!(fixture.rows("uploads").await, 0);
    // What it is shows at the end.
    let mut program = b"MZ\x90\x00".to_vec();
    program.resize(4096, 0);
    let secret = ada.begin(program.len()).await;
    assert_eq!(ada.patch(&secret, 0, &program).await.status, 422);
    assert_eq!(ada.head(&secret).await.status, 410);
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
}

#[tokio::test]
async fn those_begun_count_like_those_sent() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let ada = Ada::new(&fixture, &fixture.drop_link(&folder, 0).await.token);
    for begun in 0..super::super::BY_ADDRESS {
        let told = ada.create(100).await;
        if told.status == 201 && begun % 2 == 0 {
            ada.delete(&told.header("upload-secret")).await;
        }
    }
    let edge = portico_testkit::system(fixture.tenant);
    let problem = fixture.hand_in(&edge, &ada.token, "a.txt", b"words").await.unwrap_err();
    assert_eq!(problem.reason.as_str(), "too_many_files");
    let told = ada.create(100).await;
    assert_eq!(told.code(), "8", "{:?}", told.headers);
}

#[tokio::test]
async fn not_more_than_some_are_under_way_by_a_link() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let ada = Ada::new(&fixture, &fixture.drop_link(&folder, 0).await.token);
    let mut begun = Vec::new();
    loop {
        let told = ada.create(100).await;
        if told.status != 201 {
            assert_eq!((told.status, begun.len()), (429, 50));
            break;
        }
        begun.push(told.header("upload-secret"));
    }
    assert_eq!(ada.delete(&begun[0]).await.status, 204);
    assert_eq!(ada.create(100).await.status, 201);
    let other = Ada::new(&fixture, &fixture.drop_link(&folder, 0).await.token);
    assert_eq!(other.create(100).await.status, 201, "another link has its own");
}
