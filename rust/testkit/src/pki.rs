//! Certificates made at run time, so that no key is ever committed and none expires by surprise.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData, date_time_ymd,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use serde::{Deserialize, Serialize};

/// A certificate authority for loopback servers, together with the identities it has issued.
///
/// Each identity is made on first use and then kept, so two servers of the same kind show the same certificate.
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    good: OnceLock<Identity>,
    wrong_name: OnceLock<Identity>,
    expired: OnceLock<Identity>,
    self_signed: OnceLock<Identity>,
    chained: OnceLock<Identity>,
}

impl TestAuthority {
    /// A new authority with a fresh key.
    ///
    /// # Errors
    /// - when the system's random source fails.
    pub fn new() -> Result<Self, rcgen::Error> {
        Self::with_fault(None)
    }

    /// A new authority that ought not to be believed, or not in everything.
    ///
    /// # Errors
    /// - when the system's random source fails.
    pub fn with_fault(fault: Option<AuthorityFault>) -> Result<Self, rcgen::Error> {
        let mut root = authority("Tungsten test authority")?;
        let mut intermediate = authority("Tungsten intermediate test authority")?;
        match fault {
            None => {}
            Some(AuthorityFault::Expired) => expire(&mut root),
            Some(AuthorityFault::NoAuthority) => root = named("a.invalid", &["a.invalid".to_owned()])?,
            Some(AuthorityFault::NoSigner) => root.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            Some(AuthorityFault::NotYetValid) => root.not_before = date_time_ymd(4000, 1, 1),
            Some(AuthorityFault::OtherNames) => limit(&mut root),
            Some(AuthorityFault::OtherNamesBelow) => limit(&mut intermediate),
        }
        let issuer = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        Ok(Self {
            intermediate: CertifiedIssuer::signed_by(intermediate, KeyPair::generate()?, &issuer)?,
            issuer,
            good: OnceLock::new(),
            wrong_name: OnceLock::new(),
            expired: OnceLock::new(),
            self_signed: OnceLock::new(),
            chained: OnceLock::new(),
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

    /// The certificate of an authority that this one has issued, as PEM.
    pub fn intermediate_pem(&self) -> String {
        self.intermediate.pem()
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
            LeafKind::Chained => &self.chained,
        };
        slot.get_or_init(|| self.issue(&kind.leaf()).expect("the parameters of each kind are fixed and valid"))
    }

    /// A client configuration that trusts this authority and nothing else.
    ///
    /// # Panics
    /// Never in practice: the authority's certificate is well formed and ring supports all protocol versions.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(ALL_VERSIONS)
            .expect("ring supports every protocol version")
            .with_root_certificates(self.roots())
            .with_no_client_auth();
        Arc::new(config)
    }

    /// A new identity.
    ///
    /// # Errors
    /// - when the names cannot be in a certificate, or the system's random source fails.
    pub fn issue(&self, leaf: &Leaf) -> Result<Identity, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = leaf.params()?;
        let (certificate, intermediate) = match leaf.issuer {
            Issuer::Authority => (params.signed_by(&key, &self.issuer)?, None),
            Issuer::Intermediate => (params.signed_by(&key, &self.intermediate)?, Some(&self.intermediate)),
            Issuer::Itself => (params.self_signed(&key)?, None),
        };
        let mut chain = vec![certificate.der().clone()];
        let mut chain_pem = certificate.pem();
        if let Some(intermediate) = intermediate {
            chain.push(intermediate.der().clone());
            chain_pem.push_str(&intermediate.pem());
        }
        Ok(Identity::new(chain, chain_pem, &key))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca_der().clone()).expect("our own certificate parses");
        roots
    }
}

impl std::fmt::Debug for TestAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TestAuthority").finish_non_exhaustive()
    }
}

/// What is wrong with an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthorityFault {
    /// Its validity ended in 2002.
    Expired,
    /// It is the certificate of a server, `a.invalid`, and says nothing of being an authority.
    NoAuthority,
    /// Its key may not sign certificates, by its own words.
    NoSigner,
    /// Its validity begins in the year 4000.
    NotYetValid,
    /// It may only issue certificates for `allowed.invalid` and what is below.
    OtherNames,
    /// That holds for the authority that it has issued, not for itself.
    OtherNamesBelow,
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
    /// As `Good`, but issued by an authority that the test authority has issued, whose certificate follows.
    Chained,
}

impl LeafKind {
    fn leaf(self) -> Leaf {
        match self {
            Self::Good => Leaf::default(),
            Self::WrongName => Leaf { names: vec!["other.invalid".into()], ..Leaf::default() },
            Self::Expired => Leaf { expired: true, ..Leaf::default() },
            Self::SelfSigned => Leaf { issuer: Issuer::Itself, ..Leaf::default() },
            Self::Chained => Leaf { issuer: Issuer::Intermediate, ..Leaf::default() },
        }
    }
}

/// What a new certificate says; by default it is that of [`LeafKind::Good`].
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The common name of its subject.
    pub common_name: String,
    /// Its alternative names, and addresses. Without any it has only its common name.
    pub names: Vec<String>,
    /// Whether its validity ended in 2002.
    pub expired: bool,
    /// Whether it may issue certificates for leaves (`CA:TRUE`, `pathlen:0`). It says nothing about its uses then, as a
    /// certificate that Godot has made.
    pub is_ca: bool,
    /// Whether it is for a client instead of a server.
    pub is_for_client: bool,
    /// Who has issued it.
    pub issuer: Issuer,
}

impl Default for Leaf {
    fn default() -> Self {
        Self {
            common_name: "Tungsten test server".to_owned(),
            names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into(),
            expired: false,
            is_ca: false,
            is_for_client: false,
            issuer: Issuer::Authority,
        }
    }
}

impl Leaf {
    /// What Godot's `Crypto.generate_self_signed_certificate("CN=...")` makes: a common name, no others, and `CA:TRUE`.
    pub fn as_godot_makes(common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            names: Vec::new(),
            is_ca: true,
            issuer: Issuer::Itself,
            ..Self::default()
        }
    }

    fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut params = named(&self.common_name, &self.names)?;
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        } else {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![if self.is_for_client {
                ExtendedKeyUsagePurpose::ClientAuth
            } else {
                ExtendedKeyUsagePurpose::ServerAuth
            }];
        }
        if self.expired {
            expire(&mut params);
        }
        params.use_authority_key_identifier_extension = self.issuer != Issuer::Itself;
        Ok(params)
    }
}

/// Who has issued a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// The test authority.
    Authority,
    /// An authority that the test authority has issued; its certificate is part of the chain.
    Intermediate,
    /// Its own key.
    Itself,
}

/// A certificate chain with its private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    chain_pem: String,
    key: PrivateKeyDer<'static>,
    key_pem: String,
    public_key: Vec<u8>,
    server_config: OnceLock<Arc<ServerConfig>>,
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

    /// The public key as DER (`SubjectPublicKeyInfo`).
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// A server configuration that shows this identity, for these TLS versions. If `clients` is given, a client needs a
    /// certificate that was issued there.
    ///
    /// # Panics
    /// When `versions` is empty.
    pub fn server_config_with(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Option<&TestAuthority>,
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .expect("ring supports every protocol version");
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(authority) => {
                let roots = Arc::new(authority.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                config.with_client_cert_verifier(verifier.expect("there is an authority to trust"))
            }
        };
        let config = config.with_single_cert(self.chain.clone(), self.key.clone_key());
        Arc::new(config.expect("the key was generated for this certificate"))
    }

    /// A server configuration that shows this identity, for all TLS versions of rustls, without client authentication.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(self.server_config.get_or_init(|| self.server_config_with(ALL_VERSIONS, None)))
    }

    fn new(chain: Vec<CertificateDer<'static>>, chain_pem: String, key: &KeyPair) -> Self {
        Self {
            chain,
            chain_pem,
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            key_pem: key.serialize_pem(),
            public_key: key.subject_public_key_info(),
            server_config: OnceLock::new(),
        }
    }
}

impl std::fmt::Debug for Identity {
    // The key stays out of logs, although it is worth nothing.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

fn authority(common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(common_name, &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn expire(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
}

/// Lets an authority issue certificates for one domain only (RFC 5280 §4.2.1.10).
fn limit(params: &mut CertificateParams) {
    let permitted_subtrees = vec![GeneralSubtree::DnsName("allowed.invalid".to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
}

fn named(common_name: &str, names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}
