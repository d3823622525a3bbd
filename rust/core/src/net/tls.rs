//! TLS by rustls, pumped by hand: bytes in, bytes out, no sockets.

use super::Stream;
use super::tls_error::{certificate_or_tls_failed, failed, tls_failed, unusable_identity};
use super::trust::{SystemCertificates, Trust};
use super::verify::Verifier;
use crate::error::{Error, ErrorKind, Misuse};
use base64::Engine as _;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::fmt;
use std::io::{self, IoSlice, Read as _, Write as _};
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

/// The SHA-256 hash of a public key (`SubjectPublicKeyInfo`, RFC 5280 §4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyPin([u8; 32]);

impl KeyPin {
    /// Reads the hash in base64, as `openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64` gives
    /// it; `sha256/` in front is allowed.
    ///
    /// # Errors
    /// [`Misuse::InvalidPin`] if it is no such hash.
    pub fn parse(text: &str) -> Result<Self, Misuse> {
        let hash = base64::engine::general_purpose::STANDARD.decode(text.strip_prefix("sha256/").unwrap_or(text));
        let hash = hash.ok().and_then(|hash| hash.try_into().ok());
        hash.map(Self).ok_or_else(|| Misuse::InvalidPin(text.to_owned()))
    }

    pub(super) fn fits(&self, key: &[u8]) -> bool {
        ring::digest::digest(&ring::digest::SHA256, key).as_ref() == self.0
    }
}

/// Who the client is, for servers that ask (RFC 8446 §4.3.2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The client's certificate in PEM, followed by those that lead to its authority.
    pub certificates: String,
    /// The private key in PEM (PKCS #8, PKCS #1 or SEC 1), not encrypted.
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// How TLS is done for `wss://`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificates in PEM that are trusted instead of the default ones: each for itself, and if it is an authority
    /// (`CA:TRUE`), for what it has issued.
    pub trusted: Option<String>,
    /// Certificates that are trusted in the same way beside the compiled-in list of Mozilla. Not used if `trusted` is
    /// set.
    pub system: Option<SystemCertificates>,
    /// What is checked.
    pub verification: Verification,
    /// Hashes of public keys, of which the server must have one. Empty accepts any. They are checked beside all else.
    pub pins: Vec<KeyPin>,
    /// Who the client is, for servers that ask.
    pub identity: Option<Identity>,
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
    /// [`Misuse::InvalidCertificate`] if `trusted` holds no certificate or one that cannot be read, or `identity` no
    /// key that fits its certificate.
    pub fn new(options: &TlsOptions) -> Result<Self, Misuse> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trust = match (&options.trusted, options.verification) {
            (Some(pem), _) => Trust::given(certificates(pem)?)?,
            (None, Verification::Nothing) => Trust::Anyone,
            (None, _) => Trust::Defaults(options.system.clone()),
        };
        let checks_name = options.verification == Verification::Full;
        let verifier = Verifier::new(trust, checks_name, options.pins.clone(), &provider);
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Misuse::InvalidCertificate(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match &options.identity {
            None => config.with_no_client_auth(),
            Some(identity) => config
                .with_client_auth_cert(certificates(&identity.certificates)?, private_key(&identity.key)?)
                .map_err(|error| unusable_identity(&error))?,
        };
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

/// TLS for the connections of a server. Cheap to clone.
#[derive(Clone)]
pub struct TlsServer {
    config: Arc<rustls::ServerConfig>,
}

impl TlsServer {
    /// Sets TLS up with the certificates and the key that clients are shown; the whole chain is sent.
    ///
    /// # Errors
    /// [`Misuse::InvalidCertificate`] if there is no certificate, or no key that fits it.
    pub fn new(identity: &Identity) -> Result<Self, Misuse> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Misuse::InvalidCertificate(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(certificates(&identity.certificates)?, private_key(&identity.key)?)
            .map_err(|error| unusable_identity(&error))?;
        Ok(Self { config: Arc::new(config) })
    }

    /// Starts a session with a client.
    pub(crate) fn start(&self) -> Result<TlsSession, Misuse> {
        let session = rustls::ServerConnection::new(Arc::clone(&self.config));
        let session = session.map_err(|error| Misuse::InvalidCertificate(error.to_string()))?;
        Ok(TlsSession { session: session.into() })
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer")
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

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, Misuse> {
    // PKCS #8 says so in its first line, PKCS #1 and SEC 1 in the second (RFC 1421 §4.6.1.1).
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Misuse::InvalidCertificate("the private key is encrypted; only plain ones can be read".to_owned()));
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => Misuse::InvalidCertificate("it holds no private key in PEM".to_owned()),
        error => Misuse::InvalidCertificate(error.to_string()),
    })
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
        // rustls takes some KiB at a time, and none before what it has decrypted was taken out.
        while !bytes.is_empty() {
            let taken = self.session.read_tls(&mut bytes).map_err(|error| tls_failed(&error.to_string()))?;
            let processed = self.session.process_new_packets();
            let ended = self.drain(plain, &mut sink);
            processed.map_err(|error| certificate_or_tls_failed(&error))?;
            if ended || taken == 0 {
                return Ok(ended);
            }
        }
        self.shrink();
        Ok(false)
    }

    /// Makes rustls give back the memory for the last record, which it would do with the next read only.
    fn shrink(&mut self) {
        // It reads after that; an error but no end makes this a read that has not happened.
        let _ = self.session.read_tls(&mut NothingYet);
    }

    /// Hands out what is decrypted. True at the end that the other side announced.
    fn drain(&mut self, plain: &mut [u8], sink: &mut impl FnMut(&[u8])) -> bool {
        loop {
            match self.session.reader().read(plain) {
                Ok(0) => return true,
                Ok(len) => sink(&plain[..len]),
                // Nothing is left; there is no other error.
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
        // However often it is asked, rustls says it once.
        self.session.send_close_notify();
        self.flush(stream)
    }
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSession").field("negotiating", &self.is_negotiating()).finish_non_exhaustive()
    }
}

/// A stream on which nothing has arrived.
struct NothingYet;

impl io::Read for NothingYet {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// A [`Stream`] as rustls writes to it.
struct Writer<'a>(&'a mut dyn Stream);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.transmit(bytes)
    }

    /// A record has 16 KiB at most; many of them leave together.
    fn write_vectored(&mut self, records: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.transmit_vectored(records)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
