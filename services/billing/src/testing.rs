//! A firm to test with: the service behind its boundary with a database of its own, and a stand-in for tenancy.

use std::sync::Arc;

use axum::{Router, extract::Request as HttpRequest, routing::post};
use chrono::TimeDelta;
use portico_core::{AccountId, AccountScope, ActorKind, Clock as _, Ctx, PersonId, Problem, TenantId};
use portico_db::Store;
use portico_proto::{
    DESCRIPTOR_SET,
    billing::v1::{self as proto, billing_client::BillingClient},
    events::v1::AuditEntry,
    tenancy::v1 as tenancy,
};
use portico_rpc::{
    AccessTable, ActorSigner, Auth, CalleeConfig, CallerChannel, Incoming, Peers, ServiceSigner, SigningKey,
    Verifier, callee, problem_from, status,
};
use portico_service::{Job, Kit};
use portico_testkit::TestDatabase;
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::{BillingConfig, fake_stripe};

/// The firm Northwind with the accounts Acme and Globex.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) tenant: TenantId,
    pub(crate) acme: AccountId,
    pub(crate) globex: AccountId,
    /// The one person of Acme who is told things.
    pub(crate) ana: PersonId,
    /// The company that sells.
    pub(crate) entity: Uuid,
    peers: Peers,
    actors: ActorSigner,
    jobs: Vec<Job>,
}

impl Fixture {
    /// The firm before anybody has set billing up.
    pub(crate) async fn bare() -> Self {
        Self::with(BillingConfig::default()).await
    }

    async fn with(config: BillingConfig) -> Self {
        let database = portico_testkit::database().await.unwrap();
        let clock: portico_core::SharedClock = Arc::new(database.clock.clone());
        let entropy = Arc::clone(&database.entropy);
        let (actor_key, service_key) =
            (SigningKey::generate_actor().unwrap(), SigningKey::generate_service("portico").unwrap());
        let verifier =
            Verifier::new([actor_key.public()], [service_key.public()], Arc::clone(&clock)).unwrap();
        let boundary = CalleeConfig {
            service: "test",
            verifier: Arc::new(verifier),
            access: Arc::new(AccessTable::read(DESCRIPTOR_SET).unwrap()),
            entropy: Arc::clone(&entropy),
            after: None,
        };
        let signer = ServiceSigner::new(service_key, Arc::clone(&clock), Arc::clone(&entropy));
        let peers = Peers::new(signer, Arc::clone(&entropy));
        let (tenant, acme, globex) = (database.tenant(), database.account(), database.account());
        let ana = PersonId::new(database.clock.now(), &*entropy);
        let stand_in = stand_in(tenant, [acme, globex], ana);
        peers.bind_local("tenancy", callee(Routes::from(stand_in), boundary.clone())).unwrap();
        let kit = Kit {
            store: database.store("billing"),
            peers: peers.clone(),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            home: std::path::PathBuf::new(),
        };
        let parts = crate::build(config, kit).await.unwrap();
        let routes = Routes::from(parts.grpc.into_axum_router().merge(parts.http));
        peers.bind_local("billing", callee(routes, boundary)).unwrap();
        let actors = ActorSigner::new(actor_key, clock, entropy);
        Self { database, tenant, acme, globex, ana, entity: Uuid::nil(), peers, actors, jobs: parts.jobs }
    }

    /// The firm with its company and Acme's details as a buyer.
    pub(crate) async fn new() -> Self {
        Self::set_up_with(BillingConfig::default()).await
    }

    /// The same with these settings.
    pub(crate) async fn set_up_with(config: BillingConfig) -> Self {
        let mut fixture = Self::with(config).await;
        fixture.entity = fixture.set_up().await;
        let request = proto::SetBuyerRequest {
            account_id: fixture.acme.to_string(),
            buyer: Some(buyer()),
            etag: "0".to_owned(),
        };
        fixture.billing(&fixture.staff()).set_buyer(request).await.unwrap();
        fixture
    }

    /// The firm with its company, and a stand-in for Stripe that it takes payments through.
    pub(crate) async fn with_stripe() -> (Self, fake_stripe::Shared) {
        let (stripe_api, known) = fake_stripe::start().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stripe.json");
        let keys = serde_json::json!({
            "northwind": { "secret_key": fake_stripe::SECRET_KEY, "webhook_secrets": fake_stripe::WEBHOOK_SECRETS },
        });
        std::fs::write(&file, keys.to_string()).unwrap();
        let config = BillingConfig { stripe_keys: Some(file), stripe_api, ..BillingConfig::default() };
        (Self::set_up_with(config).await, known)
    }

    /// Posts to a plain route; answers the status, as HTTP or as an RPC's refusal would be shown.
    pub(crate) async fn post(&self, ctx: &Ctx, path: &str, signature: &str, body: String) -> u16 {
        let request = http::Request::post(path)
            .header("stripe-signature", signature)
            .body(tonic::body::Body::new(axum::body::Body::from(body)))
            .unwrap();
        match self.channel(ctx).send(request).await {
            Ok(response) => response.status().as_u16(),
            Err(status) => match problem_from(&status).code {
                portico_core::ErrorCode::NotFound => 404,
                portico_core::ErrorCode::PermissionDenied => 403,
                portico_core::ErrorCode::Unavailable => 503,
                other => panic!("{other:?}: {status}"),
            },
        }
    }

    /// Gets a plain route; answers status, headers and body, a refusal as HTTP would show it.
    pub(crate) async fn get(&self, ctx: &Ctx, path: &str) -> (u16, http::HeaderMap, Vec<u8>) {
        let request = http::Request::get(path).body(tonic::body::Body::empty()).unwrap();
        match self.channel(ctx).send(request).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
                (parts.status.as_u16(), parts.headers, body.to_vec())
            }
            Err(status) => {
                let problem = problem_from(&status);
                let status = match problem.code {
                    portico_core::ErrorCode::NotFound => 404,
                    portico_core::ErrorCode::InvalidArgument => 400,
                    portico_core::ErrorCode::FailedPrecondition => 412,
                    other => panic!("{other:?}: {status}"),
                };
                (status, http::HeaderMap::new(), problem.message.into_bytes())
            }
        }
    }

    /// Enters the company that sells.
    pub(crate) async fn set_up(&self) -> Uuid {
        let request =
            proto::SetLegalEntityRequest { legal_entity: Some(legal_entity()), ..Default::default() };
        let made = self.billing(&self.admin()).set_legal_entity(request).await.unwrap().into_inner();
        made.legal_entity.unwrap().id.parse().unwrap()
    }

    pub(crate) fn admin(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["admin"])
    }

    /// A member of staff who is no administrator.
    pub(crate) fn staff(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["project_manager"])
    }

    /// Somebody of Acme.
    pub(crate) fn client(&self) -> Ctx {
        portico_testkit::client(self.tenant, &[self.acme], &["client"])
    }

    /// People who must see nothing of Acme: another account's, and another firm's staff and clients.
    pub(crate) fn strangers(&self) -> Vec<Ctx> {
        let elsewhere = self.database.tenant();
        vec![
            portico_testkit::client(self.tenant, &[self.globex], &["client"]),
            // Let in for one signature.
            portico_testkit::client(self.tenant, &[self.acme], &[]),
            portico_testkit::client(elsewhere, &[self.acme], &["client"]),
            portico_testkit::staff(elsewhere, &["admin"]),
        ]
    }

    /// The service's own way to the database.
    pub(crate) fn store(&self) -> Store {
        self.database.store("billing")
    }

    pub(crate) fn channel(&self, ctx: &Ctx) -> CallerChannel {
        let auth = if ctx.actor.kind == ActorKind::System {
            Auth::system(ctx.tenant, "test")
        } else {
            Auth::Token(self.actors.issue(ctx.tenant, &ctx.actor, TimeDelta::minutes(5)).unwrap().token)
        };
        self.peers.channel("billing", auth)
    }

    pub(crate) fn billing(&self, ctx: &Ctx) -> BillingClient<CallerChannel> {
        BillingClient::new(self.channel(ctx))
    }

    /// Lets a moment pass, so that ids made before and after stand in their order.
    pub(crate) fn tick(&self) {
        self.database.clock.advance(TimeDelta::milliseconds(1));
    }

    /// A draft for Acme.
    pub(crate) async fn draft(&self, kind: proto::DocumentKind) -> proto::Document {
        self.tick();
        let request = proto::CreateDraftRequest {
            account_id: self.acme.to_string(),
            kind: kind.into(),
            content: Some(content()),
            ..Default::default()
        };
        self.billing(&self.staff()).create_draft(request).await.unwrap().into_inner().document.unwrap()
    }

    /// Issues the draft of an invoice.
    pub(crate) async fn issue(&self, id: &str) -> proto::Document {
        let etag = self.read(id).await.etag;
        let request = proto::IssueInvoiceRequest { sales_document_id: id.to_owned(), etag };
        self.billing(&self.staff()).issue_invoice(request).await.unwrap().into_inner().document.unwrap()
    }

    /// An issued invoice of 1,428.00 EUR, due on 2027-01-29.
    pub(crate) async fn invoice(&self) -> proto::Document {
        let draft = self.draft(proto::DocumentKind::Invoice).await;
        self.issue(&draft.id).await
    }

    /// Sends a draft version of an estimate.
    pub(crate) async fn send(&self, id: &str) -> proto::Document {
        let etag = self.read(id).await.etag;
        let request = proto::SendEstimateRequest { sales_document_id: id.to_owned(), etag };
        self.billing(&self.staff()).send_estimate(request).await.unwrap().into_inner().document.unwrap()
    }

    /// An estimate that Acme can decide about.
    pub(crate) async fn estimate(&self) -> proto::Document {
        let draft = self.draft(proto::DocumentKind::Estimate).await;
        self.send(&draft.id).await
    }

    /// Begins the next version of an estimate.
    pub(crate) async fn revise(&self, estimate: &str) -> proto::Document {
        let request = proto::ReviseEstimateRequest { estimate_id: estimate.to_owned() };
        self.billing(&self.staff()).revise_estimate(request).await.unwrap().into_inner().document.unwrap()
    }

    /// Somebody of Acme accepts an estimate.
    pub(crate) async fn accept(
        &self,
        estimate: &proto::Document,
    ) -> Result<Response<proto::AcceptEstimateResponse>, Status> {
        let request = proto::AcceptEstimateRequest {
            sales_document_id: estimate.id.clone(),
            hash: estimate.hash.clone(),
        };
        self.billing(&self.client()).accept_estimate(request).await
    }

    /// Acme pays, the oldest invoice first.
    pub(crate) async fn pay(&self, amount: i64) -> proto::Credit {
        self.tick();
        let request = proto::RecordPaymentRequest {
            account_id: self.acme.to_string(),
            currency: "EUR".to_owned(),
            amount,
            method: "bank_transfer".to_owned(),
            received_on: self.database.clock.now().date_naive().to_string(),
            note: "noted".to_owned(),
            ..Default::default()
        };
        self.billing(&self.staff()).record_payment(request).await.unwrap().into_inner().payment.unwrap()
    }

    /// A document as staff read it.
    pub(crate) async fn read(&self, id: &str) -> proto::Document {
        self.read_as(&self.staff(), id).await
    }

    /// A document as somebody reads it.
    pub(crate) async fn read_as(&self, ctx: &Ctx, id: &str) -> proto::Document {
        let request = proto::GetDocumentRequest { sales_document_id: id.to_owned() };
        self.billing(ctx).get_document(request).await.unwrap().into_inner().document.unwrap()
    }

    /// How somebody is refused a document.
    pub(crate) async fn get_refused(&self, ctx: &Ctx, id: &str) -> Problem {
        let request = proto::GetDocumentRequest { sales_document_id: id.to_owned() };
        refused(self.billing(ctx).get_document(request).await)
    }

    /// Lets a job do what is due.
    pub(crate) async fn work(&self, name: &str) {
        let job = self.jobs.iter().find(|job| job.name == name).unwrap();
        (job.run)().await.unwrap();
    }

    /// How many rows a table holds.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from billing.{table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(self.database.admin()).await.unwrap()
    }

    /// The balances of the ledger that are not zero, by chart.
    pub(crate) async fn balances(&self) -> Vec<(&'static str, i64)> {
        let mut balances = Vec::new();
        for chart in ["bad_debt", "bank", "client_credit", "receivable", "revenue", "tax"] {
            let amount: i64 = sqlx::query_scalar(
                "select coalesce(sum(amount), 0)::bigint from billing.ledger_entries where tenant_id = $1 and chart = $2",
            )
            .bind(self.tenant.0)
            .bind(chart)
            .fetch_one(self.database.admin())
            .await
            .unwrap();
            if amount != 0 {
                balances.push((chart, amount));
            }
        }
        balances
    }

    /// The events of this type in the outbox of the firm, in the order in which they were written.
    pub(crate) async fn published<M: prost::Message + prost::Name + Default>(&self) -> Vec<M> {
        let bodies: Vec<Vec<u8>> = sqlx::query_scalar(
            "select body from billing.outbox where tenant_id = $1 and type = $2 order by seq",
        )
        .bind(self.tenant.0)
        .bind(M::full_name())
        .fetch_all(self.database.admin())
        .await
        .unwrap();
        bodies.iter().map(|body| M::decode(body.as_slice()).unwrap()).collect()
    }

    /// The actions in the audit, in the order in which they were done.
    pub(crate) async fn audited(&self) -> Vec<String> {
        self.published::<AuditEntry>().await.into_iter().map(|entry| entry.action).collect()
    }
}

/// The refusal of a call that must not succeed.
pub(crate) fn refused<R: std::fmt::Debug>(answer: Result<Response<R>, Status>) -> Problem {
    problem_from(&answer.unwrap_err())
}

/// A company in Berlin whose invoices are due after 14 days.
pub(crate) fn legal_entity() -> proto::LegalEntity {
    proto::LegalEntity {
        seller: Some(proto::Seller {
            name: "Northwind Consulting GmbH".to_owned(),
            address: address("Hafenweg 1", "10115", "Berlin", "DE"),
            vat_id: "DE123456789".to_owned(),
            iban: "DE89370400440532013000".to_owned(),
            ..Default::default()
        }),
        currency: "EUR".to_owned(),
        rounding: "half_up".to_owned(),
        payment_days: 14,
        estimate_prefix: "EST-".to_owned(),
        invoice_prefix: "INV-".to_owned(),
        credit_note_prefix: "CN-".to_owned(),
        ..Default::default()
    }
}

/// Acme in Vienna.
pub(crate) fn buyer() -> proto::Buyer {
    proto::Buyer {
        name: "Acme GmbH".to_owned(),
        address: address("Ring 2", "1010", "Wien", "AT"),
        vat_id: "ATU12345678".to_owned(),
        email: "billing@acme.example".to_owned(),
        reference: "PO 4711".to_owned(),
    }
}

/// Eight hours at 150.00 EUR with 19 % tax: 1,428.00 EUR.
pub(crate) fn content() -> proto::Content {
    proto::Content {
        title: "Strategy workshop".to_owned(),
        currency: "EUR".to_owned(),
        until: "2027-01-29".to_owned(),
        lines: vec![proto::Line {
            description: "Consulting".to_owned(),
            quantity: "8".to_owned(),
            unit: "HUR".to_owned(),
            unit_price: "150".to_owned(),
            tax_category: "S".to_owned(),
            tax_basis_points: 1900,
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn address(street: &str, post_code: &str, city: &str, country: &str) -> Option<proto::Address> {
    Some(proto::Address {
        street: street.to_owned(),
        extra: String::new(),
        post_code: post_code.to_owned(),
        city: city.to_owned(),
        country: country.to_owned(),
    })
}

/// The firm's one administrator who can sign in.
pub(crate) const ADMINISTRATOR: &str = "0190aaaa-0000-7000-8000-00000000000b";

/// Tenancy as billing asks it: accounts are there for whoever reaches them.
fn stand_in(tenant: TenantId, accounts: [AccountId; 2], ana: PersonId) -> Router {
    let firm = move |_: &Ctx, _: tenancy::GetTenantRequest| {
        let firm = tenancy::Tenant {
            id: tenant.to_string(),
            slug: "northwind".to_owned(),
            name: "Northwind".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "en".to_owned(),
            ..Default::default()
        };
        Ok(tenancy::GetTenantResponse { tenant: Some(firm) })
    };
    let account = move |ctx: &Ctx, request: tenancy::GetAccountRequest| {
        let found = accounts.into_iter().find(|id| id.to_string() == request.account_id);
        let reached = found.filter(|id| ctx.tenant == tenant && reaches(ctx, *id));
        let account = reached.map(|id| tenancy::Account { id: id.to_string(), ..Default::default() });
        account
            .map(|account| tenancy::GetAccountResponse { account: Some(account) })
            .ok_or_else(|| status(Problem::not_found()))
    };
    let memberships = move |_: &Ctx, request: tenancy::ListMembershipsRequest| {
        let member = |person: PersonId, roles: &[&str], deactivated| tenancy::Membership {
            account_id: request.account_id.clone(),
            person_id: person.to_string(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            deactivated,
            ..Default::default()
        };
        let (gone, guest) = (PersonId(Uuid::from_u128(7)), PersonId(Uuid::from_u128(8)));
        let memberships =
            vec![member(ana, &["client"], false), member(gone, &["client"], true), member(guest, &[], false)];
        Ok(tenancy::ListMembershipsResponse { memberships })
    };
    let staff = move |_: &Ctx, _: tenancy::ListStaffRequest| {
        let binding = |person: &str, role: &str, deactivated| tenancy::StaffBinding {
            person_id: person.to_owned(),
            roles: vec![role.to_owned()],
            deactivated,
        };
        let bindings = vec![
            binding(ADMINISTRATOR, "admin", false),
            binding("0190aaaa-0000-7000-8000-00000000000c", "admin", true),
            binding("0190aaaa-0000-7000-8000-00000000000d", "project_manager", false),
        ];
        Ok(tenancy::ListStaffResponse { bindings })
    };
    unary("/portico.tenancy.v1.Tenancy/GetTenant", firm)
        .merge(unary("/portico.tenancy.v1.Tenancy/ListStaff", staff))
        .merge(unary("/portico.tenancy.v1.Tenancy/GetAccount", account))
        .merge(unary("/portico.tenancy.v1.Tenancy/ListMemberships", memberships))
}

fn reaches(ctx: &Ctx, account: AccountId) -> bool {
    match &ctx.actor.accounts {
        AccountScope::All => true,
        AccountScope::Listed(accounts) => accounts.contains(&account),
    }
}

/// One RPC of another service, answered by `answer`.
fn unary<Q, R>(
    path: &str,
    answer: impl Fn(&Ctx, Q) -> Result<R, Status> + Clone + Send + Sync + 'static,
) -> Router
where
    Q: prost::Message + Default + 'static,
    R: prost::Message + Default + 'static,
{
    let handler = move |request: HttpRequest| {
        let answer = answer.clone();
        async move {
            let respond = tower::service_fn(move |request: Request<Q>| {
                let response = Incoming::of(request.extensions())
                    .and_then(Incoming::ctx)
                    .and_then(|ctx| answer(&ctx, request.into_inner()))
                    .map(Response::new);
                async move { response }
            });
            Grpc::new(ProstCodec::<R, Q>::default()).unary(respond, request).await
        }
    };
    Router::new().route(path, post(handler))
}
