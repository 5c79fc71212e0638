//! A request on any host, also on one that is no firm's.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use portico_core::Problem;
use portico_proto::tenancy::v1::tenancy_client::TenancyClient;
use portico_rpc::{Auth, CallerChannel};

use crate::{error::PageError, layout::Shell, site::Site, web::Web};

/// What is there before a firm is known: all that the list of firms and the files of every host need.
#[derive(Clone)]
pub struct Bare {
    /// What all pages share.
    pub web: Web,
    /// Whose host it is; nobody's on the bare one.
    pub site: Option<Site>,
    /// What stands around the page.
    pub shell: Arc<Shell>,
    /// The request's headers.
    pub headers: HeaderMap,
}

impl Bare {
    /// Tenancy, called by the platform before a firm is known.
    pub fn tenancy(&self, name: &'static str) -> TenancyClient<CallerChannel> {
        TenancyClient::new(self.web.channel("tenancy", Auth::before_tenant(name)))
    }
}

impl FromRequestParts<Web> for Bare {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let shell = parts.extensions.get::<Arc<Shell>>().cloned().ok_or_else(|| {
            PageError(Problem::internal("a page without its shell: the layer `enter` is missing"))
        })?;
        Ok(Self {
            web: web.clone(),
            site: parts.extensions.get::<Site>().cloned(),
            shell,
            headers: parts.headers.clone(),
        })
    }
}
