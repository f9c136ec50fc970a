//! `rawdata update`.

use super::Failure;
use crate::{
    config::Update,
    db::Db,
    replication::{Follower, Outcome, Pace, Trouble},
    stop::Stop,
};

/// Failures in a row after which `--once` gives up.
const TRIES_ONCE: u32 = 6;

/// Applies what the server has, once or for ever.
pub async fn run(config: Update) -> Result<(), Failure> {
    let db = Db::new(&config.database_url, "rawdata update", 2)?;
    db.wait(super::PATIENCE).await?;
    let follower = Follower { db, settings: config.replication, stop: Stop::on_signal()? };
    let mut failures = 0;
    let mut pace = Pace::default();
    loop {
        let look = follower.look().await;
        let pause = pace.after(&look, follower.settings.first_pause);
        if look.has_progressed || look.outcome.is_ok() {
            failures = 0;
        }
        match look.outcome {
            Ok(Outcome::Stopped) => return Ok(()),
            Ok(Outcome::Unfinished) => {}
            Ok(Outcome::Current) => {
                tracing::info!("the data set is current");
                if config.once {
                    return Ok(());
                }
            }
            Err(Trouble { error, is_lasting }) => {
                failures += 1;
                if is_lasting || config.once && failures >= TRIES_ONCE {
                    return Err(error.message.into());
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = follower.stop.asked() => return Ok(()),
        }
    }
}
