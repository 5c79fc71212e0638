//! scenarios

use crate::harness::Case;

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    Vec::new()
}
