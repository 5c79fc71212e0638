//! Calendars that staff keep elsewhere, read over CalDAV (RFC 4791).
//!
//! Only times are asked for. Servers may send more, such as titles; that goes no further than the text that is read here.

mod ask;
mod dav;
mod place;

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use portico_core::{Ctx, PersonId, StepId};
use url::Url;
use zeroize::Zeroizing;

use self::{
    ask::{Access, Question},
    dav::{EVENTS_AT_ONCE, Resource},
};
use crate::{
    domain::{
        availability::Stretch,
        busy::{Busy, TooMuch, merged},
    },
    error::WorkflowError,
    service::Service,
    store,
};

pub(crate) use place::address;

/// What a person's password is sealed for.
const PASSWORD: &str = "workflow.calendar_password";
/// How far ahead is read: as far as times can be offered at all.
const AHEAD: TimeDelta = TimeDelta::days(182);
/// How far back, for what goes on now.
const BACK: TimeDelta = TimeDelta::days(1);
/// The longest that one reading may take.
const PATIENCE: Duration = Duration::from_secs(40);
/// The most calendars of one person.
const MOST_CALENDARS: usize = 20;
/// The most stretches that are kept of one person.
const MOST_STRETCHES: usize = 5_000;
/// How long what was read counts.
pub(crate) const COUNTS: TimeDelta = TimeDelta::days(1);

/// Why a calendar cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// User name or password are not taken.
    Password,
    /// The user may not read there.
    Refused,
    /// There is nothing at the address.
    Missing,
    /// What is there is no calendar, or none that can be understood.
    NoCalendar,
    /// The server sends readers to another server.
    Elsewhere,
    /// The server cannot prove who it is.
    Certificate,
    /// The server does not answer, or has trouble of its own.
    Away,
    /// The address is in a network where the installation does not read calendars.
    ClosedNetwork,
    /// There is more than is read.
    TooLarge,
}

impl Trouble {
    /// Every one.
    pub(crate) const ALL: [Self; 9] = [
        Self::Password,
        Self::Refused,
        Self::Missing,
        Self::NoCalendar,
        Self::Elsewhere,
        Self::Certificate,
        Self::Away,
        Self::ClosedNetwork,
        Self::TooLarge,
    ];

    /// The word for it, as it is stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Refused => "refused",
            Self::Missing => "missing",
            Self::NoCalendar => "no_calendar",
            Self::Elsewhere => "elsewhere",
            Self::Certificate => "certificate",
            Self::Away => "away",
            Self::ClosedNetwork => "closed_network",
            Self::TooLarge => "too_large",
        }
    }

    /// The trouble with this word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.as_str() == word)
    }
}

/// What was read of somebody's calendars.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Apart from each other and in order.
    pub(crate) stretches: Vec<Stretch>,
    /// How many entries could not be understood.
    pub(crate) not_understood: i32,
}

/// The way to the calendars of one person.
pub(crate) struct Way {
    access: Access,
}

impl Way {
    /// The way with a name and a password.
    pub(crate) fn new(service: &Service, user: &str, password: Zeroizing<String>) -> Self {
        let local = service.config.local_calendars;
        Self { access: Access { user: user.to_owned(), password, local } }
    }

    /// The same with a password that was sealed.
    ///
    /// # Errors
    /// The keys cannot be had.
    pub(crate) async fn sealed(
        service: &Service,
        ctx: &Ctx,
        user: &str,
        secret: &[u8],
    ) -> Result<Self, WorkflowError> {
        let opened = service.secrets.open(ctx.tenant, PASSWORD, secret).await?;
        let password = String::from_utf8(opened.to_vec()).unwrap_or_default();
        Ok(Self::new(service, user, Zeroizing::new(password)))
    }

    /// The calendars at an address: the one that is there itself, or those that its server has for the user and whose entries take time.
    pub(crate) async fn find(&self, address: &Url) -> Result<Vec<Url>, Trouble> {
        within(self.search(address)).await
    }

    async fn search(&self, address: &Url) -> Result<Vec<Url>, Trouble> {
        let (at, here) = match self.look(address).await {
            // What many servers have at their root is no calendar server yet; this is where it says where that is (RFC 6764).
            Err(Trouble::Missing | Trouble::NoCalendar) if address.path() == "/" => {
                let known = address.join("/.well-known/caldav").map_err(|_| Trouble::NoCalendar)?;
                self.look(&known).await?
            }
            found => found?,
        };
        if here.calendar {
            return Ok(vec![at]);
        }
        let home = match (here.home, here.principal) {
            (Some(home), _) => home,
            (None, Some(principal)) => {
                let (_, person) = self.look(&beside(&at, &principal)?).await?;
                person.home.ok_or(Trouble::NoCalendar)?
            }
            (None, None) => return Err(Trouble::NoCalendar),
        };
        let home = beside(&at, &home)?;
        let (home, listed) = self.ask(&home, Question::list(dav::PROPERTIES, "1")).await?;
        let found: Vec<Url> = listed
            .iter()
            .filter(|one| one.calendar && one.events && !one.takes_no_time)
            .map(|one| beside(&home, &one.href))
            .collect::<Result<_, _>>()?;
        match found.len() {
            0 => Err(Trouble::NoCalendar),
            1..=MOST_CALENDARS => Ok(found),
            _ => Err(Trouble::TooLarge),
        }
    }

    /// What is at an address, and where that turned out to be.
    async fn look(&self, at: &Url) -> Result<(Url, Resource), Trouble> {
        let (at, found) = self.ask(at, Question::list(dav::PROPERTIES, "0")).await?;
        Ok((at, found.into_iter().next().ok_or(Trouble::NoCalendar)?))
    }

    async fn ask(&self, at: &Url, question: Question<'_>) -> Result<(Url, Vec<Resource>), Trouble> {
        let (at, text) = self.access.ask(at, &question).await?;
        // Strangers' answers may take a while to take apart.
        let found = tokio::task::spawn_blocking(move || dav::read(&text)).await;
        Ok((at, found.map_err(|_| Trouble::NoCalendar)??))
    }

    /// The busy times of these calendars, around now. Entries without a zone are by the clock in `zone`.
    ///
    /// # Errors
    /// A trouble, as the inner result.
    pub(crate) async fn read(
        &self,
        service: &Service,
        ctx: &Ctx,
        person: PersonId,
        collections: &[Url],
    ) -> Result<Result<Reading, Trouble>, WorkflowError> {
        let now = service.clock.now();
        let mut tx = service.store.begin(ctx).await?;
        let hours = store::availability::read(&mut tx, person).await?;
        tx.rollback().await?;
        let zone = match hours {
            Some((hours, _)) => hours.zone,
            None => crate::peers::firm(service, ctx).await?.zone,
        };
        let read = within(self.events(collections, zone, (now - BACK, now + AHEAD))).await;
        let mut busy = match read {
            Ok(busy) => busy,
            Err(trouble) => return Ok(Err(trouble)),
        };
        // What was booked here is known from here, also after it was moved or cancelled.
        let ids: Vec<StepId> = busy.meetings.iter().map(|(step, _)| *step).collect();
        let mut tx = service.store.begin(&Ctx::system(ctx.tenant, "Calendars")).await?;
        let own = store::calendars::own_steps(&mut tx, person, &ids).await?;
        tx.rollback().await?;
        let others = busy.meetings.into_iter().filter(|(step, _)| !own.contains(step));
        busy.stretches.extend(others.map(|(_, stretch)| stretch));
        let stretches = merged(busy.stretches);
        if stretches.len() > MOST_STRETCHES {
            return Ok(Err(Trouble::TooLarge));
        }
        Ok(Ok(Reading { stretches, not_understood: busy.not_understood }))
    }

    async fn events(&self, collections: &[Url], zone: Tz, around: Stretch) -> Result<Busy, Trouble> {
        let question = dav::events(around);
        let mut busy = Busy::default();
        for at in collections {
            let (_, found) = self.ask(at, Question::report(&question)).await?;
            for texts in found.chunks(EVENTS_AT_ONCE) {
                let texts: Vec<String> = texts.iter().filter_map(|one| one.data.clone()).collect();
                // Series of strangers may take a while to count out, and whatever goes wrong in there is theirs.
                let counted = tokio::task::spawn_blocking(move || {
                    texts.iter().try_for_each(|text| busy.read(text, zone, around)).map(|()| busy)
                });
                let counted = counted.await.map_err(|_| Trouble::NoCalendar)?;
                busy = counted.map_err(|TooMuch| Trouble::TooLarge)?;
            }
        }
        Ok(busy)
    }
}

/// Seals a password.
///
/// # Errors
/// The keys cannot be had.
pub(crate) async fn seal(service: &Service, ctx: &Ctx, password: &str) -> Result<Vec<u8>, WorkflowError> {
    Ok(service.secrets.seal(ctx.tenant, PASSWORD, password.as_bytes()).await?)
}

/// Another address on the same server; anything else is not followed, since name and password would go there.
fn beside(at: &Url, href: &str) -> Result<Url, Trouble> {
    let found = at.join(href).map_err(|_| Trouble::NoCalendar)?;
    if found.origin() == at.origin() { Ok(found) } else { Err(Trouble::Elsewhere) }
}

async fn within<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(Trouble::Away))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_keep_their_words_and_only_the_same_server_is_followed() {
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::from_word(trouble.as_str()), Some(trouble));
        }
        assert_eq!(Trouble::from_word(""), None);
        let at = Url::parse("https://dav.example/calendars/").unwrap();
        assert_eq!(beside(&at, "ana/").unwrap().as_str(), "https://dav.example/calendars/ana/");
        assert_eq!(beside(&at, "https://dav.example:443/x").unwrap().path(), "/x");
        for other in
            ["https://evil.example/", "//evil.example/x", "http://dav.example/", "https://dav.example:8443/"]
        {
            assert_eq!(beside(&at, other), Err(Trouble::Elsewhere), "{other}");
        }
    }
}
