//! What must never happen: the numbered cases, the floor, and the walk over every RPC and every page.
//!
//! Cases of one service alone (`i11`, `i13`, `i14`, `i16` and more) stand beside that service's code under the same numbers.

mod catalog;
mod doors;
mod lists;
pub(crate) mod money;
mod numbered;
mod page_walk;
mod raw;
mod rows;
mod rpc_walk;

use crate::{cases, harness::Case};

use catalog::{every_table_carries_the_floor_of_its_class, i18_i19_a_broken_floor_is_noticed};
use doors::{
    i06_a_token_that_is_not_whole_valid_and_ours_is_nobodys, i07_headers_that_name_a_firm_are_not_heard,
    i08_a_firms_id_in_the_body_is_not_believed, i15_an_injected_search_finds_nothing,
    i28_nobody_raises_themselves,
};
use lists::{
    i03_lists_and_counts_leave_foreign_rows_out, i04_nothing_hidden_can_be_asked_about,
    i10_nothing_is_made_under_a_foreign_parent, i21_a_forged_event_goes_to_the_dead_letters,
    i30_cursors_and_keys_carry_nothing_of_another_account,
};
use numbered::{
    i12_no_upsert_reaches_a_foreign_row, i15_an_injected_word_alters_no_context,
    i22_a_session_is_nobody_on_another_host, i23_i25_a_files_address_dies_with_the_right_to_read_it,
};
use page_walk::{
    i01_i02_no_page_tells_a_stranger_anything, i24_the_live_stream_names_nothing_foreign,
    no_page_opens_for_whom_it_is_not,
};
use rows::{
    i05_without_a_context_there_is_nothing, i09_no_row_moves_to_another_firm_or_account,
    i17_a_way_round_the_floor_keeps_portico_from_starting, i20_the_migrate_role_cannot_be_used_at_run_time,
};
use rpc_walk::{
    every_rpc_declares_its_resources, i01_i02_i30_no_rpc_tells_a_stranger_anything,
    nobody_gets_past_the_door_of_any_rpc,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["isolation":
        every_table_carries_the_floor_of_its_class,
        every_rpc_declares_its_resources,
        nobody_gets_past_the_door_of_any_rpc,
        no_page_opens_for_whom_it_is_not,
        i01_i02_i30_no_rpc_tells_a_stranger_anything,
        i01_i02_no_page_tells_a_stranger_anything,
        i03_lists_and_counts_leave_foreign_rows_out,
        i04_nothing_hidden_can_be_asked_about,
        i05_without_a_context_there_is_nothing,
        i06_a_token_that_is_not_whole_valid_and_ours_is_nobodys,
        i07_headers_that_name_a_firm_are_not_heard,
        i08_a_firms_id_in_the_body_is_not_believed,
        i09_no_row_moves_to_another_firm_or_account,
        i10_nothing_is_made_under_a_foreign_parent,
        i12_no_upsert_reaches_a_foreign_row,
        i15_an_injected_search_finds_nothing,
        i15_an_injected_word_alters_no_context,
        i17_a_way_round_the_floor_keeps_portico_from_starting,
        i18_i19_a_broken_floor_is_noticed,
        i20_the_migrate_role_cannot_be_used_at_run_time,
        i21_a_forged_event_goes_to_the_dead_letters,
        i22_a_session_is_nobody_on_another_host,
        i23_i25_a_files_address_dies_with_the_right_to_read_it,
        i24_the_live_stream_names_nothing_foreign,
        i28_nobody_raises_themselves,
        i30_cursors_and_keys_carry_nothing_of_another_account,
    ]
}
