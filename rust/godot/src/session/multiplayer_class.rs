//! What the engine calls of a `MultiplayerPeer`, once for all classes.

/// Makes a class that is [`Multiplayer`](crate::session::multiplayer::Multiplayer) one to the engine: the virtuals of
/// `MultiplayerPeerExtension`. (gdext wants them on the class itself, so that a generic `impl` will not do.)
macro_rules! multiplayer_class {
    ($class:ident) => {
        #[godot::register::godot_api]
        impl godot::classes::IMultiplayerPeerExtension for $class {
            #[func(gd_self)]
            fn poll(this: Gd<Self>) {
                $crate::session::multiplayer::Multiplayer::poll_session(this);
            }

            // The trait insists on the form that the engine never calls.
            fn poll(&mut self) {
                unreachable!("the form above is registered")
            }

            fn close(&mut self) {
                $crate::session::multiplayer::Multiplayer::end_session(self);
            }

            fn disconnect_peer(&mut self, p_peer: i32, p_force: bool) {
                $crate::session::multiplayer::Multiplayer::dismiss(self, p_peer, p_force);
            }

            fn get_connection_status(&self) -> godot::classes::multiplayer_peer::ConnectionStatus {
                $crate::session::multiplayer::Multiplayer::status(self)
            }

            // A virtual that panics leaves its result unwritten, and a borrow conflict panics before the body runs; so
            // the two that are called for every packet bind themselves, inside a boundary.
            #[func(gd_self)]
            unsafe fn get_packet_rawptr(
                mut this: Gd<Self>,
                r_buffer: godot::meta::conv::RawPtr<*mut godot::meta::conv::RawPtr<*const u8>>,
                r_buffer_size: godot::meta::conv::RawPtr<*mut i32>,
            ) -> godot::global::Error {
                let taken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    // SAFETY: the engine passes pointers to two locals of its own.
                    unsafe { $crate::session::multiplayer::hand_out(&mut *this.bind_mut(), r_buffer, r_buffer_size) }
                }));
                taken.map_or(godot::global::Error::FAILED, $crate::engine::convert::result)
            }

            #[func(gd_self)]
            unsafe fn put_packet_rawptr(
                mut this: Gd<Self>,
                p_buffer: godot::meta::conv::RawPtr<*const u8>,
                p_buffer_size: i32,
            ) -> godot::global::Error {
                // SAFETY: the arguments are those of the virtual.
                let packet = match unsafe { $crate::session::multiplayer::bytes(&p_buffer, p_buffer_size) } {
                    Ok(packet) => packet,
                    Err(error) => return error,
                };
                let sent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    $crate::session::multiplayer::Multiplayer::send_packet(&mut *this.bind_mut(), packet)
                }));
                sent.unwrap_or(godot::global::Error::FAILED)
            }

            fn get_available_packet_count(&self) -> i32 {
                $crate::session::multiplayer::Multiplayer::mailbox(self).inbox.len()
            }

            fn get_max_packet_size(&self) -> i32 {
                i32::MAX
            }

            fn get_packet_channel(&self) -> i32 {
                0
            }

            fn get_packet_mode(&self) -> godot::classes::multiplayer_peer::TransferMode {
                godot::classes::multiplayer_peer::TransferMode::RELIABLE
            }

            fn get_packet_peer(&self) -> i32 {
                $crate::session::multiplayer::Multiplayer::mailbox(self).inbox.sender()
            }

            fn set_transfer_channel(&mut self, p_channel: i32) {
                $crate::session::multiplayer::Multiplayer::mailbox_mut(self).outgoing.channel = p_channel;
            }

            fn get_transfer_channel(&self) -> i32 {
                $crate::session::multiplayer::Multiplayer::mailbox(self).outgoing.channel
            }

            fn set_transfer_mode(&mut self, p_mode: godot::classes::multiplayer_peer::TransferMode) {
                $crate::session::multiplayer::Multiplayer::mailbox_mut(self).outgoing.mode = p_mode;
            }

            fn get_transfer_mode(&self) -> godot::classes::multiplayer_peer::TransferMode {
                $crate::session::multiplayer::Multiplayer::mailbox(self).outgoing.mode
            }

            fn set_target_peer(&mut self, p_peer: i32) {
                $crate::session::multiplayer::Multiplayer::mailbox_mut(self).outgoing.target = p_peer;
            }

            fn is_server(&self) -> bool {
                $crate::session::multiplayer::Multiplayer::is_server(self)
            }

            fn get_unique_id(&self) -> i32 {
                $crate::session::multiplayer::Multiplayer::unique_id(self)
            }

            fn is_server_relay_supported(&self) -> bool {
                true
            }

            fn set_refuse_new_connections(&mut self, p_enable: bool) {
                $crate::session::multiplayer::Multiplayer::mailbox_mut(self).refuses_new = p_enable;
            }

            fn is_refusing_new_connections(&self) -> bool {
                $crate::session::multiplayer::Multiplayer::mailbox(self).refuses_new
            }
        }
    };
}

pub(crate) use multiplayer_class;
