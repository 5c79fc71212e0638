//! `portico tenant …`: making firms for an operator with several.

use std::{path::PathBuf, sync::Arc};

use clap::Subcommand;
use portico::{Settings, start};
use portico_core::{OsEntropy, SystemClock};
use portico_proto::tenancy::v1::{ListTenantsRequest, Tenant, tenancy_client::TenancyClient};
use portico_rpc::{Auth, Peers};
use portico_web::founding::{NewFirm, found};

/// Works on firms.
#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// Makes a firm with its first administrator, as the first run does in a browser.
    Create(Box<Create>),
    /// Lists the firms.
    List,
}

/// A firm to be made.
#[derive(clap::Args)]
pub(crate) struct Create {
    /// The name in its host: lower-case letters, digits and hyphens.
    slug: String,
    /// The name that clients read.
    #[arg(long)]
    name: String,
    /// The brand colour.
    #[arg(long, default_value = "#1f4e8c")]
    colour: String,
    /// A PNG, JPEG or WebP file.
    #[arg(long)]
    logo: Option<PathBuf>,
    /// IANA time zone.
    #[arg(long, default_value = "Europe/Berlin")]
    time_zone: String,
    /// `en` or `de`.
    #[arg(long, default_value = "en")]
    language: String,
    /// The address that mails come from.
    #[arg(long)]
    sender: String,
    /// A further host that answers for the firm.
    #[arg(long)]
    host: Vec<String>,
    /// The first administrator's name.
    #[arg(long)]
    admin_name: String,
    /// The first administrator's address.
    #[arg(long)]
    admin_email: String,
    /// The first administrator's password; without one they ask for a sign-in link.
    #[arg(long, env = "PORTICO_ADMIN_PASSWORD", default_value = "", hide_env_values = true)]
    admin_password: String,
}

/// Runs one of the commands against the database, without listening on a port of its own for long.
pub(crate) async fn run(settings: &Settings, command: &TenantCommand) -> anyhow::Result<()> {
    let settings = Settings { bind: ([127, 0, 0, 1], 0).into(), ..settings.clone() };
    let portico = start(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let outcome = match command {
        TenantCommand::Create(create) => make(portico.peers(), create).await.map(|tenant| vec![tenant]),
        TenantCommand::List => list(portico.peers()).await,
    };
    portico.stop().await;
    for tenant in outcome? {
        say(&format!("{}\t{}\t{}", tenant.slug, tenant.name, tenant.hosts.join(" ")));
    }
    Ok(())
}

async fn make(peers: &Peers, create: &Create) -> anyhow::Result<Tenant> {
    let logo = match &create.logo {
        Some(path) => std::fs::read(path)?,
        None => Vec::new(),
    };
    let firm = NewFirm {
        slug: create.slug.clone(),
        name: create.name.clone(),
        colour: create.colour.clone(),
        logo,
        time_zone: create.time_zone.clone(),
        language: create.language.clone(),
        sender_address: create.sender.clone(),
        hosts: create.host.clone(),
        admin_name: create.admin_name.clone(),
        admin_email: create.admin_email.clone(),
        admin_password: create.admin_password.clone(),
    };
    Ok(found(peers, &firm).await?)
}

/// All firms.
pub(crate) async fn list(peers: &Peers) -> anyhow::Result<Vec<Tenant>> {
    let mut client = TenancyClient::new(peers.channel("tenancy", Auth::before_tenant("cli.tenants")));
    let mut tenants = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = client.list_tenants(ListTenantsRequest { page_size: 500, page_token }).await?.into_inner();
        tenants.extend(page.tenants);
        if page.next_page_token.is_empty() {
            return Ok(tenants);
        }
        page_token = page.next_page_token;
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
