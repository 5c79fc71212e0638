//! Folders, sharing, versions and the trash, through the boundary.

mod closed;

use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::documents::v1::*;

use crate::{
    DATA_AGREEMENT,
    testing::{Fixture, refused},
};

fn reading(folder: &str) -> GetFolderRequest {
    GetFolderRequest { folder_id: folder.to_owned(), ..GetFolderRequest::default() }
}

/// The names in a folder: folders first, then documents.
async fn names(fixture: &Fixture, who: &Ctx, folder: &str) -> Vec<String> {
    let read = fixture.library(who).get_folder(reading(folder)).await.unwrap().into_inner();
    let folders = read.folders.into_iter().map(|folder| folder.name);
    folders.chain(read.documents.into_iter().map(|filed| filed.document.unwrap().title)).collect()
}

async fn outermost(fixture: &Fixture, who: &Ctx) -> Vec<String> {
    let listed = fixture.library(who).list_folders(ListFoldersRequest::default()).await.unwrap();
    listed.into_inner().folders.into_iter().map(|folder| folder.name).collect()
}

fn grant(subject: &str, level: &str) -> Grant {
    Grant { subject: subject.to_owned(), level: level.to_owned() }
}

async fn share(fixture: &Fixture, folder: &str, grants: &[Grant]) {
    let asked = SetSharingRequest {
        folder_id: folder.to_owned(),
        grants: grants.to_vec(),
        ..SetSharingRequest::default()
    };
    fixture.library(&fixture.manager()).set_sharing(asked).await.unwrap();
}

#[tokio::test]
async fn folders_nest_and_their_names_are_unique_beside_each_other() {
    let fixture = Fixture::new().await;
    let manager = fixture.manager();
    let top = fixture.folder("Accounts 2026", "view").await;
    let inner = fixture.folder_in(&top, "Invoices").await;
    let twice =
        CreateFolderRequest { parent_id: top.clone(), name: "INVOICES ".to_owned(), ..Default::default() };
    let taken = refused(fixture.library(&manager).create_folder(twice).await);
    assert_eq!((taken.code, taken.fields[0].field.as_str()), (ErrorCode::AlreadyExists, "name"));
    fixture.folder_in(&inner, "Invoices").await;
    assert_eq!(names(&fixture, &manager, &top).await, ["Invoices"]);
    let client = fixture.client("client");
    let read = fixture.library(&client).get_folder(reading(&inner)).await.unwrap().into_inner();
    assert_eq!(read.trail.len(), 1);
    let folder = read.folder.unwrap();
    assert_eq!((folder.parent_id, folder.may.as_str(), folder.depth), (top.clone(), "view", 2));
    let all = ListFoldersRequest { deep: true, ..Default::default() };
    let all = fixture.library(&client).list_folders(all).await.unwrap().into_inner().folders;
    let parents: Vec<_> = all.iter().map(|folder| folder.parent_id.as_str()).collect();
    assert_eq!(parents, ["", top.as_str(), inner.as_str()]);
    let mut deep = inner.clone();
    for depth in 3..=8 {
        deep = fixture.folder_in(&deep, &format!("Level {depth}")).await;
    }
    let deeper = CreateFolderRequest { parent_id: deep, name: "Too deep".to_owned(), ..Default::default() };
    assert_eq!(
        refused(fixture.library(&manager).create_folder(deeper).await).code,
        ErrorCode::InvalidArgument
    );
    let by_client = CreateFolderRequest { parent_id: top, name: "Mine".to_owned(), ..Default::default() };
    assert_eq!(
        refused(fixture.library(&client).create_folder(by_client).await).code,
        ErrorCode::PermissionDenied
    );
    assert!(fixture.audited().await.contains(&"folder.created".to_owned()));
}

#[tokio::test]
async fn sharing_is_inherited_until_a_folder_has_its_own() {
    let fixture = Fixture::new().await;
    let (client, signatory) = (fixture.client("client"), fixture.client("signatory"));
    let top = fixture.folder("Shared", "view").await;
    let board = fixture.folder_in(&top, "Board").await;
    let minutes = fixture.folder_in(&board, "Minutes").await;
    let (_, version) = fixture.file(&minutes, "minutes.txt", b"agreed").await;
    let path = format!("/versions/{version}");
    assert_eq!(fixture.get(&client, &path).await.unwrap().body(), b"agreed");

    share(&fixture, &board, &[grant("role:signatory", "upload")]).await;
    assert_eq!(fixture.get(&client, &path).await.unwrap_err(), Problem::not_found());
    assert_eq!(refused(fixture.library(&client).get_folder(reading(&minutes)).await), Problem::not_found());
    assert!(names(&fixture, &client, &top).await.is_empty());
    assert_eq!(names(&fixture, &signatory, &board).await, ["Minutes"]);
    let upload = format!("/folders/{minutes}/files");
    fixture.upload(&signatory, &upload, "b.txt", b"b").await.unwrap();

    // Whoever sees only a folder within finds it at the top.
    share(&fixture, &top, &[]).await;
    assert_eq!(outermost(&fixture, &client).await, Vec::<String>::new());
    assert_eq!(outermost(&fixture, &signatory).await, ["Board"]);
    let read = fixture.library(&signatory).get_folder(reading(&board)).await.unwrap().into_inner();
    assert!(read.trail.is_empty() && read.folder.unwrap().parent_id.is_empty());

    let back = SetSharingRequest { folder_id: board.clone(), inherit: true, ..Default::default() };
    let sharing = fixture.library(&fixture.manager()).set_sharing(back).await.unwrap().into_inner().sharing;
    assert!(!sharing.unwrap().own);
    assert_eq!(fixture.get(&signatory, &path).await.unwrap_err(), Problem::not_found());
    let person = format!("person:{}", client.actor.person.unwrap());
    share(&fixture, &top, &[grant(&person, "view_only"), grant(&person, "view")]).await;
    assert_eq!(
        fixture.get(&client, &path).await.unwrap().body(),
        b"agreed",
        "the higher of two grants counts"
    );
    assert_eq!(fixture.get(&signatory, &path).await.unwrap_err(), Problem::not_found());
    let wrong = SetSharingRequest {
        folder_id: top,
        grants: vec![grant("everybody", "view")],
        ..SetSharingRequest::default()
    };
    let problem = refused(fixture.library(&fixture.manager()).set_sharing(wrong).await);
    assert_eq!(problem.fields[0].field, "grants");
}

#[tokio::test]
async fn a_document_can_be_shared_otherwise_than_its_folder() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let top = fixture.folder("Shared", "view").await;
    let (secret, version) = fixture.file(&top, "secret.txt", b"s").await;
    fixture.file(&top, "open.txt", b"o").await;
    let asked = SetSharingRequest { document_id: secret.clone(), ..Default::default() };
    fixture.library(&manager).set_sharing(asked).await.unwrap();
    assert_eq!(names(&fixture, &client, &top).await, ["open.txt"]);
    assert_eq!(names(&fixture, &manager, &top).await, ["open.txt", "secret.txt"]);
    assert_eq!(
        fixture.get(&client, &format!("/versions/{version}")).await.unwrap_err(),
        Problem::not_found()
    );
    let read = GetSharingRequest { document_id: secret.clone(), ..Default::default() };
    assert!(fixture.library(&manager).get_sharing(read).await.unwrap().into_inner().sharing.unwrap().own);
    let back = SetSharingRequest { document_id: secret, inherit: true, ..Default::default() };
    fixture.library(&manager).set_sharing(back).await.unwrap();
    assert_eq!(names(&fixture, &client, &top).await.len(), 2);
}

#[tokio::test]
async fn what_is_for_viewing_only_gives_pages_to_see_and_to_hear_and_no_bytes() {
    let fixture = Fixture::new().await;
    let client = fixture.client("client");
    let top = fixture.folder("To read", "view_only").await;
    let (document_id, version_id) = fixture.file(&top, "agreement.pdf", DATA_AGREEMENT).await;
    let page = fixture.get(&client, &format!("/versions/{version_id}/pages/1")).await.unwrap();
    assert!(page.body().starts_with(b"\x89PNG"));
    for path in [format!("/versions/{version_id}"), format!("/versions/{version_id}?inline=1")] {
        let problem = fixture.get(&client, &path).await.unwrap_err();
        assert_eq!((problem.code, problem.reason.as_str()), (ErrorCode::FailedPrecondition, "view_only"));
    }
    let text = GetPageTextRequest { version_id: version_id.clone(), page: 1 };
    let said = fixture.documents(&client).get_page_text(text.clone()).await.unwrap().into_inner();
    assert!(
        said.text.contains("Data agreement") && said.blocks.iter().any(|block| !block.text.is_empty()),
        "{}",
        said.text
    );
    assert!(
        said.blocks.iter().all(|block| block.lines.is_empty()),
        "no places to lay words over the picture"
    );
    let manager =
        fixture.documents(&fixture.manager()).get_page_text(text.clone()).await.unwrap().into_inner();
    assert_eq!(manager.text, said.text);
    assert!(manager.blocks.iter().any(|block| !block.lines.is_empty()));
    for stranger in fixture.strangers() {
        let problem = refused(fixture.documents(&stranger).get_page_text(text.clone()).await);
        assert_eq!(problem, Problem::not_found());
    }
    // Words that have no picture are the file itself.
    let (_, plain) = fixture.file(&top, "notes.txt", b"plain").await;
    let plain = GetPageTextRequest { version_id: plain, page: 1 };
    assert!(fixture.documents(&client).get_page_text(plain).await.is_err());
    let read = GetDocumentRequest { document_id, ..Default::default() };
    assert_eq!(fixture.documents(&client).get_document(read).await.unwrap().into_inner().may, "view_only");
    let path = format!("/folders/{top}/files");
    let problem = fixture.upload(&client, &path, "a.txt", b"a").await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::PermissionDenied);
    assert_eq!(
        fixture.get(&fixture.manager(), &format!("/versions/{version_id}")).await.unwrap().status(),
        200
    );
    share(&fixture, &top, &[grant("role:signatory", "view_only")]).await;
    assert_eq!(refused(fixture.documents(&client).get_page_text(text).await), Problem::not_found());
}

#[tokio::test]
async fn what_is_watermarked_carries_the_readers_address_on_pages_and_copies() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let top = fixture.folder("Marked", "view").await;
    let (_, version) = fixture.file(&top, "agreement.pdf", DATA_AGREEMENT).await;
    let (_, text) = fixture.file(&top, "notes.txt", b"plain").await;
    let asked = SetSharingRequest {
        folder_id: top.clone(),
        grants: vec![grant("everyone", "view")],
        watermark: true,
        ..SetSharingRequest::default()
    };
    fixture.library(&manager).set_sharing(asked).await.unwrap();
    let (path, page) = (format!("/versions/{version}"), format!("/versions/{version}/pages/1"));
    let plain = fixture.get(&manager, &page).await.unwrap().into_body();
    let marked = fixture.get(&client, &page).await.unwrap().into_body();
    assert!(marked.starts_with(b"\x89PNG") && marked != plain);
    assert_eq!(fixture.get(&client, &page).await.unwrap().into_body(), marked);
    let other = fixture.get(&fixture.client("signatory"), &page).await.unwrap().into_body();
    assert!(other != marked, "each reader has a mark of their own");
    let width = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert!(width(&plain).abs_diff(width(&marked)) <= 1, "{} and {}", width(&plain), width(&marked));
    assert_eq!(fixture.get(&manager, &path).await.unwrap().body().as_slice(), DATA_AGREEMENT);
    let copy = fixture.get(&client, &path).await.unwrap().into_body();
    assert!(copy.starts_with(b"%PDF") && copy != DATA_AGREEMENT);
    // What cannot be marked is not handed out.
    assert_eq!(fixture.get(&client, &format!("/versions/{text}")).await.unwrap_err().reason, "view_only");
    let archive = fixture.get(&client, &format!("/folders/{top}/archive")).await.unwrap_err();
    assert_eq!(archive.reason, "nothing_to_pack");
}

#[tokio::test]
async fn a_folder_is_read_page_by_page_in_the_order_of_names() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let top = fixture.folder("Many", "view").await;
    for name in ["c.txt", "A.txt", "b.txt", "a.txt", "c.txt"] {
        fixture.file(&top, name, b"x").await;
    }
    let mut asked = GetFolderRequest { page_size: 2, ..reading(&top) };
    let mut seen = Vec::new();
    loop {
        let page = fixture.library(&client).get_folder(asked.clone()).await.unwrap().into_inner();
        assert!(page.documents.len() <= 2);
        seen.extend(page.documents.into_iter().map(|filed| filed.document.unwrap().title));
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    assert_eq!(seen, ["a (2).txt", "A.txt", "b.txt", "c (2).txt", "c.txt"]);
    asked.page_token = "nonsense".to_owned();
    assert_eq!(refused(fixture.library(&manager).get_folder(asked).await).fields[0].field, "page_token");
}

#[tokio::test]
async fn folders_and_documents_move_with_what_is_in_them() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let (open, closed) = (fixture.folder("Open", "view").await, fixture.folder("Closed", "").await);
    let inner = fixture.folder_in(&closed, "Inner").await;
    let (document, version) = fixture.file(&inner, "a.txt", b"a").await;
    let path = format!("/versions/{version}");
    assert_eq!(fixture.get(&client, &path).await.unwrap_err(), Problem::not_found());
    let move_to =
        |folder: &str, into: &str| MoveFolderRequest { folder_id: folder.into(), parent_id: into.into() };
    fixture.library(&manager).move_folder(move_to(&inner, &open)).await.unwrap();
    assert_eq!(fixture.get(&client, &path).await.unwrap().body(), b"a", "the new place's sharing counts");
    let itself = refused(fixture.library(&manager).move_folder(move_to(&open, &inner)).await);
    assert_eq!(itself.fields[0].field, "parent_id");

    // For the firm alone, and back.
    let firm = CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        name: "Ours".to_owned(),
        internal: true,
        ..CreateFolderRequest::default()
    };
    let firm = fixture.make(firm).await;
    fixture.library(&manager).move_folder(move_to(&inner, &firm)).await.unwrap();
    assert_eq!(fixture.get(&client, &path).await.unwrap_err(), Problem::not_found());
    assert_eq!(outermost(&fixture, &client).await, ["Open"]);
    let shared = SetSharingRequest {
        folder_id: firm,
        grants: vec![grant("everyone", "view")],
        ..SetSharingRequest::default()
    };
    assert_eq!(refused(fixture.library(&manager).set_sharing(shared).await).code, ErrorCode::InvalidArgument);
    let file =
        FileDocumentRequest { document_id: document, folder_id: open.clone(), title: "B.txt".to_owned() };
    fixture.library(&manager).file_document(file.clone()).await.unwrap();
    assert_eq!(fixture.get(&client, &path).await.unwrap().body(), b"a");
    fixture.file(&open, "c.txt", b"c").await;
    let taken = FileDocumentRequest { title: "C.TXT".to_owned(), folder_id: String::new(), ..file };
    assert_eq!(refused(fixture.library(&manager).file_document(taken).await).code, ErrorCode::AlreadyExists);
    let full = DeleteFolderRequest { folder_id: open };
    assert_eq!(refused(fixture.library(&manager).delete_folder(full).await).reason, "folder_not_empty");
    let empty = DeleteFolderRequest { folder_id: closed.clone() };
    fixture.library(&manager).delete_folder(empty).await.unwrap();
    assert_eq!(refused(fixture.library(&manager).get_folder(reading(&closed)).await), Problem::not_found());
}

#[tokio::test]
async fn what_belongs_to_a_step_can_be_filed_and_stays_as_it_is() {
    let fixture = Fixture::new().await;
    let manager = fixture.manager();
    let step = fixture.activate("plan").await;
    let path = format!("/deliverables/{step}/versions");
    let answer = fixture.upload(&manager, &path, "plan.pdf", DATA_AGREEMENT).await.unwrap();
    let document_id = answer["document_id"].as_str().unwrap().to_owned();
    let top = fixture.folder("Plans", "view").await;
    let file = FileDocumentRequest {
        document_id: document_id.clone(),
        folder_id: top.clone(),
        ..Default::default()
    };
    fixture.library(&manager).file_document(file).await.unwrap();
    assert_eq!(names(&fixture, &fixture.client("client"), &top).await, ["Project plan"]);
    let trash = TrashDocumentRequest { document_id: document_id.clone() };
    assert_eq!(refused(fixture.library(&manager).trash_document(trash).await).reason, "document_fixed");
    let path = format!("/documents/{document_id}/versions");
    let problem = fixture.upload(&manager, &path, "plan.pdf", DATA_AGREEMENT).await.unwrap_err();
    assert_eq!(problem.reason, "document_fixed");
    let other = CreateFolderRequest {
        account_id: fixture.globex.to_string(),
        name: "Theirs".to_owned(),
        ..CreateFolderRequest::default()
    };
    let other = fixture.make(other).await;
    let away = FileDocumentRequest { document_id, folder_id: other, ..Default::default() };
    assert_eq!(refused(fixture.library(&manager).file_document(away).await), Problem::not_found());
}

#[tokio::test]
async fn versions_follow_one_another_and_an_old_one_comes_back_as_a_new_one() {
    let fixture = Fixture::new().await;
    let client = fixture.client("client");
    let top = fixture.folder("Drafts", "upload").await;
    let (document_id, first) = fixture.file(&top, "draft.txt", b"one").await;
    let path = format!("/documents/{document_id}/versions");
    fixture.upload(&client, &path, "draft v2.txt", b"two").await.unwrap();
    let restore = RestoreVersionRequest { version_id: first.clone() };
    let restored = fixture.library(&client).restore_version(restore.clone()).await.unwrap().into_inner();
    let latest = restored.document.unwrap().latest.unwrap();
    assert_eq!((latest.number, latest.file_name.as_str()), (3, "draft.txt"));
    assert_eq!(fixture.get(&client, &format!("/versions/{}", latest.id)).await.unwrap().body(), b"one");
    let read = GetDocumentRequest { document_id: document_id.clone(), ..Default::default() };
    let versions = fixture.documents(&client).get_document(read).await.unwrap().into_inner().versions;
    assert_eq!(versions.iter().map(|version| version.number).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((versions[0].sha256 == versions[2].sha256, fixture.blobs()), (true, 3));
    let newest = RestoreVersionRequest { version_id: latest.id };
    assert_eq!(
        refused(fixture.library(&client).restore_version(newest).await).code,
        ErrorCode::InvalidArgument
    );
    assert_eq!(fixture.blobs(), 3, "what was refused leaves nothing behind");
    share(&fixture, &top, &[grant("everyone", "view")]).await;
    let reader = refused(fixture.library(&client).restore_version(restore.clone()).await);
    assert_eq!(reader.code, ErrorCode::PermissionDenied);
    let problem = fixture.upload(&client, &path, "x.txt", b"x").await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::PermissionDenied);
    for stranger in fixture.strangers() {
        let answer = fixture.library(&stranger).restore_version(restore.clone()).await;
        assert_eq!(refused(answer), Problem::not_found());
        let problem = fixture.upload(&stranger, &path, "x.txt", b"x").await.unwrap_err();
        assert_eq!(problem, Problem::not_found());
    }
    assert!(fixture.audited().await.contains(&"document.version_restored".to_owned()));
}

#[tokio::test]
async fn what_is_in_the_trash_is_gone_for_clients_and_comes_back_with_its_versions() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let top = fixture.folder("Drafts", "upload").await;
    let (document_id, version) = fixture.file(&top, "draft.txt", b"one").await;
    let trash = TrashDocumentRequest { document_id: document_id.clone() };
    assert_eq!(
        refused(fixture.library(&client).trash_document(trash.clone()).await).code,
        ErrorCode::PermissionDenied
    );
    fixture.library(&manager).trash_document(trash.clone()).await.unwrap();
    assert_eq!(refused(fixture.library(&manager).trash_document(trash).await), Problem::not_found());
    assert!(
        names(&fixture, &client, &top).await.is_empty() && names(&fixture, &manager, &top).await.is_empty()
    );
    let path = format!("/versions/{version}");
    assert_eq!(fixture.get(&client, &path).await.unwrap_err(), Problem::not_found());
    let upload = format!("/documents/{document_id}/versions");
    assert_eq!(fixture.upload(&client, &upload, "x.txt", b"x").await.unwrap_err(), Problem::not_found());
    // Its name is free meanwhile.
    fixture.file(&top, "draft.txt", b"another").await;
    let list = ListTrashRequest { account_id: fixture.acme.to_string(), ..Default::default() };
    let found = fixture.library(&manager).list_trash(list.clone()).await.unwrap().into_inner().documents;
    assert_eq!(
        (found.len(), found[0].folder_name.as_str(), found[0].removed_at.is_some()),
        (1, "Drafts", true)
    );
    let restore = RestoreDocumentRequest { document_id: document_id.clone() };
    fixture.library(&manager).restore_document(restore.clone()).await.unwrap();
    assert_eq!(refused(fixture.library(&manager).restore_document(restore).await), Problem::not_found());
    assert_eq!(names(&fixture, &client, &top).await, ["draft (2).txt", "draft.txt"]);
    assert_eq!(fixture.get(&client, &path).await.unwrap().body(), b"one");
    assert!(fixture.library(&manager).list_trash(list).await.unwrap().into_inner().documents.is_empty());
    let audited = fixture.audited().await;
    assert!(
        audited.contains(&"document.trashed".to_owned())
            && audited.contains(&"document.untrashed".to_owned())
    );
}

#[tokio::test]
async fn an_engagements_folders_are_for_those_who_read_it() {
    let fixture = Fixture::new().await;
    let (client, manager) = (fixture.client("client"), fixture.manager());
    let asked = CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        record_id: fixture.record.to_string(),
        name: "Of the engagement".to_owned(),
        level: "view".to_owned(),
        ..CreateFolderRequest::default()
    };
    let folder = fixture.make(asked.clone()).await;
    let (_, version) = fixture.file(&folder, "a.txt", b"a").await;
    assert_eq!(outermost(&fixture, &client).await, ["Of the engagement"]);
    fixture.world.lock().unwrap().records.clear();
    for who in [&client, &manager] {
        assert!(outermost(&fixture, who).await.is_empty());
        assert_eq!(refused(fixture.library(who).get_folder(reading(&folder)).await), Problem::not_found());
        assert_eq!(
            fixture.get(who, &format!("/versions/{version}")).await.unwrap_err(),
            Problem::not_found()
        );
    }
    assert_eq!(refused(fixture.library(&manager).create_folder(asked).await), Problem::not_found());
}

#[tokio::test]
async fn i01_i02_nothing_of_a_library_tells_a_stranger_anything() {
    let fixture = Fixture::new().await;
    let top = fixture.folder("Shared", "upload").await;
    let (document_id, version) = fixture.file(&top, "a.pdf", DATA_AGREEMENT).await;
    let absent = fixture.run.to_string();
    for stranger in fixture.strangers() {
        assert!(outermost(&fixture, &stranger).await.is_empty());
        for folder in [&top, &absent] {
            let answer = fixture.library(&stranger).get_folder(reading(folder)).await;
            assert_eq!(refused(answer), Problem::not_found());
            let path = format!("/folders/{folder}/files");
            assert_eq!(fixture.upload(&stranger, &path, "x", b"x").await.unwrap_err(), Problem::not_found());
        }
        let account = ListFoldersRequest { account_id: fixture.acme.to_string(), ..Default::default() };
        if stranger.tenant == fixture.tenant {
            assert_eq!(refused(fixture.library(&stranger).list_folders(account).await), Problem::not_found());
        } else {
            let listed = fixture.library(&stranger).list_folders(account).await;
            assert!(listed.is_err() || listed.unwrap().into_inner().folders.is_empty());
        }
        for path in [format!("/versions/{version}"), format!("/versions/{version}/pages/1")] {
            assert_eq!(fixture.get(&stranger, &path).await.unwrap_err(), Problem::not_found());
        }
        if stranger.is_internal() {
            let mut library = fixture.library(&stranger);
            let (folder_id, document_id) = (top.clone(), document_id.clone());
            let name = "Mine".to_owned();
            let rename = RenameFolderRequest { folder_id: folder_id.clone(), name: name.clone() };
            assert_eq!(refused(library.rename_folder(rename).await), Problem::not_found());
            let create = CreateFolderRequest { parent_id: top.clone(), name, ..Default::default() };
            assert_eq!(refused(library.create_folder(create).await), Problem::not_found());
            let delete = DeleteFolderRequest { folder_id: folder_id.clone() };
            assert_eq!(refused(library.delete_folder(delete).await), Problem::not_found());
            let sharing = SetSharingRequest { folder_id: folder_id.clone(), ..Default::default() };
            assert_eq!(refused(library.set_sharing(sharing).await), Problem::not_found());
            let read = GetSharingRequest { document_id: document_id.clone(), ..Default::default() };
            assert_eq!(refused(library.get_sharing(read).await), Problem::not_found());
            let shift = MoveFolderRequest { folder_id: folder_id.clone(), parent_id: folder_id };
            assert_eq!(refused(library.move_folder(shift).await), Problem::not_found());
            let file = FileDocumentRequest { document_id: document_id.clone(), ..Default::default() };
            assert_eq!(refused(library.file_document(file).await), Problem::not_found());
            let trash = TrashDocumentRequest { document_id: document_id.clone() };
            assert_eq!(refused(library.trash_document(trash).await), Problem::not_found());
            let back = RestoreDocumentRequest { document_id };
            assert_eq!(refused(library.restore_document(back).await), Problem::not_found());
            let list = ListTrashRequest { account_id: fixture.acme.to_string(), ..Default::default() };
            assert_eq!(refused(library.list_trash(list).await), Problem::not_found());
        }
    }
}
