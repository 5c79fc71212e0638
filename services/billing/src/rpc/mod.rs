//! The RPCs: one line each here, one file each beside.

mod allocate_credit;
mod convert_estimate;
mod create_draft;
mod credit_invoice;
mod decide_estimate;
mod discard_draft;
mod get_buyer;
mod get_document;
mod get_payment;
mod get_statement;
mod get_status;
mod get_trial_balance;
mod issue_invoice;
mod list_credits;
mod list_documents;
mod list_legal_entities;
mod record_payment;
mod refund_credit;
mod revise_estimate;
mod send_estimate;
mod set_buyer;
mod set_legal_entity;
mod start_payment;
mod update_draft;
mod write_off_invoice;

use portico_proto::billing::v1::{billing_server::Billing, *};
use portico_rpc::{Incoming, answer};
use tonic::{Request, Response, Status};

use crate::{
    error::BillingError,
    service::{Call, Service, SharedService},
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
        handle: impl FnOnce(&'a Service, Call, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, BillingError>>,
    {
        let call = Call::of(Incoming::of(request.extensions())?)?;
        handle(&self.0, call, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

#[tonic::async_trait]
impl Billing for Rpc {
    async fn get_status(&self, request: Request<GetStatusRequest>) -> Answer<GetStatusResponse> {
        self.serve(request, get_status::handle).await
    }

    async fn list_legal_entities(
        &self,
        request: Request<ListLegalEntitiesRequest>,
    ) -> Answer<ListLegalEntitiesResponse> {
        self.serve(request, list_legal_entities::handle).await
    }

    async fn set_legal_entity(
        &self,
        request: Request<SetLegalEntityRequest>,
    ) -> Answer<SetLegalEntityResponse> {
        self.serve(request, set_legal_entity::handle).await
    }

    async fn get_buyer(&self, request: Request<GetBuyerRequest>) -> Answer<GetBuyerResponse> {
        self.serve(request, get_buyer::handle).await
    }

    async fn set_buyer(&self, request: Request<SetBuyerRequest>) -> Answer<SetBuyerResponse> {
        self.serve(request, set_buyer::handle).await
    }

    async fn create_draft(&self, request: Request<CreateDraftRequest>) -> Answer<CreateDraftResponse> {
        self.serve(request, create_draft::handle).await
    }

    async fn update_draft(&self, request: Request<UpdateDraftRequest>) -> Answer<UpdateDraftResponse> {
        self.serve(request, update_draft::handle).await
    }

    async fn discard_draft(&self, request: Request<DiscardDraftRequest>) -> Answer<DiscardDraftResponse> {
        self.serve(request, discard_draft::handle).await
    }

    async fn send_estimate(&self, request: Request<SendEstimateRequest>) -> Answer<SendEstimateResponse> {
        self.serve(request, send_estimate::handle).await
    }

    async fn revise_estimate(
        &self,
        request: Request<ReviseEstimateRequest>,
    ) -> Answer<ReviseEstimateResponse> {
        self.serve(request, revise_estimate::handle).await
    }

    async fn accept_estimate(
        &self,
        request: Request<AcceptEstimateRequest>,
    ) -> Answer<AcceptEstimateResponse> {
        self.serve(request, decide_estimate::accept).await
    }

    async fn decline_estimate(
        &self,
        request: Request<DeclineEstimateRequest>,
    ) -> Answer<DeclineEstimateResponse> {
        self.serve(request, decide_estimate::decline).await
    }

    async fn convert_estimate(
        &self,
        request: Request<ConvertEstimateRequest>,
    ) -> Answer<ConvertEstimateResponse> {
        self.serve(request, convert_estimate::handle).await
    }

    async fn issue_invoice(&self, request: Request<IssueInvoiceRequest>) -> Answer<IssueInvoiceResponse> {
        self.serve(request, issue_invoice::handle).await
    }

    async fn credit_invoice(&self, request: Request<CreditInvoiceRequest>) -> Answer<CreditInvoiceResponse> {
        self.serve(request, credit_invoice::handle).await
    }

    async fn get_document(&self, request: Request<GetDocumentRequest>) -> Answer<GetDocumentResponse> {
        self.serve(request, get_document::handle).await
    }

    async fn list_documents(&self, request: Request<ListDocumentsRequest>) -> Answer<ListDocumentsResponse> {
        self.serve(request, list_documents::handle).await
    }

    async fn record_payment(&self, request: Request<RecordPaymentRequest>) -> Answer<RecordPaymentResponse> {
        self.serve(request, record_payment::handle).await
    }

    async fn allocate_credit(
        &self,
        request: Request<AllocateCreditRequest>,
    ) -> Answer<AllocateCreditResponse> {
        self.serve(request, allocate_credit::handle).await
    }

    async fn refund_credit(&self, request: Request<RefundCreditRequest>) -> Answer<RefundCreditResponse> {
        self.serve(request, refund_credit::handle).await
    }

    async fn write_off_invoice(
        &self,
        request: Request<WriteOffInvoiceRequest>,
    ) -> Answer<WriteOffInvoiceResponse> {
        self.serve(request, write_off_invoice::handle).await
    }

    async fn get_payment(&self, request: Request<GetPaymentRequest>) -> Answer<GetPaymentResponse> {
        self.serve(request, get_payment::handle).await
    }

    async fn list_credits(&self, request: Request<ListCreditsRequest>) -> Answer<ListCreditsResponse> {
        self.serve(request, list_credits::handle).await
    }

    async fn get_statement(&self, request: Request<GetStatementRequest>) -> Answer<GetStatementResponse> {
        self.serve(request, get_statement::handle).await
    }

    async fn get_trial_balance(
        &self,
        request: Request<GetTrialBalanceRequest>,
    ) -> Answer<GetTrialBalanceResponse> {
        self.serve(request, get_trial_balance::handle).await
    }

    async fn start_payment(&self, request: Request<StartPaymentRequest>) -> Answer<StartPaymentResponse> {
        self.serve(request, start_payment::handle).await
    }
}
