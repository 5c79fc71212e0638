//! Versions that wait for work that is done behind their uploaders' backs. Due ones are found by the plumbing role, over all firms; each is
//! taken within its firm.

use portico_core::{TenantId, VersionId};

/// A version whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) tenant: TenantId,
    pub(crate) version: VersionId,
}

/// The functions of the queue in a table with `tenant_id`, `version_id`, `due_at` and `attempts`.
macro_rules! queue {
    ($table:tt) => {
        use chrono::{DateTime, Utc};
        use portico_core::VersionId;
        use portico_db::{Store, Tx};

        use super::queue::Due;
        use crate::error::DocumentsError;

        /// Puts a version on the list.
        pub(crate) async fn enqueue(
            tx: &mut Tx,
            version: VersionId,
            due_at: DateTime<Utc>,
        ) -> Result<(), DocumentsError> {
            let tenant = tx.ctx().tenant.0;
            sqlx::query!(
                "insert into " + $table + " (tenant_id, version_id, due_at) values ($1, $2, $3)",
                tenant,
                version.0,
                due_at
            )
            .execute(tx.conn())
            .await?;
            Ok(())
        }

        /// Those that are due. Firms take turns, each with its oldest first, so that one with thousands holds up no other.
        pub(crate) async fn due(
            store: &Store,
            now: DateTime<Utc>,
            limit: i64,
        ) -> Result<Vec<Due>, DocumentsError> {
            let mut connection = store.plumbing().await?;
            let rows = sqlx::query!(
                r#"select tenant_id as "tenant!", version_id as "version!" from (
                     select tenant_id, version_id, due_at,
                       row_number() over (partition by tenant_id order by due_at, version_id) as turn
                     from "#
                    + $table
                    + r#" where due_at <= $1) waiting
                   order by turn, due_at, tenant_id limit $2"#,
                now,
                limit
            )
            .fetch_all(&mut *connection)
            .await?;
            let due = rows.into_iter();
            Ok(due.map(|row| Due { tenant: row.tenant.into(), version: row.version.into() }).collect())
        }

        /// The moment of the next one.
        pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, DocumentsError> {
            let mut connection = store.plumbing().await?;
            let next = sqlx::query_scalar!("select min(due_at) from " + $table);
            Ok(next.fetch_one(&mut *connection).await?)
        }

        /// Takes a due one until `until` and answers how often it was taken; nothing where somebody else has it.
        pub(crate) async fn take(
            tx: &mut Tx,
            version: VersionId,
            now: DateTime<Utc>,
            until: DateTime<Utc>,
        ) -> Result<Option<i32>, DocumentsError> {
            let tenant = tx.ctx().tenant.0;
            let taken = sqlx::query_scalar!(
                "update "
                    + $table
                    + " set due_at = $4, attempts = attempts + 1
                 where tenant_id = $1 and version_id = $2 and due_at <= $3 returning attempts",
                tenant,
                version.0,
                now,
                until
            );
            Ok(taken.fetch_optional(tx.conn()).await?)
        }

        /// Has one tried again at `due_at`; `attempts` are then those that count. `attempt` is the taker's own, and one that was
        /// overtaken changes nothing.
        pub(crate) async fn postpone(
            tx: &mut Tx,
            version: VersionId,
            attempt: i32,
            (attempts, due_at): (i32, DateTime<Utc>),
        ) -> Result<bool, DocumentsError> {
            let tenant = tx.ctx().tenant.0;
            let postponed = sqlx::query!(
                "update "
                    + $table
                    + " set due_at = $5, attempts = $4
                 where tenant_id = $1 and version_id = $2 and attempts = $3",
                tenant,
                version.0,
                attempt,
                attempts,
                due_at
            );
            Ok(postponed.execute(tx.conn()).await?.rows_affected() == 1)
        }

        /// Takes a version off the list; `false` where somebody else did, or the version is gone.
        pub(crate) async fn finish(
            tx: &mut Tx,
            version: VersionId,
            attempt: i32,
        ) -> Result<bool, DocumentsError> {
            let tenant = tx.ctx().tenant.0;
            let finished = sqlx::query!(
                "delete from " + $table + " where tenant_id = $1 and version_id = $2 and attempts = $3",
                tenant,
                version.0,
                attempt
            );
            Ok(finished.execute(tx.conn()).await?.rows_affected() == 1)
        }
    };
}

pub(super) use queue;
