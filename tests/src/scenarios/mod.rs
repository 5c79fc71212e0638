//! Whole stories, act by act, over the same RPCs and pages that people use. Names begin with the number of the story in the product's plan.

mod calendar;
mod conversation;
mod details;
mod deviations;
mod drops;
mod fit_out;
pub(crate) mod flow;
mod mail;
mod mail_back;
mod mail_fetched;
mod mail_html;
mod mail_signed;
mod money;
mod money_acts;
mod onboarding;
mod publishing;
mod requests;
mod sendings;
mod signing;
mod vendor;

use crate::{cases, harness::Case};

use calendar::what_is_busy_in_ones_own_calendar_is_not_offered;
use conversation::{
    s07_live_events_reach_those_they_are_for_and_nobody_else,
    s08_a_thread_is_shared_and_internal_notes_stay_with_staff,
    s11_the_audit_tells_who_did_what_and_the_client_sees_their_part,
};
use details::{
    s03_a_form_is_resumed_in_another_browser, s04_a_returned_row_reopens_alone,
    s10_the_client_reads_what_changed_and_why, s11_every_act_is_in_the_audit_with_its_address_and_object,
    s12_a_vendor_sees_the_state_live, s12_an_overdue_approval_is_escalated_once,
};
use deviations::{
    reminders_come_as_often_as_the_definition_says_and_a_restart_repeats_none,
    s10_staff_deviate_and_the_client_sees_the_consequence,
};
use drops::{a_stranger_hands_files_in_and_sees_nothing, a_strangers_large_file_goes_on_where_it_was_cut};
use fit_out::a_fit_out_goes_from_the_brief_to_the_keys;
use flow::{
    a_form_of_several_pages_is_filled_in_without_a_script,
    a_time_is_picked_from_the_hours_that_are_kept_moved_and_cancelled,
    i24_the_firms_rows_of_a_plan_never_reach_the_client,
};
use mail::{
    s02_a_forwarded_or_late_invitation_still_serves_its_owner,
    s02_a_mail_that_is_put_off_arrives_and_a_refused_one_is_seen,
    s02_an_invitation_travels_through_a_real_mail_server,
};
use mail_back::{
    a_bounce_is_seen_at_the_person_and_a_forged_one_is_refused,
    one_click_ends_one_kind_of_mail_and_a_scanner_ends_none,
};
use mail_fetched::a_bounce_in_the_firms_mailbox_is_seen_at_the_person;
use mail_html::every_kind_of_mail_is_sound_html_and_whole_as_text;
use mail_signed::{
    a_firms_mail_leaves_through_its_own_server_and_is_signed_by_its_own_key,
    a_wrong_password_is_said_in_words,
};
use money::an_estimate_becomes_an_invoice_that_is_paid;
use money_acts::{money_is_given_back_credited_used_and_given_up, the_demo_has_money_to_look_at};
use onboarding::{
    s01_a_signed_contract_starts_exactly_one_run, s02_contacts_are_invited_by_mail_and_land_on_their_home,
    s03_a_form_is_saved_validated_and_handed_in_once, s04_documents_are_uploaded_returned_and_accepted,
    s05_a_contract_is_signed_in_order, s06_one_time_is_booked_by_one_client,
    s09_the_manager_is_told_once_and_an_approval_is_for_one_version, s13_a_client_never_sees_the_fee,
};
use publishing::a_definition_published_while_runs_are_open_changes_new_runs_alone;
use requests::{one_request_goes_to_many_accounts_once, what_is_outstanding_is_listed_and_reminded_of};
use sendings::one_paper_goes_to_many_accounts_once_and_each_is_signed_on_its_own;
use signing::s05_after_a_time_out_in_mid_signing_one_stands_where_one_was;
use vendor::{
    i11_a_number_is_unique_within_its_account_only_and_vendors_see_their_own,
    s12_invoices_are_approved_by_threshold_and_paid,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["scenarios":
        a_stranger_hands_files_in_and_sees_nothing,
        a_strangers_large_file_goes_on_where_it_was_cut,
        what_is_busy_in_ones_own_calendar_is_not_offered,
        one_request_goes_to_many_accounts_once,
        what_is_outstanding_is_listed_and_reminded_of,
        one_paper_goes_to_many_accounts_once_and_each_is_signed_on_its_own,
        s01_a_signed_contract_starts_exactly_one_run,
        s02_contacts_are_invited_by_mail_and_land_on_their_home,
        s02_a_forwarded_or_late_invitation_still_serves_its_owner,
        s02_a_mail_that_is_put_off_arrives_and_a_refused_one_is_seen,
        s02_an_invitation_travels_through_a_real_mail_server,
        a_firms_mail_leaves_through_its_own_server_and_is_signed_by_its_own_key,
        a_wrong_password_is_said_in_words,
        a_bounce_is_seen_at_the_person_and_a_forged_one_is_refused,
        a_bounce_in_the_firms_mailbox_is_seen_at_the_person,
        one_click_ends_one_kind_of_mail_and_a_scanner_ends_none,
        every_kind_of_mail_is_sound_html_and_whole_as_text,
        s03_a_form_is_resumed_in_another_browser,
        s03_a_form_is_saved_validated_and_handed_in_once,
        s04_a_returned_row_reopens_alone,
        s04_documents_are_uploaded_returned_and_accepted,
        s05_a_contract_is_signed_in_order,
        s05_after_a_time_out_in_mid_signing_one_stands_where_one_was,
        s06_one_time_is_booked_by_one_client,
        s07_live_events_reach_those_they_are_for_and_nobody_else,
        s08_a_thread_is_shared_and_internal_notes_stay_with_staff,
        s09_the_manager_is_told_once_and_an_approval_is_for_one_version,
        s10_staff_deviate_and_the_client_sees_the_consequence,
        s10_the_client_reads_what_changed_and_why,
        s11_every_act_is_in_the_audit_with_its_address_and_object,
        s11_the_audit_tells_who_did_what_and_the_client_sees_their_part,
        s12_invoices_are_approved_by_threshold_and_paid,
        a_fit_out_goes_from_the_brief_to_the_keys,
        s12_a_vendor_sees_the_state_live,
        s12_an_overdue_approval_is_escalated_once,
        a_form_of_several_pages_is_filled_in_without_a_script,
        a_time_is_picked_from_the_hours_that_are_kept_moved_and_cancelled,
        i24_the_firms_rows_of_a_plan_never_reach_the_client,
        a_definition_published_while_runs_are_open_changes_new_runs_alone,
        s13_a_client_never_sees_the_fee,
        reminders_come_as_often_as_the_definition_says_and_a_restart_repeats_none,
        i11_a_number_is_unique_within_its_account_only_and_vendors_see_their_own,
        an_estimate_becomes_an_invoice_that_is_paid,
        money_is_given_back_credited_used_and_given_up,
        the_demo_has_money_to_look_at,
    ]
}
