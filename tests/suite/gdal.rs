//! Files as GDAL reads them, where it is installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rawdata_tests::Servers;
use serde_json::Value;

/// Whether GDAL is there; says so if not.
pub fn has_gdal() -> bool {
    let found = Command::new("ogr2ogr").arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: ogr2ogr is not installed");
    }
    found
}

/// What GDAL makes of a file, as GeoJSON, with these options. It must not complain.
pub fn through_gdal(file: &Path, options: &[&str]) -> Value {
    let output = Command::new("ogr2ogr")
        .args(["-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=9"])
        .args(options)
        .arg("/vsistdout/")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", file.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Bytes as a file of this kind, gone with the test program.
pub fn saved(bytes: &[u8], kind: &str) -> PathBuf {
    let file = Servers::get().home().join(format!("{}.{kind}", Servers::get().number()));
    fs::write(&file, bytes).unwrap();
    file
}
