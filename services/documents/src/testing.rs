//! A firm to test with: the service behind its boundary with a database and files of its own, and stand-ins for its peers.

mod stand_ins;

mod library;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use portico_core::{AccountId, ActorKind, Clock as _, Ctx, EventId, PersonId, Problem, TenantId};
use portico_definition::{Definition, EsignStep, StepKind};
use portico_events::{EventActor, HandleError, Received, Subscription};
use portico_proto::{
    DESCRIPTOR_SET,
    documents::v1::documents_client::DocumentsClient,
    events::v1::{StepActivated, StepWithdrawn},
    json,
};
use portico_rpc::{
    AccessTable, ActorSigner, Auth, CalleeConfig, Caller, CallerChannel, Peers, ServiceSigner, SigningKey,
    Verifier, callee, problem_from,
};
use portico_service::{Job, Kit};
use portico_testkit::TestDatabase;
use serde_json::Value;
use tonic::{Response, Status, service::Routes};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{DATA_AGREEMENT, DocumentsConfig};

/// What the stand-ins know.
#[derive(Default)]
pub(crate) struct World {
    /// Roles that act and that review, by step.
    steps: HashMap<String, (AccountId, Vec<String>, Vec<String>)>,
    /// Accounts of records.
    pub(crate) records: HashMap<String, AccountId>,
    /// Who has a role, by role.
    pub(crate) holders: HashMap<String, Vec<PersonId>>,
    /// Whom records name as the firm's people.
    pub(crate) team: Vec<PersonId>,
    /// Who belongs to an account.
    pub(crate) members: HashMap<AccountId, Vec<PersonId>>,
    /// People who were shut out of the firm.
    pub(crate) deactivated: HashSet<PersonId>,
    /// What people do in their account.
    pub(crate) roles: HashMap<PersonId, Vec<String>>,
    /// People whose roles read no record.
    pub(crate) kept_out: HashSet<PersonId>,
    /// How often a place in an account was given.
    pub(crate) placed: usize,
    /// The firm's people.
    pub(crate) staff: Vec<PersonId>,
    /// People to whom workflow shows no step.
    pub(crate) blind: HashSet<PersonId>,
    /// The addresses that were invited.
    pub(crate) invited: Vec<String>,
    /// The run of an account that goes on, for whoever steers it.
    pub(crate) steered: HashMap<AccountId, Uuid>,
    /// Names of people.
    pub(crate) names: HashMap<PersonId, String>,
    pub(crate) scanned_only: bool,
    /// Documents in those fields of records that are shown to whoever reads them.
    pub(crate) labels: Vec<String>,
    definition: String,
}

type SharedWorld = Arc<Mutex<World>>;

/// A firm with the accounts Acme and Globex.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) tenant: TenantId,
    pub(crate) acme: AccountId,
    pub(crate) globex: AccountId,
    pub(crate) world: SharedWorld,
    pub(crate) definition: Definition,
    pub(crate) home: tempfile::TempDir,
    pub(crate) run: Uuid,
    pub(crate) record: Uuid,
    peers: Peers,
    actors: ActorSigner,
    subscriptions: Vec<Subscription>,
    jobs: Vec<Job>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(DocumentsConfig::default()).await
    }

    pub(crate) async fn with(config: DocumentsConfig) -> Self {
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
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let record = entropy.uuid(clock.now());
        let world = World {
            definition: serde_json::to_string(&definition).unwrap(),
            records: HashMap::from([(record.to_string(), acme)]),
            ..World::default()
        };
        let world = Arc::new(Mutex::new(world));
        for (name, router) in stand_ins::stand_ins(tenant, &world) {
            peers.bind_local(name, callee(Routes::from(router), boundary.clone())).unwrap();
        }
        let home = tempfile::tempdir().unwrap();
        let kit = Kit {
            store: database.store("documents"),
            peers: peers.clone(),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            home: home.path().to_owned(),
        };
        let parts = crate::build(config, kit).await.unwrap();
        let routes = Routes::from(parts.grpc.into_axum_router().merge(parts.http));
        peers.bind_local("documents", callee(routes, boundary)).unwrap();
        let run = entropy.uuid(clock.now());
        let actors = ActorSigner::new(actor_key, clock, entropy);
        let (subscriptions, jobs) = (parts.subscriptions, parts.jobs);
        Self {
            database,
            tenant,
            acme,
            globex,
            world,
            definition,
            home,
            run,
            record,
            peers,
            actors,
            subscriptions,
            jobs,
        }
    }

    pub(crate) fn admin(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["admin", "project_manager"])
    }

    pub(crate) fn manager(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["project_manager"])
    }

    /// Somebody of Acme with this role.
    pub(crate) fn client(&self, role: &str) -> Ctx {
        portico_testkit::client(self.tenant, &[self.acme], &[role])
    }

    /// People who must see nothing of Acme: another account's, and another firm's staff and clients.
    pub(crate) fn strangers(&self) -> Vec<Ctx> {
        let elsewhere = self.database.tenant();
        vec![
            portico_testkit::client(self.tenant, &[self.globex], &["client", "signatory"]),
            portico_testkit::client(elsewhere, &[self.acme], &["client", "signatory"]),
            portico_testkit::staff(elsewhere, &["admin", "project_manager"]),
        ]
    }

    fn auth(&self, ctx: &Ctx) -> Auth {
        if ctx.actor.kind == ActorKind::System {
            Auth::system(ctx.tenant, "test")
        } else {
            Auth::Token(self.actors.issue(ctx.tenant, &ctx.actor, TimeDelta::minutes(5)).unwrap().token)
        }
    }

    fn channel(&self, ctx: &Ctx) -> CallerChannel {
        self.peers.channel("documents", self.auth(ctx))
    }

    pub(crate) fn documents(&self, ctx: &Ctx) -> DocumentsClient<CallerChannel> {
        DocumentsClient::new(self.channel(ctx))
    }

    /// Sends a request to a file route.
    pub(crate) async fn send(
        &self,
        ctx: &Ctx,
        request: http::Request<axum::body::Body>,
    ) -> Result<http::Response<Vec<u8>>, Problem> {
        self.send_by(self.channel(ctx), request).await
    }

    /// Sends a request as the edge does for somebody at an address.
    pub(crate) async fn send_from(
        &self,
        ctx: &Ctx,
        address: &str,
        request: http::Request<axum::body::Body>,
    ) -> Result<http::Response<Vec<u8>>, Problem> {
        let caller = Caller::from(self.auth(ctx)).with_address(Some(address));
        self.send_by(self.peers.channel("documents", caller), request).await
    }

    async fn send_by(
        &self,
        channel: CallerChannel,
        request: http::Request<axum::body::Body>,
    ) -> Result<http::Response<Vec<u8>>, Problem> {
        let request = request.map(tonic::body::Body::new);
        let response = channel.send(request).await.map_err(|status| problem_from(&status))?;
        let (parts, body) = response.into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec()))
    }

    pub(crate) async fn get(&self, ctx: &Ctx, path: &str) -> Result<http::Response<Vec<u8>>, Problem> {
        self.send(ctx, http::Request::get(path).body(axum::body::Body::empty()).unwrap()).await
    }

    /// The plain HTTP answer of a file route, as something between the services would see it.
    pub(crate) async fn plain(
        &self,
        ctx: &Ctx,
        request: http::Request<axum::body::Body>,
    ) -> http::Response<tonic::body::Body> {
        self.channel(ctx).oneshot(request.map(tonic::body::Body::new)).await.unwrap()
    }

    /// Somebody with this name.
    pub(crate) fn named(&self, ctx: &Ctx, name: &str) -> PersonId {
        let person = ctx.actor.person.unwrap();
        self.world.lock().unwrap().names.insert(person, name.to_owned());
        person
    }

    /// Uploads a file and reads the answer.
    pub(crate) async fn upload(
        &self,
        ctx: &Ctx,
        path: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<Value, Problem> {
        let method = if path.starts_with("/templates/") { http::Method::PUT } else { http::Method::POST };
        let request = http::Request::builder().method(method).uri(path).header("x-file-name", name);
        let response = self.send(ctx, request.body(bytes.to_vec().into()).unwrap()).await?;
        assert_eq!(response.status(), http::StatusCode::CREATED);
        Ok(serde_json::from_slice(response.body()).unwrap())
    }

    pub(crate) async fn upload_template(&self) {
        let path = "/templates/templates/data-agreement.pdf";
        self.upload(&self.admin(), path, "x", DATA_AGREEMENT).await.unwrap();
    }

    /// Activates a step of the onboarding definition for Acme and answers its id.
    pub(crate) async fn activate(&self, key: &str) -> String {
        let step = self.database.entropy.uuid(self.database.clock.now()).to_string();
        self.activate_again(key, &step, 1).await.unwrap();
        step
    }

    pub(crate) async fn activate_again(
        &self,
        key: &str,
        step: &str,
        attempt: i32,
    ) -> Result<(), HandleError> {
        let event = self.received(&self.activation(key, step, attempt));
        self.deliver(&event).await
    }

    pub(crate) fn activation(&self, key: &str, step: &str, attempt: i32) -> StepActivated {
        let steps = &self.definition.spec.workflows["onboarding"].steps;
        let declared = steps.iter().find(|declared| declared.id == key).unwrap();
        let (act, review) = match &declared.kind {
            StepKind::Esign(esign) => (esign.order.clone(), vec!["project_manager".to_owned()]),
            _ => (vec!["client".to_owned()], vec!["project_manager".to_owned()]),
        };
        self.world.lock().unwrap().steps.insert(step.to_owned(), (self.acme, act, review));
        StepActivated {
            run_id: self.run.to_string(),
            step_id: step.to_owned(),
            attempt,
            account_id: self.acme.to_string(),
            record_id: self.record.to_string(),
            portal_id: self.run.to_string(),
            portal_version: 1,
            workflow: "onboarding".to_owned(),
            step_key: key.to_owned(),
            r#type: declared.kind.name().to_owned(),
            title: declared.title.clone(),
            declaration: Some(json::to_struct(&serde_json::to_value(declared).unwrap())),
            ..StepActivated::default()
        }
    }

    /// Changes how the agreement of the onboarding definition is signed, for envelopes that are made from now on.
    pub(crate) fn change_esign(&mut self, change: impl FnOnce(&mut EsignStep)) {
        let steps = &mut self.definition.spec.workflows["onboarding"].steps;
        let esign = steps.iter_mut().find_map(|step| match &mut step.kind {
            StepKind::Esign(esign) => Some(esign),
            _ => None,
        });
        change(esign.unwrap());
    }

    /// Adds a document to what the agreement of the onboarding definition has signed, with the same fields as the first.
    pub(crate) async fn also_sign(&mut self, name: &str) {
        let templates = &mut self.definition.spec.document_templates;
        let mut template = templates.values().next().cloned().unwrap();
        template.file = format!("templates/{name}.pdf");
        template.title = Some(name.to_owned());
        templates.insert(name.to_owned(), template);
        self.world.lock().unwrap().definition = serde_json::to_string(&self.definition).unwrap();
        self.change_esign(|esign| esign.also.push(name.to_owned()));
        let path = format!("/templates/templates/{name}.pdf");
        self.upload(&self.admin(), &path, "x", DATA_AGREEMENT).await.unwrap();
    }

    /// Has workflow let people with this role act on a step from now on.
    pub(crate) fn may_act(&self, step: &str, role: &str) {
        let mut world = self.world.lock().unwrap();
        world.steps.get_mut(step).unwrap().1.push(role.to_owned());
    }

    pub(crate) async fn withdraw(&self, step: &str) {
        self.withdraw_as(step, "waived", 1).await;
    }

    pub(crate) async fn withdraw_as(&self, step: &str, state: &str, attempt: i32) {
        let event = StepWithdrawn {
            step_id: step.to_owned(),
            attempt,
            state: state.to_owned(),
            ..StepWithdrawn::default()
        };
        self.deliver(&self.received(&event)).await.unwrap();
    }

    /// Hands an event to every consumer of the service that wants its type.
    pub(crate) async fn deliver(&self, event: &Received) -> Result<(), HandleError> {
        for subscription in &self.subscriptions {
            let wants = match &subscription.types {
                portico_events::Types::All => true,
                portico_events::Types::Listed(types) => types.contains(&event.event_type),
            };
            if wants {
                subscription.handler.handle(event).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn received<M: prost::Message + prost::Name>(&self, body: &M) -> Received {
        let now = self.database.clock.now();
        Received {
            id: EventId::new(now, &*self.database.entropy),
            tenant: self.tenant,
            account: Some(self.acme),
            topic: "portico.workflow.run.v1".to_owned(),
            event_type: M::full_name(),
            key: format!("{}:{}", self.tenant, self.run),
            actor: EventActor {
                kind: ActorKind::System,
                person: None,
                name: "Test".to_owned(),
                impersonator: None,
            },
            trace: String::new(),
            address: None,
            occurred_at: now,
            body: body.encode_to_vec(),
        }
    }

    /// The events of this type that the service has said, in order.
    pub(crate) async fn said<M: prost::Message + prost::Name + Default>(&self) -> Vec<M> {
        let bodies: Vec<Vec<u8>> = sqlx::query_scalar(
            "select body from documents.outbox where tenant_id = $1 and type = $2 order by seq",
        )
        .bind(self.tenant.0)
        .bind(M::full_name())
        .fetch_all(self.database.admin())
        .await
        .unwrap();
        bodies.iter().map(|body| M::decode(body.as_slice()).unwrap()).collect()
    }

    /// What was audited, in order.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let entries = self.said::<portico_proto::events::v1::AuditEntry>().await;
        entries.into_iter().map(|entry| entry.action).collect()
    }

    /// Runs a job until it has nothing more to do.
    pub(crate) async fn work(&self, name: &str) {
        let job = self.jobs.iter().find(|job| job.name == name).unwrap();
        while (job.run)().await.unwrap() < Duration::from_secs(1) {}
    }

    /// How many files lie in the vault, also half-made ones.
    pub(crate) fn blobs(&self) -> usize {
        count(&self.home.path().join("blobs"))
    }

    /// How many files of one firm lie in the vault.
    pub(crate) fn count_blobs(&self, tenant: TenantId) -> usize {
        count(&self.home.path().join("blobs").join(tenant.to_string()))
    }

    pub(crate) async fn rows(&self, table: &'static str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from documents.{table}"));
        sqlx::query_scalar(count).fetch_one(self.database.admin()).await.unwrap()
    }
}

fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |path: &Path| if path.is_dir() { count(path) } else { 1 };
    entries.map(|entry| of(&entry.unwrap().path())).sum()
}

/// What a refused RPC says.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Problem {
    problem_from(&answer.unwrap_err())
}
