//! What must never happen: the numbered cases, the floor, and the walk over every RPC and every page.

mod catalog;

use crate::{cases, harness::Case};

use catalog::{
    every_table_carries_the_floor_of_its_class, i18_i19_a_broken_floor_is_noticed,
    i20_the_migrate_role_cannot_be_used_at_run_time,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["isolation":
        every_table_carries_the_floor_of_its_class,
        i18_i19_a_broken_floor_is_noticed,
        i20_the_migrate_role_cannot_be_used_at_run_time,
    ]
}
