//! What the server asks of the system before it takes the first connection.

use std::net::SocketAddr;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted. The standard library asks for 128: when thousands of guests
/// come back in the same moment, the rest is dropped without a word, and each of those tries again only
/// after a whole second. The system cuts this down to its own bound (`net.core.somaxconn`, 4,096).
const BACKLOG: u32 = 4096;
/// How much of what a client has not been sent yet the kernel may keep. Without a bound it takes up to
/// 4 MiB for each who reads nothing (`net.ipv4.tcp_wmem`): a thousand of them are beyond what the system gives to
/// all connections together (`net.ipv4.tcp_mem`), and everybody waits. It is also out of our sight: a client
/// that reads slowly looked like one that reads nothing, for the kernel takes no more until a third is gone.
const UNSENT_MAX_BYTES: u32 = 64 * 1024;
/// How many descriptors are left for the database, logs and webhooks when nearly all are sockets.
const ENOUGH_FILES: u64 = 4096;

/// Listens on `address`.
///
/// # Errors
/// One line that says what to look at.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    bind(address).map_err(|error| {
        anyhow::anyhow!(
            "cannot listen on {address}: {error}; is FRONTDESK_LISTEN right, or another server running there?"
        )
    })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart does not wait for the last run's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it. Where the system does not know it, only the memory of slow readers differs.
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_MAX_BYTES) {
        tracing::warn!(%error, "the system keeps as much as it likes for each slow reader");
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes as many descriptors as the system lets this process have: each socket is one, and shells and
/// service managers commonly start with 1,024 of a far higher bound.
pub(super) fn raise_file_limit() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        tracing::debug!(from = soft, to = hard, "more open files");
    }
    if hard < ENOUGH_FILES {
        tracing::warn!(files = hard, "few open files are allowed (ulimit -Hn): each guest online takes one");
    }
}

/// Has a crash leave no image of the memory: it would hold every secret and whatever guests wrote. (A handler of the
/// system's that is fed through a pipe may take one all the same; systemd's goes by this bound.)
pub(super) fn leave_no_core() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "a crash may leave an image of the memory, with secrets in it");
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    /// More than the standard library would let wait, and fewer than any system forbids.
    const GUESTS: usize = 400;

    #[tokio::test]
    async fn guests_who_come_at_once_need_not_knock_twice() {
        let bound = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
        if bound.trim().parse::<usize>().unwrap_or(0) < GUESTS {
            return; // This system keeps fewer waiting, whatever we ask for.
        }
        let listener = super::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900));
        let waiting: Result<Vec<_>, _> = (0..GUESTS).map(connect).collect();
        assert_eq!(waiting.expect("nobody was turned away").len(), GUESTS);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_keeps_little_for_who_reads_nothing() {
        let listener = super::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let reader = tokio::net::TcpSocket::new_v4().unwrap();
        reader.set_recv_buffer_size(4_096).unwrap();
        let _reader = reader.connect(listener.local_addr().unwrap()).await.unwrap();
        let (connection, _) = listener.accept().await.unwrap();
        let (some, mut taken) = ([0; 16 * 1024], 0);
        while let Ok(written) = tokio::time::timeout(Duration::from_millis(300), async {
            connection.writable().await.unwrap();
            connection.try_write(&some).unwrap_or(0)
        })
        .await
        {
            taken += written;
            assert!(taken <= 256 * 1024, "the kernel keeps {taken} bytes and more");
        }
        assert!(taken >= some.len());
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let first = super::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        let error = super::listen(address).expect_err("it is taken").to_string();
        assert!(error.contains(&address.to_string()) && error.contains("FRONTDESK_LISTEN"), "{error}");
    }
}
