//! Settings of a process.

use std::{net::SocketAddr, path::PathBuf};

use portico_db::{DatabaseConfig, InvalidDatabaseUrl, SERVICES};
use portico_documents::{S3Config, ScannerAddress, SealConfig};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// The database's address.
    #[error(transparent)]
    Database(#[from] InvalidDatabaseUrl),
    /// A service that does not exist.
    #[error("there is no service {0}; the services are {all}, or `all`", all = SERVICES.join(", "))]
    Service(String),
    /// A selection that needs carriers this build does not have.
    #[error(
        "this version hosts all services in one process (--services all); a service alone needs Kafka and Redis, which it cannot \
         carry events and sessions without"
    )]
    Alone,
}

/// Settings of a process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database; its user is replaced by each service's roles.
    pub database_url: String,
    /// The password of the services' roles; none where the server trusts the connection.
    pub role_password: Option<String>,
    /// Where keys and the keyring lie, and stored bytes where they lie in no bucket.
    pub home: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The host that firms' hosts end in.
    pub base_host: String,
    /// `http` or `https`, as people see it.
    pub scheme: String,
    /// The port that stands in addresses; none behind a balancer on the standard port.
    pub public_port: Option<u16>,
    /// A mail server such as `smtp://user:password@mail.example:587`; none keeps mails in the development mailbox.
    pub smtp: Option<String>,
    /// A file with a certificate that the mail server is trusted by beside the usual ones.
    pub smtp_certificate: Option<PathBuf>,
    /// How many days a document stays in the trash before it is removed for good.
    pub trash_days: u32,
    /// The bucket in which stored files lie; none for a folder below `home`.
    pub files: Option<S3Config>,
    /// The virus scanner clamd; none leaves files unscanned.
    pub scanner: Option<ScannerAddress>,
    /// The largest file that is taken, in megabytes.
    pub largest_file: u32,
    /// The seal of signed documents.
    pub seal: SealConfig,
    /// Whether firms may name mail servers on this machine or in private networks as their own.
    pub local_mail_servers: bool,
    /// Whether staff may connect calendars on this machine or in private networks, also without TLS.
    pub local_calendars: bool,
    /// How many seconds a notice is held before it is mailed, unless the firm chooses otherwise: what was seen meanwhile is not mailed.
    pub mail_hold: u32,
    /// The name server to ask about mail domains; none for those of the machine.
    pub nameserver: Option<SocketAddr>,
    /// A file with each firm's secrets at Stripe; without one nobody pays online.
    pub stripe_keys: Option<PathBuf>,
    /// Where Stripe's API is.
    pub stripe_api: String,
    /// How many days back payment providers are asked each night for what a lost message left out; at least 1.
    pub reconcile_days: u16,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Requests that one address may make a minute.
    pub requests_per_minute: u32,
    /// The token that unlocks the first run.
    pub setup_token: Option<String>,
    /// Names of the services to host, or `all`.
    pub services: Vec<String>,
}

impl Settings {
    /// Settings for a process on this machine, with everything else at its default.
    pub fn local(database_url: impl Into<String>, home: impl Into<PathBuf>, port: u16) -> Self {
        Self {
            database_url: database_url.into(),
            role_password: None,
            home: home.into(),
            bind: ([127, 0, 0, 1], port).into(),
            base_host: "localhost".to_owned(),
            scheme: "http".to_owned(),
            public_port: None,
            smtp: None,
            smtp_certificate: None,
            local_mail_servers: false,
            local_calendars: false,
            mail_hold: 60,
            nameserver: None,
            trash_days: 30,
            files: None,
            scanner: None,
            largest_file: 5120,
            seal: SealConfig::default(),
            stripe_keys: None,
            stripe_api: "https://api.stripe.com".to_owned(),
            reconcile_days: 3,
            trusted_proxies: Vec::new(),
            requests_per_minute: 1_200,
            setup_token: None,
            services: vec!["all".to_owned()],
        }
    }

    /// Checks what can be checked before anything starts.
    ///
    /// # Errors
    /// [`InvalidSettings`] names the setting and what would be right.
    pub fn validate(&self) -> Result<(), InvalidSettings> {
        self.database()?;
        if self.services.iter().any(|service| service == "all") {
            return Ok(());
        }
        if let Some(unknown) = self.services.iter().find(|service| !SERVICES.contains(&service.as_str())) {
            return Err(InvalidSettings::Service(unknown.clone()));
        }
        let all = SERVICES.iter().all(|service| self.services.iter().any(|hosted| hosted == service));
        if all { Ok(()) } else { Err(InvalidSettings::Alone) }
    }

    /// How a firm's address is made: `{scheme}://{slug}.{base_host}{port}`, with `{slug}` left to fill in.
    pub fn origin(&self) -> String {
        let port = self.public_port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{{slug}}.{}{port}", self.scheme, self.base_host)
    }

    /// The database as services see it.
    ///
    /// # Errors
    /// [`InvalidSettings::Database`] where the address cannot be read.
    pub fn database(&self) -> Result<DatabaseConfig, InvalidSettings> {
        Ok(DatabaseConfig::new(&self.database_url, self.role_password.clone())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_alone_is_refused_until_there_are_carriers_for_it() {
        let mut settings = Settings::local("postgres://localhost/portico", "/nowhere", 0);
        assert!(settings.validate().is_ok());
        settings.services = vec!["documents".to_owned()];
        assert!(matches!(settings.validate(), Err(InvalidSettings::Alone)));
        settings.services = vec!["invoicing".to_owned()];
        assert!(matches!(settings.validate(), Err(InvalidSettings::Service(name)) if name == "invoicing"));
        settings.services = SERVICES.map(str::to_owned).to_vec();
        assert!(settings.validate().is_ok());
    }
}
