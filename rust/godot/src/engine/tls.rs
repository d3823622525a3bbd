//! `TLSOptions` to TLS by rustls.

use crate::load::console;
use godot::classes::{CryptoKey, Engine, FileAccess, Os, ProjectSettings, TlsOptions, X509Certificate};
use godot::prelude::*;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tungsten_core::net::{
    Identity, KeyPin, SystemCertificates, TlsClient, TlsOptions as CoreOptions, TlsServer, Verification,
};

/// TLS setups that are kept, so that connections to one server resume each other's sessions.
const MAX_KEPT: usize = 16;

static KEPT: Mutex<Vec<(CoreOptions, TlsClient)>> = Mutex::new(Vec::new());

/// The certificates of the system, once the first connection that trusts them has read them: that takes milliseconds.
/// The game has to be started again to trust others.
static SYSTEM: OnceLock<Option<SystemCertificates>> = OnceLock::new();

/// The path of the project's bundle, and what was read there.
static BUNDLE: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

/// The project setting that names a bundle of certificates to trust instead of the default ones.
const BUNDLE_SETTING: &str = "network/tls/certificate_bundle_override";

/// An argument that may be left out.
#[derive(GodotConvert, Clone, Debug)]
#[godot(transparent)]
pub(crate) struct OptionalTlsOptions(pub(crate) Option<Gd<TlsOptions>>);

// SAFETY: the only default ever made of it is null, which cannot change.
unsafe impl godot::meta::GodotImmutable for OptionalTlsOptions {}

/// What goes beyond `TLSOptions`.
#[derive(Debug)]
pub(crate) struct Extras {
    /// Hashes of public keys, of which the server must have one.
    pub(crate) pins: Vec<KeyPin>,
    /// Who the game is, for servers that ask.
    pub(crate) identity: Option<Identity>,
}

/// Whom a client trusts, as a script has said it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust<'a> {
    /// As these options say; the defaults of `TLSOptions.client()` without.
    Options(Option<&'a Gd<TlsOptions>>),
    /// The checks of Godot 3: everything or nothing, with `trusted` instead of the default certificates.
    Godot3 { verify: bool, trusted: Option<&'a Gd<X509Certificate>> },
}

impl<'a> Trust<'a> {
    /// As the options say, if there are any; else as the properties of Godot 3 do.
    pub(crate) fn new(
        options: Option<&'a Gd<TlsOptions>>,
        verify: bool,
        trusted: Option<&'a Gd<X509Certificate>>,
    ) -> Self {
        match options {
            Some(_) => Self::Options(options),
            None => Self::Godot3 { verify, trusted },
        }
    }

    /// Whether a client can do with it.
    ///
    /// # Errors
    /// These are the options of a server.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        match self {
            Self::Options(Some(options)) if is_for_server(options) => Err("the TLSOptions are those of a server"),
            Self::Options(_) | Self::Godot3 { .. } => Ok(()),
        }
    }
}

/// TLS of a client.
///
/// # Errors
/// Why it cannot be set up, for the console.
pub(crate) fn client(trust: Trust<'_>, extras: Extras) -> Result<TlsClient, String> {
    let options = match trust {
        Trust::Options(Some(options)) => read(options)?,
        Trust::Options(None) => CoreOptions::default(),
        // As in Godot 3, a certificate without verification is not looked at.
        Trust::Godot3 { verify: false, .. } => {
            CoreOptions { verification: Verification::Nothing, ..CoreOptions::default() }
        }
        Trust::Godot3 { verify: true, trusted } => {
            CoreOptions { trusted: trusted.map(pem_of), ..CoreOptions::default() }
        }
    };
    let Extras { pins, identity } = extras;
    kept_or_new(with_default_roots(CoreOptions { pins, identity, ..options }))
}

/// TLS of a server that shows `certificate`, followed by those of `chain`.
///
/// # Errors
/// Why it cannot be set up, for the console.
pub(crate) fn server(
    key: &Gd<CryptoKey>,
    certificate: &Gd<X509Certificate>,
    chain: Option<&Gd<X509Certificate>>,
) -> Result<TlsServer, String> {
    let mut identity = identity(key, certificate)?;
    if let Some(chain) = chain {
        identity.certificates += "\n";
        identity.certificates += &pem_of(chain);
    }
    TlsServer::new(&identity).map_err(|error| error.to_string())
}

/// TLS of a server as `options` say.
///
/// # Errors
/// Why it cannot be set up, for the console.
pub(crate) fn server_of_options(options: &Gd<TlsOptions>) -> Result<TlsServer, String> {
    if !is_for_server(options) {
        return Err("the TLSOptions are those of a client".to_owned());
    }
    let key = call_getter(options, "get_private_key").and_then(|key| key.try_to().ok());
    let certificate = call_getter(options, "get_own_certificate").and_then(|certificate| certificate.try_to().ok());
    match (key, certificate) {
        (Some(key), Some(certificate)) => server(&key, &certificate, None),
        _ => Err(unreadable()),
    }
}

/// A private key and its certificate as text.
///
/// # Errors
/// Why they cannot be used.
pub(crate) fn identity(key: &Gd<CryptoKey>, certificate: &Gd<X509Certificate>) -> Result<Identity, &'static str> {
    if key.is_public_only() {
        return Err("the key has no private part");
    }
    let key = key.clone().save_to_string().to_string();
    Ok(Identity { certificates: pem_of(certificate), key: clean(&key) })
}

/// Whether `options` were made for a server.
fn is_for_server(options: &Gd<TlsOptions>) -> bool {
    call_getter(options, "is_server").is_some_and(|answer| answer.booleanize())
}

fn read(options: &Gd<TlsOptions>) -> Result<CoreOptions, String> {
    let is_unsafe = call_getter(options, "is_unsafe_client").ok_or_else(unreadable)?.booleanize();
    let name = call_getter(options, "get_common_name_override").ok_or_else(unreadable)?.stringify().to_string();
    let chain = call_getter(options, "get_trusted_ca_chain").ok_or_else(unreadable)?;
    let chain = chain.try_to::<Option<Gd<X509Certificate>>>().unwrap_or_default();
    Ok(CoreOptions {
        trusted: chain.as_ref().map(pem_of),
        verification: if is_unsafe { Verification::Nothing } else { Verification::Full },
        server_name: (!name.is_empty()).then_some(name),
        ..CoreOptions::default()
    })
}

fn unreadable() -> String {
    "TLSOptions can be read by extensions since Godot 4.3 only; pass null on this engine".to_owned()
}

/// The getters are there since Godot 4.3.
fn call_getter(options: &Gd<TlsOptions>, getter: &str) -> Option<Variant> {
    options.has_method(getter).then(|| options.clone().call(getter, &[]))
}

/// Without certificates of the user: those of the project, else those of the system.
fn with_default_roots(mut options: CoreOptions) -> CoreOptions {
    if options.trusted.is_some() || options.verification == Verification::Nothing {
        return options;
    }
    let bundle = ProjectSettings::singleton().get_setting_ex(BUNDLE_SETTING).default_value(&"".to_variant()).done();
    let bundle = bundle.stringify();
    if bundle.is_empty() {
        options.system = system_certificates();
    } else {
        options.trusted = Some(bundle_at(&bundle.to_string()));
    }
    options
}

/// As with the engine, which reads it when it starts, a file that changes later makes no difference.
fn bundle_at(path: &str) -> String {
    let (known, text) = lock(&BUNDLE).clone();
    if known == path {
        return text;
    }
    let text = FileAccess::get_file_as_string(path).to_string();
    if !text.is_empty() {
        *lock(&BUNDLE) = (path.to_owned(), text.clone());
    }
    text
}

/// The certificates that the operating system trusts.
fn system_certificates() -> Option<SystemCertificates> {
    // Not `get_or_init` alone: what the engine is asked meanwhile may come back here.
    if SYSTEM.get().is_none() {
        let certificates = read_system_certificates();
        return SYSTEM.get_or_init(|| certificates).clone();
    }
    SYSTEM.get().cloned().flatten()
}

/// Engines before 4.3 do not tell.
fn read_system_certificates() -> Option<SystemCertificates> {
    let mut os = Os::singleton();
    let pem = os.has_method("get_system_ca_certificates").then(|| os.call("get_system_ca_certificates", &[]))?;
    Some(SystemCertificates::read(&clean(&pem.stringify().to_string())))
}

fn kept_or_new(options: CoreOptions) -> Result<TlsClient, String> {
    let mut kept = lock(&KEPT);
    if let Some((_, client)) = kept.iter().find(|(key, _)| *key == options) {
        return Ok(client.clone());
    }
    let client = TlsClient::new(&options).map_err(|error| error.to_string())?;
    if kept.len() == MAX_KEPT {
        kept.remove(0);
    }
    kept.push((options, client.clone()));
    Ok(client)
}

/// The text of a certificate or a chain of them.
fn pem_of(certificate: &Gd<X509Certificate>) -> String {
    // The engine writes the first certificate of a chain over and over, so the file it came from is better.
    let path = certificate.get_path();
    if !path.is_empty() && FileAccess::file_exists(&path) {
        return clean(&FileAccess::get_file_as_string(&path).to_string());
    }
    let pem = {
        let _silence = Silence::new();
        certificate.clone().save_to_string()
    };
    let pem = clean(&pem.to_string());
    let mut certificates = pem.split_inclusive("-----END CERTIFICATE-----").filter(|text| text.contains("BEGIN"));
    if let (Some(first), Some(_)) = (certificates.next(), certificates.next()) {
        console::warning(
            "X509Certificate",
            "of a chain of certificates only the first can be read, unless it was loaded with `load()`",
        );
        return first.to_owned();
    }
    pem
}

/// Without what the engine leaves behind each certificate.
fn clean(pem: &str) -> String {
    pem.replace(['\u{FFFD}', '\0'], "")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads have [`Silence`], and whether the engine printed errors before.
static SILENT: Mutex<(usize, bool)> = Mutex::new((0, true));

/// While it is there, the engine prints no errors: it complains about the text of a certificate that it makes itself.
/// With threads at a time, the first turns printing off, and the last puts it back.
struct Silence;

impl Silence {
    fn new() -> Self {
        let mut silent = lock(&SILENT);
        if silent.0 == 0 {
            let mut engine = Engine::singleton();
            silent.1 = engine.is_printing_error_messages();
            engine.set_print_error_messages(false);
        }
        silent.0 += 1;
        Self
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let mut silent = lock(&SILENT);
        silent.0 -= 1;
        if silent.0 == 0 {
            Engine::singleton().set_print_error_messages(silent.1);
        }
    }
}
