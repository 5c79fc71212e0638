//! Style sheets and scripts: prepared by `build.rs`, embedded, named by their content and kept by browsers for a year.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
};

/// One embedded file.
#[derive(Debug)]
struct Asset {
    name: &'static str,
    file: &'static str,
    etag: &'static str,
    content_type: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets/table.rs"));

/// Keep for a year and never ask again: the name changes with the content.
pub(crate) const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The address of an asset by its stable name (`css/app.css`, `js/app.js`, `js/signature.js`, `vendor/htmx.js`).
///
/// An unknown name gives an address that answers 404; a test holds every template to the names there are.
pub fn asset_url(name: &str) -> String {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => format!("/assets/{}", asset.file),
        None => format!("/assets/unknown/{name}"),
    }
}

/// Whether there is an asset of this stable name.
#[cfg(test)]
pub(crate) fn exists(name: &str) -> bool {
    ASSETS.iter().any(|asset| asset.name == name)
}

/// The size in bytes that travels to a browser that takes brotli, as all of them do.
#[cfg(test)]
pub(crate) fn size_on_the_wire(name: &str) -> usize {
    ASSETS.iter().filter(|asset| asset.name == name).map(|asset| asset.brotli.len()).sum()
}

/// `/assets/{file}` and `/service-worker.js`. Needs no session and no tenant.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(serve)).route("/service-worker.js", get(service_worker))
}

async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fixed = [(ETAG, HeaderValue::from_static(asset.etag)), (CACHE_CONTROL, FOREVER)];
    if names(&headers, IF_NONE_MATCH, asset.etag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let kind = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    if names(&headers, ACCEPT_ENCODING, "br") {
        let packed = [(CONTENT_ENCODING, HeaderValue::from_static("br"))];
        (fixed, kind, packed, asset.brotli).into_response()
    } else {
        (fixed, kind, asset.plain).into_response()
    }
}

/// Whether a comma-separated header names `wanted`; a value with weight zero does not count.
fn names(headers: &HeaderMap, header: http::HeaderName, wanted: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| {
            let (name, weight) = part.split_once(';').unwrap_or((part, ""));
            name.trim() == wanted && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
}

static SERVICE_WORKER: LazyLock<String> = LazyLock::new(|| {
    let mut list = String::new();
    let mut version = String::new();
    for asset in ASSETS {
        let _ = write!(list, "\"/assets/{}\",", asset.file);
        version.push_str(asset.etag.trim_matches('"').get(..4).unwrap_or_default());
    }
    format!(
        "const ASSETS = [{}];\nconst VERSION = \"{version}\";\n{}",
        list.trim_end_matches(','),
        include_str!("../assets/js/service-worker.js")
    )
});

async fn service_worker() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ],
        SERVICE_WORKER.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, header: (&'static str, &str)) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::get(path).header(header.0, header.1).body(Body::empty()).unwrap();
        let response = routes::<()>().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
    }

    #[tokio::test]
    async fn an_asset_is_kept_for_a_year_and_travels_packed() {
        let url = asset_url("css/app.css");
        let (status, headers, packed) = ask(&url, ("accept-encoding", "gzip, br")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[CONTENT_ENCODING], "br");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        let (_, headers, plain) = ask(&url, ("accept-encoding", "gzip, br;q=0")).await;
        assert!(headers.get(CONTENT_ENCODING).is_none());
        assert_eq!(headers[CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(packed.len() < plain.len() / 3, "{} of {}", packed.len(), plain.len());
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        let (status, _, body) = ask(&url, ("if-none-match", headers[ETAG].to_str().unwrap())).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for path in ["/assets/app.css", "/assets/..%2FCargo.toml", "/assets/app-000000000000.css"] {
            assert_eq!(ask(path, ("accept", "*/*")).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn the_service_worker_keeps_assets_and_the_offline_page_only() {
        let (_, headers, body) = ask("/service-worker.js", ("accept", "*/*")).await;
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        let text = String::from_utf8(body).unwrap();
        assert!(text.starts_with(&format!("const ASSETS = [\"{}\"", asset_url("css/app.css"))));
        assert_eq!(text.matches("cache.addAll").count(), 1);
        assert!(!text.contains("cache.put"));
    }

    #[test]
    fn pages_stay_small() {
        let script = size_on_the_wire("js/app.js") + size_on_the_wire("vendor/htmx.js");
        assert!(size_on_the_wire("css/app.css") <= 14 * 1024);
        assert!(script <= 25 * 1024, "{script}");
        assert!(
            script + size_on_the_wire("js/signature.js") <= 25 * 1024,
            "with the signing page's own script"
        );
    }
}
