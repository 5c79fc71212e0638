//! What must never happen: the numbered cases, the floor, and the walk over every RPC and every page.

mod catalog;
mod numbered;
mod page_walk;
mod raw;
mod rpc_walk;

use crate::{cases, harness::Case};

use catalog::{
    every_table_carries_the_floor_of_its_class, i18_i19_a_broken_floor_is_noticed,
    i20_the_migrate_role_cannot_be_used_at_run_time,
};
use numbered::{
    i08_a_firms_id_in_the_body_is_not_believed, i09_i12_no_row_moves_and_no_upsert_reaches_a_foreign_one,
    i15_an_injected_word_alters_no_context, i22_a_session_is_nobody_on_another_host,
    i23_i25_a_files_address_dies_with_the_right_to_read_it,
};
use page_walk::{i01_i02_no_page_tells_a_stranger_anything, no_page_opens_for_whom_it_is_not};
use rpc_walk::{
    every_rpc_declares_its_resources, i01_i02_i30_no_rpc_tells_a_stranger_anything,
    nobody_gets_past_the_door_of_any_rpc,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["isolation":
        every_table_carries_the_floor_of_its_class,
        i18_i19_a_broken_floor_is_noticed,
        i20_the_migrate_role_cannot_be_used_at_run_time,
        every_rpc_declares_its_resources,
        i01_i02_i30_no_rpc_tells_a_stranger_anything,
        nobody_gets_past_the_door_of_any_rpc,
        i01_i02_no_page_tells_a_stranger_anything,
        no_page_opens_for_whom_it_is_not,
        i08_a_firms_id_in_the_body_is_not_believed,
        i09_i12_no_row_moves_and_no_upsert_reaches_a_foreign_one,
        i15_an_injected_word_alters_no_context,
        i22_a_session_is_nobody_on_another_host,
        i23_i25_a_files_address_dies_with_the_right_to_read_it,
    ]
}
