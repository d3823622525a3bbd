extends "res://tests/server_suite.gd"
## A server that speaks TLS.

const _END_OF_CERTIFICATE := "-----END CERTIFICATE-----"


func test_when_it_has_a_certificate_then_clients_that_trust_its_issuer_come_in() -> void:
	_start("good")
	var client := await _join(TLSOptions.client(authority()))
	client.send_text("secret")
	await until_heard("data_received")
	expect_eq(peer().get_message(), "secret")
	expect_true(peer().get_requested_url().begins_with("wss://127.0.0.1:"), peer().get_requested_url())
	client.close()
	await until_heard("client_disconnected")
	expect_eq(heard[-1], ["client_disconnected", 1, true])


func test_when_the_client_trusts_another_issuer_then_it_stays_out() -> void:
	_start("self_signed")
	var client := _knock(TLSOptions.client(authority()))
	await until_closed(client)
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_CERTIFICATE_UNTRUSTED)
	await poll_on()
	expect_eq(heard, [])


func test_when_the_issuer_is_in_between_then_the_chain_makes_up_for_it() -> void:
	_start("chained", true)
	await _join(TLSOptions.client(authority()))


func test_when_the_issuer_is_in_between_and_there_is_no_chain_then_the_client_stays_out() -> void:
	_start("chained")
	var client := _knock(TLSOptions.client(authority()))
	await until_closed(client)
	expect_eq(client.get_last_error().get_phase(), WebSocketError.PHASE_TLS)


func test_when_the_certificate_was_made_by_the_engine_then_clients_that_trust_it_come_in() -> void:
	var crypto := Crypto.new()
	prepare()
	host.private_key = crypto.generate_rsa(2048)
	host.ssl_certificate = crypto.generate_self_signed_certificate(host.private_key, "CN=localhost,O=Game,C=DE")
	expect_eq(host.listen(0), OK)
	var certificate := host.ssl_certificate
	await _join(TLSOptions.client(certificate), "localhost")
	await _join(TLSOptions.client_unsafe())


func test_when_a_client_of_godot_3_trusts_the_certificate_then_it_comes_in() -> void:
	_start("good")
	var client := WebSocketClient.new()
	client.trusted_ssl_certificate = authority()
	expect_eq(client.connect_to_url("wss://127.0.0.1:%d" % host.get_local_port()), OK)
	await until_so(func() -> bool:
		client.poll()
		return ids.size() == 1, "the client is in")


func test_when_a_client_does_not_speak_tls_then_the_others_do_not_notice() -> void:
	_start("good")
	var plain := TungstenWebSocketPeer.new()
	clients.append(plain)
	expect_eq(plain.connect_to_url(url()), OK)
	await until_closed(plain)
	await _join(TLSOptions.client(authority()))
	expect_eq(names_heard(), ["client_connected"])


func test_when_a_client_does_not_answer_the_hello_then_it_is_dropped_after_the_timeout() -> void:
	_start("good", false, 0.3)
	var stream := await connected_stream()
	await until_so(func() -> bool:
		stream.poll()
		return stream.get_status() != StreamPeerTCP.STATUS_CONNECTED, "it is out")
	expect_eq(heard, [])


## A server with an identity of the testkit, with or without the certificate of an issuer in between.
func _start(kind: String, with_chain := false, timeout_s := 3.0) -> void:
	prepare()
	var identity := testkit().ask({"identity": kind})
	var certificates: PackedStringArray = identity["certificate"].split(_END_OF_CERTIFICATE)
	host.private_key = CryptoKey.new()
	expect_eq(host.private_key.load_from_string(identity["key"]), OK)
	host.ssl_certificate = _certificate(certificates[0])
	if with_chain:
		host.ca_chain = _certificate(certificates[1])
	host.handshake_timeout = timeout_s
	expect_eq(host.listen(0), OK)


func _certificate(pem: String) -> X509Certificate:
	var certificate := X509Certificate.new()
	expect_eq(certificate.load_from_string(pem.strip_edges() + "\n" + _END_OF_CERTIFICATE + "\n"), OK)
	return certificate


func _knock(options: TLSOptions, name := "127.0.0.1") -> TungstenWebSocketPeer:
	var client := TungstenWebSocketPeer.new()
	clients.append(client)
	expect_eq(client.connect_to_url("wss://%s:%d" % [name, host.get_local_port()], options), OK)
	return client


func _join(options: TLSOptions, name := "127.0.0.1") -> TungstenWebSocketPeer:
	var client := _knock(options, name)
	var count := ids.size() + 1
	await until_so(func() -> bool: return client.get_ready_state() == OPEN and ids.size() == count, "a client is in")
	return client
