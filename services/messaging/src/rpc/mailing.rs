//! The RPCs of how mail leaves: one line each here, one file each beside.

use portico_proto::messaging::v1::{mailing_server::Mailing, *};
use tonic::Request;

use super::{
    Answer, Rpc, activate_dkim_key, check_mail_domain, confirm_mail_address, create_dkim_key,
    disconnect_mailbox, get_mail_preferences, get_mail_settings, get_mailbox, inspect_unsubscribe,
    list_bounces, list_dkim_keys, look_into_mailbox, make_intake_secret, mark_page_seen, retire_dkim_key,
    revoke_reply_addresses, set_mail_preferences, unsubscribe, update_mail_settings, update_mailbox,
};

#[tonic::async_trait]
impl Mailing for Rpc {
    async fn get_mail_settings(
        &self,
        request: Request<GetMailSettingsRequest>,
    ) -> Answer<GetMailSettingsResponse> {
        self.serve(request, get_mail_settings::handle).await
    }

    async fn update_mail_settings(
        &self,
        request: Request<UpdateMailSettingsRequest>,
    ) -> Answer<UpdateMailSettingsResponse> {
        self.serve(request, update_mail_settings::handle).await
    }

    async fn list_dkim_keys(&self, request: Request<ListDkimKeysRequest>) -> Answer<ListDkimKeysResponse> {
        self.serve(request, list_dkim_keys::handle).await
    }

    async fn create_dkim_key(&self, request: Request<CreateDkimKeyRequest>) -> Answer<CreateDkimKeyResponse> {
        self.serve(request, create_dkim_key::handle).await
    }

    async fn activate_dkim_key(
        &self,
        request: Request<ActivateDkimKeyRequest>,
    ) -> Answer<ActivateDkimKeyResponse> {
        self.serve(request, activate_dkim_key::handle).await
    }

    async fn retire_dkim_key(&self, request: Request<RetireDkimKeyRequest>) -> Answer<RetireDkimKeyResponse> {
        self.serve(request, retire_dkim_key::handle).await
    }

    async fn check_mail_domain(
        &self,
        request: Request<CheckMailDomainRequest>,
    ) -> Answer<CheckMailDomainResponse> {
        self.serve(request, check_mail_domain::handle).await
    }

    async fn get_mail_preferences(
        &self,
        request: Request<GetMailPreferencesRequest>,
    ) -> Answer<GetMailPreferencesResponse> {
        self.serve(request, get_mail_preferences::handle).await
    }

    async fn set_mail_preferences(
        &self,
        request: Request<SetMailPreferencesRequest>,
    ) -> Answer<SetMailPreferencesResponse> {
        self.serve(request, set_mail_preferences::handle).await
    }

    async fn inspect_unsubscribe(
        &self,
        request: Request<InspectUnsubscribeRequest>,
    ) -> Answer<InspectUnsubscribeResponse> {
        self.serve(request, inspect_unsubscribe::handle).await
    }

    async fn unsubscribe(&self, request: Request<UnsubscribeRequest>) -> Answer<UnsubscribeResponse> {
        self.serve(request, unsubscribe::handle).await
    }

    async fn mark_page_seen(&self, request: Request<MarkPageSeenRequest>) -> Answer<MarkPageSeenResponse> {
        self.serve(request, mark_page_seen::handle).await
    }

    async fn make_intake_secret(
        &self,
        request: Request<MakeIntakeSecretRequest>,
    ) -> Answer<MakeIntakeSecretResponse> {
        self.serve(request, make_intake_secret::handle).await
    }

    async fn get_mailbox(&self, request: Request<GetMailboxRequest>) -> Answer<GetMailboxResponse> {
        self.serve(request, get_mailbox::handle).await
    }

    async fn update_mailbox(&self, request: Request<UpdateMailboxRequest>) -> Answer<UpdateMailboxResponse> {
        self.serve(request, update_mailbox::handle).await
    }

    async fn look_into_mailbox(
        &self,
        request: Request<LookIntoMailboxRequest>,
    ) -> Answer<LookIntoMailboxResponse> {
        self.serve(request, look_into_mailbox::handle).await
    }

    async fn disconnect_mailbox(
        &self,
        request: Request<DisconnectMailboxRequest>,
    ) -> Answer<DisconnectMailboxResponse> {
        self.serve(request, disconnect_mailbox::handle).await
    }

    async fn list_bounces(&self, request: Request<ListBouncesRequest>) -> Answer<ListBouncesResponse> {
        self.serve(request, list_bounces::handle).await
    }

    async fn confirm_mail_address(
        &self,
        request: Request<ConfirmMailAddressRequest>,
    ) -> Answer<ConfirmMailAddressResponse> {
        self.serve(request, confirm_mail_address::handle).await
    }

    async fn revoke_reply_addresses(
        &self,
        request: Request<RevokeReplyAddressesRequest>,
    ) -> Answer<RevokeReplyAddressesResponse> {
        self.serve(request, revoke_reply_addresses::handle).await
    }
}
