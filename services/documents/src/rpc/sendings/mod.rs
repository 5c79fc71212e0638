//! The RPCs of papers that are sent to many accounts: one line each here, one file each beside.

mod get_sending;
mod list_sendings;
mod prepare_sending;
mod reach;
mod send_paper;
#[cfg(test)]
mod tests;

use portico_proto::documents::v1::{paper_sendings_server::PaperSendings, *};
use tonic::Request;

use super::{Answer, Rpc};

#[tonic::async_trait]
impl PaperSendings for Rpc {
    async fn prepare_sending(
        &self,
        request: Request<PrepareSendingRequest>,
    ) -> Answer<PrepareSendingResponse> {
        self.serve(request, prepare_sending::handle).await
    }

    async fn send_paper(&self, request: Request<SendPaperRequest>) -> Answer<SendPaperResponse> {
        self.serve(request, send_paper::handle).await
    }

    async fn list_sendings(&self, request: Request<ListSendingsRequest>) -> Answer<ListSendingsResponse> {
        self.serve(request, list_sendings::handle).await
    }

    async fn get_sending(&self, request: Request<GetSendingRequest>) -> Answer<GetSendingResponse> {
        self.serve(request, get_sending::handle).await
    }
}
