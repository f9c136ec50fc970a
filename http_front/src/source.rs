//! Where map data come from: a file, standard input, or an address. Other outgoing requests are made in `replication` and `fetch`.

use std::{io, path::Path, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

/// Size of the pieces that are handed on.
const PIECE: usize = 256 << 10;
/// Longest pause between two pieces of a download.
const IDLE: Duration = Duration::from_secs(30);

/// A document that is read piece by piece.
pub struct Source {
    pieces: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    left: Option<u64>,
    size: Option<u64>,
}

impl Source {
    /// Opens what is named: `-`, an address that begins with `http://` or `https://`, or a file.
    pub async fn open(name: &str) -> io::Result<Self> {
        if name == "-" {
            return Ok(Self::reader(tokio::io::stdin(), None));
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Self::download(name).await;
        }
        let file = tokio::fs::File::open(Path::new(name)).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A pipe has no size that says anything.
        Ok(Self::reader(file, about.is_file().then_some(about.len())))
    }

    /// Its size in bytes, where known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next piece; `None` at the end. A download that ends before it should is an error.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let piece = self.pieces.try_next().await?;
        if let Some(left) = &mut self.left {
            let length = piece.as_ref().map_or(0, Bytes::len) as u64;
            *left = left.checked_sub(length).ok_or_else(|| io::Error::other("more came than was announced"))?;
            if piece.is_none() && *left > 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("the last {left} bytes did not come"),
                ));
            }
        }
        Ok(piece)
    }

    fn reader(reader: impl AsyncRead + Send + Unpin + 'static, size: Option<u64>) -> Self {
        let pieces = futures_util::stream::try_unfold(reader, |mut reader| async move {
            let mut piece = Vec::with_capacity(PIECE);
            // Small reads, as from a pipe, are put together.
            let length = (&mut reader).take(PIECE as u64).read_to_end(&mut piece).await?;
            Ok((length > 0).then(|| (Bytes::from(piece), reader)))
        });
        Self { pieces: Box::pin(pieces), left: None, size }
    }

    async fn download(address: &str) -> io::Result<Self> {
        // Nothing but the first caller can have installed it; then it is there, too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::limited(5))
            .user_agent(concat!("rawdata/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(failed)?;
        let answer = timeout(Duration::from_secs(60), client.get(address).send()).await?.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(io::Error::other(format!("the server answers {}", answer.status())));
        }
        let size = answer.content_length();
        let pieces = answer.bytes_stream().map(|piece| piece.map_err(failed));
        Ok(Self { pieces: Box::pin(pieces), left: size, size })
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
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    async fn read(source: io::Result<Source>) -> io::Result<Vec<u8>> {
        let mut source = source?;
        let mut all = Vec::new();
        while let Some(piece) = source.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// A server that gives one answer and closes.
    async fn once(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        format!("http://{address}/x.osm.pbf")
    }

    #[tokio::test]
    async fn small_reads_are_put_together_and_large_ones_cut() {
        let text = vec![7; PIECE + 5];
        let mut source = Source::reader(io::Cursor::new(text), None);
        assert_eq!(source.next().await.unwrap().unwrap().len(), PIECE);
        assert_eq!(source.next().await.unwrap().unwrap().len(), 5);
        assert!(source.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_whole_download_is_read() {
        let address = once("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        assert_eq!(read(Source::open(&address).await).await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn a_download_that_breaks_off_is_an_error() {
        let address = once("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await;
        assert!(read(Source::open(&address).await).await.is_err());
    }

    #[tokio::test]
    async fn an_answer_that_is_no_document_is_an_error() {
        let address = once("HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nhello").await;
        let error = read(Source::open(&address).await).await.unwrap_err();
        assert!(error.to_string().contains("404"));
    }

    #[tokio::test]
    async fn a_folder_is_no_document() {
        assert!(read(Source::open("/").await).await.is_err());
    }
}
