//! Certificates made at run time, so that no key is ever committed and none expires by surprise.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig};
use serde::{Deserialize, Serialize};

/// A certificate authority for loopback servers, together with the identities it has issued.
///
/// Each identity is made on first use and then kept, so two servers of the same kind show the same certificate.
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    good: OnceLock<Identity>,
    wrong_name: OnceLock<Identity>,
    expired: OnceLock<Identity>,
    self_signed: OnceLock<Identity>,
}

impl TestAuthority {
    /// A new authority with a fresh key.
    ///
    /// # Errors
    /// - when the system's random source fails.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = named("Tungsten test authority", &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
            good: OnceLock::new(),
            wrong_name: OnceLock::new(),
            expired: OnceLock::new(),
            self_signed: OnceLock::new(),
        })
    }

    /// The authority of this process: every [`Server`](crate::Server) takes its certificates from here.
    ///
    /// # Panics
    /// When the system's random source fails.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<TestAuthority> = OnceLock::new();
        SHARED.get_or_init(|| Self::new().expect("making a test authority needs random bytes only"))
    }

    /// The certificate to trust, as PEM.
    pub fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// The certificate to trust, as DER.
    pub fn ca_der(&self) -> &CertificateDer<'static> {
        self.issuer.der()
    }

    /// The identity of this kind.
    ///
    /// # Panics
    /// When the system's random source fails.
    pub fn leaf(&self, kind: LeafKind) -> &Identity {
        let slot = match kind {
            LeafKind::Good => &self.good,
            LeafKind::WrongName => &self.wrong_name,
            LeafKind::Expired => &self.expired,
            LeafKind::SelfSigned => &self.self_signed,
        };
        slot.get_or_init(|| self.issue(kind).expect("the parameters of each kind are fixed and valid"))
    }

    /// A client configuration that trusts this authority and nothing else.
    ///
    /// # Panics
    /// Never in practice: the authority's certificate is well formed and ring supports all protocol versions.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca_der().clone()).expect("our own certificate parses");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(ALL_VERSIONS)
            .expect("ring supports every protocol version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    fn issue(&self, kind: LeafKind) -> Result<Identity, rcgen::Error> {
        let names: &[&str] = match kind {
            LeafKind::WrongName => &["other.invalid"],
            LeafKind::Good | LeafKind::Expired | LeafKind::SelfSigned => &["localhost", "127.0.0.1", "::1"],
        };
        let mut params = named("Tungsten test server", names)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if kind == LeafKind::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate()?;
        let certificate = match kind {
            LeafKind::SelfSigned => params.self_signed(&key)?,
            LeafKind::Good | LeafKind::WrongName | LeafKind::Expired => {
                params.use_authority_key_identifier_extension = true;
                params.signed_by(&key, &self.issuer)?
            }
        };
        Ok(Identity::new(certificate.der().clone(), certificate.pem(), &key))
    }
}

impl std::fmt::Debug for TestAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TestAuthority").finish_non_exhaustive()
    }
}

/// What is right or wrong with a server certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafKind {
    /// Valid for `localhost`, `127.0.0.1` and `::1`, issued by the test authority.
    Good,
    /// Issued by the test authority, but only for `other.invalid`.
    WrongName,
    /// As `Good`, but the validity ended in 2002.
    Expired,
    /// The names of `Good`, but not issued by the test authority.
    SelfSigned,
}

/// A certificate chain with its private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    chain_pem: String,
    key_pem: String,
    server_config: Arc<ServerConfig>,
}

impl Identity {
    /// The chain as DER, leaf first; the authority itself is not part of it.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The chain as PEM, leaf first.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The private key as PEM (PKCS #8).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// A server configuration that shows this identity, for all TLS versions of rustls, without client authentication.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server_config)
    }

    fn new(certificate: CertificateDer<'static>, chain_pem: String, key: &KeyPair) -> Self {
        let chain = vec![certificate];
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(ALL_VERSIONS)
            .expect("ring supports every protocol version")
            .with_no_client_auth()
            .with_single_cert(chain.clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("the key was generated for this certificate");
        Self { chain, chain_pem, key_pem: key.serialize_pem(), server_config: Arc::new(config) }
    }
}

impl std::fmt::Debug for Identity {
    // The key stays out of logs, although it is worth nothing.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

fn named(common_name: &str, names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}
