//! Files that belong to the host: logo, colours, manifest, the page for when there is no network.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use portico_proto::tenancy::v1::{GetLogoRequest, tenancy_client::TenancyClient};
use portico_rpc::Auth;

use crate::{ask::not_here, assets::FOREVER, bare::Bare, error, error::PageError, render};

/// The logo's types; a file that says it is anything else is not shown.
const LOGO_TYPES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

pub(super) async fn logo(bare: Bare, Path(hash): Path<String>) -> Result<Response, PageError> {
    let site = bare.site.as_ref().ok_or_else(not_here)?;
    if hash.is_empty() || hash != site.profile.logo_hash {
        return Err(not_here());
    }
    let mut tenancy = TenancyClient::new(bare.web.channel("tenancy", Auth::system(site.tenant, "web.logo")));
    let found = tenancy.get_logo(GetLogoRequest {}).await?.into_inner();
    let kind = LOGO_TYPES.into_iter().find(|kind| *kind == found.media_type).ok_or_else(not_here)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, FOREVER),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
    ];
    Ok((headers, found.logo).into_response())
}

pub(super) async fn theme(bare: Bare, Path(file): Path<String>) -> Result<Response, PageError> {
    let site = bare.site.ok_or_else(not_here)?;
    Ok(site.theme.answer(site.tenant, &file))
}

pub(super) async fn manifest(bare: Bare) -> Response {
    render::manifest(&bare.shell)
}

pub(super) async fn offline(bare: Bare) -> Response {
    error::offline(&bare.shell)
}
