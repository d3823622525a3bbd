//! What a poll of the server does: who comes in, what there is to tell, who goes.

use super::WebSocketServer;
use crate::classes::peer::{Notice, WebSocketPeer};
use crate::engine::convert;
use crate::session::host::Host;
use crate::session::roster::Roster;
use godot::prelude::*;
use tungsten_core::net::StreamId;
use tungsten_core::{Event, Kind, UpgradeRequest};

/// A signal to emit.
pub(crate) enum Signal {
    Connected(i32, GString, GString),
    CloseRequest(i32, i64, GString),
    Data(i32),
    Disconnected(i32, bool),
    PeerConnected(i32),
    PeerDisconnected(i32),
}

impl Host for WebSocketServer {
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

    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if !self.roster.holds(stream, peer) {
            return None;
        }
        if self.is_multiplayer
            && let Some(id) = self.roster.id_of(stream)
            && self.mailbox.inbox.collect(id, &mut peer.bind_mut())
        {
            self.roster.defer(stream);
            return None;
        }
        let notice = peer.bind_mut().next_notice()?;
        match (notice, self.roster.id_of(stream)) {
            (Notice::Event(Event::Opened), _) => Some(self.assign_id(stream, peer)),
            (Notice::Message, Some(id)) => Some(Signal::Data(id)),
            (Notice::Event(Event::CloseRequested(frame)), Some(id)) => {
                Some(Signal::CloseRequest(id, frame.code().into(), convert::reason(frame.reason())))
            }
            (Notice::Event(Event::Closed { .. }), Some(id)) if self.is_multiplayer => {
                Some(Signal::PeerDisconnected(id))
            }
            (Notice::Event(Event::Closed { clean }), Some(id)) => Some(Signal::Disconnected(id, clean)),
            // Who has no id was never announced, or the server has stopped.
            (_, None) | (Notice::Event(Event::Failed), _) => None,
        }
    }

    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::Connected(id, protocol, resource) => {
                this.signals().client_connected().emit(i64::from(id), &protocol, &resource);
            }
            Signal::CloseRequest(id, code, reason) => {
                this.signals().client_close_request().emit(i64::from(id), code, &reason)
            }
            Signal::Data(id) => this.signals().data_received().emit(i64::from(id)),
            Signal::Disconnected(id, clean) => this.signals().client_disconnected().emit(i64::from(id), clean),
            Signal::PeerConnected(id) => this.signals().peer_connected().emit(i64::from(id)),
            Signal::PeerDisconnected(id) => this.signals().peer_disconnected().emit(i64::from(id)),
        }
    }
}

impl WebSocketServer {
    /// A client is in: gives it an id.
    fn assign_id(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Signal {
        let id = self.roster.unused_id(|| self.base().generate_unique_id());
        self.roster.assign_id(stream, id);
        let mut peer = peer.bind_mut();
        if self.is_multiplayer {
            // The first message tells the client who it is.
            peer.send_kind(Kind::Binary, &id.to_le_bytes());
            return Signal::PeerConnected(id);
        }
        let core = peer.core();
        let target = core.request().map(UpgradeRequest::target).unwrap_or_default();
        Signal::Connected(id, convert::text(core.protocol()), convert::text(target))
    }
}
