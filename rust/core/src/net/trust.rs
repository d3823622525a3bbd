//! Whose word is taken for which server is which.

use super::certificate::{Parsed, Validity};
use crate::error::Misuse;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::fmt;
use std::ptr;
use std::sync::Arc;

/// Who is trusted. What follows from it is in a table, in `verify.rs`.
#[derive(Debug)]
pub(super) enum Trust {
    /// Whoever answers.
    Anyone,
    /// The authorities on Mozilla's list, and what the system trusts.
    Defaults(Option<SystemCertificates>),
    /// What the user has given, and nobody else.
    Given(Vec<Trusted>),
}

impl Trust {
    pub(super) fn given(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Misuse> {
        let certificates: Result<_, _> = certificates.into_iter().map(Trusted::new).collect();
        certificates.map(Self::Given).map_err(|reason| Misuse::InvalidCertificate(reason.to_owned()))
    }

    /// Whether a certificate is one of those that are trusted.
    pub(super) fn has(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates().iter().any(|trusted| trusted.der == *certificate)
    }

    /// Whether any of the authorities is limited to some names.
    pub(super) fn has_name_constraints(&self) -> bool {
        self.certificates().iter().any(|trusted| trusted.anchor.name_constraints.is_some())
    }

    /// The authorities that vouch for others at a time.
    pub(super) fn authorities(&self, now: UnixTime) -> RootCertStore {
        let mut store = self.of_standing(Standing::Authority, now);
        if let Self::Defaults(_) = self {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        store
    }

    /// The trusted certificates of a standing, as if they were authorities.
    pub(super) fn of_standing(&self, standing: Standing, now: UnixTime) -> RootCertStore {
        let certificates = self.certificates().iter().filter(|trusted| trusted.standing(now) == standing);
        certificates.map(|trusted| trusted.anchor.clone()).collect()
    }

    fn certificates(&self) -> &[Trusted] {
        match self {
            Self::Anyone | Self::Defaults(None) => &[],
            Self::Defaults(Some(SystemCertificates(certificates))) => certificates,
            Self::Given(certificates) => certificates,
        }
    }
}

/// What the word of a trusted certificate for others is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is an authority, and valid.
    Authority,
    /// It is no authority.
    NoAuthority,
    /// It is an authority, and has expired or is not valid yet.
    OutOfDate,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "it was issued by a trusted authority",
            Self::NoAuthority => "the trusted certificate that has issued it is no authority (CA:TRUE)",
            Self::OutOfDate => "the trusted authority that has issued it has expired, or is not valid yet",
        })
    }
}

impl std::error::Error for Standing {}

/// A certificate that is trusted: for itself, and if it is an authority, for what it has issued.
#[derive(Debug)]
pub(super) struct Trusted {
    der: CertificateDer<'static>,
    /// It, as webpki takes authorities. webpki does not ask whether it is one.
    anchor: TrustAnchor<'static>,
    may_issue: bool,
    validity: Validity,
}

impl Trusted {
    /// # Errors
    /// Why it cannot be used.
    fn new(der: CertificateDer<'static>) -> Result<Self, &'static str> {
        if der.is_empty() {
            return Err("it is empty");
        }
        let unreadable = "it cannot be read";
        let parsed = Parsed::new(&der).map_err(|_| unreadable)?;
        let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|_| unreadable)?.to_owned();
        Ok(Self { may_issue: parsed.may_issue(), validity: parsed.validity(), anchor, der })
    }

    fn standing(&self, now: UnixTime) -> Standing {
        match (self.may_issue, self.validity.check(now)) {
            (false, _) => Standing::NoAuthority,
            (true, Ok(())) => Standing::Authority,
            (true, Err(_)) => Standing::OutOfDate,
        }
    }
}

/// The certificates that the operating system trusts. Reading them takes milliseconds, so do it once: a clone costs
/// nothing, and [`TlsOptions`](super::TlsOptions) with clones of the same are equal.
#[derive(Clone)]
pub struct SystemCertificates(Arc<[Trusted]>);

impl SystemCertificates {
    /// Reads certificates in PEM. Those that cannot be read are left out.
    pub fn read(pem: &str) -> Self {
        let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok);
        let certificates = certificates.filter_map(|certificate| Trusted::new(certificate).ok());
        // Most of them are on Mozilla's list too, which is there already.
        Self(certificates.filter(|trusted| !is_on_the_list(&trusted.anchor)).collect())
    }
}

fn is_on_the_list(authority: &TrustAnchor<'_>) -> bool {
    webpki_roots::TLS_SERVER_ROOTS.contains(authority)
}

impl fmt::Debug for SystemCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemCertificates")
    }
}

impl PartialEq for SystemCertificates {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(&*self.0, &*other.0)
    }
}

impl Eq for SystemCertificates {}
