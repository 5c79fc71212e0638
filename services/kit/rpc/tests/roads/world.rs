//! One service with a behaviour for every case, reachable over both roads.

use std::{
    collections::BTreeMap,
    fs, io,
    sync::{Arc, Mutex, Once, OnceLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta};
use futures_util::future::BoxFuture;
use portico_core::{
    AccountId, AccountScope, Actor, ActorKind, AuthStrength, Ctx, ErrorCode, MockClock, PersonId, Problem,
    SeededEntropy, SharedClock, SharedEntropy, TenantId,
};
use portico_proto::billing::v1::{
    AcceptEstimateRequest, AcceptEstimateResponse, AllocateCreditRequest, AllocateCreditResponse,
    ConvertEstimateRequest, ConvertEstimateResponse, CreateDraftRequest, CreateDraftResponse,
    CreditInvoiceRequest, CreditInvoiceResponse, DeclineEstimateRequest, DeclineEstimateResponse,
    DiscardDraftRequest, DiscardDraftResponse, GetBuyerRequest, GetBuyerResponse, GetDocumentRequest,
    GetDocumentResponse, GetPaymentRequest, GetPaymentResponse, GetStatementRequest, GetStatementResponse,
    GetStatusRequest, GetStatusResponse, GetTrialBalanceRequest, GetTrialBalanceResponse,
    IssueInvoiceRequest, IssueInvoiceResponse, ListCreditsRequest, ListCreditsResponse, ListDocumentsRequest,
    ListDocumentsResponse, ListLegalEntitiesRequest, ListLegalEntitiesResponse, RecordPaymentRequest,
    RecordPaymentResponse, RefundCreditRequest, RefundCreditResponse, ReviseEstimateRequest,
    ReviseEstimateResponse, SendEstimateRequest, SendEstimateResponse, SetBuyerRequest, SetBuyerResponse,
    SetLegalEntityRequest, SetLegalEntityResponse, StartPaymentRequest, StartPaymentResponse,
    UpdateDraftRequest, UpdateDraftResponse, WriteOffInvoiceRequest, WriteOffInvoiceResponse,
    billing_client::BillingClient,
    billing_server::{Billing, BillingServer},
};
use portico_rpc::{
    AccessTable, ActorSigner, AfterGate, Auth, CalleeConfig, Caller, Incoming, PeerChannel, Peers,
    ServiceError, ServiceSigner, SigningKey, Verifier, answer, callee,
};
use tonic::{
    Request, Response, Status,
    service::Routes,
    transport::{Endpoint, Server, server::TcpIncoming},
};
use uuid::Uuid;

pub(crate) const ANYONE: &str = "callers: [CALLER_CLIENT, CALLER_STAFF, CALLER_MACHINE, CALLER_SYSTEM]";

/// Makes every place that logs known before the first call: one that logs for the first time while a test begins to listen may
/// otherwise be taken for one that nobody listens to, for good.
static LISTENED_TO: Once = Once::new();

/// What the handler has seen.
pub(crate) type Seen = Arc<Mutex<Vec<Result<Ctx, ErrorCode>>>>;

struct Fake {
    seen: Seen,
    peers: Peers,
}

#[derive(Debug, thiserror::Error)]
#[error("fake")]
struct Refusal;

impl ServiceError for Refusal {
    fn problem(&self) -> Problem {
        Problem::invalid("items[2].name", "Write a name.")
            .with_retry_after(Duration::from_secs(3))
            .with_cause("row 17")
    }
}

/// The RPCs that no test here asks, as `async_trait` writes them: it does not see into a macro.
macro_rules! never_asked {
    ($($name:ident($request:ty) -> $response:ty;)*) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> BoxFuture<'async_trait, Result<Response<$response>, Status>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { Err(Status::unimplemented("nobody asks this here")) })
        }
    )*};
}

#[tonic::async_trait]
impl Billing for Fake {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        let ctx = portico_rpc::ctx(&request).map_err(|status| portico_rpc::problem_from(&status).code);
        self.seen.lock().unwrap().push(ctx);
        let case = request.metadata().get("x-case").map_or("ok", |case| case.to_str().unwrap());
        match case {
            "ok" => {}
            "refuse" => return Err(answer(Refusal)),
            "internal" => return Err(Status::internal("select secret from people")),
            "unknown" => return Err(Status::unknown("select secret from people")),
            "panic" => panic!("secret in a panic"),
            "slow" => std::future::pending().await,
            "forward" => {
                let incoming = Incoming::of(request.extensions())?;
                let channel = self.peers.channel("billing", incoming.caller());
                return BillingClient::new(channel).get_status(GetStatusRequest {}).await;
            }
            other => panic!("no such case: {other}"),
        }
        Ok(Response::new(GetStatusResponse { enabled: true }))
    }

    never_asked! {
        list_legal_entities(ListLegalEntitiesRequest) -> ListLegalEntitiesResponse;
        set_legal_entity(SetLegalEntityRequest) -> SetLegalEntityResponse;
        get_buyer(GetBuyerRequest) -> GetBuyerResponse;
        set_buyer(SetBuyerRequest) -> SetBuyerResponse;
        create_draft(CreateDraftRequest) -> CreateDraftResponse;
        update_draft(UpdateDraftRequest) -> UpdateDraftResponse;
        discard_draft(DiscardDraftRequest) -> DiscardDraftResponse;
        send_estimate(SendEstimateRequest) -> SendEstimateResponse;
        revise_estimate(ReviseEstimateRequest) -> ReviseEstimateResponse;
        accept_estimate(AcceptEstimateRequest) -> AcceptEstimateResponse;
        decline_estimate(DeclineEstimateRequest) -> DeclineEstimateResponse;
        convert_estimate(ConvertEstimateRequest) -> ConvertEstimateResponse;
        issue_invoice(IssueInvoiceRequest) -> IssueInvoiceResponse;
        credit_invoice(CreditInvoiceRequest) -> CreditInvoiceResponse;
        get_document(GetDocumentRequest) -> GetDocumentResponse;
        list_documents(ListDocumentsRequest) -> ListDocumentsResponse;
        record_payment(RecordPaymentRequest) -> RecordPaymentResponse;
        get_payment(GetPaymentRequest) -> GetPaymentResponse;
        allocate_credit(AllocateCreditRequest) -> AllocateCreditResponse;
        refund_credit(RefundCreditRequest) -> RefundCreditResponse;
        write_off_invoice(WriteOffInvoiceRequest) -> WriteOffInvoiceResponse;
        start_payment(StartPaymentRequest) -> StartPaymentResponse;
        list_credits(ListCreditsRequest) -> ListCreditsResponse;
        get_statement(GetStatementRequest) -> GetStatementResponse;
        get_trial_balance(GetTrialBalanceRequest) -> GetTrialBalanceResponse;
    }
}

/// Two ways to the same service, with everything that signs.
pub(crate) struct World {
    pub(crate) clock: MockClock,
    pub(crate) seen: Seen,
    pub(crate) roads: [Road; 2],
    pub(crate) actors: ActorSigner,
}

pub(crate) struct Road {
    pub(crate) name: &'static str,
    pub(crate) peers: Peers,
    /// The way without the caller's half, for requests that no honest caller would send.
    pub(crate) bare: PeerChannel,
}

impl World {
    /// A service whose one method has `rule`.
    pub(crate) async fn new(rule: &str) -> Self {
        Self::build(rule, Routes::default(), None).await
    }

    pub(crate) async fn build(rule: &str, files: Routes, after: Option<Arc<dyn AfterGate>>) -> Self {
        LISTENED_TO.call_once(|| {
            tracing_subscriber::fmt().with_env_filter("info").with_writer(io::sink).init();
        });
        let clock = MockClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let shared: SharedClock = Arc::new(clock.clone());
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(7));
        let actor_key = SigningKey::generate_actor().unwrap();
        let service_key = SigningKey::generate_service("portico").unwrap();
        let verifier =
            Verifier::new([actor_key.public()], [service_key.public()], Arc::clone(&shared)).unwrap();
        let config = CalleeConfig {
            service: "billing",
            verifier: Arc::new(verifier),
            access: Arc::new(table(rule)),
            entropy: Arc::clone(&entropy),
            after,
        };
        let peers = || {
            let signer = ServiceSigner::new(service_key.clone(), Arc::clone(&shared), Arc::clone(&entropy));
            Peers::new(signer, Arc::clone(&entropy))
        };

        let (local, remote) = (peers(), peers());
        let seen = Seen::default();
        let fake = Fake { seen: Arc::clone(&seen), peers: local.clone() };
        let routes = files.add_service(BillingServer::new(fake));
        let routes = callee(routes, config);
        local.bind_local("billing", routes.clone()).unwrap();

        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = format!("http://{}", incoming.local_addr().unwrap());
        let server = Server::builder().add_routes(routes.clone()).serve_with_incoming(incoming);
        tokio::spawn(server);
        remote.connect_remote("billing", &address).unwrap();
        let wire = Endpoint::from_shared(address).unwrap().connect_lazy();
        let roads = [
            Road { name: "local", peers: local, bare: PeerChannel::Local(Arc::new(OnceLock::from(routes))) },
            Road { name: "remote", peers: remote, bare: PeerChannel::Remote(wire) },
        ];
        let actors = ActorSigner::new(actor_key, shared, entropy);
        Self { clock, seen, roads, actors }
    }

    pub(crate) fn token(&self, actor: &Actor) -> Arc<str> {
        self.actors.issue(northwind(), actor, TimeDelta::minutes(5)).unwrap().token
    }

    pub(crate) fn auth(&self, actor: &Actor) -> Auth {
        Auth::Token(self.token(actor))
    }

    /// What the handler has seen since the last time.
    pub(crate) fn take_seen(&self) -> Vec<Result<Ctx, ErrorCode>> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

impl Road {
    /// Calls the one method, in a case of the handler.
    pub(crate) async fn call(&self, caller: impl Into<Caller>, case: &str) -> Result<bool, Status> {
        let mut client = BillingClient::new(self.peers.channel("billing", caller));
        Ok(client.get_status(asking(case)).await?.into_inner().enabled)
    }
}

pub(crate) fn asking(case: &str) -> Request<GetStatusRequest> {
    let mut request = Request::new(GetStatusRequest {});
    request.metadata_mut().insert("x-case", case.parse().unwrap());
    request
}

pub(crate) fn northwind() -> TenantId {
    TenantId(Uuid::from_u128(1))
}

pub(crate) fn contoso() -> TenantId {
    TenantId(Uuid::from_u128(2))
}

pub(crate) fn ana() -> Actor {
    Actor {
        kind: ActorKind::Client,
        person: Some(PersonId(Uuid::from_u128(3))),
        name: "Ana Lima".to_owned(),
        accounts: AccountScope::Listed(vec![AccountId(Uuid::from_u128(4))]),
        roles: vec!["signer".to_owned()],
        account_roles: BTreeMap::from([(AccountId(Uuid::from_u128(4)), vec!["signer".to_owned()])]),
        session: None,
        strength: AuthStrength::Single,
        impersonator: None,
    }
}

pub(crate) fn staff(roles: &[&str]) -> Actor {
    Actor {
        kind: ActorKind::Staff,
        accounts: AccountScope::All,
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        account_roles: BTreeMap::new(),
        ..ana()
    }
}

/// The access table of a Billing service whose method has `rule`.
fn table(rule: &str) -> AccessTable {
    let dir = tempfile::tempdir().unwrap();
    let options = dir.path().join("portico/options/v1");
    fs::create_dir_all(&options).unwrap();
    let access = include_str!("../../../../../proto/portico/options/v1/access.proto");
    fs::write(options.join("access.proto"), access).unwrap();
    let service = format!(
        r#"syntax = "proto3";
        package portico.billing.v1;
        import "portico/options/v1/access.proto";
        message Empty {{}}
        service Billing {{
          rpc GetStatus(Empty) returns (Empty) {{ option (portico.options.v1.access) = {{ {rule} }}; }}
        }}"#
    );
    fs::write(dir.path().join("billing.proto"), service).unwrap();
    let mut compiler = protox::Compiler::new([dir.path()]).unwrap();
    compiler.include_imports(true).open_file("billing.proto").unwrap();
    AccessTable::read(&compiler.encode_file_descriptor_set()).unwrap()
}
