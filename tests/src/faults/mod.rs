//! What breaks: the database goes away, the program is killed, the disk is full, a line is cut. A journal keeps what was
//! acknowledged, and a checker counts it afterwards.

mod database;
mod files;
mod killed;
mod payment;
mod refund;
mod seal;
mod together;
mod upload;

use crate::{cases, harness::Case};

use database::the_database_goes_away_and_comes_back;
use files::{a_cut_upload_leaves_nothing_behind, a_full_disk_refuses_uploads_and_nothing_else};
use killed::killed_at_any_moment_nothing_acknowledged_is_lost_or_done_twice;
use payment::killed_in_mid_payment_it_is_paid_once;
use refund::killed_in_mid_refund_it_is_given_back_and_booked_once;
use seal::killed_in_mid_seal_a_contract_is_signed_once_or_not_at_all;
use together::two_processes_do_the_work_of_one;
use upload::killed_in_mid_upload_nothing_acknowledged_is_lost;

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["faults":
        the_database_goes_away_and_comes_back,
        killed_at_any_moment_nothing_acknowledged_is_lost_or_done_twice,
        a_full_disk_refuses_uploads_and_nothing_else,
        a_cut_upload_leaves_nothing_behind,
        two_processes_do_the_work_of_one,
        killed_in_mid_upload_nothing_acknowledged_is_lost,
        killed_in_mid_payment_it_is_paid_once,
        killed_in_mid_refund_it_is_given_back_and_booked_once,
        killed_in_mid_seal_a_contract_is_signed_once_or_not_at_all,
    ]
}
