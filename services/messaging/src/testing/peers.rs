//! Stand-ins for the services that messaging asks. They answer from one small world.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{Router, extract::Request as HttpRequest, response::IntoResponse as _, routing::post};
use portico_core::{AccountId, ActorKind, Ctx, PersonId, Problem, RecordId, TenantId};
use portico_proto::{
    documents::v1 as documents, identity::v1 as identity, json::to_struct, tenancy::v1 as tenancy, time,
    workflow::v1 as workflow,
};
use portico_rpc::{Peers, status};
use serde_json::json;
use tonic::{Request, Response, Status, server::Grpc, service::Routes};
use tonic_prost::ProstCodec;

/// What the other services know.
#[derive(Debug, Default, Clone)]
pub(crate) struct World(Arc<Mutex<Facts>>);

#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) people: HashMap<String, identity::Person>,
    pub(crate) identity_is_away: bool,
    /// Account, person, roles.
    pub(crate) members: Vec<(String, String, Vec<String>)>,
    pub(crate) roles: HashMap<String, Vec<String>>,
    records: HashMap<String, (TenantId, workflow::Record)>,
    /// Record, person.
    pub(crate) hidden: Vec<(String, String)>,
    /// Uploader and file name, by document.
    pub(crate) uploads: HashMap<String, (String, String)>,
    /// Files that were refused once.
    pub(crate) away: std::collections::HashSet<String>,
    pub(crate) bound: Vec<(String, bool)>,
    pub(crate) links: HashMap<String, String>,
    pub(crate) minted: usize,
    /// How often workflow was asked.
    pub(crate) calls_to_workflow: usize,
}

impl World {
    pub(crate) fn read(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap()
    }

    pub(crate) fn write(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap()
    }
}

impl Facts {
    pub(crate) fn add_record(
        &mut self,
        tenant: TenantId,
        id: RecordId,
        account: AccountId,
        name: &str,
        title: &str,
    ) {
        let record = workflow::Record {
            id: id.to_string(),
            account_id: account.to_string(),
            account_name: name.to_owned(),
            title: title.to_owned(),
            ..workflow::Record::default()
        };
        self.records.insert(id.to_string(), (tenant, record));
    }

    pub(crate) fn name_in(&mut self, record: RecordId, people: &[PersonId]) {
        let (_, record) = self.records.get_mut(&record.to_string()).unwrap();
        let ids: Vec<String> = people.iter().map(ToString::to_string).collect();
        record.fields = Some(to_struct(&json!({ "team": ids, "title": record.title })));
        record.labels = ids.into_iter().map(|id| (id, "Somebody".to_owned())).collect();
    }

    /// A record as the bearer of this token may read it.
    fn record(&self, id: &str, authorization: &str) -> Option<workflow::Record> {
        let (tenant, record) = self.records.get(id)?;
        let Some(ctx) = reader(authorization) else { return Some(record.clone()) };
        let hidden =
            ctx.actor.person.is_some_and(|person| self.hidden.contains(&(id.to_owned(), person.to_string())));
        let reached = ctx.actor.kind != ActorKind::Client
            || ctx.actor.accounts.listed().iter().any(|account| account.to_string() == record.account_id);
        (ctx.tenant == *tenant && reached && !hidden).then(|| record.clone())
    }
}

/// The person behind a token of this fixture; none behind one that the process itself has signed.
fn reader(authorization: &str) -> Option<Ctx> {
    let token = authorization.strip_prefix("Bearer ")?;
    let bytes: Option<Vec<u8>> =
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok()).collect();
    serde_json::from_slice(&bytes?).ok()
}

/// Binds the stand-ins.
pub(crate) fn bind(peers: &Peers, world: &World) {
    let identity = identity_routes(world);
    let others =
        [("identity", identity), ("tenancy", tenancy_routes(world)), ("workflow", workflow_routes(world))];
    for (service, routes) in others.into_iter().chain([("documents", documents_routes(world))]) {
        peers.bind_local(service, Routes::from(routes)).unwrap();
    }
}

fn identity_routes(world: &World) -> Router {
    let people = unary(
        "/portico.identity.v1.Identity/BatchGetPeople",
        world,
        |world, _, request: identity::BatchGetPeopleRequest| {
            let facts = world.read();
            if facts.identity_is_away {
                return Err(Status::unavailable("away"));
            }
            let people = request.person_ids.iter().filter_map(|id| facts.people.get(id).cloned()).collect();
            Ok(identity::BatchGetPeopleResponse { people })
        },
    );
    let mint = unary(
        "/portico.identity.v1.Identity/MintLink",
        world,
        |world, _, request: identity::MintLinkRequest| {
            let mut facts = world.write();
            facts.minted += 1;
            let secret =
                facts.links.get(&request.link_id).cloned().ok_or_else(|| status(Problem::not_found()))?;
            let expires_at = chrono::DateTime::from_timestamp(1_800_600_000, 0).map(time::timestamp);
            Ok(identity::MintLinkResponse { secret, expires_at })
        },
    );
    let token = unary(
        "/portico.identity.v1.Identity/IssueMailToken",
        world,
        |world, _, request: identity::IssueMailTokenRequest| {
            let facts = world.read();
            let person = facts.people.get(&request.person_id).filter(|person| person.active).cloned();
            let (Some(person), Some(tenant)) = (person, facts.tenant) else {
                return Err(status(Problem::not_found()));
            };
            let staff = person.side() == identity::Side::Staff;
            let account_ids: Vec<String> = facts
                .members
                .iter()
                .filter(|member| member.1 == request.person_id)
                .map(|member| member.0.clone())
                .collect();
            let accounts: Vec<AccountId> = account_ids.iter().map(|id| id.parse().unwrap()).collect();
            let mut ctx = if staff {
                portico_testkit::staff(tenant, &["project_manager"])
            } else {
                portico_testkit::client(tenant, &accounts, &["client"])
            };
            ctx.actor.person = Some(request.person_id.parse().unwrap());
            ctx.actor.name.clone_from(&person.name);
            let token = serde_json::to_string(&ctx).unwrap();
            Ok(identity::IssueMailTokenResponse {
                actor_token: token.bytes().map(|byte| format!("{byte:02x}")).collect(),
                person: Some(person),
                all_accounts: staff,
                account_ids,
                roles: ctx.actor.roles,
                account_roles: Vec::new(),
            })
        },
    );
    people.merge(mint).merge(token)
}

fn tenancy_routes(world: &World) -> Router {
    let firm = unary("/portico.tenancy.v1.Tenancy/GetTenant", world, |_, _, _: tenancy::GetTenantRequest| {
        let tenant = tenancy::Tenant {
            slug: "northwind".to_owned(),
            name: "Northwind Consulting".to_owned(),
            colour: "#1a5fb4".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "en".to_owned(),
            sender_address: "office@northwind.example".to_owned(),
            ..tenancy::Tenant::default()
        };
        Ok(tenancy::GetTenantResponse { tenant: Some(tenant) })
    });
    let members = unary(
        "/portico.tenancy.v1.Tenancy/ListMemberships",
        world,
        |world, _, request: tenancy::ListMembershipsRequest| {
            let facts = world.read();
            let of_account = facts.members.iter().filter(|member| {
                member.0 == request.account_id
                    && (request.person_id.is_empty() || member.1 == request.person_id)
            });
            let memberships = of_account.map(|(account, person, roles)| tenancy::Membership {
                account_id: account.clone(),
                person_id: person.clone(),
                roles: roles.clone(),
                ..tenancy::Membership::default()
            });
            Ok(tenancy::ListMembershipsResponse { memberships: memberships.collect() })
        },
    );
    let staff =
        unary("/portico.tenancy.v1.Tenancy/ListStaff", world, |world, _, _: tenancy::ListStaffRequest| {
            let facts = world.read();
            let bindings = facts.roles.iter().flat_map(|(role, people)| {
                people.iter().map(|person| tenancy::StaffBinding {
                    person_id: person.clone(),
                    roles: vec![role.clone()],
                    ..tenancy::StaffBinding::default()
                })
            });
            Ok(tenancy::ListStaffResponse { bindings: bindings.collect() })
        });
    let in_role = unary(
        "/portico.tenancy.v1.Tenancy/ListPeopleInRole",
        world,
        |world, _, request: tenancy::ListPeopleInRoleRequest| {
            let person_ids = world.read().roles.get(&request.role).cloned().unwrap_or_default();
            Ok(tenancy::ListPeopleInRoleResponse { person_ids })
        },
    );
    firm.merge(members).merge(staff).merge(in_role)
}

fn workflow_routes(world: &World) -> Router {
    let one = unary(
        "/portico.workflow.v1.Workflow/GetRecord",
        world,
        |world, authorization, request: workflow::GetRecordRequest| {
            world.write().calls_to_workflow += 1;
            let record = world.read().record(&request.record_id, authorization);
            record
                .map(|record| workflow::GetRecordResponse { record: Some(record) })
                .ok_or_else(|| status(Problem::not_found()))
        },
    );
    let several = unary(
        "/portico.workflow.v1.Workflow/BatchGetRecords",
        world,
        |world, authorization, request: workflow::BatchGetRecordsRequest| {
            world.write().calls_to_workflow += 1;
            let facts = world.read();
            let records =
                request.record_ids.iter().filter_map(|id| facts.record(id, authorization)).collect();
            Ok(workflow::BatchGetRecordsResponse { records })
        },
    );
    let readers = unary(
        "/portico.workflow.v1.Workflow/ListReaders",
        world,
        |world, _, request: workflow::ListReadersRequest| {
            let facts = world.read();
            let (_, record) =
                facts.records.get(&request.record_id).ok_or_else(|| status(Problem::not_found()))?;
            let reads =
                |person: &String| !facts.hidden.contains(&(request.record_id.clone(), person.clone()));
            let members = facts
                .members
                .iter()
                .filter(|(account, person, roles)| {
                    *account == record.account_id && !roles.is_empty() && reads(person)
                })
                .map(|(_, person, _)| person.clone());
            let staff = facts.people.values().filter(|person| person.side() == identity::Side::Staff);
            Ok(workflow::ListReadersResponse {
                member_ids: members.collect(),
                staff_ids: staff.map(|person| person.id.clone()).filter(reads).collect(),
            })
        },
    );
    one.merge(several).merge(readers)
}

fn documents_routes(world: &World) -> Router {
    let known = world.clone();
    let take = move |headers: http::HeaderMap| async move {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let name = said("x-file-name").to_owned();
        let person = reader(said("authorization")).and_then(|ctx| ctx.actor.person);
        let (Some(person), false) = (person, name.starts_with("too-large")) else {
            return status(Problem::invalid("file", "This file is too large.")).into_http();
        };
        let mut facts = known.write();
        if name.starts_with("away-once") && facts.away.insert(name.clone()) {
            let away = Problem::new(portico_core::ErrorCode::Unavailable, "away", "Try again later.");
            return status(away).into_http();
        }
        let id = uuid::Uuid::from_u128(0x7000 + u128::try_from(facts.uploads.len()).unwrap()).to_string();
        facts.uploads.insert(id.clone(), (person.to_string(), name));
        axum::Json(json!({ "document_id": id })).into_response()
    };
    bind_route(world).route("/attachments", post(take))
}

fn bind_route(world: &World) -> Router {
    unary(
        "/portico.documents.v1.Documents/BindDocument",
        world,
        |world, _, request: documents::BindDocumentRequest| {
            let mut facts = world.write();
            let upload = facts
                .uploads
                .get(&request.document_id)
                .filter(|upload| upload.0 == request.person_id)
                .cloned();
            let (_, file_name) = upload.ok_or_else(|| status(Problem::not_found()))?;
            facts.bound.push((request.document_id.clone(), request.internal));
            let version = documents::Version {
                id: request.document_id.clone(),
                file_name,
                size: 7,
                ..Default::default()
            };
            let document =
                documents::Document { id: request.document_id, latest: Some(version), ..Default::default() };
            Ok(documents::BindDocumentResponse { document: Some(document) })
        },
    )
}

/// One RPC of another service, answered by `answer` from the world, the authorization header and the request.
fn unary<Q, R>(path: &str, world: &World, answer: fn(&World, &str, Q) -> Result<R, Status>) -> Router
where
    Q: prost::Message + Default + 'static,
    R: prost::Message + Default + 'static,
{
    let world = world.clone();
    let handler = move |request: HttpRequest| {
        let world = world.clone();
        async move {
            let respond = tower::service_fn(move |request: Request<Q>| {
                let header = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
                let authorization = header.unwrap_or_default().to_owned();
                let response = answer(&world, &authorization, request.into_inner()).map(Response::new);
                async move { response }
            });
            Grpc::new(ProstCodec::<R, Q>::default()).unary(respond, request).await
        }
    };
    Router::new().route(path, post(handler))
}
