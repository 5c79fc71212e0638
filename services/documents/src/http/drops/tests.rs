//! Files by drop links: where they land, who is told, and what nobody can do.

use chrono::TimeDelta;
use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::{
    documents::v1::{
        CreateFolderRequest, DeleteFolderRequest, FileDocumentRequest, GetFolderRequest, GetFolderResponse,
        ListFoldersRequest, MoveFolderRequest, RevokeDropLinkRequest,
    },
    events::v1::NoticeRequested,
};

use crate::{DATA_AGREEMENT, DocumentsConfig, testing::Fixture};

async fn read(fixture: &Fixture, ctx: &Ctx, folder: &str) -> GetFolderResponse {
    let asked = GetFolderRequest { folder_id: folder.to_owned(), ..GetFolderRequest::default() };
    fixture.library(ctx).get_folder(asked).await.unwrap().into_inner()
}

/// The titles of what lies in the inbox of a folder, and its id.
async fn inbox(fixture: &Fixture, folder: &str) -> (String, Vec<String>) {
    let manager = fixture.manager();
    let inbox =
        read(fixture, &manager, folder).await.folders.into_iter().find(|inner| inner.internal).unwrap();
    let documents = read(fixture, &manager, &inbox.id).await.documents;
    (inbox.id, documents.into_iter().map(|filed| filed.document.unwrap().title).collect())
}

#[tokio::test]
async fn what_comes_lies_in_the_inbox_until_the_firm_shares_it() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let token = fixture.drop_link(&folder, 0).await.token;
    let edge = portico_testkit::system(fixture.tenant);
    for _ in 0..2 {
        let answer = fixture.hand_in(&edge, &token, "Plan.pdf", DATA_AGREEMENT).await.unwrap();
        let told = serde_json::json!({ "file_name": "Plan.pdf", "size": DATA_AGREEMENT.len() });
        assert_eq!(answer, told, "no id and no hint of the first file");
    }
    let (inbox, titles) = inbox(&fixture, &folder).await;
    assert_eq!(titles, ["Plan (2).pdf", "Plan.pdf"]);
    let manager = fixture.manager();
    let first = read(&fixture, &manager, &inbox).await.documents.remove(0).document.unwrap();
    assert_eq!(first.latest.unwrap().added_by, "Ada Byron (ada@example.com)");

    let client = fixture.client("client");
    assert_eq!(
        read(&fixture, &client, &folder).await,
        GetFolderResponse {
            folder: read(&fixture, &client, &folder).await.folder,
            max_bytes: read(&fixture, &client, &folder).await.max_bytes,
            ..GetFolderResponse::default()
        }
    );
    let all = ListFoldersRequest { deep: true, ..ListFoldersRequest::default() };
    let folders = fixture.library(&client).list_folders(all).await.unwrap().into_inner().folders;
    assert_eq!(folders.len(), 1);
    let asked = GetFolderRequest { folder_id: inbox, ..GetFolderRequest::default() };
    let hidden = crate::testing::refused(fixture.library(&client).get_folder(asked).await);
    assert_eq!(hidden, Problem::not_found());

    let share =
        FileDocumentRequest { document_id: first.id, folder_id: folder.clone(), ..Default::default() };
    fixture.library(&manager).file_document(share).await.unwrap();
    assert_eq!(read(&fixture, &client, &folder).await.documents.len(), 1);
}

#[tokio::test]
async fn the_firm_is_told_once_and_the_audit_each_time() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let made = fixture.drop_link(&folder, 0).await;
    let edge = portico_testkit::system(fixture.tenant);
    for name in ["a.pdf", "b.pdf"] {
        fixture.hand_in(&edge, &made.token, name, DATA_AGREEMENT).await.unwrap();
        fixture.database.clock.advance(TimeDelta::minutes(1));
    }
    let told = fixture.said::<NoticeRequested>().await;
    assert_eq!((told.len(), told[0].person_ids.len()), (1, 1));
    assert!(told[0].body.contains("Ada Byron") && told[0].translations[0].body.contains("Ada Byron"));
    assert!(!told[0].body.contains(&made.token));
    let used = fixture.audited().await.into_iter().filter(|action| action == "drop_link.used").count();
    assert_eq!(used, 2);
    fixture.database.clock.advance(TimeDelta::minutes(40));
    fixture.hand_in(&edge, &made.token, "c.pdf", DATA_AGREEMENT).await.unwrap();
    assert_eq!(fixture.said::<NoticeRequested>().await.len(), 2);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_link_it_is_not_there() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let edge = portico_testkit::system(fixture.tenant);
    let (full, ended, over) = (
        fixture.drop_link(&folder, 1).await,
        fixture.drop_link(&folder, 0).await,
        fixture.drop_link(&folder, 0).await,
    );
    fixture.hand_in(&edge, &full.token, "a.pdf", DATA_AGREEMENT).await.unwrap();
    let asked = RevokeDropLinkRequest { drop_link_id: ended.link.unwrap().id };
    fixture.drops(&fixture.manager()).revoke_drop_link(asked).await.unwrap();
    let elsewhere = portico_testkit::system(fixture.database.tenant());
    let foreign = fixture.hand_in(&elsewhere, &over.token, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
    fixture.database.clock.advance(TimeDelta::days(7));
    for token in [&full.token, &ended.token, &over.token, &"0".repeat(64), &String::new()] {
        let problem = fixture.hand_in(&edge, token, "b.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(problem, Problem::not_found());
    }
    assert_eq!(foreign, Problem::not_found());
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (1, 1));
}

#[tokio::test]
async fn only_the_edge_hands_in_and_a_sender_must_be_named() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "upload").await;
    let token = fixture.drop_link(&folder, 0).await.token;
    for who in [fixture.client("client"), fixture.manager(), fixture.admin()] {
        let problem = fixture.hand_in(&who, &token, "a.pdf", DATA_AGREEMENT).await.unwrap_err();
        assert_eq!(problem, Problem::not_found());
    }
    let edge = portico_testkit::system(fixture.tenant);
    let nameless = http::Request::post("/drops")
        .header("x-file-name", "a.pdf")
        .header("x-drop-token", &token)
        .body(DATA_AGREEMENT.into())
        .unwrap();
    let problem = fixture.send(&edge, nameless).await.unwrap_err();
    let fields: Vec<_> = problem.fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["sender_name", "sender_email"]);
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
}

#[tokio::test]
async fn programs_pages_and_large_files_are_refused_and_leave_nothing() {
    let fixture =
        Fixture::with(DocumentsConfig { largest_attachment: 100_000, ..DocumentsConfig::default() }).await;
    let folder = fixture.folder("Accounts", "view").await;
    let token = fixture.drop_link(&folder, 0).await.token;
    let edge = portico_testkit::system(fixture.tenant);
    let mut program = b"MZ\x90\x00".to_vec();
    program.resize(4096, 0);
    let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>".to_vec();
    for (name, bytes) in
        [("a.pdf", program), ("b.pdf", page), ("c.txt", vec![b'x'; 100_001]), ("d.pdf", Vec::new())]
    {
        let problem = fixture.hand_in(&edge, &token, name, &bytes).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.fields[0].field.as_str()),
            (ErrorCode::InvalidArgument, "file"),
            "{name}"
        );
    }
    assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
    let files: i32 = sqlx::query_scalar("select files from documents.drop_links")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    assert_eq!(files, 0, "what is refused does not count");
}

#[tokio::test]
async fn many_files_in_a_short_time_have_to_wait() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let token = fixture.drop_link(&folder, 0).await.token;
    let edge = portico_testkit::system(fixture.tenant);
    for _ in 0..super::BY_ADDRESS {
        // Refused for its content, and counted all the same.
        fixture.hand_in(&edge, &token, "a.pdf", b"").await.unwrap_err();
    }
    let problem = fixture.hand_in(&edge, &token, "a.txt", b"words").await.unwrap_err();
    assert_eq!((problem.code, problem.reason.as_str()), (ErrorCode::ResourceExhausted, "too_many_files"));
}

#[tokio::test]
async fn an_inbox_stays_the_firms_when_the_folder_around_it_moves() {
    let fixture = Fixture::new().await;
    let (folder, other) = (fixture.folder("Accounts", "view").await, fixture.folder("Years", "view").await);
    let token = fixture.drop_link(&folder, 0).await.token;
    let edge = portico_testkit::system(fixture.tenant);
    fixture.hand_in(&edge, &token, "a.pdf", DATA_AGREEMENT).await.unwrap();
    let shift = MoveFolderRequest { folder_id: folder.clone(), parent_id: other };
    fixture.library(&fixture.manager()).move_folder(shift).await.unwrap();
    assert_eq!(inbox(&fixture, &folder).await.1, ["a.pdf"]);
    assert!(read(&fixture, &fixture.client("client"), &folder).await.folders.is_empty());
    fixture.hand_in(&edge, &token, "b.pdf", DATA_AGREEMENT).await.unwrap();
    assert_eq!(inbox(&fixture, &folder).await.1.len(), 2);
}

/// Whether everything of a folder is the firm's: itself, and what is in it.
async fn is_firms(fixture: &Fixture, folder: &str) -> bool {
    let question = "select bool_and(internal) from (
           select internal from documents.folders where id = $1::uuid
           union all select internal from documents.documents where folder_id = $1::uuid
           union all select v.internal from documents.versions v join documents.documents d on d.id = v.document_id
             where d.folder_id = $1::uuid) as all_of_it";
    sqlx::query_scalar(question).bind(folder).fetch_one(fixture.database.admin()).await.unwrap()
}

#[tokio::test]
async fn an_inbox_stays_the_firms_when_it_leaves_a_folder_of_the_firms() {
    let fixture = Fixture::new().await;
    let manager = fixture.manager();
    let ours = CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        name: "Ours".to_owned(),
        internal: true,
        ..CreateFolderRequest::default()
    };
    let (ours, open) = (fixture.make(ours).await, fixture.folder("Open", "view").await);
    let (around, plain) = (fixture.folder_in(&ours, "Around").await, fixture.folder_in(&ours, "Plain").await);
    let edge = portico_testkit::system(fixture.tenant);
    let mut inboxes = Vec::new();
    for folder in [&ours, &around] {
        let token = fixture.drop_link(folder, 0).await.token;
        fixture.hand_in(&edge, &token, "a.pdf", DATA_AGREEMENT).await.unwrap();
        let found =
            sqlx::query_scalar("select id::text from documents.folders where inbox and parent_id = $1::uuid");
        inboxes.push(found.bind(folder).fetch_one(fixture.database.admin()).await.unwrap());
    }
    let inboxes: [String; 2] = inboxes.try_into().unwrap();
    // Alone, and within the folder around it.
    for moved in [&inboxes[0], &around, &plain] {
        let shift = MoveFolderRequest { folder_id: moved.clone(), parent_id: open.clone() };
        fixture.library(&manager).move_folder(shift).await.unwrap();
    }
    for inbox in &inboxes {
        assert!(is_firms(&fixture, inbox).await);
        let asked = GetFolderRequest { folder_id: inbox.clone(), ..GetFolderRequest::default() };
        let seen = fixture.library(&fixture.client("client")).get_folder(asked).await;
        assert_eq!(crate::testing::refused(seen), Problem::not_found());
    }
    let names = |folders: GetFolderResponse| -> Vec<String> {
        folders.folders.into_iter().map(|folder| folder.name).collect()
    };
    let client = fixture.client("client");
    assert_eq!(
        names(read(&fixture, &client, &open).await),
        ["Around", "Plain"],
        "the rest is shared as it was"
    );
    assert!(read(&fixture, &client, &around).await.folders.is_empty());
}

#[tokio::test]
async fn an_empty_inbox_goes_with_its_folder_and_a_full_one_keeps_it() {
    let fixture = Fixture::new().await;
    let manager = fixture.manager();
    let edge = portico_testkit::system(fixture.tenant);
    let (empty, full) = (fixture.folder("Empty", "view").await, fixture.folder("Full", "view").await);
    let rows = fixture.rows("folders").await;
    let delete = async |folder: &str| {
        let asked = DeleteFolderRequest { folder_id: folder.to_owned() };
        fixture
            .library(&manager)
            .delete_folder(asked)
            .await
            .map_err(|status| portico_rpc::problem_from(&status))
    };
    for folder in [&empty, &full] {
        let made = fixture.drop_link(folder, 0).await;
        if folder == &full {
            fixture.hand_in(&edge, &made.token, "a.pdf", DATA_AGREEMENT).await.unwrap();
        }
        assert_eq!(delete(folder).await.unwrap_err().reason, "folder_has_links");
        let asked = RevokeDropLinkRequest { drop_link_id: made.link.unwrap().id };
        fixture.drops(&manager).revoke_drop_link(asked).await.unwrap();
    }
    assert_eq!(delete(&full).await.unwrap_err().reason, "folder_not_empty");
    assert_eq!(inbox(&fixture, &full).await.1, ["a.pdf"]);
    delete(&empty).await.unwrap();
    assert_eq!(fixture.rows("folders").await, rows, "both went, the full one and its inbox stay");
}

#[tokio::test]
async fn what_the_firm_keeps_to_itself_takes_no_name_from_what_others_see() {
    let fixture = Fixture::new().await;
    let firm = |name: &str| CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        name: name.to_owned(),
        internal: true,
        ..CreateFolderRequest::default()
    };
    fixture.make(firm("Plans")).await;
    let shared = fixture.folder("Plans", "view").await;
    let again = CreateFolderRequest { internal: false, ..firm("plans") };
    let taken = fixture.library(&fixture.manager()).create_folder(again).await;
    assert_eq!(crate::testing::refused(taken).reason, "name_taken");
    // An inbox beside a shared folder of its name has no number, and leaves none to the shared one.
    fixture.folder_in(&shared, "Inbox").await;
    fixture.drop_link(&shared, 0).await;
    let manager = fixture.manager();
    let names: Vec<_> = read(&fixture, &manager, &shared)
        .await
        .folders
        .into_iter()
        .map(|it| (it.name, it.internal))
        .collect();
    assert!(names.len() == 2 && names.iter().all(|(name, _)| name == "Inbox"), "{names:?}");
    let other = fixture.folder("Years", "view").await;
    fixture.drop_link(&other, 0).await;
    fixture.folder_in(&other, "Inbox").await;
}
