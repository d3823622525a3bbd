extends "res://tests/peer_suite.gd"
## Whom the peer trusts beyond [code]TLSOptions[/code], and as whom it comes.

const BUNDLE_SETTING := "network/tls/certificate_bundle_override"
const BUNDLE_PATH := "user://bundle.pem"
const SECURE := [{"tls": "good"}, "upgrade", "answer_close"]


func test_when_the_project_has_a_bundle_of_certificates_then_it_is_trusted() -> void:
	_write(testkit().authority())
	ProjectSettings.set_setting(BUNDLE_SETTING, BUNDLE_PATH)
	var peer := await opened(server(SECURE).url)
	ProjectSettings.set_setting(BUNDLE_SETTING, "")
	peer.close()
	await until_state(peer, CLOSED)
	expect_close(peer, 1000, "")


func test_when_no_bundle_is_set_then_the_authority_of_the_tests_is_not_trusted() -> void:
	var peer := connecting(server(SECURE, {"may_violate": true}).url)
	await expect_failure(peer, WebSocketError.PHASE_TLS, WebSocketError.KIND_CERTIFICATE_UNTRUSTED)


func test_when_the_key_of_the_server_is_pinned_then_the_connection_opens() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var peer := TungstenWebSocketPeer.new()
	peer.pinned_public_keys = ["sha256/" + _hash_of(key)]
	await _join(peer, key)
	expect_eq(peer.get_ready_state(), OPEN, why_failed(peer))
	expect_eq(peer.pinned_public_keys, PackedStringArray(["sha256/" + _hash_of(key)]))


func test_when_another_key_is_pinned_then_the_server_is_refused() -> void:
	var peer := TungstenWebSocketPeer.new()
	peer.pinned_public_keys = [_hash_of(Crypto.new().generate_rsa(2048))]
	await _join(peer, Crypto.new().generate_rsa(2048))
	await expect_failure(peer, WebSocketError.PHASE_TLS, WebSocketError.KIND_CERTIFICATE_UNTRUSTED)
	expect_true(why_failed(peer).contains("pinned"), why_failed(peer))


func test_when_a_pin_is_no_hash_then_nothing_is_connected() -> void:
	var hash := _hash_of(Crypto.new().generate_rsa(2048))
	for keys: PackedStringArray in [PackedStringArray(["sha256/AAAA"]), PackedStringArray([hash, ""])]:
		var peer := TungstenWebSocketPeer.new()
		expect_error("WebSocketPeer.pinned_public_keys: \"%s\" is no SHA-256 hash in base64" % keys[-1])
		peer.pinned_public_keys = keys
		expect_eq(peer.pinned_public_keys, keys)
		for scheme: String in ["ws", "wss"]:
			expect_error("WebSocketPeer.connect_to_url: pinned_public_keys: \"%s\" is no SHA-256 hash" % keys[-1])
			expect_eq(peer.connect_to_url(scheme + "://localhost:1"), ERR_INVALID_PARAMETER, scheme)
			expect_eq(peer.get_ready_state(), CLOSED)
		peer.pinned_public_keys = [hash]
		expect_eq(peer.connect_to_url("wss://localhost:1"), OK)


func test_when_the_bundle_of_the_project_changes_then_what_was_read_first_is_trusted() -> void:
	_write(testkit().authority())
	ProjectSettings.set_setting(BUNDLE_SETTING, BUNDLE_PATH)
	(await opened(server(SECURE).url)).close(1000)
	_write("")
	(await opened(server(SECURE).url)).close(1000)
	ProjectSettings.set_setting(BUNDLE_SETTING, "")


func test_when_a_trusted_certificate_is_empty_then_that_is_told() -> void:
	expect_error("connect_to_url: the certificate cannot be used: it is empty")
	var options := TLSOptions.client(X509Certificate.new())
	expect_eq(TungstenWebSocketPeer.new().connect_to_url("wss://localhost:1", options), ERR_INVALID_PARAMETER)


func test_when_the_common_name_is_another_then_the_error_names_it() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var certificate := Crypto.new().generate_self_signed_certificate(key, "CN=localhost")
	var peer := TungstenWebSocketPeer.new()
	await _join(peer, key, certificate, "127.0.0.1")
	await expect_failure(peer, WebSocketError.PHASE_TLS, WebSocketError.KIND_CERTIFICATE_NAME)
	expect_true(why_failed(peer).contains('"localhost" by its common name, not for "127.0.0.1"'), why_failed(peer))


## The engine complains about the text of each certificate, so that is hushed up while it is made.
func test_when_threads_use_certificates_at_a_time_then_errors_are_printed_afterwards_as_before() -> void:
	var certificate := Crypto.new().generate_self_signed_certificate(Crypto.new().generate_rsa(2048), "CN=localhost")
	var options := TLSOptions.client(certificate)
	var connect_often := func() -> void:
		for _time in 300:
			TungstenWebSocketPeer.new().connect_to_url("wss://localhost:1", options)
	var threads: Array[Thread] = []
	for _number in 4:
		threads.append(Thread.new())
		threads[-1].start(connect_often)
	for thread in threads:
		thread.wait_to_finish()
	expect_true(Engine.print_error_messages)
	Engine.print_error_messages = true


func test_when_a_certificate_of_the_game_is_given_then_servers_that_do_not_ask_accept_it() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var peer := TungstenWebSocketPeer.new()
	peer.set_client_certificate(key, Crypto.new().generate_self_signed_certificate(key, "CN=player"))
	expect_eq(peer.connect_to_url(server(SECURE).url, trusting()), OK)
	await until_state(peer, OPEN)
	peer.close()
	await until_state(peer, CLOSED)


func test_when_the_key_belongs_to_another_certificate_then_connecting_is_refused() -> void:
	var crypto := Crypto.new()
	var certificate := crypto.generate_self_signed_certificate(crypto.generate_rsa(2048), "CN=player")
	var peer := TungstenWebSocketPeer.new()
	peer.set_client_certificate(crypto.generate_rsa(2048), certificate)
	expect_error("connect_to_url: the certificate cannot be used: the private key belongs to another certificate")
	expect_eq(peer.connect_to_url("wss://localhost:1"), ERR_INVALID_PARAMETER)
	peer.set_client_certificate(null, null)
	expect_eq(peer.connect_to_url("wss://localhost:1"), OK)


func test_when_the_key_has_no_private_part_then_nothing_is_connected() -> void:
	var crypto := Crypto.new()
	var key := crypto.generate_rsa(2048)
	var public := CryptoKey.new()
	expect_eq(public.load_from_string(key.save_to_string(true), true), OK)
	var certificate := crypto.generate_self_signed_certificate(key, "CN=player")
	var peer := TungstenWebSocketPeer.new()
	expect_error("WebSocketPeer.set_client_certificate: the key has no private part")
	peer.set_client_certificate(public, certificate)
	expect_error("connect_to_url: set_client_certificate: the key has no private part")
	expect_eq(peer.connect_to_url("wss://localhost:1"), ERR_INVALID_PARAMETER)
	peer.set_client_certificate(key, certificate)
	expect_eq(peer.connect_to_url("wss://localhost:1"), OK)


## The hash of a public key, as pins want it.
func _hash_of(key: CryptoKey) -> String:
	var lines := key.save_to_string(true).split("\n", false)
	var body := "".join(Array(lines).filter(func(line: String) -> bool: return not line.contains("-----")))
	var context := HashingContext.new()
	context.start(HashingContext.HASH_SHA256)
	context.update(Marshalls.base64_to_raw(body.strip_edges()))
	return Marshalls.raw_to_base64(context.finish())


func _write(bundle: String) -> void:
	var file := FileAccess.open(BUNDLE_PATH, FileAccess.WRITE)
	file.store_string(bundle)
	file.close()


## Connects to a server of the engine that has this key, up to the end of either kind.
func _join(
	peer: TungstenWebSocketPeer,
	key: CryptoKey,
	certificate := Crypto.new().generate_self_signed_certificate(key, "CN=localhost"),
	host := "localhost"
) -> void:
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var url := "wss://%s:%d" % [host, listener.get_local_port()]
	expect_eq(peer.connect_to_url(url, TLSOptions.client(certificate)), OK)
	await until(func() -> bool:
		peer.poll()
		return listener.is_connection_available())
	var secure := StreamPeerTLS.new()
	expect_eq(secure.accept_stream(listener.take_connection(), TLSOptions.server(key, certificate)), OK)
	var theirs := WebSocketPeer.new()
	expect_eq(theirs.accept_stream(secure), OK)
	await until(func() -> bool:
		peer.poll()
		theirs.poll()
		return peer.get_ready_state() != CONNECTING)
