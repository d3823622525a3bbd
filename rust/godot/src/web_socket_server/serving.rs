//! What a poll of the server does: who comes in, what there is to tell, who goes.

use super::WebSocketServer;
use crate::convert;
use crate::web_socket_peer::{Notice, WebSocketPeer};
use godot::global::Error;
use godot::prelude::*;
use std::time::Instant;
use tungsten_core::net::{Accepted, StreamId};
use tungsten_core::{Event, Guest, Kind, UpgradeRequest};

/// What a filter returns for a client that is welcome.
const WELCOME: i64 = 0;

/// A signal to emit.
enum Signal {
    Connected(i32, GString, GString),
    CloseRequest(i32, i64, GString),
    Data(i32),
    Disconnected(i32, bool),
    PeerConnected(i32),
    PeerDisconnected(i32),
}

impl WebSocketServer {
    /// Polls all connections that have something to do. Handlers may do anything, dropping the last reference
    /// included: nothing is bound while one runs.
    pub(super) fn serve(mut this: Gd<Self>) {
        let rounds = this.bind_mut().begin_poll(Instant::now());
        for _ in 0..rounds {
            let ready = this.bind_mut().roster.next_ready();
            let Some((stream, mut peer)) = ready else { return };
            peer.bind_mut().advance();
            if peer.bind().core().undecided_request().is_some() {
                Self::judge(&this, stream, &mut peer);
            }
            loop {
                let signal = this.bind_mut().next_signal(stream, &mut peer);
                let Some(signal) = signal else { break };
                Self::emit(&this, signal);
            }
            this.bind_mut().roster.settle(stream, &peer);
        }
    }

    /// Accepts who waits. How many connections are to be polled.
    fn begin_poll(&mut self, now: Instant) -> usize {
        let accepted = self.roster.poll(now);
        for Accepted { id, stream, wake } in accepted {
            if self.refuses || self.roster.pending_count() >= self.settings.max_pending_clients {
                continue;
            }
            let guest = Guest {
                stream,
                tls: self.settings.tls.clone(),
                protocols: self.settings.protocols.clone(),
                headers: self.settings.extra_headers.clone(),
                asks: true,
                wake: Some(wake),
            };
            let mut peer = WebSocketPeer::new_gd();
            if self.prepare(&mut peer, guest) == Error::OK {
                self.roster.add(id, peer);
            }
        }
        self.roster.ready_count()
    }

    fn prepare(&self, peer: &mut Gd<WebSocketPeer>, guest: Guest) -> Error {
        let mut peer = peer.bind_mut();
        peer.set_handshake_timeout(self.settings.handshake_timeout.as_secs_f64());
        if let Some(buffers) = self.settings.buffers {
            peer.set_buffers(buffers);
        }
        peer.accept_guest(guest)
    }

    /// The HTTP status with which a request is refused before anybody is asked.
    fn refusal(&self, request: &UpgradeRequest) -> Option<u16> {
        let max = self.settings.max_clients;
        if max > 0 && self.roster.let_in_count() >= max {
            return Some(503);
        }
        let allowed = &self.settings.allowed_origins;
        let is_foreign = |origin: &str| !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
        // Only browsers send an origin, and they always do.
        (!allowed.is_empty() && request.values("origin").any(is_foreign)).then_some(403)
    }

    /// Decides on the request of a client. The filter is a script: nothing is bound while it runs.
    fn judge(this: &Gd<Self>, stream: StreamId, peer: &mut Gd<WebSocketPeer>) {
        let Some((status, question)) = this.bind().first_judgement(peer) else { return };
        let filter = this.bind().filter.clone();
        let status = match status {
            None if filter.is_null() => None,
            None if filter.is_valid() => status_of(&filter.callv(&question)),
            None => {
                // Who guards the door has gone: it stays shut.
                godot_error!("WebSocketServer.request_filter: its object has been freed");
                Some(500)
            }
            status => status,
        };
        // The filter may have stopped the server.
        let mut this = this.clone();
        if this.bind().roster.holds(stream, peer) {
            if status.is_none() {
                this.bind_mut().roster.let_in(stream);
            }
            let mut peer = peer.bind_mut();
            peer.decide(status);
            peer.advance();
        }
    }

    /// The status with which the request of a client is refused, and what the filter is asked; `None` if there is no
    /// request to decide on.
    fn first_judgement(&self, peer: &Gd<WebSocketPeer>) -> Option<(Option<u16>, VarArray)> {
        let peer = peer.bind();
        let request = peer.core().undecided_request()?;
        let target = convert::text(request.target());
        let headers = convert::header_lines(request.headers());
        let question = varray![&target, &headers, &peer.get_connected_host()];
        Some((self.refusal(request), question))
    }

    /// The next signal that a connection gives rise to.
    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<Signal> {
        if !self.roster.holds(stream, peer) {
            return None;
        }
        if self.is_multiplayer
            && let Some(id) = self.roster.id_of(stream)
            && self.collect(id, peer)
        {
            self.roster.defer(stream);
            return None;
        }
        let notice = peer.bind_mut().next_notice()?;
        match (notice, self.roster.id_of(stream)) {
            (Notice::Event(Event::Opened), _) => Some(self.welcome(stream, peer)),
            (Notice::Message, Some(id)) => Some(Signal::Data(id)),
            (Notice::Event(Event::CloseRequested(frame)), Some(id)) => {
                Some(Signal::CloseRequest(id, frame.code.into(), convert::reason(&frame.reason)))
            }
            (Notice::Event(Event::Closed { .. }), Some(id)) if self.is_multiplayer => {
                Some(Signal::PeerDisconnected(id))
            }
            (Notice::Event(Event::Closed { clean }), Some(id)) => Some(Signal::Disconnected(id, clean)),
            // Who has no id was never announced, or the server has stopped.
            (_, None) | (Notice::Event(Event::Failed), _) => None,
        }
    }

    /// A client is in: gives it an id.
    fn welcome(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Signal {
        let id = loop {
            let id = self.base().generate_unique_id();
            match i32::try_from(id) {
                Ok(id @ 2..) if !self.roster.has(id) => break id,
                _ => {}
            }
        };
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

    /// Takes the packets of a client over. Whether there were any: the engine is to read them before it hears that the
    /// client has gone.
    fn collect(&mut self, id: i32, peer: &mut Gd<WebSocketPeer>) -> bool {
        let mut peer = peer.bind_mut();
        let had_any = peer.core().queued_messages() > 0;
        while !self.inbox.is_full()
            && let Some(message) = peer.take_message()
        {
            self.inbox.push(id, message);
        }
        had_any
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

/// What a filter has said: the status to refuse with, or none.
fn status_of(answer: &Variant) -> Option<u16> {
    match answer.try_to::<i64>() {
        Ok(WELCOME) => None,
        Ok(status @ 400..=599) => u16::try_from(status).ok(),
        _ => {
            godot_error!(
                "WebSocketServer.request_filter: it has to return 0 or an HTTP status from 400 to 599, not {answer}"
            );
            Some(500)
        }
    }
}
