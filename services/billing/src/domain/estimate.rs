//! What becomes of an estimate: its state follows from what was sent and what the client decided.

use chrono::{DateTime, NaiveDate, Utc};
use portico_core::PersonId;
use uuid::Uuid;

/// What a client decided about one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The version that they saw.
    pub(crate) document_id: Uuid,
    /// Whether they accepted.
    pub(crate) accepted: bool,
    /// Who it was.
    pub(crate) person_id: PersonId,
    /// Their name at that time.
    pub(crate) person_name: String,
    /// Why they declined; may be empty.
    pub(crate) reason: String,
    /// When.
    pub(crate) decided_at: DateTime<Utc>,
}

/// The state of one version of an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EstimateState {
    /// Not sent.
    Draft,
    /// The client can decide.
    Sent,
    /// The client accepted it.
    Accepted,
    /// The client declined it.
    Declined,
    /// The last day to accept it is over.
    Expired,
    /// A newer version was sent.
    Superseded,
}

impl EstimateState {
    /// The word of the API.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }

    /// The state of a version that was sent. `newest` is the newest version that was.
    pub(crate) fn of(
        document: Uuid,
        newest: Uuid,
        until: Option<NaiveDate>,
        today: NaiveDate,
        decision: Option<&Decision>,
    ) -> Self {
        match decision {
            Some(decision) if decision.document_id == document => {
                if decision.accepted {
                    Self::Accepted
                } else {
                    Self::Declined
                }
            }
            _ if document != newest => Self::Superseded,
            _ if until.is_some_and(|until| until < today) => Self::Expired,
            _ => Self::Sent,
        }
    }

    /// Why the client cannot decide in this state; nothing where they can.
    pub(crate) const fn undecidable(self) -> Option<&'static str> {
        match self {
            Self::Sent => None,
            Self::Draft => Some("This estimate has not been sent yet."),
            Self::Accepted => Some("This estimate is accepted already."),
            Self::Declined => Some("This estimate is declined already. Ask for a new version."),
            Self::Expired => Some("The last day to accept this estimate is over. Ask for a new version."),
            Self::Superseded => Some("There is a newer version of this estimate. Look at that one."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_decided_once_and_only_while_it_is_the_newest_and_in_time() {
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2027-01-15");
        let decided = |document_id, accepted| Decision {
            document_id,
            accepted,
            person_id: PersonId(Uuid::nil()),
            person_name: "Ana".to_owned(),
            reason: String::new(),
            decided_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        };
        let state = |document, newest, until, decision: Option<&Decision>| {
            EstimateState::of(document, newest, until, today, decision)
        };
        assert_eq!(state(first, first, None, None), EstimateState::Sent);
        assert_eq!(state(first, first, Some(today), None), EstimateState::Sent);
        assert_eq!(state(first, first, Some(day("2027-01-14")), None), EstimateState::Expired);
        assert_eq!(state(first, second, None, None), EstimateState::Superseded);
        assert_eq!(state(first, first, None, Some(&decided(first, true))), EstimateState::Accepted);
        assert_eq!(state(first, second, None, Some(&decided(first, false))), EstimateState::Declined);
        assert_eq!(state(second, second, None, Some(&decided(first, false))), EstimateState::Sent);
        assert!(EstimateState::Sent.undecidable().is_none());
        for closed in [
            EstimateState::Draft,
            EstimateState::Accepted,
            EstimateState::Declined,
            EstimateState::Expired,
            EstimateState::Superseded,
        ] {
            assert!(closed.undecidable().is_some(), "{}", closed.word());
        }
    }
}
