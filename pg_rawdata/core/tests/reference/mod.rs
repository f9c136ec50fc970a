//! Where recorded answers of the old service lie, if they do: `../shared` beside the repository, or `RAWDATA_SHARED`.

use std::path::{Path, PathBuf};

/// The folder `part` of the reference data. Where there is none the test says so and has nothing to do.
pub fn folder(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("RAWDATA_SHARED").map_or(beside, PathBuf::from).join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data {part} (RAWDATA_SHARED names the folder)");
    None
}
