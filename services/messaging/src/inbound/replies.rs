//! An answer by mail, posted into the thread that it belongs to.
//!
//! The address says who answers and where; that it is really they is shown by their own domain. It is then posted in their name, through
//! the same door as on the page: whoever may no longer see the record posts nothing.

#[cfg(test)]
pub(super) mod tests;

use data_encoding::HEXLOWER;
use mail_parser::{HeaderName, Message, MimeHeaders as _};
use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::messaging::v1::PostMessageRequest;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Arrival, Named,
    proof::{self, Proof},
};
use crate::{
    domain::{reply_text::own_words, thread::Thread, words::Words},
    error::MessagingError,
    events::publish,
    peers,
    rpc::{Asker, post_message},
    service::Service,
    store::{
        self,
        replies::{Receipt, ReplyAddress},
    },
};

/// The most files of one answer, as of any message.
const MOST_FILES: usize = 10;
/// Values of Precedence that machines use.
const PRECEDENCE: [&str; 4] = ["bulk", "list", "junk", "auto_reply"];
/// Headers that only machines add.
const MACHINES: [&str; 4] = ["X-Autoreply", "X-Autorespond", "List-Id", "X-Loop"];

/// Takes in what came to the address called `id`, which stands in the headers `named`. A refusal is written down, without a word of the mail.
pub(super) async fn take(
    service: &Service,
    ctx: &Ctx,
    id: Uuid,
    named: &[Named],
    message: &Message<'_>,
    arrival: &Arrival<'_>,
) -> Result<&'static str, MessagingError> {
    // Nobody is answered who has not written themselves (RFC 3834), and nothing of it becomes a message.
    if is_automatic(message, arrival) {
        return Ok("ignored");
    }
    let mut tx = service.store.begin(ctx).await?;
    let address = store::replies::read(&mut tx, id, service.clock.now()).await?;
    let thread = match &address {
        Some(address) => store::threads::read(&mut tx, address.thread_id).await?,
        None => None,
    };
    tx.rollback().await?;
    let (Some(address), Some(thread)) = (address, thread) else { return Err(MessagingError::NotForUs) };
    match post(service, ctx, (id, address), &thread, named, message, arrival).await {
        Err(MessagingError::ReplyRefused(why)) => {
            let mut tx = service.store.begin(ctx).await?;
            let details = json!({ "reason": why });
            publish::mail_preferences_changed(
                service,
                &mut tx,
                "mail.reply_refused",
                address.person_id,
                details,
            )
            .await?;
            tx.commit().await?;
            Err(MessagingError::ReplyRefused(why))
        }
        outcome => outcome,
    }
}

async fn post(
    service: &Service,
    ctx: &Ctx,
    (id, address): (Uuid, ReplyAddress),
    thread: &Thread,
    named: &[Named],
    message: &Message<'_>,
    arrival: &Arrival<'_>,
) -> Result<&'static str, MessagingError> {
    let refused = MessagingError::ReplyRefused;
    if !address.live {
        return Err(refused("ended"));
    }
    let people = peers::people(service, ctx, &[address.person_id]).await?;
    let person = people.get(&address.person_id).ok_or(refused("nobody"))?;
    let from = sole_sender(message).ok_or(refused("sender"))?;
    if !from.eq_ignore_ascii_case(&person.email) {
        return Err(refused("sender"));
    }
    let mail = Sha256::digest(message.message_id().map_or(arrival.raw, str::as_bytes)).to_vec();
    let proofs = match proof::of(&service.dns, arrival, &from, named).await {
        Proof::Signatures(digests) => digests,
        Proof::Server => vec![mail.clone()],
        Proof::None => return Err(refused("unverified")),
        Proof::Unknown => {
            return Err(MessagingError::Peer(Problem::new(
                ErrorCode::Unavailable,
                "name_servers_away",
                "The name servers of the sender cannot be asked just now. Hand the mail over again later.",
            )));
        }
    };
    let asker = match peers::as_person(service, ctx, address.person_id).await {
        Err(MessagingError::NotFound) => return Err(refused("nobody")),
        other => other?,
    };
    // Asked before anything is taken in: whoever may not see the record leaves nothing behind.
    match peers::record(service, &asker.caller, thread.record_id).await {
        Err(MessagingError::NotFound) => return Err(refused("no_access")),
        other => other?,
    };
    let mut tx = service.store.begin(ctx).await?;
    for proof in proofs {
        let receipt = store::replies::receive(&mut tx, id, &proof, &mail, service.clock.now()).await?;
        if receipt == Receipt::Replayed {
            tx.rollback().await?;
            return Err(refused("replayed"));
        }
    }
    tx.commit().await?;
    let key = Sha256::new().chain_update(id.as_bytes()).chain_update(&mail).finalize();
    let key = format!("mail-{}", HEXLOWER.encode(&key));
    let mut tx = service.store.begin(&asker.ctx).await?;
    let posted = store::messages::by_key(&mut tx, &key).await?;
    tx.rollback().await?;
    if posted.is_some() {
        return Ok("posted");
    }
    let mut text = message.body_text(0).map(|text| own_words(&text)).unwrap_or_default();
    let (attachment_ids, left) = files(service, (ctx, &asker), thread, (id, &key), message).await?;
    if text.is_empty() && attachment_ids.is_empty() && left.is_empty() {
        return Err(refused("empty"));
    }
    if !left.is_empty() {
        let words = Words::of(&person.language);
        text = format!("{text}\n\n{}", words.files_not_taken(&left.join(", "))).trim_start().to_owned();
    }
    let request = PostMessageRequest {
        record_id: thread.record_id.to_string(),
        body: text,
        attachment_ids,
        internal: false,
        idempotency_key: key,
    };
    match post_message::handle(service, asker, request).await {
        Ok(_) => Ok("posted"),
        Err(MessagingError::Invalid(_)) => Err(refused("too_long")),
        Err(MessagingError::NotFound) => Err(refused("no_access")),
        Err(error) => Err(error),
    }
}

/// Takes the files in by the way that all files go, each once however often the mail is handed over. Answers their ids, and the names of those that were not taken.
async fn files(
    service: &Service,
    (ctx, asker): (&Ctx, &Asker),
    thread: &Thread,
    (address, answer): (Uuid, &str),
    message: &Message<'_>,
) -> Result<(Vec<String>, Vec<String>), MessagingError> {
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for (place, part) in message.attachments().filter(|part| !part.contents().is_empty()).enumerate() {
        let name: String = part
            .attachment_name()
            .unwrap_or("file")
            .chars()
            .filter(|letter| !letter.is_control())
            .take(120)
            .collect();
        if taken.len() == MOST_FILES {
            left.push(name);
            continue;
        }
        let token = Sha256::new().chain_update(answer).chain_update(format!(":{place}:"));
        let token = token.chain_update(part.contents()).finalize().to_vec();
        let mut tx = service.store.begin(ctx).await?;
        let before = store::replies::file(&mut tx, &token).await?;
        tx.rollback().await?;
        if let Some(id) = before {
            taken.push(id);
            continue;
        }
        match peers::upload(service, &asker.caller, thread.record_id, &name, part.contents()).await {
            Ok(id) => {
                let mut tx = service.store.begin(ctx).await?;
                store::replies::keep_file(&mut tx, address, &token, &id, service.clock.now()).await?;
                tx.commit().await?;
                taken.push(id);
            }
            Err(MessagingError::Peer(problem)) if is_for_good(problem.code) => left.push(name),
            Err(error) => return Err(error),
        }
    }
    Ok((taken, left))
}

/// Whether a refusal of a file stays one: its size or its kind, or that it may not be there. Anything else may be otherwise at the next
/// attempt, and what is taken for final is lost to whoever sent it.
const fn is_for_good(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidArgument | ErrorCode::FailedPrecondition | ErrorCode::PermissionDenied)
}

/// The address of the one sender; none where there are several or none.
fn sole_sender(message: &Message<'_>) -> Option<String> {
    let headers = message.headers().iter().filter(|header| header.name == HeaderName::From).count();
    let mut senders = message.from()?.iter().filter_map(|one| one.address());
    let first = senders.next()?.to_owned();
    (headers == 1 && senders.next().is_none()).then_some(first)
}

/// Whether a machine has written this: a notice of absence, a list, a report, or one of our own mails that comes back.
fn is_automatic(message: &Message<'_>, arrival: &Arrival<'_>) -> bool {
    let text = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().eq_ignore_ascii_case(name))?;
        Some(header.value().as_text().unwrap_or_default().trim().to_ascii_lowercase())
    };
    let submitted = text("Auto-Submitted").is_some_and(|value| !value.starts_with("no"));
    let precedence = text("Precedence").is_some_and(|value| PRECEDENCE.contains(&value.as_str()));
    let marked = MACHINES
        .iter()
        .any(|name| message.headers().iter().any(|header| header.name().eq_ignore_ascii_case(name)));
    let report = message
        .content_type()
        .is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report"));
    let returned = text("Return-Path").is_some_and(|path| path.is_empty() || path == "<>");
    submitted || precedence || marked || report || returned || arrival.sender == "<>"
}
