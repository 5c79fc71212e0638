//! Folders to choose from, each with the way to it.

use std::collections::HashMap;

use portico_proto::documents::v1::{Folder, ListFoldersRequest};

use crate::{ask::Ask, components::Choice, error::PageError};

/// All folders of an account by the way to them: "Accounts / 2026".
pub(super) async fn all(ask: &Ask, account: &str) -> Result<Vec<(String, String)>, PageError> {
    let asked =
        ListFoldersRequest { account_id: account.to_owned(), deep: true, ..ListFoldersRequest::default() };
    let folders = ask.library().list_folders(asked).await?.into_inner().folders;
    Ok(ways(&folders))
}

/// The way to each folder, in the order of the ways.
fn ways(folders: &[Folder]) -> Vec<(String, String)> {
    let by_id: HashMap<&str, &Folder> = folders.iter().map(|folder| (folder.id.as_str(), folder)).collect();
    let way = |folder: &Folder| {
        let mut names = vec![folder.name.as_str()];
        let mut at = folder;
        // No deeper than the folders there are.
        while let Some(around) = by_id.get(at.parent_id.as_str()).filter(|_| names.len() < 20) {
            names.push(&around.name);
            at = around;
        }
        names.reverse();
        names.join(" / ")
    };
    let mut ways: Vec<_> = folders.iter().map(|folder| (folder.id.clone(), way(folder))).collect();
    ways.sort_by_key(|way| way.1.to_lowercase());
    ways
}

/// The folders as choices, without the one `left_out`.
pub(super) fn choices(places: &[(String, String)], left_out: &str, current: &str) -> Vec<Choice> {
    let kept = places.iter().filter(|(id, _)| id != left_out);
    kept.map(|(id, way)| Choice::new(id.clone(), way.clone(), current)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_by_the_way_to_it() {
        let folder = |id: &str, parent: &str, name: &str| Folder {
            id: id.to_owned(),
            parent_id: parent.to_owned(),
            name: name.to_owned(),
            ..Folder::default()
        };
        let found =
            ways(&[folder("b", "a", "2026"), folder("a", "", "Accounts"), folder("c", "gone", "alone")]);
        let names: Vec<_> = found.iter().map(|(_, way)| way.as_str()).collect();
        assert_eq!(names, ["Accounts", "Accounts / 2026", "alone"]);
        assert_eq!(choices(&found, "a", "b").len(), 2);
        assert!(choices(&found, "a", "b")[0].chosen);
    }
}
