//! Pages of lists: how many, and where the next one begins.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico_core::Problem;
use serde::{Serialize, de::DeserializeOwned};

/// The number of rows for a page: `default` where the caller asks for none, and never more than `max`.
#[must_use]
pub fn size(requested: i32, default: i64, max: i64) -> i64 {
    if requested <= 0 { default } else { i64::from(requested).min(max) }
}

/// The opaque token of the page that begins after the row with this key.
#[must_use]
pub fn token<K: Serialize>(key: &K) -> String {
    // A key is a tuple of texts, numbers, ids and moments, which JSON can always hold.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// The key in a token; none for the first page.
///
/// # Errors
/// A violation of `page_token` where the token is not one that this list has given out.
pub fn key<K: DeserializeOwned>(token: &str) -> Result<Option<K>, Problem> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok();
    read().map(Some).ok_or_else(|| {
        Problem::invalid("page_token", "Take the token from the page before, or leave it out.")
    })
}

/// Cuts `rows`, of which one more than `size` was read, to a page, and gives the token of the next one; empty at the end.
pub fn cut<R, K: Serialize>(rows: &mut Vec<R>, size: i64, key_of: impl FnOnce(&R) -> K) -> String {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if rows.len() <= size {
        return String::new();
    }
    rows.truncate(size);
    rows.last().map(|last| token(&key_of(last))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_on_and_anything_else_is_refused() {
        let mut rows = vec![("a", 1), ("b", 2), ("c", 3)];
        let token = cut(&mut rows, 2, |row| (row.0, row.1));
        assert_eq!(rows.len(), 2);
        assert_eq!(key::<(String, i32)>(&token).unwrap(), Some(("b".to_owned(), 2)));
        assert_eq!(cut(&mut rows, 2, |row| (row.0, row.1)), "");
        assert_eq!(key::<(String, i32)>("").unwrap(), None);
        for wrong in ["x", "e30", "'; drop table people; --"] {
            assert_eq!(key::<(String, i32)>(wrong).unwrap_err().fields[0].field, "page_token");
        }
    }

    #[test]
    fn a_page_has_its_limits() {
        assert_eq!(
            (size(0, 50, 200), size(-1, 50, 200), size(7, 50, 200), size(9999, 50, 200)),
            (50, 50, 7, 200)
        );
    }
}
