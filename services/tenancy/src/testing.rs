//! A firm to test with: a database of its own, and stand-ins for the services that tenancy asks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request as HttpRequest, routing::post};
use portico_core::{AccountId, Clock as _, Ctx, EventId, PersonId, TenantId};
use portico_events::{EventActor, Received};
use portico_proto::{documents, identity::v1 as identity, tenancy::v1 as proto, workflow};
use portico_rpc::{Peers, ServiceSigner, SigningKey};
use portico_service::Kit;
use portico_testkit::TestDatabase;
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tonic_prost::ProstCodec;

use crate::{
    TenancyConfig,
    rpc::{Origin, create_account, create_tenant, publish_portal, set_staff_roles},
    service::{Service, SharedService},
};

/// A definition with the external roles `client` and `signatory` and the internal role `project_manager`.
pub(crate) const ONBOARDING: &str = portico_definition::gallery()[0].yaml;

type People = Arc<Mutex<HashMap<String, identity::Person>>>;

/// A firm called Northwind.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) service: SharedService,
    pub(crate) tenant: TenantId,
    people: People,
    /// What the other services find in every definition.
    pub(crate) findings: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let database = portico_testkit::database().await.unwrap();
        let clock: portico_core::SharedClock = Arc::new(database.clock.clone());
        let key = SigningKey::generate_service("tenancy-test").unwrap();
        let signer = ServiceSigner::new(key, Arc::clone(&clock), Arc::clone(&database.entropy));
        let peers = Peers::new(signer, Arc::clone(&database.entropy));
        let (people, findings) = (People::default(), Arc::default());
        bind_identity(&peers, Arc::clone(&people));
        bind_checks(&peers, &findings);
        let kit = Kit {
            store: database.store("tenancy"),
            peers,
            clock,
            entropy: Arc::clone(&database.entropy),
            home: std::path::PathBuf::new(),
        };
        let service = Arc::new(Service::new(TenancyConfig { base_host: "localhost".to_owned() }, kit));
        let made = create_tenant::handle(&service, origin(), northwind()).await.unwrap().tenant.unwrap();
        Self { database, service, tenant: made.id.parse().unwrap(), people, findings }
    }

    /// An administrator of the firm.
    pub(crate) fn admin(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["admin"])
    }

    /// A member of staff who is no administrator.
    pub(crate) fn staff(&self) -> Ctx {
        portico_testkit::staff(self.tenant, &["project_manager"])
    }

    /// A person of these accounts.
    pub(crate) fn client(&self, accounts: &[AccountId]) -> Ctx {
        portico_testkit::client(self.tenant, accounts, &["client"])
    }

    /// Portico itself at work for the firm.
    pub(crate) fn system(&self) -> Ctx {
        portico_testkit::system(self.tenant)
    }

    /// A new account.
    pub(crate) async fn account(&self, name: &str) -> AccountId {
        let request = proto::CreateAccountRequest { name: name.to_owned(), ..Default::default() };
        let made = create_account::handle(&self.service, self.admin(), request).await.unwrap();
        made.account.unwrap().id.parse().unwrap()
    }

    /// A person whom identity knows.
    pub(crate) fn person(&self, side: identity::Side) -> PersonId {
        let id = PersonId::new(self.database.clock.now(), &*self.database.entropy);
        let person = identity::Person {
            id: id.to_string(),
            name: "Ana Example".to_owned(),
            side: side.into(),
            active: true,
            ..Default::default()
        };
        self.people.lock().unwrap().insert(id.to_string(), person);
        id
    }

    /// A member of staff with these roles.
    pub(crate) async fn staff_member(&self, roles: &[&str]) -> PersonId {
        let person = self.person(identity::Side::Staff);
        let request = proto::SetStaffRolesRequest {
            person_id: person.to_string(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        set_staff_roles::handle(&self.service, self.system(), request).await.unwrap();
        person
    }

    /// Publishes the shipped definition, so that there are roles to give.
    pub(crate) async fn publish_onboarding(&self) -> proto::Portal {
        let request = proto::PublishPortalRequest { yaml: ONBOARDING.to_owned(), ..Default::default() };
        publish_portal::handle(&self.service, self.admin(), request).await.unwrap().portal.unwrap()
    }

    /// An event of the firm as it arrives.
    pub(crate) fn received<M: prost::Message + prost::Name>(
        &self,
        body: &M,
        account: Option<AccountId>,
    ) -> Received {
        let ctx = self.admin();
        let now = self.database.clock.now();
        Received {
            id: EventId::new(now, &*self.database.entropy),
            tenant: self.tenant,
            account,
            topic: "portico.documents.audit.v1".to_owned(),
            event_type: M::full_name(),
            key: format!("{}:{}", self.tenant, self.database.entropy.uuid(now)),
            actor: EventActor {
                kind: ctx.actor.kind,
                person: ctx.actor.person,
                name: ctx.actor.name,
                impersonator: None,
            },
            trace: ctx.trace,
            address: ctx.address,
            occurred_at: now,
            body: body.encode_to_vec(),
        }
    }

    /// The actions in the outbox of the firm, in the order in which they were done.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let bodies: Vec<Vec<u8>> = sqlx::query_scalar(
            "select body from tenancy.outbox where tenant_id = $1 and topic = 'portico.tenancy.audit.v1' order by seq",
        )
        .bind(self.tenant.0)
        .fetch_all(self.database.admin())
        .await
        .unwrap();
        let action = |body: &Vec<u8>| -> String {
            <portico_proto::events::v1::AuditEntry as prost::Message>::decode(body.as_slice()).unwrap().action
        };
        bodies.iter().map(action).collect()
    }

    /// How many events of this type the outbox of the firm holds.
    pub(crate) async fn published<M: prost::Name>(&self) -> i64 {
        sqlx::query_scalar("select count(*) from tenancy.outbox where tenant_id = $1 and type = $2")
            .bind(self.tenant.0)
            .bind(M::full_name())
            .fetch_one(self.database.admin())
            .await
            .unwrap()
    }
}

/// The system before a firm is known.
pub(crate) fn origin() -> Origin {
    Origin { name: "first run".to_owned(), trace: String::new(), address: None }
}

/// What it takes to make the firm.
pub(crate) fn northwind() -> proto::CreateTenantRequest {
    proto::CreateTenantRequest {
        slug: "northwind".to_owned(),
        name: "Northwind Consulting".to_owned(),
        colour: "#1a5fb4".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        language: "en".to_owned(),
        sender_address: "office@northwind.example".to_owned(),
        idempotency_key: "first".to_owned(),
        allow_unscanned_files: true,
        ..Default::default()
    }
}

fn bind_identity(peers: &Peers, people: People) {
    let answer = move |request: identity::GetPersonRequest| {
        let person = people.lock().unwrap().get(&request.person_id).cloned();
        person
            .map(|person| identity::GetPersonResponse { person: Some(person) })
            .ok_or_else(|| portico_rpc::status(portico_core::Problem::not_found()))
    };
    peers
        .bind_local("identity", Routes::from(unary("/portico.identity.v1.Identity/GetPerson", answer)))
        .unwrap();
}

fn bind_checks(peers: &Peers, findings: &Arc<Mutex<Vec<String>>>) {
    let found = Arc::clone(findings);
    let workflow = move |_: workflow::v1::CheckDefinitionRequest| {
        let finding = |message: &String| workflow::v1::DefinitionFinding {
            message: message.clone(),
            ..Default::default()
        };
        let findings = found.lock().unwrap().iter().map(finding).collect();
        Ok(workflow::v1::CheckDefinitionResponse { findings })
    };
    let documents =
        |_: documents::v1::CheckDefinitionRequest| Ok(documents::v1::CheckDefinitionResponse::default());
    let route = unary("/portico.workflow.v1.Workflow/CheckDefinition", workflow);
    peers.bind_local("workflow", Routes::from(route)).unwrap();
    let route = unary("/portico.documents.v1.Documents/CheckDefinition", documents);
    peers.bind_local("documents", Routes::from(route)).unwrap();
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
