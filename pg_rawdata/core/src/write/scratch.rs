//! Files for what an encoder cannot append yet.

use std::io::{Read, Seek, Write};

use crate::Result;

/// Makes temporary files. Who gives it to an encoder also removes them, when the encoder is done or dropped.
pub trait Scratch {
    /// A new, empty file.
    fn file(&mut self) -> Result<Box<dyn ScratchFile>>;
}

/// A temporary file, read and written anywhere.
pub trait ScratchFile: Read + Write + Seek {}

impl<T: Read + Write + Seek> ScratchFile for T {}

/// Files of any kind, each made by a call.
impl<F, T> Scratch for F
where
    F: FnMut() -> Result<T>,
    T: ScratchFile + 'static,
{
    fn file(&mut self) -> Result<Box<dyn ScratchFile>> {
        self().map(|file| Box::new(file) as Box<dyn ScratchFile>)
    }
}
