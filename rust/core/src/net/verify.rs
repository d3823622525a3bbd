//! Which certificates of servers are accepted: the rules of Godot's `TLSOptions`.
//!
//! Who is trusted is [`Trust`], which follows from what the user gives, and from [`Verification`](super::Verification):
//!
//! | | certificates are given | none are |
//! |---|---|---|
//! | `Full` | `Given` | `Defaults` |
//! | `ChainOnly` | `Given`, whatever the name | `Defaults`, whatever the name |
//! | `Nothing` | `Given`, whatever the name | `Anyone` |
//!
//! What is accepted then:
//!
//! | A certificate | `Anyone` | `Defaults` | `Given` |
//! |---|---|---|---|
//! | that is trusted itself, byte by byte | yes | yes, if the system trusts it | yes |
//! | that a trusted authority has issued, as [`Standing`] has it | yes | yes | yes |
//! | that neither holds for | yes | no | no |
//! | that has expired, is not valid yet, or is not for servers | yes | no | no |
//! | whose alternative names have that of the server | yes | yes | yes |
//! | without such names, whose common name is that of the server | yes | no | [`Verifier::may_use_common_name`] |
//! | with another name | yes | no | no |
//! | whose key is none of the pinned ones, if there are any | no | no | no |
//!
//! That the server has the key of its certificate is checked always.

use super::certificate::Parsed;
use super::tls::KeyPin;
use super::trust::{Standing, Trust};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Checks the certificate of a server.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Trust,
    checks_name: bool,
    pins: Vec<KeyPin>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// What a server shows.
struct Shown<'a> {
    end_entity: &'a CertificateDer<'a>,
    parsed: ParsedCertificate<'a>,
    intermediates: &'a [CertificateDer<'a>],
}

/// Why a certificate is believed.
#[derive(Clone, Copy)]
enum Ground {
    /// It is trusted itself.
    Itself,
    /// A trusted authority has issued it.
    Issued,
}

impl Verifier {
    pub(super) fn new(trust: Trust, checks_name: bool, pins: Vec<KeyPin>, provider: &CryptoProvider) -> Self {
        Self { trust, checks_name, pins, algorithms: provider.signature_verification_algorithms }
    }

    fn verify_ground(&self, shown: &Shown<'_>, now: UnixTime) -> Result<Ground, Error> {
        if self.trust.has(shown.end_entity) {
            // webpki accepts no authority as a server, which Godot's self-signed certificates are, and does not look
            // at dates and purpose of what it is told to trust.
            let certificate = Parsed::new(shown.end_entity)?;
            certificate.validity().check(now)?;
            let purpose = if certificate.is_for_servers() { Ok(()) } else { Err(CertificateError::InvalidPurpose) };
            return purpose.map(|()| Ground::Itself).map_err(Error::from);
        }
        match self.verify_chain(shown, &self.trust.authorities(now), now) {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Err(self.unknown_issuer(shown, now)),
            result => result.map(|()| Ground::Issued),
        }
    }

    fn verify_chain(&self, shown: &Shown<'_>, authorities: &RootCertStore, now: UnixTime) -> Result<(), Error> {
        let Shown { end_entity, parsed, intermediates } = shown;
        match verify_server_cert_signed_by_trust_anchor(parsed, authorities, intermediates, now, self.algorithms.all) {
            // An authority that only has the name of a trusted one.
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            // One that Godot has made, and that is not trusted: webpki refuses it for another reason, since it says
            // that it is an authority.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if Parsed::new(end_entity)?.is_authority() => {
                Err(CertificateError::UnknownIssuer.into())
            }
            result => result,
        }
    }

    /// No authority vouches. Says so if a trusted certificate would have that may not.
    fn unknown_issuer(&self, shown: &Shown<'_>, now: UnixTime) -> Error {
        for standing in [Standing::OutOfDate, Standing::NoAuthority] {
            if self.verify_chain(shown, &self.trust.of_standing(standing, now), now).is_ok() {
                return CertificateError::Other(OtherError(Arc::new(standing))).into();
            }
        }
        CertificateError::UnknownIssuer.into()
    }

    fn verify_name(&self, shown: &Shown<'_>, name: &ServerName<'_>, ground: Ground) -> Result<(), Error> {
        let Err(error) = verify_server_name(&shown.parsed, name) else { return Ok(()) };
        let certificate = Parsed::new(shown.end_entity)?;
        if certificate.has_common_name(&name.to_str()) && self.may_use_common_name(shown, ground) {
            return Ok(());
        }
        match error {
            Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, .. }) => {
                Err(CertificateError::NotValidForNameContext { expected, presented: certificate.names() }.into())
            }
            error => Err(error),
        }
    }

    /// Whether a common name counts, as it does with Godot, whose `Crypto.generate_self_signed_certificate` writes no
    /// others: for what the user has given, and what has been issued by authorities that the user has given. But not
    /// if one that may be among them is limited to some names: webpki holds alternative names against that, not these.
    fn may_use_common_name(&self, shown: &Shown<'_>, ground: Ground) -> bool {
        match (&self.trust, ground) {
            (Trust::Given(_), Ground::Itself) => true,
            (Trust::Given(_), Ground::Issued) => {
                // One that cannot be read may be limited too.
                let mut intermediates = shown.intermediates.iter().map(Parsed::new);
                let is_limited = |authority: Result<Parsed, _>| authority.map_or(true, |it| it.has_name_constraints());
                !self.trust.has_name_constraints() && !intermediates.any(is_limited)
            }
            (Trust::Anyone | Trust::Defaults(_), _) => false,
        }
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
        let is_checked = !matches!(self.trust, Trust::Anyone);
        if !is_checked && self.pins.is_empty() {
            // Nothing is read, as even what cannot be read will do.
            return Ok(ServerCertVerified::assertion());
        }
        let shown = Shown { end_entity, parsed: ParsedCertificate::try_from(end_entity)?, intermediates };
        if is_checked {
            let ground = self.verify_ground(&shown, now)?;
            if self.checks_name {
                self.verify_name(&shown, server_name, ground)?;
            }
        }
        self.verify_pins(&shown.parsed)?;
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
