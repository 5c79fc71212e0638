//! The way to one service: a function call in this process, or HTTP/2 to another.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{Status, body::Body, service::Routes, transport::Channel};
use tower::{Service, ServiceExt as _};

use crate::error::unavailable;

pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

/// The bare way to a service. [`Peers::channel`](crate::Peers::channel) wraps it with who is calling.
#[derive(Debug, Clone)]
pub enum PeerChannel {
    /// In this process; bound late, since services may call each other.
    Local(Arc<OnceLock<Routes>>),
    /// In another process, over a channel that balances between its addresses.
    Remote(Channel),
}

impl Service<Request<Body>> for PeerChannel {
    type Response = Response<Body>;
    // A boxed error would make generated calls impossible to spawn.
    type Error = Status;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        match self {
            Self::Local(slot) => match slot.get().cloned() {
                Some(routes) => Box::pin(async move {
                    Ok(routes.oneshot(request).await.unwrap_or_else(|never| match never {}))
                }),
                None => Box::pin(async { Err(unavailable("the service is still starting in this process")) }),
            },
            Self::Remote(channel) => {
                let channel = channel.clone();
                Box::pin(
                    async move { channel.oneshot(request).await.map_err(|e| Status::from_error(e.into())) },
                )
            }
        }
    }
}
