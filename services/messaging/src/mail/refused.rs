//! Why a mail server did not take a mail, in its own words and as a word that pages have a sentence for.

use lettre::transport::smtp::Error as SmtpError;

/// The most of a mail server's answer that is kept, in characters.
const ANSWER_LIMIT: usize = 500;

/// What a refusal comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The server's name is not known to anybody.
    UnknownHost,
    /// The server is on this machine or in a private network, which firms may not name here.
    NotAllowed,
    /// Nobody answers there.
    Unreachable,
    /// The server offers no TLS, or its certificate is not trusted.
    Tls,
    /// Name or password are wrong, or are asked for and missing.
    Credentials,
    /// The server does not send for this address.
    Sender,
    /// The recipient is not known.
    Recipient,
    /// The server's rules are against it.
    Policy,
    /// Not now.
    Later,
    /// Nothing came back in time.
    Timeout,
    /// There is no such folder in the mailbox.
    Folder,
    /// The mailbox's server cannot move mails.
    NoMove,
    /// More came than is read.
    TooLarge,
    /// Anything else.
    Refused,
}

impl Reason {
    /// The word in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownHost => "unknown_host",
            Self::NotAllowed => "not_allowed",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Credentials => "credentials",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Policy => "policy",
            Self::Later => "later",
            Self::Timeout => "timeout",
            Self::Folder => "folder",
            Self::NoMove => "no_move",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
        }
    }
}

/// Why a mail server did not take a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What it said, or why it could not be reached.
    pub(crate) answer: String,
    /// Whether it will never take it.
    pub(crate) for_good: bool,
    pub(crate) reason: Reason,
}

impl Refused {
    /// A refusal that may pass.
    pub(crate) fn later(reason: Reason, answer: impl Into<String>) -> Self {
        Self { answer: answer.into(), for_good: false, reason }
    }
}

impl From<&SmtpError> for Refused {
    fn from(error: &SmtpError) -> Self {
        let mut cause = std::error::Error::source(error);
        let answer = match error.status() {
            Some(code) => format!("{code} {}", cause.map(ToString::to_string).unwrap_or_default()),
            None => {
                let mut text = format!("The mail server could not be reached: {error}");
                while let Some(inner) = cause {
                    // Some causes repeat what the error has said.
                    if !text.contains(&inner.to_string()) {
                        text = format!("{text}: {inner}");
                    }
                    cause = inner.source();
                }
                text
            }
        };
        let answer = shorten(&answer);
        let reason = if error.is_timeout() {
            Reason::Timeout
        } else if error.is_tls() {
            Reason::Tls
        } else if error.status().is_some() {
            of_answer(&answer)
        } else if answer.to_ascii_lowercase().contains("starttls") || answer.contains("certificate") {
            Reason::Tls
        } else {
            Reason::Unreachable
        };
        Self { answer, for_good: error.is_permanent(), reason }
    }
}

/// What an answer such as `550 5.1.1 no such mailbox` means. The extended code (RFC 3463) counts before the plain one.
fn of_answer(answer: &str) -> Reason {
    let mut words = answer.split_whitespace();
    let code = words.next().unwrap_or_default();
    let extended = words.next().unwrap_or_default();
    match (code, extended) {
        ("530" | "534" | "535" | "538", _) | (_, "5.7.8" | "5.7.9" | "5.7.14") => Reason::Credentials,
        (_, "5.1.7" | "5.1.8" | "5.7.60") => Reason::Sender,
        (_, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10" | "5.2.1") => Reason::Recipient,
        ("553", _) => Reason::Sender,
        (code, _) if code.starts_with('4') => Reason::Later,
        (_, extended) if extended.starts_with("5.7.") => Reason::Policy,
        ("554" | "571", _) => Reason::Policy,
        ("550" | "551", _) => Reason::Recipient,
        _ => Reason::Refused,
    }
}

/// An answer on one line, no longer than is kept.
pub(crate) fn shorten(answer: &str) -> String {
    let answer = crate::domain::notification::one_line(answer);
    answer.chars().take(ANSWER_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_down_to_a_word() {
        for (answer, reason) in [
            ("535 5.7.8 Authentication failed", Reason::Credentials),
            ("530 Authentication required", Reason::Credentials),
            ("550 5.1.1 no such mailbox here", Reason::Recipient),
            ("550 user unknown", Reason::Recipient),
            ("553 sender not owned by user", Reason::Sender),
            ("550 5.7.60 client does not have permissions to send as this sender", Reason::Sender),
            ("554 5.7.1 spam", Reason::Policy),
            ("550 5.7.26 unauthenticated mail", Reason::Policy),
            ("451 4.7.1 greylisted", Reason::Later),
            ("552 5.3.4 too big", Reason::Refused),
        ] {
            assert_eq!(of_answer(answer), reason, "{answer}");
        }
    }
}
