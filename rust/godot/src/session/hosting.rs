//! What the classes share that let clients in: who is there, and how a poll serves them.

use crate::classes::peer::WebSocketPeer;
use crate::session::roster::Roster;
use godot::obj::bounds::DeclUser;
use godot::obj::{Bounds, Gd, GodotClass};
use std::time::{Duration, Instant};
use tungsten_core::net::{Accepted, StreamId};

/// Time that a poll may spend on its clients, half a frame at 60 frames a second. Who was not served is first in the next
/// poll. What handlers take does not count: it is the game's own.
const BUDGET: Duration = Duration::from_millis(8);

/// A class that lets clients in.
pub(crate) trait Host: GodotClass + Bounds<Declarer = DeclUser> {
    /// What it emits.
    type Signal;

    fn roster(&mut self) -> &mut Roster;

    /// Begins to serve a stream that was accepted; `None` hangs up.
    fn welcome_stream(&mut self, accepted: Accepted) -> Option<Gd<WebSocketPeer>>;

    /// Decides on the request of a client, if it waits for that. Nothing is bound.
    fn judge(_this: &Gd<Self>, _stream: StreamId, _peer: &mut Gd<WebSocketPeer>) {}

    /// The next signal that a connection gives rise to.
    fn next_signal(&mut self, stream: StreamId, peer: &mut Gd<WebSocketPeer>) -> Option<Self::Signal>;

    /// Emits a signal. Nothing is bound.
    fn emit(this: &Gd<Self>, signal: Self::Signal);
}

/// Polls the connections that have something to do, as many as there is time for. Handlers may do anything, dropping the
/// last reference included: nothing is bound while one runs.
pub(crate) fn serve<H: Host>(mut this: Gd<H>) {
    let started = Instant::now();
    let rounds = begin(&mut *this.bind_mut(), started);
    let mut spent = started.elapsed();
    for _ in 0..rounds {
        let ready = this.bind_mut().roster().next_ready();
        let Some((stream, mut peer)) = ready else { return };
        let started = Instant::now();
        peer.bind_mut().advance();
        spent += started.elapsed();
        H::judge(&this, stream, &mut peer);
        loop {
            let signal = this.bind_mut().next_signal(stream, &mut peer);
            let Some(signal) = signal else { break };
            H::emit(&this, signal);
        }
        this.bind_mut().roster().settle(stream, &peer);
        if spent >= BUDGET {
            return;
        }
    }
}

/// Accepts who waits. How many connections are to be polled.
fn begin<H: Host>(host: &mut H, now: Instant) -> usize {
    for accepted in host.roster().poll(now) {
        let stream = accepted.id;
        if let Some(peer) = host.welcome_stream(accepted) {
            host.roster().add(stream, peer);
        }
    }
    host.roster().ready_count()
}
