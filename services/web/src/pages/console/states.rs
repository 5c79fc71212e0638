//! States as tags: few colours, plain words.

use portico_proto::{
    identity::v1::{Invitation, InvitationState, Person},
    time::moment,
    workflow::v1::RunState,
};

use crate::{
    components::{Tag, Tone},
    layout::Shell,
};

/// How a run stands.
pub(super) fn run_tag(s: &Shell, state: RunState) -> Tag {
    let (tone, key) = match state {
        RunState::Active | RunState::Unspecified => (Tone::Info, "console-run-active"),
        RunState::Paused => (Tone::Warn, "console-run-paused"),
        RunState::Done => (Tone::Plain, "console-run-done"),
        RunState::Cancelled => (Tone::Neutral, "console-run-cancelled"),
    };
    Tag::new(tone, s.t(key))
}

/// How a person's way in stands: whoever has signed in once has joined, whatever became of later links.
pub(super) fn joining(person: &Person, invitation: Option<&Invitation>) -> InvitationState {
    if person.joined_at.is_some() {
        return InvitationState::Joined;
    }
    invitation.map_or(InvitationState::Unspecified, Invitation::state)
}

/// The same as a tag, with the date until which a link works.
pub(super) fn joining_tag(s: &Shell, state: InvitationState, invitation: Option<&Invitation>) -> Tag {
    match state {
        InvitationState::Joined => Tag::new(Tone::Plain, s.t("console-joined")),
        InvitationState::Expired => Tag::new(Tone::Warn, s.t("console-invitation-expired")),
        InvitationState::Revoked => Tag::new(Tone::Neutral, s.t("console-invitation-revoked")),
        InvitationState::Unspecified => Tag::new(Tone::Neutral, s.t("console-not-invited")),
        InvitationState::Pending => {
            let until = invitation.and_then(|invitation| invitation.expires_at.as_ref()).and_then(moment);
            let text = match until {
                Some(until) => {
                    s.say("console-invited-until").arg("date", s.formats.short_date(&until)).to_string()
                }
                None => s.t("console-invited"),
            };
            Tag::new(Tone::Info, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn whoever_signed_in_has_joined_and_a_pending_link_says_until_when() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let until = timestamp(s.formats.now() + TimeDelta::days(4));
        let invitation = Invitation {
            state: InvitationState::Pending.into(),
            expires_at: Some(until),
            ..Invitation::default()
        };
        let mut person = Person::default();
        let state = joining(&person, Some(&invitation));
        assert_eq!(joining_tag(&s, state, Some(&invitation)).text, "Invited, link works until 7 Dec");
        assert_eq!(joining(&person, None), InvitationState::Unspecified);
        person.joined_at = Some(until);
        assert_eq!(joining(&person, Some(&invitation)), InvitationState::Joined);
    }

    #[test]
    fn a_run_that_goes_on_and_one_that_rests_look_different() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        assert_ne!(run_tag(&s, RunState::Active), run_tag(&s, RunState::Paused));
        assert_eq!(run_tag(&s, RunState::Done).tone, Tone::Plain);
    }
}
