//! Temporary files of the server for an encoder.

use std::cell::{RefCell, RefMut};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use rawdata_core::Result;
use rawdata_core::write::{Scratch, ScratchFile};

use crate::raw::temp_file::TempFile;

/// The files of one export. They do not close themselves: an error closes them, else [`TempFiles::close`].
#[derive(Clone, Default)]
pub struct TempFiles(Rc<RefCell<Vec<Option<TempFile>>>>);

impl TempFiles {
    /// Closes and deletes all of them. Afterwards they look empty.
    pub fn close(&self) {
        self.0.borrow_mut().iter_mut().filter_map(Option::take).for_each(TempFile::close);
    }
}

impl Scratch for TempFiles {
    fn file(&mut self) -> Result<Box<dyn ScratchFile>> {
        let mut files = self.0.borrow_mut();
        files.push(Some(TempFile::create()));
        Ok(Box::new(Handle { files: self.clone(), index: files.len() - 1, position: 0, size: 0 }))
    }
}

/// One of the files.
struct Handle {
    files: TempFiles,
    index: usize,
    position: u64,
    size: u64,
}

impl Handle {
    fn file(&self) -> io::Result<RefMut<'_, TempFile>> {
        RefMut::filter_map(self.files.0.borrow_mut(), |files| files.get_mut(self.index)?.as_mut())
            .map_err(|_| io::ErrorKind::NotFound.into())
    }
}

impl Read for Handle {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file()?.read(into);
        self.position += read as u64;
        Ok(read)
    }
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes);
        self.position += bytes.len() as u64;
        self.size = self.size.max(self.position);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(byte) => Some(byte),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        self.file()?.seek(place);
        self.position = place;
        Ok(place)
    }
}
