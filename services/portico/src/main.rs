//! `portico`: runs the services, prepares the database, makes firms, and checks isolation.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Parser, Subcommand};
use portico::{Settings, demo, prepare, start};
use portico_core::{OsEntropy, SystemClock};
use portico_documents::{ScannerAddress, SealConfig};
use tokio::signal::unix::{SignalKind, signal};

mod cli;

/// An open client portal.
#[derive(Parser)]
#[command(name = "portico", version, about)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command needs to know.
#[derive(clap::Args, Clone)]
struct Common {
    /// The database, such as postgres://postgres@localhost:5432/portico.
    #[arg(
        long,
        env = "DATABASE_URL",
        global = true,
        default_value = "postgres://localhost/portico",
        hide_env_values = true
    )]
    database_url: String,
    /// The password of the roles that services connect as.
    #[arg(long, env = "PORTICO_ROLE_PASSWORD", global = true, hide_env_values = true)]
    role_password: Option<String>,
    /// Where keys and stored files lie.
    #[arg(long, env = "PORTICO_HOME", global = true, default_value = ".portico")]
    home: PathBuf,
    /// The port that people's browsers use.
    #[arg(long, env = "PORTICO_PORT", global = true, default_value_t = 8080)]
    port: u16,
    /// Log as JSON, one object a line.
    #[arg(long, env = "PORTICO_LOG_JSON", global = true)]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Creates roles, schemas and context functions, as the administrator of the database. May be repeated.
    Bootstrap,
    /// Brings every schema up to date.
    Migrate,
    /// Runs services.
    Run(Box<Run>),
    /// Works on firms.
    Tenant {
        #[command(subcommand)]
        command: cli::tenant::TenantCommand,
    },
}

/// How to run.
#[derive(clap::Args, Clone)]
struct Run {
    /// Names of the services to host, or `all`.
    #[arg(long, default_value = "all", value_delimiter = ',')]
    services: Vec<String>,
    /// Bootstrap and migrate first.
    #[arg(long)]
    prepare: bool,
    /// Load the two demo firms into an empty database.
    #[arg(long, conflicts_with = "empty")]
    demo: bool,
    /// Start at the first run.
    #[arg(long)]
    empty: bool,
    /// A mail server such as smtp://user:password@mail.example:587; without one mails stay in the development mailbox.
    #[arg(long, env = "PORTICO_SMTP", hide_env_values = true)]
    smtp: Option<String>,
    /// A PEM file with the certificate of the mail server's own authority, where it is none of the usual ones.
    #[arg(long, env = "PORTICO_SMTP_CERTIFICATE", requires = "smtp")]
    smtp_certificate: Option<PathBuf>,
    /// Let firms name mail servers on this machine or in private networks as their own. Leave it off where firms do not know one another.
    #[arg(long, env = "PORTICO_LOCAL_MAIL_SERVERS")]
    local_mail_servers: bool,
    /// Let staff connect calendars on this machine or in private networks, also without TLS. Leave it off where firms do not know one another.
    #[arg(long, env = "PORTICO_LOCAL_CALENDARS")]
    local_calendars: bool,
    /// How many seconds notices are held before they are mailed; what was seen meanwhile is not mailed. Firms may choose otherwise.
    #[arg(long, env = "PORTICO_MAIL_HOLD", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=3600))]
    mail_hold: u32,
    /// A JSON file with each firm's secrets at Stripe, by slug: {"northwind": {"secret_key": "…", "webhook_secrets": ["…"]}}. Stripe sends
    /// its webhooks to /webhooks/stripe on the firm's host.
    #[arg(long, env = "PORTICO_STRIPE_KEYS")]
    stripe_keys: Option<PathBuf>,
    /// Where Stripe's API is; another address than Stripe's own is for tests.
    #[arg(long, env = "PORTICO_STRIPE_API", default_value = "https://api.stripe.com", hide = true)]
    stripe_api: String,
    /// How many days back payment providers are asked each night for what a lost message left out.
    #[arg(long, env = "PORTICO_RECONCILE_DAYS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=90))]
    reconcile_days: u16,
    /// The name server to ask about mail domains, such as 192.0.2.53:53; the machine's own without one.
    #[arg(long, env = "PORTICO_NAMESERVER")]
    nameserver: Option<SocketAddr>,
    #[command(flatten)]
    files: cli::files::Files,
    /// The virus scanner clamd, as unix:/run/clamav/clamd.ctl or tcp:host:3310. Without one files are not scanned, and each firm
    /// decides whether such files may be opened.
    #[arg(long, env = "PORTICO_CLAMD")]
    clamd: Option<ScannerAddress>,
    /// The largest file that is taken, in megabytes. What a portal asks for may have a lower limit of its own.
    #[arg(long, env = "PORTICO_LARGEST_FILE", default_value_t = 5120, value_parser = clap::value_parser!(u32).range(1..))]
    largest_file: u32,
    /// How many days a document stays in the trash before it is removed for good; what was signed is kept for ever.
    #[arg(long, env = "PORTICO_TRASH_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    trash_days: u32,
    /// The key of the seal on signed documents with its certificates: PKCS #12 (.p12, .pfx) or PEM. Read anew when it changes.
    /// Without one the portal makes a development seal for itself, which proves nothing to others.
    #[arg(long, env = "PORTICO_SEAL_KEY")]
    seal_key: Option<PathBuf>,
    /// A file with the password of the PKCS #12 file, and nothing else in it.
    #[arg(long, env = "PORTICO_SEAL_PASSWORD_FILE", requires = "seal_key")]
    seal_password_file: Option<PathBuf>,
    #[command(flatten)]
    key_service: cli::seal::KeyService,
    /// A timestamp authority (RFC 3161) such as http://timestamp.example/tsa: seals then prove when they were made (PAdES B-T).
    #[arg(long, env = "PORTICO_TIMESTAMP_AUTHORITY")]
    timestamp_authority: Option<String>,
    /// The address to listen on.
    #[arg(long, env = "PORTICO_BIND", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// The host that firms' hosts end in.
    #[arg(long, env = "PORTICO_BASE_HOST", default_value = "localhost")]
    base_host: String,
    /// `http` or `https`, as people see it.
    #[arg(long, env = "PORTICO_SCHEME", default_value = "http")]
    scheme: String,
    /// Proxies whose X-Forwarded-For is believed.
    #[arg(long, env = "PORTICO_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<IpAddr>,
}

impl Common {
    fn settings(&self) -> Settings {
        Settings {
            role_password: self.role_password.clone(),
            ..Settings::local(self.database_url.clone(), self.home.clone(), self.port)
        }
    }
}

impl Run {
    fn settings(&self, common: &Common) -> anyhow::Result<Settings> {
        let behind_proxy = !self.trusted_proxies.is_empty();
        Ok(Settings {
            bind: (self.bind, common.port).into(),
            base_host: self.base_host.clone(),
            scheme: self.scheme.clone(),
            public_port: (!behind_proxy).then_some(common.port),
            smtp: self.smtp.clone(),
            smtp_certificate: self.smtp_certificate.clone(),
            local_mail_servers: self.local_mail_servers,
            local_calendars: self.local_calendars,
            mail_hold: self.mail_hold,
            nameserver: self.nameserver,
            files: self.files.config()?,
            scanner: self.clamd.clone(),
            largest_file: self.largest_file,
            trash_days: self.trash_days,
            seal: SealConfig {
                key: self.seal_key.clone(),
                kms: self.key_service.config()?,
                password_file: self.seal_password_file.clone(),
                timestamp_url: self.timestamp_authority.clone(),
            },
            stripe_keys: self.stripe_keys.clone(),
            stripe_api: self.stripe_api.clone(),
            reconcile_days: self.reconcile_days,
            trusted_proxies: self.trusted_proxies.clone(),
            services: self.services.clone(),
            ..common.settings()
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = portico_telemetry::init(arguments.common.log_json, "info,sqlx=warn") {
        return refuse(&anyhow::Error::from(error));
    }
    let outcome = match &arguments.command {
        Command::Bootstrap => bootstrap(&arguments.common).await,
        Command::Migrate => migrate(&arguments.common).await,
        Command::Run(run) => serve(&arguments.common, run).await,
        Command::Tenant { command } => cli::tenant::run(&arguments.common.settings(), command).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn refuse(error: &anyhow::Error) -> ExitCode {
    eprintln!("portico: {error:#}");
    ExitCode::FAILURE
}

async fn bootstrap(common: &Common) -> anyhow::Result<()> {
    let settings = common.settings();
    prepare::create_roles(&settings.database()?, &common.role_password.clone().unwrap_or_default()).await
}

async fn migrate(common: &Common) -> anyhow::Result<()> {
    prepare::migrate_all(&common.settings().database()?).await
}

async fn serve(common: &Common, run: &Run) -> anyhow::Result<()> {
    let mut settings = run.settings(common)?;
    settings.validate()?;
    if run.prepare {
        bootstrap(common).await?;
        migrate(common).await?;
    }
    let setup = cli::setup_token(&settings.home)?;
    settings.setup_token = Some(setup.clone());
    let portico = start(&settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    let empty = cli::tenant::list(portico.peers()).await?.is_empty();
    if empty && !run.empty {
        demo::load(portico.peers()).await?;
        demo::open_books(portico.peers()).await?;
        portico.settle(Duration::from_secs(60)).await?;
    }
    cli::welcome::print(&portico, &settings, &setup).await?;
    portico.accept();
    wait_for_stop().await?;
    portico.stop().await;
    Ok(())
}

async fn wait_for_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
