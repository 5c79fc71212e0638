//! What other services are asked.

use std::{collections::HashMap, sync::Arc};

use chrono_tz::Tz;
use portico_core::{AccountId, Ctx, ErrorCode, PersonId, PortalId, RecordId, StepId};
use portico_definition::{Definition, FieldKind, Side};
use portico_proto::{
    identity::v1::{
        self as identity, BatchGetPeopleRequest, CreatePersonRequest, GetPersonRequest, InvitePersonRequest,
        Person, identity_client::IdentityClient,
    },
    json,
    tenancy::v1::{
        GetAccountRequest, GetPortalRequest, GetTenantRequest, ListMembershipsRequest,
        ListPeopleInRoleRequest, ListStaffRequest, SetMembershipRequest, tenancy_client::TenancyClient,
    },
    workflow::v1::{
        AuthorizeStepRequest, GetRecordRequest, ListReadersRequest, ListSteeredRunsRequest, Record,
        SteeredRun, Step, workflow_client::WorkflowClient,
    },
};
use portico_rpc::{Caller, problem_from};
use tonic::Status;

use crate::{content::ScanPolicy, domain::signed_file::Firm, error::DocumentsError, service::Service};

/// The most people that identity reads at once.
const PEOPLE_AT_ONCE: usize = 500;

/// What somebody wants to do with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepAction {
    /// See it.
    View,
    /// Do what it asks for.
    Act,
    /// Decide about what was done, or hand over what it is about.
    Review,
    /// Change who does it and when.
    Manage,
}

/// A step that the caller may do something with.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizedStep {
    /// Whether they may act on it now.
    pub(crate) can_act: bool,
    /// The caller's roles that count for it.
    pub(crate) roles: Vec<String>,
}

/// Asks workflow, in the caller's own name, whether they may do this with a step. Its refusal is ours.
pub(crate) async fn authorize_step(
    service: &Service,
    caller: &Caller,
    step: StepId,
    action: StepAction,
) -> Result<AuthorizedStep, DocumentsError> {
    let action = match action {
        StepAction::View => "view",
        StepAction::Act => "act",
        StepAction::Review => "review",
        StepAction::Manage => "manage",
    };
    let request = AuthorizeStepRequest { step_id: step.to_string(), action: action.to_owned() };
    let channel = service.peers.channel("workflow", caller);
    let answer = WorkflowClient::new(channel).authorize_step(request).await.map_err(refusal)?.into_inner();
    let can_act = answer.step.is_some_and(|step: Step| step.can_act);
    Ok(AuthorizedStep { can_act, roles: answer.roles })
}

/// Whether the caller may do this with a step. Only a refusal is a no: a workflow that is away is an error.
pub(crate) async fn may(
    service: &Service,
    caller: &Caller,
    step: StepId,
    action: StepAction,
) -> Result<bool, DocumentsError> {
    match authorize_step(service, caller, step, action).await {
        Ok(_) => Ok(true),
        Err(DocumentsError::NotFound) => Ok(false),
        Err(DocumentsError::Peer(problem)) if problem.code == ErrorCode::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// The account of a record that the caller may read.
pub(crate) async fn record_account(
    service: &Service,
    caller: &Caller,
    record: RecordId,
) -> Result<AccountId, DocumentsError> {
    Ok(self::record(service, caller, record).await?.account_id.parse()?)
}

/// A record that the caller may read, as far as they may.
pub(crate) async fn record(
    service: &Service,
    caller: &Caller,
    record: RecordId,
) -> Result<Record, DocumentsError> {
    let channel = service.peers.channel("workflow", caller);
    let request = GetRecordRequest { record_id: record.to_string() };
    let answer = WorkflowClient::new(channel).get_record(request).await.map_err(refusal)?.into_inner();
    answer.record.ok_or(DocumentsError::NotFound)
}

/// Whether the account is one that the caller reaches.
pub(crate) async fn account(service: &Service, caller: &Caller, id: AccountId) -> Result<(), DocumentsError> {
    let channel = service.peers.channel("tenancy", caller);
    let request = GetAccountRequest { account_id: id.to_string() };
    TenancyClient::new(channel).get_account(request).await.map_err(refusal)?;
    Ok(())
}

/// The name of an account that the caller reaches.
pub(crate) async fn account_name(
    service: &Service,
    caller: &Caller,
    id: AccountId,
) -> Result<String, DocumentsError> {
    let channel = service.peers.channel("tenancy", caller);
    let request = GetAccountRequest { account_id: id.to_string() };
    let answer = TenancyClient::new(channel).get_account(request).await.map_err(refusal)?.into_inner();
    answer.account.map(|account| account.name).ok_or(DocumentsError::NotFound)
}

/// For each account the newest run that goes on and that the caller steers.
pub(crate) async fn steered_runs(
    service: &Service,
    caller: &Caller,
    accounts: &[AccountId],
) -> Result<Vec<SteeredRun>, DocumentsError> {
    let channel = service.peers.channel("workflow", caller);
    let request = ListSteeredRunsRequest { account_ids: accounts.iter().map(ToString::to_string).collect() };
    let answer = WorkflowClient::new(channel).list_steered_runs(request).await.map_err(refusal)?;
    Ok(answer.into_inner().runs)
}

/// What files depend on of the firm.
#[derive(Debug, Clone)]
pub(crate) struct FirmFacts {
    /// Whether files may be opened that no scanner has seen.
    pub(crate) policy: ScanPolicy,
    /// Its name and days.
    pub(crate) firm: Firm,
}

/// The firm of the context; at most a few seconds old.
pub(crate) async fn firm(service: &Service, ctx: &Ctx) -> Result<Arc<FirmFacts>, DocumentsError> {
    if let Some(known) = service.firms.get(&ctx.tenant).await {
        return Ok(known);
    }
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "documents.policy"));
    let answer =
        TenancyClient::new(channel).get_tenant(GetTenantRequest {}).await.map_err(refusal)?.into_inner();
    let tenant = answer.tenant.ok_or(DocumentsError::NotFound)?;
    let policy =
        if tenant.allow_unscanned_files { ScanPolicy::AllowUnscanned } else { ScanPolicy::CleanOnly };
    let zone: Tz = tenant.time_zone.parse().unwrap_or(Tz::UTC);
    let facts = Arc::new(FirmFacts { policy, firm: Firm { name: tenant.name, slug: tenant.slug, zone } });
    service.firms.insert(ctx.tenant, Arc::clone(&facts)).await;
    Ok(facts)
}

/// A portal's definition at the version with which a run started.
pub(crate) async fn definition(
    service: &Service,
    ctx: &Ctx,
    portal: PortalId,
    version: i32,
) -> Result<Definition, DocumentsError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "documents.envelopes"));
    let request = GetPortalRequest { portal_id: portal.to_string(), version, ..Default::default() };
    let answer = TenancyClient::new(channel).get_portal(request).await.map_err(refusal)?.into_inner();
    serde_json::from_str(&answer.definition_json)
        .map_err(|error| DocumentsError::Unreadable(format!("the definition of {portal}: {error}")))
}

/// A person, of the firm or of an account; nothing where identity does not know them.
pub(crate) async fn person(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
) -> Result<Option<Person>, DocumentsError> {
    let channel = service.peers.channel("identity", Caller::system_for(ctx, "documents.signers"));
    let request = GetPersonRequest { person_id: person.to_string() };
    match IdentityClient::new(channel).get_person(request).await.map_err(refusal) {
        Ok(answer) => Ok(answer.into_inner().person),
        Err(DocumentsError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The people of an account who are let in.
pub(crate) async fn members(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<Vec<PersonId>, DocumentsError> {
    Ok(members_with_roles(service, ctx, account).await?.into_iter().map(|(person, _)| person).collect())
}

/// The same, with what they do there.
pub(crate) async fn members_with_roles(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
) -> Result<Vec<(PersonId, Vec<String>)>, DocumentsError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "documents.signers"));
    let request = ListMembershipsRequest { account_id: account.to_string(), ..Default::default() };
    let answer = TenancyClient::new(channel).list_memberships(request).await.map_err(refusal)?.into_inner();
    let present = answer.memberships.into_iter().filter(|one| !one.deactivated);
    Ok(present.filter_map(|one| Some((one.person_id.parse().ok()?, one.roles))).collect())
}

/// Whom a record is open to: people of its account, and the firm's.
pub(crate) async fn readers(
    service: &Service,
    ctx: &Ctx,
    record: RecordId,
) -> Result<(Vec<PersonId>, Vec<PersonId>), DocumentsError> {
    let channel = service.peers.channel("workflow", Caller::system_for(ctx, "documents.audience"));
    let request = ListReadersRequest { record_id: record.to_string() };
    let answer = match WorkflowClient::new(channel).list_readers(request).await.map_err(refusal) {
        // A record that is gone is open to nobody.
        Err(DocumentsError::NotFound) => return Ok((Vec::new(), Vec::new())),
        other => other?.into_inner(),
    };
    let ids = |ids: Vec<String>| ids.iter().filter_map(|id| id.parse().ok()).collect();
    Ok((ids(answer.member_ids), ids(answer.staff_ids)))
}

/// The active people among `ids`, as they are called.
pub(crate) async fn names(
    service: &Service,
    ctx: &Ctx,
    ids: &[PersonId],
) -> Result<HashMap<PersonId, String>, DocumentsError> {
    let mut names = HashMap::new();
    for some in ids.chunks(PEOPLE_AT_ONCE) {
        let channel = service.peers.channel("identity", Caller::system_for(ctx, "documents.audience"));
        let request = BatchGetPeopleRequest { person_ids: some.iter().map(ToString::to_string).collect() };
        let answer =
            IdentityClient::new(channel).batch_get_people(request).await.map_err(refusal)?.into_inner();
        let active = answer.people.into_iter().filter(|person| person.active);
        names.extend(active.filter_map(|person| Some((person.id.parse().ok()?, person.name))));
    }
    Ok(names)
}

/// The firm's people who are let in.
pub(crate) async fn staff(service: &Service, ctx: &Ctx) -> Result<Vec<PersonId>, DocumentsError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "documents.signers"));
    let answer =
        TenancyClient::new(channel).list_staff(ListStaffRequest {}).await.map_err(refusal)?.into_inner();
    let present = answer.bindings.iter().filter(|one| !one.deactivated);
    Ok(present.filter_map(|one| one.person_id.parse().ok()).collect())
}

/// The person with this address among the accounts' people: who is there already, as they are, or else somebody new by this name,
/// who belongs to nothing yet.
pub(crate) async fn found_or_created(
    service: &Service,
    ctx: &Ctx,
    name: &str,
    email: &str,
) -> Result<Person, DocumentsError> {
    let request = CreatePersonRequest {
        email: email.to_owned(),
        name: name.to_owned(),
        side: identity::Side::External.into(),
        ..CreatePersonRequest::default()
    };
    let channel = service.peers.channel("identity", Caller::system_for(ctx, "documents.signers"));
    let answer = IdentityClient::new(channel).create_person(request).await.map_err(refusal)?.into_inner();
    answer.person.ok_or(DocumentsError::NotFound)
}

/// Brings somebody into an account, without a role, and invites them. Somebody who belongs to it already stays as they are;
/// `false` where they were shut out of it.
pub(crate) async fn invite(
    service: &Service,
    ctx: &Ctx,
    account: AccountId,
    person: PersonId,
    message: &str,
) -> Result<bool, DocumentsError> {
    let channel = |name| service.peers.channel(name, Caller::system_for(ctx, "documents.signers"));
    let mut tenancy = TenancyClient::new(channel("tenancy"));
    let request = ListMembershipsRequest { account_id: account.to_string(), person_id: person.to_string() };
    let known = tenancy.list_memberships(request).await.map_err(refusal)?.into_inner().memberships;
    // Among all, also those who are deactivated: to set their place anew would take their roles.
    if let Some(known) = known.iter().find(|one| one.person_id == person.to_string()) {
        return Ok(!known.deactivated);
    }
    let request = SetMembershipRequest {
        account_id: account.to_string(),
        person_id: person.to_string(),
        roles: Vec::new(),
    };
    tenancy.set_membership(request).await.map_err(refusal)?;
    let message = message.chars().take(500).collect();
    let request =
        InvitePersonRequest { person_id: person.to_string(), account_id: account.to_string(), message };
    IdentityClient::new(channel("identity")).invite_person(request).await.map_err(refusal)?;
    Ok(true)
}

/// Those who have a role: the account's people for a role of the account, the firm's otherwise.
pub(crate) async fn people_in_role(
    service: &Service,
    ctx: &Ctx,
    role: &str,
    account: AccountId,
) -> Result<Vec<PersonId>, DocumentsError> {
    let channel = service.peers.channel("tenancy", Caller::system_for(ctx, "documents.signers"));
    let request = ListPeopleInRoleRequest { role: role.to_owned(), account_id: account.to_string() };
    let answer = TenancyClient::new(channel).list_people_in_role(request).await.map_err(refusal)?;
    Ok(answer.into_inner().person_ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// The people of the firm whom a record names in its fields, each once.
pub(crate) async fn team(
    service: &Service,
    ctx: &Ctx,
    definition: &Definition,
    record: RecordId,
) -> Result<Vec<PersonId>, DocumentsError> {
    let channel = service.peers.channel("workflow", Caller::system_for(ctx, "documents.signers"));
    let request = GetRecordRequest { record_id: record.to_string() };
    let answer = WorkflowClient::new(channel).get_record(request).await.map_err(refusal)?.into_inner();
    let record = answer.record.unwrap_or_default();
    let values = json::from_struct(&record.fields.unwrap_or_default());
    let mut team = Vec::new();
    let fields = definition.spec.records.get(&record.kind).into_iter().flat_map(|kind| &kind.fields);
    for (name, field) in fields {
        if !matches!(field.kind, FieldKind::People { side: Side::Internal, .. }) {
            continue;
        }
        let listed = values.get(name).and_then(serde_json::Value::as_array);
        for person in listed.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()) {
            if !team.contains(&person) {
                team.push(person);
            }
        }
    }
    Ok(team)
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> DocumentsError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => DocumentsError::NotFound,
        _ => DocumentsError::Peer(problem),
    }
}
