//! The RPCs of drop links: one line each here, one file each beside.

mod create_drop_link;
mod list_drop_links;
mod open_drop_link;
mod revoke_drop_link;
#[cfg(test)]
mod tests;

use portico_proto::documents::v1::{drops_server::Drops, *};
use tonic::Request;

use super::{Answer, Rpc};

#[tonic::async_trait]
impl Drops for Rpc {
    async fn create_drop_link(
        &self,
        request: Request<CreateDropLinkRequest>,
    ) -> Answer<CreateDropLinkResponse> {
        self.serve(request, create_drop_link::handle).await
    }

    async fn list_drop_links(&self, request: Request<ListDropLinksRequest>) -> Answer<ListDropLinksResponse> {
        self.serve(request, list_drop_links::handle).await
    }

    async fn revoke_drop_link(
        &self,
        request: Request<RevokeDropLinkRequest>,
    ) -> Answer<RevokeDropLinkResponse> {
        self.serve(request, revoke_drop_link::handle).await
    }

    async fn open_drop_link(&self, request: Request<OpenDropLinkRequest>) -> Answer<OpenDropLinkResponse> {
        self.serve(request, open_drop_link::handle).await
    }
}
