//! Folders, and who of an account may do what with them and what is in them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use portico_core::{AccountId, AccountScope, Actor, ActorKind, FolderId, PersonId, RecordId};
use uuid::Uuid;

use crate::{content::is_unseen, error::DocumentsError};

/// Folders that may be in one another.
pub(crate) const DEEPEST: i32 = 8;
/// Folders that may be beside each other.
pub(crate) const MOST_BESIDE: i64 = 500;
/// Grants of one folder or document.
pub(crate) const MOST_GRANTS: usize = 100;
/// The longest name of a folder, in characters.
pub(crate) const LONGEST_NAME: usize = 120;
/// The longest title of a document in a folder, in characters.
pub(crate) const LONGEST_TITLE: usize = 200;

/// What somebody may do; each includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// See pages as pictures.
    ViewOnly,
    /// Open and download.
    View,
    /// Add files and versions.
    Upload,
    /// Everything: the firm's side.
    Manage,
}

impl Level {
    const ALL: [Self; 4] = [Self::ViewOnly, Self::View, Self::Upload, Self::Manage];

    /// The word in messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::ViewOnly => "view_only",
            Self::View => "view",
            Self::Upload => "upload",
            Self::Manage => "manage",
        }
    }

    /// The level that can be granted under this word.
    pub(crate) fn granted(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word && *level != Self::Manage)
    }

    /// The number that stands in the database.
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::ViewOnly => 1,
            Self::View => 2,
            Self::Upload => 3,
            Self::Manage => 4,
        }
    }

    /// The level with this number.
    pub(crate) fn numbered(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}

/// A folder as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) id: FolderId,
    pub(crate) account_id: AccountId,
    pub(crate) internal: bool,
    pub(crate) record_id: Option<RecordId>,
    pub(crate) parent_id: Option<FolderId>,
    pub(crate) name: String,
    pub(crate) depth: i32,
    /// Whose sharing counts: its own id, or that of a folder around it.
    pub(crate) sharing_id: Uuid,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: DateTime<Utc>,
    /// What the reader may do; nothing where they may not see it.
    pub(crate) level: Option<Level>,
    /// Whether people of the account get marked pages and copies only.
    pub(crate) watermark: bool,
}

impl Folder {
    /// Whether it has sharing of its own.
    pub(crate) fn shares_itself(&self) -> bool {
        self.sharing_id == self.id.0
    }
}

/// Where a document is in the library.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shelf {
    pub(crate) folder: Option<FolderId>,
    /// Whether the document has sharing of its own.
    pub(crate) own_sharing: bool,
    pub(crate) trashed_at: Option<DateTime<Utc>>,
}

/// What the library says about one document and its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) record_id: Option<RecordId>,
    pub(crate) level: Option<Level>,
    pub(crate) watermark: bool,
}

/// What somebody may do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) level: Level,
    /// Whether pages and copies carry their mail address.
    pub(crate) watermark: bool,
}

impl Right {
    /// Without a mark.
    pub(crate) const fn of(level: Level) -> Self {
        Self { level, watermark: false }
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) subject: String,
    pub(crate) level: Level,
}

/// How something is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    pub(crate) grants: Vec<Grant>,
    pub(crate) watermark: bool,
}

/// Who somebody is in each of their accounts, as grants call it: pairs of account and subject, side by side.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    pub(crate) accounts: Vec<Uuid>,
    pub(crate) names: Vec<String>,
    /// Whether they are of the firm's side, which needs no grant.
    pub(crate) manages: bool,
}

impl Subjects {
    /// The actor's.
    pub(crate) fn of(actor: &Actor) -> Self {
        let mut all = Self { manages: actor.kind != ActorKind::Client, ..Self::default() };
        let AccountScope::Listed(accounts) = &actor.accounts else { return all };
        if all.manages {
            return all;
        }
        for account in accounts {
            for name in names_of(actor.person, actor.roles_in(*account)) {
                all.accounts.push(account.0);
                all.names.push(name);
            }
        }
        all
    }
}

/// What grants call somebody with these roles in the account.
pub(crate) fn names_of(person: Option<PersonId>, roles: &[String]) -> impl Iterator<Item = String> {
    let person = person.map(|person| format!("person:{person}"));
    // Somebody who was let in to sign one paper has no role, and is nobody with whom the account's files were shared.
    let everyone = (!roles.is_empty()).then(|| "everyone".to_owned());
    roles.iter().map(|role| format!("role:{role}")).chain(person).chain(everyone)
}

/// Who a grant is for, checked: `everyone`, `role:<name>` or `person:<id>`.
pub(crate) fn subject(text: &str) -> Option<String> {
    let text = text.trim();
    let fine = match text.split_once(':') {
        None => text == "everyone",
        Some(("role", name)) => {
            (1..=60).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        }
        Some(("person", id)) => id.parse::<PersonId>().is_ok_and(|person| person.to_string() == id),
        Some(_) => false,
    };
    fine.then(|| text.to_owned())
}

/// A name that people give, without what cannot be seen.
///
/// # Errors
/// One that is empty or longer than `longest` characters, at `field`.
pub(crate) fn name(text: &str, field: &str, longest: usize) -> Result<String, DocumentsError> {
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !is_unseen(*c)).collect();
    let name = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(DocumentsError::invalid(field, "Enter a name."));
    }
    if name.chars().count() > longest {
        let text = format!("This name is too long. Use at most {longest} characters.");
        return Err(DocumentsError::invalid(field, text));
    }
    Ok(name)
}

/// A name as it is compared and sorted.
pub(crate) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// The title, or the first of `title (2)`, `title (3)`… whose key is not taken.
pub(crate) fn free_title(title: &str, taken: &HashSet<String>) -> String {
    if !taken.contains(&key(title)) {
        return title.to_owned();
    }
    let at = title.rfind('.').filter(|at| *at > 0 && title.len() - at <= 16).unwrap_or(title.len());
    let (stem, extension) = title.split_at(at);
    let mut numbered = (2..).map(|number: u32| format!("{stem} ({number}){extension}"));
    numbered.find(|title| !taken.contains(&key(title))).unwrap_or_default()
}

/// What all titles begin with that [`free_title`] may have to step past.
pub(crate) fn stem_key(title: &str) -> String {
    let at = title.rfind('.').filter(|at| *at > 0 && title.len() - at <= 16).unwrap_or(title.len());
    key(&title[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_grow_and_come_back_from_words_and_numbers() {
        assert!(
            Level::ViewOnly < Level::View && Level::View < Level::Upload && Level::Upload < Level::Manage
        );
        for level in Level::ALL {
            assert_eq!(Level::numbered(level.number()), Some(level));
        }
        assert_eq!(Level::granted("upload"), Some(Level::Upload));
        assert_eq!(
            (Level::granted("manage"), Level::granted("")),
            (None, None),
            "nobody grants what the firm alone may"
        );
    }

    #[test]
    fn a_grant_is_for_everyone_a_role_or_a_person() {
        let person = "person:01890000-0000-7000-8000-000000000001";
        for fine in ["everyone", "role:signatory", person] {
            assert_eq!(subject(fine).as_deref(), Some(fine));
        }
        for wrong in ["", "all", "role:", "role:a b", "person:x", "role:x' or 'a", "staff:everyone"] {
            assert_eq!(subject(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_cleaned_and_have_limits() {
        assert_eq!(name("  Annual \u{202e}accounts\n2026 ", "name", 120).unwrap(), "Annual accounts 2026");
        for wrong in ["", " \u{200b} ", &"x".repeat(121)] {
            assert!(name(wrong, "name", 120).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_second_file_of_the_same_name_is_numbered_before_its_ending() {
        let mut taken = HashSet::new();
        for expected in ["Plan.pdf", "Plan (2).pdf", "Plan (3).pdf"] {
            let title = free_title("Plan.pdf", &taken);
            assert_eq!(title, expected);
            assert!(key(&title).starts_with(&stem_key("Plan.pdf")));
            taken.insert(key(&title));
        }
        assert_eq!(free_title("PLAN.PDF", &taken), "PLAN (4).PDF");
        assert_eq!(free_title(".profile", &HashSet::from([".profile".to_owned()])), ".profile (2)");
    }

    #[test]
    fn people_are_called_by_what_they_do_in_each_account() {
        let tenant = portico_core::TenantId(Uuid::from_u128(1));
        let (acme, globex) = (AccountId(Uuid::from_u128(2)), AccountId(Uuid::from_u128(3)));
        let mut ctx = portico_testkit::client(tenant, &[acme, globex], &["client"]);
        ctx.actor.account_roles.remove(&globex);
        let subjects = Subjects::of(&ctx.actor);
        assert_eq!(subjects.accounts.len(), subjects.names.len());
        let has = |account: AccountId, name: &str| {
            subjects.accounts.iter().zip(&subjects.names).any(|(at, known)| *at == account.0 && known == name)
        };
        let person = format!("person:{}", ctx.actor.person.unwrap());
        assert!(has(acme, "role:client") && has(acme, "everyone"));
        assert!(has(globex, &person) && !has(globex, "everyone"), "without a role, only what names them");
        assert!(!has(globex, "role:client") && !subjects.manages);
        let staff = Subjects::of(&portico_testkit::staff(tenant, &["admin"]).actor);
        assert!(staff.manages && staff.names.is_empty());
    }
}
