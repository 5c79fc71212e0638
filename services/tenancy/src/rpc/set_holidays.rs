//! Replaces the firm's holidays.

use chrono::NaiveDate;
use portico_core::Ctx;
use portico_proto::tenancy::v1::{SetHolidaysRequest, SetHolidaysResponse};
use portico_service::Fields;

use crate::{error::TenancyError, events, service::Service, store};

const MOST: usize = 400;

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetHolidaysRequest,
) -> Result<SetHolidaysResponse, TenancyError> {
    let days = check(&request.dates)?;
    let mut tx = service.store.begin(&ctx).await?;
    let tenant = store::tenants::read(&mut tx).await?.ok_or(TenancyError::NotFound)?;
    store::holidays::replace(&mut tx, &days).await?;
    let dates: Vec<String> = days.iter().map(ToString::to_string).collect();
    let event = events::publish::holidays_set(service, &mut tx, &tenant, &dates).await?;
    tx.commit().await?;
    Ok(SetHolidaysResponse { dates, event })
}

/// The days in order and without repeats.
fn check(dates: &[String]) -> Result<Vec<NaiveDate>, TenancyError> {
    let mut fields = Fields::default();
    if dates.len() > MOST {
        fields.refuse("dates", format!("Name at most {MOST} days."));
    }
    let mut days = Vec::new();
    for (place, text) in dates.iter().take(MOST).enumerate() {
        match text.parse::<NaiveDate>() {
            Ok(day) => days.push(day),
            Err(_) => fields.refuse(format!("dates[{place}]"), "Write the day like 2026-12-25."),
        }
    }
    fields.check().map_err(TenancyError::Invalid)?;
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

#[cfg(test)]
mod tests {
    use portico_proto::tenancy::v1::ListHolidaysRequest;

    use super::*;
    use crate::{rpc::list_holidays, testing::Fixture};

    fn days(days: &[&str]) -> Vec<String> {
        days.iter().map(|day| (*day).to_owned()).collect()
    }

    #[tokio::test]
    async fn holidays_are_replaced_as_a_whole_and_seen_by_the_firm_alone() {
        let fixture = Fixture::new().await;
        let set = async |dates: &[&str]| {
            handle(&fixture.service, fixture.admin(), SetHolidaysRequest { dates: days(dates) }).await
        };
        set(&["2026-12-26", "2026-12-25", "2026-12-25"]).await.unwrap();
        let answer = set(&["2026-12-25", "2027-01-01"]).await.unwrap();
        assert_eq!(answer.dates, ["2026-12-25", "2027-01-01"]);
        let list = async |ctx| {
            list_holidays::handle(&fixture.service, ctx, ListHolidaysRequest {}).await.unwrap().dates
        };
        assert_eq!(list(fixture.client(&[])).await, answer.dates);
        assert!(list(portico_testkit::staff(fixture.database.tenant(), &[])).await.is_empty());
        assert_eq!(fixture.audited().await, ["tenant.created", "tenant.holidays_set", "tenant.holidays_set"]);
        assert!(set(&[]).await.unwrap().dates.is_empty());
    }

    #[test]
    fn what_is_no_day_is_named() {
        let Err(TenancyError::Invalid(problem)) = check(&days(&["2026-12-25", "25.12.2026", "2026-02-30"]))
        else {
            panic!("refused")
        };
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["dates[1]", "dates[2]"]);
        assert!(check(&vec!["2026-12-25".to_owned(); 401]).is_err());
    }
}
