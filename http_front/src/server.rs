//! The accept loop: connections with a limit on everything a client may hold.
//!
//! | limit | answer |
//! |---|---|
//! | connections at one time | 503, closed |
//! | header block 32 KiB, 100 fields | 431 |
//! | header within 10 s | closed |
//! | no byte taken of an answer for 30 s | closed |
//! | no file descriptor left | waits, logs |
//! | stopping: requests in progress within the grace | closed |

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    StatusCode, Version,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Endpoint, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{Sleep, sleep, timeout},
};

use crate::{error::ApiError, stop::Stop};

const HEADER_BYTES: usize = 32 << 10;
const HEADER_TIME: Duration = Duration::from_secs(10);
const STALL: Duration = Duration::from_secs(30);

/// What the loop keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Connections at one time.
    pub connections: usize,
    /// What requests in progress get when asked to stop.
    pub grace: Duration,
}

/// Serves until asked to stop and the requests in progress are answered, or their time is over.
pub async fn serve<E>(listener: TcpListener, endpoint: E, rules: Rules, stop: Stop)
where
    E: Endpoint<Output = Response> + 'static,
{
    let endpoint = Arc::new(endpoint);
    let slots = Arc::new(Semaphore::new(rules.connections));
    let mut connections = JoinSet::new();
    loop {
        // Ended ones are taken out, or the set would grow for ever.
        while connections.try_join_next().is_some() {}
        let (stream, remote) = tokio::select! {
            () = stop.asked() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            },
        };
        match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => {
                let connection = connection(stream, remote, Arc::clone(&endpoint), stop.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
            Err(_) => {
                connections.spawn(turn_away(stream));
            }
        }
    }
    drop(listener);
    let open = connections.len();
    let ended = timeout(rules.grace, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(open, left = connections.len(), "connections were cut off at the end of the grace");
    }
}

/// A client that gave up before it was accepted is no matter. Without a descriptor the loop must not spin.
async fn pause_after(error: &io::Error) {
    let harmless = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused];
    if !harmless.contains(&error.kind()) {
        tracing::error!(cause = %error, "no connection can be accepted");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Says that there are too many, to who wants to hear it.
async fn turn_away(mut stream: TcpStream) {
    const ANSWER: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 33\r\n\
                          retry-after: 5\r\nconnection: close\r\n\r\n{\"detail\":\"too many connections\"}";
    let say = async {
        stream.write_all(ANSWER.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed with something unread, the connection would be reset and the answer lost.
        tokio::io::copy(&mut stream.take(HEADER_BYTES as u64), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(1), say).await;
}

async fn connection<E>(stream: TcpStream, remote: SocketAddr, endpoint: Arc<E>, stop: Stop)
where
    E: Endpoint<Output = Response> + 'static,
{
    // Small answers go out at once; on failure they are late, no more.
    let _ = stream.set_nodelay(true);
    let local = LocalAddr(stream.local_addr().map(Addr::SocketAddr).unwrap_or_default());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let local = local.clone();
        async move {
            let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
            let mut response = if is_missing_host(&request) {
                ApiError::new(StatusCode::BAD_REQUEST, "the Host header is missing").and_close().into_response()
            } else {
                let remote = RemoteAddr(Addr::SocketAddr(remote));
                endpoint.get_response((request, local, remote, Scheme::HTTP).into()).await
            };
            // Whether a Content-Length contradicted it cannot be seen here, so nothing more is read from this connection.
            if chunked {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<hyper::Response<_>, Infallible>(response.into())
        }
    });
    // Half-closed connections are not kept: a client that has gone is noticed while its request is worked at.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_header_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream)), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.asked() => connection.as_mut().graceful_shutdown(),
    }
    // What goes wrong on one connection is the client's matter: it is gone, or has sent what is no HTTP.
    let _ = connection.await;
}

fn is_missing_host(request: &hyper::Request<Incoming>) -> bool {
    request.version() == Version::HTTP_11 && !request.headers().contains_key(header::HOST)
}

/// A stream that gives up when the other side takes nothing for a while.
struct Patient<S> {
    stream: S,
    /// Runs while a write waits.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    fn new(stream: S) -> Self {
        Self { stream, stall: None }
    }

    /// Passes a finished write on; one that waits is given up when it has waited for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(10);
        let mut stream = Patient::new(ours);
        let start = tokio::time::Instant::now();
        let error = stream.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), STALL.as_secs());
    }

    async fn server(rules: Rules) -> (SocketAddr, tokio::sync::watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, stop) = Stop::by_hand();
        let slow = poem::endpoint::make(|request: poem::Request| async move {
            let _ = request.into_body().into_bytes().await;
            sleep(Duration::from_millis(300)).await;
            Response::builder().body("done")
        });
        (address, sender, tokio::spawn(serve(listener, slow, rules, stop)))
    }

    async fn ask(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    const RULES: Rules = Rules { connections: 2, grace: Duration::from_secs(5) };

    #[tokio::test]
    async fn a_request_in_progress_is_answered_when_asked_to_stop() {
        let (address, stop, server) = server(RULES).await;
        let answer = tokio::spawn(async move { ask(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await });
        sleep(Duration::from_millis(100)).await;
        stop.send(true).unwrap();
        server.await.unwrap();
        assert!(answer.await.unwrap().ends_with("done"));
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_are_told_so() {
        let (address, _stop, _server) = server(RULES).await;
        let _held = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        sleep(Duration::from_millis(50)).await;
        let answer = ask(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    }

    #[tokio::test]
    async fn long_headers_and_missing_hosts_are_refused() {
        let (address, _stop, _server) = server(RULES).await;
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(HEADER_BYTES));
        assert!(ask(address, &long).await.starts_with("HTTP/1.1 431 "));
        assert!(ask(address, "GET / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    }
}
