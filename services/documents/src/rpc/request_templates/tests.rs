//! Templates of requests: the firm's own, one of a title, and never changed behind somebody's back.

use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::documents::v1::{
    DeleteRequestTemplateRequest, ListRequestTemplatesRequest, RequestTemplate, SaveRequestTemplateRequest,
    TemplateItem,
};

use crate::testing::Fixture;

fn wanted(title: &str) -> SaveRequestTemplateRequest {
    let item = TemplateItem {
        name: "Bank statements".to_owned(),
        help: "All twelve months".to_owned(),
        required: true,
        accept: vec!["pdf".to_owned()],
        max_megabytes: 20,
    };
    SaveRequestTemplateRequest {
        title: title.to_owned(),
        items: vec![item],
        due_days: 10,
        ..SaveRequestTemplateRequest::default()
    }
}

async fn save(
    fixture: &Fixture,
    ctx: &Ctx,
    asked: SaveRequestTemplateRequest,
) -> Result<RequestTemplate, Problem> {
    let answer = fixture.request_templates(ctx).save_request_template(asked).await;
    answer
        .map(|answer| answer.into_inner().template.unwrap())
        .map_err(|status| portico_rpc::problem_from(&status))
}

async fn listed(fixture: &Fixture, ctx: &Ctx) -> Vec<RequestTemplate> {
    let answer = fixture.request_templates(ctx).list_request_templates(ListRequestTemplatesRequest {}).await;
    answer.unwrap().into_inner().templates
}

#[tokio::test]
async fn a_template_is_kept_changed_and_removed() {
    let fixture = Fixture::new().await;
    let (manager, admin) = (fixture.manager(), fixture.admin());
    let tax = save(&fixture, &manager, wanted("Tax")).await.unwrap();
    let audit = save(&fixture, &admin, wanted("Audit")).await.unwrap();
    assert_eq!(listed(&fixture, &manager).await, [audit.clone(), tax.clone()]);
    assert_eq!(tax.items[0].max_megabytes, 20);
    assert_eq!((tax.version, tax.items[0].help.as_str(), tax.due_days), (1, "All twelve months", 10));

    let twice = save(&fixture, &admin, wanted("TAX")).await.unwrap_err();
    assert_eq!((twice.code, twice.fields[0].field.as_str()), (ErrorCode::InvalidArgument, "title"));
    let change = |version| SaveRequestTemplateRequest {
        request_template_id: tax.id.clone(),
        version,
        ..wanted("Tax 2026")
    };
    let changed = save(&fixture, &admin, change(1)).await.unwrap();
    assert_eq!((changed.version, changed.title.as_str()), (2, "Tax 2026"));
    assert_eq!(save(&fixture, &manager, change(1)).await.unwrap_err().code, ErrorCode::Conflict);

    let remove = DeleteRequestTemplateRequest { request_template_id: audit.id };
    fixture.request_templates(&manager).delete_request_template(remove.clone()).await.unwrap();
    let gone =
        crate::testing::refused(fixture.request_templates(&manager).delete_request_template(remove).await);
    assert_eq!((gone, listed(&fixture, &manager).await.len()), (Problem::not_found(), 1));
    let said = fixture.audited().await;
    assert_eq!(said.iter().filter(|action| action.starts_with("request_template.")).count(), 4);
}

#[tokio::test]
async fn another_firm_and_clients_know_of_no_template() {
    let fixture = Fixture::new().await;
    let tax = save(&fixture, &fixture.manager(), wanted("Tax")).await.unwrap();
    let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    assert!(listed(&fixture, &stranger).await.is_empty());
    for id in [tax.id.as_str(), "01890000-0000-7000-8000-000000000001", "x"] {
        let asked =
            SaveRequestTemplateRequest { request_template_id: id.to_owned(), version: 1, ..wanted("Theirs") };
        assert_eq!(save(&fixture, &stranger, asked).await.unwrap_err(), Problem::not_found());
        let remove = DeleteRequestTemplateRequest { request_template_id: id.to_owned() };
        let answer = fixture.request_templates(&stranger).delete_request_template(remove).await;
        assert_eq!(crate::testing::refused(answer), Problem::not_found());
    }
    // A title of another firm is nobody's business.
    save(&fixture, &stranger, wanted("Tax")).await.unwrap();
    for client in [fixture.client("client"), fixture.client("signatory")] {
        let answer =
            fixture.request_templates(&client).list_request_templates(ListRequestTemplatesRequest {}).await;
        assert_eq!(crate::testing::refused(answer).code, ErrorCode::PermissionDenied);
        assert!(save(&fixture, &client, wanted("Mine")).await.is_err());
    }
    assert_eq!(listed(&fixture, &fixture.manager()).await, [tax]);
}
