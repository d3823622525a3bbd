//! Who is connected, and who is on the way.

use crate::web_socket_peer::{Buffers, WebSocketPeer};
use godot::obj::Gd;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tungsten_core::net::{Accepted, Listener, Next, StreamId, TlsServer};

/// The properties of a server that need no engine.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) protocols: Vec<String>,
    pub(super) extra_headers: Vec<String>,
    pub(super) bind_ip: String,
    pub(super) handshake_timeout: Duration,
    pub(super) buffers: Option<Buffers>,
    /// 0 sets no bound.
    pub(super) max_clients: usize,
    pub(super) max_pending_clients: usize,
    pub(super) allowed_origins: Vec<String>,
    pub(super) tls: Option<TlsServer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            extra_headers: Vec::new(),
            bind_ip: "*".to_owned(),
            // The value of Godot 3.
            handshake_timeout: Duration::from_secs(3),
            buffers: None,
            max_clients: 0,
            max_pending_clients: 1024,
            allowed_origins: Vec::new(),
            tls: None,
        }
    }
}

/// A connection, from its acceptance to its end.
#[derive(Debug)]
struct Session {
    peer: Gd<WebSocketPeer>,
    /// Once it is open.
    id: Option<i32>,
    /// Its request was accepted.
    is_let_in: bool,
    /// There is more to tell of it, with the next poll.
    has_more: bool,
}

/// The listener and all connections.
///
/// Invariant: `ids` has exactly the sessions that have an id, and they are let in.
#[derive(Debug, Default)]
pub(super) struct Roster {
    listener: Option<Listener>,
    sessions: HashMap<StreamId, Session>,
    ids: BTreeMap<i32, StreamId>,
    /// How many sessions are let in.
    let_in_count: usize,
    /// No more are accepted; those that are there may finish.
    is_stopping: bool,
}

impl Roster {
    /// Listens on `address` (`*` for all). Whoever was left of an earlier time goes.
    pub(super) fn listen(&mut self, address: &str, port: u16) -> io::Result<()> {
        let address: Option<IpAddr> = match address {
            "*" => None,
            address => Some(address.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?),
        };
        *self = Self { listener: Some(Listener::bind(address, port)?), ..Self::default() };
        Ok(())
    }

    pub(super) fn is_listening(&self) -> bool {
        self.listener.is_some() && !self.is_stopping
    }

    pub(super) fn local_port(&self) -> u16 {
        let listener = self.listener.as_ref().filter(|_| self.is_listening());
        listener.and_then(|listener| listener.local_address().ok()).map_or(0, |address| address.port())
    }

    /// Stops to accept; the connections that are left are handed out by [`Self::next_ready`] until they have ended.
    pub(super) fn stop(&mut self) -> Vec<Gd<WebSocketPeer>> {
        self.is_stopping = true;
        if let Some(listener) = &mut self.listener {
            listener.stop_accepting();
        }
        self.ids.clear();
        self.sessions.retain(|_, session| session.id.take().is_some());
        self.let_in_count = self.sessions.len();
        self.sessions.values().map(|session| session.peer.clone()).collect()
    }

    /// Looks what has happened: the streams that were accepted.
    pub(super) fn poll(&mut self, now: Instant) -> Vec<Accepted> {
        let Some(listener) = &mut self.listener else { return Vec::new() };
        listener.poll(now);
        if self.is_stopping { Vec::new() } else { listener.accept() }
    }

    pub(super) fn add(&mut self, stream: StreamId, peer: Gd<WebSocketPeer>) {
        self.sessions.insert(stream, Session { peer, id: None, is_let_in: false, has_more: false });
    }

    pub(super) fn ready_count(&self) -> usize {
        self.listener.as_ref().map_or(0, Listener::ready_count)
    }

    /// The next connection to poll; those that are gone are passed over.
    pub(super) fn next_ready(&mut self) -> Option<(StreamId, Gd<WebSocketPeer>)> {
        let listener = self.listener.as_mut()?;
        loop {
            let stream = listener.next_ready()?;
            if let Some(session) = self.sessions.get(&stream) {
                return Some((stream, session.peer.clone()));
            }
        }
    }

    /// Takes note of when a connection that was polled is to be polled again, or that it is gone.
    pub(super) fn settle(&mut self, stream: StreamId, polled: &Gd<WebSocketPeer>) {
        if !self.holds(stream, polled) {
            return;
        }
        let (Some(listener), Some(session)) = (&mut self.listener, self.sessions.get_mut(&stream)) else { return };
        let (is_over, next) = {
            let peer = session.peer.bind();
            (peer.is_over(), peer.core().next_poll())
        };
        if std::mem::take(&mut session.has_more) {
            listener.set_next(stream, Next::Now);
        } else if is_over {
            self.remove(stream);
        } else {
            listener.set_next(stream, next);
        }
    }

    /// Keeps what is left to tell for the next poll.
    pub(super) fn defer(&mut self, stream: StreamId) {
        if let Some(session) = self.sessions.get_mut(&stream) {
            session.has_more = true;
        }
    }

    fn remove(&mut self, stream: StreamId) {
        if let Some(session) = self.sessions.remove(&stream) {
            self.let_in_count -= usize::from(session.is_let_in);
            if let Some(id) = session.id {
                self.ids.remove(&id);
            }
        }
        if let Some(listener) = &mut self.listener {
            listener.forget(stream);
        }
    }

    /// Gives an open connection its id.
    pub(super) fn admit(&mut self, stream: StreamId, id: i32) {
        if let Some(session) = self.sessions.get_mut(&stream) {
            session.id = Some(id);
            self.ids.insert(id, stream);
        }
    }

    /// Whether this is still the connection of that name: a handler may have stopped the server, and another listener
    /// begins again with its names.
    pub(super) fn holds(&self, stream: StreamId, peer: &Gd<WebSocketPeer>) -> bool {
        self.sessions.get(&stream).is_some_and(|session| session.peer == *peer)
    }

    pub(super) fn id_of(&self, stream: StreamId) -> Option<i32> {
        self.sessions.get(&stream)?.id
    }

    pub(super) fn has(&self, id: i32) -> bool {
        self.ids.contains_key(&id)
    }

    pub(super) fn peer(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        let session = self.sessions.get(self.ids.get(&id)?)?;
        Some(session.peer.clone())
    }

    /// All that are open, by id.
    pub(super) fn peers(&self) -> impl Iterator<Item = (i32, &Gd<WebSocketPeer>)> {
        self.ids.iter().filter_map(|(id, stream)| Some((*id, &self.sessions.get(stream)?.peer)))
    }

    /// The request of a client was accepted.
    pub(super) fn let_in(&mut self, stream: StreamId) {
        if let Some(session) = self.sessions.get_mut(&stream)
            && !std::mem::replace(&mut session.is_let_in, true)
        {
            self.let_in_count += 1;
        }
    }

    /// How many clients are in, or on the last step.
    pub(super) fn let_in_count(&self) -> usize {
        self.let_in_count
    }

    pub(super) fn pending_count(&self) -> usize {
        self.sessions.len() - self.ids.len()
    }
}
