//! Which certificates of servers are accepted, and what else TLS can be told to do.

mod support;

use std::sync::Arc;

use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ServerConfig};
use support::{Client, PATIENCE, recorded, with_tls};
use tungsten_core::net::{Identity, KeyPin, SystemCertificates, TlsClient, TlsOptions, Verification};
use tungsten_core::{Config, ErrorKind, Misuse, Phase, Request, WsUrl};
use tungsten_testkit::{
    AuthorityFault, Event, Identity as ServerIdentity, Issuer, Leaf, LeafKind, Options, Server, Step, TestAuthority,
};

fn serve_with(config: Arc<ServerConfig>) -> Server {
    let script = [Step::Upgrade, Step::Hold];
    Server::start_with(Options { tls: Some(config), ..Options::new(script) }).unwrap()
}

fn serve(identity: &ServerIdentity) -> Server {
    serve_with(identity.server_config())
}

/// A server that shows another chain of certificates than that of its key.
fn serve_chain(chain: Vec<CertificateDer<'static>>, identity: &ServerIdentity) -> Server {
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(ALL_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    serve_with(Arc::new(config.unwrap()))
}

fn issue(leaf: &Leaf) -> ServerIdentity {
    TestAuthority::shared().issue(leaf).unwrap()
}

fn leaf(kind: LeafKind) -> &'static ServerIdentity {
    TestAuthority::shared().leaf(kind)
}

/// A certificate with these alternative names.
fn named(names: &[&str]) -> ServerIdentity {
    issue(&Leaf { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Leaf::default() })
}

fn trusting(pem: &str) -> TlsOptions {
    TlsOptions { trusted: Some(pem.to_owned()), ..TlsOptions::default() }
}

fn trusted_by_the_system(pem: &str) -> TlsOptions {
    TlsOptions { system: Some(SystemCertificates::read(pem)), ..TlsOptions::default() }
}

fn trusting_authority() -> TlsOptions {
    trusting(&TestAuthority::shared().ca_pem())
}

fn by_address(server: &Server) -> String {
    format!("wss://127.0.0.1:{}", server.port())
}

#[track_caller]
fn expect_open_at(url: &str, options: &TlsOptions) {
    Client::connect_with(Config::default(), with_tls(url, options)).until_open();
}

#[track_caller]
fn expect_open(server: &Server, options: &TlsOptions) {
    expect_open_at(&server.url(), options);
}

#[track_caller]
fn expect_refused_at(url: &str, options: &TlsOptions, kind: ErrorKind, part_of_message: &str) {
    let mut client = Client::connect_with(Config::default(), with_tls(url, options));
    client.expect_failed(Phase::Tls, kind, part_of_message);
}

#[track_caller]
fn expect_refused(server: &Server, options: &TlsOptions, kind: ErrorKind, part_of_message: &str) {
    expect_refused_at(&server.url(), options, kind, part_of_message);
}

/// The options cannot be used, for a reason with these words.
#[track_caller]
fn expect_misuse(options: &TlsOptions, part_of_message: &str) {
    let Err(Misuse::InvalidCertificate(reason)) = TlsClient::new(options) else { panic!("{options:?} was accepted") };
    assert!(reason.contains(part_of_message), "{reason}");
}

/// The server name that the client asked for with its latest connection.
#[track_caller]
fn server_name(server: &Server) -> Option<String> {
    let mut names = recorded(server, "sni").into_iter().filter_map(|recorded| match recorded.event {
        Event::Sni(name) => Some(name),
        _ => None,
    });
    names.next_back().unwrap()
}

#[test]
fn default_roots_do_not_include_a_private_authority() {
    let server = serve(leaf(LeafKind::Good));
    for verification in [Verification::Full, Verification::ChainOnly] {
        let options = TlsOptions { verification, ..TlsOptions::default() };
        expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "trusted authority");
    }
}

#[test]
fn server_is_told_that_its_certificate_was_refused() {
    let server = serve(leaf(LeafKind::Good));
    expect_refused(&server, &TlsOptions::default(), ErrorKind::CertificateUntrusted, "trusted authority");
    let events = recorded(&server, "tls_error");
    assert!(format!("{events:?}").contains("UnknownCA"), "{events:?}");
}

#[test]
fn certificates_of_the_system_are_trusted_beside_the_default_roots() {
    let unreadable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let options = trusted_by_the_system(&format!("{unreadable}{}", TestAuthority::shared().ca_pem()));
    expect_open(&serve(leaf(LeafKind::Good)), &options);
}

#[test]
fn options_with_the_certificates_of_one_reading_are_equal() {
    let options = trusted_by_the_system(&TestAuthority::shared().ca_pem());
    assert_eq!(options, options.clone());
    assert_ne!(options, trusted_by_the_system(&TestAuthority::shared().ca_pem()));
}

#[test]
fn certificates_of_the_system_are_not_used_beside_given_ones() {
    let other = TestAuthority::new().unwrap();
    let options = trusted_by_the_system(&TestAuthority::shared().ca_pem());
    let options = TlsOptions { trusted: Some(other.ca_pem()), ..options };
    expect_refused(&serve(leaf(LeafKind::Good)), &options, ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn trusted_root_is_enough_if_the_server_sends_the_intermediate() {
    let identity = issue(&Leaf { issuer: Issuer::Intermediate, ..Leaf::default() });
    assert_eq!(identity.chain().len(), 2);
    expect_open(&serve(&identity), &trusting_authority());
}

#[test]
fn trusted_root_is_not_enough_if_the_server_keeps_the_intermediate() {
    let identity = issue(&Leaf { issuer: Issuer::Intermediate, ..Leaf::default() });
    let server = serve_chain(identity.chain()[..1].to_vec(), &identity);
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn trusted_intermediate_is_enough() {
    let identity = issue(&Leaf { issuer: Issuer::Intermediate, ..Leaf::default() });
    expect_open(&serve(&identity), &trusting(&TestAuthority::shared().intermediate_pem()));
}

#[test]
fn one_of_several_trusted_certificates_is_enough() {
    let bundle = [TestAuthority::new().unwrap().ca_pem(), TestAuthority::shared().ca_pem()].concat();
    expect_open(&serve(leaf(LeafKind::Good)), &trusting(&bundle));
}

#[test]
fn trusted_leaf_is_enough_although_its_authority_is_not_trusted() {
    let identity = leaf(LeafKind::Good);
    expect_open(&serve(identity), &trusting(identity.chain_pem()));
}

#[test]
fn trusted_leaf_is_trusted_for_itself_alone() {
    let server = serve(&named(&["localhost"]));
    let other = trusting(leaf(LeafKind::Good).chain_pem());
    expect_refused(&server, &other, ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn trusted_self_signed_certificate_is_accepted_with_and_without_ca() {
    for is_ca in [false, true] {
        let identity = issue(&Leaf { is_ca, issuer: Issuer::Itself, ..Leaf::default() });
        expect_open(&serve(&identity), &trusting(identity.chain_pem()));
    }
}

#[test]
fn authority_with_the_name_of_a_trusted_one_is_not_trusted() {
    let impostor = TestAuthority::new().unwrap();
    let server = serve(&impostor.issue(&Leaf::default()).unwrap());
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn certificate_for_clients_is_no_certificate_of_a_server() {
    let server = serve(&issue(&Leaf { is_for_client: true, ..Leaf::default() }));
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateInvalid, "client authentication");
}

/// What an authority with this fault has issued for `localhost`, and the fault's consequences for who trusts it.
fn issued_by(fault: AuthorityFault, leaf: &Leaf) -> (Server, TlsOptions) {
    let authority = TestAuthority::with_fault(Some(fault)).unwrap();
    (serve(&authority.issue(leaf).unwrap()), trusting(&authority.ca_pem()))
}

/// A leaf with a common name and no alternative ones.
fn common_name_only(issuer: Issuer) -> Leaf {
    Leaf { common_name: "localhost".into(), names: Vec::new(), issuer, ..Leaf::default() }
}

#[test]
fn trusted_certificate_that_is_no_authority_vouches_for_no_other() {
    for fault in [AuthorityFault::NoAuthority, AuthorityFault::NoSigner] {
        for issuer in [Issuer::Authority, Issuer::Intermediate] {
            let (server, options) = issued_by(fault, &Leaf { issuer, ..Leaf::default() });
            for verification in [Verification::Full, Verification::ChainOnly, Verification::Nothing] {
                let options = TlsOptions { verification, ..options.clone() };
                expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "is no authority");
            }
        }
    }
}

#[test]
fn certificate_of_the_system_that_is_no_authority_vouches_for_no_other() {
    let (server, options) = issued_by(AuthorityFault::NoAuthority, &Leaf::default());
    let options = trusted_by_the_system(&options.trusted.unwrap());
    expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "is no authority");
}

#[test]
fn trusted_authority_vouches_only_while_it_is_valid() {
    for fault in [AuthorityFault::Expired, AuthorityFault::NotYetValid] {
        for issuer in [Issuer::Authority, Issuer::Intermediate] {
            let (server, options) = issued_by(fault, &Leaf { issuer, ..Leaf::default() });
            expect_refused(&server, &options, ErrorKind::CertificateExpired, "authority");
        }
    }
}

#[test]
fn authority_of_the_system_vouches_only_while_it_is_valid() {
    let (server, options) = issued_by(AuthorityFault::Expired, &Leaf::default());
    let options = trusted_by_the_system(&options.trusted.unwrap());
    expect_refused(&server, &options, ErrorKind::CertificateExpired, "authority");
}

#[test]
fn authority_for_some_names_vouches_for_no_other_alternative_name() {
    for (fault, issuer) in [
        (AuthorityFault::OtherNames, Issuer::Authority),
        (AuthorityFault::OtherNames, Issuer::Intermediate),
        (AuthorityFault::OtherNamesBelow, Issuer::Intermediate),
    ] {
        let (server, options) = issued_by(fault, &Leaf { issuer, ..Leaf::default() });
        expect_refused(&server, &options, ErrorKind::CertificateInvalid, "may not issue certificates for");
    }
}

#[test]
fn authority_for_some_names_vouches_for_no_common_name() {
    for (fault, issuer) in [
        (AuthorityFault::OtherNames, Issuer::Authority),
        (AuthorityFault::OtherNames, Issuer::Intermediate),
        (AuthorityFault::OtherNamesBelow, Issuer::Intermediate),
    ] {
        let (server, options) = issued_by(fault, &common_name_only(issuer));
        expect_refused(&server, &options, ErrorKind::CertificateName, "localhost");
    }
}

#[test]
fn trusted_certificate_for_clients_is_no_certificate_of_a_server() {
    let identity = issue(&Leaf { is_for_client: true, ..Leaf::default() });
    let options = trusting(identity.chain_pem());
    expect_refused(&serve(&identity), &options, ErrorKind::CertificateInvalid, "not for servers");
}

#[test]
fn common_name_does_not_count_for_default_authorities() {
    let options = trusted_by_the_system(&TestAuthority::shared().ca_pem());
    let server = serve(&issue(&common_name_only(Issuer::Authority)));
    expect_refused(&server, &options, ErrorKind::CertificateName, "localhost");
}

#[test]
fn certificate_of_the_system_is_trusted_for_itself() {
    for is_ca in [false, true] {
        let identity = issue(&Leaf { is_ca, issuer: Issuer::Itself, ..Leaf::default() });
        expect_open(&serve(&identity), &trusted_by_the_system(identity.chain_pem()));
    }
}

#[test]
fn certificate_that_godot_made_is_accepted_if_it_is_trusted_and_has_the_name() {
    let identity = issue(&Leaf::as_godot_makes("LocalHost"));
    let server = serve(&identity);
    expect_open(&server, &trusting(identity.chain_pem()));
    for options in [TlsOptions::default(), trusting_authority()] {
        expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "trusted authority");
    }
}

#[test]
fn certificate_that_godot_made_for_another_name_is_refused() {
    let identity = issue(&Leaf::as_godot_makes("game.invalid"));
    let server = serve(&identity);
    let options = trusting(identity.chain_pem());
    expect_refused(&server, &options, ErrorKind::CertificateName, "localhost");
    expect_open(&server, &TlsOptions { server_name: Some("game.invalid".into()), ..options.clone() });
    expect_open(&server, &TlsOptions { verification: Verification::ChainOnly, ..options });
}

#[test]
fn common_name_counts_only_without_alternative_names() {
    let leaf = Leaf { common_name: "localhost".into(), names: vec!["other.invalid".into()], ..Leaf::default() };
    let server = serve(&issue(&leaf));
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateName, "other.invalid");
}

#[test]
fn common_name_may_be_an_address() {
    let identity = issue(&Leaf::as_godot_makes("127.0.0.1"));
    expect_open_at(&by_address(&serve(&identity)), &trusting(identity.chain_pem()));
}

#[test]
fn common_name_counts_for_what_a_trusted_authority_has_issued() {
    for issuer in [Issuer::Authority, Issuer::Intermediate] {
        expect_open(&serve(&issue(&common_name_only(issuer))), &trusting_authority());
    }
}

#[test]
fn expired_certificate_is_refused() {
    let server = serve(leaf(LeafKind::Expired));
    for verification in [Verification::Full, Verification::ChainOnly, Verification::Nothing] {
        let options = TlsOptions { verification, ..trusting_authority() };
        expect_refused(&server, &options, ErrorKind::CertificateExpired, "expired");
    }
}

#[test]
fn expired_certificate_is_refused_even_if_it_is_trusted_itself() {
    for issuer in [Issuer::Authority, Issuer::Itself] {
        let identity = issue(&Leaf { expired: true, issuer, ..Leaf::default() });
        let options = trusting(identity.chain_pem());
        expect_refused(&serve(&identity), &options, ErrorKind::CertificateExpired, "expired");
    }
    let identity = issue(&Leaf { expired: true, ..Leaf::as_godot_makes("localhost") });
    expect_refused(&serve(&identity), &trusting(identity.chain_pem()), ErrorKind::CertificateExpired, "expired");
}

#[test]
fn address_has_to_be_in_the_certificate_and_is_not_asked_for() {
    let server = serve(&named(&["127.0.0.1"]));
    expect_open_at(&by_address(&server), &trusting_authority());
    assert_eq!(server_name(&server), None);

    let server = serve(&named(&["localhost"]));
    let words = r#"it is for "localhost", not for "127.0.0.1""#;
    expect_refused_at(&by_address(&server), &trusting_authority(), ErrorKind::CertificateName, words);
    let server = serve(&named(&["a.invalid", "127.0.0.2", "::2"]));
    let words = r#"it is for "a.invalid", 127.0.0.2, ::2, not for "127.0.0.1""#;
    expect_refused_at(&by_address(&server), &trusting_authority(), ErrorKind::CertificateName, words);
}

#[test]
fn common_name_is_told_if_it_is_another() {
    let identity = issue(&Leaf::as_godot_makes("localhost"));
    let words = r#"it is for "localhost" by its common name, not for "127.0.0.1""#;
    let server = serve(&identity);
    expect_refused_at(&by_address(&server), &trusting(identity.chain_pem()), ErrorKind::CertificateName, words);
}

/// SHA-224 here, because no library of ours signs with SHA-1, and its identifier is as long as that of SHA-256.
#[test]
fn signature_that_is_not_supported_is_named() {
    const SHA_256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let identity = leaf(LeafKind::Good);
    let mut certificate = identity.chain()[0].to_vec();
    let places: Vec<_> = certificate.windows(8).enumerate().filter(|(_, bytes)| *bytes == SHA_256).collect();
    let lasts: Vec<_> = places.into_iter().map(|(start, _)| start + SHA_256.len() - 1).collect();
    assert_eq!(lasts.len(), 2);
    for last in lasts {
        certificate[last] = 1;
    }
    let server = serve_chain(vec![certificate.into()], identity);
    let words = "it is signed with SHA-224 and ECDSA, which is not supported";
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateInvalid, words);
}

#[test]
fn address_of_version_6_is_checked_without_its_brackets() {
    let options =
        Options { ipv6: true, tls: Some(named(&["::1"]).server_config()), ..Options::new([Step::Upgrade, Step::Hold]) };
    let server = Server::start_with(options).unwrap();
    expect_open_at(&format!("wss://[::1]:{}", server.port()), &trusting_authority());
}

#[test]
fn host_of_the_url_is_asked_for() {
    let server = serve(leaf(LeafKind::Good));
    expect_open(&server, &trusting_authority());
    assert_eq!(server_name(&server).as_deref(), Some("localhost"));
}

#[test]
fn other_server_name_is_checked_and_asked_for_instead_of_the_host() {
    let server = serve(&named(&["game.invalid"]));
    let options = TlsOptions { server_name: Some("game.invalid".into()), ..trusting_authority() };
    for url in [server.url(), by_address(&server)] {
        expect_open_at(&url, &options);
        assert_eq!(server_name(&server).as_deref(), Some("game.invalid"));
    }
    expect_refused(&server, &trusting_authority(), ErrorKind::CertificateName, "localhost");
}

#[test]
fn other_server_name_that_is_not_in_the_certificate_is_refused() {
    let options = TlsOptions { server_name: Some("other.invalid".into()), ..trusting_authority() };
    expect_refused(&serve(leaf(LeafKind::Good)), &options, ErrorKind::CertificateName, "other.invalid");
}

#[test]
fn other_server_name_that_is_no_name_is_refused() {
    let options = TlsOptions { server_name: Some("no name".into()), ..trusting_authority() };
    expect_refused(&serve(leaf(LeafKind::Good)), &options, ErrorKind::CertificateName, "no name");
}

#[test]
fn chain_only_checks_the_chain_and_not_the_name() {
    let options = TlsOptions { verification: Verification::ChainOnly, ..trusting_authority() };
    expect_open(&serve(leaf(LeafKind::WrongName)), &options);
    let server = serve(leaf(LeafKind::SelfSigned));
    expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn nothing_accepts_every_certificate() {
    let options = TlsOptions { verification: Verification::Nothing, ..TlsOptions::default() };
    for kind in [LeafKind::Good, LeafKind::WrongName, LeafKind::Expired, LeafKind::SelfSigned] {
        expect_open(&serve(leaf(kind)), &options);
    }
    expect_open(&serve(&issue(&Leaf::as_godot_makes("other.invalid"))), &options);
    expect_open(&serve(&issue(&Leaf { is_for_client: true, ..Leaf::default() })), &options);
}

#[test]
fn nothing_checks_the_chain_if_certificates_are_given() {
    let options = TlsOptions { verification: Verification::Nothing, ..trusting_authority() };
    expect_open(&serve(leaf(LeafKind::WrongName)), &options);
    let server = serve(leaf(LeafKind::SelfSigned));
    expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "trusted authority");
}

#[test]
fn trusted_certificates_that_cannot_be_read_are_a_misuse() {
    let key = leaf(LeafKind::Good).key_pem();
    for pem in ["", "garbage", key] {
        expect_misuse(&trusting(pem), "no certificate");
    }
    expect_misuse(&trusting("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), "it is empty");
    for pem in [
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
    ] {
        for verification in [Verification::Full, Verification::ChainOnly, Verification::Nothing] {
            expect_misuse(&TlsOptions { verification, ..trusting(pem) }, "");
        }
    }
}

#[test]
fn each_version_of_tls_is_spoken_alone() {
    let identity = leaf(LeafKind::Good);
    for version in [&TLS12, &TLS13] {
        expect_open(&serve_with(identity.server_config_with(&[version], None)), &trusting_authority());
    }
}

/// Connects twice, and returns how many of the sessions the server has resumed.
fn resumed(server: &Server, clients: [TlsClient; 2]) -> usize {
    for tls in clients {
        let url = WsUrl::parse(&server.url()).unwrap();
        let request = Request { url, protocols: Vec::new(), headers: Vec::new(), tls: Some(tls) };
        Client::connect_with(Config::default(), request).until_open();
    }
    let events = server.wait_for_events("request", 2, PATIENCE).unwrap();
    events.iter().filter(|recorded| recorded.event == Event::Resumed).count()
}

#[test]
fn second_connection_with_the_same_client_resumes_the_session_of_the_first() {
    for version in [&TLS12, &TLS13] {
        let server = serve_with(leaf(LeafKind::Good).server_config_with(&[version], None));
        let tls = TlsClient::new(&trusting_authority()).unwrap();
        assert_eq!(resumed(&server, [tls.clone(), tls]), 1, "{version:?}");
    }
}

#[test]
fn second_connection_with_another_client_resumes_nothing() {
    for version in [&TLS12, &TLS13] {
        let server = serve_with(leaf(LeafKind::Good).server_config_with(&[version], None));
        let clients = [(); 2].map(|()| TlsClient::new(&trusting_authority()).unwrap());
        assert_eq!(resumed(&server, clients), 0, "{version:?}");
    }
}

fn pin(identity: &ServerIdentity) -> KeyPin {
    let hash = ring::digest::digest(&ring::digest::SHA256, identity.public_key());
    KeyPin::parse(&base64::engine::general_purpose::STANDARD.encode(hash)).unwrap()
}

#[test]
fn server_with_a_pinned_key_is_accepted() {
    let (good, other) = (leaf(LeafKind::Good), leaf(LeafKind::WrongName));
    for pins in [vec![pin(good)], vec![pin(other), pin(good)]] {
        expect_open(&serve(good), &TlsOptions { pins, ..trusting_authority() });
    }
}

#[test]
fn server_without_a_pinned_key_is_refused() {
    let server = serve(leaf(LeafKind::Good));
    for verification in [Verification::Full, Verification::ChainOnly, Verification::Nothing] {
        let pins = vec![pin(leaf(LeafKind::WrongName))];
        let options = TlsOptions { pins, verification, ..trusting_authority() };
        expect_refused(&server, &options, ErrorKind::CertificateUntrusted, "pinned");
    }
}

#[test]
fn pins_are_checked_even_if_nothing_else_is() {
    let identity = leaf(LeafKind::SelfSigned);
    let server = serve(identity);
    let pinning = |identity| TlsOptions {
        pins: vec![pin(identity)],
        verification: Verification::Nothing,
        ..TlsOptions::default()
    };
    expect_open(&server, &pinning(identity));
    expect_refused(&server, &pinning(leaf(LeafKind::Good)), ErrorKind::CertificateUntrusted, "pinned");
}

#[test]
fn pinned_key_does_not_excuse_other_faults() {
    for (kind, expected) in [
        (LeafKind::Expired, ErrorKind::CertificateExpired),
        (LeafKind::SelfSigned, ErrorKind::CertificateUntrusted),
        (LeafKind::WrongName, ErrorKind::CertificateName),
    ] {
        let options = TlsOptions { pins: vec![pin(leaf(kind))], ..trusting_authority() };
        expect_refused(&serve(leaf(kind)), &options, expected, "certificate");
    }
}

#[test]
fn pin_that_is_no_hash_is_a_misuse() {
    for text in ["", "sha256/", "AAAA", "not base64"] {
        assert!(matches!(KeyPin::parse(text), Err(Misuse::InvalidPin(_))), "{text:?}");
    }
    let hash = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    assert_eq!(KeyPin::parse(&hash), KeyPin::parse(&format!("sha256/{hash}")));
}

fn client_identity(authority: &TestAuthority) -> Identity {
    let leaf = Leaf { common_name: "player".into(), names: Vec::new(), is_for_client: true, ..Leaf::default() };
    let identity = authority.issue(&leaf).unwrap();
    Identity { certificates: identity.chain_pem().to_owned(), key: identity.key_pem().to_owned() }
}

/// For each version of TLS, a server that demands a certificate of its clients.
fn demanding() -> [Server; 2] {
    let identity = leaf(LeafKind::Good);
    [&TLS12, &TLS13].map(|version| {
        let config = identity.server_config_with(&[version], Some(TestAuthority::shared()));
        serve_with(config)
    })
}

#[test]
fn client_with_a_certificate_is_let_in() {
    let identity = Some(client_identity(TestAuthority::shared()));
    for server in demanding() {
        expect_open(&server, &TlsOptions { identity: identity.clone(), ..trusting_authority() });
    }
}

#[test]
fn client_with_a_certificate_is_let_in_where_nobody_asks_for_it() {
    let identity = Some(client_identity(TestAuthority::shared()));
    expect_open(&serve(leaf(LeafKind::Good)), &TlsOptions { identity, ..trusting_authority() });
}

/// In TLS 1.3 the server says so when the client has finished already (RFC 8446 §4.4.2.4).
#[test]
fn client_without_the_certificate_that_the_server_demands_is_told_so() {
    for server in demanding() {
        expect_refused(&server, &trusting_authority(), ErrorKind::TlsFailed, "asks for a certificate");
    }
}

#[test]
fn client_with_a_certificate_that_the_server_does_not_trust_is_told_so() {
    let identity = Some(client_identity(&TestAuthority::new().unwrap()));
    for server in demanding() {
        let options = TlsOptions { identity: identity.clone(), ..trusting_authority() };
        expect_refused(&server, &options, ErrorKind::TlsFailed, "alert");
    }
}

#[test]
fn key_of_another_certificate_is_a_misuse() {
    let authority = TestAuthority::shared();
    let key = client_identity(authority).key;
    let identity = Some(Identity { key, ..client_identity(authority) });
    expect_misuse(&TlsOptions { identity, ..trusting_authority() }, "belongs to another certificate");
}

#[test]
fn encrypted_key_is_a_misuse_that_says_so() {
    let pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let pkcs1 = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
                 -----END RSA PRIVATE KEY-----\n";
    for key in [pkcs8, pkcs1] {
        let identity = Identity { key: key.to_owned(), ..client_identity(TestAuthority::shared()) };
        expect_misuse(&TlsOptions { identity: Some(identity), ..trusting_authority() }, "encrypted");
    }
}

#[test]
fn identity_that_cannot_be_read_is_a_misuse() {
    let good = client_identity(TestAuthority::shared());
    for key in ["", "garbage", &good.certificates] {
        let identity = Identity { key: key.to_owned(), ..good.clone() };
        expect_misuse(&TlsOptions { identity: Some(identity), ..trusting_authority() }, "no private key");
    }
    for certificates in ["", "garbage", &good.key] {
        let identity = Identity { certificates: certificates.to_owned(), ..good.clone() };
        expect_misuse(&TlsOptions { identity: Some(identity), ..trusting_authority() }, "no certificate");
    }
}
