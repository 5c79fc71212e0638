//! What people do in a real browser, against a whole Portico.

mod approvals;
mod axe;
mod every_page;
mod first_run;
mod form;
mod judge;
mod keyboard;
mod live;
mod page;
mod placing;
mod plan;
mod presence;
mod rare_pages;
mod resume;
mod signing;
mod upload;
mod view_only;
mod walk;
mod weight;

use crate::{cases, harness::Case};

use approvals::{
    b14_a_design_is_returned_with_a_place_drawn_on_its_page,
    b14_two_approve_nobody_twice_and_a_stand_in_for_another,
};
use every_page::{
    b08_every_page_passes_axe_in_both_themes_at_both_sizes,
    b09_every_page_fits_a_phone_is_enlarged_and_keeps_its_policy,
};
use first_run::b07_the_first_firm_is_set_up_and_its_administrator_signs_in;
use form::{
    b01_an_invited_client_lands_on_a_home_that_fits_a_phone,
    b01_the_questionnaire_saves_itself_survives_a_reload_and_is_handed_in_after_a_review,
};
use keyboard::{
    b10_a_client_does_everything_with_the_keyboard, b10_a_contract_is_signed_with_the_keyboard,
    b10_a_time_is_booked_and_a_plan_returned_with_the_keyboard,
    b10_single_keys_lead_about_until_they_are_turned_off,
};
use live::b02_what_staff_do_shows_in_the_open_page_without_a_reload;
use placing::b12_fields_are_placed_with_the_pointer_and_with_keys;
use plan::b15_a_plan_is_drawn_and_a_colleagues_page_goes_on_from_there;
use presence::b16_a_form_tells_who_else_is_filling_it_in;
use rare_pages::{
    b08_a_connected_calendar_passes_axe_and_fits_a_phone, b08_firms_of_any_colour_pass_axe_in_both_themes,
    b08_paying_unsubscribing_and_verdicts_pass_axe_and_fit_a_phone,
};
use resume::{
    b17_a_file_for_a_question_stays_in_the_draft, b17_a_file_goes_on_after_its_line_was_cut,
    b17_a_file_goes_on_in_another_tab, b17_a_file_on_its_way_is_stopped,
    b17_a_message_waits_for_its_files_and_says_how_they_were_checked,
};
use signing::b04_a_contract_is_signed_in_four_steps_and_only_with_both_sentences_ticked;
use upload::{
    b03_a_file_is_stopped_and_a_folder_comes_whole, b03_a_file_travels_by_itself_and_is_then_being_checked,
    b03_a_wrong_file_is_refused_at_its_row,
};
use view_only::b13_what_is_for_the_screen_only_is_read_out_and_not_copied;
use walk::{b05_the_console_loads_without_complaints, b05_the_portal_loads_without_complaints};
use weight::b11_a_cold_home_is_light_and_keeps_still;

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["browser":
        b01_an_invited_client_lands_on_a_home_that_fits_a_phone,
        b01_the_questionnaire_saves_itself_survives_a_reload_and_is_handed_in_after_a_review,
        b02_what_staff_do_shows_in_the_open_page_without_a_reload,
        b03_a_file_travels_by_itself_and_is_then_being_checked,
        b03_a_wrong_file_is_refused_at_its_row,
        b03_a_file_is_stopped_and_a_folder_comes_whole,
        b04_a_contract_is_signed_in_four_steps_and_only_with_both_sentences_ticked,
        b05_the_portal_loads_without_complaints,
        b05_the_console_loads_without_complaints,
        b07_the_first_firm_is_set_up_and_its_administrator_signs_in,
        b08_every_page_passes_axe_in_both_themes_at_both_sizes,
        b08_paying_unsubscribing_and_verdicts_pass_axe_and_fit_a_phone,
        b08_a_connected_calendar_passes_axe_and_fits_a_phone,
        b08_firms_of_any_colour_pass_axe_in_both_themes,
        b09_every_page_fits_a_phone_is_enlarged_and_keeps_its_policy,
        b10_a_client_does_everything_with_the_keyboard,
        b10_a_contract_is_signed_with_the_keyboard,
        b10_a_time_is_booked_and_a_plan_returned_with_the_keyboard,
        b10_single_keys_lead_about_until_they_are_turned_off,
        b11_a_cold_home_is_light_and_keeps_still,
        b12_fields_are_placed_with_the_pointer_and_with_keys,
        b13_what_is_for_the_screen_only_is_read_out_and_not_copied,
        b14_a_design_is_returned_with_a_place_drawn_on_its_page,
        b14_two_approve_nobody_twice_and_a_stand_in_for_another,
        b15_a_plan_is_drawn_and_a_colleagues_page_goes_on_from_there,
        b16_a_form_tells_who_else_is_filling_it_in,
        b17_a_file_goes_on_after_its_line_was_cut,
        b17_a_file_goes_on_in_another_tab,
        b17_a_file_on_its_way_is_stopped,
        b17_a_message_waits_for_its_files_and_says_how_they_were_checked,
        b17_a_file_for_a_question_stays_in_the_draft,
    ]
}
