//! Making a firm and its first administrator: what the first run does in a browser and `portico tenant create` does for an operator.

use portico_core::{Problem, TenantId};
use portico_proto::{
    identity::v1::{CreatePersonRequest, SetInitialPasswordRequest, Side, identity_client::IdentityClient},
    tenancy::v1::{CreateTenantRequest, SetStaffRolesRequest, Tenant, tenancy_client::TenancyClient},
};
use portico_rpc::{Auth, Peers, problem_from};

/// A firm to be made.
#[derive(Debug, Clone, Default)]
pub struct NewFirm {
    /// The name in its host.
    pub slug: String,
    /// The name that clients read.
    pub name: String,
    /// The brand colour, `#rrggbb`.
    pub colour: String,
    /// PNG, JPEG or WebP; empty for none.
    pub logo: Vec<u8>,
    /// IANA time zone.
    pub time_zone: String,
    /// `en` or `de`.
    pub language: String,
    /// The address that mails come from.
    pub sender_address: String,
    /// Further hosts.
    pub hosts: Vec<String>,
    /// The first administrator's name.
    pub admin_name: String,
    /// The first administrator's address.
    pub admin_email: String,
    /// The first administrator's password.
    pub admin_password: String,
}

/// Makes the firm, its first administrator and their password. Every part may be repeated: a second attempt after a cut goes on where
/// the first stopped.
///
/// # Errors
/// The refusal of the part that failed, with its fields at fault named as in the services' requests.
pub async fn found(peers: &Peers, firm: &NewFirm) -> Result<Tenant, Problem> {
    let refused = |status: tonic::Status| problem_from(&status);
    let mut anyone = TenancyClient::new(peers.channel("tenancy", Auth::before_tenant("founding")));
    let made = anyone.create_tenant(CreateTenantRequest {
        slug: firm.slug.clone(),
        name: firm.name.clone(),
        colour: firm.colour.clone(),
        logo: firm.logo.clone(),
        time_zone: firm.time_zone.clone(),
        language: firm.language.clone(),
        sender_address: firm.sender_address.clone(),
        hosts: firm.hosts.clone(),
        idempotency_key: format!("founding:{}:{}", firm.slug, firm.admin_email.trim().to_lowercase()),
        allow_unscanned_files: true,
    });
    let tenant = made
        .await
        .map_err(refused)?
        .into_inner()
        .tenant
        .ok_or_else(|| Problem::internal("no firm was answered"))?;
    let id: TenantId = tenant.id.parse().map_err(Problem::internal)?;
    let mut identity = IdentityClient::new(peers.channel("identity", Auth::system(id, "founding")));
    let mut tenancy = TenancyClient::new(peers.channel("tenancy", Auth::system(id, "founding")));
    let person = identity
        .create_person(CreatePersonRequest {
            email: firm.admin_email.clone(),
            name: firm.admin_name.clone(),
            side: Side::Staff.into(),
            language: firm.language.clone(),
            time_zone: firm.time_zone.clone(),
        })
        .await
        .map_err(refused)?
        .into_inner()
        .person
        .ok_or_else(|| Problem::internal("no person was answered"))?;
    if !firm.admin_password.is_empty() {
        let password = firm.admin_password.clone();
        let asked = SetInitialPasswordRequest { person_id: person.id.clone(), password };
        identity.set_initial_password(asked).await.map_err(refused)?;
    }
    let roles = vec!["admin".to_owned()];
    tenancy.set_staff_roles(SetStaffRolesRequest { person_id: person.id, roles }).await.map_err(refused)?;
    Ok(tenant)
}
