//! The firm's own people and what they do.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use portico_core::Problem;
use portico_proto::{
    identity::v1::{
        CreatePersonRequest, Invitation, InvitePersonRequest, ListInvitationsRequest, ListPeopleRequest,
        Person, Side,
    },
    tenancy::v1::{ListRolesRequest, ListStaffRequest, RoleOption, SetStaffRolesRequest, StaffBinding},
};
use portico_rpc::problem_from;
use tonic::Status;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    roles,
    states::{joining, joining_tag},
};
use crate::{
    ask::{AdminAsk, Ask, StaffAsk, refused},
    components::{Choice, Row, Tag, Tone},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// Everything that the list shows.
#[derive(Default)]
pub(super) struct Found {
    pub(super) people: Vec<Person>,
    pub(super) bindings: HashMap<String, Vec<String>>,
    pub(super) invitations: Vec<Invitation>,
    pub(super) roles: Vec<RoleOption>,
}

#[derive(Template)]
#[template(path = "pages/console/people.html")]
struct People<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
    admin: bool,
    roles: Vec<Choice>,
    attempt: Attempt,
}

pub(super) async fn list(
    ask: StaffAsk,
    axum::extract::Query(done): axum::extract::Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), &done).await
}

/// The address that a refused form comes back at: loaded again, it is the list.
pub(super) async fn new(_: AdminAsk) -> Response {
    see_other("/console/people")
}

/// Adds a member of staff with their roles, and invites them.
pub(super) async fn add(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    match place(&ask, &sent).await {
        Ok(()) => Ok(see_other("/console/people?done=invited")),
        Err(problem) => {
            let page = page(&ask, Attempt::refused("add", sent, &problem, &[]), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn place(ask: &Ask, sent: &Sent) -> Result<(), Problem> {
    let refused = |status: Status| problem_from(&status);
    let asked = CreatePersonRequest {
        email: sent.text("email"),
        name: sent.text("name"),
        side: Side::Staff.into(),
        ..CreatePersonRequest::default()
    };
    let person = ask.identity().create_person(asked).await.map_err(refused)?.into_inner().person;
    let person_id = person.ok_or_else(|| Problem::internal("no person was answered"))?.id;
    let asked = SetStaffRolesRequest { person_id: person_id.clone(), roles: sent.all("roles") };
    ask.tenancy().set_staff_roles(asked).await.map_err(refused)?;
    let asked = InvitePersonRequest { person_id, account_id: String::new(), message: String::new() };
    ask.identity().invite_person(asked).await.map_err(refused)?;
    Ok(())
}

/// The firm's people with roles and invitations.
pub(super) async fn find(ask: &Ask) -> Result<Found, PageError> {
    let (mut identity, mut invitations, mut tenancy, mut options) =
        (ask.identity(), ask.identity(), ask.tenancy(), ask.tenancy());
    let (people, invitations, bindings, roles) = tokio::try_join!(
        identity.list_people(ListPeopleRequest {
            side: Side::Staff.into(),
            page_size: 200,
            ..ListPeopleRequest::default()
        }),
        invitations.list_invitations(ListInvitationsRequest { account_id: String::new() }),
        tenancy.list_staff(ListStaffRequest {}),
        options.list_roles(ListRolesRequest {}),
    )?;
    let bindings = bindings.into_inner().bindings.into_iter();
    Ok(Found {
        people: people.into_inner().people,
        bindings: bindings.map(|StaffBinding { person_id, roles, .. }| (person_id, roles)).collect(),
        invitations: invitations.into_inner().invitations,
        roles: roles::internal(&roles.into_inner().roles),
    })
}

async fn page(ask: &Ask, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let found = find(ask).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let view = People::new(s, &found, ask.reader.has_role("admin"), attempt);
    done.above(Page::new(s.t("nav-people"), view).at("people").status(status), s).respond(s, &ask.headers)
}

impl<'a> People<'a> {
    fn new(s: &'a Shell, found: &Found, admin: bool, attempt: Attempt) -> Self {
        let held = attempt.values("add", "roles", &[]);
        Self {
            s,
            rows: found.people.iter().map(|person| row(s, found, person)).collect(),
            admin,
            roles: roles::choices(s, &found.roles, &held),
            attempt,
        }
    }
}

fn row(s: &Shell, found: &Found, person: &Person) -> Row {
    let held = found.bindings.get(&person.id).map(Vec::as_slice).unwrap_or_default();
    let parts = [person.email.clone(), roles::titles(s, &found.roles, held)]
        .into_iter()
        .filter(|part| !part.is_empty());
    let mut row = Row::new(
        person.name.clone(),
        format!("/console/people/{}", person.id),
        parts.collect::<Vec<_>>().join(" · "),
    );
    row.tag = Some(state_tag(s, found, person));
    row
}

/// Whether the person is there, on the way, or gone.
pub(super) fn state_tag(s: &Shell, found: &Found, person: &Person) -> Tag {
    if !person.active {
        return Tag::new(Tone::Neutral, s.t("console-deactivated"));
    }
    let invitation = found.invitations.iter().find(|invitation| invitation.person_id == person.id);
    joining_tag(s, joining(person, invitation), invitation)
}

#[cfg(test)]
pub(super) mod tests {
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    pub(in super::super) fn found() -> Found {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let person = |id: &str, name: &str| Person {
            id: id.to_owned(),
            name: name.to_owned(),
            email: format!("{id}@firm.example"),
            active: true,
            ..Person::default()
        };
        let maria = Person { joined_at: Some(timestamp(s.formats.now())), ..person("m", "Maria Lopez") };
        Found {
            people: vec![maria, Person { active: false, ..person("z", "Zoe") }],
            bindings: HashMap::from([("m".to_owned(), vec!["admin".to_owned()])]),
            roles: vec![RoleOption {
                name: "admin".to_owned(),
                side: "internal".to_owned(),
                ..RoleOption::default()
            }],
            ..Found::default()
        }
    }

    #[test]
    fn administrators_may_add_people_and_others_only_look() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let html =
            |admin| Page::new("x", People::new(&s, &found(), admin, Attempt::default())).whole(&s).unwrap();
        let own = html(true);
        assert!(
            own.contains("action=\"/console/people/add\"") && own.contains("m@firm.example · Administrator")
        );
        assert!(own.contains("Deactivated") && own.matches("<h1").count() == 1 && !own.contains("console-"));
        assert!(!html(false).contains("action=\"/console/people"));
    }
}
