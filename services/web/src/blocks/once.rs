//! What several blocks of one page ask for alike is asked once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use crate::error::PageError;

type Cell<T> = Arc<OnceCell<Result<Vec<T>, PageError>>>;

/// Lists by the question that they answer, for as long as one page is made.
pub struct Once<T>(Mutex<HashMap<String, Cell<T>>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// The answer to `question`: whoever asks first makes the call, the others wait for it.
    pub(super) async fn ask(
        &self,
        question: String,
        call: impl Future<Output = Result<Vec<T>, PageError>>,
    ) -> Result<Vec<T>, PageError> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(question).or_default())
        };
        cell.get_or_init(|| call).await.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use portico_core::Problem;

    use super::*;

    #[tokio::test]
    async fn a_question_is_asked_once_and_its_answer_shared() {
        let (once, calls) = (Once::<u32>::default(), AtomicUsize::new(0));
        let call = async |answer: Result<Vec<u32>, PageError>| {
            tokio::task::yield_now().await;
            calls.fetch_add(1, Ordering::Relaxed);
            answer
        };
        let (one, other) = tokio::join!(
            once.ask("runs".to_owned(), call(Ok(vec![1]))),
            once.ask("runs".to_owned(), call(Ok(vec![2]))),
        );
        assert_eq!((one.unwrap(), other.unwrap()), (vec![1], vec![1]));
        let refused = once.ask("records".to_owned(), call(Err(PageError(Problem::not_found())))).await;
        assert!(refused.is_err());
        assert_eq!(calls.load(Ordering::Relaxed), 2, "a refusal is an answer to another question");
    }
}
