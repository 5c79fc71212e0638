//! Links that let a person in.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, PersonId};
use uuid::Uuid;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To come in for the first time.
    Invitation,
    /// To sign in.
    SignIn,
}

impl Purpose {
    /// The word that stands in the database and in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::SignIn => "sign_in",
        }
    }

    /// The purpose that a word in the database means.
    pub(crate) fn from_word(word: &str) -> Self {
        // The table's check allows two words; the one that lives shorter stands for anything else.
        if word == "invitation" { Self::Invitation } else { Self::SignIn }
    }
}

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// It works.
    Live,
    /// It was used.
    Used,
    /// It is too old.
    Expired,
    /// A newer one replaced it, or it was withdrawn.
    Void,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: Uuid,
    pub(crate) person_id: PersonId,
    pub(crate) purpose: Purpose,
    pub(crate) account_id: Option<AccountId>,
    /// The page to land on; empty for the default.
    pub(crate) return_to: String,
    /// Whom replies to the mail reach.
    pub(crate) reply_to: Option<PersonId>,
    /// What the inviter added.
    pub(crate) message: String,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used_at: Option<DateTime<Utc>>,
    pub(crate) voided_at: Option<DateTime<Utc>>,
    /// Withdrawn by staff, not merely replaced.
    pub(crate) revoked: bool,
}

impl Link {
    /// How the link stands at `now`.
    pub(crate) fn state(&self, now: DateTime<Utc>) -> LinkState {
        if self.used_at.is_some() {
            LinkState::Used
        } else if self.voided_at.is_some() {
            LinkState::Void
        } else if now >= self.expires_at {
            LinkState::Expired
        } else {
            LinkState::Live
        }
    }
}

/// How an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvitationState {
    /// Its link still works.
    Pending,
    /// The person has signed in.
    Joined,
    /// Its link is too old.
    Expired,
    /// Withdrawn by staff.
    Revoked,
}

/// How an invitation stands at `now`, from its newest link and whether the person has ever signed in.
pub(crate) fn invitation_state(newest: &Link, joined: bool, now: DateTime<Utc>) -> InvitationState {
    match newest.state(now) {
        _ if joined => InvitationState::Joined,
        _ if newest.revoked => InvitationState::Revoked,
        LinkState::Live => InvitationState::Pending,
        LinkState::Used | LinkState::Expired | LinkState::Void => InvitationState::Expired,
    }
}

/// The page to land on, if it is a path on the same host; empty for anything else.
pub(crate) fn local_path(text: &str) -> &str {
    let fine = text.len() <= 500
        && text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.chars().any(char::is_control);
    if fine { text } else { "" }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn link(now: DateTime<Utc>) -> Link {
        Link {
            id: Uuid::nil(),
            person_id: PersonId(Uuid::nil()),
            purpose: Purpose::Invitation,
            account_id: None,
            return_to: String::new(),
            reply_to: None,
            message: String::new(),
            issued_at: now,
            expires_at: now + TimeDelta::minutes(15),
            used_at: None,
            voided_at: None,
            revoked: false,
        }
    }

    #[test]
    fn a_link_works_until_it_is_used_replaced_or_too_old() {
        let now = DateTime::UNIX_EPOCH;
        let fresh = link(now);
        assert_eq!(fresh.state(now + TimeDelta::minutes(15) - TimeDelta::microseconds(1)), LinkState::Live);
        assert_eq!(fresh.state(now + TimeDelta::minutes(15)), LinkState::Expired);
        assert_eq!(Link { used_at: Some(now), ..fresh.clone() }.state(now), LinkState::Used);
        assert_eq!(Link { voided_at: Some(now), ..fresh }.state(now), LinkState::Void);
    }

    #[test]
    fn an_invitation_is_joined_whatever_became_of_its_link() {
        let now = DateTime::UNIX_EPOCH;
        let late = now + TimeDelta::days(1);
        let fresh = link(now);
        let revoked = Link { voided_at: Some(now), revoked: true, ..fresh.clone() };
        assert_eq!(invitation_state(&fresh, false, now), InvitationState::Pending);
        assert_eq!(invitation_state(&fresh, false, late), InvitationState::Expired);
        assert_eq!(invitation_state(&revoked, false, now), InvitationState::Revoked);
        assert_eq!(invitation_state(&revoked, true, late), InvitationState::Joined);
    }

    #[test]
    fn only_a_path_of_the_same_host_is_a_page_to_land_on() {
        for path in ["/", "/runs/1?tab=2#x", "/a//b"] {
            assert_eq!(local_path(path), path);
        }
        for other in [
            "",
            "runs",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:x",
            "/a\r\nx",
        ] {
            assert_eq!(local_path(other), "", "{other:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(500))), "");
    }
}
