//! Between protobuf and the domain.

use portico_core::SessionId;
use portico_proto::{identity::v1 as proto, time::timestamp};

use crate::domain::{
    link::{InvitationState, Link, LinkState},
    person::{Person, Profile, Side},
    session::{Device, Session, device_in_words},
};

pub(crate) fn person(person: Person) -> proto::Person {
    let Profile { name, language, time_zone } = person.profile;
    proto::Person {
        id: person.id.to_string(),
        name,
        email: person.email,
        side: side_message(person.side).into(),
        language,
        time_zone,
        active: person.active,
        joined_at: person.joined_at.map(timestamp),
        has_password: person.has_password,
    }
}

pub(crate) const fn side_message(side: Side) -> proto::Side {
    match side {
        Side::Staff => proto::Side::Staff,
        Side::External => proto::Side::External,
    }
}

/// The side that a message names; none where it names none.
pub(crate) const fn side(side: proto::Side) -> Option<Side> {
    match side {
        proto::Side::Unspecified => None,
        proto::Side::Staff => Some(Side::Staff),
        proto::Side::External => Some(Side::External),
    }
}

/// Where a sign-in comes from. The request's own address counts where the message names none.
pub(crate) fn device(device: Option<proto::Device>, address: Option<&str>) -> Device {
    let device = device.unwrap_or_default();
    let address = if device.address.is_empty() { address.unwrap_or_default() } else { &device.address };
    Device::new(&device.user_agent, address)
}

pub(crate) fn session(session: Session, asking: Option<SessionId>) -> proto::Session {
    proto::Session {
        id: session.id.to_string(),
        device: device_in_words(&session.user_agent),
        address: session.address,
        created_at: Some(timestamp(session.created_at)),
        last_used_at: Some(timestamp(session.last_used_at)),
        current: asking == Some(session.id),
    }
}

pub(crate) const fn link_state(state: LinkState) -> proto::LinkState {
    match state {
        LinkState::Live => proto::LinkState::Live,
        LinkState::Used => proto::LinkState::Used,
        LinkState::Expired => proto::LinkState::Expired,
        LinkState::Void => proto::LinkState::Void,
    }
}

pub(crate) fn invitation(newest: &Link, state: InvitationState) -> proto::Invitation {
    let state = match state {
        InvitationState::Pending => proto::InvitationState::Pending,
        InvitationState::Joined => proto::InvitationState::Joined,
        InvitationState::Expired => proto::InvitationState::Expired,
        InvitationState::Revoked => proto::InvitationState::Revoked,
    };
    proto::Invitation {
        person_id: newest.person_id.to_string(),
        account_id: newest.account_id.map(|id| id.to_string()).unwrap_or_default(),
        state: state.into(),
        issued_at: Some(timestamp(newest.issued_at)),
        expires_at: Some(timestamp(newest.expires_at)),
    }
}
