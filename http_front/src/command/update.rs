//! `rawdata update`.

use super::Failure;
use crate::{
    config::Update,
    db::Db,
    replication::{Follower, Outcome, Server},
    stop::Stop,
};

/// Failures in a row after which `--once` gives up.
const TRIES_ONCE: u32 = 6;

/// Applies what the server has, once or for ever.
pub async fn run(config: Update) -> Result<(), Failure> {
    let db = Db::new(&config.database_url, "rawdata update", 2)?;
    db.wait(super::PATIENCE).await?;
    let Some((stored, source)) = db.replication_state().await? else {
        return Err("no data set is loaded: import one first".into());
    };
    let base = config.replication_url.or(source).ok_or(
        "the data set does not say where its updates come from: give --replication-url, the folder where state.txt lies",
    )?;
    let mut sequence = stored.or(config.sequence).ok_or(
        "the data set has no sequence number: give --sequence, that of the last diff that the data holds (an earlier one does no harm)",
    )?;
    let server = Server::new(&base, &config.allow_host).map_err(|error| error.message)?;
    let tries = config.once.then_some(TRIES_ONCE);
    let follower = Follower { db, server, stop: Stop::on_signal()?, tries };
    loop {
        let outcome = follower.catch_up(&mut sequence).await?;
        tracing::info!(sequence, "the data set is current");
        if config.once || outcome == Outcome::Stopped {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(config.interval) => {}
            () = follower.stop.asked() => return Ok(()),
        }
    }
}
