//! TLS by rustls, pumped by hand: bytes in, bytes out, no sockets.

use super::Stream;
use super::verify::{Trust, Verifier};
use crate::error::{Error, ErrorKind, Misuse, Phase};
use rustls::CertificateError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

/// How much of a server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Its chain of trust, its dates and its name.
    #[default]
    Full,
    /// Its chain of trust and its dates, not its name.
    ChainOnly,
    /// Nothing. Anyone on the way can read and change what is sent.
    Nothing,
}

/// How TLS is done for `wss://`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// Certificates in PEM that are trusted instead of the default ones.
    pub trusted: Option<String>,
    /// Certificates in PEM that are trusted beside the compiled-in list of Mozilla, such as those of the system.
    /// Entries that cannot be read are left out. Not used if `trusted` is set.
    pub system: Option<String>,
    /// What is checked.
    pub verification: Verification,
    /// The name that is asked for (SNI) and checked, instead of the host of the URL.
    pub server_name: Option<String>,
}

/// TLS for any number of connections; connections that share one resume the sessions of each other. Cheap to clone.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<rustls::ClientConfig>,
    server_name: Option<String>,
}

impl TlsClient {
    /// Reads the certificates and sets TLS up.
    ///
    /// # Errors
    /// [`Misuse::InvalidCertificate`] if `trusted` holds no certificate or one that cannot be read.
    pub fn new(options: &TlsOptions) -> Result<Self, Misuse> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trust = match (&options.trusted, options.verification) {
            (None, Verification::Nothing) => Trust::nothing(),
            (None, _) => Trust::defaults(&certificates_that_parse(options.system.as_deref().unwrap_or_default())),
            (Some(pem), _) => Trust::only(certificates(pem)?)?,
        };
        let verifier = Verifier::new(trust, options.verification, &provider);
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Misuse::InvalidCertificate(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), server_name: options.server_name.clone() })
    }

    /// Starts a session with `host`.
    pub(crate) fn start(&self, host: &str) -> Result<TlsSession, Error> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| failed(ErrorKind::CertificateName, format!("{name:?} is no name that TLS can check")))?;
        let session = rustls::ClientConnection::new(Arc::clone(&self.config), server)
            .map_err(|error| failed(ErrorKind::TlsFailed, format!("TLS could not be set up: {error}")))?;
        Ok(TlsSession { session: session.into() })
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Misuse> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match parsed {
        Ok(certificates) if certificates.is_empty() => {
            Err(Misuse::InvalidCertificate("it holds no certificate in PEM".to_owned()))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(Misuse::InvalidCertificate(error.to_string())),
    }
}

fn certificates_that_parse(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect()
}

/// One TLS session.
pub(crate) struct TlsSession {
    session: rustls::Connection,
}

impl TlsSession {
    /// Whether the handshake is still going on.
    pub(crate) fn is_negotiating(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Takes bytes from the network and hands what they decrypt to, to `sink`. True if the other side has said that
    /// nothing more follows.
    ///
    /// # Errors
    /// Why TLS failed; what could be decrypted before was handed out.
    pub(crate) fn handle_input(
        &mut self,
        mut bytes: &[u8],
        plain: &mut [u8],
        mut sink: impl FnMut(&[u8]),
    ) -> Result<bool, Error> {
        while !bytes.is_empty() {
            let taken = self.session.read_tls(&mut bytes).map_err(|error| tls_failed(&error.to_string()))?;
            let processed = self.session.process_new_packets();
            let ended = self.drain(plain, &mut sink);
            processed.map_err(|error| certificate_or_tls_failed(&error))?;
            if ended || taken == 0 {
                return Ok(ended);
            }
        }
        Ok(false)
    }

    /// Hands out what is decrypted. True at the end that the other side announced.
    fn drain(&mut self, plain: &mut [u8], sink: &mut impl FnMut(&[u8])) -> bool {
        loop {
            match self.session.reader().read(plain) {
                Ok(0) => return true,
                Ok(len) => sink(&plain[..len]),
                Err(_) => return false,
            }
        }
    }

    /// Writes what TLS has to say. True once all of it is written, false if the socket is full.
    ///
    /// # Errors
    /// Why nothing more can be written.
    pub(crate) fn flush(&mut self, stream: &mut dyn Stream) -> io::Result<bool> {
        let mut writer = Writer(stream);
        while self.session.wants_write() {
            match self.session.write_tls(&mut writer) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Encrypts bytes; [`Self::flush`] writes them. Returns how many were taken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.session.writer().write(bytes)
    }

    /// Announces the end (RFC 8446 §6.1). True once that is written.
    pub(crate) fn finish(&mut self, stream: &mut dyn Stream) -> io::Result<bool> {
        self.session.send_close_notify();
        self.flush(stream)
    }
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSession").field("negotiating", &self.is_negotiating()).finish_non_exhaustive()
    }
}

/// A [`Stream`] as rustls writes to it.
struct Writer<'a>(&'a mut dyn Stream);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.transmit(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(kind: ErrorKind, message: String) -> Error {
    Error::new(Phase::Tls, kind, message)
}

fn tls_failed(reason: &str) -> Error {
    failed(ErrorKind::TlsFailed, format!("TLS failed: {reason}"))
}

fn certificate_or_tls_failed(error: &rustls::Error) -> Error {
    let rustls::Error::InvalidCertificate(reason) = error else {
        let hint = match error {
            rustls::Error::InvalidMessage(_) => " (the server may not speak TLS on this port)",
            _ => "",
        };
        return tls_failed(&format!("{error}{hint}"));
    };
    let kind = match reason {
        CertificateError::UnknownIssuer => ErrorKind::CertificateUntrusted,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ErrorKind::CertificateName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => ErrorKind::CertificateExpired,
        _ => ErrorKind::CertificateInvalid,
    };
    failed(kind, format!("the certificate of the server was refused: {reason}"))
}
