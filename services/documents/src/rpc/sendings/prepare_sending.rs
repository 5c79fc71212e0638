//! Says for each account who can sign a paper, and what stands against sending it there.

use std::collections::HashSet;

use portico_core::AccountId;
use portico_proto::documents::v1::{
    PrepareSendingRequest, PrepareSendingResponse, SeatCandidate, SendingCheck,
};
use uuid::Uuid;

use super::{super::paper_templates::use_paper_template::offered, reach};
use crate::{
    domain::sending::{MOST_ACCOUNTS, NO_RUN, NOBODY, Sending},
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

/// People of one account that are offered.
const MOST_PEOPLE: usize = 50;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: PrepareSendingRequest,
) -> Result<PrepareSendingResponse, DocumentsError> {
    let template: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let template = store::paper_templates::read(&mut tx, template).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    offered(&template)?;
    let accounts: Vec<AccountId> =
        request.account_ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let distinct: HashSet<_> = accounts.iter().collect();
    if accounts.is_empty() || accounts.len() > MOST_ACCOUNTS || distinct.len() < accounts.len() {
        let text = format!("Choose between 1 and {MOST_ACCOUNTS} accounts, each once.");
        return Err(DocumentsError::invalid("account_ids", text));
    }
    let needed = template.terms.roles.iter().filter(|role| Sending::is_external(role)).count();
    let (reached, names) = reach::look(service, &call, &accounts, &[]).await?;
    let check = |account: reach::Reached| {
        let people = account.people(&names);
        let problem = match people.len() {
            count if count < needed => NOBODY,
            _ if account.run.is_empty() => NO_RUN,
            _ => "",
        };
        let people = people
            .into_iter()
            .take(MOST_PEOPLE)
            .map(|(person, name)| SeatCandidate { person_id: person.to_string(), name: name.to_owned() });
        let people = people.collect();
        SendingCheck { account_name: account.name, people, problem: problem.to_owned() }
    };
    Ok(PrepareSendingResponse { checks: reached.into_iter().map(check).collect() })
}
