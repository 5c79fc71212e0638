//! The rows of a request for documents: which of them somebody has to do something about.

use portico_core::ItemId;

/// How a row stands, as documents tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowState {
    /// Files are asked for.
    Needed,
    /// The firm looks at what came.
    Checking,
    /// All is well.
    Accepted,
    /// A new file is asked for.
    Returned,
    /// The client does not have it; the firm decides.
    NotAvailable,
}

impl RowState {
    /// The word in events and in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Checking => "checking",
            Self::Accepted => "accepted",
            Self::Returned => "returned",
            Self::NotAvailable => "not_available",
        }
    }

    /// The state of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Needed, Self::Checking, Self::Accepted, Self::Returned, Self::NotAvailable]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// Whom a row waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// The client hands something in.
    Client,
    /// The firm decides.
    Us,
}

impl WaitsFor {
    /// The word in requests, answers and in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Us => "us",
        }
    }

    /// Whom this word means.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Client, Self::Us].into_iter().find(|waits| waits.word() == word)
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRow {
    pub(crate) id: ItemId,
    pub(crate) name: String,
    /// Whether the client must hand it in.
    pub(crate) required: bool,
    pub(crate) state: RowState,
}

/// Whom each of a request's rows waits for. What may be left out waits for nobody, unless the request asks for nothing else and nothing
/// of it has come: then the client has still to say so.
pub(crate) fn waiting(rows: &[RequestRow]) -> Vec<Option<WaitsFor>> {
    let untouched = rows.iter().all(|row| row.state == RowState::Needed && !row.required);
    let waits = rows.iter().map(|row| match row.state {
        RowState::Returned => Some(WaitsFor::Client),
        RowState::Needed => (row.required || untouched).then_some(WaitsFor::Client),
        RowState::Checking | RowState::NotAvailable => Some(WaitsFor::Us),
        RowState::Accepted => None,
    });
    waits.collect()
}

/// What of a request still waits for the client, by name.
pub(crate) fn wanted(rows: &[RequestRow]) -> Vec<String> {
    let with_client =
        waiting(rows).into_iter().zip(rows).filter(|(waits, _)| *waits == Some(WaitsFor::Client));
    with_client.map(|(_, row)| row.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rows(states: &[(RowState, bool)]) -> Vec<RequestRow> {
        let row = |(place, (state, required)): (usize, &(RowState, bool))| RequestRow {
            id: ItemId(Uuid::from_u128(place as u128)),
            name: format!("Paper {place}"),
            required: *required,
            state: *state,
        };
        states.iter().enumerate().map(row).collect()
    }

    #[test]
    fn what_is_asked_for_waits_for_the_client_and_what_came_for_the_firm() {
        use RowState::{Accepted, Checking, Needed, NotAvailable, Returned};
        let (client, us) = (Some(WaitsFor::Client), Some(WaitsFor::Us));
        let all = rows(&[
            (Needed, true),
            (Needed, false),
            (Returned, false),
            (Checking, true),
            (NotAvailable, true),
            (Accepted, true),
        ]);
        assert_eq!(waiting(&all), [client, None, client, us, us, None]);
        assert_eq!(wanted(&all), ["Paper 0", "Paper 2"]);
        assert!(wanted(&rows(&[(Accepted, true), (Checking, true), (Needed, false)])).is_empty());
    }

    #[test]
    fn where_everything_may_be_left_out_the_client_has_still_to_say_something() {
        use RowState::{Accepted, Needed};
        assert_eq!(waiting(&rows(&[(Needed, false), (Needed, false)])), [Some(WaitsFor::Client); 2]);
        assert_eq!(waiting(&rows(&[(Needed, false), (Accepted, false)])), [None, None]);
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for word in ["needed", "checking", "accepted", "returned", "not_available"] {
            assert_eq!(RowState::of(word).map(RowState::word), Some(word));
        }
        assert_eq!(WaitsFor::of("us"), Some(WaitsFor::Us));
        assert!(RowState::of("lost").is_none() && WaitsFor::of("them").is_none());
    }
}
