//! What a client says of one row of a request: a file is taken back, or there is none.

use axum::{Form, extract::Path, response::Response};
use portico_proto::documents::v1::{DeclareMissingRequest, RemoveFileRequest};
use portico_rpc::problem_from;
use serde::Deserialize;
use tonic::Status;

use super::acted;
use crate::{ask::Ask, error::PageError};

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Said {
    #[serde(default)]
    text: String,
    #[serde(default)]
    version: String,
}

type Place = Path<(String, String)>;

pub(in crate::pages::portal) async fn remove(
    ask: Ask,
    Path((step, item)): Place,
    Form(said): Form<Said>,
) -> Result<Response, PageError> {
    let asked = RemoveFileRequest { item_id: item, version_id: said.version };
    let outcome = ask.documents().remove_file(asked).await.map(|answer| answer.into_inner().event);
    settled(&ask, &step, outcome).await
}

pub(in crate::pages::portal) async fn missing(
    ask: Ask,
    Path((step, item)): Place,
    Form(said): Form<Said>,
) -> Result<Response, PageError> {
    let asked = DeclareMissingRequest { item_id: item, explanation: said.text };
    let outcome = ask.documents().declare_missing(asked).await.map(|answer| answer.into_inner().event);
    settled(&ask, &step, outcome).await
}

async fn settled(ask: &Ask, step: &str, outcome: Result<String, Status>) -> Result<Response, PageError> {
    acted(ask, step, outcome.map_err(|status| problem_from(&status)), Vec::new()).await
}
