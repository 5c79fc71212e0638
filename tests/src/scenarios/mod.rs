//! Whole stories, act by act, over the same RPCs and pages that people use. Names begin with the number of the story in the product's plan.

mod conversation;
mod deviations;
mod onboarding;
mod vendor;

use crate::{cases, harness::Case};

use conversation::{
    s07_live_events_reach_those_they_are_for_and_nobody_else,
    s08_a_thread_is_shared_and_internal_notes_stay_with_staff,
    s11_the_audit_tells_who_did_what_and_the_client_sees_their_part,
};
use deviations::{
    reminders_come_as_often_as_the_definition_says_and_a_restart_repeats_none,
    s10_staff_deviate_and_the_client_sees_the_consequence,
};
use onboarding::{
    s01_a_signed_contract_starts_exactly_one_run, s02_contacts_are_invited_by_mail_and_land_on_their_home,
    s03_a_form_is_saved_validated_and_handed_in_once, s04_documents_are_uploaded_returned_and_accepted,
    s05_a_contract_is_signed_in_order, s06_one_time_is_booked_by_one_client,
    s09_the_manager_is_told_once_and_an_approval_is_for_one_version, s13_a_client_never_sees_the_fee,
};
use vendor::{
    i11_a_number_is_unique_within_its_account_only_and_vendors_see_their_own,
    s12_invoices_are_approved_by_threshold_and_paid,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["scenarios":
        s01_a_signed_contract_starts_exactly_one_run,
        s02_contacts_are_invited_by_mail_and_land_on_their_home,
        s03_a_form_is_saved_validated_and_handed_in_once,
        s04_documents_are_uploaded_returned_and_accepted,
        s05_a_contract_is_signed_in_order,
        s06_one_time_is_booked_by_one_client,
        s07_live_events_reach_those_they_are_for_and_nobody_else,
        s08_a_thread_is_shared_and_internal_notes_stay_with_staff,
        s09_the_manager_is_told_once_and_an_approval_is_for_one_version,
        s10_staff_deviate_and_the_client_sees_the_consequence,
        s11_the_audit_tells_who_did_what_and_the_client_sees_their_part,
        s12_invoices_are_approved_by_threshold_and_paid,
        s13_a_client_never_sees_the_fee,
        reminders_come_as_often_as_the_definition_says_and_a_restart_repeats_none,
        i11_a_number_is_unique_within_its_account_only_and_vendors_see_their_own,
    ]
}
