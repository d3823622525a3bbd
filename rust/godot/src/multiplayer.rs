//! What the classes that work as a `MultiplayerPeer` share: the packets that wait, and the settings of the next one.

use godot::classes::multiplayer_peer::TransferMode;
use godot::global::Error;
use godot::meta::conv::RawPtr;
use std::collections::VecDeque;
use tungsten_core::Message;

/// The id of a server (`MultiplayerPeer.TARGET_PEER_SERVER`).
pub(crate) const SERVER: i32 = 1;

/// Bytes of packets that wait to be read before those of other peers stay where they are: with the peer, and behind it
/// in the network.
const HIGH_WATER: usize = 1 << 20;

/// Packets of all peers, in the order of their arrival, each with its sender.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    packets: VecDeque<(i32, Message)>,
    bytes: usize,
    /// What the last `get_packet` handed out: the engine reads it until the next one.
    current: Option<Message>,
}

impl Inbox {
    pub(crate) fn push(&mut self, sender: i32, packet: Message) {
        self.bytes += packet.payload().len();
        self.packets.push_back((sender, packet));
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= HIGH_WATER
    }

    pub(crate) fn len(&self) -> i32 {
        i32::try_from(self.packets.len()).unwrap_or(i32::MAX)
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
    pub(crate) unsafe fn hand_out(
        &mut self,
        r_buffer: RawPtr<*mut RawPtr<*const u8>>,
        r_buffer_size: RawPtr<*mut i32>,
    ) -> Result<(), Error> {
        let (_, packet) = self.packets.pop_front().ok_or(Error::ERR_UNAVAILABLE)?;
        self.bytes -= packet.payload().len();
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
