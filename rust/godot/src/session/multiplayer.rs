//! What the classes that work as a `MultiplayerPeer` share: what the engine calls, the packets that wait, and the
//! settings of the next one.

use crate::classes::peer::WebSocketPeer;
use godot::classes::multiplayer_peer::{ConnectionStatus, TransferMode};
use godot::global::Error;
use godot::meta::conv::RawPtr;
use godot::obj::{Gd, GodotClass};
use std::collections::VecDeque;
use tungsten_core::Message;

/// The id of a server (`MultiplayerPeer.TARGET_PEER_SERVER`).
pub(crate) const SERVER: i32 = 1;

/// What a packet counts beside its bytes: one without any takes memory too.
const PACKET: usize = 64;

/// Bytes of packets that wait to be read before those of other peers stay where they are: with the peer, and behind it
/// in the network.
const HIGH_WATER: usize = 1 << 20;

/// A class that is a `MultiplayerPeer`; [`multiplayer_class`](crate::session::multiplayer_class) makes it one to the
/// engine.
pub(crate) trait Multiplayer: GodotClass {
    fn mailbox(&self) -> &Mailbox;

    fn mailbox_mut(&mut self) -> &mut Mailbox;

    /// Does what is to be done and emits signals, with nothing bound while a handler runs.
    fn poll_session(this: Gd<Self>);

    /// Leaves the session, or ends it for all: disconnected when it returns, and no signal follows.
    fn end_session(&mut self);

    /// Ends the session with one peer. With `force` it has left when this returns, and no signal follows.
    fn dismiss(&mut self, peer: i32, force: bool);

    fn status(&self) -> ConnectionStatus;

    fn is_server(&self) -> bool;

    /// 0 outside of a session.
    fn unique_id(&self) -> i32;

    /// Whether packets may be read.
    fn may_read(&self) -> bool;

    fn send_packet(&mut self, packet: &[u8]) -> Error;
}

/// Packets on their way in, and where those on their way out go.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    pub(crate) inbox: Inbox,
    pub(crate) outgoing: Outgoing,
    pub(crate) refuses_new: bool,
}

/// Packets of all peers, in the order of their arrival, each with its sender.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    packets: VecDeque<(i32, Message)>,
    bytes: usize,
    /// What the last `get_packet` handed out: the engine reads it until the next one.
    current: Option<Message>,
}

impl Inbox {
    fn push(&mut self, sender: i32, packet: Message) {
        self.bytes += PACKET + packet.payload().len();
        self.packets.push_back((sender, packet));
    }

    fn is_full(&self) -> bool {
        self.bytes >= HIGH_WATER
    }

    pub(crate) fn len(&self) -> i32 {
        i32::try_from(self.packets.len()).unwrap_or(i32::MAX)
    }

    /// Takes the messages of a peer over, as far as there is room. Whether there were any: the engine is to read them
    /// before it hears that the peer has gone.
    pub(crate) fn collect(&mut self, sender: i32, peer: &mut WebSocketPeer) -> bool {
        let had_any = peer.core().queued_messages() > 0;
        while !self.is_full()
            && let Some(message) = peer.take_message()
        {
            self.push(sender, message);
        }
        had_any
    }

    /// Who sent the packet that is read next; the server without one, as the engine's own peer says.
    pub(crate) fn sender(&self) -> i32 {
        self.packets.front().map_or(SERVER, |(sender, _)| *sender)
    }

    /// Forgets the packets, but not the one that the engine may be reading.
    pub(crate) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    /// Takes the next packet out and tells the engine where it is.
    ///
    /// # Errors
    /// [`Error::ERR_UNAVAILABLE`] without one.
    ///
    /// # Safety
    /// Both pointers are those of the virtual `_get_packet`.
    unsafe fn hand_out(
        &mut self,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Result<(), Error> {
        let (_, packet) = self.packets.pop_front().ok_or(Error::ERR_UNAVAILABLE)?;
        self.bytes -= PACKET + packet.payload().len();
        let payload = self.current.insert(packet).payload();
        let size = i32::try_from(payload.len()).map_err(|_| Error::ERR_OUT_OF_MEMORY)?;
        // SAFETY: the caller vouches for the pointers; `current` keeps the bytes until the next packet is taken.
        unsafe {
            *r_buffer.ptr() = RawPtr::new(payload.as_ptr());
            *r_buffer_size.ptr() = size;
        }
        Ok(())
    }
}

/// To whom and how the next packet goes. Everything arrives reliably and in order, whatever the mode.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) target: i32,
    pub(crate) mode: TransferMode,
    pub(crate) channel: i32,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self { target: 0, mode: TransferMode::RELIABLE, channel: 0 }
    }
}

impl Outgoing {
    /// Whether the packet goes to this peer: to one, to all (0), or to all but one (negative).
    pub(crate) fn reaches(&self, peer: i32) -> bool {
        match self.target {
            0 => true,
            target @ 1.. => peer == target,
            target => peer != target.saturating_neg(),
        }
    }
}

/// Hands the next packet to the engine.
///
/// # Errors
/// [`Error::ERR_UNCONFIGURED`] outside of a session, [`Error::ERR_UNAVAILABLE`] without a packet.
///
/// # Safety
/// Both pointers are those of the virtual `_get_packet`.
pub(crate) unsafe fn hand_out(
    class: &mut impl Multiplayer,
    r_buffer: RawPtr<*mut RawPtr<*const u8>>,
    r_buffer_size: RawPtr<*mut i32>,
) -> Result<(), Error> {
    if !class.may_read() {
        return Err(Error::ERR_UNCONFIGURED);
    }
    // SAFETY: the caller vouches for the pointers.
    unsafe { class.mailbox_mut().inbox.hand_out(r_buffer, r_buffer_size) }
}

/// The bytes of the packet that the engine hands to `_put_packet`.
///
/// # Safety
/// The arguments are those of the virtual; the result does not outlive the call.
pub(crate) unsafe fn bytes(buffer: &RawPtr<*const u8>, size: i32) -> Result<&[u8], Error> {
    match usize::try_from(size) {
        Ok(0) => Ok(&[]),
        // SAFETY: the caller vouches for the arguments.
        Ok(size) => Ok(unsafe { std::slice::from_raw_parts(buffer.ptr(), size) }),
        Err(_) => Err(Error::ERR_INVALID_PARAMETER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_names_one_all_or_all_but_one() {
        let reached = |target| {
            let outgoing = Outgoing { target, ..Outgoing::default() };
            [2, 3, 4].into_iter().filter(|peer| outgoing.reaches(*peer)).collect::<Vec<_>>()
        };
        assert_eq!(reached(0), [2, 3, 4]);
        assert_eq!(reached(3), [3]);
        assert_eq!(reached(-3), [2, 4]);
        assert_eq!(reached(9), [] as [i32; 0]);
        assert_eq!(reached(i32::MIN), [2, 3, 4]);
    }
}
