//! What the edge remembers for a moment: whose host it is and whose session. Both are dropped when something changes.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use portico_core::{ErrorCode, Problem, TenantId};
use portico_proto::{
    identity::v1::{ResolveSessionRequest, identity_client::IdentityClient},
    tenancy::v1::{ResolveHostRequest, tenancy_client::TenancyClient},
};
use portico_rpc::{Auth, Caller, Peers, problem_from};
use portico_web::site::{SignedIn, Site};
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast;
use tonic::Code;

/// How long a session is believed without asking identity again.
const SESSION_FRESH: Duration = Duration::from_secs(1);
/// How long a host is believed without asking tenancy again.
const HOST_FRESH: Duration = Duration::from_secs(10);
/// How long a host's name and colours serve while tenancy does not answer, so that an outage looks like the firm and not like nobody.
const HOST_REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// A live session: who it is and the secret that its forms carry.
#[derive(Clone)]
pub(crate) struct LiveSession {
    pub(crate) reader: SignedIn,
    pub(crate) form_secret: String,
}

/// Told whenever somebody's rights or a firm's face may have changed; the edge then asks again.
#[derive(Clone)]
pub struct Revisions(broadcast::Sender<TenantId>);

impl Default for Revisions {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Revisions {
    /// Something changed in this firm.
    pub fn bump(&self, tenant: TenantId) {
        // Nobody listens while no stream is open.
        let _ = self.0.send(tenant);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<TenantId> {
        self.0.subscribe()
    }
}

type SessionKey = (TenantId, [u8; 32]);

#[derive(Clone)]
pub(crate) struct Caches {
    peers: Peers,
    hosts: Cache<String, Option<Site>>,
    remembered: Cache<String, Site>,
    sessions: Cache<SessionKey, Option<LiveSession>>,
}

impl Caches {
    pub(crate) fn new(peers: Peers, revisions: &Revisions) -> Self {
        let caches = Self {
            peers,
            hosts: Cache::builder().max_capacity(10_000).time_to_live(HOST_FRESH).build(),
            remembered: Cache::builder().max_capacity(10_000).time_to_live(HOST_REMEMBERED).build(),
            sessions: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(SESSION_FRESH)
                .support_invalidation_closures()
                .build(),
        };
        let (hosts, sessions, mut changes) =
            (caches.hosts.clone(), caches.sessions.clone(), revisions.listen());
        tokio::spawn(async move {
            loop {
                match changes.recv().await {
                    Ok(tenant) => {
                        // A predicate can be registered at most a few thousand at a time; failing that, all are dropped.
                        if sessions.invalidate_entries_if(move |key, _| key.0 == tenant).is_err() {
                            sessions.invalidate_all();
                        }
                        hosts.invalidate_all();
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        sessions.invalidate_all();
                        hosts.invalidate_all();
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        caches
    }

    /// The firm of a host; none where it is nobody's. While tenancy does not answer, the firm that the host had last.
    pub(crate) async fn site(&self, host: &str, trace: &str) -> Result<Option<Site>, Problem> {
        match self.ask_site(host, trace).await {
            Ok(Some(site)) => {
                if !self.remembered.contains_key(host) {
                    self.remembered.insert(host.to_owned(), site.clone()).await;
                }
                Ok(Some(site))
            }
            Ok(None) => {
                self.remembered.invalidate(host).await;
                Ok(None)
            }
            Err(problem) if is_outage(&problem) => self.remembered.get(host).await.map(Some).ok_or(problem),
            Err(problem) => Err(problem),
        }
    }

    async fn ask_site(&self, host: &str, trace: &str) -> Result<Option<Site>, Problem> {
        let found = self.hosts.try_get_with(host.to_owned(), async {
            let caller = Caller::new(Auth::before_tenant("gateway.host")).with_trace(trace);
            let mut client = TenancyClient::new(self.peers.channel("tenancy", caller));
            match client.resolve_host(ResolveHostRequest { host: host.to_owned() }).await {
                Ok(answer) => {
                    self.remembered.invalidate(host).await;
                    Ok(answer.into_inner().tenant.and_then(Site::new))
                }
                Err(status) if status.code() == Code::NotFound => Ok(None),
                Err(status) => Err(problem_from(&status)),
            }
        });
        found.await.map_err(|problem: Arc<Problem>| Problem::clone(&problem))
    }

    /// Who a session secret belongs to; nobody where it is over, or another firm's.
    pub(crate) async fn session(
        &self,
        tenant: TenantId,
        secret: &str,
        address: &str,
        trace: &str,
    ) -> Result<Option<LiveSession>, Problem> {
        let key = (tenant, Sha256::digest(secret.as_bytes()).into());
        let found = self.sessions.try_get_with(key, async {
            let caller = Caller::new(Auth::system(tenant, "gateway.session")).with_trace(trace);
            let mut client = IdentityClient::new(self.peers.channel("identity", caller));
            let asked =
                ResolveSessionRequest { session_secret: secret.to_owned(), address: address.to_owned() };
            match client.resolve_session(asked).await {
                Ok(answer) => Ok(live(answer.into_inner())),
                Err(status) if matches!(status.code(), Code::Unauthenticated | Code::NotFound) => Ok(None),
                Err(status) => Err(problem_from(&status)),
            }
        });
        found.await.map_err(|problem: Arc<Problem>| Problem::clone(&problem))
    }
}

const fn is_outage(problem: &Problem) -> bool {
    matches!(problem.code, ErrorCode::Unavailable | ErrorCode::DeadlineExceeded)
}

fn live(answer: portico_proto::identity::v1::ResolveSessionResponse) -> Option<LiveSession> {
    Some(LiveSession {
        reader: SignedIn {
            token: answer.actor_token.into(),
            person: Arc::new(answer.person?),
            session: answer.session_id.into(),
            roles: answer.roles.into(),
            accounts: answer.account_ids.iter().filter_map(|id| id.parse().ok()).collect(),
        },
        form_secret: answer.form_secret,
    })
}
