//! Reads how the firm's mail leaves.

use portico_core::Ctx;
use portico_proto::messaging::v1::{GetMailSettingsRequest, GetMailSettingsResponse};

use crate::{convert, error::MessagingError, mail::Office, service::Service};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetMailSettingsRequest,
) -> Result<GetMailSettingsResponse, MessagingError> {
    let office = Office::of(service, &ctx).await?;
    Ok(GetMailSettingsResponse { settings: Some(convert::mail_settings(service, &office)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_firm_that_has_chosen_nothing_uses_what_the_installation_has() {
        let fixture = Fixture::new().await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let asked = GetMailSettingsRequest {};
        let settings = handle(&fixture.service, admin, asked).await.unwrap().settings.unwrap();
        assert_eq!(settings.effective_from, "office@northwind.example");
        assert_eq!((settings.leaves_through.as_str(), settings.etag.as_str()), ("mailbox", "0"));
        let fixture = Fixture::with_smtp("smtp://127.0.0.1:1025").await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let settings = handle(&fixture.service, admin, asked).await.unwrap().settings.unwrap();
        assert_eq!(settings.leaves_through, "installation");
    }
}
