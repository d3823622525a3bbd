extends "res://tests/peer_suite.gd"
## Our peer as the server's end: what it tells of a client, and what it answers to one that is none.

const KEY := "dGhlIHNhbXBsZSBub25jZQ=="


func test_when_a_client_has_joined_then_its_request_can_be_read() -> void:
	var guest := await _guest(_request("GET", "/chat?x=1", ["Cookie: a=b", "Origin: http://game"]))
	await until_state(guest.host, OPEN)
	expect_eq(guest.host.get_requested_url(), "ws://example.com/chat?x=1")
	var headers := Array(guest.host.get_request_headers())
	expect_true(headers.has("Cookie: a=b") and headers.has("Origin: http://game"), str(headers))
	expect_eq([guest.host.get_request_header("cookie"), guest.host.get_request_header("ORIGIN")], ["a=b", "http://game"])
	expect_eq([guest.host.get_request_header("none"), guest.host.get_response_header("Upgrade")], ["", ""])
	expect_eq(guest.host.get_connected_host(), "127.0.0.1")
	expect_true((await guest.answer()).begins_with("HTTP/1.1 101 "))


func test_when_several_fields_have_one_name_then_they_are_a_list() -> void:
	var guest := await _guest(_request("GET", "/", ["X-Forwarded-For: 10.0.0.1", "x-forwarded-for: 10.0.0.2, 10.0.0.3"]))
	await until_state(guest.host, OPEN)
	expect_eq(guest.host.get_request_header("X-Forwarded-For"), "10.0.0.1, 10.0.0.2, 10.0.0.3")


func test_when_the_target_is_a_whole_url_then_it_is_what_was_requested() -> void:
	var guest := await _guest(_request("GET", "http://other.example:8080/forbidden?x=1"))
	await until_state(guest.host, OPEN)
	expect_eq(guest.host.get_requested_url(), "ws://other.example:8080/forbidden?x=1")


func test_when_headers_are_set_then_they_are_in_the_answer() -> void:
	var host := TungstenWebSocketPeer.new()
	host.handshake_headers = ["X-Server: ours"]
	host.supported_protocols = ["a", "b"]
	var guest := await _guest(_request("GET", "/", ["Sec-WebSocket-Protocol: x, b, a"]), host)
	await until_state(host, OPEN)
	var answer := await guest.answer()
	expect_true(answer.contains("\r\nX-Server: ours\r\n"), answer)
	expect_true(answer.contains("\r\nSec-WebSocket-Protocol: b\r\n"), answer)
	expect_true(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), answer)
	expect_eq(host.get_selected_protocol(), "b")


func test_when_a_request_is_bad_then_the_answer_says_why() -> void:
	var good := _request("GET", "/")
	var bad := {
		_request("POST", "/"): 405,
		good.replace("Sec-WebSocket-Key: %s\r\n" % KEY, ""): 400,
		good.replace("Version: 13", "Version: 8"): 426,
		good.replace("Upgrade: websocket\r\n", ""): 426,
		"nonsense\r\n\r\n": 400,
		_request("GET", "/", ["X: " + "a".repeat(20_000)]): 431,
	}
	for request: String in bad:
		var guest := await _guest(request)
		var answer := await guest.answer()
		expect_true(answer.begins_with("HTTP/1.1 %d " % bad[request]), answer)
		if bad[request] == 426 and request.contains("Version: 8"):
			expect_true(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), answer)
		guest.leave()
		await until_state(guest.host, CLOSED)
		expect_eq(guest.host.get_close_code(), -1)
		expect_true(guest.host.get_last_error().get_message().contains(str(bad[request])), why_failed(guest.host))


func test_when_half_a_request_comes_then_it_is_refused_after_the_timeout() -> void:
	var host := TungstenWebSocketPeer.new()
	host.handshake_timeout = 0.2
	var guest := await _guest(_request("GET", "/").left(60), host)
	expect_true((await guest.answer()).begins_with("HTTP/1.1 408 "))
	guest.leave()
	await expect_failure(host, WebSocketError.PHASE_HANDSHAKE, WebSocketError.KIND_HANDSHAKE_TIMEOUT)


func test_when_a_client_sends_what_it_may_not_then_the_close_code_says_so() -> void:
	var bad := {
		PackedByteArray([0x81, 0x01, 0x61]): 1002,
		PackedByteArray([0xC1, 0x80, 0, 0, 0, 0]): 1002,
		PackedByteArray([0x83, 0x80, 0, 0, 0, 0]): 1002,
		PackedByteArray([0x81, 0x81, 0, 0, 0, 0, 0xFF]): 1007,
		PackedByteArray([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED]): 1002,
	}
	for frame: PackedByteArray in bad:
		var host := TungstenWebSocketPeer.new()
		host.close_timeout = 60.0
		var guest := await _guest(_request("GET", "/"), host)
		await until_state(guest.host, OPEN)
		await guest.answer()
		guest.stream.put_data(frame)
		expect_eq((await guest.bytes(4)).slice(2, 4), PackedByteArray([bad[frame] >> 8, bad[frame] & 255]), str(frame))
		# The engine's stream cannot end one direction alone, so there is nothing to wait for.
		await until_state(guest.host, CLOSED)


func test_when_the_stream_cannot_be_used_then_it_is_refused() -> void:
	var peer := TungstenWebSocketPeer.new()
	expect_error("accept_stream: the stream is null")
	expect_eq(peer.accept_stream(null), ERR_INVALID_PARAMETER)
	expect_error("accept_stream: the stream is neither a StreamPeerTCP nor a StreamPeerTLS")
	expect_eq(peer.accept_stream(StreamPeerBuffer.new()), ERR_INVALID_PARAMETER)
	expect_eq(peer.get_ready_state(), CLOSED)
	expect_eq(peer.accept_stream(StreamPeerTCP.new()), OK, "one that was never connected dies at the first poll")
	expect_eq(peer.get_ready_state(), CONNECTING)
	expect_eq(peer.accept_stream(StreamPeerTCP.new()), ERR_ALREADY_IN_USE)
	peer.poll()
	expect_eq(peer.get_ready_state(), CLOSED)


func test_when_a_stream_is_refused_then_it_stays_as_it_was() -> void:
	var host := TungstenWebSocketPeer.new()
	var guest := await _guest("", host)
	host.close(-1)
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var far_end := StreamPeerTCP.new()
	expect_eq(far_end.connect_to_host("127.0.0.1", listener.get_local_port()), OK)
	await until(listener.is_connection_available)
	var stream := listener.take_connection()
	expect_error("WebSocketPeer.accept_stream", 2)
	for refuse: Callable in [
		func() -> void: host.handshake_headers = ["no colon"],
		func() -> void: host.supported_protocols = ["no token"],
	]:
		refuse.call()
		expect_eq(host.accept_stream(stream), ERR_INVALID_PARAMETER)
		expect_eq([stream.poll(), stream.get_status()], [OK, StreamPeerTCP.STATUS_CONNECTED])
		host.handshake_headers = []
		host.supported_protocols = []
	expect_eq(host.accept_stream(stream), OK, "it can still be used")
	expect_eq(TungstenWebSocketPeer.new().get_ready_state(), CLOSED)
	guest.leave()


func test_when_messages_are_read_as_values_then_texts_are_strings() -> void:
	var counterpart := server(["upgrade", {"text": "grün"}, {"binary": [1, 2]}, {"frame_raw": [0x81, 3, 0x61, 0, 0x62]}, "answer_close"])
	var peer := await opened("ws://127.0.0.1:%d" % counterpart.port)
	var messages := []
	await until(func() -> bool:
		peer.poll()
		while peer.get_available_packet_count() > 0:
			messages.append(peer.get_message())
		return messages.size() == 3)
	expect_eq(messages[0], "grün")
	expect_eq(messages[1], PackedByteArray([1, 2]))
	expect_eq(messages[2], "a\uFFFDb", "a string cannot hold NUL")
	expect_eq(peer.get_message(), null)
	peer.close()
	await until_state(peer, CLOSED)


func test_when_the_other_side_answers_pings_then_there_is_a_round_trip_time() -> void:
	var counterpart := server(["upgrade", "echo"])
	var peer := await opened("ws://127.0.0.1:%d" % counterpart.port)
	expect_eq(peer.get_round_trip_time(), -1.0)
	peer.heartbeat_interval = 0.01
	await until(func() -> bool:
		peer.poll()
		return peer.get_round_trip_time() >= 0.0)
	expect_true(peer.get_round_trip_time() < 5.0)
	expect_eq(peer.ping("own".to_utf8_buffer()), OK)
	peer.poll()
	await counterpart.wait_for("ping")
	peer.close()
	await until_state(peer, CLOSED)


## The upgrade request of a client.
func _request(method: String, target: String, more: PackedStringArray = []) -> String:
	var lines := PackedStringArray([
		"%s %s HTTP/1.1" % [method, target], "Host: example.com", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: %s" % KEY, "Sec-WebSocket-Version: 13",
	])
	lines.append_array(more)
	return "\r\n".join(lines) + "\r\n\r\n"


## A client that sends this request to our peer.
func _guest(request: String, host := TungstenWebSocketPeer.new()) -> Guest:
	var listener := TCPServer.new()
	expect_eq(listener.listen(0, "127.0.0.1"), OK)
	var guest := Guest.new(self, host)
	expect_eq(guest.stream.connect_to_host("127.0.0.1", listener.get_local_port()), OK)
	await until(func() -> bool:
		guest.stream.poll()
		return listener.is_connection_available() and guest.stream.get_status() == StreamPeerTCP.STATUS_CONNECTED)
	expect_eq(host.accept_stream(listener.take_connection()), OK)
	expect_eq(guest.stream.put_data(request.to_utf8_buffer()), OK)
	return guest


## A client made by hand, and our peer that serves it.
class Guest:
	extends RefCounted

	var stream := StreamPeerTCP.new()
	var host: TungstenWebSocketPeer
	var _suite: Node

	func _init(suite: Node, host_: TungstenWebSocketPeer) -> void:
		_suite = suite
		host = host_

	## The head of the answer, and whatever came with it.
	func answer() -> String:
		var received := [""]
		await _suite.until(func() -> bool:
			received[0] += _read().get_string_from_ascii()
			return received[0].contains("\r\n\r\n"), 5.0, "an answer")
		return received[0]

	## So many bytes.
	func bytes(count: int) -> PackedByteArray:
		var received := [PackedByteArray()]
		await _suite.until(func() -> bool:
			received[0] = received[0] + _read()
			return received[0].size() >= count, 5.0, "%d bytes" % count)
		return received[0]

	func leave() -> void:
		stream.disconnect_from_host()

	func _read() -> PackedByteArray:
		host.poll()
		stream.poll()
		if stream.get_status() != StreamPeerTCP.STATUS_CONNECTED:
			return PackedByteArray()
		return stream.get_partial_data(maxi(stream.get_available_bytes(), 0))[1]
