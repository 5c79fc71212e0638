//! Who of the account sees a folder or a document, and how.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_proto::{
    documents::v1::{Folder, GetDocumentRequest, GetSharingRequest, Grant, SetSharingRequest, Sharing},
    tenancy::v1::{GetAccountRequest, ListMembershipsRequest, ListRolesRequest},
};
use portico_rpc::problem_from;

use super::folder;
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    layout::Shell,
    pages::console::{
        attempt::{Attempt, Sent},
        names, roles,
    },
    render::Page,
};

/// What stands before a subject in the name of its field.
const FIELD: &str = "level ";

/// Somebody who can be let do something.
struct Subject {
    field: String,
    label: String,
    levels: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pages/console/sharing.html")]
struct View<'a> {
    s: &'a Shell,
    title: String,
    action: &'a str,
    internal: bool,
    /// Whether the sharing of the folder around it can be taken; a folder at the top has none around it.
    may_inherit: bool,
    ways: Vec<Choice>,
    subjects: Vec<Subject>,
    watermark: bool,
    attempt: Attempt,
}

/// What is shared.
struct Shared {
    name: String,
    folder: Folder,
    found: portico_proto::documents::v1::GetFolderResponse,
    asked: GetSharingRequest,
    href: String,
    may_inherit: bool,
}

pub(super) async fn of_folder(ask: StaffAsk, Path(folder_id): Path<String>) -> Result<Response, PageError> {
    page(&ask, &folder_of(&ask, folder_id).await?, Attempt::default()).await
}

pub(super) async fn of_document(
    ask: StaffAsk,
    Path(document_id): Path<String>,
) -> Result<Response, PageError> {
    page(&ask, &document_of(&ask, document_id).await?, Attempt::default()).await
}

pub(super) async fn share_folder(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    save(&ask, folder_of(&ask, folder_id).await?, sent).await
}

pub(super) async fn share_document(
    ask: StaffAsk,
    Path(document_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    save(&ask, document_of(&ask, document_id).await?, sent).await
}

async fn folder_of(ask: &StaffAsk, folder_id: String) -> Result<Shared, PageError> {
    let found = folder::read(ask, &folder_id, String::new()).await?;
    let folder = found.folder.clone().ok_or_else(not_here)?;
    Ok(Shared {
        name: folder.name.clone(),
        href: format!("/console/folders/{folder_id}"),
        asked: GetSharingRequest { folder_id, ..GetSharingRequest::default() },
        may_inherit: !folder.parent_id.is_empty(),
        folder,
        found,
    })
}

async fn document_of(ask: &StaffAsk, document_id: String) -> Result<Shared, PageError> {
    let asked = GetDocumentRequest { document_id: document_id.clone(), ..GetDocumentRequest::default() };
    let document = ask.documents().get_document(asked).await?.into_inner().document.ok_or_else(not_here)?;
    if document.folder_id.is_empty() {
        return Err(not_here());
    }
    let found = folder::read(ask, &document.folder_id, String::new()).await?;
    Ok(Shared {
        name: document.title,
        folder: found.folder.clone().ok_or_else(not_here)?,
        found,
        href: format!("/console/documents/{document_id}"),
        asked: GetSharingRequest { document_id, ..GetSharingRequest::default() },
        may_inherit: true,
    })
}

/// What the form asks for.
fn wanted(shared: &Shared, sent: &Sent) -> SetSharingRequest {
    let GetSharingRequest { folder_id, document_id } = shared.asked.clone();
    let grant = |(name, level): (String, String)| {
        let subject = name.strip_prefix(FIELD)?.to_owned();
        (!level.is_empty()).then_some(Grant { subject, level })
    };
    SetSharingRequest {
        folder_id,
        document_id,
        inherit: sent.of("way") == "inherit",
        grants: sent.pairs().filter_map(grant).collect(),
        watermark: sent.ticked("watermark"),
    }
}

async fn save(ask: &StaffAsk, shared: Shared, sent: Sent) -> Result<Response, PageError> {
    match ask.library().set_sharing(wanted(&shared, &sent)).await {
        Ok(answer) => {
            let href = format!("{}?done=sharing-saved", shared.href);
            Ok(see_other_after(&href, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let names = [("inherit", "way"), ("grants", "way")];
            let page = page(ask, &shared, Attempt::refused("sharing", sent, &problem, &names)).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn page(ask: &StaffAsk, shared: &Shared, attempt: Attempt) -> Result<Response, PageError> {
    let sharing =
        ask.library().get_sharing(shared.asked.clone()).await?.into_inner().sharing.unwrap_or_default();
    let people = subjects(ask, &shared.folder.account_id).await?;
    let s = &*ask.shell;
    let action = format!("{}/sharing", shared.href);
    let view = View::new(s, shared, &action, &sharing, people, attempt);
    let page = Page::new(view.title.clone(), view).at("accounts");
    folder::under(page, s, &shared.found, true).respond(s, &ask.headers)
}

/// Everyone, the roles and the people of an account, as grants name them.
async fn subjects(ask: &StaffAsk, account: &str) -> Result<Vec<(String, String)>, PageError> {
    let id = || account.to_owned();
    let (mut tenancy, mut memberships, mut options) = (ask.tenancy(), ask.tenancy(), ask.tenancy());
    let (found, memberships, options) = tokio::try_join!(
        tenancy.get_account(GetAccountRequest { account_id: id() }),
        memberships.list_memberships(ListMembershipsRequest { account_id: id(), person_id: String::new() }),
        options.list_roles(ListRolesRequest {}),
    )?;
    let account = found.into_inner().account.ok_or_else(not_here)?;
    let memberships = memberships.into_inner().memberships;
    let people = names::people(ask, memberships.iter().map(|member| member.person_id.clone())).await?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let portals: Vec<_> = portals.iter().map(|published| &published.portal).collect();
    let s = &*ask.shell;
    let mut subjects =
        vec![("everyone".to_owned(), s.say("library-everyone").arg("name", &account.name).to_string())];
    for role in roles::external(&options.into_inner().roles, &portals, &account.kind) {
        let title = roles::titles(s, std::slice::from_ref(&role), std::slice::from_ref(&role.name));
        subjects.push((format!("role:{}", role.name), s.say("library-role").arg("role", title).to_string()));
    }
    let mut named: Vec<_> =
        people.values().map(|person| (format!("person:{}", person.id), person.name.clone())).collect();
    named.sort_by(|a, b| a.1.cmp(&b.1));
    subjects.extend(named);
    Ok(subjects)
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        shared: &Shared,
        action: &'a str,
        sharing: &Sharing,
        people: Vec<(String, String)>,
        attempt: Attempt,
    ) -> Self {
        let held: BTreeMap<&str, &str> =
            sharing.grants.iter().map(|grant| (grant.subject.as_str(), grant.level.as_str())).collect();
        let way = attempt.value("sharing", "way", if sharing.own { "own" } else { "inherit" });
        let subject = |(name, label): (String, String)| {
            let field = format!("{FIELD}{name}");
            let level =
                attempt.value("sharing", &field, held.get(name.as_str()).copied().unwrap_or_default());
            let choice = |word: &str, key: &str| Choice::new(word, s.t(key), &level);
            let levels = vec![
                choice("", "library-level-none"),
                choice("view_only", "library-level-view_only"),
                choice("view", "library-level-view"),
                choice("upload", "library-level-upload"),
            ];
            Subject { field, label, levels }
        };
        Self {
            s,
            title: s.say("library-sharing-of").arg("name", &shared.name).to_string(),
            action,
            internal: shared.folder.internal,
            may_inherit: shared.may_inherit,
            ways: ["inherit", "own"]
                .map(|word| Choice::new(word, s.t(&format!("library-way-{word}")), &way))
                .into(),
            subjects: people.into_iter().map(subject).collect(),
            watermark: attempt.ticked("sharing", "watermark", sharing.watermark),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::GetFolderResponse;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn shared() -> Shared {
        Shared {
            name: "Board & more".to_owned(),
            folder: Folder::default(),
            found: GetFolderResponse::default(),
            asked: GetSharingRequest { folder_id: "f".to_owned(), ..GetSharingRequest::default() },
            href: "/console/folders/f".to_owned(),
            may_inherit: true,
        }
    }

    #[test]
    fn the_form_becomes_grants_and_comes_back_as_it_was() {
        let sent: Sent =
            [("way", "own"), ("level everyone", ""), ("level role:client", "view"), ("watermark", "yes")]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .into_iter()
                .collect();
        let asked = wanted(&shared(), &sent);
        assert_eq!((asked.inherit, asked.watermark, asked.grants.len()), (false, true, 1));
        assert_eq!(
            (asked.grants[0].subject.as_str(), asked.grants[0].level.as_str()),
            ("role:client", "view")
        );
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let sharing = Sharing { own: true, grants: asked.grants.clone(), watermark: true };
            let people = vec![
                ("everyone".to_owned(), "All".to_owned()),
                ("role:client".to_owned(), "Client".to_owned()),
            ];
            let shared = shared();
            let view =
                View::new(&s, &shared, "/console/folders/f/sharing", &sharing, people, Attempt::default());
            assert!(view.subjects[1].levels[2].chosen && view.watermark && view.ways[1].chosen);
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("Board &#38; more") && !html.contains("library-"), "{html}");
        }
    }
}
