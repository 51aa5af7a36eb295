//! Is the server on this machine alive? For container health checks, where there is no `curl`.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take to answer.
const WITHIN: Duration = Duration::from_secs(2);

/// True if the server that listens on `address` answers `/healthz` with 200.
///
/// # Errors
/// If nobody answers there.
pub fn health(address: SocketAddr) -> io::Result<bool> {
    // "All addresses" is where one listens, not where one calls.
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, address.port()), WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut status = [0_u8; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}
