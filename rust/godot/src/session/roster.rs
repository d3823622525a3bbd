//! Who is connected, and who is on the way.

use crate::classes::peer::WebSocketPeer;
use crate::classes::settings::Settings;
use crate::engine::convert;
use crate::load::console::Refusal;
use crate::session::multiplayer::Outgoing;
use godot::global::Error;
use godot::obj::Gd;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::IpAddr;
use std::time::Instant;
use tungsten_core::net::{Accepted, Listener, NextPoll, StreamId, TlsServer};
use tungsten_core::{Encoded, Kind};

/// A connection, from its acceptance to its end.
#[derive(Debug)]
struct Session {
    peer: Gd<WebSocketPeer>,
    /// Once it is open.
    id: Option<i32>,
    /// Its request was accepted.
    is_accepted: bool,
    /// There is more to tell of it, with the next poll.
    has_more: bool,
    /// It is closed; all that is left to tell is that it has gone.
    is_dismissed: bool,
}

/// The listener and all connections.
///
/// Invariant: `ids` has exactly the sessions that have an id, and their requests are accepted.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    listener: Option<Listener>,
    tls: Option<TlsServer>,
    sessions: HashMap<StreamId, Session>,
    ids: BTreeMap<i32, StreamId>,
    /// Those with messages that nobody has read.
    unread: HashSet<StreamId>,
    /// How many sessions have been accepted.
    accepted_count: usize,
    /// No more are accepted; those that are there may finish.
    is_stopping: bool,
}

impl Roster {
    /// Listens on `address` (`*` for all), with TLS if there is one. Whoever was left of an earlier time goes.
    ///
    /// # Errors
    /// Those of the engine's own server, and with `settings` that clients could not be answered with.
    pub(crate) fn listen(
        &mut self,
        port: i64,
        address: &str,
        tls: Option<TlsServer>,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        let port = u16::try_from(port).map_err(|_| Refusal::invalid(format_args!("{port} is no port")))?;
        settings.check_headers().map_err(Refusal::invalid)?;
        let address: Option<IpAddr> = match address {
            "*" => None,
            address => Some(address.parse().map_err(|_| Error::ERR_INVALID_PARAMETER)?),
        };
        let listener = Listener::bind(address, port).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Error::ERR_ALREADY_IN_USE,
            _ => {
                log::info!("listening on port {port} failed: {error}");
                Error::ERR_CANT_CREATE
            }
        })?;
        *self = Self { listener: Some(listener), tls, ..Self::default() };
        Ok(())
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.listener.is_some() && !self.is_stopping
    }

    pub(crate) fn local_port(&self) -> u16 {
        let listener = self.listener.as_ref().filter(|_| self.is_listening());
        listener.and_then(|listener| listener.local_address().ok()).map_or(0, |address| address.port())
    }

    pub(crate) fn tls(&self) -> Option<TlsServer> {
        self.tls.clone()
    }

    /// Stops to accept; the connections that are left are handed out by [`Self::next_ready`] until they have ended.
    pub(crate) fn stop(&mut self) -> Vec<Gd<WebSocketPeer>> {
        self.is_stopping = true;
        if let Some(listener) = &mut self.listener {
            listener.stop_accepting();
        }
        self.ids.clear();
        self.unread.clear();
        self.sessions.retain(|_, session| session.id.take().is_some());
        self.accepted_count = self.sessions.len();
        self.sessions.values().map(|session| session.peer.clone()).collect()
    }

    /// Looks what has happened: the streams that were accepted.
    pub(crate) fn poll(&mut self, now: Instant) -> Vec<Accepted> {
        let Some(listener) = &mut self.listener else { return Vec::new() };
        listener.poll(now);
        if self.is_stopping { Vec::new() } else { listener.accept() }
    }

    /// Ends everything at once, and says 1001 to those that are there.
    pub(crate) fn leave(&mut self) {
        for session in self.sessions.values_mut() {
            session.peer.bind_mut().leave();
        }
        *self = Self::default();
    }

    pub(crate) fn add(&mut self, stream: StreamId, peer: Gd<WebSocketPeer>) {
        self.sessions
            .insert(stream, Session { peer, id: None, is_accepted: false, has_more: false, is_dismissed: false });
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.listener.as_ref().map_or(0, Listener::ready_count)
    }

    /// The next connection to poll; those that are gone are passed over.
    pub(crate) fn next_ready(&mut self) -> Option<(StreamId, Gd<WebSocketPeer>)> {
        let listener = self.listener.as_mut()?;
        loop {
            let stream = listener.next_ready()?;
            if let Some(session) = self.sessions.get(&stream) {
                return Some((stream, session.peer.clone()));
            }
        }
    }

    /// Takes note of when a connection that was polled is to be polled again, or that it is gone.
    pub(crate) fn settle(&mut self, stream: StreamId, polled: &Gd<WebSocketPeer>) {
        if !self.holds(stream, polled) {
            return;
        }
        let (Some(listener), Some(session)) = (&mut self.listener, self.sessions.get_mut(&stream)) else { return };
        let (is_over, next, is_read) = {
            let peer = session.peer.bind();
            (peer.is_over(), peer.core().next_poll(), peer.core().queued_messages() == 0)
        };
        if !is_read {
            self.unread.insert(stream);
        } else if !self.unread.is_empty() {
            self.unread.remove(&stream);
        }
        if std::mem::take(&mut session.has_more) {
            listener.set_next(stream, NextPoll::Now);
        } else if is_over {
            self.remove(stream);
        } else {
            listener.set_next(stream, next);
        }
    }

    /// Keeps what is left to tell for the next poll.
    pub(crate) fn defer(&mut self, stream: StreamId) {
        if let Some(session) = self.sessions.get_mut(&stream) {
            session.has_more = true;
        }
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Has those polled that have messages which nobody has read: somebody listens now.
    pub(crate) fn wake_unread(&mut self) {
        let Some(listener) = &mut self.listener else { return };
        for stream in self.unread.drain() {
            listener.set_next(stream, NextPoll::Now);
        }
    }

    fn remove(&mut self, stream: StreamId) {
        self.unread.remove(&stream);
        if let Some(session) = self.sessions.remove(&stream) {
            self.accepted_count -= usize::from(session.is_accepted);
            if let Some(id) = session.id {
                self.ids.remove(&id);
            }
        }
        if let Some(listener) = &mut self.listener {
            listener.forget(stream);
        }
    }

    /// Gives an open connection an id that nobody has.
    pub(crate) fn assign_id(&mut self, stream: StreamId) -> i32 {
        let id = self.unused_id();
        if let Some(session) = self.sessions.get_mut(&stream) {
            session.id = Some(id);
            self.ids.insert(id, stream);
        }
        id
    }

    fn unused_id(&self) -> i32 {
        loop {
            // Not the random numbers of the game: it may have asked for the same ones each time.
            let drawn = RandomState::new().hash_one(self.ids.len());
            match i32::try_from(drawn >> 33) {
                Ok(id @ 2..) if !self.has(id) => return id,
                _ => {}
            }
        }
    }

    /// Whether this is still the connection of that name: a handler may have stopped the server, and another listener
    /// begins again with its names.
    pub(crate) fn holds(&self, stream: StreamId, peer: &Gd<WebSocketPeer>) -> bool {
        self.sessions.get(&stream).is_some_and(|session| session.peer == *peer)
    }

    pub(crate) fn id_of(&self, stream: StreamId) -> Option<i32> {
        self.sessions.get(&stream)?.id
    }

    pub(crate) fn has(&self, id: i32) -> bool {
        self.ids.contains_key(&id)
    }

    pub(crate) fn peer(&self, id: i32) -> Option<Gd<WebSocketPeer>> {
        let session = self.sessions.get(self.ids.get(&id)?)?;
        Some(session.peer.clone())
    }

    /// Takes note that a connection is closed, by us or by the other side: what is for all is not for this peer.
    pub(crate) fn dismiss(&mut self, id: i32) {
        if let Some(session) = self.ids.get(&id).and_then(|stream| self.sessions.get_mut(stream)) {
            session.is_dismissed = true;
        }
    }

    pub(crate) fn is_dismissed(&self, stream: StreamId) -> bool {
        self.sessions.get(&stream).is_some_and(|session| session.is_dismissed)
    }

    /// Forgets who a connection was, and lets it come to its end without another word.
    pub(crate) fn retire(&mut self, id: i32) {
        if let Some(stream) = self.ids.remove(&id)
            && let Some(session) = self.sessions.get_mut(&stream)
        {
            session.id = None;
        }
    }

    /// All that are open, by id; dismissed ones are passed over.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (i32, &Gd<WebSocketPeer>)> {
        let sessions = self.ids.iter().filter_map(|(id, stream)| Some((*id, self.sessions.get(stream)?)));
        sessions.filter(|(_, session)| !session.is_dismissed).map(|(id, session)| (id, &session.peer))
    }

    /// Sends a message, encoded once, to those that `is_meant` names. An error of one does not keep it from the others;
    /// the last is returned.
    pub(crate) fn send(&self, kind: Kind, payload: &[u8], is_meant: impl Fn(i32) -> bool) -> Error {
        let message = match Encoded::new(kind, payload) {
            Ok(message) => message,
            Err(error) => return convert::send_error(error),
        };
        let meant = self.peers().filter(|(id, _)| is_meant(*id));
        let errors = meant.map(|(_, peer)| peer.clone().bind_mut().send_encoded(&message));
        errors.filter(|error| *error != Error::OK).last().unwrap_or(Error::OK)
    }

    /// Sends a packet to one, all, or all but one.
    pub(crate) fn send_packet(&self, packet: &[u8], to: &Outgoing) -> Error {
        if to.target > 0 {
            let peer = self.peer(to.target);
            return peer
                .map_or(Error::ERR_INVALID_PARAMETER, |mut peer| peer.bind_mut().send_kind(Kind::Binary, packet));
        }
        self.send(Kind::Binary, packet, |id| to.reaches(id))
    }

    /// The request of a client was accepted.
    pub(crate) fn accept_request(&mut self, stream: StreamId) {
        if let Some(session) = self.sessions.get_mut(&stream)
            && !std::mem::replace(&mut session.is_accepted, true)
        {
            self.accepted_count += 1;
        }
    }

    /// How many clients are in, or on the last step.
    pub(crate) fn accepted_count(&self) -> usize {
        self.accepted_count
    }

    pub(crate) fn pending_count(&self) -> usize {
        self.sessions.len() - self.ids.len()
    }
}
