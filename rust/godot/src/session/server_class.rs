//! What scripts call of a server with signals, once for all classes.

/// Makes methods and properties of a class out of its field `endpoint`, with `register_server_properties` to be called
/// once the class is registered.
macro_rules! server_class {
    ($class:ident, usage_flags = [$($usage:ident),*]) => {
        #[godot::register::godot_api(secondary)]
        impl $class {
            #[func]
            fn is_listening(&self) -> bool {
                self.endpoint.roster.is_listening()
            }

            #[func]
            fn get_local_port(&self) -> u16 {
                self.endpoint.roster.local_port()
            }

            #[func]
            fn has_peer(&self, id: i32) -> bool {
                self.endpoint.roster.has(id)
            }

            #[func]
            fn get_peer(&self, id: i32) -> Option<Gd<$crate::classes::peer::WebSocketPeer>> {
                self.endpoint.roster.peer(id)
            }

            #[func]
            fn get_peers(&self) -> PackedInt32Array {
                self.endpoint.roster.peers().map(|(id, _)| id).collect()
            }

            #[func]
            fn get_peer_address(&self, id: i32) -> GString {
                self.endpoint.roster.peer(id).map(|peer| peer.bind().get_connected_host()).unwrap_or_default()
            }

            #[func]
            fn get_peer_port(&self, id: i32) -> u16 {
                self.endpoint.roster.peer(id).map_or(0, |peer| peer.bind().get_connected_port())
            }

            // The multiplayer API has a method of this name with other arguments; scripts of Godot 3 mean this one.
            #[func(rename = disconnect_peer)]
            fn disconnect_client(
                &mut self,
                id: i32,
                #[opt(default = 1000)] code: i64,
                #[opt(default = "")] reason: GString,
            ) {
                let place = concat!(stringify!($class), ".disconnect_peer");
                self.endpoint.disconnect(place, id, code, &reason.to_string());
            }

            #[func]
            fn send(
                &mut self,
                id: i32,
                message: PackedByteArray,
                #[opt(default = godot::meta::owned_into_arg($crate::classes::peer::WriteMode::Binary))]
                write_mode: $crate::classes::peer::WriteMode,
            ) -> godot::global::Error {
                self.endpoint.send(id, write_mode.into(), message.as_slice())
            }

            #[func]
            fn send_text(&mut self, id: i32, message: GString) -> godot::global::Error {
                let text = $crate::engine::convert::utf8(&message);
                self.endpoint.send(id, tungsten_core::Kind::Text, text.as_bytes())
            }

            #[func]
            fn broadcast(
                &mut self,
                message: PackedByteArray,
                #[opt(default = godot::meta::owned_into_arg($crate::classes::peer::WriteMode::Binary))]
                write_mode: $crate::classes::peer::WriteMode,
            ) -> godot::global::Error {
                self.endpoint.roster.send(write_mode.into(), message.as_slice(), |_| true)
            }

            #[func]
            fn broadcast_text(&mut self, message: GString) -> godot::global::Error {
                let text = $crate::engine::convert::utf8(&message);
                self.endpoint.roster.send(tungsten_core::Kind::Text, text.as_bytes(), |_| true)
            }

            #[func]
            fn get_bind_ip(&self) -> GString {
                GString::from(&self.endpoint.bind_ip)
            }

            #[func]
            fn set_bind_ip(&mut self, ip: GString) {
                let result = self.endpoint.set_bind_ip(ip.to_string());
                self.settle("bind_ip", result);
            }

            #[func]
            fn get_private_key(&self) -> Option<Gd<godot::classes::CryptoKey>> {
                self.endpoint.private_key.clone()
            }

            #[func]
            fn set_private_key(&mut self, key: Option<Gd<godot::classes::CryptoKey>>) {
                let result = self.endpoint.change(|endpoint| endpoint.private_key = key);
                self.settle("private_key", result);
            }

            #[func]
            fn get_ssl_certificate(&self) -> Option<Gd<godot::classes::X509Certificate>> {
                self.endpoint.ssl_certificate.clone()
            }

            #[func]
            fn set_ssl_certificate(&mut self, certificate: Option<Gd<godot::classes::X509Certificate>>) {
                let result = self.endpoint.change(|endpoint| endpoint.ssl_certificate = certificate);
                self.settle("ssl_certificate", result);
            }

            #[func]
            fn get_ca_chain(&self) -> Option<Gd<godot::classes::X509Certificate>> {
                self.endpoint.ca_chain.clone()
            }

            #[func]
            fn set_ca_chain(&mut self, chain: Option<Gd<godot::classes::X509Certificate>>) {
                let result = self.endpoint.change(|endpoint| endpoint.ca_chain = chain);
                self.settle("ca_chain", result);
            }

            #[func]
            fn get_request_filter(&self) -> Callable {
                self.endpoint.request_filter.clone()
            }

            #[func]
            fn set_request_filter(&mut self, filter: Callable) {
                self.endpoint.set_request_filter(concat!(stringify!($class), ".request_filter"), filter);
            }
        }

        impl $class {
            /// Puts a property in force that was changed; the console hears why not.
            #[track_caller]
            fn settle(&mut self, property: &str, result: Result<(), String>) {
                $crate::classes::property::Configured::change(self, property, |_| result);
            }

            pub(crate) fn register_server_properties() {
                use $crate::classes::property::{begin_group, register};
                use godot::classes::{CryptoKey, X509Certificate};
                use godot::register::info::{PropertyHint, PropertyUsageFlags};

                let usage = $(PropertyUsageFlags::$usage)|*;
                let certificate = Some((PropertyHint::RESOURCE_TYPE, "X509Certificate"));
                register::<Self, GString>("bind_ip", ("get_bind_ip", "set_bind_ip"), None, usage);
                begin_group::<Self>("TLS");
                let key = Some((PropertyHint::RESOURCE_TYPE, "CryptoKey"));
                let accessors = ("get_private_key", "set_private_key");
                register::<Self, Option<Gd<CryptoKey>>>("private_key", accessors, key, usage);
                let accessors = ("get_ssl_certificate", "set_ssl_certificate");
                register::<Self, Option<Gd<X509Certificate>>>("ssl_certificate", accessors, certificate, usage);
                let accessors = ("get_ca_chain", "set_ca_chain");
                register::<Self, Option<Gd<X509Certificate>>>("ca_chain", accessors, certificate, usage);
                // Not shown and not saved: no scene can hold a function.
                let accessors = ("get_request_filter", "set_request_filter");
                register::<Self, Callable>("request_filter", accessors, None, PropertyUsageFlags::NONE);
            }
        }
    };
}

pub(crate) use server_class;
