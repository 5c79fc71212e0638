//! A whole Portico in this process, on a database of its own.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use portico::{Portico, Settings, start};
use portico_core::{Clock as _, MockClock, OsEntropy, SharedClock, SystemClock, TenantId};
use portico_proto::tenancy::v1::{ListTenantsRequest, tenancy_client::TenancyClient};
use portico_rpc::{Auth, Peers};
use portico_testkit::TestDatabase;
use tempfile::TempDir;

use super::{Cluster, MailServer, Mailbox, ObjectStore, Process, Scanner, Stripe, Visitor};

/// The password of the demo's staff.
pub(crate) const STAFF_PASSWORD: &str = portico::demo::PASSWORD;

/// A running Portico and what belongs to it.
pub(crate) struct World {
    portico: Option<Portico>,
    pub(crate) database: TestDatabase,
    settings: Settings,
    clock: Option<MockClock>,
    _home: TempDir,
}

impl World {
    /// An empty Portico by the machine's clock: the first run.
    pub(crate) async fn empty() -> anyhow::Result<Self> {
        Self::launch(portico_testkit::database().await?, None, None).await
    }

    /// The demo's two firms, by the machine's clock.
    pub(crate) async fn demo() -> anyhow::Result<Self> {
        Self::empty().await?.with_demo().await
    }

    /// The demo's two firms, by a clock that the test moves. It starts at the present.
    pub(crate) async fn demo_with_clock() -> anyhow::Result<Self> {
        let clock = Some(MockClock::at(SystemClock.now()));
        Self::launch(portico_testkit::database().await?, clock, None).await?.with_demo().await
    }

    /// The demo's two firms, by a clock that the test moves, whose mails leave through a mail server.
    pub(crate) async fn demo_with_mail_server(server: &MailServer) -> anyhow::Result<Self> {
        let clock = Some(MockClock::at(SystemClock.now()));
        Self::launch(portico_testkit::database().await?, clock, Some(server)).await?.with_demo().await
    }

    /// The demo's two firms, by the machine's clock, with a scanner that looks at files before anybody opens them.
    pub(crate) async fn demo_with_scanner(scanner: &Scanner) -> anyhow::Result<Self> {
        let mut world = Self::demo().await?;
        world.settings.scanner = Some(scanner.address().parse()?);
        world.restart().await?;
        Ok(world)
    }

    /// The demo's two firms, whose files lie in a bucket and are scanned.
    pub(crate) async fn demo_with_bucket(store: &ObjectStore, scanner: &Scanner) -> anyhow::Result<Self> {
        let mut world = Self::empty().await?;
        world.settings.files = Some(store.config()?);
        world.settings.scanner = Some(scanner.address().parse()?);
        world.restart().await?;
        world.with_demo().await
    }

    /// The demo's two firms without a mail server, where firms may name `server` on this machine as their own.
    pub(crate) async fn demo_with_local_mail_server(server: &MailServer) -> anyhow::Result<Self> {
        let mut world = Self::empty().await?;
        world.settings.local_mail_servers = true;
        world.settings.smtp_certificate = Some(server.certificate());
        world.restart().await?;
        world.with_demo().await
    }

    /// The demo's two firms on a server of the test's own, by the machine's clock.
    pub(crate) async fn demo_on(cluster: &Cluster) -> anyhow::Result<Self> {
        let database = portico_testkit::database_on(&cluster.url()).await?;
        Self::launch(database, None, None).await?.with_demo().await
    }

    async fn launch(
        database: TestDatabase,
        clock: Option<MockClock>,
        mail: Option<&MailServer>,
    ) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        let mut settings = Settings::local(database.url(), home.path(), 0);
        settings.role_password = Some(database.role_password().to_owned());
        settings.smtp = mail.map(MailServer::address);
        settings.smtp_certificate = mail.map(MailServer::certificate);
        // Tests wait for mails, and ask no name server of the world.
        settings.mail_hold = 0;
        settings.nameserver = Some(([127, 0, 0, 1], 9).into());
        settings.setup_token = Some("set-up-token".to_owned());
        settings.requests_per_minute = 60_000;
        let mut world = Self { portico: None, database, settings, clock, _home: home };
        world.boot().await?;
        Ok(world)
    }

    async fn boot(&mut self) -> anyhow::Result<()> {
        let clock: SharedClock = match &self.clock {
            Some(clock) => Arc::new(clock.clone()),
            None => Arc::new(SystemClock),
        };
        let portico = start(&self.settings, clock, Arc::new(OsEntropy)).await?;
        // A restart must be found at the same address, as a person would.
        self.settings.bind = portico.address();
        portico.accept();
        self.portico = Some(portico);
        Ok(())
    }

    async fn with_demo(self) -> anyhow::Result<Self> {
        portico::demo::load(self.portico().peers()).await?;
        self.settle().await?;
        Ok(self)
    }

    /// Opens the demo's books, as a first start does.
    pub(crate) async fn open_books(&self) -> anyhow::Result<()> {
        portico::demo::open_books(self.portico().peers()).await?;
        self.settle().await
    }

    fn portico(&self) -> &Portico {
        // Absent only within `restart` and after `stop`.
        self.portico.as_ref().expect("a running Portico")
    }

    /// Stops it and runs the real program on the same database, files and address, as somebody would from a shell.
    pub(crate) async fn hand_over(&mut self) -> anyhow::Result<Process> {
        if let Some(portico) = self.portico.take() {
            portico.stop().await;
        }
        Process::start(&self.settings).await
    }

    /// From now on clients pay through this provider.
    pub(crate) fn pay_through(&mut self, stripe: &Stripe) {
        self.settings.stripe_keys = Some(stripe.keys());
        self.settings.stripe_api = stripe.address().to_owned();
    }

    /// From the next start on, calendars on this machine may be connected.
    pub(crate) fn read_local_calendars(&mut self) {
        self.settings.local_calendars = true;
    }

    /// Mails leave through `server` from the next start on.
    pub(crate) fn mail_through(&mut self, server: &MailServer) {
        self.settings.smtp = Some(server.address());
        self.settings.smtp_certificate = Some(server.certificate());
    }

    /// Takes over again after the program has ended.
    pub(crate) async fn take_back(&mut self) -> anyhow::Result<()> {
        self.boot().await
    }

    /// Takes over again at a later time, when what the program had in hand as it was killed has become free.
    pub(crate) async fn take_back_after(&mut self, time: chrono::TimeDelta) -> anyhow::Result<()> {
        self.clock = Some(MockClock::at(SystemClock.now() + time));
        self.boot().await
    }

    /// Stops and starts it on the same database and files.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await;
        self.boot().await
    }

    /// Stops it for good; its database and files stay until the world is dropped.
    pub(crate) async fn stop(&mut self) {
        if let Some(portico) = self.portico.take() {
            portico.stop().await;
        }
    }

    /// Starts another process' worth of Portico on the same database and files, beside the one that runs.
    pub(crate) async fn second(&self) -> anyhow::Result<Portico> {
        let settings = Settings { bind: ([127, 0, 0, 1], 0).into(), ..self.settings.clone() };
        start(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await
    }

    /// The folder of its keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.settings.home.join("keys")
    }

    /// The folder where its keys and stored files lie.
    pub(crate) fn home(&self) -> PathBuf {
        self.settings.home.clone()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.settings.bind
    }

    /// The way to its services.
    pub(crate) fn peers(&self) -> &Peers {
        self.portico().peers()
    }

    /// The clock, where the test moves it.
    pub(crate) fn clock(&self) -> &MockClock {
        self.clock.as_ref().expect("a world with a clock of its own")
    }

    /// Waits until all events written so far are handled.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        self.portico().settle(Duration::from_secs(20)).await
    }

    /// The address of a page on a firm's host.
    pub(crate) fn url(&self, slug: &str, path: &str) -> String {
        format!("http://{slug}.localhost:{}{path}", self.address().port())
    }

    /// Somebody on a firm's host who is not signed in.
    pub(crate) fn visitor(&self, slug: &str) -> Visitor {
        Visitor::new(self.address(), &format!("{slug}.localhost:{}", self.address().port()))
    }

    /// A member of the demo's staff, signed in by password.
    pub(crate) async fn staff(&self, slug: &str, email: &str) -> anyhow::Result<Visitor> {
        let mut visitor = self.visitor(slug);
        visitor.sign_in_with_password(email, STAFF_PASSWORD).await?;
        Ok(visitor)
    }

    /// A person of an account, signed in by a link from their mail.
    pub(crate) async fn client(&self, slug: &str, email: &str) -> anyhow::Result<Visitor> {
        let mut visitor = self.visitor(slug);
        visitor.sign_in_by_mail(&self.mailbox(slug).await?, email).await?;
        Ok(visitor)
    }

    /// The development mailbox of a firm.
    pub(crate) async fn mailbox(&self, slug: &str) -> anyhow::Result<Mailbox> {
        Ok(Mailbox::new(self.peers().clone(), self.tenant(slug).await?))
    }

    /// A firm's id.
    pub(crate) async fn tenant(&self, slug: &str) -> anyhow::Result<TenantId> {
        let mut client = TenancyClient::new(self.peers().channel("tenancy", Auth::before_tenant("tests")));
        let tenants = client.list_tenants(ListTenantsRequest::default()).await?.into_inner().tenants;
        let tenant = tenants.iter().find(|tenant| tenant.slug == slug).context("no such firm")?;
        Ok(tenant.id.parse()?)
    }
}
