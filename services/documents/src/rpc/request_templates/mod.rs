//! The RPCs of templates of requests: one line each here, one file each beside.

mod delete_request_template;
mod list_request_templates;
mod save_request_template;
#[cfg(test)]
mod tests;

use portico_proto::documents::v1::{request_templates_server::RequestTemplates, *};
use tonic::Request;

use super::{Answer, Rpc};
use crate::domain::request_template::{RequestTemplate as Template, TemplateItem as Item};

#[tonic::async_trait]
impl RequestTemplates for Rpc {
    async fn list_request_templates(
        &self,
        request: Request<ListRequestTemplatesRequest>,
    ) -> Answer<ListRequestTemplatesResponse> {
        self.serve(request, list_request_templates::handle).await
    }

    async fn save_request_template(
        &self,
        request: Request<SaveRequestTemplateRequest>,
    ) -> Answer<SaveRequestTemplateResponse> {
        self.serve(request, save_request_template::handle).await
    }

    async fn delete_request_template(
        &self,
        request: Request<DeleteRequestTemplateRequest>,
    ) -> Answer<DeleteRequestTemplateResponse> {
        self.serve(request, delete_request_template::handle).await
    }
}

/// A template as messages have it.
fn told(template: Template) -> RequestTemplate {
    let item = |item: Item| TemplateItem {
        name: item.name,
        help: item.help,
        required: item.required,
        accept: item.accept,
        max_megabytes: item.max_megabytes,
    };
    RequestTemplate {
        id: template.id.to_string(),
        title: template.title,
        items: template.items.into_iter().map(item).collect(),
        due_days: template.due_days,
        version: template.version,
    }
}
