//! The statements that a database was sent, taken from its own log, and the same ones again.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate, Utc};
use portico_db::Role;
use portico_testkit::TestDatabase;
use serde::Deserialize;
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection, Postgres, SqlSafeStr as _,
    Statement as _, TypeInfo as _, postgres::PgArguments, query::Query,
};
use uuid::Uuid;

/// Statements being logged.
pub(crate) struct Recording<'a> {
    database: &'a TestDatabase,
    log: String,
    from: i64,
}

/// Logged statements, and connections to run them on.
pub(crate) struct Recorded {
    statements: Vec<Sent>,
    connections: BTreeMap<i64, PgConnection>,
}

/// A statement as it was sent.
struct Sent {
    connection: i64,
    sql: Arc<str>,
    /// None: by the simple protocol, as BEGIN with its context is.
    values: Option<Vec<Value>>,
}

/// A value of a parameter, in the types that Portico's statements use.
enum Value {
    Uuid(Option<Uuid>),
    Uuids(Option<Vec<Uuid>>),
    Text(Option<String>),
    Texts(Option<Vec<String>>),
    Int8(Option<i64>),
    Int4(Option<i32>),
    Day(Option<NaiveDate>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Instant(Option<DateTime<Utc>>),
    Json(Option<serde_json::Value>),
}

/// A line of the server's log in its JSON form.
#[derive(Deserialize)]
struct Line {
    pid: i64,
    user: Option<String>,
    dbname: Option<String>,
    message: Option<String>,
    detail: Option<String>,
}

impl<'a> Recording<'a> {
    /// Has the server log every statement from here on.
    ///
    /// # Errors
    /// Where the server does not keep a log in JSON, as that of `scripts/bench` does.
    pub(crate) async fn start(database: &'a TestDatabase) -> anyhow::Result<Self> {
        let admin = database.admin();
        let log: Option<String> =
            sqlx::query_scalar("select pg_current_logfile('jsonlog')").fetch_one(admin).await?;
        let log = log.context("the server keeps no log in JSON: run scripts/bench")?;
        sqlx::raw_sql("alter system set log_statement = 'all'").execute(admin).await?;
        sqlx::raw_sql("select pg_reload_conf()").execute(admin).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let from =
            sqlx::query_scalar("select size from pg_stat_file($1)").bind(&log).fetch_one(admin).await?;
        Ok(Self { database, log, from })
    }

    /// Ends the logging, and opens a connection for each that was logged.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub(crate) async fn finish(self) -> anyhow::Result<Recorded> {
        let admin = self.database.admin();
        sqlx::raw_sql("alter system reset log_statement").execute(admin).await?;
        sqlx::raw_sql("select pg_reload_conf()").execute(admin).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let text: String = sqlx::query_scalar("select pg_read_file($1, $2, 1000000000)")
            .bind(&self.log)
            .bind(self.from)
            .fetch_one(admin)
            .await?;
        let (name, owner): (String, String) =
            sqlx::query_as("select current_database(), current_user").fetch_one(admin).await?;
        let (mut statements, mut connections) = (Vec::new(), BTreeMap::new());
        for line in text.lines() {
            let line: Line = serde_json::from_str(line)?;
            let user = line.user.as_deref().filter(|user| *user != owner);
            let Some(service) = user.and_then(|user| user.strip_prefix("portico_")) else { continue };
            // The relay's look-ups for new work go on whether or not a page is asked for.
            if line.dbname.as_deref() != Some(&*name) || service.ends_with("_relay") {
                continue;
            }
            let Some((sql, texts)) = sent(&line) else { continue };
            let connection = match connections.entry(line.pid) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let options = self.database.config().options(service, Role::App);
                    place.insert(PgConnection::connect_with(&options).await?)
                }
            };
            let sql: Arc<str> = sql.into();
            let values = match texts {
                Some(texts) => Some(typed(connection, &sql, &texts).await?),
                None => None,
            };
            statements.push(Sent { connection: line.pid, sql, values });
        }
        anyhow::ensure!(!statements.is_empty(), "the server logged no statement");
        Ok(Recorded { statements, connections })
    }
}

fn sent(line: &Line) -> Option<(String, Option<Vec<Option<String>>>)> {
    let message = line.message.as_deref()?;
    if let Some(sql) = message.strip_prefix("statement: ") {
        return Some((sql.to_owned(), None));
    }
    let (_, sql) = message.strip_prefix("execute ")?.split_once(": ")?;
    let values =
        line.detail.as_deref().and_then(|detail| detail.strip_prefix("parameters: ")).unwrap_or_default();
    Some((sql.to_owned(), Some(values_of(values))))
}

/// The values in the types that the server expects of this statement.
async fn typed(
    connection: &mut PgConnection,
    sql: &Arc<str>,
    texts: &[Option<String>],
) -> anyhow::Result<Vec<Value>> {
    let statement = connection.prepare(AssertSqlSafe(Arc::clone(sql)).into_sql_str()).await?;
    let Some(Either::Left(types)) = statement.parameters() else { bail!("no types of parameters: {sql}") };
    types.iter().zip(texts).map(|(kind, text)| value(kind.name(), text.as_deref())).collect()
}

fn value(kind: &str, text: Option<&str>) -> anyhow::Result<Value> {
    Ok(match kind {
        "UUID" => Value::Uuid(text.map(str::parse).transpose()?),
        "UUID[]" => {
            Value::Uuids(text.map(|text| list(text).iter().map(|each| each.parse()).collect()).transpose()?)
        }
        "TEXT" | "VARCHAR" => Value::Text(text.map(str::to_owned)),
        "TEXT[]" => Value::Texts(text.map(list)),
        "INT8" => Value::Int8(text.map(str::parse).transpose()?),
        "INT4" => Value::Int4(text.map(str::parse).transpose()?),
        "DATE" => Value::Day(text.map(str::parse).transpose()?),
        "BYTEA" => Value::Bytes(text.map(|text| hex::decode(text.trim_start_matches("\\x"))).transpose()?),
        "BOOL" => Value::Bool(text.map(|text| text == "t")),
        "TIMESTAMPTZ" => Value::Instant(
            text.map(|text| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
                .transpose()?
                .map(Into::into),
        ),
        "JSON" | "JSONB" => Value::Json(text.map(serde_json::from_str).transpose()?),
        other => bail!("no value of type {other} can be sent again yet"),
    })
}

/// `{a,b}` as its items; those that a page sends need no quotes.
fn list(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner.split(',').filter(|item| !item.is_empty()).map(|item| item.trim_matches('"').to_owned()).collect()
}

fn bind<'q>(query: Query<'q, Postgres, PgArguments>, value: &'q Value) -> Query<'q, Postgres, PgArguments> {
    match value {
        Value::Uuid(value) => query.bind(value),
        Value::Uuids(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Texts(value) => query.bind(value),
        Value::Int8(value) => query.bind(value),
        Value::Int4(value) => query.bind(value),
        Value::Day(value) => query.bind(value),
        Value::Bool(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Instant(value) => query.bind(value),
        Value::Json(value) => query.bind(value),
    }
}

/// `$1 = 'it''s', $2 = NULL` as values.
fn values_of(mut text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((_, rest)) = text.split_once(" = ") {
        if let Some(rest) = rest.strip_prefix("NULL") {
            values.push(None);
            text = rest;
            continue;
        }
        let mut value = String::new();
        let mut characters = rest.char_indices().skip(1).peekable();
        let mut end = rest.len();
        while let Some((at, character)) = characters.next() {
            if character != '\'' {
                value.push(character);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                end = at + 1;
                break;
            }
        }
        values.push(Some(value));
        text = &rest[end..];
    }
    values
}

impl Recorded {
    /// How many statements there are.
    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    /// Runs them all, each on the connection that stands for its own, and reads what they answer.
    ///
    /// # Errors
    /// Where one fails.
    pub(crate) async fn run(&mut self) -> anyhow::Result<()> {
        for sent in &self.statements {
            let connection = self.connections.get_mut(&sent.connection).context("no connection")?;
            let sql = AssertSqlSafe(Arc::clone(&sent.sql));
            match &sent.values {
                None => {
                    sqlx::raw_sql(sql).fetch_all(connection).await?;
                }
                Some(values) => {
                    let query = values.iter().fold(sqlx::query(sql), bind);
                    query.fetch_all(connection).await.with_context(|| sent.sql.to_string())?;
                }
            }
        }
        Ok(())
    }
}
