//! Comments through their RPCs.

use chrono::TimeDelta;
use portico_core::{Ctx, ErrorCode, PersonId, Problem};
use portico_proto::{
    documents::v1::{
        AddCommentRequest, AddCommentResponse, Comment, CommentPlace, CreateFolderRequest,
        FileDocumentRequest, ListCommentsRequest, ListCommentsResponse, RemoveCommentRequest,
        SetSharingRequest, SettleCommentRequest, TrashDocumentRequest,
    },
    events::v1::NoticeRequested,
};

use crate::testing::{Fixture, refused};

/// A firm with people who have names, and a paper in a folder that everyone of Acme may look at.
struct Room {
    fixture: Fixture,
    folder: String,
    document: String,
    version: String,
    ana: Ctx,
    ben: Ctx,
    tom: Ctx,
}

impl Room {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let folder = fixture.folder("Plans", "view_only").await;
        let (document, version) = fixture.file(&folder, "plan.txt", b"Plan").await;
        let called = |mut ctx: Ctx, name: &str| {
            ctx.actor.name = name.to_owned();
            ctx
        };
        let ana = called(fixture.client("client"), "Ana");
        let ben = called(fixture.client("signatory"), "Ben");
        let tom = called(fixture.manager(), "Tom");
        for (ctx, name) in [(&ana, "Ana"), (&ben, "Ben")] {
            let person = fixture.named(ctx, name);
            let mut world = fixture.world.lock().unwrap();
            world.members.entry(fixture.acme).or_default().push(person);
            world.roles.insert(person, ctx.actor.roles.clone());
        }
        let person = fixture.named(&tom, "Tom");
        fixture.world.lock().unwrap().staff.push(person);
        Self { fixture, folder, document, version, ana, ben, tom }
    }

    fn asked(&self, text: &str) -> AddCommentRequest {
        AddCommentRequest {
            version_id: self.version.clone(),
            text: text.to_owned(),
            ..AddCommentRequest::default()
        }
    }

    async fn add(&self, ctx: &Ctx, asked: AddCommentRequest) -> Result<AddCommentResponse, Problem> {
        // Comments stand in the order of their moments.
        self.fixture.database.clock.advance(TimeDelta::milliseconds(2));
        let answer = self.fixture.comments(ctx).add_comment(asked).await;
        answer.map(tonic::Response::into_inner).map_err(|status| portico_rpc::problem_from(&status))
    }

    async fn said(&self, ctx: &Ctx, text: &str) -> Comment {
        self.add(ctx, self.asked(text)).await.unwrap().comment.unwrap()
    }

    async fn list(&self, ctx: &Ctx) -> Result<ListCommentsResponse, Problem> {
        let asked = ListCommentsRequest { document_id: self.document.clone() };
        let answer = self.fixture.comments(ctx).list_comments(asked).await;
        answer.map(tonic::Response::into_inner).map_err(|status| portico_rpc::problem_from(&status))
    }

    async fn texts(&self, ctx: &Ctx) -> Vec<String> {
        self.list(ctx).await.unwrap().comments.into_iter().map(|comment| comment.text).collect()
    }

    async fn told(&self) -> Vec<(String, Vec<String>)> {
        let told = self.fixture.said::<NoticeRequested>().await;
        let told = told.into_iter().filter(|notice| notice.dedupe_key.starts_with("comment:"));
        told.map(|notice| (notice.subject, notice.person_ids)).collect()
    }
}

fn id(ctx: &Ctx) -> String {
    ctx.actor.person.map(|person: PersonId| person.to_string()).unwrap()
}

#[tokio::test]
async fn a_thread_is_begun_at_a_place_answered_settled_and_told_of() {
    let room = Room::new().await;
    let place = CommentPlace { page: 1, left: 0.1, top: 0.2, width: 0.3, height: 0.1 };
    let asked = AddCommentRequest {
        place: Some(place),
        mention_ids: vec![id(&room.ben), id(&room.ben)],
        idempotency_key: "k".to_owned(),
        ..room.asked("Is this wall right?")
    };
    let first = room.add(&room.ana, asked.clone()).await.unwrap();
    assert!(first.event.starts_with("portico.events.v1.Touched;"));
    let begun = first.comment.unwrap();
    assert_eq!((begun.place, begun.version_number, begun.author.as_str()), (Some(place), 1, "Ana"));
    assert_eq!(begun.mentioned, ["Ben"]);
    let again = room.add(&room.ana, asked.clone()).await.unwrap();
    assert_eq!((again.comment.unwrap().id, again.event.as_str()), (begun.id.clone(), ""));
    let others = [
        AddCommentRequest { text: "Something else".to_owned(), ..asked.clone() },
        AddCommentRequest { mention_ids: Vec::new(), ..asked.clone() },
        AddCommentRequest { idempotency_key: "a\0b".to_owned(), ..asked.clone() },
        AddCommentRequest { idempotency_key: "x".repeat(3_000), ..asked },
    ];
    for other in others {
        assert_eq!(room.add(&room.ana, other).await.unwrap_err().fields[0].field, "idempotency_key");
    }

    let answer = AddCommentRequest { reply_to: begun.id.clone(), ..room.asked("It is.") };
    let answer = room.add(&room.tom, answer).await.unwrap().comment.unwrap();
    let deeper = AddCommentRequest { reply_to: answer.id.clone(), ..room.asked("Good.") };
    assert_eq!(room.add(&room.ben, deeper).await.unwrap().comment.unwrap().reply_to, begun.id);
    room.said(&room.tom, "Another thread").await;
    assert_eq!(room.texts(&room.ana).await, ["Is this wall right?", "It is.", "Good.", "Another thread"]);
    let told = room.told().await;
    assert_eq!(told[0], ("Ana mentioned you: plan.txt".to_owned(), vec![id(&room.ben)]));
    assert_eq!(told[1], ("New answer: plan.txt".to_owned(), vec![id(&room.ana)]));
    let mut both = vec![id(&room.ana), id(&room.tom)];
    both.sort();
    let mut last = told[2].1.clone();
    last.sort();
    assert_eq!((last, told.len()), (both, 3), "whoever wrote in it is told, whoever writes is not");

    let settle = async |ctx: &Ctx, comment: &str, settled| {
        let asked = SettleCommentRequest { comment_id: comment.to_owned(), settled };
        let answer = room.fixture.comments(ctx).settle_comment(asked).await;
        answer.map(tonic::Response::into_inner).map_err(|status| portico_rpc::problem_from(&status))
    };
    assert_eq!(settle(&room.ben, &begun.id, true).await.unwrap_err().code, ErrorCode::PermissionDenied);
    assert_eq!(settle(&room.tom, &answer.id, true).await.unwrap_err().code, ErrorCode::PermissionDenied);
    let settled = settle(&room.tom, &begun.id, true).await.unwrap();
    assert!(!settled.event.is_empty() && settled.comment.unwrap().settled_by == "Tom");
    assert_eq!(settle(&room.ana, &begun.id, true).await.unwrap().event, "", "it is settled already");
    let open = settle(&room.ana, &begun.id, false).await.unwrap().comment.unwrap();
    assert!(open.settled_at.is_none() && open.settled_by.is_empty());
}

#[tokio::test]
async fn what_is_taken_back_leaves_its_place_and_no_words() {
    let room = Room::new().await;
    let asked = AddCommentRequest { mention_ids: vec![id(&room.ben)], ..room.asked("canaryword") };
    let comment = room.add(&room.ana, asked).await.unwrap().comment.unwrap();
    let remove = async |ctx: &Ctx| {
        let asked = RemoveCommentRequest { comment_id: comment.id.clone() };
        room.fixture.comments(ctx).remove_comment(asked).await.map(|answer| answer.into_inner().event)
    };
    assert_eq!(refused(remove(&room.tom).await.map(tonic::Response::new)).code, ErrorCode::PermissionDenied);
    assert!(!remove(&room.ana).await.unwrap().is_empty());
    assert!(remove(&room.ana).await.unwrap().is_empty());
    let shown = room.list(&room.tom).await.unwrap().comments.remove(0);
    assert!(shown.removed && shown.text.is_empty() && shown.mentioned.is_empty());
    let kept: Vec<String> = sqlx::query_scalar("select c::text from documents.comments c")
        .fetch_all(room.fixture.database.admin())
        .await
        .unwrap();
    assert!(kept.len() == 1 && !kept[0].contains("canaryword"), "{kept:?}");
    let notices = format!("{:?}", room.fixture.said::<NoticeRequested>().await);
    assert!(!notices.contains("canaryword"), "what is said stays out of mails");
    let audit = room.fixture.audited().await;
    let of_comments: Vec<_> = audit.iter().filter(|action| action.starts_with("comment.")).collect();
    assert_eq!(of_comments, ["comment.added", "comment.removed"]);
}

#[tokio::test]
async fn internal_comments_and_their_answers_are_the_firms_alone() {
    let room = Room::new().await;
    let asked = AddCommentRequest { internal: true, ..room.asked("Careful with them") };
    let note = room.add(&room.tom, asked.clone()).await.unwrap().comment.unwrap();
    let answer = AddCommentRequest { reply_to: note.id.clone(), ..room.asked("Indeed") };
    assert!(room.add(&room.tom, answer.clone()).await.unwrap().comment.unwrap().internal);
    room.said(&room.ana, "Hello").await;
    assert_eq!(room.texts(&room.ana).await, ["Hello"]);
    assert_eq!(room.texts(&room.tom).await.len(), 3);
    assert_eq!(room.add(&room.ana, answer).await.unwrap_err(), Problem::not_found());
    for (settle, comment) in [(true, &note.id), (false, &note.id)] {
        let asked = SettleCommentRequest { comment_id: comment.clone(), settled: settle };
        let problem = refused(room.fixture.comments(&room.ana).settle_comment(asked).await);
        assert_eq!(problem, Problem::not_found());
    }
    let mention = AddCommentRequest { mention_ids: vec![id(&room.ana)], ..asked };
    assert_eq!(room.add(&room.tom, mention).await.unwrap_err().fields[0].field, "mention_ids");
    // A client's wish to be internal is none.
    let wish = AddCommentRequest { internal: true, ..room.asked("Secret?") };
    assert!(!room.add(&room.ana, wish).await.unwrap().comment.unwrap().internal);
    // In a folder for the firm alone so is what is said, also in a thread that a client began.
    let begun = room.said(&room.ana, "Is it final?").await;
    let closed = CreateFolderRequest {
        account_id: room.fixture.acme.to_string(),
        name: "Drafts".to_owned(),
        internal: true,
        ..CreateFolderRequest::default()
    };
    let folder_id = room.fixture.make(closed).await;
    let file = async |folder_id: String| {
        let asked = FileDocumentRequest {
            document_id: room.document.clone(),
            folder_id,
            ..FileDocumentRequest::default()
        };
        room.fixture.library(&room.tom).file_document(asked).await.unwrap();
    };
    file(folder_id).await;
    let answer = AddCommentRequest { reply_to: begun.id, ..room.asked("canarydraft") };
    assert!(room.add(&room.tom, answer).await.unwrap().comment.unwrap().internal);
    assert!(room.list(&room.ana).await.is_err());
    file(room.folder.clone()).await;
    let texts = room.texts(&room.ana).await;
    assert!(
        texts.contains(&"Is it final?".to_owned()) && !texts.contains(&"canarydraft".to_owned()),
        "{texts:?}"
    );
}

#[tokio::test]
async fn only_who_sees_the_document_is_told_mentioned_or_let_in() {
    let room = Room::new().await;
    let begun = room.said(&room.ana, "Hello").await;
    for stranger in room.fixture.strangers() {
        assert_eq!(room.list(&stranger).await.unwrap_err(), Problem::not_found());
        assert_eq!(room.add(&stranger, room.asked("Hi")).await.unwrap_err(), Problem::not_found());
        let asked = RemoveCommentRequest { comment_id: begun.id.clone() };
        let problem = refused(room.fixture.comments(&stranger).remove_comment(asked).await);
        assert_eq!(problem, Problem::not_found());
        let mention = AddCommentRequest { mention_ids: vec![id(&stranger)], ..room.asked("You") };
        assert_eq!(room.add(&room.tom, mention).await.unwrap_err().fields[0].field, "mention_ids");
    }
    // Staff who never had to do with it are not named to the account; whoever wrote is.
    let names = async |ctx: &Ctx| {
        let people = room.list(ctx).await.unwrap().people;
        people.into_iter().map(|person| person.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&room.ana).await, ["Ben"]);
    assert_eq!(names(&room.tom).await, ["Ana", "Ben"]);
    let tom = AddCommentRequest { mention_ids: vec![id(&room.tom)], ..room.asked("Tom?") };
    assert_eq!(room.add(&room.ana, tom.clone()).await.unwrap_err().fields[0].field, "mention_ids");
    let sue = room.fixture.manager();
    let person = room.fixture.named(&sue, "Sue");
    room.fixture.world.lock().unwrap().staff.push(person);
    let here = AddCommentRequest { mention_ids: vec![id(&sue), id(&room.ben)], ..room.asked("Here I am") };
    assert_eq!(room.add(&room.tom, here).await.unwrap().comment.unwrap().mentioned, ["Sue", "Ben"]);
    assert_eq!(names(&room.ana).await, ["Ben", "Tom"]);
    let told = room.list(&room.ana).await.unwrap().comments.pop().unwrap();
    assert_eq!(told.mentioned, ["Ben"], "of the firm's people only those who have had to do with it");
    room.add(&room.ana, tom).await.unwrap();

    // Ben began to talk, then the document is shared with Ana's role alone: he sees and hears nothing more.
    let bens = room.said(&room.ben, "And I").await;
    let asked = SetSharingRequest {
        document_id: room.document.clone(),
        grants: vec![portico_proto::documents::v1::Grant {
            subject: "role:client".to_owned(),
            level: "view".to_owned(),
        }],
        ..SetSharingRequest::default()
    };
    room.fixture.library(&room.tom).set_sharing(asked).await.unwrap();
    let before = room.told().await.len();
    let answer = AddCommentRequest { reply_to: bens.id, ..room.asked("Yes") };
    room.add(&room.ana, answer).await.unwrap();
    assert_eq!(room.told().await.len(), before);
    assert_eq!(room.list(&room.ben).await.unwrap_err(), Problem::not_found());
    assert_eq!(names(&room.tom).await, ["Ana", "Sue"]);

    let asked = TrashDocumentRequest { document_id: room.document.clone() };
    room.fixture.library(&room.tom).trash_document(asked).await.unwrap();
    for ctx in [&room.ana, &room.tom] {
        assert_eq!(room.list(ctx).await.unwrap_err(), Problem::not_found());
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_changes_nothing() {
    let room = Room::new().await;
    let place = |left| Some(CommentPlace { page: 1, left, top: 0.2, width: 0.3, height: 0.1 });
    let wrong = [
        (room.asked(" "), "text"),
        (room.asked(&"x".repeat(4001)), "text"),
        (AddCommentRequest { place: place(0.9), ..room.asked("Here") }, "place"),
        (AddCommentRequest { place: place(f64::NAN), ..room.asked("Here") }, "place"),
        (AddCommentRequest { mention_ids: vec!["nobody".to_owned()], ..room.asked("You") }, "mention_ids"),
        (AddCommentRequest { mention_ids: vec![id(&room.ben); 21], ..room.asked("You") }, "mention_ids"),
    ];
    for (asked, field) in wrong {
        assert_eq!(room.add(&room.ana, asked).await.unwrap_err().fields[0].field, field);
    }
    assert!(room.texts(&room.tom).await.is_empty());
    // A thread of another document is not answered here.
    let (_, other) = room.fixture.file(&room.folder, "other.txt", b"Other").await;
    let begun = room.said(&room.ana, "Hello").await;
    let crossed = AddCommentRequest { version_id: other, reply_to: begun.id, ..room.asked("Across") };
    assert_eq!(room.add(&room.ana, crossed).await.unwrap_err(), Problem::not_found());
}
