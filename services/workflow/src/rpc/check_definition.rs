//! Says what in a definition this service could not run.

use std::collections::BTreeMap;

use portico_core::Ctx;
use portico_definition::{Finding, from_json};
use portico_proto::workflow::v1::{CheckDefinitionRequest, CheckDefinitionResponse, DefinitionFinding};
use serde_json::{Map, Value};

use crate::{domain::answers, error::WorkflowError, service::Service};

pub(crate) async fn handle(
    _: &Service,
    _: Ctx,
    request: CheckDefinitionRequest,
) -> Result<CheckDefinitionResponse, WorkflowError> {
    let value: Value = serde_json::from_str(&request.definition_json)
        .map_err(|error| WorkflowError::invalid("definition_json", format!("This is no JSON: {error}.")))?;
    let findings = match from_json(value) {
        Err(findings) => findings.into_iter().map(finding).collect(),
        Ok(definition) => {
            let broken = definition.spec.forms.iter().filter_map(|(name, form)| {
                let error = answers::check(form, &Map::new(), &BTreeMap::new()).err()?;
                Some(DefinitionFinding {
                    path: format!("spec.forms.{name}.schema"),
                    message: format!("answers cannot be held against this schema: {error}"),
                    hint: String::new(),
                })
            });
            broken.collect()
        }
    };
    Ok(CheckDefinitionResponse { findings })
}

fn finding(found: Finding) -> DefinitionFinding {
    DefinitionFinding { path: found.path, message: found.message, hint: found.hint.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn shipped_definitions_pass_and_a_form_step_without_its_form_does_not() {
        let fixture = Fixture::new().await;
        let ctx = portico_testkit::system(fixture.tenant);
        for entry in portico_definition::gallery() {
            let definition = portico_definition::parse(entry.yaml).unwrap();
            let mut json = serde_json::to_value(&definition).unwrap();
            let ask = async |json: &Value| {
                let request = CheckDefinitionRequest { definition_json: json.to_string() };
                handle(&fixture.service, ctx.clone(), request).await.unwrap().findings
            };
            assert_eq!(ask(&json).await, []);
            json["spec"]["forms"] = serde_json::json!({});
            json["spec"]["records"] = serde_json::json!({});
            assert!(!ask(&json).await.is_empty());
        }
    }
}
