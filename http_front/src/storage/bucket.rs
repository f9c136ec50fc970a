//! Finished files in a bucket of S3, or of what speaks as S3 does.
//!
//! ```text
//! BUCKET/exports/{job}/{name}_{format}_uid_{job}.zip
//! ```
//!
//! Small files are put whole, larger ones sent in parts while they are written: an object is there when the last step, which
//! [`Upload::place`] takes, is done. What a dying worker has sent of one is for the bucket's own rule for incomplete uploads.

use std::{
    collections::HashMap,
    fmt,
    io::{self, Write},
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    buffered::BufWriter, path::Path,
};
use tokio::{io::AsyncWriteExt, runtime::Handle};
use uuid::Uuid;

use super::{Content, Finished, Leftover};

const FOLDER: &str = "exports";
/// Bytes of a part. With at most 10,000 of them a file may have 80 GB.
const PART: usize = 8 << 20;
/// Parts on their way at one time.
const PARTS: usize = 2;
/// How long an answer may pause.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
}

/// A file on its way into the bucket. Dropped before it is placed, it is given up.
pub struct Upload {
    /// Until it is placed or given up.
    writer: Option<BufWriter>,
    runtime: Handle,
}

/// An object as it was found.
#[derive(Debug)]
pub struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    tag: Option<String>,
}

impl Bucket {
    /// Opens a bucket, with the keys of the environment, and looks whether it answers.
    pub async fn open(name: &str, endpoint: Option<&str>, region: Option<&str>) -> io::Result<Self> {
        // Whoever was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(5))
            .with_read_timeout(PATIENCE)
            .with_timeout_disabled() // a download takes as long as its client
            .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")));
        let retry = RetryConfig { max_retries: 5, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder =
            AmazonS3Builder::from_env().with_bucket_name(name).with_client_options(client).with_retry(retry);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = region {
            builder = builder.with_region(region);
        }
        let bucket = Self { store: Arc::new(builder.build()?) };
        bucket.objects(None).try_next().await?;
        Ok(bucket)
    }

    /// Begins a file. Nothing is sent before the first part is full.
    pub fn begin(&self, key: &str) -> io::Result<Upload> {
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), path(key)?, PART).with_max_concurrency(PARTS);
        Ok(Upload { writer: Some(writer), runtime: Handle::current() })
    }

    /// A finished file.
    pub async fn find(&self, key: &str) -> io::Result<Option<Finished>> {
        let path = path(key)?;
        let about = match self.store.head(&path).await {
            Ok(about) => about,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let modified = SystemTime::from(about.last_modified);
        let tag = about.e_tag.clone().unwrap_or_else(|| super::folder::tag(about.size, modified));
        let object = Object { store: Arc::clone(&self.store), path, tag: about.e_tag };
        Ok(Some(Finished { size: about.size, modified, tag, content: Content::Object(object) }))
    }

    /// Removes the finished files of a job.
    pub async fn remove(&self, job: Uuid) -> io::Result<()> {
        let found = self.objects(Some(job)).map_ok(|object| object.location).boxed();
        self.store.delete_stream(found).try_for_each(|_| async { Ok(()) }).await?;
        Ok(())
    }

    /// Jobs with files of which none has changed for `age`.
    pub async fn unchanged_for(&self, age: Duration) -> io::Result<Vec<Leftover>> {
        let now = SystemTime::now();
        let mut changed = HashMap::new();
        let mut objects = self.objects(None);
        while let Some(object) = objects.try_next().await? {
            let Some(job) = job_of(&object.location) else { continue };
            let time = SystemTime::from(object.last_modified);
            changed.entry(job).and_modify(|latest| *latest = time.max(*latest)).or_insert(time);
        }
        let old = |time: &SystemTime| now.duration_since(*time).is_ok_and(|since| since >= age);
        Ok(changed.into_iter().filter(|(_, time)| old(time)).map(|(job, _)| Leftover { job, partial: None }).collect())
    }

    fn objects(&self, job: Option<Uuid>) -> BoxStream<'static, object_store::Result<object_store::ObjectMeta>> {
        let folder = Path::from(FOLDER);
        self.store.list(Some(&job.map_or(folder.clone(), |job| folder.join(job.to_string()))))
    }
}

impl Upload {
    /// Sends the rest and makes the object. Where that fails, what was sent is given up.
    pub async fn place(mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(mut writer) => writer.shutdown().await,
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
        // No more than a part at once: the next waits until there is room for it.
        let now = bytes.get(..bytes.len().min(PART / 8)).unwrap_or(bytes);
        self.runtime.block_on(writer.write(now))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            self.runtime.spawn(async move {
                if let Err(error) = writer.abort().await {
                    tracing::warn!(cause = %error, "an upload could not be given up; its parts stay in the bucket");
                }
            });
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

impl Object {
    /// These bytes of it, and of no other object that has its place by now.
    pub async fn read(self, range: Range<u64>) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { if_match: self.tag, range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path, options).await?;
        Ok(found.into_stream().map_err(io::Error::from).boxed())
    }
}

fn path(key: &str) -> io::Result<Path> {
    Path::parse(format!("{FOLDER}/{key}")).map_err(io::Error::other)
}

fn job_of(path: &Path) -> Option<Uuid> {
    path.as_ref().strip_prefix(FOLDER)?.strip_prefix('/')?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn bucket() -> Bucket {
        Bucket { store: Arc::new(InMemory::new()) }
    }

    async fn written(mut upload: Upload, data: Vec<u8>) -> Upload {
        tokio::task::spawn_blocking(move || {
            upload.write_all(&data).unwrap();
            upload
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn an_object_is_found_only_when_it_is_placed() {
        let (bucket, job) = (bucket(), Uuid::new_v4());
        for size in [5, 3 * PART + 7] {
            let key = format!("{job}/नेपाल {size}.zip");
            let upload = written(bucket.begin(&key).unwrap(), vec![7; size]).await;
            assert!(bucket.find(&key).await.unwrap().is_none());
            upload.place().await.unwrap();
            assert_eq!(bucket.find(&key).await.unwrap().unwrap().size, size as u64);
        }
        bucket.remove(job).await.unwrap();
        assert_eq!(bucket.unchanged_for(Duration::ZERO).await.unwrap(), []);
    }

    #[tokio::test]
    async fn an_object_is_read_in_parts() {
        let bucket = bucket();
        let key = format!("{}/a.zip", Uuid::new_v4());
        written(bucket.begin(&key).unwrap(), b"0123456789".to_vec()).await.place().await.unwrap();
        for range in [0..10, 3..4, 9..10, 5..5] {
            let Content::Object(object) = bucket.find(&key).await.unwrap().unwrap().content else { unreachable!() };
            let read: Vec<Bytes> = object.read(range.clone()).await.unwrap().try_collect().await.unwrap();
            let expected: Vec<u8> = range.map(|n| b'0' + u8::try_from(n).unwrap()).collect();
            assert_eq!(read.concat(), expected);
        }
    }

    #[tokio::test]
    async fn a_jobs_objects_are_told_from_everything_else() {
        let bucket = bucket();
        let job = Uuid::new_v4();
        for path in [format!("exports/{job}/a.zip"), "exports/mine.zip".into(), format!("other/{job}/a.zip")] {
            bucket.store.put(&Path::from(path), Bytes::new().into()).await.unwrap();
        }
        assert_eq!(bucket.unchanged_for(Duration::ZERO).await.unwrap(), [Leftover { job, partial: None }]);
        assert_eq!(bucket.unchanged_for(Duration::from_secs(600)).await.unwrap(), []);
        bucket.remove(job).await.unwrap();
        assert_eq!(bucket.store.list(None).count().await, 2);
    }
}
