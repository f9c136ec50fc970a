//! Sends a document to the database, which replaces its data set by it; shows how far that is.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use indicatif::{FormattedDuration, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::Failure;
use crate::{
    config::AreaRule,
    db::{About, Db, Load, Progress},
    source::Source,
};

/// An import has no time limit: its size is the user's matter.
const UNLIMITED: Duration = Duration::ZERO;

/// Size of the pieces that are sent: each is a row for the database.
const PIECE: usize = 256 << 10;

/// Sends the document, and says what is loaded then.
pub async fn replace(db: &Db, mut source: Source, area_rule: Option<AreaRule>, about: &About) -> Result<(), Failure> {
    let start = Instant::now();
    let session = db.session(UNLIMITED).await?;
    let mut load = session.load(area_rule.map(AreaRule::name)).await?;
    let bar = bar(source.size());
    let (all_sent, is_all_sent) = watch::channel(false);
    let shown = tokio::spawn(show_progress(db.clone(), bar.clone(), is_all_sent));
    let sent = send(&mut source, &mut load, &bar).await;
    let loaded = match sent {
        Ok(bytes) => {
            all_sent.send_replace(true);
            load.finish(about).await.map(|()| bytes).map_err(Failure::from)
        }
        Err(error) => {
            load.abort().await;
            Err(error)
        }
    };
    shown.abort();
    bar.finish_and_clear();
    let bytes = loaded?;
    let seconds = start.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(out, "loaded {} in {seconds:.1} s", indicatif::HumanBytes(bytes))?;
    match db.data_status().await? {
        Some(status) => Ok(super::status::write_members(&mut out, &status)?),
        None => Ok(()),
    }
}

async fn send(source: &mut Source, load: &mut Load, bar: &ProgressBar) -> Result<u64, Failure> {
    let mut sent = 0;
    // A network hands over small pieces; each row costs the database a call.
    let mut row = BytesMut::with_capacity(2 * PIECE);
    loop {
        let piece = source.next().await?;
        let is_end = piece.is_none();
        row.extend_from_slice(&piece.unwrap_or_default());
        while row.len() >= PIECE || is_end && !row.is_empty() {
            let bytes = row.split_to(PIECE.min(row.len()));
            load.send(&bytes).await?;
            sent += bytes.len() as u64;
            bar.set_position(sent);
        }
        if is_end {
            return Ok(sent);
        }
    }
}

fn bar(size: Option<u64>) -> ProgressBar {
    let template = match size {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {elapsed} {msg}",
        None => "{spinner} {bytes} {binary_bytes_per_sec} {elapsed} {msg}",
    };
    let bar = match size {
        Some(size) => ProgressBar::new(size),
        None => ProgressBar::new_spinner(),
    };
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Shows what the database does, once all bytes are sent in place of these.
async fn show_progress(db: Db, bar: ProgressBar, is_all_sent: watch::Receiver<bool>) {
    let built =
        ProgressStyle::with_template("{bar:30} {elapsed} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let Ok(Some(progress)) = db.import_progress().await else { continue };
        if *is_all_sent.borrow() {
            bar.set_style(built.clone());
            if let (Some(done), Some(total)) = (progress.done, progress.total) {
                bar.set_length(total.unsigned_abs());
                bar.set_position(done.unsigned_abs());
            }
        }
        bar.set_message(say(&progress));
    }
}

/// A phase in words, as far as it is known: "ways 610,000/625,810, 210,000/s, 00:00:01 left, 96 MB".
fn say(progress: &Progress) -> String {
    let count = |number: i64| HumanCount(number.unsigned_abs());
    let mut words = progress.phase.clone().unwrap_or_default();
    if let Some(done) = progress.done {
        words += &format!(" {}", count(done));
    }
    if let Some(total) = progress.total {
        words += &format!("/{}", count(total));
    }
    if let Some(rate) = progress.objects_per_second {
        words += &format!(", {}/s", count(rate));
    }
    if let Some(seconds) = progress.seconds_remaining {
        words += &format!(", {} left", FormattedDuration(Duration::from_secs(seconds.unsigned_abs())));
    }
    if let Some(memory) = progress.memory_mb {
        words += &format!(", {} MB", count(memory));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_a_phase_is_left_out() {
        let mut progress = Progress {
            phase: Some("ways".to_owned()),
            done: Some(610_000),
            total: Some(625_810),
            objects_per_second: Some(210_000),
            seconds_remaining: Some(61),
            memory_mb: Some(96),
        };
        assert_eq!(say(&progress), "ways 610,000/625,810, 210,000/s, 00:01:01 left, 96 MB");
        progress.total = None;
        progress.objects_per_second = None;
        progress.seconds_remaining = None;
        assert_eq!(say(&progress), "ways 610,000, 96 MB");
    }
}
