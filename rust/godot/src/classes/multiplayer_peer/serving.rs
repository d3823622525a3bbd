//! What a poll of a server does with one of its clients.

use super::WebSocketMultiplayerPeer;
use crate::classes::peer::{Notice, WebSocketPeer};
use crate::session::host::Host;
use crate::session::roster::Roster;
use godot::prelude::*;
use tungsten_core::net::StreamId;
use tungsten_core::{Event, Kind};

/// A client that comes too late for the game may try again (the registry of RFC 6455 §11.7).
const TRY_AGAIN_LATER: i64 = 1013;

/// A signal to emit, with the id of a client.
pub(crate) enum Signal {
    Connected(i32),
    Disconnected(i32),
}

impl Host for WebSocketMultiplayerPeer {
    type Signal = Signal;

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn roster_mut(&mut self) -> &mut Roster {
        &mut self.roster
    }

    fn request_filter(&self) -> Callable {
        self.filter.clone()
    }

    fn refuses_new(&self) -> bool {
        self.mailbox.refuses_new
    }

    fn next_signal(&mut self, stream: StreamId, connection: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if !self.roster.holds(stream, connection) {
            return None;
        }
        let mut peer = connection.bind_mut();
        let Some(id) = self.roster.id_of(stream) else {
            return loop {
                match peer.next_notice()? {
                    Notice::Event(Event::Opened) => break self.assign_id(stream, &mut peer),
                    // Whoever was told to leave is not listened to.
                    Notice::Data | Notice::Message(_) => drop(peer.take_message()),
                    Notice::Event(_) => {}
                }
            };
        };
        if self.roster.is_dismissed(stream) {
            return Some(Signal::Disconnected(id));
        }
        if self.mailbox.inbox.collect(id, &mut peer) {
            self.roster.defer(stream);
            return None;
        }
        loop {
            if let Notice::Event(Event::Closed { .. }) = peer.next_notice()? {
                self.note_error(peer.core().error());
                self.roster.dismiss(id);
                return Some(Signal::Disconnected(id));
            }
        }
    }

    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::Connected(id) => this.signals().peer_connected().emit(i64::from(id)),
            Signal::Disconnected(id) => {
                // The peer can be asked about its end until everybody knows.
                this.signals().peer_disconnected().emit(i64::from(id));
                this.bind_mut().roster.retire(id);
            }
        }
    }
}

impl WebSocketMultiplayerPeer {
    /// A client is in: gives it an id and tells it who it is.
    fn assign_id(&mut self, stream: StreamId, peer: &mut WebSocketPeer) -> Option<Signal> {
        if self.mailbox.refuses_new {
            peer.close_for("WebSocketMultiplayerPeer.poll", TRY_AGAIN_LATER, "no new players now");
            return None;
        }
        let id = self.roster.assign_id(stream);
        peer.send_kind(Kind::Binary, &id.to_le_bytes());
        Some(Signal::Connected(id))
    }
}
