//! One export: rows of the database into a file, and the file into the result store.

use std::{
    fs::File,
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use rawdata_core::{
    osm::Timestamp,
    request::{Limits, Request, Service},
    write::papers,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::archive::{Layout, Papers, Plan, Writer};
use crate::{
    db::{Claim, Db, DbError, Readers},
    storage::{Partial, Storage},
    words::{natural_duration, two_decimals},
};

/// What an export needs.
#[derive(Clone)]
pub struct Exporter {
    /// The database.
    pub db: Db,
    /// Where exports are read.
    pub readers: Readers,
    /// Where the file goes.
    pub storage: Storage,
    /// Where clients find it, without a closing slash.
    pub public_url: String,
    /// Time limit of a job.
    pub time_limit: Duration,
    /// What the operator adds to each readme.
    pub extra_readme: String,
    /// Level of packing, 0 to 9.
    pub zip_level: u32,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Size of the file.
    pub file_size: u64,
    /// Size of all that is in it, unpacked.
    pub content_size: u64,
}

/// How a job ended.
#[derive(Debug)]
pub enum Outcome {
    /// The result is published.
    Published(Written),
    /// Another worker has the job.
    Lost,
    /// It came to nothing, for this reason.
    Failed(String),
}

/// Why an attempt to write the file ended.
enum Failure {
    /// Try again in a moment.
    Passing(DbError),
    /// It will not get better.
    Final(String),
}

impl Exporter {
    /// Does a job. Dropped half way it stops the query and leaves no file.
    pub async fn run(&self, claim: &Claim) -> Outcome {
        let limit = self.time_limit;
        match tokio::time::timeout(limit, self.run_in_time(claim)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Outcome::Failed(format!("the export took longer than the time limit of {}", natural_duration(limit)))
            }
        }
    }

    async fn run_in_time(&self, claim: &Claim) -> Outcome {
        let started = Instant::now();
        let limits = Limits { area_km2: f64::INFINITY, ..Limits::default() };
        let checked = Request::from_json(&claim.request, Service::Snapshot, &limits);
        let request = match checked.and_then(|request| request.with_sound_area(&limits, &mut || Ok(()))) {
            Ok(request) => request,
            Err(refusal) => return Outcome::Failed(refusal.to_string()),
        };
        let key = key(claim, &request);
        let mut tries = 0_u32;
        let (file, written) = loop {
            match self.write_file(claim, &request, &key).await {
                Ok(file) => break file,
                Err(Failure::Final(reason)) => return Outcome::Failed(reason),
                Err(Failure::Passing(error)) => {
                    tries += 1;
                    let (most, pause) = match error {
                        // A data set is being put in place of another; that is soon over.
                        DbError::Replaced => (30, 250 * u64::from(tries.min(8))),
                        _ => (6, 500 << tries.min(5)),
                    };
                    if tries > most {
                        return Outcome::Failed(error.reason());
                    }
                    tracing::info!(cause = %error, tries, "the export begins anew");
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            }
        };
        self.publish(claim, file, self.result(&request, &key, written, started.elapsed()), written).await
    }

    async fn write_file(&self, claim: &Claim, request: &Request, key: &str) -> Result<(Partial, Written), Failure> {
        let reader = self.readers.get().await.map_err(sorted)?;
        let (state, mut chunks) = reader.export_of(&claim.request).await.map_err(sorted)?;
        let papers = Papers {
            boundary: request.area.boundary_json(),
            readme: papers::readme(
                state.time.map(Timestamp),
                state.sequence,
                request.format,
                request.area.is_mended(),
                &self.extra_readme,
            ),
        };
        let layout = match request.zip {
            false => Layout::Bare,
            true if request.format.is_several_files() => Layout::ZippedEach,
            true => Layout::Zipped(request.file_name.data_file(request.format)),
        };
        let plan = Plan { layout, papers, time: state.time, level: self.zip_level };
        let begun = self.storage.begin(claim.id, claim.attempt, key).and_then(|file| Ok((file, self.storage.held()?)));
        let (partial, held) = begun.map_err(|error| unwritten(&error))?;

        // Two chunks wait between database and file at most. Where the sender is dropped without `None`, the file is given up.
        let (sender, receiver) = mpsc::channel::<Option<Bytes>>(1);
        let writer = tokio::task::spawn_blocking(move || write_chunks(receiver, partial, held, &plan));
        let read = async {
            while let Some(chunk) = chunks.next().await? {
                if sender.send(Some(chunk)).await.is_err() {
                    break; // the writer has failed, and says below why
                }
            }
            let _ = sender.send(None).await;
            Ok::<_, DbError>(())
        };
        let read = read.await;
        drop(sender);
        let written = writer.await.map_err(|e| unwritten(&io::Error::other(e)))?;
        read.map_err(sorted)?;
        written.map_err(|error| unwritten(&error))
    }

    async fn publish(&self, claim: &Claim, file: Partial, result: Value, written: Written) -> Outcome {
        let Ok(size) = i64::try_from(written.file_size) else { return Outcome::Failed("the file is too large".into()) };
        match self.db.publish_job(claim, &result, size, file.place()).await {
            Ok(Ok(true)) => Outcome::Published(written),
            Ok(Ok(false)) => Outcome::Lost,
            Ok(Err(error)) => Outcome::Failed(unplaced(&error)),
            Err(error) => {
                tracing::error!(cause = %error, "the result could not be published");
                Outcome::Failed(error.reason())
            }
        }
    }

    fn result(&self, request: &Request, key: &str, written: Written, took: Duration) -> Value {
        json!({
            "download_url": format!("{}/exports/{}", self.public_url, url_path(key)),
            "file_name": request.file_name.stem(),
            "process_time": natural_duration(took),
            "query_area": format!("{} Sq Km", two_decimals(request.area.km2())),
            "binded_file_size": format!("{} MB", two_decimals(written.content_size as f64 / 1e6)),
            "zip_file_size_bytes": written.file_size,
        })
    }
}

/// What the file is called in the store.
fn key(claim: &Claim, request: &Request) -> String {
    let id = claim.id.to_string();
    let name = request.file_name.export_name(request.format, request.unique_name.then_some(&id));
    let suffix = if request.zip { "zip" } else { request.format.extension() };
    format!("{id}/{name}.{suffix}")
}

fn write_chunks(
    mut chunks: mpsc::Receiver<Option<Bytes>>,
    partial: Partial,
    held: File,
    plan: &Plan,
) -> io::Result<(Partial, Written)> {
    let mut writer = Writer::new(partial, held, plan)?;
    loop {
        match chunks.blocking_recv() {
            Some(Some(chunk)) => writer.write(&chunk)?,
            Some(None) => break,
            None => return Err(io::ErrorKind::Interrupted.into()),
        }
    }
    let (partial, content_size) = writer.finish()?;
    let file_size = partial.size();
    Ok((partial, Written { file_size, content_size }))
}

/// Percent-encodes what an address cannot hold. Names are harmless already; this is for letters beyond ASCII.
fn url_path(key: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(key, &KEPT).to_string()
}

fn sorted(error: DbError) -> Failure {
    if error.is_passing() {
        return Failure::Passing(error);
    }
    tracing::warn!(cause = %error, "the export failed");
    Failure::Final(error.reason())
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::Final(unplaced(error))
}

/// What is wrong with the result store, without its paths.
fn unplaced(error: &io::Error) -> String {
    tracing::error!(cause = %error, "the file could not be written");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "no space is left for results".into()
        }
        _ => "the result could not be written".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_suffix_and_encode_the_rest() {
        assert_eq!(
            url_path("1-2/नेपाल_geojson_uid_1-2.zip"),
            "1-2/%E0%A4%A8%E0%A5%87%E0%A4%AA%E0%A4%BE%E0%A4%B2_geojson_uid_1-2.zip"
        );
        assert_eq!(url_path("a/b?c#d%.zip"), "a/b%3Fc%23d%25.zip");
    }

    #[test]
    fn a_full_disk_is_told_without_a_path() {
        assert_eq!(unplaced(&io::ErrorKind::StorageFull.into()), "no space is left for results");
        assert!(!unplaced(&io::Error::other("/srv/results: broken")).contains('/'));
    }
}
