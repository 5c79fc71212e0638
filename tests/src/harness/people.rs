//! People of the demo as callers of RPCs: each with a token of their own, as the edge would hold it.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use portico_core::TenantId;
use portico_proto::{
    documents::v1::documents_client::DocumentsClient,
    identity::v1::{
        Device, ListPeopleRequest, Person, ResolveSessionRequest, SetInitialPasswordRequest,
        SignInWithPasswordRequest, identity_client::IdentityClient,
    },
    json::to_struct,
    messaging::v1::messaging_client::MessagingClient,
    tenancy::v1::{ListAccountsRequest, ListPortalsRequest, tenancy_client::TenancyClient},
    workflow::v1::{
        CreateRecordRequest, GetRunRequest, Record, Run, Step, TransitionRecordRequest,
        workflow_client::WorkflowClient,
    },
};
use portico_rpc::{Auth, Caller, CallerChannel, Peers};
use serde_json::{Value, json};

use super::{World, world::STAFF_PASSWORD};

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Persona {
    peers: Peers,
    /// Their id.
    pub(crate) id: String,
    token: Arc<str>,
}

impl Persona {
    /// The token as it travels.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same person with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller::new(Auth::Token(Arc::clone(&self.token)))
    }

    pub(crate) fn channel(&self, service: &str) -> CallerChannel {
        self.peers.channel(service, self.caller())
    }

    pub(crate) fn identity(&self) -> IdentityClient<CallerChannel> {
        IdentityClient::new(self.channel("identity"))
    }

    pub(crate) fn tenancy(&self) -> TenancyClient<CallerChannel> {
        TenancyClient::new(self.channel("tenancy"))
    }

    pub(crate) fn workflow(&self) -> WorkflowClient<CallerChannel> {
        WorkflowClient::new(self.channel("workflow"))
    }

    pub(crate) fn documents(&self) -> DocumentsClient<CallerChannel> {
        DocumentsClient::new(self.channel("documents"))
    }

    pub(crate) fn messaging(&self) -> MessagingClient<CallerChannel> {
        MessagingClient::new(self.channel("messaging"))
    }

    /// An account by name, among those this person may see.
    pub(crate) async fn account(&self, name: &str) -> anyhow::Result<String> {
        let asked = ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() };
        let accounts = self.tenancy().list_accounts(asked).await?.into_inner().accounts;
        Ok(accounts.into_iter().find(|account| account.name == name).context("no such account")?.id)
    }

    /// A portal by name, for staff.
    pub(crate) async fn portal(&self, name: &str) -> anyhow::Result<String> {
        let portals = self.tenancy().list_portals(ListPortalsRequest {}).await?.into_inner().portals;
        Ok(portals.into_iter().find(|portal| portal.name == name).context("no such portal")?.id)
    }

    /// Makes a record.
    pub(crate) async fn create(
        &self,
        portal: &str,
        kind: &str,
        account: &str,
        fields: Value,
    ) -> anyhow::Result<Record> {
        let asked = CreateRecordRequest {
            portal_id: portal.to_owned(),
            kind: kind.to_owned(),
            account_id: account.to_owned(),
            fields: Some(to_struct(&fields)),
            idempotency_key: String::new(),
        };
        self.workflow().create_record(asked).await?.into_inner().record.context("no record was answered")
    }

    /// Moves a record into a state; answers the runs that started.
    pub(crate) async fn transition(&self, record: &str, state: &str) -> anyhow::Result<Vec<String>> {
        let asked = TransitionRecordRequest {
            record_id: record.to_owned(),
            to_state: state.to_owned(),
            ..TransitionRecordRequest::default()
        };
        Ok(self.workflow().transition_record(asked).await?.into_inner().run_ids)
    }

    /// Reads a run.
    pub(crate) async fn run(&self, id: &str) -> anyhow::Result<Run> {
        let answer = self.workflow().get_run(GetRunRequest { run_id: id.to_owned() }).await?.into_inner();
        answer.run.context("no run was answered")
    }
}

impl World {
    async fn known(&self, slug: &str, email: &str) -> anyhow::Result<Person> {
        let tenant = self.tenant(slug).await?;
        let mut identity =
            IdentityClient::new(self.peers().channel("identity", Auth::system(tenant, "tests.person")));
        let asked =
            ListPeopleRequest { query: email.to_owned(), page_size: 200, ..ListPeopleRequest::default() };
        let people = identity.list_people(asked).await?.into_inner().people;
        people.into_iter().find(|person| person.email == email).context("no such person")
    }

    /// A person of the demo with a token, whichever side they are on.
    pub(crate) async fn person(&self, slug: &str, email: &str) -> anyhow::Result<Persona> {
        let tenant: TenantId = self.tenant(slug).await?;
        let mut identity =
            IdentityClient::new(self.peers().channel("identity", Auth::system(tenant, "tests.person")));
        let person = self.known(slug, email).await?;
        if !person.has_password {
            let asked = SetInitialPasswordRequest {
                person_id: person.id.clone(),
                password: STAFF_PASSWORD.to_owned(),
            };
            identity.set_initial_password(asked).await?;
        }
        let asked = SignInWithPasswordRequest {
            email: email.to_owned(),
            password: STAFF_PASSWORD.to_owned(),
            device: Some(Device { user_agent: "tests".to_owned(), address: "127.0.0.1".to_owned() }),
        };
        let session_secret = identity.sign_in_with_password(asked).await?.into_inner().session_secret;
        let asked = ResolveSessionRequest { session_secret, address: "127.0.0.1".to_owned() };
        let token = identity.resolve_session(asked).await?.into_inner().actor_token.into();
        Ok(Persona { peers: self.peers().clone(), id: person.id, token })
    }

    /// Acme's engagement, marked as signed: its record and its run.
    pub(crate) async fn signed_engagement(&self, title: &str) -> anyhow::Result<Engagement> {
        self.engagement(
            "northwind",
            "paul@northwind.example",
            "Acme",
            &["ana@acme.example", "sam@acme.example"],
            title,
        )
        .await
    }

    /// An engagement of any account of the demo, marked as signed by its project manager.
    pub(crate) async fn engagement(
        &self,
        slug: &str,
        manager: &str,
        account: &str,
        contacts: &[&str],
        title: &str,
    ) -> anyhow::Result<Engagement> {
        let manager = self.person(slug, manager).await?;
        let admin = self
            .person(
                slug,
                if slug == "northwind" { "nora@northwind.example" } else { "carla@contoso.example" },
            )
            .await?;
        let mut people = Vec::new();
        for contact in contacts {
            // Without signing them in: who has joined is not invited again.
            people.push(self.known(slug, contact).await?.id);
        }
        let account = admin.account(account).await?;
        let portal = admin.portal("client-onboarding").await?;
        let fields = json!({"title": title, "start_date": "2026-12-01", "team": [manager.id], "contacts": people,
            "fee": {"amount": 4_200_000, "currency": "EUR"}});
        let record = admin.create(&portal, "engagement", &account, fields).await?;
        let runs = admin.transition(&record.id, "signed").await?;
        self.settle().await?;
        Ok(Engagement {
            record: record.id,
            run: runs.first().context("no run started")?.clone(),
            account,
            portal,
        })
    }

    /// Wingtip Bank's fit-out, agreed: its record and its run.
    pub(crate) async fn fit_out(&self, title: &str) -> anyhow::Result<Engagement> {
        let admin = self.person("northwind", "nora@northwind.example").await?;
        let account = admin.account("Wingtip Bank").await?;
        let portal = admin.portal("office-fit-out").await?;
        let (mut team, mut contacts) = (Vec::new(), Vec::new());
        for name in ["mia", "dan"] {
            team.push(self.known("northwind", &format!("{name}@northwind.example")).await?.id);
        }
        for name in ["bea", "ben", "sofia"] {
            contacts.push(self.known("northwind", &format!("{name}@wingtip.example")).await?.id);
        }
        let fields = json!({"title": title, "kind": "branch", "floor_area": 420, "move_in": "2027-06-01", "team": team,
            "contacts": contacts, "budget": {"amount": 18_000_000, "currency": "EUR"}});
        let record = admin.create(&portal, "fit_out", &account, fields).await?;
        let runs = admin.transition(&record.id, "agreed").await?;
        self.settle().await?;
        Ok(Engagement {
            record: record.id,
            run: runs.first().context("no run started")?.clone(),
            account,
            portal,
        })
    }
}

/// An engagement and its run.
#[derive(Debug, Clone)]
pub(crate) struct Engagement {
    pub(crate) record: String,
    pub(crate) run: String,
    pub(crate) account: String,
    pub(crate) portal: String,
}

/// The steps of a run by their names in the definition.
pub(crate) fn steps(run: &Run) -> BTreeMap<String, Step> {
    run.steps.iter().map(|step| (step.key.clone(), step.clone())).collect()
}
