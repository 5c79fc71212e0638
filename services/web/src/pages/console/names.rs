//! Names for the ids that services answer: pages never show an id in place of a name.

use std::collections::HashMap;

use portico_proto::identity::v1::{BatchGetPeopleRequest, Person};
use tonic::Status;

use crate::ask::Ask;

/// The most ids that are asked for at once.
const BATCH: usize = 500;

/// The people of these ids; those who are not there are left out.
pub(super) async fn people(
    ask: &Ask,
    ids: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, Person>, Status> {
    let mut ids: Vec<String> = ids.into_iter().filter(|id| !id.is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for batch in ids.chunks(BATCH) {
        let asked = BatchGetPeopleRequest { person_ids: batch.to_vec() };
        let answer = ask.identity().batch_get_people(asked).await?.into_inner();
        found.extend(answer.people.into_iter().map(|person| (person.id.clone(), person)));
    }
    Ok(found)
}
