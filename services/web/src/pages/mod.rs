//! One page, one file. [`all`] is the table that router and isolation walk are made of.

pub mod console;
pub mod entry;
pub mod portal;

use axum::routing::MethodRouter;

use crate::web::Web;

/// For whom a page is. For everybody else it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever comes, signed in or not.
    Anyone,
    /// Whoever is signed in; services decide what they see.
    SignedIn,
    /// The firm's people.
    Staff,
    /// The firm's people who administer it.
    Admin,
}

/// A line of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The path with its parameters, as axum writes them: `/tasks/{step_id}`.
    pub path: &'static str,
    /// For whom it is.
    pub who: Who,
    /// The methods it answers.
    pub mount: fn() -> MethodRouter<Web>,
}

/// Every page, in no particular order.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// One slice a group of pages.
const GROUPS: &[&[Entry]] = &[
    console::PAGES,
    console::billing::PAGES,
    console::library::PAGES,
    entry::PAGES,
    portal::PAGES,
    portal::billing::PAGES,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::Router;

    use super::*;

    #[test]
    fn every_path_stands_once_and_no_two_are_in_each_others_way() {
        let paths: HashSet<_> = all().map(|entry| entry.path).collect();
        assert_eq!(paths.len(), all().count());
        // A router panics on paths that it cannot tell apart.
        let table =
            all().fold(Router::<Web>::new(), |router, entry| router.route(entry.path, (entry.mount)()));
        assert!(table.has_routes() && paths.len() > 60);
    }
}
