//! A firm to test with: a database of its own, and stand-ins for the services that workflow asks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request as HttpRequest, routing::post};
use chrono::TimeDelta;
use portico_core::{AccountId, Clock as _, Ctx, EventId, PersonId, PortalId, TenantId};
use portico_events::{EventActor, Received};
use portico_proto::{
    documents::v1 as documents, identity::v1 as identity, tenancy::v1 as tenancy, workflow::v1 as proto,
};
use portico_rpc::{Peers, ServiceSigner, SigningKey};
use portico_service::Kit;
use portico_testkit::TestDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tonic_prost::ProstCodec;

use crate::{
    WorkflowConfig,
    events::subscriptions,
    jobs::fire_timers,
    rpc::{create_record, get_run, list_runs, transition_record},
    service::{Service, SharedService},
};

/// The portal of the shipped definitions, by place in the gallery.
pub(crate) const ONBOARDING: usize = 0;
pub(crate) const INVOICES: usize = 1;

#[derive(Default)]
struct World {
    people: HashMap<String, identity::Person>,
    /// Person, account (none for staff), roles.
    roles: Vec<(PersonId, Option<AccountId>, Vec<String>)>,
    /// Definitions as JSON, by portal and version.
    portals: HashMap<(String, i32), String>,
    holidays: Vec<String>,
    /// Rows of requests, by step.
    items: HashMap<String, Vec<documents::Item>>,
}

type Shared = Arc<Mutex<World>>;

/// A firm called Northwind with a client called Acme.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) service: SharedService,
    pub(crate) tenant: TenantId,
    pub(crate) acme: AccountId,
    world: Shared,
    /// Where the keys lie.
    _home: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::configured(WorkflowConfig::default()).await
    }

    /// The same with other settings.
    pub(crate) async fn configured(config: WorkflowConfig) -> Self {
        let database = portico_testkit::database().await.unwrap();
        let clock: portico_core::SharedClock = Arc::new(database.clock.clone());
        let key = SigningKey::generate_service("workflow-test").unwrap();
        let signer = ServiceSigner::new(key, Arc::clone(&clock), Arc::clone(&database.entropy));
        let peers = Peers::new(signer, Arc::clone(&database.entropy));
        let world = Shared::default();
        bind(&peers, &world);
        let home = tempfile::tempdir().unwrap();
        let kit = Kit {
            store: database.store("workflow"),
            peers,
            clock,
            entropy: Arc::clone(&database.entropy),
            home: home.path().to_owned(),
        };
        let service = Arc::new(Service::new(config, kit));
        let (tenant, acme) = (database.tenant(), database.account());
        Self { database, service, tenant, acme, world, _home: home }
    }

    /// Publishes a shipped definition, as tenancy does.
    pub(crate) async fn publish(&self, place: usize) -> PortalId {
        let portal = PortalId::new(self.database.clock.now(), &*self.database.entropy);
        self.publish_version(portal, 1, portico_definition::gallery()[place].yaml).await;
        portal
    }

    /// Publishes a version of a portal, as tenancy does.
    pub(crate) async fn publish_version(&self, portal: PortalId, version: i32, yaml: &str) {
        let definition = portico_definition::parse(yaml).unwrap();
        self.world
            .lock()
            .unwrap()
            .portals
            .insert((portal.to_string(), version), serde_json::to_string(&definition).unwrap());
        let event = tenancy::PortalPublished {
            portal_id: portal.to_string(),
            name: definition.metadata.name.clone(),
            version,
            hash: portico_definition::content_hash(&definition),
        };
        self.receive(&event).await;
    }

    /// The firm is closed on these days.
    pub(crate) fn close(&self, days: &[&str]) {
        self.world.lock().unwrap().holidays = days.iter().map(|day| (*day).to_owned()).collect();
    }

    /// Documents has these rows for a step.
    pub(crate) fn hold_items(&self, step: &str, items: Vec<documents::Item>) {
        self.world.lock().unwrap().items.insert(step.to_owned(), items);
    }

    /// An event of another service arrives.
    pub(crate) async fn receive<M: prost::Message + prost::Name>(&self, body: &M) -> Received {
        self.receive_from(&Ctx::system(self.tenant, "Test"), body).await
    }

    /// The same, caused by somebody.
    pub(crate) async fn receive_from<M: prost::Message + prost::Name>(&self, by: &Ctx, body: &M) -> Received {
        let now = self.database.clock.now();
        let received = Received {
            id: EventId::new(now, &*self.database.entropy),
            tenant: self.tenant,
            account: None,
            topic: "portico.test.test.v1".to_owned(),
            event_type: M::full_name(),
            key: format!("{}:{}", self.tenant, self.database.entropy.uuid(now)),
            actor: EventActor {
                kind: by.actor.kind,
                person: by.actor.person,
                name: by.actor.name.clone(),
                impersonator: None,
            },
            trace: String::new(),
            address: None,
            occurred_at: now,
            body: body.encode_to_vec(),
        };
        self.deliver(&received).await;
        received
    }

    /// An event is delivered, perhaps again.
    pub(crate) async fn deliver(&self, received: &Received) {
        for subscription in subscriptions(&self.service) {
            let wants = match &subscription.types {
                portico_events::Types::All => true,
                portico_events::Types::Listed(types) => types.contains(&received.event_type),
            };
            if wants {
                subscription.handler.handle(received).await.unwrap();
            }
        }
    }

    fn person(
        &self,
        name: &str,
        side: identity::Side,
        account: Option<AccountId>,
        roles: &[&str],
    ) -> PersonId {
        let id = PersonId::new(self.database.clock.now(), &*self.database.entropy);
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let mut world = self.world.lock().unwrap();
        let person = identity::Person {
            id: id.to_string(),
            name: name.to_owned(),
            side: side.into(),
            active: true,
            ..Default::default()
        };
        world.people.insert(id.to_string(), person);
        world.roles.push((id, account, roles));
        id
    }

    /// A member of staff.
    pub(crate) fn staff(&self, name: &str, roles: &[&str]) -> Ctx {
        let mut ctx = portico_testkit::staff(self.tenant, roles);
        ctx.actor.person = Some(self.person(name, identity::Side::Staff, None, roles));
        ctx.actor.name = name.to_owned();
        ctx
    }

    /// Leaves a member of staff these roles alone.
    pub(crate) fn leave_roles(&self, ctx: &Ctx, left: &[&str]) {
        let mut world = self.world.lock().unwrap();
        let held = world.roles.iter_mut().filter(|(id, ..)| Some(*id) == ctx.actor.person);
        held.for_each(|(_, _, roles)| *roles = left.iter().map(|role| (*role).to_owned()).collect());
    }

    /// Somebody keeps this time zone.
    pub(crate) fn keeps_zone(&self, ctx: &Ctx, zone: &str) {
        let mut world = self.world.lock().unwrap();
        world.people.get_mut(&id(ctx)).unwrap().time_zone = zone.to_owned();
    }

    /// Lets a member of staff in no more.
    pub(crate) fn deactivate(&self, ctx: &Ctx) {
        self.world.lock().unwrap().people.get_mut(&id(ctx)).unwrap().active = false;
    }

    /// A person of an account.
    pub(crate) fn client(&self, name: &str, account: AccountId, roles: &[&str]) -> Ctx {
        let mut ctx = portico_testkit::client(self.tenant, &[account], roles);
        ctx.actor.person = Some(self.person(name, identity::Side::External, Some(account), roles));
        ctx.actor.name = name.to_owned();
        ctx
    }

    /// A record, made by `ctx`.
    pub(crate) async fn record(
        &self,
        ctx: &Ctx,
        portal: PortalId,
        kind: &str,
        account: AccountId,
        fields: Value,
    ) -> proto::Record {
        let request = proto::CreateRecordRequest {
            portal_id: portal.to_string(),
            kind: kind.to_owned(),
            account_id: account.to_string(),
            fields: Some(portico_proto::json::to_struct(&fields)),
            idempotency_key: String::new(),
        };
        create_record::handle(&self.service, ctx.clone(), request).await.unwrap().record.unwrap()
    }

    /// An engagement whose contract is signed, with its run.
    pub(crate) async fn engagement(&self) -> Engagement {
        self.engagement_of(portico_definition::gallery()[ONBOARDING].yaml).await
    }

    /// The same by another definition.
    pub(crate) async fn engagement_of(&self, yaml: &str) -> Engagement {
        let portal = PortalId::new(self.database.clock.now(), &*self.database.entropy);
        self.publish_version(portal, 1, yaml).await;
        let (admin, manager) =
            (self.staff("Ada Admin", &["admin"]), self.staff("Mina Manager", &["project_manager"]));
        let client = self.client("Ana Acme", self.acme, &["client"]);
        let fields = json!({
            "title": "New website", "team": [id(&manager)], "contacts": [id(&client)],
            "fee": {"amount": 5_000_000, "currency": "EUR"},
        });
        let record = self.record(&admin, portal, "engagement", self.acme, fields).await;
        let request = proto::TransitionRecordRequest {
            record_id: record.id.clone(),
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let moved = transition_record::handle(&self.service, manager.clone(), request).await.unwrap();
        assert_eq!(moved.run_ids.len(), 1);
        Engagement {
            portal,
            admin,
            manager,
            client,
            record: moved.record.unwrap(),
            run: moved.run_ids[0].clone(),
        }
    }

    /// A run as somebody sees it.
    pub(crate) async fn run(&self, ctx: &Ctx, run: &str) -> proto::Run {
        let request = proto::GetRunRequest { run_id: run.to_owned() };
        get_run::handle(&self.service, ctx.clone(), request).await.unwrap().run.unwrap()
    }

    /// A step of a run, by its name in the definition.
    pub(crate) async fn step(&self, ctx: &Ctx, run: &str, key: &str) -> proto::Step {
        self.run(ctx, run).await.steps.into_iter().find(|step| step.key == key).unwrap()
    }

    /// The newest run that somebody sees.
    pub(crate) async fn newest_run(&self, ctx: &Ctx) -> proto::Run {
        let answer =
            list_runs::handle(&self.service, ctx.clone(), proto::ListRunsRequest::default()).await.unwrap();
        answer.runs.into_iter().next().unwrap()
    }

    /// The owner of a step says that it is done.
    pub(crate) async fn fulfil(&self, run: &str, step: &proto::Step) -> Received {
        let event = portico_proto::events::v1::StepFulfilled {
            run_id: run.to_owned(),
            step_id: step.id.clone(),
            attempt: step.attempt,
            ..Default::default()
        };
        self.receive(&event).await
    }

    /// Lets time pass and fires what is due.
    pub(crate) async fn pass(&self, time: TimeDelta) {
        self.database.clock.advance(time);
        fire_timers::run(&self.service).await.unwrap();
    }

    /// The events of one type in the outbox, oldest first.
    pub(crate) async fn said<M: prost::Message + prost::Name + Default>(&self) -> Vec<M> {
        let bodies: Vec<Vec<u8>> =
            sqlx::query_scalar("select body from workflow.outbox where type = $1 order by seq")
                .bind(M::full_name())
                .fetch_all(self.database.admin())
                .await
                .unwrap();
        bodies.iter().map(|body| M::decode(body.as_slice()).unwrap()).collect()
    }

    /// How many rows the tables that a command writes hold: what a refused command must leave alone.
    pub(crate) async fn rows(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in [
            "records",
            "runs",
            "run_events",
            "run_steps",
            "turns",
            "timers",
            "outbox",
            "inbox",
            "bookings",
            "form_submissions",
            "form_editors",
            "request_rows",
        ] {
            let query = sqlx::AssertSqlSafe(format!("select count(*) from workflow.{table}"));
            counts.push(sqlx::query_scalar(query).fetch_one(self.database.admin()).await.unwrap());
        }
        counts
    }
}

/// A client who is being onboarded.
pub(crate) struct Engagement {
    pub(crate) portal: PortalId,
    pub(crate) admin: Ctx,
    pub(crate) manager: Ctx,
    pub(crate) client: Ctx,
    pub(crate) record: proto::Record,
    pub(crate) run: String,
}

/// The person of a context.
pub(crate) fn id(ctx: &Ctx) -> String {
    ctx.actor.person.unwrap().to_string()
}

fn bind(peers: &Peers, world: &Shared) {
    let of = |world: &Shared| Arc::clone(world);
    let people = of(world);
    let identity_routes = unary(
        "/portico.identity.v1.Identity/BatchGetPeople",
        move |request: identity::BatchGetPeopleRequest| {
            let world = people.lock().unwrap();
            let people = request.person_ids.iter().filter_map(|id| world.people.get(id).cloned()).collect();
            Ok(identity::BatchGetPeopleResponse { people })
        },
    );
    peers.bind_local("identity", Routes::from(identity_routes)).unwrap();

    let (roles, members, portals, holidays) = (of(world), of(world), of(world), of(world));
    let staff = of(world);
    let tenancy_routes = unary("/portico.tenancy.v1.Tenancy/GetTenant", |_: tenancy::GetTenantRequest| {
        let tenant = tenancy::Tenant {
            name: "Northwind".to_owned(),
            time_zone: "UTC".to_owned(),
            ..Default::default()
        };
        Ok(tenancy::GetTenantResponse { tenant: Some(tenant) })
    })
    .merge(unary("/portico.tenancy.v1.Tenancy/ListHolidays", move |_: tenancy::ListHolidaysRequest| {
        Ok(tenancy::ListHolidaysResponse { dates: holidays.lock().unwrap().holidays.clone() })
    }))
    .merge(unary("/portico.tenancy.v1.Tenancy/GetAccount", |request: tenancy::GetAccountRequest| {
        let account =
            tenancy::Account { id: request.account_id, name: "Acme".to_owned(), ..Default::default() };
        Ok(tenancy::GetAccountResponse { account: Some(account) })
    }))
    .merge(unary(
        "/portico.tenancy.v1.Tenancy/ListPeopleInRole",
        move |request: tenancy::ListPeopleInRoleRequest| {
            let account = request.account_id.parse().ok();
            let world = roles.lock().unwrap();
            let held = world
                .roles
                .iter()
                .filter(|(_, at, held)| (at.is_none() || *at == account) && held.contains(&request.role));
            Ok(tenancy::ListPeopleInRoleResponse {
                person_ids: held.map(|(id, ..)| id.to_string()).collect(),
            })
        },
    ))
    .merge(unary("/portico.tenancy.v1.Tenancy/ListStaff", move |_: tenancy::ListStaffRequest| {
        let world = staff.lock().unwrap();
        let held = world.roles.iter().filter(|(_, at, _)| at.is_none());
        let bindings = held.map(|(id, _, roles)| tenancy::StaffBinding {
            person_id: id.to_string(),
            roles: roles.clone(),
            deactivated: !world.people.get(&id.to_string()).is_some_and(|person| person.active),
        });
        Ok(tenancy::ListStaffResponse { bindings: bindings.collect() })
    }))
    .merge(unary(
        "/portico.tenancy.v1.Tenancy/ListMemberships",
        move |request: tenancy::ListMembershipsRequest| {
            let account = request.account_id.parse().ok();
            let world = members.lock().unwrap();
            let held = world.roles.iter().filter(|(_, at, _)| at.is_some() && *at == account);
            let memberships = held.map(|(id, _, roles)| tenancy::Membership {
                account_id: request.account_id.clone(),
                person_id: id.to_string(),
                roles: roles.clone(),
                ..Default::default()
            });
            Ok(tenancy::ListMembershipsResponse { memberships: memberships.collect() })
        },
    ))
    .merge(unary("/portico.tenancy.v1.Tenancy/GetPortal", move |request: tenancy::GetPortalRequest| {
        let world = portals.lock().unwrap();
        let newest = || world.portals.iter().filter(|((id, _), _)| *id == request.portal_id).max();
        let asked = world.portals.get(&(request.portal_id.clone(), request.version));
        let definition_json = asked.or(newest().map(|(_, json)| json)).cloned().unwrap_or_default();
        Ok(tenancy::GetPortalResponse { definition_json, ..Default::default() })
    }));
    peers.bind_local("tenancy", Routes::from(tenancy_routes)).unwrap();

    let documents_routes =
        unary("/portico.documents.v1.Documents/BindDocument", |request: documents::BindDocumentRequest| {
            let document = documents::Document {
                id: request.document_id,
                title: "invoice.pdf".to_owned(),
                ..Default::default()
            };
            Ok(documents::BindDocumentResponse { document: Some(document) })
        });
    let items = of(world);
    let documents_routes = documents_routes.merge(unary(
        "/portico.documents.v1.Documents/GetRequest",
        move |request: documents::GetRequestRequest| {
            let items = items.lock().unwrap().items.get(&request.step_id).cloned();
            let items = items.ok_or_else(|| Status::not_found("no such request"))?;
            let request = documents::Request { items, ..Default::default() };
            Ok(documents::GetRequestResponse { request: Some(request) })
        },
    ));
    peers.bind_local("documents", Routes::from(documents_routes)).unwrap();
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
