//! Who may call which method, read once from the `access` options of the protos.

use std::{collections::HashMap, sync::Arc};

use portico_core::ActorKind;
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, MethodDescriptor};

const EXTENSION: &str = "portico.options.v1.access";

/// A method whose rule cannot be enforced. The process must not start with one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The descriptor set cannot be read, or knows no `access` option.
    #[error("the descriptors of the services cannot be read: {0}")]
    Descriptors(String),
    /// Nobody has said who may call it.
    #[error(
        "{0} has no access rule; give it the option (portico.options.v1.access) with at least one caller"
    )]
    NoRule(String),
    /// The rule contradicts itself.
    #[error("the access rule of {0} cannot be enforced: {1}")]
    BadRule(String, &'static str),
}

/// The rule of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The method as it stands in a request: `/portico.documents.v1.Documents/ShareDocument`.
    pub path: String,
    /// Its name in logs and traces: `documents.rpc.share_document`.
    pub name: String,
    /// The kinds of actor that may call it.
    pub callers: Vec<ActorKind>,
    /// For staff: the role that the caller must have.
    pub staff_role: Option<String>,
    /// Callable by the system before a firm is known.
    pub before_tenant: bool,
    /// The request fields that hold ids of resources.
    pub resource_fields: Vec<String>,
    /// Whether the request or the answer is a stream.
    pub streaming: bool,
}

impl Rule {
    /// Whether only Portico itself may call it, so that the edge must never offer it.
    pub fn is_internal(&self) -> bool {
        self.callers == [ActorKind::System]
    }

    fn read(method: &MethodDescriptor, extension: &ExtensionDescriptor) -> Result<Self, AccessError> {
        let service = method.parent_service();
        let path = format!("/{}/{}", service.full_name(), method.name());
        let options = method.options();
        if !options.has_extension(extension) {
            return Err(AccessError::NoRule(path));
        }
        let value = options.get_extension(extension);
        let bad = |why| AccessError::BadRule(path.clone(), why);
        let access = value.as_message().ok_or_else(|| bad("it is not a message"))?;
        let callers = callers(access).ok_or_else(|| bad("a caller is not specified"))?;
        if callers.is_empty() {
            return Err(AccessError::NoRule(path));
        }
        let staff_role = text(access, "staff_role");
        if staff_role.is_some() && !callers.contains(&ActorKind::Staff) {
            return Err(bad("it asks for a role of staff and does not admit staff"));
        }
        let before_tenant =
            access.get_field_by_name("before_tenant").is_some_and(|value| value.as_bool() == Some(true));
        if before_tenant && callers != [ActorKind::System] {
            return Err(bad("only the system alone can call before a firm is known"));
        }
        let resource_fields = access
            .get_field_by_name("resource_fields")
            .and_then(|value| {
                Some(value.as_list()?.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            })
            .unwrap_or_default();
        Ok(Self {
            name: span_name(service.package_name(), method.name()),
            callers,
            staff_role,
            before_tenant,
            resource_fields,
            streaming: method.is_client_streaming() || method.is_server_streaming(),
            path,
        })
    }
}

/// The rules of all methods of all services, by path.
#[derive(Debug, Clone, Default)]
pub struct AccessTable(HashMap<String, Arc<Rule>>);

impl AccessTable {
    /// Reads the rules of every service in a `portico.` package from an encoded `FileDescriptorSet` that has kept its
    /// extension options.
    ///
    /// # Errors
    /// [`AccessError`] names the method without a rule or with one that contradicts itself.
    pub fn read(descriptors: &[u8]) -> Result<Self, AccessError> {
        let pool = DescriptorPool::decode(descriptors)
            .map_err(|error| AccessError::Descriptors(error.to_string()))?;
        let extension = pool
            .get_extension_by_name(EXTENSION)
            .ok_or_else(|| AccessError::Descriptors(format!("{EXTENSION} is not among them")))?;
        let mut rules = HashMap::new();
        for service in pool.services().filter(|service| service.package_name().starts_with("portico.")) {
            for method in service.methods() {
                let rule = Rule::read(&method, &extension)?;
                rules.insert(rule.path.clone(), Arc::new(rule));
            }
        }
        Ok(Self(rules))
    }

    /// The rule of the method at `path`.
    pub fn rule(&self, path: &str) -> Option<&Arc<Rule>> {
        self.0.get(path)
    }

    /// All rules, in no particular order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.0.values().map(Arc::as_ref)
    }
}

fn callers(access: &DynamicMessage) -> Option<Vec<ActorKind>> {
    let field = access.get_field_by_name("callers")?;
    field
        .as_list()?
        .iter()
        .map(|item| match item.as_enum_number()? {
            1 => Some(ActorKind::Client),
            2 => Some(ActorKind::Staff),
            3 => Some(ActorKind::Machine),
            4 => Some(ActorKind::System),
            _ => None,
        })
        .collect()
}

fn text(access: &DynamicMessage, field: &str) -> Option<String> {
    let value = access.get_field_by_name(field)?;
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `portico.documents.v1` and `ShareDocument` give `documents.rpc.share_document`.
fn span_name(package: &str, method: &str) -> String {
    let service = package.split('.').nth(1).unwrap_or(package);
    let mut name = format!("{service}.rpc.");
    for (index, letter) in method.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests;
