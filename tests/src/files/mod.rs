//! Files: what a scanner says, how they travel, what they hold.

mod bucket;
mod library;
mod scanning;
mod uploads;

use crate::{cases, harness::Case};

use bucket::files_lie_in_a_bucket_from_the_first_byte_to_the_archive;
use library::{
    a_comment_is_written_answered_settled_and_taken_back, a_folder_is_made_shared_filled_and_read,
};
use scanning::{
    a_clean_file_opens_and_an_infected_one_never_does, over_tcp_a_large_file_says_that_nobody_scanned_it,
    while_the_scanner_is_away_files_wait_and_say_so,
};

use uploads::{
    a_foreign_client_speaks_the_same_protocol, an_upload_goes_on_through_the_edge_and_is_its_owners_alone,
    an_upload_that_is_not_wanted_is_refused_in_words,
};

/// All cases of this group.
pub(crate) fn cases() -> Vec<Case> {
    cases!["files":
        a_folder_is_made_shared_filled_and_read,
        a_comment_is_written_answered_settled_and_taken_back,
        files_lie_in_a_bucket_from_the_first_byte_to_the_archive,
        a_clean_file_opens_and_an_infected_one_never_does,
        over_tcp_a_large_file_says_that_nobody_scanned_it,
        while_the_scanner_is_away_files_wait_and_say_so,
        an_upload_goes_on_through_the_edge_and_is_its_owners_alone,
        an_upload_that_is_not_wanted_is_refused_in_words,
        a_foreign_client_speaks_the_same_protocol,
    ]
}
