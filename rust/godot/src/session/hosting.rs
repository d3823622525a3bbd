//! What a poll does with the clients of a class that lets them in.

use crate::classes::peer::WebSocketPeer;
use crate::load::console;
use crate::session::delivery::MESSAGE_RECEIVED;
use crate::session::host::Host;
use crate::session::{admission, signal};
use godot::global::Error;
use godot::obj::Gd;
use std::time::{Duration, Instant};
use tungsten_core::Guest;
use tungsten_core::net::Accepted;

/// Time that a poll may spend on its clients, half a frame at 60 frames a second. Who was not served is first in the
/// next poll. What handlers take does not count: it is the game's own.
const BUDGET: Duration = Duration::from_millis(8);

/// Polls the connections that have something to do, as many as there is time for. Handlers may do anything, dropping
/// the last reference included: nothing is bound while one runs.
pub(crate) fn serve<H: Host>(mut this: Gd<H>) {
    let started = Instant::now();
    let rounds = begin(&mut *this.bind_mut(), started);
    let mut spent = started.elapsed();
    for _ in 0..rounds {
        let ready = this.bind_mut().roster_mut().next_ready();
        let Some((stream, mut peer)) = ready else { return };
        let started = Instant::now();
        peer.bind_mut().advance();
        spent += started.elapsed();
        admission::accept_request(&mut this, stream, &mut peer);
        signal::emit_all(&mut this, |host| host.next_signal(stream, &mut peer), H::emit);
        if !this.is_instance_valid() {
            return;
        }
        this.bind_mut().roster_mut().settle(stream, &peer);
        if spent >= BUDGET {
            return;
        }
    }
}

/// Accepts who waits. How many connections are to be polled.
fn begin<H: Host>(host: &mut H, now: Instant) -> usize {
    for accepted in host.roster_mut().poll(now) {
        accept_stream(host, accepted);
    }
    if host.roster().has_unread() && host.listens(MESSAGE_RECEIVED) {
        host.roster_mut().wake_unread();
    }
    host.roster().ready_count()
}

/// Begins to serve a stream, or hangs up.
fn accept_stream<H: Host>(host: &mut H, accepted: Accepted) {
    let settings = host.settings();
    if host.refuses_new() || host.roster().pending_count() >= settings.max_pending_clients {
        return;
    }
    let Accepted { id, stream, wake } = accepted;
    let guest = Guest { tls: host.roster().tls(), asks: true, wake: Some(wake), ..settings.guest(stream) };
    let mut peer = WebSocketPeer::with_settings(settings.clone());
    let result = peer.bind_mut().accept(guest);
    if console::outcome("WebSocketPeer.accept_stream", result) == Error::OK {
        host.roster_mut().add(id, peer);
    }
}
