//! What other services are asked. Always before a transaction begins, never within one.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use futures_util::future::try_join_all;
use portico_core::{AccountId, Ctx, ErrorCode, PersonId, PortalId, RecordId, StepId};
use portico_proto::{
    documents::v1::{
        BindDocumentRequest, GetRequestRequest, Item, ItemState, documents_client::DocumentsClient,
    },
    identity::v1::{BatchGetPeopleRequest, Person, identity_client::IdentityClient},
    tenancy::v1::{
        GetAccountRequest, GetPortalRequest, GetPortalResponse, GetTenantRequest, ListHolidaysRequest,
        ListMembershipsRequest, ListPeopleInRoleRequest, ListStaffRequest, tenancy_client::TenancyClient,
    },
};
use portico_rpc::{Caller, CallerChannel, problem_from};
use tonic::Status;
use uuid::Uuid;

use crate::{
    domain::{
        engine::{Directory, RoleHolders},
        outstanding::{RequestRow, RowState},
        permissions::Viewer,
    },
    error::WorkflowError,
    service::{Firm, Service},
};

/// People with their roles.
pub(crate) type People = Vec<(PersonId, Vec<String>)>;

fn tenancy(service: &Service, ctx: &Ctx) -> TenancyClient<CallerChannel> {
    TenancyClient::new(service.peers.channel("tenancy", Caller::system_for(ctx, "workflow")))
}

/// The firm's name, time zone and holidays; a few seconds old at most.
pub(crate) async fn firm(service: &Service, ctx: &Ctx) -> Result<Firm, WorkflowError> {
    if let Some(firm) = service.firms.get(&ctx.tenant) {
        return Ok(firm);
    }
    let (mut first, mut second) = (tenancy(service, ctx), tenancy(service, ctx));
    let (tenant, holidays) =
        tokio::try_join!(first.get_tenant(GetTenantRequest {}), second.list_holidays(ListHolidaysRequest {}))
            .map_err(refusal)?;
    let tenant = tenant.into_inner().tenant.unwrap_or_default();
    let firm = Firm {
        name: tenant.name,
        zone: portico_core::parse_time_zone(&tenant.time_zone).unwrap_or(Tz::UTC),
        holidays: holidays.into_inner().dates.iter().filter_map(|day| day.parse().ok()).collect(),
    };
    service.firms.insert(ctx.tenant, firm.clone());
    Ok(firm)
}

/// Who has these roles for the account, and the names of everybody concerned.
pub(crate) async fn directory(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
    roles: &[String],
    people: &[PersonId],
) -> Result<Directory, WorkflowError> {
    let asked = roles.iter().map(|role| async move {
        let request = ListPeopleInRoleRequest { role: role.clone(), account_id: account.to_string() };
        let answer = tenancy(service, ctx).list_people_in_role(request).await.map_err(refusal)?.into_inner();
        let holders: Vec<PersonId> = answer.person_ids.iter().filter_map(|id| id.parse().ok()).collect();
        Ok::<_, WorkflowError>((role.clone(), holders))
    });
    let holders: BTreeMap<String, Vec<PersonId>> = try_join_all(asked).await?.into_iter().collect();
    // Everybody whom the record names, and holders of roles only as far as a list of names can be read.
    let mut ids: Vec<PersonId> = people.to_vec();
    ids.extend(holders.values().flat_map(|people| people.iter().take(50)));
    let names =
        self::people(service, ctx, &ids).await?.into_iter().map(|(id, person)| (id, person.name)).collect();
    Ok(Directory { holders: RoleHolders(holders), names })
}

/// Whoever acts, standing in only for those who are still of the firm, and only in what these may still approve themselves: what somebody
/// has left or lost is not theirs to hand on.
pub(crate) async fn standing_for_those_left(
    service: &Service,
    ctx: &Ctx,
    viewer: Viewer,
) -> Result<Viewer, WorkflowError> {
    if viewer.delegators().is_empty() {
        return Ok(viewer);
    }
    let answer = tenancy(service, ctx).list_staff(ListStaffRequest {}).await.map_err(refusal)?.into_inner();
    let staff: HashMap<String, Vec<String>> = answer
        .bindings
        .into_iter()
        .filter(|binding| !binding.deactivated)
        .map(|binding| (binding.person_id, binding.roles))
        .collect();
    let mut stands_for = viewer.delegators().to_vec();
    stands_for.retain_mut(|delegator| {
        let Some(held) = staff.get(&delegator.person.to_string()) else { return false };
        delegator.roles.retain(|role| held.contains(role));
        true
    });
    Ok(viewer.standing_for(stands_for))
}

/// People of the firm by id; ids that are nobody's are left out.
pub(crate) async fn people(
    service: &Service,
    ctx: &Ctx,
    ids: &[PersonId],
) -> Result<HashMap<PersonId, Person>, WorkflowError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for some in ids.chunks(500) {
        let channel = service.peers.channel("identity", Caller::system_for(ctx, "workflow"));
        let request = BatchGetPeopleRequest { person_ids: some.iter().map(ToString::to_string).collect() };
        let answer =
            IdentityClient::new(channel).batch_get_people(request).await.map_err(refusal)?.into_inner();
        found.extend(answer.people.into_iter().filter_map(|person| Some((person.id.parse().ok()?, person))));
    }
    Ok(found)
}

/// The people of an account with their roles there.
pub(crate) async fn members(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<People, WorkflowError> {
    let request = ListMembershipsRequest { account_id: account.to_string(), ..Default::default() };
    let answer = tenancy(service, ctx).list_memberships(request).await.map_err(refusal)?.into_inner();
    Ok(answer
        .memberships
        .into_iter()
        .filter_map(|one| Some((one.person_id.parse().ok()?, one.roles)))
        .collect())
}

/// Those who are let in, with their roles: the people of an account, and the firm's.
pub(crate) async fn let_in(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<(People, People), WorkflowError> {
    let request = ListMembershipsRequest { account_id: account.to_string(), ..Default::default() };
    let (mut first, mut second) = (tenancy(service, ctx), tenancy(service, ctx));
    let (members, staff) =
        tokio::try_join!(first.list_memberships(request), second.list_staff(ListStaffRequest {}))
            .map_err(refusal)?;
    let members = members.into_inner().memberships.into_iter().filter(|one| !one.deactivated);
    let staff = staff.into_inner().bindings.into_iter().filter(|one| !one.deactivated);
    Ok((
        members.filter_map(|one| Some((one.person_id.parse().ok()?, one.roles))).collect(),
        staff.filter_map(|one| Some((one.person_id.parse().ok()?, one.roles))).collect(),
    ))
}

/// The name of an account of the firm.
pub(crate) async fn account_name(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<String, WorkflowError> {
    let request = GetAccountRequest { account_id: account.to_string() };
    let answer = tenancy(service, ctx).get_account(request).await.map_err(refusal)?.into_inner();
    answer.account.map(|account| account.name).ok_or(WorkflowError::NotFound)
}

/// One version of a portal's definition.
pub(crate) async fn portal(
    service: &Service,
    ctx: &Ctx,
    portal: PortalId,
    version: i32,
) -> Result<GetPortalResponse, WorkflowError> {
    let request = GetPortalRequest { portal_id: portal.to_string(), version, ..Default::default() };
    Ok(tenancy(service, ctx).get_portal(request).await.map_err(refusal)?.into_inner())
}

/// The rows of the request that a step asks documents with, as documents has them at this moment.
pub(crate) async fn request_rows(
    service: &Service,
    ctx: &Ctx,
    step: StepId,
) -> Result<Vec<RequestRow>, WorkflowError> {
    let unreadable = || WorkflowError::Unreadable(format!("the rows of the request of step {step}"));
    let rows = items(service, ctx, step).await?.into_iter().map(|item| {
        let state = match item.state() {
            ItemState::Needed => RowState::Needed,
            ItemState::Checking => RowState::Checking,
            ItemState::Accepted => RowState::Accepted,
            ItemState::Returned => RowState::Returned,
            ItemState::NotAvailable => RowState::NotAvailable,
            ItemState::Unspecified => return None,
        };
        Some(RequestRow { id: item.id.parse().ok()?, name: item.name, required: item.min > 0, state })
    });
    rows.collect::<Option<_>>().ok_or_else(unreadable)
}

/// The rows of the request that a step asks documents with.
pub(crate) async fn items(service: &Service, ctx: &Ctx, step: StepId) -> Result<Vec<Item>, WorkflowError> {
    let channel = service.peers.channel("documents", Caller::system_for(ctx, "workflow"));
    let request = GetRequestRequest { step_id: step.to_string() };
    let answer = DocumentsClient::new(channel).get_request(request).await.map_err(refusal)?.into_inner();
    Ok(answer.request.map(|request| request.items).unwrap_or_default())
}

/// Binds a document that the caller has just uploaded to a record; answers its name. What is `internal` is for the firm's side.
pub(crate) async fn bind_document(
    service: &Service,
    ctx: &Ctx,
    document: Uuid,
    account: AccountId,
    (record, step): (RecordId, Option<StepId>),
    internal: bool,
) -> Result<String, WorkflowError> {
    let channel = service.peers.channel("documents", Caller::system_for(ctx, "workflow"));
    let request = BindDocumentRequest {
        document_id: document.to_string(),
        person_id: ctx.actor.person.map(|id| id.to_string()).unwrap_or_default(),
        kind: "record_file".to_owned(),
        account_id: account.to_string(),
        record_id: record.to_string(),
        internal,
        step_id: step.map(|id| id.to_string()).unwrap_or_default(),
    };
    let answer = DocumentsClient::new(channel).bind_document(request).await.map_err(refusal)?.into_inner();
    Ok(answer.document.map(|document| document.title).unwrap_or_default())
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> WorkflowError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => WorkflowError::NotFound,
        _ => WorkflowError::Peer(problem),
    }
}
