//! A firm to test with: a database of its own, people, and a stand-in for tenancy.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::Request as HttpRequest, routing::post};
use portico_core::{AccountId, Clock as _, Ctx, EventId, PersonId, SharedClock, TenantId};
use portico_events::{EventActor, Received};
use portico_proto::{events::v1 as events, identity::v1 as proto, tenancy::v1 as tenancy};
use portico_rpc::{ActorSigner, Peers, ServiceSigner, SigningKey, Verified, Verifier};
use portico_service::Kit;
use portico_testkit::TestDatabase;
use prost::Message as _;
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tonic_prost::ProstCodec;

use crate::{
    IdentityConfig, PasswordHashing,
    error::IdentityError,
    rpc::{
        create_person, mint_link, redeem_link, resolve_session, set_initial_password, sign_in_with_password,
    },
    service::{Service, SharedService},
};

/// A password that the rules accept.
pub(crate) const PASSWORD: &str = "seven green kettles";
/// Where sign-ins come from.
pub(crate) const ADDRESS: &str = "203.0.113.7";

/// A firm and its people.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) service: SharedService,
    pub(crate) tenant: TenantId,
    verifier: Verifier,
    /// What tenancy says of each person.
    pub(crate) principals: Arc<Mutex<HashMap<String, tenancy::GetPrincipalResponse>>>,
    /// The accounts that tenancy knows.
    pub(crate) accounts: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = portico_testkit::database().await.unwrap();
        let clock: SharedClock = Arc::new(database.clock.clone());
        let actors = SigningKey::generate_actor().unwrap();
        let verifier = Verifier::new([actors.public()], [], Arc::clone(&clock)).unwrap();
        let signer = ActorSigner::new(actors, Arc::clone(&clock), Arc::clone(&database.entropy));
        let own = SigningKey::generate_service("identity-test").unwrap();
        let own = ServiceSigner::new(own, Arc::clone(&clock), Arc::clone(&database.entropy));
        let peers = Peers::new(own, Arc::clone(&database.entropy));
        let (principals, accounts) = (Arc::default(), Arc::default());
        bind_tenancy(&peers, &principals, &accounts);
        let kit = Kit {
            store: database.store("identity"),
            peers,
            clock,
            entropy: Arc::clone(&database.entropy),
            home: std::path::PathBuf::new(),
        };
        let config = IdentityConfig {
            hashing: PasswordHashing { memory_kib: 64, passes: 1, lanes: 1, at_once: 4 },
            invitation_lifetime: Duration::from_secs(14 * 24 * 3600),
            ..IdentityConfig::new(signer)
        };
        let service = Arc::new(Service::new(config, kit).unwrap());
        let tenant = database.tenant();
        Self { database, service, tenant, verifier, principals, accounts }
    }

    /// Portico itself at work for the firm: the edge, or messaging.
    pub(crate) fn system(&self) -> Ctx {
        portico_testkit::system(self.tenant)
    }

    /// An administrator of the firm.
    pub(crate) fn admin(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["admin"])
    }

    /// A member of staff who is no administrator.
    pub(crate) fn staff(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["project_manager"])
    }

    /// Portico at work for another firm.
    pub(crate) fn stranger(&self) -> Ctx {
        portico_testkit::system(self.database.tenant())
    }

    /// `person` as a signed-in client.
    pub(crate) fn as_client(&self, person: PersonId) -> Ctx {
        let mut ctx = portico_testkit::client(self.tenant, &[], &["client"]);
        ctx.actor.person = Some(person);
        ctx
    }

    /// A new person.
    pub(crate) async fn person(&self, email: &str, side: proto::Side) -> PersonId {
        let request = proto::CreatePersonRequest {
            email: email.to_owned(),
            name: "Ana Miller".to_owned(),
            side: side.into(),
            language: "en".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
        };
        let made = create_person::handle(&self.service, self.system(), request).await.unwrap();
        made.person.unwrap().id.parse().unwrap()
    }

    /// A new person with [`PASSWORD`].
    pub(crate) async fn person_with_password(&self, email: &str) -> PersonId {
        let person = self.person(email, proto::Side::External).await;
        let request =
            proto::SetInitialPasswordRequest { person_id: person.to_string(), password: PASSWORD.to_owned() };
        set_initial_password::handle(&self.service, self.system(), request).await.unwrap();
        person
    }

    /// An account that tenancy knows.
    pub(crate) fn account(&self) -> AccountId {
        let account = self.database.account();
        self.accounts.lock().unwrap().push(account.to_string());
        account
    }

    /// Signs in from [`ADDRESS`].
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Result<String, IdentityError> {
        self.sign_in_from(email, password, ADDRESS).await
    }

    /// Signs in from an address.
    pub(crate) async fn sign_in_from(
        &self,
        email: &str,
        password: &str,
        address: &str,
    ) -> Result<String, IdentityError> {
        let request = proto::SignInWithPasswordRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            device: Some(device(address)),
        };
        Ok(sign_in_with_password::handle(&self.service, self.system(), request).await?.session_secret)
    }

    /// Resolves a session's secret at the firm.
    pub(crate) async fn resolve(&self, secret: &str) -> Result<proto::ResolveSessionResponse, IdentityError> {
        let request =
            proto::ResolveSessionRequest { session_secret: secret.to_owned(), address: ADDRESS.to_owned() };
        resolve_session::handle(&self.service, self.system(), request).await
    }

    /// The context of whoever has this session.
    pub(crate) async fn ctx_of(&self, secret: &str) -> Ctx {
        let token = self.resolve(secret).await.unwrap().actor_token;
        let verified = self.verify(&token);
        Ctx { tenant: verified.tenant.unwrap(), actor: verified.actor, address: None, trace: String::new() }
    }

    /// What an actor token proves.
    pub(crate) fn verify(&self, token: &str) -> Verified {
        Verified::clone(&self.verifier.verify(token).unwrap())
    }

    /// The secret of the link that was issued last.
    pub(crate) async fn mint_newest(&self) -> String {
        let link_id = self.newest_link().await.link_id;
        let request = proto::MintLinkRequest { link_id };
        mint_link::handle(&self.service, self.system(), request).await.unwrap().secret
    }

    /// The link that was issued last.
    pub(crate) async fn newest_link(&self) -> events::LinkIssued {
        let body: Vec<u8> = sqlx::query_scalar(
            "select body from identity.outbox where tenant_id = $1 and type = 'portico.events.v1.LinkIssued'
             order by seq desc limit 1",
        )
        .bind(self.tenant.0)
        .fetch_one(self.database.admin())
        .await
        .unwrap();
        events::LinkIssued::decode(body.as_slice()).unwrap()
    }

    /// Uses a link.
    pub(crate) async fn redeem(&self, secret: &str) -> Result<proto::RedeemLinkResponse, IdentityError> {
        let request = proto::RedeemLinkRequest { secret: secret.to_owned(), device: Some(device(ADDRESS)) };
        redeem_link::handle(&self.service, self.system(), request).await
    }

    /// An event of the firm as it arrives.
    pub(crate) fn received<M: prost::Message + prost::Name>(&self, body: &M) -> Received {
        let ctx = self.system();
        let now = self.database.clock.now();
        Received {
            id: EventId::new(now, &*self.database.entropy),
            tenant: self.tenant,
            account: None,
            topic: "portico.workflow.run.v1".to_owned(),
            event_type: M::full_name(),
            key: format!("{}:{}", self.tenant, self.database.entropy.uuid(now)),
            actor: EventActor {
                kind: ctx.actor.kind,
                person: None,
                name: ctx.actor.name,
                impersonator: None,
            },
            trace: ctx.trace,
            address: None,
            occurred_at: now,
            body: body.encode_to_vec(),
        }
    }

    /// The entries in the outbox of the firm: action and details, in the order in which they were written.
    pub(crate) async fn audited(&self) -> Vec<(String, serde_json::Value)> {
        let bodies: Vec<Vec<u8>> = sqlx::query_scalar(
            "select body from identity.outbox where tenant_id = $1 and topic = 'portico.identity.audit.v1' order by seq",
        )
        .bind(self.tenant.0)
        .fetch_all(self.database.admin())
        .await
        .unwrap();
        let read = |body: &Vec<u8>| {
            let entry = events::AuditEntry::decode(body.as_slice()).unwrap();
            (entry.action, serde_json::from_str(&entry.details_json).unwrap())
        };
        bodies.iter().map(read).collect()
    }

    /// How many events of this type the outbox of the firm holds.
    pub(crate) async fn published<M: prost::Name>(&self) -> i64 {
        sqlx::query_scalar("select count(*) from identity.outbox where tenant_id = $1 and type = $2")
            .bind(self.tenant.0)
            .bind(M::full_name())
            .fetch_one(self.database.admin())
            .await
            .unwrap()
    }

    /// Everything in the schema that could hold a text, as one text.
    pub(crate) async fn everything_kept(&self) -> String {
        let mut kept = String::new();
        for table in ["people", "credentials", "sessions", "links", "tries", "outbox"] {
            let statement = format!("select coalesce(string_agg(t::text, ' '), '') from identity.{table} t");
            let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
                .fetch_one(self.database.admin())
                .await
                .unwrap();
            kept.push_str(&rows);
        }
        kept
    }
}

/// A browser at an address.
pub(crate) fn device(address: &str) -> proto::Device {
    proto::Device {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0".to_owned(),
        address: address.to_owned(),
    }
}

fn bind_tenancy(
    peers: &Peers,
    principals: &Arc<Mutex<HashMap<String, tenancy::GetPrincipalResponse>>>,
    accounts: &Arc<Mutex<Vec<String>>>,
) {
    let (principals, accounts) = (Arc::clone(principals), Arc::clone(accounts));
    let principal = move |request: tenancy::GetPrincipalRequest| {
        Ok(principals.lock().unwrap().get(&request.person_id).cloned().unwrap_or_default())
    };
    let account = move |request: tenancy::GetAccountRequest| {
        let known = accounts.lock().unwrap().contains(&request.account_id);
        let refusal = || portico_rpc::status(portico_core::Problem::not_found());
        known.then(tenancy::GetAccountResponse::default).ok_or_else(refusal)
    };
    let tenant = |_: tenancy::GetTenantRequest| {
        let tenant = tenancy::Tenant {
            language: "de".to_owned(),
            time_zone: "Europe/Vienna".to_owned(),
            ..Default::default()
        };
        Ok(tenancy::GetTenantResponse { tenant: Some(tenant) })
    };
    let routes = unary("/portico.tenancy.v1.Tenancy/GetPrincipal", principal)
        .merge(unary("/portico.tenancy.v1.Tenancy/GetAccount", account))
        .merge(unary("/portico.tenancy.v1.Tenancy/GetTenant", tenant));
    peers.bind_local("tenancy", Routes::from(routes)).unwrap();
}

/// One RPC of another service, answered by `answer`.
fn unary<Q, R>(path: &str, answer: impl Fn(Q) -> Result<R, Status> + Clone + Send + Sync + 'static) -> Router
where
    Q: prost::Message + Default + 'static,
    R: prost::Message + Default + 'static,
{
    let handler = move |request: HttpRequest| {
        let answer = answer.clone();
        async move {
            let respond = tower::service_fn(move |request: Request<Q>| {
                let response = answer(request.into_inner()).map(Response::new);
                async move { response }
            });
            Grpc::new(ProstCodec::<R, Q>::default()).unary(respond, request).await
        }
    };
    Router::new().route(path, post(handler))
}
