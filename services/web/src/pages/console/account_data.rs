//! Everything that an account's page shows, as the services answer it.

use std::{collections::HashMap, sync::Arc};

use portico_proto::{
    documents::v1::{Document, ListDocumentsRequest},
    identity::v1::{Invitation, ListInvitationsRequest, Person},
    messaging::v1::{ListThreadsRequest, Thread},
    tenancy::v1::{
        Account, AuditLine, GetAccountRequest, ListAuditRequest, ListMembershipsRequest, ListRolesRequest,
        Membership, RoleOption,
    },
    workflow::v1::{ListRecordsRequest, ListRunsRequest, Record, Run},
};

use super::names;
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    web::PublishedPortal,
};

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) account: Account,
    pub(super) memberships: Vec<Membership>,
    pub(super) people: HashMap<String, Person>,
    pub(super) invitations: Vec<Invitation>,
    pub(super) roles: Vec<RoleOption>,
    pub(super) portals: Arc<Vec<PublishedPortal>>,
    /// Portal, kind and the newest records of it.
    pub(super) records: Vec<(usize, String, Vec<Record>)>,
    pub(super) runs: Vec<Run>,
    pub(super) documents: Vec<Document>,
    pub(super) threads: Vec<Thread>,
    pub(super) audit: Vec<AuditLine>,
}

/// Looks everything up, in the reader's name.
pub(super) async fn find(ask: &Ask, account_id: &str) -> Result<Found, PageError> {
    let id = || account_id.to_owned();
    // The account first: for a stranger's id nothing else is asked.
    let account = ask.tenancy().get_account(GetAccountRequest { account_id: id() }).await?.into_inner();
    let account = account.account.ok_or_else(not_here)?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let (mut tenancy, mut tenancy_roles, mut tenancy_audit) = (ask.tenancy(), ask.tenancy(), ask.tenancy());
    let (mut identity, mut workflow, mut documents, mut messaging) =
        (ask.identity(), ask.workflow(), ask.documents(), ask.messaging());
    let (memberships, invitations, roles, runs, files, threads, audit) = tokio::try_join!(
        tenancy.list_memberships(ListMembershipsRequest { account_id: id(), person_id: String::new() }),
        identity.list_invitations(ListInvitationsRequest { account_id: id() }),
        tenancy_roles.list_roles(ListRolesRequest {}),
        workflow.list_runs(ListRunsRequest { account_id: id(), page_size: 20, ..ListRunsRequest::default() }),
        documents.list_documents(ListDocumentsRequest {
            account_id: id(),
            page_size: 10,
            ..Default::default()
        }),
        messaging.list_threads(ListThreadsRequest { account_id: id(), page_size: 10 }),
        tenancy_audit.list_audit(ListAuditRequest {
            account_id: id(),
            page_size: 10,
            ..ListAuditRequest::default()
        }),
    )?;
    let memberships = memberships.into_inner().memberships;
    let people =
        names::people(ask, memberships.iter().map(|membership| membership.person_id.clone())).await?;
    Ok(Found {
        people,
        memberships,
        invitations: invitations.into_inner().invitations,
        roles: roles.into_inner().roles,
        records: records(ask, &account, &portals).await?,
        portals,
        runs: runs.into_inner().runs,
        documents: files.into_inner().documents,
        threads: threads.into_inner().threads,
        audit: audit.into_inner().lines,
        account,
    })
}

/// The newest records of every kind in the portals that are for accounts like this one.
async fn records(
    ask: &Ask,
    account: &Account,
    portals: &[PublishedPortal],
) -> Result<Vec<(usize, String, Vec<Record>)>, PageError> {
    let mut found = Vec::new();
    for (place, published) in
        portals.iter().enumerate().filter(|(_, each)| each.portal.audience == account.kind)
    {
        for kind in published.definition.spec.records.keys() {
            let asked = ListRecordsRequest {
                portal_id: published.portal.id.clone(),
                kind: kind.clone(),
                account_id: account.id.clone(),
                page_size: 20,
                ..ListRecordsRequest::default()
            };
            let answer = ask.workflow().list_records(asked).await?.into_inner();
            found.push((place, kind.clone(), answer.records));
        }
    }
    Ok(found)
}
