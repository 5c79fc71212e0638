//! The RPCs: one line each here, one file each beside.

mod activate_dkim_key;
mod check_mail_domain;
pub(crate) mod confirm_mail_address;
mod count_unread;
mod create_dkim_key;
pub(crate) mod disconnect_mailbox;
mod get_mail;
mod get_mail_preferences;
mod get_mail_settings;
pub(crate) mod get_mailbox;
pub(crate) mod get_thread;
mod inspect_unsubscribe;
pub(crate) mod list_bounces;
mod list_dkim_keys;
mod list_mails;
mod list_notifications;
mod list_threads;
pub(crate) mod look_into_mailbox;
mod mailing;
pub(crate) mod make_intake_secret;
mod mark_notifications_read;
mod mark_page_seen;
mod mark_thread_read;
pub(crate) mod post_message;
mod resend_mail;
mod retire_dkim_key;
pub(crate) mod revoke_reply_addresses;
mod send_test_mail;
mod set_mail_preferences;
mod unsubscribe;
pub(crate) mod update_mail_settings;
pub(crate) mod update_mailbox;
mod watch;

use portico_core::Ctx;
use portico_proto::messaging::v1::{messaging_server::Messaging, *};
use portico_rpc::{Caller, Incoming, answer, ctx};
use tonic::{Request, Response, Status};

use crate::{
    error::MessagingError,
    live::Answers,
    service::{Service, SharedService},
};

/// The RPCs of the service.
pub(crate) struct Rpc(SharedService);

type Answer<R> = Result<Response<R>, Status>;

/// Who asks, together with the means to ask other services in their name.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) ctx: Ctx,
    pub(crate) caller: Caller,
}

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
        F: Future<Output = Result<R, MessagingError>>,
    {
        let ctx = ctx(&request)?;
        handle(&self.0, ctx, request.into_inner()).await.map(Response::new).map_err(answer)
    }

    /// Hands a request to a handler that asks other services in the caller's name.
    async fn serve_asker<'a, Q, R, F>(
        &'a self,
        request: Request<Q>,
        handle: impl FnOnce(&'a Service, Asker, Q) -> F,
    ) -> Answer<R>
    where
        F: Future<Output = Result<R, MessagingError>>,
    {
        let incoming = Incoming::of(request.extensions())?;
        let asker = Asker { ctx: incoming.ctx()?, caller: incoming.caller() };
        handle(&self.0, asker, request.into_inner()).await.map(Response::new).map_err(answer)
    }
}

#[tonic::async_trait]
impl Messaging for Rpc {
    type WatchStream = Answers;

    async fn get_thread(&self, request: Request<GetThreadRequest>) -> Answer<GetThreadResponse> {
        self.serve_asker(request, get_thread::handle).await
    }

    async fn post_message(&self, request: Request<PostMessageRequest>) -> Answer<PostMessageResponse> {
        self.serve_asker(request, post_message::handle).await
    }

    async fn mark_thread_read(
        &self,
        request: Request<MarkThreadReadRequest>,
    ) -> Answer<MarkThreadReadResponse> {
        self.serve_asker(request, mark_thread_read::handle).await
    }

    async fn list_threads(&self, request: Request<ListThreadsRequest>) -> Answer<ListThreadsResponse> {
        self.serve_asker(request, list_threads::handle).await
    }

    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Answer<ListNotificationsResponse> {
        self.serve(request, list_notifications::handle).await
    }

    async fn mark_notifications_read(
        &self,
        request: Request<MarkNotificationsReadRequest>,
    ) -> Answer<MarkNotificationsReadResponse> {
        self.serve(request, mark_notifications_read::handle).await
    }

    async fn count_unread(&self, request: Request<CountUnreadRequest>) -> Answer<CountUnreadResponse> {
        self.serve(request, count_unread::handle).await
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Answer<Self::WatchStream> {
        self.serve(request, watch::handle).await
    }

    async fn list_mails(&self, request: Request<ListMailsRequest>) -> Answer<ListMailsResponse> {
        self.serve(request, list_mails::handle).await
    }

    async fn get_mail(&self, request: Request<GetMailRequest>) -> Answer<GetMailResponse> {
        self.serve(request, get_mail::handle).await
    }

    async fn resend_mail(&self, request: Request<ResendMailRequest>) -> Answer<ResendMailResponse> {
        self.serve(request, resend_mail::handle).await
    }

    async fn send_test_mail(&self, request: Request<SendTestMailRequest>) -> Answer<SendTestMailResponse> {
        self.serve(request, send_test_mail::handle).await
    }
}
