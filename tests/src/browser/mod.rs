//! What people do in a real browser, against a whole Portico.

mod first_run;
mod form;
mod live;
mod page;
mod signing;
mod upload;
mod walk;

use crate::{cases, harness::Case};

use first_run::b07_the_first_firm_is_set_up_and_its_administrator_signs_in;
use form::{
    b01_an_invited_client_lands_on_a_home_that_fits_a_phone,
    b01_the_questionnaire_saves_itself_survives_a_reload_and_is_handed_in_after_a_review,
};
use live::b02_what_staff_do_shows_in_the_open_page_without_a_reload;
use signing::b04_a_contract_is_signed_in_four_steps_and_only_with_both_sentences_ticked;
use upload::{
    b03_a_file_travels_by_itself_and_is_then_being_checked, b03_a_wrong_file_is_refused_at_its_row,
};
use walk::{b05_the_console_loads_without_complaints, b05_the_portal_loads_without_complaints};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["browser":
        b01_an_invited_client_lands_on_a_home_that_fits_a_phone,
        b01_the_questionnaire_saves_itself_survives_a_reload_and_is_handed_in_after_a_review,
        b02_what_staff_do_shows_in_the_open_page_without_a_reload,
        b03_a_file_travels_by_itself_and_is_then_being_checked,
        b03_a_wrong_file_is_refused_at_its_row,
        b04_a_contract_is_signed_in_four_steps_and_only_with_both_sentences_ticked,
        b05_the_portal_loads_without_complaints,
        b05_the_console_loads_without_complaints,
        b07_the_first_firm_is_set_up_and_its_administrator_signs_in,
    ]
}
