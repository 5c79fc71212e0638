//! Where log lines go and how they look.

use std::panic;

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt, fmt::MakeWriter, util::SubscriberInitExt as _};

/// Logging that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not one.
    #[error("{filter:?} is not a log filter such as info or info,portico_documents=debug: {reason}")]
    Filter {
        /// The text given.
        filter: String,
        /// What the parser said.
        reason: String,
    },
    /// Another part of the process was first.
    #[error("logging is set up already")]
    Twice,
}

/// Sends log lines to standard error from now on: one JSON object a line, or text for people. Panics are logged the
/// same way, with their place.
///
/// Lines carry the spans around them, with `trace`, `tenant` and the actor's kind where a call is being served; names,
/// addresses and contents are never put into a span.
///
/// # Errors
/// [`InitError`] for a filter that cannot be read, or where logging is set up already.
pub fn init(json: bool, filter: &str) -> Result<(), InitError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| InitError::Filter { filter: filter.to_owned(), reason: error.to_string() })?;
    let done = if json {
        json_lines(filter, std::io::stderr).try_init()
    } else {
        fmt().with_env_filter(filter).with_writer(std::io::stderr).finish().try_init()
    };
    done.map_err(|_| InitError::Twice)?;
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("with no text");
        tracing::error!(place, text, "panicked");
    }));
    Ok(())
}

fn json_lines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_carries_trace_and_tenant() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = json_lines(EnvFilter::new("info"), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let call = tracing::info_span!("call", trace = "4bf92f", tenant = "northwind");
            let _in_call = call.enter();
            let _in_query = tracing::info_span!("query").entered();
            tracing::error!(code = 13, "the call failed");
            tracing::debug!("not at this level");
        });
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["message"], "the call failed");
        assert_eq!(line["code"], 13);
        assert_eq!(line["spans"][0]["trace"], "4bf92f");
        assert_eq!(line["spans"][0]["tenant"], "northwind");
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        let error = init(true, "portico=loud").unwrap_err();
        assert!(error.to_string().contains("portico=loud"), "{error}");
    }
}
