//! What a person who has just started Portico needs to know.

use portico::{Portico, Settings, demo};

use crate::cli::tenant::{list, say};

/// Prints addresses, whom to sign in as, and where the mail lies.
pub(crate) async fn print(portico: &Portico, settings: &Settings, setup_token: &str) -> anyhow::Result<()> {
    let port = portico.address().port();
    let local = format!("http://localhost:{port}");
    let tenants = list(portico.peers()).await?;
    say("");
    if tenants.is_empty() {
        say(&format!("Portico is ready. Set up your firm at {local}/setup?token={setup_token}"));
        say("The token unlocks the set-up once.");
    } else {
        say(&format!("Portico is ready at {local}"));
        for tenant in &tenants {
            let origin = settings_origin(settings, port).replace("{slug}", &tenant.slug);
            say(&format!("  {:<24} {origin}", tenant.name));
        }
    }
    let people = demo::people(&tenants);
    if !people.is_empty() {
        say("");
        say(&format!("Sign in with the password `{}` as", demo::PASSWORD));
        for person in people {
            say(&format!("  {:<34} {}", person.email, person.what));
        }
        say("Clients have no password: they are invited by mail, or ask for a sign-in link.");
    }
    say("");
    match &settings.smtp {
        None => say(&format!("Mail stays on this machine: {local}/mailbox")),
        Some(_) => say("Mail goes out through the mail server of --smtp."),
    }
    Ok(())
}

fn settings_origin(settings: &Settings, port: u16) -> String {
    Settings { public_port: settings.public_port.map(|_| port), ..settings.clone() }.origin()
}
