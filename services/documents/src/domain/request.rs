//! Requests for documents: which row takes what, and how far the whole is.

use portico_core::{AccountId, ItemId, RecordId, RequestId, RunId, StepId, VersionId};

use crate::content::Accept;

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestState {
    /// Going on.
    Open,
    /// Everything is accepted.
    Fulfilled,
    /// Its step has ended without it.
    Withdrawn,
}

impl RequestState {
    /// The word that stands in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fulfilled => "fulfilled",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Open, Self::Fulfilled, Self::Withdrawn].into_iter().find(|state| state.word() == word)
    }
}

/// How a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemState {
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

impl ItemState {
    /// The word that stands in the database and in events.
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

/// A request with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) account_id: AccountId,
    pub(crate) run_id: RunId,
    pub(crate) step_id: StepId,
    pub(crate) attempt: i32,
    pub(crate) record_id: RecordId,
    pub(crate) title: String,
    pub(crate) state: RequestState,
    /// Whether the firm accepts each row; otherwise what is uploaded counts as accepted.
    pub(crate) reviewed: bool,
    pub(crate) items: Vec<Item>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: ItemId,
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) accept: Vec<Accept>,
    pub(crate) min: i32,
    pub(crate) max: i32,
    pub(crate) max_bytes: u64,
    pub(crate) state: ItemState,
    pub(crate) reason: String,
    /// Those that count, in the order of their arrival; files from before a return are not among them.
    pub(crate) files: Vec<VersionId>,
    /// Whether a virus scanner has still to look at one of the files.
    pub(crate) awaits_scan: bool,
}

/// Why a row does not take this now; the texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotNow {
    /// The step ended.
    #[error("These documents are no longer asked for.")]
    Withdrawn,
    /// Accepted rows are closed.
    #[error("This has been accepted already. Nothing more is needed.")]
    Accepted,
    /// As many files as it takes.
    #[error("This takes at most {max} files. Take one back first.")]
    Full {
        /// How many.
        max: i32,
    },
    /// Nothing has come that could be accepted or returned.
    #[error("Nothing has been handed in here yet.")]
    Nothing,
    /// The firm does not check this request.
    #[error("What is uploaded here counts as accepted; there is nothing to decide.")]
    Unreviewed,
    /// Nobody knows yet whether the files are harmless.
    #[error("A file is still being checked for viruses. Try again in a moment.")]
    AwaitsScan,
    /// The file went back with the row.
    #[error("This file is part of the history and can no longer be taken back.")]
    Returned,
}

impl NotNow {
    /// A stable word.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Withdrawn => "request_withdrawn",
            Self::Accepted => "item_accepted",
            Self::Full { .. } => "too_many_files",
            Self::Nothing => "nothing_handed_in",
            Self::Unreviewed => "not_reviewed",
            Self::AwaitsScan => "item_awaits_scan",
            Self::Returned => "file_returned",
        }
    }
}

/// Who is to act, and how far it is in their eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is left to do.
    Fulfilled {
        /// For the run's history.
        outcome: String,
    },
    /// Somebody has to act.
    Waiting {
        /// `assignee` or `reviewer`.
        on: &'static str,
        /// `3 of 5`: handed in where the assignee is to act, else accepted.
        progress: String,
    },
}

impl Request {
    /// The row and its place.
    pub(crate) fn item(&self, id: ItemId) -> Option<(usize, &Item)> {
        self.items.iter().enumerate().find(|(_, item)| item.id == id)
    }

    /// Whether a row takes one more file.
    pub(crate) fn may_add(&self, item: &Item) -> Result<(), NotNow> {
        if self.state == RequestState::Withdrawn {
            return Err(NotNow::Withdrawn);
        }
        // Where nobody checks, the first file fulfils the row and others may still join it.
        if item.state == ItemState::Accepted && self.reviewed {
            return Err(NotNow::Accepted);
        }
        if i32::try_from(item.files.len()).unwrap_or(i32::MAX) >= item.max {
            return Err(NotNow::Full { max: item.max });
        }
        Ok(())
    }

    /// The state of a row with this many files.
    pub(crate) fn state_with(&self, item: &Item, files: usize) -> ItemState {
        if files == 0 || i32::try_from(files).unwrap_or(i32::MAX) < item.min {
            return if item.state == ItemState::Returned { ItemState::Returned } else { ItemState::Needed };
        }
        // What nobody reviews counts once the scanner has let it through.
        if self.reviewed || item.awaits_scan { ItemState::Checking } else { ItemState::Accepted }
    }

    /// Takes a file out of a row in which a virus was found, and asks for another one; `false` where it is not in the row.
    pub(crate) fn refuse_infected(&mut self, place: usize, version: VersionId, name: &str) -> bool {
        let Some(row) = self.items.get_mut(place).filter(|row| row.files.contains(&version)) else {
            return false;
        };
        row.files.retain(|file| *file != version);
        row.state = ItemState::Returned;
        row.reason = format!(
            "A virus was found in {name}. The file is locked away. Please check your device and upload another file."
        );
        true
    }

    /// Whether a file may be taken back from a row.
    pub(crate) fn may_remove(&self, item: &Item, version: VersionId) -> Result<(), NotNow> {
        match (self.state, item.state) {
            (RequestState::Withdrawn, _) => Err(NotNow::Withdrawn),
            (RequestState::Fulfilled, _) | (_, ItemState::Accepted) => Err(NotNow::Accepted),
            _ if !item.files.contains(&version) => Err(NotNow::Returned),
            _ => Ok(()),
        }
    }

    /// Whether the firm may accept or return a row.
    pub(crate) fn may_decide(&self, item: &Item) -> Result<(), NotNow> {
        match (self.state, item.state) {
            (RequestState::Withdrawn, _) => Err(NotNow::Withdrawn),
            _ if !self.reviewed => Err(NotNow::Unreviewed),
            (RequestState::Fulfilled, _) | (_, ItemState::Accepted) => Err(NotNow::Accepted),
            (_, ItemState::Checking | ItemState::NotAvailable) => Ok(()),
            (_, ItemState::Needed | ItemState::Returned) => Err(NotNow::Nothing),
        }
    }

    /// Whether the firm may accept a row now.
    pub(crate) fn may_accept(&self, item: &Item) -> Result<(), NotNow> {
        self.may_decide(item)?;
        if item.awaits_scan { Err(NotNow::AwaitsScan) } else { Ok(()) }
    }

    /// Whether the client may say that they do not have it.
    pub(crate) fn may_declare_missing(&self, item: &Item) -> Result<(), NotNow> {
        match (self.state, item.state) {
            (RequestState::Withdrawn, _) => Err(NotNow::Withdrawn),
            (RequestState::Fulfilled, _) | (_, ItemState::Accepted) => Err(NotNow::Accepted),
            _ => Ok(()),
        }
    }

    /// Who is to act now.
    pub(crate) fn standing(&self) -> Standing {
        let total = self.items.len();
        let count =
            |states: &[ItemState]| self.items.iter().filter(|item| states.contains(&item.state)).count();
        let accepted = count(&[ItemState::Accepted]);
        let with_the_firm = count(&[ItemState::Checking, ItemState::NotAvailable]);
        let with_the_client = self.items.iter().any(|item| match item.state {
            ItemState::Needed => item.min > 0,
            ItemState::Returned => true,
            _ => false,
        });
        if with_the_client {
            let progress = format!("{} of {total}", accepted + with_the_firm);
            return Standing::Waiting { on: "assignee", progress };
        }
        if with_the_firm > 0 {
            return Standing::Waiting { on: "reviewer", progress: format!("{accepted} of {total}") };
        }
        if accepted == 0 {
            return Standing::Waiting { on: "assignee", progress: format!("0 of {total}") };
        }
        let files: usize = self.items.iter().map(|item| item.files.len()).sum();
        let outcome = match files {
            0 => "Nothing had to be handed in".to_owned(),
            1 => "1 file accepted".to_owned(),
            files => format!("{files} files accepted"),
        };
        Standing::Fulfilled { outcome }
    }
}

/// What a row takes, in words: `PDF, image or Office file, up to 100 MB each`.
pub(crate) fn accept_text(accept: &[Accept], max_bytes: u64) -> String {
    let word = |accept: &Accept| match accept {
        Accept::Pdf => "PDF",
        Accept::Image => "image",
        Accept::Office => "Office file",
        Accept::Zip => "ZIP archive",
        Accept::Text => "text file",
    };
    let words: Vec<&str> = accept.iter().map(word).collect();
    let kinds = match words.as_slice() {
        [] => "Any file".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    };
    let mut letters = kinds.chars();
    let kinds =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    format!("{kinds}, up to {} each", super::document::size_text(max_bytes))
}

/// The word for an accepted type, as definitions write it.
pub(crate) const fn accept_word(accept: Accept) -> &'static str {
    match accept {
        Accept::Pdf => "pdf",
        Accept::Image => "image",
        Accept::Office => "office",
        Accept::Zip => "zip",
        Accept::Text => "text",
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{Entropy as _, SeededEntropy};

    use super::*;

    fn request(states: &[(ItemState, i32, usize)], reviewed: bool) -> Request {
        let entropy = SeededEntropy::new(1);
        let id = || entropy.uuid(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let items = states.iter().map(|(state, min, files)| Item {
            id: id().into(),
            name: "Contract".to_owned(),
            why: String::new(),
            accept: vec![Accept::Pdf],
            min: *min,
            max: 2,
            max_bytes: 100,
            state: *state,
            reason: String::new(),
            files: (0..*files).map(|_| id().into()).collect(),
            awaits_scan: false,
        });
        let items = items.collect();
        Request {
            id: id().into(),
            account_id: id().into(),
            run_id: id().into(),
            step_id: id().into(),
            attempt: 1,
            record_id: id().into(),
            title: String::new(),
            state: RequestState::Open,
            reviewed,
            items,
        }
    }

    fn waiting(on: &'static str, progress: &str) -> Standing {
        Standing::Waiting { on, progress: progress.to_owned() }
    }

    #[test]
    fn it_is_the_clients_turn_until_all_is_in_and_then_the_firms() {
        use ItemState::{Accepted, Checking, Needed, NotAvailable, Returned};
        let standing = |states: &[(ItemState, i32, usize)]| request(states, true).standing();
        assert_eq!(standing(&[(Needed, 1, 0), (Checking, 1, 1)]), waiting("assignee", "1 of 2"));
        assert_eq!(standing(&[(Checking, 1, 1), (Checking, 1, 1)]), waiting("reviewer", "0 of 2"));
        assert_eq!(standing(&[(Accepted, 1, 1), (NotAvailable, 1, 0)]), waiting("reviewer", "1 of 2"));
        assert_eq!(standing(&[(Accepted, 1, 1), (Returned, 1, 0)]), waiting("assignee", "1 of 2"));
        assert_eq!(standing(&[(Needed, 0, 0)]), waiting("assignee", "0 of 1"), "nothing has happened yet");
        let done = Standing::Fulfilled { outcome: "3 files accepted".to_owned() };
        assert_eq!(standing(&[(Accepted, 1, 2), (Accepted, 1, 1), (Needed, 0, 0)]), done);
    }

    #[test]
    fn an_accepted_row_is_closed_where_somebody_checks() {
        let reviewed = request(&[(ItemState::Accepted, 1, 1)], true);
        assert_eq!(reviewed.may_add(&reviewed.items[0]), Err(NotNow::Accepted));
        let free = request(&[(ItemState::Accepted, 1, 1)], false);
        assert_eq!(free.may_add(&free.items[0]), Ok(()));
        assert_eq!(free.may_decide(&free.items[0]), Err(NotNow::Unreviewed));
        let full = request(&[(ItemState::Checking, 1, 2)], true);
        assert_eq!(full.may_add(&full.items[0]), Err(NotNow::Full { max: 2 }));
        let ended = Request { state: RequestState::Withdrawn, ..full };
        assert_eq!(ended.may_add(&ended.items[0]), Err(NotNow::Withdrawn));
    }

    #[test]
    fn a_row_is_checked_once_enough_has_come() {
        let request = request(&[(ItemState::Needed, 2, 1), (ItemState::Returned, 1, 0)], true);
        assert_eq!(request.state_with(&request.items[0], 1), ItemState::Needed);
        assert_eq!(request.state_with(&request.items[0], 2), ItemState::Checking);
        assert_eq!(request.state_with(&request.items[1], 0), ItemState::Returned);
        assert_eq!(request.state_with(&request.items[1], 1), ItemState::Checking);
    }

    #[test]
    fn what_waits_for_the_scanner_neither_counts_nor_is_accepted_and_an_infected_file_is_asked_for_again() {
        let mut free = request(&[(ItemState::Needed, 1, 1)], false);
        free.items[0].awaits_scan = true;
        assert_eq!(free.state_with(&free.items[0], 1), ItemState::Checking);
        let mut reviewed = request(&[(ItemState::Checking, 1, 2)], true);
        reviewed.items[0].awaits_scan = true;
        assert_eq!(reviewed.may_accept(&reviewed.items[0]), Err(NotNow::AwaitsScan));
        assert_eq!(reviewed.may_decide(&reviewed.items[0]), Ok(()), "it may be returned");
        let bad = reviewed.items[0].files[1];
        assert!(reviewed.refuse_infected(0, bad, "a.pdf") && !reviewed.refuse_infected(0, bad, "a.pdf"));
        let row = &reviewed.items[0];
        assert_eq!((row.state, row.files.len()), (ItemState::Returned, 1));
        assert!(row.reason.contains("a.pdf"));
    }

    #[test]
    fn what_a_row_takes_reads_well() {
        let all = [Accept::Pdf, Accept::Image, Accept::Office];
        assert_eq!(accept_text(&all, 100 * 1024 * 1024), "PDF, image or Office file, up to 100 MB each");
        assert_eq!(accept_text(&[Accept::Image], 1024), "Image, up to 1 KB each");
        assert_eq!(accept_text(&[], 1024), "Any file, up to 1 KB each");
    }
}
