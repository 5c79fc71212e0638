//! How a firm's mail leaves.

use chrono::TimeDelta;
use portico_core::{Email, Problem};
use portico_service::Fields;
use url::Host;

/// The longest name of a sender, and of a user at a mail server, in characters.
const MAX_NAME: usize = 200;
/// The longest password of a mail server, in bytes.
const MAX_PASSWORD: usize = 1024;
/// The longest time that a notice may be held before it is mailed.
pub(crate) const MAX_HOLD: TimeDelta = TimeDelta::hours(1);
/// The longest part before the @ of the inbound address: tokens are added to it, and the whole may have 64 bytes.
const MAX_INBOUND_LOCAL: usize = 16;

/// How the way to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Tls,
    /// In the clear until the server has offered TLS, which it must.
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

impl Security {
    /// The word in the database and in requests.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    /// What a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Tls, Self::StartTls, Self::None].into_iter().find(|security| security.as_str() == word)
    }
}

/// A firm's own mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// Empty where the server asks for no name.
    pub(crate) user: String,
    /// Sealed.
    pub(crate) password: Option<Vec<u8>>,
}

/// A firm's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MailSettings {
    pub(crate) server: Option<Server>,
    pub(crate) from_name: String,
    pub(crate) from_address: String,
    pub(crate) inbound_address: String,
    /// How long notices are held; none for the installation's own.
    pub(crate) hold: Option<TimeDelta>,
    pub(crate) hide_contents: bool,
    /// SHA-256 of the secret that opens the intake.
    pub(crate) intake_secret: Option<Vec<u8>>,
    /// Grows with every change; 0 before the first.
    pub(crate) version: i32,
}

impl MailSettings {
    /// Whom mails come from: the firm's own words where it has chosen any, else its name and the address in its profile.
    pub(crate) fn sender<'a>(&'a self, name: &'a str, address: &'a str) -> (&'a str, &'a str) {
        let or = |own: &'a str, general: &'a str| if own.is_empty() { general } else { own };
        (or(&self.from_name, name), or(&self.from_address, address))
    }
}

/// The domain of an address; the whole text where it has no @.
pub(crate) fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// A mail server or mailbox as an administrator asks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerWish {
    pub(crate) host: String,
    pub(crate) port: i32,
    pub(crate) security: String,
    pub(crate) user: String,
    /// Empty to keep the one there is.
    pub(crate) password: String,
}

/// What an administrator asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub(crate) server: ServerWish,
    pub(crate) from_name: String,
    pub(crate) from_address: String,
    pub(crate) inbound_address: String,
    pub(crate) hold_seconds: i32,
    pub(crate) hide_contents: bool,
}

impl Wish {
    /// The settings that follow from `now`, or every field at fault. A new password is still in `self`: it is sealed by the caller.
    ///
    /// `local_servers` says whether a server may do without TLS, which only one on this machine can.
    pub(crate) fn check(&self, now: &MailSettings, local_servers: bool) -> Result<MailSettings, Problem> {
        let mut fields = Fields::default();
        let asked = &self.server;
        let server = if asked.host.trim().is_empty() {
            None
        } else {
            Some(asked.check(now.server.as_ref(), local_servers, &mut fields))
        };
        if server.is_none() && (!asked.user.trim().is_empty() || !asked.password.is_empty()) {
            fields.refuse("server_host", "Name the mail server, or leave name and password empty as well.");
        }
        if server.as_ref().is_some_and(|server| server.port == 0) {
            fields.refuse("server_port", "Enter the port: mostly 465 with TLS, or 587 with STARTTLS.");
        }
        let from_name = optional_line(&self.from_name, "from_name", &mut fields);
        let from_address = optional_address(&self.from_address, "from_address", &mut fields);
        let inbound_address = optional_address(&self.inbound_address, "inbound_address", &mut fields);
        let local = inbound_address.split('@').next().unwrap_or_default();
        if local.len() > MAX_INBOUND_LOCAL || local.contains('+') {
            fields.refuse(
                "inbound_address",
                "Use at most 16 characters before the @, and no plus sign: a code is added there for each mail.",
            );
        }
        let hold = TimeDelta::seconds(self.hold_seconds.into());
        if hold < TimeDelta::zero() || hold > MAX_HOLD {
            fields.refuse("hold_seconds", "Hold notices for 0 to 3,600 seconds.");
        }
        fields.check()?;
        Ok(MailSettings {
            server,
            from_name,
            from_address,
            inbound_address,
            hold: Some(hold),
            hide_contents: self.hide_contents,
            intake_secret: now.intake_secret.clone(),
            version: now.version + 1,
        })
    }
}

impl ServerWish {
    /// The server that follows from `now`. A port that is none becomes 0, which the caller refuses in words of its own.
    pub(crate) fn check(&self, now: Option<&Server>, local_servers: bool, fields: &mut Fields) -> Server {
        let host = self.host.trim().to_ascii_lowercase();
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        if !plain || host.len() > 253 || Host::parse(&host).is_err() {
            fields.refuse("server_host", "Enter the name of the server alone, such as mail.example.com.");
        }
        let port = u16::try_from(self.port).unwrap_or_default();
        let security = match Security::from_word(&self.security) {
            Some(Security::None) if !local_servers => {
                fields.refuse("server_security", "Choose TLS or STARTTLS.");
                Security::Tls
            }
            Some(security) => security,
            None => {
                fields.refuse("server_security", "Choose TLS or STARTTLS.");
                Security::Tls
            }
        };
        let user = optional_line(&self.user, "server_user", fields);
        let wish = Server { host, port, security, user, password: None };
        // A password is for the server that it was given for, and for no other that somebody names later.
        let kept = now
            .filter(|now| Server { password: None, ..(*now).clone() } == wish)
            .and_then(|now| now.password.clone());
        if wish.user.is_empty() {
            if !self.password.is_empty() {
                fields.refuse("server_user", "Enter the name that belongs to the password.");
            }
            return wish;
        }
        if self.password.len() > MAX_PASSWORD || self.password.chars().any(char::is_control) {
            fields.refuse("server_password", "Use at most 1,024 characters, all of which can be typed.");
        } else if self.password.is_empty() && kept.is_none() {
            fields.refuse(
                "server_password",
                "Enter the password: it is asked for again whenever server or name change.",
            );
        }
        Server { password: kept, ..wish }
    }
}

fn optional_line(text: &str, field: &str, fields: &mut Fields) -> String {
    if text.trim().is_empty() { String::new() } else { fields.line(field, text, MAX_NAME) }
}

fn optional_address(text: &str, field: &str, fields: &mut Fields) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    match text.parse::<Email>() {
        Ok(address) => address.as_str().to_owned(),
        Err(_) => {
            fields.refuse(field, "Enter an address like name@example.com.");
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> ServerWish {
        ServerWish {
            host: " SMTP.Example.com ".to_owned(),
            port: 587,
            security: "starttls".to_owned(),
            user: "office".to_owned(),
            password: "hunter2".to_owned(),
        }
    }

    fn wish() -> Wish {
        Wish {
            server: asked(),
            from_address: "Office@Northwind.example".to_owned(),
            inbound_address: "in@mail.northwind.example".to_owned(),
            hold_seconds: 60,
            ..Wish::default()
        }
    }

    fn faults(wish: &Wish, now: &MailSettings) -> Vec<String> {
        let refused = wish.check(now, false).err();
        refused.map(|problem| problem.fields.into_iter().map(|at| at.field).collect()).unwrap_or_default()
    }

    #[test]
    fn settings_are_checked_as_a_whole() {
        let settings = wish().check(&MailSettings::default(), false).unwrap();
        let server = settings.server.clone().unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.security),
            ("smtp.example.com", 587, Security::StartTls)
        );
        assert_eq!((settings.from_address.as_str(), settings.version), ("office@northwind.example", 1));
        assert_eq!(settings.sender("Northwind", "x@y.example"), ("Northwind", "office@northwind.example"));
        let wrong = Wish {
            server: ServerWish {
                host: "http://smtp.example.com/".to_owned(),
                port: 70_000,
                security: "none".to_owned(),
                user: "two\nlines".to_owned(),
                password: "bell\u{7}".to_owned(),
            },
            from_name: "x".repeat(201),
            from_address: "nobody".to_owned(),
            inbound_address: "in+mail@northwind.example".to_owned(),
            hold_seconds: 3_601,
            hide_contents: true,
        };
        assert_eq!(
            faults(&wrong, &MailSettings::default()),
            [
                "server_host",
                "server_security",
                "server_user",
                "server_password",
                "server_port",
                "from_name",
                "from_address",
                "inbound_address",
                "hold_seconds"
            ]
        );
        let nothing = Wish { server: ServerWish { host: String::new(), ..asked() }, ..wish() };
        assert_eq!(faults(&nothing, &MailSettings::default()), ["server_host"]);
        let own = Wish::default().check(&settings, false).unwrap();
        assert_eq!(
            (own.server, own.version),
            (None, 2),
            "without a name the installation's server is used again"
        );
    }

    #[test]
    fn a_password_stays_with_the_server_that_it_was_given_for() {
        let mut now = wish().check(&MailSettings::default(), false).unwrap();
        now.server.as_mut().unwrap().password = Some(vec![1, 2, 3]);
        let kept = ServerWish { password: String::new(), ..asked() };
        let with = |server: ServerWish| Wish { server, ..wish() };
        let again = with(kept.clone());
        assert_eq!(again.check(&now, false).unwrap().server, now.server);
        for elsewhere in [
            ServerWish { host: "smtp.evil.example".to_owned(), ..kept.clone() },
            ServerWish { port: 2525, ..kept.clone() },
            ServerWish { security: "tls".to_owned(), ..kept.clone() },
            ServerWish { user: "eve".to_owned(), ..kept.clone() },
        ] {
            assert_eq!(faults(&with(elsewhere.clone()), &now), ["server_password"], "{elsewhere:?}");
        }
        let anonymous = with(ServerWish { user: String::new(), ..kept });
        assert_eq!(anonymous.check(&now, false).unwrap().server.unwrap().password, None);
    }
}
