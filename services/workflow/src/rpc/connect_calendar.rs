//! Connects a calendar that one keeps elsewhere.

use portico_core::{Ctx, ErrorCode, FieldViolation, Problem};
use portico_events::{AuditDraft, audit};
use portico_proto::workflow::v1::{ConnectCalendarRequest, ConnectCalendarResponse};
use serde_json::json;
use zeroize::Zeroizing;

use super::get_calendar::message;
use crate::{
    calendars::{self, COUNTS, Trouble, Way},
    convert,
    error::WorkflowError,
    jobs::read_calendars::PERIOD,
    service::Service,
    store::{self, calendars::Calendar},
};

/// The longest password.
const LONGEST_PASSWORD: usize = 500;

/// Everything is tried before anything is kept, so that whoever connects a calendar knows at once whether it counts. The same again
/// reads it again.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ConnectCalendarRequest,
) -> Result<ConnectCalendarResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let password = Zeroizing::new(request.password);
    let address = calendars::address(&request.address, service.config.local_calendars).ok_or_else(|| {
        WorkflowError::invalid(
            "address",
            "Write the address of your calendar, which begins with https://, without a name or password in it.",
        )
    })?;
    let user_name = convert::text("user_name", &request.user_name, 1, 200)?;
    if user_name.contains(':') {
        // Between name and password stands a colon as they are sent.
        return Err(WorkflowError::invalid("user_name", "A user name holds no colon."));
    }
    if password.is_empty() || password.len() > LONGEST_PASSWORD || password.chars().any(char::is_control) {
        return Err(WorkflowError::invalid("password", "Write the password for your calendar."));
    }
    let secret = calendars::seal(service, &ctx, &password).await?;
    let way = Way::new(service, &user_name, password);
    let collections = way.find(&address).await.map_err(refused)?;
    let reading = way.read(service, &ctx, me, &collections).await?.map_err(refused)?;

    let now = service.clock.now();
    let host = address.host_str().unwrap_or_default().to_owned();
    let calendar = Calendar {
        address: address.into(),
        user_name,
        secret,
        collections: collections.into_iter().map(String::from).collect(),
        read_at: now,
        not_understood: reading.not_understood,
        trouble: None,
    };
    let mut tx = service.store.begin(&ctx).await?;
    store::calendars::connect(&mut tx, me, &calendar, now + PERIOD).await?;
    store::calendars::keep(&mut tx, me, &reading.stretches, now + COUNTS).await?;
    let draft = AuditDraft {
        action: "calendar.connected",
        object_kind: "person",
        object_id: me.0,
        object_label: "",
        version: "",
        account: None,
        details: json!({ "server": host }),
        internal: true,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    let kept = message(service, &mut tx, me).await?;
    tx.commit().await?;
    Ok(ConnectCalendarResponse { calendar: kept })
}

/// Why nothing was connected, at the field where that is mended. The reason names the trouble, for pages that say it in other words.
fn refused(trouble: Trouble) -> WorkflowError {
    let (field, text) = match trouble {
        Trouble::Password => ("password", "The server does not take this user name and password."),
        Trouble::Refused => ("user_name", "This user may not read the calendar."),
        Trouble::Missing => ("address", "There is nothing at this address."),
        Trouble::NoCalendar => ("address", "There is no calendar at this address that can be read."),
        Trouble::Elsewhere => ("address", "The server sends us to another server. Write that one's address."),
        Trouble::Certificate => {
            ("address", "The server cannot prove who it is: its certificate is not valid.")
        }
        Trouble::Away => ("address", "The server does not answer."),
        Trouble::ClosedNetwork => (
            "address",
            "The address is on this machine or in a private network, where calendars are not read.",
        ),
        Trouble::TooLarge => ("address", "There is more in the calendar than is read."),
    };
    let reason = format!("calendar_{}", trouble.as_str());
    let mut problem = Problem::new(ErrorCode::InvalidArgument, reason, text);
    problem.fields = vec![FieldViolation { field: field.to_owned(), description: text.to_owned() }];
    WorkflowError::Invalid(problem)
}
