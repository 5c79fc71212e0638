//! Asks many accounts for documents at once, each by a step of its own in a run that goes on.

mod wanted;

use chrono::{DateTime, Utc};
use portico_core::{AccountId, Ctx, PersonId, StepId};
use portico_db::Tx;
use portico_definition::{Definition, Delay, Side, calendar::BusinessDays};
use portico_proto::workflow::v1::{
    RequestDocumentsRequest, RequestDocumentsResponse, RequestOutcome, RequestResult,
};
use serde_json::json;

use self::wanted::Wanted;
use super::{add_task::must_lie_ahead, change};
use crate::{
    advance::{self, Stage},
    convert,
    domain::{
        engine::{Asked, Assignment, Event, PersonRef},
        permissions::Viewer,
    },
    error::WorkflowError,
    peers,
    reach::{self, RunInReach},
    service::Service,
    store::{self, runs::Filter},
};

const COMMAND: &str = "request_documents";
/// The accounts that are asked at once.
pub(super) const MOST_ACCOUNTS: usize = 500;
/// The newest runs of an account that are looked through for one that the caller steers.
const RUNS: i64 = 20;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RequestDocumentsRequest,
) -> Result<RequestDocumentsResponse, WorkflowError> {
    if request.account_ids.is_empty() || request.account_ids.len() > MOST_ACCOUNTS {
        let text = format!("Choose between 1 and {MOST_ACCOUNTS} accounts.");
        return Err(WorkflowError::invalid("account_ids", text));
    }
    let wanted = Wanted::checked(&request)?;
    let reviewer = reviewer(service, &ctx, &request.reviewer_id).await?;
    let due = Due::checked(service, &request)?;
    claim(service, &ctx, &request, &wanted.key).await?;
    let ask = Ask { service, ctx, wanted, reviewer, due };
    let mut answer = RequestDocumentsResponse::default();
    for account in &request.account_ids {
        // One account's trouble is not the others': who repeats the request goes on with it.
        let (outcome, step, event) = ask.account(account).await.unwrap_or_else(|error| {
            tracing::warn!(%error, account, "a request for documents could not be sent");
            (RequestOutcome::Failed, None, String::new())
        });
        let step_id = step.map(|step| step.to_string()).unwrap_or_default();
        answer.results.push(RequestResult { outcome: outcome.into(), step_id });
        if !event.is_empty() {
            answer.event = event;
        }
    }
    Ok(answer)
}

/// Takes the key for this request and no other.
async fn claim(
    service: &Service,
    ctx: &Ctx,
    request: &RequestDocumentsRequest,
    key: &str,
) -> Result<(), WorkflowError> {
    let mut body = request.clone();
    body.account_ids.sort_unstable();
    let hash = convert::body_hash(&body);
    let mut tx = service.store.begin(ctx).await?;
    if !store::idempotency::claim(&mut tx, COMMAND, key, hash, service.clock.now()).await? {
        let text = "This form was sent before with something else in it. Open it anew to ask for this.";
        return Err(WorkflowError::invalid("idempotency_key", text));
    }
    Ok(tx.commit().await?)
}

/// Who looks at what comes: a member of staff by name.
async fn reviewer(service: &Service, ctx: &Ctx, id: &str) -> Result<Option<Assignment>, WorkflowError> {
    if id.is_empty() {
        return Ok(None);
    }
    let unknown = || WorkflowError::invalid("reviewer_id", "Choose somebody of the firm.");
    let id: PersonId = id.parse().map_err(|_| unknown())?;
    let people = peers::people(service, ctx, &[id]).await?;
    let person = people
        .get(&id)
        .filter(|person| person.active && person.side() == portico_proto::identity::v1::Side::Staff);
    let name = person.ok_or_else(unknown)?.name.clone();
    Ok(Some(Assignment { people: vec![PersonRef { id, name }], ..Assignment::default() }))
}

/// When what is asked for is due.
#[derive(Debug, Clone, Copy)]
enum Due {
    Never,
    At(DateTime<Utc>),
    /// Working days, as the calendar of each account's portal has them.
    In(u32),
}

impl Due {
    fn checked(service: &Service, request: &RequestDocumentsRequest) -> Result<Self, WorkflowError> {
        if request.due.is_some() {
            let due = convert::chosen("due", request.due.as_ref())?;
            must_lie_ahead(service, due)?;
            return Ok(Self::At(due));
        }
        match u32::try_from(request.due_days) {
            Ok(0) => Ok(Self::Never),
            Ok(days @ 1..=250) => Ok(Self::In(days)),
            _ => Err(WorkflowError::invalid("due_days", "Choose between 1 and 250 working days, or none.")),
        }
    }
}

/// What every account is asked.
struct Ask<'s> {
    service: &'s Service,
    ctx: Ctx,
    wanted: Wanted,
    reviewer: Option<Assignment>,
    due: Due,
}

type Outcome = (RequestOutcome, Option<StepId>, String);

impl Ask<'_> {
    async fn account(&self, id: &str) -> Result<Outcome, WorkflowError> {
        let nothing = (RequestOutcome::NoRun, None, String::new());
        let Ok(account) = id.parse::<AccountId>() else { return Ok(nothing) };
        if !self.ctx.actor.accounts.includes(account) {
            return Ok(nothing);
        }
        let key = format!("{}:{account}", self.wanted.key);
        let viewer = Viewer::of(&self.ctx);
        let mut tx = self.service.store.begin(&self.ctx).await?;
        if let Some((step, event)) = store::idempotency::find(&mut tx, COMMAND, &key).await? {
            return Ok((RequestOutcome::SentBefore, Some(StepId(step)), event));
        }
        let found = newest(self.service, &mut tx, &viewer, account).await?;
        tx.rollback().await?;
        let Some(found) = found else { return Ok(nothing) };
        match self.send(&found, &key).await {
            Err(WorkflowError::Refused(_)) => Ok((RequestOutcome::Refused, None, String::new())),
            other => other,
        }
    }

    async fn send(&self, found: &RunInReach, key: &str) -> Result<Outcome, WorkflowError> {
        let Some(role) = asked_of(&found.definition) else {
            return Ok((RequestOutcome::NoRun, None, String::new()));
        };
        let to = change::named(self.service, &self.ctx, found, &[], role).await?;
        let prepared = advance::prepare_for(self.service, &self.ctx, found, &[]).await?;
        let due = match self.due {
            Due::Never => None,
            Due::At(due) => Some(due),
            Due::In(days) => {
                let firm = &prepared.firm;
                let calendar = &found.definition.spec.calendar;
                let days_of = BusinessDays::new(calendar, firm.holidays.iter().copied());
                Some(days_of.after(self.service.clock.now(), Delay::Workdays(days), firm.zone))
            }
        };
        let mut stage = Stage::open(self.service, &self.ctx, prepared, found.record.id).await?;
        // Of two at the same moment the second has looked before the first was done.
        if let Some((step, event)) = store::idempotency::find(&mut stage.tx, COMMAND, key).await? {
            return Ok((RequestOutcome::SentBefore, Some(StepId(step)), event));
        }
        let step = StepId::new(stage.now, &*self.service.entropy);
        let request = self.wanted.request(self.reviewer.is_some());
        let event = Event::TaskAdded {
            step,
            title: self.wanted.title.clone(),
            to,
            due,
            client_visible: true,
            asks: Some(Box::new(Asked::Documents { request, reviewer: self.reviewer.clone() })),
        };
        stage.happen(found.run.id, event).await?;
        let (event, now) = (stage.event().to_owned(), stage.now);
        store::idempotency::remember(&mut stage.tx, COMMAND, key, step.0, &event, now).await?;
        let details = json!({ "run": found.run.id, "items": self.wanted.items.len() });
        stage.audit("request.sent", "step", step.0, &self.wanted.title, details).await?;
        let event = stage.commit().await?;
        Ok((RequestOutcome::Sent, Some(step), event))
    }
}

/// The newest run of an account that goes on and that the caller steers.
pub(super) async fn newest(
    service: &Service,
    tx: &mut Tx,
    viewer: &Viewer,
    account: AccountId,
) -> Result<Option<RunInReach>, WorkflowError> {
    let portals = service.portals(tx).await?;
    let (all_kinds, team_kinds) = reach::kinds(viewer, &portals);
    let filter = Filter {
        account: Some(account.0),
        states: vec!["active".to_owned()],
        all_kinds,
        team_kinds,
        person: viewer.person().map(|me| me.0),
        limit: RUNS,
        ..Filter::default()
    };
    for run in store::runs::list(tx, &filter).await? {
        match reach::managed_run(service, tx, viewer, run.id).await {
            Ok(found) if asked_of(&found.definition).is_some() => return Ok(Some(found)),
            Ok(_) | Err(WorkflowError::NotFound | WorkflowError::NotAllowed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whom a request goes to: the first role of the client's side that the portal has.
pub(super) fn asked_of(definition: &Definition) -> Option<&str> {
    let external = definition.spec.roles.iter().find(|(_, role)| role.side == Side::External);
    external.map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests;
