//! Adding a person to an account: the person, their place, and the invitation.

use axum::{extract::Path, response::Response};
use portico_core::Problem;
use portico_proto::{
    identity::v1::{CreatePersonRequest, InvitePersonRequest, Side},
    tenancy::v1::{GetAccountRequest, SetMembershipRequest},
};
use portico_rpc::problem_from;
use tonic::Status;

use super::{
    account,
    attempt::{Attempt, Sent},
    done::Done,
};
use crate::{
    ask::{Ask, StaffAsk, refused},
    error::PageError,
    render::see_other,
};

pub(super) async fn add(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    match place(&ask, &account_id, &sent).await {
        Ok(word) => Ok(see_other(&format!("/console/accounts/{account_id}?done={word}"))),
        Err(problem) => {
            let attempt = Attempt::refused("add", sent, &problem, &[]);
            let page = account::page(&ask, &account_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// Each part may be repeated: sending the form again after a refusal goes on where it stopped.
async fn place(ask: &Ask, account_id: &str, sent: &Sent) -> Result<&'static str, Problem> {
    let refused = |status: Status| problem_from(&status);
    let account_id = account_id.to_owned();
    // No person is made for an account that is not there.
    ask.tenancy().get_account(GetAccountRequest { account_id: account_id.clone() }).await.map_err(refused)?;
    let asked = CreatePersonRequest {
        email: sent.text("email"),
        name: sent.text("name"),
        side: Side::External.into(),
        ..CreatePersonRequest::default()
    };
    let person = ask.identity().create_person(asked).await.map_err(refused)?.into_inner().person;
    let person_id = person.ok_or_else(|| Problem::internal("no person was answered"))?.id;
    let asked = SetMembershipRequest {
        account_id: account_id.clone(),
        person_id: person_id.clone(),
        roles: sent.all("roles"),
    };
    ask.tenancy().set_membership(asked).await.map_err(refused)?;
    if !sent.ticked("invite") {
        return Ok("person-added");
    }
    let asked = InvitePersonRequest { person_id, account_id, message: sent.text("message") };
    ask.identity().invite_person(asked).await.map_err(refused)?;
    Ok("invited")
}
