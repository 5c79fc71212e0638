//! The live stream: names of what happens within the reader's reach, as server-sent events.

use std::{convert::Infallible, panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use http::{
    Extensions, HeaderMap, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use portico_proto::messaging::v1::{
    LiveEvent, WatchRequest, WatchResponse, messaging_client::MessagingClient,
};
use portico_rpc::{Auth, Caller};
use portico_web::{
    error::Reference,
    site::{Address, SignedIn, Site, Trouble},
};
use serde::Deserialize;
use tokio::time::{Instant, interval_at};
use tonic::Streaming;

use crate::{serve::Edge, session::session_secret};

/// A stream asks again at least this often whether its reader may still listen.
const RECHECK: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    after: String,
}

/// `GET /live`.
pub(crate) async fn live(
    State(edge): State<Edge>,
    known: Extensions,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Response {
    if known.get::<Trouble>().is_some() {
        return away();
    }
    let (Some(site), Some(reader), Some(secret)) =
        (known.get::<Site>().cloned(), known.get::<SignedIn>().cloned(), session_secret(&headers))
    else {
        return (StatusCode::UNAUTHORIZED, [(CACHE_CONTROL, "no-store")]).into_response();
    };
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let trace = known.get::<Reference>().map(|reference| reference.0.clone()).unwrap_or_default();
    let caller = Caller::new(Auth::Token(reader.token.clone())).with_trace(&trace);
    let mut client = MessagingClient::new(edge.peers.channel("messaging", caller).without_deadline());
    let events = match client.watch(WatchRequest { after: last.unwrap_or(from.after) }).await {
        Ok(events) => events.into_inner(),
        Err(_) => return away(),
    };
    let changes = edge.revisions.listen();
    let first = Instant::now() + RECHECK;
    let watcher = Watcher {
        edge,
        site,
        reader,
        secret,
        address: known.get::<Address>().map(|address| address.0.clone()).unwrap_or_default(),
        events,
        changes,
        tick: interval_at(first, RECHECK),
        over: false,
    };
    let stream = Sse::new(guarded(watcher.into_stream()))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)).text("here"));
    ([(CACHE_CONTROL, "no-store"), (http::HeaderName::from_static("x-accel-buffering"), "no")], stream)
        .into_response()
}

fn away() -> Response {
    let again = [(CACHE_CONTROL, "no-store"), (RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
}

/// A stream in which a panic ends this stream and nothing else: the browser comes back by itself. The panic's own line is in the log.
fn guarded<T>(
    stream: impl Stream<Item = Result<T, Infallible>>,
) -> impl Stream<Item = Result<T, Infallible>> {
    AssertUnwindSafe(stream)
        .catch_unwind()
        .take_while(|told| std::future::ready(told.is_ok()))
        .filter_map(|told| std::future::ready(told.ok()))
}

struct Watcher {
    edge: Edge,
    site: Site,
    reader: SignedIn,
    secret: String,
    address: String,
    events: Streaming<WatchResponse>,
    changes: tokio::sync::broadcast::Receiver<portico_core::TenantId>,
    tick: tokio::time::Interval,
    over: bool,
}

enum Next {
    Told(Event),
    Over(Event),
    End,
}

impl Watcher {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watcher| async move {
            if watcher.over {
                return None;
            }
            match watcher.next().await {
                Next::Told(event) => Some((Ok(event), watcher)),
                Next::Over(event) => {
                    watcher.over = true;
                    Some((Ok(event), watcher))
                }
                Next::End => None,
            }
        })
    }

    async fn next(&mut self) -> Next {
        loop {
            tokio::select! {
                told = self.events.next() => match told {
                    Some(Ok(WatchResponse { event: Some(event) })) => return Next::Told(sse(&event)),
                    Some(Ok(WatchResponse { event: None })) => {}
                    Some(Err(_)) | None => return Next::End,
                },
                change = self.changes.recv() => match change {
                    Ok(tenant) if tenant != self.site.tenant => {}
                    _ => if let Some(end) = self.recheck().await { return end },
                },
                _ = self.tick.tick() => if let Some(end) = self.recheck().await { return end },
            }
        }
    }

    /// Ends the stream where the reader is signed out or their rights have changed; the browser then comes back with what they are now.
    async fn recheck(&self) -> Option<Next> {
        let found = self.edge.caches.session(self.site.tenant, &self.secret, &self.address, "").await;
        match found {
            Ok(Some(now))
                if now.reader.roles == self.reader.roles && now.reader.accounts == self.reader.accounts =>
            {
                None
            }
            Ok(Some(_)) => Some(Next::End),
            Ok(None) => Some(Next::Over(Event::default().data(r#"{"name":"signed-out"}"#))),
            // Who cannot be checked does not go on listening.
            Err(_) => Some(Next::End),
        }
    }
}

fn sse(event: &LiveEvent) -> Event {
    let data =
        serde_json::json!({"name": event.name, "object": event.object_id, "account": event.account_id});
    Event::default().id(event.id.clone()).data(data.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_own_stream_after_what_was_told() {
        let broken =
            stream::iter(1..5).map(|number| if number == 3 { panic!("a broken stream") } else { Ok(number) });
        let told: Vec<_> = guarded(broken).map(Result::unwrap).collect().await;
        assert_eq!(told, [1, 2]);
    }
}
