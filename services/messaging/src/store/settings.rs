//! How firms' mail leaves.

use chrono::{DateTime, TimeDelta, Utc};
use portico_db::{StoreError, Tx};

use crate::domain::settings::{MailSettings, Security, Server};

/// The firm's settings; the defaults where it has chosen nothing yet.
pub(crate) async fn read(tx: &mut Tx) -> Result<MailSettings, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select server_host, server_port, server_security, server_user, server_password, from_name, from_address,
                inbound_address, hold_seconds, hide_contents, intake_secret, version
         from messaging.mail_settings where tenant_id = $1",
        tenant
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or_else(MailSettings::default, |row| MailSettings {
        server: (!row.server_host.is_empty()).then(|| Server {
            host: row.server_host,
            // The columns allow no other values.
            port: u16::try_from(row.server_port).unwrap_or_default(),
            security: Security::from_word(&row.server_security).unwrap_or(Security::Tls),
            user: row.server_user,
            password: row.server_password,
        }),
        from_name: row.from_name,
        from_address: row.from_address,
        inbound_address: row.inbound_address,
        hold: row.hold_seconds.map(|seconds| TimeDelta::seconds(seconds.into())),
        hide_contents: row.hide_contents,
        intake_secret: row.intake_secret,
        version: row.version,
    }))
}

/// The sealed key of the firm's addresses; none before [`begin`].
pub(crate) async fn token_key(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!("select token_key from messaging.mail_settings where tenant_id = $1", tenant)
        .fetch_optional(tx.conn())
        .await?)
}

/// Makes the firm's row with the defaults and this sealed key; one that is there stays as it is.
pub(crate) async fn begin(tx: &mut Tx, token_key: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.mail_settings
           (tenant_id, server_host, server_port, server_security, server_user, from_name, from_address, inbound_address,
            hide_contents, token_key, version, updated_at)
         values ($1, '', 0, 'tls', '', '', '', '', false, $2, 0, $3) on conflict (tenant_id) do nothing",
        tenant,
        token_key,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps changed settings in the firm's row. `false` where somebody else has changed them since the version before.
pub(crate) async fn save(
    tx: &mut Tx,
    settings: &MailSettings,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let server = settings.server.as_ref();
    let updated = sqlx::query!(
        "update messaging.mail_settings
         set server_host = $2, server_port = $3, server_security = $4, server_user = $5, server_password = $6, from_name = $7,
             from_address = $8, inbound_address = $9, hold_seconds = $10, hide_contents = $11, intake_secret = $12,
             version = $13, updated_at = $14
         where tenant_id = $1 and version = $13 - 1",
        tenant,
        server.map_or("", |server| server.host.as_str()),
        server.map_or(0, |server| i32::from(server.port)),
        server.map_or(Security::Tls, |server| server.security).as_str(),
        server.map_or("", |server| server.user.as_str()),
        server.and_then(|server| server.password.as_deref()),
        settings.from_name,
        settings.from_address,
        settings.inbound_address,
        settings.hold.and_then(|hold| i32::try_from(hold.num_seconds()).ok()),
        settings.hide_contents,
        settings.intake_secret.as_deref(),
        settings.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}
