//! What other services are asked.

use std::sync::Arc;

use chrono_tz::Tz;
use portico_core::{AccountId, Ctx, ErrorCode, PersonId, PortalId, RecordId, StepId};
use portico_definition::Definition;
use portico_proto::{
    identity::v1::{GetPersonRequest, identity_client::IdentityClient},
    tenancy::v1::{GetAccountRequest, GetPortalRequest, GetTenantRequest, tenancy_client::TenancyClient},
    workflow::v1::{AuthorizeStepRequest, GetRecordRequest, Step, workflow_client::WorkflowClient},
};
use portico_rpc::{Caller, problem_from};
use tonic::Status;

use crate::{content::ScanPolicy, domain::signed_file::Firm, error::DocumentsError, service::Service};

/// What somebody wants to do with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepAction {
    /// See it.
    View,
    /// Do what it asks for.
    Act,
    /// Decide about what was done, or hand over what it is about.
    Review,
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
    let channel = service.peers.channel("workflow", caller);
    let request = GetRecordRequest { record_id: record.to_string() };
    let answer = WorkflowClient::new(channel).get_record(request).await.map_err(refusal)?.into_inner();
    let record = answer.record.ok_or(DocumentsError::NotFound)?;
    Ok(record.account_id.parse()?)
}

/// Whether the account is one that the caller reaches.
pub(crate) async fn account(service: &Service, caller: &Caller, id: AccountId) -> Result<(), DocumentsError> {
    let channel = service.peers.channel("tenancy", caller);
    let request = GetAccountRequest { account_id: id.to_string() };
    TenancyClient::new(channel).get_account(request).await.map_err(refusal)?;
    Ok(())
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
    let facts = Arc::new(FirmFacts { policy, firm: Firm { name: tenant.name, zone } });
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

/// The mail address of a person of the firm; empty where identity does not know them.
pub(crate) async fn email(service: &Service, ctx: &Ctx, person: PersonId) -> Result<String, DocumentsError> {
    let channel = service.peers.channel("identity", Caller::system_for(ctx, "documents.signers"));
    let request = GetPersonRequest { person_id: person.to_string() };
    match IdentityClient::new(channel).get_person(request).await.map_err(refusal) {
        Ok(answer) => Ok(answer.into_inner().person.map(|person| person.email).unwrap_or_default()),
        Err(DocumentsError::NotFound) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> DocumentsError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => DocumentsError::NotFound,
        _ => DocumentsError::Peer(problem),
    }
}
