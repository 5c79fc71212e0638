//! Those who sign a paper, as its pages list them.

use portico_proto::{
    documents::v1::{Signer, SignerState},
    time::moment,
};

use crate::{
    components::{Tag, Tone},
    layout::Shell,
};

/// A line of the list.
pub(crate) struct SignerRow {
    pub(crate) name: String,
    /// What they sign as, and for whom; empty where that is their name.
    pub(crate) role: String,
    /// Until when they may sign; empty where there is no end or nobody waits for them.
    pub(crate) until: String,
    pub(crate) tag: Tag,
}

impl SignerRow {
    pub(crate) fn of(s: &Shell, signer: &Signer) -> Self {
        let name = if signer.name.is_empty() { signer.role_title.clone() } else { signer.name.clone() };
        let role = if signer.name.is_empty() { String::new() } else { signer.role_title.clone() };
        let role = match signer.delegated_by.as_str() {
            "" => role,
            by => s.say("signer-delegated").arg("role", role).arg("by", by).to_string(),
        };
        let until = match signer.expires_at.as_ref().and_then(moment) {
            Some(until) if signer.state() == SignerState::Ready => {
                let key = if signer.expired { "signer-time-over" } else { "signer-until" };
                s.say(key).arg("date", s.date(&until)).to_string()
            }
            _ => String::new(),
        };
        Self { name, role, until, tag: tag(s, signer) }
    }
}

fn tag(s: &Shell, signer: &Signer) -> Tag {
    let signed = signer.signed_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default();
    match signer.state() {
        SignerState::Signed => Tag::new(Tone::Plain, s.say("signer-signed").arg("date", signed).to_string()),
        SignerState::Declined => Tag::new(Tone::Bad, s.t("signer-declined")),
        SignerState::Ready if signer.expired => Tag::new(Tone::Bad, s.t("signer-expired")),
        SignerState::Ready => Tag::new(Tone::Info, s.t("signer-ready")),
        SignerState::Told => Tag::new(Tone::Neutral, s.t("signer-told")),
        SignerState::Waiting | SignerState::Unspecified => Tag::new(Tone::Neutral, s.t("signer-waiting")),
    }
}
