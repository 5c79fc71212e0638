//! What other services are asked.

use portico_core::{Ctx, ErrorCode, PersonId};
use portico_proto::{
    documents::v1 as documents,
    identity::v1::{GetPersonRequest, Person, identity_client::IdentityClient},
    tenancy::v1::Finding,
    workflow::v1 as workflow,
};
use portico_rpc::{Caller, problem_from};
use tonic::Status;

use crate::{error::TenancyError, service::Service};

/// Reads a person of the caller's firm. Identity vouches that the person belongs to it.
pub(crate) async fn person(service: &Service, ctx: &Ctx, id: PersonId) -> Result<Person, TenancyError> {
    let channel = service.peers.channel("identity", Caller::system_for(ctx, "tenancy.people"));
    let answer =
        IdentityClient::new(channel).get_person(GetPersonRequest { person_id: id.to_string() }).await;
    answer.map_err(refusal)?.into_inner().person.ok_or(TenancyError::NotFound)
}

/// What the other services could not run of a definition. Asked at once; each has its say.
pub(crate) async fn check_definition(
    service: &Service,
    ctx: &Ctx,
    definition_json: &str,
) -> Result<Vec<Finding>, TenancyError> {
    let channel = |peer| service.peers.channel(peer, Caller::system_for(ctx, "tenancy.publishing"));
    let mut of_workflow = workflow::workflow_client::WorkflowClient::new(channel("workflow"));
    let mut of_documents = documents::documents_client::DocumentsClient::new(channel("documents"));
    let (workflow, documents) = tokio::join!(
        of_workflow.check_definition(workflow::CheckDefinitionRequest {
            definition_json: definition_json.to_owned()
        }),
        of_documents.check_definition(documents::CheckDefinitionRequest {
            definition_json: definition_json.to_owned()
        }),
    );
    let finding = |path, message, hint| Finding { path, line: 0, column: 0, message, hint };
    let mut findings = Vec::new();
    for found in workflow.map_err(refusal)?.into_inner().findings {
        findings.push(finding(found.path, found.message, found.hint));
    }
    for found in documents.map_err(refusal)?.into_inner().findings {
        findings.push(finding(found.path, found.message, found.hint));
    }
    Ok(findings)
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands the status over")]
fn refusal(status: Status) -> TenancyError {
    let problem = problem_from(&status);
    match problem.code {
        ErrorCode::NotFound => TenancyError::NotFound,
        _ => TenancyError::Peer(problem),
    }
}
