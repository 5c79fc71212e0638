//! Cases named after the sections of the protocol.

use std::io;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::stream;
use http::{HeaderMap, Request};
use portico_core::{Ctx, Impersonator};
use portico_proto::documents::v1::{GetRequestRequest, ItemState};
use sha1::{Digest as _, Sha1};

use crate::{
    DATA_AGREEMENT, DocumentsConfig,
    domain::upload::{IDLE, LEASE, MOST},
    scan::stand_in::StandIn,
    testing::Fixture,
};

struct Told {
    status: u16,
    headers: HeaderMap,
}

impl Told {
    fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    fn offset(&self) -> Option<u64> {
        self.header("upload-offset").parse().ok()
    }
}

struct Tus<'a> {
    fixture: &'a Fixture,
    ctx: Ctx,
}

impl<'a> Tus<'a> {
    fn new(fixture: &'a Fixture, ctx: Ctx) -> Self {
        Self { fixture, ctx }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Told {
        let mut request = Request::builder().method(method).uri(path).header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.fixture.plain(&self.ctx, request.body(body).unwrap()).await;
        Told { status: response.status().as_u16(), headers: response.headers().clone() }
    }

    async fn create(&self, to: &str, size: usize) -> Told {
        let (size, metadata) = (size.to_string(), format!("filename {}", STANDARD.encode("plan.pdf")));
        let headers = [("upload-length", size.as_str()), ("upload-metadata", metadata.as_str())];
        self.send("POST", &format!("/uploads?{to}"), &headers, Body::empty()).await
    }

    /// The address of a new upload.
    async fn begin(&self, to: &str, size: usize) -> String {
        let told = self.create(to, size).await;
        assert_eq!(told.status, 201);
        told.header("location")
    }

    async fn patch_with(&self, path: &str, offset: usize, bytes: &[u8], more: &[(&str, &str)]) -> Told {
        let (offset, length) = (offset.to_string(), bytes.len().to_string());
        let mut headers = vec![
            ("upload-offset", offset.as_str()),
            ("content-length", length.as_str()),
            ("content-type", "application/offset+octet-stream"),
        ];
        headers.extend_from_slice(more);
        self.send("PATCH", path, &headers, Body::from(bytes.to_vec())).await
    }

    async fn patch(&self, path: &str, offset: usize, bytes: &[u8]) -> Told {
        self.patch_with(path, offset, bytes, &[]).await
    }

    async fn head(&self, path: &str) -> Told {
        self.send("HEAD", path, &[], Body::empty()).await
    }
}

/// A row that takes files, and the client that is asked.
async fn row(fixture: &Fixture) -> (String, String) {
    let step = fixture.activate("sysdocs").await;
    let asked = GetRequestRequest { step_id: step.clone() };
    let request = fixture.documents(&fixture.manager()).get_request(asked).await.unwrap().into_inner();
    (format!("for=item&id={}", request.request.unwrap().items[0].id), step)
}

async fn item(fixture: &Fixture, step: &str) -> portico_proto::documents::v1::Item {
    let asked = GetRequestRequest { step_id: step.to_owned() };
    let request = fixture.documents(&fixture.manager()).get_request(asked).await.unwrap().into_inner();
    request.request.unwrap().items[0].clone()
}

#[tokio::test]
async fn core_a_file_comes_in_goes_and_is_in_its_place_when_the_last_one_answers() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    let told = tus.head(&path).await;
    assert_eq!((told.status, told.offset()), (200, Some(0)));
    assert_eq!(told.header("upload-length"), DATA_AGREEMENT.len().to_string());
    assert_eq!(
        (told.header("cache-control"), told.header("tus-resumable")),
        ("no-store".into(), "1.0.0".into())
    );
    let (first, rest) = DATA_AGREEMENT.split_at(1000);
    let told = tus.patch(&path, 0, first).await;
    assert_eq!((told.status, told.offset()), (204, Some(1000)));
    assert_eq!(item(&fixture, &step).await.state(), ItemState::Needed, "a part of a file is none");
    let told = tus.patch(&path, 1000, rest).await;
    assert_eq!((told.status, told.offset()), (204, Some(DATA_AGREEMENT.len() as u64)));
    let row = item(&fixture, &step).await;
    assert_eq!((row.state(), row.files.len()), (ItemState::Checking, 1));
    assert_eq!(
        (row.files[0].id.clone(), row.files[0].file_name.as_str()),
        (told.header("upload-version"), "plan.pdf")
    );
    assert!(row.files[0].pages >= 1);
    let bytes = fixture.get(&fixture.manager(), &format!("/versions/{}", row.files[0].id)).await.unwrap();
    assert_eq!(bytes.body().as_slice(), DATA_AGREEMENT);
    // The answer was lost: it is found, as often as one asks, and a repeat of the last go does nothing.
    for told in [tus.head(&path).await, tus.patch(&path, DATA_AGREEMENT.len(), b"").await] {
        assert_eq!(told.offset(), Some(DATA_AGREEMENT.len() as u64));
        assert_eq!(told.header("upload-version"), row.files[0].id);
        assert!(told.header("upload-event").starts_with("portico."));
    }
    assert_eq!(tus.patch(&path, 1000, rest).await.status, 409);
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (1, 1));
}

#[tokio::test]
async fn core_what_breaks_the_protocol_is_refused_and_changes_nothing() {
    let fixture = Fixture::new().await;
    let (to, _) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, 100).await;
    assert_eq!(tus.patch(&path, 0, &[1; 40]).await.status, 204);
    for (offset, told) in [(0, 40), (41, 40), (100, 40)] {
        let refused = tus.patch(&path, offset, &[1; 10]).await;
        assert_eq!((refused.status, refused.offset()), (409, Some(told)), "at {offset}");
    }
    assert_eq!(tus.patch(&path, 40, &[1; 61]).await.status, 413);
    let kinds = [
        (vec![("upload-offset", "40"), ("content-length", "1")], 415),
        (vec![("content-type", "application/offset+octet-stream"), ("content-length", "1")], 400),
        (
            vec![
                ("content-type", "application/offset+octet-stream"),
                ("upload-offset", "-1"),
                ("content-length", "1"),
            ],
            400,
        ),
        (vec![("content-type", "application/offset+octet-stream"), ("upload-offset", "40")], 411),
    ];
    for (headers, status) in kinds {
        let refused = tus.send("PATCH", &path, &headers, Body::from("x")).await;
        assert_eq!(refused.status, status, "{headers:?}");
    }
    let older = Request::patch(&path).header("tus-resumable", "0.2.2").body(Body::empty()).unwrap();
    let refused = fixture.plain(&tus.ctx, older).await;
    assert_eq!(
        (refused.status().as_u16(), refused.headers()["tus-version"].as_bytes()),
        (412, b"1.0.0".as_slice())
    );
    let told = tus.send("OPTIONS", "/uploads", &[], Body::empty()).await;
    assert_eq!(told.header("tus-extension"), "creation,creation-with-upload,checksum,expiration,termination");
    assert_eq!(told.header("tus-max-size"), DocumentsConfig::default().largest_file.to_string());
    assert_eq!(tus.head(&path).await.offset(), Some(40));
}

#[tokio::test]
async fn creation_limits_are_said_before_a_byte_is_sent() {
    let config = DocumentsConfig { largest_file: 1000, ..DocumentsConfig::default() };
    let fixture = Fixture::with(config).await;
    let (to, _) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    assert_eq!(tus.create(&to, 1001).await.status, 413);
    let named = format!("filename {}", STANDARD.encode("a.pdf"));
    for headers in [
        vec![("upload-metadata", named.as_str())],
        vec![("upload-length", "ten"), ("upload-metadata", named.as_str())],
        vec![("upload-length", "10")],
        vec![("upload-length", "10"), ("upload-metadata", "filename")],
        vec![("upload-defer-length", "1"), ("upload-metadata", named.as_str())],
    ] {
        let told = tus.send("POST", &format!("/uploads?{to}"), &headers, Body::empty()).await;
        assert_eq!(told.status, 400, "{headers:?}");
    }
    assert_ne!(tus.create(&to, 0).await.status, 201);
    assert_eq!(fixture.rows("uploads").await, 0);
    for _ in 0..MOST {
        tus.begin(&to, 10).await;
    }
    assert_eq!(tus.create(&to, 10).await.status, 429);
    assert!(Tus::new(&fixture, fixture.client("client")).create(&to, 10).await.status == 201, "others go on");
}

#[tokio::test]
async fn creation_with_upload_takes_the_first_bytes_along() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let (size, named) = (DATA_AGREEMENT.len().to_string(), format!("filename {}", STANDARD.encode("a.pdf")));
    for (bytes, landed) in [(&DATA_AGREEMENT[..500], false), (DATA_AGREEMENT, true)] {
        let length = bytes.len().to_string();
        let headers = [
            ("upload-length", size.as_str()),
            ("upload-metadata", named.as_str()),
            ("content-type", "application/offset+octet-stream"),
            ("content-length", length.as_str()),
        ];
        let told = tus.send("POST", &format!("/uploads?{to}"), &headers, Body::from(bytes)).await;
        assert_eq!((told.status, told.offset()), (201, Some(bytes.len() as u64)));
        assert_eq!(!told.header("upload-version").is_empty(), landed);
    }
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
}

#[tokio::test]
async fn checksum_a_go_that_was_altered_is_as_if_it_had_never_come() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    let (first, rest) = DATA_AGREEMENT.split_at(700);
    let sum = |bytes: &[u8]| format!("sha1 {}", STANDARD.encode(Sha1::digest(bytes)));
    assert_eq!(tus.patch_with(&path, 0, first, &[("upload-checksum", &sum(first))]).await.status, 204);
    let mut altered = rest.to_vec();
    altered[9] ^= 1;
    assert_eq!(tus.patch_with(&path, 700, &altered, &[("upload-checksum", &sum(rest))]).await.status, 460);
    assert_eq!(tus.patch_with(&path, 700, rest, &[("upload-checksum", "crc32 aaaa")]).await.status, 400);
    assert_eq!(tus.head(&path).await.offset(), Some(700));
    let told = tus.patch_with(&path, 700, rest, &[("upload-checksum", &sum(rest))]).await;
    assert_eq!((told.status, fixture.blobs()), (204, 1));
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
}

#[tokio::test]
async fn expiration_what_nobody_goes_on_with_goes_with_its_bytes() {
    let fixture = Fixture::new().await;
    let (to, _) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, 200_000).await;
    let told = tus.patch(&path, 0, &[7; 100_000]).await;
    assert!(told.header("upload-expires").ends_with(" GMT"), "{}", told.header("upload-expires"));
    assert!(fixture.blobs() > 0);
    fixture.database.clock.advance(IDLE - TimeDelta::minutes(1));
    fixture.work("documents.expire_uploads").await;
    assert_eq!(tus.head(&path).await.offset(), Some(100_000));
    assert_eq!(tus.patch(&path, 100_000, &[7; 10]).await.status, 204, "and it waits another day");
    fixture.database.clock.advance(IDLE - TimeDelta::minutes(1));
    assert_eq!(tus.head(&path).await.status, 200);
    fixture.database.clock.advance(TimeDelta::minutes(2));
    assert_eq!(tus.head(&path).await.status, absent(&tus, "HEAD").await);
    fixture.work("documents.expire_uploads").await;
    assert_eq!((fixture.rows("uploads").await, fixture.blobs()), (0, 0));
}

/// What is answered about an upload that never was.
async fn absent(tus: &Tus<'_>, method: &str) -> u16 {
    let nobody = "/uploads/01890000-0000-7000-8000-000000000001";
    if method == "PATCH" {
        return tus.patch(nobody, 0, b"x").await.status;
    }
    tus.send(method, nobody, &[], Body::empty()).await.status
}

#[tokio::test]
async fn termination_gives_up_what_is_unfinished_and_nothing_else() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, 200_000).await;
    tus.patch(&path, 0, &[7; 70_000]).await;
    assert_eq!(tus.send("DELETE", &path, &[], Body::empty()).await.status, 204);
    assert_eq!((fixture.rows("uploads").await, fixture.blobs()), (0, 0));
    assert_eq!(tus.head(&path).await.status, absent(&tus, "HEAD").await);
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    tus.patch(&path, 0, DATA_AGREEMENT).await;
    assert_eq!(tus.send("DELETE", &path, &[], Body::empty()).await.status, 403);
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
}

#[tokio::test]
async fn a_cut_line_keeps_what_came_and_two_goes_at_once_are_one_too_many() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    let headers = [
        ("upload-offset", "0"),
        ("content-length", "1000"),
        ("content-type", "application/offset+octet-stream"),
    ];
    let pieces = stream::iter([Ok(Bytes::from_static(&DATA_AGREEMENT[..300])), Err(io::Error::other("cut"))]);
    let told = tus.send("PATCH", &path, &headers, Body::from_stream(pieces)).await;
    assert_eq!((told.status, told.offset()), (204, Some(300)));
    assert_eq!(tus.head(&path).await.offset(), Some(300));

    // A go that hangs, and another beside it.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, io::Error>>(1);
    let hanging = Body::from_stream(tokio_stream_of(receiver));
    let headers = [
        ("upload-offset", "300"),
        ("content-length", "1000"),
        ("content-type", "application/offset+octet-stream"),
    ];
    let first = tus.send("PATCH", &path, &headers, hanging);
    let second = async {
        sender.send(Ok(Bytes::from_static(&DATA_AGREEMENT[300..400]))).await.unwrap();
        let held = "select exists (select from documents.uploads where holder is not null)";
        while !sqlx::query_scalar::<_, bool>(held).fetch_one(fixture.database.admin()).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let refused = tus.patch(&path, 300, &DATA_AGREEMENT[300..350]).await;
        assert_eq!((refused.status, refused.header("retry-after").as_str()), (423, "2"));
        assert_eq!(tus.send("DELETE", &path, &[], Body::empty()).await.status, 423);
        drop(sender);
    };
    let (told, ()) = tokio::join!(first, second);
    assert_eq!((told.status, told.offset()), (204, Some(400)));
    // The hold of a process that was killed ends by itself.
    sqlx::query("update documents.uploads set holder = gen_random_uuid(), held_until = $1")
        .bind(portico_core::Clock::now(&fixture.database.clock) + LEASE)
        .execute(fixture.database.admin())
        .await
        .unwrap();
    assert_eq!(tus.patch(&path, 400, &DATA_AGREEMENT[400..500]).await.status, 423);
    fixture.database.clock.advance(LEASE);
    assert_eq!(tus.patch(&path, 400, &DATA_AGREEMENT[400..]).await.status, 204);
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
}

fn tokio_stream_of<T: Send + 'static>(
    receiver: tokio::sync::mpsc::Receiver<T>,
) -> impl futures_util::Stream<Item = T> + Send {
    stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|item| (item, receiver)) })
}

#[tokio::test]
async fn a_file_that_is_not_what_was_asked_for_is_refused_at_the_end_and_leaves_nothing() {
    let fixture = Fixture::new().await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let mut program = b"MZ\x90\x00".to_vec();
    program.resize(100_000, 0);
    let path = tus.begin(&to, program.len()).await;
    assert_eq!(tus.patch(&path, 0, &program[..60_000]).await.status, 204);
    assert_eq!(tus.patch(&path, 60_000, &program[60_000..]).await.status, 422);
    let told = tus.head(&path).await;
    assert_eq!(told.status, 410);
    assert!(told.header("upload-refused").contains("Windows%20program"), "{}", told.header("upload-refused"));
    assert_eq!((fixture.blobs(), item(&fixture, &step).await.files.len()), (0, 0));
    // Whoever may no longer hand anything in is refused at the end as well.
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    tus.patch(&path, 0, &DATA_AGREEMENT[..10]).await;
    fixture.withdraw(&step).await;
    assert_eq!(tus.patch(&path, 10, &DATA_AGREEMENT[10..]).await.status, 422);
    assert_eq!((tus.head(&path).await.status, fixture.blobs()), (410, 0));
}

#[tokio::test]
async fn what_was_whole_when_its_process_died_is_found_by_asking() {
    let scanner = StandIn::start();
    let config = DocumentsConfig { scanner: Some(scanner.address()), ..DocumentsConfig::default() };
    let fixture = Fixture::with(config).await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    // Everything is there, and nobody got as far as judging it: the database was away at the end.
    sqlx::query("alter table documents.versions rename to versions_away")
        .execute(fixture.database.admin())
        .await
        .unwrap();
    let told = tus.patch(&path, 0, DATA_AGREEMENT).await;
    assert_ne!(told.status, 204);
    sqlx::query("alter table documents.versions_away rename to versions")
        .execute(fixture.database.admin())
        .await
        .unwrap();
    let told = tus.head(&path).await;
    assert_eq!((told.status, told.offset()), (200, Some(DATA_AGREEMENT.len() as u64)));
    assert!(!told.header("upload-version").is_empty());
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
    fixture.work("documents.scan_versions").await;
    assert!(item(&fixture, &step).await.files[0].openable);
}

#[tokio::test]
async fn every_kind_of_place_takes_uploads_from_those_who_may_send_there() {
    let fixture = Fixture::new().await;
    fixture.activate("plan").await;
    let step = fixture.activate("plan").await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    for (ctx, to, kind) in [
        (&manager, format!("for=deliverable&id={step}"), "deliverable"),
        (&client, format!("for=attachment&id={}", fixture.record), "attachment"),
        (&client, format!("for=record_file&id={}", fixture.acme), "record_file"),
    ] {
        let tus = Tus::new(&fixture, ctx.clone());
        let path = tus.begin(&to, 5).await;
        let told = tus.patch(&path, 0, b"hello").await;
        assert_eq!(told.status, 204, "{to}");
        let found: String = sqlx::query_scalar("select kind from documents.documents where id = $1::uuid")
            .bind(uuid::Uuid::parse_str(&told.header("upload-document")).unwrap())
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(found, kind);
        for stranger in fixture.strangers() {
            let told = Tus::new(&fixture, stranger).create(&to, 5).await;
            assert_eq!(told.header("grpc-status"), "5", "{to}: {}", told.status);
        }
    }
    let by_client = Tus::new(&fixture, client).create(&format!("for=deliverable&id={step}"), 5).await;
    assert_ne!(by_client.status, 201, "a deliverable is the firm's");
    for wrong in ["", "for=template&id=1", "for=item", "for=item&id=x"] {
        let told = Tus::new(&fixture, manager.clone()).create(wrong, 5).await;
        assert_eq!(told.header("grpc-status"), "5", "{wrong}");
    }
}

#[tokio::test]
async fn only_its_owner_can_touch_an_upload_and_for_others_it_never_was() {
    let fixture = Fixture::new().await;
    let (to, _) = row(&fixture).await;
    let ana = fixture.client("client");
    let tus = Tus::new(&fixture, ana.clone());
    let path = tus.begin(&to, 100).await;
    tus.patch(&path, 0, &[1; 10]).await;
    let mut seen_as = ana.clone();
    seen_as.actor.impersonator =
        Some(Impersonator { person: fixture.manager().actor.person.unwrap(), reason: "to help".to_owned() });
    let mut others = fixture.strangers();
    others.extend([fixture.client("client"), fixture.admin(), seen_as]);
    for other in others {
        let other = Tus::new(&fixture, other);
        for method in ["HEAD", "PATCH", "DELETE"] {
            let there = if method == "PATCH" {
                other.patch(&path, 10, b"x").await
            } else {
                other.send(method, &path, &[], Body::empty()).await
            };
            assert_eq!(there.header("grpc-status"), "5", "{method}");
            assert_eq!(there.status, absent(&other, method).await, "{method}");
        }
    }
    assert_eq!(tus.head(&path).await.offset(), Some(10));
}

#[tokio::test]
async fn what_came_in_goes_and_cannot_be_judged_just_now_is_not_lost() {
    let home = tempfile::tempdir().unwrap();
    let scratch = home.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let mut config = DocumentsConfig { checked_here: 0, ..DocumentsConfig::default() };
    config.preview.scratch = scratch.clone();
    let fixture = Fixture::with(config).await;
    let (to, step) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, DATA_AGREEMENT.len()).await;
    // The disk on which its pages are counted is away.
    std::fs::remove_dir_all(&scratch).unwrap();
    assert_ne!(tus.patch(&path, 0, DATA_AGREEMENT).await.status, 204);
    assert!(fixture.blobs() > 0);
    std::fs::create_dir(&scratch).unwrap();
    let told = tus.head(&path).await;
    assert_eq!((told.status, told.offset()), (200, Some(DATA_AGREEMENT.len() as u64)));
    assert_eq!(item(&fixture, &step).await.files.len(), 1);
}

#[tokio::test]
async fn an_upload_that_somebody_went_on_with_since_it_was_listed_stays() {
    let fixture = Fixture::new().await;
    let (to, _) = row(&fixture).await;
    let tus = Tus::new(&fixture, fixture.client("client"));
    let path = tus.begin(&to, 200_000).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let now = portico_core::Clock::now(&fixture.database.clock);
    let store = fixture.database.store("documents");
    let ctx = portico_testkit::system(fixture.tenant);
    let mut tx = store.begin(&ctx).await.unwrap();
    assert!(!crate::store::uploads::delete_expired(&mut tx, id, now).await.unwrap());
    assert!(crate::store::uploads::delete_expired(&mut tx, id, now + IDLE).await.unwrap());
}
