//! What a poll of the server does with one of its clients.

use super::WebSocketServer;
use crate::classes::peer::WebSocketPeer;
use crate::session::host::Host;
use crate::session::news::{self, News};
use crate::session::roster::Roster;
use crate::session::signal;
use godot::prelude::*;
use tungsten_core::Kind;
use tungsten_core::net::StreamId;

/// A signal to emit.
pub(crate) enum Signal {
    News(News),
    PeerConnected(i32),
    PeerDisconnected(i32),
}

impl Host for WebSocketServer {
    type Signal = Signal;

    fn roster(&self) -> &Roster {
        &self.endpoint.roster
    }

    fn roster_mut(&mut self) -> &mut Roster {
        &mut self.endpoint.roster
    }

    fn request_filter(&self) -> Callable {
        self.endpoint.request_filter.clone()
    }

    fn refuses_new(&self) -> bool {
        self.mailbox.refuses_new
    }

    // In a session packets go through this object instead.
    fn listens(&self, signal: &str) -> bool {
        !self.is_multiplayer && signal::has_listeners(self, signal)
    }

    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if !self.roster().holds(stream, peer) {
            return None;
        }
        if !self.is_multiplayer {
            return news::next(self, stream, peer).map(Signal::News);
        }
        if let Some(id) = self.roster().id_of(stream)
            && self.mailbox.inbox.collect(id, &mut peer.bind_mut())
        {
            self.roster_mut().defer(stream);
            return None;
        }
        match news::next(self, stream, peer)? {
            News::Connected(id, ..) => {
                // The first message tells the client who it is.
                peer.bind_mut().send_kind(Kind::Binary, &id.to_le_bytes());
                Some(Signal::PeerConnected(id))
            }
            News::Disconnected(id, ..) => Some(Signal::PeerDisconnected(id)),
            news => Some(Signal::News(news)),
        }
    }

    fn emit(this: &mut Gd<Self>, signal: Signal) {
        match signal {
            Signal::News(news) => news::emit(this, news),
            Signal::PeerConnected(id) => this.signals().peer_connected().emit(i64::from(id)),
            Signal::PeerDisconnected(id) => this.signals().peer_disconnected().emit(i64::from(id)),
        }
    }
}
