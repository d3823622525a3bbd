//! A client's place in a session.

use super::{Inbox, SERVER};
use crate::web_socket_peer::{Notice, WebSocketPeer};
use godot::obj::Gd;
use std::time::{Duration, Instant};
use tungsten_core::{CloseFrame, Error, ErrorKind, Event, Phase, ReadyState};

/// Who a client is to a server, and how it comes to know.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    /// Told by the server in its first message; 0 before.
    id: i32,
    /// How long the server may take for that.
    timeout: Duration,
    /// When it has taken too long.
    deadline: Option<Instant>,
    /// With which close frame the server has sent the client away before that.
    turned_away: Option<CloseFrame>,
}

/// What has become of it.
#[derive(Debug)]
pub(crate) enum Step {
    /// The server has let the client in.
    Joined,
    /// The server wants to close the connection.
    CloseRequested(CloseFrame),
    /// The client was in, and the connection is over.
    Left,
    /// The client never came in. Without an error it has left of its own accord.
    NotJoined(Option<Error>),
}

impl Membership {
    /// Of a connection that is being opened. `timeout` is for the id alone.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, ..Self::default() }
    }

    /// 0 until the client is in, and again when it has left.
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// Everybody knows that the client has left.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// The next step that a poll of `peer` gives rise to. Packets go into the inbox.
    pub(crate) fn next(&mut self, peer: &mut Gd<WebSocketPeer>, inbox: &mut Inbox, now: Instant) -> Option<Step> {
        let mut peer = peer.bind_mut();
        loop {
            if self.id == 0 {
                if self.deadline.is_some_and(|deadline| now >= deadline) {
                    let message = format!("the server has not said within {:?} who the client is", self.timeout);
                    return Some(give_up(
                        &mut peer,
                        Error::new(Phase::Handshake, ErrorKind::HandshakeTimeout, message),
                    ));
                }
            } else if inbox.collect(SERVER, &mut peer) {
                return None;
            }
            match peer.next_notice()? {
                Notice::Message => return Some(self.read_id(&mut peer)),
                Notice::Event(Event::Opened) => self.deadline = Some(now + self.timeout),
                Notice::Event(Event::CloseRequested(frame)) => {
                    if self.id == 0 {
                        self.turned_away = Some(frame.clone());
                    }
                    return Some(Step::CloseRequested(frame));
                }
                Notice::Event(Event::Closed { .. }) if self.id != 0 => return Some(Step::Left),
                Notice::Event(Event::Closed { .. } | Event::Failed) => {
                    let error = peer.core().error().cloned();
                    return Some(Step::NotJoined(error.or_else(|| self.turned_away.take().map(Error::turned_away))));
                }
            }
        }
    }

    /// The first message of a server is the id of the client: four bytes, little endian, at least 2.
    fn read_id(&mut self, peer: &mut WebSocketPeer) -> Step {
        let message = peer.take_message();
        let bytes = message.as_ref().and_then(|message| message.payload().try_into().ok());
        match bytes.map(i32::from_le_bytes) {
            Some(id @ 2..) if peer.core().state() == ReadyState::Open => {
                *self = Self { id, timeout: self.timeout, ..Self::default() };
                Step::Joined
            }
            _ => {
                let message = "the first message of the server is not the id of a client";
                give_up(peer, Error::new(Phase::Handshake, ErrorKind::ProtocolViolation, message))
            }
        }
    }
}

/// Whoever is on the other side does not speak the format of Godot: there is nothing to wait for.
fn give_up(peer: &mut WebSocketPeer, error: Error) -> Step {
    peer.close_with(1002, "no id".into());
    Step::NotJoined(Some(error))
}
