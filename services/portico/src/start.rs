//! A whole Portico in one process: started, running, stopped.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use portico_core::{SharedClock, SharedEntropy};
use portico_db::Store;
use portico_events::{EmbeddedRoad, Road};
use portico_gateway::{Gateway, GatewayConfig, Revisions, serve};
use portico_rpc::Peers;
use portico_telemetry::Health;
use portico_web::{Web, WebConfig};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    Settings,
    assemble::{assemble, documents_config},
    jobs, revisions,
};

/// How often the databases are asked whether they answer.
const PING: Duration = Duration::from_secs(2);
/// How long requests in hand may take at shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// A Portico at work. Dropping it stops it at once; [`Portico::stop`] lets it finish what it has in hand.
pub struct Portico {
    address: SocketAddr,
    peers: Peers,
    stores: Vec<Store>,
    road: Option<Road>,
    health: Health,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

/// Starts the services, the road between them, their jobs and the edge. Returns as soon as requests are served; [`Portico::accept`] then
/// tells balancers so.
///
/// # Errors
/// Says what is wrong: a setting, a key file, the port, a database role that could bypass isolation, or a floor that is broken.
pub async fn start(
    settings: &Settings,
    clock: SharedClock,
    entropy: SharedEntropy,
) -> anyhow::Result<Portico> {
    settings.validate()?;
    let listener = TcpListener::bind(settings.bind)
        .await
        .with_context(|| format!("cannot listen on {}: is another Portico running there?", settings.bind))?;
    let address = listener.local_addr()?;
    let settings =
        &Settings { public_port: settings.public_port.or(Some(address.port())), ..settings.clone() };
    let services = assemble(settings, &clock, &entropy).await?;
    for store in &services.stores {
        store.refuse_mighty_role().await.map_err(anyhow::Error::msg)?;
    }
    if let Some(store) = services.stores.first() {
        store.refuse_broken_floor().await.map_err(anyhow::Error::msg)?;
    }
    let shutdown = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let health = Health::new();
    let revisions = Revisions::default();
    let web =
        Web::new(web_config(settings), services.peers.clone(), Arc::clone(&clock), Arc::clone(&entropy));
    let mut subscriptions = services.subscriptions;
    subscriptions.push(revisions::subscription(revisions.clone(), web.clone()));
    let road = EmbeddedRoad::start(
        services.stores.clone(),
        subscriptions,
        Arc::clone(&clock),
        services.gate,
        &shutdown,
    )?;
    jobs::spawn(services.jobs, &shutdown, &mut tasks);
    watch_databases(&services.stores, &health, &shutdown, &mut tasks);
    let config = GatewayConfig {
        bind: settings.bind,
        base_host: settings.base_host.clone(),
        scheme: settings.scheme.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        requests_per_minute: settings.requests_per_minute,
    };
    config.validate()?;
    let gateway = Gateway {
        config,
        peers: services.peers.clone(),
        web,
        clock,
        entropy,
        health: health.clone(),
        revisions,
    };
    let (router, drained) = (gateway.router(), shutdown.clone());
    tasks.spawn(async move {
        if let Err(error) = serve(listener, router, drained).await {
            tracing::error!(%error, "the edge stopped serving");
        }
    });
    Ok(Portico {
        address,
        peers: services.peers,
        stores: services.stores,
        road: Some(road),
        health,
        shutdown,
        tasks,
    })
}

impl Portico {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to its services, for whoever lives in the same process.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Its health, as `/readyz` answers it.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Takes work from now on: `/readyz` says yes. Requests are served before that as well.
    pub fn accept(&self) {
        self.health.accept(true);
    }

    /// Waits until everything written so far has been handled by everyone who listens.
    ///
    /// # Errors
    /// Says which consumer is behind after `timeout`.
    pub async fn settle(&self, timeout: Duration) -> anyhow::Result<()> {
        match &self.road {
            Some(road) => Ok(road.settle(timeout).await?),
            None => Ok(()),
        }
    }

    /// Stops: refuses new work, finishes what is in hand, carries what is in the outboxes.
    pub async fn stop(mut self) {
        self.health.accept(false);
        self.shutdown.cancel();
        let drain = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drain).await.is_err() {
            tracing::warn!("requests still in hand after {DRAIN:?} are cut off");
            self.tasks.abort_all();
        }
        if let Some(road) = self.road.take() {
            road.stop().await;
        }
        for store in &self.stores {
            store.close().await;
        }
    }
}

fn web_config(settings: &Settings) -> WebConfig {
    WebConfig {
        base_host: settings.base_host.clone(),
        port_suffix: settings.public_port.map(|port| format!(":{port}")).unwrap_or_default(),
        scheme: settings.scheme.clone(),
        mailbox: settings.smtp.is_none(),
        largest_attachment: documents_config(settings).attachment_limit(),
        setup_token: settings.setup_token.clone(),
    }
}

/// Keeps `/readyz` honest: one check a service's database.
fn watch_databases(stores: &[Store], health: &Health, shutdown: &CancellationToken, tasks: &mut JoinSet<()>) {
    for store in stores {
        let (store, check, shutdown) = (store.clone(), health.check(store.service()), shutdown.clone());
        check.pass();
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = sleep(PING) => {}
                }
                match store.ping().await {
                    Ok(()) => check.pass(),
                    Err(error) => check.fail(error.to_string()),
                }
            }
        });
    }
}
