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
pub fn health(address: SocketAddr, tls: bool) -> io::Result<bool> {
    let address = reachable(address);
    if tls {
        return by_tls(address);
    }
    let mut stream = TcpStream::connect_timeout(&address, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut status = [0_u8; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}

/// Where a server is to be called that listens there: "all addresses" is no place.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port())
}

/// The same through TLS. The certificate is for the name that browsers ask for, not for this machine's address,
/// so it is not looked at: nothing secret is sent, and the answer opens nothing.
fn by_tls(address: SocketAddr) -> io::Result<bool> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let http = reqwest::Client::builder().no_proxy().timeout(WITHIN).tls_danger_accept_invalid_certs(true);
    let http = http.build().map_err(io::Error::other)?;
    let answer = runtime.block_on(async { http.get(format!("https://{address}/healthz")).send().await });
    Ok(answer.map_err(io::Error::other)?.status() == 200)
}
