//! Keeps what deactivated people held from counting, and lets it count again when they are back.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::PersonId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::identity::v1::{PersonDeactivated, PersonReactivated};

use crate::{service::SharedService, store};

const CONSUMER: &str = "tenancy.deactivated_people";

struct DeactivatedPeople(SharedService);

/// One consumer for both, so that they are handled in the order in which they happened.
pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.identity.person.v1"]),
        types: Types::only::<PersonDeactivated>().and::<PersonReactivated>(),
        handler: Arc::new(DeactivatedPeople(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for DeactivatedPeople {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let deactivated = event.is::<PersonDeactivated>();
        let person = if deactivated {
            event.decode::<PersonDeactivated>()?.person_id
        } else {
            event.decode::<PersonReactivated>()?.person_id
        };
        let person: PersonId = person
            .parse()
            .map_err(|error: portico_core::ParseIdError| HandleError::Reject(error.to_string()))?;
        let mut tx = self.0.store.begin(&event.ctx("People")).await?;
        if !claim(&mut tx, CONSUMER, event).await? {
            return Ok(());
        }
        if deactivated {
            store::deactivated::insert(&mut tx, person, event.occurred_at).await?;
        } else {
            store::deactivated::delete(&mut tx, person).await?;
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{Ctx, Problem};
    use portico_proto::{
        identity::v1::Side,
        tenancy::v1::{
            GetPrincipalRequest, GetPrincipalResponse, ListMembershipsRequest, ListPeopleInRoleRequest,
            ListStaffRequest, SetMembershipRequest, SetStaffRolesRequest,
        },
    };
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{
            get_principal, list_memberships, list_people_in_role, list_staff, set_membership, set_staff_roles,
        },
        testing::Fixture,
    };

    async fn deactivate(fixture: &Fixture, person: PersonId) {
        let event = PersonDeactivated { person_id: person.to_string() };
        let handler = DeactivatedPeople(Arc::clone(&fixture.service));
        handler.handle(&fixture.received(&event, None)).await.unwrap();
    }

    async fn reactivate(fixture: &Fixture, person: PersonId) {
        let event = PersonReactivated { person_id: person.to_string() };
        let handler = DeactivatedPeople(Arc::clone(&fixture.service));
        handler.handle(&fixture.received(&event, None)).await.unwrap();
    }

    async fn principal(fixture: &Fixture, person: PersonId) -> GetPrincipalResponse {
        let request = GetPrincipalRequest { person_id: person.to_string() };
        get_principal::handle(&fixture.service, fixture.system(), request).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_deactivated_person_held_counts_for_nothing_until_they_are_back() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let acme = fixture.account("Acme").await;
        let [left, stays] = [(); 2].map(|()| fixture.person(Side::External));
        for person in [left, stays] {
            let request = SetMembershipRequest {
                account_id: acme.to_string(),
                person_id: person.to_string(),
                roles: vec!["signatory".to_owned()],
            };
            set_membership::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        }
        let signatories = async || {
            let request =
                ListPeopleInRoleRequest { role: "signatory".to_owned(), account_id: acme.to_string() };
            let answer = list_people_in_role::handle(&fixture.service, fixture.system(), request).await;
            let mut people = answer.unwrap().person_ids;
            people.sort_unstable();
            people
        };
        let before = principal(&fixture, left).await;
        assert_eq!(before.account_ids, [acme.to_string()]);

        deactivate(&fixture, left).await;
        deactivate(&fixture, left).await;
        assert_eq!(signatories().await, [stays.to_string()]);
        assert_eq!(principal(&fixture, left).await, GetPrincipalResponse::default());
        let listed = ListMembershipsRequest { account_id: acme.to_string(), ..Default::default() };
        let listed = list_memberships::handle(&fixture.service, fixture.staff(), listed).await.unwrap();
        let marked: Vec<(String, bool)> =
            listed.memberships.into_iter().map(|one| (one.person_id, one.deactivated)).collect();
        assert!(marked.contains(&(left.to_string(), true)) && marked.contains(&(stays.to_string(), false)));

        reactivate(&fixture, left).await;
        assert_eq!(signatories().await.len(), 2);
        assert_eq!(principal(&fixture, left).await, before);
    }

    #[tokio::test]
    async fn a_deactivated_administrator_is_none() {
        let fixture = Fixture::new().await;
        let [first, second] =
            [fixture.staff_member(&["admin"]).await, fixture.staff_member(&["admin"]).await];
        deactivate(&fixture, second).await;
        assert_eq!(principal(&fixture, second).await, GetPrincipalResponse::default());
        let staff = list_staff::handle(&fixture.service, fixture.admin(), ListStaffRequest {}).await.unwrap();
        assert!(staff.bindings.iter().any(|one| one.person_id == second.to_string() && one.deactivated));
        let step_down = async |ctx: Ctx| -> Result<_, Problem> {
            let request = SetStaffRolesRequest { person_id: first.to_string(), roles: Vec::new() };
            set_staff_roles::handle(&fixture.service, ctx, request).await.map_err(|error| error.problem())
        };
        let refused = step_down(fixture.admin()).await.unwrap_err();
        assert_eq!(refused.code, portico_core::ErrorCode::FailedPrecondition, "{refused:?}");
        reactivate(&fixture, second).await;
        step_down(fixture.admin()).await.unwrap();
    }
}
