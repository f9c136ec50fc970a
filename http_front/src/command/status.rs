//! `rawdata status`.

use std::io::Write;

use serde_json::Value;

use super::Failure;
use crate::{config::Status, db::Db, queue::Queue};

/// Says what is loaded, how many jobs wait, and which workers are there.
pub async fn run(config: Status) -> Result<(), Failure> {
    let db = Db::new(&config.database_url, "rawdata status", 1)?;
    let queue = Queue::new(&config.redis.redis_url)?;
    let data = db.data_status().await?;
    let mut out = std::io::stdout().lock();
    match data {
        Some(data) => write_members(&mut out, &data)?,
        None => writeln!(out, "no data set is loaded")?,
    }
    writeln!(out, "waiting jobs: {}", queue.waiting().await?)?;
    for worker in queue.workers().await? {
        let job = worker.state.job.map(|job| format!(" {job}")).unwrap_or_default();
        writeln!(
            out,
            "worker {}: {}{job}, seen {:.0} s ago",
            worker.state.name,
            worker.state.state,
            worker.age.as_secs_f64()
        )?;
    }
    Ok(())
}

/// Writes an object, a member a line.
pub fn write_members(out: &mut impl Write, object: &Value) -> std::io::Result<()> {
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => writeln!(out, "{name}: {text}")?,
            value => writeln!(out, "{name}: {value}")?,
        }
    }
    Ok(())
}
