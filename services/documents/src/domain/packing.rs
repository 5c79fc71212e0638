//! The names of files in an archive: safe on every computer, and each once.

use std::collections::{HashMap, HashSet};

use super::library::{free_title, key};
use crate::content::safe_file_name;

/// Gives out names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What each folder holds, by keys.
    given: HashMap<String, HashSet<String>>,
}

impl Names {
    /// A folder in `around`, which is empty or ends in a slash; the answer ends in one.
    pub(crate) fn folder(&mut self, around: &str, name: &str) -> String {
        format!("{}/", self.free(around, &safe_file_name(name)))
    }

    /// A file in `around` that people call `title`, with the ending of its own name where the title has none.
    pub(crate) fn file(&mut self, around: &str, title: &str, file_name: &str) -> String {
        let ending = file_name.rfind('.').map_or("", |at| &file_name[at..]);
        let safe = safe_file_name(title);
        let whole = if key(&safe).ends_with(&key(ending)) {
            safe
        } else {
            safe_file_name(&format!("{title}{ending}"))
        };
        self.free(around, &whole)
    }

    fn free(&mut self, around: &str, name: &str) -> String {
        let beside = self.given.entry(key(around)).or_default();
        let name = free_title(name, beside);
        beside.insert(key(&name));
        format!("{around}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_the_archive_and_are_each_given_once() {
        let mut names = Names::default();
        assert_eq!(names.file("", "../../etc/passwd", "x.txt"), "passwd.txt");
        let inner = names.folder("", "Board: 2026");
        assert_eq!(inner, "Board_ 2026/");
        assert_eq!(names.folder("", "board? 2026"), "board_ 2026 (2)/");
        assert_eq!(names.file(&inner, "Plan", "plan-v3.pdf"), "Board_ 2026/Plan.pdf");
        assert_eq!(names.file(&inner, "PLAN.pdf", "plan.pdf"), "Board_ 2026/PLAN (2).pdf");
        assert_eq!(names.file("", "Plan.pdf", "plan.pdf"), "Plan.pdf");
        assert_eq!(names.file("", "CON", "con"), "_CON");
    }
}
