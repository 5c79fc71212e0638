//! Lists the firm's holidays.

use portico_core::Ctx;
use portico_proto::tenancy::v1::{ListHolidaysRequest, ListHolidaysResponse};

use crate::{error::TenancyError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListHolidaysRequest,
) -> Result<ListHolidaysResponse, TenancyError> {
    let mut tx = service.store.begin(&ctx).await?;
    let days = store::holidays::list(&mut tx).await?;
    Ok(ListHolidaysResponse { dates: days.iter().map(ToString::to_string).collect() })
}
