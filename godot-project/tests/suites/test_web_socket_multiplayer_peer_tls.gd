extends "res://tests/multiplayer_suite.gd"
## Sessions with TLS; servers and clients of both classes.


func test_when_clients_trust_the_issuer_then_they_are_in() -> void:
	for pair in PAIRS:
		serve(pair[0], identity())
		await _join("C1", pair[1], TLSOptions.client(authority()))
		expect_eq(put("C1", [1, 2]), OK)
		expect_eq(await packets_of(SERVER), [[id_of("C1"), PackedByteArray([1, 2])]], str(pair))
		forget()


func test_when_the_certificate_was_made_by_the_engine_then_clients_that_trust_it_are_in() -> void:
	var crypto := Crypto.new()
	var key := crypto.generate_rsa(2048)
	var certificate := crypto.generate_self_signed_certificate(key, "CN=localhost,O=Game,C=DE")
	for pair in PAIRS:
		serve(pair[0], TLSOptions.server(key, certificate))
		await _join("C1", pair[1], TLSOptions.client(certificate))
		forget()


func test_when_clients_check_nothing_then_they_are_in() -> void:
	for pair in PAIRS:
		serve(pair[0], identity())
		await _join("C1", pair[1], TLSOptions.client_unsafe())
		forget()


func test_when_a_client_trusts_another_issuer_then_it_stays_out() -> void:
	serve(OURS, identity())
	var client := _knock("C1", OURS, TLSOptions.client())
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it stays out")
	expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_CERTIFICATE_UNTRUSTED)
	await poll_on()
	expect_eq(heard, [])


func test_when_the_server_speaks_no_tls_then_the_client_stays_out() -> void:
	serve()
	var client := _knock("C1", OURS, TLSOptions.client_unsafe())
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it stays out")
	expect_eq(client.get_last_error().get_phase(), WebSocketError.PHASE_TLS, client.get_last_error().get_message())
	await poll_on()
	expect_eq(heard, [])


func test_when_the_client_speaks_no_tls_then_it_stays_out() -> void:
	serve(OURS, identity())
	var client := knock("C1")
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it stays out")
	await poll_on()
	expect_eq([heard, client.get_last_error() != null], [[], true])
	await _join("C2", OURS, TLSOptions.client_unsafe())


func test_when_the_server_closes_then_clients_with_tls_hear_of_it() -> void:
	serve(OURS, identity())
	var client := await _join("C1", OURS, TLSOptions.client_unsafe())
	expect_eq(put(SERVER, [7]), OK)
	peers[SERVER].close()
	var code := [0]
	var id := client.get_instance_id()
	client.peer_disconnected.connect(func(_id: int) -> void: code[0] = instance_from_id(id).get_peer(1).get_close_code())
	expect_eq(await packets_of("C1"), [[1, PackedByteArray([7])]])
	await until_heard(["C1", "out", 1])
	expect_eq(code[0], 1001)


func _knock(who: String, kind: String, options: TLSOptions) -> MultiplayerPeer:
	var client := make_peer(kind, who)
	# The name is in the certificate; it may mean both kinds of addresses, which the engine's class tries in turn.
	expect_eq(client.create_client(url("wss", "localhost"), options), OK)
	return client


func _join(who: String, kind: String, options: TLSOptions) -> MultiplayerPeer:
	var client := _knock(who, kind, options)
	await until_so(func() -> bool: return is_in(who), "%s of %s is in" % [who, kind])
	return client
