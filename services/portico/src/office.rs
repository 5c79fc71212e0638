//! A firm's administrator at work through the same RPCs as anybody: signed in with a password, calling with an actor token.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use portico_core::TenantId;
use portico_proto::{
    billing::v1::billing_client::BillingClient,
    identity::v1::{
        CreatePersonRequest, Device, ResolveSessionRequest, SetInitialPasswordRequest, Side,
        SignInWithPasswordRequest, identity_client::IdentityClient,
    },
    tenancy::v1::{
        CreateAccountRequest, PublishPortalRequest, SetMembershipRequest, SetStaffRolesRequest,
        tenancy_client::TenancyClient,
    },
};
use portico_rpc::{Auth, CallerChannel, Peers};

/// The administrator of one firm.
pub(crate) struct Office {
    peers: Peers,
    tenant: TenantId,
    token: Arc<str>,
}

impl Office {
    /// Signs in.
    pub(crate) async fn sign_in(
        peers: &Peers,
        tenant: TenantId,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let mut identity =
            IdentityClient::new(peers.channel("identity", Auth::system(tenant, "cli.sign_in")));
        let session = identity
            .sign_in_with_password(SignInWithPasswordRequest {
                email: email.to_owned(),
                password: password.to_owned(),
                device: Some(Device { user_agent: "portico".to_owned(), address: "127.0.0.1".to_owned() }),
            })
            .await?
            .into_inner();
        let asked =
            ResolveSessionRequest { session_secret: session.session_secret, address: "127.0.0.1".to_owned() };
        let token = identity.resolve_session(asked).await?.into_inner().actor_token.into();
        Ok(Self { peers: peers.clone(), tenant, token })
    }

    fn channel(&self, service: &str) -> CallerChannel {
        self.peers.channel(service, Auth::Token(Arc::clone(&self.token)))
    }

    /// Money.
    pub(crate) fn billing(&self) -> BillingClient<CallerChannel> {
        BillingClient::new(self.channel("billing"))
    }

    fn tenancy(&self) -> TenancyClient<CallerChannel> {
        TenancyClient::new(self.channel("tenancy"))
    }

    /// Uploads a template that a definition names.
    pub(crate) async fn upload_template(&self, path: &str, bytes: &'static [u8]) -> anyhow::Result<()> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("/templates/{path}"))
            .header(http::header::CONTENT_TYPE, "application/pdf")
            .body(Body::from(bytes))?;
        let channel = self.channel("documents").without_deadline();
        let answer = channel.send(request.map(tonic::body::Body::new)).await?;
        if answer.status() != StatusCode::OK && answer.status() != StatusCode::CREATED {
            let status = answer.status();
            let body = answer.into_body().collect().await.context("the answer broke off")?.to_bytes();
            bail!("the template {path} was refused: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(())
    }

    /// Publishes a definition; answers the portal's id.
    pub(crate) async fn publish(&self, yaml: &str) -> anyhow::Result<String> {
        let asked = PublishPortalRequest { yaml: yaml.to_owned(), base_version: 0, dry_run: false };
        let answer = self.tenancy().publish_portal(asked).await?.into_inner();
        if let Some(finding) = answer.findings.first() {
            bail!(
                "the definition was refused: {} (line {}, {})",
                finding.message,
                finding.line,
                finding.path
            );
        }
        Ok(answer.portal.context("no portal was answered")?.id)
    }

    /// Adds a member of staff.
    pub(crate) async fn employ(
        &self,
        name: &str,
        email: &str,
        password: &str,
        roles: &[&str],
    ) -> anyhow::Result<String> {
        let person = self.person(name, email, Side::Staff).await?;
        let mut system =
            IdentityClient::new(self.peers.channel("identity", Auth::system(self.tenant, "cli.demo")));
        let asked = SetInitialPasswordRequest { person_id: person.clone(), password: password.to_owned() };
        system.set_initial_password(asked).await?;
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.tenancy().set_staff_roles(SetStaffRolesRequest { person_id: person.clone(), roles }).await?;
        Ok(person)
    }

    /// Makes an account.
    pub(crate) async fn open_account(&self, name: &str, kind: &str) -> anyhow::Result<String> {
        let asked = CreateAccountRequest {
            name: name.to_owned(),
            kind: kind.to_owned(),
            idempotency_key: format!("demo:{name}"),
        };
        let account = self.tenancy().create_account(asked).await?.into_inner().account;
        Ok(account.context("no account was answered")?.id)
    }

    /// Gives a person of an account a place there.
    pub(crate) async fn introduce(
        &self,
        account: &str,
        name: &str,
        email: &str,
        roles: &[&str],
    ) -> anyhow::Result<String> {
        let person = self.person(name, email, Side::External).await?;
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let asked = SetMembershipRequest { account_id: account.to_owned(), person_id: person.clone(), roles };
        self.tenancy().set_membership(asked).await?;
        Ok(person)
    }

    async fn person(&self, name: &str, email: &str, side: Side) -> anyhow::Result<String> {
        let asked = CreatePersonRequest {
            email: email.to_owned(),
            name: name.to_owned(),
            side: side.into(),
            language: String::new(),
            time_zone: String::new(),
        };
        let mut identity = IdentityClient::new(self.channel("identity"));
        Ok(identity.create_person(asked).await?.into_inner().person.context("no person was answered")?.id)
    }
}
