//! What servers with signals have in common: where they listen, as whom, and who is there.

use crate::classes::settings::Settings;
use crate::engine::tls;
use crate::load::console::{self, Refusal};
use crate::session::filter;
use crate::session::roster::Roster;
use godot::builtin::Callable;
use godot::classes::{CryptoKey, X509Certificate};
use godot::global::Error;
use godot::obj::Gd;
use std::net::IpAddr;
use tungsten_core::net::TlsServer;
use tungsten_core::{CloseFrame, Kind};

/// The part of a server that [`server_class`](crate::session::server_class) makes methods and properties of. `place` is
/// always a class by its plain name and a member.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) bind_ip: String,
    pub(crate) private_key: Option<Gd<CryptoKey>>,
    pub(crate) ssl_certificate: Option<Gd<X509Certificate>>,
    pub(crate) ca_chain: Option<Gd<X509Certificate>>,
    pub(crate) request_filter: Callable,
    pub(crate) roster: Roster,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            bind_ip: "*".to_owned(),
            private_key: None,
            ssl_certificate: None,
            ca_chain: None,
            request_filter: Callable::invalid(),
            roster: Roster::default(),
        }
    }
}

impl Endpoint {
    pub(crate) fn listen(&mut self, port: i64, settings: &Settings) -> Result<(), Refusal> {
        if self.roster.is_listening() {
            return Err(Error::ERR_ALREADY_IN_USE.into());
        }
        if let Some(reason) = self.doubt() {
            return Err(Refusal::invalid(reason));
        }
        let tls = self.tls().map_err(Refusal::invalid)?;
        self.roster.listen(port, &self.bind_ip, tls, settings)
    }

    /// What is missing before it can listen.
    pub(crate) fn doubt(&self) -> Option<String> {
        let is_half = self.private_key.is_some() != self.ssl_certificate.is_some();
        is_half.then(|| "TLS needs both private_key and ssl_certificate".to_owned())
    }

    /// TLS if there is a key and a certificate.
    fn tls(&self) -> Result<Option<TlsServer>, String> {
        let identity = self.private_key.as_ref().zip(self.ssl_certificate.as_ref());
        identity.map(|(key, certificate)| tls::server(key, certificate, self.ca_chain.as_ref())).transpose()
    }

    /// Stops to listen and closes all connections. Whether it has: without a code that can be sent nobody could be told.
    #[track_caller]
    pub(crate) fn stop(&mut self, place: &str, code: i64, reason: &str) -> bool {
        if code >= 0
            && let Err(error) = CloseFrame::to_send(code, reason)
        {
            console::error(place, error);
            return false;
        }
        for mut peer in self.roster.stop() {
            peer.bind_mut().close_for(place, code, reason);
        }
        true
    }

    #[track_caller]
    pub(crate) fn disconnect(&mut self, place: &str, id: i32, code: i64, reason: &str) {
        match self.roster.peer(id) {
            Some(mut peer) => peer.bind_mut().close_for(place, code, reason),
            None => console::error(place, format_args!("there is no peer {id}")),
        }
    }

    /// Who has left meanwhile is no mistake of the game, so the console hears nothing.
    pub(crate) fn send(&mut self, id: i32, kind: Kind, payload: &[u8]) -> Error {
        let peer = self.roster.peer(id);
        peer.map_or(Error::ERR_INVALID_PARAMETER, |mut peer| peer.bind_mut().send_kind(kind, payload))
    }

    pub(crate) fn set_bind_ip(&mut self, ip: String) -> Result<(), String> {
        if ip != "*" && ip.parse::<IpAddr>().is_err() {
            return Err(format!("{ip:?} is neither an address nor \"*\""));
        }
        self.change(|endpoint| endpoint.bind_ip = ip)
    }

    /// Changes what needs a restart.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), String> {
        if self.roster.is_listening() {
            return Err("it cannot be changed while the server is listening".to_owned());
        }
        change(self);
        Ok(())
    }

    #[track_caller]
    pub(crate) fn set_request_filter(&mut self, place: &str, filter: Callable) {
        filter::warn_of(place, &filter);
        self.request_filter = filter;
    }
}
