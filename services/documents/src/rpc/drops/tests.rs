//! Links through their RPCs; what comes by them is tested beside the route that takes files.

use chrono::TimeDelta;
use portico_core::{Clock as _, Ctx, ErrorCode, Problem};
use portico_proto::{
    documents::v1::{
        CreateDropLinkRequest, DeleteFolderRequest, DropLink, DropLinkState, ListDropLinksRequest,
        OpenDropLinkRequest, OpenDropLinkResponse, RevokeDropLinkRequest,
    },
    time::moment,
};

use crate::testing::{Fixture, refused};

async fn open(fixture: &Fixture, ctx: &Ctx, token: &str) -> Result<OpenDropLinkResponse, Problem> {
    let asked = OpenDropLinkRequest { token: token.to_owned() };
    let answer = fixture.drops(ctx).open_drop_link(asked).await;
    answer.map(tonic::Response::into_inner).map_err(|status| portico_rpc::problem_from(&status))
}

async fn listed(fixture: &Fixture, ctx: &Ctx, folder: &str) -> Vec<DropLink> {
    let asked = ListDropLinksRequest { folder_id: folder.to_owned(), ..ListDropLinksRequest::default() };
    fixture.drops(ctx).list_drop_links(asked).await.unwrap().into_inner().links
}

async fn revoke(fixture: &Fixture, ctx: &Ctx, id: &str) -> Result<(DropLink, String), Problem> {
    let asked = RevokeDropLinkRequest { drop_link_id: id.to_owned() };
    let answer = fixture.drops(ctx).revoke_drop_link(asked).await;
    let answer = answer.map_err(|status| portico_rpc::problem_from(&status))?.into_inner();
    Ok((answer.link.unwrap(), answer.event))
}

fn wish(folder: &str, key: &str) -> CreateDropLinkRequest {
    CreateDropLinkRequest {
        folder_id: folder.to_owned(),
        title: "Papers".to_owned(),
        days: 90,
        idempotency_key: key.to_owned(),
        ..CreateDropLinkRequest::default()
    }
}

#[tokio::test]
async fn a_link_is_made_listed_opened_and_ended() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let made = fixture.drop_link(&folder, 3).await;
    let link = made.link.unwrap();
    assert!(made.event.starts_with("portico.events.v1.Touched;"));
    assert_eq!((made.token.len(), link.state(), link.most_files), (64, DropLinkState::Open, 3));
    let hash: Vec<u8> = sqlx::query_scalar("select token_hash from documents.drop_links")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    assert_ne!(hex::encode(&hash), made.token, "the secret itself is not kept");

    let system = portico_testkit::system(fixture.tenant);
    let page = open(&fixture, &system, &made.token).await.unwrap();
    assert_eq!((page.title.as_str(), page.most_files, page.max_bytes), ("Tax papers", 3, 100 * 1024 * 1024));
    assert_eq!(page.accept, ["pdf", "image", "office", "zip", "text"]);
    let until = page.expires_at.as_ref().and_then(moment).unwrap();
    assert_eq!(until - fixture.database.clock.now(), TimeDelta::days(7));

    fixture.database.clock.advance(TimeDelta::seconds(1));
    let newer = fixture.drop_link(&folder, 0).await.link.unwrap();
    let manager = fixture.manager();
    let ids: Vec<_> = listed(&fixture, &manager, &folder).await.into_iter().map(|link| link.id).collect();
    assert_eq!(ids, [newer.id, link.id.clone()]);
    let (ended, event) = revoke(&fixture, &manager, &link.id).await.unwrap();
    assert!(ended.state() == DropLinkState::Revoked && !event.is_empty());
    assert_eq!(revoke(&fixture, &manager, &link.id).await.unwrap(), (ended, String::new()));
    assert_eq!(open(&fixture, &system, &made.token).await.unwrap_err(), Problem::not_found());
    let said = fixture.audited().await;
    assert_eq!(said.iter().filter(|action| action.starts_with("drop_link.")).count(), 3);
}

#[tokio::test]
async fn pages_of_links_follow_each_other() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    for _ in 0..3 {
        fixture.drop_link(&folder, 0).await;
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListDropLinksRequest { folder_id: folder.clone(), page_size: 2, page_token };
        let answer = fixture.drops(&fixture.manager()).list_drop_links(asked).await.unwrap().into_inner();
        seen.extend(answer.links.into_iter().map(|link| link.id));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let all: Vec<_> =
        listed(&fixture, &fixture.manager(), &folder).await.into_iter().map(|link| link.id).collect();
    assert_eq!((seen.len(), &seen), (3, &all));
    let wrong = ListDropLinksRequest { folder_id: folder, page_token: "?".to_owned(), page_size: 0 };
    let problem = refused(fixture.drops(&fixture.manager()).list_drop_links(wrong).await);
    assert_eq!(problem.fields[0].field, "page_token");
}

#[tokio::test]
async fn a_repeat_answers_the_same_working_link_and_with_anything_else_in_it_is_refused() {
    let fixture = Fixture::new().await;
    let (folder, other) = (fixture.folder("Accounts", "view").await, fixture.folder("Taxes", "view").await);
    let manager = fixture.manager();
    let make = async |asked| fixture.drops(&manager).create_drop_link(asked).await;
    let form = wish(&folder, "form 1");
    let first = make(form.clone()).await.unwrap().into_inner();
    fixture.database.clock.advance(TimeDelta::minutes(1));
    let second = make(form.clone()).await.unwrap().into_inner();
    assert_eq!((&second.link, &second.token, second.event.as_str()), (&first.link, &first.token, ""));
    let system = portico_testkit::system(fixture.tenant);
    assert!(open(&fixture, &system, &first.token).await.is_ok());
    let kept: Vec<u8> = sqlx::query_scalar("select sealed_token from documents.drop_links")
        .fetch_one(fixture.database.admin())
        .await
        .unwrap();
    assert!(!kept.windows(8).any(|part| part == &first.token.as_bytes()[..8]), "the secret is not sealed");
    for changed in [
        CreateDropLinkRequest { folder_id: other, ..form.clone() },
        CreateDropLinkRequest { title: "Other".to_owned(), ..form.clone() },
        CreateDropLinkRequest { note: "Other".to_owned(), ..form.clone() },
        CreateDropLinkRequest { days: 7, ..form.clone() },
        CreateDropLinkRequest { most_files: 3, ..form.clone() },
    ] {
        let problem = refused(make(changed).await);
        assert_eq!(
            (problem.code, problem.fields[0].field.as_str()),
            (ErrorCode::InvalidArgument, "idempotency_key")
        );
    }
    // The same key of somebody else is another form.
    let colleague = fixture.admin();
    fixture.drops(&colleague).create_drop_link(wish(&folder, "form 1")).await.unwrap();
    assert_eq!(fixture.rows("drop_links").await, 2);
    revoke(&fixture, &manager, &first.link.unwrap().id).await.unwrap();
    assert_eq!(
        refused(make(form).await).fields[0].field,
        "idempotency_key",
        "what has ended is not handed out again"
    );
}

#[tokio::test]
async fn what_breaks_a_rule_makes_nothing() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "view").await;
    let manager = fixture.manager();
    for (asked, field) in [
        (CreateDropLinkRequest { title: " ".to_owned(), ..wish(&folder, "") }, "title"),
        (CreateDropLinkRequest { days: 0, ..wish(&folder, "") }, "days"),
        (CreateDropLinkRequest { days: 91, ..wish(&folder, "") }, "days"),
        (CreateDropLinkRequest { most_files: -1, ..wish(&folder, "") }, "most_files"),
        (CreateDropLinkRequest { note: "x".repeat(1001), ..wish(&folder, "") }, "note"),
    ] {
        let problem = refused(fixture.drops(&manager).create_drop_link(asked).await);
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::InvalidArgument, field));
    }
    assert_eq!((fixture.rows("drop_links").await, fixture.rows("folders").await), (0, 1));
    let mut deepest = folder;
    for depth in 2..=8 {
        deepest = fixture.folder_in(&deepest, &format!("Level {depth}")).await;
    }
    let problem = refused(fixture.drops(&manager).create_drop_link(wish(&deepest, "")).await);
    assert_eq!(problem.fields[0].field, "folder_id");
}

#[tokio::test]
async fn a_folder_into_which_people_send_files_is_not_removed() {
    let fixture = Fixture::new().await;
    let asked = portico_proto::documents::v1::CreateFolderRequest {
        account_id: fixture.acme.to_string(),
        name: "Ours".to_owned(),
        internal: true,
        ..Default::default()
    };
    let folder = fixture.make(asked).await;
    let link = fixture.drop_link(&folder, 0).await.link.unwrap();
    assert_eq!(fixture.rows("folders").await, 2, "a folder for the firm's side has an inbox as well");
    let manager = fixture.manager();
    let remove = async |folder: &str| {
        fixture.library(&manager).delete_folder(DeleteFolderRequest { folder_id: folder.to_owned() }).await
    };
    assert_eq!(refused(remove(&folder).await).reason, "folder_has_links");
    revoke(&fixture, &manager, &link.id).await.unwrap();
    let asked =
        portico_proto::documents::v1::GetFolderRequest { folder_id: folder.clone(), ..Default::default() };
    let inner = fixture.library(&manager).get_folder(asked).await.unwrap().into_inner().folders;
    remove(&inner[0].id).await.unwrap();
    remove(&folder).await.unwrap();
    assert_eq!(fixture.rows("drop_links").await, 0);
}

#[tokio::test]
async fn strangers_find_no_link_and_clients_may_make_none() {
    let fixture = Fixture::new().await;
    let folder = fixture.folder("Accounts", "upload").await;
    let made = fixture.drop_link(&folder, 0).await;
    let id = made.link.unwrap().id;
    let absent = "01890000-0000-7000-8000-000000000001";
    let elsewhere = fixture.database.tenant();
    let stranger = portico_testkit::staff(elsewhere, &["admin", "project_manager"]);
    for (folder, id) in [(folder.as_str(), id.as_str()), (absent, absent), ("x", "x")] {
        let create = refused(fixture.drops(&stranger).create_drop_link(wish(folder, "")).await);
        let asked = ListDropLinksRequest { folder_id: folder.to_owned(), ..Default::default() };
        let list = refused(fixture.drops(&stranger).list_drop_links(asked).await);
        let end = revoke(&fixture, &stranger, id).await.unwrap_err();
        assert_eq!([create, list, end], [Problem::not_found(), Problem::not_found(), Problem::not_found()]);
    }
    // Another firm's address knows nothing of this firm's token.
    let other = portico_testkit::system(elsewhere);
    assert_eq!(open(&fixture, &other, &made.token).await.unwrap_err(), Problem::not_found());
    for client in
        [fixture.client("client"), portico_testkit::client(fixture.tenant, &[fixture.globex], &["client"])]
    {
        let problem = refused(fixture.drops(&client).create_drop_link(wish(&folder, "")).await);
        assert_eq!(problem.code, ErrorCode::PermissionDenied);
        assert_eq!(revoke(&fixture, &client, &id).await.unwrap_err().code, ErrorCode::PermissionDenied);
        assert!(open(&fixture, &client, &made.token).await.is_err());
    }
    assert_eq!(fixture.rows("drop_links").await, 1);
}
