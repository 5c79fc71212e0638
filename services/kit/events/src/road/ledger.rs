//! The SQL of the road: placing, reading, cursors, parked keys. All of it runs as the producer's plumbing role.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgExecutor, PgPool};

use crate::{
    envelope::{PLACED_COLUMNS, PlacedRow},
    publish::PARTITIONS,
};

/// A position for each virtual partition.
pub(super) type Positions = [i64; PARTITIONS];

/// Rows placed by one statement.
pub(super) const PLACE_LIMIT: i64 = 500;
/// Rows read from one partition by one statement.
pub(super) const READ_LIMIT: i64 = 200;

/// Tries to become the one relay of a service. Held until the connection ends.
pub(super) async fn take_lead(connection: impl PgExecutor<'_>, service: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_try_advisory_lock(hashtext('portico.road'), hashtext($1))")
        .bind(service)
        .fetch_one(connection)
        .await
}

/// Stamps positions on up to [`PLACE_LIMIT`] committed rows that have none, and calls those who stand by. Answers how many.
///
/// To be run on the connection that holds the lead: two of these at once would leave gaps.
pub(super) async fn place(connection: impl PgExecutor<'_>, service: &str) -> sqlx::Result<u64> {
    let statement = format!(
        "with batch as materialized (
           select id, virtual_partition, seq from {service}.outbox
           where position is null order by seq limit $1
         ), ranked as (
           select id, virtual_partition, row_number() over (partition by virtual_partition order by seq) as rank,
                  count(*) over (partition by virtual_partition) as size
           from batch
         ), heads as (
           insert into {service}.outbox_partitions as p (virtual_partition, position)
           select virtual_partition, count(*) from batch group by virtual_partition
           on conflict (virtual_partition) do update set position = p.position + excluded.position
           returning p.virtual_partition, p.position
         ), placed as (
           update {service}.outbox o set position = h.position - r.size + r.rank
           from ranked r join heads h using (virtual_partition)
           where o.id = r.id and o.position is null
           returning o.id
         ), counted as (select count(*) as number from placed)
         select number, case when number > 0 then pg_notify($2, '') end::text from counted"
    );
    let (number, _) = sqlx::query_as::<_, (i64, Option<String>)>(AssertSqlSafe(statement))
        .bind(PLACE_LIMIT)
        .bind(placed_channel(service))
        .fetch_one(connection)
        .await?;
    Ok(number.unsigned_abs())
}

/// The channel on which a relay calls those who stand by.
pub(super) fn placed_channel(service: &str) -> String {
    format!("portico_{service}_placed")
}

/// The last position given in each partition.
pub(super) async fn heads(connection: impl PgExecutor<'_>, service: &str) -> sqlx::Result<Positions> {
    let statement = format!("select virtual_partition, position from {service}.outbox_partitions");
    Ok(by_partition(sqlx::query_as(AssertSqlSafe(statement)).fetch_all(connection).await?))
}

/// How far a consumer is.
pub(super) async fn cursors(pool: &PgPool, service: &str, consumer: &str) -> sqlx::Result<Positions> {
    let statement = format!("select virtual_partition, position from {service}.cursors where consumer = $1");
    Ok(by_partition(sqlx::query_as(AssertSqlSafe(statement)).bind(consumer).fetch_all(pool).await?))
}

/// Moves a cursor, never backwards: a relay that has lost its lead may be late.
pub(super) async fn save_cursor(
    pool: &PgPool,
    service: &str,
    consumer: &str,
    partition: i16,
    position: i64,
) -> sqlx::Result<()> {
    let statement = format!(
        "insert into {service}.cursors as c (consumer, virtual_partition, position) values ($1, $2, $3)
         on conflict (consumer, virtual_partition) do update set position = greatest(c.position, excluded.position)"
    );
    sqlx::query(AssertSqlSafe(statement)).bind(consumer).bind(partition).bind(position).execute(pool).await?;
    Ok(())
}

/// Placed rows after the given positions, by partition and position, at most [`READ_LIMIT`] a partition.
pub(super) async fn read(pool: &PgPool, service: &str, after: &Positions) -> sqlx::Result<Vec<PlacedRow>> {
    let statement = format!(
        "select e.* from unnest($1::smallint[], $2::bigint[]) as w (partition, after)
         cross join lateral (
           select {PLACED_COLUMNS} from {service}.outbox o
           where o.virtual_partition = w.partition and o.position > w.after
           order by o.position limit $3) e
         order by e.virtual_partition, e.position"
    );
    let partitions: Vec<i16> = (0_i16..).take(PARTITIONS).collect();
    sqlx::query_as(AssertSqlSafe(statement))
        .bind(partitions)
        .bind(after.as_slice())
        .bind(READ_LIMIT)
        .fetch_all(pool)
        .await
}

/// The keys that are parked for a consumer.
pub(super) async fn parked_keys(
    pool: &PgPool,
    service: &str,
    consumer: &str,
) -> sqlx::Result<HashSet<String>> {
    let statement = format!("select distinct key from {service}.dead_letters where consumer = $1");
    let keys: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(statement)).bind(consumer).fetch_all(pool).await?;
    Ok(keys.into_iter().collect())
}

/// An event on its way to the dead letters.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) consumer: &'a str,
    pub(super) row: RowPlace<'a>,
    pub(super) attempts: i32,
    pub(super) reason: &'a str,
    pub(super) now: DateTime<Utc>,
    /// When it is handed over again; none where only a person can help.
    pub(super) retry_at: Option<DateTime<Utc>>,
}

/// Which row of the outbox a letter is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowPlace<'a> {
    pub(super) event: uuid::Uuid,
    pub(super) tenant: uuid::Uuid,
    pub(super) key: &'a str,
    pub(super) partition: i16,
    pub(super) position: i64,
}

/// Puts an event among the dead letters, which parks its key.
pub(super) async fn bury(pool: &PgPool, service: &str, letter: &Letter<'_>) -> sqlx::Result<()> {
    let statement = format!(
        "insert into {service}.dead_letters
           (consumer, event_id, tenant_id, key, virtual_partition, position, attempts, reason, parked_at, retry_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (consumer, event_id) do update
           set attempts = excluded.attempts, reason = excluded.reason, retry_at = excluded.retry_at"
    );
    bind_letter(sqlx::query(AssertSqlSafe(statement)), letter).bind(letter.retry_at).execute(pool).await?;
    Ok(())
}

/// Queues an event behind the dead letters of its key, provided that there still are any. Answers whether it now waits there.
///
/// The shared lock makes this wait for a replay that is about to take the last of them away.
pub(super) async fn queue_behind(pool: &PgPool, service: &str, letter: &Letter<'_>) -> sqlx::Result<bool> {
    let statement = format!(
        "with parked as materialized (
           select event_id from {service}.dead_letters
           where consumer = $1 and key = $4 and position <= $6 limit 1 for share
         ), queued as (
           insert into {service}.dead_letters
             (consumer, event_id, tenant_id, key, virtual_partition, position, attempts, reason, parked_at)
           select $1, $2, $3, $4, $5, $6, $7, $8, $9 from parked
           on conflict (consumer, event_id) do nothing
         )
         select event_id from parked"
    );
    let waits = bind_letter(sqlx::query(AssertSqlSafe(statement)), letter).fetch_optional(pool).await?;
    Ok(waits.is_some())
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind_letter<'q>(query: Query<'q>, letter: &'q Letter<'_>) -> Query<'q> {
    query
        .bind(letter.consumer)
        .bind(letter.row.event)
        .bind(letter.row.tenant)
        .bind(letter.row.key)
        .bind(letter.row.partition)
        .bind(letter.row.position)
        .bind(letter.attempts)
        .bind(letter.reason)
        .bind(letter.now)
}

fn by_partition(rows: Vec<(i16, i64)>) -> Positions {
    let mut positions = [0; PARTITIONS];
    for (partition, position) in rows {
        if let Some(slot) = usize::try_from(partition).ok().and_then(|partition| positions.get_mut(partition))
        {
            *slot = position;
        }
    }
    positions
}
