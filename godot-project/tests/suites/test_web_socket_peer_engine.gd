extends "res://tests/peer_suite.gd"
## The engine's own peer at the other end of ours, in one process. Either may be the server.


func test_when_texts_and_bytes_go_both_ways_then_they_arrive() -> void:
	for pair: Pair in [await _open_pair(), await _open_pair_that_we_accept()]:
		expect_eq(pair.ours.send_text("to them"), OK)
		expect_eq(pair.ours.send(PackedByteArray([0, 255])), OK)
		expect_eq(await pair.next_of_theirs(), "to them")
		expect_eq(await pair.next_of_theirs(), PackedByteArray([0, 255]))
		expect_eq(pair.theirs.send_text("to us"), OK)
		expect_eq(pair.theirs.send(PackedByteArray([1, 254])), OK)
		expect_eq(await pair.next_of_ours(), "to us")
		expect_eq(await pair.next_of_ours(), PackedByteArray([1, 254]))


func test_when_messages_are_large_then_they_arrive_both_ways() -> void:
	for pair: Pair in [await _open_pair(), await _open_pair_that_we_accept()]:
		for round_trip in 10:
			var message := PackedByteArray()
			message.resize(60_000)
			message.fill(round_trip)
			expect_eq(pair.ours.send(message), OK)
			expect_eq(await pair.next_of_theirs(), message)
			expect_eq(pair.theirs.send(message), OK)
			expect_eq(await pair.next_of_ours(), message)


func test_when_variables_go_both_ways_then_they_arrive() -> void:
	var pair := await _open_pair()
	expect_eq(pair.ours.put_var({"a": [1, Vector2.ONE]}), OK)
	await pair.until_available(pair.theirs)
	expect_eq(pair.theirs.get_var(), {"a": [1, Vector2.ONE]})
	expect_eq(pair.theirs.put_var("back"), OK)
	await pair.until_available(pair.ours)
	expect_eq(pair.ours.get_var(), "back")


func test_when_we_close_then_both_know_code_and_reason() -> void:
	for pair: Pair in [await _open_pair(), await _open_pair_that_we_accept()]:
		expect_eq(pair.ours.send_text("last"), OK)
		pair.ours.close(4001, "from us")
		expect_eq(pair.ours.get_ready_state(), CLOSING)
		await pair.until_both_closed()
		expect_close(pair.ours, 4001, "from us")
		expect_eq([pair.theirs.get_close_code(), pair.theirs.get_close_reason()], [4001, "from us"])


func test_when_they_close_then_both_know_code_and_reason() -> void:
	for pair: Pair in [await _open_pair(), await _open_pair_that_we_accept()]:
		pair.theirs.close(4002, "from them")
		await pair.until_both_closed()
		expect_close(pair.ours, 4002, "from them")
		expect_eq([pair.theirs.get_close_code(), pair.theirs.get_close_reason()], [4002, "from them"])


func test_when_they_vanish_then_the_connection_is_lost() -> void:
	var pair := await _open_pair()
	pair.theirs.close(-1)
	await expect_failure(pair.ours, WebSocketError.PHASE_OPEN, WebSocketError.KIND_CONNECTION_LOST)


func test_when_a_protocol_is_supported_by_both_then_it_is_chosen() -> void:
	var pair := await _open_pair(null, null, ["x", "chat"], ["chat", "y"])
	expect_eq(pair.ours.get_selected_protocol(), "chat")
	expect_eq(pair.theirs.get_selected_protocol(), "chat")


## E8
func test_when_the_certificate_was_made_by_the_engine_and_is_trusted_then_the_connection_opens() -> void:
	var key := Crypto.new().generate_rsa(2048)
	var certificate := Crypto.new().generate_self_signed_certificate(key, "CN=localhost,O=Test,C=XX")
	var pair := await _open_pair(TLSOptions.server(key, certificate), TLSOptions.client(certificate))
	expect_eq(pair.ours.send_text("secret"), OK)
	expect_eq(await pair.next_of_theirs(), "secret")
	pair.ours.close()
	await pair.until_both_closed()
	expect_close(pair.ours, 1000, "")


## A connection from ours to theirs.
func _open_pair(
	server_options: TLSOptions = null,
	client_options: TLSOptions = null,
	our_protocols: PackedStringArray = [],
	their_protocols: PackedStringArray = []
) -> Pair:
	var pair := Pair.new(self)
	pair.ours.supported_protocols = our_protocols
	pair.theirs.supported_protocols = their_protocols
	await _join(pair, pair.ours, pair.theirs, server_options, client_options)
	return pair


## A connection from theirs to ours.
func _open_pair_that_we_accept() -> Pair:
	var pair := Pair.new(self)
	await _join(pair, pair.theirs, pair.ours)
	return pair


func _join(
	pair: Pair,
	client: PacketPeer,
	acceptor: PacketPeer,
	server_options: TLSOptions = null,
	client_options: TLSOptions = null
) -> void:
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var scheme := "ws" if server_options == null else "wss"
	var url := "%s://localhost:%d" % [scheme, listener.get_local_port()]
	expect_eq(client.connect_to_url(url, client_options), OK)
	await until(func() -> bool:
		client.poll()
		return listener.is_connection_available())
	var stream: StreamPeer = listener.take_connection()
	if server_options != null:
		var secure := StreamPeerTLS.new()
		expect_eq(secure.accept_stream(stream, server_options), OK)
		stream = secure
	expect_eq(acceptor.accept_stream(stream), OK)
	var both_open := func() -> bool:
		pair.poll()
		return pair.ours.get_ready_state() == OPEN and pair.theirs.get_ready_state() == OPEN
	await until(both_open, 5.0, why_failed.bind(pair.ours))


## Both ends of a connection.
class Pair:
	extends RefCounted

	var ours := TungstenWebSocketPeer.new()
	var theirs := WebSocketPeer.new()
	var _suite: Node

	func _init(suite: Node) -> void:
		_suite = suite

	func poll() -> void:
		ours.poll()
		theirs.poll()

	func next_of_ours() -> Variant:
		await until_available(ours)
		var bytes := ours.get_packet()
		return bytes.get_string_from_utf8() if ours.was_string_packet() else bytes

	func next_of_theirs() -> Variant:
		await until_available(theirs)
		var bytes := theirs.get_packet()
		return bytes.get_string_from_utf8() if theirs.was_string_packet() else bytes

	func until_available(end: PacketPeer) -> void:
		await _suite.until(func() -> bool:
			poll()
			return end.get_available_packet_count() > 0)

	func until_both_closed() -> void:
		await _suite.until(func() -> bool:
			poll()
			var states := [ours.get_ready_state(), theirs.get_ready_state()]
			return states == [WebSocketPeer.STATE_CLOSED, WebSocketPeer.STATE_CLOSED])
