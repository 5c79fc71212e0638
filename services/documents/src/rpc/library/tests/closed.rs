//! What stays with the firm, or with those it was shared with, whatever is done around it.

use portico_core::Problem;
use portico_proto::{
    documents::v1::*,
    events::v1::{AuditEntry, Touched},
};

use super::share;
use crate::{DocumentsConfig, scan::stand_in::StandIn, testing::Fixture};

async fn file_into(fixture: &Fixture, document_id: &str, folder_id: &str) -> Result<(), Problem> {
    let asked = FileDocumentRequest {
        document_id: document_id.to_owned(),
        folder_id: folder_id.to_owned(),
        ..FileDocumentRequest::default()
    };
    let answer = fixture.library(&fixture.manager()).file_document(asked).await;
    answer.map(drop).map_err(|status| portico_rpc::problem_from(&status))
}

fn ours(fixture: &Fixture) -> CreateFolderRequest {
    CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        name: "Ours".to_owned(),
        internal: true,
        ..CreateFolderRequest::default()
    }
}

#[tokio::test]
async fn a_file_of_an_internal_note_is_not_filed_where_others_read_it() {
    let fixture = Fixture::new().await;
    let manager = fixture.manager();
    let path = format!("/record-files?account_id={}", fixture.acme);
    let uploaded = fixture.upload(&manager, &path, "margin.txt", b"40 percent").await.unwrap();
    let document_id = uploaded["document_id"].as_str().unwrap().to_owned();
    let bind = BindDocumentRequest {
        document_id: document_id.clone(),
        person_id: manager.actor.person.unwrap().to_string(),
        kind: "attachment".to_owned(),
        account_id: fixture.acme.to_string(),
        record_id: fixture.record.to_string(),
        internal: true,
        step_id: String::new(),
    };
    fixture.documents(&portico_testkit::system(fixture.tenant)).bind_document(bind).await.unwrap();
    let open = fixture.folder("Open", "view").await;
    let firm = fixture.make(ours(&fixture)).await;
    for folder in [&open, &firm] {
        assert_eq!(file_into(&fixture, &document_id, folder).await.unwrap_err().reason, "document_fixed");
    }
    let path = format!("/versions/{}", uploaded["version_id"].as_str().unwrap());
    assert_eq!(fixture.get(&fixture.client("client"), &path).await.unwrap_err(), Problem::not_found());
}

#[tokio::test]
async fn of_what_becomes_shared_the_drafts_stay_the_firms() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let open = fixture.folder("Open", "view").await;
    let firm = fixture.make(ours(&fixture)).await;
    let inner = fixture.folder_in(&firm, "Inner").await;
    for (folder, moves) in [(&firm, false), (&inner, true)] {
        let (document, draft) = fixture.file(folder, "offer.txt", b"too cheap").await;
        let path = format!("/documents/{document}/versions");
        let last = fixture.upload(&manager, &path, "offer.txt", b"dear").await.unwrap();
        if moves {
            let asked = MoveFolderRequest { folder_id: inner.clone(), parent_id: open.clone() };
            fixture.library(&manager).move_folder(asked).await.unwrap();
        } else {
            file_into(&fixture, &document, &open).await.unwrap();
        }
        let last = format!("/versions/{}", last["version_id"].as_str().unwrap());
        assert_eq!(fixture.get(&client, &last).await.unwrap().body(), b"dear");
        let draft = format!("/versions/{draft}");
        assert_eq!(fixture.get(&client, &draft).await.unwrap_err(), Problem::not_found(), "{moves}");
        assert_eq!(fixture.get(&manager, &draft).await.unwrap().body(), b"too cheap");
    }
}

#[tokio::test]
async fn what_happens_to_folders_and_in_them_is_not_told_to_the_whole_account() {
    let scanner = StandIn::start();
    let config = DocumentsConfig { scanner: Some(scanner.address()), ..DocumentsConfig::default() };
    let fixture = Fixture::with(config).await;
    let top = fixture.folder("Board", "view").await;
    let (document, _) = fixture.file(&top, "plan.txt", b"secret").await;
    file_into(&fixture, &document, &top).await.unwrap();
    fixture.work("documents.scan_versions").await;
    let touched = fixture.said::<Touched>().await;
    assert!(touched.len() >= 3 && touched.iter().all(|event| event.account_id.is_empty()), "{touched:?}");
    // By this word the audit keeps them from people of the account who did not do them.
    let entries = fixture.said::<AuditEntry>().await;
    let mut of_documents = entries.iter().filter(|entry| entry.object_kind == "document");
    assert!(of_documents.all(|entry| format!("{entry:?}").contains(&top)), "{entries:?}");
}

#[tokio::test]
async fn whoever_is_shut_out_while_a_file_is_on_its_way_does_not_get_it_in() {
    let fixture = Fixture::new().await;
    let client = fixture.client("client");
    let top = fixture.folder("Shared", "upload").await;
    let (document, _) = fixture.file(&top, "a.txt", b"a").await;
    let of_record = CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        record_id: fixture.record.to_string(),
        name: "Of the engagement".to_owned(),
        level: "upload".to_owned(),
        ..CreateFolderRequest::default()
    };
    let of_record = fixture.make(of_record).await;
    for path in [format!("/documents/{document}/versions"), format!("/folders/{of_record}/files")] {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(1);
        let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (piece, receiver))
        });
        let body = axum::body::Body::from_stream(pieces);
        let request = http::Request::post(&path).header("x-file-name", "b.txt").body(body).unwrap();
        let revoking = async {
            for piece in [&b"first"[..], b"second"] {
                // The second has room once the first has been read: then the upload was let in.
                sender.send(Ok(bytes::Bytes::from_static(piece))).await.unwrap();
            }
            share(&fixture, &top, &[]).await;
            fixture.world.lock().unwrap().records.clear();
            drop(sender);
        };
        let (answer, ()) = tokio::join!(fixture.send(&client, request), revoking);
        assert_eq!(answer.unwrap_err(), Problem::not_found(), "{path}");
        fixture.world.lock().unwrap().records.insert(fixture.record.to_string(), fixture.acme);
    }
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (1, 1));
}
