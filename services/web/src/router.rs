//! All pages as one router: the table, and the layers in their order.

use std::any::Any;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use portico_core::Problem;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    ask::not_here,
    csrf,
    enter::enter,
    error::{PageError, dress},
    pages,
    render::{let_forms_end_at_firms, secure},
    site::stop_in_trouble,
    web::Web,
};

/// The pages. The edge puts [`crate::site::Site`], [`crate::site::SignedIn`], [`crate::csrf::FormToken`] and
/// [`crate::error::Reference`] into the extensions of each request before it comes here.
pub fn router(web: Web) -> Router {
    let table = pages::all().fold(Router::new(), |router, entry| router.route(entry.path, (entry.mount)()));
    around(table, web)
}

/// The layers around all pages, in their order.
fn around(table: Router<Web>, web: Web) -> Router {
    table
        .fallback(|| async { not_here() })
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| -> Response { after_panic() }))
        .layer(from_fn(stop_in_trouble))
        .layer(from_fn(csrf::guard))
        .layer(from_fn(dress))
        .layer(from_fn_with_state(web.clone(), enter))
        .layer(from_fn_with_state(web.clone(), let_forms_end_at_firms))
        .layer(from_fn(secure))
        .with_state(web)
}

/// The panic's own line in the log has its words, its place and, from the request's span, the reference: it is not logged twice.
fn after_panic() -> Response {
    PageError(Problem { cause: None, ..Problem::internal("") }).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{Extension, body::Body, routing::get};
    use http::{Request, StatusCode};
    use http_body_util::BodyExt as _;
    use portico_core::{MockClock, OsEntropy, TenantId};
    use portico_proto::tenancy::v1::Tenant;
    use portico_rpc::{Peers, ServiceSigner, SigningKey};
    use tower::ServiceExt as _;

    use super::*;
    use crate::{WebConfig, csrf::FormToken, error::Reference, site::Site};

    /// The pages' shared part, with no service behind it.
    fn web() -> Web {
        let clock = Arc::new(MockClock::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
        let entropy = Arc::new(OsEntropy);
        let key = SigningKey::generate_service("web").unwrap();
        let peers = Peers::new(ServiceSigner::new(key, clock.clone(), entropy.clone()), entropy.clone());
        let config = WebConfig {
            base_host: "localhost".to_owned(),
            port_suffix: String::new(),
            scheme: "http".to_owned(),
            mailbox: false,
            largest_attachment: 0,
            setup_token: None,
        };
        Web::new(config, peers, clock, entropy)
    }

    /// The pages' layers around a page that panics and one that does not, on a firm's host.
    fn app() -> Router {
        let broken = || async {
            if StatusCode::OK.is_success() {
                panic!("secret of a panic")
            }
        };
        let table = Router::new().route("/broken", get(broken)).route("/fine", get(|| async { "fine" }));
        let tenant = Tenant {
            id: TenantId::from(uuid::Uuid::from_u128(7)).to_string(),
            name: "Northwind Consulting".to_owned(),
            ..Tenant::default()
        };
        around(table, web())
            .layer(Extension(Site::new(tenant).unwrap()))
            .layer(Extension(Reference("4bf92f35".to_owned())))
    }

    #[tokio::test]
    async fn nothing_is_changed_without_the_forms_token() {
        let app = router(web()).layer(Extension(FormToken("right".to_owned())));
        let mut asked = 0;
        for entry in pages::all() {
            let path = entry.path.replace("{*path}", "x").replace(['{', '}'], "");
            for (method, kind, body) in [
                ("POST", "application/x-www-form-urlencoded", "a=b"),
                ("POST", "application/x-www-form-urlencoded", "_csrf=wrong"),
                ("POST", "text/plain", "_csrf=right"),
                ("POST", "application/json", "{}"),
                ("PUT", "application/x-www-form-urlencoded", "a=b"),
                ("DELETE", "", ""),
            ] {
                let request = Request::builder().method(method).uri(&path).header("content-type", kind);
                let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
                assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method} {path} {kind}");
                asked += 1;
            }
        }
        assert!(asked > 300, "{asked}");
    }

    async fn ask(app: &Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        assert!(parts.headers.contains_key("content-security-policy"), "{path}");
        (parts.status, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_page_that_panics_answers_with_a_reference_and_takes_nothing_else_down() {
        let app = app();
        for headers in [&[][..], &[("hx-request", "true")], &[("accept", "application/json")]] {
            let (status, body) = ask(&app, "/broken", headers).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{headers:?}");
            assert!(body.contains("4bf92f35") && !body.contains("secret"), "{body}");
            assert!(body.contains("Nothing you did caused this"), "{body}");
            assert_eq!(ask(&app, "/fine", &[]).await, (StatusCode::OK, "fine".to_owned()));
        }
        let (_, page) = ask(&app, "/broken", &[]).await;
        assert!(page.contains("<main") && page.contains("Northwind Consulting"), "the page is the firm's");
        let (_, part) = ask(&app, "/broken", &[("hx-request", "true")]).await;
        assert!(!part.contains("<main") && part.contains("<h1"), "a swap gets no frame");
        let (_, german) = ask(&app, "/broken", &[("accept-language", "de")]).await;
        assert!(german.contains("lang=\"de\"") && german.contains("4bf92f35"));
    }
}
