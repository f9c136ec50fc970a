//! A document that comes piece by piece: from a file, standard input, or a server's answer.

use std::{io, path::Path, pin::Pin};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Size of the pieces that are handed on.
const PIECE: usize = 256 << 10;

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A document that is read piece by piece.
pub struct Source {
    pieces: Pieces,
    left: Option<u64>,
    size: Option<u64>,
}

impl Source {
    /// Opens a file, or standard input (`-`).
    pub async fn open(name: &str) -> io::Result<Self> {
        if name == "-" {
            return Ok(Self::reader(tokio::io::stdin(), None));
        }
        let file = tokio::fs::File::open(Path::new(name)).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A pipe has no size that says anything.
        Ok(Self::reader(file, about.is_file().then_some(about.len())))
    }

    /// The body of an answer.
    pub fn answer(answer: reqwest::Response) -> Self {
        let size = answer.content_length();
        let pieces = answer.bytes_stream().map(|piece| piece.map_err(failed));
        Self { pieces: Box::pin(pieces), left: size, size }
    }

    /// Its size in bytes, where known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next piece; `None` at the end. A document that ends before it should is an error.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let cut = |error: io::Error| {
            io::Error::new(error.kind(), format!("the document could not be read to its end: {error}"))
        };
        let piece = self.pieces.try_next().await.map_err(cut)?;
        if let Some(left) = &mut self.left {
            let length = piece.as_ref().map_or(0, Bytes::len) as u64;
            *left = left.checked_sub(length).ok_or_else(|| io::Error::other("more came than was announced"))?;
            if piece.is_none() && *left > 0 {
                return Err(cut(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("the last {left} bytes did not come"),
                )));
            }
        }
        Ok(piece)
    }

    /// All of it.
    pub async fn whole(mut self) -> io::Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// The same document, of which more than `limit` bytes are an error.
    pub fn at_most(self, limit: u64) -> io::Result<Self> {
        let refusal = move || io::Error::other(format!("it is larger than {limit} bytes: raise FETCH_MAX_BYTES"));
        if self.size.is_some_and(|size| size > limit) {
            return Err(refusal());
        }
        let mut left = limit;
        let pieces = self.pieces.map(move |piece| {
            let piece = piece?;
            left = left.checked_sub(piece.len() as u64).ok_or_else(refusal)?;
            Ok(piece)
        });
        Ok(Self { pieces: Box::pin(pieces), ..self })
    }

    /// The first piece and the same document, whole.
    pub async fn peek(mut self) -> io::Result<(Bytes, Self)> {
        let first = self.next().await?.unwrap_or_default();
        let again = stream::iter((!first.is_empty()).then(|| Ok(first.clone())));
        // What was taken is still to come.
        let left = self.left.map(|left| left + first.len() as u64);
        Ok((first, Self { pieces: Box::pin(again.chain(self.pieces)), left, ..self }))
    }

    fn reader(reader: impl AsyncRead + Send + Unpin + 'static, size: Option<u64>) -> Self {
        let pieces = stream::try_unfold(reader, |mut reader| async move {
            let mut piece = Vec::with_capacity(PIECE);
            // Small reads, as from a pipe, are put together.
            let length = (&mut reader).take(PIECE as u64).read_to_end(&mut piece).await?;
            Ok((length > 0).then(|| (Bytes::from(piece), reader)))
        });
        Self { pieces: Box::pin(pieces), left: None, size }
    }
}

impl From<Bytes> for Source {
    fn from(mut document: Bytes) -> Self {
        let size = Some(document.len() as u64);
        let pieces = std::iter::from_fn(move || {
            let piece = document.split_to(PIECE.min(document.len()));
            (!piece.is_empty()).then_some(Ok(piece))
        });
        Self { pieces: Box::pin(stream::iter(pieces)), left: size, size }
    }
}

/// The whole chain of causes: the first alone says only "error sending request".
pub fn failed(error: reqwest::Error) -> io::Error {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    io::Error::other(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_reads_are_put_together_and_large_ones_cut() {
        let text = vec![7; PIECE + 5];
        for mut source in [Source::reader(io::Cursor::new(text.clone()), None), Source::from(Bytes::from(text))] {
            assert_eq!(source.next().await.unwrap().unwrap().len(), PIECE);
            assert_eq!(source.next().await.unwrap().unwrap().len(), 5);
            assert!(source.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_document_that_was_looked_at_is_whole() {
        let (first, source) = Source::from(Bytes::from_static(b"hello")).peek().await.unwrap();
        assert_eq!((first.as_ref(), source.whole().await.unwrap().as_ref()), (&b"hello"[..], &b"hello"[..]));
        let (first, source) = Source::from(Bytes::new()).peek().await.unwrap();
        assert!(first.is_empty() && source.whole().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_limit_is_kept_whether_the_size_is_announced_or_not() {
        assert!(Source::from(Bytes::from_static(b"hello")).at_most(4).is_err());
        let unknown = || Source::reader(io::Cursor::new(b"hello"), None);
        assert!(unknown().at_most(4).unwrap().whole().await.unwrap_err().to_string().contains("FETCH_MAX_BYTES"));
        assert_eq!(unknown().at_most(5).unwrap().whole().await.unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_folder_is_no_document() {
        assert!(Source::open("/").await.is_err());
    }
}
