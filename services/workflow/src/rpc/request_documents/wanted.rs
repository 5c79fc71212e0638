//! What is asked for, checked before any account is looked at.

use std::collections::HashSet;

use portico_definition::{AcceptedType, DocumentRequestStep, RequestItem, Review};
use portico_proto::workflow::v1::{AskedItem, RequestDocumentsRequest};

use crate::{convert, error::WorkflowError};

/// The things that one request asks for.
const MOST_ITEMS: usize = 40;
/// The most files of one of them.
const MOST_FILES: u32 = 20;
/// The largest of them, in megabytes, where nothing else is asked for.
const MEGABYTES: u32 = 100;
/// The most that can be asked for.
const MOST_MEGABYTES: u32 = 5120;

/// A request as every account gets it.
pub(super) struct Wanted {
    pub(super) title: String,
    pub(super) items: Vec<RequestItem>,
    pub(super) key: String,
}

impl Wanted {
    /// Reads what somebody asked for.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub(super) fn checked(request: &RequestDocumentsRequest) -> Result<Self, WorkflowError> {
        let title = convert::text("title", &request.title, 1, 200)?;
        let key = convert::idempotency_key(&request.idempotency_key)?;
        if key.is_empty() || key.len() > 80 {
            let text = "Send a key of 1 to 80 characters, so that a repeat sends nothing twice.";
            return Err(WorkflowError::invalid("idempotency_key", text));
        }
        if request.items.is_empty() || request.items.len() > MOST_ITEMS {
            let text = format!("Ask for 1 to {MOST_ITEMS} things.");
            return Err(WorkflowError::invalid("items", text));
        }
        let mut names = HashSet::new();
        let items = request.items.iter().map(|asked| {
            let item = item(asked)?;
            if names.insert(item.name.to_lowercase()) {
                return Ok(item);
            }
            Err(WorkflowError::invalid("items", "Two of the things have the same name. Give each its own."))
        });
        let items = items.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { title, items, key: key.to_owned() })
    }

    /// The same as a step declares it. Who reviews it is named beside it.
    pub(super) fn request(&self, reviewed: bool) -> DocumentRequestStep {
        let review = reviewed.then(|| Review { role: "reviewer".to_owned() });
        DocumentRequestStep { items: self.items.clone(), review }
    }
}

fn item(asked: &AskedItem) -> Result<RequestItem, WorkflowError> {
    let name = convert::text("items", &asked.name, 1, 200)?;
    let help = convert::text("items", &asked.help, 0, 500)?;
    let accept = asked.accept.iter().map(|word| accepted(word)).collect::<Option<Vec<_>>>();
    let accept = accept.filter(|accept| !accept.is_empty());
    let accept = accept.ok_or_else(|| {
        WorkflowError::invalid("items", format!("Choose what may be uploaded for “{name}”."))
    })?;
    let max_megabytes = match u32::try_from(asked.max_megabytes) {
        Ok(0) => MEGABYTES,
        Ok(most @ 1..=MOST_MEGABYTES) => most,
        _ => {
            let text = format!("Choose a limit of 1 to {MOST_MEGABYTES} MB for “{name}”.");
            return Err(WorkflowError::invalid("items", text));
        }
    };
    Ok(RequestItem {
        name,
        help: (!help.is_empty()).then_some(help),
        accept,
        min: u32::from(asked.required),
        max: MOST_FILES,
        max_megabytes,
    })
}

fn accepted(word: &str) -> Option<AcceptedType> {
    Some(match word {
        "pdf" => AcceptedType::Pdf,
        "image" => AcceptedType::Image,
        "office" => AcceptedType::Office,
        "zip" => AcceptedType::Zip,
        "text" => AcceptedType::Text,
        _ => return None,
    })
}
