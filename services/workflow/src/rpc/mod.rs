//! The RPCs: one line each here, one file each beside.

pub(crate) mod add_task;
pub(crate) mod authorize_step;
pub(crate) mod batch_get_records;
pub(crate) mod book_time;
#[cfg(test)]
mod calendar_tests;
pub(crate) mod cancel_meeting;
pub(crate) mod cancel_run;
mod change;
pub(crate) mod check_definition;
mod chosen_time;
pub(crate) mod complete_task;
pub(crate) mod connect_calendar;
pub(crate) mod create_record;
pub(crate) mod decide_approval;
pub(crate) mod decline_step;
#[cfg(test)]
mod delegation_tests;
pub(crate) mod disconnect_calendar;
pub(crate) mod edit_form;
pub(crate) mod end_delegation;
#[cfg(test)]
mod event_tests;
mod fill;
mod form_files;
#[cfg(test)]
mod form_tests;
pub(crate) mod get_availability;
pub(crate) mod get_calendar;
pub(crate) mod get_form;
pub(crate) mod get_meeting;
pub(crate) mod get_record;
pub(crate) mod get_run;
pub(crate) mod get_step;
pub(crate) mod list_attention;
pub(crate) mod list_blocked;
#[cfg(test)]
mod list_costs;
pub(crate) mod list_delegations;
pub(crate) mod list_outstanding;
pub(crate) mod list_readers;
pub(crate) mod list_records;
pub(crate) mod list_runs;
mod list_steered_runs;
mod meeting_mail;
#[cfg(test)]
mod meeting_tests;
pub(crate) mod move_due_date;
pub(crate) mod move_meeting;
pub(crate) mod offer_times;
mod open_times;
pub(crate) mod pause_run;
mod prefill;
pub(crate) mod reassign_step;
pub(crate) mod remind_clients;
pub(crate) mod request_documents;
pub(crate) mod resume_run;
pub(crate) mod save_draft;
pub(crate) mod set_availability;
pub(crate) mod set_delegation;
#[cfg(test)]
mod strangers;
pub(crate) mod submit_form;
pub(crate) mod transition_record;
pub(crate) mod update_record;
pub(crate) mod waive_step;

use portico_core::Ctx;
use portico_proto::workflow::v1::{workflow_server::Workflow, *};
use portico_rpc::{answer, ctx};
use tonic::{Request, Response, Status};

use crate::{
    error::WorkflowError,
    service::{Service, SharedService},
};

/// The RPCs of the service.
pub(crate) struct Rpc(SharedService);

type Answer<R> = Result<Response<R>, Status>;

impl Rpc {
    pub(crate) fn new(service: SharedService) -> Self {
        Self(service)
    }

    /// Hands a request with its caller's context to its handler.
    async fn serve<'a, Q, R, F>(
        &'a self,
        request: Request<Q>,
        handle: impl FnOnce(&'a Service, Ctx, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, WorkflowError>>,
    {
        let ctx = ctx(&request)?;
        handle(&self.0, ctx, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

#[tonic::async_trait]
impl Workflow for Rpc {
    async fn create_record(&self, request: Request<CreateRecordRequest>) -> Answer<CreateRecordResponse> {
        self.serve(request, create_record::handle).await
    }

    async fn batch_get_records(
        &self,
        request: Request<BatchGetRecordsRequest>,
    ) -> Answer<BatchGetRecordsResponse> {
        self.serve(request, batch_get_records::handle).await
    }

    async fn get_record(&self, request: Request<GetRecordRequest>) -> Answer<GetRecordResponse> {
        self.serve(request, get_record::handle).await
    }

    async fn list_readers(&self, request: Request<ListReadersRequest>) -> Answer<ListReadersResponse> {
        self.serve(request, list_readers::handle).await
    }

    async fn list_records(&self, request: Request<ListRecordsRequest>) -> Answer<ListRecordsResponse> {
        self.serve(request, list_records::handle).await
    }

    async fn update_record(&self, request: Request<UpdateRecordRequest>) -> Answer<UpdateRecordResponse> {
        self.serve(request, update_record::handle).await
    }

    async fn transition_record(
        &self,
        request: Request<TransitionRecordRequest>,
    ) -> Answer<TransitionRecordResponse> {
        self.serve(request, transition_record::handle).await
    }

    async fn list_runs(&self, request: Request<ListRunsRequest>) -> Answer<ListRunsResponse> {
        self.serve(request, list_runs::handle).await
    }

    async fn get_run(&self, request: Request<GetRunRequest>) -> Answer<GetRunResponse> {
        self.serve(request, get_run::handle).await
    }

    async fn get_step(&self, request: Request<GetStepRequest>) -> Answer<GetStepResponse> {
        self.serve(request, get_step::handle).await
    }

    async fn authorize_step(&self, request: Request<AuthorizeStepRequest>) -> Answer<AuthorizeStepResponse> {
        self.serve(request, authorize_step::handle).await
    }

    async fn list_attention(&self, request: Request<ListAttentionRequest>) -> Answer<ListAttentionResponse> {
        self.serve(request, list_attention::handle).await
    }

    async fn list_blocked(&self, request: Request<ListBlockedRequest>) -> Answer<ListBlockedResponse> {
        self.serve(request, list_blocked::handle).await
    }

    async fn list_outstanding(
        &self,
        request: Request<ListOutstandingRequest>,
    ) -> Answer<ListOutstandingResponse> {
        self.serve(request, list_outstanding::handle).await
    }

    async fn remind_clients(&self, request: Request<RemindClientsRequest>) -> Answer<RemindClientsResponse> {
        self.serve(request, remind_clients::handle).await
    }

    async fn complete_task(&self, request: Request<CompleteTaskRequest>) -> Answer<CompleteTaskResponse> {
        self.serve(request, complete_task::handle).await
    }

    async fn decide_approval(
        &self,
        request: Request<DecideApprovalRequest>,
    ) -> Answer<DecideApprovalResponse> {
        self.serve(request, decide_approval::handle).await
    }

    async fn set_delegation(&self, request: Request<SetDelegationRequest>) -> Answer<SetDelegationResponse> {
        self.serve(request, set_delegation::handle).await
    }

    async fn end_delegation(&self, request: Request<EndDelegationRequest>) -> Answer<EndDelegationResponse> {
        self.serve(request, end_delegation::handle).await
    }

    async fn list_delegations(
        &self,
        request: Request<ListDelegationsRequest>,
    ) -> Answer<ListDelegationsResponse> {
        self.serve(request, list_delegations::handle).await
    }

    async fn decline_step(&self, request: Request<DeclineStepRequest>) -> Answer<DeclineStepResponse> {
        self.serve(request, decline_step::handle).await
    }

    async fn waive_step(&self, request: Request<WaiveStepRequest>) -> Answer<WaiveStepResponse> {
        self.serve(request, waive_step::handle).await
    }

    async fn move_due_date(&self, request: Request<MoveDueDateRequest>) -> Answer<MoveDueDateResponse> {
        self.serve(request, move_due_date::handle).await
    }

    async fn reassign_step(&self, request: Request<ReassignStepRequest>) -> Answer<ReassignStepResponse> {
        self.serve(request, reassign_step::handle).await
    }

    async fn add_task(&self, request: Request<AddTaskRequest>) -> Answer<AddTaskResponse> {
        self.serve(request, add_task::handle).await
    }

    async fn request_documents(
        &self,
        request: Request<RequestDocumentsRequest>,
    ) -> Answer<RequestDocumentsResponse> {
        self.serve(request, request_documents::handle).await
    }

    async fn list_steered_runs(
        &self,
        request: Request<ListSteeredRunsRequest>,
    ) -> Answer<ListSteeredRunsResponse> {
        self.serve(request, list_steered_runs::handle).await
    }

    async fn pause_run(&self, request: Request<PauseRunRequest>) -> Answer<PauseRunResponse> {
        self.serve(request, pause_run::handle).await
    }

    async fn resume_run(&self, request: Request<ResumeRunRequest>) -> Answer<ResumeRunResponse> {
        self.serve(request, resume_run::handle).await
    }

    async fn cancel_run(&self, request: Request<CancelRunRequest>) -> Answer<CancelRunResponse> {
        self.serve(request, cancel_run::handle).await
    }

    async fn get_form(&self, request: Request<GetFormRequest>) -> Answer<GetFormResponse> {
        self.serve(request, get_form::handle).await
    }

    async fn save_draft(&self, request: Request<SaveDraftRequest>) -> Answer<SaveDraftResponse> {
        self.serve(request, save_draft::handle).await
    }

    async fn edit_form(&self, request: Request<EditFormRequest>) -> Answer<EditFormResponse> {
        self.serve(request, edit_form::handle).await
    }

    async fn submit_form(&self, request: Request<SubmitFormRequest>) -> Answer<SubmitFormResponse> {
        self.serve(request, submit_form::handle).await
    }

    async fn get_meeting(&self, request: Request<GetMeetingRequest>) -> Answer<GetMeetingResponse> {
        self.serve(request, get_meeting::handle).await
    }

    async fn offer_times(&self, request: Request<OfferTimesRequest>) -> Answer<OfferTimesResponse> {
        self.serve(request, offer_times::handle).await
    }

    async fn book_time(&self, request: Request<BookTimeRequest>) -> Answer<BookTimeResponse> {
        self.serve(request, book_time::handle).await
    }

    async fn move_meeting(&self, request: Request<MoveMeetingRequest>) -> Answer<MoveMeetingResponse> {
        self.serve(request, move_meeting::handle).await
    }

    async fn cancel_meeting(&self, request: Request<CancelMeetingRequest>) -> Answer<CancelMeetingResponse> {
        self.serve(request, cancel_meeting::handle).await
    }

    async fn get_availability(
        &self,
        request: Request<GetAvailabilityRequest>,
    ) -> Answer<GetAvailabilityResponse> {
        self.serve(request, get_availability::handle).await
    }

    async fn set_availability(
        &self,
        request: Request<SetAvailabilityRequest>,
    ) -> Answer<SetAvailabilityResponse> {
        self.serve(request, set_availability::handle).await
    }

    async fn get_calendar(&self, request: Request<GetCalendarRequest>) -> Answer<GetCalendarResponse> {
        self.serve(request, get_calendar::handle).await
    }

    async fn connect_calendar(
        &self,
        request: Request<ConnectCalendarRequest>,
    ) -> Answer<ConnectCalendarResponse> {
        self.serve(request, connect_calendar::handle).await
    }

    async fn disconnect_calendar(
        &self,
        request: Request<DisconnectCalendarRequest>,
    ) -> Answer<DisconnectCalendarResponse> {
        self.serve(request, disconnect_calendar::handle).await
    }

    async fn check_definition(
        &self,
        request: Request<CheckDefinitionRequest>,
    ) -> Answer<CheckDefinitionResponse> {
        self.serve(request, check_definition::handle).await
    }
}
