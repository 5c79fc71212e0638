//! Stand-ins for the services that this one asks.

use std::sync::Arc;

use axum::{Router, extract::Request as HttpRequest, routing::post};
use portico_core::{AccountId, Ctx, ErrorCode, PersonId, Problem, TenantId};
use portico_proto::{identity::v1 as identity, json, tenancy::v1 as tenancy, workflow::v1 as workflow};
use portico_rpc::status;
use tonic::{Request, Response, Status, server::Grpc};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::SharedWorld;

pub(super) fn stand_ins(tenant: TenantId, world: &SharedWorld) -> [(&'static str, Router); 3] {
    let known = Arc::clone(world);
    let authorize = move |ctx: Ctx, request: workflow::AuthorizeStepRequest| {
        let found = known.lock().unwrap().steps.get(&request.step_id).cloned();
        let (account, act, review) = found
            .filter(|(account, ..)| ctx.tenant == tenant && ctx.actor.accounts.includes(*account))
            .filter(|_| !ctx.actor.person.is_some_and(|person| known.lock().unwrap().blind.contains(&person)))
            .ok_or_else(not_found)?;
        let holds = |roles: &[String]| roles.iter().any(|role| ctx.has_role(role));
        let allowed = match request.action.as_str() {
            "view" => true,
            "act" => holds(&act),
            _ => holds(&review),
        };
        if !allowed {
            return Err(status(Problem::new(ErrorCode::PermissionDenied, "permission_denied", "No.")));
        }
        let step = workflow::Step { id: request.step_id, can_act: holds(&act), ..Default::default() };
        let (account_id, roles) = (account.to_string(), ctx.actor.roles.clone());
        Ok(workflow::AuthorizeStepResponse { step: Some(step), account_id, roles })
    };
    let known = Arc::clone(world);
    let record = move |ctx: Ctx, request: workflow::GetRecordRequest| {
        let account = known.lock().unwrap().records.get(&request.record_id).copied();
        let account = account
            .filter(|account| ctx.tenant == tenant && ctx.actor.accounts.includes(*account))
            .ok_or_else(not_found)?;
        let labels =
            known.lock().unwrap().labels.iter().map(|id| (id.clone(), "a file".to_owned())).collect();
        let team: Vec<_> = known.lock().unwrap().team.iter().map(PersonId::to_string).collect();
        let record = workflow::Record {
            account_id: account.to_string(),
            kind: "engagement".to_owned(),
            fields: Some(json::to_struct(&serde_json::json!({ "team": team }))),
            labels,
            ..Default::default()
        };
        Ok(workflow::GetRecordResponse { record: Some(record) })
    };
    let known = Arc::clone(world);
    let firm = move |_: Ctx, _: tenancy::GetTenantRequest| {
        let allow_unscanned_files = !known.lock().unwrap().scanned_only;
        let (name, time_zone) = ("Northwind Consulting".to_owned(), "Europe/Berlin".to_owned());
        let tenant = tenancy::Tenant { allow_unscanned_files, name, time_zone, ..Default::default() };
        Ok(tenancy::GetTenantResponse { tenant: Some(tenant) })
    };
    let known = Arc::clone(world);
    let portal = move |_: Ctx, _: tenancy::GetPortalRequest| {
        let definition_json = known.lock().unwrap().definition.clone();
        Ok(tenancy::GetPortalResponse { definition_json, ..Default::default() })
    };
    let account = move |ctx: Ctx, request: tenancy::GetAccountRequest| {
        let id: AccountId = request.account_id.parse().map_err(|_| not_found())?;
        if ctx.tenant != tenant || !ctx.actor.accounts.includes(id) {
            return Err(not_found());
        }
        let account = tenancy::Account { name: request.account_id, ..Default::default() };
        Ok(tenancy::GetAccountResponse { account: Some(account) })
    };
    let known = Arc::clone(world);
    let holders = move |_: Ctx, request: tenancy::ListPeopleInRoleRequest| {
        let people = known.lock().unwrap().holders.get(&request.role).cloned().unwrap_or_default();
        let person_ids = people.iter().map(PersonId::to_string).collect();
        Ok(tenancy::ListPeopleInRoleResponse { person_ids })
    };
    let known = Arc::clone(world);
    let members = move |_: Ctx, request: tenancy::ListMembershipsRequest| {
        let account: AccountId = request.account_id.parse().map_err(|_| not_found())?;
        let world = known.lock().unwrap();
        let people = world.members.get(&account).cloned().unwrap_or_default();
        let member = |id: PersonId| tenancy::Membership {
            person_id: id.to_string(),
            deactivated: world.deactivated.contains(&id),
            roles: world.roles.get(&id).cloned().unwrap_or_default(),
            ..Default::default()
        };
        let asked = |id: &PersonId| request.person_id.is_empty() || request.person_id == id.to_string();
        let memberships = people.into_iter().filter(asked).map(member).collect();
        Ok(tenancy::ListMembershipsResponse { memberships })
    };
    let known = Arc::clone(world);
    let firms = move |_: Ctx, _: tenancy::ListStaffRequest| {
        let staff = known.lock().unwrap().staff.clone();
        let binding =
            |id: PersonId| tenancy::StaffBinding { person_id: id.to_string(), ..Default::default() };
        Ok(tenancy::ListStaffResponse { bindings: staff.into_iter().map(binding).collect() })
    };
    let known = Arc::clone(world);
    let place = move |_: Ctx, request: tenancy::SetMembershipRequest| {
        let account: AccountId = request.account_id.parse().map_err(|_| not_found())?;
        let person: PersonId = request.person_id.parse().map_err(|_| not_found())?;
        let mut world = known.lock().unwrap();
        world.placed += 1;
        world.members.entry(account).or_default().push(person);
        Ok(tenancy::SetMembershipResponse::default())
    };
    let known = Arc::clone(world);
    let create = move |_: Ctx, request: identity::CreatePersonRequest| {
        let id = PersonId::from(Uuid::from_u128(u128::from(request.email.len() as u64)));
        let mut world = known.lock().unwrap();
        // Whoever is there already stays as they are.
        let name = world.names.entry(id).or_insert(request.name).clone();
        world.invited.push(request.email.clone());
        let person = identity::Person {
            id: id.to_string(),
            name,
            email: request.email,
            active: true,
            ..Default::default()
        };
        Ok(identity::CreatePersonResponse { person: Some(person), ..Default::default() })
    };
    let invite =
        move |_: Ctx, _: identity::InvitePersonRequest| Ok(identity::InvitePersonResponse::default());
    let known = Arc::clone(world);
    let person = move |_: Ctx, request: identity::GetPersonRequest| {
        let email = format!("{}@example.com", &request.person_id[30..]);
        let id: PersonId = request.person_id.parse().map_err(|_| not_found())?;
        let name = known.lock().unwrap().names.get(&id).cloned().unwrap_or_default();
        let person = identity::Person { id: request.person_id, email, name, ..Default::default() };
        Ok(identity::GetPersonResponse { person: Some(person) })
    };
    let known = Arc::clone(world);
    let people = move |_: Ctx, request: identity::BatchGetPeopleRequest| {
        let world = known.lock().unwrap();
        let person = |id: &String| {
            let name = world.names.get(&id.parse().ok()?).cloned()?;
            Some(identity::Person { id: id.clone(), name, active: true, ..Default::default() })
        };
        Ok(identity::BatchGetPeopleResponse {
            people: request.person_ids.iter().filter_map(person).collect(),
        })
    };
    let known = Arc::clone(world);
    let readers = move |_: Ctx, request: workflow::ListReadersRequest| {
        let world = known.lock().unwrap();
        let account = world.records.get(&request.record_id).copied().ok_or_else(not_found)?;
        let ids = |people: &[PersonId]| {
            let reading = people.iter().filter(|person| !world.kept_out.contains(*person));
            reading.map(PersonId::to_string).collect()
        };
        Ok(workflow::ListReadersResponse {
            member_ids: ids(world.members.get(&account).map_or(&[], Vec::as_slice)),
            staff_ids: ids(&world.staff),
        })
    };
    let known = Arc::clone(world);
    let steered = move |ctx: Ctx, request: workflow::ListSteeredRunsRequest| {
        let world = known.lock().unwrap();
        let run = |id: &String| {
            let account =
                id.parse().ok().filter(|id| ctx.tenant == tenant && ctx.actor.accounts.includes(*id));
            let run = account.and_then(|account: AccountId| world.steered.get(&account));
            let run_id = run.map(Uuid::to_string).unwrap_or_default();
            workflow::SteeredRun { run_id, role: "signatory".to_owned() }
        };
        Ok(workflow::ListSteeredRunsResponse { runs: request.account_ids.iter().map(run).collect() })
    };
    let workflow = unary("/portico.workflow.v1.Workflow/AuthorizeStep", authorize)
        .merge(unary("/portico.workflow.v1.Workflow/ListSteeredRuns", steered))
        .merge(unary("/portico.workflow.v1.Workflow/ListReaders", readers))
        .merge(unary("/portico.workflow.v1.Workflow/GetRecord", record));
    let tenancy = unary("/portico.tenancy.v1.Tenancy/GetTenant", firm)
        .merge(unary("/portico.tenancy.v1.Tenancy/GetPortal", portal))
        .merge(unary("/portico.tenancy.v1.Tenancy/GetAccount", account))
        .merge(unary("/portico.tenancy.v1.Tenancy/ListMemberships", members))
        .merge(unary("/portico.tenancy.v1.Tenancy/ListStaff", firms))
        .merge(unary("/portico.tenancy.v1.Tenancy/SetMembership", place))
        .merge(unary("/portico.tenancy.v1.Tenancy/ListPeopleInRole", holders));
    let identity = unary("/portico.identity.v1.Identity/GetPerson", person)
        .merge(unary("/portico.identity.v1.Identity/BatchGetPeople", people))
        .merge(unary("/portico.identity.v1.Identity/CreatePerson", create))
        .merge(unary("/portico.identity.v1.Identity/InvitePerson", invite));
    [("workflow", workflow), ("tenancy", tenancy), ("identity", identity)]
}

fn not_found() -> Status {
    status(Problem::not_found())
}

/// One RPC of another service, answered by `answer`.
fn unary<Q, R>(
    path: &str,
    answer: impl Fn(Ctx, Q) -> Result<R, Status> + Clone + Send + Sync + 'static,
) -> Router
where
    Q: prost::Message + Default + 'static,
    R: prost::Message + Default + 'static,
{
    let handler = move |request: HttpRequest| {
        let answer = answer.clone();
        async move {
            let respond = tower::service_fn(move |request: Request<Q>| {
                let response = portico_rpc::ctx(&request)
                    .and_then(|ctx| answer(ctx, request.into_inner()))
                    .map(Response::new);
                async move { response }
            });
            Grpc::new(ProstCodec::<R, Q>::default()).unary(respond, request).await
        }
    };
    Router::new().route(path, post(handler))
}
