//! What people say about a document of the library, on the page where it is read.

use std::collections::HashMap;

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{CommentId, ErrorCode, VersionId};
use portico_proto::{
    documents::v1::{
        AddCommentRequest, Comment, CommentPlace, ListCommentsRequest, ListCommentsResponse,
        RemoveCommentRequest, SettleCommentRequest, Version,
    },
    time::moment,
    workflow::v1::Pin,
};
use portico_rpc::problem_from;

use super::viewer::show;
use crate::{
    ask::{Ask, not_here, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    pins::{self, Pinned, Row},
    render::see_other,
};

/// The conversation about a document.
pub(super) struct Talk {
    pub(super) threads: Vec<Thread>,
    /// The places of open threads on the version that is shown.
    pub(super) pinned: Vec<Pinned>,
    /// Who can be mentioned.
    pub(super) people: Vec<Choice>,
    /// Whether the reader may write for the firm's people alone.
    pub(super) staff: bool,
    pub(super) internal: bool,
    /// Where the next comment points to, and what it says.
    pub(super) row: Row,
    /// With which the form is sent: a second press writes no second comment.
    pub(super) key: String,
}

/// A comment with its answers.
pub(super) struct Thread {
    pub(super) first: Said,
    pub(super) answers: Vec<Said>,
    /// "2: Page 1, top left"; empty for one about the whole.
    pub(super) place: String,
    /// "Version 1", where that is not the one that is shown.
    pub(super) version: String,
    pub(super) version_id: String,
    pub(super) internal: bool,
    /// "Settled by Nora Nilsson, yesterday"; empty while it is open.
    pub(super) settled: String,
    pub(super) can_settle: bool,
    /// What was typed as an answer and refused.
    pub(super) typed: String,
}

impl Thread {
    /// The name of the field for an answer.
    pub(super) fn field(&self) -> String {
        format!("text-{}", self.first.id)
    }
}

/// One comment.
pub(super) struct Said {
    pub(super) id: String,
    pub(super) author: String,
    pub(super) meta: String,
    pub(super) text: String,
    pub(super) removed: bool,
    pub(super) can_remove: bool,
    /// "To Ana Souza, Sam Okafor"; may be empty.
    pub(super) mentioned: String,
}

/// A field of the form, among all that was sent.
fn of<'a>(typed: &'a [(String, String)], name: &str) -> &'a str {
    typed.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

impl Talk {
    /// The conversation about a document, with a comment that was refused where there is one.
    pub(super) async fn of(
        ask: &Ask,
        document: &str,
        shown: &Version,
        typed: &[(String, String)],
    ) -> Result<Option<Self>, PageError> {
        let asked = ListCommentsRequest { document_id: document.to_owned() };
        let found = match ask.comments().list_comments(asked).await.map_err(|status| problem_from(&status)) {
            // What is in the trash is not spoken about.
            Err(problem) if problem.code == ErrorCode::NotFound => return Ok(None),
            answer => answer.map_err(PageError)?.into_inner(),
        };
        let key = match of(typed, "key") {
            "" => ask.form_key(),
            key => key.to_owned(),
        };
        Ok(Some(Self::new(&ask.shell, found, &shown.id, ask.reader.is_staff(), key, typed)))
    }

    fn new(
        s: &Shell,
        found: ListCommentsResponse,
        shown: &str,
        staff: bool,
        key: String,
        typed: &[(String, String)],
    ) -> Self {
        let (mut firsts, answers): (Vec<Comment>, Vec<Comment>) =
            found.comments.into_iter().partition(|comment| comment.reply_to.is_empty());
        let points = |comment: &Comment| {
            comment.place.is_some()
                && comment.settled_at.is_none()
                && !comment.removed
                && comment.version_id == shown
        };
        // Boxes and threads share their numbers: by page, then by time.
        firsts.sort_by_key(|comment| (!points(comment), comment.place.as_ref().map(|place| place.page)));
        let pins: Vec<Pin> = firsts.iter().filter(|comment| points(comment)).filter_map(pin).collect();
        let pinned = pins::pinned(s, &pins);
        let mut places: HashMap<String, String> = HashMap::new();
        for (comment, pin) in firsts.iter().filter(|comment| points(comment)).zip(&pinned) {
            places.insert(comment.id.clone(), format!("{}: {}", pin.number, pin.place));
        }
        let answered = of(typed, "reply_to");
        let threads = firsts
            .iter()
            .map(|first| Thread {
                place: places
                    .remove(&first.id)
                    .or_else(|| pin(first).and_then(|pin| Some(pins::pinned(s, &[pin]).pop()?.place)))
                    .unwrap_or_default(),
                version: if first.version_id == shown {
                    String::new()
                } else {
                    s.say("version").arg("number", first.version_number).to_string()
                },
                version_id: first.version_id.clone(),
                internal: first.internal,
                settled: settled(s, first),
                can_settle: first.can_settle,
                typed: if answered == first.id {
                    of(typed, &format!("text-{answered}")).to_owned()
                } else {
                    String::new()
                },
                answers: answers
                    .iter()
                    .filter(|answer| answer.reply_to == first.id)
                    .map(|answer| said(s, answer))
                    .collect(),
                first: said(s, first),
            })
            .collect();
        let chosen = |id: &str| typed.iter().any(|(name, value)| name == "mention" && value == id);
        let people = found.people.iter().map(|person| {
            let picked = if chosen(&person.person_id) { person.person_id.as_str() } else { "" };
            Choice::new(person.person_id.clone(), person.name.clone(), picked)
        });
        Self {
            threads,
            pinned,
            people: people.collect(),
            staff,
            internal: of(typed, "internal") == "yes",
            row: pins::row(s, typed, 1),
            key,
        }
    }
}

fn pin(comment: &Comment) -> Option<Pin> {
    let place = comment.place.as_ref()?;
    Some(Pin {
        page: place.page,
        left: place.left,
        top: place.top,
        width: place.width,
        height: place.height,
        text: String::new(),
    })
}

fn settled(s: &Shell, first: &Comment) -> String {
    let Some(at) = first.settled_at.as_ref().and_then(moment) else { return String::new() };
    s.say("comment-settled").arg("name", &first.settled_by).arg("when", s.ago(&at)).to_string()
}

fn said(s: &Shell, comment: &Comment) -> Said {
    let mentioned = if comment.mentioned.is_empty() {
        String::new()
    } else {
        s.say("comment-to").arg("names", comment.mentioned.join(", ")).to_string()
    };
    Said {
        id: comment.id.clone(),
        author: comment.author.clone(),
        meta: comment.created_at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default(),
        text: comment.text.clone(),
        removed: comment.removed,
        can_remove: comment.can_remove,
        mentioned,
    }
}

/// The address of the form, asked for again: the page of the document.
pub(super) async fn again(_: Ask, Path(version): Path<String>) -> Result<Response, PageError> {
    let version: VersionId = version.parse().map_err(|_| not_here())?;
    Ok(see_other(&format!("/files/{version}/view#comments")))
}

/// A new comment, or an answer.
pub(super) async fn add(
    ask: Ask,
    Path(version): Path<String>,
    Form(mut typed): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    let reply_to = of(&typed, "reply_to").to_owned();
    let (field, place, mut errors) = if reply_to.is_empty() {
        let (place, errors) = place(&ask.shell, &typed);
        ("pin-1-text".to_owned(), place, errors)
    } else {
        (format!("text-{reply_to}"), None, Errors::none())
    };
    let text = of(&typed, &field);
    if text.trim().is_empty() {
        errors.add(field.clone(), ask.shell.t("comment-empty"));
    }
    if errors.is_empty() {
        let mentions = typed.iter().filter(|(name, value)| name == "mention" && !value.is_empty());
        let asked = AddCommentRequest {
            version_id: version.clone(),
            text: text.to_owned(),
            place,
            reply_to,
            internal: ask.reader.is_staff() && of(&typed, "internal") == "yes",
            mention_ids: mentions.map(|(_, value)| value.clone()).collect(),
            idempotency_key: of(&typed, "key").to_owned(),
        };
        match ask.comments().add_comment(asked).await.map_err(|status| problem_from(&status)) {
            Ok(answer) => {
                let answer = answer.into_inner();
                let id = answer.comment.unwrap_or_default().id;
                return Ok(see_other_after(&format!("/files/{version}/view#comment-{id}"), &answer.event));
            }
            Err(problem) if problem.code == ErrorCode::InvalidArgument => {
                for wrong in &problem.fields {
                    if wrong.field == "idempotency_key" {
                        // It is another comment by now: the form comes back with a key of its own.
                        typed.retain(|(name, _)| name != "key");
                    }
                    let at = match wrong.field.as_str() {
                        "page" => "pin-1-page",
                        "place" => "pin-1-place",
                        "mention_ids" => "mention",
                        _ => field.as_str(),
                    };
                    errors.add(at, wrong.description.clone());
                }
            }
            Err(problem) => return Ok(PageError(problem).into_response()),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    show(&ask, version, &HashMap::new(), &typed, &errors, status).await
}

/// Where the comment points to: a page and a place on it, or the whole document where no page was named.
fn place(s: &Shell, typed: &[(String, String)]) -> (Option<CommentPlace>, Errors) {
    let mut errors = Errors::none();
    let page = of(typed, "pin-1-page").trim();
    if page.is_empty() {
        return (None, errors);
    }
    let Ok(page) = page.parse() else {
        errors.add("pin-1-page", s.t("pin-no-page"));
        return (None, errors);
    };
    let parts: Vec<f64> = of(typed, "pin-1-place").split(',').filter_map(|part| part.parse().ok()).collect();
    let [left, top, width, height] = parts.try_into().unwrap_or([0.0, 0.0, 1.0, 1.0]);
    (Some(CommentPlace { page, left, top, width, height }), errors)
}

/// Settles a thread, or opens it again.
pub(super) async fn settle(
    ask: Ask,
    Path(comment): Path<String>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    comment.parse::<CommentId>().map_err(|_| not_here())?;
    let settled = of(&typed, "settled") == "yes";
    let asked = SettleCommentRequest { comment_id: comment.clone(), settled };
    let answer =
        ask.comments().settle_comment(asked).await.map_err(|status| PageError(problem_from(&status)))?;
    let answer = answer.into_inner();
    let about = answer.comment.unwrap_or_default().version_id;
    Ok(see_other_after(&format!("/files/{about}/view#comment-{comment}"), &answer.event))
}

/// Takes a comment back.
pub(super) async fn remove(
    ask: Ask,
    Path(comment): Path<String>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    comment.parse::<CommentId>().map_err(|_| not_here())?;
    let back: VersionId = of(&typed, "version").parse().map_err(|_| not_here())?;
    let asked = RemoveCommentRequest { comment_id: comment };
    let answer =
        ask.comments().remove_comment(asked).await.map_err(|status| PageError(problem_from(&status)))?;
    Ok(see_other_after(&format!("/files/{back}/view#comments"), &answer.into_inner().event))
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::Mentionable;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn comment(id: &str, reply_to: &str, page: i32) -> Comment {
        Comment {
            id: id.to_owned(),
            version_id: "v2".to_owned(),
            version_number: 2,
            reply_to: reply_to.to_owned(),
            place: (page > 0).then_some(CommentPlace { page, left: 0.0, top: 0.0, width: 0.2, height: 0.2 }),
            text: format!("<{id}>"),
            author: "Ana".to_owned(),
            ..Comment::default()
        }
    }

    #[test]
    fn threads_and_boxes_share_their_numbers_and_answers_stand_below() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let old = Comment { version_id: "v1".to_owned(), version_number: 1, ..comment("old", "", 1) };
            let found = ListCommentsResponse {
                comments: vec![
                    comment("whole", "", 0),
                    comment("late", "", 3),
                    comment("answer", "late", 0),
                    comment("early", "", 1),
                    old,
                ],
                people: vec![Mentionable { person_id: "p".to_owned(), name: "Ben".to_owned(), staff: false }],
            };
            let typed = [("mention".to_owned(), "p".to_owned())];
            let talk = Talk::new(&s, found, "v2", false, "k".to_owned(), &typed);
            let order: Vec<_> = talk.threads.iter().map(|thread| thread.first.id.as_str()).collect();
            assert_eq!(order, ["early", "late", "whole", "old"]);
            let pages: Vec<_> = talk.pinned.iter().map(|pin| (pin.number, pin.page)).collect();
            assert_eq!(pages, [(1, 1), (2, 3)], "what points to another version is no box here");
            assert!(talk.threads[1].place.starts_with("2: ") && talk.threads[1].answers[0].id == "answer");
            assert!(talk.threads[2].place.is_empty() && talk.threads[3].version.contains('1'));
            assert!(talk.people[0].chosen && !talk.staff);
        }
    }

    #[test]
    fn a_place_is_a_page_and_a_part_of_it_or_the_whole() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let sent = |page: &str, place: &str| {
            let typed =
                [("pin-1-page".to_owned(), page.to_owned()), ("pin-1-place".to_owned(), place.to_owned())];
            super::place(&s, &typed)
        };
        assert_eq!(sent("", "0,0,1,1"), (None, Errors::none()));
        assert_eq!(sent("x", "").1.all()[0].field, "pin-1-page");
        let (place, errors) = sent(" 2 ", "0.1,0.2,0.3,0.4");
        assert!(
            errors.is_empty()
                && place.is_some_and(|place| place.page == 2 && (place.height - 0.4).abs() < 1e-9)
        );
        assert!(sent("2", "odd").0.is_some_and(|place| (place.width - 1.0).abs() < 1e-9));
    }
}
