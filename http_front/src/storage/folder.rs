//! Finished files in a folder that server and workers share: written under a temporary name, then renamed.
//!
//! ```text
//! RESULT_DIR/.partial/{job}.{attempt}.{n}                        being written
//! RESULT_DIR/{job}/{name}_{format}_uid_{job}.zip                 finished
//! ```

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Mode, OFlags};
use uuid::Uuid;

use super::{Content, Finished, LeftPartial, Leftover, unnamed_file};

const PARTIAL: &str = ".partial";

/// A folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    next: Arc<AtomicU32>,
}

/// A file being written. Removed when dropped before it is placed.
#[derive(Debug)]
pub struct Partial {
    file: BufWriter<File>,
    path: PathBuf,
    root: PathBuf,
    target: PathBuf,
    placed: bool,
}

impl Folder {
    /// Opens the store, making its folders.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root.join(PARTIAL))?;
        Ok(Self { root: root.to_owned(), next: Arc::default() })
    }

    /// Begins a file.
    pub fn begin(&self, job: Uuid, attempt: i32, key: &str) -> io::Result<Partial> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(PARTIAL).join(format!("{job}.{attempt}.{n}"));
        let file = BufWriter::with_capacity(1 << 18, File::create_new(&path)?);
        Ok(Partial { file, path, root: self.root.clone(), target: self.root.join(key), placed: false })
    }

    /// A file for what has to wait, gone when it is closed.
    pub fn held(&self) -> io::Result<File> {
        unnamed_file(&self.root.join(PARTIAL))
    }

    /// Opens the finished file behind these parts of a key. Follows no link on the way, and opens nothing but regular files.
    pub fn find(&self, segments: &[String]) -> io::Result<Option<Finished>> {
        let Some((name, folders)) = segments.split_last() else { return Ok(None) };
        let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let open = || {
            let mut folder = rustix::fs::open(&self.root, OFlags::CLOEXEC | OFlags::DIRECTORY, Mode::empty())?;
            for name in folders {
                folder = rustix::fs::openat(&folder, name.as_str(), flags | OFlags::DIRECTORY, Mode::empty())?;
            }
            rustix::fs::openat(&folder, name.as_str(), flags, Mode::empty())
        };
        let file = match open() {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let about = file.metadata()?;
        if !about.is_file() {
            return Ok(None);
        }
        let (size, modified) = (about.len(), about.modified()?);
        Ok(Some(Finished { size, modified, tag: tag(size, modified), content: Content::File(file) }))
    }

    /// Removes the finished files of a job.
    pub fn remove(&self, job: Uuid) -> io::Result<()> {
        match fs::remove_dir_all(self.root.join(job.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Files being written and folders of jobs that have not changed for `age`.
    pub fn unchanged_for(&self, age: Duration) -> io::Result<Vec<Leftover>> {
        let now = SystemTime::now();
        let mut found = Vec::new();
        for folder in [self.root.join(PARTIAL), self.root.clone()] {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let Some((job, attempt)) = leftover_of(&entry.file_name()) else { continue };
                let partial = attempt.map(|attempt| LeftPartial { attempt, path: entry.path() });
                let changed = entry.metadata().and_then(|about| about.modified()).unwrap_or(now);
                if now.duration_since(changed).is_ok_and(|since| since >= age) {
                    found.push(Leftover { job, partial });
                }
            }
        }
        Ok(found)
    }
}

impl Partial {
    /// Puts the whole file where clients find it. It is on disk before it has its name.
    pub fn place(mut self) -> io::Result<()> {
        let folder = self.target.parent().ok_or(io::ErrorKind::InvalidInput)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::create_dir_all(folder)?;
        fs::rename(&self.path, &self.target)?;
        self.placed = true;
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.placed {
            // What stays is removed by the next tidying.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Strong: a finished file is never written to again.
pub fn tag(size: u64, modified: SystemTime) -> String {
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("\"{size:x}-{modified:x}\"")
}

fn leftover_of(name: &OsStr) -> Option<(Uuid, Option<i32>)> {
    let name = name.to_str()?;
    match name.split_once('.') {
        None => Some((name.parse().ok()?, None)),
        Some((job, rest)) => Some((job.parse().ok()?, Some(rest.split_once('.')?.0.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store in a folder that goes when the test ends.
    struct Trial(Folder);

    impl Trial {
        fn new() -> Self {
            Self(Folder::open(&std::env::temp_dir().join(format!("rawdata-{}", Uuid::new_v4()))).unwrap())
        }
    }

    impl Drop for Trial {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0.root).unwrap();
        }
    }

    fn found(store: &Folder, key: &str) -> Option<Finished> {
        store.find(&key.split('/').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_file_is_found_only_when_it_is_placed() {
        let Trial(store) = &Trial::new();
        let job = Uuid::new_v4();
        let key = format!("{job}/a.zip");
        let mut partial = store.begin(job, 1, &key).unwrap();
        partial.write_all(b"whole").unwrap();
        assert!(found(store, &key).is_none());
        partial.place().unwrap();
        assert_eq!(found(store, &key).unwrap().size, 5);
        store.remove(job).unwrap();
        assert!(found(store, &key).is_none());
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let Trial(store) = &Trial::new();
        let job = Uuid::new_v4();
        let mut partial = store.begin(job, 1, &format!("{job}/a.zip")).unwrap();
        partial.write_all(b"half").unwrap();
        assert_eq!(store.unchanged_for(Duration::ZERO).unwrap().len(), 1);
        drop(partial);
        assert_eq!(store.unchanged_for(Duration::ZERO).unwrap(), []);
    }

    #[test]
    fn what_waits_has_no_name() {
        let Trial(store) = &Trial::new();
        let _held = store.held().unwrap();
        assert_eq!(fs::read_dir(store.root.join(PARTIAL)).unwrap().count(), 0);
    }

    #[test]
    fn links_and_folders_are_not_files() {
        let Trial(store) = &Trial::new();
        let job = Uuid::new_v4();
        let folder = store.root.join(job.to_string());
        fs::create_dir_all(folder.join("inner")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link.zip")).unwrap();
        std::os::unix::fs::symlink("/etc", folder.join("etc")).unwrap();
        for name in ["link.zip", "inner", "etc/passwd"] {
            assert!(found(store, &format!("{job}/{name}")).is_none(), "{name}");
        }
    }

    #[test]
    fn a_tag_is_quoted_and_changes_with_the_file() {
        let first = tag(5, UNIX_EPOCH);
        assert_eq!(first, "\"5-0\"");
        assert_ne!(first, tag(5, UNIX_EPOCH + Duration::from_nanos(1)));
    }

    #[test]
    fn what_jobs_left_is_told_from_everything_else() {
        let job = Uuid::new_v4();
        assert_eq!(leftover_of(OsStr::new(&format!("{job}.3.17"))), Some((job, Some(3))));
        assert_eq!(leftover_of(OsStr::new(&job.to_string())), Some((job, None)));
        for name in [".partial", "lost+found", "x.1.2"] {
            assert_eq!(leftover_of(OsStr::new(name)), None, "{name}");
        }
    }
}
