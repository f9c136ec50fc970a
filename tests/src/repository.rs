//! Where things are in the repository.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A file below `tests/data`.
pub fn data(name: &str) -> PathBuf {
    root().join("tests/data").join(name)
}

/// A file of the repository as text.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A file of the folder of reference data that may lie beside the repository, and is never needed.
/// Where it is absent the test that wanted it says so and passes.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = root().parent()?.join("shared").join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: there is no ../shared/{path}");
    None
}
