//! What is wrong with a document, where, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a definition. Each is a reason to refuse it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// The place in the document, such as `spec.workflows.onboarding.steps[0].form`; empty for the document as a
    /// whole.
    pub path: String,
    /// The line, counted from 1; 0 where the definition did not come from a text.
    pub line: u32,
    /// The column in characters, counted from 1; 0 where the definition did not come from a text.
    pub column: u32,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The name among `known` that was probably meant by `name`: at most a third of its letters differ.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    let near = known.into_iter().map(|candidate| (distance(name, candidate), candidate));
    near.filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, found)| found)
}

/// "did you mean", or the list of what there is.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let listed: Vec<String> = known.into_iter().take(20).map(|name| format!("`{name}`")).collect();
    (!listed.is_empty()).then(|| format!("known here: {}", listed.join(", ")))
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > 8 || from.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, left) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, right) in to.iter().enumerate() {
            let mut cost = (above[column] + usize::from(left != right)).min(above[column + 1] + 1);
            cost = cost.min(current[column] + 1);
            if row > 0 && column > 0 && *left == to[column - 1] && from[row - 1] == *right {
                cost = cost.min(before[column - 1] + 1);
            }
            current.push(cost);
        }
        before = above;
        above = current;
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["client", "signatory", "project_manager"];
        assert_eq!(nearest("cleint", known), Some("client"));
        assert_eq!(nearest("project_manger", known), Some("project_manager"));
        assert_eq!(nearest("accountant", known), None);
        assert_eq!(suggestion("x", ["form"]).as_deref(), Some("known here: `form`"));
        assert_eq!(suggestion("x", []), None);
    }
}
