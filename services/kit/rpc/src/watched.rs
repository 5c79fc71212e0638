//! The body of an answer that takes its time: a stream of messages, or file bytes. What goes wrong on the way is logged and told like a
//! defect in a single answer.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{HeaderMap, header::CONTENT_TYPE, response::Response};
use http_body::{Body as _, Frame, SizeHint};
use tonic::{Code, Status};
use tracing::{Span, debug, error, warn};

use crate::error::{internal_with_reference, is_internal, problem_from};

/// A body under guard. A panic or an internal error in it ends the stream with a status that names nothing but the reference, under
/// which the log has the cause; file bytes, which have no status, are cut off, so that nobody takes a part for the whole.
struct WatchedBody {
    inner: Body,
    span: Span,
    trace: String,
    is_grpc: bool,
    is_over: bool,
}

/// Puts the body of `response` under guard. What it logs belongs to `span`.
pub(crate) fn watched(response: Response<Body>, span: Span, trace: String) -> Response<Body> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_grpc = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    response.map(|inner| Body::new(WatchedBody { inner, span, trace, is_grpc, is_over: false }))
}

type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

impl WatchedBody {
    fn poll_guarded(&mut self, cx: &mut Context<'_>) -> Polled {
        let inner = &mut self.inner;
        match catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx))) {
            Ok(Poll::Ready(Some(Ok(frame)))) => match frame.into_trailers() {
                Ok(trailers) => Poll::Ready(Some(Ok(Frame::trailers(self.judge(trailers))))),
                Err(data) => Poll::Ready(Some(Ok(data))),
            },
            Ok(Poll::Ready(Some(Err(error)))) => self.break_off(&error.to_string()),
            Ok(rest) => rest,
            Err(panic) => self.break_off(&format!("the stream panicked: {}", panic_text(&*panic))),
        }
    }

    /// The status at the end of a stream: one of ours as it is, a defect without what it says.
    fn judge(&self, trailers: HeaderMap) -> HeaderMap {
        let Some(status) = Status::from_header_map(&trailers).filter(|status| status.code() != Code::Ok)
        else {
            return trailers;
        };
        let code = tracing::field::debug(status.code());
        let problem = problem_from(&status);
        let (reason, cause) = (problem.reason.as_str(), problem.cause.as_deref().unwrap_or_default());
        if is_internal(status.code()) {
            error!(code, reason, cause, "the stream failed");
            return self.reference();
        }
        if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled) {
            warn!(code, reason, cause, "the stream failed");
        } else {
            debug!(code, reason, cause, "the stream was refused");
        }
        trailers
    }

    /// Ends the body in the middle.
    fn break_off(&mut self, cause: &str) -> Polled {
        self.is_over = true;
        // Whatever it holds is given up at once.
        self.inner = Body::empty();
        error!(code = ?Code::Internal, cause, "the stream failed");
        Poll::Ready(Some(if self.is_grpc {
            Ok(Frame::trailers(self.reference()))
        } else {
            Err(axum::Error::new(BrokenOff(self.trace.clone())))
        }))
    }

    fn reference(&self) -> HeaderMap {
        let mut trailers = internal_with_reference(&self.trace).into_http::<Body>().into_parts().0.headers;
        trailers.remove(CONTENT_TYPE);
        trailers
    }
}

/// The bytes end before their end.
#[derive(Debug, thiserror::Error)]
#[error("the bytes were cut off; reference: {0}")]
struct BrokenOff(String);

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        if self.is_over {
            return Poll::Ready(None);
        }
        let span = self.span.clone();
        let _entered = span.enter();
        self.poll_guarded(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with no text")
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    /// A body that sends one piece and then whatever `then` makes.
    fn body(then: impl FnOnce() -> Result<Bytes, Status> + Send + 'static) -> Body {
        let first = stream::iter([Ok(Bytes::from_static(b"first"))]);
        Body::from_stream(first.chain(stream::once(async move { then() })))
    }

    fn response(content_type: &str, body: Body) -> Response<Body> {
        let response = Response::builder().header(CONTENT_TYPE, content_type).body(body).unwrap();
        watched(response, Span::none(), TRACE.to_owned())
    }

    #[tokio::test]
    async fn a_stream_that_panics_or_breaks_ends_with_the_reference_alone() {
        let endings: [fn() -> Result<Bytes, Status>; 2] =
            [|| panic!("secret in a panic"), || Err(Status::unknown("secret in an error"))];
        for ending in endings {
            let collected = response("application/grpc+proto", body(ending)).into_body().collect().await;
            let collected = collected.unwrap();
            let status = Status::from_header_map(collected.trailers().unwrap()).unwrap();
            assert_eq!(status.code(), Code::Internal);
            assert!(status.message().ends_with(TRACE), "{}", status.message());
            assert!(!format!("{status:?}").contains("secret"), "{status:?}");
            assert_eq!(collected.to_bytes(), "first", "what came before is kept");
        }
    }

    #[tokio::test]
    async fn file_bytes_that_break_off_do_not_look_whole() {
        let broken = response("application/pdf", body(|| panic!("secret in a panic")));
        let error = broken.into_body().collect().await.unwrap_err();
        assert!(error.to_string().contains(TRACE) && !error.to_string().contains("secret"), "{error}");
        let whole = response("application/pdf", body(|| Ok(Bytes::from_static(b" second"))));
        assert_eq!(whole.into_body().collect().await.unwrap().to_bytes(), "first second");
    }
}
