//! Where finished files lie: a folder that server and workers share, or a bucket.
//!
//! A file has its key from the beginning, `{job}/{name}_{format}_uid_{job}.zip`, but nobody finds it before it is placed.

mod bucket;
mod folder;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::config;
pub use bucket::Bucket;
pub use folder::Folder;

/// The result store.
#[derive(Debug, Clone)]
pub enum Storage {
    /// A folder.
    Folder(Folder),
    /// A bucket of an object store.
    Bucket(Bucket),
}

/// A file being written. Dropped before it is placed, it leaves nothing.
#[derive(Debug)]
pub struct Partial {
    target: Target,
    size: u64,
}

#[derive(Debug)]
enum Target {
    File(folder::Partial),
    Upload(bucket::Upload),
}

/// A finished file.
#[derive(Debug)]
pub struct Finished {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// What tells it from any other under the same key, in quotes.
    pub tag: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    File(File),
    Object(bucket::Object),
}

/// A part of a finished file, to be read.
pub enum Reader {
    /// From a file, which stands at the first byte.
    File(File),
    /// From an object.
    Object(BoxStream<'static, io::Result<Bytes>>),
}

/// What a job leaves in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Whose it is.
    pub job: Uuid,
    /// The file, where it is one being written.
    pub partial: Option<LeftPartial>,
}

/// A file that is or was being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftPartial {
    /// Of which attempt.
    pub attempt: i32,
    path: PathBuf,
}

impl Storage {
    /// Opens the store of the settings. What is wrong with it, as a sentence.
    pub async fn open(config: &config::Store) -> Result<Self, String> {
        let unusable = |what: String, error: io::Error| format!("{what} cannot be used: {error}");
        match (&config.result_dir, &config.bucket_name) {
            (_, Some(name)) => Bucket::open(name, config.aws_endpoint_url.as_deref(), config.aws_region.as_deref())
                .await
                .map(Self::Bucket)
                .map_err(|error| unusable(format!("the bucket {name}"), error)),
            (Some(root), None) => Folder::open(root)
                .map(Self::Folder)
                .map_err(|error| unusable(format!("the result folder {}", root.display()), error)),
            (None, None) => Err("neither a result folder nor a bucket is named".into()),
        }
    }

    /// Begins a file. Its first byte goes nowhere before [`Partial::write`] is called.
    pub fn begin(&self, job: Uuid, attempt: i32, key: &str) -> io::Result<Partial> {
        let target = match self {
            Self::Folder(folder) => Target::File(folder.begin(job, attempt, key)?),
            Self::Bucket(bucket) => Target::Upload(bucket.begin(key)?),
        };
        Ok(Partial { target, size: 0 })
    }

    /// A file for what has to wait, gone when it is closed.
    pub fn held(&self) -> io::Result<File> {
        match self {
            Self::Folder(folder) => folder.held(),
            Self::Bucket(_) => unnamed_file(&std::env::temp_dir()),
        }
    }

    /// A finished file; `None` where there is none under this key.
    pub async fn find(&self, key: &str) -> io::Result<Option<Finished>> {
        let Some(segments) = plain_segments(key) else { return Ok(None) };
        match self {
            Self::Folder(folder) => {
                let (folder, segments) = (folder.clone(), segments.into_iter().map(str::to_owned).collect::<Vec<_>>());
                blocking(move || folder.find(&segments)).await
            }
            Self::Bucket(bucket) => bucket.find(key).await,
        }
    }

    /// Removes the finished files of a job. Who reads one of them in a folder now can read on to its end.
    pub async fn remove(&self, job: Uuid) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                blocking(move || folder.remove(job)).await
            }
            Self::Bucket(bucket) => bucket.remove(job).await,
        }
    }

    /// Files being written, and jobs with files, that have not changed for `age`.
    pub async fn unchanged_for(&self, age: Duration) -> io::Result<Vec<Leftover>> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                blocking(move || folder.unchanged_for(age)).await
            }
            Self::Bucket(bucket) => bucket.unchanged_for(age).await,
        }
    }

    /// Removes what was left.
    pub async fn discard(&self, leftover: &Leftover) -> io::Result<()> {
        match &leftover.partial {
            Some(partial) => fs::remove_file(&partial.path),
            None => self.remove(leftover.job).await,
        }
    }
}

impl Partial {
    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Puts the whole file where clients find it.
    pub async fn place(self) -> io::Result<()> {
        match self.target {
            Target::File(file) => blocking(|| file.place()).await,
            Target::Upload(upload) => upload.place().await,
        }
    }
}

/// Not for tasks: it blocks.
impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::File(file) => file.write(bytes),
            Target::Upload(upload) => upload.write(bytes),
        }?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Finished {
    /// `length` bytes from `from` on. Of a file the caller takes no more than these.
    pub async fn read(self, from: u64, length: u64) -> io::Result<Reader> {
        match self.content {
            Content::File(mut file) => {
                io::Seek::seek(&mut file, io::SeekFrom::Start(from))?;
                Ok(Reader::File(file))
            }
            Content::Object(object) => object.read(from..from + length).await.map(Reader::Object),
        }
    }
}

/// A file in this folder that nobody finds.
pub fn unnamed_file(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!(".{}", Uuid::new_v4()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(path)?;
    Ok(file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// The parts of a key; `None` where one could lead anywhere else.
fn plain_segments(key: &str) -> Option<Vec<&str>> {
    let segments: Vec<&str> = key.split('/').collect();
    let is_plain =
        |part: &&str| !part.is_empty() && !part.starts_with('.') && !part.chars().any(|c| c.is_control() || c == '\\');
    let job = segments.first()?.parse::<Uuid>();
    (segments.len() > 1 && segments.iter().all(is_plain) && job.is_ok()).then_some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leads_out_of_the_store() {
        let job = Uuid::new_v4();
        for key in ["", "x", "../etc/passwd", ".partial/x", "exports/x.zip"] {
            assert_eq!(plain_segments(key), None, "{key}");
        }
        for name in ["", "..", ".hidden", "a\\b", "a\0b", "a\nb", "../x", "a//b"] {
            assert_eq!(plain_segments(&format!("{job}/{name}")), None, "{name:?}");
        }
        assert!(plain_segments(&format!("{job}/नेपाल.zip")).is_some());
    }
}
