//! A way to a server that can be closed: connections are passed on, answered with too many requests, or cut.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They reach the server.
    Pass,
    /// Each is answered that there were too many.
    Throttle,
    /// They are cut.
    Refuse,
}

/// A gate before a server.
pub struct Gate {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    mode: Mode,
    connections: usize,
    open: Vec<TcpStream>,
}

const TOO_MANY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/x-amz-json-1.0\r\n\
    x-amzn-query-error: ThrottlingException;Sender\r\nContent-Length: 39\r\nConnection: close\r\n\r\n\
    {\"__type\":\"ThrottlingException\",\"a\":\"\"}";

impl Gate {
    /// An open gate before the server at this address.
    pub fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new(Mutex::new(State { mode: Mode::Pass, connections: 0, open: Vec::new() }));
        let gate = Self { address: listener.local_addr().unwrap(), state: Arc::clone(&state) };
        let server = server.to_owned();
        spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mode = {
                    let mut state = state.lock().unwrap();
                    state.connections += 1;
                    state.open.push(client.try_clone().unwrap());
                    state.mode
                };
                match mode {
                    Mode::Pass => pass(client, &server),
                    Mode::Throttle => drop(spawn(move || throttle(client))),
                    Mode::Refuse => drop(client.shutdown(Shutdown::Both)),
                }
            }
        });
        gate
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were made so far.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Changes what becomes of connections, and cuts those that are open.
    pub fn set(&self, mode: Mode) {
        let mut state = self.state.lock().unwrap();
        state.mode = mode;
        state.open.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

fn pass(client: TcpStream, server: &str) {
    let Ok(server) = TcpStream::connect(server) else { return };
    for (mut from, mut to) in [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))]
        .into_iter()
        .map(|(from, to)| (from.unwrap(), to.unwrap()))
    {
        spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}

fn throttle(mut client: TcpStream) {
    // Whatever is asked; a request of the queue fits into one read.
    let _ = client.read(&mut [0; 64 << 10]);
    let _ = client.write_all(TOO_MANY.as_bytes());
    let _ = client.shutdown(Shutdown::Both);
}
