//! A file for a row of a request.

use portico_core::{ItemId, PersonId};

use super::{
    Uploaded,
    receive::{Landed, Plan},
    target::Aim,
};
use crate::{
    content::ScanState,
    domain::document::DocumentKind,
    error::DocumentsError,
    events::publish,
    peers::{self, StepAction},
    progress,
    service::{Call, Service},
    store,
};

/// What a row takes from this caller, if it takes anything.
pub(super) async fn aim(service: &Service, call: &Call, item_id: ItemId) -> Result<Aim, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let request = store::requests::find_by_item(&mut tx, item_id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, request.step_id, StepAction::Act).await?;
    let (_, item) = request.item(item_id).ok_or(DocumentsError::NotFound)?;
    request.may_add(item)?;
    Ok(Aim {
        account: request.account_id,
        document: None,
        limit: item.max_bytes,
        accepted: item.accept.clone(),
    })
}

/// Puts a file that has landed into its row.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    item_id: ItemId,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_item(&mut tx, item_id).await?.ok_or(DocumentsError::NotFound)?;
    // Another upload may have come first while this one was under way.
    let mut request = store::requests::lock(&mut tx, found.id).await?.ok_or(DocumentsError::NotFound)?;
    let (place, item) = request.item(item_id).ok_or(DocumentsError::NotFound)?;
    request.may_add(item)?;
    let plan = Plan {
        kind: DocumentKind::Upload,
        account: request.account_id,
        record: Some(request.record_id),
        step: Some(request.step_id),
        bound: true,
    };
    let (document, version) = landed.rows(service, call, person, plan, &item.name);
    store::documents::insert(&mut tx, &document).await?;
    landed.insert(&mut tx, &version).await?;
    store::requests::add_file(&mut tx, &request, item_id, version.id, version.added_at).await?;
    publish::file_added(service, &mut tx, &document, &version).await?;

    let mut changed = item.clone();
    changed.files.push(version.id);
    changed.awaits_scan |= version.scan == ScanState::Pending;
    changed.state = request.state_with(&changed, changed.files.len());
    request.items[place] = changed;
    let event = progress::record(service, &mut tx, "item.file_added", &mut request, place).await?;
    let uploaded = Uploaded::new(&document, &version, event);
    landed.arrived(&mut tx, &uploaded).await?;
    tx.commit().await?;
    Ok(uploaded)
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::stream;
    use portico_core::{Ctx, ErrorCode, Problem};
    use portico_proto::{
        documents::v1::{GetRequestRequest, ItemState, Request},
        events::v1::StepProgressed,
    };

    use crate::{DATA_AGREEMENT, DocumentsConfig, content::archive, testing::Fixture};

    async fn request(fixture: &Fixture, ctx: &Ctx, step: &str) -> Request {
        let request = GetRequestRequest { step_id: step.to_owned() };
        fixture.documents(ctx).get_request(request).await.unwrap().into_inner().request.unwrap()
    }

    async fn row(fixture: &Fixture) -> (String, String) {
        row_of(fixture, "PDF, image, Office file or ZIP archive, up to 100 MB each").await
    }

    async fn row_of(fixture: &Fixture, accepted: &str) -> (String, String) {
        let step = fixture.activate("sysdocs").await;
        let request = request(fixture, &fixture.client("client"), &step).await;
        assert!(request.can_upload && !request.can_review && request.unscanned_allowed);
        let item = &request.items[0];
        assert_eq!(item.accept_text, accepted);
        (format!("/items/{}/files", item.id), step)
    }

    #[tokio::test]
    async fn a_file_reaches_its_row_and_the_firm_is_to_look() {
        let fixture = Fixture::new().await;
        let (path, step) = row(&fixture).await;
        let client = fixture.client("client");
        let answer = fixture.upload(&client, &path, "Syst%C3%A8me.pdf", DATA_AGREEMENT).await.unwrap();
        assert_eq!(answer["file_name"], "Système.pdf");
        assert_eq!(answer["media_type"], "application/pdf");
        assert_eq!(answer["size"], DATA_AGREEMENT.len());
        assert!(
            answer["event"].as_str().unwrap().starts_with("portico.events.v1.StepProgressed;"),
            "{answer}"
        );
        let request = request(&fixture, &fixture.manager(), &step).await;
        assert_eq!(request.items[0].state(), ItemState::Checking);
        let file = &request.items[0].files[0];
        assert_eq!((file.added_by.as_str(), file.openable), (client.actor.name.as_str(), true));
        assert!(file.pages >= 1);
        assert!(request.can_review && !request.can_upload);
        let progress = fixture.said::<StepProgressed>().await;
        assert_eq!((progress[0].waiting_on.as_str(), progress[0].progress.as_str()), ("reviewer", "0 of 1"));
        assert_eq!(fixture.audited().await, ["document.uploaded", "item.file_added"]);
        // What lies on the disk is not the file.
        assert_eq!(fixture.blobs(), 1);
    }

    #[tokio::test]
    async fn what_is_refused_leaves_nothing_behind() {
        let fixture = Fixture::with(DocumentsConfig { largest_file: 200_000, ..Default::default() }).await;
        let step = fixture.activate("sysdocs").await;
        let client = fixture.client("client");
        let item = request(&fixture, &client, &step).await.items[0].id.clone();
        let path = format!("/items/{item}/files");
        let mut program = b"MZ\x90\x00".to_vec();
        program.resize(300, 0);
        let cut = &DATA_AGREEMENT[..DATA_AGREEMENT.len() / 2];
        let large = vec![b'x'; 200_001];
        for (name, bytes, reason, words) in [
            ("plan.pdf", program.as_slice(), "file_refused", "a Windows program"),
            ("empty.pdf", b"", "file_refused", "empty"),
            ("cut.pdf", cut, "file_refused", "broken"),
            ("large.pdf", large.as_slice(), "file_too_large", "too large"),
            ("notes.txt", b"hello", "file_refused", "a text file"),
        ] {
            let problem = fixture.upload(&client, &path, name, bytes).await.unwrap_err();
            assert_eq!(
                (problem.code, problem.reason.as_str()),
                (ErrorCode::InvalidArgument, reason),
                "{name}"
            );
            assert!(problem.message.contains(words), "{name}: {}", problem.message);
            assert_eq!(problem.fields[0].field, "file");
        }
        let nameless = http::Request::post(&path).body(DATA_AGREEMENT.into()).unwrap();
        assert_eq!(fixture.send(&client, nameless).await.unwrap_err().fields[0].field, "x-file-name");
        let pieces = [Ok(DATA_AGREEMENT[..7000].to_vec()), Err(io::Error::other("the line broke"))];
        let broken = axum::body::Body::from_stream(stream::iter(pieces));
        let interrupted = http::Request::post(&path).header("x-file-name", "a.pdf").body(broken).unwrap();
        assert!(fixture.send(&client, interrupted).await.is_err());
        assert_eq!(
            (fixture.rows("versions").await, fixture.rows("documents").await, fixture.blobs()),
            (0, 0, 0)
        );
        assert!(fixture.audited().await.is_empty());
    }

    /// A PDF that asks for a password, as people make them.
    fn locked() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let (open, locked) = (folder.path().join("open.pdf"), folder.path().join("locked.pdf"));
        std::fs::write(&open, DATA_AGREEMENT).unwrap();
        let made = std::process::Command::new("qpdf")
            .args(["--encrypt", "secret", "owner", "256", "--"])
            .args([&open, &locked])
            .status();
        assert!(made.unwrap().success());
        std::fs::read(locked).unwrap()
    }

    #[tokio::test]
    async fn locked_broken_and_disguised_files_are_named_and_change_nothing() {
        let fixture = Fixture::new().await;
        let (path, step) = row(&fixture).await;
        let client = fixture.client("client");
        let before = request(&fixture, &client, &step).await;
        let mut program = b"MZ\x90\x00".to_vec();
        program.resize(4096, 0);
        let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
        let drawing = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        let scrambled = [b"%PDF-1.7\n".as_slice(), &[b'x'; 3000], b"\n%%EOF"].concat();
        for (name, bytes, words) in [
            ("plan.pdf", locked(), "locked with a password"),
            ("plan.pdf", scrambled, "broken"),
            ("plan.pdf", DATA_AGREEMENT[..DATA_AGREEMENT.len() - 30].to_vec(), "broken"),
            ("invoice.pdf", program.clone(), "a Windows program named as a PDF"),
            ("photo.png", program, "a Windows program named as an image"),
            ("page.pdf", page.to_vec(), "a web page named as a PDF"),
            ("logo.png", drawing.to_vec(), "an SVG drawing named as an image"),
        ] {
            let problem = fixture.upload(&client, &path, name, &bytes).await.unwrap_err();
            assert_eq!((problem.code, problem.reason.as_str()), (ErrorCode::InvalidArgument, "file_refused"));
            assert!(problem.message.contains(words), "{name}: {}", problem.message);
            assert_eq!(problem.fields[0].field, "file");
        }
        assert_eq!(request(&fixture, &client, &step).await, before);
        assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
        assert!(fixture.audited().await.is_empty());
    }

    #[tokio::test]
    async fn what_a_file_is_called_changes_nothing_of_what_it_is() {
        let fixture = Fixture::new().await;
        let (path, _) = row(&fixture).await;
        let client = fixture.client("client");
        for (name, bytes, media_type) in [
            ("letter.docx", archive(&["holiday.jpg"]), "application/zip"),
            (
                "letter.docx",
                archive(&["[Content_Types].xml", "word/document.xml"]),
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            ("letter.docx", DATA_AGREEMENT.to_vec(), "application/pdf"),
        ] {
            let answer = fixture.upload(&client, &path, name, &bytes).await.unwrap();
            assert_eq!(answer["media_type"], media_type);
        }
    }

    #[tokio::test]
    async fn a_body_over_its_limit_is_413_in_plain_http_and_clear_to_the_reader() {
        let fixture = Fixture::with(DocumentsConfig { largest_file: 200_000, ..Default::default() }).await;
        let (path, _) = row_of(&fixture, "PDF, image, Office file or ZIP archive, up to 195 KB each").await;
        let client = fixture.client("client");
        let post = |body: axum::body::Body| {
            http::Request::post(&path).header("x-file-name", "large.zip").body(body).unwrap()
        };
        let large = vec![b'x'; 200_001];
        // Once with its length said before, once in pieces.
        let pieces: Vec<_> = large.chunks(50_000).map(|piece| Ok::<_, io::Error>(piece.to_vec())).collect();
        let streamed = axum::body::Body::from_stream(stream::iter(pieces));
        for body in [large.into(), streamed] {
            let answer = fixture.plain(&client, post(body)).await;
            assert_eq!(answer.status().as_u16(), 413);
            let status = tonic::Status::from_header_map(answer.headers()).unwrap();
            let problem = portico_rpc::problem_from(&status);
            assert_eq!(problem.reason, "file_too_large");
            assert!(problem.message.contains("at most 195 KB"), "{}", problem.message);
        }
        assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
    }

    #[tokio::test]
    async fn strangers_find_no_row_and_lookers_on_may_not_upload() {
        let fixture = Fixture::new().await;
        let (path, step) = row(&fixture).await;
        for stranger in fixture.strangers() {
            let refusal = fixture.upload(&stranger, &path, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
            assert_eq!(refusal, Problem::not_found());
            let absent =
                fixture.upload(&stranger, "/items/x/files", "a.pdf", DATA_AGREEMENT).await.unwrap_err();
            assert_eq!(refusal, absent);
            let get = GetRequestRequest { step_id: step.clone() };
            let refusal = crate::testing::refused(fixture.documents(&stranger).get_request(get).await);
            assert_eq!(refusal, Problem::not_found());
        }
        let looker_on = fixture.client("signatory");
        let refusal = fixture.upload(&looker_on, &path, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::PermissionDenied);
        assert_eq!(fixture.blobs(), 0);
    }

    #[tokio::test]
    async fn a_withdrawn_request_takes_nothing() {
        let fixture = Fixture::new().await;
        let (path, step) = row(&fixture).await;
        fixture.withdraw(&step).await;
        let problem =
            fixture.upload(&fixture.client("client"), &path, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.reason.as_str()),
            (ErrorCode::FailedPrecondition, "request_withdrawn")
        );
        assert_eq!(fixture.blobs(), 0);
    }
}
