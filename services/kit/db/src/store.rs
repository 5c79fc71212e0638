//! Pools and transactions.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use portico_core::{AccountScope, ActorKind, Ctx};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Transaction, pool::PoolConnection,
    postgres::PgPoolOptions,
};

use crate::{DatabaseConfig, Role, StoreError};

/// A connection that has rested for longer is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// A service's access to its schema.
#[derive(Debug, Clone)]
pub struct Store {
    service: &'static str,
    app: PgPool,
    relay: PgPool,
}

/// A transaction that carries a context. Dropping it rolls back.
///
/// No RPC, mail or file I/O while one is open: it holds a connection and, for writers, the event horizon.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    ctx: Arc<Ctx>,
    service: &'static str,
}

impl Store {
    /// Opens the pools of `service`. Connections are made when first needed, so this succeeds while the server is away.
    pub fn connect(config: &DatabaseConfig, service: &'static str) -> Self {
        let pool = |role, max| {
            PgPoolOptions::new()
                .max_connections(max)
                .min_connections(0)
                .acquire_timeout(Duration::from_secs(3))
                .test_before_acquire(false)
                // One that broke while it rested, since the server went away, is replaced before anybody meets it. One that was used a
                // moment ago is not asked: that would double the round trips of a busy process.
                .before_acquire(|connection, rest| {
                    Box::pin(async move {
                        if rest.idle_for > RESTED {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                // A cancelled or failed BEGIN can hand a connection back inside an open transaction with its context.
                // A connection that still carries one is closed, never handed to the next caller.
                .after_release(|connection, _| {
                    Box::pin(async move {
                        sqlx::query_scalar::<_, bool>(
                            "select coalesce(current_setting('app.tenant', true), '') = ''",
                        )
                        .fetch_one(connection)
                        .await
                    })
                })
                .connect_lazy_with(config.options(service, role))
        };
        Self { service, app: pool(Role::App, config.max_connections), relay: pool(Role::Relay, 4) }
    }

    /// The service whose schema this is.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Begins a transaction in the context of `ctx`; BEGIN and context travel in one message.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server is away or all connections stay busy for three seconds.
    pub async fn begin(&self, ctx: &Ctx) -> Result<Tx, StoreError> {
        let inner = self.app.begin_with(AssertSqlSafe(begin_statement(ctx))).await?;
        Ok(Tx { inner, ctx: Arc::new(ctx.clone()), service: self.service })
    }

    /// A connection of the plumbing role, which sees no data but what plumbing needs: outbox, cursors, look-ups, timers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server is away.
    pub async fn plumbing(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        Ok(self.relay.acquire().await?)
    }

    /// A transaction of the plumbing role.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server is away.
    pub async fn begin_plumbing(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        Ok(self.relay.begin().await?)
    }

    /// The plumbing pool's connection options, for a listener that lives as long as the process.
    pub fn plumbing_pool(&self) -> &PgPool {
        &self.relay
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.app).await?;
        Ok(())
    }

    /// Refuses a role that could look past the floor.
    ///
    /// # Errors
    /// A sentence that names the role and the privilege, or the database's error.
    pub async fn refuse_mighty_role(&self) -> Result<(), String> {
        for pool in [&self.app, &self.relay] {
            let (name, mighty) = sqlx::query_as::<_, (String, bool)>(
                "select current_user::text, r.rolsuper or r.rolbypassrls or r.rolcreaterole or exists (
                   select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = $1 and c.relowner = r.oid)
                 from pg_roles r where r.rolname = current_user",
            )
            .bind(self.service)
            .fetch_one(pool)
            .await
            .map_err(|error| format!("cannot check the database role of {}: {error}", self.service))?;
            if mighty {
                return Err(format!(
                    "the database role {name} could bypass isolation (superuser, BYPASSRLS, CREATEROLE or owner of tables); \
                     use the role portico_{} made by the bootstrap",
                    self.service
                ));
            }
        }
        Ok(())
    }

    /// Closes the pools after the work in hand is done.
    pub async fn close(&self) {
        self.app.close().await;
        self.relay.close().await;
    }
}

impl Tx {
    /// The connection, for queries.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The context that this transaction carries.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The service whose schema this is.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Makes everything done in this transaction durable.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of the transaction is kept then, unless the connection broke during the commit itself.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        Ok(())
    }

    /// Undoes everything done in this transaction.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server went away; nothing is kept then either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.inner.rollback().await?;
        Ok(())
    }
}

/// BEGIN with the context. Every value is a typed id or one of our own words: no text from outside gets here.
fn begin_statement(ctx: &Ctx) -> String {
    let person = ctx.actor.person.map(|id| id.to_string()).unwrap_or_default();
    let kind: ActorKind = ctx.actor.kind;
    let scope = match ctx.actor.accounts {
        AccountScope::All => "all",
        AccountScope::Listed(_) => "listed",
    };
    let mut accounts = String::from("{");
    for (index, account) in ctx.actor.accounts.listed().iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(accounts, "{separator}{account}");
    }
    accounts.push('}');
    format!(
        "begin; select set_config('app.tenant', '{}', true), set_config('app.person', '{person}', true), \
         set_config('app.kind', '{}', true), set_config('app.account_scope', '{scope}', true), \
         set_config('app.accounts', '{accounts}', true)",
        ctx.tenant,
        kind.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::{AccountId, Entropy as _, SeededEntropy, TenantId};

    #[test]
    fn the_context_holds_nothing_but_typed_values() {
        let entropy = SeededEntropy::new(7);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut ctx = Ctx::system(TenantId::new(now, &entropy), "'; drop table x; --");
        ctx.actor.accounts =
            AccountScope::Listed(vec![AccountId(entropy.uuid(now)), AccountId(entropy.uuid(now))]);
        ctx.actor.roles = vec!["');--".to_owned()];
        let statement = begin_statement(&ctx);
        assert!(!statement.contains("drop"), "{statement}");
        assert!(!statement.contains("--"), "{statement}");
        assert!(statement.contains("'listed'"), "{statement}");
    }
}
