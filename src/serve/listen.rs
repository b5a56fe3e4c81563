//! Connections: how many, how long each may take to say what it wants and to take the answer, and a stop that lets answers
//! under way end.

use super::app::{App, Front};
use super::door;
use super::notice::Notice;
use super::peers::Peers;
use super::stall::Stalls;
use crate::base::{Error, Result, why};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

/// Bounds of connections.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Most at once.
    pub connections_max: usize,
    /// Most at once of one address, where users come themselves: of a proxy there is no such bound.
    pub connections_of_one_max: usize,
    /// How long a handshake, or the head of a request, may take; also how long a connection may lie idle.
    pub head: Duration,
    /// How long sending may stand still.
    pub stall: Duration,
    /// How long answers under way may take once the server is told to stop.
    pub stop_after: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connections_max: 1_024,
            connections_of_one_max: 768,
            head: seconds(15),
            stall: seconds(30),
            stop_after: seconds(10),
        }
    }
}

/// Bytes of an answer that wait in memory for a slow client.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// The pause after a connection that could not be taken, as when there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens.
pub struct Listening {
    address: SocketAddr,
    runtime: Handle,
    stop: watch::Sender<()>,
    /// Ends once every connection has.
    alive: mpsc::Receiver<Infallible>,
    stop_after: Duration,
}

impl Listening {
    /// The address that it got.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections and waits for answers under way, for as long as they may take.
    pub fn stop(mut self) {
        self.stop.send_replace(());
        let ended = async { timeout(self.stop_after, self.alive.recv()).await };
        // Whatever is still under way then ends with the process.
        drop(self.runtime.block_on(ended));
    }
}

/// Listens from now on.
pub(super) fn start(
    runtime: &Handle,
    address: SocketAddr,
    front: Arc<Front>,
    app: Arc<App>,
    rules: Rules,
) -> Result<Listening> {
    let failed = |e: io::Error| Error::usage(format!("--listen {address}: {}", why(&e)));
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, stopped) = watch::channel(());
    let (is_alive, alive) = mpsc::channel(1);
    runtime.spawn(accept(listener, front, app, rules, stopped, is_alive));
    Ok(Listening { address, runtime: runtime.clone(), stop, alive, stop_after: rules.stop_after })
}

async fn accept(
    listener: TcpListener,
    front: Arc<Front>,
    app: Arc<App>,
    rules: Rules,
    mut stopped: watch::Receiver<()>,
    is_alive: mpsc::Sender<Infallible>,
) {
    let places = Arc::new(Semaphore::new(rules.connections_max));
    let peers = Peers::new(match *front {
        Front::Proxy(_) => rules.connections_max,
        Front::Plain | Front::Tls(_) => rules.connections_of_one_max,
    });
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            _ = stopped.changed() => return,
        };
        let Ok((stream, peer)) = taken else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (Ok(place), Some(of_peer)) = (Arc::clone(&places).try_acquire_owned(), peers.place(peer.ip())) else {
            // Dropped: whoever waits in vain may as well know.
            (app.parts.tell)(&Notice::Full);
            continue;
        };
        let (app, front, stopped, is_alive) = (Arc::clone(&app), Arc::clone(&front), stopped.clone(), is_alive.clone());
        tokio::spawn(async move {
            connection(stream, peer.ip(), &front, app, rules, stopped).await;
            drop((place, of_peer, is_alive));
        });
    }
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    front: &Front,
    app: Arc<App>,
    rules: Rules,
    stopped: watch::Receiver<()>,
) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let peer = peer.to_canonical();
    match front {
        Front::Tls(identity) => {
            if let Ok(Ok(stream)) = timeout(rules.head, identity.acceptor().accept(stream)).await {
                serve(stream, peer, app, rules, stopped).await;
            }
        }
        Front::Plain | Front::Proxy(_) => serve(stream, peer, app, rules, stopped).await,
    }
}

async fn serve<S>(stream: S, peer: IpAddr, app: Arc<App>, rules: Rules, mut stopped: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(door::answer(app, peer, request).await) }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(rules.head)
        .max_buf_size(BUFFER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX);
    let mut connection = pin!(server.serve_connection(TokioIo::new(Stalls::new(stream, rules.stall)), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.changed() => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        // Why a connection ends is the client's affair.
        let _ = connection.await;
    }
}
