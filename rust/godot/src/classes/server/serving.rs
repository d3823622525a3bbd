//! What a poll of the server does: who comes in, what there is to tell, who goes.

use super::WebSocketServer;
use super::filter::{self, Question};
use crate::classes::peer::{Notice, WebSocketPeer};
use crate::engine::convert;
use crate::load::console;
use crate::session::hosting::Host;
use crate::session::roster::Roster;
use godot::global::Error;
use godot::prelude::*;
use tungsten_core::net::{Accepted, StreamId};
use tungsten_core::{Event, Guest, Kind, Rejection, UpgradeRequest};

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

    fn roster(&mut self) -> &mut Roster {
        &mut self.roster
    }

    fn welcome_stream(&mut self, accepted: Accepted) -> Option<Gd<WebSocketPeer>> {
        if self.mailbox.refuses_new || self.roster.pending_count() >= self.settings.max_pending_clients {
            return None;
        }
        let guest = Guest {
            stream: accepted.stream,
            tls: self.settings.tls.clone(),
            protocols: self.settings.protocols.clone(),
            headers: self.settings.extra_headers.clone(),
            asks: true,
            wake: Some(accepted.wake),
        };
        let mut peer = WebSocketPeer::new_gd();
        (self.prepare(&mut peer, guest) == Error::OK).then_some(peer)
    }

    // The filter is a script.
    fn judge(this: &Gd<Self>, stream: StreamId, peer: &mut Gd<WebSocketPeer>) {
        let Some((rejection, question)) = this.bind().first_judgement(peer) else { return };
        let filter = this.bind().filter.clone();
        let rejection = match rejection {
            None if filter.is_null() => None,
            None => filter::ask(&filter, &question).unwrap_or_else(|reason| {
                console::error("WebSocketServer.request_filter", reason);
                Some(Rejection::with_status(500))
            }),
            rejection => rejection,
        };
        // The filter may have stopped the server.
        let mut this = this.clone();
        if this.bind().roster.holds(stream, peer) {
            if rejection.is_none() {
                this.bind_mut().roster.let_in(stream);
            }
            let mut peer = peer.bind_mut();
            peer.decide(rejection.as_ref());
            peer.advance();
        }
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
            (Notice::Event(Event::Opened), _) => Some(self.welcome(stream, peer)),
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

    fn emit(this: &Gd<Self>, signal: Signal) {
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
    fn prepare(&self, peer: &mut Gd<WebSocketPeer>, guest: Guest) -> Error {
        let mut peer = peer.bind_mut();
        peer.set_handshake_timeout(self.settings.handshake_timeout.as_secs_f64());
        peer.set_compression(self.settings.compression);
        if let Some(buffers) = self.settings.buffers {
            peer.set_buffers(buffers);
        }
        peer.accept_guest(guest)
    }

    /// How a request is refused before anybody is asked, if it is.
    fn refusal(&self, request: &UpgradeRequest) -> Option<Rejection> {
        let max = self.settings.max_clients;
        if max > 0 && self.roster.let_in_count() >= max {
            return Some(Rejection::with_status(503));
        }
        let allowed = &self.settings.allowed_origins;
        let is_foreign = |origin: &str| !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
        // Only browsers send an origin, and they always do.
        let is_out = !allowed.is_empty() && request.values("origin").any(is_foreign);
        is_out.then(|| Rejection::with_status(403))
    }

    /// How the request of a client is refused, if it is, and what the filter is asked; `None` if there is no request to
    /// decide on.
    fn first_judgement(&self, peer: &Gd<WebSocketPeer>) -> Option<(Option<Rejection>, Question)> {
        let peer = peer.bind();
        let request = peer.core().undecided_request()?;
        let target = convert::text(request.target());
        let headers = convert::header_lines(request.headers());
        let question = [target.to_variant(), headers.to_variant(), peer.get_connected_host().to_variant()];
        Some((self.refusal(request), question))
    }

    /// A client is in: gives it an id.
    fn welcome(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Signal {
        let id = self.roster.unused_id(|| self.base().generate_unique_id());
        self.roster.admit(stream, id);
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
