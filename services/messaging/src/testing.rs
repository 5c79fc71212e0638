//! A firm to test with: a database of its own, and stand-ins for the services that messaging asks.

pub(crate) mod names;
pub(crate) mod peers;
pub(crate) mod sink;

use std::{net::SocketAddr, sync::Arc};

use chrono::TimeDelta;
use portico_core::{AccountId, Clock as _, Ctx, EventId, MailId, PersonId, RecordId, TenantId};
use portico_events::{EventActor, Received};
use portico_proto::{
    identity::v1 as identity,
    messaging::v1::{self as proto, GetThreadRequest, PostMessageRequest},
};
use portico_rpc::{Auth, Caller, Peers, ServiceSigner, SigningKey};
use portico_service::Kit;
use portico_testkit::TestDatabase;
use tempfile::TempDir;
use uuid::Uuid;

use self::{names::Names, peers::World};
use crate::{
    MessagingConfig,
    domain::mail::Mail,
    events, jobs,
    rpc::{Asker, post_message},
    service::{Service, SharedService},
    store,
};

/// A firm called Northwind with the accounts Acme and Globex.
pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) service: SharedService,
    pub(crate) tenant: TenantId,
    accounts: [AccountId; 2],
    world: World,
    _home: TempDir,
}

impl Fixture {
    /// Without a mail server.
    pub(crate) async fn new() -> Self {
        Self::build(None, None, TimeDelta::zero()).await
    }

    /// With a mail server.
    pub(crate) async fn with_smtp(address: &str) -> Self {
        Self::build(Some(address.to_owned()), None, TimeDelta::zero()).await
    }

    /// With a name server.
    pub(crate) async fn with_names(names: &Names) -> Self {
        Self::with_nameserver(names.address()).await
    }

    /// With a name server at this address.
    pub(crate) async fn with_nameserver(address: SocketAddr) -> Self {
        Self::build(None, Some(address), TimeDelta::zero()).await
    }

    /// With a time for which notices are held.
    pub(crate) async fn with_hold(hold: TimeDelta) -> Self {
        Self::build(None, None, hold).await
    }

    async fn build(smtp: Option<String>, nameserver: Option<SocketAddr>, hold: TimeDelta) -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = portico_testkit::database().await.unwrap();
        let clock: portico_core::SharedClock = Arc::new(database.clock.clone());
        let key = SigningKey::generate_service("messaging-test").unwrap();
        let signer = ServiceSigner::new(key, Arc::clone(&clock), Arc::clone(&database.entropy));
        let peers = Peers::new(signer, Arc::clone(&database.entropy));
        let world = World::default();
        peers::bind(&peers, &world);
        let kit = Kit {
            store: database.store("messaging"),
            peers,
            clock,
            entropy: Arc::clone(&database.entropy),
            home: home.path().to_owned(),
        };
        let config = MessagingConfig {
            smtp,
            local_servers: true,
            nameserver,
            hold,
            origin: "https://{slug}.portal.example".to_owned(),
            ..MessagingConfig::default()
        };
        let service = Arc::new(Service::new(config, kit).unwrap());
        let (tenant, accounts) = (database.tenant(), [database.account(), database.account()]);
        world.write().tenant = Some(tenant);
        Self { database, service, tenant, accounts, world, _home: home }
    }

    pub(crate) fn acme(&self) -> AccountId {
        self.accounts[0]
    }

    pub(crate) fn globex(&self) -> AccountId {
        self.accounts[1]
    }

    fn uuid(&self) -> Uuid {
        self.database.entropy.uuid(self.database.clock.now())
    }

    fn person(&self, name: &str, side: identity::Side) -> PersonId {
        let id = PersonId(self.uuid());
        let person = identity::Person {
            id: id.to_string(),
            name: name.to_owned(),
            email: format!("{}@people.example", name.to_lowercase().replace(' ', ".")),
            side: side.into(),
            language: "en".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            active: true,
            ..Default::default()
        };
        self.world.write().people.insert(id.to_string(), person);
        id
    }

    /// A new member of staff.
    pub(crate) fn staff_person(&self, name: &str) -> PersonId {
        self.person(name, identity::Side::Staff)
    }

    /// A new person of Acme.
    pub(crate) fn client_person(&self, name: &str) -> PersonId {
        let id = self.person(name, identity::Side::External);
        self.world.write().members.push((self.acme().to_string(), id.to_string(), vec!["client".to_owned()]));
        id
    }

    /// Takes all roles at the account from a person.
    pub(crate) fn take_roles(&self, person: PersonId) {
        let id = person.to_string();
        for member in self.world.write().members.iter_mut().filter(|member| member.1 == id) {
            member.2.clear();
        }
    }

    /// Ends a person's place in the account.
    pub(crate) fn leave(&self, person: PersonId) {
        let id = person.to_string();
        self.world.write().members.retain(|member| member.1 != id);
    }

    /// How many files were handed in.
    pub(crate) fn uploads(&self) -> usize {
        self.world.read().uploads.len()
    }

    /// Corrects a person's address.
    pub(crate) fn move_to(&self, person: PersonId, address: &str) {
        if let Some(person) = self.world.write().people.get_mut(&person.to_string()) {
            person.email = address.to_owned();
        }
    }

    pub(crate) fn deactivate(&self, person: PersonId) {
        if let Some(person) = self.world.write().people.get_mut(&person.to_string()) {
            person.active = false;
        }
    }

    pub(crate) fn speak_german(&self, person: PersonId) {
        if let Some(person) = self.world.write().people.get_mut(&person.to_string()) {
            person.language = "de".to_owned();
        }
    }

    /// Gives people a role, `admin` for one.
    pub(crate) fn give_role(&self, role: &str, people: &[PersonId]) {
        let ids = people.iter().map(ToString::to_string).collect();
        self.world.write().roles.insert(role.to_owned(), ids);
    }

    /// A new record.
    pub(crate) fn record(&self, account: AccountId, title: &str) -> RecordId {
        let id = RecordId(self.uuid());
        let name = if account == self.acme() { "Acme" } else { "Globex" };
        self.world.write().add_record(self.tenant, id, account, name, title);
        id
    }

    /// How often workflow was asked.
    pub(crate) fn calls_to_workflow(&self) -> usize {
        self.world.read().calls_to_workflow
    }

    /// Names people in the record's field `team`.
    pub(crate) fn name_in(&self, record: RecordId, people: &[PersonId]) {
        self.world.write().name_in(record, people);
    }

    /// Keeps a person from a record, as a rule of the definition would.
    pub(crate) fn hide_from(&self, record: RecordId, person: PersonId) {
        self.world.write().hidden.push((record.to_string(), person.to_string()));
    }

    /// A file that `person` has just uploaded.
    pub(crate) fn upload(&self, person: PersonId, file_name: &str) -> Uuid {
        let id = self.uuid();
        self.world.write().uploads.insert(id.to_string(), (person.to_string(), file_name.to_owned()));
        id
    }

    /// Files that were bound, each with whether it is internal.
    pub(crate) fn bound(&self) -> Vec<(String, bool)> {
        self.world.read().bound.clone()
    }

    /// A link whose secret is `secret`; an empty one stands for a link that was withdrawn.
    pub(crate) fn link(&self, secret: &str) -> Uuid {
        let id = self.uuid();
        self.world.write().links.insert(id.to_string(), secret.to_owned());
        id
    }

    /// How many secrets were made.
    pub(crate) fn minted(&self) -> usize {
        self.world.read().minted
    }

    pub(crate) fn take_identity_away(&self, away: bool) {
        self.world.write().identity_is_away = away;
    }

    /// A context in which `person` acts as a member of staff.
    pub(crate) fn as_staff(&self, person: PersonId) -> Ctx {
        self.named(portico_testkit::staff(self.tenant, &["project_manager"]), person)
    }

    /// A context in which `person` acts for Acme.
    pub(crate) fn as_client(&self, person: PersonId) -> Ctx {
        self.named(portico_testkit::client(self.tenant, &[self.acme()], &["client"]), person)
    }

    fn named(&self, mut ctx: Ctx, person: PersonId) -> Ctx {
        ctx.actor.person = Some(person);
        if let Some(person) = self.world.read().people.get(&person.to_string()) {
            ctx.actor.name.clone_from(&person.name);
        }
        ctx
    }

    /// Portico itself at work for the firm.
    pub(crate) fn system(&self) -> Ctx {
        portico_testkit::system(self.tenant)
    }

    /// Who asks, with a token that the stand-in for workflow knows.
    pub(crate) fn asker(&self, ctx: Ctx) -> Asker {
        let token = serde_json::to_string(&ctx).unwrap();
        Asker { caller: Caller::new(Auth::Token(hex(&token).into())), ctx }
    }

    pub(crate) fn asker_staff(&self, person: PersonId) -> Asker {
        self.asker(self.as_staff(person))
    }

    pub(crate) fn asker_client(&self, person: PersonId) -> Asker {
        self.asker(self.as_client(person))
    }

    /// Somebody of this account.
    pub(crate) fn asker_of(&self, account: AccountId) -> Asker {
        self.asker(portico_testkit::client(self.tenant, &[account], &["client"]))
    }

    /// An administrator of another firm.
    pub(crate) fn asker_of_stranger(&self) -> Asker {
        self.asker(portico_testkit::staff(self.database.tenant(), &["admin"]))
    }

    pub(crate) fn get(&self, record: RecordId) -> GetThreadRequest {
        GetThreadRequest { record_id: record.to_string(), ..GetThreadRequest::default() }
    }

    /// Posts a message as `person`.
    pub(crate) async fn post(
        &self,
        person: PersonId,
        record: RecordId,
        body: &str,
        internal: bool,
    ) -> proto::Message {
        let staff =
            self.world.read().people.get(&person.to_string()).unwrap().side() == identity::Side::Staff;
        let asker = if staff { self.asker_staff(person) } else { self.asker_client(person) };
        let request = PostMessageRequest {
            record_id: record.to_string(),
            body: body.to_owned(),
            internal,
            ..PostMessageRequest::default()
        };
        post_message::handle(&self.service, asker, request).await.unwrap().message.unwrap()
    }

    /// Hands all messages that were posted so far to the consumer that tells of them; those it has seen change nothing.
    pub(crate) async fn handle_posted(&self) {
        let subscription = events::subscriptions(&self.service)
            .into_iter()
            .find(|subscription| subscription.consumer == "messaging.message_notices")
            .unwrap();
        for event in self.outbox::<proto::MessagePosted>().await {
            subscription.handler.handle(&event).await.unwrap();
        }
    }

    /// What the person has not read: messages and notifications.
    pub(crate) async fn unread(&self, ctx: &Ctx) -> (i32, i32) {
        let mut tx = self.service.store.begin(ctx).await.unwrap();
        store::notifications::count_unread(&mut tx).await.unwrap()
    }

    /// A mail of kind `notice` that waits to be sent.
    pub(crate) async fn queue(
        &self,
        person: PersonId,
        subject: &str,
        change: impl FnOnce(&mut Mail),
    ) -> MailId {
        let now = self.database.clock.now();
        let address = self.world.read().people.get(&person.to_string()).unwrap().email.clone();
        let mut mail = Mail::draft(MailId(self.uuid()), "notice", address, now);
        (mail.person_id, mail.subject) = (Some(person), subject.to_owned());
        change(&mut mail);
        let mut tx = self.service.store.begin(&self.system()).await.unwrap();
        assert!(store::mails::insert(&mut tx, &mail).await.unwrap());
        tx.commit().await.unwrap();
        mail.id
    }

    /// Runs the job that sends mails, once.
    pub(crate) async fn send_mails(&self) -> std::time::Duration {
        jobs::send_mails_now(Arc::clone(&self.service)).await.unwrap()
    }

    /// Runs the job that looks into mailboxes, once.
    pub(crate) async fn look_into_mailboxes(&self) -> std::time::Duration {
        jobs::look_into_mailboxes_now(Arc::clone(&self.service)).await.unwrap()
    }

    pub(crate) async fn mail(&self, id: MailId) -> Mail {
        let mut tx = self.service.store.begin(&self.system()).await.unwrap();
        store::mails::read(&mut tx, id).await.unwrap().unwrap()
    }

    /// All mails of the firm, whole, newest first.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let mut tx = self.service.store.begin(&self.system()).await.unwrap();
        let listed = store::mails::list(&mut tx, &store::mails::Filter::default(), None, 500).await.unwrap();
        let mut mails = Vec::new();
        for mail in listed {
            mails.push(store::mails::read(&mut tx, mail.id).await.unwrap().unwrap());
        }
        mails
    }

    /// An event of the firm as it arrives.
    pub(crate) fn received<M: prost::Message + prost::Name>(
        &self,
        body: &M,
        account: Option<AccountId>,
    ) -> Received {
        let now = self.database.clock.now();
        Received {
            id: EventId(self.uuid()),
            tenant: self.tenant,
            account,
            topic: "portico.workflow.run.v1".to_owned(),
            event_type: M::full_name(),
            key: format!("{}:{}", self.tenant, self.uuid()),
            actor: EventActor {
                kind: portico_core::ActorKind::System,
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

    /// The events of a type in the firm's outbox, in order.
    pub(crate) async fn outbox<M: prost::Message + prost::Name + Default>(&self) -> Vec<Received> {
        let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
            "select id, body from messaging.outbox where tenant_id = $1 and type = $2 order by seq",
        )
        .bind(self.tenant.0)
        .bind(M::full_name())
        .fetch_all(self.database.admin())
        .await
        .unwrap();
        let event = |(id, body): (Uuid, Vec<u8>)| {
            let message = M::decode(body.as_slice()).unwrap();
            Received { id: EventId(id), ..self.received(&message, None) }
        };
        rows.into_iter().map(event).collect()
    }

    /// How many events of this type the firm's outbox holds.
    pub(crate) async fn published<M: prost::Message + prost::Name + Default>(&self) -> usize {
        self.outbox::<M>().await.len()
    }

    /// The actions in the firm's outbox, in the order in which they were done.
    pub(crate) async fn audited(&self) -> Vec<String> {
        use portico_proto::events::v1::AuditEntry;
        let entries = self.outbox::<AuditEntry>().await;
        entries.iter().map(|event| event.decode::<AuditEntry>().unwrap().action).collect()
    }
}

/// A text as a header can carry it.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
