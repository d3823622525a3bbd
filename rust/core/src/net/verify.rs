//! Which certificates of servers are accepted: the rules of Godot's `TLSOptions`.

use super::certificate::Parsed;
use super::tls::{KeyPin, Verification};
use crate::error::Misuse;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    anchors: RootCertStore,
    /// Certificates that are accepted for themselves: a self-signed one is no authority that could have issued
    /// itself in the eyes of webpki.
    pinned: Vec<CertificateDer<'static>>,
}

impl Trust {
    pub(super) fn nothing() -> Self {
        Self { anchors: RootCertStore::empty(), pinned: Vec::new() }
    }

    /// Mozilla's list and `more`.
    pub(super) fn defaults(more: &[CertificateDer<'static>]) -> Self {
        let mut anchors = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        anchors.add_parsable_certificates(more.iter().cloned());
        Self { anchors, pinned: Vec::new() }
    }

    /// These and no others.
    pub(super) fn only(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Misuse> {
        let mut anchors = RootCertStore::empty();
        for certificate in &certificates {
            anchors.add(certificate.clone()).map_err(|error| Misuse::InvalidCertificate(error.to_string()))?;
        }
        Ok(Self { anchors, pinned: certificates })
    }
}

/// Checks the certificate of a server, and always that the server has its key.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Trust,
    verification: Verification,
    pins: Vec<KeyPin>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(trust: Trust, verification: Verification, pins: Vec<KeyPin>, provider: &CryptoProvider) -> Self {
        // As in Godot: given certificates are checked even if names are not.
        let verification = match verification {
            Verification::Nothing if !trust.pinned.is_empty() => Verification::ChainOnly,
            other => other,
        };
        Self { trust, verification, pins, algorithms: provider.signature_verification_algorithms }
    }

    fn verify_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.trust.pinned.iter().any(|pinned| pinned == end_entity) {
            return Parsed::new(end_entity)?.check_dates(now);
        }
        let anchors = &self.trust.anchors;
        match verify_server_cert_signed_by_trust_anchor(parsed, anchors, intermediates, now, self.algorithms.all) {
            // An authority that only has the name of a trusted one.
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            // One that Godot has made, and that is not trusted: webpki refuses it for another reason, since it says that
            // it is an authority.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if Parsed::new(end_entity)?.is_authority() => {
                Err(CertificateError::UnknownIssuer.into())
            }
            result => result,
        }
    }
}

impl Verifier {
    /// The names of a certificate are its alternative ones. One that the user has given may be of the old kind that
    /// has a common name only, such as Godot's `Crypto.generate_self_signed_certificate` makes.
    fn verify_name(
        &self,
        end_entity: &CertificateDer<'_>,
        parsed: &ParsedCertificate<'_>,
        name: &ServerName<'_>,
    ) -> Result<(), Error> {
        let result = verify_server_name(parsed, name);
        if result.is_err() && !self.trust.pinned.is_empty() && Parsed::new(end_entity)?.has_common_name(&name.to_str())
        {
            return Ok(());
        }
        result
    }

    fn verify_pins(&self, parsed: &ParsedCertificate<'_>) -> Result<(), Error> {
        let key = parsed.subject_public_key_info();
        if self.pins.is_empty() || self.pins.iter().any(|pin| pin.fits(&key)) {
            return Ok(());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.verification == Verification::Nothing && self.pins.is_empty() {
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(end_entity)?;
        if self.verification != Verification::Nothing {
            self.verify_chain(end_entity, &parsed, intermediates, now)?;
        }
        if self.verification == Verification::Full {
            self.verify_name(end_entity, &parsed, server_name)?;
        }
        self.verify_pins(&parsed)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
