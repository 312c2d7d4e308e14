//! The octets of a connection: as they come, or through TLS, whose handshake is made when the first of them are read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// Whether others can read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Plain,
    Secure,
}

/// The stream of one connection.
pub(super) enum Stream {
    Plain(TcpStream),
    /// Hands are being shaken. Reading goes on with it, so whoever bounds reading bounds this as well.
    Shaking(Box<Accept<TcpStream>>),
    Secure(Box<TlsStream<TcpStream>>),
    /// Hands were not shaken.
    Over,
}

impl Stream {
    pub(super) fn new(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> Stream {
        match acceptor {
            None => Stream::Plain(stream),
            Some(acceptor) => Stream::Shaking(Box::new(acceptor.accept(stream))),
        }
    }

    pub(super) fn line(&self) -> Line {
        match self {
            Stream::Plain(_) => Line::Plain,
            Stream::Shaking(_) | Stream::Secure(_) | Stream::Over => Line::Secure,
        }
    }

    fn shake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Stream::Shaking(accept) = self else {
            return Poll::Ready(Ok(()));
        };
        match ready!(Pin::new(&mut **accept).poll(cx)) {
            Ok(stream) => {
                *self = Stream::Secure(Box::new(stream));
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                tracing::debug!(%error, "a client of the API shook no hands");
                *self = Stream::Over;
                Poll::Ready(Err(error))
            }
        }
    }

    /// What is read and written, once hands are shaken.
    fn open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Open<'_>>> {
        ready!(self.shake(cx))?;
        Poll::Ready(match self {
            Stream::Plain(stream) => Ok(Open::Plain(Pin::new(stream))),
            Stream::Secure(stream) => Ok(Open::Secure(Pin::new(&mut **stream))),
            Stream::Shaking(_) | Stream::Over => Err(io::ErrorKind::ConnectionAborted.into()),
        })
    }
}

enum Open<'a> {
    Plain(Pin<&'a mut TcpStream>),
    Secure(Pin<&'a mut TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(self.get_mut().open(cx))? {
            Open::Plain(stream) => stream.poll_read(cx, buf),
            Open::Secure(stream) => stream.poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.get_mut().open(cx))? {
            Open::Plain(stream) => stream.poll_write(cx, buf),
            Open::Secure(stream) => stream.poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.get_mut().open(cx))? {
            Open::Plain(stream) => stream.poll_write_vectored(cx, bufs),
            Open::Secure(stream) => stream.poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.get_mut().open(cx))? {
            Open::Plain(stream) => stream.poll_flush(cx),
            Open::Secure(stream) => stream.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nobody waits for hands that were never shaken.
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secure(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Stream::Shaking(_) | Stream::Over => Poll::Ready(Ok(())),
        }
    }
}
