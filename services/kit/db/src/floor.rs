//! Whether the floor is whole: the catalog of the database held against the rules that every table must keep.

use sqlx::PgConnection;

use crate::Store;

const OFFENCES: &str = include_str!("floor.sql");

/// What breaks the rules of the floor, one sentence an offence: a table without its class's policies, a view that does not ask as its
/// reader, a function with its owner's rights, a schema or role through which one could go round. Empty where all is well.
///
/// # Errors
/// The database does not answer.
pub async fn floor_offences(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(OFFENCES).fetch_all(connection).await
}

impl Store {
    /// Refuses a database whose floor is broken, in whichever schema.
    ///
    /// # Errors
    /// The offences, one a line, or the database's error.
    pub async fn refuse_broken_floor(&self) -> Result<(), String> {
        let check = async {
            let mut connection = self.plumbing_pool().acquire().await?;
            floor_offences(&mut connection).await
        };
        let offences = check.await.map_err(|error| format!("cannot check the isolation floor: {error}"))?;
        if offences.is_empty() {
            return Ok(());
        }
        Err(format!(
            "the database does not keep firms and accounts apart as it must; put this right, then start again:\n- {}",
            offences.join("\n- ")
        ))
    }
}
