//! Two firms to look at, made through the same RPCs as any other.

use anyhow::Context as _;
use portico_core::TenantId;
use portico_definition::{GalleryEntry, gallery};
use portico_proto::tenancy::v1::{ListTenantsRequest, Tenant, tenancy_client::TenancyClient};
use portico_rpc::{Auth, Peers};
use portico_web::founding::{NewFirm, found};

use crate::{demo_money, office::Office};

/// The password of the demo's staff. It is printed, so it protects nothing: the demo listens on this machine alone.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody to sign in as.
pub struct DemoPerson {
    /// The address.
    pub email: &'static str,
    /// The firm and what they do there.
    pub what: &'static str,
    slug: &'static str,
}

const PEOPLE: [DemoPerson; 7] = [
    DemoPerson { slug: "northwind", email: "nora@northwind.example", what: "Northwind, administrator" },
    DemoPerson { slug: "northwind", email: "paul@northwind.example", what: "Northwind, project manager" },
    DemoPerson { slug: "northwind", email: "mia@northwind.example", what: "Northwind, fit-out manager" },
    DemoPerson { slug: "northwind", email: "petra@northwind.example", what: "Northwind, plant manager" },
    DemoPerson { slug: "northwind", email: "finn@northwind.example", what: "Northwind, finance" },
    DemoPerson { slug: "contoso", email: "carla@contoso.example", what: "Contoso, administrator" },
    DemoPerson { slug: "contoso", email: "lea@contoso.example", what: "Contoso, project manager" },
];

/// Whom one can sign in as, where the firms are the demo's.
pub fn people(tenants: &[Tenant]) -> Vec<&'static DemoPerson> {
    let demo = ["northwind", "contoso"].iter().all(|slug| tenants.iter().any(|tenant| tenant.slug == *slug));
    if demo {
        PEOPLE.iter().filter(|person| tenants.iter().any(|t| t.slug == person.slug)).collect()
    } else {
        Vec::new()
    }
}

/// Loads the two firms. Every part may be repeated.
///
/// # Errors
/// Names the firm and the service's refusal.
pub async fn load(peers: &Peers) -> anyhow::Result<()> {
    northwind(peers).await.context("loading the demo firm Northwind Consulting")?;
    contoso(peers).await.context("loading the demo firm Contoso Legal")
}

/// Opens Northwind's books, so that there is money to look at: its company, an estimate and an invoice for Acme. May be repeated.
///
/// # Errors
/// Names the service's refusal.
pub async fn open_books(peers: &Peers) -> anyhow::Result<()> {
    let mut anyone = TenancyClient::new(peers.channel("tenancy", Auth::before_tenant("cli.demo")));
    let asked = ListTenantsRequest { page_size: 500, ..ListTenantsRequest::default() };
    let tenants = anyone.list_tenants(asked).await?.into_inner().tenants;
    let northwind = tenants.iter().find(|tenant| tenant.slug == "northwind").context("no demo firm")?;
    let office = Office::sign_in(peers, northwind.id.parse()?, "nora@northwind.example", PASSWORD).await?;
    let acme = office.open_account("Acme", "client").await?;
    demo_money::open(&office, &acme, "Acme").await.context("opening the books of Northwind Consulting")
}

async fn northwind(peers: &Peers) -> anyhow::Result<()> {
    let office =
        firm(peers, "northwind", "Northwind Consulting", "#0b5cad", "Nora Nilsson", "nora@northwind.example")
            .await?;
    for entry in gallery() {
        take(&office, entry).await?;
    }
    office.employ("Paul Meyer", "paul@northwind.example", PASSWORD, &["project_manager"]).await?;
    office.employ("Petra Lang", "petra@northwind.example", PASSWORD, &["plant_manager"]).await?;
    office.employ("Finn Olsen", "finn@northwind.example", PASSWORD, &["finance"]).await?;
    office.employ("Cora Vance", "cora@northwind.example", PASSWORD, &["controller"]).await?;
    office.employ("Mia Hansen", "mia@northwind.example", PASSWORD, &["fit_out_manager"]).await?;
    office.employ("Dan Petrov", "dan@northwind.example", PASSWORD, &["fit_out_manager"]).await?;
    let acme = office.open_account("Acme", "client").await?;
    office.introduce(&acme, "Ana Souza", "ana@acme.example", &["client"]).await?;
    office.introduce(&acme, "Sam Okafor", "sam@acme.example", &["client", "signatory"]).await?;
    let globex = office.open_account("Globex", "client").await?;
    office.introduce(&globex, "Gina Rossi", "gina@globex.example", &["client", "signatory"]).await?;
    let fabrikam = office.open_account("Fabrikam Supplies", "vendor").await?;
    office.introduce(&fabrikam, "Vera Novak", "vera@fabrikam.example", &["vendor"]).await?;
    let tailspin = office.open_account("Tailspin Tools", "vendor").await?;
    office.introduce(&tailspin, "Tom Baker", "tom@tailspin.example", &["vendor"]).await?;
    let wingtip = office.open_account("Wingtip Bank", "client").await?;
    office.introduce(&wingtip, "Bea Lindqvist", "bea@wingtip.example", &["project_lead"]).await?;
    office
        .introduce(&wingtip, "Ben Castro", "ben@wingtip.example", &["project_lead", "budget_holder"])
        .await?;
    office
        .introduce(
            &wingtip,
            "Sofia Marin",
            "sofia@wingtip.example",
            &["project_lead", "authorised_signatory"],
        )
        .await?;
    Ok(())
}

async fn contoso(peers: &Peers) -> anyhow::Result<()> {
    let office =
        firm(peers, "contoso", "Contoso Legal", "#7a1f3d", "Carla Diaz", "carla@contoso.example").await?;
    take(&office, shipped("client-onboarding")?).await?;
    office.employ("Lea Brandt", "lea@contoso.example", PASSWORD, &["project_manager"]).await?;
    let initech = office.open_account("Initech", "client").await?;
    office.introduce(&initech, "Ian Price", "ian@initech.example", &["client", "signatory"]).await?;
    Ok(())
}

async fn firm(
    peers: &Peers,
    slug: &str,
    name: &str,
    colour: &str,
    admin: &str,
    email: &str,
) -> anyhow::Result<Office> {
    let firm = NewFirm {
        slug: slug.to_owned(),
        name: name.to_owned(),
        colour: colour.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        language: "en".to_owned(),
        sender_address: format!("portal@{slug}.example"),
        admin_name: admin.to_owned(),
        admin_email: email.to_owned(),
        admin_password: PASSWORD.to_owned(),
        ..NewFirm::default()
    };
    let tenant: TenantId = found(peers, &firm).await?.id.parse()?;
    Office::sign_in(peers, tenant, email, PASSWORD).await
}

fn shipped(name: &str) -> anyhow::Result<&'static GalleryEntry> {
    let entry = gallery().iter().find(|entry| entry.name == name);
    entry.with_context(|| format!("the definition {name} is not in the gallery"))
}

/// Publishes a definition of the gallery with the papers that it names.
async fn take(office: &Office, entry: &GalleryEntry) -> anyhow::Result<()> {
    for (path, bytes) in entry.papers {
        office.upload_template(path, bytes).await?;
    }
    office.publish(entry.yaml).await?;
    Ok(())
}
