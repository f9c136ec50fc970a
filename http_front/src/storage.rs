//! Finished files in a folder that server and workers share: written under a temporary name, then renamed.
//!
//! ```text
//! RESULT_DIR/.partial/{job}.{attempt}.{n}                        being written
//! RESULT_DIR/{job}/{name}_{format}_uid_{job}.zip                 finished, found under PUBLIC_URL/exports/
//! ```

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use rustix::fs::{Mode, OFlags};
use uuid::Uuid;

const PARTIAL: &str = ".partial";

/// The result store.
#[derive(Debug, Clone)]
pub struct Storage {
    root: PathBuf,
    next: Arc<AtomicU32>,
}

/// A file being written. Removed when dropped before it is placed.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    placed: bool,
}

/// A finished file, open for reading.
#[derive(Debug)]
pub struct Finished {
    /// The file.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

/// What a job leaves in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Whose it is.
    pub job: Uuid,
    /// Of which attempt, where it is a file being written.
    pub attempt: Option<i32>,
    path: PathBuf,
}

impl Storage {
    /// Opens the store, making its folders.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root.join(PARTIAL))?;
        Ok(Self { root: root.to_owned(), next: Arc::default() })
    }

    /// A new name for a file being written.
    pub fn partial(&self, job: Uuid, attempt: i32) -> Partial {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        Partial { path: self.root.join(PARTIAL).join(format!("{job}.{attempt}.{n}")), placed: false }
    }

    /// A file for what has to wait, gone when it is closed.
    pub fn held(&self) -> io::Result<File> {
        unnamed_file(&self.root.join(PARTIAL))
    }

    /// Puts a whole file where clients find it. It is on disk before it has its name.
    pub fn place(&self, mut partial: Partial, key: &str) -> io::Result<()> {
        let target = self.root.join(key);
        let folder = target.parent().ok_or(io::ErrorKind::InvalidInput)?;
        File::open(&partial.path)?.sync_all()?;
        fs::create_dir_all(folder)?;
        fs::rename(&partial.path, &target)?;
        partial.placed = true;
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()
    }

    /// Opens a finished file. Follows no link on the way, and opens nothing but regular files.
    pub fn find(&self, key: &str) -> io::Result<Option<Finished>> {
        let Some((name, folders)) = plain_segments(key) else { return Ok(None) };
        let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let open = || {
            let mut folder = rustix::fs::open(&self.root, OFlags::CLOEXEC | OFlags::DIRECTORY, Mode::empty())?;
            for name in folders {
                folder = rustix::fs::openat(&folder, name, flags | OFlags::DIRECTORY, Mode::empty())?;
            }
            rustix::fs::openat(&folder, name, flags, Mode::empty())
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
        Ok(Some(Finished { size: about.len(), modified: about.modified()?, file }))
    }

    /// Removes the finished files of a job. Who reads one of them now can read on to its end.
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
                let changed = entry.metadata().and_then(|about| about.modified()).unwrap_or(now);
                if now.duration_since(changed).is_ok_and(|since| since >= age) {
                    found.push(Leftover { job, attempt, path: entry.path() });
                }
            }
        }
        Ok(found)
    }

    /// Removes what was left.
    pub fn discard(&self, leftover: &Leftover) -> io::Result<()> {
        match leftover.attempt {
            Some(_) => fs::remove_file(&leftover.path),
            None => self.remove(leftover.job),
        }
    }
}

impl Partial {
    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.placed {
            // Not there where nothing was written yet; what stays is removed by the next tidying.
            let _ = fs::remove_file(&self.path);
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

/// Splits a key into its last part and the folders before it; `None` where a part could lead anywhere else.
fn plain_segments(key: &str) -> Option<(&str, Vec<&str>)> {
    let mut segments: Vec<&str> = key.split('/').collect();
    let is_plain =
        |part: &&str| !part.is_empty() && !part.starts_with('.') && !part.chars().any(|c| c.is_control() || c == '\\');
    if segments.len() < 2 || !segments.iter().all(is_plain) {
        return None;
    }
    segments.first()?.parse::<Uuid>().ok()?;
    Some((segments.pop()?, segments))
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
    struct Trial(Storage);

    impl Trial {
        fn new() -> Self {
            Self(Storage::open(&std::env::temp_dir().join(format!("rawdata-{}", Uuid::new_v4()))).unwrap())
        }
    }

    impl Drop for Trial {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0.root).unwrap();
        }
    }

    #[test]
    fn a_file_is_found_only_when_it_is_placed() {
        let Trial(store) = &Trial::new();
        let job = Uuid::new_v4();
        let key = format!("{job}/a.zip");
        let partial = store.partial(job, 1);
        fs::write(partial.path(), "whole").unwrap();
        assert!(store.find(&key).unwrap().is_none());
        store.place(partial, &key).unwrap();
        assert_eq!(store.find(&key).unwrap().unwrap().size, 5);
        store.remove(job).unwrap();
        assert!(store.find(&key).unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let Trial(store) = &Trial::new();
        let partial = store.partial(Uuid::new_v4(), 1);
        fs::write(partial.path(), "half").unwrap();
        drop(partial);
        assert_eq!(store.unchanged_for(Duration::ZERO).unwrap(), []);
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
            assert!(store.find(&format!("{job}/{name}")).unwrap().is_none(), "{name}");
        }
    }

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
