//! The connection opens, and that is all.

use std::net::SocketAddr;

use tokio::net::TcpStream;

use crate::health::probed::{Ending, Finding};
use crate::probe::check::failed;

/// Connects and hangs up.
pub(super) async fn check(to: SocketAddr) -> Result<Finding, Finding> {
    connect(to).await?;
    Ok(Finding::new(Ending::Well, "the connection opened"))
}

/// A connection. Small writes are not held back.
pub(super) async fn connect(to: SocketAddr) -> Result<TcpStream, Finding> {
    let what = format!("connection to {to}");
    let stream = TcpStream::connect(to).await;
    let stream = stream.map_err(|error| failed(&error, &what))?;
    stream
        .set_nodelay(true)
        .map_err(|error| failed(&error, &what))?;
    Ok(stream)
}
