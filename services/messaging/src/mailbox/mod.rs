//! Mail that is fetched from a firm's mailbox and goes through the same door as what a mail server hands over.
//!
//! A mail is taken in, then put away in the mailbox, then passed over in the database. Whoever ends in between begins with it again, and the
//! door takes nothing twice.

mod session;
mod wire;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use portico_core::Ctx;
use portico_db::StoreError;
use zeroize::Zeroizing;

use self::session::{Folder, Session};
use crate::{
    domain::mailbox::{Place, next_attempt},
    error::MessagingError,
    inbound::{self, Arrival, MOST_BYTES},
    mail::{Reason, Refused},
    service::Service,
    store::{
        self,
        mailboxes::{Leased, Passed},
    },
};

/// What the sealed password of a mailbox is for.
pub(crate) const PASSWORD_PURPOSE: &str = "messaging.imap_password";
/// The most new mails that one look takes.
const MOST_NEW: usize = 40;
/// The most mails that one look fetches once more.
const MOST_WAITING: i64 = 10;
/// Ids that are asked for at once. Where there is a gap between those of mails, it is crossed in ever larger steps.
const WINDOW: u32 = 5_000;
/// How much larger the next step is where nothing was found.
const WIDER: u32 = 8;
/// Windows of one look.
const MOST_WINDOWS: usize = 20;

/// Why a look ended early.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The mailbox.
    Refused(Refused),
    /// Something of our own.
    Ours(MessagingError),
    /// Somebody else looks, or the mailbox was changed.
    Lost,
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Ours(error.into())
    }
}

/// Looks through a mailbox. Answers whether there is more.
pub(crate) async fn look(service: &Service, ctx: &Ctx, leased: &Leased) -> Result<bool, Stopped> {
    let mailbox = &leased.mailbox;
    let password = password(service, ctx, leased).await?;
    let mut session = Session::open(&service.config, &mailbox.server, &password).await?;
    let folder = session.choose(&mailbox.folder).await?;
    let mut place = leased.place;
    if place.validity != folder.validity {
        place = Place { validity: folder.validity, uid: 0 };
        advance(service, ctx, leased, place).await?;
    }
    let mut look = Look { service, ctx, leased, session };
    let waiting = {
        let mut tx = service.store.begin(ctx).await?;
        let waiting = store::mailboxes::waiting(&mut tx, service.clock.now(), MOST_WAITING).await?;
        tx.rollback().await?;
        waiting
    };
    for (uid, attempts) in waiting {
        look.take(uid, attempts).await?;
    }
    let more = look.take_new(folder, place).await?;
    look.session.close().await;
    Ok(more)
}

async fn password(service: &Service, ctx: &Ctx, leased: &Leased) -> Result<Zeroizing<String>, Stopped> {
    let sealed = leased.mailbox.server.password.as_deref().unwrap_or_default();
    let opened = service.secrets.open(ctx.tenant, PASSWORD_PURPOSE, sealed).await.map_err(|error| {
        tracing::error!(%error, "the password of a firm's mailbox cannot be opened");
        Refused::later(Reason::Credentials, "The password of the mailbox cannot be opened. Enter it again.")
    })?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&opened).into_owned()))
}

async fn advance(service: &Service, ctx: &Ctx, leased: &Leased, place: Place) -> Result<(), Stopped> {
    let mut tx = service.store.begin(ctx).await?;
    let held = store::mailboxes::advance(&mut tx, leased, place).await?;
    tx.commit().await?;
    held.then_some(()).ok_or(Stopped::Lost)
}

/// One look at a mailbox.
struct Look<'a> {
    service: &'a Service,
    ctx: &'a Ctx,
    leased: &'a Leased,
    session: Session,
}

impl Look<'_> {
    /// Takes mails that came since `place`. Answers whether there are more.
    async fn take_new(&mut self, folder: Folder, mut place: Place) -> Result<bool, Stopped> {
        let (mut taken, mut window) = (0, WINDOW);
        for _ in 0..MOST_WINDOWS {
            let first = place.uid.saturating_add(1);
            if first >= folder.next {
                return Ok(false);
            }
            let last = place.uid.saturating_add(window).min(folder.next - 1);
            let found = self.session.search(first, last).await?;
            window = if found.is_empty() { window.saturating_mul(WIDER) } else { WINDOW };
            for uid in found {
                if taken == MOST_NEW {
                    return Ok(true);
                }
                self.take(uid, 0).await?;
                taken += 1;
            }
            place.uid = last;
            advance(self.service, self.ctx, self.leased, place).await?;
        }
        Ok(true)
    }

    /// Takes one mail, which was tried `attempts` times before. That it is tried is noted first, so that one which ends every look, for
    /// whatever reason, never holds up those behind it.
    async fn take(&mut self, uid: u32, attempts: i32) -> Result<(), Stopped> {
        let attempts = attempts + 1;
        let again = next_attempt(attempts, self.service.clock.now())
            .map_or(Passed::Left, |at| Passed::Waits(attempts, at));
        self.pass(uid, again).await?;
        let raw = match self.session.size(uid).await? {
            Some(size) if size <= MOST_BYTES => match self.session.fetch(uid).await {
                // The server has said another size; what it sends is not read to the end, and the next look begins behind it.
                Err(refused) if refused.reason == Reason::TooLarge => {
                    self.pass(uid, Passed::Left).await?;
                    return Err(refused.into());
                }
                fetched => fetched?,
            },
            _ => None,
        };
        let Some(raw) = raw else { return self.pass(uid, Passed::Left).await };
        let taken = {
            let _place = self.service.intake.acquire().await;
            inbound::take(self.service, self.ctx, Arrival::of_mailbox(&raw)).await
        };
        let passed = match taken {
            Ok(_) => {
                self.session.put_away(uid, &self.leased.mailbox.done_folder).await?;
                Passed::Taken
            }
            Err(MessagingError::Store(error)) => return Err(error.into()),
            Err(MessagingError::Peer(_) | MessagingError::Keys(_)) => again,
            // It is for somebody else, or was refused: it stays as it is, for people to see.
            Err(_) => Passed::Left,
        };
        self.pass(uid, passed).await
    }

    async fn pass(&self, uid: u32, passed: Passed) -> Result<(), Stopped> {
        let mut tx = self.service.store.begin(self.ctx).await?;
        let held = store::mailboxes::pass(&mut tx, self.leased, uid, passed).await?;
        tx.commit().await?;
        held.then_some(()).ok_or(Stopped::Lost)
    }
}
