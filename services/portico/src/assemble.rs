//! Builds the services and puts the one stack around each.

use std::sync::Arc;

use anyhow::Context as _;
use portico_billing::BillingConfig;
use portico_core::{SharedClock, SharedEntropy};
use portico_db::{DatabaseConfig, Store};
use portico_documents::DocumentsConfig;
use portico_events::{InboxGate, Subscription};
use portico_identity::IdentityConfig;
use portico_messaging::MessagingConfig;
use portico_proto::DESCRIPTOR_SET;
use portico_rpc::{AccessTable, CalleeConfig, KeyFiles, Peers, Verifier, callee};
use portico_service::{Job, Kit, ServiceParts};
use portico_tenancy::TenancyConfig;
use portico_workflow::WorkflowConfig;
use tonic::service::Routes;

use crate::{Settings, gate::ServiceGate};

/// The services of a process, reachable through `peers`.
pub(crate) struct Services {
    pub(crate) peers: Peers,
    pub(crate) stores: Vec<Store>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) gate: InboxGate,
}

/// What every service is built with.
struct Base<'a> {
    settings: &'a Settings,
    database: &'a DatabaseConfig,
    clock: &'a SharedClock,
    entropy: &'a SharedEntropy,
    peers: Peers,
    verifier: Arc<Verifier>,
    access: Arc<AccessTable>,
}

pub(crate) async fn assemble(
    settings: &Settings,
    clock: &SharedClock,
    entropy: &SharedEntropy,
) -> anyhow::Result<Services> {
    let database = settings.database()?;
    let keys = KeyFiles::load_or_create(&settings.home.join("keys"), "portico")?;
    let signer = keys
        .actor_signer(Arc::clone(clock), Arc::clone(entropy))
        .context("the key that signs people's tokens is missing from the folder of keys")?;
    let base = Base {
        settings,
        database: &database,
        clock,
        entropy,
        peers: Peers::new(keys.service_signer(Arc::clone(clock), Arc::clone(entropy)), Arc::clone(entropy)),
        verifier: Arc::new(keys.verifier(Arc::clone(clock))?),
        access: Arc::new(AccessTable::read(DESCRIPTOR_SET)?),
    };
    let mut services = Services {
        peers: base.peers.clone(),
        stores: Vec::new(),
        subscriptions: Vec::new(),
        jobs: Vec::new(),
        gate: InboxGate::default(),
    };
    let kit = base.kit("identity");
    services.host(
        &base,
        kit.store.clone(),
        portico_identity::build(IdentityConfig::new(signer), kit).await?,
    )?;
    let kit = base.kit("tenancy");
    let config = TenancyConfig { base_host: settings.base_host.clone() };
    services.host(&base, kit.store.clone(), portico_tenancy::build(config, kit).await?)?;
    let kit = base.kit("documents");
    services.host(
        &base,
        kit.store.clone(),
        portico_documents::build(documents_config(settings), kit).await?,
    )?;
    let kit = base.kit("workflow");
    let config = WorkflowConfig { local_calendars: settings.local_calendars, ..WorkflowConfig::default() };
    services.host(&base, kit.store.clone(), portico_workflow::build(config, kit).await?)?;
    let kit = base.kit("messaging");
    let config = MessagingConfig {
        smtp: settings.smtp.clone(),
        smtp_certificate: settings.smtp_certificate.clone(),
        local_servers: settings.local_mail_servers,
        hold: chrono::TimeDelta::seconds(settings.mail_hold.into()),
        nameserver: settings.nameserver,
        origin: settings.origin(),
    };
    services.host(&base, kit.store.clone(), portico_messaging::build(config, kit).await?)?;
    let kit = base.kit("billing");
    let config = BillingConfig {
        stripe_keys: settings.stripe_keys.clone(),
        stripe_api: settings.stripe_api.clone(),
        reconcile_days: settings.reconcile_days,
        origin: settings.origin(),
    };
    services.host(&base, kit.store.clone(), portico_billing::build(config, kit).await?)?;
    Ok(services)
}

/// What documents is told.
pub(crate) fn documents_config(settings: &Settings) -> DocumentsConfig {
    DocumentsConfig {
        largest_file: u64::from(settings.largest_file) * 1024 * 1024,
        trash_days: settings.trash_days,
        files: settings.files.clone(),
        scanner: settings.scanner.clone(),
        seal: settings.seal.clone(),
        origin: settings.origin(),
        ..DocumentsConfig::default()
    }
}

impl Base<'_> {
    fn kit(&self, service: &'static str) -> Kit {
        Kit {
            store: Store::connect(self.database, service),
            peers: self.peers.clone(),
            clock: Arc::clone(self.clock),
            entropy: Arc::clone(self.entropy),
            home: self.settings.home.clone(),
        }
    }
}

impl Services {
    /// Takes a service in: its routes behind the stack, its consumers and jobs.
    fn host(&mut self, base: &Base<'_>, store: Store, parts: ServiceParts) -> anyhow::Result<()> {
        let gate = ServiceGate::new(store.clone(), self.gate.clone(), &parts.subscriptions);
        let routes = Routes::from(parts.grpc.into_axum_router().merge(parts.http));
        let config = CalleeConfig {
            service: parts.name,
            verifier: Arc::clone(&base.verifier),
            access: Arc::clone(&base.access),
            entropy: Arc::clone(base.entropy),
            after: Some(Arc::new(gate)),
        };
        self.peers.bind_local(parts.name, callee(routes, config))?;
        self.stores.push(store);
        self.subscriptions.extend(parts.subscriptions);
        self.jobs.extend(parts.jobs);
        Ok(())
    }
}
