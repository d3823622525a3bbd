extends "res://tests/multiplayer_suite.gd"
## Whom a server lets in, and as whom a client comes.

const _WELCOME := 101

## What the filter was asked.
var _asked: Array[Array] = []


func test_when_it_is_new_then_everybody_may_come_in() -> void:
	var peer := make_peer(OURS)
	expect_eq([peer.max_clients, peer.max_pending_clients, peer.allowed_origins], [0, 1024, PackedStringArray()])
	expect_eq([peer.request_filter.is_valid(), peer.pinned_public_keys], [false, PackedStringArray()])


func test_when_the_server_is_full_then_more_clients_get_503() -> void:
	var host := serve()
	host.max_clients = 1
	await join("C1", ENGINE)
	await _expect_refused("C2", 503)
	peers["C1"].close()
	await until_so(func() -> bool: return heard.any(func(event: Array) -> bool: return event.slice(0, 2) == [SERVER, "out"]))
	await join("C3")


func test_when_an_origin_is_not_allowed_then_its_pages_are_out() -> void:
	serve().allowed_origins = ["https://game.example"]
	var client := make_peer(OURS, "C1")
	client.handshake_headers = ["Origin: https://evil.example"]
	expect_eq(client.create_client(url()), OK)
	await _expect_out(client, 403)
	# A program that is no browser sends none.
	await join("C2")


func test_when_the_filter_says_so_then_a_client_is_in_or_out() -> void:
	serve().request_filter = _filter
	var client := make_peer(OURS, "C1")
	expect_eq(client.create_client(url() + "/game?token=1"), OK)
	await until_so(func() -> bool: return is_in("C1"), "it is in")
	await _expect_refused("C2", 401)
	expect_eq(_asked.map(func(question: Array) -> Array: return [question[0], question[2]]), [
		["/game?token=1", "127.0.0.1"],
		["/", "127.0.0.1"],
	])
	expect_true(_asked[0][1] is PackedStringArray)


func test_when_the_filter_fails_then_nobody_comes_in() -> void:
	expect_warning("WebSocketMultiplayerPeer.request_filter: it is called with 3 arguments")
	serve().request_filter = _nobody
	expect_error("WebSocketMultiplayerPeer.request_filter: the call failed")
	await _expect_refused("C1", 500)


func test_when_too_many_are_on_their_way_then_the_next_is_turned_away() -> void:
	serve().max_pending_clients = 1
	var first := connect_raw()
	await until_so(func() -> bool: return first.is_connected_to_host(), "connected")
	await poll_on(5)
	var client := knock("C1")
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it is out")
	first.upgrade()
	await until_so(func() -> bool: return first.payloads(RawClient.BINARY).size() > 0, "the first is in")


func test_when_the_key_of_the_server_is_pinned_then_no_other_key_will_do() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var certificate := Crypto.new().generate_self_signed_certificate(key, "CN=localhost")
	serve(OURS, TLSOptions.server(key, certificate))
	for pinned: CryptoKey in [Crypto.new().generate_rsa(2048), key]:
		var client := make_peer(OURS, "C1")
		client.pinned_public_keys = [_hash_of(pinned)]
		expect_eq(client.create_client(url("wss", "localhost"), TLSOptions.client(certificate)), OK)
		if pinned == key:
			await until_so(func() -> bool: return is_in("C1"), "it is in")
		else:
			await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it is out")
			expect_eq(client.get_last_error().get_kind(), WebSocketError.KIND_CERTIFICATE_UNTRUSTED)


func test_when_the_certificate_of_a_client_cannot_be_used_then_nothing_is_connected() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var public := CryptoKey.new()
	expect_eq(public.load_from_string(key.save_to_string(true), true), OK)
	var certificate := Crypto.new().generate_self_signed_certificate(key, "CN=player")
	var client := make_peer(OURS)
	expect_error("WebSocketMultiplayerPeer.set_client_certificate: the key has no private part")
	client.set_client_certificate(public, certificate)
	expect_error("create_client: set_client_certificate: the key has no private part")
	expect_eq(client.create_client("wss://localhost:1"), ERR_INVALID_PARAMETER)
	client.set_client_certificate(key, certificate)
	expect_eq(client.create_client("wss://localhost:1"), OK)


func _expect_refused(who: String, status: int) -> void:
	await _expect_out(knock(who), status)


## A client gets no further than to an answer with this status.
func _expect_out(client: MultiplayerPeer, status: int) -> void:
	await until_so(func() -> bool: return client.get_connection_status() == DISCONNECTED, "it is out")
	expect_eq(client.get_last_error().get_http_status(), status, client.get_last_error().get_message())


func _filter(target: String, headers: PackedStringArray, address: String) -> int:
	_asked.append([target, headers, address])
	return _WELCOME if target.contains("token=1") else 401


func _nobody() -> int:
	return _WELCOME


## The hash of a public key, as pins want it.
func _hash_of(key: CryptoKey) -> String:
	var lines := key.save_to_string(true).split("\n", false)
	var context := HashingContext.new()
	context.start(HashingContext.HASH_SHA256)
	context.update(Marshalls.base64_to_raw("".join(lines.slice(1, -1))))
	return Marshalls.raw_to_base64(context.finish())
