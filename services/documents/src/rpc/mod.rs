//! The RPCs: one line each here, one file each beside.

mod accept_item;
mod bind_document;
mod check_definition;
mod comments;
mod declare_missing;
mod decline_envelope;
mod delegate_signing;
mod drops;
mod extend_signing;
mod get_deliverable;
mod get_document;
mod get_envelope;
mod get_page_text;
mod get_request;
mod library;
mod list_documents;
mod list_envelope_events;
mod list_fields;
mod list_templates;
mod paper_templates;
mod place_fields;
mod remind_signer;
mod remove_file;
mod request_templates;
mod return_item;
mod sendings;
mod sign_envelope;
mod signing_draft;

use portico_proto::documents::v1::{documents_server::Documents, *};
use portico_rpc::{Incoming, answer};
use tonic::{Request, Response, Status};

use crate::{
    error::DocumentsError,
    service::{Call, SharedService},
};

/// The RPCs of the service.
pub(crate) struct Rpc(SharedService);

type Answer<R> = Result<Response<R>, Status>;

impl Rpc {
    pub(crate) fn new(service: SharedService) -> Self {
        Self(service)
    }

    /// Hands a request with its caller to its handler.
    async fn serve<'a, Q, R, F>(
        &'a self,
        request: Request<Q>,
        handle: impl FnOnce(&'a SharedService, Call, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, DocumentsError>>,
    {
        let call = Call::of(Incoming::of(request.extensions())?)?;
        handle(&self.0, call, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

#[tonic::async_trait]
impl Documents for Rpc {
    async fn get_request(&self, request: Request<GetRequestRequest>) -> Answer<GetRequestResponse> {
        self.serve(request, get_request::handle).await
    }

    async fn accept_item(&self, request: Request<AcceptItemRequest>) -> Answer<AcceptItemResponse> {
        self.serve(request, accept_item::handle).await
    }

    async fn return_item(&self, request: Request<ReturnItemRequest>) -> Answer<ReturnItemResponse> {
        self.serve(request, return_item::handle).await
    }

    async fn declare_missing(
        &self,
        request: Request<DeclareMissingRequest>,
    ) -> Answer<DeclareMissingResponse> {
        self.serve(request, declare_missing::handle).await
    }

    async fn remove_file(&self, request: Request<RemoveFileRequest>) -> Answer<RemoveFileResponse> {
        self.serve(request, remove_file::handle).await
    }

    async fn get_deliverable(
        &self,
        request: Request<GetDeliverableRequest>,
    ) -> Answer<GetDeliverableResponse> {
        self.serve(request, get_deliverable::handle).await
    }

    async fn get_document(&self, request: Request<GetDocumentRequest>) -> Answer<GetDocumentResponse> {
        self.serve(request, get_document::handle).await
    }

    async fn list_documents(&self, request: Request<ListDocumentsRequest>) -> Answer<ListDocumentsResponse> {
        self.serve(request, list_documents::handle).await
    }

    async fn bind_document(&self, request: Request<BindDocumentRequest>) -> Answer<BindDocumentResponse> {
        self.serve(request, bind_document::handle).await
    }

    async fn get_envelope(&self, request: Request<GetEnvelopeRequest>) -> Answer<GetEnvelopeResponse> {
        self.serve(request, get_envelope::handle).await
    }

    async fn get_page_text(&self, request: Request<GetPageTextRequest>) -> Answer<GetPageTextResponse> {
        self.serve(request, get_page_text::handle).await
    }

    async fn sign_envelope(&self, request: Request<SignEnvelopeRequest>) -> Answer<SignEnvelopeResponse> {
        self.serve(request, sign_envelope::handle).await
    }

    async fn save_signing_draft(
        &self,
        request: Request<SaveSigningDraftRequest>,
    ) -> Answer<SaveSigningDraftResponse> {
        self.serve(request, signing_draft::save_signing_draft::handle).await
    }

    async fn get_signing_draft(
        &self,
        request: Request<GetSigningDraftRequest>,
    ) -> Answer<GetSigningDraftResponse> {
        self.serve(request, signing_draft::get_signing_draft::handle).await
    }

    async fn decline_envelope(
        &self,
        request: Request<DeclineEnvelopeRequest>,
    ) -> Answer<DeclineEnvelopeResponse> {
        self.serve(request, decline_envelope::handle).await
    }

    async fn delegate_signing(
        &self,
        request: Request<DelegateSigningRequest>,
    ) -> Answer<DelegateSigningResponse> {
        self.serve(request, delegate_signing::handle).await
    }

    async fn extend_signing(&self, request: Request<ExtendSigningRequest>) -> Answer<ExtendSigningResponse> {
        self.serve(request, extend_signing::handle).await
    }

    async fn remind_signer(&self, request: Request<RemindSignerRequest>) -> Answer<RemindSignerResponse> {
        self.serve(request, remind_signer::handle).await
    }

    async fn list_envelope_events(
        &self,
        request: Request<ListEnvelopeEventsRequest>,
    ) -> Answer<ListEnvelopeEventsResponse> {
        self.serve(request, list_envelope_events::handle).await
    }

    async fn list_fields(&self, request: Request<ListFieldsRequest>) -> Answer<ListFieldsResponse> {
        self.serve(request, list_fields::handle).await
    }

    async fn place_fields(&self, request: Request<PlaceFieldsRequest>) -> Answer<PlaceFieldsResponse> {
        self.serve(request, place_fields::handle).await
    }

    async fn list_templates(&self, request: Request<ListTemplatesRequest>) -> Answer<ListTemplatesResponse> {
        self.serve(request, list_templates::handle).await
    }

    async fn check_definition(
        &self,
        request: Request<CheckDefinitionRequest>,
    ) -> Answer<CheckDefinitionResponse> {
        self.serve(request, check_definition::handle).await
    }
}
